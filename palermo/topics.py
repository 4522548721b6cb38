"""The topics Palermo writes: what is there, what is missing, and how to make it so."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError, TopicAlreadyExistsError

from alerts.kafka_sink import LARGEST_MESSAGE_BYTES
from ingest.kafka_feed import unreachable
from ingest.kafka_settings import KafkaSettings, client_options

State = Literal["present", "missing", "differs"]
DAY_MS = 24 * 3600 * 1000


class TopicsError(Exception):
    """The topics could not be looked at or made; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    name: str
    partitions: int
    replication: int
    options: Mapping[str, str]
    """Topic settings as the broker names them."""
    is_fixed: bool = False
    """Whether it must have just so many partitions, not at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicPlan:
    """A topic as it should be and how it is found."""

    topic: Topic
    state: State
    differences: tuple[str, ...] = ()
    """What is there and what should be, setting by setting."""


def wanted_topics(settings: KafkaSettings) -> list[Topic]:
    """The raw topics and the four of ours, as `topics apply` makes them."""
    raw = [_topic(name, settings, {}) for name in settings.topics]
    large = {"max.message.bytes": str(LARGEST_MESSAGE_BYTES)}
    remembered = large | {"retention.ms": str(settings.memory_days * DAY_MS)}
    alerts = {"cleanup.policy": "compact,delete", "retention.ms": "-1"}
    letters = large | {"retention.ms": str(30 * DAY_MS)}
    return [
        *raw,
        replace(
            _topic(settings.movements_topic, settings, remembered),
            partitions=settings.movements_partitions,
            is_fixed=True,
        ),
        replace(_topic(settings.findings_topic, settings, remembered), partitions=1, is_fixed=True),
        _topic(settings.alerts_topic, settings, alerts),
        _topic(settings.deadletters_topic, settings, letters),
    ]


def plan_topics(settings: KafkaSettings) -> list[TopicPlan]:
    """Every topic with its state; changes nothing. Raises TopicsError if no broker answers."""
    wanted = wanted_topics(settings)
    with _admin(settings) as admin:
        found = _partition_counts(admin)
        options = _options(admin, [topic for topic in wanted if topic.name in found])
    return [_planned(topic, found, options.get(topic.name, {})) for topic in wanted]


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


def _options(admin: Any, topics: Sequence[Topic]) -> dict[str, dict[str, str]]:
    """What the broker has for the options we ask for, by topic."""
    asked = [
        ConfigResource(ConfigResourceType.TOPIC, topic.name, dict.fromkeys(topic.options))
        for topic in topics
        if topic.options
    ]
    if not asked:
        return {}
    found = admin.describe_configs(asked, config_filter="all")["topic"]
    return {
        name: {key: str(each["value"]) for key, each in options.items()}
        for name, options in found.items()
    }


def _planned(topic: Topic, counts: Mapping[str, int], options: Mapping[str, str]) -> TopicPlan:
    if topic.name not in counts:
        return TopicPlan(topic=topic, state="missing")
    differences = tuple(_differences(topic, counts[topic.name], options))
    return TopicPlan(
        topic=topic, state="differs" if differences else "present", differences=differences
    )


def _differences(topic: Topic, partitions: int, options: Mapping[str, str]) -> Iterator[str]:
    if partitions < topic.partitions or (topic.is_fixed and partitions != topic.partitions):
        yield f"partitions {partitions}, not {topic.partitions}"
    for name, value in topic.options.items():
        if options.get(name) != value:
            yield f"{name} {options.get(name)}, not {value}"


def _request(topic: Topic) -> dict[str, object]:
    return {
        "num_partitions": topic.partitions,
        "replication_factor": topic.replication,
        "configs": dict(topic.options),
    }
