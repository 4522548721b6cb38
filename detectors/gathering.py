"""Signals as movements of a link: what several accounts say together about one party or thing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import fmean

from detectors.finding import ExculpationResult, Fact, Finding, SubjectKind
from detectors.typology import Demand, GatheringTypology
from ingest.times import EPOCH

HUB_SIGNALS = 1_000

Relations = Callable[[str], frozenset[str]]
"""The parties declared as related to a party, in either direction."""


def gather(
    definition: GatheringTypology,
    subject: str,
    subject_kind: SubjectKind,
    signals: Sequence[Finding],
    relations: Relations,
    *,
    from_on: datetime = EPOCH,
) -> list[Finding]:
    """One finding at each signal of a time or later by which enough unrelated feeders speak of the
    subject.

    subject: the id of the link. signals: all current, uncleared signals that carry it, in any
    order; of those before that time, at least what the definition reaches back to.
    """
    kin = relations(subject) | {subject}
    ordered = sorted(
        (s for s in signals if s.holder not in kin and _is_feeding(s, definition.demands)),
        key=lambda s: (s.trigger, s.holder),
    )
    findings, sittings = [], list[_Sitting]()
    for last, signal in enumerate(ordered):
        is_asked = signal.trigger.time >= from_on
        if not is_asked and definition.recurrence is None:
            continue
        since = signal.trigger.time - definition.window
        first = max(0, last + 1 - HUB_SIGNALS)
        window = [s for s in ordered[first : last + 1] if s.trigger.time > since]
        strongest = _strongest_by_feeder(window)
        now = _Sitting(time=signal.trigger.time, feeders=frozenset(strongest))
        sittings.append(now)
        if not is_asked:
            continue
        unrelated = unrelated_groups(list(strongest), relations)
        common = _common(definition, now, sittings)
        if _is_enough(definition, unrelated, common):
            gathered = _Gathered(strongest=strongest, unrelated=unrelated, common=common)
            findings.append(_finding(definition, subject, subject_kind, signal, gathered, since))
    return findings


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sitting:
    """Who was gathered at a time."""

    time: datetime
    feeders: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gathered:
    """The strongest signal of each feeder; how many of them are unrelated; the share in common
    with an earlier sitting, None where that is not asked."""

    strongest: Mapping[str, Finding]
    unrelated: int
    common: float | None


def _common(
    definition: GatheringTypology, now: _Sitting, sittings: Sequence[_Sitting]
) -> float | None:
    """The largest share of the union of both that is common to this and an earlier sitting."""
    recurrence = definition.recurrence
    if recurrence is None:
        return None
    earliest, latest = now.time - recurrence.within, now.time - recurrence.apart
    before = {each.feeders for each in sittings if earliest < each.time <= latest}
    return max((len(now.feeders & b) / len(now.feeders | b) for b in before), default=0.0)


def _is_enough(definition: GatheringTypology, unrelated: int, common: float | None) -> bool:
    recurrence = definition.recurrence
    if unrelated < definition.feeders.least:
        return False
    if recurrence is None or common is None:
        return True
    return common >= recurrence.least_common or unrelated >= recurrence.enough_once


def _is_feeding(signal: Finding, demands: Sequence[Demand]) -> bool:
    values = {fact.name: fact.value for fact in signal.facts}
    return all(_is_met(demand, values.get(demand.fact)) for demand in demands)


def _is_met(demand: Demand, value: float | int | str | None) -> bool:
    if not isinstance(value, int | float):
        return True
    return value >= demand.threshold if demand.is_least else value <= demand.threshold


def unrelated_groups(parties: Sequence[str], relations: Relations) -> int:
    """Groups of parties connected by declared relations."""
    remaining, groups = set(parties), 0
    while remaining:
        groups += 1
        reached = [remaining.pop()]
        while reached:
            kin = relations(reached.pop()) & remaining
            remaining -= kin
            reached.extend(kin)
    return groups


def _strongest_by_feeder(window: Sequence[Finding]) -> dict[str, Finding]:
    """In order of first signal; of equal ones the earliest."""
    strongest: dict[str, Finding] = {}
    for signal in window:
        held = strongest.setdefault(signal.holder, signal)
        if signal.strength > held.strength:
            strongest[signal.holder] = signal
    return strongest


def _finding(
    definition: GatheringTypology,
    subject: str,
    subject_kind: SubjectKind,
    signal: Finding,
    gathered: _Gathered,
    since: datetime,
) -> Finding:
    signals = list(gathered.strongest.values())
    average = fmean(s.strength for s in signals)
    least = definition.feeders.least
    beyond = min((gathered.unrelated - least) / least, 1.0)
    return Finding(
        typology=definition.id,
        version=definition.version,
        level=2,
        is_signal=definition.is_signal,
        subject_kind=subject_kind,
        subject_id=subject,
        holder=subject,
        accounts=(),
        trigger=signal.trigger,
        trigger_reference=signal.trigger_reference,
        window_start=since,
        window_end=signal.window_end,
        # That independent persons meet here is half of it; what lies beyond the least the other.
        strength=round(0.5 + (average + beyond) / 4, 6),
        facts=_facts(definition, signals, gathered),
        not_testable=tuple(dict.fromkeys(n for s in signals for n in s.not_testable)),
        exculpations=_exculpations(definition, signals),
        cleared_by=(),
        links=tuple(link for link in signal.links if link.kind == definition.link),
        citations=tuple(c for s in signals for c in s.citations),
        feeders=tuple(gathered.strongest),
    )


def _facts(
    definition: GatheringTypology, signals: Sequence[Finding], gathered: _Gathered
) -> tuple[Fact, ...]:
    facts = [
        Fact(
            name=definition.feeders.fact,
            value=gathered.unrelated,
            unit=definition.feeders.unit,
            threshold=definition.feeders.least,
            own_past=None,
            peers=None,
            family="link",
            columns=definition.feeders.columns,
        )
    ]
    recurrence = definition.recurrence
    if recurrence is not None and gathered.common is not None:
        is_met = gathered.common >= recurrence.least_common
        facts.append(
            Fact(
                name=recurrence.fact,
                value=round(gathered.common, 6),
                unit=recurrence.unit,
                threshold=recurrence.least_common,
                own_past=None,
                peers=None,
                family="structure" if is_met else None,
                columns=recurrence.columns,
                is_met=is_met,
            )
        )
    for wanted in definition.facts:
        like = [f for s in signals for f in s.facts if f.name == wanted.source]
        numbers = [f.value for f in like if isinstance(f.value, int | float)]
        if numbers:
            asked = {demand.fact: demand.threshold for demand in definition.demands}
            facts.append(
                replace(
                    like[0],
                    name=wanted.name,
                    value=min(numbers) if wanted.choose == "least" else max(numbers),
                    unit=wanted.unit,
                    threshold=asked.get(wanted.source, like[0].threshold),
                    own_past=None,
                )
            )
    return tuple(facts)


def _exculpations(
    definition: GatheringTypology, signals: Sequence[Finding]
) -> tuple[ExculpationResult, ...]:
    """The weakest result among the feeders: what explains one does not explain the others."""
    order = {"explains": 0, "not_testable": 1, "does_not_explain": 2}
    results = []
    for test in definition.exculpations:
        of_feeders = [r for s in signals for r in s.exculpations if r.test == test]
        if of_feeders:
            results.append(max(of_feeders, key=lambda r: (order[r.result], -(r.share or 0.0))))
    return tuple(results)
