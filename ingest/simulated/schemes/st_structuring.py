"""Cash kept just under the reporting limit, by the holder or by others for them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ingest.simulated.cast import Party
from ingest.simulated.country import REPORTING_LIMIT, TOWNS
from ingest.simulated.moves import deposit, moment, rounded, unknown_person
from ingest.simulated.planted import Scheme, Stage, Variant, hushed, member, told
from ingest.simulated.rows import DAY, Row

TYPOLOGY = "st-structuring"
WINDOW = 7 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """lowest, highest: a deposit as share of the reporting limit. branches: towns used."""

    deposits: int
    lowest: float
    highest: float
    days: int
    branches: int
    by_others: float


def draw(variant: Variant, rng: np.random.Generator) -> Split:
    """Evasive: further below the limit, weeks apart."""
    is_evasive = variant == "evasive"
    lowest = float(rng.uniform(0.35, 0.75) if is_evasive else rng.uniform(0.62, 0.92))
    return Split(
        deposits=int(rng.integers(3, 9) if is_evasive else rng.integers(3, 13)),
        lowest=lowest,
        highest=float(rng.uniform(lowest + 0.03, 0.995)),
        days=int(rng.integers(12, 50) if is_evasive else rng.integers(2, 14)),
        branches=int(rng.integers(1, 4)),
        by_others=float(rng.choice([0.0, 0.0, 0.5, 1.0])),
    )


def plant(id: str, variant: Variant, stage: Stage, rng: np.random.Generator) -> Scheme:
    how, holder = draw(variant, rng), stage.cast.lead()
    first = stage.start(how.days + 2, rng)
    rows = split_up(id, how, holder, first, rng)
    return Scheme(
        id=id,
        typologies=(TYPOLOGY,),
        variant=variant,
        members=(member(holder, "mule"),),
        rows=told(rows),
        completes_at=completed(rows),
        hushes=hushed(holder, first - 20, first + how.days + 2, variant),
    )


def split_up(
    id: str, how: Split, holder: Party, first_day: int, rng: np.random.Generator
) -> list[Row]:
    """The deposits, at counters of the home town and of others."""
    towns = [holder.town, *(int(t) for t in rng.integers(0, len(TOWNS), how.branches - 1))]
    days = np.sort(rng.integers(first_day, first_day + how.days, how.deposits))
    return [
        deposit(
            id,
            holder,
            unknown_person(rng) if rng.random() < how.by_others else holder.party,
            rounded(REPORTING_LIMIT * float(rng.uniform(how.lowest, how.highest))),
            moment(day, (8, 16), rng),
            int(rng.choice(towns)),
            "BRANCH",
        )
        for day in days
    ]


def completed(rows: Sequence[Row]) -> int | None:
    """When within a week there were three between 0.8 of the limit and the limit that come to 1.2
    of it, or two such in a day that come to it."""
    near = [r for r in rows if 0.8 * REPORTING_LIMIT <= r.amount < REPORTING_LIMIT]
    for last in sorted(near, key=lambda row: row.event_time):
        recent = [r for r in near if last.event_time - WINDOW < r.event_time <= last.event_time]
        today = [r for r in recent if r.event_time // DAY == last.event_time // DAY]
        whole = sum(row.amount for row in recent)
        if len(recent) >= 3 and whole >= 1.2 * REPORTING_LIMIT:
            return last.event_time
        if len(today) >= 2 and sum(row.amount for row in today) >= REPORTING_LIMIT:
            return last.event_time
    return None
