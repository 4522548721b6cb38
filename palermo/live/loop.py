"""The loop of a stage: poll, take over and let go of partitions, process, commit."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import structlog
from kafka import TopicPartition

from ingest.kafka_feed import Record
from palermo.folder import Observer
from palermo.live.exchange import Exchange

log = structlog.get_logger()

TAKING_OVER_SECONDS = 0.2
"""Of each round about so much goes into partitions that are being taken over, or as much as goes
into those that are there: these, with all that came meanwhile before them, must not starve it."""
IDLE_SECONDS = 60.0
"""A bounded process that owns nothing for so long has nothing to do."""


class Stage(Protocol):
    """What a process does with the partitions it is given. Called by the loop, one thread.

    take_over makes a partition's state as it was at the committed position: it yields None between
    steps, and at the end the offset to go on from. let_go drops the state. advance processes
    messages of partitions that were taken over and makes it last; it returns the partitions whose
    outputs were given up, whose state is dropped and taken over anew. is_ready: what is made goes
    out.
    """

    def take_over(self, partition: TopicPartition) -> Iterator[int | None]: ...

    def let_go(self, partition: TopicPartition) -> None: ...

    def advance(
        self, found: Mapping[TopicPartition, Sequence[Record]]
    ) -> frozenset[TopicPartition]: ...

    def most_messages(self) -> int: ...

    @property
    def is_ready(self) -> bool: ...


class Loop:
    """A stage at its exchange."""

    def __init__(
        self,
        name: str,
        stage: Stage,
        exchange: Exchange,
        *,
        observer: Observer,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._stage, self._exchange, self._clock = stage, exchange, clock
        self._observer = observer
        self._ready = set[TopicPartition]()
        self._coming: dict[TopicPartition, Iterator[int | None]] = {}
        self._begun_at: dict[TopicPartition, float] = {}
        self._ends = exchange.ends()
        self._idle_since = clock()
        self._advanced_for = 0.0

    def round(self, *, wait: float) -> bool:
        """One round; whether any message was processed."""
        found = self._exchange.poll(
            at_most=self._stage.most_messages(), wait=0.0 if self._coming else wait
        )
        self._note_changes()
        # Before any more are taken over: what was read of those is read again from their start.
        ready = {each: records for each, records in found.items() if each in self._ready}
        self._come_nearer()
        if ready:
            self._observer("read")
        begun = self._clock()
        given_up = self._stage.advance(ready)
        self._advanced_for = self._clock() - begun
        for partition in given_up:
            self._let_go(partition)
            if partition in self._exchange.owned():
                self._begin(partition)
        if ready:
            self._observer("advanced")
        return bool(ready)

    @property
    def is_ready(self) -> bool:
        """Whether all that is ours is taken over and what is made of it goes out."""
        return not self._coming and self._stage.is_ready

    def counts(self) -> tuple[int, int]:
        """How many partitions are ready, and how many are being taken over."""
        return len(self._ready), len(self._coming)

    def lags(self) -> dict[TopicPartition, int]:
        """Messages waiting in each partition that is ours, as far as we have heard."""
        return {each: self._exchange.lag(each) for each in sorted(self._exchange.owned())}

    def is_at_end(self) -> bool:
        """Whether all that was there at the start is processed, as far as it is ours."""
        owned = self._exchange.owned()
        if not owned:
            return self._clock() - self._idle_since > IDLE_SECONDS
        self._idle_since = self._clock()
        return not self._coming and all(
            self._exchange.position(each) >= self._ends[each]
            for each in owned
            if each in self._ends
        )

    def look_for_end(self) -> None:
        """The end is where the topics end now."""
        self._ends, self._idle_since = self._exchange.ends(), self._clock()

    def let_go(self) -> None:
        """Drops the state of all partitions."""
        for partition in [*self._ready, *self._coming]:
            self._let_go(partition)

    def _note_changes(self) -> None:
        changes = self._exchange.changes()
        for partition in sorted(changes.gone):
            self._let_go(partition)
        for partition in sorted(changes.gained):
            self._begin(partition)

    def _begin(self, partition: TopicPartition) -> None:
        log.info("partition_gained", topic=partition.topic, partition=partition.partition)
        self._exchange.pause(partition)
        self._coming[partition] = self._stage.take_over(partition)
        self._begun_at[partition] = self._clock()

    def _let_go(self, partition: TopicPartition) -> None:
        if partition in self._coming or partition in self._ready:
            log.info("partition_gone", topic=partition.topic, partition=partition.partition)
            self._coming.pop(partition, None)
            self._ready.discard(partition)
            self._stage.let_go(partition)

    def _come_nearer(self) -> None:
        until = self._clock() + max(TAKING_OVER_SECONDS, self._advanced_for)
        for partition, steps in list(self._coming.items()):
            for offset in steps:
                if offset is not None:
                    del self._coming[partition]
                    self._ready.add(partition)
                    self._exchange.resume(partition, offset)
                    log.info(
                        "partition_taken_over",
                        topic=partition.topic,
                        partition=partition.partition,
                        seconds=round(self._clock() - self._begun_at[partition], 3),
                    )
                    self._observer("taken_over")
                    break
                if self._clock() > until:
                    return
