"""Scores from pinned priors, severity by fixed cuts."""

from dataclasses import replace
from itertools import permutations

from alerts.scoring import ScoreTable, score, score_table, severity
from models.bundle import load_bundle
from tests.alerts.fiction import DEFINITIONS

TABLE = ScoreTable(priors={"a": 0.5}, default_prior=0.2, cuts={"high": 50.0, "medium": 25.0})
PLAIN = [DEFINITIONS["st-structuring"]]


def test_findings_add_up_as_independent_doubts() -> None:
    assert score({"a": 1.0, "b": 0.5}, TABLE) == 55.0


def test_the_order_of_findings_never_shows() -> None:
    strengths = [(f"t{n}", 0.1 + n / 7) for n in range(4)]

    assert len({score(dict(order), TABLE) for order in permutations(strengths)}) == 1


def test_a_cut_is_reached_at_its_value() -> None:
    grades = [severity(points, PLAIN, TABLE) for points in (50.0, 49.9999, 25.0, 24.9999)]

    assert grades == ["high", "medium", "medium", "low"]


def test_an_urgent_typology_makes_an_urgent_alert() -> None:
    assert severity(0.0, [replace(PLAIN[0], severity="urgent")], TABLE) == "urgent"


def test_the_bundle_gives_priors_and_cuts() -> None:
    table = score_table(load_bundle(base_currency="LAK", references="", rates=""))

    assert table.prior("sx-victim-drain") > table.prior("unheard-of")
    assert table.cuts["high"] > table.cuts["medium"]
