"""Composites: one story told by several accounts, each an act that a detector may see alone."""

from collections.abc import Callable

import numpy as np

from ingest.simulated.cast import Party
from ingest.simulated.country import BORDER_TOWNS
from ingest.simulated.moves import cash_out, moment, rounded, transfer
from ingest.simulated.planted import Role, Scheme, Stage, Variant, hushed, member, told
from ingest.simulated.rows import DAY, Row
from ingest.simulated.schemes import (
    sc_mule_farm,
    som_collector_fanin,
    sx_night_cash_multisite,
    sx_victim_drain,
)

Teller = Callable[[str, Variant, Stage, np.random.Generator], tuple[Scheme, ...]]


def smuggling_ring(
    id: str, variant: Variant, stage: Stage, rng: np.random.Generator
) -> tuple[Scheme, ...]:
    """A recruiter sends payers to a collector, who pays drivers at the border and the recruiter;
    what is left goes to an organiser."""
    how = som_collector_fanin.draw(variant, rng)
    organiser, collector, recruiter = (stage.cast.lead() for _ in range(3))
    drivers = [stage.cast.lead() for _ in range(int(rng.integers(1, 4)))]
    payers = stage.cast.from_towns(how.payers, how.towns, rng)
    first, border = stage.start(how.days + 7, rng), int(rng.choice(BORDER_TOWNS))
    fees = [
        row
        for row in som_collector_fanin.collected(id, how, collector, payers, first, border, rng)
        if row.benef_account_id == collector.account
    ]
    rows = [*fees]
    for day in range(first, _last_day(fees) + 1):
        taken = sum(row.amount for row in fees if row.event_time // DAY == day)
        if taken:
            rows += _shared(id, taken, collector, organiser, recruiter, drivers, day, border, rng)
    roles: tuple[tuple[Party, Role], ...] = (
        (collector, "collector"),
        (organiser, "possible_controller"),
        (recruiter, "facilitator"),
        *((driver, "facilitator") for driver in drivers),
        *((payer, "payer") for payer in payers),
    )
    return (
        Scheme(
            id=id,
            typologies=(som_collector_fanin.TYPOLOGY,),
            variant=variant,
            members=tuple(member(party, role) for party, role in roles),
            rows=told(rows),
            completes_at=som_collector_fanin.completed(rows, collector.account),
            hushes=hushed(collector, first - 40, first + how.days + 7, variant),
            story=f"{id}-ring",
        ),
    )


def farm_to_ramp(
    id: str, variant: Variant, stage: Stage, rng: np.random.Generator
) -> tuple[Scheme, ...]:
    """A mule farm whose accounts all pay one trader of the bank, who buys coins for it."""
    ramp = stage.cast.lead_who(stage.cast.people.are("is_business"))
    scheme = sc_mule_farm.plant(id, variant, stage, rng, sinks=[ramp])
    exchange = stage.cast.stranger(int(rng.choice(BORDER_TOWNS)), rng)
    incoming = scheme.rows.filter(scheme.rows["benef_account_id"] == ramp.account)
    bought: list[Row] = []
    for amount, time in zip(incoming["amount"], incoming["event_time"], strict=True):
        wait = int(rng.integers(300, 7_200)) * 1_000_000
        bought.append(transfer(id, ramp, exchange, rounded(amount * 0.99), time + wait))
    return (
        Scheme(
            id=id,
            typologies=scheme.typologies,
            variant=variant,
            members=(*scheme.members, member(ramp, "possible_controller")),
            rows=scheme.rows.vstack(told(bought)).sort("event_time", maintain_order=True),
            completes_at=scheme.completes_at,
            hushes=scheme.hushes,
            opened=scheme.opened,
            story=f"{id}-ramp",
        ),
    )


def venue(id: str, variant: Variant, stage: Stage, rng: np.random.Generator) -> tuple[Scheme, ...]:
    """A keeper takes what workers earn, and has cash of other houses paid in by night."""
    how = sx_victim_drain.draw(variant, rng)
    keeper = stage.cast.lead_who(stage.cast.people.are("is_business"))
    workers = [stage.cast.lead() for _ in range(how.victims)]
    first = stage.start(how.days + 7, rng)
    until = first + how.days + 4
    rows = sx_victim_drain.drained(id, how, keeper, workers, first, stage, rng)
    nights = sx_night_cash_multisite.draw(variant, rng)
    cash_id, courier = f"{id}b", stage.cast.lead()
    cash = sx_night_cash_multisite.by_night(cash_id, nights, courier, first, rng)
    passed = sum(row.amount for row in cash if row.txn_type == "CASH_DEPOSIT") * 0.3
    on = moment(first + nights.days, (8, 22), rng)
    cash.append(transfer(cash_id, courier, keeper, rounded(passed), on))
    people = stage.cast.people
    income = int(people.income[people.party.index_of(courier.party) or 0])
    story = f"{id}-venue"
    return (
        Scheme(
            id=id,
            typologies=sx_victim_drain.TYPOLOGIES,
            variant=variant,
            members=(
                member(keeper, "possible_controller"),
                *(member(worker, "possible_victim") for worker in workers),
            ),
            rows=told(rows),
            completes_at=sx_victim_drain.completed(rows, keeper.account),
            hushes=tuple(h for each in workers for h in hushed(each, first - 30, until, variant)),
            story=story,
        ),
        Scheme(
            id=cash_id,
            typologies=(sx_night_cash_multisite.TYPOLOGY,),
            variant=variant,
            members=(member(courier, "mule"), member(keeper, "possible_controller")),
            rows=told(cash),
            completes_at=sx_night_cash_multisite.completed(cash, income),
            hushes=hushed(courier, first - 30, first + nights.days + 4, variant),
            story=story,
        ),
    )


TELLERS: tuple[Teller, ...] = (smuggling_ring, venue, farm_to_ramp)


def _last_day(fees: list[Row]) -> int:
    """The last day on which a fee was paid."""
    return max(row.event_time for row in fees) // DAY


def _shared(
    id: str,
    taken: float,
    collector: Party,
    organiser: Party,
    recruiter: Party,
    drivers: list[Party],
    day: int,
    border: int,
    rng: np.random.Generator,
) -> list[Row]:
    """A day's fees: to the drivers, the recruiter and the organiser, and in cash."""
    evening = moment(day, (23, 30), rng)
    driver = drivers[int(rng.integers(0, len(drivers)))]
    parts = ((driver, 0.2), (recruiter, 0.1), (organiser, float(rng.uniform(0.25, 0.4))))
    rows = [
        transfer(id, collector, party, rounded(taken * share), evening + number * 61_000_000)
        for number, (party, share) in enumerate(parts)
    ]
    return [*rows, *cash_out(id, collector, taken * 0.25, evening, border, rng)]
