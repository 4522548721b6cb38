"""Idle accounts run from one telephone: strangers' money comes in and is gone within the hour."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ingest.simulated.cast import Party
from ingest.simulated.country import KIP_PER_USD
from ingest.simulated.moves import moment, rounded, transfer
from ingest.simulated.planted import Hush, Scheme, Stage, Variant, hushed, member, told
from ingest.simulated.rows import DAY, HOUR, SECOND, Row

TYPOLOGY = "sc-mule-farm"
WINDOW = 14 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Farm:
    """credits: of each account in all. hold_minutes: until a credit is passed on; devices: how
    many telephones the farm has."""

    accounts: int
    days: int
    credits: int
    usual: float
    hold_minutes: float
    sinks: int
    devices: int
    passed_on: float


def draw(variant: Variant, rng: np.random.Generator) -> Farm:
    """Evasive: fewer accounts, several telephones, more sinks, held for hours."""
    is_evasive = variant == "evasive"
    return Farm(
        accounts=int(rng.integers(4, 11) if is_evasive else rng.integers(8, 21)),
        days=int(rng.integers(8, 30) if is_evasive else rng.integers(3, 15)),
        credits=int(rng.integers(4, 12) if is_evasive else rng.integers(6, 25)),
        usual=KIP_PER_USD * float(np.exp(rng.uniform(np.log(20), np.log(600)))),
        hold_minutes=float(rng.uniform(30, 900) if is_evasive else rng.uniform(2, 70)),
        sinks=int(rng.integers(2, 8) if is_evasive else rng.integers(1, 4)),
        devices=int(rng.integers(2, 6) if is_evasive else 1),
        passed_on=float(rng.uniform(0.8, 0.98) if is_evasive else rng.uniform(0.94, 0.995)),
    )


def plant(
    id: str,
    variant: Variant,
    stage: Stage,
    rng: np.random.Generator,
    sinks: Sequence[Party] = (),
) -> Scheme:
    """sinks: who gets the money; strangers, if nobody is named."""
    how = draw(variant, rng)
    keeper, count = stage.cast.lead(), min(how.accounts, len(stage.cast.leads) // 8)
    mules = [stage.cast.lead() for _ in range(max(2, count))]
    first = stage.start(how.days + 2, rng)
    into = sinks or stage.cast.strangers(how.sinks, rng)
    rows = farmed(id, how, keeper, mules, into, stage, first, rng)
    opened = {mule.account: first - int(rng.integers(1, 70)) for mule in mules}
    return Scheme(
        id=id,
        typologies=(TYPOLOGY,),
        variant=variant,
        members=(
            member(keeper, "possible_controller"),
            *(member(mule, "mule") for mule in mules),
            *(member(sink, "collector") for sink in into),
        ),
        rows=told(rows),
        completes_at=completed(rows, {mule.account for mule in mules}),
        hushes=tuple(
            hush
            for mule in mules
            for hush in (
                Hush(
                    account=mule.account,
                    from_day=stage.first_day,
                    until_day=opened[mule.account],
                    kept=0.0,
                ),
                *hushed(mule, opened[mule.account], first + how.days + 2, variant),
            )
        ),
        opened=tuple(opened.items()),
    )


def farmed(
    id: str,
    how: Farm,
    keeper: Party,
    mules: Sequence[Party],
    sinks: Sequence[Party],
    stage: Stage,
    first_day: int,
    rng: np.random.Generator,
) -> list[Row]:
    """Credits of strangers, each passed on from one of the farm's telephones to a sink."""
    devices = [keeper.device, *(mule.device for mule in mules)][: how.devices]
    rows: list[Row] = []
    for mule in mules:
        for payer in stage.cast.strangers(how.credits, rng):
            time = moment(first_day + int(rng.integers(0, how.days)), (8, 24), rng)
            amount = rounded(how.usual * float(rng.lognormal(0.0, 0.6)))
            rows.append(transfer(id, payer, mule, amount, time))
            wait = int(how.hold_minutes * 60 * rng.uniform(0.3, 1.5)) * SECOND
            sink = sinks[int(rng.integers(0, len(sinks)))]
            device = devices[int(rng.integers(0, len(devices)))]
            passed = rounded(amount * how.passed_on)
            rows.append(transfer(id, mule, sink, passed, time + wait, device=device))
    return rows


def completed(rows: Sequence[Row], mules: set[str]) -> int | None:
    """When within 14 days eight accounts on one telephone had five payers each, had passed on 0.95
    of it, and no credit had stayed longer than an hour."""
    ordered = sorted(rows, key=lambda row: row.event_time)
    for last in (row for row in ordered if row.orig_account_id in mules):
        recent = [r for r in ordered if last.event_time - WINDOW < r.event_time <= last.event_time]
        on_it = {r.orig_account_id for r in recent if r.device_hash == last.device_hash} & mules
        if len(on_it) >= 8 and sum(_is_emptied(str(each), recent) for each in on_it) >= 8:
            return last.event_time
    return None


def _is_emptied(account: str, rows: Sequence[Row]) -> bool:
    paid = [row for row in rows if row.benef_account_id == account]
    gone = [row for row in rows if row.orig_account_id == account]
    waits = [
        min(
            (g.event_time - p.event_time for g in gone if g.event_time >= p.event_time), default=DAY
        )
        for p in paid
    ]
    return (
        len({row.orig_account_id for row in paid}) >= 5
        and sum(row.amount for row in gone) >= 0.95 * sum(row.amount for row in paid)
        and float(np.median(waits)) <= HOUR
    )
