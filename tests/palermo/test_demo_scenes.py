"""The demo feed: each scene comes out as it is told, from real runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from alerts.alert import Alert
from alerts.cleared import ClearedCase, cleared_cases
from alerts.register import open_alerts
from alerts.store import Store
from ingest.simulated import demo
from palermo.folder import DATABASE
from palermo.results import Summary
from palermo.running import Wish, carry_out

DEMO_FEED = Path(__file__).parents[2] / "palermo" / "demo_feed"


def customer(position: int) -> str:
    return f"C-FICT-{position + 1:06d}"


COLLECTOR, RECEIVER = customer(demo.COLLECTOR), customer(demo.RECEIVER)
AGENT, TRADER = customer(demo.AGENT), customer(demo.TRADER)
WORKER = customer(demo.WORKER)
VICTIMS = [customer(who) for who, _, _ in demo.DRAINED]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a run of the demo feed left. findings: how many there are by typology."""

    summary: Summary
    alerts: dict[str, Alert]
    cleared: Sequence[ClearedCase]
    findings: dict[str, int]


Tell = Callable[[Path, Sequence[str]], Told]


def tell(out: Path, without: Sequence[str]) -> Told:
    flags = {"feed": {"without": list(without)}} if without else {}
    summary = carry_out(Wish(feed=str(DEMO_FEED), config=None, out=out, flags=flags)).summary
    assert summary is not None
    with Store(out / DATABASE) as store, store.transaction() as transaction:
        return Told(
            summary=summary,
            alerts={alert.subject.id: alert for alert in open_alerts(transaction.connection)},
            cleared=cleared_cases(transaction.connection),
            findings=transaction.finding_counts(),
        )


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return tell(tmp_path_factory.mktemp("seeing") / "out", ())


@pytest.fixture(scope="module")
def blind(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return tell(tmp_path_factory.mktemp("blind") / "out", ("device", "place"))


def fact(alert: Alert, name: str) -> object:
    return next((each.value for each in alert.facts if each.name == name), None)


def roles(alert: Alert) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for role in alert.roles:
        found.setdefault(role.role, set()).add(role.party)
    return found


def test_every_row_of_the_demo_is_scored(told: Told) -> None:
    assert told.summary.fates["scored"] == sum(told.summary.fates.values()) > 4_000


def test_the_collector_and_the_receiver_are_alerted_and_nobody_else(told: Told) -> None:
    assert set(told.alerts) == {COLLECTOR, RECEIVER}


def test_the_collector_is_alerted_for_one_price_from_many_towns_drawn_at_the_border(
    told: Told,
) -> None:
    alert = told.alerts[COLLECTOR]

    assert (alert.queue, alert.severity) == ("smuggling", "high")
    assert {hit.id for hit in alert.typologies} == {"som-collector-fanin", "st-funnel-geo"}
    assert fact(alert, "payers") == 18
    assert fact(alert, "payer_regions") == 7
    assert fact(alert, "band_share") == 1
    assert fact(alert, "zone_cash_share") == 1


def test_those_who_paid_the_collector_are_payers_and_no_suspects(told: Told) -> None:
    alert = told.alerts[COLLECTOR]

    assert len(roles(alert)["payer"]) >= 18
    assert any("payers as suspects" in each for each in alert.handling.do_not)


def test_the_receiver_is_alerted_and_both_students_are_possible_victims(told: Told) -> None:
    alert = told.alerts[RECEIVER]

    assert alert.queue == "exploitation"
    assert {hit.id for hit in alert.typologies} == {"sx-victim-drain", "sx-earnings-taker"}
    assert roles(alert)["possible_victim"] == set(VICTIMS)
    assert alert.handling.class_ == "victim"


def test_the_students_accounts_were_moved_on_a_device_not_theirs(told: Told) -> None:
    share = fact(told.alerts[RECEIVER], "foreign_device_share")

    assert isinstance(share, float | int)
    assert share > 0.9


def test_no_block_of_a_possible_victims_account_is_ever_proposed(told: Told) -> None:
    do_not = " ".join(told.alerts[RECEIVER].handling.do_not)

    assert all(f"possible victim {victim}" in do_not for victim in VICTIMS)


def test_the_remittance_agent_is_not_alerted_and_the_reason_is_kept(told: Told) -> None:
    cases = {each.typology: each for each in told.cleared if each.subject.id == AGENT}
    case = cases["som-collector-fanin"]

    assert case.cleared_by == ("REMIT", "LICENSED")
    assert fact_of(case, "payers") >= 10
    assert fact_of(case, "payer_regions") >= 4
    assert fact_of(case, "repeat_share") > 0.5
    assert case.count > 50


def test_the_worker_who_supports_her_parent_is_cleared_as_family(told: Told) -> None:
    case = next(each for each in told.cleared if each.subject.id == WORKER)

    assert (case.typology, case.cleared_by) == ("sx-drained-account", ("FAMILY",))


def test_the_agent_and_the_worker_are_all_who_looked_alike(told: Told) -> None:
    assert {case.subject.id for case in told.cleared} == {AGENT, WORKER}


def test_the_trader_near_the_threshold_makes_no_finding(told: Told) -> None:
    assert told.findings.get("st-structuring", 0) == 0
    assert TRADER not in told.alerts


def test_without_places_the_collector_loses_the_cash_and_the_border(
    told: Told, blind: Told
) -> None:
    before, after = told.alerts[COLLECTOR], blind.alerts[COLLECTOR]

    assert [hit.id for hit in after.typologies] == ["som-collector-fanin"]
    assert fact(after, "zone_cash_share") is None
    assert after.score < before.score - 10
    assert any("no place" in reason for reason in after.not_testable)


def test_without_devices_the_receivers_alert_loses_the_device_fact(told: Told, blind: Told) -> None:
    after = blind.alerts[RECEIVER]

    assert fact(after, "foreign_device_share") is None
    assert after.score < told.alerts[RECEIVER].score
    assert any("no device" in reason for reason in after.not_testable)


def test_the_blind_run_says_which_typology_cannot_fire_at_all(blind: Told) -> None:
    reasons = blind.summary.not_testable["st-funnel-geo"]

    assert any("blind without it" in reason for reason in reasons)
    assert "st-funnel-geo" not in blind.findings


def test_the_blind_run_still_clears_the_agent(blind: Told) -> None:
    assert {case.subject.id for case in blind.cleared} == {AGENT, WORKER}


def fact_of(case: ClearedCase, name: str) -> float:
    value = case.facts[name]
    assert isinstance(value, int | float)
    return value
