"""Rule of meaning 2: final alerts are the same bytes however the rows are cut into batches."""

from collections import Counter
from pathlib import Path

import msgspec
import numpy as np
import pytest

from alerts.store import Store
from ingest.simulated.disorder import FILES, USUAL
from ingest.simulated.plan import CountrySettings
from ingest.simulated.society import HAMLET
from ingest.simulated.write import write_country
from palermo.folder import DATABASE
from palermo.running import Wish, carry_out

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

GOLDEN = Path(__file__).parents[1] / "golden"
SEED = 11
COUNTRY = CountrySettings(customers=900, days=40, history=34, schemes_per_10k=1500.0)
SMALLER = CountrySettings(
    customers=520, days=45, history=20, schemes_per_10k=2400.0, society=HAMLET
)


class Line(msgspec.Struct):
    """What is looked at in a line of alerts.ndjson."""

    status: str
    typologies: list[dict[str, object]]


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A feed with late, doubled, amended, torn and returned rows."""
    folder = tmp_path_factory.mktemp("country")
    write_country(folder, COUNTRY, np.random.Generator(np.random.PCG64(SEED)), USUAL)
    return folder


@pytest.fixture(scope="module")
def whole(country: Path) -> bytes:
    """The alerts of the feed read and committed in one piece."""
    return _alerts(country, country / "whole", batch_rows=100_000, checkpoint_rows=100_000)


def test_the_feed_has_alerts_of_every_kind_and_history(country: Path, whole: bytes) -> None:
    lines = [msgspec.json.decode(line, type=Line) for line in whole.splitlines()]
    _alerts(country, country / "thousand", batch_rows=1000, checkpoint_rows=1000)
    with Store(country / "thousand" / DATABASE) as store, store.transaction() as transaction:
        on_the_way = transaction.status_counts()

    assert len(lines) >= 50
    assert Counter(line.status for line in lines) == {"open": len(lines)}
    assert sum(hit["id"] == "sx-victim-drain" for line in lines for hit in line.typologies) >= 5
    assert on_the_way["withdrawn"] >= 1
    assert on_the_way["superseded"] >= 1


@pytest.mark.parametrize(
    ("batch_rows", "checkpoint_rows"),
    [
        (500, 1500),
        (1000, 1000),
    ],
)
def test_a_feed_cut_anywhere_gives_the_same_alerts(
    country: Path, whole: bytes, tmp_path: Path, batch_rows: int, checkpoint_rows: int
) -> None:
    cut = _alerts(country, tmp_path / "out", batch_rows=batch_rows, checkpoint_rows=checkpoint_rows)

    assert cut == whole


@pytest.mark.faults
@pytest.mark.parametrize(("batch_rows", "checkpoint_rows"), [(1, 2000), (7, 700)])
def test_a_smaller_feed_cut_row_by_row_gives_the_same_alerts(
    tmp_path: Path, batch_rows: int, checkpoint_rows: int
) -> None:
    """Twenty-five thousand batches of one row take a quarter of an hour."""
    feed = tmp_path / "feed"
    write_country(feed, SMALLER, np.random.Generator(np.random.PCG64(SEED)), FILES)
    whole = _alerts(feed, tmp_path / "whole", batch_rows=100_000, checkpoint_rows=100_000)

    cut = _alerts(feed, tmp_path / "cut", batch_rows=batch_rows, checkpoint_rows=checkpoint_rows)

    assert len(whole.splitlines()) >= 50
    assert cut == whole


@pytest.mark.parametrize("batch_rows", [1, 7])
def test_the_golden_feed_cut_anywhere_gives_the_golden_alerts(
    tmp_path: Path, batch_rows: int
) -> None:
    cut = _alerts(
        GOLDEN / "feed", tmp_path / "out", batch_rows=batch_rows, checkpoint_rows=10 * batch_rows
    )

    assert cut == (GOLDEN / "alerts.ndjson").read_bytes()


def _alerts(feed: Path, out: Path, *, batch_rows: int, checkpoint_rows: int) -> bytes:
    carry_out(
        Wish(
            feed=str(feed),
            config=None,
            out=out,
            batch_rows=batch_rows,
            checkpoint_rows=checkpoint_rows,
        )
    )
    return (out / "alerts.ndjson").read_bytes()
