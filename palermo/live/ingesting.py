"""The stage `ingest`: raw rows to narrow rows where their holders live, fates, archive, dead
letters."""

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import msgspec
from kafka import TopicPartition

from alerts.kafka_sink import dead_letter
from ingest.archive import PartitionArchive, PartitionedArchive
from ingest.block import SeveralTopicRows
from ingest.clocks import Clock
from ingest.errors import ArchiveUnusable
from ingest.feed import Message, RawBatch
from ingest.holding import Homes
from ingest.intake import Accepted, Intake
from ingest.kafka_feed import Record, message_ref, origin_among, partition_name, rows_in
from ingest.kafka_settings import KafkaSettings
from ingest.narrow import pieces
from ingest.row_reader import ReadRows, RowReader
from ingest.transaction import Fate, TransactionBatch, merged
from models.networks import concerning
from palermo.errors import DataUnusable
from palermo.folder import Observer, said_plainly
from palermo.live.exchange import Exchange, Outgoing, Place, Share, Span
from palermo.live.messages import Taken, headers
from palermo.snapshots import Snapshots, Stages

ROWS_AT_ONCE = 20_000
LEAST_ROWS_FOR_SHARE = 1_000
"""A share of fewer rows says nothing yet."""

LEAST_ROWS_A_SHARE = 50
"""Of those that are counted together."""

LARGEST_ROUND = 20_000
"""Messages a round at most, however few rows each has."""
ABREAST = timedelta(hours=6)
"""How far a raw partition may be ahead of one that has more to read: engines and networks judge
what comes late anew."""

SILENT_SECONDS = 5.0
"""Nobody waits longer for a partition that gives nothing, such as one with an open transaction."""

FIRST_ROUND = 200
"""Messages a round before anything is known of how many rows each has."""


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What is committed with a raw partition's offset: how many rows it had up to there; rows and
    rejects of its last batches, so that starting again does not forget them, and the release and
    configuration that rejected them: another one is tried anew."""

    rows: int
    recent: tuple[tuple[int, int], ...] = ()
    judge: str = ""


@dataclass(slots=True, kw_only=True)
class _Inlet:
    """A raw partition that is ours."""

    intake: Intake
    archive: PartitionArchive
    snapshots: Snapshots
    begun: int | None
    """The committed offset; None before the first."""
    rows: int
    waiting: Mapping[Fate, int] = field(default_factory=dict)
    """What became of the rows that are not committed yet."""
    seen_until: datetime | None = None
    heard_at: float = 0.0
    recent: deque[tuple[int, int]] = field(default_factory=deque)
    """Rows and rejects of the last batches that have LEAST_ROWS_FOR_SHARE rows together; small
    batches are joined, for the note that keeps them is small too."""


class IngestStage:
    """Several raw partitions, each with fates of its own."""

    def __init__(
        self,
        exchange: Exchange,
        settings: KafkaSettings,
        *,
        reader: RowReader,
        homes: Homes,
        archive: PartitionedArchive,
        new_snapshots: Callable[[TopicPartition], Snapshots],
        with_networks: bool,
        max_reject_share: float,
        release: str,
        configuration: str,
        observer: Observer,
    ) -> None:
        self._exchange, self._settings = exchange, settings
        self._judge = f"{release} {configuration}"
        self._reader, self._homes, self._archive = reader, homes, archive
        self._new_snapshots = new_snapshots
        self._with_networks, self._release, self._observer = with_networks, release, observer
        self._max_reject_share = max_reject_share
        self._inlets: dict[TopicPartition, _Inlet] = {}
        self._coming: dict[TopicPartition, _Inlet] = {}
        self._partitions = sum(len(exchange.partitions(topic)) for topic in settings.topics)
        self._movements = sorted(exchange.partitions(settings.movements_topic))
        self._most_messages = FIRST_ROUND
        self.rows = 0
        """Rows this process took in since its start, committed; `fates`: what became of them."""
        self.fates = Counter[str]()

    @property
    def seen_until(self) -> datetime | None:
        """The largest event time seen in the partitions of this process."""
        return max((i.seen_until for i in self._inlets.values() if i.seen_until), default=None)

    def most_messages(self) -> int:
        return self._most_messages

    @property
    def is_ready(self) -> bool:
        """What is made goes out with every round, or the round does not end."""
        return True

    def take_over(self, partition: TopicPartition) -> Iterator[int | None]:
        """Its fates come from a snapshot that is no newer than what is committed, and from the
        archive after it up to the committed row."""
        place = self._exchange.committed(partition)
        note = Note(rows=0) if place is None else msgspec.json.decode(place.note, type=Note)
        inlet = _Inlet(
            intake=Intake(self._reader),
            archive=self._archive.of(partition.topic, partition.partition),
            snapshots=self._new_snapshots(partition),
            begun=None if place is None else place.offset,
            rows=note.rows,
            recent=deque(note.recent if note.judge == self._judge else ()),
        )
        self._coming[partition] = inlet
        beginning = self._exchange.beginning(partition)
        start = beginning if inlet.begun is None else inlet.begun
        if start < beginning:
            raise ArchiveUnusable(
                f"{partition_name(partition)}: rows of offsets {start} to "
                f"{beginning - 1} were deleted before they were read; lengthen the topic's "
                "retention"
            )
        inlet.archive.drop_from(start)
        if inlet.rows:
            inlet.archive.demand(start - 1)
        restored = inlet.snapshots.restore(Stages(intake=inlet.intake), upto=inlet.rows)
        since, after = 0, 0
        if restored is not None:
            since, after = msgspec.convert(restored.position["offset"], type=int), restored.rows
        for frame in inlet.archive.read(since=since, after=after, upto=inlet.rows):
            inlet.intake.restore(frame)
            yield None
        inlet.intake.continue_after(inlet.rows)
        self._inlets[partition] = self._coming.pop(partition)
        if inlet.begun is None and self._exchange.ends()[partition] == start:
            self._announce(partition, inlet, start)
        yield start

    def let_go(self, partition: TopicPartition) -> None:
        for held in (self._coming, self._inlets):
            inlet = held.pop(partition, None)
            if inlet is not None:
                inlet.snapshots.close()

    def advance(
        self, found: Mapping[TopicPartition, Sequence[Record]]
    ) -> frozenset[TopicPartition]:
        for inlet in self._inlets.values():
            inlet.snapshots.advance()
        if not found:
            self._keep_abreast()
            return frozenset()
        before = {each: self._inlets[each].rows for each in found}
        share = self._taken(dict(sorted(found.items())))
        self._observer("processed")
        given_up = self._exchange.commit([share])
        self._observer("committed")
        for partition, span in share.spans.items():
            if partition not in given_up:
                inlet = self._inlets[partition]
                inlet.begun = span.upto.offset
                with said_plainly(inlet.archive.folder):
                    inlet.archive.join()
                self.rows += inlet.rows - before[partition]
                self.fates.update(inlet.waiting)
                self._keep(inlet, span.upto.offset)
        self._keep_abreast()
        self._adapt(
            sum(map(len, found.values())),
            sum(self._inlets[each].rows - rows for each, rows in before.items()),
        )
        return given_up

    def _keep(self, inlet: _Inlet, offset: int) -> None:
        """Only what is committed gets into a snapshot."""
        inlet.snapshots.begin(
            Stages(intake=inlet.intake), rows=inlet.rows, position={"offset": offset}
        )

    def _keep_abreast(self) -> None:
        """Those ahead wait for those behind, as far as they are ours, have more to read and are
        not silent."""
        now = time.monotonic()
        behind = min(
            (
                inlet.seen_until
                for partition, inlet in self._inlets.items()
                if inlet.seen_until is not None
                and now - inlet.heard_at < SILENT_SECONDS
                and self._exchange.has_more(partition)
            ),
            default=None,
        )
        for partition, inlet in self._inlets.items():
            is_ahead = (
                behind is not None
                and inlet.seen_until is not None
                and inlet.seen_until - behind > ABREAST
            )
            self._exchange.hold(partition, is_held=is_ahead)

    def _announce(self, partition: TopicPartition, inlet: _Inlet, start: int) -> None:
        """Engines let go of nothing before they have heard of every raw partition: one without a
        row says so, any other speaks with its first."""
        clocks = [self._clock(partition, None, None)]
        span = Span(begun=None, upto=Place(offset=start, note=self._note(inlet)))
        share = Share(
            spans={partition: span},
            messages=[
                *(self._movement(home, b"", clocks) for home in self._movements),
                self._intake_message(b"", clocks, ()),
            ],
        )
        if not self._exchange.commit([share]):
            inlet.begun = start

    def _taken(self, found: Mapping[TopicPartition, Sequence[Record]]) -> Share:
        """What a round became. All is read and sent together, for a few rows cost as much as
        many; fates are each partition's own."""
        rows = {partition: rows_in(records) for partition, records in found.items()}
        read = self._reader.read(SeveralTopicRows(parts=list(rows.values())))
        accepted, spans, first = dict[TopicPartition, Accepted](), dict[TopicPartition, Span](), 0
        for partition, records in found.items():
            after = first + len(rows[partition])
            accepted[partition] = self._accepted(
                partition, records, rows[partition], read.part(first, after)
            )
            inlet, first = self._inlets[partition], after
            spans[partition] = Span(
                begun=inlet.begun,
                upto=Place(offset=records[-1].offset + 1, note=self._note(inlet)),
            )
        changes = {each: taken.transactions for each, taken in accepted.items()}
        clocks = [self._clock(each, b.history_start, b.seen_until) for each, b in changes.items()]
        taken = [_taken_in(each, records, accepted[each]) for each, records in found.items()]
        batch = merged(list(changes.values()))
        return Share(
            spans=spans,
            messages=[
                *self._movements_of(batch, clocks),
                *self._intake_of(batch, clocks, taken),
                *self._letters(found, accepted),
            ],
        )

    def _accepted(
        self,
        partition: TopicPartition,
        records: Sequence[Record],
        rows: Sequence[Message],
        read: ReadRows,
    ) -> Accepted:
        """What the rows of a partition became; they are in the archive when this returns."""
        inlet = self._inlets[partition]
        batch = RawBatch(messages=rows, upto={}, partition=partition_name(partition), is_end=False)
        accepted = inlet.intake.accept(batch, read)
        self._demand_few_rejects(partition, inlet, len(rows), len(accepted.rejects))
        with said_plainly(inlet.archive.folder):
            inlet.archive.write(accepted.archived, first=records[0].offset, last=records[-1].offset)
        self._observer("archived")
        inlet.rows += len(rows)
        inlet.waiting = accepted.fates
        inlet.seen_until, inlet.heard_at = accepted.transactions.seen_until, time.monotonic()
        return accepted

    def _demand_few_rejects(
        self, partition: TopicPartition, inlet: _Inlet, rows: int, rejects: int
    ) -> None:
        """Before anything of the batch is visible: a wrong mapping or a bad release must not drain
        a feed into the dead letters."""
        if inlet.recent and inlet.recent[-1][0] < LEAST_ROWS_A_SHARE:
            before = inlet.recent.pop()
            rows, rejects = before[0] + rows, before[1] + rejects
        inlet.recent.append((rows, rejects))
        total = sum(each for each, _ in inlet.recent)
        while total - inlet.recent[0][0] >= LEAST_ROWS_FOR_SHARE:
            total -= inlet.recent.popleft()[0]
        refused = sum(each for _, each in inlet.recent)
        if total >= LEAST_ROWS_FOR_SHARE and refused > self._max_reject_share * total:
            raise DataUnusable(
                f"{partition_name(partition)}: {refused} of the last {total} rows are "
                f"rejects, more than --max-reject-share {self._max_reject_share:g}; the last batch "
                "is not taken in. Mend the mapping in palermo.toml, or allow more; then start the "
                "same command again"
            )

    def _movements_of(self, batch: TransactionBatch, clocks: Sequence[Clock]) -> Iterator[Outgoing]:
        by_home = self._homes.split(batch)
        for home in self._movements:
            values = list(pieces(by_home[home])) if home in by_home else []
            for value in values or [b""]:
                yield self._movement(home, value, clocks)

    def _movement(self, home: int, value: bytes, clocks: Sequence[Clock]) -> Outgoing:
        return Outgoing(
            topic=self._settings.movements_topic,
            partition=home,
            key=None,
            value=value,
            headers=headers("movements", clocks),
        )

    def _intake_of(
        self, batch: TransactionBatch, clocks: Sequence[Clock], taken: Sequence[Taken]
    ) -> Iterator[Outgoing]:
        """Transfers for the networks, and the counts of what was taken in."""
        transfers = replace(batch, added=concerning(batch.added))
        values = list(pieces(transfers)) if self._with_networks else []
        for number, value in enumerate(values or [b""]):
            yield self._intake_message(value, clocks, () if number else taken)

    def _intake_message(
        self, value: bytes, clocks: Sequence[Clock], taken: Sequence[Taken]
    ) -> Outgoing:
        return Outgoing(
            topic=self._settings.findings_topic,
            partition=0,
            key=None,
            value=value,
            headers=headers("intake", clocks, taken),
        )

    def _letters(
        self,
        found: Mapping[TopicPartition, Sequence[Record]],
        accepted: Mapping[TopicPartition, Accepted],
    ) -> Iterator[Outgoing]:
        for partition, records in found.items():
            rejects = accepted[partition].rejects
            by_name = {message_ref(record): record for record in records} if rejects else {}
            for reject in rejects:
                letter = dead_letter(reject, origin_among(by_name, reject.raw_ref), self._release)
                yield Outgoing(
                    topic=self._settings.deadletters_topic,
                    partition=None,
                    key=letter.key,
                    value=letter.value,
                    headers=tuple(letter.headers),
                )

    def _clock(
        self, partition: TopicPartition, start: datetime | None, until: datetime | None
    ) -> Clock:
        return Clock(
            partition=partition_name(partition),
            partitions=self._partitions,
            history_start=start,
            seen_until=until,
        )

    def _note(self, inlet: _Inlet) -> str:
        note = Note(rows=inlet.rows, recent=tuple(inlet.recent), judge=self._judge)
        return msgspec.json.encode(note).decode()

    def _adapt(self, messages: int, rows: int) -> None:
        """As many messages a round as have about ROWS_AT_ONCE rows."""
        wanted = ROWS_AT_ONCE * messages // max(1, rows)
        self._most_messages = min(max(1, wanted), LARGEST_ROUND)


def _taken_in(partition: TopicPartition, records: Sequence[Record], accepted: Accepted) -> Taken:
    return Taken(
        partition=partition_name(partition),
        first=records[0].offset,
        last=records[-1].offset,
        rows=sum(accepted.fates.values()),
        fates={fate: number for fate, number in accepted.fates.items() if number},
    )
