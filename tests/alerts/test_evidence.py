"""The ledger's rows as movements to be shown."""

from datetime import UTC, datetime

import polars as pl

from alerts.evidence import movements_from_ledger
from models.evaluated import LEDGER

ROW = {
    "holder": "C-FICT-0001",
    "time": datetime(2026, 3, 2, 18, 30, tzinfo=UTC),
    "sequence": 0,
    "txn_hi": 1,
    "txn_lo": 1,
    "side": 0,
    "account": "A-FICT-0001",
    "reference": "TX-FICT-1",
    "source_id": "bank",
    "mask": 0,
    "amount_base": 123456,
    "amount": "57.10",
    "currency": "USD",
    "txn_type": "TRANSFER",
    "channel": "MOBILE",
    "counterparty": None,
    "counterparty_account": "A-FICT-0009",
    "counterparty_region": None,
    "place": None,
    "region": None,
    "device": "dev-b",
    "local_offset_min": 420,
    "cancelled_by": None,
}


def test_money_keeps_its_minor_units_exactly() -> None:
    movements = movements_from_ledger(_ledger(ROW, ROW | {"amount_base": None}), 2)

    assert [each.amount_base for each in movements] == ["1234.56", None]
    assert [each.amount for each in movements] == ["57.10", "57.10"]


def test_a_currency_without_minor_units_has_no_decimals() -> None:
    (movement,) = movements_from_ledger(_ledger(ROW), 0)

    assert movement.amount_base == "123456"


def test_the_local_time_is_that_of_the_place_and_may_be_another_day() -> None:
    (movement,) = movements_from_ledger(_ledger(ROW), 2)

    assert movement.time == "2026-03-02T18:30:00Z"
    assert movement.local_time == "2026-03-03T01:30:00+07:00"


def test_movements_and_device_labels_follow_the_total_order_not_arrival() -> None:
    first = ROW | {"txn_lo": 0, "reference": "TX-FICT-0", "device": "dev-z"}
    again = ROW | {"txn_lo": 2, "reference": "TX-FICT-2", "device": "dev-z"}
    none = ROW | {"txn_lo": 3, "reference": "TX-FICT-3", "device": None}

    movements = movements_from_ledger(_ledger(none, ROW, again, first), 2)

    assert [each.reference for each in movements] == [f"TX-FICT-{n}" for n in range(4)]
    assert [each.device for each in movements] == ["device 1", "device 2", "device 1", None]


def test_the_sides_are_words() -> None:
    movements = movements_from_ledger(_ledger(ROW, ROW | {"side": 1}), 2)

    assert [each.side for each in movements] == ["out", "in"]


def _ledger(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=LEDGER)
