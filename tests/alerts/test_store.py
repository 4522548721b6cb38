"""One transaction for everything, one run a folder, one release a folder."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import msgspec
import polars as pl
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from polars.testing import assert_frame_equal

from alerts.alert import Reproduce
from alerts.errors import (
    AlertsError,
    OtherFolderError,
    StoreBusyError,
    StoreFullError,
    StoreGoneError,
    StoreUnreadableError,
)
from alerts.ledger import KEY_COLUMNS, ledger_frame
from alerts.ledger import cited as cited_movements
from alerts.order import movement_key
from alerts.progress import Progress
from alerts.store import Store
from alerts.tables import METADATA, NEWEST, VERSION
from alerts.upgrade import newest, upgrade
from detectors.finding import Citation, TriggerKey
from tests.alerts.fiction import REPRODUCE, Move, finding, ledger, replaced_from, triage

PROGRESS = Progress(position={"file": 1}, rows=7, rejects_bytes=20, fates={"scored": 7})
TRIGGER = Move(reference="R1", holder="C-FICT-0001", day=0, side=1)


@contextmanager
def said(kind: type[AlertsError], *words: str) -> Iterator[None]:
    with pytest.raises(kind) as caught:
        yield
    assert all(word in str(caught.value) for word in words), caught.value


def test_nothing_is_visible_of_a_step_that_fails_half_way(store: Store) -> None:
    with suppress(ZeroDivisionError), store.transaction() as tx:
        triage().apply(
            tx,
            findings=[finding("st-funnel-geo", TRIGGER)],
            replaces=replaced_from(TRIGGER.holder, -1),
            ledger=ledger([TRIGGER]),
        )
        tx.save_position(PROGRESS)
        raise ZeroDivisionError

    with store.transaction() as tx:
        assert (tx.position(), tx.finding_counts(), tx.unpublished()) == (None, {}, [])
        assert triage().final_alerts(tx) == []


def test_a_store_that_was_moved_away_is_written_to_no_more(tmp_path: Path) -> None:
    path, elsewhere = tmp_path / "palermo.db", tmp_path / "elsewhere.db"
    with Store(path, reproduce=REPRODUCE) as store:
        path.rename(elsewhere)

        with said(StoreGoneError, "moved away", "goes on"), store.transaction() as tx:
            tx.save_position(PROGRESS)
        elsewhere.rename(path)
        with store.transaction() as tx:
            assert tx.position() is None


def test_a_store_in_whose_place_another_was_put_is_written_to_no_more(tmp_path: Path) -> None:
    path, other = tmp_path / "palermo.db", tmp_path / "other.db"
    Store(other, reproduce=REPRODUCE).close()
    with Store(path, reproduce=REPRODUCE) as store:
        other.rename(path)

        with said(StoreGoneError, "replaced"), store.transaction() as tx:
            tx.save_position(PROGRESS)


def test_a_store_that_is_gone_is_not_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "palermo.db"
    Store(path, reproduce=REPRODUCE).close()
    path.rename(tmp_path / "elsewhere.db")

    with said(StoreGoneError, "is gone", "--out"):
        Store(path, reproduce=REPRODUCE)

    assert not path.exists()
    (tmp_path / "elsewhere.db").rename(path)
    Store(path, reproduce=REPRODUCE).close()


def test_a_store_that_may_not_be_written_says_so(store: Store) -> None:
    with said(StoreGoneError, "readonly", "goes on"), store.transaction() as tx:
        tx.connection.exec_driver_sql("PRAGMA query_only = ON")
        tx.save_position(PROGRESS)


def test_a_process_killed_before_the_commit_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "out" / "palermo.db"
    script = (
        "import os, pathlib, sys\n"
        "from alerts.progress import Progress\n"
        "from alerts.store import Store\n"
        "from alerts.alert import Reproduce\n"
        "store = Store(pathlib.Path(sys.argv[1]), reproduce=Reproduce(\n"
        f"    release={REPRODUCE.release!r}, configuration={REPRODUCE.configuration!r},\n"
        f"    bundle={REPRODUCE.bundle!r}))\n"
        "with store.transaction() as tx:\n"
        "    tx.save_position(Progress(position={}, rows=1, rejects_bytes=0, fates={}))\n"
        "    tx.save_evidence('a', b'rows')\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    died = subprocess.run(
        [sys.executable, "-c", script, str(path)], check=False, capture_output=True
    )

    assert died.returncode == -9, died.stderr
    with Store(path, reproduce=REPRODUCE) as store, store.transaction() as tx:
        assert (tx.position(), tx.load_evidence("a")) == (None, None)


def test_what_is_committed_is_there_for_the_next_run(tmp_path: Path) -> None:
    path = tmp_path / "palermo.db"
    with Store(path, reproduce=REPRODUCE) as store, store.transaction() as tx:
        tx.save_position(PROGRESS)

    with Store(path, reproduce=REPRODUCE) as store, store.transaction() as tx:
        assert tx.position() == PROGRESS


def test_two_runs_on_one_folder_are_refused(store: Store, tmp_path: Path) -> None:
    with said(StoreBusyError, "another run", "--out"):
        Store(tmp_path / "out" / "palermo.db", reproduce=REPRODUCE)


def test_a_folder_can_be_read_while_a_run_goes_on(store: Store, tmp_path: Path) -> None:
    with store.transaction() as tx:
        tx.save_position(PROGRESS)

    with Store(tmp_path / "out" / "palermo.db") as reader:
        with reader.transaction() as tx:
            assert tx.position() == PROGRESS
        with pytest.raises(AlertsError), reader.transaction() as tx:
            tx.save_position(PROGRESS)


@pytest.mark.parametrize("name", ["release", "configuration", "bundle"])
def test_a_folder_of_another_release_configuration_or_bundle_is_refused(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / "palermo.db"
    Store(path, reproduce=REPRODUCE).close()
    other: Reproduce = msgspec.structs.replace(REPRODUCE, **{name: "other"})

    with said(OtherFolderError, name, "other", "--out"):
        Store(path, reproduce=other)


def test_a_folder_of_a_later_release_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "palermo.db"
    with Store(path, reproduce=REPRODUCE) as store, store.transaction() as tx:
        tx.connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))

    with said(OtherFolderError, "another release", "--out"):
        Store(path, reproduce=REPRODUCE)
    with said(OtherFolderError, "another release"):
        Store(path)


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "palermo.db"
    path.write_bytes(b"not a database " * 100)

    with said(StoreUnreadableError, str(path), "--out"):
        Store(path, reproduce=REPRODUCE)


def test_a_missing_store_is_named(tmp_path: Path) -> None:
    with said(StoreUnreadableError, "no results", "palermo run"):
        Store(tmp_path / "palermo.db")


def test_a_full_disk_is_said_and_the_last_commit_stands(store: Store) -> None:
    with store.transaction() as tx:
        tx.save_position(PROGRESS)
        pages = tx.connection.execute(sa.text("PRAGMA page_count")).scalar_one()
    with store.transaction() as tx:
        tx.connection.execute(sa.text(f"PRAGMA max_page_count = {pages + 1}"))

    with said(StoreFullError, "full", "goes on"), store.transaction() as tx:
        tx.save_position(msgspec.structs.replace(PROGRESS, rows=8))
        tx.save_evidence("a", os.urandom(1_000_000))

    with store.transaction() as tx:
        assert tx.position() == PROGRESS


def test_the_folder_is_private(store: Store, tmp_path: Path) -> None:
    with store.transaction() as tx:
        tx.save_position(PROGRESS)
        modes = {each.name: each.stat().st_mode & 0o777 for each in (tmp_path / "out").iterdir()}

    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700
    assert set(modes.values()) == {0o600}, modes


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = Store(tmp_path / "palermo.db", reproduce=REPRODUCE)
    store.close()
    store.close()

    with said(AlertsError, "closed"), store.transaction():
        pass


def test_a_commit_is_on_the_disk_before_it_returns(store: Store) -> None:
    with store.transaction() as tx:
        ask = tx.connection.exec_driver_sql
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        values = [ask(f"PRAGMA {name}").scalar() for name in names]

    assert values == ["wal", 2, 1, 5_000]


def test_the_migrations_make_the_tables_of_the_code(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'palermo.db'}")
    with engine.begin() as connection:
        upgrade(connection)

        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
        assert connection.execute(sa.select(VERSION.c.version_num)).scalar() == NEWEST == newest()
    engine.dispose()


def test_movements_written_one_a_row_are_taken_over(tmp_path: Path) -> None:
    moves = ledger([TRIGGER, Move(reference="R2", holder=TRIGGER.holder, day=1, side=0)])
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'palermo.db'}")
    with engine.begin() as connection:
        upgrade(connection, "0002")
        for move in moves.iter_rows(named=True):
            key = movement_key(*(move.pop(name) for name in KEY_COLUMNS))
            old = sa.table("ledger", *map(sa.column, ["order_key", *move]))
            connection.execute(old.insert().values(order_key=key, **move))

        upgrade(connection)

        cited = Citation(
            holder=TRIGGER.holder,
            account=None,
            since=moves["time"][0] - timedelta(days=1),
            upto=trigger_key(moves, 1),
            mask_any=(1 << 64) - 1,
        )
        (found,) = cited_movements(connection, [[cited]])
        assert_frame_equal(ledger_frame(found), moves)
    engine.dispose()


def trigger_key(moves: pl.DataFrame, row: int) -> TriggerKey:
    time, sequence, high, low, side = moves.select(KEY_COLUMNS).row(row)
    return TriggerKey(time=time, sequence=sequence, txn=f"{high:016x}{low:016x}", side=side)


def test_evidence_comes_back_as_it_was_frozen(store: Store) -> None:
    rows = b'{"reference":"R1"}\n' * 50
    with store.transaction() as tx:
        digest = tx.save_evidence("a", rows)
        assert tx.save_evidence("a", rows) == digest

    with store.transaction() as tx:
        assert tx.load_evidence("a") == rows


def test_changed_evidence_is_noticed(store: Store) -> None:
    with store.transaction() as tx:
        tx.save_evidence("a", b"rows")
        tx.save_evidence("b", b"other rows")
        tx.connection.execute(
            sa.text("UPDATE evidence SET rows = (SELECT rows FROM evidence WHERE alert_id = 'b')")
        )

    with said(StoreUnreadableError, "evidence of alert a"), store.transaction() as tx:
        tx.load_evidence("a")
