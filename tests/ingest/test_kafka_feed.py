"""A topic as a Feed, on a fake consumer."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka import TopicPartition
from kafka.errors import KafkaError, OffsetOutOfRangeError

from ingest.block import joined, raw_refs
from ingest.errors import FeedChanged
from ingest.feed import Position, RawBatch
from ingest.formats import arrow
from ingest.kafka_feed import KafkaFeed, KafkaFeedError, rows_in


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenRecord:
    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass
class FakeConsumer:
    """A broker's topics in memory: written[partition] are the messages of `rows`-partition."""

    written: list[list[bytes | None]]
    starts: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    positions: dict[TopicPartition, int] = field(default_factory=dict)
    committed: dict[TopicPartition, int] = field(default_factory=dict)
    is_closed: bool = False
    fault: Exception | None = None

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return set(range(len(self.written))) if topic == "rows" else None

    def assign(self, partitions: list[TopicPartition]) -> None:
        self.positions = dict.fromkeys(partitions, 0)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.positions[partition] = offset

    def position(self, partition: TopicPartition) -> int:
        return self.positions[partition]

    def beginning_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {each: self.starts[each.partition] for each in partitions}

    def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {each: len(self.written[each.partition]) for each in partitions}

    def poll(self, timeout_ms: int, max_records: int) -> dict[TopicPartition, list[Any]]:
        if self.fault is not None:
            raise self.fault
        found: dict[TopicPartition, list[Any]] = {}
        for each, position in self.positions.items():
            values = self.written[each.partition][position : position + max_records]
            if values:
                found[each] = [
                    self._record(each, position + n, value) for n, value in enumerate(values)
                ]
                self.positions[each] = position + len(values)
        return found

    def commit_async(self, offsets: dict[TopicPartition, Any]) -> object:
        self.committed = {each: kept.offset for each, kept in offsets.items()}
        return None

    def commit(self, offsets: dict[TopicPartition, Any], timeout_ms: int) -> object:
        if self.fault is not None:
            raise self.fault
        return self.commit_async(offsets)

    def close(self) -> None:
        self.is_closed = True

    def _record(self, partition: TopicPartition, offset: int, value: bytes | None) -> Any:
        return WrittenRecord(
            topic="rows",
            partition=partition.partition,
            offset=offset,
            timestamp=1_000 + offset,
            key=b"key-%d" % offset,
            value=value,
        )


def test_a_batch_holds_rows_of_one_partition_and_partitions_take_turns() -> None:
    feed = a_feed([[b"{1}", b"{2}", b"{3}"], [b"{4}", b"{5}", b"{6}"]])

    batches = read(feed, at_most=1)

    assert [batch.partition for batch in batches] == ["rows-0", "rows-1"] * 3


def test_a_message_of_several_lines_is_several_rows_each_with_its_own_pointer() -> None:
    feed = a_feed([[b'{"a": 1}\r\n{"b": 22}\n']])

    batch = feed.poll(at_most=10, wait=0)

    assert [each.value for each in batch.messages] == [b'{"a": 1}', b'{"b": 22}']
    assert [each.where for each in batch.messages] == ["rows/0@0.0", "rows/0@0.1"]
    assert [each.raw_ref for each in batch.messages] == ["rows-0#0.0+8", "rows-0#0.1+9"]


def test_one_record_written_over_several_lines_stays_one_row() -> None:
    feed = a_feed([[b'{\n  "a": 1\n}']])

    assert values(read(feed, at_most=10)) == [b'{\n  "a": 1\n}']


def test_a_torn_line_spoils_only_itself() -> None:
    feed = a_feed([[b'{"a": 1}\n{"b": \n{"c": 3}']])

    assert values(read(feed, at_most=10)) == [b'{"a": 1}', b'{"b":', b'{"c": 3}']


def test_the_registry_frame_is_taken_off() -> None:
    feed = a_feed([[b'\x00\x00\x00\x00\x07{"a": 1}']])

    assert values(read(feed, at_most=10)) == [b'{"a": 1}']


TABLE = pl.DataFrame(
    {
        "txn_id": [f"T-FICT-{n}" for n in range(5)],
        "event_time": [datetime(2026, 1, 5, 3, n, tzinfo=UTC) for n in range(5)],
        "amount": pl.Series([Decimal(n) / 4 for n in range(5)], dtype=pl.Decimal(24, 5)),
        "channel": pl.Series(["ATM", "BRANCH", "ATM", None, "ATM"], dtype=pl.Categorical()),
    }
)


def arrow_stream(frame: pl.DataFrame, rows_a_batch: int = 2) -> bytes:
    table, sink = frame.to_arrow(), pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=rows_a_batch)
    written: bytes = sink.getvalue().to_pybytes()
    return written


def arrow_file(frame: pl.DataFrame) -> bytes:
    file = BytesIO()
    frame.write_ipc(file, compression="zstd")
    return file.getvalue()


@pytest.mark.parametrize("value", [arrow_stream(TABLE), arrow_file(TABLE)])
@pytest.mark.parametrize("at_most", [1, 2, 10])
def test_a_table_is_its_rows_as_json(value: bytes, at_most: int) -> None:
    taken = values(read(a_feed([[value, b"{}"]]), at_most=at_most))

    assert taken.pop() == b"{}"
    assert [json.loads(line) for line in taken] == [
        {
            "txn_id": f"T-FICT-{n}",
            "event_time": f"2026-01-05T03:{n:02}:00.000000+00:00",
            "amount": f"{Decimal(n) / 4:.5f}",
            "channel": channel,
        }
        for n, channel in enumerate(["ATM", "BRANCH", "ATM", None, "ATM"])
    ]


def test_a_table_s_row_put_aside_is_its_json() -> None:
    feed = a_feed([[arrow_stream(TABLE)]])

    *_, last = feed.poll(at_most=10, wait=0).messages
    origin = feed.origin(last.raw_ref)

    assert origin is not None
    assert (origin.row, origin.value) == (4, last.value)


@pytest.mark.parametrize("cut", [4, 100, -20])
def test_a_table_that_is_cut_is_one_row_as_it_came(cut: int) -> None:
    torn = arrow_file(TABLE)[:cut] if cut < 0 else arrow_stream(TABLE)[:cut]

    assert values(read(a_feed([[torn, b"{}"]]), at_most=10)) == [torn, b"{}"]


def test_a_small_table_that_would_fill_memory_is_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow, "MOST_JSON_BYTES", 100_000)
    long = pl.DataFrame({"text": pl.Series(["x" * 1_000] * 200, dtype=pl.Categorical())})
    value = arrow_stream(long, rows_a_batch=200)

    assert len(value) < 10_000
    assert values(read(a_feed([[value, b"{}"]]), at_most=10)) == [value, b"{}"]


def test_a_table_without_rows_is_one_empty_row() -> None:
    assert values(read(a_feed([[arrow_stream(TABLE.clear())]]), at_most=10)) == [b""]


@pytest.mark.parametrize("value", [None, b"", b"\n"])
def test_an_empty_message_is_one_empty_row_so_that_it_gets_a_fate(value: bytes | None) -> None:
    feed = a_feed([[value]])

    assert values(read(feed, at_most=10)) == [b""]


def test_a_feed_with_nothing_new_gives_an_empty_batch_at_the_same_place() -> None:
    feed = a_feed([[b"{}"]], follow=True)
    read_one = feed.poll(at_most=10, wait=0)

    idle = feed.poll(at_most=10, wait=0)

    assert (idle.messages, idle.upto, idle.is_end) == ([], read_one.upto, False)


def test_a_feed_that_follows_never_ends_and_one_that_does_not_ends_with_the_last_row() -> None:
    assert [each.is_end for each in read(a_feed([[b"{}"], [b"{}"]]), at_most=5)] == [False, True]
    assert not a_feed([[b"{}"]], follow=True).poll(at_most=5, wait=0).is_end


@given(
    written=st.lists(
        st.lists(
            st.lists(st.integers(0, 99), min_size=1, max_size=4).map(
                lambda numbers: b"\n".join(b'{"n": %d}' % number for number in numbers)
            ),
            max_size=6,
        ),
        min_size=1,
        max_size=3,
    ),
    at_most=st.integers(1, 7),
    stop=st.integers(0, 10),
)
def test_stopped_anywhere_and_continued_every_row_is_read_once(
    written: list[list[bytes | None]], at_most: int, stop: int
) -> None:
    whole = values(read(a_feed(written), at_most=1000))
    first = read(a_feed(written), at_most=at_most)[:stop]
    rest = a_feed(written)
    if first:
        rest.seek(json.loads(json.dumps(first[-1].upto)))

    assert sorted(values(first) + values(read(rest, at_most=at_most))) == sorted(whole)


def test_acknowledging_commits_only_whole_messages() -> None:
    consumer = FakeConsumer(written=[[b"{}", b"{1}\n{2}\n{3}"]])
    feed = KafkaFeed(consumer, topics=["rows"], follow=True)

    feed.acknowledge(feed.poll(at_most=2, wait=0).upto)

    assert consumer.committed == {TopicPartition("rows", 0): 1}


def test_the_origin_of_a_row_is_its_whole_message_and_of_one_among_several_its_line() -> None:
    framed = b"\x00\x00\x00\x00\x07bad"
    feed = a_feed([[framed, b"{1}\nbad"]])
    alone, _, among = feed.poll(at_most=9, wait=0).messages

    first, second = feed.origin(alone.raw_ref), feed.origin(among.raw_ref)

    assert first is not None
    assert second is not None
    assert (first.value, first.row, first.key, first.timestamp_ms) == (framed, None, b"key-0", 1000)
    assert (second.value, second.row, second.offset) == (b"bad", 1, 1)


def test_origins_are_kept_until_acknowledged_and_no_longer() -> None:
    feed = a_feed([[b"{1}", b"{2}"]])
    (early,) = feed.poll(at_most=1, wait=0).messages
    later = feed.poll(at_most=1, wait=0)
    was_kept = feed.origin(early.raw_ref) is not None

    feed.acknowledge(later.upto)

    assert was_kept
    assert feed.origin(early.raw_ref) is None


def test_a_partition_the_position_does_not_know_is_read_from_its_start() -> None:
    feed = a_feed([[b"{1}"], [b"{2}"]])

    feed.seek({"rows-0": [1, 0]})

    assert values(read(feed, at_most=9)) == [b"{2}"]


@pytest.mark.parametrize(
    ("position", "sentence"),
    [
        ({"rows-0": [1, 0]}, "position in rows-0 is 1, but the topic holds 2 to 3"),
        ({"rows-0": [9, 0]}, "position in rows-0 is 9, but the topic holds 2 to 3"),
        ({"other-0": [0, 0]}, "names other-0, which"),
    ],
)
def test_a_place_the_topic_no_longer_holds_is_refused(position: Position, sentence: str) -> None:
    consumer = FakeConsumer(written=[[b"{}", b"{}", b"{}"]], starts=[2])
    feed = KafkaFeed(consumer, topics=["rows"], follow=False)

    with pytest.raises(KafkaFeedError, match=sentence):
        feed.seek(position)


def test_a_position_in_another_kind_of_feed_is_refused() -> None:
    with pytest.raises(FeedChanged, match="another kind of feed"):
        a_feed([[b"{1}"]]).seek({"file": "rows.ndjson", "line": 1, "offset": 5, "row": ""})


def test_rows_deleted_before_they_were_read_stop_the_feed() -> None:
    consumer = FakeConsumer(written=[[b"{}"]], fault=OffsetOutOfRangeError({}))
    feed = KafkaFeed(consumer, topics=["rows"], follow=True)

    with pytest.raises(KafkaFeedError, match="lengthen the topic's retention"):
        feed.poll(at_most=1, wait=0)


def test_a_missing_topic_is_named() -> None:
    with pytest.raises(KafkaFeedError, match="no topic nowhere"):
        KafkaFeed(FakeConsumer(written=[[]]), topics=["rows", "nowhere"], follow=False)


def a_feed(written: list[list[bytes | None]], *, follow: bool = False) -> KafkaFeed:
    return KafkaFeed(FakeConsumer(written=written), topics=["rows"], follow=follow)


def read(feed: KafkaFeed, *, at_most: int) -> list[RawBatch]:
    batches = [feed.poll(at_most=at_most, wait=0)]
    while not batches[-1].is_end:
        batches.append(feed.poll(at_most=at_most, wait=0))
    return batches


def values(batches: Iterable[RawBatch]) -> list[bytes]:
    return [message.value for batch in batches for message in batch.messages]


def test_leaving_shows_the_last_offsets_even_if_the_earlier_showing_was_lost() -> None:
    consumer = FakeConsumer([[b"{1}", b"{2}"]])
    feed = KafkaFeed(consumer, topics=["rows"], follow=False)
    feed.acknowledge(feed.poll(at_most=2, wait=0).upto)
    consumer.committed = {}

    feed.close()

    assert consumer.committed == {TopicPartition("rows", 0): 2}
    assert consumer.is_closed


def test_a_broker_that_is_gone_does_not_keep_a_feed_from_closing() -> None:
    consumer = FakeConsumer([[b"{1}"]])
    feed = KafkaFeed(consumer, topics=["rows"], follow=False)
    feed.acknowledge(feed.poll(at_most=1, wait=0).upto)
    consumer.fault = KafkaError("gone")

    feed.close()

    assert consumer.is_closed


@given(
    st.lists(
        st.sampled_from(
            [
                None,
                b"",
                b"{}",
                b'{"a":1}\n{"b":2}',
                b' {"a":1}\r\n',
                b"{",
                b'{"a":\n1}',
                b"\x00abcd{}",
            ]
        ),
        min_size=1,
    )
)
def test_rows_of_a_topic_joined_are_the_rows_one_by_one(values: list[bytes | None]) -> None:
    records: Any = [
        WrittenRecord(topic="rows", partition=3, offset=at, timestamp=0, key=None, value=value)
        for at, value in enumerate(values, start=7)
    ]
    rows = rows_in(records)

    together = joined(rows)

    spans = zip(together.starts, together.stops, strict=True)
    assert [together.data[start:stop] for start, stop in spans] == [row.value for row in rows]
    assert raw_refs(rows).to_list() == [row.raw_ref for row in rows]
