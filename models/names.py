"""Strings as small numbers. Interned numbers never order, hash or leave an engine."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

NO_NAME = -1


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

    def numbers(self, names: Sequence[str | None]) -> npt.NDArray[np.int32]:
        """int32 numbers, None as NO_NAME; names not met before get one."""
        for name in set(names):
            if name is not None:
                self.number(name)
        known = self._numbers
        return np.fromiter(
            (NO_NAME if name is None else known[name] for name in names), np.int32, len(names)
        )

    def names(self, numbers: Iterable[int]) -> list[str | None]:
        return [self._names[number] if number >= 0 else None for number in numbers]

    def name(self, number: int) -> str:
        return self._names[number]
