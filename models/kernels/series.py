"""What movements with the same party say together: payments to one, wages that one takes back."""

import numpy as np

from ingest.kernels.inner import inner, making
from models.kernels.aggregates import NULL, WITHIN
from models.kernels.arena import Columns, Int32s, Int64s
from models.kernels.slices import IN
from models.mask import Mask

SALARY = int(Mask.SALARY)
TRANSFER = int(Mask.TRANSFER)
LARGEST = 3


@inner
def with_counterparty(columns: Columns, party: int, chosen: Int64s, m: int) -> int:
    """Keeps in `chosen` the movements with this party, in their order; how many. O(m)."""
    kept = 0
    for i in range(m):
        if party >= 0 and columns.counterparty[chosen[i]] == party:
            chosen[kept] = chosen[i]
            kept += 1
    return kept


@inner
def is_trigger(at: int, chosen: Int64s, m: int) -> int:
    """1 where the last of the movements is the trigger itself, else 0."""
    return 1 if m > 0 and chosen[m - 1] == at else 0


@inner
def end_amount(columns: Columns, chosen: Int64s, m: int, is_last: bool) -> int:
    """Minor units of the oldest or newest priced movement; NULL of none. O(m)."""
    found = NULL
    for i in range(m):
        amount = columns.amount[chosen[i]]
        if amount >= 0 and (is_last or found == NULL):
            found = amount
    return found


@inner
def rises(columns: Columns, chosen: Int64s, m: int) -> int:
    """Priced movements larger than the priced one before. O(m)."""
    count, before = 0, -1
    for i in range(m):
        amount = columns.amount[chosen[i]]
        if amount >= 0:
            count += before >= 0 and amount > before
            before = amount
    return count


@making
def top_three_sum(
    columns: Columns, names: Int32s, chosen: Int64s, m: int, seen: Int64s, sums: Int64s, stamp: int
) -> int:
    """The three largest sums of one name, together. O(m)."""
    for i in range(m):
        name = names[chosen[i]]
        if name < 0:
            continue
        if seen[name] != stamp:
            seen[name] = stamp
            sums[name] = 0
        sums[name] += max(columns.amount[chosen[i]], 0)
    best = np.zeros(LARGEST, np.int64)
    for i in range(m):
        name = names[chosen[i]]
        if name >= 0 and sums[name] > best.min():
            best[best.argmin()] = sums[name]
            sums[name] = 0
    return best.sum()


@inner
def recaptured(columns: Columns, chosen: Int64s, m: int) -> tuple[int, int, int]:
    """Months of wages that one counterparty took back, their sum, and who: (0, 0, -1) of none.

    A wage is taken back by a party that is sent at least 60 % of it within 48 hours after it. The
    party with most months counts, of equal ones the one paid first. O(payees x wages x m).
    """
    best, total, who = 0, 0, -1
    for i in range(m):
        party = columns.counterparty[chosen[i]]
        if party < 0 or not is_sent(columns, chosen[i]) or is_known(columns, chosen, i, party):
            continue
        months, back = taken_back(columns, chosen, m, party)
        if months > best:
            best, total, who = months, back, party
    return best, total, who


@making
def taken_back(columns: Columns, chosen: Int64s, m: int, party: int) -> tuple[int, int]:
    """Local months with a wage that the party took back, and what it got of those wages."""
    months, total, seen = 0, 0, np.empty(m, np.int64)
    for i in range(m):
        slot = chosen[i]
        if not columns.mask[slot] & IN or not columns.mask[slot] & SALARY:
            continue
        wage, back = columns.amount[slot], 0
        for k in range(i + 1, m):
            other = chosen[k]
            if columns.time[other] - columns.time[slot] > WITHIN:
                break
            if columns.counterparty[other] == party and is_sent(columns, other):
                back += max(columns.amount[other], 0)
        if wage > 0 and 10 * back >= 6 * wage:
            total += min(back, wage)
            if not np.any(seen[:months] == columns.month[slot]):
                seen[months] = columns.month[slot]
                months += 1
    return months, total


@inner
def is_sent(columns: Columns, slot: int) -> bool:
    """Whether it is a transfer out."""
    return not columns.mask[slot] & IN and columns.mask[slot] & TRANSFER != 0


@inner
def is_known(columns: Columns, chosen: Int64s, i: int, party: int) -> bool:
    """Whether the party was already sent something before the i-th movement."""
    for k in range(i):
        if columns.counterparty[chosen[k]] == party and is_sent(columns, chosen[k]):
            return True
    return False
