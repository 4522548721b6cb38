"""All figures of one population: what `palermo score` prints."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from alerts.alert import Alert, Reproduce
from palermo.errors import DataUnusable
from palermo.quality.budgets import (
    ACTIVE,
    BUDGET_OF_LINE,
    BUDGETS,
    CURVE,
    BudgetRow,
    LineRow,
    budget_row,
    cuts_for,
    kept,
    line_row,
)
from palermo.quality.innocents import (
    GroupRow,
    LookAlikeRow,
    falsely_proposed,
    group_rows,
    look_alike_rows,
)
from palermo.quality.intervals import Share
from palermo.quality.labels import Labels, Population
from palermo.quality.matching import Matcher
from palermo.quality.proposals import LINES, Line, proposals_of, raised_within
from palermo.quality.schemes_found import (
    DelayRow,
    MissedRow,
    RecallRow,
    VictimFigures,
    before_the_end,
    delay_rows,
    missed_rows,
    recall_rows,
    rightly_named,
    urgent_in_time,
    victim_figures,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Analyst-hours the proposals at the cut cost, at `minutes_per_proposal` each (assumed)."""

    minutes_per_proposal: float
    hours_a_week: float
    hours_a_week_per_10k: float
    hours_per_true_proposal: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How good these alerts are on this population. is_cut_given: the cuts come from elsewhere (a
    base-rate population); otherwise they are set on this very population, and its figures at the
    cut are those of a ranking it was cut on."""

    release: str
    reproduce: Sequence[Reproduce]
    alerts_sha256: str
    population: Population
    active_customer_weeks: int
    suspects: int
    schemes: int
    alerts_standing: int
    alerts_scored: int
    proposals_of_line: Mapping[Line, int]
    cuts: Mapping[Line, float]
    is_cut_given: bool
    recall: Sequence[RecallRow]
    missed: Sequence[MissedRow]
    at_cut: Sequence[LineRow]
    at_budget: Sequence[BudgetRow]
    curve: Sequence[BudgetRow]
    found_before_last_transaction: Share
    urgent_within_an_hour: Share
    right_typology_named: Share
    delays: Sequence[DelayRow]
    victims: VictimFigures
    look_alikes: Sequence[LookAlikeRow]
    groups: Sequence[GroupRow]
    workload: Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreWish:
    """How to score. cuts: by line, None to set them on this population at the usual budgets."""

    cuts: Mapping[Line, float] | None = None
    minutes_per_proposal: float = 90.0
    seed: int = 1
    """Of the bootstrap."""


def score(labels: Labels, alerts: Sequence[Alert], wish: ScoreWish, *, sha256: str) -> Score:
    """The figures for alerts that stand. Raises DataUnusable if they are on nobody of the labels.

    Alerts count when raised within the scored period; history is there to be known, not scored.
    """
    _demand_same_population(labels, alerts)
    population = labels.population
    counted = raised_within(alerts, population.scored_from, population.scored_until)
    matcher = Matcher(labels.schemes)
    matches = [matcher.match(proposal) for proposal in proposals_of(counted)]
    cuts = cuts_for(matches, labels) if wish.cuts is None else wish.cuts
    remaining = kept(matches, cuts)
    proposed = falsely_proposed(remaining)
    found = Counter(each.proposal.line for each in matches)
    lines = [None, *(line for line in LINES if found[line] or line in BUDGET_OF_LINE)]
    at_cut = [line_row(matches, line, cuts, labels) for line in lines]
    return Score(
        release=version("palermo"),
        reproduce=sorted({each.reproduce for each in alerts}, key=str),
        alerts_sha256=sha256,
        population=population,
        active_customer_weeks=labels.active_customer_weeks,
        suspects=len(labels.suspects),
        schemes=len(labels.schemes),
        alerts_standing=len(alerts),
        alerts_scored=len(counted),
        proposals_of_line={line: found[line] for line in LINES},
        cuts=dict(cuts),
        is_cut_given=wish.cuts is not None,
        recall=recall_rows(remaining, labels.schemes),
        missed=missed_rows(matches, remaining, labels.schemes),
        at_cut=at_cut,
        at_budget=[budget_row(matches, line, each, labels) for line in lines for each in BUDGETS],
        curve=[budget_row(matches, line, each, labels) for line in lines for each in CURVE],
        found_before_last_transaction=before_the_end(remaining, labels.schemes),
        urgent_within_an_hour=urgent_in_time(remaining, labels.schemes),
        right_typology_named=rightly_named(remaining, labels.schemes),
        delays=delay_rows(remaining, labels.schemes, wish.seed),
        victims=victim_figures(counted, labels),
        look_alikes=look_alike_rows(proposed, labels),
        groups=group_rows(proposed, labels),
        workload=_workload(at_cut[0], labels, wish.minutes_per_proposal),
    )


def sha256_of(path: Path) -> str:
    """The hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _demand_same_population(labels: Labels, alerts: Sequence[Alert]) -> None:
    known = labels.groups.keys() | labels.parties_of_schemes
    subjects = {alert.subject.id for alert in alerts if alert.subject.kind == "customer"}
    if subjects and known and subjects.isdisjoint(known):
        raise DataUnusable(
            f"the alerts are on {len(subjects)} customers (such as {min(subjects)}) and none of "
            "them is in the labels: give alerts of a run over the feed beside these labels, "
            "written by a cleared sink (pseudonyms match nobody)"
        )


def _workload(row: LineRow, labels: Labels, minutes: float) -> Workload:
    hours = row.proposals * minutes / 60
    true = row.precision.here.hits
    return Workload(
        minutes_per_proposal=minutes,
        hours_a_week=hours * 7 / labels.population.scored_days,
        hours_a_week_per_10k=hours * ACTIVE / labels.active_customer_weeks,
        hours_per_true_proposal=hours / true if true else None,
    )
