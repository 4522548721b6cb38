"""A country drawn from a seed: its people, what is planted among them, and when."""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from itertools import cycle, islice, product
from pathlib import Path

import numpy as np
import polars as pl

from ingest.reference import Account, Licence
from ingest.simulated import look_alikes, schemes
from ingest.simulated.banks import Banks, draw_banks
from ingest.simulated.cast import Cast
from ingest.simulated.contacts import Contacts, draw_contacts, no_contacts
from ingest.simulated.country import TOWNS
from ingest.simulated.life import EPOCH, held_accounts
from ingest.simulated.nation import NATION
from ingest.simulated.people import Indices, People, draw_people
from ingest.simulated.planted import (
    VARIANTS,
    Hush,
    LookAlikeTold,
    Scheme,
    SchemeTold,
    Stage,
    look_alike_told,
    scheme_told,
)
from ingest.simulated.row_store import RowStore
from ingest.simulated.society import Society
from ingest.simulated.stories import TELLERS

LEADS_A_PART = 25
NEWCOMERS = 1 / 15
WALK_ON_SHARE = 0.4
SCHEMES_A_STORY = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class CountrySettings:
    """customers: people, besides shops and firms. days: those that are scored, after `history`
    days without any scheme. look_alikes_per_10k: of each kind; never none of one."""

    customers: int = 2_000
    days: int = 120
    history: int = 150
    first_day: date = date(2025, 3, 3)
    schemes_per_10k: float = 30.0
    look_alikes_per_10k: float = 22.0
    society: Society = NATION


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """first_day, scored_from: days since the epoch. opened: accounts besides everybody's first.
    opened_on: of each person, by position, the day of the first account; empty where nobody knows.
    """

    people: People
    banks: Banks
    contacts: Contacts
    schemes: tuple[SchemeTold, ...]
    look_alikes: tuple[LookAlikeTold, ...]
    licences: tuple[Licence, ...]
    planted: RowStore
    hushes: tuple[Hush, ...]
    first_day: int
    scored_from: int
    days: int
    opened: tuple[Account, ...] = ()
    opened_on: Indices = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @property
    def last_day(self) -> int:
        """The first day after the feed."""
        return self.first_day + self.days


@dataclass(frozen=True, slots=True, kw_only=True)
class Crimes:
    """Schemes without their rows, the life they hush, and accounts opened for them with the day."""

    schemes: tuple[SchemeTold, ...]
    hushes: tuple[Hush, ...]
    opened: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What is planted so far, and the accounts of all of it."""

    rows: RowStore
    accounts: set[str] = field(default_factory=set)

    def plant(self, rows: pl.DataFrame) -> None:
        self.rows.add(rows)
        for side in ("orig", "benef"):
            self.accounts.update(rows[f"{side}_account_id"].drop_nulls().unique())


def draw_country(
    settings: CountrySettings, rng: np.random.Generator, *, room: Path | None = None
) -> Country:
    """People first, then schemes, of every typology and variant in turn, then look-alikes. room:
    where planted rows lie that memory does not hold."""
    people = draw_people(settings.customers, rng, settings.society)
    first_day = (settings.first_day - EPOCH).days
    stage = Stage(
        cast=_cast(people, rng),
        first_day=first_day,
        scored_from=first_day + settings.history,
        last_day=first_day + settings.history + settings.days,
    )
    ground = Ground(rows=RowStore(room))
    crimes = _crimes(settings, stage, ground, rng)
    innocent = _look_alikes(settings, stage, ground, rng)
    opened_on, not_yet = _openings(stage, crimes, ground.accounts, rng)
    return Country(
        people=people,
        contacts=_contacts(people, crimes.schemes, innocent, rng.spawn(1)[0]),
        banks=draw_banks(settings.society.banks, held_accounts(people), rng.spawn(1)[0]),
        schemes=crimes.schemes,
        look_alikes=innocent,
        licences=tuple(each.licence for each in innocent if each.licence),
        planted=ground.rows,
        hushes=(*crimes.hushes, *not_yet),
        first_day=first_day,
        scored_from=stage.scored_from,
        days=settings.history + settings.days,
        opened_on=opened_on,
    )


def _contacts(
    people: People,
    crimes: Sequence[SchemeTold],
    innocent: Sequence[LookAlikeTold],
    rng: np.random.Generator,
) -> Contacts:
    if not people.society.tells_contacts:
        return no_contacts(people)
    houses = [each.members for each in innocent if each.is_one_house]
    hands = [each.one_hand for each in crimes if each.one_hand]
    return draw_contacts(people, houses, hands, rng)


def _cast(people: People, rng: np.random.Generator) -> Cast:
    order = rng.permutation(len(people))
    walk_ons = round(WALK_ON_SHARE * len(people))
    of_town = [order[:walk_ons][people.home[order[:walk_ons]] == n] for n in range(len(TOWNS))]
    leads = [int(who) for who in order[walk_ons:]]
    return Cast(people=people, leads=leads, walk_ons_of=tuple(of_town))


def _openings(
    stage: Stage, crimes: Crimes, used: Set[str], rng: np.random.Generator
) -> tuple[Indices, tuple[Hush, ...]]:
    """When every person's account was opened. One in fifteen is opened in the days of the feed,
    and has no life before."""
    people = stage.cast.people
    days: Indices = stage.first_day - rng.integers(200, 3_600, len(people))
    is_free = np.array([account not in used for account in people.account], dtype=np.bool_)
    new = np.flatnonzero(is_free & (rng.random(len(people)) < NEWCOMERS))
    days[new] = rng.integers(stage.first_day, stage.last_day, len(new))
    for account, day in crimes.opened:
        days[people.account.index_of(account)] = day
    not_yet = tuple(
        Hush(account=account, from_day=stage.first_day, until_day=int(day), kept=0.0)
        for account, day in zip(people.account.gather(new), days[new], strict=True)
    )
    return days, not_yet


def _crimes(
    settings: CountrySettings, stage: Stage, ground: Ground, rng: np.random.Generator
) -> Crimes:
    told: list[SchemeTold] = []
    hushes: list[Hush] = []
    opened: list[tuple[str, int]] = []
    for scheme in _schemes(settings, stage, rng):
        # One that would come after a short feed's end leaves nothing.
        if not len(scheme.rows):
            continue
        ground.plant(scheme.rows)
        told.append(scheme_told(scheme))
        hushes += scheme.hushes
        opened += scheme.opened
    return Crimes(schemes=tuple(told), hushes=tuple(hushes), opened=tuple(opened))


def _schemes(settings: CountrySettings, stage: Stage, rng: np.random.Generator) -> Iterator[Scheme]:
    """One in ten begins a story; the others are of every variant and typology in turn."""
    count, done = round(settings.customers * settings.schemes_per_10k / 10_000), 0
    for number in range(count // SCHEMES_A_STORY):
        teller = TELLERS[number % len(TELLERS)]
        variant = VARIANTS[number // len(TELLERS) % len(VARIANTS)]
        if len(stage.cast.leads) >= LEADS_A_PART:
            acts = teller(f"S-{done + 1:05d}", variant, stage, rng)
            done += len(acts)
            yield from acts
    turns = cycle(product(VARIANTS, schemes.planters().values()))
    for variant, planter in islice(turns, max(0, count - done)):
        if len(stage.cast.leads) >= LEADS_A_PART:
            done += 1
            yield planter(f"S-{done:05d}", variant, stage, rng)


def _look_alikes(
    settings: CountrySettings, stage: Stage, ground: Ground, rng: np.random.Generator
) -> tuple[LookAlikeTold, ...]:
    of_each = max(1, round(settings.customers * settings.look_alikes_per_10k / 10_000))
    told: list[LookAlikeTold] = []
    for planter in look_alikes.kinds().values():
        for _ in range(of_each):
            if len(stage.cast.leads) < LEADS_A_PART:
                return tuple(told)
            each = planter(stage, rng)
            # A feast that would come after a short feed's end leaves nothing.
            if len(each.rows):
                ground.plant(each.rows)
                told.append(look_alike_told(each))
    return tuple(told)
