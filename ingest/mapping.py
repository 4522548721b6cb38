"""Section [feed] of palermo.toml: where a bank's rows lie and what its columns and codes mean."""

import codecs
from datetime import timedelta
from typing import Annotated, Literal, Self, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)

from ingest.currency import minor_units
from ingest.times import as_pattern

Status = Literal["PENDING", "BOOKED", "REJECTED", "RETURNED", "REVERSED", "ATTEMPTED"]
Direction = Literal["DEBIT", "CREDIT", "INTERNAL"]
TxnType = Literal[
    "TRANSFER",
    "CASH_DEPOSIT",
    "CASH_WITHDRAWAL",
    "CARD_PURCHASE",
    "CARD_CREDIT",
    "REMITTANCE_SEND",
    "REMITTANCE_PAYOUT",
    "WALLET_TOPUP",
    "WALLET_CASHOUT",
    "CHEQUE",
    "FX_EXCHANGE",
    "CRYPTO_BUY",
    "CRYPTO_SELL",
    "SALARY",
    "LOAN_DISBURSEMENT",
    "LOAN_REPAYMENT",
    "FEE",
    "OTHER",
]
Channel = Literal[
    "BRANCH",
    "ATM",
    "CDM",
    "POS",
    "ECOM",
    "MOBILE",
    "INTERNET",
    "AGENT",
    "CALL_CENTRE",
    "MTO_COUNTER",
    "INTERBANK",
    "BATCH",
    "UNKNOWN",
]
CODE_LISTS: dict[str, frozenset[str]] = {
    "txn_type": frozenset(get_args(TxnType)),
    "channel": frozenset(get_args(Channel)),
    "status": frozenset(get_args(Status)),
    "direction": frozenset(get_args(Direction)),
    "is_cash": frozenset({"true", "false"}),
    "is_cross_border": frozenset({"true", "false"}),
}
"""The canonical codes of each field that has a closed list."""

OWN_SIDE = ("account_id", "party_id", "country", "region", "agent_bic")
COUNTERPARTY_SIDE = tuple(f"counterparty_{name}" for name in OWN_SIDE)
ORIG_SIDE = tuple(f"orig_{name}" for name in OWN_SIDE)
BENEF_SIDE = tuple(f"benef_{name}" for name in OWN_SIDE)

CANONICAL: tuple[str, ...] = (
    "txn_id",
    "source_id",
    "event_time",
    "local_utc_offset_min",
    "source_sequence",
    "source_revision",
    "ingest_time",
    "status",
    "reversal_of",
    "txn_type",
    "channel",
    "direction",
    "is_cash",
    "is_cross_border",
    "amount",
    "currency",
    "balance_after",
    "conductor_party_id",
    "place_id",
    "terminal_id",
    "branch_id",
    "location_country",
    "location_region",
    "mcc",
    "merchant_id",
    "card_hash",
    "device_hash",
    "purpose_code",
    "remittance_text",
    "end_to_end_id",
    "uetr",
    *ORIG_SIDE,
    *BENEF_SIDE,
    *OWN_SIDE,
    *COUNTERPARTY_SIDE,
)
"""The names a feed's columns can be mapped to."""

Group = Literal["device", "place", "text"]
GROUPS: dict[Group, frozenset[str]] = {
    "device": frozenset({"device_hash"}),
    "place": frozenset(
        {"place_id", "terminal_id", "branch_id", "location_country", "location_region"}
    ),
    "text": frozenset({"remittance_text"}),
}
"""Columns that `without` blanks together."""


def _as_text(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


Text = Annotated[str, BeforeValidator(_as_text)]


class Section(BaseModel):
    """A part of palermo.toml: unknown names are faults, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Codes(Section):
    """Source codes to canonical codes.

    `from` lists the source columns (default: the one mapped to the field). The other keys are the
    source codes joined by "|", "*" standing for anything; the fewest "*" win, then the leftmost
    code. An empty canonical code means none.
    """

    columns: tuple[str, ...] = Field(default=(), alias="from")
    values: dict[str, Text] = {}

    @model_validator(mode="before")
    @classmethod
    def _gather_values(cls, given: object) -> object:
        if not isinstance(given, dict) or "values" in given:
            return given
        names = {"from", "columns"} & set(given)
        values = {key: value for key, value in given.items() if key not in names}
        return {**{key: given[key] for key in names}, "values": values}

    @model_validator(mode="after")
    def _check_lengths(self) -> Self:
        parts = len(self.columns) or 1
        wrong = [code for code in self.values if code.count("|") != parts - 1]
        if wrong:
            raise ValueError(
                f"{', '.join(map(repr, wrong))}: write {parts} code(s) joined by '|', one for "
                "each column of 'from'"
            )
        return self


class TextFormat(Section):
    """How rows lie in files, and which source column is which canonical field.

    Without `columns` every source column is taken by its canonical name; with it, only what it
    names is read. Without a header, source columns are called "1", "2" and so on.
    """

    format: Literal["auto", "ndjson", "delimited"] = "auto"
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    quote: str = Field(default='"', max_length=1)
    encoding: str = "utf-8"
    header: bool = True
    max_line_bytes: PositiveInt = 1 << 20
    decimal_mark: Literal[".", ","] = "."
    date_formats: tuple[str, ...] = ("iso",)
    columns: dict[str, str] = {}
    constants: dict[str, Text] = {}
    codes: dict[str, Codes] = {}

    @field_validator("encoding")
    @classmethod
    def _check_encoding(cls, encoding: str) -> str:
        try:
            is_splittable = "a\n".encode(encoding) == b"a\n"
            return codecs.lookup(encoding).name if is_splittable else _refuse_encoding(encoding)
        except LookupError:
            raise ValueError(f"unknown encoding {encoding!r}; try utf-8 or cp1252") from None

    @field_validator("date_formats")
    @classmethod
    def _check_formats(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        for given in formats:
            as_pattern(given)
        return formats

    @model_validator(mode="after")
    def _check_once(self) -> Self:
        coded = {name for name, codes in self.codes.items() if codes.columns}
        named = [*self.columns, *self.constants, *coded]
        twice = sorted({name for name in named if named.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)}: give a column, a constant or codes, not two")
        unfed = sorted(set(self.codes) - coded - {n for n in self.codes if self.source_of(n)})
        if unfed:
            raise ValueError(f"codes for {', '.join(unfed)}: name the source columns in 'from'")
        return self

    def source_of(self, canonical: str) -> str | None:
        """The source column of a field that has one; None if constant, coded or not mapped."""
        if canonical in self.columns:
            return self.columns[canonical]
        return None if self.columns or canonical in self.constants else canonical


class ReferenceFeed(TextFormat):
    """One reference file, its path relative to the feed's folder."""

    file: str


class PartyFeed(ReferenceFeed):
    """Who holds which account. Only rows whose role is among `holder_roles` name the holder."""

    holder_roles: tuple[str, ...] = ("PRIMARY",)


class RateFeed(TextFormat):
    """Exchange rates: `USD = "21800"` means one dollar is 21,800 units of the base currency.

    `file` names a dated table with the fields currency, date and rate.
    """

    file: str | None = None
    fixed: dict[str, str] = {}

    @model_validator(mode="before")
    @classmethod
    def _gather_fixed(cls, given: object) -> object:
        if not isinstance(given, dict):
            return given
        codes = {key for key in given if len(key) == 3 and key.isupper()}
        rest = {key: value for key, value in given.items() if key not in codes}
        fixed = {key: str(given[key]) for key in codes}
        return {**rest, "fixed": {**rest.get("fixed", {}), **fixed}}

    @field_validator("fixed")
    @classmethod
    def _check_fixed(cls, fixed: dict[str, str]) -> dict[str, str]:
        unknown = sorted(set(fixed) - set(minor_units()))
        if unknown:
            raise ValueError(f"{', '.join(unknown)}: not an ISO 4217 currency")
        unreadable = sorted(code for code, rate in fixed.items() if not _is_positive(rate))
        if unreadable:
            raise ValueError(f"{', '.join(unreadable)}: write a positive decimal such as '21800'")
        return fixed


class FeedSettings(TextFormat):
    """Section [feed]: everything needed to turn a bank's rows into transactions."""

    files: tuple[str, ...] = (
        "*.ndjson",
        "*.jsonl",
        "*.json",
        "*.csv",
        "*.tsv",
        "*.txt",
        "*.asc",
        "*.parquet",
    )
    """Which names in a folder are transactions; a compression suffix is looked through."""

    source_id: str = "feed"
    institution: str | None = None
    """Who reports, as accounts and agent columns name it; default: the source id."""
    connected: tuple[str, ...] = ()
    """Institutions that report themselves; accounts at others count from what is seen here."""
    sides: Literal["one", "both"] = "both"
    """one: each row counts for the reporting customer's account, and its other leg, if it is at
    the same institution, comes as a row of its own. both: a row counts for both accounts."""
    counterparty_ids: Literal["unique", "per_bank"] = "unique"
    """per_bank: counterparty_account_id is unique only with counterparty_agent_bic before it."""
    own_ledger_accounts: tuple[str, ...] = ()
    """The bank's own accounts: interest, fees, tax."""

    base_currency: str = "LAK"
    currency: str | None = None
    """Of rows that name none."""
    sign: Literal["positive", "signed_by_direction"] = "positive"
    """signed_by_direction: debits are negative, credits positive."""

    time_zone: str = "Asia/Vientiane"
    """Of times without an offset."""
    time_precision: Literal["us", "s", "min", "hour", "day"] = "us"
    lateness_hours: PositiveFloat = 26
    longest_gap_days: PositiveFloat = 7
    """A row further than this after its source's latest one is taken for a wrong date."""
    history: Literal["observed", "complete"] = "observed"
    without: frozenset[Group] = frozenset()
    """Column groups to read as if the feed had none."""

    customers: ReferenceFeed | None = None
    accounts: ReferenceFeed | None = None
    account_party: PartyFeed | None = None
    places: ReferenceFeed | None = None
    licences: ReferenceFeed | None = None
    rates: RateFeed = RateFeed()

    @field_validator("columns", "constants", "codes")
    @classmethod
    def _check_canonical(cls, given: dict[str, object]) -> dict[str, object]:
        unknown = sorted(set(given) - set(CANONICAL))
        if unknown:
            raise ValueError(f"{', '.join(unknown)}: no such field; see docs/feeds.md")
        return given

    @field_validator("codes")
    @classmethod
    def _check_code_lists(cls, codes: dict[str, Codes]) -> dict[str, Codes]:
        for field, table in codes.items():
            allowed = CODE_LISTS.get(field)
            wrong = sorted(set(table.values.values()) - {""} - (allowed or set()))
            if allowed and wrong:
                raise ValueError(
                    f"{field}: {', '.join(wrong)} is none of {', '.join(sorted(allowed))}"
                )
        return codes

    @field_validator("time_zone")
    @classmethod
    def _check_zone(cls, zone: str) -> str:
        try:
            return ZoneInfo(zone).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"unknown time zone {zone!r}; write it like Asia/Vientiane") from None

    @field_validator("base_currency", "currency")
    @classmethod
    def _check_currency(cls, code: str | None) -> str | None:
        if code is not None and code not in minor_units():
            raise ValueError(f"{code!r} is not an ISO 4217 currency")
        return code

    @field_validator("base_currency")
    @classmethod
    def _check_base(cls, code: str) -> str:
        if minor_units()[code] is None:
            raise ValueError(f"{code} has no minor units and cannot be the base currency")
        return code

    @property
    def lateness(self) -> timedelta:
        return timedelta(hours=self.lateness_hours)

    @property
    def longest_gap(self) -> timedelta:
        return timedelta(days=self.longest_gap_days)

    @property
    def blanked(self) -> frozenset[str]:
        """Canonical fields that `without` leaves unread."""
        return frozenset().union(*(GROUPS[group] for group in self.without))

    @property
    def declared(self) -> frozenset[str]:
        """Canonical fields the settings give: mapped by name, constant or coded. An identity
        mapping declares every field; what it really carries shows in the rows."""
        named = frozenset(self.columns) or frozenset(CANONICAL)
        return (named | set(self.constants) | set(self.codes)) - self.blanked

    @property
    def reference_files(self) -> dict[str, str]:
        """Path by name of every reference feed the settings give."""
        feeds = {
            "customers": self.customers,
            "accounts": self.accounts,
            "account_party": self.account_party,
            "places": self.places,
            "licences": self.licences,
            "rates": self.rates,
        }
        return {name: feed.file for name, feed in feeds.items() if feed and feed.file}


def _refuse_encoding(encoding: str) -> str:
    raise ValueError(f"{encoding}: rows cannot be cut at line ends; convert the file to UTF-8")


def _is_positive(rate: str) -> bool:
    whole, _, fraction = rate.partition(".")
    digits = whole + fraction
    return digits.isascii() and digits.isdigit() and len(digits) <= 18 and int(digits) > 0
