"""Somebody draws the wages of many with their cards, one after the other, payday after payday."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ingest.simulated.cast import Party
from ingest.simulated.country import KIP_PER_USD, MACHINE_LIMIT, TOWNS
from ingest.simulated.moves import NOTES, moment, rounded, transfer, withdrawal
from ingest.simulated.planted import Hush, Scheme, Stage, Variant, member, told
from ingest.simulated.rows import DAY, SECOND, Row

TYPOLOGY = "fl-one-atm-many-cards"
MINUTE = 60 * SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Cards:
    """seconds: a card; machines: used in turn within one sitting; present: share of the cards that
    are drawn at a sitting; drawn: of what came in; lived: share of the holders' own life left."""

    cards: int
    paydays: int
    every: int
    wage: float
    seconds: tuple[int, int]
    machines: int
    present: float
    drawn: float
    lived: float


def draw(variant: Variant, rng: np.random.Generator) -> Cards:
    """Evasive: fewer cards, at several machines, with pauses. Noisy: holders still buy a little."""
    is_evasive = variant == "evasive"
    slow = int(rng.integers(120, 400) if is_evasive else rng.integers(60, 150))
    lived = {"textbook": 0.02, "evasive": 0.1, "noisy": float(rng.uniform(0.05, 0.25))}[variant]
    return Cards(
        cards=int(rng.integers(3, 9) if is_evasive else rng.integers(5, 16)),
        paydays=int(rng.integers(1, 4) if is_evasive else rng.integers(2, 5)),
        every=int(rng.choice([7, 14, 15, 28])),
        wage=KIP_PER_USD * float(rng.uniform(70, 220)),
        seconds=(slow // 2, slow),
        machines=int(rng.integers(1, 4) if is_evasive else 1),
        present=float(rng.uniform(0.6, 1.0) if is_evasive else rng.uniform(0.85, 1.0)),
        drawn=float(rng.uniform(0.7, 0.98) if is_evasive else rng.uniform(0.9, 1.0)),
        lived=lived,
    )


def plant(id: str, variant: Variant, stage: Stage, rng: np.random.Generator) -> Scheme:
    how = draw(variant, rng)
    count = min(how.cards, max(2, len(stage.cast.leads) // 8))
    holders = [stage.cast.lead() for _ in range(count)]
    paydays = 1 + min(how.paydays - 1, (stage.last_day - stage.scored_from - 4) // how.every)
    first = stage.start((paydays - 1) * how.every + 3, rng)
    rows: list[Row] = []
    employer = stage.cast.strangers(1, rng)[0]
    town = int(rng.integers(0, len(TOWNS)))
    for payday in range(paydays):
        day = first + payday * how.every
        rows += _sitting(id, how, employer, holders, day, town, rng)
    until = first + (paydays - 1) * how.every + 4
    return Scheme(
        id=id,
        typologies=(TYPOLOGY,),
        variant=variant,
        members=tuple(member(holder, "possible_victim") for holder in holders),
        rows=told(rows),
        completes_at=completed(rows),
        hushes=tuple(
            Hush(account=holder.account, from_day=first - 31, until_day=until, kept=how.lived)
            for holder in holders
        ),
    )


def _sitting(
    id: str,
    how: Cards,
    employer: Party,
    holders: Sequence[Party],
    day: int,
    town: int,
    rng: np.random.Generator,
) -> list[Row]:
    """Wages in the morning; in the evening card after card, in notes a machine gives."""
    rows: list[Row] = []
    time = moment(day, (16, 21), rng)
    for number, holder in enumerate(holders):
        wage = rounded(how.wage * float(rng.lognormal(0.0, 0.1)))
        rows.append(transfer(id, employer, holder, wage, moment(day, (7, 10), rng)))
        if rng.random() > how.present:
            continue
        left = int(wage * how.drawn) // NOTES * NOTES
        machine = 1 + number % how.machines
        while left > 0:
            given = min(left, MACHINE_LIMIT)
            rows.append(withdrawal(id, holder, given, time, town, machine))
            left -= given
            time += int(rng.integers(*how.seconds)) * SECOND
    return rows


def completed(rows: Sequence[Row]) -> int | None:
    """When five cards had been drawn at one machine within 20 minutes and three in five of both
    sets had been there before, or eight for the first time."""
    drawn = sorted((row for row in rows if row.is_cash), key=lambda row: row.event_time)
    sittings: list[tuple[int, str | None, frozenset[str | None]]] = []
    for last in drawn:
        here = [
            row.orig_account_id
            for row in drawn
            if last.event_time - 20 * MINUTE < row.event_time <= last.event_time
            and row.terminal_id == last.terminal_id
        ]
        cards = frozenset(here)
        before = [
            set_of
            for time, machine, set_of in sittings
            if machine == last.terminal_id and last.event_time - time >= 5 * DAY
        ]
        shares = [len(cards & each) / len(cards | each) for each in before]
        is_again = max(shares, default=0.0) >= 0.6
        if len(cards) >= 8 or (len(cards) >= 5 and is_again):
            return last.event_time
        sittings.append((last.event_time, last.terminal_id, cards))
    return None
