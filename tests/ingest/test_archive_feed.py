"""What a run archived, read again."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from ingest.archive import Archive
from ingest.archive_feed import ArchiveFeed, is_archive
from ingest.errors import FeedChanged, FeedUnreadable
from ingest.feed import RawBatch
from ingest.transaction import TRANSACTION

Make = Callable[..., Any]
TIMES = ("2024-03-01T10", "2024-03-05T12", "2024-03-02T09", "2024-03-05T08", "2024-03-06T23")
"""The third is late when it comes."""


@pytest.fixture
def folder(tmp_path: Path, row: Make, batch: Make, intake: Make) -> Path:
    """An archive of three files, of two rows at most."""
    taker, folder = intake(), tmp_path / "archive"
    rows = [row(txn_id=f"T-{n}", event_time=f"{at}:00:00") for n, at in enumerate(TIMES)]
    for first in (0, 2, 4):
        archived = taker.accept(batch(rows[first : first + 2])).archived
        Archive(folder).write(archived, first=first + 1, last=first + archived.height)
    return folder


def polled(feed: ArchiveFeed, *, at_most: int = 10) -> Iterator[RawBatch]:
    while True:
        batch = feed.poll(at_most=at_most, wait=0.0)
        yield batch
        if batch.is_end:
            return


def test_rows_come_in_order_of_event_time_and_late_ones_in_their_place(
    folder: Path, intake: Make
) -> None:
    taker = intake()
    taken = pl.concat([taker.accept(batch).archived for batch in polled(ArchiveFeed(folder))])

    assert taken["reference"].to_list() == ["T-0", "T-2", "T-3", "T-1", "T-4"]
    assert taken["fate"].to_list() == ["scored"] * 5
    assert taken["row"].to_list() == [1, 2, 3, 4, 5]


def test_a_row_read_again_is_the_transaction_it_was(folder: Path, intake: Make) -> None:
    taker, columns = intake(), list(TRANSACTION)
    again = pl.concat([taker.accept(batch).archived for batch in polled(ArchiveFeed(folder))])
    first = pl.concat(Archive(folder).read()).sort("event_time")

    assert_frame_equal(again.select(columns), first.select(columns))


@pytest.mark.parametrize("rows_at_once", [1, 3, 100])
def test_reading_goes_on_after_any_position(folder: Path, rows_at_once: int) -> None:
    def feed() -> ArchiveFeed:
        return ArchiveFeed(folder, rows_at_once=rows_at_once)

    whole = [m.raw_ref for batch in polled(feed(), at_most=1) for m in batch.messages]
    assert len(whole) == len(TIMES)
    for stopped in range(len(whole)):
        before = feed()
        for _ in range(stopped):
            upto = before.poll(at_most=1, wait=0.0).upto
        after = feed()
        after.seek(upto if stopped else {})

        rest = [message.raw_ref for batch in polled(after) for message in batch.messages]

        assert rest == whole[stopped:]


def test_days_are_read_together_up_to_so_many_rows(folder: Path) -> None:
    """Of four days with one, one, two and one."""
    sizes = [len(batch.messages) for batch in polled(ArchiveFeed(folder, rows_at_once=3))]

    assert sizes == [2, 3]


def test_an_archive_that_changed_meanwhile_is_refused(folder: Path) -> None:
    feed = ArchiveFeed(folder)
    upto = feed.poll(at_most=1, wait=0.0).upto
    min(folder.iterdir()).unlink()

    with pytest.raises(FeedChanged, match="2024-03-01"):
        ArchiveFeed(folder).seek(upto)


def test_a_position_in_another_kind_of_feed_is_refused(folder: Path) -> None:
    with pytest.raises(FeedChanged, match="another kind of feed"):
        ArchiveFeed(folder).seek({"file": "rows.ndjson", "line": 1, "offset": 5, "row": ""})


def test_a_folder_of_other_files_is_no_archive(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "rows.parquet").write_bytes(b"")

    assert is_archive(str(folder))
    assert not is_archive(str(tmp_path))
    with pytest.raises(FeedUnreadable, match="holds no archive"):
        ArchiveFeed(tmp_path)
