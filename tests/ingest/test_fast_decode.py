"""The fast way of decoding gives, row by row, what the strict decoder gives."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ingest.block import joined
from ingest.block_decode import BlockDecoder
from ingest.decode import Decoded, Decoder
from ingest.decoded import DECODED, decoded_frame
from ingest.errors import RowFault
from ingest.fast_decode import FastDecoder
from ingest.feed import Layout, Message
from ingest.mapping import FeedSettings

SETTINGS = settings(
    deadline=None,
    max_examples=30,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
MAPPED: dict[str, Any] = {
    "columns": {
        "txn_id": "ref",
        "event_time": "when",
        "amount": "sum",
        "account_id": "own",
        "counterparty_account_id": "other",
        "counterparty_agent_bic": "bank",
        "local_utc_offset_min": "offset",
        "mcc": "mcc",
        "remittance_text": "text",
    },
    "constants": {"currency": "LAK", "channel": " ATM "},
    "codes": {
        "txn_type": {"from": ["kind", "way"], "P|*": "CARD_PURCHASE", "*|out": "TRANSFER"},
        "direction": {"from": ["way"], "out": "DEBIT", "in": "CREDIT", "none": ""},
        "location_region": {"from": ["kind"], "P": "LA-VT"},
    },
}
ONE_SIDED = {"sides": "one", "counterparty_ids": "per_bank"}
FEEDS: dict[str, dict[str, Any]] = {
    "canonical": {},
    "dates": {"time_precision": "day", "currency": "THB"},
    "blind": {"without": ["device", "place"], "time_zone": "Europe/Paris"},
    "signed": {"sign": "signed_by_direction", "decimal_mark": ",", "time_zone": "Asia/Kathmandu"},
    "mapped": {**MAPPED, **ONE_SIDED},
    "mapped dates": {**MAPPED, "date_formats": ["yymmdd", "dd.mm.yyyy HH:MM", "iso"]},
    "latin": {"encoding": "cp1252", "decimal_mark": ","},
}
CANONICAL_NAMES = [
    "txn_id", "event_time", "amount", "currency", "orig_account_id", "benef_account_id",
    "account_id", "counterparty_account_id", "counterparty_agent_bic", "direction", "txn_type",
    "channel", "status", "is_cash", "is_cross_border", "orig_country", "benef_country", "mcc",
    "balance_after", "local_utc_offset_min", "source_sequence", "source_revision", "ingest_time",
    "reversal_of", "remittance_text", "place_id", "terminal_id", "branch_id", "device_hash",
    "source_id",
]  # fmt: skip
MAPPED_NAMES = ["ref", "when", "sum", "own", "other", "bank", "offset", "text", "kind", "way"]
TIMES = [
    "2024-03-01T10:00:00", "2024-03-01 10:00", "2024-03-01T10:00:00+07:00", "2024-03-01T10:00:00Z",
    "2024-03-01T10:00:00.123456-0530", "2024-03-01T10:00:00.1234567Z", "2024-03-01", "2024-02-30",
    "2024-03-31T02:30:00", "2024-10-27T02:30:00", "1899-12-31T23:00:00Z", "2200-01-01", "240301",
    "01.03.2024 10:00", "2024-03-01T24:00:00", "2024-03-01T10:00:60", "0000-01-01", "2024-03-01T10",
    "2024-03-01T10:00:00+19:00", "2024-03-01T10:00:00-00:00", "2024-03-01T10:00:00+07",
    "1900-01-01",
    "2024-03-01T10:00:00.5",
    "2024-03-01t10:00:00", "20240301", "2024-03-01T10:00:00 Z", "1911-03-11",
]  # fmt: skip
AMOUNTS: list[Any] = [
    "250000", "250.50", "0.00001", "-5", "+7", "007.10", "-007", "0", "0.00", "-0", "1e3", "1,5",
    "1.234,5", "123456789012345678", "1234567890123456789", "0.123456", ".5", "5.", "", " 5 ",
    "\uff11",
    "12345678901234567.8", "99999999999999.99", 5, 5.25, -3, 0, 123456789012345, 1234567890123456,
    1.5e300, True, None, [], {}, "9" * 40, "0" * 30 + "5", "1.50000000000", "-0.5", "-12.340",
]  # fmt: skip
TEXTS: list[Any] = [
    "A-FICT-0001", "A-FICT-0002", "", " ", " A ", "\u00a0A", "A\u3000", "ກຂ", "é", "x" * 300,
    "null",
    'quo"te', "back\\slash", "tab\tin", "\u0085", "\x00", "a,b", "💡", "é\u2003", 7, 0, -1, 10**18,
    10**17, 1.0, True, False, None, ["x"], {"a": 1}, "\u2028z", "12345678901234567890",
]  # fmt: skip
CODES: list[Any] = [
    "TRANSFER", "CASH_DEPOSIT", "BRANCH", "BOOKED", "PENDING", "DEBIT", "CREDIT", "INTERNAL", "LAK",
    "THB", "QQQ", "true", "false", "1", "0", "yes", True, False, 1, 0, 2, "P", "out", "in", "none",
    "XX", None, "", "debit", "LA", "TH",
]  # fmt: skip
WHOLE: list[Any] = [
    "420", "-420", "0012", "5411", "742", "99999", 420, -1, 10**18 - 1, 10**18, "1" * 19, "12a",
    "+5",
    "1080", "1081", "-", "", None, "٣", "éé", "ééé", 1.0, 2.5,
]  # fmt: skip
CANONICAL_ROW: dict[str, Any] = {
    "txn_id": "T-0001",
    "event_time": "2024-03-01T10:00:00",
    "amount": "250000",
    "currency": "LAK",
    "orig_account_id": "A-FICT-0001",
    "benef_account_id": "A-FICT-0002",
}
MAPPED_ROW: dict[str, Any] = {
    "ref": "T-0001",
    "when": "2024-03-01T10:00:00",
    "sum": "12",
    "own": "A-FICT-0001",
    "way": "out",
    "kind": "P",
}


@st.composite
def rows(draw: st.DrawFn, feed: str) -> dict[str, Any]:
    """A usual row with some fields replaced, mostly by what such a field may hold."""
    is_mapped = "columns" in FEEDS[feed]
    names = MAPPED_NAMES if is_mapped else CANONICAL_NAMES
    values = dict(MAPPED_ROW if is_mapped else CANONICAL_ROW)
    for name in draw(st.lists(st.sampled_from(names), max_size=4)):
        likely: list[Any] = (
            TIMES if "time" in name or name == "when"
            else AMOUNTS if name in ("amount", "balance_after", "sum")
            else WHOLE if name in ("mcc", "offset") or "_min" in name or "source_" in name
            else CODES if name in CODED
            else TEXTS
        )  # fmt: skip
        values[name] = draw(st.sampled_from(likely if draw(st.integers(0, 4)) else TEXTS))
    if draw(st.integers(0, 9)) == 0:
        del values[draw(st.sampled_from(sorted(values)))]
    if draw(st.integers(0, 9)) == 0:
        values[draw(st.sampled_from(["extra", "other_extra"]))] = draw(st.sampled_from(TEXTS))
    return values


CODED = (
    "currency", "direction", "txn_type", "channel", "status", "is_cash", "is_cross_border",
    "orig_country", "benef_country", "kind", "way",
)  # fmt: skip


@st.composite
def json_lines(draw: st.DrawFn, feed: str) -> bytes:
    """A row as JSON, sometimes damaged."""
    line = msgspec.json.encode(draw(rows(feed)))
    match draw(st.integers(0, 20)):
        case 0:
            return line[: draw(st.integers(0, len(line)))]
        case 1:
            at = draw(st.integers(0, len(line)))
            return line[:at] + draw(st.sampled_from(DAMAGE)) + line[at:]
        case 2:
            return line[:-1] + b',"amount":1.5E2,"txn_id":"T-0002"}'
        case 3:
            return b" " + line.replace(b":", b" : ").replace(b",", b" ,\t") + b" \r"
        case 4:
            return line.replace(b"null", b"-0").replace(b"250000", b"1.50E1")
        case _:
            return line


DAMAGE = [b"\xff", b"\x00", b"{", b"}", b'"', b"\\u00e9", b"1", b",", b"\xc3", b"\n", b" ", b"\x01"]


def message(line: bytes, number: int, layout: Layout | None = None) -> Message:
    return Message(
        value=line, where=f"rows:{number}", raw_ref=f"rows#{number}+{len(line)}", layout=layout
    )


def strictly(
    feed: FeedSettings, messages: Sequence[Message]
) -> tuple[pl.DataFrame, dict[int, RowFault], Counter[str]]:
    decoder = Decoder(feed)
    good: dict[int, Decoded] = {}
    faults: dict[int, RowFault] = {}
    for at, each in enumerate(messages):
        try:
            good[at] = decoder.decode(each)
        except RowFault as fault:
            faults[at] = fault
    return decoded_frame(list(good), list(good.values())), faults, decoder.unknown_names


def blockwise(
    feed: FeedSettings, messages: Sequence[Message], edges: Sequence[int]
) -> tuple[pl.DataFrame, dict[int, RowFault], Counter[str]]:
    decoder = BlockDecoder(feed)
    frames = [pl.DataFrame(schema=DECODED)]
    faults: dict[int, RowFault] = {}
    for first, after in pairwise(edges):
        decoded = decoder.decode(messages[first:after])
        frames.append(decoded.frame.with_columns(pl.col("at") + first))
        faults |= {first + at: fault for at, fault in decoded.refused.items()}
    return pl.concat(frames), faults, decoder.unknown_names


def assert_alike(feed: FeedSettings, messages: Sequence[Message], edges: Sequence[int]) -> None:
    wanted, faults, names = strictly(feed, messages)

    found, found_faults, found_names = blockwise(feed, messages, edges)

    assert_frame_equal(found, wanted)
    assert {at: str(fault) for at, fault in found_faults.items()} == {
        at: str(fault) for at, fault in faults.items()
    }
    assert found_names == names


@pytest.mark.parametrize("name", FEEDS)
@SETTINGS
@given(data=st.data(), cut=st.sampled_from([1, 7, 1000]))
def test_json_rows_are_decoded_as_the_strict_decoder_does(
    name: str, data: st.DataObject, cut: int
) -> None:
    lines = data.draw(st.lists(json_lines(name), min_size=1, max_size=20))
    feed = FeedSettings.model_validate(FEEDS[name])
    messages = [message(line, number) for number, line in enumerate(lines)]
    edges = [*range(0, len(lines), cut), len(lines)]

    assert_alike(feed, messages, edges)


@st.composite
def delimited(draw: st.DrawFn, feed: str, delimiter: str) -> tuple[tuple[str, ...], list[bytes]]:
    """A header, and rows of it as delimited text, some of them damaged."""
    names = MAPPED_NAMES if "columns" in FEEDS[feed] else CANONICAL_NAMES
    header = tuple(draw(st.permutations([*names, "extra"])))
    lines: list[bytes] = []
    for _ in range(draw(st.integers(1, 10))):
        row = draw(rows(feed))
        cells = [_cell(row.get(name), delimiter, draw(st.integers(0, 8))) for name in header]
        line = delimiter.join(cells).encode()
        at = draw(st.integers(0, len(line)))
        damage = draw(st.sampled_from([*[b""] * 50, *DAMAGE, b",", b'"']))
        lines.append(line[:at] + damage + line[at:])
    return header, lines


def _cell(value: Any, delimiter: str, style: int) -> str:
    text = "" if value is None else str(value)
    if style == 0 or delimiter in text or '"' in text:
        doubled = text.replace('"', '""')
        return f'"{doubled}"'
    return text


@pytest.mark.parametrize("name", FEEDS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@SETTINGS
@given(data=st.data(), cut=st.sampled_from([1, 7, 1000]))
def test_delimited_rows_are_decoded_as_the_strict_decoder_does(
    name: str, delimiter: str, data: st.DataObject, cut: int
) -> None:
    feed = FeedSettings.model_validate(FEEDS[name])
    header, lines = data.draw(delimited(name, delimiter))
    layout = Layout(columns=header, delimiter=delimiter)
    messages = [message(line, number, layout) for number, line in enumerate(lines)]
    edges = [*range(0, len(lines), cut), len(lines)]

    assert_alike(feed, messages, edges)


def test_plain_rows_are_not_left_to_the_strict_decoder() -> None:
    """Otherwise the tests above would compare it with itself."""
    row = {
        **CANONICAL_ROW,
        "extra": 5,
        "txn_type": "CASH_DEPOSIT",
        "is_cash": True,
        "mcc": "5411",
        "balance_after": 5.5,
    }
    lines = [msgspec.json.encode({**row, "txn_id": f"T-{number}"}) for number in range(100)]
    messages = [message(line, number) for number, line in enumerate(lines)]
    decoder = FastDecoder(FeedSettings())
    decoder.learn(["extra"])

    fast = decoder.decode(joined(messages))

    assert fast.frame.height == 100
    assert fast.extra["extra"] == 100


@pytest.mark.parametrize("name", FEEDS)
def test_every_value_in_every_field_is_decoded_as_the_strict_decoder_does(name: str) -> None:
    is_mapped = "columns" in FEEDS[name]
    names = MAPPED_NAMES if is_mapped else CANONICAL_NAMES
    usual = MAPPED_ROW if is_mapped else CANONICAL_ROW
    ways = [{}, {"account_id": "A-FICT-0003", "direction": "DEBIT"}, {"other": "A", "bank": "B"}]
    lines = [
        msgspec.json.encode({**usual, **way, field: value})
        for way in ways
        for field in names
        for value in [*TIMES, *AMOUNTS, *TEXTS, *CODES, *WHOLE]
    ]

    assert_alike(
        FeedSettings.model_validate(FEEDS[name]),
        [message(line, number) for number, line in enumerate(lines)],
        [0, 1000, len(lines)],
    )
