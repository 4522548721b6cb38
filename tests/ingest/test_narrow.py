"""Rows between stages: small, whole and in order."""

from collections.abc import Callable
from typing import Any

import polars as pl
from polars.testing import assert_frame_equal

from ingest.narrow import LARGEST_PIECE_BYTES, NARROW, pieces, together
from ingest.transaction import ADDRESS, TransactionBatch

Make = Callable[..., Any]


def test_rows_come_out_as_they_went_in(row: Make, batch: Make, intake: Make) -> None:
    rows = [row(txn_id=f"T-{n}", orig_account_id=f"A-FICT-{n}") for n in range(50)]
    given = intake().accept(batch(rows)).transactions

    (found,) = together(pieces(given))

    assert_frame_equal(found.added, given.added.select(*NARROW))
    assert found.retracted.is_empty()


def test_a_large_batch_goes_in_pieces_below_the_brokers_bound(
    row: Make, batch: Make, intake: Make
) -> None:
    rows = [row(txn_id=f"T-{n}-" + "x" * 200, orig_account_id="A" * 60) for n in range(6000)]
    given = intake().accept(batch(rows)).transactions

    values = list(pieces(given))
    (found,) = together(values)

    assert len(values) > 2
    assert all(len(value) < 1.3 * LARGEST_PIECE_BYTES for value in values)
    assert_frame_equal(found.added, given.added.select(*NARROW))


def test_what_takes_back_is_not_joined_with_what_it_takes_back(
    row: Make, batch: Make, intake: Make
) -> None:
    taker = intake()
    first = taker.accept(batch([row(amount="10")])).transactions
    second = taker.accept(batch([row(amount="20", source_revision=1)])).transactions

    found = list(together([*pieces(first), *pieces(second)]))

    shape = [(each.added.height, each.retracted.height) for each in found]
    assert shape == [(1, 0), (0, 1), (1, 0)]


def test_nothing_is_no_piece() -> None:
    nothing = TransactionBatch(
        added=pl.DataFrame(schema=NARROW),
        retracted=pl.DataFrame(schema=ADDRESS),
        history_start=None,
        seen_until=None,
    )

    assert list(pieces(nothing)) == []
