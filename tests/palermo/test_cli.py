"""What every verb has in common, and those that only show."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]

VERBS = (
    (),
    ("demo",),
    ("run",),
    ("alerts",),
    ("alerts", "list"),
    ("alerts", "show"),
    ("alerts", "replay"),
    ("detectors",),
    ("detectors", "list"),
    ("detectors", "show"),
    ("detectors", "lint"),
    ("config",),
    ("config", "show"),
    ("doctor",),
    ("models",),
    ("models", "train"),
    ("models", "list"),
    ("models", "card"),
    ("models", "verify"),
    ("trace",),
    ("topics",),
    ("topics", "plan"),
    ("topics", "apply"),
    ("dlq",),
    ("dlq", "list"),
    ("dlq", "show"),
    ("dlq", "redrive"),
    ("audit",),
    ("audit", "counts"),
)


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_help_is_clean(palermo: Command, verb: tuple[str, ...]) -> None:
    ended = palermo(*verb, "--help")

    assert ended.code == 0
    assert ended.err == ""
    assert ended.out.startswith(f"Usage: {' '.join(('palermo', *verb))} ")
    assert all(len(line) <= 80 for line in ended.out.splitlines())


def test_an_unknown_verb_is_a_usage_error(palermo: Command) -> None:
    ended = palermo("rnu")

    assert ended.code == 2
    assert "rnu" in ended.err


def test_the_version_is_told(palermo: Command) -> None:
    assert palermo("--version").out.startswith("palermo 0.")


def test_typologies_are_listed_and_shown(palermo: Command) -> None:
    listed = json.loads(palermo("detectors", "list", "--json").out)
    shown = palermo("detectors", "show", "sx-victim-drain")

    assert {"st-structuring", "sx-victim-drain"} <= {each["id"] for each in listed}
    assert shown.code == 0
    assert "Innocent reasons" in shown.out


def test_an_unknown_typology_gets_the_nearest_name(palermo: Command) -> None:
    ended = palermo("detectors", "show", "st-strucuring")

    assert ended.code == 2
    assert "did you mean st-structuring?" in ended.err


def test_the_typologies_are_well_formed(palermo: Command) -> None:
    ended = palermo("detectors", "lint", "--json")

    assert ended.code == 0
    assert json.loads(ended.out)["faults"] == []


def test_the_configuration_says_where_each_value_came_from(
    palermo: Command, demo_feed: Path
) -> None:
    path = demo_feed / "palermo.toml"

    ended = palermo("config", "show", "--config", path, "--origin", "--json")

    shown = json.loads(ended.out)
    assert shown["settings"]["feed.base_currency"] == "LAK"
    assert shown["origins"]["feed.base_currency"] == str(path)
    assert shown["origins"]["alerts.episode_gap_days"] == "default"


def test_a_wrong_configuration_is_3_with_one_line_a_fault(palermo: Command, feed: Path) -> None:
    (feed / "palermo.toml").write_text("[feed]\nbase_curency = 1\n[sinks.fils]\n")

    ended = palermo("run", "--feed", feed, "--out", feed / "../out")

    assert ended.code == 3
    assert len(ended.err.strip().splitlines()) == 2
    assert "did you mean `base_currency`" in ended.err
    assert "did you mean `files`" in ended.err


def test_a_folder_without_results_is_told(palermo: Command, tmp_path: Path) -> None:
    ended = palermo("alerts", "list", "--out", tmp_path)

    assert ended.code == 5
    assert "no results here" in ended.err


def test_a_model_that_is_not_there_is_told(palermo: Command, tmp_path: Path) -> None:
    ended = palermo("models", "card", "abcdef", "--shelf", tmp_path)

    assert ended.code == 5
    assert "Traceback" not in ended.err


@pytest.mark.slow
def test_brokers_that_do_not_answer_are_4() -> None:
    settings = {
        "PALERMO__KAFKA__BOOTSTRAP": '["127.0.0.1:9"]',
        "PALERMO__KAFKA__PATIENCE_SECONDS": "0.5",
    }

    # A process of its own: the client leaves sockets to the garbage collector.
    ended = subprocess.run(
        [sys.executable, "-Im", "palermo", "topics", "plan"],
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert ended.returncode == 4
    assert "127.0.0.1:9" in ended.stderr
    assert "Traceback" not in ended.stderr
