"""A country drawn from a seed: its people, what is planted among them, and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import cycle, islice, product

import numpy as np
import polars as pl

from ingest.reference import Account, Licence
from ingest.simulated import look_alikes, schemes
from ingest.simulated.banks import Banks, draw_banks
from ingest.simulated.cast import Cast
from ingest.simulated.contacts import Contacts, draw_contacts, no_contacts
from ingest.simulated.life import EPOCH, held_accounts
from ingest.simulated.nation import NATION
from ingest.simulated.people import People, draw_people
from ingest.simulated.planted import VARIANTS, Hush, LookAlike, Scheme, Stage
from ingest.simulated.rows import in_order
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
    """planted: the rows of all schemes and look-alikes by event time. first_day, scored_from: days
    since the epoch. opened: accounts besides everybody's first."""

    people: People
    banks: Banks
    contacts: Contacts
    schemes: tuple[Scheme, ...]
    look_alikes: tuple[LookAlike, ...]
    licences: tuple[Licence, ...]
    planted: pl.DataFrame
    hushes: tuple[Hush, ...]
    first_day: int
    scored_from: int
    days: int
    opened: tuple[Account, ...] = ()
    opened_on: Mapping[str, int] = field(default_factory=dict)
    """By account, the day on which it was opened; of those not named it is not known."""

    @property
    def last_day(self) -> int:
        """The first day after the feed."""
        return self.first_day + self.days


def draw_country(settings: CountrySettings, rng: np.random.Generator) -> Country:
    """People first, then schemes, of every typology and variant in turn, then look-alikes."""
    people = draw_people(settings.customers, rng, settings.society)
    first_day = (settings.first_day - EPOCH).days
    stage = Stage(
        cast=_cast(people, rng),
        first_day=first_day,
        scored_from=first_day + settings.history,
        last_day=first_day + settings.history + settings.days,
    )
    crimes = _schemes(settings, stage, rng)
    innocent = _look_alikes(settings, stage, rng)
    planted = in_order([*(each.rows for each in crimes), *(each.rows for each in innocent)])
    opened_on, not_yet = _openings(stage, crimes, planted, rng)
    return Country(
        people=people,
        contacts=_contacts(people, innocent, rng.spawn(1)[0]),
        banks=draw_banks(settings.society.banks, held_accounts(people), rng.spawn(1)[0]),
        schemes=crimes,
        look_alikes=innocent,
        licences=tuple(each.licence for each in innocent if each.licence),
        planted=planted,
        hushes=(*(hush for scheme in crimes for hush in scheme.hushes), *not_yet),
        first_day=first_day,
        scored_from=stage.scored_from,
        days=settings.history + settings.days,
        opened_on=opened_on,
    )


def _contacts(people: People, innocent: Sequence[LookAlike], rng: np.random.Generator) -> Contacts:
    if not people.society.tells_contacts:
        return no_contacts(people)
    houses = [each.members for each in innocent if each.is_one_house]
    return draw_contacts(people, houses, rng)


def _cast(people: People, rng: np.random.Generator) -> Cast:
    order = rng.permutation(len(people))
    walk_ons = round(WALK_ON_SHARE * len(people))
    leads = [int(who) for who in order[walk_ons:]]
    return Cast(people=people, leads=leads, walk_ons=order[:walk_ons])


def _openings(
    stage: Stage,
    crimes: Sequence[Scheme],
    planted: pl.DataFrame,
    rng: np.random.Generator,
) -> tuple[dict[str, int], tuple[Hush, ...]]:
    """When every account was opened. One in fifteen is opened in the days of the feed, and has no
    life before."""
    people = stage.cast.people
    days = stage.first_day - rng.integers(200, 3_600, len(people))
    used = pl.concat([planted["orig_account_id"], planted["benef_account_id"]]).unique()
    is_free = ~people.account.is_in(used.implode()).to_numpy()
    new = np.flatnonzero(is_free & (rng.random(len(people)) < NEWCOMERS))
    days[new] = rng.integers(stage.first_day, stage.last_day, len(new))
    opened_on = dict(zip(people.account, (int(day) for day in days), strict=True))
    opened_on |= dict(pair for scheme in crimes for pair in scheme.opened)
    not_yet = tuple(
        Hush(
            account=account,
            from_day=stage.first_day,
            until_day=opened_on[account],
            kept=0.0,
        )
        for account in people.account.gather(new)
    )
    return opened_on, not_yet


def _schemes(
    settings: CountrySettings, stage: Stage, rng: np.random.Generator
) -> tuple[Scheme, ...]:
    """One in ten begins a story; the others are of every variant and typology in turn."""
    count = round(settings.customers * settings.schemes_per_10k / 10_000)
    planted: list[Scheme] = []
    for number in range(count // SCHEMES_A_STORY):
        teller = TELLERS[number % len(TELLERS)]
        variant = VARIANTS[number // len(TELLERS) % len(VARIANTS)]
        if len(stage.cast.leads) >= LEADS_A_PART:
            planted += teller(f"S-{len(planted) + 1:05d}", variant, stage, rng)
    turns = cycle(product(VARIANTS, schemes.planters().values()))
    for variant, planter in islice(turns, max(0, count - len(planted))):
        if len(stage.cast.leads) >= LEADS_A_PART:
            planted.append(planter(f"S-{len(planted) + 1:05d}", variant, stage, rng))
    return tuple(planted)


def _look_alikes(
    settings: CountrySettings, stage: Stage, rng: np.random.Generator
) -> tuple[LookAlike, ...]:
    of_each = max(1, round(settings.customers * settings.look_alikes_per_10k / 10_000))
    planted = (
        planter(stage, rng)
        for planter in look_alikes.kinds().values()
        for _ in range(of_each)
        if len(stage.cast.leads) >= LEADS_A_PART
    )
    # A feast that would come after a short feed's end leaves nothing.
    return tuple(each for each in planted if len(each.rows))
