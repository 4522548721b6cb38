"""Cuts and budgets: how many proposals, which ones, and what they are worth."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import Alert
from palermo.quality.budgets import (
    BUDGETS,
    CURVE,
    allowed,
    budget_row,
    cut_for,
    cuts_for,
    kept,
    line_row,
    precision,
)
from palermo.quality.labels import Labels
from palermo.quality.matching import Match, Matcher
from palermo.quality.proposals import proposals_of
from tests.palermo.quality.fiction import alert, labels, scheme


def matches(known: Labels, alerts: list[Alert]) -> list[Match]:
    matcher = Matcher(known.schemes)
    return [matcher.match(proposal) for proposal in proposals_of(alerts)]


def test_a_budget_is_per_10_000_active_customers_and_week() -> None:
    known = labels(active=20_000)

    assert [allowed(budget, known) for budget in BUDGETS] == [0, 8, 12, 40]


def test_the_cut_is_the_least_score_that_keeps_to_the_budget() -> None:
    assert cut_for([90.0, 80.0, 70.0, 60.0], 3) == 70.0


def test_proposals_of_one_score_go_together() -> None:
    assert cut_for([90.0, 70.0, 70.0, 70.0], 3) == 90.0


def test_a_tie_over_the_whole_budget_keeps_none() -> None:
    cut = cut_for([70.0, 70.0, 70.0], 2)

    assert cut == math.nextafter(70.0, math.inf)


def test_where_all_fit_nothing_is_cut() -> None:
    assert cut_for([90.0, 20.0], 2) == 0.0


@given(st.lists(st.sampled_from([10.0, 20.0, 30.0, 40.0])), st.integers(0, 12))
def test_the_cut_never_keeps_more_than_the_budget(scores: list[float], most: int) -> None:
    cut = cut_for(scores, most)

    assert sum(score >= cut for score in scores) <= most


def test_urgent_proposals_are_never_cut() -> None:
    known = labels(active=10)
    ranked = matches(known, [alert(1, 1, score=20.0, severity="urgent"), alert(2, 2)])

    remaining = kept(ranked, cuts_for(ranked, known))

    assert [each.proposal.line for each in remaining] == ["urgent"]


def test_precision_and_recall_of_the_first_two() -> None:
    known = labels(scheme(1, 10), scheme(2, 20), scheme(3, 30), active=5_000)
    alerts = [
        alert(1, 10, "S1-0", score=90.0),
        alert(2, 77, score=80.0),
        alert(3, 20, "S2-0", score=70.0),
    ]

    row = budget_row(matches(known, alerts), "persons", 1.0, known)

    assert (row.proposals, row.least_score) == (2, 80.0)
    assert (row.precision.here.hits, row.precision.here.n) == (1, 2)
    assert (row.recall.hits, row.recall.n) == (1, 3)


def test_a_line_is_asked_for_its_own_schemes() -> None:
    known = labels(scheme(1, 10), scheme(2, 20, typology="st-funnel-geo"))
    alerts = [alert(1, 20, "S2-0", queue="laundering"), alert(2, 10, "S1-0")]

    row = line_row(matches(known, alerts), "laundering", {}, known)

    assert (row.recall.hits, row.recall.n) == (1, 1)


def test_precision_is_reweighted_to_what_life_would_give() -> None:
    # 3 suspects of 1,000 here, 1.5 of 10,000 in life: each true proposal is worth a twentieth.
    known = labels(scheme(1, 10), scheme(2, 20), scheme(3, 30))
    alerts = [alert(1, 10, "S1-0"), alert(2, 77)]

    found = precision(matches(known, alerts), known)

    assert found.here.value == 0.5
    assert found.chance == 0.003
    assert found.lift.value == pytest.approx(0.5 / 0.003)
    assert found.reweighted.value == pytest.approx(0.05 / 1.05)
    assert found.reweighted_lift.value == pytest.approx(0.05 / 1.05 / 0.00015)


KNOWN = labels(
    *(scheme(number, 10 * number) for number in range(1, 6)), active=2_500, customers=200
)
SOME_ALERTS = st.lists(
    st.tuples(st.integers(1, 12), st.sampled_from([30.0, 50.0, 70.0])),
    unique_by=lambda each: each[0],
    max_size=12,
)


def drawn(pairs: list[tuple[int, float]]) -> list[Alert]:
    """Numbers up to five are right about their scheme, the others are wrong."""
    return [
        alert(number, 10 * number, f"S{number}-0", score=score)
        if number <= 5
        else alert(number, 100 + number, score=score)
        for number, score in pairs
    ]


@given(SOME_ALERTS, st.integers())
def test_the_order_of_alerts_does_not_matter(pairs: list[tuple[int, float]], seed: int) -> None:
    alerts = drawn(pairs)
    shuffled = random.Random(seed).sample(alerts, len(alerts))

    assert matches(KNOWN, alerts) == matches(KNOWN, shuffled)


@given(SOME_ALERTS)
def test_more_budget_never_lowers_recall(pairs: list[tuple[int, float]]) -> None:
    ranked = matches(KNOWN, drawn(pairs))

    found = [budget_row(ranked, None, budget, KNOWN).recall.hits for budget in CURVE]

    assert found == sorted(found)


@given(SOME_ALERTS)
def test_a_false_proposal_more_never_raises_precision(pairs: list[tuple[int, float]]) -> None:
    before = precision(matches(KNOWN, drawn(pairs)), KNOWN).here
    after = precision(matches(KNOWN, [*drawn(pairs), alert(99, 150, score=50.0)]), KNOWN).here

    assert after.value is not None
    assert before.value is None or after.value <= before.value
