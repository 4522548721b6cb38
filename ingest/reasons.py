"""Why a row is refused: every reason code, what it means and what to do about it."""

from dataclasses import dataclass
from typing import Literal, get_args

ReasonCode = Literal[
    "oversize_row",
    "nul_byte",
    "bad_encoding",
    "bad_json",
    "bad_quotes",
    "torn_row",
    "missing_columns",
    "extra_columns",
    "wrong_type",
    "id_missing",
    "time_missing",
    "time_unreadable",
    "time_without_hour",
    "time_out_of_range",
    "amount_missing",
    "amount_unreadable",
    "amount_too_long",
    "amount_negative",
    "amount_zero",
    "currency_missing",
    "currency_unknown",
    "account_missing",
    "direction_missing",
    "direction_contradicts_sign",
    "code_unknown",
    "future",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    meaning: str
    do: str


REASONS: dict[ReasonCode, Reason] = {
    "oversize_row": Reason(
        meaning="The row is longer than the feed's bound.",
        do="Check for a missing line break, or raise [feed] max_line_bytes.",
    ),
    "nul_byte": Reason(
        meaning="The row holds a NUL character.",
        do="Export the file again as plain text; a UTF-16 file must become UTF-8.",
    ),
    "bad_encoding": Reason(
        meaning="The row is not valid text in the feed's encoding.",
        do="Set [feed] encoding to what the bank writes, or export as UTF-8.",
    ),
    "bad_json": Reason(
        meaning="The row is not JSON.",
        do="Send one whole JSON object a line; a list of objects is not read.",
    ),
    "bad_quotes": Reason(
        meaning="A quoted value is not closed on its line, or text follows a closing quote.",
        do="Double every quote inside a value; write no line breaks inside values.",
    ),
    "torn_row": Reason(
        meaning="The file ends in the middle of this row.",
        do="The file was cut: have it sent again whole.",
    ),
    "missing_columns": Reason(
        meaning="The row has fewer columns than the header.",
        do="Check [feed] delimiter and quote, and the export.",
    ),
    "extra_columns": Reason(
        meaning="The row has more columns than the header.",
        do="Quote values that hold the delimiter.",
    ),
    "wrong_type": Reason(
        meaning="A value has another type than the field.",
        do="Send text, whole numbers and true/false as the table of fields says.",
    ),
    "id_missing": Reason(
        meaning="The row has no transaction id.",
        do="Map the bank's own reference to txn_id in [feed.columns].",
    ),
    "time_missing": Reason(
        meaning="The row has no event time.",
        do="Map the time the customer acted to event_time in [feed.columns].",
    ),
    "time_unreadable": Reason(
        meaning="A time is in none of the feed's formats, or no such day exists.",
        do="Add the bank's format to [feed] date_formats.",
    ),
    "time_without_hour": Reason(
        meaning="The event time is a date alone, but the feed promises times.",
        do='Map a full time, or set [feed] time_precision = "day" (several tests go blind).',
    ),
    "time_out_of_range": Reason(
        meaning="A time lies before 1900 or after 2199.",
        do="Correct the placeholder date at the source.",
    ),
    "amount_missing": Reason(
        meaning="The row has no amount.",
        do="Map the amount to amount in [feed.columns].",
    ),
    "amount_unreadable": Reason(
        meaning="An amount is not a plain decimal.",
        do="Set [feed] decimal_mark; send no grouping marks and no currency signs.",
    ),
    "amount_too_long": Reason(
        meaning="An amount has more digits than can be kept exactly.",
        do="Send at most 5 decimals and 18 digits; beyond 15 digits send it as text.",
    ),
    "amount_negative": Reason(
        meaning="The amount is negative.",
        do='Send amounts without sign, or set [feed] sign = "signed_by_direction".',
    ),
    "amount_zero": Reason(
        meaning="The amount is zero: no money moved.",
        do="Leave out balance queries and cancelled drafts at the source.",
    ),
    "currency_missing": Reason(
        meaning="The row has no currency.",
        do="Map currency, or set [feed] currency for the whole feed.",
    ),
    "currency_unknown": Reason(
        meaning="The currency is not an active ISO 4217 code.",
        do="Send the three capital letters, or translate them in [feed.codes.currency].",
    ),
    "account_missing": Reason(
        meaning="The row names no account on either side.",
        do="Map orig_account_id and benef_account_id, or account_id with direction.",
    ),
    "direction_missing": Reason(
        meaning="The row shows one side only and does not say which.",
        do="Map direction (DEBIT or CREDIT), or set [feed] sign.",
    ),
    "direction_contradicts_sign": Reason(
        meaning="The direction says one thing and the amount's sign the other.",
        do="Map one of the two, or correct the export.",
    ),
    "code_unknown": Reason(
        meaning="A code that decides what the row means is in no list.",
        do="Add it to the field's table under [feed.codes].",
    ),
    "future": Reason(
        meaning="The row is dated after it could have happened.",
        do="Correct the date. If the feed was silent that long, raise [feed] longest_gap_days.",
    ),
}

assert set(REASONS) == set(get_args(ReasonCode)), "every reason code needs its texts"


def detail(reason: ReasonCode, *, field: str | None, expected: str | None) -> str:
    """One sentence for people: the field, what was expected of it, and what to do."""
    known = REASONS[reason]
    subject = f"Field {field}: " if field else ""
    wanted = f"Expected {expected}. " if expected else ""
    return f"{subject}{known.meaning} {wanted}{known.do}"
