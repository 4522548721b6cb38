"""Case files as worlds: small tables of transactions, run through profiles and catalogue."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from detectors.catalogue import (
    Catalogue,
    RareAt,
    TestGround,
    load_typologies,
    nothing_is_rare,
)
from detectors.contacts import shared_pairs
from detectors.finding import Finding
from detectors.gathering import gather
from detectors.networks import NetworkDetector, NetworkKey, registered_firms
from detectors.testability import provided
from ingest.lexicon import Lexicon
from ingest.reference import Account, Customer, Licence, Place, References
from ingest.transaction import ADDED, ADDRESS, TRANSACTION, TransactionBatch, transaction_key
from models.bundle import load_bundle
from models.networks import Networks
from models.profile import Profiles

CASES = Path(__file__).parent / "cases"
LAO_TIME = timedelta(hours=7)
MINOR_PER_USD = 2_180_000
FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC) - LAO_TIME
EVERY_COLUMN = frozenset(
    {"place_id", "device_hash", "mcc", "orig_region", "conductor_party_id", "remittance_text"}
)
BUNDLE = load_bundle(base_currency="LAK", references="", rates="")
LEXICON = Lexicon(BUNDLE.terms())
CASH = {"CASH_DEPOSIT", "CASH_WITHDRAWAL"}


class FixedRates:
    """One US dollar is 21,800 LAK on every day."""

    def usd_minor(self, on: date) -> int | None:
        return MINOR_PER_USD


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A named world and what a typology must make of it: fires, cleared or silent."""

    typology: str
    name: str
    expects: str
    by: tuple[str, ...]
    transactions: pl.DataFrame
    references: References
    started: datetime


def cases() -> list[Case]:
    """Every case of every file."""
    files = sorted(CASES.glob("*.toml"))
    return [case for path in files for case in cases_in(path.stem, path.read_text("utf-8"))]


def cases_in(stem: str, text: str) -> list[Case]:
    """The cases of one file, named like its typology's module."""
    return [_case(stem, given) for given in tomllib.loads(text)["case"]]


def judge(
    case: Case,
    *,
    batches: Sequence[Sequence[int]] | None = None,
    is_always_armed: bool = False,
    rare: RareAt = nothing_is_rare,
) -> list[Finding]:
    """All findings of the case, gathered ones included, after reading it in these batches of row
    numbers (default: all at once)."""
    catalogue = _catalogue(case.references, rare)
    profiles = _profiles(case.references, catalogue, is_always_armed)
    networks, shapes = _networks(case.references, catalogue)
    standing: dict[NetworkKey, Finding | None] = {}
    kept: dict[tuple[object, ...], Finding] = {}
    seen = case.started
    for rows in batches or [range(case.transactions.height)]:
        added = case.transactions[list(rows)]
        if added.height:
            seen = max(seen, *added["event_time"])
        batch = TransactionBatch(
            added=added,
            retracted=pl.DataFrame(schema=ADDRESS),
            history_start=case.started,
            seen_until=seen,
        )
        evaluated = profiles.extend(batch)
        standing |= shapes.detect(networks.extend(batch))
        _drop_replaced(kept, evaluated.replaces)
        for finding in catalogue.detect(evaluated):
            kept[finding.typology, finding.holder, finding.trigger] = finding
    found = sorted(kept.values(), key=lambda f: (f.typology, f.trigger, f.holder))
    of_shapes = [finding for _, finding in sorted(standing.items()) if finding is not None]
    return [*found, *_gathered(catalogue, case.references, found), *of_shapes]


def verdict(case: Case, found: Sequence[Finding]) -> tuple[str, tuple[str, ...]]:
    """What the case's typology made of it, and the tests that cleared it."""
    of_typology = [f for f in found if f.typology == case.typology]
    if any(not f.is_cleared for f in of_typology):
        return "fires", ()
    if of_typology:
        return "cleared", of_typology[-1].cleared_by
    return "silent", ()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        every = cases()
        metafunc.parametrize("case", every, ids=[f"{c.typology}: {c.name}" for c in every])


@pytest.fixture
def judged() -> Callable[..., list[Finding]]:
    return judge


@pytest.fixture
def ruled() -> Callable[[Case, Sequence[Finding]], tuple[str, tuple[str, ...]]]:
    return verdict


def _drop_replaced(kept: dict[tuple[object, ...], Finding], replaces: pl.DataFrame) -> None:
    since = {row["holder"]: row for row in replaces.iter_rows(named=True)}
    for key, finding in list(kept.items()):
        row = since.get(finding.holder)
        trigger = finding.trigger
        if row is not None and (
            trigger.time,
            trigger.sequence,
            trigger.txn,
            trigger.side,
        ) >= (
            row["since_time"],
            row["since_sequence"],
            f"{row['since_hi']:016x}{row['since_lo']:016x}",
            row["since_side"],
        ):
            del kept[key]


def _gathered(
    catalogue: Catalogue, references: References, found: Sequence[Finding]
) -> list[Finding]:
    gathered = []
    for definition in catalogue.gatherings.values():
        signals = [f for f in found if f.typology == definition.gathers and not f.is_cleared]
        for subject in sorted({link.id for f in signals for link in f.links}):
            of_subject = [f for f in signals if any(link.id == subject for link in f.links)]
            is_customer = subject in references.customers
            gathered += gather(
                definition,
                subject,
                "customer" if is_customer else "account",
                of_subject,
                _relations(references),
            )
    return gathered


def _relations(references: References) -> Callable[[str], frozenset[str]]:
    pairs = {(c.party_id, other) for c in references.customers.values() for other in c.related}
    both = pairs | {(b, a) for a, b in pairs}
    return lambda party: frozenset(b for a, b in both if a == party)


def _networks(references: References, catalogue: Catalogue) -> tuple[Networks, NetworkDetector]:
    room = Networks(
        references=references,
        limits={each.shape: each.limits for each in catalogue.networks.values()},
        lateness=timedelta(hours=26),
    )
    detector = NetworkDetector(
        catalogue.networks.values(),
        relations=_relations(references),
        firms=registered_firms(references),
        usd_minor=FixedRates().usd_minor,
    )
    return room, detector


def _catalogue(references: References, rare: RareAt) -> Catalogue:
    available = provided(
        EVERY_COLUMN,
        references,
        time_precision=timedelta(microseconds=1),
        has_threshold=True,
        has_usd_rate=True,
    )
    ground = TestGround(has_register=bool(references.licences), has_relations=True)
    contacts = shared_pairs(references.customers)
    return Catalogue(load_typologies(), available, ground, contacts, rare)


def _profiles(references: References, catalogue: Catalogue, is_always_armed: bool) -> Profiles:
    return Profiles(
        references=references,
        rates=FixedRates(),
        bundle=BUNDLE,
        arms=catalogue.arms,
        features=catalogue.features,
        asks=catalogue.asks,
        screens=catalogue.screens,
        lateness=timedelta(hours=26),
        is_always_armed=is_always_armed,
        fires=None if is_always_armed else catalogue.fires,
    )


def _case(stem: str, given: Mapping[str, Any]) -> Case:
    rows = [line.split() for line in given["rows"].strip().splitlines()]
    header, lines = rows[0], rows[1:]
    transactions = [
        _transaction(number, dict(zip(header, line, strict=True)))
        for number, line in enumerate(lines)
    ]
    return Case(
        typology=stem.replace("_", "-"),
        name=given["name"],
        expects=given["expects"],
        by=tuple(given.get("by", ())),
        transactions=_read(pl.DataFrame(transactions, schema=TRANSACTION)),
        references=_references(given),
        started=FIRST_DAY + timedelta(days=given.get("feed_starts_on_day", 0)),
    )


def _transaction(number: int, cell: Mapping[str, str]) -> dict[str, object]:
    def known(name: str) -> str | None:
        value = cell.get(name, "-")
        return None if value == "-" else value

    reference = f"T-{number:03d}"
    high, low = transaction_key("BANK-FICT", reference)
    hours, minutes = cell["time"].split(":")
    kind = known("type") or "TRANSFER"
    amount = int(float(cell["usd"]) * MINOR_PER_USD)
    empty: dict[str, object] = dict.fromkeys(TRANSACTION)
    return empty | {
        "txn_hi": high,
        "txn_lo": low,
        "reference": reference,
        "source_id": "BANK-FICT",
        "event_time": FIRST_DAY
        + timedelta(days=int(cell["day"]), hours=int(hours), minutes=int(minutes)),
        "local_utc_offset_min": 420,
        "source_sequence": 0,
        "source_revision": 0,
        "status": "BOOKED",
        "txn_type": kind,
        "channel": "MOBILE",
        "is_cash": kind in CASH,
        "is_cross_border": known("country") is not None or known("to_country") is not None,
        "amount": f"{amount / 100:.2f}",
        "currency": "LAK",
        "amount_base": amount,
        "orig_account_id": known("from"),
        "benef_account_id": known("to"),
        "orig_region": known("region"),
        "orig_country": known("country"),
        "benef_country": known("to_country"),
        "merchant_id": known("merchant"),
        "place_id": known("place"),
        "conductor_party_id": known("conductor"),
        "mcc": known("mcc"),
        "purpose_code": known("purpose"),
        "remittance_text": known("text"),
        "device_hash": known("device"),
        "orig_holds": True,
        "benef_holds": True,
        "quality_flags": [],
    }


def _read(transactions: pl.DataFrame) -> pl.DataFrame:
    """As they go on from ingest. In a cell underscores stand for spaces."""
    texts = transactions["remittance_text"].str.replace_all("_", " ", literal=True)
    return transactions.with_columns(LEXICON.concepts(texts).alias("concepts")).select(*ADDED)


def _references(given: Mapping[str, Any]) -> References:
    rows = [dict(row) for row in given.get("customer", ())]
    held = {row.pop("account"): row["party_id"] for row in rows}
    opened = {row["party_id"]: row.pop("opened", None) for row in rows}
    customers = {row["party_id"]: msgspec.convert(row, Customer) for row in rows}
    accounts = {
        account: [Account(account_id=account, holder=holder, opened=opened[holder])]
        for account, holder in held.items()
    }
    return References(
        customers=customers,
        accounts=accounts,
        places={row["place_id"]: Place(**row) for row in given.get("place", ())},
        licences={row["holder"]: [Licence(**row)] for row in given.get("licence", ())},
    )


@pytest.fixture
def told() -> Callable[[str, str], list[Case]]:
    return cases_in


@pytest.fixture
def every_case() -> list[Case]:
    return cases()
