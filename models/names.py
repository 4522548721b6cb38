"""Strings as small numbers. Interned numbers never order, hash or leave an engine."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

Int64s = npt.NDArray[np.int64]

NO_NAME = -1

FEW = 1_000
"""Names of a live batch: so few cost less one by one than Arrow's own start."""


class Names:
    """Every id a profile has met, numbered in order of arrival."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._names: list[str] = []

    def __len__(self) -> int:
        return len(self._names)

    def number(self, name: str) -> int:
        number = self._numbers.setdefault(name, len(self._names))
        if number == len(self._names):
            self._names.append(name)
        return number

    def optional(self, name: str | None) -> int:
        """The number of a name, NO_NAME for none."""
        return NO_NAME if name is None else self.number(name)

    def find(self, name: str) -> int:
        """The number of a name already met, else NO_NAME."""
        return self._numbers.get(name, NO_NAME)

    def numbers(self, names: pl.Series) -> npt.NDArray[np.int32]:
        """int32 numbers of strings, null as NO_NAME; names not met before get one."""
        if names.null_count() == len(names):
            return np.full(len(names), NO_NAME, np.int32)
        if len(names) <= FEW:
            return self._numbers_of_few(names.to_list())
        # Hashed as bytes, so that each distinct name becomes a Python string once.
        encoded = pc.dictionary_encode(names.to_arrow().cast(pa.large_string()))
        distinct = pl.Series(encoded.dictionary).to_list()
        found = list(map(self._numbers.get, distinct))
        if None in found:
            found = [
                self.number(name) if number is None else number
                for name, number in zip(distinct, found, strict=True)
            ]
        numbers = np.array([*found, NO_NAME], np.int32)
        places: npt.NDArray[np.int32] = encoded.indices.fill_null(len(distinct)).to_numpy()
        return numbers[places]

    def _numbers_of_few(self, names: Sequence[str | None]) -> npt.NDArray[np.int32]:
        known = self._numbers.get
        found = [NO_NAME if name is None else known(name) for name in names]
        if None in found:
            found = list(map(self.optional, names))
        return np.array(found, np.int32)

    def names(self, numbers: Iterable[int]) -> list[str | None]:
        return [self._names[number] if number >= 0 else None for number in numbers]

    def column(self, numbers: npt.NDArray[np.int32]) -> pl.Series:
        """The names as a column, null for NO_NAME; of many each distinct one is looked up once."""
        if len(numbers) <= FEW:
            return pl.Series(self.names(numbers.tolist()), dtype=pl.String())
        distinct, places = np.unique(numbers, return_inverse=True)
        named = pl.Series(self.names(distinct.tolist()), dtype=pl.String())
        return named.gather(places)

    def name(self, number: int) -> str:
        return self._names[number]

    def first(self, count: int) -> Sequence[str]:
        """The first so many, in order of their numbers."""
        return self._names[:count]

    def restore(self, names: Sequence[str]) -> None:
        """These names under these numbers and no others."""
        self._names = list(names)
        self._numbers = {name: number for number, name in enumerate(self._names)}


def looked_up(table: Int64s, numbers: npt.NDArray[Any], otherwise: int) -> Int64s:
    """table[number], `otherwise` for none and for names met after the table was made."""
    is_inside = (numbers >= 0) & (numbers < len(table))
    return np.where(is_inside, table[np.where(is_inside, numbers, 0)], otherwise)


def table_of(size: int, otherwise: int, numbers: Sequence[int], values: Sequence[int]) -> Int64s:
    """A value by number, `otherwise` for numbers that are not among these."""
    table = np.full(max(size, 1), otherwise, np.int64)
    table[np.asarray(numbers, np.int64)] = np.asarray(values, np.int64)
    return table
