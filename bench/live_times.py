"""`python -m bench.live_times`: from a row on a topic to its alert at half load, and how soon
killed processes are back. Starts a broker of its own (Java and Maven) and three processes."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import msgspec
import numpy as np
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from alerts.alert import Alert
from bench.figures import Figure, once
from bench.topic import (
    PALERMO,
    PARTITIONS,
    configured,
    id_of,
    partition_of,
    print_from_topics,
    produce,
    read_all,
    topics_of,
)
from ingest.kafka_settings import KafkaSettings

COUNTRY = {"customers": 4000, "days": 30, "history": 20, "seed": 4, "schemes-per-10k": 500.0}
"""A scheme for every twentieth customer: far more than anywhere, or there would be no alert to
time; not so many that triage alone is busy."""

BEFORE_SHARE = 0.3
"""Of the rows that are there at the start: windows are full when the clock begins."""

FIRST_ROWS = 2_000
"""After these the stages have loaded what they need."""

CALM_SHARE = 0.6
"""Of the others, before anything is killed."""

STORM_SECONDS = 180.0
"""The rest comes at a rate at which it lasts for all that is killed."""

STAGES = ("ingest", "detect", "triage")
TURN_SECONDS = 0.05
PATIENCE_SECONDS = 400.0
TIMES_KILLED = 3
TAKEN_OVER = re.compile(rb'"partition_taken_over".*"seconds": ([0-9.]+)')


def main() -> None:
    title = "Times of the live runtime, a process a stage"
    print_from_topics(title, COUNTRY, figures)


def figures(feed: Path, rows: list[bytes], address: str) -> list[Figure]:
    """What one run took."""
    settings = topics_of(address, "times")
    before = int(len(rows) * BEFORE_SHARE)
    with _Service(feed, settings).running() as service:
        produce(settings, rows[:FIRST_ROWS], lines=1)
        service.caught_up()
        begun = time.monotonic()
        produce(settings, rows[FIRST_ROWS:before], lines=1)
        service.caught_up()
        load = (before - FIRST_ROWS) / (time.monotonic() - begun)
        sent_at: dict[str, float] = {}
        calm = before + int((len(rows) - before) * CALM_SHARE)
        with _feeding(settings, rows[before:calm], sent_at, a_second=load / 2) as feeding:
            feeding.join()
        calm_until = time.time()
        # What is killed next must not count among the times of this phase.
        service.caught_up()
        in_storm = min(load / 2, (len(rows) - calm) / STORM_SECONDS)
        with _feeding(settings, rows[calm:], sent_at, a_second=in_storm):
            same = [service.back("detect", name="detect") for _ in range(TIMES_KILLED)]
            replays = service.taken_over_in("detect")[-PARTITIONS * TIMES_KILLED :]
            other = service.back("ingest", name="another")
        service.caught_up()
    latencies = _latencies(settings, sent_at, until=calm_until)
    quantiles = [float(np.percentile(latencies, share)) for share in (50, 99)]
    return [
        once("sent and worked off at full speed", "rows/s", load),
        once("load", "rows/s", load / 2),
        once("load while processes are killed", "rows/s", in_storm),
        Figure(
            name=f"row to alert, p50 of {len(latencies)}", goal="", unit="s", values=quantiles[:1]
        ),
        Figure(name="row to alert, p99", goal="<= 0.5", unit="s", values=quantiles[1:]),
        Figure(name="killed, started again by its name", goal="<= 5", unit="s", values=same),
        Figure(name="of which state made again", goal="<= 1", unit="s", values=replays),
        Figure(name="killed, its work done by another", goal="<= 15", unit="s", values=[other]),
    ]


class _Service:
    """A process of each stage."""

    def __init__(self, feed: Path, settings: KafkaSettings) -> None:
        self._feed, self._settings = feed, settings
        self._config = configured(feed, settings)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    @contextmanager
    def running(self) -> Iterator["_Service"]:
        try:
            for stage in STAGES:
                self._start(stage, stage)
            yield self
        finally:
            for process in self._processes.values():
                process.send_signal(signal.SIGTERM)
            for process in self._processes.values():
                process.wait(timeout=60)

    def caught_up(self) -> None:
        """Returns when no stage has anything before it."""
        _until(lambda: any(self._places("ingest").values()))
        _until(lambda: not any(map(self._is_behind, STAGES)))

    def back(self, stage: str, *, name: str) -> float:
        """Seconds from a SIGKILL, and the start of a process of this name, until every partition
        of the stage went on."""
        self._processes[stage].kill()
        self._processes[stage].wait()
        begun, before = time.monotonic(), self._places(stage)
        self._start(stage, name)
        _until(lambda: all(now > before[each] for each, now in self._places(stage).items()))
        return time.monotonic() - begun

    def taken_over_in(self, stage: str) -> list[float]:
        """Seconds that each partition's state took, in the order of time."""
        return [float(told) for told in TAKEN_OVER.findall(self._log(stage).read_bytes())]

    def _start(self, stage: str, name: str) -> None:
        options = (f"--stage={stage}", f"--config={self._config}", f"--out={self._feed / 'out'}")
        with self._log(stage).open("ab") as log:
            self._processes[stage] = subprocess.Popen(
                [*PALERMO, "-v", "run", "--feed=kafka", "--follow", *options],
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=os.environ | {"PALERMO__KAFKA__MEMBER": name},
            )

    def _log(self, stage: str) -> Path:
        return self._feed / f"{stage}.log"

    def _is_behind(self, stage: str) -> bool:
        """Whether any message lies before the stage; markers of transactions are none."""
        places = self._places(stage)
        with closing(self._consumer(stage)) as consumer:
            consumer.assign(list(places))
            for partition, place in places.items():
                consumer.seek(partition, place)
            ends = consumer.end_offsets(list(places))
            while any(consumer.position(each) < ends[each] for each in places):
                if consumer.poll(timeout_ms=200):
                    return True
        return False

    def _places(self, stage: str) -> dict[TopicPartition, int]:
        topic, count = {
            "ingest": (self._settings.topics[0], PARTITIONS),
            "detect": (self._settings.movements_topic, PARTITIONS),
            "triage": (self._settings.findings_topic, 1),
        }[stage]
        with closing(self._consumer(stage)) as consumer:
            return {
                each: consumer.committed(each) or 0
                for each in (TopicPartition(topic, number) for number in range(count))
            }

    def _consumer(self, stage: str) -> Any:
        return KafkaConsumer(
            bootstrap_servers=list(self._settings.bootstrap),
            group_id=f"{self._settings.group}-{stage}",
            isolation_level="read_committed",
            enable_auto_commit=False,
        )


@contextmanager
def _feeding(
    settings: KafkaSettings,
    rows: Sequence[bytes],
    sent_at: dict[str, float],
    *,
    a_second: float,
) -> Iterator[Thread]:
    """Rows are sent at a rate, and noted when each was, until the end of the block."""
    is_over = Event()

    def send() -> None:
        producer: Any = KafkaProducer(
            bootstrap_servers=list(settings.bootstrap), compression_type="lz4"
        )
        a_turn, due = max(1, int(a_second * TURN_SECONDS)), time.monotonic()
        with closing(producer):
            for first in range(0, len(rows), a_turn):
                if is_over.wait(max(0.0, due - time.monotonic())):
                    return
                due += TURN_SECONDS
                for row in rows[first : first + a_turn]:
                    sent_at[id_of(row)] = time.time()
                    producer.send(settings.topics[0], value=row, partition=partition_of(row))

    thread = Thread(target=send)
    thread.start()
    try:
        yield thread
    finally:
        is_over.set()
        thread.join()


def _latencies(settings: KafkaSettings, sent_at: dict[str, float], *, until: float) -> list[float]:
    """Of each alert's first message: from the newest row it cites, sent at the rate and before a
    moment, to when it was published."""
    found = []
    for record in read_all(settings, settings.alerts_topic):
        if record.value is not None and ("revision", b"1") in record.headers:
            alert = msgspec.json.decode(record.value, type=Alert)
            cited = (each for hit in alert.typologies for each in hit.transaction_ids)
            newest = max((sent_at.get(each, 0.0) for each in cited), default=0.0)
            published = record.timestamp / 1000
            if 0.0 < newest < min(published, until):
                found.append(published - newest)
    return found


def _until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > until:
            raise TimeoutError("the processes did not come to it")
        time.sleep(TURN_SECONDS)


if __name__ == "__main__":
    main()
