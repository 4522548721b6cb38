"""Rows of a Parquet file, each as the JSON object it would be in a file of lines.

A table has no bytes a row, so a row's bytes are those of its JSON: what a reject keeps, what
offsets and lengths count. Times become ISO 8601, decimals their exact text.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

MAGIC = b"PAR1"
_ROWS_AT_ONCE = 20_000


class ParquetLines:
    """The file's rows as lines of JSON, in order; memory holds a piece of a row group.

    Raises ValueError (pyarrow's) for a file that is damaged or cut.
    """

    def __init__(self, path: Path) -> None:
        self._pieces = _pieces(path)
        self._left = b""

    def read(self, size: int, /) -> bytes:
        """At most `size` of the next bytes; none at the end."""
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._left = piece
        part, self._left = self._left[:size], self._left[size:]
        return part


def _pieces(path: Path) -> Iterator[bytes]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE):
            frame = pl.DataFrame(pl.from_arrow(batch))
            told = frame.select(_told(name, frame.schema[name]) for name in frame.columns)
            yield told.write_ndjson().encode()


def _told(name: str, dtype: pl.DataType) -> pl.Expr:
    """The column as a file of lines would hold it."""
    column = pl.col(name)
    if isinstance(dtype, pl.Datetime):
        zone = "%:z" if dtype.time_zone else ""
        return column.dt.strftime(f"%Y-%m-%dT%H:%M:%S%.6f{zone}")
    if isinstance(dtype, pl.Date | pl.Decimal | pl.Categorical | pl.Enum):
        return column.cast(pl.String)
    return column
