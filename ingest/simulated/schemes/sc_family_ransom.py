"""Families who borrow and collect, and send sum after sum to the same stranger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ingest.simulated.cast import Cast, Party
from ingest.simulated.country import BORDER_TOWNS, KIP_PER_USD
from ingest.simulated.moves import cash_out, moment, rounded, transfer
from ingest.simulated.planted import Scheme, Stage, Variant, member, told
from ingest.simulated.rows import DAY, HOUR, SECOND, Row

TYPOLOGY = "sc-family-ransom"
WINDOW = 10 * DAY
LEAST_USD, MOST_USD, INCOMES = 800, 30_000, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ransom:
    """total: kip of one family; payments: in how many sums; helpers: who lend before."""

    families: int
    total: float
    payments: int
    helpers: int
    days: float
    growth: float


def draw(variant: Variant, rng: np.random.Generator) -> Ransom:
    """Evasive: one family, or equal sums over weeks, or money that was there."""
    is_evasive = variant == "evasive"
    return Ransom(
        families=int(rng.integers(1, 4) if is_evasive else rng.integers(2, 6)),
        total=KIP_PER_USD * float(np.exp(rng.uniform(np.log(700), np.log(12_000)))),
        payments=int(rng.integers(1, 5) if is_evasive else rng.integers(2, 6)),
        helpers=int(rng.integers(0, 4) if is_evasive else rng.integers(3, 8)),
        days=float(rng.uniform(4, 25) if is_evasive else rng.uniform(0.5, 9)),
        growth=float(rng.uniform(0.9, 1.3) if is_evasive else rng.uniform(1.1, 2.2)),
    )


def plant(id: str, variant: Variant, stage: Stage, rng: np.random.Generator) -> Scheme:
    how, cast = draw(variant, rng), stage.cast
    receiver = cast.lead()
    families = [cast.lead() for _ in range(how.families)]
    first = 2 + stage.start(int(how.days) + 42, rng)
    rows: list[Row] = []
    for family in families:
        day = first + int(rng.integers(0, 30))
        rows += pressed(id, how, family, receiver, day, stage, rng)
    ends = max(row.event_time for row in rows)
    taken = sum(row.amount for row in rows if row.benef_account_id == receiver.account)
    town = int(rng.choice(BORDER_TOWNS))
    rows += cash_out(id, receiver, taken * 0.9, ends + 5 * HOUR, town, rng)
    return Scheme(
        id=id,
        typologies=(TYPOLOGY,),
        variant=variant,
        members=(
            member(receiver, "collector"),
            *(member(family, "payer") for family in families),
        ),
        rows=told(rows),
        completes_at=completed(rows, receiver, {f.account: _income(f, cast) for f in families}),
    )


def completed(rows: Sequence[Row], receiver: Party, incomes: Mapping[str, int]) -> int | None:
    """When a second family had paid, within ten days, two sums or more, each larger than the one
    before, of together 800 to 30,000 dollars and three months' income."""
    pressed_at = (_pressed_at(rows, family, receiver, income) for family, income in incomes.items())
    known = sorted(time for time in pressed_at if time is not None)
    return known[1] if len(known) > 1 else None


def _pressed_at(rows: Sequence[Row], family: str, receiver: Party, income: int) -> int | None:
    paid = [
        row
        for row in rows
        if (row.orig_account_id, row.benef_account_id) == (family, receiver.account)
    ]
    for last in paid:
        recent = [r for r in paid if last.event_time - WINDOW < r.event_time <= last.event_time]
        total = sum(row.amount for row in recent)
        is_raised = all(one.amount < other.amount for one, other in pairwise(recent))
        is_enough = LEAST_USD * KIP_PER_USD <= total <= MOST_USD * KIP_PER_USD
        if len(recent) >= 2 and is_raised and is_enough and total >= INCOMES * income:
            return last.event_time
    return None


def _income(family: Party, cast: Cast) -> int:
    """Declared kip a month: below three of it a payment is within a family's means."""
    return int(cast.people.income[cast.people.account.index_of(family.account)])


def pressed(
    id: str,
    how: Ransom,
    family: Party,
    receiver: Party,
    day: int,
    stage: Stage,
    rng: np.random.Generator,
) -> list[Row]:
    """Help comes in within two days before; each sum is larger than the one before."""
    begin = moment(day, (8, 20), rng)
    weights = np.power(how.growth, np.arange(how.payments))
    sums = how.total * weights / weights.sum()
    rows = []
    for friend in stage.cast.strangers(how.helpers, rng):
        amount = rounded(how.total * float(rng.uniform(0.4, 0.9)) / how.helpers)
        time = begin - int(rng.uniform(1, 44) * 3_600) * SECOND
        rows.append(transfer(id, friend, family, amount, time))
    for number, part in enumerate(sums):
        time = begin + int(how.days * number / how.payments * DAY) // SECOND * SECOND
        wait = int(rng.integers(60, 3_000)) * SECOND
        rows.append(transfer(id, family, receiver, rounded(float(part)), time + wait))
    return rows
