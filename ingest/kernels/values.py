"""Whole numbers, decimals and times out of cells. A row whose cell is none of the plain ways to
write its value is marked not plain, and left to the strict decoder."""

import numpy as np
from numba import njit

from ingest.kernels.cells import NUMBER, Bools, Bytes, Int8s, Int32s, Int64s, Word
from ingest.kernels.inner import inner

MOST_DIGITS = 18
MOST_FRACTION_DIGITS = 5
MOST_JSON_DIGITS = 15
NAIVE, GIVEN, UTC, DATE = 0, 1, 2, 3
"""What a time says of its offset: nothing, its own, that it is UTC; a date has no hour at all."""

_ZERO, _MINUS, _PLUS, _POINT, _COLON = 48, 45, 43, 46, 58
_MINUTE = 60_000_000
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_MOST_OFFSET_MINUTES = 18 * 60


@njit(cache=True)
def read_whole(
    data: Bytes, starts: Int32s, lengths: Int32s, values: Int64s, is_plain: Bools
) -> None:
    """values[row] = the whole number of at most 18 digits in the cell; rows without one keep
    theirs."""
    for row in range(starts.shape[0]):
        if lengths[row] < 0 or not is_plain[row]:
            continue
        at, stop = starts[row], starts[row] + lengths[row]
        is_negative = data[at] == _MINUS
        at += is_negative
        value: Word = 0
        is_plain[row] = 0 < stop - at <= MOST_DIGITS
        for place in range(at, min(stop, at + MOST_DIGITS)):
            digit = np.int64(data[place]) - _ZERO
            if digit < 0 or digit > 9:
                is_plain[row] = False
            value = value * 10 + digit
        values[row] = -value if is_negative else value


@njit(cache=True)
def read_decimals(
    data: Bytes, starts: Int32s, lengths: Int32s, written: Int8s, mark: int,
    digits: Int64s, scales: Int8s, is_plain: Bools,
) -> None:  # fmt: skip
    """The value of each cell as digits x 10^-scale, and the cell narrowed to its canonical text, a
    point in place of `mark`. What has no canonical text among its bytes is not plain."""
    for row in range(starts.shape[0]):
        if lengths[row] < 0 or not is_plain[row]:
            continue
        at, stop = starts[row], starts[row] + lengths[row]
        is_negative = data[at] == _MINUS
        first = at + (is_negative or data[at] == _PLUS)
        decimal_mark = _POINT if written[row] == NUMBER else mark
        point = first
        while point < stop and _is_digit(data[point]):
            point += 1
        whole = first
        while whole < point - 1 and data[whole] == _ZERO:
            whole += 1
        last = stop
        is_good = point > first
        if point < stop:
            is_good = is_good and data[point] == decimal_mark and stop > point + 1
            for place in range(point + 1, stop):
                is_good = is_good and _is_digit(data[place])
            while last > point + 1 and data[last - 1] == _ZERO:
                last -= 1
            if last == point + 1:
                last = point
        # A minus must touch the first digit kept, else the text is in two pieces.
        is_good = is_good and not (is_negative and whole > first)
        if not is_good or last - whole > MOST_DIGITS + 1:
            is_plain[row] = False
            continue
        value: Word = 0
        count, trailing = 0, 0
        for place in range(whole, last):
            if place == point:
                continue
            digit = np.int64(data[place]) - _ZERO
            value = value * 10 + digit
            count += 1 if value > 0 or place > point else 0
            trailing = trailing + 1 if digit == 0 else 0
        fraction = last - point - 1 if last > point else 0
        is_long = count > MOST_DIGITS or fraction > MOST_FRACTION_DIGITS
        if written[row] == NUMBER and count - trailing > MOST_JSON_DIGITS:
            is_long = True
        if is_long or (value == 0 and is_negative):
            is_plain[row] = False
            continue
        starts[row] = whole - is_negative
        lengths[row] = last - whole + is_negative
        digits[row] = -value if is_negative else value
        scales[row] = fraction
        if fraction:
            data[point] = _POINT


@njit(cache=True)
def read_iso_times(
    data: Bytes, starts: Int32s, lengths: Int32s, shown: Int64s, minutes: Int64s, says: Int8s,
    is_plain: Bools,
) -> None:  # fmt: skip
    """What the clock showed (microseconds since 1970 as if UTC), the offset given in minutes, and
    what kind of time it is."""
    for row in range(starts.shape[0]):
        if lengths[row] < 0 or not is_plain[row]:
            continue
        at, stop = starts[row], starts[row] + lengths[row]
        is_plain[row] = False
        if stop - at < 10 or data[at + 4] != _MINUS or data[at + 7] != _MINUS:
            continue
        year, month, day = _two(data, at), _two(data, at + 5), _two(data, at + 8)
        low_year = _two(data, at + 2)
        if year < 0 or low_year < 0:
            continue
        year = year * 100 + low_year
        if not is_day(year, month, day):
            continue
        moment: Word = days_since_epoch(year, month, day) * _DAY
        at += 10
        if at == stop:
            shown[row], says[row], is_plain[row] = moment, DATE, True
            continue
        if stop - at < 6 or (data[at] != 84 and data[at] != 32) or data[at + 3] != _COLON:
            continue
        hour, minute, second = _two(data, at + 1), _two(data, at + 4), 0
        at += 6
        if at < stop and data[at] == _COLON:
            second = _two(data, at + 1) if stop - at >= 3 else -1
            at += 3
            if second >= 0 and at < stop and data[at] == _POINT:
                at += 1
                unit, places = 100_000, 0
                while at < stop and _is_digit(data[at]):
                    moment += (np.int64(data[at]) - _ZERO) * unit
                    unit //= 10
                    at += 1
                    places += 1
                if places == 0 or places > 6:
                    second = -1
        if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60) or at > stop:
            continue
        moment += hour * _HOUR + minute * _MINUTE + second * 1_000_000
        kind, offset = _read_offset(data, at, stop)
        if kind < 0:
            continue
        shown[row], minutes[row], says[row], is_plain[row] = moment, offset, kind, True


@inner
def _read_offset(data: Bytes, at: int, stop: int) -> tuple[int, int]:
    """NAIVE, GIVEN or UTC and the minutes; -1 if it is written in another way."""
    if at == stop:
        return NAIVE, 0
    if data[at] == 90 and at + 1 == stop:
        return UTC, 0
    if data[at] != _PLUS and data[at] != _MINUS:
        return -1, 0
    size = stop - at
    hours, rest = (_two(data, at + 1), 0) if size >= 3 else (-1, 0)
    if size == 5:
        rest = _two(data, at + 3)
    elif size == 6:
        rest = _two(data, at + 4) if data[at + 3] == _COLON else -1
    elif size != 3:
        return -1, 0
    offset = hours * 60 + rest
    if not (0 <= hours < 24 and 0 <= rest < 60) or offset > _MOST_OFFSET_MINUTES:
        return -1, 0
    if offset == 0:
        return UTC, 0
    return GIVEN, -offset if data[at] == _MINUS else offset


@inner
def is_day(year: int, month: int, day: int) -> bool:
    """Whether the calendar has that day, in a year from 1 on."""
    if not (year >= 1 and 1 <= month <= 12 and day >= 1):
        return False
    if month == 2:
        is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        return day <= (29 if is_leap else 28)
    return day <= (30 if month in (4, 6, 9, 11) else 31)


@inner
def days_since_epoch(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 in the Gregorian calendar."""
    shifted = year - 1 if month <= 2 else year
    era_year = shifted % 400
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    day_of_era = era_year * 365 + era_year // 4 - era_year // 100 + day_of_year
    return shifted // 400 * 146_097 + day_of_era - 719_468


@inner
def _two(data: Bytes, at: int) -> Word:
    """Two digits as a number, -1 if they are none."""
    if not (_is_digit(data[at]) and _is_digit(data[at + 1])):
        return -1
    return (np.int64(data[at]) - _ZERO) * 10 + np.int64(data[at + 1]) - _ZERO


@inner
def _is_digit(byte: int) -> bool:
    return _ZERO <= byte <= 57


@njit(cache=True)
def to_base(
    digits: Int64s, scales: Int8s, rates: Int64s, shifts: Int64s, which: Int32s,
    base: Int64s, is_exact: Bools,
) -> None:  # fmt: skip
    """base[row] = |digits| x rate x 10^(shift - scale), half to even, where all of it fits 63
    bits; is_exact says for which rows. rate 0 (none) leaves a row alone."""
    for row in range(digits.shape[0]):
        rate = rates[which[row]]
        value = abs(digits[row])
        is_exact[row] = False
        if rate <= 0 or value > 9_223_372_036_854_775_807 // rate:
            continue
        value *= rate
        shift = shifts[which[row]] - scales[row]
        while shift > 0 and value <= 900_000_000_000_000_000:
            value *= 10
            shift -= 1
        if shift > 0 or shift < -18:
            continue
        if shift < 0:
            unit = 10 ** (-shift)
            quotient, rest = value // unit, value % unit
            twice = rest - (unit - rest)
            if twice > 0 or (twice == 0 and quotient % 2 == 1):
                quotient += 1
            value = quotient
        base[row] = value
        is_exact[row] = True
