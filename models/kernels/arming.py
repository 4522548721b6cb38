"""Which movements are judged: counts and sums that slide over a block, no slice looked at twice.

An arm is a count within a window, an early screen a comparison of counts and sums. Both are
necessary for a typology to fire, so what fails here needs no slice, no explanation, no variant.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from models.features import Aggregate
from models.kernels.arena import Columns, Int8s, Int64s
from models.kernels.questions import ArmTable, FeatureTable, ScreenTable, is_passed
from models.kernels.slices import HUB_MOVEMENTS, HUB_WINDOW, RETURN

SUM = int(Aggregate.SUM)
ACCOUNT_SCOPE, HOLDER_SCOPE = 0, 1
ALL_ACCOUNTS = -1
NEVER = np.iinfo(np.int64).max


class Lane(NamedTuple):
    """Movements of one scope in total order, side by side: microseconds, bits, minor units, offset
    in the block, and the place in the lane of the return that cancels it (NEVER: none does). Filled
    from the back; the used part starts where `gather` says."""

    time: Int64s
    mask: Int64s
    amount: Int64s
    offset: Int64s
    cancelled: Int64s


class Asked(NamedTuple):
    """Arms, and the early screens with the counts and sums they compare."""

    arms: ArmTable
    features: FeatureTable
    screens: ScreenTable


@njit(cache=True)
def arm_holders(
    columns: Columns, starts: Int64s, lengths: Int64s, firsts: Int64s, holders: Int64s,
    asked: Asked, offsets: Int64s, armed: Int64s, owner: Int64s,
) -> int:  # fmt: skip
    """Triggers of the holders from offset firsts[i] on whose arms hold and that no early screen
    refuses: offset, bits and index into holders; how many.

    O((movements in the longest window before the first trigger + triggers) x (arms + screens)),
    for each account that has a trigger.
    """
    longest = 1
    for h in holders:
        longest = max(longest, lengths[h])
    lane = Lane(
        np.empty(longest, np.int64),
        np.empty(longest, np.int64),
        np.empty(longest, np.int64),
        np.empty(longest, np.int64),
        np.empty(longest, np.int64),
    )
    bits, is_done = np.empty(longest, np.int64), np.empty(longest, np.int8)
    part, whole = np.empty(longest, np.int64), np.empty(longest, np.int64)
    n = 0
    for i in range(len(holders)):
        start, length, first = starts[holders[i]], lengths[holders[i]], firsts[i]
        bits[first:length], is_done[first:length] = 0, 0
        if first < length and np.any(asked.arms.scope == HOLDER_SCOPE):
            arm_scope(
                columns, start, length, first, ALL_ACCOUNTS, asked, lane, bits, is_done, part, whole
            )
            is_done[first:length] = 0
        for offset in range(first, length):
            if not is_done[offset]:
                account = columns.account[start + offset]
                arm_scope(
                    columns, start, length, offset, account, asked, lane, bits, is_done, part, whole
                )
        for offset in range(first, length):
            if bits[offset]:
                offsets[n], armed[n], owner[n] = offset, bits[offset], i
                n += 1
    return n


@njit(cache=True)
def arm_scope(
    columns: Columns, start: int, length: int, first: int, account: int, asked: Asked, lane: Lane,
    bits: Int64s, is_done: Int8s, part: Int64s, whole: Int64s,
) -> None:  # fmt: skip
    """Adds to bits[offset] the arms that hold at each of the scope's triggers from offset `first`
    on, and are not refused; account ALL_ACCOUNTS = all of the holder."""
    arms = asked.arms
    scope = HOLDER_SCOPE if account == ALL_ACCOUNTS else ACCOUNT_SCOPE
    reach = longest_arm(arms, scope)
    low, at = gather(columns, start, length, first, account, reach, lane)
    for k in range(at, len(lane.time)):
        is_done[lane.offset[k]] = 1
    held = 0
    for i in range(len(arms.has)):
        if arms.scope[i] != scope:
            continue
        slide(lane, low, at, arms.has[i], arms.lacks[i], arms.window[i], False, part)
        for k in range(at, len(lane.time)):
            if part[k] >= arms.least[i]:
                bits[lane.offset[k]] |= 1 << i
                held |= 1 << i
    further = longest_screen(asked, held)
    if further > reach:
        low, at = gather(columns, start, length, first, account, further, lane)
    if held:
        mark_cancelled(columns, start, lane, low)
    for s in range(len(asked.screens.part)):
        if held & asked.screens.arms[s]:
            held &= screen(lane, low, at, asked, s, bits, part, whole)


@njit(cache=True)
def longest_arm(arms: ArmTable, scope: int) -> int:
    """Microseconds back to which the arms of a scope look."""
    longest = 0
    for i in range(len(arms.window)):
        if arms.scope[i] == scope:
            longest = max(longest, arms.window[i])
    return longest


@njit(cache=True)
def longest_screen(asked: Asked, held: int) -> int:
    """Microseconds back to which the early screens of these arms look."""
    longest = 0
    for s in range(len(asked.screens.part)):
        if held & asked.screens.arms[s]:
            longest = max(longest, asked.features.window[asked.screens.part[s]])
            if asked.screens.whole[s] >= 0:
                longest = max(longest, asked.features.window[asked.screens.whole[s]])
    return longest


@njit(cache=True)
def gather(
    columns: Columns, start: int, length: int, first: int, account: int, reach: int, lane: Lane
) -> tuple[int, int]:
    """Where in the lane the scope's movements begin, from `reach` before offset `first` on, and
    where the one at `first` is. O(movements in between), at most 1,000 of a hub before `first`."""
    since = columns.time[start + first] - reach
    to = at = len(lane.time)
    for slot in range(start + length - 1, start - 1, -1):
        if columns.time[slot] <= since:
            break
        if account != ALL_ACCOUNTS and columns.account[slot] != account:
            continue
        # No window of up to 30 days holds more; a longer one may, once the hub has gone quiet.
        if at - to == HUB_MOVEMENTS and reach <= HUB_WINDOW:
            break
        to -= 1
        lane.time[to], lane.mask[to] = columns.time[slot], columns.mask[slot]
        lane.amount[to], lane.offset[to] = columns.amount[slot], slot - start
        lane.cancelled[to] = NEVER
        if slot >= start + first:
            at = to
    return to, at


@njit(cache=True)
def mark_cancelled(columns: Columns, start: int, lane: Lane, low: int) -> None:
    """lane.cancelled[k] = place of the first return after it that names it. O(lane x returns)."""
    for r in range(low, len(lane.time)):
        if not lane.mask[r] & RETURN:
            continue
        named = start + lane.offset[r]
        for k in range(low, r):
            slot = start + lane.offset[k]
            if (
                columns.txn_lo[slot] == columns.reversal_lo[named]
                and columns.txn_hi[slot] == columns.reversal_hi[named]
                and columns.account[slot] == columns.account[named]
            ):
                lane.cancelled[k] = min(lane.cancelled[k], r)


@njit(cache=True)
def slide(
    lane: Lane, low: int, at: int, has: int, lacks: int, window: int, is_sum: bool, values: Int64s
) -> None:
    """values[k] = count (or minor units) of the movements that carry the bits within the window
    up to lane[k], for k from `at` on; of a hub at most the last 1,000 movements count. O(lane),
    and as much again for each return."""
    value, left, since = 0, at, low
    for k in range(at, len(lane.time)):
        if lane.mask[k] & RETURN:
            for cancelled in range(left, k):
                if lane.cancelled[cancelled] == k:
                    value -= worth(lane, cancelled, k - 1, has, lacks, is_sum)
        value += worth(lane, k, k, has, lacks, is_sum)
        while lane.time[since] <= lane.time[k] - window:
            since += 1
        oldest = since
        if k - HUB_MOVEMENTS >= low and lane.time[k - HUB_MOVEMENTS] > lane.time[k] - HUB_WINDOW:
            oldest = max(since, k - HUB_MOVEMENTS + 1)
        while left > oldest:
            left -= 1
            value += worth(lane, left, k, has, lacks, is_sum)
        while left < oldest:
            value -= worth(lane, left, k, has, lacks, is_sum)
            left += 1
        values[k] = value


@njit(cache=True, inline="always")
def worth(lane: Lane, k: int, upto: int, has: int, lacks: int, is_sum: bool) -> int:
    """What one movement adds to a count or a sum as of lane[upto]; unpriced ones add nothing to a
    sum, cancelled ones nothing at all."""
    if lane.mask[k] & has != has or lane.mask[k] & lacks or lane.cancelled[k] <= upto:
        return 0
    return max(lane.amount[k], 0) if is_sum else 1


@njit(cache=True)
def screen(
    lane: Lane, low: int, at: int, asked: Asked, s: int, bits: Int64s, part: Int64s, whole: Int64s
) -> int:
    """Takes the arms of an early screen off the triggers that it refuses; the bits that are left
    on any."""
    f, g, features = asked.screens.part[s], asked.screens.whole[s], asked.features
    slide(
        lane, low, at, features.has[f], features.lacks[f] | RETURN, features.window[f],
        features.aggregate[f] == SUM, part,
    )  # fmt: skip
    if g >= 0:
        slide(
            lane, low, at, features.has[g], features.lacks[g] | RETURN, features.window[g],
            features.aggregate[g] == SUM, whole,
        )  # fmt: skip
    left = 0
    for k in range(at, len(lane.time)):
        if not is_passed(asked.screens, s, part[k], whole[k] if g >= 0 else 1):
            bits[lane.offset[k]] &= ~asked.screens.arms[s]
        left |= bits[lane.offset[k]]
    return left
