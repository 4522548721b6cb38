"""A process's place in its group, on a real broker."""

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from kafka import KafkaProducer, TopicPartition

from ingest.kafka_settings import KafkaSettings, client_options
from palermo.live.exchange import Exchange, Outgoing, Place, Share, Span

pytestmark = [pytest.mark.needs_java, pytest.mark.timeout(120)]

MESSAGES = 5


@pytest.fixture
def exchange(settings: KafkaSettings) -> Iterator[Exchange]:
    producer: Any = KafkaProducer(**client_options(settings))
    with closing(producer):
        for partition in range(settings.partitions):
            for number in range(MESSAGES):
                producer.send(settings.topics[0], value=b"%d" % number, partition=partition)
        producer.flush()
    opened = Exchange(
        settings,
        stage="ingest",
        topics=settings.topics,
        fetched_bytes=1_000_000,
        is_producing=False,
        observer=lambda point: None,
    )
    with closing(opened):
        yield opened


def test_a_partition_that_waited_for_another_is_read_on(exchange: Exchange) -> None:
    first = read(exchange, messages=1)
    (waiting,) = first
    exchange.hold(waiting, is_held=True)
    rest = read(exchange, messages=MESSAGES)

    exchange.hold(waiting, is_held=False)

    assert waiting not in rest
    assert read(exchange, messages=MESSAGES - 1) == {waiting: MESSAGES - 1}


def read(exchange: Exchange, *, messages: int) -> dict[TopicPartition, int]:
    """How many of each partition came, when so many have."""
    found: dict[TopicPartition, int] = {}
    until = time.monotonic() + 20
    while sum(found.values()) < messages:
        assert time.monotonic() < until, f"only {found} came"
        records_of = exchange.poll(at_most=1, wait=0.2)
        for partition in exchange.changes().gained:
            exchange.resume(partition, 0)
        for partition, records in records_of.items():
            found[partition] = found.get(partition, 0) + len(records)
    return found


def test_what_was_made_of_two_partitions_is_given_up_if_one_of_them_went_on(
    settings: KafkaSettings,
) -> None:
    opened = Exchange(
        settings,
        stage="ingest",
        topics=settings.topics,
        fetched_bytes=1_000_000,
        is_producing=True,
        observer=lambda point: None,
    )
    ours, other = (TopicPartition(settings.topics[0], number) for number in (0, 1))
    upto = Place(offset=7, note="")
    with closing(opened):
        gained = gained_by(opened, partitions=settings.partitions)

        given_up = opened.commit(
            [
                Share(
                    # Nobody has committed 3: by the broker's word the other one is elsewhere.
                    spans={ours: Span(begun=None, upto=upto), other: Span(begun=3, upto=upto)},
                    messages=[to_nowhere()],
                )
            ]
        )

        assert {ours, other} <= gained
        assert given_up == {ours, other}
        assert opened.committed(ours) is None


def to_nowhere() -> Outgoing:
    return Outgoing(topic="no-such-topic", partition=None, key=None, value=b"", headers=())


def gained_by(exchange: Exchange, *, partitions: int) -> set[TopicPartition]:
    gained = set[TopicPartition]()
    until = time.monotonic() + 20
    while len(gained) < partitions:
        assert time.monotonic() < until, f"only {gained} came"
        exchange.poll(at_most=1, wait=0.2)
        gained |= exchange.changes().gained
    return gained
