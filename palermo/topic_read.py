"""A topic read from its beginning to where it ends now."""

from collections.abc import Iterator

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from ingest.kafka_feed import Record, unreachable
from ingest.kafka_settings import KafkaSettings, client_options
from palermo.errors import DependencyUnreachable


def records_in(settings: KafkaSettings, topic: str) -> Iterator[Record]:
    """Its committed messages, in order within each partition; none if there is no such topic.

    Raises DependencyUnreachable if no broker answers.
    """
    try:
        with KafkaConsumer(
            **client_options(settings),
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            allow_auto_create_topics=False,
        ) as consumer:
            numbers = consumer.partitions_for_topic(topic) or ()
            partitions = [TopicPartition(topic, number) for number in sorted(numbers)]
            consumer.assign(partitions)
            ends = consumer.end_offsets(partitions)
            while any(consumer.position(each) < ends[each] for each in partitions):
                for records in consumer.poll(timeout_ms=500).values():
                    yield from records
    except KafkaError as fault:
        raise DependencyUnreachable(unreachable(settings, fault)) from fault
