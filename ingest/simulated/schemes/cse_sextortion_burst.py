"""Young payers pressed within hours: small, then larger, then all, to one receiver."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ingest.simulated.country import KIP_PER_USD
from ingest.simulated.moves import cash_out, moment, rounded, transfer
from ingest.simulated.planted import Scheme, Stage, Variant, member, told
from ingest.simulated.rows import DAY, HOUR, SECOND, Row

TYPOLOGY = "cse-sextortion-burst"
WINDOW, BURST = 30 * DAY, 72 * HOUR
LEAST_PAYERS, LEAST_PAYMENTS = 3, 3
LARGEST_FIRST_USD, LARGEST_SUM_USD = 270, 1_650


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
    for payer in payers:
        begin = moment(first + int(rng.integers(0, how.spread_days)), (16, 26), rng)
        for number in range(how.payments):
            time = begin + int(how.hours * HOUR * number / how.payments) // SECOND * SECOND
            amount = rounded(how.first * how.growth**number)
            rows.append(
                transfer(id, payer, receiver, amount, time + int(rng.integers(0, 900)) * SECOND)
            )
    taken = sum(row.amount for row in rows)
    rows += cash_out(
        id,
        receiver,
        taken * 0.9,
        max(row.event_time for row in rows) + 8 * HOUR,
        receiver.town,
        rng,
    )
    return Scheme(
        id=id,
        typologies=(TYPOLOGY,),
        variant=variant,
        members=(
            member(receiver, "collector"),
            *(member(payer, "possible_victim") for payer in payers),
        ),
        rows=told(rows),
        completes_at=completed(rows, receiver.account),
    )


def completed(rows: Sequence[Row], receiver: str) -> int | None:
    """When within 30 days a third payer had, within 72 hours, paid three sums or more, each larger
    than the one before, the first of at most 270 dollars and all of at most 1,650."""
    paid = sorted(
        (row for row in rows if row.benef_account_id == receiver), key=lambda row: row.event_time
    )
    for last in paid:
        recent = [row for row in paid if last.event_time - WINDOW < row.event_time]
        so_far = [row for row in recent if row.event_time <= last.event_time]
        payers = {str(row.orig_account_id) for row in so_far}
        if sum(_is_pressed(payer, so_far) for payer in payers) >= LEAST_PAYERS:
            return last.event_time
    return None


def _is_pressed(payer: str, paid: Sequence[Row]) -> bool:
    """At any of the payer's sums: those of the 72 hours up to it."""
    sums = [row for row in paid if row.orig_account_id == payer]
    return any(
        _is_burst([r.amount for r in sums[: n + 1] if last.event_time - BURST < r.event_time])
        for n, last in enumerate(sums)
    )


def _is_burst(sums: Sequence[int]) -> bool:
    return (
        len(sums) >= LEAST_PAYMENTS
        and all(one < other for one, other in pairwise(sums))
        and sums[0] <= LARGEST_FIRST_USD * KIP_PER_USD
        and sum(sums) <= LARGEST_SUM_USD * KIP_PER_USD
    )
