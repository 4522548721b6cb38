"""Files of a run's folder: private, whole or not there at all, and faults said plainly."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from palermo.errors import DependencyUnreachable, UsageError

Observer = Callable[[str], None]
"""Called at each named stage; timing and the crash tests listen."""

DATABASE = "palermo.db"
ALERTS = "alerts.ndjson"
REJECTS = "rejects.ndjson"
SUMMARY = "summary.json"
RECEIPTS = "receipts"
ARCHIVE = "archive"
ACCESS = "access.ndjson"
SNAPSHOTS = "snapshots"
OURS = frozenset(
    (
        DATABASE,
        f"{DATABASE}.lock",
        ALERTS,
        REJECTS,
        SUMMARY,
        RECEIPTS,
        ARCHIVE,
        ACCESS,
        SNAPSHOTS,
    )
)


def claim_folder(path: Path) -> None:
    """The folder, ready for a run and private (0700); what a run writes is 0600.

    Raises UsageError if it holds something else, DependencyUnreachable if it cannot be made.
    """
    os.umask(0o077)
    with said_plainly(path):
        path.mkdir(parents=True, exist_ok=True)
        found = {entry.name for entry in path.iterdir()}
        if found and not found & OURS:
            raise UsageError(
                f"--out {path}: holds other files ({sorted(found)[0]}, ...); "
                "give an empty or a new folder"
            )
        path.chmod(0o700)


def write_whole(path: Path, content: bytes, observer: Observer) -> None:
    """The file with this content, or the file as it was: never a part of it."""
    temporary = path.with_name(path.name + ".part")
    try:
        _write_synced(temporary, content, os.O_TRUNC)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise
    observer("renaming")
    temporary.replace(path)
    sync_folder(path.parent)


def append_whole(path: Path, content: bytes) -> int:
    """The file's length after `content` was added and is on the disk."""
    is_new = not path.exists()
    length = _write_synced(path, content, os.O_APPEND)
    if is_new:
        sync_folder(path.parent)
    return length


def cut_to(path: Path, length: int) -> None:
    """The file without what was added after `length`; a run that died may have left some."""
    if path.exists() and path.stat().st_size > length:
        os.truncate(path, length)


def sync_folder(path: Path) -> None:
    """The names in the folder are on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def said_plainly(path: Path) -> Iterator[None]:
    """Faults of the disk as sentences that say what to do."""
    try:
        yield
    except OSError as fault:
        raise DependencyUnreachable(_sentence(path, fault)) from fault


def _write_synced(path: Path, content: bytes, mode: int) -> int:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | mode, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.seek(0, os.SEEK_END)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        return file.tell()


def _sentence(path: Path, fault: OSError) -> str:
    where = fault.filename or path
    if fault.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return (
            f"{path}: the disk is full; nothing since the last checkpoint was kept. "
            "Free some space and start the same command again: it goes on from there"
        )
    if fault.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{where}: not writable ({fault.strerror}); give another --out, or mend its rights"
    if fault.errno in (errno.ENOTDIR, errno.EEXIST):
        return f"{where}: is not a folder; give another --out"
    return f"{where}: {fault.strerror}"
