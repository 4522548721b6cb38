"""Which triggers a changed transfer can change: a superset, so that all others stay as judged."""

import numpy as np

from ingest.kernels.inner import inner, lean, making
from models.kernels.shapes import LONGEST_CYCLE, Limits, Room
from models.kernels.transfers import NONE, Int8s, precedes

MOST_WALKED = 50_000
"""Beyond it, everything later within the longest window is judged anew."""


@lean
def mark_touched(room: Room, limits: Limits, changed: int, marked: Int8s) -> None:
    """Marks every trigger at or after a transfer that is in the lists whose search may look at
    it, or at a list that it makes longer."""
    t = room.transfers
    reach = t.time[changed] + limits.longest
    since = t.time[changed] - limits.longest
    sender, receiver = t.sender[changed], t.receiver[changed]
    marked[changed] = 1
    work = 0
    work = _mark_outs(room, sender, changed, reach, marked, work)
    work = _mark_outs(room, receiver, changed, reach, marked, work)
    work = _mark_ins(room, sender, changed, reach, marked, work)
    work = _mark_ins(room, receiver, changed, reach, marked, work)
    at = room.last_out[sender]
    while at != NONE and t.time[at] > since and work < MOST_WALKED:
        work = _mark_outs(room, t.receiver[at], changed, reach, marked, work + 1)
        work = _mark_ins(room, t.receiver[at], changed, reach, marked, work)
        at = t.before_out[at]
    at = room.last_in[receiver]
    while at != NONE and t.time[at] > since and work < MOST_WALKED:
        work = _mark_outs(room, t.sender[at], changed, reach, marked, work + 1)
        at = t.before_in[at]
    work = _mark_closings(room, limits, changed, since, reach, marked, work)
    if work >= MOST_WALKED:
        for i in range(len(marked)):
            is_later = t.time[i] < reach and not precedes(t, i, changed)
            if is_later and not t.is_gone[i]:
                marked[i] = 1


@inner
def _mark_outs(room: Room, holder: int, changed: int, reach: int, marked: Int8s, work: int) -> int:
    t, at = room.transfers, room.last_out[holder]
    while at != NONE and not precedes(t, at, changed) and work < MOST_WALKED:
        if t.time[at] < reach:
            marked[at] = 1
        work += 1
        at = t.before_out[at]
    return work


@inner
def _mark_ins(room: Room, holder: int, changed: int, reach: int, marked: Int8s, work: int) -> int:
    t, at = room.transfers, room.last_in[holder]
    while at != NONE and not precedes(t, at, changed) and work < MOST_WALKED:
        if t.time[at] < reach:
            marked[at] = 1
        work += 1
        at = t.before_in[at]
    return work


@making
def _mark_closings(
    room: Room, limits: Limits, changed: int, since: int, reach: int, marked: Int8s, work: int
) -> int:
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
        if not precedes(t, at, changed):
            marked[at] = 1
        if depth + 1 < LONGEST_CYCLE:
            hops[depth] = at
            depth += 1
            cursor[depth] = room.last_out[t.receiver[at]]
    return work
