"""Transactions as they go between stages: the columns that engines read, as Arrow IPC."""

from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl
import pyarrow as pa

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

NARROW = {name: of for name, of in ADDED.items() if name not in LEFT_IN_THE_ARCHIVE}


def pieces(batch: TransactionBatch) -> Iterator[bytes]:
    """The batch, what it takes back first, in pieces of at most about LARGEST_PIECE_BYTES; none
    for an empty one."""
    if batch.retracted.height:
        yield from _pieces(batch.retracted.select(*ADDRESS))
    if batch.added.height:
        yield from _pieces(batch.added.select(*NARROW))


def together(values: Iterable[bytes]) -> Iterator[TransactionBatch]:
    """The pieces as few batches, in order. The rows of pieces that add are joined; one that takes
    back begins anew, because it may take back what the one before added."""
    waiting: list[pl.DataFrame] = []
    for frame in map(_frame, values):
        if frame.columns == list(ADDRESS):
            yield from _added(waiting)
            waiting = []
            yield _batch(pl.DataFrame(schema=NARROW), frame)
        else:
            waiting.append(frame)
    yield from _added(waiting)


def nothing_new() -> TransactionBatch:
    """A batch that brings no row."""
    return _batch(pl.DataFrame(schema=NARROW), pl.DataFrame(schema=ADDRESS))


def packed(frame: pl.DataFrame) -> bytes:
    """A frame as an Arrow IPC stream, uncompressed: the producer compresses."""
    return _stream(_table(frame))


def unpacked(value: bytes, schema: dict[str, pl.DataType]) -> pl.DataFrame:
    """The frame again, with the types it had."""
    return pl.DataFrame(pl.from_arrow(pa.ipc.open_stream(value).read_all())).cast(
        dict(schema)  # type: ignore[arg-type]
    )


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


def _frame(value: bytes) -> pl.DataFrame:
    frame = pl.DataFrame(pl.from_arrow(pa.ipc.open_stream(value).read_all()))
    return frame.cast(ADDRESS if frame.columns == list(ADDRESS) else NARROW)  # type: ignore[arg-type]


def _added(frames: list[pl.DataFrame]) -> Iterator[TransactionBatch]:
    if frames:
        yield _batch(pl.concat(frames), pl.DataFrame(schema=ADDRESS))


def _batch(added: pl.DataFrame, retracted: pl.DataFrame) -> TransactionBatch:
    return TransactionBatch(added=added, retracted=retracted, history_start=None, seen_until=None)
