"""From armed triggers to feature values: slice, mark, aggregate."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from ingest.kernels.inner import inner, lean
from models.features import Aggregate
from models.kernels.aggregates import (
    NULL,
    Float64s,
    amount_sum,
    band_count,
    distinct,
    distinct_days,
    dwell_median,
    far_sum,
    largest_day,
    lower_median,
    passed_within,
    repeat_count,
    top_name,
)
from models.kernels.arena import Columns, Int8s, Int16s, Int64s
from models.kernels.explained import mark_explained
from models.kernels.handovers import both_ways, held, split_lumps, steady, with_near
from models.kernels.questions import (
    EVERY_ARM,
    Table,
    is_passed,
    whole_of,
)
from models.kernels.series import (
    end_amount,
    is_trigger,
    recaptured,
    rises,
    top_three_sum,
    with_counterparty,
)
from models.kernels.slices import (
    DAY,
    HUB_WINDOW,
    IN,
    LONG_DAYS,
    LONGEST_DAYS,
    NOT_MOVED,
    OUT,
    collect,
    is_in_past,
    is_in_window,
    mark_counted,
)
from models.kernels.taking import Taken, handed_on, taken
from models.mask import Mask, Test

COUNT = int(Aggregate.COUNT)
SUM = int(Aggregate.SUM)
DISTINCT_COUNTERPARTIES = int(Aggregate.DISTINCT_COUNTERPARTIES)
DISTINCT_REGIONS = int(Aggregate.DISTINCT_REGIONS)
DISTINCT_COUNTERPARTY_REGIONS = int(Aggregate.DISTINCT_COUNTERPARTY_REGIONS)
DISTINCT_PLACES = int(Aggregate.DISTINCT_PLACES)
DISTINCT_DAYS = int(Aggregate.DISTINCT_DAYS)
MEDIAN = int(Aggregate.MEDIAN)
LARGEST_DAY_SUM = int(Aggregate.LARGEST_DAY_SUM)
LARGEST_DAY_COUNT = int(Aggregate.LARGEST_DAY_COUNT)
DWELL_MEDIAN = int(Aggregate.DWELL_MEDIAN)
PASSED_WITHIN_48H = int(Aggregate.PASSED_WITHIN_48H)
TOP_PAYEE_SUM = int(Aggregate.TOP_PAYEE_SUM)
TOP_DEVICE_SUM = int(Aggregate.TOP_DEVICE_SUM)
BAND_COUNT = int(Aggregate.BAND_COUNT)
REPEAT_COUNTERPARTIES = int(Aggregate.REPEAT_COUNTERPARTIES)
FAR_SUM = int(Aggregate.FAR_SUM)
TOP_PAYEE = int(Aggregate.TOP_PAYEE)
TOP_DEVICE = int(Aggregate.TOP_DEVICE)
TOP_THREE_PAYEES_SUM = int(Aggregate.TOP_THREE_PAYEES_SUM)
IS_TRIGGER = int(Aggregate.IS_TRIGGER)
RECAPTURED_MONTHS = int(Aggregate.RECAPTURED_MONTHS)
RECAPTURED_SUM = int(Aggregate.RECAPTURED_SUM)
RECAPTURER = int(Aggregate.RECAPTURER)
FIRST_AMOUNT = int(Aggregate.FIRST_AMOUNT)
LAST_AMOUNT = int(Aggregate.LAST_AMOUNT)
RISES = int(Aggregate.RISES)
TOP_PLACE = int(Aggregate.TOP_PLACE)
BOTH_WAYS = int(Aggregate.BOTH_WAYS)
HELD_PAYERS = int(Aggregate.HELD_PAYERS)
HELD_SUM = int(Aggregate.HELD_SUM)
HELD_FEW_SUM = int(Aggregate.HELD_FEW_SUM)
STEADY_COUNTERPARTIES = int(Aggregate.STEADY_COUNTERPARTIES)
STEADY_SUM = int(Aggregate.STEADY_SUM)
SPLIT_LUMPS = int(Aggregate.SPLIT_LUMPS)
TAKER = int(Aggregate.TAKER)
TAKEN_SUM = int(Aggregate.TAKEN_SUM)
TAKEN_CREDITS = int(Aggregate.TAKEN_CREDITS)
TAKEN_DAYS = int(Aggregate.TAKEN_DAYS)
TAKEN_BY_ANY_SUM = int(Aggregate.TAKEN_BY_ANY_SUM)
TAKER_SUM = int(Aggregate.TAKER_SUM)
TAKER_DAY_SUM = int(Aggregate.TAKER_DAY_SUM)
HANDED_ON_SUM = int(Aggregate.HANDED_ON_SUM)
TOUCHED_SUM = int(Aggregate.TOUCHED_SUM)
AT_HOME = int(Mask.AT_HOME)

# Numbers of NumPy: a kernel is compiled once more for each plain constant it is given.
SCREEN_DAYS: Any = np.int64(60)
WHOLE_DAYS: Any = np.int64(LONGEST_DAYS)
"""How far back a slice goes: screens read features of short windows only."""

ALL: Any = np.int64(0)
REST: Any = np.int64(1)
PAST: Any = np.int64(2)
VARIANTS = 3
TESTS = len(Test)


ARMED_TRIGGER = np.dtype(
    [(name, np.int64) for name in ("start", "offset", "armed", "history_days", "usd", "threshold")]
)
"""One row an armed trigger: block start and offset, armed bits, days of history, one US dollar and
the reporting threshold in minor units (-1 = none known)."""

Triggers = Any
"""A record array of ARMED_TRIGGER."""


class Standing(NamedTuple):
    """One row a trigger that passed its screens, up to the count that `evaluate` gives: its number,
    the armed bits that are left, and one column a feature for variant ALL (NULL = not testable;
    interned names for the aggregates whose value is one)."""

    trigger: Int64s
    bits: Int64s
    values: npt.NDArray[np.int64]


class Results(NamedTuple):
    """Rows are triggers x VARIANTS. values: one column a feature, as in Standing. tests: bits of
    the tests that explain anything in 60 days, by scope. moved, explained: value in 30 days by
    scope, and by scope and test."""

    values: npt.NDArray[np.int64]
    tests: npt.NDArray[np.int64]
    explained: npt.NDArray[np.int64]
    moved: npt.NDArray[np.int64]
    capped: Int8s


class Scratch(NamedTuple):
    """Room for the longest slice: slots and bits of a slice, slots of a selection and of a longer
    one, what counts and what is explained of the slice, two to sort with; and two numbers an
    interned name that are never cleared, since an entry counts only under the stamp it was written
    with."""

    picked: Int64s
    masks: Int64s
    chosen: Int64s
    longer: Int64s
    counted: Int8s
    explained: Int16s
    order: Int64s
    keys: Int64s
    seen: Int64s
    sums: Int64s


@njit(cache=True)
def scratch(longest: int, seen: Int64s, sums: Int64s) -> Scratch:
    """`longest` = movements of the longest block."""
    return Scratch(
        np.empty(longest, np.int64),
        np.empty(longest, np.int64),
        np.empty(longest, np.int64),
        np.empty(longest, np.int64),
        np.empty(longest, np.int8),
        np.zeros(longest, np.int16),
        np.empty(longest, np.int64),
        np.empty(longest, np.int64),
        seen,
        sums,
    )


@njit(cache=True)
def evaluate(
    columns: Columns, triggers: Triggers, arms: Table, features: Table,
    screens: Table, latitude: Float64s, longitude: Float64s, seen: Int64s, sums: Int64s,
    stamp: int, longest: int, standing: Standing,
) -> tuple[int, int]:  # fmt: skip
    """Variant ALL of every trigger on which a typology can still fire: screen by screen over the
    short windows, a feature only when a screen that still matters reads it; then what is left.

    How many stand, and the last stamp used. O(triggers x movements in 62 days), and for those
    standing x (features + log) in 202 days.
    """
    room = scratch(longest, seen, sums)
    is_known = np.empty(len(features.aggregate), np.int8)
    count = 0
    for t in range(len(triggers.offset)):
        left = 0
        values = standing.values[count]
        values[:] = NULL
        for scope in range(2):
            bits = triggers.armed[t] & scope_bits(arms, scope)
            if not bits:
                continue
            n, _ = look_back(columns, triggers, t, scope, SCREEN_DAYS, room)
            is_known[:] = 0
            for s in range(len(screens.part)):
                if not bits & screens.arms[s]:
                    continue
                for f in (screens.part[s], screens.whole[s]):
                    if f >= 0 and not is_known[f]:
                        is_known[f] = 1
                        stamp += 1
                        values[f] = feature_value(
                            columns, n, triggers, features, t, f, ALL, latitude, longitude, room,
                            stamp,
                        )  # fmt: skip
                other = values[screens.whole[s]] if screens.whole[s] >= 0 else NULL
                other = whole_of(screens, s, other, triggers.usd[t], triggers.threshold[t])
                if not is_passed(screens, s, values[screens.part[s]], other):
                    bits &= ~screens.arms[s]
            if not bits:
                continue
            left |= bits
            n, _ = look_back(columns, triggers, t, scope, WHOLE_DAYS, room)
            for f in range(len(features.aggregate)):
                if is_known[f] or features.scope[f] != scope or not features.arms[f] & bits:
                    continue
                stamp += 1
                values[f] = feature_value(
                    columns, n, triggers, features, t, f, ALL, latitude, longitude, room, stamp
                )
        if left:
            standing.trigger[count], standing.bits[count] = t, left
            count += 1
    return count, stamp


@njit(cache=True)
def compare(
    columns: Columns, triggers: Triggers, arms: Table, features: Table,
    latitude: Float64s, longitude: Float64s, seen: Int64s, sums: Int64s, stamp: int, longest: int,
    results: Results,
) -> int:  # fmt: skip
    """Fills in, for triggers whose `armed` bits stand and whose rows of variant ALL are filled,
    what the tests explain, and the other variants. Gives the last stamp used.

    O(triggers x (features + log) x movements in 202 days).
    """
    room = scratch(longest, seen, sums)
    for t in range(len(triggers.offset)):
        for scope in range(2):
            bits = triggers.armed[t] & scope_bits(arms, scope)
            if not bits:
                continue
            n, is_capped = look_back(columns, triggers, t, scope, WHOLE_DAYS, room)
            mark_explained(
                columns, room.picked, room.counted, n, triggers.history_days[t], triggers.usd[t],
                room.explained, room.order, room.keys,
            )  # fmt: skip
            sum_explained(
                columns, room.picked, room.counted, room.explained, n, t, scope, is_capped, results
            )
            for f in range(len(features.aggregate)):
                if features.scope[f] != scope or not features.arms[f] & bits:
                    continue
                for variant in (REST, PAST):
                    stamp += 1
                    results.values[t * VARIANTS + variant, f] = feature_value(
                        columns, n, triggers, features, t, f, variant, latitude, longitude, room,
                        stamp,
                    )  # fmt: skip
    return stamp


@lean
def look_back(
    columns: Columns, triggers: Triggers, t: int, scope: int, days: int, room: Scratch
) -> tuple[int, bool]:
    """The slice of trigger t over so many days, picked, and what of it counts; how many movements,
    and whether the hub cap cut them."""
    at = triggers.start[t] + triggers.offset[t]
    account = columns.account[at] if scope == 0 else -1
    n, is_capped = collect(
        columns, triggers.start[t], triggers.offset[t], account, days, room.picked, room.masks
    )
    mark_counted(columns, room.picked, room.masks, n, room.counted)
    return n, is_capped


@lean
def scope_bits(arms: Table, scope: int) -> int:
    """Bits of the arms of a scope; the bit of a profile that evaluates everything has both."""
    bits = EVERY_ARM
    for i in range(len(arms.scope)):
        if arms.scope[i] == scope:
            bits |= 1 << i
    return bits


@njit(cache=True)
def sum_explained(
    columns: Columns, picked: Int64s, counted: Int8s, explained: Int16s, n: int, t: int,
    scope: int, is_capped: bool, results: Results,
) -> None:  # fmt: skip
    """Value moved in 30 days, how much of it each test explains, and which tests explain
    anything in 60, for the trigger's rows."""
    at = picked[0]
    moved, tests = 0, 0
    sums = np.zeros(TESTS, np.int64)
    for i in range(n):
        slot = picked[i]
        amount = columns.amount[slot]
        if counted[i] and is_in_window(columns, slot, at, SCREEN_DAYS * DAY):
            tests |= explained[i]
        if not counted[i] or amount < 0 or columns.mask[slot] & NOT_MOVED:
            continue
        if not is_in_window(columns, slot, at, HUB_WINDOW):
            continue
        moved += amount
        for test in range(TESTS):
            if explained[i] & (1 << test):
                sums[test] += amount
    for variant in range(VARIANTS):
        row = t * VARIANTS + variant
        results.tests[row, scope] = tests
        results.moved[row, scope] = moved
        results.explained[row, scope, :] = sums
        if is_capped:
            results.capped[row] = 1


@lean
def select(
    columns: Columns, picked: Int64s, masks: Int64s, counted: Int8s, explained: Int16s, n: int,
    window: int, has: int, lacks: int, tests: int, variant: int, chosen: Int64s,
) -> int:  # fmt: skip
    """Slots of the slice that carry the bits, oldest first, into `chosen`; how many. Variant REST
    leaves out what one of `tests` explains."""
    at = picked[0]
    m = 0
    for i in range(oldest_in(columns, picked, n, window, variant), -1, -1):
        if masks[i] & has != has or masks[i] & lacks or not counted[i]:
            continue
        if variant == REST and explained[i] & tests:
            continue
        slot = picked[i]
        is_inside = (
            is_in_past(columns, slot, at, window)
            if variant == PAST
            else is_in_window(columns, slot, at, window)
        )
        if is_inside:
            chosen[m] = slot
            m += 1
    return m


@lean
def oldest_in(columns: Columns, picked: Int64s, n: int, window: int, variant: int) -> int:
    """Index of the oldest picked movement that can lie in a window. O(log n)."""
    reach = (2 * window if variant == PAST else window) + 2 * DAY
    since = columns.time[picked[0]] - reach
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        if columns.time[picked[middle]] > since:
            low = middle + 1
        else:
            high = middle
    return low - 1


@lean
def feature_value(
    columns: Columns, n: int, triggers: Triggers, features: Table, t: int, f: int,
    variant: int, latitude: Float64s, longitude: Float64s, room: Scratch, stamp: int,
) -> int:  # fmt: skip
    """The value of feature f at trigger t, whose slice of n movements is picked; NULL where not
    testable."""
    picked, masks, chosen, longer, counted, explained, _, _, seen, sums = room
    window, kind = features.window[f], features.aggregate[f]
    history = triggers.history_days[t]
    if history < features.least_history[f]:
        return NULL
    if variant == PAST and (history * DAY < 2 * window or kind == REPEAT_COUNTERPARTIES):
        return NULL
    has = features.has[f]
    if features.same_direction[f]:
        has |= columns.mask[picked[0]] & (IN | OUT)
    m = select(
        columns, picked, masks, counted, explained, n, window, has, features.lacks[f],
        features.tests[f], variant, chosen,
    )  # fmt: skip
    if features.same_counterparty[f]:
        m = with_counterparty(columns, columns.counterparty[picked[0]], chosen, m)
    if features.near_has[f]:
        k = select(
            columns, picked, masks, counted, explained, n, window, features.near_has[f],
            features.near_lacks[f], features.tests[f], variant, longer,
        )  # fmt: skip
        m = with_near(
            columns, chosen, m, longer, k, features.near_within[f], features.near_region[f] != 0,
            features.near_before[f] != 0, features.near_after[f] != 0,
        )  # fmt: skip
    if kind == COUNT:
        return m
    if kind == SUM:
        return amount_sum(columns, chosen, m)
    if kind == DISTINCT_COUNTERPARTIES:
        return distinct(columns.counterparty, chosen, m, seen, stamp)
    if kind == DISTINCT_REGIONS:
        return distinct(columns.region, chosen, m, seen, stamp)
    if kind == DISTINCT_COUNTERPARTY_REGIONS:
        return distinct(columns.counterparty_region, chosen, m, seen, stamp)
    if kind == DISTINCT_PLACES:
        return distinct(columns.place, chosen, m, seen, stamp)
    if kind == DISTINCT_DAYS:
        return distinct_days(columns, chosen, m)
    if kind == MEDIAN:
        return lower_median(columns, chosen, m)
    if kind in (LARGEST_DAY_SUM, LARGEST_DAY_COUNT):
        return largest_day(columns, chosen, m, kind == LARGEST_DAY_SUM)
    if kind == DWELL_MEDIAN:
        return dwell_median(columns, chosen, m)
    if kind == PASSED_WITHIN_48H:
        return passed_within(columns, chosen, m)
    if kind == TOP_PAYEE_SUM:
        return top_name(columns, columns.counterparty, chosen, m, seen, sums, stamp)[0]
    if kind == TOP_DEVICE_SUM:
        return top_name(columns, columns.device_id, chosen, m, seen, sums, stamp)[0]
    if kind == TOP_PAYEE:
        return top_name(columns, columns.counterparty, chosen, m, seen, sums, stamp)[1]
    if kind == TOP_DEVICE:
        return top_name(columns, columns.device_id, chosen, m, seen, sums, stamp)[1]
    if kind == TOP_PLACE:
        return top_name(columns, columns.place, chosen, m, seen, sums, stamp)[1]
    if kind == BOTH_WAYS:
        return both_ways(columns, chosen, m, seen, sums, stamp)
    if kind in (HELD_PAYERS, HELD_SUM, HELD_FEW_SUM):
        usd = triggers.usd[t]
        if usd < 0:
            return NULL
        payers, total, few = held(
            columns, chosen, m, features.low_usd[f] * usd, features.high_usd[f] * usd
        )
        return payers if kind == HELD_PAYERS else total if kind == HELD_SUM else few
    if kind in (STEADY_COUNTERPARTIES, STEADY_SUM):
        parties, total = steady(columns, chosen, m)
        return parties if kind == STEADY_COUNTERPARTIES else total
    if kind == SPLIT_LUMPS:
        return split_lumps(columns, chosen, m)
    if kind in (HANDED_ON_SUM, TOUCHED_SUM):
        whole, touched = handed_on(columns, chosen, m)
        return whole if kind == HANDED_ON_SUM else touched
    if TAKER <= kind <= TAKER_DAY_SUM:
        return taken_value(taken(columns, chosen, m, seen, sums, stamp), kind)
    if kind == TOP_THREE_PAYEES_SUM:
        return top_three_sum(columns, columns.counterparty, chosen, m, seen, sums, stamp)
    if kind in (FIRST_AMOUNT, LAST_AMOUNT):
        return end_amount(columns, chosen, m, kind == LAST_AMOUNT)
    if kind == RISES:
        return rises(columns, chosen, m)
    if kind == IS_TRIGGER:
        return is_trigger(picked[0], chosen, m)
    if kind in (RECAPTURED_MONTHS, RECAPTURED_SUM, RECAPTURER):
        months, total, who = recaptured(columns, chosen, m)
        return months if kind == RECAPTURED_MONTHS else total if kind == RECAPTURED_SUM else who
    if kind == BAND_COUNT:
        usd = triggers.usd[t]
        if usd < 0:
            return NULL
        return band_count(columns, chosen, m, features.low_usd[f] * usd, features.high_usd[f] * usd)
    if kind == REPEAT_COUNTERPARTIES:
        k = select(
            columns, picked, masks, counted, explained, n, LONG_DAYS * DAY, has, features.lacks[f],
            features.tests[f], variant, longer,
        )  # fmt: skip
        return repeat_count(columns, chosen, m, longer, k, seen, sums, stamp)
    return far_sum(columns, chosen, m, latitude, longitude, AT_HOME, seen, sums, stamp)


@inner
def taken_value(found: Taken, kind: int) -> int:
    """What an aggregate over what was taken asks for."""
    if kind == TAKER:
        return found.who
    if kind == TAKEN_SUM:
        return found.total
    if kind == TAKEN_CREDITS:
        return found.credits
    if kind == TAKEN_DAYS:
        return found.days
    if kind == TAKEN_BY_ANY_SUM:
        return found.by_any
    return found.paid if kind == TAKER_SUM else found.largest_day
