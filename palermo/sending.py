"""`palermo simulate --to kafka`: what simulated banks send, on the raw topic, at a rate."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import polars as pl
from kafka import KafkaProducer
from kafka.errors import KafkaError

from ingest.kafka_settings import KafkaSettings, client_options
from ingest.simulated.stream import encoded
from palermo.errors import ConfigurationError, DependencyUnreachable

PIECES_A_SECOND = 10
MOST_ROWS_A_PIECE = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """At most `rate` rows a second, in pieces of a tenth of that. clock: seconds, never back."""

    rate: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def pieces(self, rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """The rows in order, each piece when its last row is due."""
        size = max(1, min(MOST_ROWS_A_PIECE, int(self.rate / PIECES_A_SECOND)))
        started, due = self.clock(), 0.0
        for piece in rows.iter_slices(size):
            due += len(piece) / self.rate
            if (wait := started + due - self.clock()) > 0:
                self.sleep(wait)
            yield piece


@contextmanager
def raw_topic(settings: KafkaSettings, pace: Pace) -> Iterator[Callable[[pl.DataFrame], None]]:
    """Sends what banks send, a message a row, keyed by the account it is reported for, so that the
    rows of an account stay in order. A block is on the brokers when the call returns.

    Raises ConfigurationError without a raw topic, DependencyUnreachable where no broker takes it.
    """
    if not settings.topics:
        raise ConfigurationError("[kafka] topics names none; `--to kafka` sends to the first")
    topic = settings.topics[0]
    producer = _opened(settings)

    def send(sent: pl.DataFrame) -> None:
        for piece in pace.pieces(sent):
            _deliver(producer, topic, piece)

    try:
        yield send
    finally:
        producer.close(timeout=settings.patience_seconds)


def _opened(settings: KafkaSettings) -> Any:
    patience_ms = int(settings.patience_seconds * 1000)
    try:
        return KafkaProducer(
            **client_options(settings),
            acks="all",
            enable_idempotence=True,
            max_block_ms=patience_ms,
            request_timeout_ms=patience_ms,
            delivery_timeout_ms=3 * patience_ms,
            compression_type="lz4",
            linger_ms=5,
            allow_auto_create_topics=False,
        )
    except KafkaError as error:
        where = ", ".join(settings.bootstrap)
        raise DependencyUnreachable(
            f"no Kafka broker answers at {where} ({error!r}); `palermo doctor` tries step by step"
        ) from error


def _deliver(producer: Any, topic: str, piece: pl.DataFrame) -> None:
    """Returns when the brokers have all of it."""
    is_credit = piece["direction"] == "CREDIT"
    keys = piece.select(pl.when(is_credit).then("benef_account_id").otherwise("orig_account_id"))
    try:
        futures = [
            producer.send(topic, key=key.encode(), value=line.encode())
            for key, line in zip(keys.to_series(), encoded(piece), strict=True)
        ]
        producer.flush()
        for future in futures:
            future.get(timeout=0)
    except KafkaError as error:
        raise DependencyUnreachable(
            f"the topic {topic} does not take rows ({error!r}); `palermo topics apply` makes it, "
            "and the user needs the right to write to it"
        ) from error
