"""Dense numbers for the names that hold accounts."""

import numpy as np
import numpy.typing as npt

from models.kernels.arena import Int64s
from models.names import NO_NAME


class Holders:
    """Dense numbers for the names that hold accounts: block numbers."""

    def __init__(self) -> None:
        self.names: npt.NDArray[np.int32] = np.empty(0, np.int32)
        self.is_customer: npt.NDArray[np.bool_] = np.empty(0, np.bool_)
        self._count = 0
        self._numbers: Int64s = np.full(1024, NO_NAME, np.int64)

    def __len__(self) -> int:
        return self._count

    def find(self, names: npt.NDArray[np.int32]) -> Int64s:
        """Block numbers of holders already met, NO_NAME for others."""
        is_inside = (names >= 0) & (names < len(self._numbers))
        return np.where(is_inside, self._numbers[np.where(is_inside, names, 0)], NO_NAME)

    def numbers(self, names: npt.NDArray[np.int32], is_customer: npt.NDArray[np.bool_]) -> Int64s:
        """Block numbers; holders not met before get one."""
        if len(names):
            self._make_room(int(names.max()) + 1)
        new, first = np.unique(names, return_index=True)
        is_new = self._numbers[new] == NO_NAME
        self._add(new[is_new], is_customer[first[is_new]])
        return self._numbers[names]

    def restore(self, names: npt.NDArray[np.int32], is_customer: npt.NDArray[np.bool_]) -> None:
        """These holders under these numbers, where none was met yet."""
        self._make_room(int(names.max(initial=0)) + 1)
        self._add(names, is_customer)

    def _add(self, names: npt.NDArray[np.int32], is_customer: npt.NDArray[np.bool_]) -> None:
        first, self._count = self._count, self._count + len(names)
        missing = self._count - len(self.names)
        if missing > 0:
            more = max(missing, len(self.names))
            self.names = np.concatenate([self.names, np.full(more, NO_NAME, np.int32)])
            self.is_customer = np.concatenate([self.is_customer, np.zeros(more, np.bool_)])
        self._numbers[names] = np.arange(first, self._count)
        self.names[first : self._count] = names
        self.is_customer[first : self._count] = is_customer

    def _make_room(self, size: int) -> None:
        missing = size - len(self._numbers)
        if missing > 0:
            more = np.full(max(missing, len(self._numbers)), NO_NAME, np.int64)
            self._numbers = np.concatenate([self._numbers, more])
