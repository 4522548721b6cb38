"""Both sides of every rule that lets findings become an alert."""

from dataclasses import replace

import pytest

from alerts.gate import (
    Ground,
    grounds_from,
    grounds_of,
    grounds_text,
    names_persons,
    passes,
)
from detectors.finding import Family
from detectors.typology import Definition, Typology
from tests.alerts.fiction import DEFINITIONS, Move, fact, finding


def plain(definition: Definition) -> Definition:
    """A structural typology that is neither a shape nor a duty to report."""
    assert isinstance(definition, Typology)
    return replace(definition, is_shape=False)


PLAIN = DEFINITIONS | {"st-structuring": plain(DEFINITIONS["st-structuring"])}
TRIGGER = Move(reference="R1", holder="C-FICT-0001", day=0, side=1)


def ground(family: Family, *columns: str) -> Ground:
    return Ground(family=family, columns=columns)


AMOUNT = ground("structure", "amount")
PLACE = ground("movement", "place_id")


def test_one_family_is_not_enough() -> None:
    assert not passes({"st-funnel-geo": [AMOUNT, ground("structure", "event_time")]}, DEFINITIONS)


def test_two_families_on_different_columns_pass() -> None:
    assert passes({"st-funnel-geo": [AMOUNT, PLACE]}, DEFINITIONS)


def test_two_families_on_the_same_column_are_one_ground() -> None:
    shared = [ground("structure", "orig_account_id"), ground("movement", "orig_account_id")]

    assert not passes({"st-funnel-geo": shared}, DEFINITIONS)
    assert not names_persons({"som-collector-fanin": shared}, DEFINITIONS)


def test_a_network_shape_passes_but_names_no_offence_against_persons() -> None:
    found = {"som-collector-fanin": [AMOUNT]}

    assert passes(found, DEFINITIONS)
    assert not names_persons(found, DEFINITIONS)
    assert names_persons({"som-collector-fanin": [AMOUNT, PLACE]}, DEFINITIONS)


def test_a_network_shape_without_structure_does_not_pass() -> None:
    assert not passes({"som-collector-fanin": [PLACE]}, DEFINITIONS)


def test_families_of_two_typologies_add_up() -> None:
    found = {"st-structuring": [AMOUNT], "sx-drained-account": [ground("link", "device_hash")]}

    assert passes(found, DEFINITIONS)


def test_a_typology_that_joins_independent_persons_passes_alone() -> None:
    assert passes({"sx-victim-drain": []}, DEFINITIONS)


def test_what_a_legal_duty_asks_to_report_passes_alone_but_names_no_person() -> None:
    assert passes({"st-structuring": [AMOUNT]}, DEFINITIONS)
    assert not names_persons({"st-structuring": [AMOUNT]}, DEFINITIONS)


def test_an_urgent_typology_passes_alone() -> None:
    urgent = replace(DEFINITIONS["st-structuring"], severity="urgent")

    assert passes({"st-structuring": []}, DEFINITIONS | {"st-structuring": urgent})
    assert not passes({"st-structuring": [AMOUNT]}, PLAIN)


def test_two_structural_typologies_pass() -> None:
    assert passes({"st-structuring": [AMOUNT], "st-funnel-geo": [AMOUNT]}, DEFINITIONS)


def test_a_second_typology_without_structure_does_not_count_as_structural() -> None:
    assert not passes({"st-structuring": [AMOUNT], "st-funnel-geo": []}, PLAIN)


def test_a_fact_whose_condition_does_not_hold_is_no_ground() -> None:
    facts = (fact("dwell", 60, threshold=48, family=None, is_met=False),)

    assert grounds_of(finding("st-funnel-geo", TRIGGER, facts=facts)) == frozenset()


@pytest.mark.parametrize("column", ["border_km", "is_special_zone"])
def test_a_border_zone_is_never_a_ground(column: str) -> None:
    facts = (fact("zone", 1, family="movement", columns=(column,)),)

    assert grounds_of(finding("st-funnel-geo", TRIGGER, facts=facts)) == frozenset()


def test_grounds_survive_being_kept_as_text() -> None:
    grounds = grounds_of(finding("som-collector-fanin", TRIGGER))

    assert grounds_from(grounds_text(grounds)) == grounds
