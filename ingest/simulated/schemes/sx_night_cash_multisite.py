"""Small cash paid in by night in several towns, far more than its holder earns, drawn elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ingest.simulated.cast import Party
from ingest.simulated.country import BORDER_TOWNS, KIP_PER_USD, TOWNS
from ingest.simulated.moves import cash_out, moment, paid_in, unknown_person
from ingest.simulated.planted import Scheme, Stage, Variant, hushed, member, told
from ingest.simulated.rows import DAY, HOUR, Row

TYPOLOGY = "sx-night-cash-multisite"
WINDOW = 30 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Nights:
    """by_night: share of the deposits; usual: kip of one; by_others: share paid in by others."""

    deposits: int
    days: int
    towns: int
    by_night: float
    usual: float
    by_others: float


def draw(variant: Variant, rng: np.random.Generator) -> Nights:
    """Evasive: fewer deposits, fewer towns, more of them by day."""
    is_evasive = variant == "evasive"
    return Nights(
        deposits=int(rng.integers(4, 16) if is_evasive else rng.integers(9, 60)),
        days=int(rng.integers(20, 55)),
        towns=int(rng.integers(1, 4) if is_evasive else rng.integers(3, 8)),
        by_night=float(rng.uniform(0.15, 0.55) if is_evasive else rng.uniform(0.4, 1.0)),
        usual=KIP_PER_USD * float(np.exp(rng.uniform(np.log(25), np.log(280)))),
        by_others=float(rng.uniform(0.0, 0.9)),
    )


def plant(id: str, variant: Variant, stage: Stage, rng: np.random.Generator) -> Scheme:
    how, holder = draw(variant, rng), stage.cast.lead()
    first = stage.start(how.days + 4, rng)
    rows = by_night(id, how, holder, first, rng)
    people = stage.cast.people
    income = int(people.income[people.party.index_of(holder.party) or 0])
    return Scheme(
        id=id,
        typologies=(TYPOLOGY,),
        variant=variant,
        members=(member(holder, "mule"),),
        rows=told(rows),
        completes_at=completed(rows, income),
        hushes=hushed(holder, first - 30, first + how.days + 4, variant),
    )


def by_night(
    id: str, how: Nights, holder: Party, first_day: int, rng: np.random.Generator
) -> list[Row]:
    """The deposits, and every week or so cash near the border."""
    towns = rng.permutation(len(TOWNS))[: how.towns]
    carriers = [unknown_person(rng) for _ in range(int(rng.integers(1, 5)))]
    rows: list[Row] = []
    for day in np.sort(rng.integers(first_day, first_day + how.days, how.deposits)):
        hours = (22.0, 30.0) if rng.random() < how.by_night else (8.0, 22.0)
        is_other = rng.random() < how.by_others
        conductor = str(rng.choice(carriers)) if is_other else holder.party or ""
        amount = how.usual * float(rng.lognormal(0.0, 0.35))
        time = moment(day, hours, rng)
        rows.append(paid_in(id, holder, conductor, amount, time, int(rng.choice(towns))))
    whole, border = sum(row.amount for row in rows), int(rng.choice(BORDER_TOWNS))
    times = max(1, how.days // 8)
    for number in range(times):
        day = first_day + 3 + number * 8
        part = whole * float(rng.uniform(0.5, 0.95)) / times
        rows += cash_out(id, holder, part, moment(day, (9, 21), rng), border, rng)
    return rows


def completed(rows: Sequence[Row], income: int) -> int | None:
    """When within 30 days there were eight deposits of usually 250 dollars at most, four in ten by
    night, in three subdivisions, that come to three months' income."""
    paid = sorted(
        (row for row in rows if row.txn_type == "CASH_DEPOSIT"), key=lambda row: row.event_time
    )
    for last in paid:
        recent = [r for r in paid if last.event_time - WINDOW < r.event_time <= last.event_time]
        nights = sum(not 6 <= row.event_time // HOUR % 24 < 22 for row in recent)
        usual = float(np.median([row.amount for row in recent]))
        if (
            len(recent) >= 8
            and nights >= 0.4 * len(recent)
            and len({row.location_region for row in recent}) >= 3
            and usual <= 250 * KIP_PER_USD
            and sum(row.amount for row in recent) >= 3 * income
        ):
            return last.event_time
    return None
