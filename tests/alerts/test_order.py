"""Keys that order as movements do."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from alerts.order import key_parts, key_time, keys_between, microseconds, order_key
from detectors.finding import TriggerKey

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
