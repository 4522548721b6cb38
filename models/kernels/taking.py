"""What strangers pay an account, and who takes it from there.

`chosen[:m]` are slots in total order, oldest first.
"""

from typing import NamedTuple

import numpy as np

from ingest.kernels.inner import inner, making
from models.kernels.arena import Columns, Int64s
from models.kernels.slices import DAY, IN
from models.mask import Mask

KNOWN = int(Mask.COUNTERPARTY_KNOWN)
TRANSFER = int(Mask.TRANSFER)
CASH = int(Mask.CASH)
TAKEN_WITHIN = DAY
MOST_OF_IT = 80


class Taken(NamedTuple):
    """Of the party that took most: its name (-1: none), minor units it took, credits it took from,
    local days on which at least half of a payment to it was taken, minor units it was paid in all
    and on the day with most. by_any: minor units that anybody took."""

    who: int
    total: int
    credits: int
    days: int
    paid: int
    largest_day: int
    by_any: int


@making
def taken(
    columns: Columns, chosen: Int64s, m: int, seen: Int64s, sums: Int64s, stamp: int
) -> Taken:
    """A transfer or cash out takes the newest credits of known payers, each as far as it is left,
    that came at most a day before. O(m x movements of a day)."""
    left, took = np.zeros(m, np.int64), np.zeros(m, np.int64)
    lots = np.empty((2 * m, 2), np.int64)
    n = _lots(columns, chosen, m, left, took, lots)
    by_any = took.sum()
    who = _taker(columns, chosen, m, took, seen, sums, stamp)
    total, paid, days, largest_day, day_sum, day, taken_day = 0, 0, 0, 0, 0, -1, -1
    for i in range(m):
        if who < 0 or not _is_paid(columns, chosen[i]) or columns.counterparty[chosen[i]] != who:
            continue
        amount = max(columns.amount[chosen[i]], 0)
        total += took[i]
        paid += amount
        day_sum = amount + (day_sum if columns.day[chosen[i]] == day else 0)
        day = columns.day[chosen[i]]
        largest_day = max(largest_day, day_sum)
        if 0 < amount <= 2 * took[i] and day != taken_day:
            days += 1
            taken_day = day
    credits, is_counted = 0, np.zeros(m, np.int8)
    for k in range(n):
        debit = chosen[lots[k, 1]]
        is_theirs = _is_paid(columns, debit) and columns.counterparty[debit] == who
        if is_theirs and not is_counted[lots[k, 0]]:
            is_counted[lots[k, 0]] = 1
            credits += 1
    return Taken(who, total, credits, days, paid, largest_day, by_any)


@making
def handed_on(columns: Columns, chosen: Int64s, m: int) -> tuple[int, int]:
    """Of the credits of which something was taken: the sum of those of which at least
    MOST_OF_IT per cent was, and the sum of all."""
    left, took = np.zeros(m, np.int64), np.zeros(m, np.int64)
    lots = np.empty((2 * m, 2), np.int64)
    _lots(columns, chosen, m, left, took, lots)
    whole, touched = 0, 0
    for i in range(m):
        mask, amount = columns.mask[chosen[i]], columns.amount[chosen[i]]
        if not mask & IN or not mask & KNOWN or left[i] >= amount:
            continue
        touched += amount
        if 100 * (amount - left[i]) >= MOST_OF_IT * amount:
            whole += amount
    return whole, touched


@inner
def _lots(
    columns: Columns, chosen: Int64s, m: int, left: Int64s, took: Int64s, lots: Int64s
) -> int:
    """What is left of each credit, what each debit took, and the pairs of both; how many."""
    n = 0
    for i in range(m):
        mask, wanted = columns.mask[chosen[i]], columns.amount[chosen[i]]
        if mask & IN:
            left[i] = max(wanted, 0) if mask & KNOWN else 0
            continue
        if not mask & (TRANSFER | CASH):
            continue
        j = i - 1
        while j >= 0 and wanted > 0:
            if columns.time[chosen[j]] < columns.time[chosen[i]] - TAKEN_WITHIN:
                break
            piece = min(left[j], wanted)
            if piece > 0:
                left[j] -= piece
                wanted -= piece
                took[i] += piece
                lots[n, 0], lots[n, 1] = j, i
                n += 1
            j -= 1
    return n


@inner
def _taker(
    columns: Columns, chosen: Int64s, m: int, took: Int64s, seen: Int64s, sums: Int64s, stamp: int
) -> int:
    """The party transfers to which took most; ties to the one paid first; -1 if nobody took."""
    for i in range(m):
        if not _is_paid(columns, chosen[i]):
            continue
        name = columns.counterparty[chosen[i]]
        if seen[name] != stamp:
            seen[name] = stamp
            sums[name] = 0
        sums[name] += took[i]
    best, who = 0, -1
    for i in range(m):
        name = columns.counterparty[chosen[i]]
        if _is_paid(columns, chosen[i]) and sums[name] > best:
            best, who = sums[name], name
    return who


@inner
def _is_paid(columns: Columns, slot: int) -> bool:
    mask = columns.mask[slot]
    return bool(not mask & IN and mask & TRANSFER and columns.counterparty[slot] >= 0)
