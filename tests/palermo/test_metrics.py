import urllib.request
from pathlib import Path
from urllib.error import HTTPError

import pytest

from palermo.errors import DependencyUnreachable, UsageError
from palermo.metrics import METRICS, Metrics
from palermo.metrics_page import STALLED_AFTER_SECONDS, Pulse, served
from palermo.running import Wish, carry_out


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_every_metric_has_our_prefix_and_help_and_names_nobody() -> None:
    exposed = Metrics().exposed().decode()

    for metric in METRICS:
        assert f"# HELP palermo_{metric.name}" in exposed
        assert not {"account", "customer", "subject", "holder"} & set(metric.labels)


def test_a_run_shows_that_every_row_has_one_fate(demo_feed: Path, tmp_path: Path) -> None:
    pages: list[str] = []

    def look(stage: str) -> None:
        if stage == "finished":
            pages.append(get(f"http://127.0.0.1:{port}/metrics"))

    port = free_port()
    carry_out(
        Wish(feed=str(demo_feed), config=None, out=tmp_path / "out", metrics=f"127.0.0.1:{port}"),
        observer=look,
    )

    [page] = pages
    rows = len((demo_feed / "transactions.ndjson").read_text().splitlines())
    assert f'palermo_rows_total{{fate="scored"}} {float(rows)}' in page
    assert "palermo_rows_unaccounted 0.0" in page
    assert 'palermo_findings{typology="som-collector-fanin"}' in page
    assert 'palermo_cleared_findings{test="LICENSED",typology="som-collector-fanin"}' in page
    assert "palermo_watermark_timestamp_seconds 1.7" in page
    assert "palermo_build_info{" in page
    assert "palermo_checkpoint_duration_seconds_count 1.0" in page
    assert "FICT" not in page


def test_a_loop_that_stands_still_is_not_alive() -> None:
    clock = Clock()
    pulse = Pulse(clock)
    with served("127.0.0.1:0", Metrics(), pulse) as port:
        assert get(f"http://127.0.0.1:{port}/livez") == "200 OK\n"
        with pytest.raises(HTTPError, match="503"):
            get(f"http://127.0.0.1:{port}/readyz")

        clock.now += STALLED_AFTER_SECONDS
        with pytest.raises(HTTPError, match="503"):
            get(f"http://127.0.0.1:{port}/livez")

        pulse.beat()
        pulse.is_ready = True
        assert get(f"http://127.0.0.1:{port}/livez") == "200 OK\n"
        assert get(f"http://127.0.0.1:{port}/readyz") == "200 OK\n"


def test_an_address_that_is_none_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="HOST:PORT"), served("nine", Metrics(), Pulse(Clock())):
        pass


def test_a_port_that_is_taken_is_told() -> None:
    with (
        served("127.0.0.1:0", Metrics(), Pulse(Clock())) as port,
        pytest.raises(DependencyUnreachable, match="give another port"),
        served(f"127.0.0.1:{port}", Metrics(), Pulse(Clock())),
    ):
        pass


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 our own page on loopback
        return str(answer.read().decode())


def free_port() -> int:
    with served("127.0.0.1:0", Metrics(), Pulse(Clock())) as port:
        return port
