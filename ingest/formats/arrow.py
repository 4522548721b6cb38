"""Rows of an Arrow IPC message, stream or file, as lines of JSON."""

from collections.abc import Iterator

import polars as pl
import pyarrow as pa

from ingest.formats.tables import json_lines

STREAM_MAGIC = b"\xff\xff\xff\xff"
FILE_MAGIC = b"ARROW1"
MOST_JSON_BYTES = 1 << 26
"""A dictionary can make a small message a huge table: at most so much is written out of one."""
_ROWS_AT_ONCE = 1_000


def is_arrow(value: bytes) -> bool:
    """Whether the bytes begin as Arrow IPC does; no JSON and no delimited text begins so."""
    return value.startswith((STREAM_MAGIC, FILE_MAGIC))


def arrow_lines(value: bytes) -> bytes:
    """The rows as lines of JSON, in order.

    Raises ValueError (pyarrow's too) for what is damaged, cut, or more than MOST_JSON_BYTES.
    """
    told: list[bytes] = []
    size = 0
    for batch in _batches(value):
        frame = pl.DataFrame(pl.from_arrow(batch))
        for piece in frame.iter_slices(_ROWS_AT_ONCE):
            told.append(json_lines(piece))
            size += len(told[-1])
            if size > MOST_JSON_BYTES:
                raise ValueError(f"the table is more than {MOST_JSON_BYTES:,} bytes of JSON")
    return b"".join(told)


def _batches(value: bytes) -> Iterator[pa.RecordBatch]:
    if value.startswith(STREAM_MAGIC):
        yield from pa.ipc.open_stream(value)
        return
    with pa.ipc.open_file(pa.BufferReader(value)) as file:
        yield from map(file.get_batch, range(file.num_record_batches))
