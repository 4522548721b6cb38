"""The current findings: what was found and not replaced since."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from typing import NamedTuple

import msgspec
import sqlalchemy as sa

from alerts.alert import ModelScore
from alerts.gate import grounds_of, grounds_text
from alerts.order import order_key
from alerts.statements import chunks, each_once, insert_rows
from alerts.tables import FINDINGS, SIGNAL_LINKS
from detectors.finding import Finding, Link, LinkKind, SubjectKind


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


class LinkedSignal(NamedTuple):
    """A signal without its body: who feeds a link, and where in the total order."""

    id: int
    holder: str
    order_key: bytes


def triggered(connection: sa.Connection, since: Mapping[str, bytes]) -> Iterator[Outline]:
    """The findings these holders triggered at or after their key, gathered ones left out."""
    for holders in chunks(_by_key(since)):
        query = _outlines(FINDINGS.c.keyed_by).where(
            FINDINGS.c.is_gathered.is_(False),
            FINDINGS.c.keyed_by.in_(holders),
            FINDINGS.c.order_key >= since[holders[0]],
        )
        for row in connection.execute(query):
            if row.order_key >= since[row.keyed_by]:
                yield _outline(row)


def holders(connection: sa.Connection) -> set[str]:
    """Whose findings are kept, gathered ones left out."""
    return each_once(connection, FINDINGS.c.keyed_by, FINDINGS.c.is_gathered.is_(False))


def drop(connection: sa.Connection, ids: Sequence[int]) -> None:
    for some in chunks(ids):
        connection.execute(FINDINGS.delete().where(FINDINGS.c.id.in_(some)))


def insert(
    connection: sa.Connection,
    findings: Sequence[Finding],
    *,
    is_gathered: bool = False,
    models: Iterable[ModelScore | None] = repeat(None),
    legs: Iterable[bytes | None] = repeat(None),
) -> None:
    """Keeps findings; `is_gathered`: they rest on the signals or movements of several holders.
    models, legs: see KeptFinding, of each of them."""
    if not findings:
        return
    # Numbered here, so that one statement inserts all and links know their finding.
    newest = connection.execute(
        sa.select(sa.func.coalesce(sa.func.max(FINDINGS.c.id), 0))
    ).scalar_one()
    numbered = list(enumerate(findings, newest + 1))
    rows = [
        _row(number, finding, is_gathered, model, packed)
        for (number, finding), model, packed in zip(numbered, models, legs, strict=False)
    ]
    insert_rows(connection, FINDINGS, rows)
    links = [
        (kind, name, number)
        for number, finding in numbered
        if finding.is_signal
        for kind, name in sorted({(link.kind, link.id) for link in finding.links})
    ]
    insert_rows(connection, SIGNAL_LINKS, links)


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
    return _of_subject(connection, subject, first, last, is_signal=False)


def outlines_within(
    connection: sa.Connection, bounds: Mapping[SubjectKey, tuple[bytes, bytes]]
) -> dict[SubjectKey, list[Outline]]:
    """What `outlines_of` gives for each of many subjects between its keys; none for a subject
    against which nothing stands."""
    found: dict[SubjectKey, list[Outline]] = {}
    for kind, ids in by_kind(bounds):
        between = [bounds[SubjectKey(kind=kind, id=each)] for each in ids]
        query = (
            _outlines()
            .where(
                FINDINGS.c.subject_kind == kind,
                FINDINGS.c.subject_id.in_(ids),
                FINDINGS.c.order_key >= min(first for first, _ in between),
                FINDINGS.c.order_key <= max(last for _, last in between),
                FINDINGS.c.is_signal.is_(False),
                FINDINGS.c.is_cleared.is_(False),
            )
            .order_by(FINDINGS.c.order_key, FINDINGS.c.typology)
        )
        for outline in map(_outline, connection.execute(query)):
            first, last = bounds[outline.subject]
            if first <= outline.order_key <= last:
                found.setdefault(outline.subject, []).append(outline)
    return found


def by_kind(subjects: Iterable[SubjectKey]) -> Iterator[tuple[SubjectKind, list[str]]]:
    """The ids of subjects of one kind, as many as fit a statement."""
    ids: dict[SubjectKind, list[str]] = {}
    for subject in sorted(subjects):
        ids.setdefault(subject.kind, []).append(subject.id)
    for kind, theirs in ids.items():
        yield from ((kind, some) for some in chunks(theirs))


def signals_of(
    connection: sa.Connection, subject: SubjectKey, first: bytes, last: bytes
) -> list[Outline]:
    """The subject's own signals between two keys, in order, cleared ones left out."""
    return _of_subject(connection, subject, first, last, is_signal=True)


def signals_linked(
    connection: sa.Connection, link: Link, typology: str, first: bytes, last: bytes
) -> list[Outline]:
    """The signals of a typology that carry a link, between two keys, in order."""
    wanted = {
        "kind": link.kind,
        "link": link.id,
        "typology": typology,
        "first": first,
        "last": last,
    }
    return [_outline(row) for row in connection.execute(_LINKED, wanted)]


def signals_by_link(
    connection: sa.Connection, kind: LinkKind, typology: str, since: Mapping[str, bytes]
) -> dict[str, list[LinkedSignal]]:
    """The signals of a typology that carry one of these links of a kind, by link and in order,
    each link's from its key on."""
    found: dict[str, list[LinkedSignal]] = {}
    for links in chunks(_by_key(since)):
        query = (
            sa.select(
                SIGNAL_LINKS.c.link_id, FINDINGS.c.id, FINDINGS.c.keyed_by, FINDINGS.c.order_key
            )
            .join(FINDINGS, SIGNAL_LINKS.c.finding_id == FINDINGS.c.id)
            .where(
                SIGNAL_LINKS.c.kind == kind,
                SIGNAL_LINKS.c.link_id.in_(links),
                FINDINGS.c.typology == typology,
                FINDINGS.c.is_cleared.is_(False),
                FINDINGS.c.order_key >= since[links[0]],
            )
            .order_by(FINDINGS.c.order_key)
        )
        for link, number, holder, key in connection.execute(query):
            if key >= since[link]:
                signal = LinkedSignal(id=number, holder=holder, order_key=key)
                found.setdefault(link, []).append(signal)
    return found


def gathered_since(
    connection: sa.Connection, typology: str, since: Mapping[str, bytes]
) -> list[tuple[Outline, bytes]]:
    """The findings of a typology gathered at these receivers, each receiver's from its key on,
    with their bodies' bytes."""
    found = list[tuple[Outline, bytes]]()
    for receivers in chunks(_by_key(since)):
        query = _outlines(FINDINGS.c.keyed_by, FINDINGS.c.body).where(
            FINDINGS.c.is_gathered.is_(True),
            FINDINGS.c.keyed_by.in_(receivers),
            FINDINGS.c.typology == typology,
            FINDINGS.c.order_key >= since[receivers[0]],
        )
        found.extend(
            (_outline(row), row.body)
            for row in connection.execute(query)
            if row.order_key >= since[row.keyed_by]
        )
    return found


def gathered_at(
    connection: sa.Connection, places: Collection[tuple[str, str, bytes]]
) -> list[Outline]:
    """The gathered findings at these places: typology, receiver and key."""
    keys: dict[str, list[bytes]] = {}
    for _, receiver, key in places:
        keys.setdefault(receiver, []).append(key)
    first = {receiver: min(theirs) for receiver, theirs in keys.items()}
    found = list[Outline]()
    for receivers in chunks(_by_key(first)):
        query = _outlines(FINDINGS.c.keyed_by).where(
            FINDINGS.c.is_gathered.is_(True),
            FINDINGS.c.keyed_by.in_(receivers),
            FINDINGS.c.order_key >= first[receivers[0]],
        )
        found.extend(
            _outline(row)
            for row in connection.execute(query)
            if (row.typology, row.keyed_by, row.order_key) in places
        )
    return found


def load(connection: sa.Connection, ids: Sequence[int]) -> dict[int, KeptFinding]:
    """Whole findings by their number."""
    return {
        row.id: KeptFinding(finding=decode(row.body), model=_model(row.model), legs=row.legs)
        for some in chunks(ids)
        for row in connection.execute(_WHOLE, {"ids": some})
    }


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


@lru_cache(maxsize=1 << 13)
def decode(body: bytes) -> Finding:
    """The finding again; those asked for again and again, as long as signals come to their link,
    are kept decoded (about 5 kB each)."""
    return _DECODER.decode(body)


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


# Made once: to make a statement takes longer than to carry it out.
_OF_SUBJECT = (
    _outlines()
    .where(
        FINDINGS.c.subject_kind == sa.bindparam("kind"),
        FINDINGS.c.subject_id == sa.bindparam("subject"),
        FINDINGS.c.order_key.between(sa.bindparam("first"), sa.bindparam("last")),
        FINDINGS.c.is_signal == sa.bindparam("is_signal"),
        FINDINGS.c.is_cleared.is_(False),
    )
    .order_by(FINDINGS.c.order_key, FINDINGS.c.typology)
)
_LINKED = (
    _outlines()
    .join(SIGNAL_LINKS, SIGNAL_LINKS.c.finding_id == FINDINGS.c.id)
    .where(
        SIGNAL_LINKS.c.kind == sa.bindparam("kind"),
        SIGNAL_LINKS.c.link_id == sa.bindparam("link"),
        FINDINGS.c.typology == sa.bindparam("typology"),
        FINDINGS.c.is_cleared.is_(False),
        FINDINGS.c.order_key.between(sa.bindparam("first"), sa.bindparam("last")),
    )
    .order_by(FINDINGS.c.order_key, FINDINGS.c.subject_kind, FINDINGS.c.subject_id)
)
_WHOLE = sa.select(FINDINGS.c.id, FINDINGS.c.body, FINDINGS.c.model, FINDINGS.c.legs).where(
    FINDINGS.c.id.in_(sa.bindparam("ids", expanding=True))
)


def _of_subject(
    connection: sa.Connection, subject: SubjectKey, first: bytes, last: bytes, *, is_signal: bool
) -> list[Outline]:
    wanted = {
        "kind": subject.kind,
        "subject": subject.id,
        "first": first,
        "last": last,
        "is_signal": is_signal,
    }
    return [_outline(row) for row in connection.execute(_OF_SUBJECT, wanted)]


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


def _row(
    number: int,
    finding: Finding,
    is_gathered: bool,
    model: ModelScore | None,
    legs: bytes | None,
) -> tuple[object, ...]:
    """In the order of the table's columns."""
    return (
        number,
        finding.holder,
        is_gathered,
        finding.typology,
        finding.subject_kind,
        finding.subject_id,
        order_key(finding.trigger),
        finding.is_signal,
        finding.is_cleared,
        msgspec.json.encode(sorted(finding.cleared_by)).decode(),
        finding.strength,
        grounds_text(grounds_of(finding)),
        msgspec.json.encode(sorted(set(finding.not_testable))).decode(),
        encode(finding),
        None if model is None else msgspec.json.encode(model),
        legs,
    )


def _by_key(since: Mapping[str, bytes]) -> list[str]:
    """Those with the earliest keys first, so that the first of a list bounds all of it."""
    return sorted(since, key=lambda each: (since[each], each))


def _model(body: bytes | None) -> ModelScore | None:
    return None if body is None else msgspec.json.decode(body, type=ModelScore)
