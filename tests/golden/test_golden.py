"""Five weeks of a disordered feed give the alerts and rejects that were read and agreed to."""

from pathlib import Path

import msgspec
import pytest

from alerts.alert import Alert
from palermo.running import Wish, carry_out

GOLDEN = Path(__file__).parent


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("golden") / "out"
    carry_out(Wish(feed=str(GOLDEN / "feed"), config=None, out=folder))
    return folder


def alerts_in(path: Path) -> dict[str, Alert]:
    lines = path.read_bytes().splitlines()
    return {a.alert_id: a for a in (msgspec.json.decode(line, type=Alert) for line in lines)}


def test_the_same_alerts_stand_as_when_they_were_last_read(out: Path) -> None:
    expected, found = alerts_in(GOLDEN / "alerts.ndjson"), alerts_in(out / "alerts.ndjson")

    assert {i: a.subject.id for i, a in found.items()} == {
        i: a.subject.id for i, a in expected.items()
    }


@pytest.mark.parametrize("name", ["alerts.ndjson", "rejects.ndjson"])
def test_the_golden_feed_gives_the_same_bytes(out: Path, name: str) -> None:
    is_same = (out / name).read_bytes() == (GOLDEN / name).read_bytes()

    assert is_same, (
        f"{name} changed: run `make golden`, read its diff, and commit it if it is meant"
    )
