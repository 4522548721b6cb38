"""A broker of a bench's own, topics on it, and rows on them."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from zlib import crc32

import msgspec
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from bench.figures import Figure, print_table
from ingest.kafka_feed import Record
from ingest.kafka_settings import KafkaSettings
from palermo.topics import apply_topics, plan_topics

KAFKA = Path(__file__).parents[1] / "deploy" / "kafka"
PORT = 19_392
PARTITIONS = 4
PALERMO = (sys.executable, "-m", "palermo")


class Row(msgspec.Struct):
    """What a row is spread over the partitions by."""

    txn_id: str


def print_from_topics(
    title: str,
    asked: Mapping[str, float],
    figures: Callable[[Path, list[bytes], str], Iterable[Figure]],
) -> None:
    """The table of what `figures` makes of an invented country's folder, its rows and a broker's
    address; says so where there can be no broker."""
    if not all(map(shutil.which, ("java", "mvn"))):
        print(f"## {title}\n\nNot measured: there is no Java and Maven here.")
        return
    with tempfile.TemporaryDirectory(prefix="palermo-bench-") as name:
        folder = Path(name)
        rows = simulated(folder / "feed", asked)
        with broker(folder / "broker") as address:
            print_table(title, figures(folder / "feed", rows, address))


def simulated(feed: Path, asked: Mapping[str, float]) -> list[bytes]:
    """The rows of an invented country that is written into `feed`."""
    options = [f"--{name}={value}" for name, value in asked.items()]
    command = [*PALERMO, "simulate", *options, f"--out={feed}"]
    subprocess.run(command, check=True, capture_output=True)
    return (feed / "feed.ndjson").read_bytes().splitlines()


def configured(feed: Path, settings: KafkaSettings) -> Path:
    """The feed's configuration for these topics."""
    config = feed / f"{settings.group}.toml"
    config.write_text((feed / "palermo.toml").read_text() + _section(settings))
    return config


def id_of(row: bytes) -> str:
    """Its transaction."""
    return msgspec.json.decode(row, type=Row).txn_id


def partition_of(row: bytes) -> int:
    """All contents of one id lie in one partition."""
    return crc32(id_of(row).encode()) % PARTITIONS


def spread(rows: Sequence[bytes]) -> list[list[bytes]]:
    """Rows by partition, in order."""
    found: list[list[bytes]] = [[] for _ in range(PARTITIONS)]
    for row in rows:
        found[partition_of(row)].append(row)
    return found


def produce(settings: KafkaSettings, rows: Sequence[bytes], *, lines: int) -> None:
    """So many rows a message."""
    producer: Any = KafkaProducer(
        bootstrap_servers=list(settings.bootstrap), linger_ms=20, compression_type="lz4"
    )
    with closing(producer):
        for partition, own in enumerate(spread(rows)):
            for first in range(0, len(own), lines):
                value = b"\n".join(own[first : first + lines])
                producer.send(settings.topics[0], value=value, partition=partition)
        producer.flush()


def read_all(settings: KafkaSettings, topic: str) -> Iterator[Record]:
    """All committed messages of a topic."""
    consumer: Any = KafkaConsumer(
        bootstrap_servers=list(settings.bootstrap), isolation_level="read_committed"
    )
    with closing(consumer):
        numbers = consumer.partitions_for_topic(topic)
        partitions = [TopicPartition(topic, number) for number in sorted(numbers)]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends = consumer.end_offsets(partitions)
        while any(consumer.position(each) < ends[each] for each in partitions):
            for records in consumer.poll(timeout_ms=500, max_records=10_000).values():
                yield from records


def topics_of(address: str, name: str) -> KafkaSettings:
    """Topics by this name, made and empty."""
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


@contextmanager
def broker(home: Path) -> Iterator[str]:
    """Its address."""
    environment = os.environ | {"PALERMO_KAFKA_PORT": str(PORT), "PALERMO_KAFKA_HOME": str(home)}
    subprocess.run([KAFKA / "start"], env=environment, check=True, capture_output=True)
    try:
        yield f"127.0.0.1:{PORT}"
    finally:
        subprocess.run([KAFKA / "stop"], env=environment, check=True, capture_output=True)


def _section(settings: KafkaSettings) -> str:
    names = ("group", "movements_topic", "findings_topic", "alerts_topic", "deadletters_topic")
    return (
        "\n[sinks.topics]\ncleared = true\n"
        f'\n[kafka]\nbootstrap = ["{settings.bootstrap[0]}"]\ntopics = ["{settings.topics[0]}"]\n'
        + "".join(f'{name} = "{getattr(settings, name)}"\n' for name in names)
        + f"movements_partitions = {PARTITIONS}\nreplication = 1\n"
    )
