"""Movements of all holders in flat columns, one time-ordered block a holder.

A block is `capacity` slots from `start`, of which the first `length` are used, in total order
(time, sequence, txn_hi, txn_lo, side). A late row is a move within its block.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from ingest.kernels.inner import inner

Int64s = npt.NDArray[np.int64]
UInt64s = npt.NDArray[np.uint64]
Int32s = npt.NDArray[np.int32]
Int16s = npt.NDArray[np.int16]
Int8s = npt.NDArray[np.int8]


UNTOUCHED = np.iinfo(np.int64).max
"""Smallest changed offset of a block in which nothing changed."""

Columns = Any
"""A record array of MOVEMENT: one argument for a kernel, fields read as `columns.time[slot]`."""

MOVEMENT = np.dtype(
    [
        ("time", np.int64),
        ("sequence", np.int64),
        ("txn_hi", np.uint64),
        ("txn_lo", np.uint64),
        ("reversal_hi", np.uint64),
        ("reversal_lo", np.uint64),
        ("mask", np.int64),
        ("amount", np.int64),
        ("row", np.int64),
        ("account", np.int32),
        ("counterparty", np.int32),
        ("counterparty_account", np.int32),
        ("counterparty_region", np.int32),
        ("region", np.int32),
        ("place", np.int32),
        ("device_id", np.int32),
        ("day", np.int32),
        ("month", np.int32),
        ("side", np.int8),
    ],
    align=True,
)
"""One slot a movement, 112 bytes. Names are interned numbers (-1 = none); time in microseconds;
amount in minor units (-1 = unpriced); day and month local, since 1970; row = running number of
the transaction."""


def empty_columns(slots: int) -> Columns:
    """Zeroed slots."""
    return np.zeros(slots, MOVEMENT).view(np.recarray)


@inner
def is_before(
    time_a: int, sequence_a: int, hi_a: int, lo_a: int, side_a: int,
    time_b: int, sequence_b: int, hi_b: int, lo_b: int, side_b: int,
) -> bool:  # fmt: skip
    """Whether a stands before b in total order."""
    if time_a != time_b:
        return time_a < time_b
    if sequence_a != sequence_b:
        return sequence_a < sequence_b
    if hi_a != hi_b:
        return hi_a < hi_b
    if lo_a != lo_b:
        return lo_a < lo_b
    return side_a < side_b


@inner
def copy_slot(source: Columns, at: int, target: Columns, to: int) -> None:
    """Slot `at` of source written to slot `to` of target."""
    target[to] = source[at]


@inner
def first_not_before(
    columns: Columns, start: int, length: int, time: int, sequence: int, hi: int, lo: int, side: int
) -> int:
    """Offset in the block of the first movement at or after the key. O(log length)."""
    low, high = 0, length
    while low < high:
        middle = (low + high) // 2
        at = start + middle
        if is_before(
            columns.time[at], columns.sequence[at], columns.txn_hi[at], columns.txn_lo[at],
            columns.side[at], time, sequence, hi, lo, side,
        ):  # fmt: skip
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True)
def remove_movements(
    columns: Columns,
    starts: Int64s,
    lengths: Int64s,
    touched: Int64s,
    holder: Int64s,
    time: Int64s,
    sequence: Int64s,
    hi: UInt64s,
    lo: UInt64s,
    side: Int8s,
) -> int:
    """How many of the n movements named were found and taken out. `touched[holder]` becomes the
    smallest offset changed. O(n x block)."""
    removed = 0
    for i in range(len(holder)):
        h = holder[i]
        start, length = starts[h], lengths[h]
        at = first_not_before(columns, start, length, time[i], sequence[i], hi[i], lo[i], side[i])
        if at == length:
            continue
        slot = start + at
        is_same = (
            columns.time[slot] == time[i]
            and columns.sequence[slot] == sequence[i]
            and columns.txn_hi[slot] == hi[i]
            and columns.txn_lo[slot] == lo[i]
            and columns.side[slot] == side[i]
        )
        if not is_same:
            continue
        for k in range(slot, start + length - 1):
            copy_slot(columns, k + 1, columns, k)
        lengths[h] = length - 1
        touched[h] = min(touched[h], at)
        removed += 1
    return removed


@njit(cache=True)
def insert_movements(
    columns: Columns,
    starts: Int64s,
    lengths: Int64s,
    touched: Int64s,
    holder: Int64s,
    new: Columns,
) -> None:
    """The new movements, sorted by holder and total order, moved into their blocks, which must
    have room. `touched[holder]` becomes the smallest offset changed. O(n + movements after)."""
    i, n = 0, len(holder)
    while i < n:
        h = holder[i]
        end = i
        while end < n and holder[end] == h:
            end += 1
        start, length = starts[h], lengths[h]
        read, write, take = length - 1, length + (end - i) - 1, end - 1
        while take >= i:
            at = start + read
            if read >= 0 and is_before(
                new.time[take], new.sequence[take], new.txn_hi[take], new.txn_lo[take],
                new.side[take], columns.time[at], columns.sequence[at], columns.txn_hi[at],
                columns.txn_lo[at], columns.side[at],
            ):  # fmt: skip
                copy_slot(columns, at, columns, start + write)
                read -= 1
            else:
                copy_slot(new, take, columns, start + write)
                touched[h] = min(touched[h], write)
                take -= 1
            write -= 1
        lengths[h] = length + (end - i)
        i = end


@njit(cache=True)
def move_blocks(
    source: Columns, target: Columns, starts: Int64s, lengths: Int64s, capacities: Int64s,
    needed: Int64s, horizon: int,
) -> int:  # fmt: skip
    """All blocks laid one after the other in target, movements before `horizon` left out, each
    with room for `needed` more and some spare; returns the slots used. O(all movements)."""
    tail = 0
    for h in range(len(starts)):
        start, length, kept = starts[h], lengths[h], 0
        for k in range(length):
            if source.time[start + k] >= horizon:
                copy_slot(source, start + k, target, tail + kept)
                kept += 1
        starts[h], lengths[h] = tail, kept
        capacities[h] = room_for(kept + needed[h])
        tail += capacities[h]
    return tail


@njit(cache=True)
def place_blocks(source: Columns, lengths: Int64s, target: Columns, starts: Int64s) -> None:
    """Blocks that lie one after the other in source, each to its start. O(movements)."""
    read = 0
    for i in range(len(lengths)):
        for k in range(lengths[i]):
            copy_slot(source, read + k, target, starts[i] + k)
        read += lengths[i]


@njit(cache=True)
def move_to_end(
    columns: Columns, starts: Int64s, lengths: Int64s, capacities: Int64s, holders: Int64s,
    tail: int,
) -> int:  # fmt: skip
    """Blocks of these holders copied to free slots from `tail` on, each with its capacity; returns
    the slots used. O(their movements)."""
    for h in holders:
        for k in range(lengths[h]):
            copy_slot(columns, starts[h] + k, columns, tail + k)
        starts[h] = tail
        tail += capacities[h]
    return tail


@njit(cache=True)
def room_for(movements: Any) -> Any:
    """Slots that blocks of so many movements are given: one number or an array of them."""
    return movements + np.maximum(4, movements // 2)
