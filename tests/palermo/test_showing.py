"""`palermo demo` and `palermo alerts`, over the committed feed."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from palermo.demo import show_demo

Command = Callable[..., Any]


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the demo was run."""
    out = tmp_path_factory.mktemp("shown") / "demo"
    show_demo(without=(), out=out, as_json=True)
    return out


def test_the_demo_tells_its_scenes_from_what_came_out(palermo: Command, tmp_path: Path) -> None:
    ended = palermo("demo", "--out", tmp_path / "demo")

    assert ended.code == 0
    assert "1. Alerted: " in ended.out
    assert "Not alerted, and why" in ended.out
    assert "LICENSED" in ended.out
    assert "The same days without device and place ids" in ended.out
    assert "st-funnel-geo cannot see" in ended.out
    assert " alerts show " in ended.out


def test_the_demo_without_devices_alone_is_blind_to_them_alone(
    palermo: Command, tmp_path: Path
) -> None:
    ended = palermo("demo", "--without", "device", "--out", tmp_path / "demo", "--json")

    told = json.loads(ended.out)
    assert told["without"] == ["device"]
    assert "st-funnel-geo" not in told["blind"]["not_testable"]
    assert "sx-drained-account" in told["blind"]["not_testable"]


def test_the_demo_knows_no_other_column_group(palermo: Command, tmp_path: Path) -> None:
    assert palermo("demo", "--without", "weather", "--out", tmp_path).code == 2


def test_alerts_are_listed_the_most_urgent_first(palermo: Command, shown: Path) -> None:
    listed = json.loads(palermo("alerts", "list", "--out", shown, "--json").out)

    order = ["urgent", "high", "medium", "low"]
    ranks = [order.index(alert["severity"]) for alert in listed]
    assert len(listed) >= 2
    assert ranks == sorted(ranks)


def test_an_alert_is_shown_by_the_first_letters_of_its_id(palermo: Command, shown: Path) -> None:
    alert = _first(palermo, shown)

    ended = palermo("alerts", "show", alert["alert_id"][:6], "--out", shown)

    assert ended.code == 0
    assert alert["subject"]["id"] in ended.out
    assert "What speaks for the person" in ended.out


def test_a_page_needs_nothing_but_itself(palermo: Command, shown: Path, tmp_path: Path) -> None:
    alert = _first(palermo, shown)
    page = tmp_path / "alert.html"

    ended = palermo("alerts", "show", alert["alert_id"], "--html", page, "--out", shown)

    assert ended.code == 0
    assert page.stat().st_mode & 0o077 == 0
    assert alert["subject"]["id"] in page.read_text()


def test_every_alert_is_derived_again_bit_for_bit(palermo: Command, shown: Path) -> None:
    for alert in json.loads(palermo("alerts", "list", "--out", shown, "--json").out):
        ended = palermo("alerts", "replay", alert["alert_id"], "--out", shown, "--json")

        assert ended.code == 0, ended.err
        assert json.loads(ended.out)["same"] is True


def test_an_alert_of_another_configuration_is_not_compared(
    palermo: Command, shown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PALERMO__ALERTS__EPISODE_GAP_DAYS", "3")

    ended = palermo("alerts", "replay", _first(palermo, shown)["alert_id"], "--out", shown)

    assert ended.code == 1
    assert "configuration" in ended.err


def test_evidence_outlives_the_feed_and_the_archive(
    palermo: Command, shown: Path, tmp_path: Path
) -> None:
    alert = _first(palermo, shown)
    os.rename(shown / "archive", tmp_path / "archive")
    try:
        ended = palermo("alerts", "replay", alert["alert_id"], "--out", shown)
    finally:
        os.rename(tmp_path / "archive", shown / "archive")

    assert ended.code == 0, ended.err


def test_an_unknown_alert_is_told(palermo: Command, shown: Path) -> None:
    ended = palermo("alerts", "show", "zzzz", "--out", shown)

    assert ended.code == 2
    assert "no alert has an id that starts with zzzz" in ended.err


def _first(palermo: Command, shown: Path) -> dict[str, Any]:
    listed = json.loads(palermo("alerts", "list", "--out", shown, "--json").out)
    return dict(listed[0])
