"""Intervals against values worked out elsewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from palermo.quality.intervals import lower_bound, quantile, ratio, share, transformed


def test_the_wilson_interval_is_the_published_one() -> None:
    # Newcombe 1998, table I: 81 of 263.
    known = share(81, 263)

    assert (known.low, known.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_nothing_of_nothing_is_no_share() -> None:
    known = share(0, 0)

    assert (known.value, known.low, known.high) == (None, None, None)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_share_lies_within_its_interval(counts: tuple[int, int]) -> None:
    known = share(*counts)

    assert known.low is not None
    assert known.value is not None
    assert known.high is not None
    assert 0.0 <= known.low <= known.value + 1e-12
    assert known.value <= known.high + 1e-12 <= 1.0 + 1e-12


def test_a_rising_function_carries_the_interval_over() -> None:
    known = share(5, 10)

    doubled = transformed(known, lambda value: 2 * value)

    assert (doubled.value, doubled.n) == (1.0, 10)
    assert doubled.low == pytest.approx(2 * (known.low or 0))


def test_the_same_seed_gives_the_same_interval() -> None:
    values = [1.0, 4.0, 9.0, 16.0, 25.0]

    assert quantile(values, 0.5, seed=3) == quantile(list(reversed(values)), 0.5, seed=3)


def test_a_median_of_one_value_has_no_interval() -> None:
    known = quantile([7.0], 0.5, seed=3)

    assert (known.value, known.low, known.high) == (7.0, None, None)


def test_the_interval_of_a_median_holds_it() -> None:
    known = quantile([float(each) for each in range(101)], 0.5, seed=3)

    assert known.value == 50.0
    assert known.low is not None
    assert known.high is not None
    assert 35 < known.low < 50 < known.high < 65


def test_twice_as_often_is_a_ratio_of_two() -> None:
    known = ratio(20, 100, 10, 100)

    assert known.value == 2.0
    assert known.low is not None
    assert known.high is not None
    assert known.low < 2.0 < known.high


def test_a_ratio_without_a_hit_among_others_has_an_interval_only() -> None:
    known = ratio(3, 100, 0, 100)

    assert known.value is None
    assert known.low is not None


def test_a_less_sure_bound_lies_nearer_to_the_share() -> None:
    known = share(18, 30)

    assert lower_bound(known, 0.95) == known.low
    assert known.low is not None
    assert known.low < (lower_bound(known, 0.90) or 0.0) < 0.6
    assert lower_bound(share(0, 0), 0.90) is None
