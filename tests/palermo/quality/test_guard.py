"""`make quality` fails when a figure falls, and says which."""

from pathlib import Path

import msgspec
import pytest

from bench.quality import __main__ as quality
from palermo.quality.score import ScoreWish, score
from tests.palermo.quality.fiction import alert, labels, look_alike, scheme

KNOWN = labels(scheme(1, 10), look_alikes=[look_alike(1, "remittance_agent", 50)])
ALERTS = (alert(1, 10, "S1-0", score=80.0), alert(2, 50, score=60.0))

BASELINE = {"recall all": 0.8, "precision all": 0.5}


@pytest.fixture
def baseline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "baseline.json"
    path.write_bytes(msgspec.json.encode(BASELINE))
    monkeypatch.setattr(quality, "BASELINE", path)
    return path


@pytest.mark.usefixtures("baseline")
def test_a_fall_of_two_points_is_let_pass(capsys: pytest.CaptureFixture[str]) -> None:
    quality.guard({"recall all": 0.78, "precision all": 0.9})

    assert "none of 2 figures fell" in capsys.readouterr().out


@pytest.mark.usefixtures("baseline")
@pytest.mark.parametrize(
    "now", [{"recall all": 0.77, "precision all": 0.5}, {"precision all": 1.0}]
)
def test_a_larger_fall_or_a_missing_figure_ends_with_one(
    now: dict[str, float], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        quality.guard(now)

    assert ended.value.code == 1
    assert "fell by more than two points: recall all" in capsys.readouterr().out


def test_without_a_baseline_the_way_to_make_one_is_named(baseline: Path) -> None:
    baseline.unlink()

    with pytest.raises(SystemExit, match=r"bench\.quality accept"):
        quality.guard({"recall all": 1.0})


def test_every_figure_is_better_when_higher() -> None:
    found = quality.figures(score(KNOWN, ALERTS, ScoreWish(), sha256=""))

    assert {"recall all", "precision all", "look-alikes left alone"} <= found.keys()
    assert all(0.0 <= value <= 1.0 for value in found.values())
