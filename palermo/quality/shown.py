"""`palermo score`: the figures on the terminal, as JSON, and as pictures."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from rich.table import Table

from palermo.errors import UsageError
from palermo.printing import console, print_json, table
from palermo.quality.budgets import BUDGET_OF_LINE, LineRow
from palermo.quality.labels import read_labels
from palermo.quality.proposals import Line, read_alerts
from palermo.quality.schemes_found import RecallRow
from palermo.quality.score import Score, ScoreWish, score, sha256_of
from palermo.quality.wording import (
    LINE_NAMES,
    hours_text,
    lift_text,
    ratio_text,
    share_text,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringWish:
    """What a user asked `palermo score` for. cuts: as typed, SCORE or LINE=SCORE."""

    labels: Path
    alerts: Path
    pictures: Path | None
    cuts: Sequence[str]
    minutes_per_proposal: float


def show_score(wish: ScoringWish, *, as_json: bool) -> None:
    """Scores the alerts of a run against the labels of its feed and prints every figure."""
    if wish.pictures is not None:
        from palermo.quality.pictures import demand_matplotlib

        demand_matplotlib()
    made = scored(wish)
    if as_json:
        print_json(made)
    else:
        _print(made)
    if wish.pictures is not None:
        from palermo.quality.pictures import write_pictures

        written = write_pictures(made, wish.pictures)
        if not as_json:
            console().print(f"written: {', '.join(map(str, written))}", markup=False)


def scored(wish: ScoringWish) -> Score:
    """Every figure. Raises UsageError and DataUnusable with what to do."""
    how = ScoreWish(cuts=cuts_from(wish.cuts), minutes_per_proposal=wish.minutes_per_proposal)
    labels = read_labels(wish.labels)
    return score(labels, read_alerts(wish.alerts), how, sha256=sha256_of(wish.alerts))


def cuts_from(given: Sequence[str]) -> dict[Line, float] | None:
    """The cuts typed: `57.5` for every line that has a budget, `laundering=40` for one. None if
    nothing was. Raises UsageError for anything else."""
    if not given:
        return None
    cuts: dict[Line, float] = {}
    for text in sorted(given, key=lambda each: "=" in each):
        line, _, points = text.rpartition("=")
        if line and line not in BUDGET_OF_LINE:
            raise UsageError(f"--cut {text}: there are {', '.join(BUDGET_OF_LINE)}")
        named = [cast("Line", line)] if line else list(BUDGET_OF_LINE)
        cuts.update(dict.fromkeys(named, _points(text, points)))
    return cuts


def _points(text: str, points: str) -> float:
    try:
        value = float(points)
    except ValueError as fault:
        raise UsageError(f"--cut {text}: give a score such as 57.5 or LINE=57.5") from fault
    if not 0.0 <= value <= 101.0:
        raise UsageError(f"--cut {text}: a score lies between 0 and 100")
    return value


def _print(made: Score) -> None:
    out = console()
    for line in _opening(made):
        out.print(line, markup=False)
    for title, shown in _tables(made):
        out.print()
        out.print(title, style="bold")
        out.print(shown)
    out.print()
    for line in _closing(made):
        out.print(line, markup=False)


def _opening(made: Score) -> Iterator[str]:
    known = made.population
    yield (
        f"{known.customers:,} customers ({known.kind}, seed {known.seed}), "
        f"{known.scored_days} days scored from {known.scored_from:%Y-%m-%d}; "
        f"{made.schemes:,} schemes, {made.suspects:,} suspects"
    )
    yield (
        f"{made.alerts_scored:,} alerts raised in that time of {made.alerts_standing:,}, "
        f"in {sum(made.proposals_of_line.values()):,} case proposals"
    )
    cuts = ", ".join(f"{LINE_NAMES[line]} {cut:g}" for line, cut in made.cuts.items())
    origin = "as given" if made.is_cut_given else "set on this population: too kind to it"
    yield f"cut ({origin}): {cuts or 'none'}"


def _tables(made: Score) -> Iterator[tuple[str, Table]]:
    yield "Schemes found at the cut", recall_table(made.recall)
    yield (
        "Why schemes are missed",
        table(
            ("typology", "missed", "under the cut", "among others", "never completes", "silent"),
            (
                (
                    row.typology or "all",
                    f"{row.missed:,}",
                    f"{row.under_cut:,}",
                    f"{row.among_others:,}",
                    f"{row.never_completes:,}",
                    f"{row.silent:,}",
                )
                for row in made.missed
            ),
        ),
    )
    yield "Proposals at the cut", _at_cut_table(made.at_cut)
    yield (
        "Precision and recall at a budget (proposals per 10,000 active customers a week)",
        table(
            ("line", "budget", "proposals", "from score", "precision", "recall"),
            (
                (
                    LINE_NAMES[row.line],
                    f"{row.budget:g}",
                    f"{row.proposals:,}",
                    "-" if row.least_score is None else f"{row.least_score:.1f}",
                    share_text(row.precision.here),
                    share_text(row.recall),
                )
                for row in made.at_budget
            ),
        ),
    )
    yield (
        "From a moment of the scheme to its first alert",
        table(
            ("typology", "since", "median", "ninth of ten"),
            (
                (
                    each.typology or "all",
                    each.since,
                    hours_text(each.median_hours),
                    hours_text(each.p90_hours),
                )
                for each in made.delays
            ),
        ),
    )
    yield (
        "Innocent look-alikes proposed at the cut",
        table(
            ("kind", "members proposed"),
            ((each.kind or "all", share_text(each.proposed)) for each in made.look_alikes),
        ),
    )
    yield (
        "False alerts on innocent customers, against all others",
        table(
            ("group", "alerted", "of", "ratio", ""),
            (
                (
                    each.group,
                    f"{each.ratio.hits:,}",
                    f"{each.ratio.n:,}",
                    ratio_text(each.ratio),
                    "over 1.25" if each.is_unfair else "",
                )
                for each in made.groups
            ),
        ),
    )


def recall_table(rows: Iterable[RecallRow]) -> Table:
    """Recall with its interval, a row for each typology and variant."""
    return table(
        ("typology", "variant", "found"),
        ((row.typology or "all", row.variant or "all", share_text(row.recall)) for row in rows),
    )


def _at_cut_table(rows: Iterable[LineRow]) -> Table:
    return table(
        ("line", "cut", "kept", "per 10k a week", "precision", "lift over chance"),
        (
            (
                LINE_NAMES[row.line],
                "each its own" if row.line is None else f"{row.cut:g}",
                f"{row.proposals:,}",
                f"{row.per_10k_a_week:.2f}",
                share_text(row.precision.here),
                lift_text(row.precision.lift),
            )
            for row in rows
        ),
    )


def _closing(made: Score) -> Iterator[str]:
    work = made.workload
    on_bystanders = made.at_cut[0].on_bystanders_only
    for name, value in figures(made).items():
        yield f"{name}: {value}"
    yield f"proposals that accuse only payers or possible victims of a scheme: {on_bystanders}"
    yield (
        f"work at {work.minutes_per_proposal:g} minutes a proposal (assumed): "
        f"{work.hours_a_week:.1f} analyst-hours a week, "
        f"{work.hours_a_week_per_10k:.1f} per 10,000 active customers"
    )


def figures(made: Score) -> Mapping[str, str]:
    """The single figures by what they are called."""
    return {
        "found before the scheme's last transaction": share_text(
            made.found_before_last_transaction
        ),
        "urgent schemes alerted within an hour": share_text(made.urgent_within_an_hour),
        "right typology named": share_text(made.right_typology_named),
        "possible victims called possible controller": share_text(made.victims.called_controller),
        "possible victims in alerts called so": share_text(made.victims.called_victim),
    }
