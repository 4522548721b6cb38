"""What an analyst's time buys: precision and recall of the first proposals of a ranking."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from palermo.quality.intervals import Estimate, Share, share, transformed
from palermo.quality.labels import Labels, Scheme
from palermo.quality.matching import Match
from palermo.quality.proposals import Line, line_of_scheme

BUDGETS = (0.1, 1.0, 1.5, 5.0)
"""Proposals per 10,000 active customers a week."""
BUDGET_OF_LINE: Mapping[Line, float] = {"persons": 1.5, "laundering": 1.5, "unusual": 0.075}
"""The budget a line's cut keeps to; `unusual` has a twentieth; what is missing is never cut."""
CURVE = tuple(round(0.05 * 1.2**step, 4) for step in range(30))
"""The budgets of the picture: 0.05 to about 10, in equal ratios."""

REAL_PREVALENCE = 1.5 / 10_000
"""Suspects per customer in life, ten seen for each one known to the courts."""
ACTIVE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """True proposals of those kept. reweighted: as it would be with 1.5 suspects per 10,000
    customers; chance: the share of suspects among customers, which a blind choice would hit."""

    here: Share
    chance: float
    lift: Estimate
    reweighted: Estimate
    reweighted_lift: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetRow:
    """The first proposals of one line. recall: of the schemes that belong to it; least_score: of
    the proposals kept, None where the budget allows none."""

    line: Line | None
    budget: float
    proposals: int
    least_score: float | None
    precision: Precision
    recall: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRow:
    """The proposals of one line at its cut. per_10k_a_week: their number."""

    line: Line | None
    cut: float
    proposals: int
    per_10k_a_week: float
    on_bystanders_only: int
    precision: Precision
    recall: Share


def allowed(budget: float, labels: Labels) -> int:
    """How many proposals a budget allows over the scored period, rounded down."""
    return math.floor(budget * labels.active_customer_weeks / ACTIVE + 1e-9)


def cut_for(scores: Sequence[float], most: int) -> float:
    """The least score at which at most `most` proposals remain; 0 where all do. Proposals of one
    score stay or go together."""
    if len(scores) <= most:
        return 0.0
    ranked = sorted(scores, reverse=True)
    over = ranked[most]
    above = [score for score in ranked[:most] if score > over]
    return above[-1] if above else math.nextafter(over, math.inf)


def cuts_for(matches: Sequence[Match], labels: Labels) -> dict[Line, float]:
    """The cut of each line that has a budget."""
    return {
        line: cut_for(
            [each.proposal.score for each in of_line(matches, line)], allowed(budget, labels)
        )
        for line, budget in BUDGET_OF_LINE.items()
    }


def kept(matches: Sequence[Match], cuts: Mapping[Line, float]) -> list[Match]:
    """The proposals at or over the cut of their line; a line without a cut keeps all."""
    return [each for each in matches if each.proposal.score >= cuts.get(each.proposal.line, 0.0)]


def of_line(matches: Sequence[Match], line: Line | None) -> Sequence[Match]:
    """The proposals of a line, in their order; None: of all lines."""
    return [each for each in matches if line is None or each.proposal.line == line]


def budget_row(
    matches: Sequence[Match], line: Line | None, budget: float, labels: Labels
) -> BudgetRow:
    """The first proposals of a line (None: all lines ranked together) that a budget allows."""
    first = of_line(matches, line)[: allowed(budget, labels)]
    return BudgetRow(
        line=line,
        budget=budget,
        proposals=len(first),
        least_score=first[-1].proposal.score if first else None,
        precision=precision(first, labels),
        recall=recall(first, schemes_of(labels, line)),
    )


def line_row(
    matches: Sequence[Match], line: Line | None, cuts: Mapping[Line, float], labels: Labels
) -> LineRow:
    """The proposals of a line at its cut; None: of all lines, each at its own."""
    remaining = of_line(kept(matches, cuts), line)
    return LineRow(
        line=line,
        cut=0.0 if line is None else cuts.get(line, 0.0),
        proposals=len(remaining),
        per_10k_a_week=len(remaining) * ACTIVE / labels.active_customer_weeks,
        on_bystanders_only=sum(each.accuses_bystanders_only for each in remaining),
        precision=precision(remaining, labels),
        recall=recall(remaining, schemes_of(labels, line)),
    )


def schemes_of(labels: Labels, line: Line | None) -> list[Scheme]:
    """The schemes that belong to a line; all where none does (`unusual` claims no offence)."""
    own = [scheme for scheme in labels.schemes if line_of_scheme(scheme) == line]
    return list(labels.schemes) if line in (None, "unusual", "first_load") else own


def precision(matches: Collection[Match], labels: Labels) -> Precision:
    """True proposals of these. Reweighting gives each true one the weight w by which suspects are
    rarer in life than here: w t / (w t + f), a rising function of t / (t + f)."""
    here = share(sum(each.is_true for each in matches), len(matches))
    chance = len(labels.suspects) / labels.population.customers
    weight = REAL_PREVALENCE / chance if chance else 1.0

    def reweighted(p: float) -> float:
        return weight * p / (weight * p + 1.0 - p)

    return Precision(
        here=here,
        chance=chance,
        # Without a suspect nothing can be true, and no lift is known.
        lift=transformed(here, lambda p: p / (chance or math.inf)),
        reweighted=transformed(here, reweighted),
        reweighted_lift=transformed(here, lambda p: reweighted(p) / REAL_PREVALENCE),
    )


def recall(matches: Collection[Match], schemes: Collection[Scheme]) -> Share:
    """The schemes of these that some proposal finds."""
    found = {scheme for each in matches for scheme in each.found}
    return share(sum(scheme.scheme_id in found for scheme in schemes), len(schemes))
