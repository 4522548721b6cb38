"""One hand opens accounts for many, with its own number and address, and runs them all."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ingest.simulated.cast import Party
from ingest.simulated.country import KIP_PER_USD
from ingest.simulated.moves import moment, rounded, transfer
from ingest.simulated.planted import Hush, Scheme, Stage, Variant, member, told
from ingest.simulated.rows import DAY, HOUR, SECOND, Row

TYPOLOGY = "fl-shared-contact-cluster"
WINDOW = 30 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """credits: of each account; payers: who pay in; own_payers: share of credits from others."""

    accounts: int
    days: int
    credits: int
    usual: float
    payers: int
    own_payers: float
    devices: int
    apart: int


def draw(variant: Variant, rng: np.random.Generator) -> Cluster:
    """Evasive: fewer accounts, several payers and devices. Noisy: money of others comes in too."""
    is_evasive = variant == "evasive"
    mixed = {"textbook": 0.1, "evasive": 0.6, "noisy": 0.4}[variant]
    return Cluster(
        accounts=int(rng.integers(3, 9) if is_evasive else rng.integers(5, 17)),
        days=int(rng.integers(10, 40)),
        credits=int(rng.integers(3, 12)),
        usual=KIP_PER_USD * float(np.exp(rng.uniform(np.log(30), np.log(500)))),
        payers=int(rng.integers(2, 6) if is_evasive else rng.integers(1, 3)),
        own_payers=float(rng.uniform(0.0, mixed)),
        devices=int(rng.integers(2, 5) if is_evasive else 1),
        apart=int(rng.integers(1, 60) if is_evasive else rng.integers(1, 25)),
    )


def plant(id: str, variant: Variant, stage: Stage, rng: np.random.Generator) -> Scheme:
    how, keeper = draw(variant, rng), stage.cast.lead()
    count = min(how.accounts, max(3, len(stage.cast.leads) // 8))
    is_of_town = stage.cast.people.home == keeper.town
    holders = [stage.cast.lead_who(is_of_town) for _ in range(count)]
    first = stage.start(how.days + 3, rng)
    opened = {each.account: first - int(rng.integers(0, how.apart)) for each in holders}
    lived = {"textbook": 0.02, "evasive": 0.15, "noisy": 0.3}[variant]
    rows = _used(id, how, keeper, holders, stage, first, rng)
    return Scheme(
        id=id,
        typologies=(TYPOLOGY,),
        variant=variant,
        members=(
            member(keeper, "possible_controller"),
            *(member(holder, "mule") for holder in holders),
        ),
        rows=told(rows),
        completes_at=completed(rows, {holder.account for holder in holders}),
        hushes=tuple(
            hush
            for account, day in opened.items()
            for hush in (
                Hush(account=account, from_day=stage.first_day, until_day=day, kept=0.0),
                Hush(account=account, from_day=day, until_day=first + how.days + 3, kept=lived),
            )
        ),
        opened=tuple(opened.items()),
        one_hand=tuple(holder.party or "" for holder in holders),
    )


def _used(
    id: str,
    how: Cluster,
    keeper: Party,
    holders: Sequence[Party],
    stage: Stage,
    first: int,
    rng: np.random.Generator,
) -> list[Row]:
    """Credits of few payers, each sent on by the keeper's telephones."""
    payers, rows = stage.cast.strangers(how.payers, rng), list[Row]()
    devices = [keeper.device, *(holder.device for holder in holders)][: how.devices]
    sink = stage.cast.strangers(1, rng)[0]
    for number, holder in enumerate(holders):
        own = payers[number % how.payers]
        for _ in range(how.credits):
            is_other = rng.random() < how.own_payers
            payer = stage.cast.strangers(1, rng)[0] if is_other else own
            time = moment(first + how.days * rng.random(), (8, 22), rng)
            amount = rounded(how.usual * float(rng.lognormal(0.0, 0.4)))
            rows.append(transfer(id, payer, holder, amount, time))
            wait = int(rng.uniform(0.1, 60) * HOUR) // SECOND * SECOND
            sent = rounded(amount * float(rng.uniform(0.6, 0.97)))
            device = devices[int(rng.integers(0, how.devices))]
            rows.append(transfer(id, holder, sink, sent, time + wait, device=device))
    return rows


def completed(rows: Sequence[Row], holders: set[str]) -> int | None:
    """When within 30 days five of the accounts had sent three payments, most of what came in being
    from one payer and seven in ten of what went out from one telephone."""
    ordered = sorted(rows, key=lambda row: row.event_time)
    for last in (row for row in ordered if row.orig_account_id in holders):
        recent = [r for r in ordered if last.event_time - WINDOW < r.event_time <= last.event_time]
        if sum(_is_used(holder, recent) for holder in holders) >= 5:
            return last.event_time
    return None


def _is_used(holder: str, rows: Sequence[Row]) -> bool:
    paid = [row for row in rows if row.benef_account_id == holder]
    sent = [row for row in rows if row.orig_account_id == holder]
    if len(sent) < 3:
        return False
    return (
        _largest_share([(r.orig_account_id, r.amount) for r in paid]) >= 0.5
        and _largest_share([(r.device_hash, r.amount) for r in sent]) >= 0.7
    )


def _largest_share(parts: Sequence[tuple[str | None, int]]) -> float:
    sums: dict[str | None, int] = {}
    for name, amount in parts:
        sums[name] = sums.get(name, 0) + amount
    return max(sums.values()) / sum(sums.values())
