from datetime import date
from decimal import Decimal
from pathlib import Path

from ingest.mapping import FeedSettings
from ingest.rates import Rate, Rates
from ingest.reference_feed import read_rates, read_references

DOLLAR = [
    Rate(on=date(2024, 1, 1), rate=Decimal("20500")),
    Rate(on=date(2024, 2, 1), rate=Decimal("21000.5")),
]
RATES = Rates(base_currency="LAK", by_currency={"USD": DOLLAR})


def test_the_last_rate_at_or_before_the_day_holds() -> None:
    one = Decimal(1)

    assert RATES.to_base(one, "USD", date(2024, 1, 31)) == (2_050_000, "20500")
    assert RATES.to_base(one, "USD", date(2024, 2, 1)) == (2_100_050, "21000.5")
    assert RATES.to_base(one, "USD", date(2030, 1, 1)) == (2_100_050, "21000.5")


def test_before_the_first_rate_the_first_holds_and_it_says_so() -> None:
    day = date(2023, 6, 1)

    assert RATES.to_base(Decimal(1), "USD", day) == (2_050_000, "20500")
    assert RATES.is_early("USD", day)
    assert not RATES.is_early("USD", date(2024, 1, 1))
    assert not RATES.is_early("LAK", day)


def test_a_currency_without_a_rate_has_no_value() -> None:
    assert RATES.to_base(Decimal(1), "CHF", date(2024, 1, 1)) is None
    assert Rates(base_currency="LAK").usd_minor(date(2024, 1, 1)) is None


def test_values_are_rounded_half_to_even() -> None:
    plain = Rates(base_currency="LAK")
    day = date(2024, 1, 1)

    values = [plain.to_base(Decimal(text), "LAK", day) for text in ("0.005", "0.015", "0.025")]

    assert values == [(0, "1"), (2, "1"), (2, "1")]
    assert Rates(base_currency="VND").to_base(Decimal("2.5"), "VND", day) == (2, "1")


def test_a_dollar_is_given_in_minor_units_of_the_base() -> None:
    assert RATES.usd_minor(date(2024, 1, 1)) == 2_050_000
    assert Rates(base_currency="USD").usd_minor(date(2024, 1, 1)) == 100


def test_rates_come_from_the_settings_and_from_a_dated_file(tmp_path: Path) -> None:
    (tmp_path / "rates.csv").write_text("currency,date,rate\nTHB,2024-01-01,600.25\n")
    section = {"rates": {"USD": "21800", "file": "rates.csv"}}
    settings = FeedSettings.model_validate(section)

    rates = read_rates(settings, tmp_path)

    day = date(2024, 1, 1)
    assert rates.to_base(Decimal(2), "THB", day) == (120_050, "600.25")
    assert rates.to_base(Decimal(2), "USD", day) == (4_360_000, "21800")


def test_an_absent_rate_file_is_named_as_missing(tmp_path: Path) -> None:
    settings = FeedSettings.model_validate({"rates": {"file": "rates.csv"}})

    assert "rates" in read_references(settings, tmp_path).missing
    assert read_rates(settings, tmp_path).by_currency == {}


def test_the_fingerprint_changes_with_any_rate() -> None:
    other = Rates(base_currency="LAK", by_currency={"USD": DOLLAR[:1]})

    assert RATES.fingerprint == Rates(base_currency="LAK", by_currency={"USD": DOLLAR}).fingerprint
    assert RATES.fingerprint != other.fingerprint
