"""A run that is killed anywhere goes on, when started again, to the same bytes."""

import random
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import pytest

from ingest.simulated.disorder import USUAL
from ingest.simulated.plan import CountrySettings
from ingest.simulated.write import write_country

RUNNER = Path(__file__).with_name("killed_run.py")
STAGES = (
    "read",
    "detected",
    "archived",
    "rejects_written",
    "applied",
    "committed",
    "renaming",
    "snapshot_begun",
    "snapshot_written",
)
KILLS = 20
LONGEST_SECONDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What must not differ between a killed run and one that was left alone."""

    alerts: bytes
    rejects: bytes
    receipts: tuple[bytes, ...]
    fates: dict[str, int]
    rows: int


@pytest.fixture(scope="module")
def feed(demo_feed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's rows with rejects among them."""
    folder = tmp_path_factory.mktemp("feed")
    shutil.copytree(demo_feed, folder, dirs_exist_ok=True)
    rows = (demo_feed / "transactions.ndjson").read_text().splitlines()
    for place in range(100, len(rows), 400):
        rows.insert(place, f'{{"torn": {place}')
    (folder / "transactions.ndjson").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture(scope="module")
def undisturbed(feed: Path, tmp_path_factory: pytest.TempPathFactory) -> Left:
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    assert _run(feed, out, "none", 0) == 0
    return _left(out)


@pytest.mark.slow
def test_a_run_killed_after_the_rejects_and_in_a_rename_ends_with_the_same_bytes(
    feed: Path, undisturbed: Left, tmp_path: Path
) -> None:
    killed = [_run(feed, tmp_path, "rejects_written", 4), _run(feed, tmp_path, "renaming", 2)]
    ended = _run(feed, tmp_path, "none", 0)

    assert killed == [-9, -9]
    assert ended == 0
    assert _left(tmp_path) == undisturbed


@pytest.mark.faults
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("count", [1, 3])
def test_a_run_killed_at_a_named_point_ends_with_the_same_bytes(
    feed: Path, undisturbed: Left, tmp_path: Path, stage: str, count: int
) -> None:
    killed = _run(feed, tmp_path, stage, count)
    ended = _run(feed, tmp_path, "none", 0)

    assert (killed, ended) == (-9, 0)
    assert _left(tmp_path) == undisturbed


@pytest.mark.faults
@pytest.mark.timeout(3600)
def test_a_run_of_a_minute_killed_at_twenty_random_points_ends_with_the_same_bytes(
    tmp_path: Path,
) -> None:
    feed = tmp_path / "feed"
    settings = CountrySettings(customers=2_000, days=48, history=62, schemes_per_10k=400.0)
    write_country(feed, settings, np.random.Generator(np.random.PCG64(20)), USUAL)
    begun = time.monotonic()
    assert _run(feed, tmp_path / "whole", "none", 0) == 0
    seconds = time.monotonic() - begun

    chance, out = random.Random(2000), tmp_path / "killed"
    rows = len((feed / "feed.ndjson").read_bytes().splitlines())
    for row in sorted(chance.randrange(rows - 1000) for _ in range(KILLS)):
        _kill_after(row, feed, out, then=chance.uniform(0.0, 0.5))
    ended = _run(feed, tmp_path / "killed", "none", 0)

    assert seconds >= 60
    assert ended == 0
    assert _left(tmp_path / "killed") == _left(tmp_path / "whole")


def _run(feed: Path, out: Path, stage: str, count: int) -> int:
    command = [sys.executable, str(RUNNER), str(feed), str(out), stage, str(count)]
    return subprocess.run(command, timeout=LONGEST_SECONDS, check=False).returncode


def _kill_after(row: int, feed: Path, out: Path, *, then: float) -> None:
    """Starts or goes on with a run and kills it some seconds after it has archived a row."""
    process = subprocess.Popen([sys.executable, str(RUNNER), str(feed), str(out), "none", "0"])
    while _archived(out) < row:
        if _has_ended(process, within=0.02):
            pytest.fail("the run ended before it could be killed: give it more rows")
    if not _has_ended(process, within=then):
        process.kill()
        process.wait()


def _has_ended(process: subprocess.Popen[bytes], *, within: float) -> bool:
    try:
        process.wait(timeout=within)
    except subprocess.TimeoutExpired:
        return False
    return True


def _archived(out: Path) -> int:
    """The last row that is in the archive."""
    names = sorted(path.stem for path in (out / "archive").glob("rows-*.parquet"))
    return int(names[-1].split("-")[2]) if names else 0


def _left(out: Path) -> Left:
    summary = msgspec.json.decode((out / "summary.json").read_bytes())
    return Left(
        alerts=(out / "alerts.ndjson").read_bytes(),
        rejects=(out / "rejects.ndjson").read_bytes(),
        receipts=tuple(path.read_bytes() for path in sorted((out / "receipts").iterdir())),
        fates=summary["fates"],
        rows=sum(summary["fates"].values()),
    )
