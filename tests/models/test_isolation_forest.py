"""The compiled forest against scikit-learn's own."""

from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.behaviour import FEATURES, TRAITS, forest_matrix, in_words, trait_values
from models.isolation_forest import (
    Forest,
    ForestSettings,
    contributions,
    fit,
    grow,
    judge,
    judge_segments,
    strangeness,
)
from models.kernels.forest import Float64s, Nodes

SMALL = ForestSettings(trees=20, sample=64, seed=7)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    rows=st.integers(2, 400),
    trees=st.integers(1, 30),
    sample=st.integers(2, 300),
)
def test_scores_equal_those_of_scikit_learn_with_the_sign_turned(
    seed: int, rows: int, trees: int, sample: int
) -> None:
    chosen = ForestSettings(trees=trees, sample=sample, seed=seed % 1000)
    values = some_values(rows, seed)
    fresh = some_values(50, seed + 1)

    ours = strangeness(fit(values, chosen), fresh)

    theirs = grow(forest_matrix(values), chosen).score_samples(forest_matrix(fresh))
    assert np.allclose(ours, -theirs, atol=1e-6, rtol=0)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_contributions_add_up_to_what_makes_a_row_strange(seed: int) -> None:
    forest = fit(some_values(200, seed), SMALL)
    fresh = some_values(30, seed + 1)

    total = contributions(forest, fresh).sum(axis=1)

    assert np.allclose(total, 1.0 + np.log2(strangeness(forest, fresh)), atol=1e-9)


def test_the_odd_ones_among_many_are_the_strangest_and_their_odd_traits_the_reasons() -> None:
    reasons = {"cash_share": 0.93, "payers": 60.0, "payments_in": 80.0}
    values = ordinary_values(500)
    for name, value in reasons.items():
        values[:5, trait_place(name)] = value
    forest = fit(values, ForestSettings())

    scores = strangeness(forest, values)
    credits = contributions(forest, values[:5])

    assert scores[:5].min() > scores[5:].max()
    for credit in credits:
        assert {TRAITS[place].name for place in np.argsort(-credit)[:3]} == set(reasons)


def test_words_name_the_value_and_what_is_usual() -> None:
    forest = fit(trait_values(ordinary_features(500)), ForestSettings())
    odd = ordinary_features(1).with_columns(
        usual_cash_sum=pl.lit(930_000), usual_in_sum=pl.lit(500_000), usual_out_sum=pl.lit(500_000)
    )

    (judged,) = judge(forest, odd, currency="EUR")

    assert "cash share 0.93, usual 0.10" in judged.words
    assert judged.percentile > 95.0


def test_money_is_said_in_the_base_currency() -> None:
    money_in = next(trait for trait in TRAITS if trait.name == "money_in")

    assert in_words(money_in, 123_456_00, 300_00, "EUR") == "money in 123,456 EUR, usual 300 EUR"
    assert in_words(money_in, 5_000, 40, "VND") == "money in 5,000 VND, usual 40 VND"


def test_a_row_is_judged_alike_alone_and_among_others() -> None:
    features = ordinary_features(300)
    forest = fit(trait_values(features), SMALL)

    together = judge(forest, features, currency="EUR")

    assert [judge(forest, features[row], currency="EUR")[0] for row in (0, 17, 299)] == [
        together[row] for row in (0, 17, 299)
    ]


def test_the_same_rows_and_seed_give_the_same_forest() -> None:
    first, second = (fit(some_values(300, 3), SMALL) for _ in range(2))

    for name in Nodes._fields:
        assert np.array_equal(getattr(first.nodes, name), getattr(second.nodes, name))
    assert np.array_equal(first.scores, second.scores)


def test_percentiles_run_from_nothing_to_a_hundred_with_strangeness() -> None:
    features = ordinary_features(200)
    forest = fit(trait_values(features), SMALL)

    judged = sorted(judge(forest, features, currency="EUR"), key=lambda each: each.strangeness)

    assert judged[-1].percentile == 100.0
    assert all(a.percentile <= b.percentile for a, b in pairwise(judged))


def test_what_cannot_be_said_is_neutral_and_never_strange() -> None:
    features = ordinary_features(200).with_columns(usual_night_count=pl.lit(None, pl.Int64))
    forest = fit(trait_values(features), SMALL)

    credits = contributions(forest, trait_values(features))

    assert not credits[:, trait_place("night_share")].any()


def test_an_account_that_did_nothing_has_a_value_for_every_trait() -> None:
    nothing = pl.DataFrame(
        {feature.name: [None] for feature in FEATURES}, schema_overrides=schema()
    )

    (values,) = trait_values(nothing)

    assert values.tolist() == [trait.neutral for trait in TRAITS]


def test_an_account_without_enough_peers_is_not_judged() -> None:
    features = ordinary_features(3)
    forests = {"person": fit(trait_values(ordinary_features(100)), SMALL)}

    judged = judge_segments(
        forests, features, pl.Series(["person", "agent", "person"]), currency="EUR"
    )

    assert [each is None for each in judged] == [False, True, False]


@pytest.mark.parametrize("word", ["name", "age", "sex", "nationality", "religion", "language"])
def test_no_trait_rests_on_who_somebody_is(word: str) -> None:
    assert not any(word in trait.name.split("_") for trait in TRAITS)


def trait_place(name: str) -> int:
    return [trait.name for trait in TRAITS].index(name)


def some_values(rows: int, seed: int) -> Float64s:
    """Anything the traits can hold: heavy tails, ties, whole columns alike."""
    chance = np.random.default_rng(seed)
    values = chance.lognormal(3.0, 2.0, (rows, len(TRAITS)))
    for place, trait in enumerate(TRAITS):
        if trait.unit == "share":
            values[:, place] = chance.integers(0, 5, rows) / 4
        if trait.unit == "count":
            values[:, place] = chance.integers(0, 6, rows)
    return values


def ordinary_values(rows: int) -> Float64s:
    return trait_values(ordinary_features(rows))


def ordinary_features(rows: int) -> pl.DataFrame:
    chance = np.random.default_rng(11)
    in_sum = chance.integers(90_000, 110_000, rows)
    out_sum = chance.integers(80_000, 100_000, rows)
    columns = {
        "usual_in_sum": in_sum,
        "usual_out_sum": out_sum,
        "usual_in_count": chance.integers(2, 6, rows),
        "usual_out_count": chance.integers(5, 20, rows),
        "usual_payers": chance.integers(1, 4, rows),
        "usual_payees": chance.integers(2, 9, rows),
        "usual_known_payers": np.ones(rows, np.int64),
        "usual_cash_sum": ((in_sum + out_sum) * chance.normal(0.1, 0.01, rows)).astype(np.int64),
        "usual_abroad_sum": np.zeros(rows, np.int64),
        "usual_night_count": chance.integers(0, 2, rows),
        "usual_regions": chance.integers(1, 3, rows),
        "usual_median_in": in_sum // 2,
        "usual_dwell": chance.integers(1, 400, rows) * 3_600_000_000,
        "usual_top_payee_sum": out_sum // 3,
        "usual_own_life_sum": out_sum // 2,
    }
    return pl.DataFrame(columns, schema_overrides=schema())


def schema() -> dict[str, pl.DataType]:
    return {feature.name: pl.Int64() for feature in FEATURES}


def test_the_forest_keeps_nothing_of_whom_it_learned_from() -> None:
    assert set(Forest.__slots__) == {"nodes", "expected", "scores", "usual"}
