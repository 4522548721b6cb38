import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from alerts.alert import Alert, Handling, Reproduce, Subject, Totals
from ingest.kafka_settings import KafkaSettings
from ingest.simulated.plan import CountrySettings
from ingest.simulated.write import write_country
from palermo.topics import apply_topics, plan_topics
from tests.integration.broker import (
    BEHIND_A_PROXY,
    KAFKA,
    free_port_pair,
    log_of,
    running_broker,
    some_settings,
)
from tests.integration.ground import with_embedded_alerts
from tests.integration.proxy import Proxy
from tests.integration.stages import RAW_PARTITIONS, Country, kafka_section, produce

COUNTRY = CountrySettings(customers=250, days=30, history=20, schemes_per_10k=1500.0)


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real broker, the one `make kafka` starts, with data of its own."""
    port = free_port_pair()
    home = tmp_path_factory.mktemp("kafka")
    environment = os.environ | {
        "PALERMO_KAFKA_PORT": str(port),
        "PALERMO_KAFKA_HOME": str(home),
        # A terminal's width, which `ps` would cut a process's arguments at.
        "COLUMNS": "80",
    }
    started = subprocess.run(
        [KAFKA / "start"], env=environment, capture_output=True, text=True, timeout=300
    )
    if started.returncode != 0:
        pytest.fail(
            f"the broker did not start (exit {started.returncode}): "
            f"{started.stdout}{started.stderr}{log_of(home)}"
        )
    yield f"127.0.0.1:{port}"
    ended = subprocess.run(
        [KAFKA / "stop"], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert "kafka: stopped" in ended.stdout


@pytest.fixture(scope="session")
def proxied(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Proxy, str]]:
    """A second broker, from the jars that the first one has brought: the proxy before it, and its
    own address."""
    home = tmp_path_factory.mktemp("proxied")
    inside, outside = free_port_pair(), free_port_pair()
    proxy = Proxy(port=outside + 1, broker_port=outside)
    properties = BEHIND_A_PROXY.format(
        inside=inside, controller=inside + 1, outside=outside, proxy=proxy.address
    )
    with running_broker(home, properties), proxy.running():
        yield proxy, f"127.0.0.1:{inside}"


@pytest.fixture
def settings(broker: str) -> KafkaSettings:
    """Topics of this test alone, made and empty."""
    settings = some_settings(broker)
    apply_topics(settings, plan_topics(settings))
    return settings


@pytest.fixture
def new_settings(broker: str) -> Callable[[], KafkaSettings]:
    """Settings whose topics do not exist yet."""
    return lambda: some_settings(broker)


@pytest.fixture(scope="session")
def country(tmp_path_factory: pytest.TempPathFactory) -> Country:
    """Twenty thousand rows of invented people, with alerts of every kind."""
    folder = tmp_path_factory.mktemp("country")
    write_country(folder, COUNTRY, np.random.Generator(np.random.PCG64(6)))
    return with_embedded_alerts(folder)


@pytest.fixture
def live_config(
    country: Country, new_settings: Callable[[], KafkaSettings], tmp_path: Path
) -> Path:
    """The country's rows in a topic of three partitions, and the configuration for them."""
    settings = new_settings().model_copy(update={"partitions": RAW_PARTITIONS})
    apply_topics(settings, plan_topics(settings))
    produce(settings, country.rows)
    for path in country.folder.glob("*.ndjson"):
        if path.name != "feed.ndjson":
            shutil.copy(path, tmp_path)
    text = (country.folder / "palermo.toml").read_text() + kafka_section(settings)
    (tmp_path / "palermo.toml").write_text(text)
    return tmp_path / "palermo.toml"


@pytest.fixture
def alert() -> Alert:
    return Alert(
        schema_version=1,
        alert_id="00" * 16,
        status="open",
        superseded_by=None,
        origin="live",
        house="fiu",
        subject=Subject(kind="customer", id="C-FICT-0001"),
        accounts=("A-FICT-0001",),
        customers=("C-FICT-0001",),
        first_at="2026-01-05T08:00:00Z",
        last_at="2026-01-06T08:00:00Z",
        raised_at="2026-01-06T08:00:00Z",
        score=61.5,
        severity="high",
        queue="exploitation",
        offences_suspected=(),
        hypothesis="",
        typologies=(),
        facts=(),
        elements=(),
        exculpations=(),
        roles=(),
        totals=Totals(count=2, in_="10.00", out="9.00", kept="1.00", currency="EUR"),
        links=(),
        case_proposal_id="00" * 16,
        not_testable=(),
        model=None,
        handling=Handling(class_="normal", do_not=(), contact=""),
        next_steps=(),
        narrative={"en": ""},
        review_due_at="2026-01-07T08:00:00Z",
        reproduce=Reproduce(release="0", configuration="0", bundle="0"),
    )
