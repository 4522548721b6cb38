"""The three files a simulated feed can be: NDJSON, delimited text and Parquet."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Protocol

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from ingest.simulated.books import REPORTED
from ingest.simulated.rows import ROW
from ingest.simulated.stream import WRITTEN, encoded

Format = Literal["ndjson", "csv", "parquet"]
FORMATS: tuple[Format, ...] = ("ndjson", "csv", "parquet")


ROWS_AT_A_TIME = 100_000
LOCAL_TIME = "%Y-%m-%dT%H:%M:%S+07:00"

CELLS: dict[str, pl.DataType] = {
    name: (ROW | REPORTED | {"event_time": pl.String()})[name] for name in WRITTEN
}
"""Columns of delimited text and Parquet; the time is written as in NDJSON."""


class FeedFile(Protocol):
    def __call__(self, sent: pl.DataFrame) -> None:
        """Adds what the bank sent in a block of days."""
        ...


def feed_name(format: Format) -> str:
    return f"feed.{format}"


@contextmanager
def feed_file(folder: Path, format: Format) -> Iterator[FeedFile]:
    """The feed's file, opened for rows. Torn rows exist in NDJSON only: elsewhere they would be no
    rows at all."""
    path = folder / feed_name(format)
    if format == "parquet":
        schema = pl.DataFrame(schema=CELLS).to_arrow().schema
        with pq.ParquetWriter(path, schema, compression="zstd") as writer:
            yield lambda sent: writer.write_table(_cells(sent).to_arrow())
        return
    with path.open("wb") as file:
        if format == "csv":
            file.write((",".join(WRITTEN) + "\n").encode())
        text = _delimited if format == "csv" else _lines

        def write(sent: pl.DataFrame) -> None:
            for part in sent.iter_slices(ROWS_AT_A_TIME):
                file.write(text(part))

        yield write


def _lines(sent: pl.DataFrame) -> pa.Buffer:
    """The bytes of all lines, as they lie in memory."""
    lines = encoded(sent, end="\n").rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    return lines.buffers()[2]


def _delimited(sent: pl.DataFrame) -> bytes:
    return _cells(sent).write_csv(include_header=False).encode()


def _cells(sent: pl.DataFrame) -> pl.DataFrame:
    time = pl.col("event_time").cast(pl.Datetime("us")).dt.strftime(LOCAL_TIME)
    whole = sent.filter(~pl.col("is_torn")).with_columns(event_time=time)
    return whole.select(pl.col(name).cast(dtype) for name, dtype in CELLS.items())
