"""Several people pay cash into one account, each below the limit, at several branches in days."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ingest.simulated.cast import Party
from ingest.simulated.country import TOWNS
from ingest.simulated.moves import cash_out, deposit, moment, rounded, unknown_person
from ingest.simulated.planted import Scheme, Stage, Variant, hushed, member, told
from ingest.simulated.rows import DAY, Row

TYPOLOGY = "st-smurf-depositors"
LIMIT, WINDOW = 100_000_000, 5 * DAY
"""What a bank must report, in kip, as people know it; and the days of the definition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Smurfs:
    depositors: int
    deposits: int
    branches: int
    days: float
    share: tuple[float, float]
    """Of the limit, lowest and highest."""


def draw(variant: Variant, rng: np.random.Generator) -> Smurfs:
    """Evasive: fewer people, smaller sums, over two weeks."""
    is_evasive = variant == "evasive"
    low = float(rng.uniform(0.1, 0.4) if is_evasive else rng.uniform(0.3, 0.8))
    return Smurfs(
        depositors=int(rng.integers(2, 6) if is_evasive else rng.integers(4, 11)),
        deposits=int(rng.integers(4, 9) if is_evasive else rng.integers(5, 16)),
        branches=int(rng.integers(2, 5) if is_evasive else rng.integers(3, 7)),
        days=float(rng.uniform(6, 16) if is_evasive else rng.uniform(1, 5)),
        share=(low, low + float(rng.uniform(0.05, 0.19))),
    )


def plant(id: str, variant: Variant, stage: Stage, rng: np.random.Generator) -> Scheme:
    how, holder = draw(variant, rng), stage.cast.lead()
    first = stage.start(int(how.days) + 6, rng)
    rows = paid(id, how, holder, first, rng)
    gone = sum(row.amount for row in rows) * float(rng.uniform(0.7, 0.97))
    last = first + int(how.days) + 1
    rows += cash_out(id, holder, gone, moment(last, (9, 16), rng), holder.town, rng)
    return Scheme(
        id=id,
        typologies=(TYPOLOGY, "st-structuring"),
        variant=variant,
        members=(member(holder, "mule"),),
        rows=told(rows),
        completes_at=completed(rows),
        hushes=hushed(holder, first - 30, last + 3, variant),
    )


def paid(id: str, how: Smurfs, holder: Party, first: int, rng: np.random.Generator) -> list[Row]:
    people = [unknown_person(rng) for _ in range(how.depositors)]
    towns = rng.permutation(len(TOWNS))[: how.branches]
    rows = []
    for number in range(how.deposits):
        amount = rounded(LIMIT * float(rng.uniform(*how.share)))
        time = moment(first + how.days * number / how.deposits, (8, 16), rng)
        who, town = people[number % how.depositors], int(towns[number % how.branches])
        rows.append(deposit(id, holder, who, amount, time, town, "BRANCH"))
    return rows


def completed(rows: Sequence[Row]) -> int | None:
    """When within five days four people had paid in, at three branches, one and a half limits."""
    cash = sorted((r for r in rows if r.txn_type == "CASH_DEPOSIT"), key=lambda r: r.event_time)
    for last in cash:
        recent = [r for r in cash if last.event_time - WINDOW < r.event_time <= last.event_time]
        people = {row.conductor_party_id for row in recent}
        branches = {row.terminal_id for row in recent}
        enough = sum(row.amount for row in recent) >= 1.5 * LIMIT
        if len(people) >= 4 and len(branches) >= 3 and enough:
            return last.event_time
    return None
