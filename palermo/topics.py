"""The topics Palermo writes: what is there, what is missing, and how to make it so."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from kafka import KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError

from alerts.kafka_sink import LARGEST_MESSAGE_BYTES
from ingest.kafka_feed import unreachable
from ingest.kafka_settings import KafkaSettings, client_options

State = Literal["present", "missing", "fewer_partitions"]


class TopicsError(Exception):
    """The topics could not be looked at or made; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    name: str
    partitions: int
    replication: int
    options: Mapping[str, str]
    """Topic settings as the broker names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicPlan:
    """A topic as it should be and how it is found."""

    topic: Topic
    state: State


def wanted_topics(settings: KafkaSettings) -> list[Topic]:
    """The raw topics, the alerts and the dead letters, as `topics apply` makes them."""
    raw = [_topic(name, settings, {}) for name in settings.topics]
    alerts = {"cleanup.policy": "compact,delete", "retention.ms": "-1"}
    letters = {
        "retention.ms": str(30 * 24 * 3600 * 1000),
        "max.message.bytes": str(LARGEST_MESSAGE_BYTES),
    }
    return [
        *raw,
        _topic(settings.alerts_topic, settings, alerts),
        _topic(settings.deadletters_topic, settings, letters),
    ]


def plan_topics(settings: KafkaSettings) -> list[TopicPlan]:
    """Every topic with its state; changes nothing. Raises TopicsError if no broker answers."""
    wanted = wanted_topics(settings)
    with _admin(settings) as admin:
        found = _partition_counts(admin)
    return [TopicPlan(topic=topic, state=_state(topic, found)) for topic in wanted]


def apply_topics(settings: KafkaSettings, plan: Sequence[TopicPlan]) -> list[str]:
    """Names of the topics made: those `plan` found missing. What exists is never changed.

    Raises TopicsError if the broker refuses one.
    """
    missing = {each.topic.name: _request(each.topic) for each in plan if each.state == "missing"}
    if not missing:
        return []
    with _admin(settings) as admin:
        try:
            admin.create_topics(missing, wait_for_metadata=True)
        except TopicAlreadyExistsError:
            return []
    return sorted(missing)


def _topic(name: str, settings: KafkaSettings, options: Mapping[str, str]) -> Topic:
    return Topic(
        name=name,
        partitions=settings.partitions,
        replication=settings.replication,
        options=options,
    )


@contextmanager
def _admin(settings: KafkaSettings) -> Iterator[Any]:
    try:
        admin = KafkaAdminClient(**client_options(settings))
    except KafkaError as error:
        raise TopicsError(unreachable(settings, error)) from error
    try:
        yield admin
    except KafkaError as error:
        raise TopicsError(
            f"the broker refused ({error!r}); a single broker needs [kafka] replication = 1, and "
            "the user needs the right to create topics"
        ) from error
    finally:
        admin.close()


def _partition_counts(admin: Any) -> dict[str, int]:
    return {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics()}


def _state(topic: Topic, found: Mapping[str, int]) -> State:
    if topic.name not in found:
        return "missing"
    return "present" if found[topic.name] >= topic.partitions else "fewer_partitions"


def _request(topic: Topic) -> dict[str, object]:
    return {
        "num_partitions": topic.partitions,
        "replication_factor": topic.replication,
        "configs": dict(topic.options),
    }
