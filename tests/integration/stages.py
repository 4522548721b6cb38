"""Processes of the live runtime on a real broker, and feeds for them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import msgspec
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from alerts.errors import OtherFolderError
from alerts.progress import Progress
from alerts.store import Store
from ingest.kafka_settings import KafkaSettings, client_options
from palermo.config import load_settings
from palermo.folder import DATABASE

PATIENCE_SECONDS = 300
RAW_PARTITIONS = 3
PLAIN_FEED = '[feed]\nbase_currency = "LAK"\ntime_zone = "Asia/Vientiane"\n'
PALERMO = [sys.executable, "-Im", "palermo", "-q", "run", "--feed=kafka", "--follow"]

KILLED_AT = """
import os, signal, sys
from pathlib import Path
from palermo.live.running import run_stages
from palermo.running import Wish

point, left, config, out = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])

def die_at(reached):
    global left
    left -= reached == point
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

wish = Wish(feed="kafka", config=config, out=out, stage="all", snapshot_seconds=0.0)
run_stages(wish, observer=die_at)
"""


class Row(msgspec.Struct):
    """What is looked at in a row of the feed."""

    txn_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """A feed, its settings and what the embedded runtime makes of it."""

    folder: Path
    rows: Sequence[bytes]
    alerts: bytes


@contextmanager
def started(config: Path, out: Path, counts: dict[str, int]) -> Iterator[None]:
    """Processes of each stage, stopped at the end as a service is."""
    processes = [
        subprocess.Popen(
            [*PALERMO, f"--stage={stage}", f"--config={config}", f"--out={out}"],
            stdout=subprocess.DEVNULL,
            env=os.environ | {"NO_COLOR": "1"},
        )
        for stage, count in counts.items()
        for _ in range(count)
    ]
    try:
        yield
        for process in processes:
            assert process.poll() is None, f"a process ended with {process.returncode}"
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait(timeout=300)


def wait_until_done(
    config: Path, out: Path, rows: int, *, patience_seconds: float = PATIENCE_SECONDS
) -> None:
    """Until every row is counted and every stage has read what the one before it wrote."""
    until = time.monotonic() + patience_seconds
    while not is_done(config, out, rows):
        assert time.monotonic() < until, "the stages did not come to an end"
        time.sleep(0.5)


def is_done(config: Path, out: Path, rows: int) -> bool:
    settings = settings_in(config)
    progress = progress_in(out / DATABASE)
    if progress is None or progress.rows < rows:
        return False
    findings = TopicPartition(settings.findings_topic, 0)
    movements = [
        TopicPartition(settings.movements_topic, number)
        for number in range(settings.movements_partitions)
    ]
    with closing(
        KafkaConsumer(
            bootstrap_servers=list(settings.bootstrap),
            group_id=f"{settings.group}-detect",
            isolation_level="read_committed",
            enable_auto_commit=False,
        )
    ) as consumer:
        places = {each: consumer.committed(each) for each in movements}
        if None in places.values():
            return False
        places[findings] = int(str(progress.position["offset"]))
        return not has_more(consumer, places)


def has_more(consumer: Any, places: Mapping[TopicPartition, int]) -> bool:
    """Whether any message lies behind these places; what is aborted, and markers, are none."""
    consumer.assign(list(places))
    for partition, offset in places.items():
        consumer.seek(partition, offset)
    ends = consumer.end_offsets(list(places))
    while any(consumer.position(each) < ends[each] for each in places):
        if consumer.poll(timeout_ms=200):
            return True
    return False


def progress_in(database: Path) -> Progress | None:
    """How far triage is; None while it has not begun, or is just making its tables."""
    if not database.exists():
        return None
    try:
        with Store(database) as store, store.transaction() as transaction:
            return transaction.position()
    except OtherFolderError:
        return None


def settings_in(config: Path) -> KafkaSettings:
    return load_settings(config).settings.kafka


def id_of(row: bytes) -> bytes:
    return msgspec.json.decode(row, type=Row).txn_id.encode()


def produce(
    settings: KafkaSettings, rows: Sequence[bytes], *, key_of: Callable[[bytes], bytes] = id_of
) -> None:
    """Each row where all others of its key are."""
    producer: Any = KafkaProducer(**client_options(settings), linger_ms=20, compression_type="lz4")
    with closing(producer):
        for row in rows:
            key = key_of(row)
            partition = crc32(key) % settings.partitions
            producer.send(settings.topics[0], key=key, value=row, partition=partition)
        producer.flush()


def kafka_section(settings: KafkaSettings) -> str:
    names = ("group", "movements_topic", "findings_topic", "alerts_topic", "deadletters_topic")
    return (
        "\n[sinks.topics]\ncleared = true\n"
        f'\n[kafka]\nbootstrap = ["{settings.bootstrap[0]}"]\ntopics = ["{settings.topics[0]}"]\n'
        + "".join(f'{name} = "{getattr(settings, name)}"\n' for name in names)
        + f"partitions = {settings.partitions}\n"
        f"movements_partitions = {settings.movements_partitions}\nreplication = 1\n"
    )


def killed_at(point: str, times: int, config: Path, out: Path) -> int:
    command = [sys.executable, "-c", KILLED_AT, point, str(times), str(config), str(out)]
    return subprocess.run(command, capture_output=True, timeout=200).returncode


def plain_row(number: int) -> bytes:
    """A row that PLAIN_FEED needs no mapping for."""
    row = {
        "txn_id": f"T-FICT-{number:04d}",
        "event_time": "2024-03-01T10:00:00",
        "amount": "250000",
        "currency": "LAK",
        "txn_type": "TRANSFER",
        "orig_account_id": f"A-FICT-{number % 7}",
        "benef_account_id": f"A-FICT-{number % 5 + 10}",
    }
    return msgspec.json.encode(row)
