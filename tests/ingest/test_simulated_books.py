"""What simulated banks write down: balances that hold, fees, returns, card rows not yet booked."""

import numpy as np
import polars as pl
import pytest

from ingest.simulated.disorder import ORDERLY
from ingest.simulated.nation import RATES
from ingest.simulated.plan import Country, CountrySettings, draw_country
from ingest.simulated.rows import DAY
from ingest.simulated.stream import Block, blocks

SETTINGS = CountrySettings(customers=700, days=35, history=35, schemes_per_10k=300)
PERSON = "^A-FICT-[0-9]+$"


@pytest.fixture(scope="module")
def country() -> Country:
    return draw_country(SETTINGS, np.random.Generator(np.random.PCG64(2)))


@pytest.fixture(scope="module")
def told(country: Country) -> list[Block]:
    return list(blocks(country, ORDERLY, np.random.Generator(np.random.PCG64(3))))


@pytest.fixture(scope="module")
def rows(told: list[Block]) -> pl.DataFrame:
    return pl.concat(block.happened for block in told)


def legs(rows: pl.DataFrame) -> pl.DataFrame:
    """What each report adds to a person's account, in kip, and the balance that it tells."""
    rates = {"LAK": 1.0} | {code: float(rate) for code, rate in RATES.items()}
    kip = (pl.col("amount") * pl.col("currency").replace_strict(rates)).round().cast(pl.Int64)
    change = pl.when(pl.col("reversal_of").is_null()).then(kip).otherwise(-kip)
    is_payer = pl.col("direction") != "CREDIT"
    paid = rows.filter(is_payer).select(
        "event_time",
        "source_sequence",
        account="orig_account_id",
        change=-change,
        balance="balance_after",
    )
    got = rows.filter(pl.col("direction") != "DEBIT").select(
        "event_time",
        "source_sequence",
        account="benef_account_id",
        change=change,
        balance=pl.when(~is_payer).then("balance_after"),
    )
    every = pl.concat([paid, got]).filter(pl.col("account").str.contains(PERSON))
    return every.sort("account", "event_time", "source_sequence").with_columns(
        since_opening=pl.col("change").cum_sum().over("account")
    )


def test_every_balance_is_the_one_before_and_the_movement(rows: pl.DataFrame) -> None:
    opening = (
        legs(rows)
        .filter(pl.col("balance").is_not_null())
        .group_by("account")
        .agg((pl.col("balance") - pl.col("since_opening")).n_unique(), pl.len().alias("told"))
    )

    assert opening["balance"].unique().to_list() == [1]
    assert opening["told"].sum() > 50_000


def test_nobody_spends_what_he_has_not(rows: pl.DataFrame) -> None:
    told = legs(rows)
    opening = (
        told.filter(pl.col("balance").is_not_null())
        .group_by("account")
        .agg(opening=(pl.col("balance") - pl.col("since_opening")).first())
    )

    after = told.join(opening, on="account").select(pl.col("opening") + pl.col("since_opening"))

    assert after.to_series().min() >= 0  # type: ignore[operator]


def test_what_schemes_and_look_alikes_do_is_paid(country: Country, rows: pl.DataFrame) -> None:
    each = ["orig_account_id", "benef_account_id", "amount", "terminal_id", "scheme"]
    planned = country.planted.between(country.first_day * DAY, country.last_day * DAY)

    unpaid = planned.join(rows, on=each, how="anti", nulls_equal=True)

    assert planned.height > 3_000
    assert unpaid.is_empty()


@pytest.mark.parametrize(
    ("channel", "least", "most", "fee"),
    [
        ("MOBILE", 500_000, 5_000_000, 2_000),
        ("MOBILE", 5_000_000, 50_000_000, 5_000),
        ("BRANCH", 20_000_000, 10**12, 10_000),
    ],
)
def test_a_fee_goes_by_amount_and_channel_for_schemes_and_life_alike(
    rows: pl.DataFrame, channel: str, least: int, most: int, fee: int
) -> None:
    asked = rows.filter(pl.col("txn_type") == "FEE").select(
        "event_time", "orig_account_id", fee="amount"
    )
    is_between = (pl.col("direction") == "DEBIT") & pl.col("merchant_id").is_null()
    paid = rows.filter(
        is_between,
        pl.col("channel") == channel,
        pl.col("txn_type").is_in(["TRANSFER", "CASH_WITHDRAWAL"]),
        pl.col("currency") == "LAK",
        pl.col("amount").is_between(least, most, closed="left"),
        pl.col("orig_account_id").str.contains(PERSON),
        pl.col("reversal_of").is_null(),
    )

    charged = paid.join(asked, on=["event_time", "orig_account_id"], how="left")

    assert charged["fee"].unique().to_list() == [fee]
    if channel == "MOBILE":
        assert charged["scheme"].n_unique() > 2


def test_a_return_names_what_each_bank_told_one_to_sixty_days_before(rows: pl.DataFrame) -> None:
    returns = rows.filter(pl.col("reversal_of").is_not_null())
    told = rows.select("source_id", "orig_account_id", "amount", "txn_id", told_at="event_time")

    undone = returns.join(
        told,
        left_on=["source_id", "orig_account_id", "amount", "reversal_of"],
        right_on=["source_id", "orig_account_id", "amount", "txn_id"],
        nulls_equal=True,
    )

    days = (undone["event_time"] - undone["told_at"]) / DAY
    assert undone.height == returns.height > 50
    assert returns["reversal_of"].is_duplicated().sum() == 0
    assert 0.99 < days.min() < 3  # type: ignore[operator]
    assert 20 < days.max() < 61  # type: ignore[operator]


def test_some_card_rows_are_sent_pending_and_booked_within_hours(told: list[Block]) -> None:
    sent = pl.concat(block.sent for block in told)
    pending = sent.filter(pl.col("status") == "PENDING")

    booked = pending.join(sent.filter(pl.col("status") == "BOOKED"), on=["source_id", "txn_id"])

    wait = booked["arrival_right"] - booked["arrival"]
    cards = sent.filter(pl.col("txn_type") == "CARD_PURCHASE", pl.col("status") == "BOOKED")
    assert booked.height == pending.height
    assert 0.1 * cards.height < pending.height < 0.2 * cards.height
    assert wait.min() > 0  # type: ignore[operator]
    assert wait.max() <= DAY // 4  # type: ignore[operator]


def test_days_told_in_parts_have_balances_that_hold_and_sums_of_whole_days() -> None:
    settings = CountrySettings(customers=300, days=2, history=1, schemes_per_10k=300)
    country = draw_country(settings, np.random.Generator(np.random.PCG64(2)))
    rng = np.random.Generator(np.random.PCG64(3))

    told = list(blocks(country, ORDERLY, rng, person_days=200))

    rows = pl.concat(block.happened for block in told)
    opening = (
        legs(rows)
        .filter(pl.col("balance").is_not_null())
        .group_by("account")
        .agg((pl.col("balance") - pl.col("since_opening")).n_unique())
    )
    sold = rows.filter(pl.col("merchant_id").is_not_null(), pl.col("direction") == "DEBIT")
    settled = rows.filter(pl.col("txn_type") == "OTHER")
    assert len(told) == 3 * 12
    assert rows["event_time"].is_sorted()
    assert opening["balance"].unique().to_list() == [1]
    assert settled.select("benef_account_id", pl.col("event_time") // DAY).is_unique().all()
    assert settled["amount"].sum() == sold["amount"].sum() > 0
