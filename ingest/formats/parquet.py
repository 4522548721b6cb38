"""Rows of a Parquet file, each as the JSON object it would be in a file of lines."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from ingest.formats.tables import json_lines

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
            yield json_lines(frame)
