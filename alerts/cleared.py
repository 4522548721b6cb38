"""Who was not alerted, and why: findings that fire only with movements a test explains."""

from collections.abc import Iterator
from hashlib import blake2b

import sqlalchemy as sa

from alerts import kept, ledger
from alerts.alert import Record, Subject
from alerts.exculpation import reason
from alerts.order import order_key, utc_text
from detectors.finding import Fact, Finding

SAMPLE_SHARE = 0.02
"""Of the cleared cases that a senior looks at all the same."""


class ClearedCase(Record, frozen=True, kw_only=True):
    """The strongest cleared finding of a typology on a subject that has no alert of it.

    why: what the tests say that cleared it, in words. count: cleared findings behind it.
    """

    subject: Subject
    typology: str
    strength: float
    at: str
    cleared_by: tuple[str, ...]
    why: tuple[str, ...]
    facts: dict[str, float | int | str | None]
    transaction_ids: tuple[str, ...]
    count: int
    is_in_sample: bool


def cleared_cases(connection: sa.Connection) -> list[ClearedCase]:
    """By subject and typology; depends on the current findings alone."""
    grouped: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in kept.cleared(connection):
        key = (finding.subject_kind, finding.subject_id, finding.typology)
        grouped.setdefault(key, []).append(finding)
    return [_case(connection, grouped[key]) for key in sorted(grouped)]


def _case(connection: sa.Connection, findings: list[Finding]) -> ClearedCase:
    strongest = max(findings, key=lambda finding: finding.strength)
    (cited,) = ledger.cited(connection, [strongest.citations])
    references = [each.reference for each in cited]
    return ClearedCase(
        subject=Subject(kind=strongest.subject_kind, id=strongest.subject_id),
        typology=strongest.typology,
        strength=strongest.strength,
        at=utc_text(strongest.trigger.time),
        cleared_by=strongest.cleared_by,
        why=tuple(_why(strongest)),
        facts={fact.name: fact.value for fact in strongest.facts},
        transaction_ids=tuple(dict.fromkeys(references or [strongest.trigger_reference])),
        count=len(findings),
        is_in_sample=_is_sampled(strongest),
    )


def _why(finding: Finding) -> Iterator[str]:
    results = {result.test: result for result in finding.exculpations}
    for test in finding.cleared_by:
        result = results.get(test)
        if result is not None and result.result == "explains":
            yield f"{test}: {reason(result)}"
        else:
            yield from (f"{test}: {_failed(fact)}" for fact in finding.facts if not fact.is_met)


def _failed(fact: Fact) -> str:
    return f"{fact.name.replace('_', ' ')} is {fact.value}, limit {fact.threshold} {fact.unit}"


def _is_sampled(finding: Finding) -> bool:
    """The same case is always in the sample or never."""
    name = f"{finding.typology}\x00{finding.subject_id}\x00".encode() + order_key(finding.trigger)
    drawn = int.from_bytes(blake2b(name, digest_size=8).digest(), "big")
    return drawn < SAMPLE_SHARE * (1 << 64)
