"""Gifts: small sums of many on an occasion, or on a festival's days, that are not passed on."""

import numpy as np

from ingest.kernels.inner import inner, making
from models.kernels.arena import Columns, Int8s, Int16s, Int64s
from models.kernels.slices import IN, NOT_MOVED, OUT
from models.kernels.sorting import places_by
from models.mask import Mask, Test

EVENT_TEST = int(Test.EVENT)
LARGEST_GIFT_USD = 50
"""Below the least fee per head that a collector is looked for by."""

MONTH_DAYS = 30
FEAST_DAYS = 5
LEAST_GIVERS = 10
CASH = int(Mask.CASH)
TRANSFER = int(Mask.TRANSFER)
ZONE = int(Mask.ZONE)
AT_HOME = int(Mask.AT_HOME)
FESTIVAL = int(Mask.FESTIVAL)
NOT_GIVEN = int(
    Mask.OWN_TRANSFER | Mask.BANK_LEDGER | Mask.SALARY | Mask.LOAN | Mask.HOLDER_MERCHANT
)
NOT_PASSED_ON = int(Mask.DECLARED_RELATED | Mask.OWN_LIFE | Mask.MERCHANT)


@making
def mark_gifts(
    columns: Columns, picked: Int64s, counted: Int8s, n: int, usd: int, explained: Int16s
) -> None:
    """EVENT, for the gifts of the last 30 local days. O(n log n), and of gifts 30 times."""
    gifts = by_giver(columns, picked, counted, n, LARGEST_GIFT_USD * usd)
    today = np.int64(columns.day[picked[0]])
    given = 0
    for i in gifts:
        if columns.day[picked[i]] > today - MONTH_DAYS:
            given += columns.amount[picked[i]]
    passed = passed_on(columns, picked, counted, n, today)
    usual = passed_on(columns, picked, counted, n, today - MONTH_DAYS)
    is_explained = np.zeros(len(gifts), np.int8)
    if 2 * (passed - usual) <= given:
        for end in range(today - MONTH_DAYS + 1, today + 1):
            if is_feast(columns, picked, gifts, end):
                for g in range(len(gifts)):
                    if end - FEAST_DAYS < columns.day[picked[gifts[g]]] <= end:
                        is_explained[g] = 1
    for g in range(len(gifts)):
        slot = picked[gifts[g]]
        is_festive = columns.mask[slot] & FESTIVAL and 2 * passed <= given
        if (is_explained[g] or is_festive) and columns.day[slot] > today - MONTH_DAYS:
            explained[gifts[g]] |= EVENT_TEST


@making
def by_giver(columns: Columns, picked: Int64s, counted: Int8s, n: int, largest: int) -> Int64s:
    """Indices of what could be gifts of the last 65 local days, by who gave them."""
    found, keys, m = np.empty(n, np.int64), np.empty(n, np.int64), 0
    since = columns.day[picked[0]] - 2 * MONTH_DAYS - FEAST_DAYS
    for i in range(n):
        slot = picked[i]
        mask = columns.mask[slot]
        if not counted[i] or not mask & IN or not mask & TRANSFER or mask & NOT_GIVEN:
            continue
        is_small = 0 < columns.amount[slot] <= largest
        if is_small and columns.counterparty[slot] >= 0 and columns.day[slot] > since:
            found[m], keys[m] = i, columns.counterparty[slot]
            m += 1
    order = places_by(keys[:m])
    for k in range(m):
        order[k] = found[order[k]]
    return order


@inner
def passed_on(
    columns: Columns, picked: Int64s, counted: Int8s, n: int, until: int | np.int64
) -> int:
    """What in the 30 local days up to `until` was sent on to strangers, or drawn in cash in a
    border zone away from home."""
    passed = 0
    for i in range(n):
        slot = picked[i]
        mask = columns.mask[slot]
        is_within = until - MONTH_DAYS < columns.day[slot] <= until
        if not counted[i] or not mask & OUT or mask & NOT_MOVED or not is_within:
            continue
        is_sent = mask & TRANSFER and not mask & NOT_PASSED_ON
        is_drawn_away = mask & CASH and mask & ZONE and not mask & AT_HOME
        if is_sent or is_drawn_away:
            passed += max(columns.amount[slot], 0)
    return passed


@inner
def is_feast(columns: Columns, picked: Int64s, gifts: Int64s, end: int) -> bool:
    """Whether in the local days up to `end` enough people give, hardly more than once each, and
    more than twice as many as in the 30 days before."""
    givers = givers_in(columns, picked, gifts, end - FEAST_DAYS, end)
    if givers < LEAST_GIVERS:
        return False
    count = 0
    for i in gifts:
        count += end - FEAST_DAYS < columns.day[picked[i]] <= end
    first = end - FEAST_DAYS
    before = givers_in(columns, picked, gifts, first - MONTH_DAYS, first)
    return 2 * count <= 3 * givers and 2 * before < givers


@inner
def givers_in(columns: Columns, picked: Int64s, gifts: Int64s, after: int, until: int) -> int:
    """Distinct givers after one local day and until another. O(gifts)."""
    givers, last = 0, -1
    for i in gifts:
        slot = picked[i]
        if after < columns.day[slot] <= until and columns.counterparty[slot] != last:
            givers += 1
            last = columns.counterparty[slot]
    return givers
