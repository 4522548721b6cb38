"""Wages paid in, and taken back within a day or two by a foreman, a recruiter or the employer."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ingest.simulated.cast import Party
from ingest.simulated.country import KIP_PER_USD
from ingest.simulated.moves import moment, rounded, transfer, wage
from ingest.simulated.planted import Scheme, Stage, Variant, hushed, member, told
from ingest.simulated.rows import DAY, HOUR, SECOND, Row

TYPOLOGY = "fl-wage-recapture"
WINDOW, SOON = 90 * DAY, 48 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Recapture:
    """every: days between wages. taken: share of a wage; take_hours: usual time until then.
    skipped: share of wages that are left alone."""

    workers: int
    wages: int
    every: int
    usual: float
    taken: float
    take_hours: float
    skipped: float


def draw(variant: Variant, rng: np.random.Generator) -> Recapture:
    """Evasive: fewer workers, smaller shares, later."""
    is_evasive = variant == "evasive"
    return Recapture(
        workers=int(rng.integers(2, 8) if is_evasive else rng.integers(5, 16)),
        wages=int(rng.integers(2, 4) if is_evasive else rng.integers(2, 6)),
        every=int(rng.choice([14, 28, 30])),
        usual=KIP_PER_USD * float(rng.uniform(70, 320)),
        taken=float(rng.uniform(0.3, 0.75) if is_evasive else rng.uniform(0.58, 0.97)),
        take_hours=float(rng.uniform(12, 110) if is_evasive else rng.uniform(0.5, 36)),
        skipped=float(rng.uniform(0.0, 0.4) if is_evasive else rng.uniform(0.0, 0.1)),
    )


def plant(id: str, variant: Variant, stage: Stage, rng: np.random.Generator) -> Scheme:
    how, taker = draw(variant, rng), stage.cast.lead()
    unwaged = ~stage.cast.people.are("is_waged")
    workers = [stage.cast.lead_who(unwaged) for _ in range(how.workers)]
    first = stage.start(how.wages * how.every + 7, rng)
    rows = recaptured(id, how, taker, workers, stage, first, rng)
    until = first + how.wages * how.every + 7
    return Scheme(
        id=id,
        typologies=(TYPOLOGY,),
        variant=variant,
        members=(
            member(taker, "possible_controller"),
            *(member(worker, "possible_victim") for worker in workers),
        ),
        rows=told(rows),
        completes_at=completed(rows, taker.account),
        hushes=tuple(hush for each in workers for hush in hushed(each, first, until, variant)),
    )


def recaptured(
    id: str,
    how: Recapture,
    taker: Party,
    workers: Sequence[Party],
    stage: Stage,
    first_day: int,
    rng: np.random.Generator,
) -> list[Row]:
    """The wages of one employer, and what of them goes on."""
    employer = int(rng.integers(0, stage.cast.people.employers))
    shares = [how.usual * float(rng.lognormal(0.0, 0.15)) for _ in workers]
    rows: list[Row] = []
    for number in range(how.wages):
        paid = moment(first_day + number * how.every, (9, 10), rng)
        for worker, share in zip(workers, shares, strict=True):
            earned = wage(id, employer, worker, share * float(rng.normal(1.0, 0.04)), paid)
            rows.append(earned)
            if rng.random() < how.skipped:
                continue
            wait = int(how.take_hours * 3_600 * rng.uniform(0.3, 1.4)) * SECOND
            taken = rounded(earned.amount * how.taken * float(rng.uniform(0.95, 1.02)))
            rows.append(transfer(id, worker, taker, taken, paid + wait))
    return rows


def completed(rows: Sequence[Row], taker: str) -> int | None:
    """When five workers had within 90 days passed on six tenths of two wages within 48 hours."""
    ordered = sorted(rows, key=lambda row: row.event_time)
    takes = [row for row in ordered if row.benef_account_id == taker]
    for last in takes:
        recent = [r for r in takes if last.event_time - WINDOW < r.event_time <= last.event_time]
        counts = [
            sum(_is_most_of_a_wage(take, ordered) for take in recent if take.orig_account_id == one)
            for one in {take.orig_account_id for take in recent}
        ]
        if sum(count >= 2 for count in counts) >= 5:
            return last.event_time
    return None


def _is_most_of_a_wage(take: Row, rows: Sequence[Row]) -> bool:
    return any(
        row.txn_type == "SALARY"
        and row.benef_account_id == take.orig_account_id
        and 0 <= take.event_time - row.event_time <= SOON
        and take.amount >= 0.6 * row.amount
        for row in rows
    )
