"""Circles of savers, read off the movements of a trigger's slice."""

import numpy as np

from ingest.kernels.inner import inner, making
from models.kernels.arena import Columns, Int8s, Int16s, Int64s
from models.kernels.slices import IN, LONG_DAYS, OUT
from models.kernels.sorting import places_by
from models.mask import Mask, Test

HANDED = int(Mask.TRANSFER | Mask.CASH)
NOT_SHARED = int(
    Mask.OWN_TRANSFER | Mask.BANK_LEDGER | Mask.OWN_LIFE | Mask.MERCHANT | Mask.SALARY | Mask.LOAN
)
ROSCA_TEST = int(Test.ROSCA)
LEAST_SAVERS = 3
ROUND_DAYS = 7


@making
def mark_circles(
    columns: Columns, picked: Int64s, counted: Int8s, n: int, explained: Int16s
) -> None:
    """ROSCA, for every amount that could be the share of a circle of savers."""
    order = by_amount_and_party(columns, picked, counted, n)
    first = 0
    while first < len(order):
        last, amount = first, columns.amount[picked[order[first]]]
        while last + 1 < len(order) and columns.amount[picked[order[last + 1]]] == amount:
            last += 1
        if last - first + 1 >= 2 * LEAST_SAVERS:
            members = savers_of(columns, picked, order[first : last + 1])
            for i in members:
                explained[i] |= ROSCA_TEST
        first = last + 1


@making
def by_amount_and_party(columns: Columns, picked: Int64s, counted: Int8s, n: int) -> Int64s:
    """Indices of the half year's transfers and cash with somebody, by amount, then by party."""
    found, keys, m = np.empty(n, np.int64), np.empty(n, np.int64), 0
    for i in range(n):
        slot = picked[i]
        mask = columns.mask[slot]
        is_handed = mask & HANDED and not mask & NOT_SHARED and columns.counterparty[slot] >= 0
        if not counted[i] or not is_handed or columns.amount[slot] <= 0:
            continue
        if columns.day[slot] > columns.day[picked[0]] - LONG_DAYS:
            found[m], keys[m] = i, columns.counterparty[slot]
            m += 1
    by_party = places_by(keys[:m])
    for k in range(m):
        keys[k] = columns.amount[picked[found[by_party[k]]]]
    order = places_by(keys[:m])
    for k in range(m):
        order[k] = found[by_party[order[k]]]
    return order


@making
def savers_of(columns: Columns, picked: Int64s, group: Int64s) -> Int64s:
    """Of movements of one amount, by party, those of a circle that the holder saves in; none if
    there is no circle."""
    members, m, both, outsiders, first = np.empty(len(group), np.int64), 0, 0, 0, 0
    while first < len(group):
        last, party = first, columns.counterparty[picked[group[first]]]
        came, went = 0, 0
        while last < len(group) and columns.counterparty[picked[group[last]]] == party:
            came += bool(columns.mask[picked[group[last]]] & IN)
            went += bool(columns.mask[picked[group[last]]] & OUT)
            last += 1
        if abs(came - went) > 1:
            return members[:0]
        if came > 0:
            for k in range(first, last):
                members[m] = group[k]
                m += 1
            both += went > 0
        else:
            outsiders += 1
        first = last
    found = members[:m]
    is_set = both >= LEAST_SAVERS and 2 * outsiders <= both
    if is_set and is_receiver_alone(columns, picked, found) and has_round(columns, picked, found):
        return found
    return members[:0]


@inner
def is_receiver_alone(columns: Columns, picked: Int64s, group: Int64s) -> bool:
    """Whether no two parties are paid on one local day. O(group squared)."""
    for a in group:
        for b in group:
            one, other = picked[a], picked[b]
            if not columns.mask[one] & OUT or not columns.mask[other] & OUT:
                continue
            is_same_party = columns.counterparty[one] == columns.counterparty[other]
            if columns.day[one] == columns.day[other] and not is_same_party:
                return False
    return True


@inner
def has_round(columns: Columns, picked: Int64s, group: Int64s) -> bool:
    """Whether enough parties pay within the days of one round. O(group squared)."""
    for end in group:
        until = columns.day[picked[end]]
        parties, before = 0, -1
        for i in group:
            slot = picked[i]
            is_within = until - ROUND_DAYS < columns.day[slot] <= until
            if columns.mask[slot] & IN and is_within and columns.counterparty[slot] != before:
                parties += 1
                before = columns.counterparty[slot]
        if parties >= LEAST_SAVERS:
            return True
    return False
