"""Small sums of strangers abroad by night, for what is shown to them, drawn at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ingest.simulated.cast import Party
from ingest.simulated.country import KIP_PER_USD
from ingest.simulated.moves import cash_out, moment, transfer
from ingest.simulated.planted import Scheme, Stage, Variant, hushed, member, told
from ingest.simulated.rows import DAY, HOUR, SECOND, Row

TYPOLOGY = "cse-stream-facilitator"
WINDOW = 60 * DAY
COUNTRIES = ("GB", "US", "AU", "DE", "NL", "SE", "CA", "KR", "JP", "SG")
USD_STEP = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """usual: dollars of one payment; by_night: share of them; soon: share drawn within hours."""

    senders: int
    countries: int
    payments: int
    days: int
    usual: float
    by_night: float
    soon: float


def draw(variant: Variant, rng: np.random.Generator) -> Stream:
    """Evasive: fewer senders of fewer countries, by day as well, left on the account for days."""
    is_evasive = variant == "evasive"
    return Stream(
        senders=int(rng.integers(3, 10) if is_evasive else rng.integers(6, 25)),
        countries=int(rng.integers(1, 4) if is_evasive else rng.integers(3, 9)),
        payments=int(rng.integers(8, 20) if is_evasive else rng.integers(10, 70)),
        days=int(rng.integers(20, 56)),
        usual=float(np.exp(rng.uniform(np.log(12), np.log(150)))),
        by_night=float(rng.uniform(0.2, 0.7) if is_evasive else rng.uniform(0.45, 1.0)),
        soon=float(rng.uniform(0.0, 0.6) if is_evasive else rng.uniform(0.5, 1.0)),
    )


def plant(id: str, variant: Variant, stage: Stage, rng: np.random.Generator) -> Scheme:
    how, receiver = draw(variant, rng), stage.cast.lead()
    first = stage.start(how.days + 3, rng)
    names = rng.permutation(len(COUNTRIES))[: how.countries]
    senders = [_sender(int(number), rng) for number in np.resize(names, how.senders)]
    rows: list[Row] = []
    for number in range(how.payments):
        # Everybody pays once before the first pays again; some come back often.
        sender, country = senders[
            number if number < how.senders else int(how.senders * rng.random() ** 2)
        ]
        hours = (22.0, 29.9) if rng.random() < how.by_night else (7.0, 22.0)
        time = moment(first + how.days * rng.random(), hours, rng)
        dollars = max(1, round(how.usual * float(rng.lognormal(0.0, 0.4)) / USD_STEP)) * USD_STEP
        rows.append(transfer(id, sender, receiver, dollars, time, currency="USD", country=country))
        wait = float(rng.uniform(0.2, 5.5) if rng.random() < how.soon else rng.uniform(8, 90))
        out = time + int(wait * HOUR) // SECOND * SECOND
        rows += cash_out(id, receiver, dollars * KIP_PER_USD * 0.95, out, receiver.town, rng)
    return Scheme(
        id=id,
        typologies=(TYPOLOGY,),
        variant=variant,
        members=(member(receiver, "facilitator"),),
        rows=told(rows),
        completes_at=completed(rows, receiver.account),
        hushes=hushed(receiver, first - 20, first + how.days + 3, variant),
    )


def _sender(country: int, rng: np.random.Generator) -> tuple[Party, str]:
    code = COUNTRIES[country]
    account = f"X-FICT-{code}-{int(rng.integers(0, 900_000)):06d}"
    return Party(party=None, account=account, town=0, device=None), code


def completed(rows: Sequence[Row], receiver: str) -> int | None:
    """When within 60 days six senders of three countries had sent sums of 8 to 220 dollars, four
    in ten by night, and three in ten of it was drawn within six hours."""
    ordered = sorted(rows, key=lambda row: row.event_time)
    for last in ordered:
        recent = [r for r in ordered if last.event_time - WINDOW < r.event_time <= last.event_time]
        sent = [r for r in recent if r.benef_account_id == receiver]
        if len({r.orig_account_id for r in sent}) < 6 or len({r.orig_country for r in sent}) < 3:
            continue
        nights = sum(not 6 <= r.event_time // HOUR % 24 < 22 for r in sent)
        drawn = sum(r.amount for r in recent if r.is_cash and _is_soon(r, sent))
        whole = sum(r.amount for r in sent) * KIP_PER_USD
        usual = float(np.median([r.amount for r in sent]))
        if 8 <= usual <= 220 and nights >= 0.4 * len(sent) and drawn >= 0.3 * whole:
            return last.event_time
    return None


def _is_soon(drawn: Row, sent: Sequence[Row]) -> bool:
    return any(0 <= drawn.event_time - row.event_time <= 6 * HOUR for row in sent)
