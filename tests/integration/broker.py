"""Where a broker of the tests can be, settings for it, and brokers set up in another way."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import sample
from uuid import uuid4

from ingest.kafka_settings import KafkaSettings

KAFKA = Path(__file__).parents[2] / "deploy" / "kafka"
LIBRARIES = KAFKA.parents[1] / ".kafka" / "libs"
JAVA = ("java", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
CLUSTER = "PalermoFictCluster0001"
ALONE = """process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
inter.broker.listener.name=INSIDE
log.dirs={home}/data
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=3
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=3
group.initial.rebalance.delay.ms=0
"""
"""Of a single node of tests, however it is reached."""

BEHIND_A_PROXY = """
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=INSIDE://127.0.0.1:{inside},OUTSIDE://127.0.0.1:{outside},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=INSIDE://127.0.0.1:{inside},OUTSIDE://{proxy}
listener.security.protocol.map=INSIDE:PLAINTEXT,OUTSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT
"""


def some_settings(broker: str) -> KafkaSettings:
    tag = uuid4().hex[:8]
    return KafkaSettings(
        bootstrap=(broker,),
        topics=(f"rows-{tag}",),
        group=f"palermo-{tag}",
        movements_topic=f"movements-{tag}",
        findings_topic=f"findings-{tag}",
        movements_partitions=4,
        alerts_topic=f"alerts-{tag}",
        deadletters_topic=f"letters-{tag}",
        partitions=2,
        replication=1,
    )


def free_port_pair() -> int:
    """Below the ports that the system lends to outgoing connections, so that none takes them."""
    for port in sample(range(20_000, 32_000), 100):
        with socket.socket() as first, socket.socket() as second:
            try:
                first.bind(("127.0.0.1", port))
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    raise RuntimeError("no two free ports side by side")


def log_of(home: Path) -> str:
    log = home / "broker.log"
    return "".join(log.read_text().splitlines(keepends=True)[-20:]) if log.exists() else ""


@contextmanager
def running_broker(home: Path, properties: str, *format_arguments: str) -> Iterator[None]:
    """A single node, reached as these properties say, from the jars that the first one has
    brought."""
    path = home / "server.properties"
    path.write_text(ALONE.format(home=home) + properties)
    formatting = ("format", "--cluster-id", CLUSTER, "--config", str(path), *format_arguments)
    _java(home, "kafka.tools.StorageTool", *formatting).wait(timeout=60)
    server = _java(home, "kafka.Kafka", str(path))
    try:
        _wait_for(home / "broker.log", "Kafka Server started", server)
        yield
    finally:
        server.terminate()
        server.wait(timeout=60)


def _java(home: Path, program: str, *arguments: str) -> subprocess.Popen[bytes]:
    with (home / "broker.log").open("ab") as log:
        return subprocess.Popen(
            [*JAVA, "-cp", f"{LIBRARIES}/*", program, *arguments],
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def _wait_for(log: Path, sentence: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 90
    while sentence not in log.read_text():
        assert server.poll() is None, log.read_text()[-2000:]
        assert time.monotonic() < until, log.read_text()[-2000:]
        time.sleep(0.2)
