"""A run goes on from its snapshots; what is wrong with one is said, and costs no byte."""

import os
import resource
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import crc32c
import msgspec
import pytest
from structlog.testing import capture_logs

from palermo.running import Wish, carry_out
from palermo.snapshots import KEPT, MANIFEST, UNFINISHED, Manifest, Sealed

LEAST_CHECKPOINTS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """How a run ended that was taken up again."""

    alerts: bytes
    stages: Counter[str]
    refusals: Sequence[str]


@pytest.fixture(scope="module")
def undisturbed(demo_feed: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    carry_out(Wish(feed=str(demo_feed), config=None, out=out, snapshot_seconds=1e9))
    return (out / "alerts.ndjson").read_bytes()


@pytest.fixture(scope="module")
def stopped(demo_feed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that was stopped half-way, with two snapshots."""
    out = tmp_path_factory.mktemp("stopped") / "out"
    stages: Counter[str] = Counter()

    def interrupt(stage: str) -> None:
        stages[stage] += 1
        # How many checkpoints a snapshot takes to reach the disk is the disk's affair.
        if stage == "committed" and _is_far(stages):
            os.kill(os.getpid(), signal.SIGINT)

    assert carry_out(_wish(demo_feed, out), observer=interrupt).summary is None
    assert len(_snapshots(out)) == KEPT
    return out


def _is_far(stages: Counter[str]) -> bool:
    return stages["committed"] >= LEAST_CHECKPOINTS and stages["snapshot_written"] >= KEPT


@pytest.fixture
def folder(stopped: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(stopped, tmp_path / "out"))


def test_a_run_goes_on_from_its_newest_snapshot(
    demo_feed: Path, folder: Path, undisturbed: bytes
) -> None:
    ended = _resumed(demo_feed, folder)

    assert ended.stages["snapshot_restored"] == 1
    assert ended.stages["snapshot_refused"] == ended.stages["profiles_rebuilt"] == 0
    assert ended.alerts == undisturbed


def test_without_any_snapshot_the_profiles_are_rebuilt_from_the_archive(
    demo_feed: Path, folder: Path, undisturbed: bytes
) -> None:
    shutil.rmtree(folder / "snapshots")

    ended = _resumed(demo_feed, folder)

    assert ended.stages["profiles_rebuilt"] == 1
    assert ended.alerts == undisturbed


def _cut(snapshot: Path) -> None:
    path = snapshot / "movements.arrow"
    os.truncate(path, path.stat().st_size // 2)


def _empty(snapshot: Path) -> None:
    os.truncate(snapshot / "movements.arrow", 0)


def _flip(snapshot: Path) -> None:
    path = snapshot / "movements.arrow"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _flip_manifest(snapshot: Path) -> None:
    path = snapshot / MANIFEST
    path.write_bytes(path.read_bytes().replace(b'"rows":', b'"rows":1'))


def _tear_manifest(snapshot: Path) -> None:
    (snapshot / MANIFEST).write_bytes(b"{")


def _lose(snapshot: Path) -> None:
    (snapshot / "names.arrow").unlink()


def _make_foreign(snapshot: Path) -> None:
    _rewrite(snapshot, bundle="another")


def _bring_from_elsewhere(snapshot: Path) -> None:
    _rewrite(snapshot, of="movements-3")


def _make_newer(snapshot: Path) -> None:
    _rewrite(snapshot, rows=1_000_000)


def _leave_unfinished(snapshot: Path) -> None:
    snapshot.rename(snapshot.with_name(snapshot.name + UNFINISHED))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (_cut, "it was cut or added to"),
        (_empty, "it was cut or added to"),
        (_flip, "movements.arrow is damaged"),
        (_flip_manifest, "manifest.json is damaged"),
        (_tear_manifest, "manifest.json cannot be read"),
        (_lose, "names.arrow cannot be read"),
        (_make_foreign, "foreign"),
        (_bring_from_elsewhere, "is of movements-3"),
        (_make_newer, "newer than what is committed"),
        (_leave_unfinished, "half-written"),
    ],
)
def test_a_snapshot_that_cannot_be_trusted_is_refused_and_the_older_one_used(
    demo_feed: Path,
    folder: Path,
    undisturbed: bytes,
    damage: Callable[[Path], None],
    reason: str,
) -> None:
    damage(_snapshots(folder)[-1])

    ended = _resumed(demo_feed, folder)

    assert ended.stages["snapshot_refused"] == ended.stages["snapshot_restored"] == 1
    assert ended.alerts == undisturbed
    assert reason in ended.refusals[0]


def test_two_damaged_snapshots_are_refused_and_the_archive_is_read(
    demo_feed: Path, folder: Path, undisturbed: bytes
) -> None:
    for snapshot in _snapshots(folder):
        _flip(snapshot)

    ended = _resumed(demo_feed, folder)

    assert ended.stages["snapshot_refused"] == KEPT
    assert ended.stages["profiles_rebuilt"] == 1
    assert ended.alerts == undisturbed


def test_without_room_for_snapshots_a_run_goes_on_says_so_and_leaves_nothing_behind(
    demo_feed: Path, tmp_path: Path, undisturbed: bytes
) -> None:
    out, stages = tmp_path / "out", Counter[str]()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def shrink(stage: str) -> None:
        stages[stage] += 1
        if stage == "snapshot_begun" and stages[stage] > 2:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, before[1]))
        elif stage == "snapshot_given_up":
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    with capture_logs() as logs:
        carry_out(_wish(demo_feed, out), observer=shrink)

    assert stages["snapshot_given_up"] > 1
    told = {log["reason"] for log in logs if log["event"] == "snapshot_given_up"}
    assert len(told) == 1
    assert "disk is full" in told.pop()
    assert not list((out / "snapshots").glob("*.part"))
    assert (out / "alerts.ndjson").read_bytes() == undisturbed


def test_snapshots_come_at_most_as_often_as_asked(demo_feed: Path, tmp_path: Path) -> None:
    stages: Counter[str] = Counter()

    carry_out(
        Wish(feed=str(demo_feed), config=None, out=tmp_path / "out", batch_rows=100),
        observer=lambda stage: stages.update([stage]),
    )

    assert stages["committed"] > 0
    assert stages["snapshot_begun"] == 0


def _wish(feed: Path, out: Path) -> Wish:
    return Wish(
        feed=str(feed),
        config=None,
        out=out,
        batch_rows=100,
        checkpoint_rows=200,
        snapshot_seconds=0.0,
    )


def _resumed(feed: Path, out: Path) -> Resumed:
    stages: Counter[str] = Counter()
    with capture_logs() as logs:
        carry_out(_wish(feed, out), observer=lambda stage: stages.update([stage]))
    return Resumed(
        alerts=(out / "alerts.ndjson").read_bytes(),
        stages=stages,
        refusals=[log["reason"] for log in logs if log["event"] == "snapshot_refused"],
    )


def _snapshots(out: Path) -> list[Path]:
    return sorted((out / "snapshots").iterdir())


def _rewrite(snapshot: Path, **changed: object) -> None:
    """The manifest with something else in it, and a checksum that fits."""
    path = snapshot / MANIFEST
    told = msgspec.json.decode(path.read_bytes(), type=Sealed).manifest
    manifest: Manifest = msgspec.structs.replace(told, **changed)
    checksum = crc32c.crc32c(msgspec.json.encode(manifest))
    path.write_bytes(msgspec.json.encode(Sealed(manifest=manifest, crc32c=checksum)))
