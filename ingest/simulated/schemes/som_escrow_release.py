"""A shop holds the fees of travellers' families and hands each on when they have arrived."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ingest.simulated.country import KIP_PER_USD
from ingest.simulated.moves import moment, rounded, transfer
from ingest.simulated.planted import Scheme, Stage, Variant, hushed, member, told
from ingest.simulated.rows import DAY, Row

TYPOLOGY = "som-escrow-release"
WINDOW = 60 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Escrow:
    """hold: days from and to; kept: of each fee; failed: share of fees that go back; together:
    travellers of a group, whose fees are released on one day."""

    payers: int
    days: int
    usual: float
    hold: tuple[float, float]
    kept: float
    payees: int
    failed: float
    together: int


def draw(variant: Variant, rng: np.random.Generator) -> Escrow:
    """Evasive: fewer, more payees, commissions that vary, held for a day or two at times."""
    is_evasive = variant == "evasive"
    shortest = float(rng.uniform(1, 4) if is_evasive else rng.uniform(3, 7))
    return Escrow(
        payers=int(rng.integers(3, 9) if is_evasive else rng.integers(6, 26)),
        days=int(rng.integers(10, 30)),
        usual=KIP_PER_USD * float(np.exp(rng.uniform(np.log(120), np.log(3_000)))),
        hold=(shortest, shortest + float(rng.uniform(2, 14))),
        kept=float(rng.uniform(0.02, 0.16) if is_evasive else rng.uniform(0.01, 0.07)),
        payees=int(rng.integers(2, 6) if is_evasive else rng.integers(1, 4)),
        failed=float(rng.uniform(0.0, 0.25)),
        together=int(rng.integers(1, 7)),
    )


def plant(id: str, variant: Variant, stage: Stage, rng: np.random.Generator) -> Scheme:
    how, shop = draw(variant, rng), stage.cast.lead()
    length = how.days + int(how.hold[1]) + 2
    first = stage.start(length, rng)
    payers = stage.cast.strangers(how.payers, rng)
    payees = [stage.cast.lead() for _ in range(how.payees)]
    rows: list[Row] = []
    for number, payer in enumerate(payers):
        group = number // how.together
        day = first + how.days * group * how.together / how.payers
        fee = rounded(how.usual * float(rng.lognormal(0.0, 0.25)))
        paid = transfer(id, payer, shop, fee, moment(day, (7, 21), rng))
        hold = float(rng.uniform(*how.hold))
        released = moment(day + hold + 1, (7, 22), rng)
        is_failed = rng.random() < how.failed
        payee = payer if is_failed else payees[group % how.payees]
        part = 1.0 - (0.0 if is_failed else how.kept * float(rng.uniform(0.7, 1.3)))
        rows += [paid, transfer(id, shop, payee, rounded(fee * part), released)]
    return Scheme(
        id=id,
        typologies=(TYPOLOGY,),
        variant=variant,
        members=(
            member(shop, "facilitator"),
            *(member(payee, "collector") for payee in payees),
            *(member(payer, "payer") for payer in payers),
        ),
        rows=told(rows),
        completes_at=completed(rows, shop.account),
        hushes=hushed(shop, first - 30, first + length, variant),
    )


def completed(rows: Sequence[Row], shop: str) -> int | None:
    """When five payers' fees had been handed on after three days or more, less a tenth at most, to
    three others at most."""
    ordered = sorted(rows, key=lambda row: row.event_time)
    for last in (row for row in ordered if row.orig_account_id == shop):
        recent = [r for r in ordered if last.event_time - WINDOW < r.event_time <= last.event_time]
        paid = [r for r in recent if r.benef_account_id == shop]
        gone = [r for r in recent if r.orig_account_id == shop]
        held = [(p, g) for p in paid for g in gone if _is_handed_on(p, g)]
        payees = {g.benef_account_id for p, g in held if g.benef_account_id != p.orig_account_id}
        if len({p.orig_account_id for p, _ in held}) >= 5 and len(payees) <= 3:
            return last.event_time
    return None


def _is_handed_on(paid: Row, gone: Row) -> bool:
    is_rested = 3 * DAY <= gone.event_time - paid.event_time <= 45 * DAY
    return is_rested and 0.9 * paid.amount <= gone.amount <= paid.amount
