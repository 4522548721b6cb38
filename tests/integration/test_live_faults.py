"""Processes of the live runtime are killed, fenced and kept waiting; nothing is lost, nothing is
doubled, and the alerts stay the embedded run's."""

import signal
import sqlite3
from pathlib import Path

import pytest

from palermo.folder import DATABASE
from palermo.live.running import run_stages
from palermo.running import Wish
from tests.integration.checker import Seen, faults, planted, seen
from tests.integration.stages import Country, killed_at, produce, settings_in

pytestmark = [
    pytest.mark.needs_java,
    pytest.mark.slow,
    pytest.mark.timeout(500),
]

POISON = [
    b"not json",
    b'{"txn_id": "T-FICT-TORN"',
    b"\x00\x01",
    b"[[[[",
    b'{"amount": 1e999}',
    b" ",
]


@pytest.fixture
def kept(live_config: Path) -> Path:
    """The configuration of a process that the brokers know again after a restart."""
    with live_config.open("a") as file:
        file.write('member = "a"\n')
    return live_config


def test_killed_at_one_point_after_the_other_nothing_is_lost_or_doubled(
    country: Country, kept: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    produce_poison(kept)
    for point, times in (
        ("ingest.offsets_sent", 2),
        ("ingest.transaction_committed", 1),
        ("detect.sent", 1),
        ("triage.applied", 1),
        ("triage.committed", 1),
    ):
        assert killed_at(point, times, kept, out) == -signal.SIGKILL

    finish(kept, out)

    assert (out / "alerts.ndjson").read_bytes() == country.alerts
    found = seen(settings_in(kept), out / DATABASE, country.folder)
    assert faults(found) == []
    assert len(found.letters) == len(POISON)
    demand_that_plants_are_found(found)


def test_a_database_that_somebody_else_holds_is_waited_for(
    country: Country, live_config: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    for stage in ("ingest", "detect"):
        run_stages(Wish(feed="kafka", config=live_config, out=out, stage=stage))
    held: dict[str, sqlite3.Connection] = {}

    def hold(point: str) -> None:
        if point in ("triage.processed", "triage.committed") and point not in held:
            held[point] = sqlite3.connect(out / DATABASE, check_same_thread=False)
            held[point].execute("begin immediate")
        elif point == "triage.waiting":
            for holder in held.values():
                holder.rollback()

    run_stages(Wish(feed="kafka", config=live_config, out=out, stage="triage"), observer=hold)

    assert len(held) == 2
    assert (out / "alerts.ndjson").read_bytes() == country.alerts
    assert faults(seen(settings_in(live_config), out / DATABASE, country.folder)) == []


def demand_that_plants_are_found(found: Seen) -> None:
    """The checker sees one message more or less on any topic of ours."""
    movement = next(message for message in found.movements if message.value)
    taken = next(m for m in found.findings if any(name == "taken" for name, _ in m.headers))
    for message in (movement, taken, found.alerts[0], found.letters[0]):
        assert faults(planted(found, losing=[message])), f"a loss on {message.topic} is not seen"
        assert faults(planted(found, doubling=[message])), f"a double on {message.topic}"


def produce_poison(config: Path) -> None:
    settings = settings_in(config)
    produce(settings, POISON, key_of=lambda row: row)


def finish(config: Path, out: Path) -> None:
    run_stages(Wish(feed="kafka", config=config, out=out, stage="all"))
