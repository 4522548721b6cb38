"""The account of a child that somebody else uses: strangers pay in, another telephone sends on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ingest.simulated.cast import Party
from ingest.simulated.country import KIP_PER_USD
from ingest.simulated.moves import moment, rounded, transfer
from ingest.simulated.planted import Scheme, Stage, Variant, member, told
from ingest.simulated.rows import DAY, HOUR, SECOND, Row

TYPOLOGY = "cse-minor-account-control"
WINDOW = 30 * DAY
LEAST_STRANGERS, LEAST_USD = 6, 300
CHILD_BORN = 2009


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """foreign: share of the debits made with the other's telephone."""

    strangers: int
    days: int
    usual: float
    passed_on: float
    hours: float
    foreign: float


def draw(variant: Variant, rng: np.random.Generator) -> Control:
    """Evasive: fewer strangers, some of it left, often the child's own telephone."""
    is_evasive = variant == "evasive"
    return Control(
        strangers=int(rng.integers(4, 9) if is_evasive else rng.integers(7, 25)),
        days=int(rng.integers(10, 40) if is_evasive else rng.integers(3, 28)),
        usual=KIP_PER_USD * float(np.exp(rng.uniform(np.log(20), np.log(250)))),
        passed_on=float(rng.uniform(0.6, 0.95) if is_evasive else rng.uniform(0.85, 0.99)),
        hours=float(rng.uniform(1, 30)),
        foreign=float(rng.uniform(0.3, 0.8) if is_evasive else 1.0),
    )


def plant(id: str, variant: Variant, stage: Stage, rng: np.random.Generator) -> Scheme:
    """Nothing where no child is left to play the part: the same of a grown-up is another scheme."""
    how, cast = draw(variant, rng), stage.cast
    keeper = cast.lead()
    may_be = cast.people.birth_year >= CHILD_BORN
    if not any(may_be[who] for who in cast.leads):
        return _nothing(id, variant)
    child = cast.lead_who(may_be)
    first = stage.start(how.days + 3, rng)
    rows: list[Row] = []
    for payer in cast.strangers(how.strangers, rng):
        time = moment(first + int(rng.integers(0, how.days)), (14, 25), rng)
        amount = rounded(how.usual * float(rng.lognormal(0.0, 0.4)))
        rows.append(transfer(id, payer, child, amount, time))
        out = time + int(how.hours * HOUR * rng.uniform(0.2, 1.0)) // SECOND * SECOND
        device = keeper.device if rng.random() < how.foreign else None
        rows.append(
            transfer(id, child, keeper, rounded(amount * how.passed_on), out, device=device)
        )
    return Scheme(
        id=id,
        typologies=(TYPOLOGY,),
        variant=variant,
        members=(member(keeper, "possible_controller"), member(child, "possible_victim")),
        rows=told(rows),
        completes_at=completed(rows, child),
    )


def completed(rows: Sequence[Row], child: Party) -> int | None:
    """When within 30 days six strangers had paid 300 dollars or more, and eight tenths of that had
    left, seven tenths of it by a telephone that is not the child's."""
    ordered = sorted(rows, key=lambda row: row.event_time)
    for last in ordered:
        recent = [r for r in ordered if last.event_time - WINDOW < r.event_time <= last.event_time]
        paid = [row for row in recent if row.benef_account_id == child.account]
        gone = [row for row in recent if row.orig_account_id == child.account]
        taken, out = sum(row.amount for row in paid), sum(row.amount for row in gone)
        foreign = sum(row.amount for row in gone if row.device_hash != child.device)
        is_enough = len({row.orig_account_id for row in paid}) >= LEAST_STRANGERS
        is_enough &= taken >= LEAST_USD * KIP_PER_USD
        if is_enough and out >= 0.8 * taken and foreign >= 0.7 * out:
            return last.event_time
    return None


def _nothing(id: str, variant: Variant) -> Scheme:
    return Scheme(
        id=id,
        typologies=(TYPOLOGY,),
        variant=variant,
        members=(),
        rows=told([]),
        completes_at=None,
    )
