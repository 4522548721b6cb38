"""The file that holds everything alerts are made from: one database transaction a step.

A step's findings, signals, movements, episodes, alerts, outbox and feed position become visible
together or not at all, wherever the process dies.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Self

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from alerts.alert import AlertRevision, Reproduce
from alerts.errors import (
    AlertsError,
    OtherFolderError,
    StoreBusyError,
    StoreFullError,
    StoreGoneError,
    StoreUnreadableError,
)
from alerts.frozen import load_evidence, save_evidence
from alerts.kept import cleared_counts, finding_counts, untested
from alerts.progress import Progress, load_progress, save_progress
from alerts.register import history, mark_published, release_held, status_counts, unpublished
from alerts.tables import META, METADATA, NEWEST, VERSION

BUSY_TIMEOUT_MS = 5_000


class Store:
    """The store in the file `path`. Close it, or use it in a `with`.

    With `reproduce` it is opened for a run: the folder is made (0700, files 0600) and held against
    other runs, the tables are brought to this release, and a folder of another release,
    configuration or bundle is refused. Without it is opened to read what a run has committed,
    also while that run goes on.
    Raises StoreBusyError, StoreFullError, StoreGoneError, StoreUnreadableError, OtherFolderError.
    """

    def __init__(self, path: Path, *, reproduce: Reproduce | None = None) -> None:
        self._path = path
        self._lock: int | None = None
        self._held: os.stat_result | None = None
        self._engine: sa.Engine | None = None
        try:
            if reproduce is None:
                self._open_for_reading()
            else:
                self._open_for_a_run(reproduce)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def transaction(self) -> Iterator["StoreTransaction"]:
        """One database transaction: committed at the end of the `with`, undone on any exception."""
        if self._engine is None:
            raise AlertsError(f"{self._path}: the store is closed; open it again")
        self._demand_in_its_place()
        with said_plainly(self._path), self._engine.begin() as connection:
            yield StoreTransaction(connection)

    def close(self) -> None:
        """Gives the folder free; a second call does nothing."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open_for_a_run(self, reproduce: Reproduce) -> None:
        with said_plainly(self._path):
            make_private_folder(self._path.parent)
            _demand_not_lost(self._path)
            # Before the lock file, so that one without the other tells a loss.
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            self._lock = _hold(self._path)
            self._held = self._path.stat()
            self._engine = _engine(self._path, is_writing=True)
            with self._engine.begin() as connection:
                _migrate(connection, self._path)
                _adopt(connection, reproduce, self._path)

    def _demand_in_its_place(self) -> None:
        """A file that was moved can be written on, where nobody will find it."""
        if self._held is not None and not _is_same(self._path, self._held):
            raise StoreGoneError(
                f"{self._path}: was moved away or replaced while it was in use; what is committed "
                "lies in the file that was there. Put it back and start the same command again: it "
                "goes on from there"
            )

    def _open_for_reading(self) -> None:
        if not self._path.is_file():
            raise StoreUnreadableError(
                f"{self._path}: no results here; make some with `palermo run --out "
                f"{self._path.parent}` or give the folder of a run"
            )
        with said_plainly(self._path):
            self._engine = _engine(self._path, is_writing=False)
            with self._engine.begin() as connection:
                _demand_current(connection, self._path)


class StoreTransaction:
    """What can be kept and asked within one transaction. Findings and alerts go through triage."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def save_position(self, progress: Progress) -> None:
        """Keeps how far the feed was read, in this same commit."""
        save_progress(self.connection, progress)

    def position(self) -> Progress | None:
        """How far an earlier run came; None before its first commit."""
        return load_progress(self.connection)

    def save_evidence(self, alert_id: str, rows: bytes) -> str:
        """Freezes the rows an alert rests on; returns their SHA-256. The first freeze of the same
        content stands, another content replaces it."""
        return save_evidence(self.connection, alert_id, rows)

    def load_evidence(self, alert_id: str) -> bytes | None:
        """The frozen rows, checked against their hash; None if there are none."""
        return load_evidence(self.connection, alert_id)

    def unpublished(self, *, at_most: int = 1_000) -> list[AlertRevision]:
        """The outbox: revisions in order of their making, held alerts left out."""
        return unpublished(self.connection, at_most)

    def mark_published(self, revisions: Sequence[AlertRevision]) -> None:
        mark_published(self.connection, revisions)

    def release_held(self) -> int:
        """Lets the alerts go that the storm guard held; their number."""
        return release_held(self.connection)

    def history(self, alert_id: str) -> list[AlertRevision]:
        """Every revision of an alert, oldest first."""
        return history(self.connection, alert_id)

    def status_counts(self) -> dict[str, int]:
        """Alerts by status, and `held` among them."""
        return status_counts(self.connection)

    def finding_counts(self) -> dict[str, int]:
        """Current findings by typology, cleared ones and signals included."""
        return finding_counts(self.connection)

    def cleared_counts(self) -> dict[str, dict[str, int]]:
        """Cleared findings by typology and by the test that cleared them."""
        return cleared_counts(self.connection)

    def untested(self) -> dict[str, list[str]]:
        """What current findings could not test, by typology."""
        return untested(self.connection)


@contextmanager
def said_plainly(path: Path) -> Iterator[None]:
    """Faults of disk and database as errors of this package."""
    try:
        yield
    except DBAPIError as fault:
        raise _translated(fault, path) from fault
    except OSError as fault:
        raise StoreFullError(
            f"{fault.filename or path}: {fault.strerror}; free space or give another --out"
        ) from fault


def make_private_folder(folder: Path) -> None:
    """The folder, 0700 if it had to be made."""
    if not folder.exists():
        folder.mkdir(parents=True, mode=0o700)


def _demand_not_lost(path: Path) -> None:
    if _lock_of(path).exists() and not path.exists():
        raise StoreGoneError(
            f"{path}: was here and is gone; put it back from where it was moved or from a copy, "
            "or start with another --out"
        )


def _is_same(path: Path, held: os.stat_result) -> bool:
    try:
        return os.path.samestat(path.stat(), held)
    except FileNotFoundError:
        return False


def _lock_of(path: Path) -> Path:
    return path.with_name(path.name + ".lock")


def _hold(path: Path) -> int:
    lock = os.open(_lock_of(path), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as fault:
        os.close(lock)
        raise StoreBusyError(
            f"{path.parent}: another run is using this folder; wait for it, or give another --out"
        ) from fault
    return lock


def _engine(path: Path, *, is_writing: bool) -> sa.Engine:
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)))

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: SqliteConnection, _: object) -> None:
        # The driver must not begin or commit by itself: the store says when.
        connection.isolation_level = None
        for pragma in _pragmas(is_writing=is_writing):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")

    return engine


def _pragmas(*, is_writing: bool) -> tuple[str, ...]:
    patience = f"busy_timeout = {BUSY_TIMEOUT_MS}"
    if not is_writing:
        return (patience, "query_only = ON")
    return (patience, "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON")


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table(VERSION.name):
        return None
    return connection.execute(sa.select(VERSION.c.version_num)).scalar()


def _migrate(connection: sa.Connection, path: Path) -> None:
    revision = _revision(connection)
    if revision == NEWEST:
        return
    if revision is None:
        METADATA.create_all(connection)
        VERSION.metadata.create_all(connection)
        connection.execute(VERSION.insert().values(version_num=NEWEST))
        return
    # Alembic takes as long to load as a tenth of a small run: only who needs it waits for it.
    from alerts.upgrade import is_known, upgrade

    if not is_known(revision):
        raise _newer(path)
    upgrade(connection)


def _demand_current(connection: sa.Connection, path: Path) -> None:
    if _revision(connection) != NEWEST:
        raise _newer(path)


def _newer(path: Path) -> OtherFolderError:
    return OtherFolderError(
        f"{path}: was written by another release of Palermo; use that release, or run again with "
        "another --out"
    )


def _adopt(connection: sa.Connection, reproduce: Reproduce, path: Path) -> None:
    """The first run gives the folder its release, configuration and bundle; later ones must have
    the same, or their findings would not fit together."""
    ours = {
        "release": reproduce.release,
        "configuration": reproduce.configuration,
        "bundle": reproduce.bundle,
    }
    kept = {row.name: row.value for row in connection.execute(sa.select(META))}
    if not kept:
        rows = [{"name": name, "value": value} for name, value in ours.items()]
        connection.execute(META.insert(), rows)
        return
    other = [name for name, value in ours.items() if kept.get(name) != value]
    if other:
        raise OtherFolderError(
            f"{path.parent}: was made with another {' and '.join(other)} (there: "
            + ", ".join(f"{name} {kept.get(name, 'none')[:16]}" for name in other)
            + "; now: "
            + ", ".join(f"{name} {ours[name][:16]}" for name in other)
            + "); go on with what it was made with, or give another --out"
        )


def _translated(fault: DBAPIError, path: Path) -> AlertsError:
    reason = str(fault.orig).lower()
    if "full" in reason or "disk i/o" in reason:
        return StoreFullError(
            f"{path}: the disk is full or failing ({reason}); the last commit stands: free some "
            "space and start the same command again, it goes on from there"
        )
    if "readonly" in reason:
        return StoreGoneError(
            f"{path}: cannot be written ({reason}); mend its rights or those of its disk and start "
            "the same command again: it goes on from the last commit"
        )
    if "locked" in reason or "busy" in reason:
        return StoreBusyError(
            f"{path}: another program holds the database; close it and start again"
        )
    if "not a database" in reason or "malformed" in reason or "unable to open" in reason:
        return StoreUnreadableError(
            f"{path}: cannot be read as a store ({reason}); restore it from a copy, or run again "
            "with another --out"
        )
    return AlertsError(f"{path}: the store refused a step ({reason}); please report it")
