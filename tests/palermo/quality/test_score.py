"""`palermo score`: labels and alerts from files, figures, pictures, and faults said plainly."""

import json
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

from alerts.alert import Alert, alert_json
from palermo.quality.labels import Labels, read_labels
from tests.palermo.conftest import Command
from tests.palermo.quality.fiction import alert, labels, look_alike, scheme

KNOWN = labels(
    scheme(1, 10, bystanders=[(30, "possible_victim")]),
    scheme(2, 20, typology="st-funnel-geo", variant="evasive"),
    look_alikes=[look_alike(1, "remittance_agent", 50)],
)
ALERTS = (
    alert(1, 10, "S1-0", score=80.0),
    alert(2, 50, score=60.0),
    alert(3, 90, score=95.0, day=-3),
)


def write(folder: Path, known: Labels = KNOWN, alerts: Iterable[Alert] = ALERTS) -> Path:
    """labels/ and alerts.ndjson as the commands write them."""
    inside = folder / "labels"
    inside.mkdir(parents=True)
    for name in ("schemes", "look_alikes", "customers", "weeks"):
        lines = b"\n".join(map(msgspec.json.encode, getattr(known, name)))
        (inside / f"{name}.ndjson").write_bytes(lines + b"\n" if lines else b"")
    (inside / "population.json").write_bytes(msgspec.json.encode(known.population))
    (folder / "alerts.ndjson").write_bytes(b"".join(alert_json(each) + b"\n" for each in alerts))
    return folder


def test_labels_are_read_as_they_were_written(tmp_path: Path) -> None:
    folder = write(tmp_path)

    again = read_labels(folder / "labels")

    assert again.population == KNOWN.population
    assert list(again.schemes) == list(KNOWN.schemes)
    assert (again.look_alikes, again.customers, again.weeks) == (
        KNOWN.look_alikes,
        KNOWN.customers,
        KNOWN.weeks,
    )


def test_the_score_counts_alerts_of_the_scored_period_only(
    tmp_path: Path, palermo: Command
) -> None:
    folder = write(tmp_path)

    ended = palermo(
        "score", "--labels", folder / "labels", "--alerts", folder / "alerts.ndjson", "--json"
    )

    made = json.loads(ended.out)
    assert ended.code == 0
    assert (made["alerts_standing"], made["alerts_scored"]) == (3, 2)
    assert made["recall"][0]["recall"]["hits"] == 1
    assert made["at_cut"][0]["precision"]["here"] == {
        "hits": 1,
        "n": 2,
        "value": 0.5,
        "low": pytest.approx(0.0945, abs=1e-4),
        "high": pytest.approx(0.9055, abs=1e-4),
    }


def test_the_score_is_readable_and_names_every_table(tmp_path: Path, palermo: Command) -> None:
    folder = write(tmp_path)

    ended = palermo("score", "--labels", folder / "labels", "--alerts", folder / "alerts.ndjson")

    assert ended.code == 0
    for text in (
        "som-collector-fanin",
        "remittance_agent",
        "analyst-hours",
        "50 % (9.5-91, 1 of 2)",
    ):
        assert text in ended.out


def test_a_given_cut_is_used(tmp_path: Path, palermo: Command) -> None:
    folder = write(tmp_path)

    ended = palermo(
        *("score", "--labels", folder / "labels", "--alerts", folder / "alerts.ndjson"),
        *("--cut", "70", "--cut", "laundering=10", "--json"),
    )

    made = json.loads(ended.out)
    assert made["cuts"] == {"persons": 70.0, "laundering": 10.0, "unusual": 70.0}
    assert made["is_cut_given"]
    assert made["at_cut"][0]["proposals"] == 1


def test_pictures_are_the_same_each_time(tmp_path: Path, palermo: Command) -> None:
    folder = write(tmp_path)
    asked = ("score", "--labels", folder / "labels", "--alerts", folder / "alerts.ndjson")

    palermo(*asked, "--pictures", tmp_path / "one")
    palermo(*asked, "--pictures", tmp_path / "two")

    names = sorted(each.name for each in (tmp_path / "one").iterdir())
    assert names == ["precision.png", "precision.svg", "recall.png", "recall.svg"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_missing_file_is_named(tmp_path: Path, palermo: Command) -> None:
    folder = write(tmp_path)
    (folder / "labels" / "weeks.ndjson").unlink()

    ended = palermo("score", "--labels", folder / "labels", "--alerts", folder / "alerts.ndjson")

    assert ended.code == 2
    assert "weeks.ndjson is not there" in ended.err


def test_every_faulty_file_is_named_with_its_line(tmp_path: Path, palermo: Command) -> None:
    folder = write(tmp_path)
    with (folder / "labels" / "schemes.ndjson").open("a") as file:
        file.write('{"scheme_id": "S9", "colour": "blue"}\n')
    (folder / "labels" / "population.json").write_text("{}")

    ended = palermo("score", "--labels", folder / "labels", "--alerts", folder / "alerts.ndjson")

    assert ended.code == 5
    assert "schemes.ndjson, line 3" in ended.err
    assert "population.json: " in ended.err


def test_alerts_of_another_feed_are_refused(tmp_path: Path, palermo: Command) -> None:
    folder = write(tmp_path, alerts=[alert(1, 5_555)])

    ended = palermo("score", "--labels", folder / "labels", "--alerts", folder / "alerts.ndjson")

    assert ended.code == 5
    assert "none of them is in the labels" in ended.err


def test_a_line_that_is_no_alert_is_named(tmp_path: Path, palermo: Command) -> None:
    folder = write(tmp_path)
    (folder / "alerts.ndjson").write_text("{}\n")

    ended = palermo("score", "--labels", folder / "labels", "--alerts", folder / "alerts.ndjson")

    assert ended.code == 5
    assert "alerts.ndjson, line 1" in ended.err


@pytest.mark.parametrize("cut", ["high", "urgent=50", "-1", "nan"])
def test_a_cut_that_is_no_score_is_refused(tmp_path: Path, palermo: Command, cut: str) -> None:
    folder = write(tmp_path)

    ended = palermo(
        *("score", "--labels", folder / "labels", "--alerts", folder / "alerts.ndjson"),
        f"--cut={cut}",
    )

    assert ended.code == 2
    assert f"--cut {cut}" in ended.err
