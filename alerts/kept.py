"""The current findings: what was found and not replaced since."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, islice
from typing import TypeVar

import msgspec
import sqlalchemy as sa

from alerts.alert import ModelScore
from alerts.gate import grounds_of, grounds_text
from alerts.order import order_key
from alerts.tables import FINDINGS, SIGNAL_LINKS
from detectors.finding import Finding, Link, SubjectKind

Each = TypeVar("Each")

AT_ONCE = 500
"""Values in one IN list; well under what any database takes."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class SubjectKey:
    kind: SubjectKind
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A finding without its body: what folding and the gate need."""

    id: int
    typology: str
    subject: SubjectKey
    order_key: bytes
    is_signal: bool
    strength: float
    grounds: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFinding:
    """legs: the movements of a network's finding, packed by `ledger`; None: in the ledger."""

    finding: Finding
    model: ModelScore | None
    legs: bytes | None


def triggered(connection: sa.Connection, since: Mapping[str, bytes]) -> Iterator[Outline]:
    """The findings these holders triggered at or after their key, gathered ones left out."""
    for holders in chunks(sorted(since)):
        query = _outlines(FINDINGS.c.keyed_by).where(
            FINDINGS.c.is_gathered.is_(False),
            FINDINGS.c.keyed_by.in_(holders),
            FINDINGS.c.order_key >= min(since[holder] for holder in holders),
        )
        for row in connection.execute(query):
            if row.order_key >= since[row.keyed_by]:
                yield _outline(row)


def holders(connection: sa.Connection) -> set[str]:
    """Whose findings are kept, gathered ones left out."""
    return each_once(connection, FINDINGS.c.keyed_by, FINDINGS.c.is_gathered.is_(False))


def each_once(
    connection: sa.Connection, column: sa.Column[str], *where: sa.ColumnElement[bool]
) -> set[str]:
    """The different values of the column that an index orders by: one look-up a value, however
    many rows have it."""
    first = sa.select(sa.func.min(column).label("value")).where(*where).cte(recursive=True)
    following = sa.select(sa.func.min(column)).where(*where, column > first.c.value)
    walk = first.union_all(
        sa.select(following.correlate(first).scalar_subquery()).where(first.c.value.is_not(None))
    )
    return set(
        connection.execute(sa.select(walk.c.value).where(walk.c.value.is_not(None))).scalars()
    )


def drop(connection: sa.Connection, ids: Sequence[int]) -> None:
    for some in chunks(ids):
        connection.execute(FINDINGS.delete().where(FINDINGS.c.id.in_(some)))


def insert(
    connection: sa.Connection,
    findings: Sequence[Finding],
    *,
    gathered_by: str | None = None,
    models: Sequence[ModelScore | None] | None = None,
    legs: bytes | None = None,
) -> None:
    """Keeps findings; `gathered_by` is the receiver for those of signals; `legs`: see
    KeptFinding, of each of them."""
    if not findings:
        return
    scores = models or [None] * len(findings)
    # Numbered here, so that one statement inserts all and links know their finding.
    first = connection.execute(
        sa.select(sa.func.coalesce(sa.func.max(FINDINGS.c.id), 0))
    ).scalar_one()
    numbered = list(zip(count(first + 1), findings, scores, strict=False))
    connection.execute(
        FINDINGS.insert(),
        [
            _row(finding, gathered_by, model) | {"id": number, "legs": legs}
            for number, finding, model in numbered
        ],
    )
    links = [
        {"kind": kind, "link_id": name, "finding_id": number}
        for number, finding, _ in numbered
        if finding.is_signal
        for kind, name in sorted({(link.kind, link.id) for link in finding.links})
    ]
    if links:
        connection.execute(SIGNAL_LINKS.insert(), links)


def links_of(connection: sa.Connection, ids: Sequence[int]) -> dict[int, list[Link]]:
    """By finding: what signals can be gathered by."""
    found: dict[int, list[Link]] = {}
    for some in chunks(ids):
        query = sa.select(SIGNAL_LINKS).where(SIGNAL_LINKS.c.finding_id.in_(some))
        for row in connection.execute(query):
            found.setdefault(row.finding_id, []).append(Link(kind=row.kind, id=row.link_id))
    return found


def outlines_of(
    connection: sa.Connection, subject: SubjectKey, first: bytes, last: bytes
) -> list[Outline]:
    """What stands against a subject between two keys, in order: neither cleared nor a signal."""
    query = _of_subject(subject, first, last, is_signal=False)
    return [_outline(row) for row in connection.execute(query)]


def signals_of(
    connection: sa.Connection, subject: SubjectKey, first: bytes, last: bytes
) -> list[Outline]:
    """The subject's own signals between two keys, in order, cleared ones left out."""
    query = _of_subject(subject, first, last, is_signal=True)
    return [_outline(row) for row in connection.execute(query)]


def signals_linked(
    connection: sa.Connection, link: Link, typology: str, first: bytes, last: bytes
) -> list[Outline]:
    """The signals of a typology that carry a link, between two keys, in order."""
    query = (
        _outlines()
        .join(SIGNAL_LINKS, SIGNAL_LINKS.c.finding_id == FINDINGS.c.id)
        .where(
            SIGNAL_LINKS.c.kind == link.kind,
            SIGNAL_LINKS.c.link_id == link.id,
            FINDINGS.c.typology == typology,
            FINDINGS.c.is_cleared.is_(False),
            FINDINGS.c.order_key.between(first, last),
        )
        .order_by(FINDINGS.c.order_key, FINDINGS.c.subject_kind, FINDINGS.c.subject_id)
    )
    return [_outline(row) for row in connection.execute(query)]


def gathered_at(
    connection: sa.Connection, receiver: str, typology: str, first: bytes
) -> list[tuple[Outline, bytes]]:
    """The findings gathered at a receiver from a key on, each with its body's bytes."""
    query = (
        _outlines(FINDINGS.c.body)
        .where(
            FINDINGS.c.is_gathered.is_(True),
            FINDINGS.c.keyed_by == receiver,
            FINDINGS.c.typology == typology,
            FINDINGS.c.order_key >= first,
        )
        .order_by(FINDINGS.c.order_key)
    )
    return [(_outline(row), row.body) for row in connection.execute(query)]


def load(connection: sa.Connection, ids: Sequence[int]) -> dict[int, KeptFinding]:
    """Whole findings by their number."""
    found = {}
    for some in chunks(ids):
        columns = FINDINGS.c.id, FINDINGS.c.body, FINDINGS.c.model, FINDINGS.c.legs
        query = sa.select(*columns).where(FINDINGS.c.id.in_(some))
        for row in connection.execute(query):
            found[row.id] = KeptFinding(
                finding=decode(row.body), model=_model(row.model), legs=row.legs
            )
    return found


def cleared(connection: sa.Connection) -> Iterator[Finding]:
    """Every cleared finding, by subject and in order."""
    query = (
        sa.select(FINDINGS.c.body)
        .where(FINDINGS.c.is_cleared.is_(True))
        .order_by(
            FINDINGS.c.subject_kind,
            FINDINGS.c.subject_id,
            FINDINGS.c.order_key,
            FINDINGS.c.typology,
        )
    )
    for row in connection.execute(query):
        yield decode(row.body)


def finding_counts(connection: sa.Connection) -> dict[str, int]:
    query = (
        sa.select(FINDINGS.c.typology, sa.func.count())
        .group_by(FINDINGS.c.typology)
        .order_by(FINDINGS.c.typology)
    )
    return dict(connection.execute(query).all())


def cleared_counts(connection: sa.Connection) -> dict[str, dict[str, int]]:
    query = (
        sa.select(FINDINGS.c.typology, FINDINGS.c.cleared_by, sa.func.count())
        .where(FINDINGS.c.is_cleared.is_(True))
        .group_by(FINDINGS.c.typology, FINDINGS.c.cleared_by)
        .order_by(FINDINGS.c.typology, FINDINGS.c.cleared_by)
    )
    counts: dict[str, dict[str, int]] = {}
    for typology, text, number in connection.execute(query):
        tests = counts.setdefault(typology, {})
        for test in msgspec.json.decode(text, type=list[str]):
            tests[test] = tests.get(test, 0) + number
    return {typology: dict(sorted(tests.items())) for typology, tests in counts.items()}


def untested(connection: sa.Connection) -> dict[str, list[str]]:
    query = sa.select(FINDINGS.c.typology, FINDINGS.c.not_testable).distinct()
    found: dict[str, set[str]] = {}
    for typology, text in connection.execute(query):
        found.setdefault(typology, set()).update(msgspec.json.decode(text, type=list[str]))
    return {typology: sorted(reasons) for typology, reasons in sorted(found.items()) if reasons}


def encode(finding: Finding) -> bytes:
    return msgspec.json.encode(finding)


def decode(body: bytes) -> Finding:
    return _DECODER.decode(body)


def chunks(values: Iterable[Each]) -> Iterator[list[Each]]:
    """The values in lists of at most AT_ONCE."""
    rest = iter(values)
    while some := list(islice(rest, AT_ONCE)):
        yield some


_DECODER = msgspec.json.Decoder(Finding)


def _outlines(*more: sa.ColumnElement[object]) -> sa.Select[tuple[object, ...]]:
    return sa.select(
        FINDINGS.c.id,
        FINDINGS.c.typology,
        FINDINGS.c.subject_kind,
        FINDINGS.c.subject_id,
        FINDINGS.c.order_key,
        FINDINGS.c.is_signal,
        FINDINGS.c.strength,
        FINDINGS.c.grounds,
        *more,
    )


def _of_subject(
    subject: SubjectKey, first: bytes, last: bytes, *, is_signal: bool
) -> sa.Select[tuple[object, ...]]:
    return (
        _outlines()
        .where(
            FINDINGS.c.subject_kind == subject.kind,
            FINDINGS.c.subject_id == subject.id,
            FINDINGS.c.order_key.between(first, last),
            FINDINGS.c.is_signal.is_(is_signal),
            FINDINGS.c.is_cleared.is_(False),
        )
        .order_by(FINDINGS.c.order_key, FINDINGS.c.typology)
    )


def _outline(row: sa.Row[tuple[object, ...]]) -> Outline:
    return Outline(
        id=row.id,
        typology=row.typology,
        subject=SubjectKey(kind=row.subject_kind, id=row.subject_id),
        order_key=row.order_key,
        is_signal=row.is_signal,
        strength=row.strength,
        grounds=row.grounds,
    )


def _row(finding: Finding, gathered_by: str | None, model: ModelScore | None) -> dict[str, object]:
    return {
        "keyed_by": finding.holder if gathered_by is None else gathered_by,
        "is_gathered": gathered_by is not None,
        "typology": finding.typology,
        "subject_kind": finding.subject_kind,
        "subject_id": finding.subject_id,
        "order_key": order_key(finding.trigger),
        "is_signal": finding.is_signal,
        "is_cleared": finding.is_cleared,
        "cleared_by": msgspec.json.encode(sorted(finding.cleared_by)).decode(),
        "strength": finding.strength,
        "grounds": grounds_text(grounds_of(finding)),
        "not_testable": msgspec.json.encode(sorted(set(finding.not_testable))).decode(),
        "body": encode(finding),
        "model": None if model is None else msgspec.json.encode(model),
    }


def _model(body: bytes | None) -> ModelScore | None:
    return None if body is None else msgspec.json.decode(body, type=ModelScore)
