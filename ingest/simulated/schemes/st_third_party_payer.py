"""Somebody houses strangers: pays their rents and telephones, and takes what they earn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ingest.simulated.cast import Party
from ingest.simulated.country import KIP_PER_USD
from ingest.simulated.moves import moment, purchase, rounded, transfer
from ingest.simulated.planted import Scheme, Stage, Variant, hushed, member, told
from ingest.simulated.rows import DAY, Row

TYPOLOGY = "st-third-party-payer"
WINDOW, MONTH = 60 * DAY, 30
BILLS = ("4814", "4900", "5912", "8062", "9399")


@dataclass(frozen=True, slots=True, kw_only=True)
class Houses:
    """rent: kip a month and home; step: days between two payments of one person; bills: a home
    and month."""

    homes: int
    persons: int
    days: int
    rent: float
    step: int
    taken: float
    bills: int


def draw(variant: Variant, rng: np.random.Generator) -> Houses:
    """Evasive: fewer homes paid from the account, the others in cash that nobody sees."""
    is_evasive = variant == "evasive"
    homes = int(rng.integers(2, 6) if is_evasive else rng.integers(4, 13))
    return Houses(
        homes=homes,
        persons=homes + int(rng.integers(0, 8)),
        days=int(rng.integers(25, 56)),
        rent=KIP_PER_USD * float(np.exp(rng.uniform(np.log(25), np.log(180)))),
        step=int(rng.integers(12, 30) if is_evasive else rng.integers(4, 16)),
        taken=KIP_PER_USD * float(np.exp(rng.uniform(np.log(15), np.log(200)))),
        bills=int(rng.integers(1, 7)),
    )


def plant(id: str, variant: Variant, stage: Stage, rng: np.random.Generator) -> Scheme:
    how, keeper = draw(variant, rng), stage.cast.lead()
    first = stage.start(how.days + 2, rng)
    landlords = stage.cast.strangers(how.homes, rng)
    housed = stage.cast.strangers(how.persons, rng)
    rows = [*_rents(id, how, keeper, landlords, first, rng)]
    for person in housed:
        for day in range(first + int(rng.integers(0, how.step)), first + how.days, how.step):
            amount = rounded(how.taken * float(rng.lognormal(0.0, 0.4)))
            rows.append(transfer(id, person, keeper, amount, moment(day, (8, 25), rng)))
    return Scheme(
        id=id,
        typologies=(TYPOLOGY,),
        variant=variant,
        members=(
            member(keeper, "possible_controller"),
            *(member(person, "unknown") for person in housed if person.party),
        ),
        rows=told(rows),
        completes_at=completed(rows, keeper.account),
        hushes=hushed(keeper, first - 20, first + how.days, variant),
    )


def _rents(
    id: str,
    how: Houses,
    keeper: Party,
    landlords: Sequence[Party],
    first: int,
    rng: np.random.Generator,
) -> list[Row]:
    """Each home's rent every month, with telephones, electricity and medicine."""
    rows: list[Row] = []
    for landlord in landlords:
        due = first + int(rng.integers(0, MONTH // 2))
        for day in range(due, first + how.days, MONTH):
            rent = rounded(how.rent * float(rng.lognormal(0.0, 0.2)))
            paid = transfer(id, keeper, landlord, rent, moment(day, (8, 20), rng))
            rows.append(replace(paid, purpose_code="RENT"))
            for _ in range(how.bills):
                bill = KIP_PER_USD * float(rng.uniform(1, 25))
                time = moment(day + int(rng.integers(0, 3)), (8, 21), rng)
                rows.append(purchase(id, keeper, bill, time, mcc=str(rng.choice(BILLS))))
    return rows


def completed(rows: Sequence[Row], keeper: str) -> int | None:
    """When within 60 days four landlords had been paid, and three people had paid in thrice."""
    ordered = sorted(rows, key=lambda row: row.event_time)
    for last in ordered:
        recent = [r for r in ordered if last.event_time - WINDOW < r.event_time <= last.event_time]
        landlords = {r.benef_account_id for r in recent if r.purpose_code == "RENT"}
        payers = [r.orig_account_id for r in recent if r.benef_account_id == keeper]
        regulars = {each for each in payers if payers.count(each) >= 3}
        if len(landlords) >= 4 and len(regulars) >= 3:
            return last.event_time
    return None
