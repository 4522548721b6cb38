"""The alerts of the store: the newest revision of each, every earlier one, and the outbox."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
import sqlalchemy as sa
import zstandard

from alerts.alert import Alert, AlertRevision, Origin, Status, alert_json
from alerts.cases import CaseMember, case_id, case_keys, member, propose
from alerts.episode import Episode
from alerts.kept import SubjectKey, by_kind
from alerts.order import moment
from alerts.statements import chunks, insert_rows
from alerts.tables import ALERT_KEYS, ALERTS, EPISODES, HISTORY

CURRENT: tuple[Status, ...] = ("open", "amended")
NEUTRAL: Origin = "live"
"""Content is kept without status, origin and case, so that equal content is equal bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """An alert as it is registered. Times are of its first and last trigger, in microseconds."""

    alert_id: str
    revision: int
    status: Status
    superseded_by: str | None
    origin: Origin
    first_time: int
    last_time: int
    is_held: bool
    body: bytes

    @property
    def is_current(self) -> bool:
        return self.status in CURRENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """When an episode's first and last findings were triggered, in microseconds."""

    alert_id: str
    first_time: int
    last_time: int


def episodes_of(
    connection: sa.Connection, subjects: Iterable[SubjectKey]
) -> dict[SubjectKey, list[Span]]:
    """The episodes of each of these subjects that has any, earliest first."""
    found: dict[SubjectKey, list[Span]] = {}
    for kind, ids in by_kind(subjects):
        query = (
            sa.select(
                EPISODES.c.subject_id,
                EPISODES.c.alert_id,
                EPISODES.c.first_time,
                EPISODES.c.last_time,
            )
            .where(EPISODES.c.subject_kind == kind, EPISODES.c.subject_id.in_(ids))
            .order_by(EPISODES.c.first_time)
        )
        for subject, alert_id, first, last in connection.execute(query):
            span = Span(alert_id=alert_id, first_time=first, last_time=last)
            found.setdefault(SubjectKey(kind=kind, id=subject), []).append(span)
    return found


def replace_episodes(
    connection: sa.Connection, old: Collection[Span], new: Sequence[Episode]
) -> None:
    """Takes out the old ones and keeps the new; those that are the same stay as they are."""
    made = {_span(each): each for each in new}
    gone = [each.alert_id for each in old if each not in made]
    for some in chunks(gone):
        connection.execute(EPISODES.delete().where(EPISODES.c.alert_id.in_(some)))
    rows = [
        (span.alert_id, each.subject.kind, each.subject.id, span.first_time, span.last_time)
        for span, each in made.items()
        if span not in old
    ]
    insert_rows(connection, EPISODES, rows)


def current_among(connection: sa.Connection, alert_ids: Iterable[str]) -> set[str]:
    """Those of the alerts that stand."""
    found = set[str]()
    for some in chunks(alert_ids):
        query = sa.select(ALERTS.c.alert_id).where(
            ALERTS.c.alert_id.in_(some), ALERTS.c.status.in_(CURRENT)
        )
        found.update(connection.execute(query).scalars())
    return found


def subject_of(known: Registered) -> SubjectKey:
    subject = _content(known).subject
    return SubjectKey(kind=subject.kind, id=subject.id)


def stretch(connection: sa.Connection, episode: Episode) -> None:
    """Keeps the new bounds of an episode whose alert reads as before."""
    row: dict[str, object] = {"first_time": episode.first_time, "last_time": episode.last_time}
    _update(connection, episode.alert_id, row)


def find(connection: sa.Connection, alert_id: str) -> Registered | None:
    row = connection.execute(_newest().where(ALERTS.c.alert_id == alert_id)).first()
    return None if row is None else Registered(**row._mapping)


def current_of(
    connection: sa.Connection, subject: SubjectKey, first: int, last: int
) -> list[Registered]:
    """The subject's current alerts that touch this span, earliest first."""
    query = (
        _newest()
        .where(
            ALERTS.c.subject_kind == subject.kind,
            ALERTS.c.subject_id == subject.id,
            ALERTS.c.last_time >= first,
            ALERTS.c.first_time <= last,
            ALERTS.c.status.in_(CURRENT),
        )
        .order_by(ALERTS.c.first_time, ALERTS.c.alert_id)
    )
    return [Registered(**row._mapping) for row in connection.execute(query)]


def raised_between(connection: sa.Connection, after: int, upto: int) -> int:
    """How many current alerts were raised in (after, upto], by event time in microseconds."""
    query = sa.select(sa.func.count()).where(
        ALERTS.c.raised_time > after, ALERTS.c.raised_time <= upto, ALERTS.c.status.in_(CURRENT)
    )
    return connection.execute(query).scalar_one()


def register(
    connection: sa.Connection,
    content: Alert,
    *,
    known: Registered | None,
    episode: Episode,
    raised_time: int,
    origin: Origin,
    is_held: bool,
) -> None:
    """Keeps a new alert, or the next revision of one."""
    row = {
        "revision": 1 if known is None else known.revision + 1,
        "status": "amended" if known is not None and known.is_current else "open",
        "superseded_by": None,
        "origin": origin if known is None else known.origin,
        "subject_kind": content.subject.kind,
        "subject_id": content.subject.id,
        "first_time": episode.first_time,
        "last_time": episode.last_time,
        "raised_time": raised_time,
        "is_held": is_held,
        "body": content_bytes(content),
    }
    if known is None:
        connection.execute(ALERTS.insert().values(alert_id=content.alert_id, **row))
    else:
        _update(connection, content.alert_id, row)
    _keep_keys(connection, content.alert_id, case_keys(content))


def close(connection: sa.Connection, known: Registered, superseded_by: str | None) -> None:
    """Withdraws an alert, or points from it to the one that took its place."""
    status: Status = "withdrawn" if superseded_by is None else "superseded"
    row = {"revision": known.revision + 1, "status": status, "superseded_by": superseded_by}
    _update(connection, known.alert_id, row)
    _keep_keys(connection, known.alert_id, frozenset())


def write_history(connection: sa.Connection, alert_ids: Iterable[str]) -> list[AlertRevision]:
    """The newest revision of each of these alerts, now in the history and the outbox."""
    ordered = sorted(set(alert_ids))
    cases = propose(_connected(connection, ordered))
    revisions = [
        AlertRevision(alert=_published(known, cases), revision=known.revision)
        for known in _find_all(connection, ordered)
    ]
    rows = [
        {
            "alert_id": each.alert.alert_id,
            "revision": each.revision,
            "status": each.alert.status,
            "is_published": False,
            "body": zstandard.compress(alert_json(each.alert)),
        }
        for each in revisions
    ]
    if rows:
        connection.execute(HISTORY.insert(), rows)
    return revisions


def open_alerts(connection: sa.Connection) -> list[Alert]:
    """All current alerts with status open and their case proposals, by first_at and alert id."""
    query = _newest().where(ALERTS.c.status.in_(CURRENT)).order_by(ALERTS.c.alert_id)
    standing = [Registered(**row._mapping) for row in connection.execute(query)]
    contents = [_content(each) for each in standing]
    cases = propose(member(content) for content in contents)
    alerts = [
        msgspec.structs.replace(
            content, origin=each.origin, case_proposal_id=cases[content.alert_id]
        )
        for content, each in zip(contents, standing, strict=True)
    ]
    return sorted(
        alerts, key=lambda alert: (datetime.fromisoformat(alert.first_at), alert.alert_id)
    )


def history(connection: sa.Connection, alert_id: str) -> list[AlertRevision]:
    query = (
        sa.select(HISTORY.c.revision, HISTORY.c.body)
        .where(HISTORY.c.alert_id == alert_id)
        .order_by(HISTORY.c.revision)
    )
    return [_revision(row.body, row.revision) for row in connection.execute(query)]


def unpublished(connection: sa.Connection, at_most: int) -> list[AlertRevision]:
    """The outbox in order; revisions of held alerts stay in it."""
    query = (
        sa.select(HISTORY.c.revision, HISTORY.c.body)
        .join(ALERTS, ALERTS.c.alert_id == HISTORY.c.alert_id)
        .where(HISTORY.c.is_published.is_(False), ALERTS.c.is_held.is_(False))
        .order_by(HISTORY.c.id)
        .limit(at_most)
    )
    return [_revision(row.body, row.revision) for row in connection.execute(query)]


def mark_published(connection: sa.Connection, revisions: Sequence[AlertRevision]) -> None:
    rows = [{"of": each.alert.alert_id, "number": each.revision} for each in revisions]
    if rows:
        connection.execute(
            HISTORY.update()
            .where(
                HISTORY.c.alert_id == sa.bindparam("of"),
                HISTORY.c.revision == sa.bindparam("number"),
            )
            .values(is_published=True),
            rows,
        )


def release_held(connection: sa.Connection) -> int:
    held = ALERTS.update().where(ALERTS.c.is_held.is_(True)).values(is_held=False)
    return connection.execute(held).rowcount


def status_counts(connection: sa.Connection) -> dict[str, int]:
    query = (
        sa.select(ALERTS.c.status, sa.func.count())
        .group_by(ALERTS.c.status)
        .order_by(ALERTS.c.status)
    )
    counts: dict[str, int] = dict(connection.execute(query).all())
    held = sa.select(sa.func.count()).where(ALERTS.c.is_held.is_(True))
    return counts | {"held": connection.execute(held).scalar_one()}


def content_bytes(content: Alert) -> bytes:
    """An alert's content alone: what decides whether it was amended."""
    return alert_json(msgspec.structs.replace(content, origin=NEUTRAL, case_proposal_id=""))


_DECODER = msgspec.json.Decoder(Alert)


def _span(episode: Episode) -> Span:
    return Span(
        alert_id=episode.alert_id, first_time=episode.first_time, last_time=episode.last_time
    )


def _newest() -> sa.Select[tuple[object, ...]]:
    return sa.select(
        ALERTS.c.alert_id,
        ALERTS.c.revision,
        ALERTS.c.status,
        ALERTS.c.superseded_by,
        ALERTS.c.origin,
        ALERTS.c.first_time,
        ALERTS.c.last_time,
        ALERTS.c.is_held,
        ALERTS.c.body,
    )


def _update(connection: sa.Connection, alert_id: str, row: Mapping[str, object]) -> None:
    connection.execute(ALERTS.update().where(ALERTS.c.alert_id == alert_id).values(**row))


def _keep_keys(connection: sa.Connection, alert_id: str, keys: frozenset[str]) -> None:
    known_query = sa.select(ALERT_KEYS.c.case_key).where(ALERT_KEYS.c.alert_id == alert_id)
    known = set(connection.execute(known_query).scalars())
    for some in chunks(sorted(known - keys)):
        connection.execute(
            ALERT_KEYS.delete().where(
                ALERT_KEYS.c.alert_id == alert_id, ALERT_KEYS.c.case_key.in_(some)
            )
        )
    rows = [{"alert_id": alert_id, "case_key": key} for key in sorted(keys - known)]
    if rows:
        connection.execute(ALERT_KEYS.insert(), rows)


def _connected(connection: sa.Connection, alert_ids: Sequence[str]) -> list[CaseMember]:
    """The current alerts that these are connected with over any number of shared keys."""
    reached: set[str] = set()
    frontier = set(alert_ids)
    while frontier:
        reached |= frontier
        frontier = set(_neighbours(connection, sorted(frontier))) - reached
    return list(_members(connection, sorted(reached)))


def _members(connection: sa.Connection, alert_ids: Sequence[str]) -> Iterator[CaseMember]:
    for some in chunks(alert_ids):
        keys: dict[str, set[str]] = {}
        held = sa.select(ALERT_KEYS).where(ALERT_KEYS.c.alert_id.in_(some))
        for row in connection.execute(held):
            keys.setdefault(row.alert_id, set()).add(row.case_key)
        query = sa.select(
            ALERTS.c.alert_id, ALERTS.c.subject_kind, ALERTS.c.subject_id, ALERTS.c.raised_time
        ).where(ALERTS.c.alert_id.in_(some), ALERTS.c.status.in_(CURRENT))
        for row in connection.execute(query):
            yield CaseMember(
                alert_id=row.alert_id,
                subject=f"{row.subject_kind}:{row.subject_id}",
                raised_at=moment(row.raised_time),
                keys=frozenset(keys.get(row.alert_id, ())),
            )


def _neighbours(connection: sa.Connection, alert_ids: Sequence[str]) -> Iterator[str]:
    own, other = ALERT_KEYS.alias("own"), ALERT_KEYS.alias("other")
    for some in chunks(alert_ids):
        query = (
            sa.select(other.c.alert_id)
            .join(own, own.c.case_key == other.c.case_key)
            .where(own.c.alert_id.in_(some))
            .distinct()
        )
        yield from connection.execute(query).scalars()


def _find_all(connection: sa.Connection, alert_ids: Sequence[str]) -> Iterator[Registered]:
    for some in chunks(alert_ids):
        query = _newest().where(ALERTS.c.alert_id.in_(some)).order_by(ALERTS.c.alert_id)
        for row in connection.execute(query):
            yield Registered(**row._mapping)


def _content(known: Registered) -> Alert:
    return _DECODER.decode(known.body)


def _published(known: Registered, cases: dict[str, str]) -> Alert:
    return msgspec.structs.replace(
        _content(known),
        status=known.status,
        superseded_by=known.superseded_by,
        origin=known.origin,
        case_proposal_id=cases.get(known.alert_id) or case_id(known.alert_id),
    )


def _revision(body: bytes, number: int) -> AlertRevision:
    return AlertRevision(alert=_DECODER.decode(zstandard.decompress(body)), revision=number)
