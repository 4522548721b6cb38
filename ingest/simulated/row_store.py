"""Rows by time, drawn in any order: in files once they are many."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from weakref import finalize

import polars as pl
import pyarrow as pa

from ingest.simulated.rows import DAY, ROW, in_order

HELD_ROWS = 200_000


class RowStore:
    """ROW rows, added in any order. Memory: `at_most` of them.

    room: where the files may lie; by default, where temporary ones do. They end with this object.
    unit: microseconds, of which times asked for are multiples.
    """

    def __init__(
        self, room: Path | None = None, *, unit: int = DAY, at_most: int = HELD_ROWS
    ) -> None:
        self.room = room
        self._unit, self._at_most = unit, at_most
        self._folder: Path | None = None
        self._held: list[pl.DataFrame] = []
        self._rows = 0

    def add(self, rows: pl.DataFrame) -> None:
        self._held.append(rows)
        self._rows += len(rows)
        if self._rows > self._at_most:
            self._put_away()

    def between(self, start: int, end: int) -> pl.DataFrame:
        """Rows from one moment until before another, by event time; ties in the order in which
        they were added."""
        self._held = [pl.concat([pl.DataFrame(schema=ROW), *self._held])]
        is_now = pl.col("event_time").is_between(start, end, closed="left")
        return in_order([*self._read(start, end), self._held[0].filter(is_now)])

    def forget(self) -> None:
        """Lets all rows go."""
        self._held, self._rows = [], 0
        if self._folder is not None:
            rmtree(self._folder)
            self._folder = None

    def _put_away(self) -> None:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix=".rows-", dir=self.room))
            finalize(self, rmtree, self._folder, ignore_errors=True)
        rows = pl.concat(self._held).with_columns(unit=pl.col("event_time") // self._unit)
        for (unit,), part in rows.partition_by("unit", as_dict=True).items():
            with pa.OSFile(str(self._folder / f"{unit}.arrows"), "ab") as file:
                table = part.drop("unit").to_arrow()
                with pa.ipc.new_stream(file, table.schema) as stream:
                    stream.write_table(table)
        self._held, self._rows = [], 0

    def _read(self, start: int, end: int) -> Iterator[pl.DataFrame]:
        if self._folder is None:
            return
        for unit in range(start // self._unit, -(-end // self._unit)):
            path = self._folder / f"{unit}.arrows"
            if path.exists():
                yield from _frames(path)


def _frames(path: Path) -> Iterator[pl.DataFrame]:
    """As they were added, one stream after another."""
    with pa.OSFile(str(path)) as file:
        while file.tell() < file.size():
            with pa.ipc.open_stream(file) as stream:
                yield pl.DataFrame(stream.read_all(), schema=ROW)
