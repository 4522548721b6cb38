"""`palermo run` as a user meets it: results, exit codes, messages."""

import fcntl
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from palermo.folder import DATABASE
from palermo.running import Wish, carry_out
from tests.demo import copied_demo

Command = Callable[..., Any]


@pytest.fixture(scope="session")
def whole(demo_feed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of the demo feed read in one batch."""
    out = tmp_path_factory.mktemp("whole") / "out"
    carry_out(Wish(feed=str(demo_feed), config=None, out=out, batch_rows=100_000))
    return out


@pytest.mark.parametrize("rows", [97, 1000])
def test_a_feed_cut_anywhere_gives_the_same_bytes(
    demo_feed: Path, whole: Path, tmp_path: Path, rows: int
) -> None:
    carry_out(Wish(feed=str(demo_feed), config=None, out=tmp_path / "out", batch_rows=rows))

    assert (tmp_path / "out/alerts.ndjson").read_bytes() == (whole / "alerts.ndjson").read_bytes()


def test_a_finished_run_started_again_changes_no_byte(
    demo_feed: Path, whole: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    before = _files(out)

    carry_out(Wish(feed=str(demo_feed), config=None, out=out))

    assert _files(out) == before


def test_a_run_that_was_stopped_goes_on_where_it_was(
    demo_feed: Path, whole: Path, tmp_path: Path
) -> None:
    stages: list[str] = []

    def interrupt(stage: str) -> None:
        stages.append(stage)
        if stages.count("detected") == 10:
            os.kill(os.getpid(), signal.SIGINT)

    wish = Wish(feed=str(demo_feed), config=None, out=tmp_path / "out", batch_rows=100)
    first = carry_out(wish, observer=interrupt)
    second = carry_out(wish)

    assert first.summary is None
    assert second.summary is not None
    assert (tmp_path / "out/alerts.ndjson").read_bytes() == (whole / "alerts.ndjson").read_bytes()


def test_the_archive_of_a_run_is_a_feed_with_the_same_alerts(
    demo_feed: Path, whole: Path, tmp_path: Path
) -> None:
    carry_out(
        Wish(
            feed=str(whole / "archive"),
            config=demo_feed / "palermo.toml",
            out=tmp_path / "out",
            batch_rows=700,
        )
    )

    assert (tmp_path / "out/alerts.ndjson").read_bytes() == (whole / "alerts.ndjson").read_bytes()


@pytest.mark.slow
def test_standard_input_fed_again_goes_on(demo_feed: Path, tmp_path: Path) -> None:
    feed = copied_demo(demo_feed, tmp_path / "feed")
    config, whole, out = feed / "palermo.toml", tmp_path / "whole", tmp_path / "out"
    carry_out(Wish(feed=str(feed), config=None, out=whole))
    rows = (demo_feed / "transactions.ndjson").read_bytes().splitlines(keepends=True)

    for part in (rows[:2000], rows):
        ended = _piped(b"".join(part), "run", "--feed", "-", "--config", config, "--out", out)
        assert ended.returncode == 0, ended.stderr

    assert (out / "alerts.ndjson").read_bytes() == (whole / "alerts.ndjson").read_bytes()


def test_a_currency_without_a_rate_is_told_with_the_typologies_it_blinds(
    palermo: Command, feed: Path
) -> None:
    rows = feed / "transactions.ndjson"
    rows.write_text(rows.read_text().replace('"currency": "LAK"', '"currency": "THB"', 2))

    palermo("run", "--feed", feed, "--out", feed / "../out", "--max-reject-share", 1)

    told = json.loads((feed / "../out/summary.json").read_text())["not_testable"]
    [receipt] = (feed / "../out/receipts").iterdir()
    reason = "amounts: no exchange rate for THB (2 rows); give one in [feed.rates]"
    assert reason in told["som-collector-fanin"]
    assert reason in told["st-structuring"]
    assert json.loads(receipt.read_text())["without_rate"] == {"THB": 2}


def test_every_row_has_one_fate_and_the_receipt_adds_up(palermo: Command, feed: Path) -> None:
    ended = palermo(
        "run", "--feed", feed, "--out", feed / "../out", "--max-reject-share", 0.5, "--json"
    )

    summary = json.loads(ended.out)
    assert ended.code == 0
    assert summary["fates"] == {
        "scored": 5,
        "duplicate": 0,
        "amendment": 0,
        "late": 0,
        "reject": 1,
    }
    [receipt] = (feed / "../out/receipts").iterdir()
    told = json.loads(receipt.read_text())
    assert told["rows"] == 6
    assert told["fates"] == summary["fates"]
    assert told["sums"] == {"LAK": "1500000"}
    assert told["size_bytes"] == (feed / "transactions.ndjson").stat().st_size
    [reject] = (feed / "../out/rejects.ndjson").read_text().splitlines()
    assert json.loads(reject)["where"] == "transactions.ndjson:6"


def test_too_many_rejects_end_with_5_and_results_are_kept(palermo: Command, feed: Path) -> None:
    ended = palermo("run", "--feed", feed, "--out", feed / "../out")

    assert ended.code == 5
    assert "16.7% of 6 rows are rejects" in ended.err
    assert (feed / "../out/summary.json").exists()


def test_an_empty_feed_is_5_and_writes_no_results(palermo: Command, feed: Path) -> None:
    (feed / "transactions.ndjson").write_text("")

    ended = palermo("run", "--feed", feed, "--out", feed / "../out")

    assert ended.code == 5
    assert "has no rows" in ended.err
    assert not (feed / "../out/alerts.ndjson").exists()


def test_a_missing_feed_is_told_before_anything_is_made(palermo: Command, tmp_path: Path) -> None:
    ended = palermo("run", "--feed", tmp_path / "absent.ndjson", "--out", tmp_path / "out")

    assert ended.code == 5
    assert "absent.ndjson" in ended.err
    assert "Traceback" not in ended.err
    assert not (tmp_path / "out").exists()


def test_a_file_cannot_be_followed(palermo: Command, feed: Path) -> None:
    ended = palermo("run", "--feed", feed, "--out", feed / "../out", "--follow")

    assert ended.code == 2
    assert "goes on from the last row" in ended.err


def test_a_file_that_came_later_is_read_and_the_rest_is_not_read_again(
    palermo: Command, feed: Path
) -> None:
    (feed / "palermo.toml").write_text('[feed]\nsource_id = "fict-bank"\n')
    lines = (feed / "transactions.ndjson").read_text().splitlines(keepends=True)
    (feed / "transactions.ndjson").unlink()
    arguments = ("run", "--feed", feed, "--out", feed / "../out", "--json")

    (feed / "day-1.ndjson").write_text("".join(lines[:3]))
    first = json.loads(palermo(*arguments).out)
    (feed / "day-2.ndjson").write_text("".join(lines[3:5]))
    second = json.loads(palermo(*arguments).out)

    assert first["fates"]["scored"] == 3
    assert second["fates"]["scored"] == 5


@pytest.mark.slow
def test_an_interrupted_command_ends_with_130(demo_feed: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-Im", "palermo", "run", "--feed", str(demo_feed), "--out", str(out)]
    process = subprocess.Popen([*command, "--batch-rows", "5"], stderr=subprocess.PIPE, text=True)
    while not (out / DATABASE).exists():
        assert process.poll() is None

    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=120)

    assert process.returncode == 130
    assert "Traceback" not in told


def test_a_folder_of_another_configuration_is_refused(palermo: Command, feed: Path) -> None:
    arguments = ("run", "--feed", feed, "--out", feed / "../out", "--max-reject-share", 1)
    palermo(*arguments)
    text = (feed / "palermo.toml").read_text()
    (feed / "palermo.toml").write_text(text + "lateness_hours = 48\n")

    ended = palermo(*arguments)

    assert ended.code == 3
    assert "was made with another configuration" in ended.err


def test_a_second_run_on_one_folder_is_refused(palermo: Command, feed: Path) -> None:
    out = feed / "../out"
    carry_out(Wish(feed=str(feed), config=None, out=out))
    held = os.open(out / f"{DATABASE}.lock", os.O_RDWR)
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        ended = palermo("run", "--feed", feed, "--out", out)
    finally:
        os.close(held)

    assert ended.code == 4
    assert "another run is using this folder" in ended.err


@pytest.mark.slow
def test_a_full_disk_ends_with_4_and_the_next_run_goes_on(
    demo_feed: Path, whole: Path, tmp_path: Path
) -> None:
    arguments = ("run", "--feed", demo_feed, "--out", tmp_path / "out")

    full = _limited(300_000, *arguments)
    freed = _limited(resource.RLIM_INFINITY, *arguments)

    assert full.returncode == 4, full.stderr
    assert b"full" in full.stderr
    assert b"Traceback" not in full.stderr
    assert freed.returncode == 0, freed.stderr
    assert (tmp_path / "out/alerts.ndjson").read_bytes() == (whole / "alerts.ndjson").read_bytes()
    assert not list((tmp_path / "out").rglob("*.part"))


def test_files_are_for_their_owner_alone(whole: Path) -> None:
    modes = {path.stat().st_mode & 0o077 for path in [whole, *whole.rglob("*")]}

    assert modes == {0}


@pytest.mark.slow
def test_logs_name_no_person_and_no_account(demo_feed: Path, tmp_path: Path) -> None:
    ended = _piped(b"", "-vv", "run", "--feed", demo_feed, "--out", tmp_path / "out")

    assert b'"event": "checkpoint"' in ended.stderr
    assert b"FICT" not in ended.stderr


def _files(out: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and "palermo.db" not in path.name
    }


def _piped(given: bytes, *arguments: object) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-Im", "palermo", *map(str, arguments)]
    return subprocess.run(command, input=given, capture_output=True, check=False, timeout=120)


def _limited(most_bytes: int, *arguments: object) -> subprocess.CompletedProcess[bytes]:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

    command = [sys.executable, "-Im", "palermo", *map(str, arguments)]
    return subprocess.run(command, preexec_fn=limit, capture_output=True, check=False, timeout=120)


def test_a_feed_without_a_mapping_is_blind_for_what_its_rows_do_not_carry(
    palermo: Command, tmp_path: Path
) -> None:
    row = (
        '{"txn_id":"T-FICT-1","event_time":"2026-03-01T08:00:00Z","amount":"1000.00",'
        '"currency":"LAK","txn_type":"TRANSFER","orig_account_id":"A-FICT-1",'
        '"benef_account_id":"A-FICT-2"}\n'
    )
    (tmp_path / "feed.ndjson").write_text(row)

    ended = palermo("run", "--feed", tmp_path / "feed.ndjson", "--out", tmp_path / "out", "--json")

    blind = json.loads(ended.out)["not_testable"]
    assert any("no merchant category" in reason for reason in blind["sx-drained-account"])
    assert any("no place of the other side" in reason for reason in blind["som-collector-fanin"])
