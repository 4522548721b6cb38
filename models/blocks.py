"""The blocks of all holders, and where each lies."""

from collections.abc import Sequence

import numpy as np

from models.block_copy import BlockCopy, BlockSlice
from models.kernels.arena import (
    UNTOUCHED,
    Columns,
    Int64s,
    empty_columns,
    insert_movements,
    move_blocks,
    move_to_end,
    place_blocks,
    remove_movements,
    room_for,
)
from models.movement import Keys

FROM_THE_START = -62_135_596_800_000_000
"""The first of January of the year 1, in microseconds since the epoch."""


class Blocks:
    """Time-ordered movements a holder, in flat columns that grow as a whole.

    Memory: the bytes of MOVEMENT a slot; blocks hold up to half as much again as they need.
    A batch costs as much as the holders it names, however many others there are.
    """

    def __init__(self) -> None:
        self.columns: Columns = empty_columns(1024)
        self.starts: Int64s = np.zeros(0, np.int64)
        self.lengths: Int64s = np.zeros(0, np.int64)
        self.kept_from: Int64s = np.zeros(0, np.int64)
        """Microseconds: a holder's movements before it were let go."""
        self._touched: Int64s = np.zeros(0, np.int64)
        self._capacities: Int64s = np.zeros(0, np.int64)
        self._count = 0
        self._tail = 0
        self._copy: BlockCopy | None = None

    def __len__(self) -> int:
        return self._count

    def remove(self, holders: Int64s, keys: Keys) -> int:
        """How many of the movements named by total order were there and are out now."""
        is_known = holders >= 0
        self._keep(holders)
        return remove_movements(
            self.columns,
            self.starts,
            self.lengths,
            self._touched,
            holders[is_known],
            keys.time[is_known],
            keys.sequence[is_known],
            keys.txn_hi[is_known],
            keys.txn_lo[is_known],
            keys.side[is_known],
        )

    def insert(self, holders: Int64s, new: Columns, *, horizon: int) -> None:
        """New movements, sorted by holder and total order, in their places. Where room has to be
        made, movements before `horizon` (microseconds) are let go."""
        self._keep(holders)
        self._make_room(*np.unique(holders, return_counts=True), horizon)
        insert_movements(self.columns, self.starts, self.lengths, self._touched, holders, new)

    def changes(self, named: Int64s) -> tuple[Int64s, Int64s]:
        """Of these holders, ascending, those whose block changed since they were last asked for,
        and the smallest offset of each that did."""
        firsts = self._touched[named]
        is_changed = firsts != UNTOUCHED
        self._touched[named] = UNTOUCHED
        return named[is_changed], firsts[is_changed]

    def touch_all(self) -> Int64s:
        """Every holder with a movement, as if its first one had changed."""
        holders = np.flatnonzero(self.lengths[: self._count] > 0)
        self._touched[holders] = 0
        return holders

    def begin_copy(self) -> BlockCopy:
        """All blocks as they are now; ends a copy begun before."""
        self._copy = BlockCopy(self)
        return self._copy

    @property
    def is_being_copied(self) -> bool:
        return self._copy is not None

    def end_copy(self) -> None:
        """Nothing more is kept for a copy."""
        self._copy = None

    def restore(self, slices: Sequence[BlockSlice]) -> None:
        """The blocks of a copy, into blocks that are empty."""
        if not slices:
            return
        holders = np.concatenate([each.holders for each in slices], dtype=np.int64)
        self.grow_to(len(holders))
        self.lengths[holders] = np.concatenate([each.lengths for each in slices])
        self.kept_from[holders] = np.concatenate([each.kept_from for each in slices])
        rooms = room_for(self.lengths[: self._count])
        self._capacities[: self._count] = rooms
        self.starts[: self._count] = np.cumsum(rooms) - rooms
        self._tail = int(rooms.sum())
        self.columns = empty_columns(2 * self._tail + 1024)
        for each in slices:
            place_blocks(each.movements, each.lengths, self.columns, self.starts[each.holders])

    def grow_to(self, holders: int) -> None:
        """Empty blocks for holders not met before."""
        self._count = max(self._count, holders)
        more = self._count - len(self.starts)
        if more > 0:
            more = max(more, len(self.starts), 1024)
            self.starts = np.concatenate([self.starts, np.zeros(more, np.int64)])
            self.lengths = np.concatenate([self.lengths, np.zeros(more, np.int64)])
            self.kept_from = np.concatenate([self.kept_from, np.full(more, FROM_THE_START)])
            self._touched = np.concatenate([self._touched, np.full(more, UNTOUCHED)])
            self._capacities = np.concatenate([self._capacities, np.zeros(more, np.int64)])

    def _keep(self, holders: Int64s) -> None:
        if self._copy is not None:
            self._copy.keep(holders)

    def _make_room(self, holders: Int64s, needed: Int64s, horizon: int) -> None:
        wanted = self.lengths[holders] + needed
        is_tight = wanted > self._capacities[holders]
        tight, wanted = holders[is_tight], wanted[is_tight]
        if self._tail + int(room_for(wanted).sum()) > len(self.columns):
            self._lay_out_anew(holders, needed, horizon)
            return
        self._capacities[tight] = room_for(wanted)
        self._tail = move_to_end(
            self.columns, self.starts, self.lengths, self._capacities, tight, self._tail
        )

    def _lay_out_anew(self, holders: Int64s, needed: Int64s, horizon: int) -> None:
        count, before = self._count, self.lengths.copy()
        more = np.zeros(count, np.int64)
        more[holders] = needed
        # A copy is of the blocks as they were, with what was still kept then.
        horizon = horizon if self._copy is None else FROM_THE_START
        target = empty_columns(2 * int(room_for(self.lengths[:count] + more).sum()) + 1024)
        self._tail = move_blocks(
            self.columns,
            target,
            self.starts[:count],
            self.lengths[:count],
            self._capacities[:count],
            more,
            horizon,
        )
        self.columns = target
        dropped = before - self.lengths
        self.kept_from[dropped > 0] = horizon
        is_touched = self._touched != UNTOUCHED
        self._touched[is_touched] = np.maximum(self._touched[is_touched] - dropped[is_touched], 0)
