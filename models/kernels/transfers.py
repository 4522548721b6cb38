"""Transfers between holders as two linked lists a holder: what it sent and what it got, in order.

A transfer stays where it was written; `before_out` and `before_in` point to the one before it of
the same sender and of the same receiver. A late one is a pointer moved, nothing else to repair.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from ingest.kernels.inner import inner, lean

Int8s = npt.NDArray[np.int8]
Int64s = npt.NDArray[np.int64]

Transfers = Any
"""A record array of TRANSFER: one argument for a kernel, fields read as `transfers.time[i]`."""

TRANSFER = np.dtype(
    [
        ("time", np.int64),
        ("cancelled", np.int64),
        ("before_out", np.int32),
        ("before_in", np.int32),
        ("sender", np.int32),
        ("receiver", np.int32),
        ("amount", np.int64),
        ("sequence", np.int64),
        ("txn_hi", np.uint64),
        ("txn_lo", np.uint64),
        ("row", np.int64),
        ("sender_account", np.int32),
        ("receiver_account", np.int32),
        ("is_gone", np.int8),
    ],
    align=True,
)
"""One slot a transfer, 88 bytes, what a walk along a list reads first. Holders and accounts are
interned numbers; time in microseconds; amount in minor units; cancelled = time of the return that
cancels it (STANDS: none); row = running number of the transaction; before_* = slot of the one
before, NONE at the oldest."""

NONE = -1
STANDS = np.iinfo(np.int64).max


def empty_transfers(slots: int) -> Transfers:
    """Zeroed slots."""
    return np.zeros(slots, TRANSFER).view(np.recarray)


@inner
def precedes(transfers: Transfers, a: int, b: int) -> bool:
    """Whether a lies before b in the total order (time, sequence, transaction id)."""
    if transfers.time[a] != transfers.time[b]:
        return bool(transfers.time[a] < transfers.time[b])
    if transfers.sequence[a] != transfers.sequence[b]:
        return bool(transfers.sequence[a] < transfers.sequence[b])
    if transfers.txn_hi[a] != transfers.txn_hi[b]:
        return bool(transfers.txn_hi[a] < transfers.txn_hi[b])
    return bool(transfers.txn_lo[a] < transfers.txn_lo[b])


@lean
def link(transfers: Transfers, last_out: Int64s, last_in: Int64s, new: int) -> None:
    """Hangs a transfer into both lists. O(1) in order; a late one walks past what is later."""
    sender, receiver = transfers.sender[new], transfers.receiver[new]
    after, at = NONE, last_out[sender]
    while at != NONE and precedes(transfers, new, at):
        after, at = at, transfers.before_out[at]
    transfers.before_out[new] = at
    if after == NONE:
        last_out[sender] = new
    else:
        transfers.before_out[after] = new
    after, at = NONE, last_in[receiver]
    while at != NONE and precedes(transfers, new, at):
        after, at = at, transfers.before_in[at]
    transfers.before_in[new] = at
    if after == NONE:
        last_in[receiver] = new
    else:
        transfers.before_in[after] = new


@njit(cache=True)
def link_all(transfers: Transfers, last_out: Int64s, last_in: Int64s) -> None:
    """Hangs transfers that lie in total order into lists that are empty. O(transfers)."""
    for new in range(len(transfers)):
        link(transfers, last_out, last_in, new)


@lean
def unlink(transfers: Transfers, last_out: Int64s, last_in: Int64s, old: int) -> None:
    """Takes a transfer out of both lists."""
    sender, receiver = transfers.sender[old], transfers.receiver[old]
    after, at = NONE, last_out[sender]
    while at != old:
        after, at = at, transfers.before_out[at]
    if after == NONE:
        last_out[sender] = transfers.before_out[old]
    else:
        transfers.before_out[after] = transfers.before_out[old]
    after, at = NONE, last_in[receiver]
    while at != old:
        after, at = at, transfers.before_in[at]
    if after == NONE:
        last_in[receiver] = transfers.before_in[old]
    else:
        transfers.before_in[after] = transfers.before_in[old]
    transfers.is_gone[old] = 1


@njit(cache=True)
def moved_down(transfers: Transfers, kept: Int64s, last_out: Int64s, last_in: Int64s) -> Transfers:
    """The kept slots (ascending) at the front of a new array, with pointers to match. Lists end
    at the oldest one kept: what is let go is older than all that stay of its holder."""
    place = np.full(len(transfers) + 1, NONE, np.int64)
    for i in range(len(kept)):
        place[kept[i]] = i
    made = transfers[kept]
    for i in range(len(kept)):
        made.before_out[i] = place[made.before_out[i]]
        made.before_in[i] = place[made.before_in[i]]
    for holder in range(len(last_out)):
        last_out[holder] = place[last_out[holder]]
        last_in[holder] = place[last_in[holder]]
    return made
