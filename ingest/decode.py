"""The one strict decoder: what is accepted as a transaction, and its value."""

from collections import Counter

import msgspec

from ingest.currency import minor_units
from ingest.decimals import canonical_decimal
from ingest.errors import RowFault
from ingest.feed import Message
from ingest.formats.ndjson import Kind, decimal_text
from ingest.mapping import (
    BENEF_SIDE,
    CANONICAL,
    CODE_LISTS,
    COUNTERPARTY_SIDE,
    ORIG_SIDE,
    OWN_SIDE,
    FeedSettings,
)
from ingest.source_row import SourceRows, as_code
from ingest.times import Instant, Times

AMBIGUOUS_TIME = "TZ_SUSPECT"
UNKNOWN_CODE = "CODE_UNKNOWN"

FIELDS: dict[str, Kind] = {
    name: "decimal"
    if name in ("amount", "balance_after")
    else "flag"
    if name in ("is_cash", "is_cross_border")
    else "text"
    for name in CANONICAL
}
_AT = {name: at for at, name in enumerate(CANONICAL)}
_ORIG, _BENEF, _OWN, _OTHER = (
    slice(_AT[side[0]], _AT[side[-1]] + 1)
    for side in (ORIG_SIDE, BENEF_SIDE, OWN_SIDE, COUNTERPARTY_SIDE)
)
DECISIVE = frozenset({"txn_type", "status", "direction", "is_cash", "currency"})
CASH_TYPES = frozenset({"CASH_DEPOSIT", "CASH_WITHDRAWAL"})
_TRUE = frozenset({"true", "1"})
_FALSE = frozenset({"false", "0"})
MOST_OFFSET_MIN = 18 * 60

Party = tuple[str | None, str | None, str | None, str | None, str | None]
"""Account, party, country, region and agent of one side."""


class Content(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the bank says of a transaction, in canonical form: two rows of one id with equal
    contents are duplicates. Times in microseconds since the epoch, UTC."""

    reference: str
    source_id: str
    event_time: int
    local_utc_offset_min: int
    source_sequence: int
    status: str
    reversal_of: str | None
    txn_type: str
    channel: str
    is_cash: bool
    is_cross_border: bool | None
    amount: str
    currency: str
    orig_account_id: str | None
    orig_party_id: str | None
    orig_country: str | None
    orig_region: str | None
    orig_agent_bic: str | None
    benef_account_id: str | None
    benef_party_id: str | None
    benef_country: str | None
    benef_region: str | None
    benef_agent_bic: str | None
    conductor_party_id: str | None
    place_id: str | None
    location_country: str | None
    location_region: str | None
    mcc: str | None
    merchant_id: str | None
    card_hash: str | None
    device_hash: str | None
    purpose_code: str | None
    remittance_text: str | None
    balance_after: str | None
    end_to_end_id: str | None
    uetr: str | None


class Decoded(msgspec.Struct, frozen=True, gc=False):
    """A row's content, what the source says of the row itself, and doubts about it."""

    content: Content
    source_revision: int | None
    ingest_time: int | None
    direction: str | None
    flags: tuple[str, ...]


class Decoder:
    """Turns messages into canonical transactions, or raises the RowFault that refuses them."""

    def __init__(self, settings: FeedSettings) -> None:
        self._settings = settings
        self._rows = SourceRows(settings, FIELDS, blanked=settings.blanked)
        self._times = Times(zone=settings.time_zone, formats=settings.date_formats)
        self._currencies = frozenset(minor_units())
        self._takes_dates = settings.time_precision == "day"

    @property
    def unknown_names(self) -> Counter[str]:
        """How many rows carried each source name that nothing maps."""
        return self._rows.unknown_names

    def decode(self, message: Message) -> Decoded:
        row = self._rows.read(message)
        decisive = next((name for name in row.unknown_codes if name in DECISIVE), None)
        if decisive is not None:
            raise RowFault("code_unknown", field=decisive)
        # A flag's true or false is not text; every other value is.
        (
            txn_id,
            source_id,
            event_time,
            local_offset,
            sequence,
            revision,
            ingest_time,
            status,
            reversal_of,
            txn_type,
            channel,
            direction,
            is_cash,
            is_cross_border,
            amount,
            currency,
            balance,
            conductor,
            place_id,
            terminal_id,
            branch_id,
            location_country,
            location_region,
            mcc,
            merchant_id,
            card_hash,
            device_hash,
            purpose_code,
            remittance_text,
            end_to_end_id,
            uetr,
            *_,
        ) = texts = [
            None if value is None else value.strip() or None if type(value) is str else _text(value)
            for value in row.values
        ]
        if txn_id is None:
            raise RowFault("id_missing", field="txn_id")
        instant = self._event_time(event_time)
        way = _listed(direction, "direction")
        money, way = self._amount(amount, way)
        orig, benef = self._sides(texts, way)
        kind = _listed(txn_type, "txn_type") or "OTHER"
        content = Content(
            txn_id,
            source_id or self._settings.source_id,
            instant.microseconds,
            _offset(local_offset, instant),
            _whole(sequence, "source_sequence") or 0,
            _listed(status, "status") or "BOOKED",
            reversal_of,
            kind,
            _listed(channel, "channel") or "UNKNOWN",
            _is_cash(_flag(is_cash, "is_cash"), kind),
            _is_cross_border(_flag(is_cross_border, "is_cross_border"), orig, benef),
            money,
            self._currency(currency),
            *orig,
            *benef,
            conductor,
            place_id or terminal_id or branch_id,
            location_country,
            location_region,
            mcc.zfill(4) if mcc is not None else None,
            merchant_id,
            card_hash,
            device_hash,
            purpose_code,
            remittance_text,
            self._decimal(balance, "balance_after"),
            end_to_end_id,
            uetr,
        )
        return Decoded(
            content,
            _whole(revision, "source_revision"),
            self._times.instant(ingest_time, field="ingest_time").microseconds
            if ingest_time is not None
            else None,
            way,
            _flags(instant, row.unknown_codes),
        )

    def _event_time(self, text: str | None) -> Instant:
        if text is None:
            raise RowFault("time_missing", field="event_time")
        instant = self._times.instant(text, field="event_time")
        if instant.is_date_only and not self._takes_dates:
            raise RowFault("time_without_hour", field="event_time")
        return instant

    def _amount(self, written: str | None, direction: str | None) -> tuple[str, str | None]:
        """The amount without sign, and the direction, which the sign may give."""
        amount = self._decimal(written, "amount")
        if amount is None:
            raise RowFault("amount_missing", field="amount")
        if amount == "0":
            raise RowFault("amount_zero", field="amount")
        if self._settings.sign == "positive":
            if amount[0] == "-":
                raise RowFault("amount_negative", field="amount")
            return amount, direction
        way = "DEBIT" if amount[0] == "-" else "CREDIT"
        if direction not in (None, way):
            raise RowFault("direction_contradicts_sign", field="direction")
        return amount.lstrip("-"), way

    def _decimal(self, written: str | None, field: str) -> str | None:
        if written is None:
            return None
        is_json_number = written[0] == _JSON_NUMBER
        text = written[1:] if is_json_number else written
        if not is_json_number and self._settings.decimal_mark == ",":
            text = text.replace(".", "?").replace(",", ".")
        return canonical_decimal(text, field=field, is_json_number=is_json_number)

    def _currency(self, given: str | None) -> str:
        currency = given or self._settings.currency
        if currency is None:
            raise RowFault("currency_missing", field="currency")
        if currency not in self._currencies:
            raise RowFault("currency_unknown", field="currency")
        return currency

    def _sides(self, texts: list[str | None], direction: str | None) -> tuple[Party, Party]:
        """Who pays and who is paid; a row of one side is turned by its direction."""
        orig, benef = _party(texts[_ORIG]), _party(texts[_BENEF])
        own = texts[_OWN]
        needs_direction = own[0] is not None or self._settings.sides == "one"
        if needs_direction and direction not in ("DEBIT", "CREDIT"):
            raise RowFault("direction_missing", field="direction")
        if own[0] is not None:
            sides = _party(own), self._qualified(_party(texts[_OTHER]))
            orig, benef = sides if direction == "DEBIT" else sides[::-1]
        if orig[0] is None and benef[0] is None:
            raise RowFault("account_missing", field="orig_account_id")
        return orig, benef

    def _qualified(self, other: Party) -> Party:
        account, party, country, region, agent = other
        if self._settings.counterparty_ids == "unique" or account is None or agent is None:
            return other
        return f"{agent}:{account}", party, country, region, agent


_JSON_NUMBER = "\x00"
"""Marks decimals that were JSON numbers; no text of a row can hold it."""


def _text(value: object) -> str | None:
    """A value that is no str as text without surrounding blanks; None if nothing is left."""
    if value is None:
        return None
    if not isinstance(value, msgspec.Raw):
        return as_code(value) or None
    text, is_number = decimal_text(value)
    if not text or not is_number:
        return text.strip() or None if text else None
    if text[0] not in "-0123456789":
        raise RowFault("wrong_type", field="amount", expected="a decimal")
    return _JSON_NUMBER + text


def _party(texts: list[str | None]) -> Party:
    account, party, country, region, agent = texts
    return account, party, country, region, agent


def _listed(text: str | None, field: str) -> str | None:
    if text is not None and text not in CODE_LISTS[field]:
        raise RowFault("code_unknown", field=field)
    return text


def _flag(text: str | None, field: str) -> bool | None:
    if text is None:
        return None
    if text not in _TRUE and text not in _FALSE:
        raise RowFault("wrong_type", field=field, expected="true or false")
    return text in _TRUE


def _is_cash(given: bool | None, txn_type: str) -> bool:
    return txn_type in CASH_TYPES if given is None else given


def _is_cross_border(given: bool | None, orig: Party, benef: Party) -> bool | None:
    if given is not None or orig[2] is None or benef[2] is None:
        return given
    return orig[2] != benef[2]


def _whole(text: str | None, field: str) -> int | None:
    if text is None:
        return None
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= MOST_WHOLE_DIGITS):
        raise RowFault("wrong_type", field=field, expected="a whole number of at most 18 digits")
    return int(text)


MOST_WHOLE_DIGITS = 18


def _offset(text: str | None, instant: Instant) -> int:
    given = _whole(text, "local_utc_offset_min")
    if given is None:
        return instant.offset_min
    if abs(given) > MOST_OFFSET_MIN:
        raise RowFault(
            "wrong_type", field="local_utc_offset_min", expected="minutes, at most 18 hours"
        )
    return given


def _flags(instant: Instant, unknown_codes: tuple[str, ...]) -> tuple[str, ...]:
    flags = (UNKNOWN_CODE,) if unknown_codes else ()
    return (*flags, AMBIGUOUS_TIME) if instant.is_ambiguous else flags
