"""Takings of somebody who sells live: small sums of many by day, beside goods and couriers paid."""

import numpy as np

from ingest.kernels.inner import inner, making
from models.kernels.arena import Columns, Int8s, Int16s, Int64s
from models.kernels.slices import IN
from models.kernels.sorting import distinct_of
from models.mask import Mask, Test

LIVE_SELLER_TEST = int(Test.LIVE_SELLER)
LARGEST_SALE_USD = 50
SEASON_DAYS = 60
LEAST_BUYERS = 20
LEAST_SPAN_DAYS = 28
LEAST_COURIER_DAYS = 3
RECEIVED = int(Mask.TRANSFER | Mask.CARD)
DAYTIME = int(Mask.DAYTIME)
COURIER = int(Mask.COURIER)
SUPPLIES = int(Mask.SUPPLIES)
NOT_SOLD = int(
    Mask.OWN_TRANSFER
    | Mask.BANK_LEDGER
    | Mask.SALARY
    | Mask.LOAN
    | Mask.CROSS_BORDER
    | Mask.DECLARED_RELATED
)


@making
def mark_sales(
    columns: Columns, picked: Int64s, counted: Int8s, n: int, usd: int, explained: Int16s
) -> None:
    """LIVE_SELLER, for the sales by day of the last 60 local days. O(n log n)."""
    since = columns.day[picked[0]] - SEASON_DAYS
    found, m, by_night, sold = np.empty(n, np.int64), 0, 0, 0
    for i in range(n):
        slot = picked[i]
        is_known = counted[i] and columns.day[slot] > since
        if not is_known or not is_sale(columns, slot, LARGEST_SALE_USD * usd):
            continue
        if columns.mask[slot] & DAYTIME:
            found[m] = i
            m += 1
            sold += columns.amount[slot]
        else:
            by_night += 1
    sales = found[:m]
    if 3 * by_night > m or not is_from_many(columns, picked, sales):
        return
    if is_trade(columns, picked, counted, n, since, sold):
        for i in sales:
            explained[i] |= LIVE_SELLER_TEST


@inner
def is_sale(columns: Columns, slot: int, largest: int) -> bool:
    """Whether it could be what a buyer pays, at whatever hour."""
    mask = columns.mask[slot]
    if not mask & IN or not mask & RECEIVED or mask & NOT_SOLD:
        return False
    return columns.counterparty[slot] >= 0 and 0 < columns.amount[slot] <= largest


@making
def is_from_many(columns: Columns, picked: Int64s, sales: Int64s) -> bool:
    """Whether enough buyers paid, over weeks."""
    if len(sales) < LEAST_BUYERS:
        return False
    keys = np.empty(len(sales), np.int64)
    first = last = columns.day[picked[sales[0]]]
    for k in range(len(sales)):
        slot = picked[sales[k]]
        keys[k] = columns.counterparty[slot]
        first, last = min(first, columns.day[slot]), max(last, columns.day[slot])
    return len(distinct_of(keys)) >= LEAST_BUYERS and last - first >= LEAST_SPAN_DAYS


@making
def is_trade(
    columns: Columns, picked: Int64s, counted: Int8s, n: int, since: int, sold: int
) -> bool:
    """Whether goods and couriers were paid from what was sold, couriers on several days."""
    courier_days, supplies, spent = np.empty(n, np.int64), 0, 0
    couriers = 0
    for i in range(n):
        slot = picked[i]
        mask, amount = columns.mask[slot], columns.amount[slot]
        if not counted[i] or columns.day[slot] <= since or amount <= 0:
            continue
        if mask & COURIER:
            courier_days[couriers] = columns.day[slot]
            couriers += 1
        if mask & (COURIER | SUPPLIES):
            spent += amount
            supplies += bool(mask & SUPPLIES)
    days = len(distinct_of(courier_days[:couriers]))
    return days >= LEAST_COURIER_DAYS and supplies > 0 and 5 * spent >= sold
