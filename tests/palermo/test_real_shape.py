"""A bank's export in a foreign shape: Czech codes, dates without time, a torn last row.

The feed is made here; two schemes are laid into ordinary life and must be all that is found.
"""

from datetime import date
from pathlib import Path

import msgspec
import numpy as np
import pytest

from alerts.alert import Alert
from ingest.simulated.czech_export import (
    COLLECTOR,
    FEE_PAYERS,
    FEEDERS,
    RECEIVER,
    plant_schemes,
    write_export,
)
from palermo.folder import ALERTS, REJECTS
from palermo.results import Summary
from palermo.running import Wish, carry_out

CONFIG = Path(__file__).parents[2] / "docs" / "examples" / "pkdd99" / "palermo.toml"


def seeded() -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(3))


def read(folder: Path, out: Path) -> tuple[Summary, dict[str, Alert]]:
    wish = Wish(feed=str(folder / "trans.asc"), config=CONFIG, out=out)
    summary = carry_out(wish).summary
    assert summary is not None
    lines = (out / ALERTS).read_bytes().splitlines()
    alerts = [msgspec.json.decode(line, type=Alert) for line in lines]
    return summary, {alert.subject.id: alert for alert in alerts}


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ordinary")
    write_export(folder, accounts=60, days=420, rng=seeded())
    return folder


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    write_export(folder, accounts=60, days=420, rng=seeded())
    plant_schemes(folder, on=date(1993, 10, 4), rng=seeded())
    return folder


@pytest.fixture(scope="module")
def found(planted: Path) -> tuple[Summary, dict[str, Alert]]:
    return read(planted, planted / "out")


def test_ordinary_life_gives_no_alert_and_one_reject(ordinary: Path) -> None:
    summary, alerts = read(ordinary, ordinary / "out")

    assert summary.fates["reject"] == 1
    assert summary.fates["scored"] == sum(summary.fates.values()) - 1
    assert alerts == {}


def test_the_torn_last_row_is_the_only_reject(
    planted: Path, found: tuple[Summary, dict[str, Alert]]
) -> None:
    rejects = (planted / "out" / REJECTS).read_bytes().splitlines()

    assert found[0].fates["reject"] == len(rejects) == 1
    assert b"ends in the middle" in rejects[0]


def test_both_planted_schemes_are_found_and_nothing_else(
    found: tuple[Summary, dict[str, Alert]],
) -> None:
    typologies = {who: [hit.id for hit in alert.typologies] for who, alert in found[1].items()}

    assert typologies == {
        str(COLLECTOR): ["som-collector-fanin"],
        str(RECEIVER): ["sx-victim-drain"],
    }


def test_the_feeders_are_possible_victims_and_the_payers_payers(
    found: tuple[Summary, dict[str, Alert]],
) -> None:
    drained, fees = found[1][str(RECEIVER)], found[1][str(COLLECTOR)]

    assert {r.party for r in drained.roles if r.role == "possible_victim"} == set(map(str, FEEDERS))
    assert sum(role.role == "payer" for role in fees.roles) == FEE_PAYERS


def test_what_dates_without_places_cannot_show_is_said(
    found: tuple[Summary, dict[str, Alert]],
) -> None:
    said = {name: " ".join(reasons) for name, reasons in found[0].not_testable.items()}

    assert "no reporting threshold known" in said["st-structuring"]
    assert "blind without it" in said["st-funnel-geo"]
    assert "dates only" in said["sx-drained-account"]
    assert "no device" in said["sx-drained-account"]


def test_nothing_that_encodes_the_sex_of_a_holder_is_mapped() -> None:
    settings = [line for line in CONFIG.read_text().splitlines() if not line.startswith("#")]

    assert "birth_number" not in " ".join(settings)
