import fcntl
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from ingest.archive import JOINED_FILES, SMALL_ROWS, Archive, PartitionArchive
from ingest.errors import ArchiveUnusable

Make = Callable[..., Any]


@pytest.fixture
def frames(row: Make, batch: Make, intake: Make) -> list[pl.DataFrame]:
    """Three archived batches of two rows."""
    taker = intake()
    pairs = [(1, 2), (3, 4), (5, 6)]
    batches = [batch([row(txn_id=f"T-{number}") for number in pair]) for pair in pairs]
    return [taker.accept(each).archived for each in batches]


def written(folder: Path, frames: list[pl.DataFrame]) -> Archive:
    archive = Archive(folder)
    for at, frame in enumerate(frames):
        archive.write(frame, first=2 * at + 1, last=2 * at + 2)
    return archive


def test_what_is_written_is_read_in_row_order(tmp_path: Path, frames: list[pl.DataFrame]) -> None:
    archive = written(tmp_path / "archive", frames)

    for found, frame in zip(archive.read(), frames, strict=True):
        assert_frame_equal(found, frame)


def test_reading_begins_after_a_row_and_stops_at_the_committed_one(
    tmp_path: Path, frames: list[pl.DataFrame]
) -> None:
    archive = written(tmp_path, frames)

    assert [frame["row"][-1] for frame in archive.read(upto=4)] == [2, 4]
    assert [frame["row"][-1] for frame in archive.read(after=2)] == [4, 6]


def test_rows_beyond_the_committed_one_are_dropped_once_and_for_all(
    tmp_path: Path, frames: list[pl.DataFrame]
) -> None:
    archive = written(tmp_path, frames)
    (tmp_path / "rows-000000000007-000000000008.tmp").write_bytes(b"half")

    archive.drop_after(2)
    archive.drop_after(2)

    assert [path.name for path in tmp_path.iterdir()] == ["rows-000000000001-000000000002.parquet"]


def test_a_full_disk_is_a_fault_of_the_disk_and_leaves_no_halves(
    tmp_path: Path, frames: list[pl.DataFrame]
) -> None:
    archive, before = written(tmp_path, frames[:1]), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            archive.write(frames[1], first=3, last=4)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert [path.name for path in tmp_path.iterdir()] == ["rows-000000000001-000000000002.parquet"]


def test_a_file_across_the_committed_row_is_refused(
    tmp_path: Path, frames: list[pl.DataFrame]
) -> None:
    with pytest.raises(ArchiveUnusable, match="before and after row 3"):
        written(tmp_path, frames).drop_after(3)


def test_writing_the_same_rows_again_changes_nothing(
    tmp_path: Path, frames: list[pl.DataFrame]
) -> None:
    archive = Archive(tmp_path)

    first = archive.write(frames[0], first=1, last=2).read_bytes()
    again = archive.write(frames[0], first=1, last=2).read_bytes()

    assert first == again
    assert len(list(tmp_path.iterdir())) == 1


def test_files_are_private(tmp_path: Path, frames: list[pl.DataFrame]) -> None:
    path = Archive(tmp_path / "archive").write(frames[0], first=1, last=2)

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_damaged_file_and_one_of_another_version_are_refused(
    tmp_path: Path, frames: list[pl.DataFrame]
) -> None:
    archive = Archive(tmp_path)
    path = archive.write(frames[0], first=1, last=2)
    frames[0].drop("fate").write_parquet(path)
    with pytest.raises(ArchiveUnusable, match="another version"):
        list(archive.read())
    path.write_bytes(b"no parquet")
    with pytest.raises(ArchiveUnusable, match="cannot be read"):
        list(archive.read())


def test_an_archive_that_was_never_written_is_empty(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "none")

    archive.drop_after(0)
    assert list(archive.read()) == []


def test_a_partitions_files_are_named_by_offsets_and_read_in_row_order(
    tmp_path: Path, frames: list[pl.DataFrame]
) -> None:
    archive = PartitionArchive(tmp_path)
    for at, frame in enumerate(frames):
        archive.write(frame, first=10 * at, last=10 * at + 9)

    assert [frame["row"].to_list() for frame in archive.read(upto=5)] == [[1, 2], [3, 4], [5]]
    assert (tmp_path / "offsets-000000000010-000000000019.parquet").exists()


def test_what_a_process_wrote_that_had_lost_the_partition_is_read_past(
    tmp_path: Path, frames: list[pl.DataFrame]
) -> None:
    archive = PartitionArchive(tmp_path)
    for at, frame in enumerate(frames):
        archive.write(frame, first=10 * at, last=10 * at + 9)

    archive.write(pl.concat(frames[:2]), first=0, last=19)
    archive.write(pl.concat(frames[1:]), first=10, last=29)

    assert [row for frame in archive.read() for row in frame["row"]] == [1, 2, 3, 4, 5, 6]


def test_what_was_not_committed_is_dropped_and_what_is_missing_is_missed(
    tmp_path: Path, frames: list[pl.DataFrame]
) -> None:
    archive = PartitionArchive(tmp_path)
    archive.write(frames[0], first=0, last=9)
    archive.write(frames[1], first=10, last=19)

    archive.drop_from(10)

    archive.demand(9)
    with pytest.raises(ArchiveUnusable, match="the same --out"):
        archive.demand(19)


def test_small_files_become_larger_ones_with_the_same_rows(
    tmp_path: Path, frames: list[pl.DataFrame]
) -> None:
    archive, row = PartitionArchive(tmp_path), pl.concat(frames)[:1]
    every = JOINED_FILES**2 + 3

    for at in range(every):
        archive.write(row.with_columns(row=pl.lit(at + 1, pl.Int64)), first=2 * at, last=2 * at)
        archive.join()

    rows = [each for frame in archive.read() for each in frame["row"]]
    assert rows == list(range(1, every + 1))
    # Those that were joined last are still there for who is reading them.
    assert len(list(tmp_path.iterdir())) <= 3 + 1 + 2 * JOINED_FILES
    archive.demand(2 * (every - 1))


def test_what_is_not_committed_is_in_no_joined_file(
    tmp_path: Path, frames: list[pl.DataFrame]
) -> None:
    archive = PartitionArchive(tmp_path)
    for at in range(JOINED_FILES):
        archive.write(frames[0], first=at, last=at)

    assert len(list(tmp_path.iterdir())) == JOINED_FILES


def test_a_large_file_between_small_ones_is_joined_with_neither(
    tmp_path: Path, frames: list[pl.DataFrame]
) -> None:
    archive, row = PartitionArchive(tmp_path), frames[0][:1]
    large = row.select(pl.all().repeat_by(SMALL_ROWS).explode())
    for at in range(2 * JOINED_FILES - 2):
        archive.write(large if at == JOINED_FILES - 1 else row, first=at, last=at)
        archive.join()

    assert len(list(tmp_path.iterdir())) == 2 * JOINED_FILES - 2


def test_who_takes_over_removes_joined_files_and_nothing_that_is_needed(
    tmp_path: Path, frames: list[pl.DataFrame]
) -> None:
    """A process died after it had joined; another one, that had lost the partition and did not
    know, wrote beyond what is committed."""
    archive = PartitionArchive(tmp_path)
    for at, frame in enumerate(frames[:2]):
        archive.write(frame, first=10 * at, last=10 * at + 9)
    archive.write(pl.concat(frames[:2]), first=0, last=19)
    archive.write(pl.concat(frames[1:]), first=10, last=29)

    archive.drop_from(20)

    assert sorted(path.name[8:] for path in tmp_path.iterdir()) == [
        "000000000000-000000000019.parquet",
        "000000000010-000000000029.parquet",
    ]
    archive.demand(19)
    assert [row for frame in archive.read(upto=4) for row in frame["row"]] == [1, 2, 3, 4]


def test_halves_of_those_who_died_are_removed_and_never_what_is_being_written(
    tmp_path: Path, frames: list[pl.DataFrame]
) -> None:
    archive = PartitionArchive(tmp_path)
    archive.write(frames[0], first=0, last=1)
    abandoned = tmp_path / "offsets-000000000002-000000000003.101.tmp"
    abandoned.write_bytes(b"half")
    being_written = tmp_path / "offsets-000000000002-000000000003.102.tmp"
    with being_written.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)

        archive.drop_from(2)

    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"offsets-000000000000-000000000001.parquet", being_written.name}
