"""The innocent of the simulated country: what looks like a scheme and is not one."""

import numpy as np

from ingest.reference import Licence
from ingest.simulated.country import BORDER_TOWNS, KIP_PER_USD
from ingest.simulated.rows import DAY, HOUR, SECOND, Row
from ingest.simulated.schemes import (
    Cast,
    Party,
    Scheme,
    deposit,
    plant,
    purchase,
    rounded,
    transfer,
    withdrawal,
)

MONTH = 30


def remittance_agent(
    id: str, cast: Cast, first_day: int, last_day: int, rng: np.random.Generator
) -> tuple[Scheme, Licence]:
    """An agent in a border town: the same senders come back every month with a small or a big
    sum, and the money leaves in cash for their families. Licensed."""
    agent, town = cast.lead(), int(rng.choice(BORDER_TOWNS))
    senders = cast.from_towns(int(rng.integers(14, 30)), int(rng.integers(5, 10)), rng)
    rows = [
        row
        for number, sender in enumerate(senders)
        for day in range(first_day + number % MONTH, last_day, MONTH)
        for row in carried(id, agent, sender, day, town, rng)
    ]
    licence = Licence(
        holder=agent.party or "", kind="MVTS", source="fictional register of remittance agents"
    )
    return plant(id, None, agent, [agent], rows), licence


def carried(
    id: str, agent: Party, sender: Party, day: int, town: int, rng: np.random.Generator
) -> list[Row]:
    """One remittance: in by transfer, out in cash within a day."""
    price = int(rng.choice((60, 160))) * KIP_PER_USD
    time = day * DAY + int(rng.integers(7 * 3_600, 19 * 3_600)) * SECOND
    return [
        transfer(id, sender, agent, rounded(price), time),
        withdrawal(id, agent, rounded(price * 0.98), time + 20 * HOUR, town, 1),
    ]


def trader_near_threshold(
    id: str, cast: Cast, first_day: int, last_day: int, rng: np.random.Generator
) -> Scheme:
    """A wholesale trader whose weekly takings lie on both sides of the reporting threshold."""
    trader = cast.lead()
    rows = [
        deposit(
            id,
            trader,
            trader.party,
            rounded(rng.uniform(84_000_000, 116_000_000)),
            day * DAY + 15 * HOUR,
            trader.town,
            "BRANCH",
        )
        for day in range(first_day, last_day, 3)
    ]
    return plant(id, None, trader, [trader], rows)


def school(id: str, cast: Cast, first_day: int, last_day: int, rng: np.random.Generator) -> Scheme:
    """One price from many families in many towns within days; the money stays."""
    bursar = cast.lead()
    families = cast.from_towns(24, 8, rng)
    rows = [
        transfer(
            id,
            family,
            bursar,
            rounded(140 * KIP_PER_USD),
            (first_day + number % 10) * DAY + 10 * HOUR + number * 60 * SECOND,
            purpose="STDY",
        )
        for number, family in enumerate(families)
    ]
    return plant(id, None, bursar, [bursar], rows)


def fair_day(
    id: str, cast: Cast, first_day: int, last_day: int, rng: np.random.Generator
) -> Scheme:
    """Two helpers take payments at a fair, pass them on to whose goods they sell, and live on
    their accounts by card. The card file comes a day late: until then they look drained."""
    owner = cast.lead()
    helpers = [cast.lead(), cast.lead()]
    rows = [row for helper in helpers for row in _stall(id, cast, helper, owner, first_day, rng)]
    return plant(id, None, owner, [owner, *helpers], rows)


def _stall(
    id: str, cast: Cast, helper: Party, owner: Party, day: int, rng: np.random.Generator
) -> list[Row]:
    opening = day * DAY + 6 * HOUR
    buyers = cast.strangers(8, rng)
    amounts = [rounded(KIP_PER_USD * rng.uniform(15, 60)) for _ in buyers]
    taken = sum(amounts)
    return [
        *(
            transfer(id, buyer, helper, amount, opening + number * 1_200 * SECOND)
            for number, (buyer, amount) in enumerate(zip(buyers, amounts, strict=True))
        ),
        purchase(
            id, helper, rounded(taken * 0.12), opening + 3 * HOUR, mcc="5411", delay=23 * HOUR
        ),
        transfer(id, helper, owner, rounded(taken * 0.94), opening + 4 * HOUR),
    ]
