"""Balances that hold: nobody spends what he has not."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from ingest.simulated.people import Indices

BROUGHT_STEP = 10_000
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Payments:
    """One entry a payment in every array.

    turn: order among those of one moment, each its own. giver, taker: positions of accounts,
    negative where no balance is kept. amount, fee: whole kip, both paid by the giver. given_at,
    taken_at: microseconds.
    """

    turn: Indices
    giver: Indices
    taker: Indices
    amount: Indices
    fee: Indices
    given_at: Indices
    taken_at: Indices

    def legs(self) -> Indices:
        """What leaves and what comes, in order of time: 2 x payment, and one more for what
        comes."""
        payment = np.arange(len(self.giver))
        time = np.concatenate([self.given_at, self.taken_at])
        leg = np.concatenate([2 * payment, 2 * payment + 1])
        turn = np.concatenate([2 * self.turn, 2 * self.turn + 1])
        ordered: Indices = leg[np.lexsort((turn, time))]
        return ordered


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Of each payment: whether it is made, and how many kip have to be brought before."""

    is_made: Bools
    brought: Indices


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """Of each payment: kip on the account of giver and taker after it; 0 where none is kept."""

    given: Indices
    taken: Indices


class Ledger:
    """Whole kip on every account, by position."""

    def __init__(self, balance: Indices) -> None:
        self._balance = balance

    def judged(self, payments: Payments, *, is_sure: Bools, spare: Indices) -> Judged:
        """What can be paid. Whoever must pay (`is_sure`) is brought what lacks and `spare` kip
        besides. The balances stay as they are."""
        is_made = np.zeros(len(payments.giver), dtype=np.bool_)
        brought = np.zeros(len(payments.giver), dtype=np.int64)
        _judge(
            payments.legs(),
            payments.giver,
            payments.taker,
            payments.amount,
            payments.fee,
            is_sure,
            spare,
            self._balance.copy(),
            is_made,
            brought,
        )
        return Judged(is_made=is_made, brought=brought)

    def post(self, payments: Payments) -> Posted:
        """All of the payments are made. Fees are payments of their own here."""
        given, taken = np.zeros((2, len(payments.giver)), dtype=np.int64)
        _post(
            payments.legs(),
            payments.giver,
            payments.taker,
            payments.amount,
            self._balance,
            given,
            taken,
        )
        return Posted(given=given, taken=taken)


@njit(cache=True)
def _judge(
    legs: Indices,
    giver: Indices,
    taker: Indices,
    amount: Indices,
    fee: Indices,
    is_sure: Bools,
    spare: Indices,
    balance: Indices,
    is_made: Bools,
    brought: Indices,
) -> None:
    """Fills is_made and brought; one pass over the legs, in order of time."""
    for leg in legs:
        i = leg // 2
        if leg % 2 == 1:
            if is_made[i] and taker[i] >= 0:
                balance[taker[i]] += amount[i]
            continue
        if giver[i] < 0:
            is_made[i] = True
            continue
        needed = amount[i] + fee[i]
        lacks = needed - balance[giver[i]]
        if lacks > 0:
            if not is_sure[i]:
                continue
            brought[i] = (lacks + spare[i] + BROUGHT_STEP - 1) // BROUGHT_STEP * BROUGHT_STEP
        is_made[i] = True
        balance[giver[i]] += brought[i] - needed


@njit(cache=True)
def _post(
    legs: Indices,
    giver: Indices,
    taker: Indices,
    amount: Indices,
    balance: Indices,
    given: Indices,
    taken: Indices,
) -> None:
    """Changes the balances, and fills given and taken with what they are after each leg."""
    for leg in legs:
        i = leg // 2
        if leg % 2 == 1 and taker[i] >= 0:
            balance[taker[i]] += amount[i]
            taken[i] = balance[taker[i]]
        elif leg % 2 == 0 and giver[i] >= 0:
            balance[giver[i]] -= amount[i]
            given[i] = balance[giver[i]]
