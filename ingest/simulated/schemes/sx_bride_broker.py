"""A broker is paid a lump for each bride, gives her family the smaller part and sends her off."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ingest.simulated.cast import Party
from ingest.simulated.country import KIP_PER_USD
from ingest.simulated.moves import moment, paid_in, purchase, rounded, transfer, unknown_person
from ingest.simulated.planted import Scheme, Stage, Variant, hushed, member, told
from ingest.simulated.rows import Row

TYPOLOGY = "sx-bride-broker"
YUAN = 2_960


@dataclass(frozen=True, slots=True, kw_only=True)
class Brides:
    """family: of the lump; helper: of the lump, to a co-broker; abroad: share of lumps that come
    from abroad, the others in cash."""

    cycles: int
    days: int
    lump_usd: float
    family: float
    helper: float
    abroad: float
    by_account: float


def draw(variant: Variant, rng: np.random.Generator) -> Brides:
    """Evasive: smaller lumps or parts, the family often paid in cash, no co-broker."""
    is_evasive = variant == "evasive"
    return Brides(
        cycles=int(rng.integers(1, 4) if is_evasive else rng.integers(2, 6)),
        days=int(rng.integers(25, 56)),
        lump_usd=float(
            np.exp(rng.uniform(np.log(4_000), np.log(30_000)))
            if is_evasive
            else np.exp(rng.uniform(np.log(9_000), np.log(34_000)))
        ),
        family=float(rng.uniform(0.03, 0.5) if is_evasive else rng.uniform(0.06, 0.33)),
        helper=float(rng.uniform(0.0, 0.1) if is_evasive else rng.uniform(0.1, 0.45)),
        abroad=float(rng.uniform(0.2, 1.0)),
        by_account=float(rng.uniform(0.4, 0.9) if is_evasive else 1.0),
    )


def plant(id: str, variant: Variant, stage: Stage, rng: np.random.Generator) -> Scheme:
    how, broker, helper = draw(variant, rng), stage.cast.lead(), stage.cast.lead()
    first = stage.start(how.days + 12, rng)
    families = stage.cast.strangers(how.cycles, rng)
    rows: list[Row] = []
    for number, family in enumerate(families):
        day = first + how.days * number // how.cycles
        rows += _cycle(id, how, broker, helper, family, day, rng)
    return Scheme(
        id=id,
        typologies=(TYPOLOGY,),
        variant=variant,
        members=(
            member(broker, "possible_controller"),
            member(helper, "facilitator"),
            *(member(family, "unknown") for family in families),
        ),
        rows=told(rows),
        completes_at=completed(rows, broker.account),
        hushes=hushed(broker, first - 20, first + how.days + 12, variant),
    )


def _cycle(
    id: str,
    how: Brides,
    broker: Party,
    helper: Party,
    family: Party,
    day: int,
    rng: np.random.Generator,
) -> list[Row]:
    """The lump, the family's part, the co-broker's, papers and tickets."""
    usd = how.lump_usd * float(rng.lognormal(0.0, 0.1))
    time, lump = moment(day, (8, 20), rng), usd * KIP_PER_USD
    if rng.random() < how.abroad:
        account = f"X-FICT-CN-{int(rng.integers(0, 900_000)):06d}"
        groom = Party(party=None, account=account, town=0, device=None)
        yuan = int(lump / YUAN) // 100 * 100
        rows = [transfer(id, groom, broker, yuan, time, currency="CNY", country="CN")]
    else:
        rows = [paid_in(id, broker, unknown_person(rng), lump, time, broker.town)]
    later = [day + 1 + int(n) for n in rng.integers(0, 7, 4)]
    if rng.random() < how.by_account:
        part = rounded(lump * how.family * float(rng.uniform(0.9, 1.1)))
        rows.append(transfer(id, broker, family, part, moment(later[0], (8, 20), rng)))
    if how.helper > 0.05:
        part = rounded(lump * how.helper * float(rng.uniform(0.8, 1.2)))
        rows.append(transfer(id, broker, helper, part, moment(later[1], (8, 20), rng)))
    for mcc, when, cost in (
        ("9399", later[2], 60),
        ("4511", later[3], 300),
        ("4112", later[3], 40),
    ):
        if rng.random() < 0.85:
            fee = KIP_PER_USD * cost * float(rng.lognormal(0.0, 0.3))
            rows.append(purchase(id, broker, fee, moment(when, (8, 20), rng), mcc=mcc))
    return [replace(row, purpose_code=None) for row in rows]


def completed(rows: Sequence[Row], broker: str) -> int | None:
    """When of two lumps of 8,000 to 40,000 dollars 5 to 35 % had gone to a family, with papers,
    tickets or the co-broker beside."""
    ordered = sorted(rows, key=lambda row: row.event_time)
    cycles: list[list[Row]] = []
    done: set[int] = set()
    for row in ordered:
        if row.benef_account_id == broker:
            cycles.append([row])
        elif cycles:
            cycles[-1].append(row)
            if _is_split(cycles, len(cycles) - 1):
                done.add(len(cycles) - 1)
            if len(done) >= 2:
                return row.event_time
    return None


def _is_split(cycles: Sequence[Sequence[Row]], at: int) -> bool:
    lump, rest = cycles[at][0], cycles[at][1:]
    whole = lump.amount * (YUAN if lump.currency == "CNY" else 1)
    payees = [row.benef_account_id for row in rest if row.txn_type == "TRANSFER"]
    others = {
        row.benef_account_id
        for number, cycle in enumerate(cycles)
        if number != at
        for row in cycle[1:]
    }
    family = [
        row
        for row in rest
        if row.txn_type == "TRANSFER"
        and row.benef_account_id not in others
        and 0.05 * whole <= row.amount <= 0.35 * whole
    ]
    kinds = [
        any(row.mcc == "9399" for row in rest),
        any(row.mcc in ("4511", "4112") for row in rest),
        bool(set(payees) & others),
    ]
    is_lump = 8_000 <= whole / KIP_PER_USD <= 40_000
    return is_lump and bool(family) and sum(kinds) >= 2
