import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]


def test_a_sound_machine_and_feed_pass_and_say_what_is_seen(
    palermo: Command, demo_feed: Path, tmp_path: Path
) -> None:
    ended = palermo("doctor", "--feed", demo_feed, "--out", tmp_path / "out", "--json")

    checks = {each["check"]: each for each in json.loads(ended.out)}
    assert ended.code == 0
    assert all(check["ok"] for check in checks.values())
    assert checks["feed"]["detail"] == "1000 of the first 1000 rows are read"
    assert {"python", "packages", "compiler", "disk", "folder", "configuration"} <= set(checks)
    assert "sees" in checks["sight st-funnel-geo"]["detail"]


def test_a_feed_that_cannot_be_decoded_names_the_reason_and_the_first_line(
    palermo: Command, feed: Path, tmp_path: Path
) -> None:
    (feed / "transactions.ndjson").write_text("torn\n" * 10)

    ended = palermo("doctor", "--feed", feed, "--out", tmp_path / "out")

    assert ended.code == 1
    assert "FAIL feed: 0 of the first 10 rows are read" in ended.out
    assert "transactions.ndjson:1" in ended.out


def test_a_feed_without_places_says_which_typology_is_blind(
    palermo: Command, demo_feed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PALERMO__FEED__WITHOUT", '["place"]')

    ended = palermo("doctor", "--feed", demo_feed, "--out", tmp_path / "out")

    assert "sight st-funnel-geo: blind: " in ended.out


def test_an_absent_reference_file_is_told(palermo: Command, feed: Path, tmp_path: Path) -> None:
    text = (feed / "palermo.toml").read_text()
    (feed / "palermo.toml").write_text(text + '[feed.customers]\nfile = "absent.csv"\n')

    ended = palermo("doctor", "--feed", feed, "--out", tmp_path / "out")

    assert "FAIL reference file: customers" in ended.out


def test_a_wrong_configuration_fails_and_the_rest_is_still_told(
    palermo: Command, feed: Path, tmp_path: Path
) -> None:
    (feed / "palermo.toml").write_text("[feed]\nbase_curency = 1\n")

    ended = palermo("doctor", "--feed", feed, "--out", tmp_path / "out")

    assert ended.code == 1
    assert "ok   python" in ended.out
    assert "FAIL configuration" in ended.out


def test_brokers_that_do_not_answer_are_4(
    palermo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PALERMO__KAFKA__BOOTSTRAP", '["127.0.0.1:9"]')
    monkeypatch.setenv("PALERMO__KAFKA__TOPICS", '["fict.raw"]')
    monkeypatch.setenv("PALERMO__KAFKA__PATIENCE_SECONDS", "0.5")

    ended = palermo("doctor", "--feed", "kafka", "--out", tmp_path / "out")

    assert ended.code == 4
    assert "FAIL kafka tcp" in ended.out


def test_a_folder_that_others_can_read_is_told(palermo: Command, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    ended = palermo("doctor", "--out", tmp_path)

    assert ended.code == 1
    assert f"chmod 700 {tmp_path}" in " ".join(ended.out.split())
