"""The stage `triage`: findings and transfers of all engines become alerts. Its state is the
database; what networks remember comes from a snapshot and the findings topic after it."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import msgspec
import polars as pl
import structlog
from kafka import TopicPartition

from alerts.errors import StoreBusyError
from alerts.kafka_sink import KafkaSinkError
from alerts.kept import SubjectKey
from alerts.progress import Progress
from alerts.store import Store
from alerts.triage import Touched, Triage
from detectors.finding import SubjectKind
from detectors.networks import NetworkDetector, NetworkFindings
from ingest.clocks import Clocks
from ingest.kafka_feed import Record
from ingest.kafka_settings import KafkaSettings
from ingest.narrow import together
from ingest.transaction import FATES
from models.evaluated import NO_LEDGER
from models.networks import Networks
from models.profile import Profiles
from palermo.errors import DependencyUnreachable
from palermo.folder import Observer
from palermo.judged import holders_since, standing
from palermo.live.exchange import Exchange, replayed
from palermo.live.messages import Judgement, clocks_of, joined, judgement_in, kind_of, taken_of
from palermo.outlet import TopicOutlet
from palermo.snapshots import Snapshots, Stages

log = structlog.get_logger()

MESSAGES_AT_ONCE = 400
BUSY_SECONDS = 120.0
"""How long a database that somebody else holds is waited for."""
PAUSE_SECONDS = 0.1
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 1.0, 60.0
"""Between two attempts to publish to brokers that do not take it; each wait twice the last one."""
OFFSET, DUE = "offset", "due"
REST_SECONDS = 10.0
"""How long an alert that was written is not written anew while there is more to judge; what changes
it meanwhile is kept with the position."""

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Where the transfers of all engines meet: shapes, and the movements to show them by."""

    networks: Networks
    detector: NetworkDetector
    transfers: Profiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What only the active triage holds."""

    store: Store
    outlet: TopicOutlet
    stack: ExitStack


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shapes:
    """What some messages did to the networks."""

    found: NetworkFindings
    legs: pl.DataFrame


class _Due(msgspec.Struct, frozen=True, array_like=True):
    """A subject whose alerts are to be written: between which times, in microseconds, something
    of it changed, and whether something that can stand alone did."""

    kind: SubjectKind
    id: str
    first: int
    last: int
    is_accused: bool


@dataclass(slots=True, kw_only=True)
class _Desk:
    """The findings topic, when it is ours."""

    opened: Opened
    room: Room
    snapshots: Snapshots
    progress: Progress
    clocks: Clocks = field(default_factory=Clocks)
    written_at: dict[str, float] = field(default_factory=dict)
    """By alert, of those that may rest."""
    waits: float = 0.0
    """Seconds from a failed attempt to publish to the next; 0 while nothing waits."""
    publish_at: float = 0.0

    @property
    def stages(self) -> Stages:
        """What a snapshot is of."""
        return Stages(profiles=self.room.transfers, networks=self.room.networks)


class TriageStage:
    """One active process; others of its group wait."""

    def __init__(
        self,
        exchange: Exchange,
        settings: KafkaSettings,
        *,
        triage: Triage,
        new_room: Callable[[], Room],
        new_snapshots: Callable[[TopicPartition], Snapshots],
        open_store: Callable[[], Opened],
        notes: Mapping[str, object],
        observer: Observer,
    ) -> None:
        self._exchange, self._settings, self._triage = exchange, settings, triage
        self._new_room, self._open_store = new_room, open_store
        self._new_snapshots = new_snapshots
        self._notes, self._observer = dict(notes), observer
        self._desk: _Desk | None = None
        self._coming: Opened | None = None
        self._told: Progress | None = None

    @property
    def progress(self) -> Progress | None:
        """How far the database is; None while the findings are not ours."""
        return None if self._desk is None else self._desk.progress

    @property
    def is_ready(self) -> bool:
        """Whether alerts go out; where they do not, the store keeps them and judging goes on."""
        return self._desk is None or not self._desk.waits

    def most_messages(self) -> int:
        return MESSAGES_AT_ONCE

    def take_over(self, partition: TopicPartition) -> Iterator[int | None]:
        """The database says where to go on; of the transfers before that, those after the newest
        snapshot that is no newer are read again."""
        opened = None
        until = time.monotonic() + BUSY_SECONDS
        while opened is None:
            try:
                opened = self._coming = self._open_store()
            except StoreBusyError:
                if time.monotonic() > until:
                    raise
                yield None
                time.sleep(PAUSE_SECONDS)
        store = opened.store
        progress = self._patiently(lambda: _progress_in(store))
        beginning = self._exchange.beginning(partition)
        desk = _Desk(
            opened=opened,
            room=self._new_room(),
            snapshots=self._new_snapshots(partition),
            progress=progress or self._begun(beginning),
        )
        upto = _offset(desk.progress)
        if beginning > upto:
            raise DependencyUnreachable(
                f"{partition.topic}: findings of offsets {upto} to {beginning - 1} were deleted "
                "before they were read; lengthen its retention ([kafka] memory_days)"
            )
        if progress is not None:
            start, restored = beginning, desk.snapshots.restore(desk.stages, upto=upto)
            if restored is not None:
                start, desk.clocks = restored.rows, Clocks.put_down_in(restored.position)
            for records in replayed(self._settings, partition, start=start, upto=upto):
                self._note(desk, records)
                yield None
        self._publish(desk)
        self._desk, self._coming = desk, None
        yield upto

    def let_go(self, partition: TopicPartition) -> None:
        for opened in (self._coming, None if self._desk is None else self._desk.opened):
            if opened is not None:
                opened.stack.close()
        if self._desk is not None:
            self._desk.snapshots.close()
        self._desk, self._coming = None, None

    def advance(
        self, found: Mapping[TopicPartition, Sequence[Record]]
    ) -> frozenset[TopicPartition]:
        if (
            self._desk is not None
            and self._desk.waits
            and time.monotonic() >= self._desk.publish_at
        ):
            self._tell_all(self._desk)
        if self._desk is not None:
            self._desk.snapshots.advance()
        if not found:
            self._write_due()
            return frozenset()
        assert self._desk is not None
        ((partition, records),) = found.items()
        desk = self._desk
        judgements = list(
            joined(
                judgement_in(record.value)
                for record in records
                if record.value is not None and kind_of(record) == "findings"
            )
        )
        shapes = self._shapes(desk, records)
        self._observer("processed")
        after = self._advanced(desk.progress, records, desk.clocks)
        resting = {
            alert_id
            for alert_id, written_at in desk.written_at.items()
            if time.monotonic() - written_at < REST_SECONDS
        }
        if not self._patiently(lambda: self._apply(desk, judgements, shapes, after, resting)):
            return frozenset((partition,))
        self._observer("committed")
        if not desk.waits:
            self._tell_all(desk)
        self._exchange.show(partition, _offset(after))
        self._keep(desk)
        return frozenset()

    def _keep(self, desk: _Desk) -> None:
        """Only what is committed gets into a snapshot."""
        desk.snapshots.begin(
            desk.stages, rows=_offset(desk.progress), position=desk.clocks.position
        )

    def show(self, tell: Callable[[Store, Triage, Networks], None]) -> None:
        """Has told what stands, if the findings are ours and anything was judged since the last
        time."""
        desk = self._desk
        if desk is not None and desk.progress is not self._told:
            self._patiently(lambda: tell(desk.opened.store, self._triage, desk.room.networks))
            self._told = desk.progress

    def finish(self, write: Callable[[Store, Progress], None]) -> None:
        """Has the results written, if the findings are ours.

        Raises KafkaSinkError if alerts still wait and the brokers do not take them.
        """
        if self._desk is not None:
            self._write_due()
            self._desk.opened.outlet.publish_committed(self._patiently)
            write(self._desk.opened.store, self._desk.progress)

    def _begun(self, beginning: int) -> Progress:
        return Progress(
            position={OFFSET: beginning}, rows=0, rejects_bytes=0, fates={}, notes=self._notes
        )

    def _shapes(self, desk: _Desk, records: Sequence[Record]) -> _Shapes:
        """What some messages make of the networks; the database is not asked yet."""
        found = self._note(desk, records)
        legs = desk.room.transfers.ledger(holders_since(standing(found)))
        return _Shapes(found=found, legs=legs)

    def _note(self, desk: _Desk, records: Sequence[Record]) -> NetworkFindings:
        """What the transfers of some messages do to the networks, which go on from there. They
        are judged together: raw partitions come by turns, and each turn alone would be late."""
        intake = [record for record in records if kind_of(record) == "intake"]
        batch = together(record.value for record in intake if record.value)
        batch = desk.clocks.stamped(clocks_of(intake), batch)
        if batch.added.is_empty() and batch.retracted.is_empty():
            return {}
        desk.room.transfers.absorb(batch)
        return desk.room.detector.detect(desk.room.networks.extend(batch))

    def _publish(self, desk: _Desk) -> None:
        """What the brokers do not take stays in the outbox until the next attempt."""
        try:
            desk.opened.outlet.publish_committed(self._patiently)
        except KafkaSinkError as fault:
            desk.waits = min(max(2 * desk.waits, FIRST_WAIT_SECONDS), LONGEST_WAIT_SECONDS)
            desk.publish_at = time.monotonic() + desk.waits
            log.warning("alerts_wait", seconds=desk.waits, reason=str(fault))
            self._observer("publishing_failed")
        else:
            desk.waits = 0.0

    def _tell_all(self, desk: _Desk) -> None:
        self._publish(desk)
        if not desk.waits:
            self._observer("published")

    def _patiently(self, step: Callable[[], Answer]) -> Answer:
        """Waits for a database that is held by somebody else."""
        until = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                return step()
            except StoreBusyError:
                log.warning("store_busy")
                self._observer("waiting")
                if time.monotonic() > until:
                    raise
                self._exchange.stay()

    def _write_due(self) -> None:
        """There is nothing else to do: nobody has to rest."""
        desk = self._desk
        if desk is not None and desk.progress.position.get(DUE):
            nothing = _Shapes(found={}, legs=NO_LEDGER)
            # Where another triage went on, the partition is not ours any more: we are told soon.
            is_ours = self._patiently(lambda: self._apply(desk, (), nothing, desk.progress, ()))
            if is_ours and not desk.waits:
                self._tell_all(desk)

    def _apply(
        self,
        desk: _Desk,
        judgements: Sequence[Judgement],
        shapes: _Shapes,
        after: Progress,
        resting: Collection[str],
    ) -> bool:
        """False if another triage went on."""
        touched = _due_in(desk.progress)
        with desk.opened.store.transaction() as transaction:
            stands = transaction.position()
            if stands is not None and _offset(stands) != _offset(desk.progress):
                return False
            for judgement in judgements:
                touched.also(
                    self._triage.take(
                        transaction,
                        findings=judgement.findings,
                        replaces=judgement.replaces,
                        ledger=judgement.ledger,
                        model_scores=judgement.scores,
                    )
                )
            if shapes.found:
                touched.also(self._triage.take_networks(transaction, shapes.found, shapes.legs))
            written = self._triage.write(transaction, touched, resting=resting)
            after = _with_due(after, written.left)
            transaction.save_position(after)
            self._observer("applied")
        desk.progress = after
        now = time.monotonic()
        desk.written_at = {each: desk.written_at[each] for each in resting} | dict.fromkeys(
            written.looked, now
        )
        return True

    def _advanced(self, before: Progress, records: Sequence[Record], clocks: Clocks) -> Progress:
        taken = [each for record in records for each in taken_of(record)]
        fates = Counter(before.fates)
        for each in taken:
            fates.update(each.fates)
        return Progress(
            position={OFFSET: records[-1].offset + 1},
            rows=before.rows + sum(each.rows for each in taken),
            rejects_bytes=0,
            fates={fate: fates[fate] for fate in FATES},
            history_start=_text(clocks.history_start),
            seen_until=_text(clocks.seen_until),
            notes=before.notes,
        )


def _progress_in(store: Store) -> Progress | None:
    with store.transaction() as transaction:
        return transaction.position()


def _due_in(progress: Progress) -> Touched:
    """Whose alerts a position says are to be written."""
    found = Touched()
    for due in msgspec.convert(progress.position.get(DUE, ()), type=tuple[_Due, ...]):
        subject = SubjectKey(kind=due.kind, id=due.id)
        for at in (due.first, due.last):
            found.subject(subject, at, is_accused=due.is_accused)
    return found


def _with_due(progress: Progress, touched: Touched) -> Progress:
    due = [
        _Due(subject.kind, subject.id, first, last, subject in touched.accused)
        for subject, (first, last) in touched.subjects.items()
    ]
    position = {OFFSET: progress.position[OFFSET], DUE: msgspec.to_builtins(due)}
    return msgspec.structs.replace(progress, position=position)


def _offset(progress: Progress) -> int:
    return int(str(progress.position[OFFSET]))


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
