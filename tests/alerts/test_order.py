"""Keys that order as movements do."""

from datetime import UTC, datetime

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from alerts.order import KeyColumn, key_parts, key_time, keys_between, order_key
from detectors.finding import TriggerKey
from ingest.times import microseconds

TRIGGERS = st.builds(
    TriggerKey,
    time=st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    sequence=st.integers(-(1 << 63), (1 << 63) - 1),
    txn=st.binary(min_size=16, max_size=16).map(bytes.hex),
    side=st.integers(0, 1),
)


@given(TRIGGERS, TRIGGERS)
def test_keys_order_as_triggers_do(one: TriggerKey, other: TriggerKey) -> None:
    assert (order_key(one) < order_key(other)) == (one < other)


@given(TRIGGERS)
def test_a_key_gives_its_parts_back(trigger: TriggerKey) -> None:
    time, sequence, high, low, side = key_parts(order_key(trigger))

    assert (time, sequence, side) == (trigger.time, trigger.sequence, trigger.side)
    assert f"{high:016x}{low:016x}" == trigger.txn


@given(TRIGGERS)
def test_the_bounds_of_a_moment_hold_all_its_keys(trigger: TriggerKey) -> None:
    time = microseconds(trigger.time)
    first, last = keys_between(time, time)

    assert first <= order_key(trigger) <= last
    assert key_time(order_key(trigger)) == time


@given(st.lists(TRIGGERS, min_size=1), TRIGGERS)
def test_keys_made_at_once_are_those_made_one_by_one(
    triggers: list[TriggerKey], other: TriggerKey
) -> None:
    ordered = sorted(triggers)
    keys, wanted = KeyColumn(_frame(ordered)), order_key(other)

    one_by_one = [order_key(each) for each in ordered]

    assert [keys[row] for row in range(len(ordered))] == one_by_one
    assert keys.first_from(wanted, 0, len(ordered)) == sum(key < wanted for key in one_by_one)
    assert keys.first_after(wanted, 0, len(ordered)) == sum(key <= wanted for key in one_by_one)


def _frame(triggers: list[TriggerKey]) -> pl.DataFrame:
    columns = {
        "time": [each.time for each in triggers],
        "sequence": [each.sequence for each in triggers],
        "txn_hi": [int(each.txn[:16], 16) for each in triggers],
        "txn_lo": [int(each.txn[16:], 16) for each in triggers],
        "side": [each.side for each in triggers],
    }
    kinds = {"txn_hi": pl.UInt64(), "txn_lo": pl.UInt64(), "sequence": pl.Int64()}
    return pl.DataFrame(columns, schema_overrides=kinds)
