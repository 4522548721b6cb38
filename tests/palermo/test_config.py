from pathlib import Path

import pytest

from palermo.config import load_settings
from palermo.errors import ConfigurationError


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    return tmp_path / "palermo.toml"


def test_every_fault_is_told_at_once_with_the_nearest_name(toml: Path) -> None:
    toml.write_text('[feed]\nbase_curency = "LAK"\n[alerts]\nepisode_gap_days = 0\n[kafkaa]\n')

    with pytest.raises(ConfigurationError) as raised:
        load_settings(toml)

    assert any("did you mean `base_currency`" in fault for fault in raised.value.faults)
    assert any("episode_gap_days" in fault for fault in raised.value.faults)
    assert any("did you mean `kafka`" in fault for fault in raised.value.faults)
    assert all(str(toml) in fault for fault in raised.value.faults)


def test_a_nested_table_has_its_own_nearest_names(toml: Path) -> None:
    toml.write_text("[alerts.review_hours]\nurgnt = 2\n")

    with pytest.raises(ConfigurationError, match="did you mean `urgent`"):
        load_settings(toml)


def test_flags_stand_over_environment_over_file_over_defaults(
    toml: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toml.write_text("[alerts]\nepisode_gap_days = 10\nweekly_budget = 10\n")
    monkeypatch.setenv("PALERMO__ALERTS__WEEKLY_BUDGET", "20")
    monkeypatch.setenv("PALERMO__FEED__LATENESS_HOURS", "20")

    found = load_settings(toml, flags={"feed": {"lateness_hours": 30.0}})

    assert found.settings.alerts.episode_gap_days == 10
    assert found.settings.alerts.weekly_budget == 20
    assert found.settings.feed.lateness_hours == 30.0
    origins = {name: origin for name, _, origin in found.rows()}
    assert origins["alerts.episode_gap_days"] == str(toml)
    assert origins["alerts.weekly_budget"] == "environment PALERMO__ALERTS__WEEKLY_BUDGET"
    assert origins["feed.lateness_hours"] == "flag for feed.lateness_hours"
    assert origins["house.kind"] == "default"


def test_an_unknown_section_in_the_environment_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PALERMO__KAFKKA__GROUP", "x")

    with pytest.raises(ConfigurationError, match="did you mean `kafka`"):
        load_settings(None)


def test_a_list_in_the_environment_that_is_no_json_is_a_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PALERMO__KAFKA__TOPICS", "one,two")

    with pytest.raises(ConfigurationError, match="given as JSON"):
        load_settings(None)


def test_a_file_that_is_no_toml_names_the_line(toml: Path) -> None:
    toml.write_text("[feed\n")

    with pytest.raises(ConfigurationError, match="line 1"):
        load_settings(toml)


def test_a_password_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PALERMO__KAFKA__SECURITY", "SASL_SSL")
    monkeypatch.setenv("PALERMO__KAFKA__MECHANISM", "SCRAM-SHA-512")
    monkeypatch.setenv("PALERMO__KAFKA__USER", "fict-user")
    monkeypatch.setenv("PALERMO__KAFKA__PASSWORD", "fict-secret")

    shown = str(list(load_settings(None).rows()))

    assert "fict-secret" not in shown


def test_the_hash_is_over_what_changes_findings_alone(toml: Path) -> None:
    plain = load_settings(None).hash

    toml.write_text('[feed]\nfiles = ["other.csv"]\n[kafka]\ngroup = "other"\n')
    assert load_settings(toml).hash == plain
    toml.write_text("[feed]\nlateness_hours = 48\n")
    assert load_settings(toml).hash != plain


def test_the_hash_does_not_depend_on_the_order_of_a_set() -> None:
    one = load_settings(None, flags={"feed": {"without": ["device", "place"]}})
    other = load_settings(None, flags={"feed": {"without": ["place", "device"]}})

    assert one.hash == other.hash
