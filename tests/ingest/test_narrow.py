"""Rows between stages: small, whole and in order."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ingest.narrow import LARGEST_PIECE_BYTES, NARROW, pieces, together
from ingest.transaction import ADDRESS, TransactionBatch

Make = Callable[..., Any]


def test_rows_come_out_as_they_went_in(row: Make, batch: Make, intake: Make) -> None:
    rows = [row(txn_id=f"T-{n}", orig_account_id=f"A-FICT-{n}") for n in range(50)]
    given = intake().accept(batch(rows)).transactions

    found = together(pieces(given))

    assert_frame_equal(found.added, given.added.select(*NARROW))
    assert found.retracted.is_empty()


def test_a_large_batch_goes_in_pieces_below_the_brokers_bound(
    row: Make, batch: Make, intake: Make
) -> None:
    rows = [row(txn_id=f"T-{n}-" + "x" * 200, orig_account_id="A" * 60) for n in range(6000)]
    given = intake().accept(batch(rows)).transactions

    values = list(pieces(given))
    found = together(values)

    assert len(values) > 2
    assert all(len(value) < 1.3 * LARGEST_PIECE_BYTES for value in values)
    assert_frame_equal(found.added, given.added.select(*NARROW))


def test_what_passes_through_some_pieces_is_not_in_them(
    row: Make, batch: Make, intake: Make
) -> None:
    taker = intake()
    steps = [
        taker.accept(batch([row(amount=amount, source_revision=revision)])).transactions
        for revision, amount in enumerate(("10", "20", "30"))
    ]
    values = [list(pieces(step)) for step in steps]

    whole = together([*values[0], *values[1], *values[2]])
    later = together([*values[1], *values[2]])

    assert (whole.added["amount_base"].to_list(), whole.retracted.height) == ([3000], 0)
    assert (later.added["amount_base"].to_list(), later.retracted.height) == ([3000], 1)
    assert_frame_equal(later.retracted, steps[1].retracted.select(*ADDRESS))


@given(data=st.data())
def test_pieces_together_leave_what_they_leave_one_by_one(data: st.DataObject) -> None:
    """Random comings and goings of a few transactions that look alike."""
    rows = [_address(number, day) for number in range(2) for day in range(2)]
    there: list[int] = data.draw(st.lists(st.sampled_from(range(len(rows))), max_size=3))
    before, values = Counter(there), list[bytes]()
    for _ in range(data.draw(st.integers(0, 6))):
        gone = data.draw(st.lists(st.sampled_from(there), max_size=2)) if there else []
        gone = list((Counter(gone) & Counter(there)).elements())
        come = data.draw(st.lists(st.sampled_from(range(len(rows))), max_size=2))
        there = list((Counter(there) - Counter(gone)).elements()) + come
        values += pieces(
            TransactionBatch(
                added=pl.DataFrame([rows[each] for each in come], schema=NARROW),
                retracted=pl.DataFrame([rows[each] for each in gone], schema=NARROW).select(
                    *ADDRESS
                ),
                history_start=None,
                seen_until=None,
            )
        )

    found = together(values)

    went = Counter(map(_number, found.retracted.iter_rows(named=True)))
    came = Counter(map(_number, found.added.iter_rows(named=True)))
    assert went <= before
    assert before - went + came == Counter(there)
    assert sum(came.values()) <= len(there)


def _address(number: int, day: int) -> dict[str, Any]:
    return {
        "txn_hi": number,
        "txn_lo": 0,
        "event_time": datetime(2024, 3, 1 + day, tzinfo=UTC),
        "source_sequence": 0,
        "orig_holds": True,
        "benef_holds": False,
    }


def _number(row: dict[str, Any]) -> int:
    return 2 * int(row["txn_hi"]) + int(row["event_time"].day) - 1


def test_nothing_is_no_piece() -> None:
    nothing = TransactionBatch(
        added=pl.DataFrame(schema=NARROW),
        retracted=pl.DataFrame(schema=ADDRESS),
        history_start=None,
        seen_until=None,
    )

    assert list(pieces(nothing)) == []
