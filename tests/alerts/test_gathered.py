"""Alerts on things, on whom families pay, and on a child: who is named as what."""

from dataclasses import replace

import pytest

from alerts.alert import Alert
from alerts.store import Store
from detectors.finding import Fact, Finding, Link, LinkKind
from tests.alerts.fiction import (
    DEFINITIONS,
    DRAINED_FACTS,
    Move,
    fact,
    finding,
    ledger,
    replaced_from,
    triage,
)

ONSET_FACTS = (
    fact("onset", 1, family=None),
    fact("passed_through", 0.98, threshold=0.85, unit="share"),
    fact("sinks_share", 1.0, threshold=0.7, family="link", columns=("benef_account_id",)),
    fact("dwell", 0.4, threshold=24, unit="hours"),
)
PRESSED_FACTS = (
    fact("ransom_usd", 1_200, threshold=800, unit="US dollars to one stranger"),
    fact("paid_before", 0, threshold=0, family="link", columns=("benef_account_id",)),
)
CHILD_FACTS = (
    fact("strangers", 7, threshold=6, columns=("orig_account_id",), unit="payers"),
    fact(
        "foreign_device_share",
        1.0,
        threshold=0.7,
        family="link",
        columns=("device_hash",),
        unit="share",
    ),
)
TAKEN_FACTS = (
    fact("earnings_taken_share", 0.95, threshold=0.7, family="link", unit="share"),
    fact("taker_share", 0.95, threshold=0.7, columns=("benef_account_id",), unit="share"),
)
DEVICE, STRANGER = "D-FICT-9", "C-FICT-0100"


def signal(
    typology: str, number: int, facts: tuple[Fact, ...], kind: LinkKind, link: str
) -> tuple[Move, Finding]:
    """A payment out by the number-th holder, and the signal it triggers."""
    move = Move(
        reference=f"OUT{number:03d}",
        holder=f"C-FICT-0{number:03d}",
        day=number / 10,
        side=0,
        counterparty=STRANGER,
    )
    found = finding(typology, move, facts=facts)
    return move, replace(found, is_signal=True, links=(Link(kind=kind, id=link),))


def alerts_of(store: Store, pairs: list[tuple[Move, Finding]]) -> list[Alert]:
    since = replaced_from(pairs[0][0].holder, -400)
    for move, _ in pairs[1:]:
        since.extend(replaced_from(move.holder, -400))
    subject = triage()
    with store.transaction() as tx:
        subject.apply(
            tx,
            findings=[found for _, found in pairs],
            replaces=since,
            ledger=ledger([move for move, _ in pairs]),
        )
        return subject.final_alerts(tx)


def farm(facts: tuple[Fact, ...] = ONSET_FACTS, accounts: int = 8) -> list[tuple[Move, Finding]]:
    return [signal("st-mule-onset", i, facts, "device", DEVICE) for i in range(accounts)]


def test_accounts_run_from_one_device_are_an_alert_on_the_device(store: Store) -> None:
    (alert,) = alerts_of(store, farm())

    assert (alert.subject.kind, alert.subject.id) == ("device", DEVICE)
    assert alert.customers == tuple(f"C-FICT-0{i:03d}" for i in range(8))
    assert alert.accounts == tuple(f"A-FICT-0{i:03d}" for i in range(8))
    assert alert.totals.out == "800.00"
    assert {(role.party, role.role) for role in alert.roles} == {
        (f"C-FICT-0{i:03d}", "mule") for i in range(8)
    }


def test_a_fact_of_the_feeders_is_shown_against_what_is_demanded_of_each(store: Store) -> None:
    (alert,) = alerts_of(store, farm())

    passed = next(each for each in alert.facts if each.name == "least_passed_through")
    assert (passed.value, passed.threshold) == (0.98, 0.95)


@pytest.mark.parametrize(("name", "value"), [("passed_through", 0.94), ("dwell", 1.1)])
def test_a_signal_that_meets_no_demand_does_not_feed(store: Store, name: str, value: float) -> None:
    slower = tuple(replace(f, value=value) if f.name == name else f for f in ONSET_FACTS)

    assert alerts_of(store, farm(slower)) == []


def test_a_demand_that_cannot_be_tested_is_no_objection(store: Store) -> None:
    without_hours = tuple(f for f in ONSET_FACTS if f.name != "dwell")

    assert len(alerts_of(store, farm(without_hours))) == 1


def test_signals_of_one_kind_of_link_are_not_gathered_by_another(store: Store) -> None:
    by_party = [signal("st-mule-onset", i, ONSET_FACTS, "receiver", DEVICE) for i in range(8)]

    assert alerts_of(store, by_party) == []


def test_families_that_pay_are_payers_of_an_urgent_alert_and_treated_as_in_danger(
    store: Store,
) -> None:
    families = [
        signal("sc-pressed-family", i, PRESSED_FACTS, "receiver", STRANGER) for i in range(2)
    ]

    (alert,) = alerts_of(store, families)

    assert (alert.severity, alert.handling.class_) == ("urgent", "victim")
    assert {role.role for role in alert.roles if role.party != STRANGER} == {"payer"}
    assert any("payers as suspects" in line for line in alert.handling.do_not)


def test_a_child_is_only_ever_a_possible_victim(store: Store) -> None:
    move = Move(reference="R1", holder="C-FICT-0001", day=0, side=1)
    found = finding("cse-minor-account-control", move, facts=CHILD_FACTS)

    (alert,) = alerts_of(store, [(move, found)])

    assert [role.role for role in alert.roles] == ["possible_victim"]
    assert (alert.severity, alert.handling.class_) == ("urgent", "child")
    assert any("Do not propose a block" in line for line in alert.handling.do_not)


def drained_twice_over(store: Store) -> Alert:
    """The alert on the receiver of two accounts, each of which two signals find drained."""
    drained = [signal("sx-drained-account", i, DRAINED_FACTS, "receiver", STRANGER) for i in (1, 2)]
    taken = [
        (move, replace(found, typology="sx-taken-earnings", facts=TAKEN_FACTS))
        for move, found in drained
    ]

    return next(each for each in alerts_of(store, drained + taken) if each.subject.id == STRANGER)


def test_what_two_typologies_state_and_ask_alike_is_told_once(store: Store) -> None:
    alert = drained_twice_over(store)

    assert [hit.id for hit in alert.typologies] == ["sx-earnings-taker", "sx-victim-drain"]
    (feeders,) = (fact for fact in alert.facts if fact.name == "feeders")
    assert feeders.transaction_ids == ("OUT001", "OUT002")
    asked = [(step.action, step.field) for step in alert.next_steps]
    assert len(asked) == len(set(asked)) == 3
    lines = alert.narrative["en"].splitlines()
    assert len([line for line in lines if line.startswith("Unrelated accounts emptied")]) == 1


def test_the_title_is_of_the_typology_that_weighs_most(store: Store) -> None:
    """Which the hypothesis explains; by id another would come first."""
    alert = drained_twice_over(store)
    heaviest = DEFINITIONS["sx-victim-drain"]

    assert alert.hypothesis.endswith(heaviest.looks_like)
    assert alert.narrative["en"].startswith(f"{heaviest.title}: ")
