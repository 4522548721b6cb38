import bz2
import gzip
import io
import lzma
import os
import threading
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import pytest
import zstandard

from ingest.errors import FeedChanged, FeedUnreadable
from ingest.feed import Message, Position
from ingest.file_feed import FileFeed
from ingest.mapping import FeedSettings

ROWS = b"".join(b'{"txn_id":"T-%d"}\n' % number for number in range(20))
COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda plain: plain,
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.ZstdCompressor().compress,
}


Open = Callable[..., FileFeed]


@pytest.fixture
def feed_of() -> Iterator[Open]:
    """Opens a feed with the settings given; closes it in the end."""
    opened: list[FileFeed] = []

    def make(path: Path | str, stdin: BinaryIO | None = None, **given: object) -> FileFeed:
        opened.append(FileFeed(path, FeedSettings.model_validate(given), stdin=stdin))
        return opened[-1]

    yield make
    for feed in opened:
        feed.close()


def drained(feed: FileFeed, at_most: int = 7) -> list[Message]:
    messages: list[Message] = []
    while True:
        batch = feed.poll(at_most=at_most, wait=0)
        messages += batch.messages
        if batch.is_end:
            return messages


def values(feed: FileFeed, at_most: int = 7) -> list[bytes]:
    return [message.value for message in drained(feed, at_most)]


def written(descriptor: int, data: bytes) -> None:
    with open(descriptor, "wb") as end:
        end.write(data)


@pytest.mark.parametrize("codec", COMPRESS)
def test_plain_and_compressed_files_give_the_same_rows(
    feed_of: Open, tmp_path: Path, codec: str
) -> None:
    path = tmp_path / f"rows.ndjson.{codec}"
    path.write_bytes(COMPRESS[codec](ROWS))

    messages = drained(feed_of(path))

    assert b"".join(message.value + b"\n" for message in messages) == ROWS
    assert messages[1].where == f"{path.name}:2"
    assert messages[1].raw_ref == f"{path.name}#17+16"


@pytest.mark.parametrize("codec", COMPRESS)
def test_a_file_read_to_its_end_is_hashed_as_it_lies_on_the_disk(
    feed_of: Open, tmp_path: Path, codec: str
) -> None:
    path = tmp_path / "rows.ndjson"
    path.write_bytes(COMPRESS[codec](ROWS))
    feed = feed_of(path)

    drained(feed)

    (read,) = feed.files_read()
    assert read.sha256 == sha256(path.read_bytes()).hexdigest()
    assert (read.name, read.bytes, read.is_complete) == (path.name, path.stat().st_size, True)


@pytest.mark.parametrize("codec", [codec for codec in COMPRESS if codec != "plain"])
def test_a_cut_compressed_file_is_told_after_the_rows_before_the_cut(
    feed_of: Open, tmp_path: Path, codec: str
) -> None:
    many = b"".join(sha256(b"%d" % number).hexdigest().encode() + b"\n" for number in range(20_000))
    path = tmp_path / "rows.ndjson"
    path.write_bytes(COMPRESS[codec](many)[:-200_000])
    feed = feed_of(path)

    with pytest.raises(FeedUnreadable, match=r"rows\.ndjson is damaged after line"):
        drained(feed)


@pytest.mark.parametrize("codec", ["plain", "gz"])
@pytest.mark.parametrize("taken", [1, 6, 19, 20])
def test_a_feed_goes_on_after_the_position_taken(
    feed_of: Open, tmp_path: Path, codec: str, taken: int
) -> None:
    path = tmp_path / "rows.ndjson"
    path.write_bytes(COMPRESS[codec](ROWS))
    position = feed_of(path).poll(at_most=taken, wait=0).upto

    feed = feed_of(path)
    feed.seek(position)

    assert values(feed) == ROWS.splitlines()[taken:]
    assert feed.files_read()[0].sha256 == sha256(path.read_bytes()).hexdigest()


def test_a_folder_is_read_in_order_of_name_whatever_the_formats(
    feed_of: Open, tmp_path: Path
) -> None:
    (tmp_path / "b.csv").write_text("txn_id\nT-2\n")
    (tmp_path / "c.tsv").write_text("txn_id\tamount\nT-3\t5\n")
    (tmp_path / "a.ndjson.gz").write_bytes(gzip.compress(b'{"txn_id":"T-1"}\n'))
    (tmp_path / "customers.csv").write_text("party_id\nC-FICT-0001\n")
    (tmp_path / "palermo.toml").write_text("[feed]\n")

    messages = drained(feed_of(tmp_path, customers={"file": "customers.csv"}), at_most=1)

    assert [message.where for message in messages] == ["a.ndjson.gz:1", "b.csv:2", "c.tsv:2"]
    layouts = [message.layout for message in messages]
    assert [layout.delimiter if layout else None for layout in layouts] == [None, ",", "\t"]


def test_a_position_in_a_folder_passes_over_the_files_before_it(
    feed_of: Open, tmp_path: Path
) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.csv").write_text(f"txn_id\n{name}1\n{name}2\n")
    position = feed_of(tmp_path).poll(at_most=3, wait=0).upto

    feed = feed_of(tmp_path)
    feed.seek(position)

    assert values(feed) == [b"b2", b"c1", b"c2"]
    assert [read.name for read in feed.files_read()] == ["a.csv", "b.csv", "c.csv"]


def test_other_rows_under_a_position_are_noticed(feed_of: Open, tmp_path: Path) -> None:
    path = tmp_path / "rows.ndjson"
    path.write_bytes(ROWS)
    position = feed_of(path).poll(at_most=5, wait=0).upto
    path.write_bytes(ROWS.replace(b"T-4", b"T-X"))

    with pytest.raises(FeedChanged, match="other rows than those read before"):
        feed_of(path).seek(position)


def test_a_file_that_is_gone_is_noticed(feed_of: Open, tmp_path: Path) -> None:
    path = tmp_path / "rows.ndjson"
    path.write_bytes(ROWS)
    gone: Position = {"file": "old.ndjson", "line": 1, "offset": 5, "row": ""}

    with pytest.raises(FeedChanged, match=r"old\.ndjson was read before and is gone"):
        feed_of(path).seek(gone)


def test_a_position_in_another_kind_of_feed_is_refused(feed_of: Open, tmp_path: Path) -> None:
    path = tmp_path / "rows.ndjson"
    path.write_bytes(ROWS)

    with pytest.raises(FeedChanged, match="another kind of feed"):
        feed_of(path).seek({"day": "2024-03-01", "rows": 1})


def test_standard_input_is_read_and_resumed_by_feeding_it_again(feed_of: Open) -> None:
    first = feed_of("-", io.BytesIO(ROWS)).poll(at_most=5, wait=0)

    feed = feed_of("-", io.BytesIO(ROWS))
    feed.seek(first.upto)

    assert first.messages[0].where == "stdin:1"
    assert values(feed) == ROWS.splitlines()[5:]


def test_standard_input_that_is_silent_is_not_waited_for(feed_of: Open) -> None:
    read_end, write_end = os.pipe()
    with open(read_end, "rb", buffering=0) as stdin:
        feed = feed_of("-", stdin)
        quiet = feed.poll(at_most=10, wait=0.01)
        os.write(write_end, ROWS[:20])
        some = feed.poll(at_most=10, wait=5)
        os.close(write_end)
        rest = feed.poll(at_most=10, wait=5)

    assert (quiet.messages, quiet.is_end) == ([], False)
    assert [message.value for message in some.messages] == [b'{"txn_id":"T-0"}']
    assert [(message.value, message.is_ended) for message in rest.messages] == [(b'{"t', False)]
    assert rest.is_end


def test_compressed_standard_input_is_read_as_it_comes(feed_of: Open) -> None:
    read_end, write_end = os.pipe()
    writer = threading.Thread(target=written, args=(write_end, gzip.compress(ROWS)))
    writer.start()
    with open(read_end, "rb", buffering=0) as stdin:
        feed = feed_of("-", stdin)
        messages: list[Message] = []
        while len(messages) < 20:
            messages += feed.poll(at_most=100, wait=5).messages
    writer.join()

    assert len(messages) == 20


def test_blank_lines_and_byte_order_marks_are_no_rows(feed_of: Open, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"\xef\xbb\xbf\r\ntxn_id,amount\r\n\r\nT-1,5\r\n   \nT-2,6")

    messages = drained(feed_of(path))

    assert [message.value for message in messages] == [b"T-1,5", b"T-2,6"]
    assert [message.where for message in messages] == ["rows.csv:4", "rows.csv:6"]
    assert messages[0].layout is not None
    assert messages[0].layout.columns == ("txn_id", "amount")
    raw = path.read_bytes()
    for message in messages:
        offset, length = map(int, message.raw_ref.split("#")[1].split("+"))
        assert raw[offset : offset + length] == message.value


def test_columns_without_a_header_are_numbered(feed_of: Open, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("T-1;5\nT-2;6\n")

    messages = drained(feed_of(path, header=False, delimiter=";"))

    assert len(messages) == 2
    assert messages[0].layout is not None
    assert messages[0].layout.columns == ("1", "2")


def test_a_long_row_is_cut_and_its_length_told(feed_of: Open, tmp_path: Path) -> None:
    path = tmp_path / "rows.ndjson"
    path.write_bytes(b"x" * 1_000 + b"\n" + ROWS)

    messages = drained(feed_of(path, max_line_bytes=100))

    assert (len(messages[0].value), messages[0].oversize) == (100, 1_000)
    assert messages[0].raw_ref == "rows.ndjson#0+1000"
    assert (messages[1].value, messages[1].oversize) == (b'{"txn_id":"T-0"}', None)


def test_an_empty_file_ends_at_once_and_keeps_a_position(feed_of: Open, tmp_path: Path) -> None:
    path = tmp_path / "rows.ndjson"
    path.touch()

    batch = feed_of(path).poll(at_most=5, wait=0)
    feed = feed_of(path)
    feed.seek(batch.upto)

    assert (batch.messages, batch.is_end) == ([], True)
    assert values(feed) == []


@pytest.mark.parametrize(
    ("header", "fault"), [("a,b,a\n1,2,3\n", "names a twice"), ('"a\n', "header cannot be read")]
)
def test_a_header_that_cannot_be_used_stops_the_feed(
    feed_of: Open, tmp_path: Path, header: str, fault: str
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(header)

    with pytest.raises(FeedUnreadable, match=fault):
        drained(feed_of(path))


def test_a_path_that_is_not_there_is_told_with_what_to_do(feed_of: Open, tmp_path: Path) -> None:
    with pytest.raises(FeedUnreadable, match="no such file or folder; give --feed"):
        feed_of(tmp_path / "missing.ndjson")
    with pytest.raises(FeedUnreadable, match=r"no file is named .* set \[feed\] files"):
        feed_of(tmp_path)
