"""One fate for every row, and the set of transactions that counts whatever the order they came in.

Rows of one id are kept in groups: contents whose event or report times lie within the lateness of
each other. Of each group one content counts, by revision, status and hash, never by arrival; a
reference used again after more than the lateness is another transaction.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta

import msgspec

from ingest.errors import RowFault
from ingest.times import MICROSECOND
from ingest.transaction import Fate

STATUS_RANK = {
    "ATTEMPTED": 0,
    "PENDING": 1,
    "BOOKED": 2,
    "REJECTED": 3,
    "RETURNED": 4,
    "REVERSED": 5,
}
"""How far a payment has come: of two contents with one revision the further one counts."""

MOST_CLOCK_SKEW = timedelta(minutes=10)
"""How far a row's event time may lie after its ingest time."""


class Address(msgspec.Struct, frozen=True, gc=False):
    """The ADDRESS columns of a content, and the hash that tells it from others of its id."""

    txn_hi: int
    txn_lo: int
    event_time: int
    source_sequence: int
    orig_account_id: str | None
    orig_party_id: str | None
    benef_account_id: str | None
    benef_party_id: str | None
    orig_holds: bool
    benef_holds: bool
    content: int


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """A decoded row waiting for its fate. Times in microseconds since the epoch."""

    source_id: str
    key: int
    ingest_time: int | None
    revision: int
    status: str
    address: Address


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """The fate of a row; whether its content counts from now on; which ones no longer do."""

    fate: Fate
    is_added: bool = False
    retracted: tuple[Address, ...] = ()


class Fates:
    """Decides rows in the order they come, remembering ids for about twice the lateness.

    A row is late if its event time lies more than the lateness before the largest one seen of its
    source in its input partition; a content of a known id that was reported within the lateness
    of another one is measured by its own report time.
    """

    def __init__(self, *, lateness: timedelta, longest_gap: timedelta) -> None:
        self._lateness = lateness // MICROSECOND
        self._longest_gap = longest_gap // MICROSECOND
        self._latest: dict[tuple[str, str], int] = {}
        self._earliest: int | None = None
        self._known: dict[str, dict[int, _Group | list[_Group]]] = {}
        self._swept_until: dict[str, int] = {}

    @property
    def history_start(self) -> int | None:
        """The earliest event time of any row that was not refused or late."""
        return self._earliest

    @property
    def seen_until(self) -> int | None:
        """The largest event time seen; of several sources or partitions, of the one furthest
        behind, so that rows older than it minus the lateness are late everywhere."""
        return min(self._latest.values(), default=None)

    @property
    def remembered(self) -> int:
        """How many ids are held in memory."""
        return sum(len(known) for known in self._known.values())

    def decide(self, row: Candidate, partition: str) -> Verdict:
        """The fate of the next row. RowFault if it lies in the future; it then moves nothing."""
        place = (row.source_id, partition)
        latest = self._latest.get(place)
        self._refuse_future(row, latest)
        groups = self._groups(row)
        if latest is not None and self._is_late(row, latest, groups):
            return _LATE
        self._advance(row.address.event_time, place, latest)
        return self._enter(row, groups)

    def forget(self) -> None:
        """Drops the ids no admissible row can have any more; changes no fate."""
        for source, known in self._known.items():
            until = min(at for (name, _), at in self._latest.items() if name == source)
            if until - self._swept_until.get(source, 0) > self._lateness // 2:
                self._swept_until[source] = until
                horizon = until - 2 * self._lateness - MOST_CLOCK_SKEW // MICROSECOND
                self._known[source] = dict(_still_known(known, horizon))

    def _refuse_future(self, row: Candidate, latest: int | None) -> None:
        event_time = row.address.event_time
        if row.ingest_time is not None:
            is_future = event_time > row.ingest_time + MOST_CLOCK_SKEW // MICROSECOND
        else:
            is_future = latest is not None and event_time > latest + self._longest_gap
        if is_future:
            raise RowFault("future", field="event_time")

    def _groups(self, row: Candidate) -> "list[_Group]":
        found = self._known.setdefault(row.source_id, {}).get(row.key)
        if found is None:
            return []
        return found if isinstance(found, list) else [found]

    def _is_late(self, row: Candidate, latest: int, groups: "list[_Group]") -> bool:
        floor = latest - self._lateness
        if row.address.event_time >= floor:
            return False
        reported = _report_time(row)
        was_near = any(group.is_reported_near(reported, self._lateness) for group in groups)
        return reported < floor or not was_near

    def _advance(self, event_time: int, place: tuple[str, str], latest: int | None) -> None:
        if latest is None or event_time > latest:
            self._latest[place] = event_time
        if self._earliest is None or event_time < self._earliest:
            self._earliest = event_time

    def _enter(self, row: Candidate, groups: "list[_Group]") -> Verdict:
        group = _Group.of(row)
        if not groups:
            self._known[row.source_id][row.key] = group
            return _SCORED
        linked, apart = self._join(group, groups)
        self._known[row.source_id][row.key] = [*apart, group] if apart else group
        return _verdict(group, linked, row) if linked else _SCORED

    def _join(self, group: "_Group", groups: "list[_Group]") -> "tuple[list[_Group], list[_Group]]":
        """The groups that the new one took in, one reaching the next, and the others."""
        linked: list[_Group] = []
        apart = groups
        while near := [other for other in apart if other.is_near(group, self._lateness)]:
            apart = [other for other in apart if other not in near]
            linked += near
            for other in near:
                group.absorb(other)
        return linked, apart


class _Best(msgspec.Struct, frozen=True, gc=False):
    """The content of a group that counts."""

    revision: int
    status_rank: int
    address: Address

    @property
    def rank(self) -> tuple[int, int, int]:
        return self.revision, self.status_rank, self.address.content


class _Group(msgspec.Struct, eq=False, gc=False):
    """Contents of one id near each other in time: their span, the best, and every revision."""

    first_event: int
    last_event: int
    first_report: int
    last_report: int
    best: _Best
    others: dict[int, int] | None = None
    """Highest revision by content, once there are several."""

    @classmethod
    def of(cls, row: Candidate) -> "_Group":
        at, reported = row.address.event_time, _report_time(row)
        best = _Best(row.revision, STATUS_RANK[row.status], row.address)
        return cls(at, at, reported, reported, best)

    def revisions(self) -> dict[int, int]:
        return self.others or {self.best.address.content: self.best.revision}

    def is_reported_near(self, reported: int, lateness: int) -> bool:
        return self.first_report - lateness <= reported <= self.last_report + lateness

    def is_near(self, other: "_Group", lateness: int) -> bool:
        return (
            self.first_event - lateness <= other.last_event
            and other.first_event <= self.last_event + lateness
        ) or (
            self.first_report - lateness <= other.last_report
            and other.first_report <= self.last_report + lateness
        )

    def absorb(self, other: "_Group") -> None:
        """Joins another group to this one."""
        revisions = dict(self.revisions())
        for content, revision in other.revisions().items():
            revisions[content] = max(revision, revisions.get(content, revision))
        self.others = revisions if len(revisions) > 1 else None
        self.best = max(self.best, other.best, key=lambda best: best.rank)
        self.first_event = min(self.first_event, other.first_event)
        self.last_event = max(self.last_event, other.last_event)
        self.first_report = min(self.first_report, other.first_report)
        self.last_report = max(self.last_report, other.last_report)


_SCORED = Verdict("scored", is_added=True)
_LATE = Verdict("late")


def _verdict(group: _Group, linked: "list[_Group]", row: Candidate) -> Verdict:
    content, best = row.address.content, group.best.address.content
    counted = [near.best.address for near in linked]
    return Verdict(
        "duplicate" if any(content in near.revisions() for near in linked) else "amendment",
        is_added=best == content and all(address.content != content for address in counted),
        retracted=tuple(address for address in counted if address.content != best),
    )


def _report_time(row: Candidate) -> int:
    return row.address.event_time if row.ingest_time is None else row.ingest_time


def _still_known(
    known: "dict[int, _Group | list[_Group]]", horizon: int
) -> "Iterator[tuple[int, _Group | list[_Group]]]":
    for key, groups in known.items():
        kept = [group for group in _listed(groups) if _last_time(group) >= horizon]
        if kept:
            yield key, kept if len(kept) > 1 else kept[0]


def _listed(groups: "_Group | list[_Group]") -> "Iterable[_Group]":
    return groups if isinstance(groups, list) else (groups,)


def _last_time(group: _Group) -> int:
    return max(group.last_event, group.last_report)
