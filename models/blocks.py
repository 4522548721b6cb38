"""The blocks of all holders, and where each lies."""

import numpy as np

from models.kernels.arena import (
    Columns,
    Int64s,
    empty_columns,
    insert_movements,
    move_blocks,
    remove_movements,
    room_for,
)
from models.movement import Keys

UNTOUCHED = np.iinfo(np.int64).max
FROM_THE_START = -62_135_596_800_000_000
"""The first of January of the year 1, in microseconds since the epoch."""


class Blocks:
    """Time-ordered movements a holder, in flat columns that grow as a whole.

    Memory: 112 bytes a slot; blocks hold up to half as much again as they need.
    """

    def __init__(self) -> None:
        self.columns: Columns = empty_columns(1024)
        self.starts: Int64s = np.zeros(0, np.int64)
        self.lengths: Int64s = np.zeros(0, np.int64)
        self.kept_from: Int64s = np.zeros(0, np.int64)
        """Microseconds: a holder's movements before it were let go."""
        self._capacities: Int64s = np.zeros(0, np.int64)
        self._tail = 0

    def remove(self, holders: Int64s, keys: Keys, touched: Int64s) -> int:
        """How many of the movements named by total order were there and are out now."""
        is_known = holders >= 0
        return remove_movements(
            self.columns,
            self.starts,
            self.lengths,
            touched,
            holders[is_known],
            keys.time[is_known],
            keys.sequence[is_known],
            keys.txn_hi[is_known],
            keys.txn_lo[is_known],
            keys.side[is_known],
        )

    def insert(self, holders: Int64s, new: Columns, touched: Int64s, *, horizon: int) -> None:
        """New movements, sorted by holder and total order, in their places. Where room has to be
        made, movements before `horizon` (microseconds) are let go."""
        self._make_room(np.bincount(holders, minlength=len(self.starts)), touched, horizon)
        insert_movements(self.columns, self.starts, self.lengths, touched, holders, new)

    def grow_to(self, holders: int) -> None:
        """Empty blocks for holders not met before."""
        more = holders - len(self.starts)
        if more > 0:
            self.starts = np.concatenate([self.starts, np.zeros(more, np.int64)])
            self.lengths = np.concatenate([self.lengths, np.zeros(more, np.int64)])
            self._capacities = np.concatenate([self._capacities, np.zeros(more, np.int64)])
            self.kept_from = np.concatenate([self.kept_from, np.full(more, FROM_THE_START)])

    def _make_room(self, needed: Int64s, touched: Int64s, horizon: int) -> None:
        tight = np.flatnonzero(self.lengths + needed > self._capacities)
        slots = sum(room_for(n) for n in (self.lengths[tight] + needed[tight]).tolist())
        if self._tail + slots > len(self.columns.time):
            self._lay_out_anew(needed, touched, horizon)
            return
        for h in tight:
            self._move(int(h), int(needed[h]))

    def _move(self, holder: int, needed: int) -> None:
        start, length = int(self.starts[holder]), int(self.lengths[holder])
        moved = self.columns[start : start + length]
        self.columns[self._tail : self._tail + length] = moved
        self.starts[holder] = self._tail
        self._capacities[holder] = room_for(length + needed)
        self._tail += int(self._capacities[holder])

    def _lay_out_anew(self, needed: Int64s, touched: Int64s, horizon: int) -> None:
        before = self.lengths.copy()
        wanted = sum(room_for(n) for n in (self.lengths + needed).tolist())
        target = empty_columns(2 * wanted + 1024)
        self._tail = move_blocks(
            self.columns, target, self.starts, self.lengths, self._capacities, needed, horizon
        )
        self.columns = target
        dropped = before - self.lengths
        self.kept_from[dropped > 0] = horizon
        is_touched = touched != UNTOUCHED
        touched[is_touched] = np.maximum(touched[is_touched] - dropped[is_touched], 0)
