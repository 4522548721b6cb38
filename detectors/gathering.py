"""Signals as movements of a link: what several accounts say together about one receiver."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from statistics import fmean

from detectors.finding import ExculpationResult, Fact, Finding, SubjectKind
from detectors.typology import GatheringTypology

HUB_SIGNALS = 1_000

Relations = Callable[[str], frozenset[str]]
"""The parties declared as related to a party, in either direction."""


def gather(
    definition: GatheringTypology,
    receiver: str,
    receiver_kind: SubjectKind,
    signals: Sequence[Finding],
    relations: Relations,
) -> list[Finding]:
    """One finding at each signal by which enough unrelated feeders speak of the receiver.

    signals: all current, uncleared signals that carry the receiver's link, in any order.
    """
    kin = relations(receiver) | {receiver}
    ordered = sorted(
        (s for s in signals if s.holder not in kin), key=lambda s: (s.trigger, s.holder)
    )
    findings = []
    for last, signal in enumerate(ordered):
        since = signal.trigger.time - definition.window
        first = max(0, last + 1 - HUB_SIGNALS)
        window = [s for s in ordered[first : last + 1] if s.trigger.time > since]
        strongest = _strongest_by_feeder(window)
        unrelated = _households(list(strongest), relations)
        if unrelated >= definition.least_feeders:
            findings.append(
                _finding(definition, receiver, receiver_kind, signal, strongest, unrelated, since)
            )
    return findings


def _strongest_by_feeder(window: Sequence[Finding]) -> dict[str, Finding]:
    """In order of first signal; of equal ones the earliest."""
    strongest: dict[str, Finding] = {}
    for signal in window:
        held = strongest.setdefault(signal.holder, signal)
        if signal.strength > held.strength:
            strongest[signal.holder] = signal
    return strongest


def _households(feeders: Sequence[str], relations: Relations) -> int:
    """Groups of feeders connected by declared relations."""
    remaining, groups = set(feeders), 0
    while remaining:
        groups += 1
        reached = [remaining.pop()]
        while reached:
            kin = relations(reached.pop()) & remaining
            remaining -= kin
            reached.extend(kin)
    return groups


def _finding(
    definition: GatheringTypology,
    receiver: str,
    receiver_kind: SubjectKind,
    signal: Finding,
    strongest: Mapping[str, Finding],
    unrelated: int,
    since: datetime,
) -> Finding:
    signals = list(strongest.values())
    drained = fmean(s.strength for s in signals)
    beyond = min((unrelated - definition.least_feeders) / definition.least_feeders, 1.0)
    return Finding(
        typology=definition.id,
        version=definition.version,
        level=2,
        is_signal=definition.is_signal,
        subject_kind=receiver_kind,
        subject_id=receiver,
        holder=receiver,
        accounts=(),
        trigger=signal.trigger,
        trigger_reference=signal.trigger_reference,
        window_start=since,
        window_end=signal.window_end,
        strength=round((drained + beyond) / 2, 6),
        facts=_facts(definition, signals, unrelated),
        not_testable=tuple(dict.fromkeys(n for s in signals for n in s.not_testable)),
        exculpations=_exculpations(definition, signals),
        cleared_by=(),
        links=signal.links,
        citations=tuple(c for s in signals for c in s.citations),
        feeders=tuple(strongest),
    )


def _facts(
    definition: GatheringTypology, signals: Sequence[Finding], unrelated: int
) -> tuple[Fact, ...]:
    of_signals = {
        name: [f for s in signals for f in s.facts if f.name == name]
        for name in ("top_payee_share", "own_life_share", "foreign_device_share")
    }
    facts = [
        Fact(
            name="feeders",
            value=unrelated,
            unit="unrelated account holders",
            threshold=definition.least_feeders,
            own_past=None,
            peers=None,
            family="link",
            columns=("benef_account_id",),
        )
    ]
    named = (
        ("drained_share", "top_payee_share", min, "least share of outflow to this receiver"),
        ("kept_to_live_on", "own_life_share", max, "largest share spent to live on"),
        ("foreign_device_share", "foreign_device_share", min, "least share on a foreign device"),
    )
    for name, source, choose, unit in named:
        numbers = [f.value for f in of_signals[source] if isinstance(f.value, int | float)]
        if numbers:
            like = of_signals[source][0]
            facts.append(replace(like, name=name, value=choose(numbers), unit=unit, own_past=None))
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
