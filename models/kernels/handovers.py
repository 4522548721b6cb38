"""What an account does with what it is given: holds it for others, pays helpers from it, splits it.

`chosen[:m]` are slots in total order, oldest first; within a block a smaller slot is earlier.
"""

import numpy as np

from ingest.kernels.inner import inner, making
from models.kernels.arena import Columns, Int64s
from models.kernels.slices import DAY, IN
from models.kernels.sorting import ascending, distinct_of, places_by
from models.mask import Mask

LUMP = int(Mask.LUMP)
TRANSFER = int(Mask.TRANSFER)
TRAVEL = int(Mask.TRAVEL)
PAPERS = int(Mask.PAPERS)
LEAST_HELD, MOST_HELD = 3 * DAY, 45 * DAY
SPLIT_WITHIN = 30 * DAY
STEADY_DAYS = 3
STEADY_SPREAD = 1.09
"""n x sum of squares over square of sum at a coefficient of variation of 0.3."""

LEAST_KINDS = 2
FEW = 3


@inner
def with_near(
    columns: Columns, chosen: Int64s, m: int, others: Int64s, k: int, within: int,
    same_region: bool, before: bool, after: bool,
) -> int:  # fmt: skip
    """Keeps in `chosen` the movements that have one of `others[:k]` at most `within` before them
    or after them, whichever is good, itself left out; of the same region, if asked. How many."""
    kept, first = 0, 0
    for i in range(m):
        slot = chosen[i]
        while first < k and (
            columns.time[others[first]] < columns.time[slot] - within
            or (not before and others[first] < slot)
        ):
            first += 1
        for j in range(first, k):
            other = others[j]
            is_after = other >= slot
            if is_after and not after:
                break
            if columns.time[other] > columns.time[slot] + within:
                break
            if other == slot or (same_region and not is_of_region(columns, other, slot)):
                continue
            chosen[kept] = slot
            kept += 1
            break
    return kept


@inner
def is_of_region(columns: Columns, other: int, slot: int) -> bool:
    """Whether the other movement's place, or who is on its other side, is of this one's region."""
    region = columns.region[slot]
    return region >= 0 and (
        columns.region[other] == region or columns.counterparty_region[other] == region
    )


@inner
def both_ways(
    columns: Columns, chosen: Int64s, m: int, seen: Int64s, sums: Int64s, stamp: int
) -> int:
    """Counterparties with movements in and movements out. O(m)."""
    count = 0
    for i in range(m):
        name = columns.counterparty[chosen[i]]
        if name < 0:
            continue
        if seen[name] != stamp:
            seen[name] = stamp
            sums[name] = 0
        way = 1 if columns.mask[chosen[i]] & IN else 2
        count += sums[name] != 3 and sums[name] | way == 3
        sums[name] |= way
    return count


@making
def held(columns: Columns, chosen: Int64s, m: int, low: int, high: int) -> tuple[int, int, int]:
    """Of credits of `low` to `high` that were handed on after three to 45 days: how many payers,
    their sum, and the sum of those that went back to their payer or to the three others with most.
    O(m^2).

    A debit hands on the oldest credit not handed on yet of which it is 90 to 100 % (95, if it goes
    back to the payer).
    """
    is_open = np.ones(m, np.int8)
    payers, payees, sums = np.empty(m, np.int64), np.empty(m, np.int64), np.zeros(m, np.int64)
    n_payers, n_payees, total, back = 0, 0, 0, 0
    for i in range(m):
        debit = chosen[i]
        if columns.mask[debit] & IN or columns.amount[debit] < 0:
            continue
        for j in range(i):
            credit = chosen[j]
            rested = columns.time[debit] - columns.time[credit]
            if rested < LEAST_HELD:
                break
            if not is_open[j] or rested > MOST_HELD or not is_handed_on(columns, credit, debit):
                continue
            if columns.amount[credit] < low or columns.amount[credit] > high:
                continue
            is_open[j] = 0
            total += columns.amount[credit]
            payer, payee = columns.counterparty[credit], columns.counterparty[debit]
            n_payers = max(n_payers, place_of(payers, n_payers, payer) + 1)
            if payee == payer:
                back += columns.amount[credit]
            else:
                at = place_of(payees, n_payees, payee)
                n_payees = max(n_payees, at + 1)
                sums[at] += columns.amount[credit]
            break
    return n_payers, total, back + ascending(sums)[::-1][:FEW].sum()


@inner
def is_handed_on(columns: Columns, credit: int, debit: int) -> bool:
    """Whether a later debit is the credit less a commission."""
    came, went = columns.amount[credit], columns.amount[debit]
    is_credit = columns.mask[credit] & IN != 0 and came > 0
    payer, payee = columns.counterparty[credit], columns.counterparty[debit]
    least = 95 if payer == payee else 90
    return is_credit and payer >= 0 and payee >= 0 and least * came <= 100 * went <= 100 * came


@inner
def place_of(names: Int64s, n: int, name: int) -> int:
    """Where the name stands among the first n; written behind them if it is new."""
    for i in range(n):
        if names[i] == name:
            return i
    names[n] = name
    return n


@making
def steady(columns: Columns, chosen: Int64s, m: int) -> tuple[int, int]:
    """Counterparties with movements on three local days or more, all priced, of a coefficient of
    variation of at most 0.3; and the sum of theirs. O(m log m)."""
    names, days = np.empty(m, np.int64), np.empty(m, np.int64)
    for i in range(m):
        names[i] = columns.counterparty[chosen[i]]
    order = places_by(names)
    parties, everything, first = 0, 0, 0
    while first < m:
        last = first
        while last + 1 < m and names[order[last + 1]] == names[order[first]]:
            last += 1
        count, total, squares, is_priced = 0, 0, 0.0, names[order[first]] >= 0
        for j in range(first, last + 1):
            slot = chosen[order[j]]
            amount = columns.amount[slot]
            is_priced = is_priced and amount >= 0
            days[count] = columns.day[slot]
            count += 1
            total += amount
            squares += float(amount) * float(amount)
        is_even = count * squares <= STEADY_SPREAD * float(total) * float(total)
        if is_priced and is_even and len(distinct_of(days[:count])) >= STEADY_DAYS:
            parties += 1
            everything += total
        first = last + 1
    return parties, everything


@making
def split_lumps(columns: Columns, chosen: Int64s, m: int) -> int:
    """Lumps of which somebody not met before got 5 to 35 %, beside two of: a ticket, a permit, a
    go-between who is paid after another lump as well. What lies within 30 days after a lump and
    before the next is the lump's; each such payee counts for one. O(lumps x m^2)."""
    payees, n = np.empty(m, np.int64), 0
    for i in range(m):
        if not columns.mask[chosen[i]] & LUMP:
            continue
        until = end_of_lump(columns, chosen, m, i)
        if kinds_within(columns, chosen, m, i, until) < LEAST_KINDS:
            continue
        for j in range(i + 1, until):
            if not is_share(columns, chosen[i], chosen[j]):
                continue
            party = columns.counterparty[chosen[j]]
            if not np.any(payees[:n] == party) and not is_met(columns, chosen, i, party):
                payees[n] = party
                n += 1
                break
    return n


@inner
def end_of_lump(columns: Columns, chosen: Int64s, m: int, i: int) -> int:
    """Where what belongs to the lump at i ends: 30 days after it, or at the next."""
    j = i + 1
    while j < m and columns.time[chosen[j]] - columns.time[chosen[i]] <= SPLIT_WITHIN:
        if columns.mask[chosen[j]] & LUMP:
            break
        j += 1
    return j


@inner
def is_transfer_out(columns: Columns, slot: int) -> bool:
    return (
        not columns.mask[slot] & IN
        and columns.mask[slot] & TRANSFER != 0
        and columns.counterparty[slot] >= 0
    )


@inner
def is_share(columns: Columns, lump: int, slot: int) -> bool:
    """Whether it is a transfer of 5 to 35 % of the lump."""
    whole, part = columns.amount[lump], columns.amount[slot]
    return is_transfer_out(columns, slot) and 5 * whole <= 100 * part <= 35 * whole


@inner
def is_met(columns: Columns, chosen: Int64s, i: int, party: int) -> bool:
    """Whether the party was on the other side of a movement before the i-th."""
    for j in range(i):  # noqa: SIM110 - any() over a generator does not compile
        if columns.counterparty[chosen[j]] == party:
            return True
    return False


@inner
def kinds_within(columns: Columns, chosen: Int64s, m: int, i: int, until: int) -> int:
    """Of a ticket, a permit and a go-between paid after another lump too: how many of these belong
    to the lump at i."""
    has_ticket, has_permit, has_helper = False, False, False
    for j in range(i + 1, until):
        slot = chosen[j]
        if columns.mask[slot] & IN:
            continue
        has_ticket = has_ticket or columns.mask[slot] & TRAVEL != 0
        has_permit = has_permit or columns.mask[slot] & PAPERS != 0
        if not has_helper and is_transfer_out(columns, slot):
            has_helper = is_paid_of_another(columns, chosen, m, i, columns.counterparty[slot])
    return int(has_ticket) + int(has_permit) + int(has_helper)


@inner
def is_paid_of_another(columns: Columns, chosen: Int64s, m: int, i: int, party: int) -> bool:
    """Whether the party is sent something that belongs to a lump other than the one at i."""
    for k in range(m):
        if k == i or not columns.mask[chosen[k]] & LUMP:
            continue
        for j in range(k + 1, end_of_lump(columns, chosen, m, k)):
            slot = chosen[j]
            if is_transfer_out(columns, slot) and columns.counterparty[slot] == party:
                return True
    return False
