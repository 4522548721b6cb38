"""The archive of a run as a feed: its rows again, a day after the other, in order of event time.

So rows that were late when they first came are in their place now.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import overload

import polars as pl

from ingest.archive import ARCHIVED, Archive, is_archive_file
from ingest.errors import FeedChanged, FeedUnreadable
from ingest.feed import Message, Position, RawBatch

PARTITION = "archive"
"""All of an archive is one input partition."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ArchivedRows(Sequence[Message]):
    """Rows that were decoded before: `frame` has the ARCHIVED columns."""

    frame: pl.DataFrame

    def __len__(self) -> int:
        return self.frame.height

    @overload
    def __getitem__(self, at: int) -> Message: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Message]: ...

    def __getitem__(self, at: int | slice) -> Message | Sequence[Message]:
        if isinstance(at, slice):
            return [self[each] for each in range(*at.indices(len(self)))]
        row = self.frame[at]
        return Message(
            value=row.write_ndjson().strip().encode(),
            where=f"archive, row {row['row'][0]}",
            raw_ref=row["raw_ref"][0],
        )

    def __iter__(self) -> Iterator[Message]:
        return (self[at] for at in range(len(self)))


class ArchiveFeed:
    """A folder that Archive wrote. Memory: the rows of one day.

    A position names the day, the rows of it that were read, and the number of the last one.
    Raises FeedUnreadable for a folder without an archive.
    """

    def __init__(self, folder: Path) -> None:
        self._archive = Archive(folder)
        self._days = self._archive.days()
        if not self._days:
            raise FeedUnreadable(f"{folder}: holds no archive; give the archive of a run")
        self._waiting = sorted(self._days)
        self._day: date | None = None
        self._rows = pl.DataFrame(schema=ARCHIVED)
        self._read = 0

    def poll(self, *, at_most: int, wait: float) -> RawBatch:
        """The next rows of a day."""
        # A file may hold rows of the days around one, and none of it.
        while self._read == self._rows.height and self._waiting:
            self._open(self._waiting.pop(0))
        rows = self._rows.slice(self._read, at_most)
        self._read += rows.height
        return RawBatch(
            messages=ArchivedRows(frame=rows),
            upto=self._position(),
            partition=PARTITION,
            is_end=self._read == self._rows.height and not self._waiting,
        )

    def seek(self, position: Position) -> None:
        """Continues after a position; FeedChanged if other rows lie there now."""
        if not position:
            return
        day, read = date.fromisoformat(str(position["day"])), int(str(position["rows"]))
        self._waiting = [each for each in self._waiting if each > day]
        if day in self._days:
            self._open(day)
        self._read = min(read, self._rows.height)
        if self._position() != position:
            raise FeedChanged(
                f"the archive holds other rows of {day} than those read before; put the old files "
                "back, or start with a new output folder"
            )

    def acknowledge(self, upto: Position) -> None:
        """Nothing: an archive keeps no record of who read it."""

    def close(self) -> None:
        """Nothing is held open."""

    def _open(self, day: date) -> None:
        self._day, self._read = day, 0
        self._rows = self._archive.rows_of(day, self._days[day])

    def _position(self) -> Position:
        if self._day is None:
            return {}
        last = int(self._rows["row"][self._read - 1]) if self._read else 0
        return {"day": self._day.isoformat(), "rows": self._read, "row": last}


def is_archive(path: str) -> bool:
    """Whether a path is the archive of a run."""
    folder = Path(path)
    return folder.is_dir() and any(map(is_archive_file, folder.iterdir()))
