"""Consume, process, produce: what is read, what comes of it and how far it was read become
visible in one Kafka transaction.

After an abort the same outputs are sent again by a new producer, as long as their partitions are
still ours and nobody else went on in them; else they are given up, and whoever owns the partitions
makes them again from what was committed.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import Any, Literal, TypeVar
from uuid import uuid4

import structlog
from kafka import (
    ConsumerRebalanceListener,
    KafkaConsumer,
    KafkaProducer,
    OffsetAndMetadata,
    TopicPartition,
)
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.errors import IllegalStateError, KafkaError

from alerts.kafka_sink import LARGEST_MESSAGE_BYTES
from alerts.kafka_transaction import done_within
from ingest.kafka_feed import Record, partition_name, unreachable
from ingest.kafka_settings import KafkaSettings, client_options
from palermo.errors import DependencyUnreachable
from palermo.folder import Observer

log = structlog.get_logger()

SESSION_MS = 10_000
TRANSACTION_MS = 10_000
"""How long a killed process can hold up those that read behind it."""
STUBBORN_SECONDS = 240.0
"""How long outputs are sent again before the process gives up; less than its place in the group
outlasts without a poll."""
NOWHERE = -1
AGAIN_SECONDS = 0.1
"""Between two questions to brokers that do not answer."""
FETCHED_BYTES = 32 * 1024 * 1024
REPLAYED_BYTES, REPLAYED_MESSAGES = 8 * 1024 * 1024, 5_000

Found = Mapping[TopicPartition, Sequence[Record]]
Stand = Literal["due", "done", "lost"]
"""What became of a partition's part of a transaction: nothing yet, committed, not ours to know."""
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message to be sent. `partition` None: the producer chooses by key."""

    topic: str
    partition: int | None
    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A committed position: the next offset, and a note of the stage's own."""

    offset: int
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """How far a partition was read: `begun` is where its messages began, as committed (None:
    nothing was), `upto` where they end."""

    begun: int | None
    upto: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What came of some partitions' messages together: visible as a whole or not at all."""

    spans: Mapping[TopicPartition, Span]
    messages: Sequence[Outgoing]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Partitions that went and came since the last look; one can have done both, in that order."""

    gone: frozenset[TopicPartition]
    gained: frozenset[TopicPartition]


class Exchange:
    """One process's place in the group of its stage."""

    def __init__(
        self,
        settings: KafkaSettings,
        *,
        stage: str,
        topics: Sequence[str],
        fetched_bytes: int,
        is_producing: bool,
        observer: Observer,
    ) -> None:
        """fetched_bytes: of a partition at once; while there is a backlog, as much of one is given
        out before the next one's turn.

        Raises DependencyUnreachable if no broker answers or a right is missing.
        """
        self._settings, self._stage, self._topics = settings, stage, tuple(topics)
        self._fetched_bytes = fetched_bytes
        self._observer = observer
        self._name = f"{settings.group}-{stage}-{settings.member or uuid4().hex}"
        self._listener = _Listener()
        self._consumer = self._opened_consumer()
        self._group = self._consumer.group_metadata()
        # At once: it ends the transaction that a killed process of this name left open, which
        # holds up everybody behind it, and us.
        self._producer: Any = self._first_producer() if is_producing else None
        self._paused: set[TopicPartition] = set()

    def poll(self, *, at_most: int, wait: float) -> Found:
        """The next messages of our partitions, at most so many.

        Raises DependencyUnreachable, as all that asks the brokers, if they refuse or stay silent.
        """
        found = self._asked(lambda: self._polled(wait=wait, at_most=at_most))
        # Of this moment: if the group changes while they are processed, the broker refuses them.
        self._group = self._consumer.group_metadata()
        return found

    def changes(self) -> Changes:
        return self._listener.take()

    def owned(self) -> frozenset[TopicPartition]:
        return self._listener.owned()

    def pause(self, partition: TopicPartition) -> None:
        """Its messages stay where they are until resume."""
        self._paused.add(partition)
        self._set_flowing(partition, is_flowing=False)

    def resume(self, partition: TopicPartition, offset: int) -> None:
        """Its messages come from this offset on."""
        self._paused.discard(partition)
        if partition in self.owned():
            if self.position(partition) != offset:
                self._seek(partition, offset)
            self._set_flowing(partition, is_flowing=True)

    def hold(self, partition: TopicPartition, *, is_held: bool) -> None:
        """Has a partition wait for others, or go on."""
        if is_held == (partition in self._paused) or partition not in self.owned():
            return
        if is_held:
            self.pause(partition)
        else:
            self._paused.discard(partition)
            self._set_flowing(partition, is_flowing=True)

    def has_more(self, partition: TopicPartition) -> bool:
        """Whether messages are waiting there, as far as we have heard."""
        return self.lag(partition) > 0

    def lag(self, partition: TopicPartition) -> int:
        """How many offsets lie before us there, as far as we have heard."""
        end = None
        with suppress(IllegalStateError):
            end = self._consumer.highwater(partition)
        return 0 if end is None else max(0, end - self.position(partition))

    def committed(self, partition: TopicPartition) -> Place | None:
        """Where the group stands; None before its first commit."""
        found = self._asked(lambda: self._consumer.committed(partition, metadata=True))
        return None if found is None else Place(offset=found.offset, note=found.metadata)

    def beginning(self, partition: TopicPartition) -> int:
        """The first offset the topic still holds."""
        return int(self._asked(lambda: self._consumer.beginning_offsets([partition])[partition]))

    def ends(self) -> dict[TopicPartition, int]:
        """Where each partition of our topics ends now."""
        every = [
            TopicPartition(topic, number)
            for topic in self._topics
            for number in sorted(self.partitions(topic))
        ]
        return dict(self._asked(lambda: self._consumer.end_offsets(every)))

    def partitions(self, topic: str) -> frozenset[int]:
        """Raises DependencyUnreachable if there is no such topic."""
        found = self._consumer.partitions_for_topic(topic)
        if not found:
            raise DependencyUnreachable(
                f"the broker has no topic {topic} (or does not let this user see it); make it "
                "with `palermo topics apply`"
            )
        return frozenset(found)

    def position(self, partition: TopicPartition) -> int:
        """The offset of the next message; markers of transactions are stepped over. NOWHERE of one
        that is being taken from us at this moment."""
        try:
            return int(self._asked(lambda: self._consumer.position(partition)))
        except IllegalStateError:
            return NOWHERE

    def commit(self, shares: Sequence[Share]) -> frozenset[TopicPartition]:
        """Makes outputs and positions visible together; the partitions of shares that were given
        up, and those that are not ours any more.

        Raises DependencyUnreachable if the brokers cannot be brought to it.
        """
        waiting, given_up, group = list(shares), set[TopicPartition](), self._group
        until = time.monotonic() + STUBBORN_SECONDS
        while waiting:
            try:
                self._commit_once(waiting, group)
                break
            except KafkaError as fault:
                self._observer("transaction_aborted")
                log.warning(
                    "transaction_sent_again", stage=self._stage, reason=type(fault).__name__
                )
                if time.monotonic() > until:
                    raise DependencyUnreachable(_not_sent(self._stage, fault)) from fault
            self._close_producer()
            group = self._look_again()
            waiting, lost = self._still_due(waiting)
            given_up |= lost
        return frozenset(given_up)

    def show(self, partition: TopicPartition, offset: int) -> None:
        """Shows lag monitors how far we are, where something else decides."""
        self._consumer.commit_async({partition: OffsetAndMetadata(offset, "", -1)})

    def close(self) -> None:
        self._close_producer()
        self._consumer.close(autocommit=False)

    # The client's own thread may be taking a partition from us at this moment, and says so to the
    # listener: then there is nothing to set any more.

    def _set_flowing(self, partition: TopicPartition, *, is_flowing: bool) -> None:
        with suppress(IllegalStateError):
            (self._consumer.resume if is_flowing else self._consumer.pause)(partition)

    def _seek(self, partition: TopicPartition, offset: int) -> None:
        with suppress(IllegalStateError):
            self._consumer.seek(partition, offset)

    def _asked(self, ask: Callable[[], Answer]) -> Answer:
        return asked(self._settings, ask)

    def _polled(self, *, wait: float, at_most: int) -> Found:
        # kafka-python 3.0.12 keeps what it had fetched of a paused partition, and gives it out only
        # once it holds none of another partition, not even used up ones: perhaps never.
        fetcher = self._consumer._fetcher
        if not fetcher._next_partition_records:
            fetcher._next_partition_records = None
        found: Found = self._consumer.poll(timeout_ms=int(wait * 1000), max_records=at_most)
        return found

    def _opened_consumer(self) -> Any:
        settings = self._settings
        try:
            consumer = KafkaConsumer(
                **client_options(settings),
                group_id=f"{settings.group}-{self._stage}",
                group_instance_id=self._name if settings.member else None,
                isolation_level="read_committed",
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                allow_auto_create_topics=False,
                session_timeout_ms=SESSION_MS,
                heartbeat_interval_ms=SESSION_MS // 4,
                partition_assignment_strategy=[CooperativeStickyAssignor()],
                fetch_max_bytes=FETCHED_BYTES,
                max_partition_fetch_bytes=self._fetched_bytes,
            )
        except KafkaError as fault:
            raise DependencyUnreachable(unreachable(settings, fault)) from fault
        self._listener.pause = consumer.pause
        consumer.subscribe(topics=list(self._topics), listener=self._listener)
        return consumer

    def _first_producer(self) -> Any:
        try:
            return self._opened_producer()
        except KafkaError as fault:
            self._consumer.close(autocommit=False)
            raise DependencyUnreachable(
                f"the brokers give {self._stage} no transactions ({fault!r}); the user needs the "
                f"right WRITE on the transactional id {self._name}"
            ) from fault

    def _commit_once(self, shares: Sequence[Share], group: Any) -> None:
        if self._producer is None:
            self._producer = self._opened_producer()
        self._observer("sending")
        self._producer.begin_transaction()
        sent = [
            self._producer.send(
                each.topic,
                partition=each.partition,
                key=each.key,
                value=each.value,
                headers=list(each.headers),
            )
            for share in shares
            for each in share.messages
        ]
        self._producer.flush()
        for future in sent:
            future.get(timeout=0)
        self._observer("sent")
        offsets = {
            partition: OffsetAndMetadata(span.upto.offset, span.upto.note, -1)
            for share in shares
            for partition, span in share.spans.items()
        }
        producer, patience = self._producer, 3 * self._settings.patience_seconds
        done_within(patience, lambda: producer.send_offsets_to_transaction(offsets, group))
        self._observer("offsets_sent")
        done_within(patience, producer.commit_transaction)
        self._observer("transaction_committed")

    def _opened_producer(self) -> Any:
        patience_ms = int(self._settings.patience_seconds * 1000)
        producer = KafkaProducer(
            **client_options(self._settings),
            acks="all",
            enable_idempotence=True,
            transactional_id=self._name,
            transaction_timeout_ms=TRANSACTION_MS,
            max_block_ms=patience_ms,
            request_timeout_ms=patience_ms,
            delivery_timeout_ms=3 * patience_ms,
            compression_type="lz4",
            max_request_size=LARGEST_MESSAGE_BYTES,
            allow_auto_create_topics=False,
        )
        try:
            # Also decides what became of a transaction that a producer of this name left open.
            producer.init_transactions()
        except KafkaError:
            producer.close(timeout=0)
            raise
        return producer

    def _close_producer(self) -> None:
        if self._producer is not None:
            self._producer.close(timeout=0)
            self._producer = None

    def _look_again(self) -> Any:
        """The group as it is now, with the outcome of what was open decided."""
        until = time.monotonic() + STUBBORN_SECONDS
        while True:
            try:
                self._producer = self._opened_producer()
                break
            except KafkaError as fault:
                if time.monotonic() > until:
                    raise DependencyUnreachable(_not_sent(self._stage, fault)) from fault
                self.stay()
        self.stay()
        return self._consumer.group_metadata()

    def stay(self) -> None:
        """Keeps our place in the group, and takes part in changes of it, without reading."""
        owned = self.owned()
        for partition in owned:
            self._set_flowing(partition, is_flowing=False)
        found = self._asked(lambda: self._polled(wait=0.1, at_most=1))
        for partition, records in found.items():
            self._seek(partition, records[0].offset)
        for partition in (owned & self.owned()) - self._paused:
            self._set_flowing(partition, is_flowing=True)

    def _still_due(self, shares: Sequence[Share]) -> tuple[list[Share], set[TopicPartition]]:
        """The shares to be sent again, and the partitions that are lost or whose share is given
        up: if one partition of it is somebody else's now, the others are read again."""
        due, lost = list[Share](), set[TopicPartition]()
        for share in shares:
            stands = {each: self._stand(each, span) for each, span in share.spans.items()}
            if all(stand == "due" for stand in stands.values()):
                due.append(share)
            elif any(stand == "done" for stand in stands.values()):
                lost |= {each for each, stand in stands.items() if stand != "done"}
            else:
                lost |= set(stands)
        return due, lost

    def _stand(self, partition: TopicPartition, span: Span) -> Stand:
        if not self._listener.is_kept(partition):
            return "lost"
        place = self.committed(partition)
        offset = None if place is None else place.offset
        if offset == span.begun:
            return "due"
        return "done" if offset == span.upto.offset else "lost"


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Called on the client's own thread, where work would hold up heartbeats: it takes notes."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._owned, self._gone, self._gained = (set[TopicPartition]() for _ in range(3))
        self.pause: Callable[..., None] | None = None

    def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        with self._lock:
            self._owned -= set(revoked)
            self._gained -= set(revoked)
            self._gone |= set(revoked)

    def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        with self._lock:
            new = set(assigned) - self._owned
            self._gained |= new
            self._owned |= new
        # Before the first fetch: what was fetched and then sought past is not always given again.
        if self.pause is not None and new:
            self.pause(*new)

    def take(self) -> Changes:
        with self._lock:
            changes = Changes(gone=frozenset(self._gone), gained=frozenset(self._gained))
            self._gone, self._gained = set(), set()
            return changes

    def owned(self) -> frozenset[TopicPartition]:
        with self._lock:
            return frozenset(self._owned)

    def is_kept(self, partition: TopicPartition) -> bool:
        """Whether it is ours and was all the time since the last look at the changes."""
        with self._lock:
            return partition in self._owned and partition not in self._gone


def replayed(
    settings: KafkaSettings, partition: TopicPartition, *, start: int, upto: int
) -> Iterator[Sequence[Record]]:
    """The committed messages of a partition from `start` to before `upto`, a few at a time, some
    of them none. Raises DependencyUnreachable if the topic does not hold them any more."""
    with KafkaConsumer(
        **client_options(settings),
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        allow_auto_create_topics=False,
        fetch_max_bytes=FETCHED_BYTES,
        max_partition_fetch_bytes=REPLAYED_BYTES,
    ) as consumer:
        consumer.assign([partition])
        first = asked(settings, lambda: consumer.beginning_offsets([partition])[partition])
        if first > start:
            raise DependencyUnreachable(
                f"{partition_name(partition)}: offsets {start} to {first - 1} are "
                "deleted and needed to go on; lengthen the topic's retention ([kafka] memory_days)"
            )
        consumer.seek(partition, start)
        while asked(settings, lambda: consumer.position(partition)) < upto:
            found = asked(
                settings, lambda: consumer.poll(timeout_ms=200, max_records=REPLAYED_MESSAGES)
            )
            yield [record for record in found.get(partition, []) if record.offset < upto]


def asked(settings: KafkaSettings, ask: Callable[[], Answer]) -> Answer:
    """What the brokers answer, asked again while they cannot be reached: our place in the group is
    kept by another thread, or is lost as it should be.

    Raises DependencyUnreachable if they refuse, or answer nothing for STUBBORN_SECONDS.
    """
    until = time.monotonic() + STUBBORN_SECONDS
    while True:
        try:
            return ask()
        except IllegalStateError:
            # Of the question, not of the brokers.
            raise
        except KafkaError as fault:
            if not fault.retriable or time.monotonic() > until:
                raise DependencyUnreachable(_not_answered(settings, fault)) from fault
            log.warning("brokers_asked_again", reason=type(fault).__name__)
        time.sleep(AGAIN_SECONDS)


def _not_answered(settings: KafkaSettings, fault: KafkaError) -> str:
    return (
        f"the brokers at {', '.join(settings.bootstrap)} refuse or give no answer ({fault!r}). "
        "See `palermo doctor`, then start the same command again: it goes on from there"
    )


def _not_sent(stage: str, fault: KafkaError) -> str:
    return (
        f"{stage}: the brokers did not take what was made ({fault!r}); nothing of it is visible. "
        "See `palermo doctor`, then start the same command again: it goes on from there"
    )
