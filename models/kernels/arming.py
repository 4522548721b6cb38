"""Which movements are judged: tallies that slide over a block, no slice looked at twice.

An arm is a count within a window, an early screen a comparison of counts and sums. Both are
necessary for a typology to fire, so what fails here needs no slice, no explanation, no variant.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from ingest.kernels.inner import lean
from models.features import Aggregate
from models.kernels.arena import Columns, Int8s, Int64s
from models.kernels.questions import Table, is_passed, whole_of
from models.kernels.slices import HUB_MOVEMENTS, HUB_WINDOW, RETURN

COUNT = int(Aggregate.COUNT)
SUM = int(Aggregate.SUM)
DISTINCT_COUNTERPARTIES = int(Aggregate.DISTINCT_COUNTERPARTIES)
DISTINCT_REGIONS = int(Aggregate.DISTINCT_REGIONS)
DISTINCT_COUNTERPARTY_REGIONS = int(Aggregate.DISTINCT_COUNTERPARTY_REGIONS)
ACCOUNT_SCOPE, HOLDER_SCOPE = 0, 1
ALL_ACCOUNTS: Any = np.int32(-1)
"""Of the accounts' type: for a plain constant the kernel would be compiled once more."""
NEVER = np.iinfo(np.int64).max


class Lane(NamedTuple):
    """Movements of one scope in total order, side by side: microseconds, bits, minor units, offset
    in the block, and the place in the lane of the return that cancels it (NEVER: none does); what
    each is worth to the tally that slides. Filled from the back; the used part starts where
    `gather` says."""

    time: Int64s
    mask: Int64s
    amount: Int64s
    offset: Int64s
    cancelled: Int64s
    worth: Int64s


class Asked(NamedTuple):
    """Arms, and the early screens with the counts and sums they compare."""

    arms: Table
    features: Table
    screens: Table


PRICE = np.dtype([("usd", np.int64), ("threshold", np.int64)])
"""One US dollar and the reporting threshold in minor units (-1 = none known)."""


class Prices(NamedTuple):
    """One row of PRICE a local day from `first_day` on."""

    first_day: int
    on: Any


class Tallied(NamedTuple):
    """One number a place of the lane: of the arm that is counted; of each early feature, where it
    is known already."""

    arm: Int64s
    feature: npt.NDArray[np.int64]
    is_known: Int8s


@njit(cache=True)
def arm_holders(
    columns: Columns, starts: Int64s, lengths: Int64s, firsts: Int64s, holders: Int64s,
    asked: Asked, prices: Prices, met: Int64s, offsets: Int64s, armed: Int64s, owner: Int64s,
) -> int:  # fmt: skip
    """Triggers of the holders from offset firsts[i] on whose arms hold and that no early screen
    refuses: offset, bits and index into holders; how many. `prices` hold every day of a trigger;
    `met` is scratch by interned name, all zero.

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
        np.empty(longest, np.int64),
    )
    bits, is_done = np.empty(longest, np.int64), np.empty(longest, np.int8)
    tallied = Tallied(
        np.empty(longest, np.int64),
        np.empty((len(asked.features.aggregate), longest), np.int64),
        np.empty(len(asked.features.aggregate), np.int8),
    )
    n = 0
    for i in range(len(holders)):
        start, length, first = starts[holders[i]], lengths[holders[i]], firsts[i]
        bits[first:length], is_done[first:length] = 0, 0
        if first < length and np.any(asked.arms.scope == HOLDER_SCOPE):
            arm_scope(
                columns, start, length, first, ALL_ACCOUNTS, asked, prices, lane, bits, is_done,
                tallied, met,
            )  # fmt: skip
            is_done[first:length] = 0
        for offset in range(first, length):
            if not is_done[offset]:
                account = columns.account[start + offset]
                arm_scope(
                    columns, start, length, offset, account, asked, prices, lane, bits, is_done,
                    tallied, met,
                )  # fmt: skip
        for offset in range(first, length):
            if bits[offset]:
                offsets[n], armed[n], owner[n] = offset, bits[offset], i
                n += 1
    return n


@njit(cache=True)
def arm_scope(
    columns: Columns, start: int, length: int, first: int, account: int, asked: Asked,
    prices: Prices, lane: Lane, bits: Int64s, is_done: Int8s, tallied: Tallied, met: Int64s,
) -> None:  # fmt: skip
    """Adds to bits[offset] the arms that hold at each of the scope's triggers from offset `first`
    on, and are not refused; account ALL_ACCOUNTS = all of the holder."""
    arms = asked.arms
    scope = HOLDER_SCOPE if account == ALL_ACCOUNTS else ACCOUNT_SCOPE
    reach = longest_arm(arms, scope)
    low, at = gather(columns, start, length, first, account, reach, lane)
    seen = 0
    for k in range(low, len(lane.time)):
        seen |= lane.mask[k]
    for k in range(at, len(lane.time)):
        is_done[lane.offset[k]] = 1
    held = 0
    for i in range(len(arms.has)):
        if arms.scope[i] != scope or arms.has[i] & ~seen:
            continue
        arm = Tally(COUNT, arms.has[i], arms.lacks[i], arms.window[i])
        since = window_start(lane, low, at, arm)
        weigh(columns, start, lane, since, arm)
        # Most accounts never held so many, whatever the window.
        if lane.worth[since:].sum() < arms.least[i]:
            continue
        slide_sum(lane, since, at, arm.window, tallied.arm)
        for k in range(at, len(lane.time)):
            if tallied.arm[k] >= arms.least[i]:
                bits[lane.offset[k]] |= 1 << i
                held |= 1 << i
    further = longest_screen(asked, held)
    if further > reach:
        low, at = gather(columns, start, length, first, account, further, lane)
    if held:
        mark_cancelled(columns, start, lane, low)
        tallied.is_known[:] = 0
    for s in range(len(asked.screens.part)):
        if held & asked.screens.arms[s]:
            held &= screen(columns, start, lane, low, at, asked, prices, s, bits, tallied, met)


@lean
def longest_arm(arms: Table, scope: int) -> int:
    """Microseconds back to which the arms of a scope look."""
    longest = 0
    for i in range(len(arms.window)):
        if arms.scope[i] == scope:
            longest = max(longest, arms.window[i])
    return longest


@lean
def longest_screen(asked: Asked, held: int) -> int:
    """Microseconds back to which the early screens of these arms look."""
    longest = 0
    for s in range(len(asked.screens.part)):
        if held & asked.screens.arms[s]:
            longest = max(longest, asked.features.window[asked.screens.part[s]])
            if asked.screens.whole[s] >= 0:
                longest = max(longest, asked.features.window[asked.screens.whole[s]])
    return longest


@lean
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


@lean
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


class Tally(NamedTuple):
    """What is counted within a window: movements that carry all bits of `has` and none of `lacks`;
    `aggregate` COUNT, SUM or one of the distinct ones."""

    aggregate: int
    has: int
    lacks: int
    window: int


@lean
def slide(
    columns: Columns, start: int, lane: Lane, low: int, at: int, tally: Tally, met: Int64s,
    values: Int64s,
) -> None:  # fmt: skip
    """values[k] = what the tally comes to over the window up to lane[k], for k from `at` on; of a
    hub at most the last 1,000 movements count. `met` is scratch by interned name, all zero before
    and after. O(lane within the window), and as much again for each return."""
    since = window_start(lane, low, at, tally)
    weigh(columns, start, lane, since, tally)
    if tally.aggregate in (COUNT, SUM):
        slide_sum(lane, since, at, tally.window, values)
    else:
        slide_distinct(lane, since, at, tally.window, met, values)


@lean
def window_start(lane: Lane, low: int, at: int, tally: Tally) -> int:
    """The first place, from `low` on, of the window up to lane[at]."""
    since = lane.time[at] - tally.window
    return low + np.searchsorted(lane.time[low:at], since, side="right")


@lean
def weigh(columns: Columns, start: int, lane: Lane, low: int, tally: Tally) -> None:
    """lane.worth = what each movement adds to a count or a sum, or the name it adds. O(lane)."""
    aggregate, has, lacks, _ = tally
    mask, amount, worth = lane.mask, lane.amount, lane.worth
    if aggregate == COUNT:
        for k in range(low, len(mask)):
            worth[k] = mask[k] & has == has and mask[k] & lacks == 0
    elif aggregate == SUM:
        for k in range(low, len(mask)):
            is_meant = mask[k] & has == has and mask[k] & lacks == 0
            worth[k] = max(amount[k], 0) if is_meant else 0
    else:
        for k in range(low, len(mask)):
            is_meant = mask[k] & has == has and mask[k] & lacks == 0
            worth[k] = name_of(columns, start + lane.offset[k], aggregate) if is_meant else -1


@lean
def name_of(columns: Columns, slot: int, aggregate: int) -> int:
    """The interned name that a distinct tally looks at; negative = none."""
    if aggregate == DISTINCT_COUNTERPARTIES:
        return columns.counterparty[slot]
    if aggregate == DISTINCT_COUNTERPARTY_REGIONS:
        return columns.counterparty_region[slot]
    if aggregate == DISTINCT_REGIONS:
        return columns.region[slot]
    return columns.place[slot]


@lean
def slide_sum(lane: Lane, low: int, at: int, window: int, values: Int64s) -> None:
    """Sums of lane.worth; what a return cancels goes with it."""
    time, worth, cancelled = lane.time, lane.worth, lane.cancelled
    value, left, since = 0, at, low
    for k in range(at, len(time)):
        if lane.mask[k] & RETURN:
            for i in range(left, k):
                if cancelled[i] == k:
                    value -= worth[i]
        if cancelled[k] > k:
            value += worth[k]
        while time[since] <= time[k] - window:
            since += 1
        oldest = oldest_counted(time, low, since, k)
        while left > oldest:
            left -= 1
            if cancelled[left] > k:
                value += worth[left]
        while left < oldest:
            if cancelled[left] > k:
                value -= worth[left]
            left += 1
        values[k] = value


@lean
def slide_distinct(lane: Lane, low: int, at: int, window: int, met: Int64s, values: Int64s) -> None:
    """Different names among lane.worth (negative = none), by how often the window holds each."""
    time, name, cancelled = lane.time, lane.worth, lane.cancelled
    value, left, since = 0, at, low
    for k in range(at, len(time)):
        if lane.mask[k] & RETURN:
            for i in range(left, k):
                if cancelled[i] == k and name[i] >= 0:
                    met[name[i]] -= 1
                    value -= met[name[i]] == 0
        if name[k] >= 0:
            value += met[name[k]] == 0
            met[name[k]] += 1
        while time[since] <= time[k] - window:
            since += 1
        oldest = oldest_counted(time, low, since, k)
        while left > oldest:
            left -= 1
            if name[left] >= 0 and cancelled[left] > k:
                value += met[name[left]] == 0
                met[name[left]] += 1
        while left < oldest:
            if name[left] >= 0 and cancelled[left] > k:
                met[name[left]] -= 1
                value -= met[name[left]] == 0
            left += 1
        values[k] = value
    for i in range(left, len(time)):
        if name[i] >= 0:
            met[name[i]] = 0


@njit(cache=True, inline="always")
def oldest_counted(time: Int64s, low: int, since: int, k: int) -> int:
    """The first place of a window up to k that begins at `since`; of a hub a later one."""
    if k - HUB_MOVEMENTS >= low and time[k - HUB_MOVEMENTS] > time[k] - HUB_WINDOW:
        return max(since, k - HUB_MOVEMENTS + 1)
    return since


@lean
def screen(
    columns: Columns, start: int, lane: Lane, low: int, at: int, asked: Asked, prices: Prices,
    s: int, bits: Int64s, tallied: Tallied, met: Int64s,
) -> int:  # fmt: skip
    """Takes the arms of an early screen off the triggers that it refuses; the bits that are left
    on any."""
    f, g = asked.screens.part[s], asked.screens.whole[s]
    for each in (f, g):
        if each >= 0 and not tallied.is_known[each]:
            tallied.is_known[each] = 1
            tally = tally_of(asked.features, each)
            slide(columns, start, lane, low, at, tally, met, tallied.feature[each])
    part, whole = tallied.feature[f], tallied.feature[max(g, 0)]
    left = 0
    for k in range(at, len(lane.time)):
        if bits[lane.offset[k]] & asked.screens.arms[s]:
            day = columns.day[start + lane.offset[k]] - prices.first_day
            other = whole_of(
                asked.screens, s, whole[k], prices.on.usd[day], prices.on.threshold[day]
            )
            if not is_passed(asked.screens, s, part[k], other):
                bits[lane.offset[k]] &= ~asked.screens.arms[s]
        left |= bits[lane.offset[k]]
    return left


@lean
def tally_of(features: Table, f: int) -> Tally:
    """A feature as a tally; returns move no money."""
    return Tally(
        features.aggregate[f], features.has[f], features.lacks[f] | RETURN, features.window[f]
    )
