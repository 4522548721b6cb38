"""What is shown of a transaction is found by its number, however small the batches were."""

from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from models.transactions import JOINED_CHUNKS, Transactions

SHOWN = ("reference", "event_time")
FIRST = datetime(2024, 3, 1, tzinfo=UTC)


def batch(first: int, rows: int) -> pl.DataFrame:
    numbers = range(first, first + rows)
    return pl.DataFrame(
        {
            "reference": [f"T-{number}" for number in numbers],
            "event_time": [FIRST + timedelta(hours=number) for number in numbers],
        }
    )


def filled(sizes: list[int]) -> Transactions:
    kept, first = Transactions(SHOWN), 0
    for size in sizes:
        assert kept.append(batch(first, size)) == first
        first += size
    return kept


@given(st.lists(st.integers(0, 3), min_size=1, max_size=150), st.data())
def test_any_rows_are_given_in_the_order_asked(sizes: list[int], data: st.DataObject) -> None:
    kept, count = filled(sizes), sum(sizes)
    numbers = data.draw(st.lists(st.integers(0, max(0, count - 1)), max_size=20 if count else 0))

    found = kept.rows(numbers)

    assert found["reference"].to_list() == [f"T-{number}" for number in numbers]


def test_many_small_batches_leave_few_pieces() -> None:
    kept = filled([1] * JOINED_CHUNKS**3)

    assert len(list(kept.pieces())) == 1


def test_what_is_older_than_the_horizon_is_let_go_piece_by_piece() -> None:
    kept = filled([1] * (JOINED_CHUNKS + 2))

    kept.forget(FIRST + timedelta(hours=JOINED_CHUNKS))

    assert [piece.rows.num_rows for piece in kept.pieces()] == [1, 1]
    assert kept.rows([JOINED_CHUNKS])["reference"].to_list() == [f"T-{JOINED_CHUNKS}"]
