"""Section `[kafka]` of palermo.toml: where the brokers are and which topics belong to us."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


class KafkaSettings(BaseModel):
    """Brokers, security, the raw topics read and the topics of ours.

    The password is given in the environment (`PALERMO__KAFKA__PASSWORD`) or in a file of its own,
    so that palermo.toml can be shown to anyone.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    bootstrap: tuple[str, ...] = Field(default=("127.0.0.1:9092",), min_length=1)
    topics: tuple[str, ...] = ()
    group: str = "palermo"
    """Consumer group under which progress is shown to lag monitors; also names the producer."""
    member: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]{1,64}$")
    """Name of this process among those of its stage, the same after a restart: then the brokers
    know it again at once instead of waiting until it counts as gone."""
    movements_topic: str = "palermo.movements.v1"
    findings_topic: str = "palermo.findings.v1"
    alerts_topic: str = "palermo.alerts.v1"
    deadletters_topic: str = "palermo.deadletters.v1"
    partitions: int = Field(default=1, ge=1)
    """Of the raw topics, alerts and dead letters that `topics apply` creates."""
    movements_partitions: int = Field(default=8, ge=1)
    """Of the movements: as many processes of `detect` can share the work. Never changed later,
    or holders would move."""
    memory_days: int = Field(default=400, ge=1)
    """How long movements and findings stay in their topics: what a profile looks back to, and some
    weeks more, so that one without a snapshot can be made again from them."""
    replication: int = Field(default=3, ge=1)
    security: SecurityProtocol = "PLAINTEXT"
    mechanism: SaslMechanism | None = None
    user: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    patience_seconds: float = Field(default=10.0, gt=0)
    """How long a broker may take to answer before it counts as unreachable."""

    @property
    def uses_tls(self) -> bool:
        return self.security in ("SSL", "SASL_SSL")

    @property
    def uses_sasl(self) -> bool:
        return self.security.startswith("SASL")

    def faults(self) -> list[str]:
        """Every contradiction between these settings, as sentences; empty when there is none."""
        return [sentence for is_wrong, sentence in self._rules() if is_wrong]

    def _rules(self) -> list[tuple[bool, str]]:
        return [
            (
                self.uses_sasl and self.mechanism is None,
                f"[kafka] security = {self.security} needs `mechanism`",
            ),
            (
                self.uses_sasl and self.user is None,
                f"[kafka] security = {self.security} needs `user`",
            ),
            (
                self.uses_sasl and self.password is None and self.password_file is None,
                f"[kafka] security = {self.security} needs a password: set "
                "PALERMO__KAFKA__PASSWORD or `password_file`",
            ),
            (
                not self.uses_sasl and (self.user is not None or self.mechanism is not None),
                f"[kafka] `user` and `mechanism` mean nothing with security = {self.security}; "
                "use SASL_SSL or remove them",
            ),
            (
                not self.uses_tls and self.ca_file is not None,
                f"[kafka] `ca_file` means nothing with security = {self.security}; use SSL or "
                "SASL_SSL",
            ),
        ]


def client_options(settings: KafkaSettings) -> dict[str, object]:
    """What every client of these brokers is given: addresses, security and patience."""
    options: dict[str, object] = {
        "bootstrap_servers": list(settings.bootstrap),
        "security_protocol": settings.security,
        "bootstrap_timeout_ms": int(settings.patience_seconds * 1000),
        # 100 ms (the default) is waited for on every second transaction.
        "retry_backoff_ms": 10,
    }
    return options | _tls(settings) | _sasl(settings)


def _tls(settings: KafkaSettings) -> dict[str, object]:
    if not settings.uses_tls:
        return {}
    return {
        "ssl_cafile": _text(settings.ca_file),
        "ssl_certfile": _text(settings.certificate_file),
        "ssl_keyfile": _text(settings.key_file),
    }


def _sasl(settings: KafkaSettings) -> dict[str, object]:
    if not settings.uses_sasl:
        return {}
    return {
        "sasl_mechanism": settings.mechanism,
        "sasl_plain_username": settings.user,
        "sasl_plain_password": _password(settings),
    }


def _password(settings: KafkaSettings) -> str | None:
    if settings.password is not None:
        return settings.password.get_secret_value()
    if settings.password_file is not None:
        return settings.password_file.read_text(encoding="utf-8").strip()
    return None


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
