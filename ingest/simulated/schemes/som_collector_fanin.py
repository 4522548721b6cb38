"""A fee collector: strangers from many towns pay one of few prices, the money leaves in cash."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ingest.simulated.cast import Party
from ingest.simulated.country import BORDER_TOWNS, KIP_PER_USD
from ingest.simulated.moves import cash_out, moment, rounded, transfer
from ingest.simulated.planted import Scheme, Stage, Variant, hushed, member, told
from ingest.simulated.rows import DAY, HOUR, Row

TYPOLOGY = "som-collector-fanin"
WINDOW = 14 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """prices in kip; hold_hours: usual time until a fee is drawn; scatter: sigma of the logarithm
    of a fee around its price; cash: share drawn in cash near the border, the rest passed on."""

    payers: int
    towns: int
    prices: tuple[float, ...]
    days: int
    hold_hours: float
    scatter: float
    cash: float


def draw(variant: Variant, rng: np.random.Generator) -> Fees:
    """Evasive: fewer payers, slower, at prices that differ."""
    is_evasive = variant == "evasive"
    price = KIP_PER_USD * float(np.exp(rng.uniform(np.log(35), np.log(650))))
    prices = [price * float(rng.uniform(0.6, 2.4)) for _ in range(int(rng.integers(0, 3)))]
    payers = rng.lognormal(2.1, 0.35) if is_evasive else rng.lognormal(3.1, 0.4)
    return Fees(
        payers=max(4, int(payers)),
        towns=int(rng.integers(2, 7) if is_evasive else rng.integers(4, 15)),
        prices=(price, *prices),
        days=int(rng.integers(12, 46) if is_evasive else rng.integers(2, 16)),
        hold_hours=float(rng.uniform(12, 130) if is_evasive else rng.uniform(1, 40)),
        scatter=float(rng.uniform(0.0, 0.5) if is_evasive else rng.uniform(0.0, 0.04)),
        cash=float(rng.uniform(0.3, 1.0)),
    )


def plant(id: str, variant: Variant, stage: Stage, rng: np.random.Generator) -> Scheme:
    how = draw(variant, rng)
    collector, border = stage.cast.lead(), int(rng.choice(BORDER_TOWNS))
    payers = stage.cast.from_towns(how.payers, how.towns, rng)
    first = stage.start(how.days + 7, rng)
    rows = collected(id, how, collector, payers, first, border, rng)
    return Scheme(
        id=id,
        typologies=(TYPOLOGY,),
        variant=variant,
        members=(member(collector, "collector"), *(member(p, "payer") for p in payers)),
        rows=told(rows),
        completes_at=completed(rows, collector.account),
        hushes=hushed(collector, first - 40, first + how.days + 7, variant),
    )


def collected(
    id: str,
    how: Fees,
    collector: Party,
    payers: Sequence[Party],
    first_day: int,
    border: int,
    rng: np.random.Generator,
) -> list[Row]:
    """Every payer's fee, and what becomes of it."""
    rows: list[Row] = []
    days = np.sort(rng.integers(first_day, first_day + how.days, len(payers)))
    onward = Party(party=None, account=f"X-FICT-{border:06d}", town=border, device=None)
    for payer, day in zip(payers, days, strict=True):
        price = how.prices[int(len(how.prices) * rng.random() ** 1.7)]
        fee = rounded(price * rng.lognormal(0.0, how.scatter))
        time = moment(day, (6, 22.5), rng)
        rows.append(transfer(id, payer, collector, fee, time))
        out = time + int(how.hold_hours * rng.uniform(0.3, 1.6) * HOUR) // 1_000_000 * 1_000_000
        kept = fee * float(rng.uniform(0.9, 0.99))
        if rng.random() < how.cash:
            rows += cash_out(id, collector, kept, out, border, rng)
        else:
            rows.append(transfer(id, collector, onward, rounded(kept), out))
    return rows


def completed(rows: Sequence[Row], account: str) -> int | None:
    """When within 14 days ten payers from four subdivisions had paid, and seven tenths had left."""
    ordered = sorted(rows, key=lambda row: row.event_time)
    for last in ordered:
        recent = [r for r in ordered if last.event_time - WINDOW < r.event_time <= last.event_time]
        paid = [row for row in recent if row.benef_account_id == account]
        gone = sum(row.amount for row in recent if row.orig_account_id == account)
        payers = {row.orig_account_id for row in paid}
        regions = {row.orig_region for row in paid}
        taken = sum(row.amount for row in paid)
        if len(payers) >= 10 and len(regions) >= 4 and gone >= 0.7 * taken:
            return last.event_time
    return None
