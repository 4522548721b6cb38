"""`make quality` fails when a figure falls, and says which."""

import pytest

from palermo.quality.guard import fallen_figures, figures
from palermo.quality.score import ScoreWish, score
from tests.palermo.quality.fiction import alert, labels, look_alike, scheme

KNOWN = labels(scheme(1, 10), look_alikes=[look_alike(1, "remittance_agent", 50)])
ALERTS = (alert(1, 10, "S1-0", score=80.0), alert(2, 50, score=60.0))
BASELINE = {"recall all": 0.8, "precision all": 0.5}


def test_a_fall_of_two_points_is_let_pass() -> None:
    assert fallen_figures(BASELINE, {"recall all": 0.78, "precision all": 0.9}) == []


@pytest.mark.parametrize("now", [BASELINE | {"recall all": 0.77}, {"precision all": 1.0}])
def test_a_larger_fall_or_a_missing_figure_is_named(now: dict[str, float]) -> None:
    assert fallen_figures(BASELINE, now) == ["recall all"]


def test_every_figure_is_better_when_higher() -> None:
    found = figures(score(KNOWN, ALERTS, ScoreWish(), sha256=""))

    assert {"recall all", "precision all", "look-alikes left alone"} <= found.keys()
    assert all(0.0 <= value <= 1.0 for value in found.values())
