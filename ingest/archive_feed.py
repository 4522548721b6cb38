"""The archive of a run as a feed: its rows again, some days at a time, in order of event time.

So rows that were late when they first came are in their place now.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from ingest.archive import ARCHIVED, Archive, Day, is_archive_file
from ingest.block import RowsOnDemand
from ingest.errors import FeedChanged, FeedUnreadable, other_kind
from ingest.feed import Message, Position, RawBatch

PARTITION = "archive"
"""All of an archive is one input partition."""
ROWS_AT_ONCE = 120_000
"""Days are read together up to so many rows: a batch of one quiet day costs as much as a full one,
and a file that holds many days would be read for each."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ArchivedRows(RowsOnDemand):
    """Rows that were decoded before: `frame` has the ARCHIVED columns."""

    frame: pl.DataFrame

    def __len__(self) -> int:
        return self.frame.height

    def message(self, at: int) -> Message:
        row = self.frame[at]
        return Message(
            value=row.write_ndjson().strip().encode(),
            where=f"archive, row {row['row'][0]}",
            raw_ref=row["raw_ref"][0],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Some days that are read together."""

    first: date
    last: date
    rows: int
    paths: frozenset[Path]


class ArchiveFeed:
    """A folder that Archive wrote. Memory: the rows of some days, of one at least.

    A position names the first of these days, the rows of them that were read, and the number of
    the last one. Raises FeedUnreadable for a folder without an archive.
    """

    def __init__(self, folder: Path, *, rows_at_once: int = ROWS_AT_ONCE) -> None:
        self._archive = Archive(folder)
        self._waiting = list(_spans(self._archive.days(), rows_at_once))
        if not self._waiting:
            raise FeedUnreadable(f"{folder}: holds no archive; give the archive of a run")
        self._span: Span | None = None
        self._rows = pl.DataFrame(schema=ARCHIVED)
        self._read = 0

    def poll(self, *, at_most: int, wait: float) -> RawBatch:
        """The next rows."""
        if self._read == self._rows.height and self._waiting:
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
        if "day" not in position:
            raise other_kind()
        day, read = date.fromisoformat(str(position["day"])), int(str(position["rows"]))
        while self._waiting and self._waiting[0].first <= day:
            self._span = self._waiting.pop(0)
        if self._span is not None:
            self._open(self._span)
        self._read = min(read, self._rows.height)
        if self._position() != position:
            raise FeedChanged(
                f"the archive holds other rows from {day} on than those read before; put the old "
                "files back, or start with a new output folder"
            )

    def acknowledge(self, upto: Position) -> None:
        """Nothing: an archive keeps no record of who read it."""

    def close(self) -> None:
        """Nothing is held open."""

    def _open(self, span: Span) -> None:
        self._span, self._read = span, 0
        self._rows = self._archive.rows_between(span.first, span.last, sorted(span.paths))

    def _position(self) -> Position:
        if self._span is None:
            return {}
        last = int(self._rows["row"][self._read - 1]) if self._read else 0
        return {"day": self._span.first.isoformat(), "rows": self._read, "row": last}


def _spans(days: Mapping[date, Day], rows_at_once: int) -> Iterator[Span]:
    """All days in order, each with those before it while together they have no more rows."""
    span: Span | None = None
    for on, day in days.items():
        if span is not None and span.rows + day.rows > rows_at_once:
            yield span
            span = None
        span = Span(
            first=on if span is None else span.first,
            last=on,
            rows=day.rows + (0 if span is None else span.rows),
            paths=frozenset(day.paths) | (frozenset() if span is None else span.paths),
        )
    if span is not None:
        yield span


def is_archive(path: str) -> bool:
    """Whether a path is the archive of a run."""
    folder = Path(path)
    return folder.is_dir() and any(map(is_archive_file, folder.iterdir()))
