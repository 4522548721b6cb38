"""A folder a stranger can run: the feed, its reference files and a palermo.toml beside them."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import msgspec
import numpy as np

from ingest.reference import Account, Customer
from ingest.simulated.country import TOWNS, places
from ingest.simulated.disorder import ORDERLY, Disorder
from ingest.simulated.life import dealer_ids, employer_ids, merchant_ids
from ingest.simulated.people import OCCUPATIONS, People
from ingest.simulated.plan import Country, CountrySettings, draw_country
from ingest.simulated.schemes import Scheme
from ingest.simulated.stream import lines

TRANSACTIONS = "transactions.ndjson"
SETTINGS = "palermo.toml"
TRUTH = "truth.ndjson"
ONBOARDED = date(2019, 3, 1)

SIMULATED_SETTINGS = """\
# A country that does not exist: every person, place, account and bank in this folder is invented.

[feed]
files = ["transactions.ndjson"]
source_id = "fict-bank"
base_currency = "LAK"
time_zone = "Asia/Vientiane"
time_precision = "s"

[feed.rates]
USD = "21500"

[feed.customers]
file = "customers.ndjson"

[feed.accounts]
file = "accounts.ndjson"

[feed.places]
file = "places.ndjson"

[feed.licences]
file = "licences.ndjson"
"""


def write_country(
    folder: Path,
    settings: CountrySettings,
    rng: np.random.Generator,
    disorder: Disorder = ORDERLY,
) -> Country:
    """The country drawn, and all of its files in `folder`; memory holds a block of days."""
    country = draw_country(settings, rng)
    folder.mkdir(parents=True, exist_ok=True)
    write_references(folder, country)
    write_truth(folder / TRUTH, country)
    with (folder / TRANSACTIONS).open("w", encoding="utf-8", newline="\n") as file:
        for block in lines(country, disorder, rng):
            file.writelines(f"{line}\n" for line in block)
    return country


def write_references(folder: Path, country: Country) -> None:
    """Customers, accounts, places and licences as NDJSON, and the settings that name them."""
    write_ndjson(folder / "customers.ndjson", customers(country.people))
    write_ndjson(folder / "accounts.ndjson", accounts(country))
    write_ndjson(folder / "places.ndjson", places())
    write_ndjson(folder / "licences.ndjson", country.licences)
    (folder / SETTINGS).write_text(SIMULATED_SETTINGS, encoding="utf-8", newline="\n")


def write_truth(path: Path, country: Country) -> None:
    """One line a scheme: what was planted, about whom; no detector may read it."""
    write_ndjson(path, [_truth(scheme) for scheme in country.schemes])


def customers(people: People) -> list[Customer]:
    """Everybody who holds an account: people, then merchants, dealers and employers."""
    return [
        *(_person(people, who) for who in range(len(people))),
        *(_firm(f"M-FICT-{number}", is_merchant=True) for number in merchant_ids()),
        *(_firm(f"E-FICT-{number}") for number in (*dealer_ids(), *employer_ids(people))),
    ]


def accounts(country: Country) -> list[Account]:
    """Everybody's first account, then those opened for a scheme."""
    people = country.people
    firms = [("M-FICT", merchant_ids()), ("E-FICT", (*dealer_ids(), *employer_ids(people)))]
    return [
        *(
            Account(account_id=account, holder=party)
            for account, party in zip(people.account, people.party, strict=True)
        ),
        *(
            Account(account_id=f"A-FICT-{number}", holder=f"{prefix}-{number}")
            for prefix, numbers in firms
            for number in numbers
        ),
        *(account for scheme in country.schemes for account in scheme.opened),
    ]


def write_ndjson(path: Path, records: Iterable[object]) -> None:
    """One record a line, fields that say nothing left out."""
    lines = (msgspec.json.encode(_said(record)) + b"\n" for record in records)
    path.write_bytes(b"".join(lines))


def _person(people: People, who: int) -> Customer:
    return Customer(
        party_id=people.party[who],
        birth_year=int(people.birth_year[who]),
        occupation=OCCUPATIONS[people.job[who]],
        home_region=TOWNS[people.home[who]].region,
        work_region=TOWNS[people.home[who]].region,
        monthly_income=int(people.income[who]),
        onboarding_date=ONBOARDED,
        devices=(people.device[who],),
        related=_related(people, who),
    )


def _related(people: People, who: int) -> tuple[str, ...]:
    """A declared relation stands with the one who declared it: the child's account."""
    parent = int(people.parent[who])
    return (people.party[parent],) if parent >= 0 and people.is_declared[who] else ()


def _firm(party_id: str, *, is_merchant: bool = False) -> Customer:
    return Customer(
        party_id=party_id,
        party_type="ENTITY",
        segment="firm",
        onboarding_date=ONBOARDED,
        is_merchant=is_merchant,
    )


def _said(record: object) -> dict[str, object]:
    """The record's fields without those that say nothing."""
    given = msgspec.to_builtins(record)
    return {name: value for name, value in given.items() if value not in (None, [], ())}


def _truth(scheme: Scheme) -> dict[str, object]:
    return {
        "scheme": scheme.id,
        "typology": scheme.typology,
        "subject": scheme.subject,
        "parties": scheme.parties,
        "is_evasive": scheme.is_evasive,
        "rows": len(scheme.rows),
    }
