"""The rows of schemes and look-alikes by day: in files once they are many."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from weakref import finalize

import polars as pl
import pyarrow as pa

from ingest.simulated.rows import DAY, ROW, in_order

HELD_ROWS = 200_000
SIDES = ("orig_account_id", "benef_account_id")


class PlantedRows:
    """ROW rows, added in any order. Memory: `at_most` of them, and the names of their accounts.

    room: where the files may lie; by default, where temporary ones do. They end with this object.
    """

    def __init__(self, room: Path | None = None, *, at_most: int = HELD_ROWS) -> None:
        self._room, self._at_most = room, at_most
        self._folder: Path | None = None
        self._held: list[pl.DataFrame] = []
        self._rows = 0
        self.accounts: set[str] = set()
        """All that a row was added of."""

    def add(self, rows: pl.DataFrame) -> None:
        self._held.append(rows)
        self._rows += len(rows)
        for side in SIDES:
            self.accounts.update(rows[side].drop_nulls().unique())
        if self._rows > self._at_most:
            self._put_away()

    def between(self, day: int, end: int) -> pl.DataFrame:
        """Rows from one day until before another (since the epoch), by event time; ties in the
        order in which they were added."""
        self._held = [pl.concat([pl.DataFrame(schema=ROW), *self._held])]
        is_now = pl.col("event_time").is_between(day * DAY, end * DAY, closed="left")
        return in_order([*self._read(day, end), self._held[0].filter(is_now)])

    def forget(self) -> None:
        """Lets all rows go."""
        self._held, self._rows = [], 0
        if self._folder is not None:
            rmtree(self._folder)
            self._folder = None

    def _put_away(self) -> None:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix=".planted-", dir=self._room))
            finalize(self, rmtree, self._folder, ignore_errors=True)
        rows = pl.concat(self._held).with_columns(day=pl.col("event_time") // DAY)
        for (day,), part in rows.partition_by("day", as_dict=True).items():
            with pa.OSFile(str(self._file(int(day))), "ab") as file:
                table = part.drop("day").to_arrow()
                with pa.ipc.new_stream(file, table.schema) as stream:
                    stream.write_table(table)
        self._held, self._rows = [], 0

    def _read(self, day: int, end: int) -> Iterator[pl.DataFrame]:
        for each in range(day, end):
            if self._folder is not None and (path := self._file(each)).exists():
                with pa.OSFile(str(path)) as file:
                    while file.tell() < file.size():
                        with pa.ipc.open_stream(file) as stream:
                            yield pl.DataFrame(stream.read_all(), schema=ROW)

    def _file(self, day: int) -> Path:
        assert self._folder is not None
        return self._folder / f"{day}.arrows"
