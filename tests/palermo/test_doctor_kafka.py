"""The first layer that does not hold is named, without any broker."""

import socket
from collections.abc import Iterator

import pytest

from ingest.kafka_settings import KafkaSettings
from palermo.doctor_kafka import STEPS, Step, kafka_steps


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield int(server.getsockname()[1])


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


def test_every_step_is_told_whatever_fails() -> None:
    steps = kafka_steps(KafkaSettings())

    assert tuple(step.name for step in steps) == STEPS


def test_settings_that_contradict_each_other_are_told_together() -> None:
    step = failed(KafkaSettings(security="SASL_SSL", topics=()))

    assert step.name == "settings"
    for part in ("`mechanism`", "`user`", "PALERMO__KAFKA__PASSWORD", "topics is empty"):
        assert part in step.detail


def test_an_address_without_a_port_is_named() -> None:
    step = failed(KafkaSettings(bootstrap=("broker",), topics=("rows",)))

    assert (step.name, "holds broker; write host:port" in step.detail) == ("dns", True)


def test_an_unknown_name_is_a_matter_of_names() -> None:
    step = failed(KafkaSettings(bootstrap=("nobody.invalid:9092",), topics=("rows",)))

    assert (step.name, "nobody.invalid" in step.detail) == ("dns", True)


def test_a_closed_port_is_a_matter_of_connections(closed_port: int) -> None:
    step = failed(KafkaSettings(bootstrap=(f"127.0.0.1:{closed_port}",), topics=("rows",)))

    assert (step.name, str(closed_port) in step.detail) == ("tcp", True)


def test_a_port_without_tls_is_a_matter_of_tls(silent_port: int) -> None:
    step = failed(
        KafkaSettings(
            bootstrap=(f"127.0.0.1:{silent_port}",),
            topics=("rows",),
            security="SSL",
            patience_seconds=0.2,
        )
    )

    assert step.name == "tls"


def test_a_password_is_in_no_step_and_no_text(closed_port: int) -> None:
    settings = KafkaSettings.model_validate(
        {
            "bootstrap": (f"127.0.0.1:{closed_port}",),
            "topics": ("rows",),
            "security": "SASL_PLAINTEXT",
            "mechanism": "PLAIN",
            "user": "reader",
            "password": "fict-password",
        }
    )

    assert "fict-password" not in repr(kafka_steps(settings)) + repr(settings)


def failed(settings: KafkaSettings) -> Step:
    (step,) = (each for each in kafka_steps(settings) if each.outcome == "failed")
    return step
