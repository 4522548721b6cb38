"""Signals as movements of a link: what several accounts say together about one party or thing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from statistics import fmean

from detectors.finding import ExculpationResult, Fact, Finding, SubjectKind
from detectors.typology import Demand, GatheringTypology

HUB_SIGNALS = 1_000

Relations = Callable[[str], frozenset[str]]
"""The parties declared as related to a party, in either direction."""


def gather(
    definition: GatheringTypology,
    subject: str,
    subject_kind: SubjectKind,
    signals: Sequence[Finding],
    relations: Relations,
) -> list[Finding]:
    """One finding at each signal by which enough unrelated feeders speak of the subject.

    subject: the id of the link. signals: all current, uncleared signals that carry it, in any
    order.
    """
    kin = relations(subject) | {subject}
    ordered = sorted(
        (s for s in signals if s.holder not in kin and _is_feeding(s, definition.demands)),
        key=lambda s: (s.trigger, s.holder),
    )
    findings = []
    for last, signal in enumerate(ordered):
        since = signal.trigger.time - definition.window
        first = max(0, last + 1 - HUB_SIGNALS)
        window = [s for s in ordered[first : last + 1] if s.trigger.time > since]
        strongest = _strongest_by_feeder(window)
        unrelated = unrelated_groups(list(strongest), relations)
        if unrelated >= definition.feeders.least:
            findings.append(
                _finding(definition, subject, subject_kind, signal, strongest, unrelated, since)
            )
    return findings


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
    strongest: Mapping[str, Finding],
    unrelated: int,
    since: datetime,
) -> Finding:
    signals = list(strongest.values())
    average = fmean(s.strength for s in signals)
    least = definition.feeders.least
    beyond = min((unrelated - least) / least, 1.0)
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
        strength=round((average + beyond) / 2, 6),
        facts=_facts(definition, signals, unrelated),
        not_testable=tuple(dict.fromkeys(n for s in signals for n in s.not_testable)),
        exculpations=_exculpations(definition, signals),
        cleared_by=(),
        links=tuple(link for link in signal.links if link.kind == definition.link),
        citations=tuple(c for s in signals for c in s.citations),
        feeders=tuple(strongest),
    )


def _facts(
    definition: GatheringTypology, signals: Sequence[Finding], unrelated: int
) -> tuple[Fact, ...]:
    facts = [
        Fact(
            name=definition.feeders.fact,
            value=unrelated,
            unit=definition.feeders.unit,
            threshold=definition.feeders.least,
            own_past=None,
            peers=None,
            family="link",
            columns=definition.feeders.columns,
        )
    ]
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
