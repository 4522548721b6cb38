from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ingest.archive import ARCHIVED
from ingest.errors import ArchiveUnusable
from ingest.feed import RawBatch
from ingest.intake import Accepted, Intake
from ingest.rates import Rate, Rates
from ingest.transaction import ADDED, ADDRESS

Make = Callable[..., Any]
SHARED = settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def parts(whole: RawBatch, cuts: Sequence[int]) -> list[RawBatch]:
    edges = sorted({0, len(whole.messages), *(cut % (len(whole.messages) + 1) for cut in cuts)})
    return [
        RawBatch(messages=whole.messages[a:b], upto={}, partition=whole.partition, is_end=False)
        for a, b in pairwise(edges)
    ]


def applied(taken: Sequence[Accepted]) -> dict[tuple[int, int, Any], str]:
    """The transactions that count after these batches: amount by id and event time."""
    counted: dict[tuple[int, int, Any], str] = {}
    for accepted in taken:
        change = accepted.transactions
        for gone in change.retracted.iter_rows(named=True):
            del counted[gone["txn_hi"], gone["txn_lo"], gone["event_time"]]
        for new in change.added.iter_rows(named=True):
            key = (new["txn_hi"], new["txn_lo"], new["event_time"])
            assert key not in counted
            counted[key] = new["amount"]
    return counted


@st.composite
def feeds(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rows of few ids over six days, some amended, repeated, late, or broken."""
    rows = []
    for _ in range(draw(st.integers(1, 25))):
        hour = draw(st.integers(0, 143))
        rows.append(
            {
                "txn_id": f"T-{draw(st.integers(1, 5))}",
                "event_time": f"2024-03-{1 + hour // 24:02d}T{hour % 24:02d}:00:00",
                "amount": draw(st.sampled_from([1, 2, 3, -1])),
                "currency": draw(st.sampled_from(["LAK", "LAK", "LAK", "QQQ"])),
                "status": draw(st.sampled_from(["PENDING", "BOOKED"])),
                "source_revision": draw(st.integers(0, 2)),
                "orig_account_id": "A-FICT-0001",
            }
        )
    return rows


@SHARED
@given(feeds(), st.lists(st.integers(0, 25), max_size=6))
def test_any_batch_cut_gives_the_same_fates_archive_and_transactions(
    intake: Make, batch: Make, rows: list[dict[str, Any]], cuts: list[int]
) -> None:
    whole = batch(rows)
    taker = intake()

    at_once = intake().accept(whole)
    cut = [taker.accept(part) for part in parts(whole, cuts)]

    fates = sum((Counter(accepted.fates) for accepted in cut), Counter[str]())
    assert fates == Counter(at_once.fates)
    assert fates.total() == len(rows)
    assert applied(cut) == applied([at_once])
    assert_frame_equal(pl.concat([accepted.archived for accepted in cut]), at_once.archived)


@SHARED
@given(feeds(), st.lists(st.integers(0, 25), min_size=2, max_size=4))
def test_restoring_the_archive_gives_the_same_transactions_and_goes_on_alike(
    intake: Make, batch: Make, rows: list[dict[str, Any]], cuts: list[int]
) -> None:
    batches = parts(batch(rows), cuts)
    straight, restored = intake(), intake()
    taken = [straight.accept(part) for part in batches]

    for accepted in taken[:-1]:
        again = restored.restore(accepted.archived)
        assert_frame_equal(again.added, accepted.transactions.added)
        assert_frame_equal(again.retracted, accepted.transactions.retracted)
        assert (again.history_start, again.seen_until) == (
            accepted.transactions.history_start,
            accepted.transactions.seen_until,
        )
    last = restored.accept(batches[-1])

    assert last.fates == taken[-1].fates
    assert_frame_equal(last.transactions.added, taken[-1].transactions.added)
    assert_frame_equal(last.transactions.retracted, taken[-1].transactions.retracted)


@SHARED
@given(feeds(), st.lists(st.integers(0, 25), min_size=2, max_size=4))
def test_an_intake_put_down_after_each_batch_goes_on_as_one_that_was_not(
    intake: Make, batch: Make, rows: list[dict[str, Any]], cuts: list[int]
) -> None:
    straight, taken_up = intake(), intake()
    for part in parts(batch(rows), cuts):
        state = taken_up.put_down()
        taken_up = intake()
        taken_up.take_up(state)

        expected, found = straight.accept(part), taken_up.accept(part)

        assert_frame_equal(found.archived, expected.archived)
        assert_frame_equal(found.transactions.added, expected.transactions.added)
        assert_frame_equal(found.transactions.retracted, expected.transactions.retracted)
        assert found.transactions.seen_until == expected.transactions.seen_until
        assert found.transactions.history_start == expected.transactions.history_start
    assert taken_up.columns_present() == straight.columns_present()


@SHARED
@given(feeds(), st.randoms(use_true_random=False))
def test_rows_of_one_day_leave_the_same_transactions_in_any_order(
    intake: Make, batch: Make, rows: list[dict[str, Any]], random: Any
) -> None:
    one_day = [{**row, "event_time": "2024-03-01" + row["event_time"][10:]} for row in rows]
    shuffled = one_day[:]
    random.shuffle(shuffled)

    assert applied([intake().accept(batch(one_day))]) == applied([intake().accept(batch(shuffled))])


def test_what_one_row_adds_and_the_next_takes_back_leaves_nothing(
    intake: Make, batch: Make, row: Make
) -> None:
    rows = [row(amount="1", source_revision=revision) for revision in (1, 1)]
    rows.append(row(amount="2", source_revision=2))

    change = intake().accept(batch(rows)).transactions

    assert change.added["amount"].to_list() == ["2"]
    assert change.retracted.is_empty()


def test_a_winner_of_a_later_batch_retracts_where_the_old_one_lay(
    intake: Make, batch: Make, row: Make
) -> None:
    taker = intake()
    taker.accept(batch([row(status="PENDING", event_time="2024-03-01T10:00:00")]))

    change = taker.accept(batch([row(event_time="2024-03-01T11:00:00")])).transactions

    assert change.added["status"].to_list() == ["BOOKED"]
    assert [moment.hour for moment in change.retracted["event_time"]] == [3]
    assert dict(change.retracted.schema) == ADDRESS


def test_frames_have_their_columns_also_when_there_are_no_rows(intake: Make, batch: Make) -> None:
    accepted = intake().accept(batch([b"no row"]))

    assert dict(accepted.archived.schema) == ARCHIVED
    assert dict(accepted.transactions.added.schema) == ADDED
    assert dict(accepted.transactions.retracted.schema) == ADDRESS
    assert accepted.transactions.seen_until is None


def test_rows_are_numbered_with_rejects_and_late_ones_kept(
    intake: Make, batch: Make, row: Make
) -> None:
    late = row(txn_id="T-3", event_time="2024-02-01T10:00:00")

    archived = intake().accept(batch([row(), b"no row", late])).archived

    assert archived["row"].to_list() == [1, 3]
    assert archived["fate"].to_list() == ["scored", "late"]
    assert archived["raw_ref"].to_list()[0].startswith("rows#1+")


def test_an_archive_of_other_settings_is_refused(intake: Make, batch: Make, row: Make) -> None:
    late = row(txn_id="T-3", event_time="2024-02-28T10:00:00")
    archived = intake().accept(batch([row(), late])).archived

    with pytest.raises(ArchiveUnusable, match="row 2 of the archive was late"):
        intake(lateness_hours=200).restore(archived)


def test_a_foreign_amount_is_priced_at_its_local_day(intake: Make, batch: Make, row: Make) -> None:
    dollar = [Rate(on=None, rate=Decimal("21800"))]
    taker: Intake = intake(rates=Rates(base_currency="LAK", by_currency={"USD": dollar}))

    added = taker.accept(batch([row(currency="USD", amount="1.005")])).transactions.added

    assert added["amount_base"].to_list() == [2_190_900]
    assert added["fx_rate"].to_list() == ["21800"]


def test_columns_present_are_those_a_row_gave_a_value_for(
    intake: Make, batch: Make, row: Make
) -> None:
    taker: Intake = intake()
    taker.accept(batch([row(device_hash="d1"), row(txn_id="T-2", mcc="5411")]))

    assert {"device_hash", "mcc", "amount"} <= taker.columns_present()
    assert "place_id" not in taker.columns_present()
