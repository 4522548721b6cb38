"""Rows that are one JSON object each."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from ingest.errors import RowFault

Kind = Literal["text", "flag", "decimal", "list"]
"""What a source column may hold: text or a whole number; the same or true/false; a decimal, kept
as it is written; the same as text or a list of texts."""

_TYPES: dict[Kind, Any] = {
    "text": str | int | None,
    "flag": str | int | bool | None,
    "decimal": msgspec.Raw,
    "list": str | int | list[str] | None,
}
_EXPECTED: dict[Kind, str] = {
    "text": "text or a whole number",
    "flag": "text or true/false",
    "decimal": "a decimal",
    "list": "text or a list of texts",
}
_ABSENT = msgspec.Raw(b"null")
_COLUMN_AT_FAULT = re.compile(r"at `\$\.(c\d+)")
_ESCAPED_NUL = b"\\u0000"
_MOST_UNKNOWN_NAMES = 1_000


class NdjsonRows:
    """Reads the named source columns of JSON rows, in their order, strictly typed.

    `unknown` counts the rows that carry each further name (the first thousand names).
    """

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self.unknown: Counter[str] = Counter()
        self._names = list(kinds)
        self._kinds = list(kinds.values())
        self._known = frozenset(kinds)
        self._decoder = msgspec.json.Decoder(_row_type(kinds))
        self._names_of = msgspec.json.Decoder(dict[str, msgspec.Raw])

    def values(self, row: bytes, *, is_ended: bool) -> tuple[object, ...]:
        if _ESCAPED_NUL in row:
            raise RowFault("nul_byte")
        try:
            decoded = self._decoder.decode(row)
            names = self._names_of.decode(row).keys()
        except msgspec.ValidationError as error:
            raise self._wrong_type(error) from None
        except (msgspec.DecodeError, RecursionError):
            raise RowFault("bad_json" if is_ended else "torn_row") from None
        except UnicodeError:
            raise RowFault("bad_encoding") from None
        if not names <= self._known:
            self._count(names - self._known)
        return msgspec.structs.astuple(decoded)

    def _count(self, names: set[str]) -> None:
        for name in names:
            if name in self.unknown or len(self.unknown) < _MOST_UNKNOWN_NAMES:
                self.unknown[name] += 1

    def _wrong_type(self, error: msgspec.ValidationError) -> RowFault:
        found = _COLUMN_AT_FAULT.search(str(error))
        if found is None:
            return RowFault("wrong_type", expected="one JSON object a line")
        column = int(found[1][1:])
        return RowFault(
            "wrong_type", field=self._names[column], expected=_EXPECTED[self._kinds[column]]
        )


def decimal_text(raw: msgspec.Raw) -> tuple[str | None, bool]:
    """A decimal as it stands in the row, and whether it stands there as a JSON number."""
    written = bytes(raw)
    if written == b"null":
        return None, False
    if written[:1] == b'"':
        return msgspec.json.decode(written, type=str), False
    return written.decode("ascii"), True


def _row_type(kinds: Mapping[str, Kind]) -> type[msgspec.Struct]:
    # Source names need not be Python names, so the fields are numbered and renamed.
    fields: list[tuple[str, Any, Any]] = [
        (f"c{position}", _TYPES[kind], _ABSENT if kind == "decimal" else None)
        for position, kind in enumerate(kinds.values())
    ]
    rename = {f"c{position}": name for position, name in enumerate(kinds)}
    return msgspec.defstruct("Row", fields, rename=rename, gc=False)
