"""Ids inside the lateness, and the fate of rows whose id was not there before."""

from typing import Any

import numpy as np
from numba import njit

from ingest.kernels.cells import Int8s, Int32s, Word
from ingest.kernels.inner import lean

ENTRY = np.dtype(
    [
        ("high", np.uint64),
        ("low", np.uint64),
        ("event_time", np.int64),
        ("report_time", np.int64),
        ("sequence", np.int64),
        ("content_high", np.uint64),
        ("content_low", np.uint64),
        ("revision", np.int64),
        ("orig_account", np.uint32),
        ("orig_party", np.uint32),
        ("benef_account", np.uint32),
        ("benef_party", np.uint32),
        ("row", np.int32),
        ("status", np.int8),
        ("orig_holds", np.bool_),
        ("benef_holds", np.bool_),
        ("is_reported", np.bool_),
    ],
    align=True,
)
"""What is kept of an id with one content: id and content hash as halves, times in microseconds,
accounts and parties as categories; `row`: its place in the batch it came in; `status`: place in
the order of statuses, SEVERAL once the id has more than one row."""

Entries = Any
"""A structured array of ENTRY; kernels read fields as `entries.low[at]`, others by name."""

SEVERAL = -1
SCORED, LATE, FUTURE, KNOWN = 0, 1, 2, 3
NOTHING_SEEN = -(1 << 63)


def empty_entries(size: int) -> Entries:
    """Zeroed entries."""
    return np.zeros(size, ENTRY)


@njit(cache=True)
def decide_new(
    rows: Entries, entries: Entries, count: int, slots: Int32s, first: int, latest: int,
    lateness: int, longest_gap: int, most_skew: int, verdicts: Int8s,
) -> tuple[int, int, int, int]:  # fmt: skip
    """Verdicts of rows from `first` up to one whose id is known: it is left to the caller. Scored
    rows are entered; there is room for all. The row left (or the number of rows), the entries, the
    largest event time seen, and the smallest one scored, or
    NOTHING_SEEN. O(rows)."""
    earliest = NOTHING_SEEN
    for row in range(first, rows.shape[0]):
        event_time = rows.event_time[row]
        if rows.is_reported[row]:
            is_future = event_time > rows.report_time[row] + most_skew
        else:
            is_future = latest != NOTHING_SEEN and event_time > latest + longest_gap
        if is_future:
            verdicts[row] = FUTURE
            continue
        slot = find_slot(entries, slots, rows.high[row], rows.low[row])
        if slots[slot] != 0:
            verdicts[row] = KNOWN
            return row, count, latest, earliest
        if latest != NOTHING_SEEN and event_time < latest - lateness:
            verdicts[row] = LATE
            continue
        verdicts[row] = SCORED
        latest = max(latest, event_time)
        earliest = event_time if earliest == NOTHING_SEEN else min(earliest, event_time)
        entries[count] = rows[row]
        count += 1
        slots[slot] = count
    return rows.shape[0], count, latest, earliest


@lean
def find_slot(entries: Entries, slots: Int32s, high: Word, low: Word) -> Word:
    """The slot that holds this id, or the free one where it belongs."""
    mask = slots.shape[0] - 1
    slot = np.int64(low & np.uint64(mask))
    while slots[slot] != 0:
        at = slots[slot] - 1
        if entries.low[at] == low and entries.high[at] == high:
            break
        slot = (slot + 1) & mask
    return slot


@njit(cache=True)
def enter_all(entries: Entries, count: int, slots: Int32s) -> None:
    """Fills empty slots with the first `count` entries, whose ids all differ."""
    for at in range(count):
        slots[find_slot(entries, slots, entries.high[at], entries.low[at])] = at + 1
