"""Profiles, networks and fates on the disk, so that a run goes on without reading all its archive.

A snapshot is a folder of Arrow IPC files, one a section (see `models/snapshot.py`), and a manifest
with position, engine, release, configuration, bundle and the checksum of each file. It is begun at
a checkpoint, written a slice at a time between batches, and gets its name when all of it is
durable. Two are kept. None is trusted: what is not whole, not ours, or newer than what is
committed is refused, and the older one is used, else the archive. They only save time: where the
disk has no room for one the run goes on without.
"""

import os
import shutil
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import crc32c
import msgspec
import pyarrow as pa
import structlog

from alerts.alert import Reproduce
from ingest.feed import Position
from ingest.intake import Intake
from models.networks import Networks
from models.profile import Profiles
from models.snapshot import (
    ENGINE,
    FILLED_BY_ROWS,
    INTAKE,
    NETWORK_SECTIONS,
    PROFILE_SECTIONS,
    Piece,
    Sections,
    bytes_in,
    bytes_piece,
)
from palermo.errors import DependencyUnreachable, SnapshotRefused
from palermo.folder import Observer, said_plainly, sync_folder

KEPT = 2
MOST_MOVEMENTS = 1 << 16
"""About 7 MB a piece: some ten milliseconds."""

SLICE_SECONDS = 0.05
"""How long writing may hold up a batch."""

LARGEST_SHARE = 0.02
"""Of a run's time at most so much goes into snapshots."""

MANIFEST, UNFINISHED = "manifest.json", ".part"


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a snapshot: its length and its CRC-32C."""

    size: int
    crc32c: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a snapshot is of: `of` the folder it was made in, which is named for the partition where
    there are several; `rows` read up to it; `sections` by name."""

    of: str
    engine: str
    release: str
    configuration: str
    bundle: str
    rows: int
    position: dict[str, object]
    sections: dict[str, Section]


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """A manifest and the CRC-32C of its JSON."""

    manifest: Manifest
    crc32c: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """What a snapshot is of. A live stage has a part of it: `ingest` the intake, `detect` the
    profiles, `triage` the networks and the profiles it shows them by."""

    profiles: Profiles | None = None
    networks: Networks | None = None
    intake: Intake | None = None

    @property
    def sections(self) -> tuple[str, ...]:
        profiles = () if self.profiles is None else PROFILE_SECTIONS
        networks = () if self.networks is None else NETWORK_SECTIONS
        return (*profiles, *networks, *(() if self.intake is None else (INTAKE,)))

    def snapshot(self) -> Generator[Piece]:
        """All of them as they are now, to be written between batches."""
        parts = list[Iterable[Piece]]()
        if self.profiles is not None:
            parts.append(self.profiles.snapshot(most_movements=MOST_MOVEMENTS))
        if self.networks is not None:
            parts.append(self.networks.snapshot(most_transfers=MOST_MOVEMENTS))
        if self.intake is not None:
            parts.append([bytes_piece(INTAKE, self.intake.put_down())])
        return _together(parts)

    def restore(self, sections: Sections) -> None:
        if self.profiles is not None:
            self.profiles.restore(sections)
        if self.networks is not None:
            self.networks.restore(sections)
        if self.intake is not None:
            self.intake.take_up(bytes_in(sections, INTAKE))


def _together(parts: Sequence[Iterable[Piece]]) -> Generator[Piece]:
    try:
        for pieces in parts:
            yield from pieces
    finally:
        for pieces in parts:
            if isinstance(pieces, Generator):
                pieces.close()


class Snapshots:
    """The snapshots of one run's folder. `seconds_between`: at most one in so many; `clock` gives
    seconds, monotonic."""

    def __init__(
        self,
        folder: Path,
        *,
        reproduce: Reproduce,
        observer: Observer,
        clock: Callable[[], float],
        seconds_between: float,
    ) -> None:
        self._folder, self._reproduce = folder, reproduce
        self._observer, self._clock = observer, clock
        self._seconds_between = seconds_between
        self._ended, self._spent = clock(), 0.0
        self._writing: _Writing | None = None
        self._sealing: Future[None] | None = None
        self._sealer = ThreadPoolExecutor(1, thread_name_prefix="snapshot")

    def begin(self, stages: Stages, *, rows: int, position: Position) -> None:
        """Starts one of what was just committed, if it is time for it: `rows` up to there, a number
        that grows, and what else its maker needs to go on."""
        pause = max(self._seconds_between, self._spent / LARGEST_SHARE)
        is_busy = self._writing is not None or self._sealing is not None
        path = self._folder / _name(rows)
        if is_busy or self._clock() - self._ended < pause or path.exists():
            return
        begun = self._clock()
        with self._given_up_without_room():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._writing = _Writing(path, self._manifest(rows, position), stages.snapshot())
            self._writing.write_next()
            self._observer("snapshot_begun")
        self._spent = self._clock() - begun

    def advance(self) -> None:
        """Writes for at most about SLICE_SECONDS; called after each batch."""
        begun = self._clock()
        if self._writing is not None:
            with self._given_up_without_room():
                while self._writing.write_next():
                    if self._clock() - begun > SLICE_SECONDS:
                        break
                else:
                    self._sealing = self._sealer.submit(self._writing.seal)
                    self._writing = None
        elif self._sealing is not None and self._sealing.done():
            self._finish(self._sealing)
        self._spent += self._clock() - begun

    def restore(self, stages: Stages, *, upto: int) -> Manifest | None:
        """Gives stages that have seen nothing the newest usable snapshot of at most `upto` rows;
        what it is of, None if there is none. Refused ones are removed, and told with the reason."""
        for path in sorted(self._folder.glob("rows-*"), reverse=True):
            try:
                manifest, sections = self._opened(path, upto, stages.sections)
            except SnapshotRefused as refusal:
                structlog.get_logger().warning(
                    "snapshot_refused", snapshot=path.name, reason=str(refusal)
                )
                self._observer("snapshot_refused")
                shutil.rmtree(path)
                continue
            stages.restore(sections)
            self._observer("snapshot_restored")
            return manifest
        if upto:
            self._observer("profiles_rebuilt")
        return None

    def close(self) -> None:
        """Gives up what is being written and waits for what is being made durable."""
        if self._writing is not None:
            self._writing.give_up()
            self._writing = None
        self._sealer.shutdown()
        if self._sealing is not None:
            self._finish(self._sealing)

    def _manifest(self, rows: int, position: Position) -> Manifest:
        return Manifest(
            of=self._folder.name,
            engine=ENGINE,
            release=self._reproduce.release,
            configuration=self._reproduce.configuration,
            bundle=self._reproduce.bundle,
            rows=rows,
            position=dict(position),
            sections={},
        )

    def _finish(self, sealing: Future[None]) -> None:
        self._sealing = None
        with self._given_up_without_room():
            sealing.result()
            for old in sorted(self._folder.glob("rows-*[0-9]"))[:-KEPT]:
                shutil.rmtree(old)
            self._ended = self._clock()
            self._observer("snapshot_written")

    @contextmanager
    def _given_up_without_room(self) -> Iterator[None]:
        """A fault of the disk ends the snapshot and not the run; the next one comes in its time."""
        try:
            with said_plainly(self._folder):
                yield
        except DependencyUnreachable as fault:
            structlog.get_logger().warning("snapshot_given_up", reason=str(fault))
            if self._writing is not None:
                self._writing.give_up()
                self._writing = None
            self._ended = self._clock()
            self._observer("snapshot_given_up")

    def _opened(self, path: Path, upto: int, sections: Sequence[str]) -> tuple[Manifest, Sections]:
        if path.name.endswith(UNFINISHED):
            raise SnapshotRefused("half-written: the run ended before it was durable")
        manifest = _manifest_in(path)
        ours = (ENGINE, *msgspec.structs.astuple(self._reproduce))
        theirs = (manifest.engine, manifest.release, manifest.configuration, manifest.bundle)
        if ours != theirs:
            raise SnapshotRefused(f"foreign: made by engine, release, ... {theirs}, not {ours}")
        if manifest.of != self._folder.name:
            raise SnapshotRefused(f"foreign: is of {manifest.of}, not of {self._folder.name}")
        if manifest.rows > upto:
            raise SnapshotRefused(
                f"newer than what is committed: covers {manifest.rows} rows of {upto}"
            )
        return manifest, {name: _batches(path, name, manifest) for name in sections}


class _Writing:
    """One snapshot on its way to the disk."""

    def __init__(self, path: Path, manifest: Manifest, pieces: Generator[Piece]) -> None:
        self._path, self._manifest = path, manifest
        self._part = path.with_name(path.name + UNFINISHED)
        shutil.rmtree(self._part, ignore_errors=True)
        self._part.mkdir(mode=0o700)
        self._files: dict[str, tuple[pa.NativeFile, pa.RecordBatchFileWriter]] = {}
        self._pieces = pieces

    def write_next(self) -> bool:
        """Writes one piece; False if there is none left."""
        piece = next(self._pieces, None)
        if piece is None:
            return False
        if piece.section not in self._files:
            file = pa.OSFile(str(self._part / _file(piece.section)), "wb")
            self._files[piece.section] = file, pa.ipc.new_file(file, piece.rows.schema)
        self._files[piece.section][1].write_batch(piece.rows)
        return True

    def seal(self) -> None:
        """Makes all of it durable and gives it its name, or leaves nothing; beside the run, in a
        thread of its own."""
        try:
            self._seal()
        except OSError:
            self.give_up()
            raise

    def _seal(self) -> None:
        for file, writer in self._files.values():
            writer.close()
            file.close()
        sections = {name: _synced(self._part / _file(name)) for name in self._files}
        manifest = msgspec.structs.replace(self._manifest, sections=sections)
        sealed = Sealed(manifest=manifest, crc32c=_crc32c(msgspec.json.encode(manifest)))
        path = self._part / MANIFEST
        path.write_bytes(msgspec.json.encode(sealed))
        _synced(path)
        sync_folder(self._part)
        self._part.rename(self._path)
        sync_folder(self._path.parent)

    def give_up(self) -> None:
        self._pieces.close()
        for file, writer in self._files.values():
            # Closing writes, and the disk may be what failed.
            with suppress(OSError):
                writer.close()
            with suppress(OSError):
                file.close()
        shutil.rmtree(self._part, ignore_errors=True)


def _name(rows: int) -> str:
    return f"rows-{rows:012d}"


def _file(section: str) -> str:
    return f"{section}.arrow"


def _crc32c(content: bytes | memoryview) -> int:
    return int(crc32c.crc32c(content))


def _synced(path: Path) -> Section:
    """The file as it is, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    with pa.memory_map(str(path)) as file:
        whole = file.read_buffer()
        return Section(size=whole.size, crc32c=_crc32c(memoryview(whole)))


def _manifest_in(path: Path) -> Manifest:
    try:
        sealed = msgspec.json.decode((path / MANIFEST).read_bytes(), type=Sealed)
    except (OSError, msgspec.MsgspecError) as fault:
        raise SnapshotRefused(f"{MANIFEST} cannot be read: {fault}") from fault
    if _crc32c(msgspec.json.encode(sealed.manifest)) != sealed.crc32c:
        raise SnapshotRefused(f"{MANIFEST} is damaged: its checksum differs")
    return sealed.manifest


def _batches(path: Path, name: str, manifest: Manifest) -> Sequence[pa.RecordBatch]:
    """A section, checked as a whole before anything of it is used."""
    expected = manifest.sections.get(name)
    if expected is None:
        if name in FILLED_BY_ROWS:
            return ()
        raise SnapshotRefused(f"has no section {name}")
    try:
        whole = pa.memory_map(str(path / _file(name))).read_buffer()
    except OSError as fault:
        raise SnapshotRefused(f"{_file(name)} cannot be read: {fault}") from fault
    if whole.size != expected.size:
        raise SnapshotRefused(
            f"{_file(name)} has {whole.size} bytes, not {expected.size}: it was cut or added to"
        )
    if _crc32c(memoryview(whole)) != expected.crc32c:
        raise SnapshotRefused(f"{_file(name)} is damaged: its checksum differs")
    reader = pa.ipc.open_file(whole)
    return [reader.get_batch(i) for i in range(reader.num_record_batches)]
