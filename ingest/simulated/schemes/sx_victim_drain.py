"""Accounts that many small credits come to, and that are emptied within hours to one party."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ingest.simulated.cast import Party
from ingest.simulated.country import BORDER_TOWNS, KIP_PER_USD
from ingest.simulated.moves import STEP, cash_out, moment, purchase, rounded, transfer
from ingest.simulated.planted import Scheme, Stage, Variant, hushed, member, told
from ingest.simulated.rows import DAY, HOUR, SECOND, Row

TYPOLOGY = "sx-victim-drain"
TYPOLOGIES = (TYPOLOGY, "sx-earnings-taker")
"""Of the whole account, and of what strangers pay alone."""

WINDOW = 30 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """usual: kip of a credit. own_life: share that the holder may spend. on_receivers_device: how
    many of the sweeps are made with the receiver's telephone. to_receiver: share swept to them.
    near: of clients, those of the victim's own town.
    """

    victims: int
    days: int
    credits_a_day: float
    usual: float
    sweep_hours: float
    own_life: float
    on_receivers_device: float
    to_receiver: float
    near: float


def draw(variant: Variant, rng: np.random.Generator) -> Drain:
    """Evasive: fewer credits, swept later, some of it left to live on or sent elsewhere."""
    is_evasive = variant == "evasive"
    return Drain(
        victims=int(rng.integers(1, 4) if is_evasive else rng.integers(2, 8)),
        days=int(rng.integers(10, 40) if is_evasive else rng.integers(6, 40)),
        credits_a_day=float(rng.uniform(0.5, 2) if is_evasive else rng.uniform(1.5, 6)),
        usual=KIP_PER_USD * float(np.exp(rng.uniform(np.log(4), np.log(90)))),
        sweep_hours=float(rng.uniform(4, 60) if is_evasive else rng.uniform(0.3, 10)),
        own_life=float(rng.uniform(0.0, 0.2) if is_evasive else rng.uniform(0.0, 0.03)),
        on_receivers_device=float(rng.choice([0.0, 0.5, 1.0] if is_evasive else [0.4, 1.0])),
        to_receiver=float(rng.uniform(0.5, 1.0) if is_evasive else rng.uniform(0.85, 1.0)),
        near=float(rng.uniform(0.3, 0.95)),
    )


def plant(id: str, variant: Variant, stage: Stage, rng: np.random.Generator) -> Scheme:
    how, receiver = draw(variant, rng), stage.cast.lead()
    victims = [stage.cast.lead() for _ in range(how.victims)]
    first = stage.start(how.days + 7, rng)
    rows = drained(id, how, receiver, victims, first, stage, rng)
    until = first + how.days + 4
    return Scheme(
        id=id,
        typologies=TYPOLOGIES,
        variant=variant,
        members=(
            member(receiver, "possible_controller"),
            *(member(victim, "possible_victim") for victim in victims),
        ),
        rows=told(rows),
        completes_at=completed(rows, receiver.account),
        hushes=tuple(
            hush for victim in victims for hush in hushed(victim, first - 30, until, variant)
        ),
    )


def drained(
    id: str,
    how: Drain,
    receiver: Party,
    victims: Sequence[Party],
    first_day: int,
    stage: Stage,
    rng: np.random.Generator,
) -> list[Row]:
    """Clients' credits, sweeps to the receiver, and the receiver's cash."""
    rows = [
        row
        for victim in victims
        for day in range(first_day, first_day + how.days)
        for row in _evening(id, how, victim, receiver, day, stage, rng)
    ]
    swept = sum(row.amount for row in rows if row.benef_account_id == receiver.account)
    town, visits = int(rng.choice([receiver.town, *BORDER_TOWNS])), int(rng.integers(2, 8))
    for visit in range(visits):
        day = first_day + 1 + how.days * (visit + 1) // visits
        part = swept * float(rng.uniform(0.4, 0.9)) / visits
        rows += cash_out(id, receiver, part, moment(day, (8, 22), rng), town, rng)
    return rows


def completed(rows: Sequence[Row], receiver: str) -> int | None:
    """When the second account within 30 days had passed on nine tenths of five credits or more,
    seven tenths of all that left it to the receiver, and a twentieth or less to shops."""
    ordered = sorted(rows, key=lambda row: row.event_time)
    sweeps = [row for row in ordered if row.benef_account_id == receiver]
    for last in sweeps:
        recent = [r for r in ordered if last.event_time - WINDOW < r.event_time <= last.event_time]
        drained = {r.orig_account_id for r in recent if r.benef_account_id == receiver}
        if sum(_is_emptied(str(account), recent, receiver) for account in drained) >= 2:
            return last.event_time
    return None


def _is_emptied(account: str, recent: Sequence[Row], receiver: str) -> bool:
    credits = [row.amount for row in recent if row.benef_account_id == account]
    gone = [row for row in recent if row.orig_account_id == account]
    out = sum(row.amount for row in gone)
    swept = sum(row.amount for row in gone if row.benef_account_id == receiver)
    spent = sum(row.amount for row in gone if row.txn_type == "CARD_PURCHASE")
    taken = sum(credits)
    return len(credits) >= 5 and out >= 0.9 * taken and swept >= 0.7 * out and spent <= 0.05 * taken


def _evening(
    id: str,
    how: Drain,
    victim: Party,
    receiver: Party,
    day: int,
    stage: Stage,
    rng: np.random.Generator,
) -> list[Row]:
    count = int(rng.poisson(how.credits_a_day))
    near = int(rng.binomial(count, how.near))
    clients = [
        *(stage.cast.stranger(victim.town, rng) for _ in range(near)),
        *stage.cast.strangers(count - near, rng),
    ]
    if not clients:
        return []
    rows = [
        transfer(
            id,
            client,
            victim,
            rounded(how.usual * float(rng.lognormal(0.0, 0.4))),
            moment(day, (15, 24), rng),
        )
        for client in clients
    ]
    taken, last = sum(row.amount for row in rows), max(row.event_time for row in rows)
    price = float(rng.lognormal(np.log(150_000), 0.6))
    if rng.random() < how.own_life * taken / price:
        rows.append(purchase(id, victim, price, moment(day + 1, (8, 22), rng), mcc="5411"))
    sweep = last + int(how.sweep_hours * 3_600 * rng.uniform(0.4, 1.6)) * SECOND
    left = taken * (0.985 - how.own_life)
    device = receiver.device if rng.random() < how.on_receivers_device else None
    swept = rounded(left * how.to_receiver)
    rows.append(transfer(id, victim, receiver, swept, sweep, device=device))
    if left - swept > 2 * STEP:
        rows += cash_out(id, victim, left - swept, sweep + HOUR, victim.town, rng)
    return rows
