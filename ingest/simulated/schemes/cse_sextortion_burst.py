"""Young payers pressed within hours: small, then larger, then all, to one receiver."""

from dataclasses import dataclass

import numpy as np

from ingest.simulated.country import KIP_PER_USD
from ingest.simulated.moves import cash_out, moment, rounded, transfer
from ingest.simulated.planted import Scheme, Stage, Variant, member, told
from ingest.simulated.rows import HOUR, SECOND, Row

TYPOLOGY = "cse-sextortion-burst"


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    payers: int
    payments: int
    first: float
    growth: float
    hours: float
    spread_days: int


def draw(variant: Variant, rng: np.random.Generator) -> Burst:
    """Evasive: fewer payers, sums that hardly grow, over days."""
    is_evasive = variant == "evasive"
    return Burst(
        payers=int(rng.integers(2, 5) if is_evasive else rng.integers(3, 11)),
        payments=int(rng.integers(2, 5) if is_evasive else rng.integers(3, 7)),
        first=KIP_PER_USD * float(rng.uniform(8, 160)),
        growth=float(rng.uniform(0.95, 1.3) if is_evasive else rng.uniform(1.15, 2.0)),
        hours=float(rng.uniform(40, 140) if is_evasive else rng.uniform(1, 60)),
        spread_days=int(rng.integers(5, 28)),
    )


def plant(id: str, variant: Variant, stage: Stage, rng: np.random.Generator) -> Scheme:
    how, cast = draw(variant, rng), stage.cast
    receiver = cast.lead()
    young = cast.people.birth_year >= 2000
    payers = [cast.lead_who(young) for _ in range(how.payers)]
    first = stage.start(how.spread_days + 8, rng)
    rows: list[Row] = []
    ends: list[int] = []
    for payer in payers:
        begin = moment(first + int(rng.integers(0, how.spread_days)), (16, 26), rng)
        for number in range(how.payments):
            time = begin + int(how.hours * HOUR * number / how.payments) // SECOND * SECOND
            amount = rounded(how.first * how.growth**number)
            rows.append(
                transfer(id, payer, receiver, amount, time + int(rng.integers(0, 900)) * SECOND)
            )
        ends.append(max(row.event_time for row in rows))
    taken = sum(row.amount for row in rows)
    rows += cash_out(id, receiver, taken * 0.9, max(ends) + 8 * HOUR, receiver.town, rng)
    is_met = how.payers >= 3 and how.payments >= 3 and how.growth > 1 and how.hours <= 72
    return Scheme(
        id=id,
        typologies=(TYPOLOGY,),
        variant=variant,
        members=(
            member(receiver, "collector"),
            *(member(payer, "possible_victim") for payer in payers),
        ),
        rows=told(rows),
        completes_at=sorted(ends)[2] if is_met else None,
    )
