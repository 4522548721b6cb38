"""`palermo run --feed kafka` against a real broker: the same alerts as from the file, each once."""

import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from ingest.kafka_settings import KafkaSettings
from palermo.running import Wish, carry_out
from tests.demo import copied_demo

pytestmark = [
    pytest.mark.needs_java,
    pytest.mark.slow,
    pytest.mark.timeout(300),
]

DEMO = Path(__file__).parents[2] / "palermo" / "demo_feed"
PALERMO = [sys.executable, "-Im", "palermo", "run", "--feed=kafka"]
FAULTS = (b"not json", b'{"txn_id": "T-FICT-TORN"', b"\x00\x01")
KILLED_AT = """
import os, signal, sys
from pathlib import Path
from palermo.running import Wish, carry_out

stage, left, config, out = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])

def die_at(reached):
    global left
    left -= reached == stage
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

carry_out(Wish(feed="kafka", config=config, out=out, batch_rows=500), observer=die_at)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a consumer of the topics has seen."""

    alerts: dict[str, bytes]
    """By alert id, the record of its last revision."""
    copies: Counter[str]
    """How often each revision of an alert came, by event id."""
    letters: list[bytes]


@pytest.fixture(scope="module")
def alerts_of_the_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("file")
    feed = copied_demo(DEMO, folder / "feed")
    carry_out(Wish(feed=str(feed), config=None, out=folder / "out"))
    return (folder / "out" / "alerts.ndjson").read_bytes()


@pytest.fixture
def config(settings: KafkaSettings, tmp_path: Path) -> Path:
    """The demo's feed in the topic, some faults among its rows, and the configuration for it."""
    produce_demo(settings)
    folder = copied_demo(DEMO, tmp_path / "feed")
    (folder / "transactions.ndjson").unlink()
    with (folder / "palermo.toml").open("a") as file:
        file.write(kafka_section(settings))
    return folder / "palermo.toml"


def test_a_topic_gives_the_alerts_of_the_file_and_puts_faults_aside(
    config: Path, settings: KafkaSettings, tmp_path: Path, alerts_of_the_file: bytes
) -> None:
    carry_out(Wish(feed="kafka", config=config, out=tmp_path / "out"))

    published = read_topics(settings)
    assert (tmp_path / "out" / "alerts.ndjson").read_bytes() == alerts_of_the_file
    assert set(alerts_of_the_file.splitlines()) <= set(published.alerts.values())
    assert sorted(published.letters) == sorted(FAULTS)
    assert lag(settings) == 0


@pytest.mark.parametrize(
    "kills",
    [
        [("detected", 3), ("committed", 1)],
        [("rejects_written", 1), ("applied", 1)],
    ],
    ids=["after the dead letters, then before the alerts go out", "within the checkpoint"],
)
def test_a_run_killed_again_and_again_loses_nothing_and_says_nothing_twice(
    config: Path,
    settings: KafkaSettings,
    tmp_path: Path,
    alerts_of_the_file: bytes,
    kills: list[tuple[str, int]],
) -> None:
    for stage, times in kills:
        assert run_until(stage, times, config, tmp_path / "out") == -signal.SIGKILL

    carry_out(Wish(feed="kafka", config=config, out=tmp_path / "out"))

    published = read_topics(settings)
    assert (tmp_path / "out" / "alerts.ndjson").read_bytes() == alerts_of_the_file
    assert set(alerts_of_the_file.splitlines()) <= set(published.alerts.values())
    assert set(published.copies.values()) == {1}
    assert sorted(published.letters) == sorted(FAULTS)


def test_a_wrong_address_ends_with_one_clear_line(
    new_settings: Callable[[], KafkaSettings], tmp_path: Path
) -> None:
    lost = new_settings().model_copy(update={"bootstrap": ("127.0.0.1:1",), "patience_seconds": 1})
    (tmp_path / "palermo.toml").write_text(
        (DEMO / "palermo.toml").read_text() + kafka_section(lost)
    )
    for name in ("customers", "accounts", "places", "licences"):
        shutil.copy(DEMO / f"{name}.ndjson", tmp_path)

    run = subprocess.run(
        [*PALERMO, f"--config={tmp_path / 'palermo.toml'}", f"--out={tmp_path / 'out'}"],
        capture_output=True,
        text=True,
        env=os.environ | {"NO_COLOR": "1"},
    )

    assert run.returncode == 4
    assert "no Kafka broker answers at 127.0.0.1:1" in run.stderr
    assert "palermo doctor" in run.stderr
    assert "Traceback" not in run.stderr


def run_until(stage: str, times: int, config: Path, out: Path) -> int:
    command = [sys.executable, "-c", KILLED_AT, stage, str(times), str(config), str(out)]
    return subprocess.run(command, capture_output=True).returncode


def produce_demo(settings: KafkaSettings) -> None:
    """Rows in order within two partitions, seven a message, the faults each in one of its own."""
    rows = (DEMO / "transactions.ndjson").read_bytes().splitlines()
    topic = settings.topics[0]
    with closing(KafkaProducer(bootstrap_servers=list(settings.bootstrap))) as producer:
        for partition in (0, 1):
            own = rows[partition::2]
            for start in range(0, len(own), 7):
                block = b"\n".join(own[start : start + 7])
                producer.send(topic, value=block, partition=partition)
        for number, fault in enumerate(FAULTS):
            producer.send(topic, key=b"k", value=fault, partition=number % 2)
        producer.flush()


def kafka_section(settings: KafkaSettings) -> str:
    return (
        "\n[sinks.topics]\ncleared = true\n"
        "\n[kafka]\n"
        f'bootstrap = ["{settings.bootstrap[0]}"]\n'
        f'topics = ["{settings.topics[0]}"]\n'
        f'group = "{settings.group}"\n'
        f'alerts_topic = "{settings.alerts_topic}"\n'
        f'deadletters_topic = "{settings.deadletters_topic}"\n'
        f"replication = 1\npatience_seconds = {settings.patience_seconds}\n"
    )


def read_topics(settings: KafkaSettings) -> Published:
    alerts = read_topic(settings, settings.alerts_topic)
    newest = sorted(alerts, key=lambda message: int(header(message, "revision")))
    return Published(
        alerts={message.key.decode(): message.value for message in newest},
        copies=Counter(header(message, "ce_id") for message in alerts),
        letters=[letter.value for letter in read_topic(settings, settings.deadletters_topic)],
    )


def header(message: Any, name: str) -> str:
    return str(dict(message.headers)[name].decode())


def read_topic(settings: KafkaSettings, topic: str) -> list[Any]:
    consumer = KafkaConsumer(
        bootstrap_servers=list(settings.bootstrap),
        isolation_level="read_committed",
        auto_offset_reset="earliest",
    )
    with closing(consumer):
        consumer.assign([TopicPartition(topic, number) for number in range(settings.partitions)])
        found: list[Any] = []
        for records in iter(lambda: consumer.poll(timeout_ms=1000), {}):
            found += [record for each in records.values() for record in each]
    return found


def lag(settings: KafkaSettings) -> int:
    """Messages the group has not acknowledged."""
    consumer = KafkaConsumer(bootstrap_servers=list(settings.bootstrap), group_id=settings.group)
    with closing(consumer):
        partitions = [TopicPartition(settings.topics[0], n) for n in range(settings.partitions)]
        ends = consumer.end_offsets(partitions)
        return sum(ends[each] - (consumer.committed(each) or 0) for each in partitions)


def test_the_alerts_on_the_topic_are_records_of_the_schema(
    config: Path, settings: KafkaSettings, tmp_path: Path
) -> None:
    carry_out(Wish(feed="kafka", config=config, out=tmp_path / "out"))

    for value in read_topics(settings).alerts.values():
        record = msgspec.json.decode(value)
        assert record["schema_version"] == 1
        assert record["status"] in {"open", "amended", "withdrawn", "superseded"}
