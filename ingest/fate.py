"""One fate for every row, and the set of transactions that counts whatever the order they came in.

Rows of one id are kept in groups: contents whose event or report times lie within the lateness of
each other. Of each group one content counts, by revision, status and hash, never by arrival; a
reference used again after more than the lateness is another transaction.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import msgspec
import numpy as np
import polars as pl

from ingest.fate_state import AddressState, FatesState, GroupState, Halves, halves, whole
from ingest.kernels.cells import Bools, Int8s, Int64s
from ingest.kernels.ids import FUTURE, NOTHING_SEEN, SCORED, SEVERAL, Entries
from ingest.known_ids import KnownIds, Parties, entries_of
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a batch of rows became. fates: of each row, None for one that is refused because it
    lies in the future. added: rows whose content counts after the batch and did not before it;
    retracted: contents that counted before it and do not after it."""

    fates: pl.Series
    added: Int64s
    retracted: Sequence[Address]


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
        self._skew = MOST_CLOCK_SKEW // MICROSECOND
        self._latest: dict[tuple[str, str], int] = {}
        self._earliest: int | None = None
        self._parties = Parties()
        self._ids: dict[str, KnownIds] = {}
        self._known: dict[str, dict[int, _Group | list[_Group]]] = {}
        """Of the ids with more than one row: their groups."""
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
        return sum(known.count for known in self._ids.values())

    def decide(self, rows: pl.DataFrame) -> Decided:
        """The fates of the next rows, in the order read, and their effect together. rows: ADDRESS
        columns and source_id, ingest_time, source_revision, status, the content hash, partition.
        Rows in the future move nothing. O(rows)."""
        effect = _Effect(rows.height)
        entries = entries_of(rows, self._parties, STATUS_RANK)
        first = 0
        for run in rows["partition"].rle():
            after = first + run["len"]
            sources = rows["source_id"][first:after]
            for source in sources.unique().sort():
                chosen = first + (sources == source).arg_true().to_numpy()
                self._decide_source(entries[chosen], source, run["value"], effect)
            first = after
        return effect.decided()

    def forget(self) -> None:
        """Drops the ids no admissible row can have any more; changes no fate."""
        for source, ids in self._ids.items():
            until = min((at for (name, _), at in self._latest.items() if name == source), default=0)
            if until - self._swept_until.get(source, 0) > self._lateness // 2:
                self._swept_until[source] = until
                horizon = until - 2 * self._lateness - self._skew
                known = dict(_still_known(self._known.get(source, {}), horizon))
                self._known[source] = known
                ids.keep(_is_kept(ids.entries[: ids.count], known, horizon))

    def state(self) -> FatesState:
        """All that the next fates depend on, as it is now."""
        return FatesState(
            latest=[(source, partition, at) for (source, partition), at in self._latest.items()],
            earliest=self._earliest,
            swept_until=dict(self._swept_until),
            parties=self._parties.upto(
                max((i.last_party() for i in self._ids.values()), default=-1)
            ),
            entries={
                source: ids.entries[: ids.count].tobytes() for source, ids in self._ids.items()
            },
            groups={
                source: [
                    (halves(key), [group.state() for group in _listed(groups)])
                    for key, groups in known.items()
                ]
                for source, known in self._known.items()
            },
        )

    def restore(self, state: FatesState) -> None:
        """Of fates that have decided nothing yet: as those were that gave the state."""
        self._latest = {(source, partition): at for source, partition, at in state.latest}
        self._earliest, self._swept_until = state.earliest, dict(state.swept_until)
        self._parties.enter(state.parties)
        for source, entries in state.entries.items():
            self._ids[source] = KnownIds()
            self._ids[source].enter(entries)
        for source, groups in state.groups.items():
            known = ((key, [_Group.restored(key, each) for each in kept]) for key, kept in groups)
            self._known[source] = {
                whole(key): kept if len(kept) > 1 else kept[0] for key, kept in known
            }

    def _decide_source(self, rows: Entries, source: str, partition: str, effect: "_Effect") -> None:
        ids = self._ids.setdefault(source, KnownIds())
        place, first_new = (source, partition), ids.count
        limits = (self._lateness, self._longest_gap, self._skew)
        verdicts = np.empty(len(rows), np.int8)
        at = 0
        while True:
            before = self._latest.get(place, NOTHING_SEEN)
            at, latest, earliest = ids.decide_new(rows, at, before, verdicts, limits)
            if latest != NOTHING_SEEN:
                self._latest[place] = latest
            if earliest != NOTHING_SEEN:
                is_first = self._earliest is None or earliest < self._earliest
                self._earliest = earliest if is_first else self._earliest
            if at == len(rows):
                break
            self._decide_known(ids, rows[at], place, first_new, effect)
            at += 1
        effect.note(rows["row"], verdicts)

    def _decide_known(
        self, ids: KnownIds, row: Entries, place: tuple[str, str], first_new: int, effect: "_Effect"
    ) -> None:
        """The fate of a row whose id was there before."""
        source, _ = place
        new = _Entry(*row.item())
        at = ids.find(new.high, new.low)
        old = _Entry(*ids.entries[at].item())
        if old.status != SEVERAL:
            only = self._candidate(source, old)
            self._known.setdefault(source, {})[only.key] = _Group.of(only)
            if at >= first_new:
                effect.was_added(only, old.row)
            ids.mark_several(at)
        candidate = self._candidate(source, new)
        effect.take(candidate, self._decide(candidate, place), new.row)

    def _candidate(self, source: str, entry: "_Entry") -> Candidate:
        name = self._parties.name
        return Candidate(
            source,
            entry.high << 64 | entry.low,
            entry.report_time if entry.is_reported else None,
            entry.revision,
            _STATUSES[entry.status],
            Address(
                entry.high,
                entry.low,
                entry.event_time,
                entry.sequence,
                name(entry.orig_account),
                name(entry.orig_party),
                name(entry.benef_account),
                name(entry.benef_party),
                entry.orig_holds,
                entry.benef_holds,
                entry.content_high << 64 | entry.content_low,
            ),
        )

    def _decide(self, row: Candidate, place: tuple[str, str]) -> Verdict:
        latest = self._latest.get(place)
        groups = self._groups(row)
        if latest is not None and self._is_late(row, latest, groups):
            return _LATE
        self._advance(row.address.event_time, place, latest)
        return self._enter(row, groups)

    def _groups(self, row: Candidate) -> "list[_Group]":
        found = self._known[row.source_id][row.key]
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


class _Entry(msgspec.Struct, frozen=True, gc=False):
    """The fields of an ENTRY record."""

    high: int
    low: int
    event_time: int
    report_time: int
    sequence: int
    content_high: int
    content_low: int
    revision: int
    orig_account: int
    orig_party: int
    benef_account: int
    benef_party: int
    row: int
    status: int
    orig_holds: bool
    benef_holds: bool
    is_reported: bool


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

    @classmethod
    def restored(cls, key: Halves, state: GroupState) -> "_Group":
        *address, content = msgspec.structs.astuple(state.best)
        values = (*key, *address, whole(content))
        return cls(
            state.first_event,
            state.last_event,
            state.first_report,
            state.last_report,
            _Best(state.revision, state.status_rank, Address(*values)),
            {whole(content): revision for content, revision in state.others} or None,
        )

    def state(self) -> GroupState:
        _, _, *address, content = msgspec.structs.astuple(self.best.address)
        values = (*address, halves(content))
        return GroupState(
            self.first_event,
            self.last_event,
            self.first_report,
            self.last_report,
            self.best.revision,
            self.best.status_rank,
            AddressState(*values),
            [(halves(content), revision) for content, revision in (self.others or {}).items()],
        )

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


class _Effect:
    """What a batch does to the set of contents that count: what one row adds and the next takes
    back leaves nothing. Ids with one row are noted by row, the others by (id, content)."""

    def __init__(self, rows: int) -> None:
        self._verdicts = np.full(rows, FUTURE, np.int8)
        self._fates: dict[int, Fate] = {}
        self._added: dict[tuple[int, int], int] = {}
        self._retracted: dict[tuple[int, int], Address] = {}
        self._noted_apart: list[int] = []

    def was_added(self, row: Candidate, at: int) -> None:
        """An earlier row of this batch, whose id comes again."""
        self._added[row.key, row.address.content] = at
        self._noted_apart.append(at)

    def take(self, row: Candidate, verdict: Verdict, at: int) -> None:
        for address in verdict.retracted:
            if self._added.pop((row.key, address.content), None) is None:
                self._retracted[row.key, address.content] = address
        if verdict.is_added:
            name = (row.key, row.address.content)
            if self._retracted.pop(name, None) is None:
                self._added[name] = at
        self._fates[at] = verdict.fate

    def note(self, at: Int64s, verdicts: Int8s) -> None:
        self._verdicts[at] = verdicts

    def decided(self) -> Decided:
        fates = pl.Series(_FATE_OF_VERDICT, dtype=pl.String).gather(self._verdicts.astype(np.int64))
        is_added = self._verdicts == SCORED
        is_added[self._noted_apart] = False
        is_added[list(self._added.values())] = True
        if self._fates:
            at = sorted(self._fates)
            fates = fates.scatter(at, [self._fates[each] for each in at])
        return Decided(
            fates=fates,
            added=np.flatnonzero(is_added),
            retracted=list(self._retracted.values()),
        )


_FATE_OF_VERDICT = ["scored", "late", None, None]
"""By verdict: scored, late, in the future, known before (noted apart)."""
_STATUSES = list(STATUS_RANK)
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


def _is_kept(entries: Entries, known: "dict[int, _Group | list[_Group]]", horizon: int) -> Bools:
    """Which entries stay: those with one row by their times, the others with their groups."""
    is_kept: Bools = np.maximum(entries["event_time"], entries["report_time"]) >= horizon
    several = np.flatnonzero(entries["status"] == SEVERAL)
    keys = zip(entries["high"][several].tolist(), entries["low"][several].tolist(), strict=True)
    is_kept[several] = [high << 64 | low in known for high, low in keys]
    return is_kept


def _listed(groups: "_Group | list[_Group]") -> "Iterable[_Group]":
    return groups if isinstance(groups, list) else (groups,)


def _last_time(group: _Group) -> int:
    return max(group.last_event, group.last_report)
