"""Rows that are one flat JSON object each, cut into cells without a Python object."""

import numpy as np
from numba import njit

from ingest.kernels.cells import (
    LITERAL,
    NONE,
    NUMBER,
    TEXT,
    Bools,
    Bytes,
    Int8s,
    Int32s,
    Words,
    find,
    is_word,
    may_be_stripped,
)
from ingest.kernels.eight import Eight, eight_at, first_marked, marks_below, marks_of
from ingest.kernels.inner import inner

ABSENT = -2
"""Length of a cell whose name the row does not hold."""

TAKES_TEXT, TAKES_FLAG, TAKES_DECIMAL, TAKES_ANY = 0, 1, 2, 3
"""What a column may hold: text or a whole number; the same or true/false; text or a number; any
plain value, which is not kept."""

MOST_WHOLE_DIGITS = 18
_QUOTE, _BACKSLASH, _COMMA, _COLON, _OPEN, _CLOSE = 34, 92, 44, 58, 123, 125
_ZERO, _NINE, _MINUS, _POINT = 48, 57, 45, 46
_BLANK = 0x20
_WIDE = np.uint64(0x8080808080808080)
"""The highest bit of each of eight bytes: what all bytes beyond ASCII have."""
_TRUE = np.frombuffer(b"true", np.uint8).copy()
_FALSE = np.frombuffer(b"false", np.uint8).copy()
_NULL = np.frombuffer(b"null", np.uint8).copy()


@njit(cache=True)
def read_json_rows(
    data: Bytes,
    row_starts: Int32s,
    row_stops: Int32s,
    names: Words,
    takes: Int8s,
    is_wide_plain: bool,
    starts: Int32s,
    lengths: Int32s,
    written: Int8s,
    is_plain: Bools,
) -> None:
    """Cells (column, row) of every row that is plain: flat, no escapes, no name twice, only known
    names, values of their columns' kinds that stripping cannot change. The other rows are left to
    the strict decoder. is_wide_plain: the whole buffer is valid UTF-8; else no byte beyond ASCII is
    plain. The byte after a row is a control or the buffer's padding. O(bytes)."""
    lengths[:] = ABSENT
    follows = np.full(names.starts.shape[0] + 1, -1, np.int32)
    wide = np.uint64(0) if is_wide_plain else _WIDE
    for row in range(row_starts.shape[0]):
        is_plain[row] = _read_row(
            data, row_starts[row], row_stops[row], names, takes, wide,
            starts[:, row], lengths[:, row], written[:, row], follows,
        )  # fmt: skip


@inner
def _read_row(
    data: Bytes, start: int, stop: int, names: Words, takes: Int8s, wide: Eight,
    starts: Int32s, lengths: Int32s, written: Int8s, follows: Int32s,
) -> bool:  # fmt: skip
    """follows: the name that came after each the last time, by place + 1; 0: the first of a row."""
    at = _after_blanks(data, start, stop)
    if at >= stop or data[at] != _OPEN:
        return False
    before = 0
    while True:
        at = _after_blanks(data, at + 1, stop)
        if at >= stop or data[at] != _QUOTE:
            return False
        first = at + 1
        column = follows[before]
        if column >= 0 and _is_name(names, column, data, first):
            at = first + names.lengths[column]
        else:
            at = _end_of_text(data, first, wide)
            if data[at] != _QUOTE:
                return False
            column = find(names, data, first, at - first)
            if column < 0:
                return False
            follows[before] = column
        before = column + 1
        at = _after_blanks(data, at + 1, stop)
        if at >= stop or data[at] != _COLON:
            return False
        at = _after_blanks(data, at + 1, stop)
        if at >= stop:
            return False
        kind = takes[column]
        if lengths[column] != ABSENT and kind != TAKES_ANY:
            return False
        at = _read_value(data, at, stop, kind, wide, column, starts, lengths, written)
        if at < 0:
            return False
        at = _after_blanks(data, at, stop)
        if at >= stop:
            return False
        if data[at] == _CLOSE:
            return bool(_after_blanks(data, at + 1, stop) == stop)
        if data[at] != _COMMA:
            return False


@inner
def _read_value(
    data: Bytes, at: int, stop: int, kind: int, wide: Eight, column: int,
    starts: Int32s, lengths: Int32s, written: Int8s,
) -> int:  # fmt: skip
    """Where the value ends, -1 if it is not plain."""
    byte = data[at]
    if byte == _QUOTE:
        first = at + 1
        after = _end_of_text(data, first, wide)
        length = after - first
        if data[after] != _QUOTE:
            return -1
        if length > 0 and kind != TAKES_ANY and may_be_stripped(data, first, length):
            return -1
        starts[column], lengths[column], written[column] = first, length or NONE, TEXT
        return after + 1
    if byte == _MINUS or (byte >= _ZERO and byte <= _NINE):
        after = _end_of_number(data, at, kind)
        starts[column], lengths[column], written[column] = at, after - at, NUMBER
        return after
    if byte == _NULL[0] and _is_literal(data, at, _NULL):
        lengths[column] = NONE
        return at + 4
    if kind != TAKES_FLAG and kind != TAKES_ANY:
        return -1
    size = 4 if _is_literal(data, at, _TRUE) else 5 if _is_literal(data, at, _FALSE) else -1
    if size < 0:
        return -1
    starts[column], lengths[column], written[column] = at, size, LITERAL
    return at + size


@inner
def _end_of_number(data: Bytes, at: int, kind: int) -> int:
    """Where a number ends; -1 for one whose text is not its value as it stands (an exponent, a
    fraction of what must be whole, minus zero, more than 18 digits)."""
    first = at + 1 if data[at] == _MINUS else at
    after = _after_digits(data, first)
    digits = after - first
    if digits == 0 or (digits > 1 and data[first] == _ZERO):
        return -1
    is_whole_wanted = kind in (TAKES_TEXT, TAKES_FLAG)
    if is_whole_wanted and (digits > MOST_WHOLE_DIGITS or (first > at and data[first] == _ZERO)):
        return -1
    if data[after] == _POINT:
        if is_whole_wanted:
            return -1
        first = after + 1
        after = _after_digits(data, first)
        if after == first:
            return -1
    return -1 if data[after] | 0x20 == 101 else after


@inner
def _after_digits(data: Bytes, at: int) -> int:
    while data[at] >= _ZERO and data[at] <= _NINE:
        at += 1
    return at


@inner
def _is_literal(data: Bytes, at: int, literal: Bytes) -> bool:
    for offset in range(literal.shape[0]):  # noqa: SIM110 - numba compiles no generators
        if data[at + offset] != literal[offset]:
            return False
    return True


@inner
def _is_name(names: Words, name: int, data: Bytes, first: int) -> bool:
    """Whether this name and a quote lie there; what ends a text is in no name that was found."""
    length = names.lengths[name]
    return data[first + length] == _QUOTE and is_word(names, name, data, first, length)


@inner
def _end_of_text(data: Bytes, at: int, wide: Eight) -> int:
    """Where a run of plain text ends: at a quote, a backslash, a control or a byte in `wide`."""
    while True:
        eight = eight_at(data, at)
        ends = marks_of(eight, _QUOTE) | marks_of(eight, _BACKSLASH) | marks_below(eight, _BLANK)
        ends |= eight & wide
        if ends != 0:
            return int(at + first_marked(ends))
        at += 8


@inner
def _after_blanks(data: Bytes, at: int, stop: int) -> int:
    while at < stop and (data[at] == 32 or data[at] == 9 or data[at] == 13):
        at += 1
    return at
