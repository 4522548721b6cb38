"""Counts and sums that slide, against counting each window anew in plain Python."""

import random

import numpy as np
import pytest

from models.features import Aggregate
from models.kernels.arena import Columns, empty_columns
from models.kernels.arming import (
    ALL_ACCOUNTS,
    Lane,
    Tally,
    gather,
    mark_cancelled,
    slide,
)
from models.kernels.slices import DAY, HUB_MOVEMENTS, HUB_WINDOW
from models.mask import Mask

CASH_IN = int(Mask.IN | Mask.CASH)
LACKS = int(Mask.BANK_LEDGER | Mask.RETURN)
KINDS = (CASH_IN, int(Mask.IN), int(Mask.OUT), int(Mask.IN | Mask.CASH | Mask.BANK_LEDGER))
PARTIES = 40
BUSY_THEN_QUIET = (1_500, 40, 1_200)
"""Movements in bursts with weeks between them: the hub cap comes, goes and comes back."""


@pytest.mark.parametrize("window_days", [2, 30, 60])
@pytest.mark.parametrize(
    "aggregate", [Aggregate.COUNT, Aggregate.SUM, Aggregate.DISTINCT_COUNTERPARTIES]
)
@pytest.mark.parametrize("first", [0, 700, 2_400])
def test_what_slides_is_what_each_window_holds(
    window_days: int, aggregate: Aggregate, first: int
) -> None:
    block = _block(seed=window_days + first)
    lane, low, at = _lane(block, first, reach=60 * DAY)
    values = np.zeros(len(lane.time), np.int64)

    tally = Tally(int(aggregate), CASH_IN, LACKS, window_days * DAY)
    met = np.zeros(PARTIES, np.int64)
    slide(block, 0, lane, low, at, tally, met, values)

    triggers = [*range(first, len(block), 97), len(block) - 1]
    expected = [_counted(block, t, window_days * DAY, aggregate) for t in triggers]
    assert [int(values[at + t - first]) for t in triggers] == expected
    assert not met.any()


def test_a_hub_is_gathered_no_further_than_its_cap() -> None:
    block = _block(seed=5)

    _, low, at = _lane(block, 1_400, reach=HUB_WINDOW)

    assert at - low == HUB_MOVEMENTS


def test_a_lane_holds_one_account_only() -> None:
    block = _block(seed=7)
    block.account[::3] = 1

    lane, low, _ = _lane(block, 0, reach=60 * DAY, account=1)

    assert lane.offset[low:].tolist() == list(range(0, len(block), 3))


def _block(*, seed: int) -> Columns:
    """One account, some of whose movements are sent back by later ones."""
    chance = random.Random(seed)
    block = empty_columns(sum(BUSY_THEN_QUIET))
    time, at = 0, 0
    for burst in BUSY_THEN_QUIET:
        for _ in range(burst):
            time += chance.choice([0, DAY // 200, DAY // 40])
            block.time[at], block.txn_lo[at] = time, at + 1
            block.mask[at] = chance.choice(KINDS)
            block.amount[at] = chance.randrange(-1, 1_000)
            block.counterparty[at] = chance.randrange(-1, PARTIES)
            if at and chance.random() < 0.02:
                block.mask[at] |= int(Mask.RETURN)
                block.reversal_lo[at] = chance.randrange(max(0, at - 50), at) + 1
            at += 1
        time += 35 * DAY
    return block


def _lane(
    block: Columns, first: int, *, reach: int, account: int = ALL_ACCOUNTS
) -> tuple[Lane, int, int]:
    lane = Lane(*(np.zeros(len(block), np.int64) for _ in Lane._fields))
    low, at = gather(block, 0, len(block), first, account, reach, lane)
    mark_cancelled(block, 0, lane, low)
    return lane, low, at


def _counted(block: Columns, trigger: int, window: int, aggregate: Aggregate) -> int:
    """From the definition: the slice, capped; without returns and what they cancel."""
    upto = block[: trigger + 1]
    now = int(upto.time[trigger])
    if len(upto) > HUB_MOVEMENTS and upto.time[-HUB_MOVEMENTS - 1] > now - HUB_WINDOW:
        upto = upto[-HUB_MOVEMENTS:]
    inside = upto[upto.time > now - window]
    is_return = (inside.mask & int(Mask.RETURN)) != 0
    cancelled = set(inside.reversal_lo[is_return].tolist())
    found = [
        row
        for row in inside[~is_return]
        if row.mask & CASH_IN == CASH_IN
        and not row.mask & int(Mask.BANK_LEDGER)
        and int(row.txn_lo) not in cancelled
    ]
    if aggregate is Aggregate.SUM:
        return sum(max(int(row.amount), 0) for row in found)
    if aggregate is Aggregate.COUNT:
        return len(found)
    return len({int(row.counterparty) for row in found if row.counterparty >= 0})
