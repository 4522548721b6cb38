"""Which triggers a changed transfer can change: a superset, so that all others stay as judged."""

import numpy as np

from ingest.kernels.inner import inner, lean, making
from models.kernels.shapes import LONGEST_CYCLE, Limits, Room
from models.kernels.transfers import NONE, Int8s, Transfers, precedes

MOST_WALKED = 50_000
"""Beyond it, everything later within the longest window is judged anew."""


@lean
def mark_touched(room: Room, limits: Limits, changed: int, first: int, marked: Int8s) -> None:
    """Marks every trigger at or after a transfer that is in the lists, and not before the time
    `first` (a return changes nothing before itself), whose search may look at it, or at a list
    that it makes longer."""
    t = room.transfers
    reach = t.time[changed] + limits.longest
    since = t.time[changed] - limits.longest
    sender, receiver = t.sender[changed], t.receiver[changed]
    marked[changed] = t.time[changed] >= first
    work = 0
    work = _mark_outs(room, sender, changed, first, reach, marked, work)
    work = _mark_outs(room, receiver, changed, first, reach, marked, work)
    work = _mark_ins(room, sender, changed, first, reach, marked, work)
    work = _mark_ins(room, receiver, changed, first, reach, marked, work)
    at = room.last_out[sender]
    while at != NONE and t.time[at] > since and work < MOST_WALKED:
        work = _mark_outs(room, t.receiver[at], changed, first, reach, marked, work + 1)
        work = _mark_ins(room, t.receiver[at], changed, first, reach, marked, work)
        at = t.before_out[at]
    at = room.last_in[receiver]
    while at != NONE and t.time[at] > since and work < MOST_WALKED:
        work = _mark_outs(room, t.sender[at], changed, first, reach, marked, work + 1)
        at = t.before_in[at]
    work = _mark_closings(room, limits, changed, first, since, reach, marked, work)
    if work >= MOST_WALKED:
        for i in range(len(marked)):
            if is_later(t, i, changed, first) and t.time[i] < reach and not t.is_gone[i]:
                marked[i] = 1


@inner
def is_later(t: Transfers, at: int, changed: int, first: int) -> bool:
    """Whether there is a transfer here, at or after the changed one and the time."""
    return at != NONE and t.time[at] >= first and not precedes(t, at, changed)


@inner
def _mark_outs(
    room: Room, holder: int, changed: int, first: int, reach: int, marked: Int8s, work: int
) -> int:
    t, at = room.transfers, room.last_out[holder]
    while is_later(t, at, changed, first) and work < MOST_WALKED:
        if t.time[at] < reach:
            marked[at] = 1
        work += 1
        at = t.before_out[at]
    return work


@inner
def _mark_ins(
    room: Room, holder: int, changed: int, first: int, reach: int, marked: Int8s, work: int
) -> int:
    t, at = room.transfers, room.last_in[holder]
    while is_later(t, at, changed, first) and work < MOST_WALKED:
        if t.time[at] < reach:
            marked[at] = 1
        work += 1
        at = t.before_in[at]
    return work


@making
def _mark_closings(
    room: Room, limits: Limits, changed: int, first: int, since: int, reach: int, marked: Int8s,
    work: int,
) -> int:  # fmt: skip
    """The transfers that end a chain of conserving hops from the changed one's receiver."""
    t = room.transfers
    hops = np.empty(LONGEST_CYCLE, np.int64)
    cursor = np.empty(LONGEST_CYCLE, np.int64)
    low, high = limits.least_percent[0], limits.most_percent[0]
    depth = 0
    cursor[0] = room.last_out[t.receiver[changed]]
    while depth >= 0 and work < MOST_WALKED:
        at = cursor[depth]
        if at == NONE or t.time[at] <= since:
            depth -= 1
            continue
        cursor[depth] = t.before_out[at]
        work += 1
        if t.time[at] >= reach:
            continue
        if depth > 0:
            came = hops[depth - 1]
            if precedes(t, at, came):
                depth -= 1
                continue
            is_kept = (
                100 * t.amount[at] >= low * t.amount[came]
                and 100 * t.amount[at] <= high * t.amount[came]
            )
            if not is_kept:
                continue
        if is_later(t, at, changed, first):
            marked[at] = 1
        if depth + 1 < LONGEST_CYCLE:
            hops[depth] = at
            depth += 1
            cursor[depth] = room.last_out[t.receiver[at]]
    return work
