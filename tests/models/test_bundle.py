"""The lists that ship: what they say of a day."""

from datetime import date

import pytest

from models.bundle import load_bundle


@pytest.mark.parametrize(
    ("on", "is_festive"),
    [
        (date(2025, 4, 9), False),
        (date(2025, 4, 10), True),
        (date(2031, 4, 14), True),
        (date(2025, 4, 19), True),
        (date(2025, 4, 20), False),
        (date(2025, 11, 5), True),
        (date(2025, 11, 9), False),
        (date(2025, 11, 15), False),
    ],
    ids=[
        "four days before the new year",
        "three days before it",
        "the new year of another year",
        "three days after it",
        "four days after it",
        "full moon of That Luang",
        "four days after it",
        "the day it was on in another year",
    ],
)
def test_a_festival_reaches_three_days_around_its_own_days(on: date, is_festive: bool) -> None:
    bundle = load_bundle(base_currency="LAK", references="", rates="")

    assert bundle.is_festive(on) == is_festive


def test_every_festival_says_where_it_is_from_and_how_far_that_was_checked() -> None:
    bundle = load_bundle(base_currency="LAK", references="", rates="")

    assert all(f.source and f.verification in ("V", "M") for f in bundle.festivals)
    assert all(f.first <= f.last for f in bundle.festivals)
