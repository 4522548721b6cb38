"""Instants from the many ways a bank writes a time."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from ingest.errors import RowFault

MICROSECOND = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(time: datetime) -> int:
    """Since the epoch, exact."""
    return (time - EPOCH) // MICROSECOND


_MINUTE = 60_000_000
_HOUR = 60 * _MINUTE
EARLIEST = (datetime(1900, 1, 1, tzinfo=UTC) - EPOCH) // MICROSECOND
LATEST = (datetime(2200, 1, 1, tzinfo=UTC) - EPOCH) // MICROSECOND
_EPOCH_UNITS = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
_TOKENS = {
    "yyyy": r"(?P<year>\d{4})",
    "yy": r"(?P<short_year>\d{2})",
    "mm": r"(?P<month>\d{2})",
    "dd": r"(?P<day>\d{2})",
    "HH": r"(?P<hour>\d{2})",
    "MM": r"(?P<minute>\d{2})",
    "SS": r"(?P<second>\d{2})",
}
_ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?)?",
    re.ASCII,
)
_DATE_LENGTH = len("yyyy-mm-dd")
_MOST_OFFSET = timedelta(hours=18)
_MOST_REMEMBERED = 4096


def as_pattern(date_format: str) -> re.Pattern[str]:
    """What texts of a date format look like.

    A format is `iso`, `epoch_s`, `epoch_ms`, `epoch_us`, or written with yyyy yy mm dd HH MM SS,
    as in `yymmdd` or `dd/mm/yyyy HH:MM`. Raises ValueError for one that gives no whole date.
    """
    if date_format == "iso":
        return _ISO
    if date_format in _EPOCH_UNITS:
        return re.compile(rf"(?P<{date_format}>-?\d{{1,17}})", re.ASCII)
    pieces = re.split("(yyyy|yy|mm|dd|HH|MM|SS)", date_format)
    tokens = [piece for piece in pieces if piece in _TOKENS]
    if len(set(tokens)) < len(tokens) or not {"mm", "dd"} <= set(tokens) or _years(tokens) != 1:
        raise ValueError(f"{date_format!r}: write iso, epoch_ms, yymmdd or dd/mm/yyyy HH:MM")
    return re.compile("".join(_TOKENS.get(p, re.escape(p)) for p in pieces), re.ASCII)


class Instant(msgspec.Struct, frozen=True, gc=False):
    """Microseconds since the epoch, UTC; the local offset in minutes; and how sure both are."""

    microseconds: int
    offset_min: int
    is_date_only: bool = False
    is_ambiguous: bool = False
    """The clock went over this hour twice, or not at all."""


class Times:
    """Reads texts as instants; texts without an offset are in `zone`."""

    def __init__(self, *, zone: str, formats: Sequence[str]) -> None:
        self._zone = ZoneInfo(zone)
        self._patterns = [as_pattern(given) for given in formats]
        self._expected = "a time written as " + " or ".join(formats)
        # Exports of dates give all rows of a day the same text.
        remember = lru_cache(maxsize=_MOST_REMEMBERED)
        self._read = self._parsed if self._patterns == [_ISO] else remember(self._parsed)
        self._offset_of_hour = remember(self._steady_offset)
        self.is_iso = self._patterns == [_ISO]
        """Whether all times are written as ISO 8601 says."""

    def instant(self, text: str, *, field: str) -> Instant:
        """The instant of a text; RowFault if it is in no format or out of range."""
        try:
            instant = self._read(text)
        except (ValueError, OverflowError):
            raise RowFault("time_unreadable", field=field, expected=self._expected) from None
        if not EARLIEST <= instant.microseconds < LATEST:
            raise RowFault("time_out_of_range", field=field)
        return instant

    def offset_shown(self, hour: int) -> int | None:
        """Minutes ahead of UTC all through an hour since 1970 that the clock showed; None if they
        change in it."""
        return self._offset_of_hour(hour)

    def offset_at(self, hour: int) -> int | None:
        """Minutes ahead of UTC all through an hour since 1970, UTC; None if they change in it."""
        start = EPOCH + timedelta(hours=hour)
        ends = (start, start + timedelta(hours=1) - MICROSECOND)
        first, last = (_offset(at.astimezone(self._zone)) // MINUTE for at in ends)
        return first if first == last else None

    def _parsed(self, text: str) -> Instant:
        for pattern in self._patterns:
            found = pattern.fullmatch(text)
            if found is not None:
                return self._iso(text) if pattern is _ISO else self._written(found.groupdict())
        raise ValueError("in no format")

    def _iso(self, text: str) -> Instant:
        moment = datetime.fromisoformat(text)
        offset = moment.utcoffset()
        if offset is None:
            return self._placed(moment, is_date_only=len(text) == _DATE_LENGTH)
        if not offset:
            return self._in_zone(moment)
        if abs(offset) > _MOST_OFFSET:
            raise ValueError("no such offset")
        return Instant((moment - EPOCH) // MICROSECOND, offset // MINUTE)

    def _written(self, parts: dict[str, str | None]) -> Instant:
        for unit, microseconds in _EPOCH_UNITS.items():
            if unit in parts:
                since = timedelta(microseconds=int(parts[unit] or "") * microseconds)
                return self._in_zone(EPOCH + since)
        return self._placed(_clock_shown(parts), is_date_only=parts.get("hour") is None)

    def _placed(self, shown: datetime, *, is_date_only: bool) -> Instant:
        as_utc = (shown.replace(tzinfo=UTC) - EPOCH) // MICROSECOND
        minutes = self._offset_of_hour(as_utc // _HOUR)
        if minutes is not None:
            return Instant(as_utc - minutes * _MINUTE, minutes, is_date_only)
        first = _offset(shown.replace(tzinfo=self._zone))
        other = _offset(shown.replace(tzinfo=self._zone, fold=1))
        return Instant(as_utc - first // MICROSECOND, first // MINUTE, is_date_only, first != other)

    def _steady_offset(self, hour: int) -> int | None:
        """Minutes ahead of UTC all through an hour the clock showed; None if they change in it,
        or are no whole minutes."""
        start = (EPOCH + timedelta(hours=hour)).replace(tzinfo=self._zone)
        ends = (start, start.replace(minute=59, second=59, microsecond=999_999))
        offsets = {_offset(at.replace(fold=fold)) for at in ends for fold in (0, 1)}
        steady = offsets.pop()
        return None if offsets or steady % MINUTE else steady // MINUTE

    def _in_zone(self, moment: datetime) -> Instant:
        """UTC says nothing of the place, so the feed's zone gives the local offset."""
        offset = _offset(moment.astimezone(self._zone))
        return Instant((moment - EPOCH) // MICROSECOND, offset // MINUTE)


def _years(tokens: list[str]) -> int:
    return tokens.count("yyyy") + tokens.count("yy")


def _clock_shown(parts: dict[str, str | None]) -> datetime:
    """What the clock showed, as if it were UTC."""
    return datetime(
        _year(parts),
        int(parts["month"] or 0),
        int(parts["day"] or 0),
        int(parts.get("hour") or 0),
        int(parts.get("minute") or 0),
        int(parts.get("second") or 0),
        tzinfo=UTC,
    )


def _year(parts: dict[str, str | None]) -> int:
    """Two digits are read as POSIX does: 69 to 99 lie in the last century."""
    short = parts.get("short_year")
    if short is None:
        return int(parts["year"] or 0)
    return int(short) + (1900 if int(short) >= 69 else 2000)


def _offset(moment: datetime) -> timedelta:
    offset = moment.utcoffset()
    assert offset is not None, "a zone always has an offset"
    return offset
