"""Nothing in a single simulated transaction gives a scheme away."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from sklearn.metrics import average_precision_score
from sklearn.tree import DecisionTreeClassifier

from ingest.lexicon import Concept, Lexicon
from ingest.simulated.disorder import ORDERLY
from ingest.simulated.plan import CountrySettings, draw_country
from ingest.simulated.rows import DAY
from ingest.simulated.stream import blocks
from models.bundle import load_bundle

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SETTINGS = CountrySettings(customers=4_000, days=42, history=7, schemes_per_10k=60)
LEARNT_FROM, TRIED_ON = (31, 33), (32, 34)
MOST_LIFT = 3.0
CODES = ("source_id", "channel", "txn_type", "direction", "currency", "mcc", "purpose_code")
AGENTS = ("orig_agent_bic", "benef_agent_bic")
REGIONS = ("orig_region", "benef_region", "location_region", "orig_country", "benef_country")
IDS = ("orig_account_id", "benef_account_id", "conductor_party_id", "terminal_id", "device_hash")
STEPS = (5_000, 10_000, 50_000, 100_000, 1_000_000)


def scored_rows(seeds: Sequence[int]) -> pl.DataFrame:
    """The rows of the scored days of a country of each seed, with `is_scheme`."""
    rows = pl.concat(_scored_rows(seed) for seed in seeds)
    return rows.with_columns(is_scheme=pl.col("scheme").fill_null("") != "")


def _scored_rows(seed: int) -> pl.DataFrame:
    rng = np.random.Generator(np.random.PCG64(seed))
    country = draw_country(SETTINGS, rng)
    rows = pl.concat(
        block.happened
        for block in blocks(country, ORDERLY, rng)
        if block.first_day >= country.scored_from
    )
    lexicon = Lexicon(load_bundle(base_currency="LAK", references="", rates="").terms())
    return rows.with_columns(lexicon.concepts(rows["remittance_text"]).alias("concepts"))


@pytest.fixture(scope="module")
def learnt() -> pl.DataFrame:
    return scored_rows(LEARNT_FROM)


@pytest.fixture(scope="module")
def tried() -> pl.DataFrame:
    return scored_rows(TRIED_ON)


def codes_of(*feeds: pl.DataFrame) -> dict[str, list[str]]:
    every = pl.concat([feed.select(*CODES, *AGENTS, *REGIONS) for feed in feeds])
    return {name: sorted(every[name].drop_nulls().unique()) for name in every.columns}


def seen_alone(rows: pl.DataFrame, codes: dict[str, list[str]]) -> npt.NDArray[np.float64]:
    """All that one transaction says of itself: amount and its digits, hour, minute and second,
    codes, which fields are empty, what its text names, how ids look, whether the places agree, and
    what it leaves."""
    second = pl.col("event_time") // 1_000_000
    conductor, holder = pl.col("conductor_party_id"), pl.col("benef_party_id")
    place, balance = pl.col("location_region"), pl.col("balance_after")
    columns = [
        pl.col("amount"),
        *((pl.col("amount") % step == 0).alias(f"whole_{step}") for step in STEPS),
        (second // 3_600 % 24).alias("hour"),
        (second // 60 % 60).alias("minute"),
        (second % 60).alias("second"),
        (pl.col("event_time") // DAY % 7).alias("weekday"),
        *(
            pl.col(name).replace_strict({c: n for n, c in enumerate(known)}, default=-1).alias(name)
            for name, known in codes.items()
        ),
        *(pl.col(name).str.len_chars().fill_null(0).alias(f"{name}_length") for name in IDS),
        *(pl.col(name).str.head(1).eq("X").fill_null(value=False).alias(name) for name in IDS),
        balance.fill_null(-1),
        *((balance % step == 0).fill_null(value=False).alias(f"left_{step}") for step in STEPS),
        (balance / (balance + pl.col("amount"))).fill_null(-1).alias("left_of_it"),
        pl.col("reversal_of").is_not_null(),
        pl.col("end_to_end_id").is_not_null(),
        (conductor == holder).fill_null(value=False).alias("is_holder_there"),
        pl.col("remittance_text").str.len_chars().fill_null(0),
        *((pl.col("concepts") & int(each) != 0).alias(each.name or "") for each in Concept),
        (place == pl.col("orig_region")).fill_null(value=False).alias("is_drawn_at_home"),
        (place == pl.col("benef_region")).fill_null(value=False).alias("is_paid_in_at_home"),
        (pl.col("orig_region") == pl.col("benef_region")).fill_null(value=False).alias("is_near"),
    ]
    return rows.select(column.cast(pl.Float64) for column in columns).to_numpy()


def test_a_shallow_tree_on_single_transactions_finds_next_to_nothing(
    learnt: pl.DataFrame, tried: pl.DataFrame
) -> None:
    codes = codes_of(learnt, tried)
    tree = DecisionTreeClassifier(
        max_depth=4, min_samples_leaf=20, class_weight="balanced", random_state=0
    ).fit(seen_alone(learnt, codes), learnt["is_scheme"].to_numpy())

    chances = tree.predict_proba(seen_alone(tried, codes))[:, 1]
    precision = average_precision_score(tried["is_scheme"].to_numpy(), chances)

    prevalence = float(tried["is_scheme"].to_numpy().mean())
    assert prevalence > 0.001
    assert precision <= MOST_LIFT * prevalence


def test_every_channel_of_a_scheme_is_a_channel_of_life(learnt: pl.DataFrame) -> None:
    by_channel = learnt.group_by("channel", "txn_type", "direction").agg(
        crime=pl.col("is_scheme").sum(), life=(~pl.col("is_scheme")).sum()
    )

    used = by_channel.filter(pl.col("crime") > 0)
    lift = (used["crime"] / used["crime"].sum()) / (used["life"] / by_channel["life"].sum())

    assert used["life"].min() > 100  # type: ignore[operator]
    assert lift.max() < 6  # type: ignore[operator]


@pytest.mark.parametrize("channel", ["MOBILE", "ATM", "CDM", "BRANCH", "POS"])
def test_within_a_channel_schemes_fill_the_fields_that_life_fills(
    learnt: pl.DataFrame, channel: str
) -> None:
    """Of the same movement: same direction, and cash in or out."""
    rows = learnt.filter(pl.col("channel") == channel)
    said = (*IDS, "remittance_text")
    empty = rows.select(
        "is_scheme", "txn_type", "direction", *(pl.col(name).is_null() for name in said)
    )

    patterns = empty.group_by("txn_type", "direction", *said).agg(
        crime=pl.col("is_scheme").sum(), life=(~pl.col("is_scheme")).sum()
    )

    only_crime = patterns.filter((pl.col("crime") > 0) & (pl.col("life") < 20))
    assert only_crime.is_empty(), only_crime


def test_most_who_write_a_telling_word_are_honest(learnt: pl.DataFrame) -> None:
    telling = learnt.filter(pl.col("concepts") != 0)

    by_scheme = dict(telling.group_by("is_scheme").len().iter_rows())

    assert by_scheme[True] > 20
    assert by_scheme[False] > 50 * by_scheme[True]


def test_the_same_seed_gives_the_same_rows(learnt: pl.DataFrame) -> None:
    assert scored_rows(LEARNT_FROM).equals(learnt)


def test_the_labels_are_nowhere_in_the_feed(learnt: pl.DataFrame) -> None:
    schemes = set(learnt["scheme"].drop_nulls().unique()) - {""}

    values = {
        str(value)
        for name in learnt.columns
        if name not in ("scheme", "is_scheme", "event_time", "amount", "delay")
        for value in learnt[name].unique()
    }

    assert schemes
    assert not schemes & values
