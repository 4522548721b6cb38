"""What is shown of a transaction, by running number, in columns."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import cast

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from models.snapshot import TRANSACTIONS, Piece, Sections

SHOWN = (
    "reference",
    "source_id",
    "event_time",
    "amount",
    "currency",
    "txn_type",
    "channel",
    "local_utc_offset_min",
)
JOINED_CHUNKS = 8
"""So many of one rank become one of the next: each row is copied a few times in all, and a question
asks few chunks however small the batches were."""
LARGEST_CHUNK = 1 << 20
"""Rows that are not joined any more: a chunk is let go as a whole."""
ROWS_AT_ONCE = 1 << 16
"""Of a snapshot's piece: some ten milliseconds."""


class Transactions:
    """Chunks of the shown columns, event_time among them, in order of arrival. A row keeps its
    number for good; chunks whose every row is older than the horizon are let go."""

    def __init__(self, shown: Sequence[str] = SHOWN) -> None:
        self._shown = tuple(shown)
        self._firsts: list[int] = []
        self._chunks: list[pl.DataFrame] = []
        self._newest: list[datetime] = []
        self._ranks: list[int] = []
        self._next = 0

    def append(self, transactions: pl.DataFrame) -> int:
        """The running number of the first row added."""
        first = self._next
        if transactions.height:
            self._firsts.append(first)
            self._chunks.append(transactions.select(self._shown))
            self._newest.append(cast("datetime", transactions["event_time"].max()))
            self._ranks.append(0)
            self._next += transactions.height
            self._join_last()
        return first

    def forget(self, before: datetime) -> None:
        """Lets go of chunks with no row at or after `before`."""
        while self._chunks and self._newest[0] < before:
            del self._chunks[0], self._firsts[0], self._newest[0], self._ranks[0]

    def rows(self, numbers: Sequence[int] | npt.NDArray[np.int64]) -> pl.DataFrame:
        """The shown columns of the numbered rows, in that order."""
        wanted = np.asarray(numbers, np.int64)
        if not len(wanted):
            return pl.DataFrame(schema={name: pl.String() for name in self._shown})
        chunk_of = np.searchsorted(np.asarray(self._firsts, np.int64), wanted, side="right") - 1
        by_chunk = np.argsort(chunk_of, kind="stable")
        ends = np.flatnonzero(np.diff(chunk_of[by_chunk])) + 1
        parts = [
            self._chunks[chunk_of[of_one[0]]][wanted[of_one] - self._firsts[chunk_of[of_one[0]]]]
            for of_one in np.split(by_chunk, ends)
        ]
        together: pl.DataFrame = pl.concat(parts)
        return together[np.argsort(by_chunk)]

    @property
    def newest(self) -> datetime | None:
        """The largest event time among the rows that are kept."""
        return max(self._newest, default=None)

    @property
    def next_row(self) -> int:
        """The running number of the next row."""
        return self._next

    def pieces(self, *, section: str = TRANSACTIONS) -> Iterator[Piece]:
        """All rows as they are now, each with its number."""
        held = list(zip(self._firsts, self._chunks, strict=True))
        return (
            Piece(section=section, rows=rows)
            for first, chunk in held
            for at in range(0, chunk.height, ROWS_AT_ONCE)
            for rows in _numbered(chunk.slice(at, ROWS_AT_ONCE), first + at)
        )

    def restore(self, sections: Sections, *, next_row: int, section: str = TRANSACTIONS) -> None:
        """The chunks of a snapshot, into none."""
        for rows in sections.get(section, ()):
            chunk = pl.DataFrame(pl.from_arrow(rows))
            self._firsts.append(int(chunk["number"][0]))
            self._chunks.append(chunk.select(self._shown))
            self._newest.append(cast("datetime", chunk["event_time"].max()))
            self._ranks.append(0)
            self._join_last()
        self._next = next_row

    def _join_last(self) -> None:
        while len(set(last := self._ranks[-JOINED_CHUNKS:])) == 1 and len(last) == JOINED_CHUNKS:
            parts = self._chunks[-JOINED_CHUNKS:]
            if sum(part.height for part in parts) > LARGEST_CHUNK:
                return
            self._chunks[-JOINED_CHUNKS:] = [pl.concat(parts, rechunk=True)]
            self._firsts[-JOINED_CHUNKS:] = [self._firsts[-JOINED_CHUNKS]]
            self._newest[-JOINED_CHUNKS:] = [max(self._newest[-JOINED_CHUNKS:])]
            self._ranks[-JOINED_CHUNKS:] = [last[0] + 1]


def _numbered(rows: pl.DataFrame, first: int) -> list[pa.RecordBatch]:
    """The rows with their running numbers, as one batch."""
    number = pl.int_range(first, first + rows.height, dtype=pl.Int64)
    table = rows.rechunk().with_columns(number=number)
    batches: list[pa.RecordBatch] = table.to_arrow(
        compat_level=pl.CompatLevel.oldest()
    ).to_batches()
    return batches
