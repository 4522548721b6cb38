"""Kafka topics as a Feed: every partition of the raw topics, in the order each was written.

The position kept by the sink is the only truth about what was read; the consumer group's offsets
are written after it, for lag monitors, and never read back. `seek` therefore continues exactly.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
import structlog
from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.errors import KafkaError, LogTruncationError, OffsetOutOfRangeError

from ingest.block import TopicRows
from ingest.errors import IngestError, other_kind
from ingest.feed import Message, Position, RawBatch
from ingest.formats.arrow import arrow_lines, is_arrow
from ingest.kafka_settings import KafkaSettings, client_options

log = structlog.get_logger()

LEAVING_MS = 5_000
"""How long the last offsets may take to be shown; a broker that is gone holds nobody up."""
FIRST_LETTER = "dlq_redrive_of"
"""Header of a message that was a dead letter: the id of the first one."""

CONFLUENT_FRAME_BYTES = 5
"""A zero byte and a four-byte schema id before the payload (Confluent wire format)."""

_OPENING, _CLOSING = b"{}"


class KafkaFeedError(IngestError):
    """The topics cannot be read from where they should be; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a row came from and the bytes to put aside for it: the whole message, or of a message
    with several rows its own line (`row` is its index there, None for the only one), so that its
    good neighbours are not sent twice. `timestamp_ms` is the broker's, since the epoch. Of a row
    that was put aside before and sent again: where it came from at first, the id of its first
    dead letter, and which attempt this is."""

    topic: str
    partition: int
    offset: int
    row: int | None
    timestamp_ms: int
    key: bytes | None
    value: bytes
    first_letter: str | None = None
    attempt: int = 1


class Record(Protocol):
    """What is used of a consumed message."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


class Consumer(Protocol):
    """What is used of kafka-python's consumer."""

    def partitions_for_topic(self, topic: str) -> set[int] | None: ...
    def assign(self, partitions: list[TopicPartition]) -> None: ...
    def seek(self, partition: TopicPartition, offset: int) -> None: ...
    def position(self, partition: TopicPartition) -> int: ...
    def beginning_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]: ...
    def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]: ...
    def poll(
        self, timeout_ms: int, max_records: int
    ) -> Mapping[TopicPartition, Sequence[Record]]: ...
    def commit_async(self, offsets: dict[TopicPartition, OffsetAndMetadata]) -> object: ...
    def commit(
        self, offsets: dict[TopicPartition, OffsetAndMetadata], timeout_ms: int
    ) -> object: ...
    def close(self) -> None: ...


def open_kafka_feed(settings: KafkaSettings, *, follow: bool) -> "KafkaFeed":
    """The raw topics of `settings`, from their beginning until seek says otherwise.

    follow: go on when what was there at the start is read; otherwise the feed ends there.
    Raises KafkaFeedError if no broker answers or a topic is missing.
    """
    if not settings.topics:
        raise KafkaFeedError("[kafka] topics is empty: name the topics that carry the bank's rows")
    try:
        consumer = KafkaConsumer(
            **client_options(settings),
            group_id=settings.group,
            isolation_level="read_committed",
            enable_auto_commit=False,
            # 'earliest' would silently jump over rows that were deleted before being read.
            auto_offset_reset="none",
            allow_auto_create_topics=False,
        )
    except KafkaError as error:
        raise KafkaFeedError(unreachable(settings, error)) from error
    try:
        return KafkaFeed(consumer, topics=settings.topics, follow=follow)
    except KafkaFeedError:
        consumer.close()
        raise


def unreachable(settings: KafkaSettings, error: Exception) -> str:
    """One sentence for a person: which brokers did not answer and what to do."""
    return (
        f"no Kafka broker answers at {', '.join(settings.bootstrap)} within "
        f"{settings.patience_seconds:g} s ({error}); check [kafka] bootstrap, then run "
        "`palermo doctor`, which names the step that fails"
    )


class KafkaFeed:
    """A Feed over all partitions of some topics. One process; one partition a batch, in turn."""

    def __init__(self, consumer: Consumer, *, topics: Sequence[str], follow: bool) -> None:
        self._consumer = consumer
        self._follow = follow
        self._partitions = _partitions(consumer, topics)
        self._begin = consumer.beginning_offsets(self._partitions)
        self._end = consumer.end_offsets(self._partitions)
        # partition -> (offset of the next message, rows of it already given out)
        self._next = {partition: (self._begin[partition], 0) for partition in self._partitions}
        self._waiting: deque[_Fetched] = deque()
        self._kept: dict[str, Record] = {}
        self._shown: dict[TopicPartition, OffsetAndMetadata] = {}
        consumer.assign(self._partitions)
        self._seek_all()

    def poll(self, *, at_most: int, wait: float) -> RawBatch:
        """Rows of one topic-partition. A message of several lines is several rows; the position
        may lie between two of them."""
        if not self._waiting:
            self._fetch(at_most, wait)
        if not self._waiting:
            return self._batch(self._partitions[0], [])
        fetched = self._waiting.popleft()
        messages = self._take(fetched, at_most)
        if fetched.records:
            self._waiting.append(fetched)
        return self._batch(fetched.partition, messages)

    def seek(self, position: Position) -> None:
        """Continue after `position`. Partitions it does not name are new: read from their start.

        Raises KafkaFeedError if the topic no longer holds that place, FeedChanged if it is one in
        another kind of feed.
        """
        if any(not isinstance(value, list | tuple) for value in position.values()):
            raise other_kind()
        stored = {name: _place(value) for name, value in position.items()}
        faults = self._faults(stored)
        if faults:
            raise KafkaFeedError("; ".join(faults))
        for partition in self._partitions:
            self._next[partition] = stored.get(partition_name(partition), self._next[partition])
        self._seek_all()

    def acknowledge(self, upto: Position) -> None:
        """Show lag monitors how far the sink is. Loss does no harm, so it does not wait; the last
        one is shown again at the end, where leaving would cut it off."""
        self._kept.clear()
        places = {name: _place(value) for name, value in upto.items()}
        self._shown = {
            partition: OffsetAndMetadata(places[partition_name(partition)][0], "", -1)
            for partition in self._partitions
            if partition_name(partition) in places
        }
        self._consumer.commit_async(self._shown)

    def origin(self, raw_ref: str) -> Origin | None:
        """Where a row read since the last acknowledge came from, for its dead letter."""
        return origin_among(self._kept, raw_ref)

    def close(self) -> None:
        try:
            if self._shown:
                self._consumer.commit(self._shown, timeout_ms=LEAVING_MS)
        except KafkaError as error:
            log.warning("offsets_not_shown", error=type(error).__name__)
        finally:
            self._consumer.close()

    def _fetch(self, at_most: int, wait: float) -> None:
        try:
            found = self._consumer.poll(timeout_ms=int(wait * 1000), max_records=at_most)
        except (OffsetOutOfRangeError, LogTruncationError) as error:
            raise KafkaFeedError(
                f"rows were deleted from the topic before they were read ({error}); lengthen the "
                "topic's retention, and start with a new --out to read what is left"
            ) from error
        except KafkaError as error:
            raise KafkaFeedError(f"reading the topics failed: {error!r}") from error
        for partition in sorted(found):
            self._waiting.append(_Fetched(partition=partition, records=deque(found[partition])))

    def _take(self, fetched: "_Fetched", at_most: int) -> list[Message]:
        messages: list[Message] = []
        while fetched.records and len(messages) < at_most:
            record = fetched.records[0]
            rows = rows_in((record,))
            done = self._done_rows(fetched.partition, record)
            taken = rows[done : done + at_most - len(messages)]
            messages += taken
            self._kept[message_ref(record)] = record
            self._advance(fetched, record, done + len(taken), len(rows))
        return messages

    def _done_rows(self, partition: TopicPartition, record: Record) -> int:
        offset, done = self._next[partition]
        return done if offset == record.offset else 0

    def _advance(self, fetched: "_Fetched", record: Record, done: int, rows: int) -> None:
        if done < rows:
            self._next[fetched.partition] = (record.offset, done)
            return
        self._next[fetched.partition] = (record.offset + 1, 0)
        fetched.records.popleft()

    def _batch(self, partition: TopicPartition, messages: list[Message]) -> RawBatch:
        return RawBatch(
            messages=messages,
            upto={partition_name(each): list(place) for each, place in self._next.items()},
            partition=partition_name(partition),
            is_end=not self._follow and not self._waiting and self._is_read(),
        )

    def _is_read(self) -> bool:
        """Whether all that was there at the start is read. The consumer's own position counts,
        because transaction markers take offsets and are never handed out."""
        return all(
            self._consumer.position(partition) >= self._end[partition]
            for partition in self._partitions
        )

    def _faults(self, stored: Mapping[str, tuple[int, int]]) -> list[str]:
        known = {partition_name(partition): partition for partition in self._partitions}
        gone = [
            f"the position names {name}, which [kafka] topics does not hold; add its topic again "
            "or start with a new --out"
            for name in sorted(stored.keys() - known.keys())
        ]
        return gone + [
            f"the position in {name} is {offset}, but the topic holds {self._begin[partition]} to "
            f"{self._end[partition]}: rows were deleted or the topic was made anew; start with a "
            "new --out to read what is there"
            for name, partition in known.items()
            if name in stored
            and not self._begin[partition] <= (offset := stored[name][0]) <= self._end[partition]
        ]

    def _seek_all(self) -> None:
        for partition, (offset, _) in self._next.items():
            self._consumer.seek(partition, offset)


def rows_in(records: Sequence[Record]) -> TopicRows:
    """The rows of some messages of one partition, of each never none: an empty message or a
    tombstone is one empty row, so that it gets a fate."""
    values: list[bytes] = []
    offsets: list[int] = []
    places: list[int | None] = []
    for record in records:
        lines = _lines(record.value)
        values += lines
        offsets += [record.offset] * len(lines)
        places += [None] if len(lines) == 1 else range(len(lines))
    return TopicRows(
        topic=records[0].topic,
        partition=records[0].partition,
        values=values,
        offsets=offsets,
        places=places,
    )


def message_ref(record: Record) -> str:
    """The message's name: how the raw_ref of each of its rows begins (ingest.block)."""
    return f"{record.topic}-{record.partition}#{record.offset}"


def origin_among(records: Mapping[str, Record], raw_ref: str) -> Origin | None:
    """Where a row came from; `records` by message_ref. None if its message is not among them."""
    name, row = _parse(raw_ref)
    record = records.get(name)
    return None if record is None else _origin(record, row)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fetched:
    """Messages of one partition that were fetched but not yet given out."""

    partition: TopicPartition
    records: deque[Record]


def _partitions(consumer: Consumer, topics: Sequence[str]) -> list[TopicPartition]:
    found = {topic: consumer.partitions_for_topic(topic) for topic in topics}
    missing = sorted(topic for topic, partitions in found.items() if not partitions)
    if missing:
        raise KafkaFeedError(
            f"the broker has no topic {', '.join(missing)} (or does not let this user see it); "
            "check [kafka] topics, or make it with `palermo topics apply`"
        )
    return sorted(
        TopicPartition(topic, partition)
        for topic, partitions in found.items()
        for partition in partitions or ()
    )


def partition_name(partition: TopicPartition) -> str:
    """As messages, archives and pointers to raw bytes name it."""
    return f"{partition.topic}-{partition.partition}"


def _place(value: Any) -> tuple[int, int]:
    offset, row = value
    return int(offset), int(row)


def _parse(raw_ref: str) -> tuple[str, int | None]:
    """`rows-0#12.3+340` -> (`rows-0#12`, 3)."""
    origin, _, place = raw_ref.rpartition("#")
    offset, _, row = place.partition("+")[0].partition(".")
    return f"{origin}#{offset}", int(row) if row else None


def _origin(record: Record, row: int | None) -> Origin:
    value = record.value or b""
    again = {name: text.decode() for name, text in record.headers if name.startswith("dlq_")}
    if FIRST_LETTER in again:
        return Origin(
            topic=again["dlq_origin_topic"],
            partition=int(again["dlq_origin_partition"]),
            offset=int(again["dlq_origin_offset"]),
            row=int(again["dlq_origin_row"]) if again["dlq_origin_row"] else None,
            timestamp_ms=int(again["dlq_origin_timestamp"]),
            key=record.key,
            value=value,
            first_letter=again[FIRST_LETTER],
            attempt=int(again["dlq_attempt"]),
        )
    return Origin(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        row=row,
        timestamp_ms=record.timestamp,
        key=record.key,
        value=value if row is None else _lines(value)[row],
    )


def _payload(value: bytes | None) -> bytes:
    if value is None:
        return b""
    is_framed = len(value) > CONFLUENT_FRAME_BYTES and value[0] == 0
    return value[CONFLUENT_FRAME_BYTES:] if is_framed else value


def _lines(value: bytes | None) -> list[bytes]:
    """The lines of a message, a table's rows as JSON; never none."""
    if value and value[0] == _OPENING and value[-1] == _CLOSING and b"\n" not in value:
        # As nearly all are: nothing to take off.
        return [value]
    payload = _payload(value)
    if is_arrow(payload):
        try:
            payload = arrow_lines(payload)
        except ValueError:
            # What cannot be read is one row, which is put aside as it came.
            return [payload]
    lines = [line for line in _stripped(payload.split(b"\n")) if line]
    if len(lines) > 1 and not lines[0].endswith(b"}") and _is_one_document(payload):
        return [payload]
    return lines or [b""]


def _stripped(lines: Iterable[bytes]) -> Iterator[bytes]:
    return (line.strip(b" \t\r") for line in lines)


def _is_one_document(payload: bytes) -> bool:
    """Whether it is one JSON record written over several lines."""
    try:
        msgspec.json.decode(payload, type=msgspec.Raw)
    except msgspec.DecodeError:
        return False
    return True
