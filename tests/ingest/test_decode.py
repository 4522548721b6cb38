from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.feed import Message, RawBatch, Reject
from ingest.intake import Accepted, Intake
from ingest.lexicon import Lexicon
from ingest.mapping import CANONICAL, FeedSettings
from ingest.rates import Rates
from ingest.reference import References
from ingest.row_reader import RowReader

Row = Callable[..., dict[str, Any]]
Make = Callable[..., Any]


@pytest.fixture
def only_reject(row: Row, batch: Make, intake: Make) -> Callable[..., Reject]:
    """The reject that a row with these fields becomes."""

    def make(settings: dict[str, Any] | None = None, **given: Any) -> Reject:
        accepted: Accepted = intake(**(settings or {})).accept(batch([row(**given)]))
        (reject,) = accepted.rejects
        return reject

    return make


@pytest.fixture
def only_row(row: Row, batch: Make, intake: Make) -> Callable[..., dict[str, Any]]:
    """The transaction that a row with these fields becomes."""

    def make(settings: dict[str, Any] | None = None, **given: Any) -> dict[str, Any]:
        accepted: Accepted = intake(**(settings or {})).accept(batch([row(**given)]))
        assert [reject.detail for reject in accepted.rejects] == []
        return accepted.transactions.added.to_dicts()[0]

    return make


@pytest.mark.parametrize(
    ("written", "amount", "minor"),
    [
        ("250000", "250000", 25_000_000),
        (250000, "250000", 25_000_000),
        ("000250.50", "250.5", 25_050),
        (250.5, "250.5", 25_050),
        ("0.00001", "0.00001", 0),
        ("0.005", "0.005", 0),
        ("0.015", "0.015", 2),
        (1.0e16, "10000000000000000", None),
        ("123456789012345678", "123456789012345678", None),
        (123456789012345, "123456789012345", None),
        ("90000000000000", "90000000000000", 9_000_000_000_000_000),
    ],
)
def test_an_amount_is_kept_exactly_and_rounded_half_to_even(
    only_row: Make, written: object, amount: str, minor: int | None
) -> None:
    taken = only_row(amount=written)

    assert taken["amount"] == amount
    assert taken["amount_base"] == minor
    assert ("AMOUNT_BEYOND_RANGE" in taken["quality_flags"]) == (taken["amount_base"] is None)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("12345678901234567890", "amount_too_long"),
        (12345678901234567890, "amount_too_long"),
        (1234567890123456, "amount_too_long"),
        ("1234567890123456789", "amount_too_long"),
        ("0.000001", "amount_too_long"),
        (-5, "amount_negative"),
        ("-5", "amount_negative"),
        ("0.00", "amount_zero"),
        ("1,000", "amount_unreadable"),
        ("1e3", "amount_unreadable"),
        ("LAK 5", "amount_unreadable"),
        ("NaN", "amount_unreadable"),
        ("\u0665", "amount_unreadable"),
        ("", "amount_missing"),
        (None, "amount_missing"),
        (True, "wrong_type"),
        ([5], "wrong_type"),
    ],
)
def test_an_amount_that_is_not_exact_and_positive_is_refused(
    only_reject: Make, written: object, reason: str
) -> None:
    assert only_reject(amount=written).reason == reason


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"txn_id": None}, "id_missing"),
        ({"txn_id": "  "}, "id_missing"),
        ({"event_time": None}, "time_missing"),
        ({"event_time": "yesterday"}, "time_unreadable"),
        ({"event_time": "2024-02-30T10:00:00"}, "time_unreadable"),
        ({"event_time": "2024-03-01"}, "time_without_hour"),
        ({"event_time": "0001-01-01T00:00:00"}, "time_out_of_range"),
        ({"currency": None}, "currency_missing"),
        ({"currency": "lak"}, "currency_unknown"),
        ({"currency": "XXX"}, "currency_unknown"),
        ({"orig_account_id": None, "benef_account_id": None}, "account_missing"),
        ({"txn_type": "GIFT"}, "code_unknown"),
        ({"status": "DONE"}, "code_unknown"),
        ({"is_cash": "perhaps"}, "wrong_type"),
        ({"source_sequence": "1.5"}, "wrong_type"),
        ({"local_utc_offset_min": 5000}, "wrong_type"),
        ({"orig_account_id": {"iban": "x"}}, "wrong_type"),
        ({"orig_account_id": True}, "wrong_type"),
        ({"remittance_text": "a\x00b"}, "nul_byte"),
        ({"account_id": "A-FICT-0003"}, "direction_missing"),
    ],
)
def test_a_row_without_what_a_transaction_needs_is_refused(
    only_reject: Make, fields: dict[str, object], reason: str
) -> None:
    assert only_reject(**fields).reason == reason


def test_a_reject_names_field_and_type_and_never_the_value(only_reject: Make) -> None:
    private = "PRIVATE-4711"

    for field in ("amount", "event_time", "currency"):
        reject = only_reject(**{field: private})
        assert private not in reject.detail
        assert field in reject.detail
        assert private.encode() in reject.raw


def test_times_without_offset_are_in_the_zone_of_the_feed(only_row: Make) -> None:
    taken = only_row(event_time="2024-03-01T10:00:00")

    assert taken["event_time"].isoformat() == "2024-03-01T03:00:00+00:00"
    assert taken["local_utc_offset_min"] == 420


def test_an_offset_in_the_row_is_local_unless_it_is_utc(only_row: Make) -> None:
    assert only_row(event_time="2024-03-01T10:00:00+09:00")["local_utc_offset_min"] == 540
    assert only_row(event_time="2024-03-01T10:00:00Z")["local_utc_offset_min"] == 420


def test_an_hour_the_clock_went_over_twice_is_flagged(only_row: Make) -> None:
    taken = only_row({"time_zone": "Europe/Prague"}, event_time="2024-10-27T02:30:00")

    assert taken["quality_flags"] == ["TZ_SUSPECT"]


def test_numbers_for_names_are_taken_as_text(only_row: Make) -> None:
    taken = only_row(txn_id=77, orig_account_id=2378, mcc=742)

    assert (taken["reference"], taken["orig_account_id"], taken["mcc"]) == ("77", "2378", "0742")


def test_a_row_of_one_side_is_turned_by_its_direction(only_row: Make) -> None:
    sides = {
        "orig_account_id": None,
        "benef_account_id": None,
        "account_id": "A-FICT-0001",
        "counterparty_account_id": "77",
        "counterparty_agent_bic": "FICTBANK",
    }

    paid = only_row({"counterparty_ids": "per_bank"}, direction="DEBIT", **sides)
    got = only_row({"counterparty_ids": "per_bank"}, direction="CREDIT", **sides)

    assert (paid["orig_account_id"], paid["benef_account_id"]) == ("A-FICT-0001", "FICTBANK:77")
    assert (got["orig_account_id"], got["benef_account_id"]) == ("FICTBANK:77", "A-FICT-0001")


def test_the_sign_gives_the_direction_where_it_is_set_to(only_row: Make, only_reject: Make) -> None:
    signed = {"sign": "signed_by_direction"}
    sides = {"account_id": "A-FICT-0001", "orig_account_id": None, "benef_account_id": None}

    taken = only_row(signed, amount="-12.5", **sides)

    assert (taken["amount"], taken["orig_account_id"]) == ("12.5", "A-FICT-0001")
    contradicted = only_reject(signed, amount="-12.5", direction="CREDIT", **sides)
    assert contradicted.reason == "direction_contradicts_sign"


def test_codes_join_columns_and_the_most_specific_wins(only_row: Make) -> None:
    codes = {
        "txn_type": {
            "from": ["kind", "how"],
            "*|*": "OTHER",
            "out|*": "CASH_WITHDRAWAL",
            "out|fee": "FEE",
            "*|wire": "TRANSFER",
        },
        "is_cash": {"from": ["how"], "till": True, "*": False},
    }

    def taken(kind: object, how: object) -> tuple[str, bool]:
        done = only_row({"codes": codes}, kind=kind, how=how)
        return done["txn_type"], done["is_cash"]

    assert taken("out", "fee") == ("FEE", False)
    assert taken("out", "till") == ("CASH_WITHDRAWAL", True)
    assert taken("out", "wire") == ("CASH_WITHDRAWAL", False)
    assert taken("in", "wire") == ("TRANSFER", False)
    assert taken(None, "") == ("OTHER", False)


def test_an_unknown_code_is_refused_only_where_it_decides_the_meaning(
    only_row: Make, only_reject: Make
) -> None:
    decisive = {"codes": {"direction": {"from": ["way"], "D": "DEBIT"}}}
    minor = {"codes": {"channel": {"from": ["way"], "M": "MOBILE"}}}

    assert only_reject(decisive, way="Z").reason == "code_unknown"
    taken = only_row(minor, way="Z")
    assert taken["channel"] == "UNKNOWN"
    assert "CODE_UNKNOWN" in taken["quality_flags"]


def test_a_return_names_the_key_of_what_it_returns(only_row: Make) -> None:
    original, returned = only_row(), only_row(txn_id="T-0002", reversal_of="T-0001")

    assert returned["reversal_of"] == "T-0001"
    assert (returned["reversal_hi"], returned["reversal_lo"]) == (
        original["txn_hi"],
        original["txn_lo"],
    )


def test_column_groups_can_be_left_unread(only_row: Make) -> None:
    taken = only_row(
        {"without": ["device", "place"]},
        device_hash="d1",
        terminal_id="ATM-FICT-1",
        location_region="LA-VT",
    )

    assert (taken["device_hash"], taken["place_id"], taken["location_region"]) == (None,) * 3


def test_names_that_nothing_maps_are_counted(row: Row, batch: Make, intake: Make) -> None:
    taker = intake()
    taker.accept(batch([row(colour="red"), row(txn_id="T-2", colour="red", size=3)]))

    assert taker.unknown_names == {"colour": 2, "size": 1}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "bad_json"),
        (b'{"a":1} x', "bad_json"),
        (b"[1]", "wrong_type"),
        (b'{"txn_id":"\xff"}', "bad_encoding"),
        (b'{"other":"\xff"}', "bad_encoding"),
        (b'{"txn_id":"a\x00"}', "nul_byte"),
        (b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "bad_json"),
        (b'{"txn_id":"\\ud800"}', "bad_json"),
        (b'{"amount":NaN}', "bad_json"),
    ],
    ids=range(9),
)
def test_bytes_that_are_no_row_are_refused_with_their_reason(
    batch: Make, intake: Make, line: bytes, reason: str
) -> None:
    (reject,) = intake().accept(batch([line])).rejects

    assert (reject.reason, reject.raw) == (reason, line)


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_no_bytes_make_the_decoder_raise(line: bytes) -> None:
    taker = Intake(RowReader(FeedSettings(), References(), Rates(base_currency="LAK"), Lexicon({})))
    message = Message(value=line, where="rows:1", raw_ref="rows#0+1")

    taken = taker.accept(RawBatch(messages=[message], upto={}, partition="files", is_end=True))

    assert taken.fates["reject"] == 1


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(CANONICAL),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(alphabet="0159-+.eE:T \u0e81", max_size=20)
        | st.sampled_from(["5", "LAK", "DEBIT", "2024-03-01T10:00:00", "1E+400"]),
        max_size=12,
    )
)
def test_no_values_make_the_decoder_raise_or_lose_the_row(fields: dict[str, object]) -> None:
    taker = Intake(RowReader(FeedSettings(), References(), Rates(base_currency="LAK"), Lexicon({})))
    line = msgspec.json.encode(fields)
    message = Message(value=line, where="rows:1", raw_ref="rows#0+1")

    taken = taker.accept(RawBatch(messages=[message], upto={}, partition="files", is_end=True))

    assert sum(taken.fates.values()) == 1
