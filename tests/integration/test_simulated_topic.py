"""A simulated country on a real broker: the rows of its file, in its order, at a rate."""

import os
import subprocess
import sys
import time
from contextlib import closing
from itertools import groupby
from pathlib import Path

import msgspec
import numpy as np
import pytest
from kafka import KafkaConsumer, TopicPartition

from ingest.kafka_settings import KafkaSettings
from ingest.simulated.plan import CountrySettings
from ingest.simulated.write import write_country
from palermo.errors import ConfigurationError, DependencyUnreachable
from palermo.sending import Pace, raw_topic

pytestmark = [pytest.mark.needs_java, pytest.mark.timeout(120)]

SMALL = CountrySettings(customers=60, days=3, history=0, schemes_per_10k=0)


def sent(folder: Path, settings: KafkaSettings, rate: float) -> list[bytes]:
    """The lines of the file that were sent as well."""
    rng = np.random.Generator(np.random.PCG64(4))
    with raw_topic(settings, Pace(rate=rate)) as also:
        write_country(folder, SMALL, rng, also=also)
    return (folder / "feed.ndjson").read_bytes().splitlines()


def read(settings: KafkaSettings) -> list[tuple[int, bytes, bytes]]:
    """Partition, key and value of every message, by partition and offset."""
    with closing(KafkaConsumer(bootstrap_servers=list(settings.bootstrap))) as consumer:
        topic = settings.topics[0]
        partitions = [TopicPartition(topic, n) for n in range(settings.partitions)]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends = consumer.end_offsets(partitions)
        found: list[tuple[int, bytes, bytes]] = []
        while any(consumer.position(each) < ends[each] for each in partitions):
            for messages in consumer.poll(timeout_ms=500).values():
                found += [(each.partition, each.key, each.value) for each in messages]
        return sorted(found, key=lambda each: each[0])


def test_a_topic_gets_the_rows_of_the_file_keyed_by_account(
    settings: KafkaSettings, tmp_path: Path
) -> None:
    lines = sent(tmp_path, settings, rate=100_000)

    found = read(settings)

    assert sorted(value for *_, value in found) == sorted(lines)
    told_by = {(key, msgspec.json.decode(value)["source_id"]) for _, key, value in found}
    assert len(told_by) == len({key for key, _ in told_by}) > 30


def test_rows_of_a_partition_lie_in_the_order_of_the_file(
    settings: KafkaSettings, tmp_path: Path
) -> None:
    at = {line: number for number, line in enumerate(sent(tmp_path, settings, rate=100_000))}

    found = read(settings)

    for _, messages in groupby(found, lambda each: each[0]):
        places = [at[value] for *_, value in messages]
        assert places == sorted(places)


def test_rows_are_sent_no_faster_than_told(settings: KafkaSettings, tmp_path: Path) -> None:
    started = time.monotonic()

    lines = sent(tmp_path, settings, rate=400)

    assert len(lines) > 200
    assert time.monotonic() - started >= len(lines) / 400


def test_a_topic_that_is_not_there_and_none_named_are_told_apart(
    settings: KafkaSettings, tmp_path: Path
) -> None:
    unnamed = settings.model_copy(update={"topics": ()})
    missing = settings.model_copy(update={"topics": ("not-there",), "patience_seconds": 1.0})

    with pytest.raises(ConfigurationError, match="names none"):
        sent(tmp_path / "a", unnamed, rate=1_000)
    with pytest.raises(DependencyUnreachable, match="topics apply"):
        sent(tmp_path / "b", missing, rate=1_000)


def test_a_wrong_address_ends_the_command_with_one_clear_line(tmp_path: Path) -> None:
    nowhere = {
        "PALERMO__KAFKA__BOOTSTRAP": '["127.0.0.1:1"]',
        "PALERMO__KAFKA__TOPICS": '["rows"]',
        "PALERMO__KAFKA__PATIENCE_SECONDS": "1",
    }

    run = subprocess.run(
        [sys.executable, "-m", "palermo", "simulate", f"--out={tmp_path}", "--to=kafka"],
        capture_output=True,
        text=True,
        env=os.environ | nowhere,
    )

    assert run.returncode == 4
    assert "no Kafka broker answers at 127.0.0.1:1" in run.stderr
    assert "Traceback" not in run.stderr
