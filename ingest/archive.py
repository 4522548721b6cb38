"""Canonical transactions as they were accepted, in Parquet files named by the rows they hold."""

import fcntl
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Protocol

import polars as pl
from polars.exceptions import PolarsError

from ingest.errors import ArchiveUnusable
from ingest.transaction import TRANSACTION

ARCHIVED: dict[str, pl.DataType] = {
    **TRANSACTION,
    "fate": pl.String(),
    "partition": pl.String(),
    "row": pl.Int64(),
}
"""TRANSACTION columns, what became of the row, its input partition, and its running number among
all rows read (rejects counted, from 1)."""


class ArchivedRows(Protocol):
    """Rows that were kept. read: ARCHIVED frames, those of rows beyond `upto` left out."""

    def read(self, *, upto: int | None = None) -> Iterator[pl.DataFrame]: ...


class SearchedRows(Protocol):
    """Rows that were kept, to be searched."""

    def scan(self) -> pl.LazyFrame:
        """All ARCHIVED rows, read only as far as what is asked of them needs; `row` orders them
        and is of one row only."""
        ...


JOINED_FILES = 16
"""So many small files one after the other become one: a feed that brings little at a time would
leave hundreds of thousands of files a day."""
SMALL_ROWS = 2_000
"""Files of fewer rows are small."""

MOST_ROWS_A_PARTITION = 1 << 48
"""So far apart are the running numbers of partitions that are searched together."""
_NAME = re.compile(r"(?:rows|offsets)-(\d{12})-(\d{12})\.parquet")


class Archive:
    """A folder of Parquet files, each the rows of one batch. Written before the batch is committed
    elsewhere, so files beyond the committed row are dropped on resume."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, frame: pl.DataFrame, *, first: int, last: int) -> Path:
        """The file that holds rows `first` to `last`, durable when this returns; a second write of
        the same rows replaces the first."""
        return _written(frame, self._folder / f"rows-{first:012d}-{last:012d}.parquet")

    def drop_after(self, row: int) -> None:
        """Removes what was written beyond a committed row. ArchiveUnusable if a file holds rows on
        both sides of it."""
        for unfinished in self._folder.glob("rows-*.tmp"):
            unfinished.unlink()
        for held in self._held():
            if held.last <= row:
                continue
            if held.first <= row:
                raise ArchiveUnusable(
                    f"{held.path}: holds rows before and after row {row}, the last one committed; "
                    "start with a new output folder"
                )
            held.path.unlink()

    def read(self, *, after: int = 0, upto: int | None = None) -> Iterator[pl.DataFrame]:
        """ARCHIVED frames in row order, those of rows up to `after` and beyond `upto` left out."""
        for held in self._held():
            if held.first > after and (upto is None or held.last <= upto):
                yield _frame(held.path)

    def scan(self) -> pl.LazyFrame:
        """As SearchedRows has it, in row order."""
        held = self._held()
        if not held:
            return pl.LazyFrame(schema=ARCHIVED)
        return pl.scan_parquet([each.path for each in held])

    def days(self) -> Mapping[date, "Day"]:
        """What there is of each day (UTC) there are rows of, in order. Reads the times of all
        rows, and nothing else."""
        rows: Counter[date] = Counter()
        paths: dict[date, list[Path]] = {}
        for held in self._held():
            for day, count in _rows_by_day(held.path):
                rows[day] += count
                paths.setdefault(day, []).append(held.path)
        return {day: Day(rows=rows[day], paths=tuple(paths[day])) for day in sorted(paths)}

    def rows_between(self, first: date, last: date, paths: Iterable[Path]) -> pl.DataFrame:
        """ARCHIVED rows of these days in these files, by event time, then in row order."""
        is_between = pl.col("event_time").dt.date().is_between(first, last)
        parts = [_frame(path).filter(is_between) for path in paths]
        return pl.concat(parts).sort("event_time", "row")

    def _held(self) -> list["_Held"]:
        found = sorted(self._folder.glob("rows-*.parquet"))
        return [held for path in found if (held := _held_in(path)) is not None]


class PartitionArchive:
    """A folder of Parquet files for one partition of a topic, each named by the offsets it holds.

    What a row becomes depends on the rows before it in its partition alone. So files of a run that
    died, or that had lost the partition and did not know, hold what others hold under the same
    offsets, and are read past; so are files that were joined and are not removed yet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._written = list[_Small]()
        self._small = list[_Small]()
        self._joined_before = list[Path]()

    def write(self, frame: pl.DataFrame, *, first: int, last: int) -> Path:
        """The file that holds offsets `first` to `last`, durable when this returns; also one
        without rows, so that nobody takes a missing file for it."""
        path = self._write(frame, first, last)
        self._written.append(_Small(path=path, first=first, last=last, rank=0, frame=frame))
        return path

    def join(self) -> None:
        """Called when all that was written here is committed: small files become larger ones.
        Those they replace are removed the next time, for somebody may be reading them."""
        for written in self._written:
            # A large one stands between those before it and those after it.
            self._small = [*self._small, written] if written.frame.height < SMALL_ROWS else []
        self._written = []
        removed = list[Path]()
        while len(last := self._small[-JOINED_FILES:]) == JOINED_FILES and _are_alike(last):
            frame = pl.concat([each.frame for each in last])
            larger = _Small(
                path=self._write(frame, last[0].first, last[-1].last),
                first=last[0].first,
                last=last[-1].last,
                rank=last[0].rank + 1,
                frame=frame,
            )
            rest = self._small[:-JOINED_FILES]
            self._small = [*rest, larger] if frame.height < SMALL_ROWS else []
            removed += [each.path for each in last]
        if removed:
            for joined in self._joined_before:
                joined.unlink(missing_ok=True)
            self._joined_before = removed

    def drop_from(self, offset: int) -> None:
        """Removes files that begin at or after an offset: nothing of them was committed; what
        those left who died while they wrote; and files that were joined."""
        for unfinished in self.folder.glob("offsets-*.tmp"):
            _remove_abandoned(unfinished)
        upto = -1
        for held in self._held():
            if held.first >= offset or held.last <= upto:
                held.path.unlink()
            elif held.last < offset:
                # Of a file that goes beyond, nobody knows that it was committed as it is.
                upto = held.last

    def read(
        self, *, since: int = 0, after: int = 0, upto: int | None = None
    ) -> Iterator[pl.DataFrame]:
        """ARCHIVED frames in row order, each row once, those up to the running number `after` and
        beyond `upto` left out. Files that end before the offset `since` are not opened."""
        last = after
        for held in self._needed():
            if held.last < since:
                continue
            frame = _frame(held.path).filter(pl.col("row") > last)
            if upto is not None:
                frame = frame.filter(pl.col("row") <= upto)
            if frame.height:
                last = frame["row"][-1]
                yield frame

    def scan(self) -> pl.LazyFrame:
        """All ARCHIVED rows in row order, each once, read only as far as what is asked needs."""
        parts, after, before = [pl.LazyFrame(schema=ARCHIVED)], -1, None
        for held in self._needed():
            rows = pl.scan_parquet(held.path)
            if before is not None and held.first <= after:
                # Of a process that had lost the partition and did not know.
                last = before.select(pl.col("row").max().fill_null(0)).collect().item()
                rows = rows.filter(pl.col("row") > last)
            parts.append(rows)
            after, before = held.last, rows
        return pl.concat(parts)

    def demand(self, last: int) -> None:
        """ArchiveUnusable if the file that ends with this offset is not here."""
        if all(held.last != last for held in self._held()):
            raise ArchiveUnusable(
                f"{self.folder}: offset {last} was taken in, but is not in this archive; give "
                "every process of the stage `ingest` the same --out, on a disk they share"
            )

    def _write(self, frame: pl.DataFrame, first: int, last: int) -> Path:
        return _written(frame, self.folder / f"offsets-{first:012d}-{last:012d}.parquet")

    def _needed(self) -> Iterator["_Held"]:
        """Those that hold more than the ones before them."""
        upto = -1
        for held in self._held():
            if held.last > upto:
                yield held
                upto = held.last

    def _held(self) -> list["_Held"]:
        """By where they begin, of several the largest first."""
        found = map(_held_in, self.folder.glob("offsets-*.parquet"))
        held = (each for each in found if each is not None)
        return sorted(held, key=lambda each: (each.first, -each.last))


class PartitionedArchive:
    """The archives of all partitions in one folder, one after the other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, topic: str, partition: int) -> PartitionArchive:
        return PartitionArchive(self._folder / f"{topic}-{partition}")

    def read(self, *, upto: int | None = None) -> Iterator[pl.DataFrame]:
        """ARCHIVED frames, partition by partition; `upto` as in PartitionArchive."""
        for each in self._partitions():
            yield from each.read(upto=upto)

    def scan(self) -> pl.LazyFrame:
        """As SearchedRows has it, partition by partition, each with its own numbers behind those of
        the one before."""
        parts = [
            each.scan().with_columns(pl.col("row") + number * MOST_ROWS_A_PARTITION)
            for number, each in enumerate(self._partitions())
        ]
        return pl.concat([pl.LazyFrame(schema=ARCHIVED), *parts])

    def _partitions(self) -> list[PartitionArchive]:
        folders = sorted(each for each in self._folder.glob("*") if each.is_dir())
        return [PartitionArchive(folder) for folder in folders]


def archive_in(folder: Path) -> SearchedRows:
    """What a run left there: one process, or the stages of several."""
    is_partitioned = any(each.is_dir() for each in folder.glob("*"))
    return PartitionedArchive(folder) if is_partitioned else Archive(folder)


def is_archive_file(path: Path) -> bool:
    """Whether a file is named as the archive names its own."""
    return _NAME.fullmatch(path.name) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """How many rows there are of a day, and the files they lie in."""

    rows: int
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    path: Path
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Small:
    """A file of few rows; rank: how often it was joined."""

    path: Path
    first: int
    last: int
    rank: int
    frame: pl.DataFrame


def _are_alike(files: Sequence[_Small]) -> bool:
    return len({each.rank for each in files}) == 1


def _held_in(path: Path) -> _Held | None:
    name = _NAME.fullmatch(path.name)
    return _Held(path=path, first=int(name[1]), last=int(name[2])) if name else None


def _written(frame: pl.DataFrame, path: Path) -> Path:
    """The file, durable; one of the same name is replaced."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # A name of its own: whoever lost a partition unknowingly may be writing the same file.
    unfinished = path.with_suffix(f".{os.getpid()}.tmp")
    # Polars would write to the file by itself, and tell of a full disk as a fault of the frame.
    packed = BytesIO()
    frame.select(*ARCHIVED).write_parquet(packed, compression="zstd", compression_level=1)
    try:
        with _locked(unfinished) as file:
            file.write(packed.getbuffer())
            file.flush()
            os.fsync(file.fileno())
            unfinished.replace(path)
    except OSError:
        # A full disk must not fill up with the halves of those who try again.
        unfinished.unlink()
        raise
    _sync_folder(path.parent)
    return path


def _locked(path: Path) -> BinaryIO:
    """A new file, locked until it is closed or its writer dies."""
    while True:
        file = open(path, "wb", opener=_private)  # noqa: SIM115 it is given out
        fcntl.flock(file, fcntl.LOCK_EX)
        # Before it was locked, somebody may have taken it for abandoned.
        if os.fstat(file.fileno()).st_nlink:
            return file
        file.close()


def _remove_abandoned(path: Path) -> None:
    with suppress(FileNotFoundError), path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # Somebody is writing it.
            return
        path.unlink()


def _frame(path: Path) -> pl.DataFrame:
    try:
        frame = pl.read_parquet(path)
    except (PolarsError, OSError) as error:
        raise _unreadable(path, error) from error
    if dict(frame.schema) != ARCHIVED:
        raise ArchiveUnusable(f"{path}: was written by another version; use that, or a new folder")
    return frame


def _rows_by_day(path: Path) -> list[tuple[date, int]]:
    try:
        days = pl.scan_parquet(path).group_by(pl.col("event_time").dt.date()).len()
        return days.collect().rows()
    except (PolarsError, OSError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> ArchiveUnusable:
    return ArchiveUnusable(
        f"{path}: cannot be read ({type(error).__name__}); restore it from a copy, or start "
        "with a new output folder"
    )


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync_folder(folder: Path) -> None:
    # Without this a crash may forget the rename although the file itself is on disk.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
