"""Feed, sink, topics and doctor against a real broker."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from alerts.alert import Alert, AlertRevision, alert_json
from alerts.kafka_sink import KafkaSink, open_kafka_sink
from ingest.feed import Reject
from ingest.kafka_feed import KafkaFeed, KafkaFeedError, open_kafka_feed
from ingest.kafka_settings import KafkaSettings
from palermo.doctor_kafka import Step, kafka_steps
from palermo.topics import apply_topics, plan_topics

pytestmark = [
    pytest.mark.needs_java,
    pytest.mark.timeout(120),
]


def test_topics_are_planned_made_once_and_left_alone(
    new_settings: Callable[[], KafkaSettings],
) -> None:
    settings = new_settings()

    before = plan_topics(settings)
    made = apply_topics(settings, before)
    after = plan_topics(settings)

    assert [each.state for each in before] == ["missing"] * 5
    assert len(made) == 5
    assert [each.state for each in after] == ["present"] * 5
    assert apply_topics(settings, after) == []


def test_a_plan_names_what_differs_and_apply_leaves_it(settings: KafkaSettings) -> None:
    other = settings.model_copy(update={"movements_partitions": 6, "memory_days": 500})

    assert apply_topics(other, plan_topics(other)) == []
    plan = {each.topic.name: each.differences for each in plan_topics(other)}

    day = 24 * 3600 * 1000
    assert plan[settings.findings_topic] == (f"retention.ms {400 * day}, not {500 * day}",)
    assert plan[settings.movements_topic] == (
        "partitions 4, not 6",
        f"retention.ms {400 * day}, not {500 * day}",
    )
    assert plan[settings.alerts_topic] == ()


def test_every_row_of_every_partition_is_read_once_and_the_bounded_feed_ends(
    settings: KafkaSettings,
) -> None:
    produce(settings, [(b"k%d" % n, b'{"n": %d}' % n, n % 2) for n in range(50)])

    with closing(open_kafka_feed(settings, follow=False)) as feed:
        rows = read_to_end(feed, at_most=7)

    assert sorted(rows) == sorted(b'{"n": %d}' % n for n in range(50))


def test_rows_of_an_aborted_transaction_are_never_seen_and_do_not_keep_the_feed_from_ending(
    settings: KafkaSettings,
) -> None:
    produce(settings, [(None, b"{}", 0)])
    with closing(transactional_producer(settings)) as producer:
        producer.begin_transaction()
        producer.send(settings.topics[0], value=b"never", partition=0)
        producer.flush()
        producer.abort_transaction()

    with closing(open_kafka_feed(settings, follow=False)) as feed:
        rows = read_to_end(feed, at_most=10)

    assert rows == [b"{}"]


def test_a_feed_continues_after_the_sinks_position_whatever_the_group_says(
    settings: KafkaSettings,
) -> None:
    produce(settings, [(None, b'{"a": 1}\n{"b": 2}\n{"c": 3}', 0), (None, b'{"d": 4}', 0)])
    with closing(open_kafka_feed(settings, follow=False)) as feed:
        first = poll_some(feed, at_most=2)
        rest = poll_some(feed, at_most=2)
        feed.acknowledge(rest.upto)

    with closing(open_kafka_feed(settings, follow=False)) as feed:
        feed.seek(first.upto)
        rows = read_to_end(feed, at_most=10)

    assert rows == [b'{"c": 3}', b'{"d": 4}']


def test_acknowledging_shows_the_group_how_far_the_sink_is(settings: KafkaSettings) -> None:
    produce(settings, [(None, b"{}", 0), (None, b"{}", 0), (None, b"{}", 0)])

    with closing(open_kafka_feed(settings, follow=False)) as feed:
        batch = poll_some(feed, at_most=2)
        feed.acknowledge(batch.upto)

    assert committed(settings, 0) == 2


def test_a_position_beyond_the_topic_is_refused_with_what_to_do(settings: KafkaSettings) -> None:
    with (
        closing(open_kafka_feed(settings, follow=False)) as feed,
        pytest.raises(KafkaFeedError, match="made anew; start with a new --out"),
    ):
        feed.seek({f"{settings.topics[0]}-0": [99, 0]})


def test_a_missing_topic_is_named(new_settings: Callable[[], KafkaSettings]) -> None:
    settings = new_settings()

    with pytest.raises(KafkaFeedError, match=f"no topic {settings.topics[0]}"):
        open_kafka_feed(settings, follow=False)


def test_a_wrong_address_says_which_and_what_to_run() -> None:
    """In a process of its own: kafka-python leaves the sockets of a failed bootstrap open."""
    program = (
        "from ingest.kafka_feed import open_kafka_feed\n"
        "from ingest.kafka_settings import KafkaSettings\n"
        "lost = KafkaSettings(bootstrap=('127.0.0.1:1',), topics=('rows',), patience_seconds=1)\n"
        "open_kafka_feed(lost, follow=False)\n"
    )

    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert re.search(r"no Kafka broker answers at 127\.0\.0\.1:1 within 1 s.*doctor", run.stderr)


def test_an_alert_arrives_with_its_id_as_key_and_its_record_as_value(
    settings: KafkaSettings, alert: Alert
) -> None:
    with opened_sink(settings) as sink:
        sink.publish_alerts([AlertRevision(alert=alert, revision=1)])

    (message,) = read_topic(settings, settings.alerts_topic)
    assert message.key == alert.alert_id.encode()
    assert message.value == alert_json(alert)
    assert dict(message.headers)["ce_id"] == f"{alert.alert_id}.1".encode()


def test_what_a_killed_run_had_published_is_not_published_again(
    settings: KafkaSettings, alert: Alert
) -> None:
    first, second = (AlertRevision(alert=alert, revision=number) for number in (1, 2))
    with opened_sink(settings) as sink:
        sink.publish_alerts([first])

    with opened_sink(settings) as sink:
        sink.publish_alerts([first, second])

    ids = [dict(each.headers)["ce_id"] for each in read_topic(settings, settings.alerts_topic)]
    assert ids == [f"{alert.alert_id}.{number}".encode() for number in (1, 2)]


def test_a_reject_arrives_with_key_and_value_unchanged_and_says_where_it_lay(
    settings: KafkaSettings,
) -> None:
    produce(settings, [(b"bank-key", b"\x00\x00\x00\x00\x07not json", 1)])
    with closing(open_kafka_feed(settings, follow=False)) as feed:
        (message,) = poll_some(feed, at_most=5).messages
        reject = Reject(
            reason="not_json",
            detail="not JSON",
            where=message.where,
            raw_ref=message.raw_ref,
            raw=message.value,
        )
        with opened_sink(settings, feed) as sink:
            sink.publish_rejects([reject])

    (letter,) = read_topic(settings, settings.deadletters_topic)
    headers = dict(letter.headers)
    assert (letter.key, letter.value) == (b"bank-key", b"\x00\x00\x00\x00\x07not json")
    assert headers["dlq_error_class"] == b"not_json"
    assert (headers["dlq_origin_partition"], headers["dlq_origin_offset"]) == (b"1", b"0")


def test_a_doctor_finds_nothing_wrong_with_a_whole_installation(settings: KafkaSettings) -> None:
    assert outcomes(kafka_steps(settings)) == {
        "settings": "passed",
        "dns": "passed",
        "tcp": "passed",
        "tls": "not_needed",
        "sasl": "not_needed",
        "topics": "passed",
        "rights": "passed",
    }


def test_a_doctor_names_the_missing_topic(new_settings: Callable[[], KafkaSettings]) -> None:
    settings = new_settings()

    failed = next(step for step in kafka_steps(settings) if step.outcome == "failed")

    assert failed.name == "topics"
    assert settings.topics[0] in failed.detail


def test_a_doctor_names_a_number_of_partitions_that_would_move_holders(
    settings: KafkaSettings,
) -> None:
    other = settings.model_copy(update={"movements_partitions": 6})

    failed = next(step for step in kafka_steps(other) if step.outcome == "failed")

    assert failed.name == "topics"
    assert "has 4 partitions" in failed.detail


def test_a_doctor_names_tls_where_the_port_is_a_plain_one(settings: KafkaSettings) -> None:
    encrypted = settings.model_copy(update={"security": "SSL", "patience_seconds": 3.0})

    assert outcomes(kafka_steps(encrypted))["tls"] == "failed"


def outcomes(steps: list[Step]) -> dict[str, str]:
    return {step.name: step.outcome for step in steps}


def produce(settings: KafkaSettings, messages: list[tuple[bytes | None, bytes, int]]) -> None:
    with closing(KafkaProducer(bootstrap_servers=list(settings.bootstrap))) as producer:
        for key, value, partition in messages:
            producer.send(settings.topics[0], key=key, value=value, partition=partition)
        producer.flush()


def transactional_producer(settings: KafkaSettings) -> Any:
    producer = KafkaProducer(
        bootstrap_servers=list(settings.bootstrap), transactional_id=f"bank-{settings.group}"
    )
    producer.init_transactions()
    return producer


@contextmanager
def opened_sink(settings: KafkaSettings, feed: KafkaFeed | None = None) -> Iterator[KafkaSink]:
    origin = feed.origin if feed is not None else lambda _: None
    sink = open_kafka_sink(settings, release="0", origin=origin)
    try:
        yield sink
    finally:
        sink.close()


def poll_some(feed: KafkaFeed, *, at_most: int) -> Any:
    while not (batch := feed.poll(at_most=at_most, wait=1.0)).messages:
        assert not batch.is_end
    return batch


def read_to_end(feed: KafkaFeed, *, at_most: int) -> list[bytes]:
    rows: list[bytes] = []
    is_end = False
    while not is_end:
        batch = feed.poll(at_most=at_most, wait=1.0)
        assert len(batch.messages) <= at_most
        rows += [message.value for message in batch.messages]
        is_end = batch.is_end
    return rows


def read_topic(settings: KafkaSettings, topic: str) -> list[Any]:
    only_this = settings.model_copy(update={"topics": (topic,)})
    with closing(reader(only_this, topic)) as consumer:
        found: list[Any] = []
        for records in iter(lambda: consumer.poll(timeout_ms=1000), {}):
            found += [record for each in records.values() for record in each]
    return found


def reader(settings: KafkaSettings, topic: str) -> Any:
    consumer = KafkaConsumer(
        bootstrap_servers=list(settings.bootstrap),
        isolation_level="read_committed",
        auto_offset_reset="earliest",
    )
    consumer.assign([TopicPartition(topic, number) for number in range(settings.partitions)])
    return consumer


def committed(settings: KafkaSettings, partition: int) -> int | None:
    consumer = KafkaConsumer(bootstrap_servers=list(settings.bootstrap), group_id=settings.group)
    with closing(consumer):
        found: int | None = consumer.committed(TopicPartition(settings.topics[0], partition))
    return found
