"""One account buys many one-way tickets and sends small advances to people it does not know."""

from dataclasses import dataclass

import numpy as np

from ingest.simulated.country import KIP_PER_USD
from ingest.simulated.moves import moment, purchase, rounded, transfer
from ingest.simulated.planted import Scheme, Stage, Variant, member, told
from ingest.simulated.rows import Row

TYPOLOGY = "sc-recruit-travel"
TICKETS = ("4131", "4112", "4511")


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    travellers: int
    days: int
    ticket: float
    advance: float
    scatter: float


def draw(variant: Variant, rng: np.random.Generator) -> Journey:
    """Evasive: fewer at a time, over weeks, advances of many sizes."""
    is_evasive = variant == "evasive"
    return Journey(
        travellers=int(rng.integers(3, 8) if is_evasive else rng.integers(6, 19)),
        days=int(rng.integers(10, 40) if is_evasive else rng.integers(1, 12)),
        ticket=KIP_PER_USD * float(rng.uniform(8, 90)),
        advance=KIP_PER_USD * float(rng.uniform(18, 190)),
        scatter=float(rng.uniform(0.15, 0.6) if is_evasive else rng.uniform(0.0, 0.05)),
    )


def plant(id: str, variant: Variant, stage: Stage, rng: np.random.Generator) -> Scheme:
    how, payer = draw(variant, rng), stage.cast.lead()
    first = stage.start(how.days + 2, rng)
    travellers = stage.cast.strangers(how.travellers, rng)
    rows: list[Row] = []
    mcc = str(rng.choice(TICKETS))
    groups = max(1, how.travellers // 5)
    days = [first + int(how.days * n / groups) for n in range(groups)]
    times: list[int] = []
    for number, traveller in enumerate(travellers):
        day = days[number % groups]
        amount = rounded(how.advance * float(rng.lognormal(0.0, how.scatter)))
        advance = transfer(id, payer, traveller, amount, moment(day, (7, 16), rng))
        fare = rounded(how.ticket * float(rng.uniform(0.97, 1.03)))
        ticket = purchase(id, payer, fare, moment(day, (8, 18), rng), mcc=mcc)
        rows += [advance, ticket]
        times.append(max(advance.event_time, ticket.event_time))
    is_met = how.travellers >= 6 and how.days <= 30
    return Scheme(
        id=id,
        typologies=(TYPOLOGY,),
        variant=variant,
        members=(member(payer, "facilitator"),),
        rows=told(rows),
        completes_at=sorted(times)[5] if is_met else None,
    )
