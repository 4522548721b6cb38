"""All slow knowledge in one immutable, hashed bundle. Findings name it."""

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from hashlib import blake2b
from importlib.resources import files
from typing import Any

from ingest.currency import minor_units
from ingest.lexicon import HARMLESS, Concept

DAYS_AROUND = timedelta(days=3)
SOME_YEAR = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportingThreshold:
    """From `valid_from`, cash of `amount` (major units) or more in `currency` is reported.
    verification: V read, M from memory: to be confirmed before a legal use."""

    country: str
    currency: str
    amount: Decimal
    valid_from: date
    source: str
    verification: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DollarRate:
    """From `valid_from`, roughly `minor` minor units of the base currency are one US dollar."""

    valid_from: date
    minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Festival:
    """Days on which people give each other money, both included; `yearly`: the same days of each
    year. verification as above."""

    name: str
    first: date
    last: date
    yearly: bool
    source: str
    verification: str

    def is_near(self, on: date) -> bool:
        """Whether it is a day of it, or lies up to three days before or after."""
        if not self.yearly:
            return self.first - DAYS_AROUND <= on <= self.last + DAYS_AROUND
        # Around New Year it may be the festival of another year that lies near.
        return any(
            self.first.replace(year=year) - DAYS_AROUND
            <= on
            <= self.last.replace(year=year) + DAYS_AROUND
            for year in (on.year - 1, on.year, on.year + 1)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Words of one language that name a concept, or longer ones that hold such a word and mean
    none (HARMLESS). verification as above; as_of: the day they were last looked at."""

    concept: Concept
    language: str
    texts: tuple[str, ...]
    innocent: str
    source: str
    verification: str
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Lists with their sources, score priors and cuts.

    hash: over every list, the reference data and the exchange rates it was made with.
    """

    base_currency: str
    thresholds: tuple[ReportingThreshold, ...]
    dollar_rates: tuple[DollarRate, ...]
    festivals: tuple[Festival, ...]
    keywords: tuple[Terms, ...]
    own_life_mcc: frozenset[str]
    own_life_purpose: frozenset[str]
    priors: tuple[tuple[str, float], ...]
    default_prior: float
    cuts: tuple[tuple[str, float], ...]
    hash: str

    def threshold_minor(self, on: date) -> int | None:
        """The cash reporting threshold of the base currency that day in minor units; None where
        no threshold is known."""
        valid = [t for t in self.thresholds if t.valid_from <= on]
        if not valid:
            return None
        amount = max(valid, key=lambda t: t.valid_from).amount
        return int(amount.scaleb(minor_units()[self.base_currency] or 0))

    def usd_minor(self, on: date) -> int | None:
        """Roughly one US dollar that day, for limits only; None where nothing is known."""
        valid = [rate for rate in self.dollar_rates if rate.valid_from <= on]
        return max(valid, key=lambda rate: rate.valid_from).minor if valid else None

    def is_festive(self, on: date) -> bool:
        """Whether a festival is on, or up to three days away."""
        return any(festival.is_near(on) for festival in self.festivals)

    def terms(self) -> dict[str, Concept]:
        """Every term with all that it names, in whatever language."""
        named: dict[str, Concept] = {}
        for each in self.keywords:
            for text in each.texts:
                named[text] = named.get(text, HARMLESS) | each.concept
        return named


LISTS = (
    "usd_rates.toml",
    "reporting_thresholds.toml",
    "own_life.toml",
    "scores.toml",
    "festivals.toml",
    "keywords.toml",
)


def load_bundle(*, base_currency: str, references: str, rates: str) -> Bundle:
    """The built-in bundle for a base currency; `references` and `rates` are the fingerprints of
    the data it was made with."""
    texts = [(files("models") / "lists" / name).read_bytes() for name in LISTS]
    dollars, thresholds, own_life, scores, festivals, keywords = (
        tomllib.loads(text.decode()) for text in texts
    )
    digest = blake2b(digest_size=16)
    for part in (*texts, base_currency.encode(), references.encode(), rates.encode()):
        digest.update(len(part).to_bytes(8, "big") + part)
    return Bundle(
        base_currency=base_currency,
        thresholds=tuple(
            ReportingThreshold(
                country=row["country"],
                currency=row["currency"],
                amount=Decimal(row["amount"]),
                valid_from=row["valid_from"],
                source=row["source"],
                verification=row["verification"],
            )
            for row in thresholds["threshold"]
            if row["currency"] == base_currency
        ),
        dollar_rates=tuple(
            DollarRate(
                valid_from=row["valid_from"],
                minor=int(Decimal(row["per_usd"]).scaleb(minor_units()[base_currency] or 0)),
            )
            for row in dollars["rate"]
            if row["currency"] == base_currency
        ),
        festivals=(*map(_yearly, festivals["yearly"]), *map(_dated, festivals["dated"])),
        keywords=(*map(_terms, keywords["terms"]), *map(_harmless, keywords["harmless"])),
        own_life_mcc=frozenset(own_life["mcc"]),
        own_life_purpose=frozenset(own_life["purpose"]),
        priors=tuple(sorted(scores["priors"].items())),
        default_prior=scores["default_prior"],
        cuts=tuple(sorted(scores["cuts"].items())),
        hash=digest.hexdigest(),
    )


def _yearly(row: dict[str, Any]) -> Festival:
    days = {name: date.fromisoformat(f"{SOME_YEAR}-{row[name]}") for name in ("first", "last")}
    return Festival(**{**row, **days}, yearly=True)


def _dated(row: dict[str, Any]) -> Festival:
    return Festival(**row, yearly=False)


def _terms(row: dict[str, Any]) -> Terms:
    named = {"concept": Concept[row["concept"].upper()], "texts": tuple(row["texts"])}
    return Terms(**{**row, **named})


def _harmless(row: dict[str, Any]) -> Terms:
    return Terms(**{**row, "texts": tuple(row["texts"])}, concept=HARMLESS, innocent="always")
