"""An organiser takes what a collector sends, pays the same helpers their shares, keeps the rest."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ingest.simulated.country import KIP_PER_USD
from ingest.simulated.moves import moment, rounded, transfer
from ingest.simulated.planted import Scheme, Stage, Variant, hushed, member, told
from ingest.simulated.rows import DAY, HOUR, SECOND, Row

TYPOLOGY = "som-organiser-split"
WINDOW = 60 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """shared: of each take, by all helpers together; scatter: of a helper's share about his usual
    one, sigma of its logarithm."""

    groups: int
    days: int
    helpers: int
    collectors: int
    take: float
    shared: float
    scatter: float


def draw(variant: Variant, rng: np.random.Generator) -> Split:
    """Evasive: fewer helpers, uneven shares, some of them in cash that is not seen."""
    is_evasive = variant == "evasive"
    return Split(
        groups=int(rng.integers(2, 6) if is_evasive else rng.integers(3, 9)),
        days=int(rng.integers(20, 55)),
        helpers=int(rng.integers(2, 6) if is_evasive else rng.integers(4, 10)),
        collectors=int(rng.integers(1, 6) if is_evasive else rng.integers(1, 4)),
        take=KIP_PER_USD * float(np.exp(rng.uniform(np.log(500), np.log(6_000)))),
        shared=float(rng.uniform(0.15, 0.8) if is_evasive else rng.uniform(0.33, 0.66)),
        scatter=float(rng.uniform(0.1, 0.5) if is_evasive else rng.uniform(0.0, 0.15)),
    )


def plant(id: str, variant: Variant, stage: Stage, rng: np.random.Generator) -> Scheme:
    how, organiser = draw(variant, rng), stage.cast.lead()
    first = stage.start(how.days + 3, rng)
    collectors = [stage.cast.lead() for _ in range(how.collectors)]
    helpers = stage.cast.strangers(how.helpers, rng)
    weights = rng.uniform(0.6, 1.6, how.helpers)
    shares = how.shared * weights / weights.sum()
    rows: list[Row] = []
    for group in range(how.groups):
        begin = moment(first + how.days * group / how.groups, (7, 18), rng)
        take = how.take * float(rng.lognormal(0.0, 0.08))
        collector = collectors[group % how.collectors]
        rows.append(transfer(id, collector, organiser, rounded(take), begin))
        for helper, part in zip(helpers, shares, strict=True):
            time = begin + int(rng.uniform(0.5, 40) * HOUR) // SECOND * SECOND
            amount = rounded(how.take * part * float(rng.lognormal(0.0, how.scatter)))
            rows.append(transfer(id, organiser, helper, amount, time))
    return Scheme(
        id=id,
        typologies=(TYPOLOGY,),
        variant=variant,
        members=(
            member(organiser, "possible_controller"),
            *(member(collector, "collector") for collector in collectors),
            *(member(helper, "unknown") for helper in helpers),
        ),
        rows=told(rows),
        completes_at=completed(rows, organiser.account),
        hushes=hushed(organiser, first - 30, first + how.days + 3, variant),
    )


def completed(rows: Sequence[Row], organiser: str) -> int | None:
    """When four helpers had been paid on three days, evenly, 30 to 70 % of two thousand dollars or
    more in all."""
    ordered = sorted(rows, key=lambda row: row.event_time)
    for last in (row for row in ordered if row.orig_account_id == organiser):
        recent = [r for r in ordered if last.event_time - WINDOW < r.event_time <= last.event_time]
        taken = sum(r.amount for r in recent if r.benef_account_id == organiser)
        paid = [r for r in recent if r.orig_account_id == organiser]
        steady = [each for each in _by_payee(paid) if _is_steady(each)]
        shared = sum(row.amount for each in steady for row in each)
        is_half = 0.3 * taken <= shared <= 0.7 * taken
        if taken >= 2_000 * KIP_PER_USD and len(steady) >= 4 and is_half:
            return last.event_time
    return None


def _by_payee(rows: Sequence[Row]) -> list[list[Row]]:
    payees = dict.fromkeys(row.benef_account_id for row in rows)
    return [[row for row in rows if row.benef_account_id == payee] for payee in payees]


def _is_steady(rows: Sequence[Row]) -> bool:
    amounts = np.array([row.amount for row in rows])
    days = {row.event_time // DAY for row in rows}
    return len(days) >= 3 and float(amounts.std()) <= 0.3 * float(amounts.mean())
