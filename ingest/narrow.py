"""Transactions as they go between stages: the columns that engines read, as Arrow IPC."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa

from ingest.kernels.cells import Int64s
from ingest.transaction import ADDED, ADDRESS, TransactionBatch

LARGEST_PIECE_BYTES = 700_000
"""Well below the million bytes that brokers take as they come."""

LEFT_IN_THE_ARCHIVE = frozenset(
    (
        "source_revision",
        "ingest_time",
        "reversal_of",
        "fx_rate",
        "orig_agent_bic",
        "benef_agent_bic",
        "location_country",
        "card_hash",
        "balance_after",
        "end_to_end_id",
        "uetr",
        "raw_ref",
        "content_hi",
        "content_lo",
        "quality_flags",
    )
)
"""Columns that no engine reads; the archive has them under the same transaction id."""

PLACE = [name for name in ADDRESS if not name.endswith("_holds")]
"""Where engines look for what is taken back; who holds what follows from it."""

NARROW = {name: of for name, of in ADDED.items() if name not in LEFT_IN_THE_ARCHIVE}


_NOTHING_CAME, _NOTHING_WENT = pl.DataFrame(schema=NARROW), pl.DataFrame(schema=ADDRESS)


class _Piece(NamedTuple):
    """Rows as they came: which piece they were in, of all."""

    number: int
    table: pa.Table


def pieces(batch: TransactionBatch) -> Iterator[bytes]:
    """The batch, what it takes back first, in pieces of at most about LARGEST_PIECE_BYTES; none
    for an empty one."""
    if batch.retracted.height:
        yield from _pieces(batch.retracted.select(*ADDRESS))
    if batch.added.height:
        yield from _pieces(batch.added.select(*NARROW))


def together(values: Iterable[bytes]) -> TransactionBatch:
    """The pieces as one batch; it takes back first what was there before them. What one piece adds
    and a later one takes back is in it no more."""
    added, retracted = list[_Piece](), list[_Piece]()
    for number, value in enumerate(values):
        table = pa.ipc.open_stream(value).read_all()
        is_address = table.column_names == list(ADDRESS)
        (retracted if is_address else added).append(_Piece(number, table))
    came, came_with = _joined(added, _NOTHING_CAME)
    went, went_with = _joined(retracted, _NOTHING_WENT)
    if came.height and went.height and went_with.max() > came_with.min():
        came, went = _without_passing(came, came_with, went, went_with)
    return TransactionBatch(added=came, retracted=went, history_start=None, seen_until=None)


def packed(frame: pl.DataFrame) -> bytes:
    """A frame as an Arrow IPC stream, uncompressed: the producer compresses."""
    return _stream(_table(frame))


def unpacked(value: bytes, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """The frame again, with the types it had."""
    return _typed([pa.ipc.open_stream(value).read_all()], schema)


def _pieces(frame: pl.DataFrame) -> Iterator[bytes]:
    table = _table(frame)
    rows = max(1, table.num_rows * LARGEST_PIECE_BYTES // max(1, table.nbytes))
    for first in range(0, table.num_rows, rows):
        yield _stream(table.slice(first, rows))


def _table(frame: pl.DataFrame) -> Any:
    return frame.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())


def _stream(table: Any) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _joined(pieces: Sequence[_Piece], nothing: pl.DataFrame) -> tuple[pl.DataFrame, Int64s]:
    """The rows of some pieces, and the number of the piece each came with; `nothing` of none."""
    if not pieces:
        return nothing, np.zeros(0, np.int64)
    rows = [piece.table.num_rows for piece in pieces]
    frame = _typed([piece.table for piece in pieces], nothing.schema)
    return frame, np.repeat([piece.number for piece in pieces], rows)


def _typed(tables: list[pa.Table], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """The rows of some tables; joined while they are Arrow's, which is cheap however few each
    brings."""
    frame = pl.DataFrame(pl.from_arrow(pa.concat_tables(tables)))
    return frame if frame.schema == schema else frame.cast(dict(schema))  # type: ignore[arg-type]


def _without_passing(
    came: pl.DataFrame, came_with: Int64s, went: pl.DataFrame, went_with: Int64s
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What came and was still there at the end, and what went and was there at the start."""
    named = came.with_row_index("at").join(went, on=["txn_hi", "txn_lo"], how="semi")
    steps = [(came_with[at], True, at, each) for at, *each in named.select("at", *PLACE).rows()]
    gone = enumerate(went.select(*PLACE).rows())
    steps += [(went_with[at], False, at, list(each)) for at, each in gone]
    is_there, is_gone = np.ones(came.height, np.bool_), np.ones(went.height, np.bool_)
    standing: dict[tuple[object, ...], list[int]] = {}
    # A piece has rows of one kind only, and sorting keeps their order.
    for _, has_come, at, each in sorted(steps, key=itemgetter(0)):
        there = standing.setdefault(tuple(each), [])
        if has_come:
            there.append(at)
        elif there:
            is_there[there.pop()], is_gone[at] = False, False
    return came.filter(is_there), went.filter(is_gone)
