"""What stands between this machine and the topics, one named step at a time.

kafka-python reports a wrong password, a wrong certificate and a dead host alike ("unable to
bootstrap"), so each layer is tried on its own and the first that fails is the one to mend.
"""

import logging
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from ingest.kafka_settings import KafkaSettings, client_options

Outcome = Literal["passed", "failed", "not_needed", "not_reached"]
STEPS = ("settings", "dns", "tcp", "tls", "sasl", "topics", "rights")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One layer: what was found and, where it failed, what to do."""

    name: str
    outcome: Outcome
    detail: str


class _StepError(Exception):
    """The layer does not hold; the message becomes the step's detail."""


def kafka_steps(settings: KafkaSettings) -> list[Step]:
    """All seven steps in order; those after a failed one are `not_reached`."""
    checks: list[tuple[str, Callable[[KafkaSettings], str | None]]] = [
        ("settings", _settings),
        ("dns", _dns),
        ("tcp", _tcp),
        ("tls", _tls),
        ("sasl", _sasl),
        ("topics", _topics),
        ("rights", _rights),
    ]
    steps: list[Step] = []
    for name, check in checks:
        steps.append(_step(name, check, settings))
        if steps[-1].outcome == "failed":
            break
    return steps + [_not_reached(name) for name in STEPS[len(steps) :]]


def _step(name: str, check: Callable[[KafkaSettings], str | None], settings: KafkaSettings) -> Step:
    try:
        detail = check(settings)
    except _StepError as fault:
        return Step(name=name, outcome="failed", detail=str(fault))
    if detail is None:
        return Step(name=name, outcome="not_needed", detail=f"security is {settings.security}")
    return Step(name=name, outcome="passed", detail=detail)


def _not_reached(name: str) -> Step:
    return Step(name=name, outcome="not_reached", detail="an earlier step failed")


def _settings(settings: KafkaSettings) -> str:
    faults = settings.faults()
    if not settings.topics:
        faults.append("[kafka] topics is empty: name the topics that carry the bank's rows")
    if faults:
        raise _StepError("; ".join(faults))
    return f"{len(settings.bootstrap)} brokers, {len(settings.topics)} raw topics"


def _dns(settings: KafkaSettings) -> str:
    for host, port in _addresses(settings):
        try:
            socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise _StepError(
                f"the name {host} is not known here ({error}); check [kafka] bootstrap and the "
                "name servers"
            ) from error
    return "every broker's name is known"


def _tcp(settings: KafkaSettings) -> str:
    for host, port in _addresses(settings):
        with _connected(host, port, settings):
            pass
    return "every broker takes connections"


def _tls(settings: KafkaSettings) -> str | None:
    if not settings.uses_tls:
        return None
    for host, port in _addresses(settings):
        with _connected(host, port, settings) as plain:
            _shake_hands(plain, host, settings)
    return "certificates are trusted"


def _shake_hands(plain: socket.socket, host: str, settings: KafkaSettings) -> None:
    try:
        context = ssl.create_default_context(
            cafile=None if settings.ca_file is None else str(settings.ca_file)
        )
        if settings.certificate_file is not None:
            context.load_cert_chain(settings.certificate_file, settings.key_file)
        context.wrap_socket(plain, server_hostname=host).close()
    except (ssl.SSLError, OSError) as error:
        raise _StepError(
            f"{host} offers no trusted TLS ({error}); check [kafka] ca_file, the name in the "
            "broker's certificate, and that the port is the TLS one"
        ) from error


def _sasl(settings: KafkaSettings) -> str | None:
    """Also where a broker is asked anything at all for the first time."""
    with _admin(settings):
        return f"user {settings.user} is let in" if settings.uses_sasl else None


def _topics(settings: KafkaSettings) -> str:
    wanted = _wanted(settings)
    with _admin(settings) as admin:
        described = {topic["name"]: topic for topic in _described(admin, wanted)}
    missing = [
        name for name in sorted(wanted) if described.get(name, {"error_code": 3})["error_code"]
    ]
    if missing:
        raise _StepError(
            f"not there, or hidden from this user: {', '.join(missing)}; check [kafka] topics, "
            "`palermo topics plan`, and the right DESCRIBE"
        )
    count = len(described[settings.movements_topic]["partitions"])
    if count != settings.movements_partitions:
        raise _StepError(
            f"{settings.movements_topic} has {count} partitions, [kafka] movements_partitions is "
            f"{settings.movements_partitions}: holders would move; set it to {count}, or make the "
            "topic anew before the first row"
        )
    return f"{len(wanted)} topics are there"


def _rights(settings: KafkaSettings) -> str:
    with _admin(settings) as admin:
        described = _described(admin, _wanted(settings))
    granted = {topic["name"]: _operations(topic) for topic in described}
    needed = [(name, "READ") for name in settings.topics]
    for name in _wanted(settings)[len(settings.topics) :]:
        needed += [(name, "WRITE"), (name, "READ")]
    lacking = [f"{right} on {name}" for name, right in needed if right not in granted[name]]
    if lacking:
        raise _StepError(
            f"the user lacks {', '.join(lacking)}; grant it with kafka-acls (and WRITE on the "
            f"transactional id {settings.group}-sink, READ on the group {settings.group})"
        )
    return "the user may read and write what it must"


def _wanted(settings: KafkaSettings) -> list[str]:
    return [
        *settings.topics,
        settings.movements_topic,
        settings.findings_topic,
        settings.alerts_topic,
        settings.deadletters_topic,
    ]


def _described(admin: Any, names: list[str]) -> list[dict[str, Any]]:
    try:
        topics: list[dict[str, Any]] = admin.describe_topics(names)
    except KafkaError as error:
        raise _StepError(f"the broker does not describe its topics ({error!r})") from error
    return topics


def _operations(topic: dict[str, Any]) -> set[str]:
    return {str(getattr(each, "name", each)).upper() for each in topic["authorized_operations"]}


def _addresses(settings: KafkaSettings) -> list[tuple[str, int]]:
    parts = [address.rpartition(":") for address in settings.bootstrap]
    wrong = [
        address
        for address, (host, _, port) in zip(settings.bootstrap, parts, strict=True)
        if not host or not port.isdigit()
    ]
    if wrong:
        raise _StepError(f"[kafka] bootstrap holds {', '.join(wrong)}; write host:port")
    return [(host.strip("[]"), int(port)) for host, _, port in parts]


def _connected(host: str, port: int, settings: KafkaSettings) -> socket.socket:
    try:
        return socket.create_connection((host, port), timeout=settings.patience_seconds)
    except OSError as error:
        raise _StepError(
            f"{host}:{port} takes no connection ({error}); is the broker running, the port right, "
            "the firewall open?"
        ) from error


@contextmanager
def _admin(settings: KafkaSettings) -> Iterator[Any]:
    with _overheard() as lines:
        try:
            admin = KafkaAdminClient(**client_options(settings))
        except (KafkaError, OSError, ValueError) as error:
            raise _StepError(_refusal(settings, lines, error)) from error
    try:
        yield admin
    finally:
        admin.close()


def _refusal(settings: KafkaSettings, lines: list[str], error: Exception) -> str:
    said = next((line for line in lines if "uthenticat" in line or "Sasl" in line), None)
    if said is not None:
        return f"the broker does not let user {settings.user} in; check user, password, mechanism"
    return (
        f"the broker answers, but not in the Kafka protocol with security = {settings.security} "
        f"({error}); is the port one of another listener?"
    )


@contextmanager
def _overheard() -> Iterator[list[str]]:
    """What the client logs meanwhile: the only place where it says why it could not get in."""
    lines: list[str] = []
    listener = logging.Handler(logging.WARNING)
    listener.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    client_log = logging.getLogger("kafka")
    client_log.addHandler(listener)
    try:
        yield lines
    finally:
        client_log.removeHandler(listener)
