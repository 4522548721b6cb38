"""The account of a child that somebody else uses: strangers pay in, another telephone sends on."""

from dataclasses import dataclass

import numpy as np

from ingest.simulated.country import KIP_PER_USD
from ingest.simulated.moves import moment, rounded, transfer
from ingest.simulated.planted import Scheme, Stage, Variant, member, told
from ingest.simulated.rows import HOUR, SECOND, Row

TYPOLOGY = "cse-minor-account-control"
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
    outs = sorted(row.event_time for row in rows if row.orig_account_id == child.account)
    is_met = (
        how.strangers >= LEAST_STRANGERS
        and how.foreign >= 0.7
        and how.passed_on >= 0.8
        and how.usual * LEAST_STRANGERS >= LEAST_USD * KIP_PER_USD
        and how.days <= 30
    )
    return Scheme(
        id=id,
        typologies=(TYPOLOGY,),
        variant=variant,
        members=(member(keeper, "possible_controller"), member(child, "possible_victim")),
        rows=told(rows),
        completes_at=outs[LEAST_STRANGERS - 1] if is_met else None,
    )


def _nothing(id: str, variant: Variant) -> Scheme:
    return Scheme(
        id=id,
        typologies=(TYPOLOGY,),
        variant=variant,
        members=(),
        rows=told([]),
        completes_at=None,
    )
