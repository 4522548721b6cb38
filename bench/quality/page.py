"""docs/quality.md: what the scores of some populations say, for a reader who was not there."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bench.quality.populations import source_hash
from palermo.quality.budgets import LineRow
from palermo.quality.intervals import Share, lower_bound
from palermo.quality.pictures import PRECISION, RECALL, precision_figure, recall_figure, saved
from palermo.quality.pooled import PooledRecall, pooled
from palermo.quality.score import Score
from palermo.quality.wording import (
    LINE_NAMES,
    hours_text,
    lift_text,
    percent_text,
    ratio_text,
    share_text,
)

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
PAGE = ROOT / "docs" / "quality.md"
PICTURES = ROOT / "docs" / "images" / "quality"
NOTES = FOLDER / "notes.md"
SEEDS = FOLDER / "seeds.toml"
LEAST_SCHEMES = 30
WELL_FOUND = 0.6
LEAST_BOUND = 0.45
BOUND_CONFIDENCE = 0.9
WEAK = 0.5
"""Recall under which a typology's variant is listed as weak."""


@dataclass(frozen=True, kw_only=True)
class Readings:
    """cut: where the cut is set; base_rate: precision; enriched: recall. planned: customers of
    each as seeds.toml has them."""

    planned: Mapping[str, int]
    cut: Score
    base_rate: Score
    enriched: Sequence[Score]

    @cached_property
    def dense(self) -> PooledRecall:
        return pooled(self.enriched)

    def named(self) -> Iterator[tuple[str, Score, str]]:
        yield "cut", self.cut, "tuning: the cut is set here"
        yield "base_rate", self.base_rate, "reporting: precision, look-alikes, groups, work"
        for made in self.enriched:
            yield "enriched", made, "reporting: recall, delays, victims"


def write_page(readings: Readings) -> Path:
    """The page and its pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    saved(recall_figure(readings.dense.recall), PICTURES / RECALL)
    saved(precision_figure(readings.base_rate), PICTURES / PRECISION)
    PAGE.write_text("\n".join(_page(readings)) + "\n", encoding="utf-8")
    return PAGE


def _page(readings: Readings) -> Iterator[str]:
    for part in (
        _opening,
        _bars,
        _recall,
        _precision,
        _delays,
        _people,
        _weak,
        _populations,
    ):
        yield from part(readings)


def _opening(readings: Readings) -> Iterator[str]:
    made = readings.base_rate
    yield "# Quality"
    yield ""
    yield "Measured by `make quality-full`; never edited by hand. How each figure is made:"
    yield "[scoring.md](scoring.md). Every figure carries its 95 % interval and n."
    yield ""
    yield "All of it is on **simulated** countries: it shows what Palermo does with what its makers"
    yield "could imagine, not how many real schemes it would find."
    yield ""
    yield f"Release {made.release}, source `{source_hash()[:16]}`. {_reproduced(made)}"
    yield ""
    small = [
        f"{name} {score.population.customers:,} customers instead of {readings.planned[name]:,}"
        for name, score, _ in readings.named()
        if score.population.customers < readings.planned[name]
    ]
    if small:
        yield "**Measured at a smaller size than planned**, so that intervals are wide:"
        yield f"{'; '.join(small)}."
        yield ""


def _bars(readings: Readings) -> Iterator[str]:
    """What is aimed at, and where we stand."""
    everything = _all_lines(readings.base_rate.at_cut)
    dense = readings.dense
    _, *kinds = readings.base_rate.look_alikes
    worst = max(kinds, key=lambda row: row.proposed.value or 0.0)
    unfair = [row.group for row in readings.base_rate.groups if row.is_unfair]
    _, *typologies = dense.answerable
    weak = [row.typology for row in typologies if not _is_well_found(row.recall)]
    yield "## At a glance"
    yield ""
    yield "| bar | here | met |"
    yield "|---|---|---|"
    yield _bar(
        "at least 80 % of textbook and noisy schemes found",
        dense.answerable[0].recall,
        lambda share: share >= 0.8,
    )
    yield (
        f"| of each typology at least {WELL_FOUND:.0%} of them, lower end of the "
        f"{BOUND_CONFIDENCE:.0%} interval at least {LEAST_BOUND:.0%} | "
        f"{len(typologies) - len(weak)} of {len(typologies)} | {_met(is_met=not weak)} |"
    )
    yield _bar(
        "at least 20 % of proposals true at the cut",
        everything.precision.here,
        lambda share: share >= 0.2,
    )
    rate = everything.per_10k_a_week
    yield (
        "| at most 1.5 proposals per 10,000 active customers a week, in each line | "
        f"{rate:.2f} in all | - |"
    )
    yield _bar(
        f"at most 2 % of any kind of look-alike proposed (most: {worst.kind})",
        worst.proposed,
        lambda share: share <= 0.02,
    )
    yield _bar(
        "at least 70 % found before the scheme's last transaction",
        dense.found_before_last_transaction,
        lambda share: share >= 0.7,
    )
    yield _bar(
        "at most 2 % of possible victims called controller",
        dense.victims.called_controller,
        lambda share: share <= 0.02,
    )
    yield _bar(
        "urgent schemes within an hour", dense.urgent_within_an_hour, lambda share: share >= 0.8
    )
    yield (
        "| no group alerted falsely over 1.25 times as often as others | "
        f"{', '.join(unfair) or 'none'} | {_met(is_met=not unfair)} |"
    )
    yield ""


def _recall(readings: Readings) -> Iterator[str]:
    made = readings.dense
    yield "## Schemes found"
    yield ""
    yield _cuts(readings)
    yield "They are set on another population, at 1.5 proposals per 10,000 active customers a week"
    yield "in each line (unusual: a twentieth of that)."
    yield ""
    yield f"![Recall of each typology and variant](images/quality/{RECALL}.png)"
    yield ""
    bounds = (
        (
            row.typology or "all",
            share_text(row.recall),
            "-" if (low := lower_bound(row.recall, BOUND_CONFIDENCE)) is None else f"{low:.0%}",
            "" if row.typology is None else _met(is_met=_is_well_found(row.recall)),
        )
        for row in made.answerable
    )
    bound = f"lower end of the {BOUND_CONFIDENCE:.0%} interval"
    yield from _table(("typology", "textbook and noisy schemes found", bound, "met"), bounds)
    rows = ((r.typology or "all", r.variant or "all", share_text(r.recall)) for r in made.recall)
    yield from _table(("typology", "variant", "found"), rows)
    yield f"Right typology named: {share_text(made.right_typology_named)}. Found before the"
    yield f"scheme's last transaction: {share_text(made.found_before_last_transaction)}."
    yield ""


def _precision(readings: Readings) -> Iterator[str]:
    made = readings.base_rate
    yield "## What a proposal is worth"
    yield ""
    yield f"On {made.population.customers:,} customers with {made.schemes} schemes and"
    yield f"{made.suspects} suspects in {made.population.scored_days} days, at the cut:"
    yield ""
    rows = (
        (
            LINE_NAMES[row.line],
            f"{row.proposals:,}",
            f"{row.per_10k_a_week:.2f}",
            share_text(row.precision.here),
            lift_text(row.precision.lift),
            percent_text(row.precision.reweighted),
            lift_text(row.precision.reweighted_lift),
        )
        for row in made.at_cut
    )
    headings = (
        *("line", "proposals", "per 10,000 a week", "true", "lift over chance"),
        *("true at 1.5 suspects in 10,000", "lift"),
    )
    yield from _table(headings, rows)
    yield f"![Precision against budget](images/quality/{PRECISION}.png)"
    yield ""
    budgets = (
        (
            LINE_NAMES[row.line],
            f"{row.budget:g}",
            f"{row.proposals:,}",
            share_text(row.precision.here),
            lift_text(row.precision.lift),
            percent_text(row.precision.reweighted),
            share_text(row.recall),
        )
        for row in made.at_budget
    )
    yield from _table(
        ("line", "budget", "proposals", "true", "lift", "at 1.5 in 10,000", "schemes found"),
        budgets,
    )
    work = made.workload
    yield f"Work at {work.minutes_per_proposal:g} minutes a proposal (an assumption):"
    yield f"{work.hours_a_week_per_10k:.1f} analyst-hours a week per 10,000 active customers."
    yield ""


def _delays(readings: Readings) -> Iterator[str]:
    yield "## How soon"
    yield ""
    yield "Hours of event time to the first alert; negative: before the definition is complete."
    yield ""
    rows = (
        (row.typology or "all", row.since, hours_text(row.median_hours), hours_text(row.p90_hours))
        for row in readings.dense.delays
    )
    yield from _table(("typology", "since", "median", "ninth of ten"), rows)


def _people(readings: Readings) -> Iterator[str]:
    made = readings.base_rate
    yield "## Who is alerted without cause"
    yield ""
    rows = ((row.kind or "all", share_text(row.proposed)) for row in made.look_alikes)
    yield from _table(("look-alike", "members proposed at the cut"), rows)
    groups = (
        (
            row.group,
            f"{row.ratio.hits:,} of {row.ratio.n:,}",
            f"{row.ratio.other_hits:,} of {row.ratio.other_n:,}",
            ratio_text(row.ratio) + (" **over 1.25**" if row.is_unfair else ""),
        )
        for row in made.groups
    )
    yield from _table(("group", "falsely alerted", "all others", "ratio"), groups)
    victims = readings.dense.victims
    yield f"Possible victims called possible controller: {share_text(victims.called_controller)}."
    yield f"Of those in alerts, called possible victims: {share_text(victims.called_victim)}."
    yield ""


def _weak(readings: Readings) -> Iterator[str]:
    made = readings.dense
    yield "## What is weak, and why"
    yield ""
    rows = [
        (row.typology or "", row.variant or "", share_text(row.recall))
        for row in made.recall
        if row.typology and row.variant and (row.recall.value or 0.0) < WEAK
    ]
    yield from _table((f"under {WEAK:.0%} found", "variant", "found"), rows)
    missed = (
        (
            row.typology or "all",
            *map(
                str,
                (row.missed, row.under_cut, row.among_others, row.never_completes, row.silent),
            ),
        )
        for row in made.missed
    )
    yield "Why schemes are missed, each counted once:"
    yield ""
    yield from _table(
        ("typology", "missed", "under the cut", "among others", "never completes", "silent"), missed
    )
    few = sorted(
        f"{row.typology} {row.variant} {row.recall.n}"
        for row in made.recall
        if row.typology and row.variant and row.recall.n < LEAST_SCHEMES
    )
    if few:
        yield f"Fewer than {LEAST_SCHEMES} schemes, so the figure says little: {', '.join(few)}."
        yield ""
    yield NOTES.read_text(encoding="utf-8").strip()
    yield ""


def _populations(readings: Readings) -> Iterator[str]:
    yield "## What it was measured on"
    yield ""
    yield f"`bench/quality/seeds.toml` (SHA-256 `{_hash(SEEDS)}`)."
    yield ""
    rows = (
        (
            f"{name}: {role}",
            str(score.population.seed),
            f"{score.population.customers:,}",
            f"{score.population.scored_days} + {score.population.history_days}",
            f"{score.schemes:,}",
            f"`{score.population.feed_sha256[:16]}`",
            f"`{score.alerts_sha256[:16]}`",
        )
        for name, score, role in readings.named()
    )
    headings = ("population", "seed", "customers", "days + history", "schemes", "feed", "alerts")
    yield from _table(headings, rows)


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(headings)} |"
    yield f"|{'---|' * len(headings)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def _bar(name: str, share: Share, is_met: Callable[[float], bool]) -> str:
    met = "-" if share.value is None else _met(is_met=is_met(share.value))
    return f"| {name} | {share_text(share)} | {met} |"


def _is_well_found(recall: Share) -> bool:
    bound = lower_bound(recall, BOUND_CONFIDENCE)
    return (recall.value or 0.0) >= WELL_FOUND and (bound or 0.0) >= LEAST_BOUND


def _met(*, is_met: bool) -> str:
    return "yes" if is_met else "**no**"


def _all_lines(rows: Iterable[LineRow]) -> LineRow:
    return next(row for row in rows if row.line is None)


def _cuts(readings: Readings) -> str:
    cuts = readings.cut.cuts.items()
    return f"Cuts: {', '.join(f'{LINE_NAMES[line]} {cut:g}' for line, cut in cuts)}."


def _reproduced(made: Score) -> str:
    return " ".join(
        f"Bundle `{each.bundle[:16]}`, configuration `{each.configuration[:16]}`."
        for each in made.reproduce
    )


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
