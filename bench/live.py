"""`python -m bench.live`: from a topic to alerts through all stages, beside kafka-python that only
reads the topic. Starts a broker of its own (Java and Maven)."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from zlib import crc32

import msgspec
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from bench.figures import Figure, print_table
from ingest.kafka_settings import KafkaSettings
from palermo.live.running import run_stages
from palermo.running import StageName, Wish, carry_out
from palermo.topics import apply_topics, plan_topics

COUNTRY = (
    *(sys.executable, "-m", "palermo", "simulate"),
    *("--customers", "200", "--days", "40", "--history", "20", "--seed", "3"),
)
KAFKA = Path(__file__).parents[1] / "deploy" / "kafka"
PORT = 19_392
PARTITIONS = 4
LINES_A_MESSAGE = 200
STAGES: tuple[StageName, ...] = ("ingest", "detect", "triage")


class Row(msgspec.Struct):
    """What a row is spread over the partitions by."""

    txn_id: str


def main() -> None:
    title = "A topic to alerts, all stages on one core, rows a CPU second"
    if not all(map(shutil.which, ("java", "mvn"))):
        print(f"## {title}\n\nNot measured: there is no Java and Maven here.")
        return
    with tempfile.TemporaryDirectory(prefix="palermo-bench-") as name:
        folder = Path(name)
        subprocess.run([*COUNTRY, "--out", str(folder / "feed")], check=True, capture_output=True)
        with _broker(folder / "broker") as address:
            print_table(title, figures(folder / "feed", address))


def figures(feed: Path, address: str) -> list[Figure]:
    """Rates and ratios of one run."""
    rows = (feed / "feed.ndjson").read_bytes().splitlines()
    _embedded(feed, "warm")
    embedded = len(rows) / _cpu(lambda: _embedded(feed, "embedded"))
    single = _settings(address, "single")
    _produce(single, _spread(rows), lines=1)
    reading = len(rows) / _cpu(lambda: _read_all(single))
    spent = _stages(feed, single)
    found = [
        _figure("kafka-python reads the topic", "rows/s", reading),
        *(_figure(f"stage {name}", "rows/s", len(rows) / spent[name]) for name in STAGES),
        _figure("all stages, one JSON a message", "rows/s", len(rows) / sum(spent.values())),
        _figure("all stages / bare reading", "x", len(rows) / sum(spent.values()) / reading),
    ]
    many = _settings(address, "many")
    _produce(many, _spread(rows), lines=LINES_A_MESSAGE)
    rate = len(rows) / sum(_stages(feed, many).values())
    return [
        *found,
        _figure("embedded run of the file", "rows/s", embedded),
        _figure(f"all stages, {LINES_A_MESSAGE} lines a message", "rows/s", rate),
        _figure("that / embedded", "x", rate / embedded),
    ]


def _figure(name: str, unit: str, value: float) -> Figure:
    return Figure(name=name, goal="", unit=unit, values=[value])


def _cpu(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _stages(feed: Path, settings: KafkaSettings) -> dict[str, float]:
    config, out = feed / f"{settings.group}.toml", feed / f"{settings.group}-out"
    config.write_text((feed / "palermo.toml").read_text() + _section(settings))
    spent = {}
    for name in STAGES:
        wish = Wish(feed="kafka", config=config, out=out, stage=name)
        spent[name] = _cpu(lambda wish=wish: run_stages(wish))  # type: ignore[misc]
    return spent


def _embedded(feed: Path, name: str) -> None:
    carry_out(Wish(feed=str(feed / "feed.ndjson"), config=feed / "palermo.toml", out=feed / name))


def _spread(rows: Sequence[bytes]) -> list[list[bytes]]:
    """Rows by partition, in order, all contents of one id in one of them."""
    spread: list[list[bytes]] = [[] for _ in range(PARTITIONS)]
    for row in rows:
        key = msgspec.json.decode(row, type=Row).txn_id.encode()
        spread[crc32(key) % PARTITIONS].append(row)
    return spread


def _produce(settings: KafkaSettings, spread: list[list[bytes]], *, lines: int) -> None:
    producer: Any = KafkaProducer(
        bootstrap_servers=list(settings.bootstrap), linger_ms=20, compression_type="lz4"
    )
    with closing(producer):
        for partition, rows in enumerate(spread):
            for first in range(0, len(rows), lines):
                value = b"\n".join(rows[first : first + lines])
                producer.send(settings.topics[0], value=value, partition=partition)
        producer.flush()


def _read_all(settings: KafkaSettings) -> None:
    consumer: Any = KafkaConsumer(
        bootstrap_servers=list(settings.bootstrap), isolation_level="read_committed"
    )
    with closing(consumer):
        partitions = [TopicPartition(settings.topics[0], number) for number in range(PARTITIONS)]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends = consumer.end_offsets(partitions)
        while any(consumer.position(each) < ends[each] for each in partitions):
            consumer.poll(timeout_ms=500, max_records=10_000)


def _settings(address: str, name: str) -> KafkaSettings:
    settings = KafkaSettings(
        bootstrap=(address,),
        topics=(f"rows-{name}",),
        group=f"bench-{name}",
        movements_topic=f"movements-{name}",
        findings_topic=f"findings-{name}",
        alerts_topic=f"alerts-{name}",
        deadletters_topic=f"letters-{name}",
        partitions=PARTITIONS,
        movements_partitions=PARTITIONS,
        replication=1,
    )
    apply_topics(settings, plan_topics(settings))
    return settings


def _section(settings: KafkaSettings) -> str:
    names = ("group", "movements_topic", "findings_topic", "alerts_topic", "deadletters_topic")
    return (
        "\n[sinks.topics]\ncleared = true\n"
        f'\n[kafka]\nbootstrap = ["{settings.bootstrap[0]}"]\ntopics = ["{settings.topics[0]}"]\n'
        + "".join(f'{name} = "{getattr(settings, name)}"\n' for name in names)
        + f"movements_partitions = {PARTITIONS}\nreplication = 1\n"
    )


@contextmanager
def _broker(home: Path) -> Iterator[str]:
    environment = os.environ | {"PALERMO_KAFKA_PORT": str(PORT), "PALERMO_KAFKA_HOME": str(home)}
    subprocess.run([KAFKA / "start"], env=environment, check=True, capture_output=True)
    try:
        yield f"127.0.0.1:{PORT}"
    finally:
        subprocess.run([KAFKA / "stop"], env=environment, check=True, capture_output=True)


if __name__ == "__main__":
    main()
