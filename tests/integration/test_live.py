"""The live runtime on a real broker gives the alerts of the embedded one, byte by byte, whatever
the number of its processes."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import msgspec
import numpy as np
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from alerts.store import Store
from ingest.kafka_settings import KafkaSettings
from ingest.simulated.plan import CountrySettings
from ingest.simulated.write import write_country
from palermo.config import load_settings
from palermo.folder import DATABASE
from palermo.live.running import run_stages
from palermo.running import Wish, carry_out
from palermo.topics import apply_topics, plan_topics

pytestmark = [
    pytest.mark.needs_java,
    pytest.mark.slow,
    pytest.mark.timeout(400),
]

COUNTRY = CountrySettings(customers=250, days=30, history=20, schemes_per_10k=1500.0)
RAW_PARTITIONS = 3
PATIENCE_SECONDS = 150
PALERMO = [sys.executable, "-Im", "palermo", "-q", "run", "--feed=kafka", "--follow"]


class Row(msgspec.Struct):
    """What is looked at in a row of the feed."""

    txn_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """A feed, its settings and what the embedded runtime makes of it."""

    folder: Path
    rows: Sequence[bytes]
    alerts: bytes


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Country:
    folder = tmp_path_factory.mktemp("country")
    write_country(folder, COUNTRY, np.random.Generator(np.random.PCG64(6)))
    rows = (folder / "feed.ndjson").read_bytes().splitlines()
    names = {name for row in rows for name in msgspec.json.decode(row)}
    with (folder / "palermo.toml").open("a") as file:
        # A topic is read only once, so the settings say what it brings.
        file.write("\n[feed.columns]\n" + "".join(f'{name} = "{name}"\n' for name in sorted(names)))
    carry_out(Wish(feed=str(folder), config=None, out=folder / "embedded"))
    alerts = (folder / "embedded" / "alerts.ndjson").read_bytes()
    return Country(folder=folder, rows=rows, alerts=alerts)


@pytest.fixture
def config(country: Country, new_settings: Callable[[], KafkaSettings], tmp_path: Path) -> Path:
    """The country's rows in a topic of three partitions, and the configuration for them."""
    settings = new_settings().model_copy(update={"partitions": RAW_PARTITIONS})
    apply_topics(settings, plan_topics(settings))
    produce(settings, country.rows)
    for path in country.folder.glob("*.ndjson"):
        if path.name != "feed.ndjson":
            shutil.copy(path, tmp_path)
    text = (country.folder / "palermo.toml").read_text() + kafka_section(settings)
    (tmp_path / "palermo.toml").write_text(text)
    return tmp_path / "palermo.toml"


def test_the_feed_has_alerts_of_single_holders_gathered_ones_and_networks(
    country: Country,
) -> None:
    hits = {
        hit["id"]
        for line in country.alerts.splitlines()
        for hit in msgspec.json.decode(line)["typologies"]
    }

    assert len(country.alerts.splitlines()) >= 30
    assert {"st-funnel-geo", "sx-victim-drain", "st-scatter-gather"} <= hits


def test_all_stages_in_one_process_give_the_embedded_alerts(
    country: Country, config: Path, tmp_path: Path
) -> None:
    run_stages(Wish(feed="kafka", config=config, out=tmp_path / "out", stage="all"))

    assert (tmp_path / "out" / "alerts.ndjson").read_bytes() == country.alerts


@pytest.mark.parametrize(("ingests", "detects"), [(2, 2), (1, 4)])
def test_several_processes_a_stage_give_the_embedded_alerts(
    country: Country, config: Path, tmp_path: Path, ingests: int, detects: int
) -> None:
    out = tmp_path / "out"
    with started(config, out, {"ingest": ingests, "detect": detects, "triage": 1}):
        wait_until_done(config, out, len(country.rows))

    assert (out / "alerts.ndjson").read_bytes() == country.alerts


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
            process.wait(timeout=60)


def wait_until_done(config: Path, out: Path, rows: int) -> None:
    """Until every row is counted and every stage has read what the one before it wrote."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not is_done(config, out, rows):
        assert time.monotonic() < until, "the stages did not come to an end"
        time.sleep(0.5)


def is_done(config: Path, out: Path, rows: int) -> bool:
    settings = settings_in(config)
    if not (out / DATABASE).exists():
        return False
    with Store(out / DATABASE) as store, store.transaction() as transaction:
        progress = transaction.position()
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
        # Every message is written in a transaction: the last offset is that of its marker.
        ends = consumer.end_offsets([*movements, findings])
        are_read = all(consumer.committed(each) == ends[each] - 1 for each in movements)
    return are_read and progress.position["offset"] == ends[findings] - 1


def settings_in(config: Path) -> KafkaSettings:
    return load_settings(config).settings.kafka


def produce(settings: KafkaSettings, rows: Sequence[bytes]) -> None:
    """Each row where all others of its id are."""
    producer: Any = KafkaProducer(
        bootstrap_servers=list(settings.bootstrap), linger_ms=20, compression_type="lz4"
    )
    with closing(producer):
        for row in rows:
            key = msgspec.json.decode(row, type=Row).txn_id.encode()
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
