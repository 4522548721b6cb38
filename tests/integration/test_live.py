"""The live runtime on a real broker gives the alerts of the embedded one, byte by byte, whatever
the number of its processes."""

import os
import signal
import urllib.request
from datetime import date, timedelta
from pathlib import Path
from urllib.error import HTTPError

import msgspec
import pytest

from alerts.alert import Alert
from alerts.extraction import ExtractionLedger
from palermo.folder import DATABASE
from palermo.live.running import run_stages
from palermo.running import Wish
from palermo.topics import apply_topics, plan_topics
from palermo.tracing import TraceWish, traced
from tests.integration.broker import free_port_pair
from tests.integration.checker import faults, seen
from tests.integration.stages import Country, settings_in, started, wait_until_done

pytestmark = [
    pytest.mark.needs_java,
    pytest.mark.slow,
    pytest.mark.timeout(500),
]


def test_the_feed_has_alerts_of_single_holders_gathered_ones_and_networks(
    country: Country,
) -> None:
    hits = {
        hit["id"]
        for line in country.alerts.splitlines()
        for hit in msgspec.json.decode(line)["typologies"]
    }

    assert len(country.alerts.splitlines()) >= 30
    assert {"st-funnel-geo", "sx-victim-drain"} <= hits
    assert hits & {"st-bipartite", "st-cycle", "st-gather-scatter", "st-scatter-gather", "st-stack"}


def test_all_stages_in_one_process_give_the_embedded_alerts(
    country: Country, live_config: Path, tmp_path: Path
) -> None:
    wish = Wish(
        feed="kafka", config=live_config, out=tmp_path / "out", stage="all", snapshot_seconds=0.0
    )

    run_stages(wish)

    assert (tmp_path / "out" / "alerts.ndjson").read_bytes() == country.alerts
    assert ledger(wish.out, live_config) == ledger(country.folder / "embedded", None)


@pytest.mark.parametrize(("ingests", "detects"), [(2, 2), (1, 4)])
def test_several_processes_a_stage_give_the_embedded_alerts(
    country: Country, live_config: Path, tmp_path: Path, ingests: int, detects: int
) -> None:
    out = tmp_path / "out"
    with started(live_config, out, {"ingest": ingests, "detect": detects, "triage": 1}):
        wait_until_done(live_config, out, len(country.rows))

    assert (out / "alerts.ndjson").read_bytes() == country.alerts


def test_the_stages_tell_an_operator_what_they_do(
    country: Country, live_config: Path, tmp_path: Path
) -> None:
    address, pages = f"127.0.0.1:{free_port_pair()}", list[str]()

    def look(point: str) -> None:
        if point == "finished":
            pages.append(get(f"http://{address}/metrics"))

    wish = Wish(
        feed="kafka", config=live_config, out=tmp_path / "out", stage="all", metrics=address
    )
    run_stages(wish, observer=look)

    [page] = pages
    topic = settings_in(live_config).topics[0]
    assert told(page, "palermo_rows_total{") == len(country.rows)
    assert "palermo_rows_unaccounted 0.0" in page
    assert f'lag_records{{partition="0",stage="ingest",topic="{topic}"}} 0.0' in page
    assert 'palermo_partitions{stage="detect",state="ready"} 4.0' in page
    assert told(page, "palermo_alerts{") == len(country.alerts.splitlines())
    assert told(page, "palermo_findings{") > 0
    assert "palermo_watermark_timestamp_seconds 1.7" in page
    assert "palermo_build_info{" in page
    assert "FICT" not in page


def test_alerts_wait_in_the_store_until_their_topic_takes_them(
    country: Country, live_config: Path, tmp_path: Path
) -> None:
    out, address, failures = tmp_path / "out", f"127.0.0.1:{free_port_pair()}", list[int]()
    named = settings_in(live_config)
    missing = f"{named.alerts_topic}-late"
    live_config.write_text(live_config.read_text().replace(named.alerts_topic, missing))

    def mend(point: str) -> None:
        if point == "triage.publishing_failed":
            failures.append(status(f"http://{address}/readyz"))
            if len(failures) == 2:
                settings = settings_in(live_config)
                apply_topics(settings, plan_topics(settings))
        elif point == "triage.published" and failures:
            os.kill(os.getpid(), signal.SIGTERM)

    for stage in ("ingest", "detect"):
        run_stages(Wish(feed="kafka", config=live_config, out=out, stage=stage))
    run_stages(
        Wish(
            feed="kafka",
            config=live_config,
            out=out,
            stage="triage",
            is_following=True,
            metrics=address,
        ),
        observer=mend,
    )

    assert failures[-1] == 503
    assert (out / "alerts.ndjson").read_bytes() == country.alerts
    assert faults(seen(settings_in(live_config), out / DATABASE, country.folder)) == []


def ledger(out: Path, config: Path | None) -> ExtractionLedger:
    """Who kept what of the money of the first alert's subject, from the archive of a run."""
    alert = msgspec.json.decode((out / "alerts.ndjson").read_bytes().splitlines()[0], type=Alert)
    wish = TraceWish(
        subject=alert.subject.id,
        since=date.fromisoformat(alert.first_at[:10]) - timedelta(days=2),
        until=date.fromisoformat(alert.last_at[:10]) + timedelta(days=2),
        hops=3,
        case="CASE-FICT-1",
        out=out,
        config=config,
    )
    return traced(wish)


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 our own page on loopback
        return str(answer.read().decode())


def status(url: str) -> int:
    try:
        get(url)
    except HTTPError as fault:
        return fault.code
    return 200


def told(page: str, name: str) -> float:
    """The sum of a gauge over its labels."""
    lines = [line for line in page.splitlines() if line.startswith(name)]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)
