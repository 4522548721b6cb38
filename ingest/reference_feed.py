"""Customers, accounts, places, licences and rates, read whole before any movement."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from ingest.currency import minor_units
from ingest.decimals import canonical_decimal
from ingest.errors import RowFault
from ingest.feed import Message
from ingest.file_feed import FileFeed
from ingest.formats.ndjson import Kind, decimal_text
from ingest.mapping import FeedSettings, RateFeed, ReferenceFeed, TextFormat
from ingest.rates import Rate, Rates
from ingest.reference import Account, Customer, Licence, Place, References
from ingest.source_row import SourceRows, as_code
from ingest.times import EPOCH, Instant, Times

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_AT_MOST = 10_000
_MOST_FAULTS = 100
_LIST_MARK = "|"
Row = TypeVar("Row")

_YES = frozenset({"true", "1"})
_NO = frozenset({"false", "0"})


def read_references(settings: FeedSettings, base: Path) -> References:
    """All reference data of a feed, paths relative to `base`.

    Absent files are named in `missing`, rows left out in `faults`; neither is an error.
    """
    reader = _Reader(settings, base)
    customers = reader.records(settings.customers, _CUSTOMER, Customer)
    accounts = reader.records(settings.accounts, _ACCOUNT, _account)
    held = _held(accounts, reader.holders())
    places = reader.records(settings.places, _PLACE, Place)
    licences = reader.records(settings.licences, _LICENCE, Licence)
    return References(
        customers={row.party_id: row for row in customers},
        accounts=_grouped(held, key=lambda row: row.account_id, order=_account_order),
        places={row.place_id: row for row in places},
        licences=_grouped(licences, key=lambda row: row.holder, order=_licence_order),
        missing=_missing(settings, base),
        fingerprint=_fingerprint(customers, held, places, licences),
        faults=reader.faults(),
    )


def read_rates(settings: FeedSettings, base: Path) -> Rates:
    """The feed's rates: those written in the settings, and the dated ones of the rate file.

    A file that is absent gives none; `read_references` names it as missing.
    """
    rates = [
        _DatedRate(currency=code, date=None, rate=Decimal(rate))
        for code, rate in settings.rates.fixed.items()
    ]
    rates += _Reader(settings, base).records(settings.rates, _RATE, _DatedRate)
    return Rates(
        base_currency=settings.base_currency,
        by_currency={
            currency: [Rate(on=row.date, rate=row.rate) for row in rows]
            for currency, rows in _grouped(
                rates, key=lambda row: row.currency, order=_rate_order
            ).items()
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """How one field of a reference row is read."""

    read: Callable[[str, "_Readers"], object]
    kind: Kind = "text"
    is_required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Readers:
    """What the readers of fields need to know of the feed."""

    times: Times
    minor_digits: int
    decimal_mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Holder:
    account_id: str
    party_id: str
    role: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _DatedRate:
    currency: str
    date: date | None
    rate: Decimal


class _Reader:
    """Reads reference files, keeping the faults of all of them."""

    def __init__(self, settings: FeedSettings, base: Path) -> None:
        self._settings = settings
        self._base = base
        self._faults: list[str] = []
        self._count = 0

    def faults(self) -> tuple[str, ...]:
        more = self._count - len(self._faults)
        return (*self._faults, f"{more} more reference rows left out") if more else (*self._faults,)

    def records(
        self,
        feed: ReferenceFeed | RateFeed | None,
        fields: Mapping[str, _Field],
        record: Callable[..., Row],
    ) -> list[Row]:
        if feed is None or feed.file is None or not (self._base / feed.file).is_file():
            return []
        rows = SourceRows(feed, {name: field.kind for name, field in fields.items()})
        readers = self._readers(feed)
        found: list[Row] = []
        for message in _messages(self._base / feed.file, feed):
            try:
                found.append(record(**_fields(rows, message, fields, readers)))
            except RowFault as fault:
                self._keep(fault, message)
        return found

    def holders(self) -> list[_Holder]:
        feed = self._settings.account_party
        rows = self.records(feed, _HOLDER, _Holder)
        wanted = feed.holder_roles if feed else ()
        return [row for row in rows if row.role is None or row.role in wanted]

    def _readers(self, feed: TextFormat) -> _Readers:
        digits = minor_units()[self._settings.base_currency]
        assert digits is not None, "settings refuse a base currency without minor units"
        return _Readers(
            times=Times(zone=self._settings.time_zone, formats=feed.date_formats),
            minor_digits=digits,
            decimal_mark=feed.decimal_mark,
        )

    def _keep(self, fault: RowFault, message: Message) -> None:
        self._count += 1
        if len(self._faults) < _MOST_FAULTS:
            self._faults.append(f"{message.where}: {fault.detail()}")


def _messages(path: Path, feed: TextFormat) -> Iterable[Message]:
    reader = FileFeed(path, feed)
    try:
        while True:
            batch = reader.poll(at_most=_AT_MOST, wait=0)
            yield from batch.messages
            if batch.is_end:
                return
    finally:
        reader.close()


def _fields(
    rows: SourceRows, message: Message, fields: Mapping[str, _Field], readers: _Readers
) -> dict[str, Any]:
    """The fields a row gives, by name; what it leaves out keeps the record's default."""
    given: dict[str, Any] = {}
    for (name, field), value in zip(fields.items(), rows.read(message).values, strict=True):
        text = _as_one_text(value)
        if text:
            given[name] = _read(name, field, text, readers)
        elif field.is_required:
            raise RowFault("wrong_type", field=name, expected="a value in every row")
    return given


def _read(name: str, field: _Field, text: str, readers: _Readers) -> object:
    try:
        return field.read(text, readers)
    except RowFault as fault:
        raise RowFault(fault.reason, field=name, expected=fault.expected) from None
    except ValueError as error:
        raise RowFault("wrong_type", field=name, expected=str(error)) from None


def _as_one_text(value: object) -> str:
    if isinstance(value, list):
        return _LIST_MARK.join(value)
    return as_code(decimal_text(value)[0] if isinstance(value, msgspec.Raw) else value)


def _as_text(text: str, _: _Readers) -> str:
    return text


def _as_list(text: str, _: _Readers) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(_LIST_MARK) if part.strip())


def _as_flag(text: str, _: _Readers) -> bool:
    if text.lower() not in _YES | _NO:
        raise ValueError("true or false")
    return text.lower() in _YES


def _as_year(text: str, _: _Readers) -> int:
    if len(text) != 4 or not text.isdecimal():
        raise ValueError("a year of four digits")
    return int(text)


def _measured(least: int, most: int) -> Callable[[str, _Readers], float]:
    def read(text: str, readers: _Readers) -> float:
        try:
            value = float(text.replace(readers.decimal_mark, "."))
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            raise ValueError(f"a number from {least} to {most}")
        return value

    return read


def _as_rate(text: str, readers: _Readers) -> Decimal:
    whole, _, fraction = text.replace(readers.decimal_mark, ".").partition(".")
    digits = whole + fraction
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18 and int(digits)):
        raise ValueError("a positive decimal")
    return Decimal(f"{whole or 0}.{fraction or 0}").normalize()


def _as_currency(text: str, _: _Readers) -> str:
    if text not in minor_units():
        raise ValueError("an ISO 4217 currency")
    return text


def _as_minor(text: str, readers: _Readers) -> int:
    """Minor units of the base currency, half to even."""
    plain = canonical_decimal(text.replace(readers.decimal_mark, "."), field="income")
    return round(Decimal(plain).scaleb(readers.minor_digits))


def _as_moment(text: str, readers: _Readers) -> datetime:
    return _moment(readers.times.instant(text, field="time"))


def _as_date(text: str, readers: _Readers) -> date:
    instant = readers.times.instant(text, field="date")
    return (_moment(instant) + timedelta(minutes=instant.offset_min)).date()


def _moment(instant: Instant) -> datetime:
    return EPOCH + timedelta(microseconds=instant.microseconds)


_TEXT = _Field(read=_as_text)
_ID = _Field(read=_as_text, is_required=True)
_DATE = _Field(read=_as_date)
_LIST = _Field(read=_as_list, kind="list")
_FLAG = _Field(read=_as_flag, kind="flag")

_CUSTOMER = {
    "party_id": _ID,
    "party_type": _TEXT,
    "birth_year": _Field(read=_as_year),
    "occupation": _TEXT,
    "home_region": _TEXT,
    "work_region": _TEXT,
    "monthly_income": _Field(read=_as_minor, kind="decimal"),
    "onboarding_date": _DATE,
    "segment": _TEXT,
    "devices": _LIST,
    "phones": _LIST,
    "address": _TEXT,
    "related": _LIST,
    "is_merchant": _FLAG,
}
_ACCOUNT = {
    "account_id": _ID,
    "holder": _TEXT,
    "institution": _TEXT,
    "currency": _TEXT,
    "opened": _DATE,
    "valid_from": _Field(read=_as_moment),
}
_HOLDER = {
    "account_id": _ID,
    "party_id": _ID,
    "role": _TEXT,
    "since": _Field(read=_as_moment),
}
_PLACE = {
    "place_id": _ID,
    "kind": _TEXT,
    "country": _TEXT,
    "region": _TEXT,
    "lat": _Field(read=_measured(-90, 90), kind="decimal"),
    "lon": _Field(read=_measured(-180, 180), kind="decimal"),
    "border_km": _Field(read=_measured(0, 20_000), kind="decimal"),
    "is_special_zone": _FLAG,
}
_LICENCE = {
    "holder": _ID,
    "kind": _ID,
    "valid_from": _DATE,
    "valid_to": _DATE,
    "source": _TEXT,
}
_RATE = {
    "currency": _Field(read=_as_currency, is_required=True),
    "date": _Field(read=_as_date, is_required=True),
    "rate": _Field(read=_as_rate, kind="decimal", is_required=True),
}
REFERENCE_FIELDS = {
    "customers": tuple(_CUSTOMER),
    "accounts": tuple(_ACCOUNT),
    "account_party": tuple(_HOLDER),
    "places": tuple(_PLACE),
    "licences": tuple(_LICENCE),
    "rates": tuple(_RATE),
}
"""The fields that the columns of each reference feed can be mapped to."""


def _account(*, account_id: str, holder: str | None = None, **given: Any) -> Account:
    return Account(account_id=account_id, holder=holder, **given)


def _held(accounts: Iterable[Account], holders: Iterable[_Holder]) -> list[Account]:
    """Accounts with the holders a join file names; it may name accounts that have no row.

    Of several holders from the same time on, the first by party id stands for all.
    """
    rows = list(accounts)
    by_account = _grouped(holders, key=lambda row: row.account_id, order=_holder_order)
    joined = [replaced for row in rows for replaced in _with_holders(row, by_account)]
    known = {row.account_id for row in rows}
    alone = [Account(account_id=name, holder=None) for name in by_account if name not in known]
    return joined + [replaced for row in alone for replaced in _with_holders(row, by_account)]


def _with_holders(row: Account, holders: Mapping[str, Sequence[_Holder]]) -> list[Account]:
    named = holders.get(row.account_id, ())
    if row.holder is not None or not named:
        return [row]
    first = {holder.since: holder for holder in reversed(named)}
    return [
        replace(row, holder=holder.party_id, valid_from=since or row.valid_from)
        for since, holder in first.items()
    ]


def _grouped(
    rows: Iterable[Row], *, key: Callable[[Row], str], order: Callable[[Row], Any]
) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in sorted(rows, key=order):
        groups.setdefault(key(row), []).append(row)
    return groups


def _account_order(row: Account) -> tuple[str, datetime, str]:
    return row.account_id, row.valid_from or _LONG_AGO, row.holder or ""


def _holder_order(row: _Holder) -> tuple[str, datetime, str]:
    return row.account_id, row.since or _LONG_AGO, row.party_id


def _licence_order(row: Licence) -> tuple[str, str, date]:
    return row.holder, row.kind, row.valid_from or date.min


def _rate_order(row: _DatedRate) -> tuple[str, date, Decimal]:
    return row.currency, row.date or date.min, row.rate


def _missing(settings: FeedSettings, base: Path) -> tuple[str, ...]:
    """Names of the reference feeds that are not given, or given and not there."""
    given = settings.reference_files
    names = [name for name in REFERENCE_FIELDS if name not in ("account_party", "rates")]
    absent = {name for name, file in given.items() if not (base / file).is_file()}
    return tuple(sorted(absent | (set(names) - set(given))))


def _fingerprint(*tables: Iterable[object]) -> str:
    rows = [sorted(msgspec.json.encode(row) for row in table) for table in tables]
    return blake2b(msgspec.msgpack.encode(rows), digest_size=16).hexdigest()
