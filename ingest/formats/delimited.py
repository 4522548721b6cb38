"""Rows of delimited text. A line end always ends the row, also within quotes."""

import csv
from collections.abc import Sequence
from functools import lru_cache

from ingest.errors import RowFault
from ingest.feed import Layout


class DelimitedRows:
    """Reads the named source columns of delimited rows, in their order; empty is none."""

    def __init__(self, names: Sequence[str], *, quote: str) -> None:
        self._names = tuple(names)
        self._quote = quote
        self._places = lru_cache(maxsize=64)(self._find)

    def values(self, row: str, layout: Layout, *, is_ended: bool) -> tuple[object, ...]:
        cells = self._cells(row, layout, is_ended=is_ended)
        if len(cells) != len(layout.columns):
            raise _miscounted(len(cells), len(layout.columns), is_ended=is_ended)
        places = self._places(layout)
        return tuple([(cells[at] or None) if at >= 0 else None for at in places])

    def _cells(self, row: str, layout: Layout, *, is_ended: bool) -> list[str]:
        try:
            return split(row, delimiter=layout.delimiter, quote=self._quote)
        except csv.Error:
            raise RowFault("bad_quotes" if is_ended else "torn_row") from None

    def _find(self, layout: Layout) -> tuple[int, ...]:
        place = {name: at for at, name in enumerate(layout.columns)}
        return tuple(place.get(name, -1) for name in self._names)


def split(row: str, *, delimiter: str, quote: str) -> list[str]:
    """The cells of one row; csv.Error if its quotes do not close."""
    reader = csv.reader(
        [row],
        delimiter=delimiter,
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        strict=True,
    )
    return next(reader, [])


def _miscounted(found: int, wanted: int, *, is_ended: bool) -> RowFault:
    if found > wanted:
        return RowFault("extra_columns", expected=f"{wanted} columns")
    return RowFault("missing_columns" if is_ended else "torn_row", expected=f"{wanted} columns")
