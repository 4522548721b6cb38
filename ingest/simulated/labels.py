"""The truth of a simulated feed, in a folder of its own: no detector may read it."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec
import polars as pl

from ingest.simulated.country import TOWNS, UTC_OFFSET_MINUTES
from ingest.simulated.life import EPOCH
from ingest.simulated.plan import Country
from ingest.simulated.planted import LookAlikeTold, SchemeTold
from ingest.simulated.rows import DAY, SECOND
from ingest.simulated.texts import NUMBER, SCRIPTS, scripts_of
from ingest.simulated.write import Written

Record = Mapping[str, object]
Kind = Literal["base_rate", "enriched", "free"]

BASE_RATE, ENRICHED = 6.0, 60.0
"""Schemes per 10,000: at most the first is as rare as life, at least the second is enriched."""


def write_labels(folder: Path, written: Written, *, seed: int, schemes_per_10k: float) -> None:
    """schemes, look_alikes, customers and weeks as NDJSON by id, and population.json."""
    country = written.country
    folder.mkdir(parents=True, exist_ok=True)
    transactions = written.tally.transactions()
    _write(
        folder / "schemes.ndjson",
        (_scheme(scheme, transactions.get(scheme.id, [])) for scheme in country.schemes),
    )
    _write(
        folder / "look_alikes.ndjson",
        (_look_alike(number, each) for number, each in enumerate(country.look_alikes, start=1)),
    )
    _write(folder / "customers.ndjson", _customers(country))
    _write(
        folder / "weeks.ndjson",
        (
            {"week_start": _date(day), "active_customers": active}
            for day, active in written.tally.weeks
        ),
    )
    population = {
        "seed": seed,
        "customers": len(country.people),
        "scored_from": _instant(country.scored_from * DAY),
        "scored_until": _instant(country.last_day * DAY),
        "history_days": country.scored_from - country.first_day,
        "scored_days": country.last_day - country.scored_from,
        "schemes_per_10k": schemes_per_10k,
        "kind": _kind(schemes_per_10k),
        "feed_sha256": written.feed_sha256,
    }
    (folder / "population.json").write_bytes(msgspec.json.encode(population) + b"\n")


def _kind(schemes_per_10k: float) -> Kind:
    if schemes_per_10k <= BASE_RATE:
        return "base_rate"
    return "enriched" if schemes_per_10k >= ENRICHED else "free"


def _scheme(scheme: SchemeTold, transactions: list[str]) -> Record:
    completes = scheme.completes_at
    return {
        "scheme_id": scheme.id,
        "typology": scheme.typologies[0],
        "typologies": scheme.typologies,
        "variant": scheme.variant,
        "story": scheme.story,
        "members": [
            {
                "party": member.party,
                "account": member.account,
                "role": member.role,
                "is_suspect": member.is_suspect,
            }
            for member in scheme.members
        ],
        "starts_at": _instant(scheme.starts_at),
        "completes_at": None if completes is None else _instant(completes),
        "ends_at": _instant(scheme.ends_at),
        "transaction_ids": transactions,
    }


def _look_alike(number: int, each: LookAlikeTold) -> Record:
    return {
        "look_alike_id": f"L-{number:06d}",
        "kind": each.kind,
        "members": each.members,
        "starts_at": _instant(each.starts_at),
        "ends_at": _instant(each.ends_at),
    }


def _customers(country: Country) -> Iterable[Record]:
    people = country.people
    scripts = scripts_of(people.party.str.extract(NUMBER).cast(pl.UInt64))
    works_nights, is_business = people.are("works_nights"), people.are("is_business")
    for who in range(len(people)):
        groups = {
            "province": TOWNS[people.home[who]].region,
            "script": SCRIPTS[scripts[who]],
            "is_remitter": bool(people.is_remitter[who]),
            "works_nights": bool(works_nights[who]),
            "is_business": bool(is_business[who]),
        }
        yield {"party": people.party[who], "groups": groups}


def _instant(local: int) -> str:
    """ISO 8601 UTC of local microseconds since the epoch."""
    utc = local // SECOND - UTC_OFFSET_MINUTES * 60
    return datetime.fromtimestamp(utc, tz=UTC).isoformat().replace("+00:00", "Z")


def _date(day: int) -> str:
    return (EPOCH + timedelta(days=day)).isoformat()


def _write(path: Path, records: Iterable[Record]) -> None:
    with path.open("wb") as file:
        file.writelines(msgspec.json.encode(record) + b"\n" for record in records)
