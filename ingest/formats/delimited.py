"""Rows of delimited text. A line end always ends the row, also within quotes."""

import csv
from collections.abc import Mapping, Sequence
from functools import lru_cache

from ingest.errors import RowFault
from ingest.feed import Layout

JOIN = " + "


class DelimitedRows:
    """Reads the named source columns of delimited rows, in their order; empty is none. A name
    such as `Date + Time`, if no column has it, is those columns with a space between."""

    def __init__(self, names: Sequence[str], *, quote: str) -> None:
        self._names = tuple(names)
        self._quote = quote
        self._places = lru_cache(maxsize=64)(self._find)

    def values(self, row: str, layout: Layout, *, is_ended: bool) -> tuple[object, ...]:
        cells = self._cells(row, layout, is_ended=is_ended)
        if len(cells) != len(layout.columns):
            raise _miscounted(len(cells), len(layout.columns), is_ended=is_ended)
        places = self._places(layout)
        return tuple([self._value(cells, at) for at in places])

    @staticmethod
    def _value(cells: Sequence[str], at: int | tuple[int, ...]) -> str | None:
        if isinstance(at, tuple):
            return " ".join([cells[part] for part in at]).strip() or None
        return (cells[at] or None) if at >= 0 else None

    def _cells(self, row: str, layout: Layout, *, is_ended: bool) -> list[str]:
        try:
            return split(row, delimiter=layout.delimiter, quote=self._quote)
        except csv.Error:
            raise RowFault("bad_quotes" if is_ended else "torn_row") from None

    def _find(self, layout: Layout) -> tuple[int | tuple[int, ...], ...]:
        place = {name: at for at, name in enumerate(layout.columns)}
        return tuple(_places(name, place) for name in self._names)


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


def _places(name: str, place: Mapping[str, int]) -> int | tuple[int, ...]:
    parts = name.split(JOIN)
    if name in place or len(parts) == 1 or not place.keys() >= set(parts):
        return place.get(name, -1)
    return tuple(place[part] for part in parts)


def _miscounted(found: int, wanted: int, *, is_ended: bool) -> RowFault:
    if found > wanted:
        return RowFault("extra_columns", expected=f"{wanted} columns")
    return RowFault("missing_columns" if is_ended else "torn_row", expected=f"{wanted} columns")
