"""Rows of a table as the JSON objects they would be in a file of lines.

A table has no bytes a row, so a row's bytes are those of its JSON: what a reject keeps, what
offsets and lengths count. Times become ISO 8601, decimals their exact text.
"""

import polars as pl


def json_lines(frame: pl.DataFrame) -> bytes:
    """A line a row, in order."""
    told = frame.select(_told(name, frame.schema[name]) for name in frame.columns)
    return told.write_ndjson().encode()


def _told(name: str, dtype: pl.DataType) -> pl.Expr:
    """The column as a file of lines would hold it."""
    column = pl.col(name)
    if isinstance(dtype, pl.Datetime):
        zone = "%:z" if dtype.time_zone else ""
        return column.dt.strftime(f"%Y-%m-%dT%H:%M:%S%.6f{zone}")
    if isinstance(dtype, pl.Date | pl.Decimal | pl.Categorical | pl.Enum):
        return column.cast(pl.String)
    return column
