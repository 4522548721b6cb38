"""Where a broker of the tests can be, and settings for it."""

import socket
from pathlib import Path
from random import sample
from uuid import uuid4

from ingest.kafka_settings import KafkaSettings

KAFKA = Path(__file__).parents[2] / "deploy" / "kafka"


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
