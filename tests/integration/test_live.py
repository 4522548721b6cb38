"""The live runtime on a real broker gives the alerts of the embedded one, byte by byte, whatever
the number of its processes."""

from pathlib import Path

import msgspec
import pytest

from palermo.live.running import run_stages
from palermo.running import Wish
from tests.integration.stages import Country, started, wait_until_done

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


@pytest.mark.parametrize(("ingests", "detects"), [(2, 2), (1, 4)])
def test_several_processes_a_stage_give_the_embedded_alerts(
    country: Country, live_config: Path, tmp_path: Path, ingests: int, detects: int
) -> None:
    out = tmp_path / "out"
    with started(live_config, out, {"ingest": ingests, "detect": detects, "triage": 1}):
        wait_until_done(live_config, out, len(country.rows))

    assert (out / "alerts.ndjson").read_bytes() == country.alerts
