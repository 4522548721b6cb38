"""Exact decimals: what is accepted, and the one text each value is kept as."""

import re
from decimal import Decimal

from ingest.errors import RowFault

MOST_DIGITS = 18
MOST_FRACTION_DIGITS = 5
MOST_JSON_DIGITS = 15
"""A decimal of 15 significant digits survives any reader that takes JSON numbers as doubles."""

_PLAIN = re.compile(r"([+-]?)([0-9]+)(?:\.([0-9]+))?", re.ASCII)
_LARGEST_EXPONENT = 30


def canonical_decimal(text: str, *, field: str, is_json_number: bool = False) -> str:
    """The shortest plain text of a decimal: no plus, exponent, leading or trailing zeros.

    Raises RowFault beyond 18 digits or 5 decimals, and for a JSON number beyond 15 significant
    digits. Source: ISO 20022 amounts have at most 18 digits, 5 of them decimals.
    """
    found = _PLAIN.fullmatch(_without_exponent(text, field) if is_json_number else text)
    if found is None:
        raise RowFault("amount_unreadable", field=field, expected="a decimal such as 1250.5")
    sign, whole, fraction = found[1], found[2].lstrip("0"), (found[3] or "").rstrip("0")
    _check_length(whole, fraction, field, is_json_number=is_json_number)
    if not whole and not fraction:
        return "0"
    return ("-" if sign == "-" else "") + (whole or "0") + ("." + fraction if fraction else "")


def _check_length(whole: str, fraction: str, field: str, *, is_json_number: bool) -> None:
    significant = (whole + fraction).strip("0") if is_json_number else ""
    if (
        len(whole) + len(fraction) > MOST_DIGITS
        or len(fraction) > MOST_FRACTION_DIGITS
        or len(significant) > MOST_JSON_DIGITS
    ):
        raise RowFault("amount_too_long", field=field)


def _without_exponent(text: str, field: str) -> str:
    """Java and others write ten million as 1.0E7, and JSON allows it."""
    if "e" not in text and "E" not in text:
        return text
    exponent = text.lower().partition("e")[2]
    if len(exponent) > 4 or abs(int(exponent)) > _LARGEST_EXPONENT:
        raise RowFault("amount_too_long", field=field)
    return format(Decimal(text), "f")
