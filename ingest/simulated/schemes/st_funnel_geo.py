"""A funnel account: cash paid in by others in several towns is drawn far away, at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ingest.simulated.cast import FAR_KM, Party, kilometres
from ingest.simulated.country import BORDER_TOWNS, KIP_PER_USD, TOWNS
from ingest.simulated.moves import cash_out, moment, paid_in, unknown_person
from ingest.simulated.planted import Scheme, Stage, Variant, hushed, member, told
from ingest.simulated.rows import DAY, HOUR, SECOND, Row

TYPOLOGY = "st-funnel-geo"
WINDOW, HELD = 30 * DAY, 48 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """usual: kip paid in at a time. depositors: how many carry the money."""

    towns: int
    deposits: int
    usual: float
    days: int
    hold_hours: float
    depositors: int


def draw(variant: Variant, rng: np.random.Generator) -> Funnel:
    """Evasive: fewer towns, smaller sums, held for days."""
    is_evasive = variant == "evasive"
    low, high = (60, 700) if is_evasive else (120, 2_500)
    return Funnel(
        towns=int(rng.integers(2, 5) if is_evasive else rng.integers(3, 8)),
        deposits=int(rng.integers(4, 12) if is_evasive else rng.integers(6, 26)),
        usual=KIP_PER_USD * float(np.exp(rng.uniform(np.log(low), np.log(high)))),
        days=int(rng.integers(15, 45) if is_evasive else rng.integers(3, 24)),
        hold_hours=float(rng.uniform(20, 140) if is_evasive else rng.uniform(1, 40)),
        depositors=int(rng.integers(1, 7)),
    )


def plant(id: str, variant: Variant, stage: Stage, rng: np.random.Generator) -> Scheme:
    how, holder = draw(variant, rng), stage.cast.lead()
    first = stage.start(how.days + 7, rng)
    rows = funnelled(id, how, holder, first, rng)
    return Scheme(
        id=id,
        typologies=(TYPOLOGY,),
        variant=variant,
        members=(member(holder, "mule"),),
        rows=told(rows),
        completes_at=completed(rows, TOWNS[holder.town].region),
        hushes=hushed(holder, first - 40, first + how.days + 7, variant),
    )


def funnelled(
    id: str, how: Funnel, holder: Party, first_day: int, rng: np.random.Generator
) -> list[Row]:
    """What is paid in, and what is drawn in one town at least FAR_KM away from all of the others;
    a border town, wherever that leaves enough of them."""
    out_town = max(
        (int(town) for town in rng.permutation(BORDER_TOWNS) if town != holder.town),
        key=lambda town: min(how.towns, len(_far(town, holder.town))),
    )
    towns = rng.permutation(_far(out_town, holder.town))[: how.towns]
    carriers = [unknown_person(rng) for _ in range(how.depositors)]
    rows: list[Row] = []
    for number in range(how.deposits):
        day = first_day + int(how.days * (number + rng.random()) / how.deposits)
        amount = how.usual * float(rng.uniform(0.5, 1.5))
        carrier, town = str(rng.choice(carriers)), int(towns[number % len(towns)])
        time = moment(day, (7, 20), rng)
        rows.append(paid_in(id, holder, carrier, amount, time, town))
        out = time + int(how.hold_hours * 3_600 * rng.uniform(0.3, 1.5)) * SECOND
        rows += cash_out(id, holder, amount * float(rng.uniform(0.9, 0.99)), out, out_town, rng)
    return rows


def completed(rows: Sequence[Row], home: str) -> int | None:
    """When within 30 days cash had come in three subdivisions away from home, and six tenths of
    it had been drawn elsewhere within 48 hours of having come."""
    ordered = sorted(rows, key=lambda row: row.event_time)
    for last in ordered:
        recent = [r for r in ordered if last.event_time - WINDOW < r.event_time <= last.event_time]
        paid = [row for row in recent if row.txn_type == "CASH_DEPOSIT"]
        drawn = [row for row in recent if row.txn_type == "CASH_WITHDRAWAL"]
        soon = sum(r.amount for r in drawn if any(_is_soon(r, p) for p in paid))
        towns = {row.location_region for row in paid} - {home}
        if len(towns) >= 3 and soon >= 0.6 * sum(row.amount for row in paid):
            return last.event_time
    return None


def _is_soon(drawn: Row, paid: Row) -> bool:
    return 0 <= drawn.event_time - paid.event_time <= HELD


def _far(town: int, home: int) -> list[int]:
    """Towns at least FAR_KM away that are nobody's home here."""
    return [t for t in range(len(TOWNS)) if t != home and kilometres(town, t) >= FAR_KM]
