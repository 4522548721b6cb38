"""Sums that go from hand to hand: the payments that network schemes are made of."""

from collections.abc import Sequence

import numpy as np

from ingest.simulated.cast import Party
from ingest.simulated.country import KIP_PER_USD
from ingest.simulated.moves import rounded, transfer
from ingest.simulated.planted import Scheme, Stage, Variant, hushed, member, told
from ingest.simulated.rows import DAY, SECOND, Row

Hop = tuple[Party, Party, float, float]
"""Payer, payee, day, kip."""


def crew(stage: Stage, least: int, most: int, rng: np.random.Generator) -> list[Party]:
    return [stage.cast.lead() for _ in range(int(rng.integers(least, most + 1)))]


def lump(rng: np.random.Generator) -> float:
    """Kip of a sum worth hiding: about 2,000 to 40,000 dollars."""
    return KIP_PER_USD * float(np.exp(rng.uniform(np.log(2_000), np.log(40_000))))


def kept(variant: Variant, rng: np.random.Generator) -> float:
    """What a hop passes on; an evasive one keeps more."""
    return 1 - float(rng.uniform(0.02, 0.3) if variant == "evasive" else rng.uniform(0.0, 0.1))


def days(variant: Variant, rng: np.random.Generator) -> float:
    return float(rng.uniform(4, 16) if variant == "evasive" else rng.uniform(2, 6))


def _waking(first: int, day: float) -> int:
    """A second between 7 and 22 o'clock: later on a day for what comes later."""
    hour = 7 + 15 * (day - int(day))
    return (first + int(day)) * DAY + int(hour * 3_600) * SECOND


def scheme(
    id: str,
    typology: str,
    variant: Variant,
    stage: Stage,
    hops: Sequence[Hop],
    rng: np.random.Generator,
) -> Scheme:
    """The hops, in the order of their days from the scheme's first; all who take part are mules."""
    length = 2 + int(max(day for *_, day, _ in hops))
    first = stage.start(length, rng)
    rows: list[Row] = [
        transfer(id, payer, payee, rounded(kip), _waking(first, day))
        for payer, payee, day, kip in hops
    ]
    parties = {party.account: party for hop in hops for party in hop[:2]}
    return Scheme(
        id=id,
        typologies=(typology,),
        variant=variant,
        members=tuple(member(party, "mule") for party in parties.values()),
        rows=told(rows),
        completes_at=max(row.event_time for row in rows),
        hushes=tuple(
            hush
            for party in parties.values()
            for hush in hushed(party, first - 10, first + length, variant)
        ),
    )
