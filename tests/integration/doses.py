"""What is done to a run: feeds in disorder, full disks, snapshots that cannot be trusted, time."""

import os
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import crc32c
import msgspec
import pytest

from palermo.snapshots import MANIFEST, Sealed

WITHIN_LATENESS = timedelta(hours=20)
BEYOND_LATENESS = timedelta(days=3)
DISK_MEGABYTES = 256


class Row(msgspec.Struct):
    """What is looked at in a row of the feed."""

    txn_id: str
    event_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Disorder:
    """Rows in the order they come, and the ids of those that come too late."""

    rows: Sequence[bytes]
    late: frozenset[str]


def disordered(rows: Sequence[bytes], choose: Random) -> Disorder:
    """Each third row comes two or three times, a fifth of all is late, but not too late; one in a
    hundred of those that are never amended comes when it is too late, while others still follow."""
    seen = [msgspec.json.decode(row, type=Row) for row in rows]
    times = Counter(each.txn_id for each in seen)
    end = max(each.event_time for each in seen) - 2 * BEYOND_LATENESS
    arrivals, late = list[tuple[datetime, int]](), set[str]()
    for number, each in enumerate(seen):
        if times[each.txn_id] == 1 and each.event_time < end and choose.random() < 0.01:
            late.add(each.txn_id)
            arrivals.append((each.event_time + BEYOND_LATENESS, number))
            continue
        is_delayed = choose.random() < 0.2
        copies = choose.choice((2, 3)) if choose.random() < 1 / 3 else 1
        arrivals += [
            (each.event_time + WITHIN_LATENESS * choose.random() * (is_delayed or copy > 0), number)
            for copy in range(copies)
        ]
    return Disorder(rows=[rows[number] for _, number in sorted(arrivals)], late=frozenset(late))


def waited(seconds: float) -> Iterator[None]:
    """Steps of nothing for so long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        yield


@contextmanager
def mounted(folder: Path) -> Iterator[None]:
    """A small disk of its own at this folder; without the right to mount the test is skipped."""
    size = f"size={DISK_MEGABYTES}m"
    command = ["mount", "-t", "tmpfs", "-o", size, "palermo-fict", str(folder)]
    if subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("a disk can be mounted by root alone")
    try:
        yield
    finally:
        unmount = ["umount", "--lazy", str(folder)]
        subprocess.run(unmount, check=True)


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Not a byte is free on the folder's disk."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))
    try:
        yield
    finally:
        filler.unlink()


def cut(snapshot: Path) -> None:
    path = snapshot / "movements.arrow"
    os.truncate(path, path.stat().st_size // 2)


def emptied(snapshot: Path) -> None:
    os.truncate(snapshot / "movements.arrow", 0)


def one_bit_flipped(snapshot: Path) -> None:
    path = snapshot / "movements.arrow"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def torn_manifest(snapshot: Path) -> None:
    (snapshot / MANIFEST).write_bytes((snapshot / MANIFEST).read_bytes()[:100])


def missing_file(snapshot: Path) -> None:
    (snapshot / "names.arrow").unlink()


def of_another_configuration(snapshot: Path) -> None:
    _rewrite(snapshot, configuration="another")


def of_another_release(snapshot: Path) -> None:
    _rewrite(snapshot, engine="another")


def too_new(snapshot: Path) -> None:
    _rewrite(snapshot, rows=1_000_000_000)


def of_another_partition(snapshot: Path) -> None:
    own = snapshot.parent
    (other,) = [each for each in sorted(own.parent.iterdir()) if each != own and _kept(each)][:1]
    shutil.rmtree(snapshot)
    shutil.copytree(_kept(other)[-1], snapshot)


DAMAGES: tuple[Callable[[Path], None], ...] = (
    cut,
    emptied,
    one_bit_flipped,
    torn_manifest,
    missing_file,
    of_another_configuration,
    of_another_release,
    too_new,
    of_another_partition,
)


def kept_snapshots(folder: Path) -> list[list[Path]]:
    """Of each partition, oldest first."""
    return [_kept(own) for own in sorted(folder.iterdir())] if folder.exists() else []


def _kept(folder: Path) -> list[Path]:
    return sorted(folder.glob("rows-*[0-9]"))


def _rewrite(snapshot: Path, **changed: object) -> None:
    """The manifest with something else in it, and a checksum that fits."""
    path = snapshot / MANIFEST
    manifest = msgspec.structs.replace(
        msgspec.json.decode(path.read_bytes(), type=Sealed).manifest, **changed
    )
    checksum = crc32c.crc32c(msgspec.json.encode(manifest))
    path.write_bytes(msgspec.json.encode(Sealed(manifest=manifest, crc32c=checksum)))
