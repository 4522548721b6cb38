"""A folder a stranger can run: the feed, its reference files and a palermo.toml beside them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import file_digest
from pathlib import Path

import msgspec
import numpy as np
import polars as pl

from ingest.reference import Account, Customer
from ingest.simulated.banks import Banks
from ingest.simulated.country import TOWNS, places
from ingest.simulated.disorder import ORDERLY, Disorder
from ingest.simulated.files import Format, feed_file, feed_name
from ingest.simulated.life import EPOCH, dealer_ids, employer_ids, merchant_ids
from ingest.simulated.nation import RATES
from ingest.simulated.people import People
from ingest.simulated.plan import Country, CountrySettings, draw_country
from ingest.simulated.stream import blocks
from ingest.simulated.tally import Tally

TRANSACTIONS = "transactions.ndjson"
SETTINGS = "palermo.toml"
ONBOARDED = date(2019, 3, 1)

SIMULATED_SETTINGS = """\
# A country that does not exist: every person, place, account and bank in this folder is invented.

[feed]
files = ["{file}"]
source_id = "fict-bank"
{connected}base_currency = "LAK"
time_zone = "Asia/Vientiane"
time_precision = "s"

[feed.rates]
{rates}

[feed.customers]
file = "customers.ndjson"

[feed.accounts]
file = "accounts.ndjson"

[feed.places]
file = "places.ndjson"

[feed.licences]
file = "licences.ndjson"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A country and what was counted while its feed was written."""

    country: Country
    tally: Tally
    feed_sha256: str


def write_country(
    folder: Path,
    settings: CountrySettings,
    rng: np.random.Generator,
    disorder: Disorder = ORDERLY,
    format: Format = "ndjson",
    *,
    also: Callable[[pl.DataFrame], None] | None = None,
) -> Written:
    """The country drawn, and its feed, reference files and palermo.toml in `folder`; memory holds
    a block of days. Its planted rows are gone then. also: takes what is sent, block by block."""
    folder.mkdir(parents=True, exist_ok=True)
    country = draw_country(settings, rng, room=folder)
    write_references(folder, country)
    write_settings(folder, feed_name(format), RATES, country.banks)
    tally = Tally(country)
    with feed_file(folder, format) as write:
        for block in blocks(country, disorder, rng):
            tally.add(block)
            write(block.sent)
            if also is not None:
                also(block.sent)
    country.planted.forget()
    with (folder / feed_name(format)).open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    return Written(country=country, tally=tally, feed_sha256=digest)


def write_references(folder: Path, country: Country) -> None:
    """Customers, accounts, places and licences as NDJSON."""
    write_ndjson(folder / "customers.ndjson", customers(country))
    write_ndjson(folder / "accounts.ndjson", accounts(country))
    write_ndjson(folder / "places.ndjson", places())
    write_ndjson(folder / "licences.ndjson", country.licences)


def write_settings(folder: Path, file: str, rates: Mapping[str, str], banks: Banks) -> None:
    """palermo.toml for a feed in that file. rates: kip for one unit of a currency."""
    text = settings_text(file, rates, banks)
    (folder / SETTINGS).write_text(text, encoding="utf-8", newline="\n")


def settings_text(file: str, rates: Mapping[str, str], banks: Banks) -> str:
    told = "\n".join(f'{currency} = "{rate}"' for currency, rate in rates.items())
    names = ", ".join(f'"{name}"' for name in banks.names)
    connected = f"connected = [{names}]\n" if banks.are_several else ""
    return SIMULATED_SETTINGS.format(file=file, rates=told, connected=connected)


def customers(country: Country) -> Iterator[Customer]:
    """Everybody who holds an account: people, then merchants, dealers and employers."""
    people = country.people
    yield from (_person(country, who) for who in range(len(people)))
    yield from (_firm(f"M-FICT-{number}", is_merchant=True) for number in merchant_ids(people))
    yield from (_firm(f"E-FICT-{number}") for number in (*dealer_ids(), *employer_ids(people)))


def accounts(country: Country) -> Iterator[Account]:
    """Everybody's first account, then those opened besides."""
    banks = country.banks
    for at, (account, holder) in enumerate(zip(banks.accounts, _holders(country), strict=True)):
        yield Account(
            account_id=account,
            holder=holder,
            institution=banks.names[banks.bank[at]] if banks.are_several else None,
            opened=_opened(country, at),
        )
    yield from country.opened


def write_ndjson(path: Path, records: Iterable[object]) -> None:
    """One record a line, fields that say nothing left out."""
    with path.open("wb") as file:
        file.writelines(msgspec.json.encode(_said(record)) + b"\n" for record in records)


def _holders(country: Country) -> Iterator[str]:
    people = country.people
    yield from people.party
    yield from (f"M-FICT-{number}" for number in merchant_ids(people))
    yield from (f"E-FICT-{number}" for number in (*dealer_ids(), *employer_ids(people)))


def _opened(country: Country, at: int) -> date | None:
    """Of firms nobody knows it."""
    if at >= len(country.opened_on):
        return None
    return EPOCH + timedelta(days=int(country.opened_on[at]))


def _person(country: Country, who: int) -> Customer:
    people, contacts = country.people, country.contacts
    phone = contacts.phone[who]
    return Customer(
        party_id=people.party[who],
        birth_year=int(people.birth_year[who]),
        occupation=people.society.walks[people.job[who]].occupation,
        home_region=TOWNS[people.home[who]].region,
        work_region=TOWNS[people.home[who]].region,
        monthly_income=int(people.income[who]),
        onboarding_date=_opened(country, who) or ONBOARDED,
        devices=(people.device[who],),
        phones=() if phone is None else (phone,),
        address=contacts.address[who],
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
