"""Rows by time: the same whether memory or files hold them."""

from pathlib import Path

import pytest

from ingest.simulated.country import CURRENCY
from ingest.simulated.row_store import RowStore
from ingest.simulated.rows import DAY, Row, frame_of


def paid(*days: int) -> list[Row]:
    return [
        Row(
            event_time=day * DAY + 7,
            txn_type="TRANSFER",
            channel="MOBILE",
            direction="DEBIT",
            amount=100 + number,
            currency=CURRENCY,
            orig_account_id=f"A-FICT-{number:06d}",
        )
        for number, day in enumerate(days)
    ]


@pytest.fixture
def filed(tmp_path: Path) -> RowStore:
    """Rows of three schemes, of which the first two lie in files."""
    rows = RowStore(tmp_path, at_most=3)
    for days in ((3, 1, 2, 1), (1, 2, 2, 9), (2,)):
        rows.add(frame_of(paid(*days)))
    return rows


def test_rows_in_files_come_back_in_order_and_ties_as_they_were_added(filed: RowStore) -> None:
    held = RowStore()
    for days in ((3, 1, 2, 1), (1, 2, 2, 9), (2,)):
        held.add(frame_of(paid(*days)))

    assert filed.between(0, 10 * DAY).equals(held.between(0, 10 * DAY))
    assert filed.between(2 * DAY, 3 * DAY)["amount"].to_list() == [102, 101, 102, 100]


def test_nothing_is_left_of_rows_let_go(filed: RowStore, tmp_path: Path) -> None:
    assert list(tmp_path.iterdir())

    filed.forget()

    assert not list(tmp_path.iterdir())
    assert filed.between(0, 10 * DAY).is_empty()
