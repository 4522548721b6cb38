from datetime import UTC, datetime, timedelta

import pytest

from ingest.errors import RowFault
from ingest.times import Times


def read(text: str, *formats: str, zone: str = "Asia/Vientiane") -> tuple[str, int, bool]:
    instant = Times(zone=zone, formats=formats or ("iso",)).instant(text, field="event_time")
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant.microseconds)
    return moment.isoformat(), instant.offset_min, instant.is_date_only


@pytest.mark.parametrize(
    ("text", "moment", "offset"),
    [
        ("2024-03-01T10:00:00", "2024-03-01T03:00:00+00:00", 420),
        ("2024-03-01 10:00", "2024-03-01T03:00:00+00:00", 420),
        ("2024-03-01T10:00:00.123456789", "2024-03-01T03:00:00.123456+00:00", 420),
        ("2024-03-01T10:00:00.5", "2024-03-01T03:00:00.500000+00:00", 420),
        ("2024-03-01T10:00:00Z", "2024-03-01T10:00:00+00:00", 420),
        ("2024-03-01T10:00:00+00:00", "2024-03-01T10:00:00+00:00", 420),
        ("2024-03-01T10:00:00+0530", "2024-03-01T04:30:00+00:00", 330),
        ("2024-03-01T10:00:00-03", "2024-03-01T13:00:00+00:00", -180),
        ("2024-03-01", "2024-02-29T17:00:00+00:00", 420),
    ],
)
def test_iso_times_are_read(text: str, moment: str, offset: int) -> None:
    assert read(text) == (moment, offset, len(text) == 10)


@pytest.mark.parametrize(
    ("text", "date_format", "moment"),
    [
        ("930101", "yymmdd", "1992-12-31T23:00:00+00:00"),
        ("240301", "yymmdd", "2024-02-29T23:00:00+00:00"),
        ("01/03/2024 10:30", "dd/mm/yyyy HH:MM", "2024-03-01T09:30:00+00:00"),
        ("20240301103015", "yyyymmddHHMMSS", "2024-03-01T09:30:15+00:00"),
        ("1709288700000", "epoch_ms", "2024-03-01T10:25:00+00:00"),
    ],
)
def test_other_formats_are_read_in_the_zone(text: str, date_format: str, moment: str) -> None:
    assert read(text, date_format, zone="Europe/Prague")[0] == moment


def test_formats_are_tried_in_order() -> None:
    assert read("01.03.2024", "iso", "dd.mm.yyyy")[0] == "2024-02-29T17:00:00+00:00"


@pytest.mark.parametrize(
    "text",
    [
        "2024-3-1T10:00:00",
        "2024-03-01T24:00:00",
        "2024-03-01T10:00:60",
        "2024-W09-5",
        "20240301",
        "2024-03-01T10:00:00+19:00",
        "2024-03-01T10:00:00 ",
        "\u0662\u0660\u0662\u0664-03-01",
        "9301 1",
    ],
)
def test_a_text_in_no_format_is_refused(text: str) -> None:
    with pytest.raises(RowFault, match="time_unreadable"):
        read(text, "iso", "yymmdd")


def test_an_hour_that_came_twice_or_never_is_ambiguous() -> None:
    times = Times(zone="Europe/Prague", formats=("iso",))

    twice = times.instant("2024-10-27T02:30:00", field="event_time")
    never = times.instant("2024-03-31T02:30:00", field="event_time")
    plain = times.instant("2024-03-31T03:30:00", field="event_time")

    assert (twice.is_ambiguous, never.is_ambiguous, plain.is_ambiguous) == (True, True, False)
