"""A country drawn from a seed: its people, what is planted among them, and when."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from itertools import cycle, islice

import numpy as np
import polars as pl

from ingest.reference import Licence
from ingest.simulated import look_alikes, schemes
from ingest.simulated.life import EPOCH
from ingest.simulated.people import People, draw_people
from ingest.simulated.rows import in_order
from ingest.simulated.schemes import Cast, Scheme

LONGEST_SCHEME = 26
LEADS_A_SCHEME = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class CountrySettings:
    """customers: people, besides shops and firms. quiet_days: days of ordinary life before the
    first scheme. schemes_per_10k: schemes and look-alikes a 10,000 customers."""

    customers: int = 2_000
    days: int = 120
    first_day: date = date(2025, 9, 1)
    quiet_days: int = 62
    schemes_per_10k: float = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """planted: the rows of all schemes by event time. first_day: days since the epoch."""

    people: People
    schemes: tuple[Scheme, ...]
    licences: tuple[Licence, ...]
    planted: pl.DataFrame
    first_day: int
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Where a scheme may be: its id, its first day, and the last day of the feed."""

    id: str
    first_day: int
    history_start: int
    last_day: int


Planted = tuple[Scheme, Licence | None]
Planter = Callable[[Slot, Cast, np.random.Generator], Planted]


def draw_country(settings: CountrySettings, rng: np.random.Generator) -> Country:
    """People first, then schemes, in a fixed rotation so that each kind has its share."""
    people = draw_people(settings.customers, rng)
    first_day = (settings.first_day - EPOCH).days
    cast = Cast(people=people, leads=[int(who) for who in rng.permutation(len(people))])
    count = round(settings.customers * settings.schemes_per_10k / 10_000)
    planted = [
        planter(_slot(number, settings, first_day, rng), cast, rng)
        for number, planter in enumerate(islice(cycle(ROTATION), count), start=1)
        if len(cast.leads) >= LEADS_A_SCHEME
    ]
    return Country(
        people=people,
        schemes=tuple(scheme for scheme, _ in planted),
        licences=tuple(licence for _, licence in planted if licence),
        planted=in_order(scheme.rows for scheme, _ in planted),
        first_day=first_day,
        days=settings.days,
    )


def _slot(number: int, settings: CountrySettings, first_day: int, rng: np.random.Generator) -> Slot:
    room = max(1, settings.days - settings.quiet_days - LONGEST_SCHEME)
    start = first_day + min(settings.quiet_days, settings.days - 2) + int(rng.integers(0, room))
    return Slot(
        id=f"S-{number:04d}",
        first_day=start,
        history_start=first_day,
        last_day=first_day + settings.days,
    )


def _collector(slot: Slot, cast: Cast, rng: np.random.Generator) -> Planted:
    how = schemes.draw_fee_collector(rng)
    return schemes.fee_collector(slot.id, how, cast, slot.first_day, rng), None


def _burst(slot: Slot, cast: Cast, rng: np.random.Generator) -> Planted:
    how = schemes.draw_fee_collector(rng, is_burst=True)
    return schemes.fee_collector(slot.id, how, cast, slot.first_day, rng), None


def _evasive_collector(slot: Slot, cast: Cast, rng: np.random.Generator) -> Planted:
    how = schemes.draw_evasive_collector(rng)
    return schemes.fee_collector(slot.id, how, cast, slot.first_day, rng), None


def _drain(slot: Slot, cast: Cast, rng: np.random.Generator) -> Planted:
    how = schemes.draw_victim_drain(rng)
    return schemes.victim_drain(slot.id, how, cast, slot.first_day, rng), None


def _evasive_drain(slot: Slot, cast: Cast, rng: np.random.Generator) -> Planted:
    how = schemes.draw_evasive_drain(rng)
    return schemes.victim_drain(slot.id, how, cast, slot.first_day, rng), None


def _funnel(slot: Slot, cast: Cast, rng: np.random.Generator) -> Planted:
    how = schemes.draw_funnel(rng)
    return schemes.funnel(slot.id, how, cast, slot.first_day, rng), None


def _evasive_funnel(slot: Slot, cast: Cast, rng: np.random.Generator) -> Planted:
    how = schemes.draw_evasive_funnel(rng)
    return schemes.funnel(slot.id, how, cast, slot.first_day, rng), None


def _structuring(slot: Slot, cast: Cast, rng: np.random.Generator) -> Planted:
    how = schemes.draw_structuring(rng)
    return schemes.structuring(slot.id, how, cast, slot.first_day, rng), None


def _agent(slot: Slot, cast: Cast, rng: np.random.Generator) -> Planted:
    return look_alikes.remittance_agent(slot.id, cast, slot.history_start, slot.last_day, rng)


def _trader(slot: Slot, cast: Cast, rng: np.random.Generator) -> Planted:
    return look_alikes.trader_near_threshold(
        slot.id, cast, slot.history_start, slot.last_day, rng
    ), None


def _school(slot: Slot, cast: Cast, rng: np.random.Generator) -> Planted:
    return look_alikes.school(slot.id, cast, slot.first_day, slot.last_day, rng), None


def _fair_day(slot: Slot, cast: Cast, rng: np.random.Generator) -> Planted:
    return look_alikes.fair_day(slot.id, cast, slot.first_day, slot.last_day, rng), None


ROTATION: tuple[Planter, ...] = (
    _collector,
    _drain,
    _funnel,
    _burst,
    _agent,
    _evasive_collector,
    _collector,
    _fair_day,
    _structuring,
    _drain,
    _funnel,
    _trader,
    _burst,
    _evasive_funnel,
    _collector,
    _fair_day,
    _school,
    _evasive_drain,
    _funnel,
)
