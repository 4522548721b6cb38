"""Alerts and rejects as messages on their topics, each once, by id.

Headers follow CloudEvents 1.0 in binary mode (Kafka protocol binding); a dead letter carries the
row it is about unchanged, and `dlq_*` headers that say where it lay and what was wrong.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from alerts.alert import SCHEMA_VERSION, AlertRevision, alert_json
from alerts.errors import AlertsError
from alerts.kafka_transaction import done_within
from ingest.feed import Reject
from ingest.kafka_feed import Origin, unreachable
from ingest.kafka_settings import KafkaSettings, client_options

Headers = list[tuple[str, bytes]]

LARGEST_MESSAGE_BYTES = 16 * 1024 * 1024
ALERTS_LOOKED_BACK = 1_000
LETTERS_LOOKED_BACK = 50_000
"""Messages at the end of a topic that a killed run may have published without knowing: dead
letters of a whole checkpoint, alerts of a commit; besides two for each now to be published."""


class KafkaSinkError(AlertsError):
    """Nothing of what was to be published is visible; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    id: str
    key: bytes | None
    value: bytes
    headers: Headers


class Topics(Protocol):
    """What the sink needs of the brokers. write is one step: all visible, or KafkaSinkError and
    none; tail gives the ids of about the last `at_least` visible messages of a topic."""

    def write(self, topic: str, messages: Sequence[Outgoing]) -> None: ...
    def tail(self, topic: str, *, at_least: int) -> set[str]: ...
    def close(self) -> None: ...


def open_kafka_sink(
    settings: KafkaSettings, *, release: str, origin: Callable[[str], Origin | None]
) -> "KafkaSink":
    """The sink on the topics of `settings`; it fences any earlier one of the same group.

    origin: the message a row came in, by raw_ref (`KafkaFeed.origin`; None for other feeds).
    Raises KafkaSinkError if no broker answers or a topic is missing.
    """
    topics = BrokerTopics.open(settings)
    return KafkaSink(topics, settings=settings, release=release, origin=origin)


class KafkaSink:
    """Publishes in two steps around the store's commit, so that nothing is lost or told too soon:
    rejects before it (a row read again gives the same dead letter), alerts after it.

    The first call for a topic, and the next one after a failure, looks at its end: what is
    published there is left out from then on, so give it all that the store has not marked as
    published.
    """

    def __init__(
        self,
        topics: Topics,
        *,
        settings: KafkaSettings,
        release: str,
        origin: Callable[[str], Origin | None],
    ) -> None:
        self._topics = topics
        self._settings = settings
        self._release = release
        self._origin = origin
        self._known: dict[str, set[str]] = {}

    def publish_rejects(self, rejects: Sequence[Reject]) -> None:
        """Returns when every dead letter is durable. Call before the store commits the batch."""
        letters = [dead_letter(each, self._origin(each.raw_ref), self._release) for each in rejects]
        self._publish(self._settings.deadletters_topic, letters, LETTERS_LOOKED_BACK)

    def publish_alerts(self, revisions: Sequence[AlertRevision]) -> None:
        """Returns when every alert is durable. Call only with what the store has committed."""
        messages = [alert_message(each) for each in revisions]
        self._publish(self._settings.alerts_topic, messages, ALERTS_LOOKED_BACK)

    def _publish(self, topic: str, messages: Sequence[Outgoing], looked_back: int) -> None:
        if not messages:
            return
        if topic not in self._known:
            at_least = 2 * len(messages) + looked_back
            self._known[topic] = self._topics.tail(topic, at_least=at_least)
        fresh = [message for message in messages if message.id not in self._known[topic]]
        if not fresh:
            return
        try:
            self._topics.write(topic, fresh)
        except KafkaSinkError:
            # Nobody knows yet what became of it.
            del self._known[topic]
            raise

    def close(self) -> None:
        self._topics.close()


def alert_message(revision: AlertRevision) -> Outgoing:
    """The record of an alert, keyed by its id: the same revision gives the same bytes."""
    alert = revision.alert
    identity = f"{alert.alert_id}.{revision.revision}"
    headers = _cloud_event(
        identity,
        source=f"/palermo/{alert.house}",
        kind="palermo.alert.v1",
        time=alert.raised_at,
        # The alert's id, not the person's: headers end up in the logs of others.
        subject=alert.alert_id,
    )
    headers += [
        ("content-type", b"application/json"),
        ("schema_version", str(SCHEMA_VERSION).encode()),
        ("revision", str(revision.revision).encode()),
    ]
    return Outgoing(
        id=identity, key=alert.alert_id.encode(), value=alert_json(alert), headers=headers
    )


def dead_letter(reject: Reject, origin: Origin | None, release: str) -> Outgoing:
    """A rejected row, key and value as they came, with its reason in the headers. One that was put
    aside before keeps where it came from, and counts its attempts."""
    attempt = 1 if origin is None else origin.attempt
    first = None if origin is None else origin.first_letter
    identity = reject.raw_ref if first is None else f"{first}/{attempt}"
    headers = _cloud_event(
        identity,
        source="/palermo/ingest",
        kind="palermo.deadletter.v1",
        time=None,
        subject=None,
    )
    headers += _text_headers(
        dlq_error_class=reject.reason,
        dlq_error_message=reject.detail,
        dlq_stage="ingest",
        dlq_attempt=str(attempt),
        dlq_service_version=release,
        dlq_where=reject.where,
    )
    return Outgoing(
        id=identity,
        key=None if origin is None else origin.key,
        value=reject.raw if origin is None else origin.value,
        headers=headers + _origin_headers(origin),
    )


def _origin_headers(origin: Origin | None) -> Headers:
    if origin is None:
        return []
    seen = str(origin.timestamp_ms)
    return _text_headers(
        dlq_origin_topic=origin.topic,
        dlq_origin_partition=str(origin.partition),
        dlq_origin_offset=str(origin.offset),
        dlq_origin_row="" if origin.row is None else str(origin.row),
        dlq_origin_timestamp=seen,
        # The broker's time, not ours: a letter written again after a crash is the same letter.
        dlq_first_seen=seen,
    )


def _cloud_event(
    identity: str, *, source: str, kind: str, time: str | None, subject: str | None
) -> Headers:
    known = {"ce_specversion": "1.0", "ce_id": identity, "ce_source": source, "ce_type": kind}
    optional = {"ce_time": time, "ce_subject": subject}
    return _text_headers(**known, **{name: text for name, text in optional.items() if text})


def _text_headers(**headers: str) -> Headers:
    return [(name, text.encode()) for name, text in headers.items()]


class BrokerTopics:
    """Topics on real brokers: one transaction a write, read back as committed only. After one that
    failed the next producer of its name decides what became of it."""

    def __init__(self, producer: Any, settings: KafkaSettings) -> None:
        self._producer: Any = producer
        self._settings = settings

    @classmethod
    def open(cls, settings: KafkaSettings) -> Self:
        return cls(cls._opened(settings), settings)

    @staticmethod
    def _opened(settings: KafkaSettings) -> Any:
        try:
            producer = KafkaProducer(**client_options(settings), **_producer_options(settings))
        except KafkaError as error:
            raise KafkaSinkError(unreachable(settings, error)) from error
        try:
            producer.init_transactions()
        except KafkaError as error:
            producer.close(timeout=0)
            raise KafkaSinkError(
                f"the broker gives the sink no transactions ({error!r}); the user needs the right "
                f"WRITE on the transactional id {settings.group}-sink"
            ) from error
        return producer

    def write(self, topic: str, messages: Sequence[Outgoing]) -> None:
        try:
            self._stand_ready()
            self._producer.begin_transaction()
            sent = [
                self._producer.send(
                    topic, key=message.key, value=message.value, headers=message.headers
                )
                for message in messages
            ]
            self._producer.flush()
            for future in sent:
                future.get(timeout=0)
            done_within(3 * self._settings.patience_seconds, self._producer.commit_transaction)
        except KafkaError as error:
            self._give_up()
            raise KafkaSinkError(_not_written(topic, len(messages), error)) from error

    def tail(self, topic: str, *, at_least: int) -> set[str]:
        try:
            self._stand_ready()
            with KafkaConsumer(
                **client_options(self._settings),
                isolation_level="read_committed",
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                allow_auto_create_topics=False,
            ) as consumer:
                return _read_back(consumer, topic, at_least)
        except KafkaError as error:
            raise KafkaSinkError(
                f"reading the end of {topic} failed: {error!r}; the sink needs the right to read "
                "its own topics"
            ) from error

    def close(self) -> None:
        if self._producer is not None:
            self._producer.close(timeout=self._settings.patience_seconds)

    def _stand_ready(self) -> None:
        """With a producer: after a failure the next one of its name."""
        if self._producer is None:
            self._producer = self._opened(self._settings)

    def _give_up(self) -> None:
        try:
            done_within(self._settings.patience_seconds, self._producer.abort_transaction)
        except KafkaError:
            # The broker ends it by its timeout or when the next sink of this group opens.
            pass
        finally:
            self._producer.close(timeout=0)
            self._producer = None


def _producer_options(settings: KafkaSettings) -> dict[str, object]:
    patience_ms = int(settings.patience_seconds * 1000)
    return {
        "acks": "all",
        "enable_idempotence": True,
        # The same after a restart, so that a run killed in a transaction is fenced at once.
        "transactional_id": f"{settings.group}-sink",
        "transaction_timeout_ms": 15_000,
        "max_block_ms": patience_ms,
        "request_timeout_ms": patience_ms,
        "delivery_timeout_ms": 3 * patience_ms,
        "compression_type": "lz4",
        "max_request_size": LARGEST_MESSAGE_BYTES,
        "allow_auto_create_topics": False,
    }


def _read_back(consumer: Any, topic: str, at_least: int) -> set[str]:
    numbers = consumer.partitions_for_topic(topic)
    if not numbers:
        raise KafkaSinkError(
            f"the broker has no topic {topic}; make it with `palermo topics apply`"
        )
    partitions = sorted(TopicPartition(topic, number) for number in numbers)
    begin, end = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
    consumer.assign(partitions)
    for partition in partitions:
        consumer.seek(partition, max(begin[partition], end[partition] - at_least))
    ids: set[str] = set()
    while any(consumer.position(partition) < end[partition] for partition in partitions):
        for records in consumer.poll(timeout_ms=500).values():
            ids.update(_event_id(record.headers) for record in records)
    return ids


def _event_id(headers: Headers) -> str:
    return next((value.decode() for name, value in headers if name == "ce_id"), "")


def _not_written(topic: str, count: int, error: KafkaError) -> str:
    return (
        f"{count} messages for {topic} were not published ({error!r}); the store keeps them: see "
        "that the brokers answer (`palermo doctor`) and start again"
    )
