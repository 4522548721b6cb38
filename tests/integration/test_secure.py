"""A broker that lets in by password over TLS and grants rights one by one: the doctor names what is
missing, and the stages run with no more than docs/kafka.md says."""

import subprocess
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ACL, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType
from pydantic import SecretStr

from ingest.kafka_settings import KafkaSettings, client_options
from palermo.audit import counts, evidence_in
from palermo.doctor_kafka import Step, kafka_steps
from palermo.live.running import run_stages
from palermo.running import Wish
from palermo.topics import apply_topics, plan_topics
from tests.integration.broker import free_port_pair, running_broker, some_settings
from tests.integration.stages import PLAIN_FEED, kafka_section, plain_row, produce

pytestmark = [
    pytest.mark.needs_java,
    pytest.mark.slow,
    pytest.mark.timeout(300),
]

LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule"
ADMIN, USER, RIGHT = "admin-fict", "palermo-fict", "fict-password"
PROPERTIES = """
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=SASL_SSL://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller},INSIDE://127.0.0.1:{inside}
advertised.listeners=SASL_SSL://127.0.0.1:{port},INSIDE://127.0.0.1:{inside}
listener.security.protocol.map=SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT,INSIDE:PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config={login} required;
ssl.keystore.type=PKCS12
ssl.keystore.location={home}/keys.p12
ssl.keystore.password={password}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:{admin};User:ANONYMOUS
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Secure:
    """A broker's address and the certificate it is known by."""

    address: str
    certificate: Path

    def settings(self, user: str, password: str = RIGHT) -> KafkaSettings:
        return some_settings(self.address).model_copy(
            update={
                "security": "SASL_SSL",
                "mechanism": "SCRAM-SHA-512",
                "user": user,
                "password": SecretStr(password),
                "ca_file": self.certificate,
                "patience_seconds": 5.0,
            }
        )


@pytest.fixture(scope="module")
def secure(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    """A second broker, from the jars that the first one has brought."""
    home = tmp_path_factory.mktemp("secure")
    port, inside = free_port_pair(), free_port_pair()
    make_keys(home / "keys.p12", home / "certificate.pem")
    properties = PROPERTIES.format(
        port=port,
        controller=port + 1,
        inside=inside,
        home=home,
        password=RIGHT,
        admin=ADMIN,
        login=LOGIN,
    )
    with running_broker(home, properties, *users()):
        yield Secure(address=f"127.0.0.1:{port}", certificate=home / "certificate.pem")


def test_a_doctor_names_a_wrong_password(secure: Secure) -> None:
    failed = first_failure(secure.settings(USER, "wrong"))

    assert failed.name == "sasl"
    assert USER in failed.detail


def test_a_doctor_names_a_wrong_certificate(secure: Secure, tmp_path: Path) -> None:
    make_keys(tmp_path / "other.p12", tmp_path / "other.pem")
    other = secure.settings(USER).model_copy(update={"ca_file": tmp_path / "other.pem"})

    assert first_failure(other).name == "tls"


def test_rights_are_missed_by_name_and_the_stages_need_no_more_than_the_page_says(
    secure: Secure, tmp_path: Path
) -> None:
    settings = secure.settings(USER)
    admin = settings.model_copy(update={"user": ADMIN})
    apply_topics(admin, plan_topics(admin))
    produce(admin, list(map(plain_row, range(50))))

    hidden = first_failure(settings)
    grant(admin, [right for right in rights(settings) if right[1] != settings.findings_topic])
    grant(admin, [(ResourceType.TOPIC, settings.findings_topic, ACLOperation.READ)])
    lacking = first_failure(settings)
    grant(admin, rights(settings))
    all_passed = [step.outcome for step in kafka_steps(settings)]
    (tmp_path / "palermo.toml").write_text(toml(settings))
    run_stages(
        Wish(feed="kafka", config=tmp_path / "palermo.toml", out=tmp_path / "out", stage="all")
    )

    assert hidden.name == "topics"
    assert lacking.name == "rights"
    assert f"WRITE on {settings.findings_topic}" in lacking.detail
    assert "failed" not in all_passed
    found = counts(evidence_in(admin))
    assert sum(each.fates.get("scored", 0) for each in found) == 50


def rights(settings: KafkaSettings) -> list[tuple[ResourceType, str, ACLOperation]]:
    """What docs/kafka.md asks for, all stages together."""
    read, write = ACLOperation.READ, ACLOperation.WRITE
    topic, group, transaction = (
        ResourceType.TOPIC,
        ResourceType.GROUP,
        ResourceType.TRANSACTIONAL_ID,
    )
    ours = (
        settings.movements_topic,
        settings.findings_topic,
        settings.alerts_topic,
        settings.deadletters_topic,
    )
    return [
        (topic, settings.topics[0], read),
        *((topic, name, each) for name in ours for each in (read, write)),
        *((group, f"{settings.group}-{stage}", read) for stage in ("ingest", "detect", "triage")),
        *((transaction, f"{settings.group}-{stage}-a", write) for stage in ("ingest", "detect")),
        (transaction, f"{settings.group}-sink", write),
    ]


def grant(admin: KafkaSettings, granted: Iterable[tuple[ResourceType, str, ACLOperation]]) -> None:
    with closing(KafkaAdminClient(**client_options(admin))) as client:
        client.create_acls(
            [
                ACL(
                    principal=f"User:{USER}",
                    host="*",
                    operation=operation,
                    permission_type=ACLPermissionType.ALLOW,
                    resource_pattern=ResourcePattern(kind, name),
                )
                for kind, name, operation in granted
            ]
        )


def first_failure(settings: KafkaSettings) -> Step:
    return next(step for step in kafka_steps(settings) if step.outcome == "failed")


def toml(settings: KafkaSettings) -> str:
    return (
        PLAIN_FEED
        + kafka_section(settings)
        + 'member = "a"\nsecurity = "SASL_SSL"\nmechanism = "SCRAM-SHA-512"\n'
        f'user = "{USER}"\npassword = "{RIGHT}"\nca_file = "{settings.ca_file}"\n'
    )


def make_keys(store: Path, certificate: Path) -> None:
    """A key pair in a store, and the certificate that says so itself."""
    common = ["-alias", "broker", "-keystore", str(store), "-storepass", RIGHT]
    subject = ["-dname", "CN=127.0.0.1", "-ext", "SAN=ip:127.0.0.1", "-validity", "2"]
    made = ["keytool", "-genkeypair", "-keyalg", "EC", "-storetype", "PKCS12", *common, *subject]
    subprocess.run(made, check=True, capture_output=True)
    told = ["keytool", "-exportcert", "-rfc", *common, "-file", str(certificate)]
    subprocess.run(told, check=True, capture_output=True)


def users() -> list[str]:
    return [
        argument
        for name in (ADMIN, USER)
        for argument in ("--add-scram", f"SCRAM-SHA-512=[name={name},password={RIGHT}]")
    ]
