"""What an alert says: offences, elements, roles, handling, words, totals."""

import re
from pathlib import Path

import jsonschema
import msgspec
import pytest

from alerts.alert import Alert, Origin, alert_json
from alerts.dossier import Cited, Dossier
from alerts.elements import elements, offences_suspected
from alerts.roles import is_controlled
from alerts.schema import alert_schema
from alerts.settings import AlertSettings
from alerts.store import Store
from detectors.finding import ExculpationResult, Finding
from ingest.reference import Customer, Licence, References
from models.mask import Mask
from tests.alerts.fiction import (
    COLLECTOR_FACTS,
    DEFINITIONS,
    DRAINED_FACTS,
    FUNNEL_FACTS,
    STRUCTURING_FACTS,
    Move,
    fact,
    finding,
    ledger,
    replaced_from,
    triage,
    without,
)

SCHEMA = Path(__file__).parents[2] / "schemas" / "alert" / "v1.json"
COLLECTOR, RECEIVER = "C-FICT-0050", "C-FICT-0100"
VICTIMS = ("C-FICT-0001", "C-FICT-0002")


def alerts_of(
    store: Store,
    moves: list[Move],
    findings: list[Finding],
    references: References | None = None,
    origin: Origin = "live",
    settings: AlertSettings | None = None,
) -> list[Alert]:
    subject = triage(references=references, origin=origin, settings=settings)
    since = replaced_from(moves[0].holder, -400)
    for holder in sorted({each.holder for each in moves[1:]}):
        since.extend(replaced_from(holder, -400))
    with store.transaction() as tx:
        subject.apply(tx, findings=findings, replaces=since, ledger=ledger(moves))
        return subject.final_alerts(tx)


def fees(payers: int = 12) -> list[Move]:
    return [
        Move(
            reference=f"FEE{number:03d}",
            holder=COLLECTOR,
            day=number / 10,
            side=1,
            counterparty=f"C-FICT-1{number:03d}",
        )
        for number in range(payers)
    ]


def collector_alert(store: Store, references: References | None = None) -> Alert:
    moves = fees()
    (alert,) = alerts_of(
        store, moves, [finding("som-collector-fanin", moves[-1], days=14)], references
    )
    return alert


def drained(victim: str, number: int) -> list[Move]:
    came = [
        Move(reference=f"IN{number}{n}", holder=victim, day=number + n / 10, side=1)
        for n in range(5)
    ]
    went = Move(
        reference=f"OUT{number}",
        holder=victim,
        day=number + 0.6,
        side=0,
        amount=49_000,
        counterparty=RECEIVER,
    )
    return [*came, went]


def drain_alert(store: Store, references: References | None = None, **first: object) -> Alert:
    moves = [*drained(VICTIMS[0], 0), *drained(VICTIMS[1], 1)]
    signals = [
        finding("sx-drained-account", moves[5], receiver=RECEIVER, **first),  # type: ignore[arg-type]
        finding("sx-drained-account", moves[11], receiver=RECEIVER),
    ]
    alerts = alerts_of(store, moves, signals, references)
    return next(each for each in alerts if each.subject.id == RECEIVER)


def cited(typology: str, **changes: object) -> Cited:
    trigger = Move(reference="R1", holder="C-FICT-0001", day=0, side=1)
    found = finding(typology, trigger, **changes)  # type: ignore[arg-type]
    return Cited(finding=found, definition=DEFINITIONS[typology], model=None, entries=())


def test_every_sentence_of_a_narrative_cites_its_transactions(store: Store) -> None:
    for alert in (collector_alert(store), drain_alert(store)):
        for line in alert.narrative["en"].splitlines():
            assert re.search(r" \[\w[^\]]*\]\.$", line), line
            cited_ids = re.findall(r"[A-Z]+\d+", line.rsplit("[", 1)[1])
            known = {each for hit in alert.typologies for each in hit.transaction_ids}
            assert cited_ids
            assert set(cited_ids) <= known


def test_produced_alerts_follow_the_published_schema(store: Store) -> None:
    schema = msgspec.json.decode(SCHEMA.read_bytes())

    for alert in (collector_alert(store), drain_alert(store)):
        jsonschema.validate(msgspec.json.decode(alert_json(alert)), schema)


def test_the_published_schema_is_the_one_of_the_record() -> None:
    assert SCHEMA.read_bytes() == alert_schema(), "write it anew from alerts.schema.alert_schema()"


def test_a_collector_of_fees_is_suspected_of_smuggling(store: Store) -> None:
    alert = collector_alert(store)

    assert (alert.offences_suspected, alert.queue) == (("smuggling",), "smuggling")
    assert alert.hypothesis.startswith("Smuggling of migrants. Many people")


def test_smuggling_needs_a_fact_on_route_price_or_transport_beside_the_benefit() -> None:
    only_payers = without(without(COLLECTOR_FACTS, "band_share"), "payer_regions")

    assert offences_suspected([cited("som-collector-fanin", facts=only_payers)]) == ("laundering",)


def test_route_and_price_without_a_benefit_fact_are_not_smuggling() -> None:
    facts = without(without(COLLECTOR_FACTS, "payers"), "band_share")

    assert offences_suspected([cited("som-collector-fanin", facts=facts)]) == ("laundering",)


def test_trafficking_needs_a_means_or_purpose_fact_beyond_trade_hour_and_place() -> None:
    by_trade = tuple(
        fact(each.name, 0.9, family="link", columns=("mcc",)) for each in DRAINED_FACTS
    )

    assert offences_suspected([cited("sx-drained-account")]) == ("trafficking",)
    assert offences_suspected([cited("sx-drained-account", facts=by_trade)]) == ("laundering",)


def test_structure_alone_goes_to_the_laundering_queue(store: Store) -> None:
    trigger = Move(reference="R1", holder="C-FICT-0001", day=0, side=1)
    found = [
        finding("st-structuring", trigger, facts=STRUCTURING_FACTS),
        finding("st-funnel-geo", trigger, facts=FUNNEL_FACTS[2:]),
    ]

    (alert,) = alerts_of(store, [trigger], found)

    assert (alert.offences_suspected, alert.queue) == (("laundering",), "laundering")


def test_every_element_of_a_suspected_offence_is_listed_with_what_to_ask_for(
    store: Store,
) -> None:
    sheet = {each.element: each for each in drain_alert(store).elements}

    assert [each.state for each in sheet.values()] == ["not_in_bank_data", "indicated", "weak"]
    assert list(sheet) == ["act", "means", "purpose"]
    assert all(each.ask_for for each in sheet.values())
    assert sheet["means"].facts == ("feeders", "drained_share")


def test_an_element_with_part_of_its_facts_is_weak() -> None:
    one = cited("som-collector-fanin", facts=without(COLLECTOR_FACTS, "band_share"))

    states = {each.element: each.state for each in elements([one], ["smuggling"])}

    assert states == {"procurement": "weak", "benefit": "weak", "documents": "not_in_bank_data"}


def test_an_element_is_filled_by_facts_and_never_by_the_typology_alone() -> None:
    nothing = cited("som-collector-fanin", facts=())

    assert {each.state for each in elements([nothing], ["smuggling"])} == {"not_in_bank_data"}


def test_feeders_who_meet_the_control_test_are_possible_victims(store: Store) -> None:
    alert = drain_alert(store)

    roles = {each.party: each.role for each in alert.roles}
    assert roles == {
        RECEIVER: "collector",
        VICTIMS[0]: "possible_victim",
        VICTIMS[1]: "possible_victim",
    }
    assert all(each.why and each.transaction_ids for each in alert.roles)


@pytest.mark.parametrize(("name", "value"), [("top_payee_share", 0.69), ("own_life_share", 0.06)])
def test_a_feeder_just_short_of_the_control_test_has_no_role(
    store: Store, name: str, value: float
) -> None:
    facts = tuple(
        fact(each.name, value, family="link", columns=each.columns) if each.name == name else each
        for each in DRAINED_FACTS
    )

    alert = drain_alert(store, facts=facts)

    assert {each.party: each.role for each in alert.roles}[VICTIMS[0]] == "unknown"


@pytest.mark.parametrize(
    ("typology", "to_one"),
    [("sx-taken-earnings", "taker_share"), ("fl-returned-wages", "taken_share")],
)
@pytest.mark.parametrize(
    ("taken", "lived_on", "is_met"),
    [(0.7, 0.05, True), (0.69, 0.05, False), (0.7, 0.06, False), (0.7, None, False)],
)
def test_the_control_test_may_hold_over_the_money_that_is_taken(
    typology: str, to_one: str, taken: float, lived_on: float | None, *, is_met: bool
) -> None:
    facts = [fact(to_one, taken, unit="share")]
    if lived_on is not None:
        facts.append(fact("lived_on_share", lived_on, unit="share"))

    assert is_controlled(cited(typology, facts=tuple(facts))) is is_met


def test_a_receiver_with_a_benefit_fact_and_two_controlled_accounts_may_be_controller(
    store: Store,
) -> None:
    moves = [*drained(VICTIMS[0], 0), *drained(VICTIMS[1], 1)]
    fee = [Move(reference=f"FEE{n}", holder=RECEIVER, day=1 + n / 10, side=1) for n in range(3)]
    signals = [
        finding("sx-drained-account", moves[5], receiver=RECEIVER),
        finding("sx-drained-account", moves[11], receiver=RECEIVER),
        finding("som-collector-fanin", fee[-1]),
    ]
    references = References(customers={RECEIVER: Customer(party_id=RECEIVER)})

    (alert,) = alerts_of(store, [*moves, *fee], signals, references)

    assert alert.roles[0].role == "possible_controller"
    assert alert.offences_suspected == ("trafficking", "smuggling")


def test_a_possible_victims_account_is_never_proposed_for_a_block(store: Store) -> None:
    alert = drain_alert(store)

    text = " ".join(alert.handling.do_not)
    assert alert.handling.class_ == "victim"
    assert "Do not propose a block of A-FICT-0001" in text
    assert f"holding payments to {RECEIVER} may be proposed" in text
    assert "two approvals" in text


@pytest.mark.parametrize(("born", "kind"), [(2008, "child"), (2007, "victim")])
def test_a_possible_victim_who_may_be_under_18_is_handled_as_a_child(
    store: Store, born: int, kind: str
) -> None:
    references = References(customers={VICTIMS[0]: Customer(party_id=VICTIMS[0], birth_year=born)})

    assert drain_alert(store, references).handling.class_ == kind


def test_payers_of_a_collector_are_payers_and_no_suspects(store: Store) -> None:
    alert = collector_alert(store)

    payers = [each for each in alert.roles if each.party != COLLECTOR]
    assert {each.role for each in payers} == {"payer"}
    assert len(payers) == 12
    assert any("not liable" in each for each in alert.handling.do_not)


def test_a_licensed_payer_is_no_payer_of_fees(store: Store) -> None:
    licence = Licence(holder="C-FICT-1000", kind="MVTS")
    alert = collector_alert(store, References(licences={"C-FICT-1000": (licence,)}))

    role = next(each for each in alert.roles if each.party == "C-FICT-1000")
    assert role.role == "unknown"
    assert "stands in a public register: MVTS" in role.against


def test_a_subject_whose_own_account_is_drained_may_be_a_victim(store: Store) -> None:
    trigger = Move(reference="R1", holder="C-FICT-0001", day=0, side=0)
    found = [
        finding("st-funnel-geo", trigger),
        finding("sx-drained-account", trigger, receiver=RECEIVER),
    ]

    (alert,) = alerts_of(store, [trigger], found)

    assert (alert.roles[0].role, alert.handling.class_) == ("possible_victim", "victim")


def test_a_subject_of_whom_nothing_is_shown_is_unknown(store: Store) -> None:
    trigger = Move(reference="R1", holder="C-FICT-0001", day=0, side=0)

    (alert,) = alerts_of(store, [trigger], [finding("st-funnel-geo", trigger)])

    assert [each.role for each in alert.roles] == ["unknown"]


def test_the_test_that_speaks_most_for_the_person_is_shown(store: Store) -> None:
    trigger = Move(reference="R1", holder="C-FICT-0001", day=0, side=0)
    results = [
        ExculpationResult(test="REMIT", result="does_not_explain", share=0.0),
        ExculpationResult(test="REMIT", result="explains", share=0.3),
    ]
    found = [
        finding(typology, trigger, exculpations=(result,))
        for typology, result in zip(("st-funnel-geo", "st-structuring"), results, strict=True)
    ]

    (alert,) = alerts_of(store, [trigger], found)

    assert [(each.result, each.share) for each in alert.exculpations] == [("explains", 0.3)]
    assert "30 % of the value moved" in alert.exculpations[0].why
    assert any("30 %" in each for each in alert.roles[0].against)


def test_money_is_exact_decimal_text_and_unpriced_movements_only_count(store: Store) -> None:
    moves = [
        Move(reference="R1", holder="C-FICT-0001", day=0, side=1, amount=10_000_000_000_000_001),
        Move(reference="R2", holder="C-FICT-0001", day=1, side=0, amount=99),
    ]
    found = [
        finding("st-funnel-geo", moves[1], facts=(*FUNNEL_FACTS, fact("sum", 1_050, unit="minor")))
    ]

    (alert,) = alerts_of(store, moves, found)

    assert (alert.totals.in_, alert.totals.out) == ("100000000000000.01", "0.99")
    assert alert.totals.kept == "99999999999999.02"
    assert [(each.value, each.unit) for each in alert.facts if each.name == "sum"] == [
        ("10.50", "USD")
    ]


def test_what_could_not_be_tested_is_said(store: Store) -> None:
    trigger = Move(reference="R1", holder="C-FICT-0001", day=0, side=0)
    found = [finding("st-funnel-geo", trigger, not_testable=("income: no declared income",))]

    (alert,) = alerts_of(store, [trigger], found)

    assert alert.not_testable == ("st-funnel-geo: income: no declared income",)
    assert "Could not be seen, income: no declared income" in alert.narrative["en"]


def test_next_steps_carry_a_field_and_dates(store: Store) -> None:
    step = collector_alert(store).next_steps[0]

    assert (step.field, step.from_, step.to) == ("orig_account_id", "2025-09-04", "2026-03-03")


@pytest.mark.parametrize(
    ("origin", "due", "queue"),
    [("live", "2026-03-03T00:00:00Z", "laundering"), ("first_load", "", "first_load")],
)
def test_only_live_alerts_start_clocks_and_a_first_load_waits_apart(
    store: Store, origin: Origin, due: str, queue: str
) -> None:
    trigger = Move(reference="R1", holder="C-FICT-0001", day=0, side=0)
    settings = AlertSettings.model_validate({"review_hours": {"low": 24, "medium": 24}})

    (alert,) = alerts_of(
        store, [trigger], [finding("st-funnel-geo", trigger)], origin=origin, settings=settings
    )

    assert (alert.review_due_at, alert.queue, alert.origin) == (due, queue, origin)


def test_a_finding_cites_at_most_its_last_thousand_movements(store: Store) -> None:
    moves = [
        Move(reference=f"R{n:04d}", holder="C-FICT-0001", day=n / 1_000, side=1)
        for n in range(1_005)
    ]

    (alert,) = alerts_of(store, moves, [finding("st-funnel-geo", moves[-1])])

    cited_ids = alert.typologies[0].transaction_ids
    assert (len(cited_ids), cited_ids[0], cited_ids[-1]) == (1_000, "R0005", "R1004")


def test_only_payments_make_payers(store: Store) -> None:
    moves = fees(3)
    salary = Move(
        reference="PAY1",
        holder=COLLECTOR,
        day=0.05,
        side=1,
        counterparty="C-FICT-8888",
        mask=Mask.SALARY,
    )

    (alert,) = alerts_of(store, [*moves, salary], [finding("som-collector-fanin", moves[-1])])

    assert "C-FICT-8888" not in {each.party for each in alert.roles}


def test_a_dossier_without_movements_still_cites_its_trigger() -> None:
    one = cited("st-funnel-geo")
    dossier = Dossier(
        alert_id="a",
        subject=None,  # type: ignore[arg-type] # not looked at
        raised_at=one.finding.trigger.time,
        cited=(one,),
        feeders=(),
        own_signals=(),
    )

    assert dossier.transaction_ids == ("R1",)
