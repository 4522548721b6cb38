"""Which movements of a slice everyday life explains: the tests that speak for the person."""

import numpy as np

from ingest.kernels.inner import inner, making
from models.kernels.arena import Columns, Int8s, Int16s, Int64s
from models.kernels.circles import mark_circles
from models.kernels.gifts import mark_gifts
from models.kernels.selling import mark_sales
from models.kernels.slices import (
    HUB_WINDOW,
    IN,
    LONG_DAYS,
    LONGEST_DAYS,
    NOT_MOVED,
    OUT,
    is_in_window,
)
from models.kernels.sorting import places_by
from models.mask import Mask, Test

MONTH_KEYS = 1 << 16
TRANSFER = int(Mask.TRANSFER)
RELATED = int(Mask.DECLARED_RELATED)
LICENSED = int(Mask.LICENSED)
SHELTER = int(Mask.SHELTER)
SCHOOL = int(Mask.SCHOOL)
HOLDER_MERCHANT = int(Mask.HOLDER_MERCHANT)
PAYROLL_TEST = int(Test.PAYROLL)
REMIT_TEST = int(Test.REMIT)
FAMILY_TEST = int(Test.FAMILY)
LICENSED_TEST = int(Test.LICENSED)
SHELTER_TEST = int(Test.SHELTER)
SCHOOL_TEST = int(Test.SCHOOL)
MERCH_TEST = int(Test.MERCH)
STEADY_MONTHS = 6
STEADY_HISTORY = 180
MONTHS_LEAST = 3
VARIATION_LARGEST = 0.35
THIRD_FORTNIGHT = 1
"""Who pays every fortnight pays thirteen times in half a year: in one month three times."""

REMIT_LARGEST_USD = 500
PAIR_DAYS = 180
TEST_HISTORY = 60


@making
def mark_explained(
    columns: Columns, picked: Int64s, counted: Int8s, n: int, history_days: int, usd: int,
    explained: Int16s, order: Int64s, keys: Int64s,
) -> None:  # fmt: skip
    """explained[i] = bits of the tests that explain picked[i]. picked[0] is the trigger.
    `order` and `keys` are scratch. O(n log n), and of equal amounts the square."""
    at = picked[0]
    spent_locally = is_spent_locally(columns, picked, counted, n, at)
    is_steady = history_days >= STEADY_HISTORY and is_taking_steadily(columns, picked, counted, n)
    for i in range(n):
        mask = columns.mask[picked[i]]
        explained[i] = LICENSED_TEST if mask & LICENSED else 0
        if mask & SHELTER:
            explained[i] |= SHELTER_TEST
        if mask & SCHOOL:
            explained[i] |= SCHOOL_TEST
        if is_steady and mask & IN and mask & HOLDER_MERCHANT:
            explained[i] |= MERCH_TEST
        keys[i] = columns.counterparty[picked[i]] * MONTH_KEYS + columns.month[picked[i]]
    order[:n] = places_by(keys[:n])
    first = 0
    while first < n:
        last = first
        party = columns.counterparty[picked[order[first]]]
        while last + 1 < n and columns.counterparty[picked[order[last + 1]]] == party:
            last += 1
        if party >= 0:
            into, both = pair_tests(
                columns, picked, counted, order, first, last, at, history_days, usd, spent_locally
            )
            for k in range(first, last + 1):
                i = order[k]
                if columns.mask[picked[i]] & IN:
                    explained[i] |= into
                explained[i] |= both
        first = last + 1
    if history_days >= TEST_HISTORY:
        mark_circles(columns, picked, counted, n, explained)
        if usd > 0:
            mark_gifts(columns, picked, counted, n, usd, explained)
            mark_sales(columns, picked, counted, n, usd, explained)


@making
def is_taking_steadily(columns: Columns, picked: Int64s, counted: Int8s, n: int) -> bool:
    """Whether money came in in at least six local months of the last 180 local days."""
    months, seen = 0, np.empty(STEADY_MONTHS, np.int64)
    for i in range(n):
        slot = picked[i]
        if not counted[i] or not columns.mask[slot] & IN:
            continue
        if columns.day[slot] <= columns.day[picked[0]] - LONG_DAYS:
            continue
        if np.any(seen[:months] == columns.month[slot]):
            continue
        seen[months] = columns.month[slot]
        months += 1
        if months == STEADY_MONTHS:
            return True
    return False


@inner
def is_spent_locally(columns: Columns, picked: Int64s, counted: Int8s, n: int, at: int) -> bool:
    """Whether transfers on to others than declared relations are at most half of what came in,
    within 30 days."""
    came, went = 0, 0
    for i in range(n):
        slot = picked[i]
        mask = columns.mask[slot]
        if not counted[i] or columns.amount[slot] < 0 or mask & NOT_MOVED:
            continue
        if not is_in_window(columns, slot, at, HUB_WINDOW):
            continue
        if mask & IN:
            came += columns.amount[slot]
        elif mask & TRANSFER and not mask & RELATED:
            went += columns.amount[slot]
    return 2 * went <= came


@inner
def pair_tests(
    columns: Columns, picked: Int64s, counted: Int8s, order: Int64s, first: int, last: int,
    at: int, history_days: int, usd: int, spent_locally: bool,
) -> tuple[int, int]:  # fmt: skip
    """Test bits for movements in from one counterparty, and for both directions. order[first] to
    order[last] are its movements, by local month."""
    count, months, month, total, squares, largest = 0, 0, -1, 0, 0.0, 0
    has_in, has_out, is_related, is_priced, oldest_day = False, False, False, True, columns.day[at]
    for k in range(first, last + 1):
        i = order[k]
        slot = picked[i]
        if columns.mask[slot] & RELATED:
            is_related = True
        if not counted[i]:
            continue
        mask, amount = columns.mask[slot], columns.amount[slot]
        if columns.day[slot] > columns.day[at] - LONGEST_DAYS:
            has_in, has_out = has_in or bool(mask & IN), has_out or bool(mask & OUT)
            oldest_day = min(oldest_day, columns.day[slot])
        if not mask & IN or columns.day[slot] <= columns.day[at] - LONG_DAYS:
            continue
        is_priced = is_priced and amount >= 0
        count += 1
        total += amount
        squares += float(amount) * float(amount)
        largest = max(largest, amount)
        months += columns.month[slot] != month
        month = columns.month[slot]
    into = 0
    if months >= MONTHS_LEAST and is_priced and history_days >= TEST_HISTORY:
        limit = (1.0 + VARIATION_LARGEST * VARIATION_LARGEST) * float(total) * float(total)
        if count <= 2 * months + THIRD_FORTNIGHT and count * squares <= limit:
            into |= PAYROLL_TEST
        if count <= 2 * months and usd > 0 and largest <= REMIT_LARGEST_USD * usd and spent_locally:
            into |= REMIT_TEST
    is_old_pair = has_in and has_out and columns.day[at] - oldest_day >= PAIR_DAYS
    return into, FAMILY_TEST if is_related or is_old_pair else 0
