"""No typology rests on forbidden ground: every input of every one is read, and changed."""

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import pytest

from detectors.catalogue import load_typologies
from detectors.finding import Finding
from detectors.lint import FORBIDDEN
from detectors.typology import Condition, Definition, GatheringTypology, Part, Typology
from ingest.reference import Customer, References
from models.features import Feature
from models.mask import Mask

DEFINITIONS = load_typologies()
CHILD_RULES = {k for k, t in DEFINITIONS.items() if isinstance(t, Typology) and t.is_child_rule}


def test_no_input_of_a_typology_is_named_after_forbidden_ground() -> None:
    forbidden = {
        (id, name)
        for id, each in DEFINITIONS.items()
        for name in _inputs(each)
        for word in FORBIDDEN
        if word in name.lower().replace(".", "_").split("_")
    }

    assert forbidden == set()


def test_only_the_child_rule_looks_at_an_age_and_it_can_only_protect() -> None:
    of_age = {
        id
        for id, each in DEFINITIONS.items()
        if isinstance(each, Typology)
        and (
            any(_bits(feature) & Mask.HOLDER_MINOR for feature in each.features)
            or any(arm.has & Mask.HOLDER_MINOR for arm in each.arms)
            or any("customers.minors" in part.needs for part in each.parts)
        )
    }

    assert of_age == CHILD_RULES == {"cse-minor-account-control"}


def test_nothing_clears_an_urgent_finding_and_no_kin_feast_or_shelter_one_of_a_child() -> None:
    clearing = {id: {*each.exculpations, *_signal_tests(each)} for id, each in DEFINITIONS.items()}

    urgent = {id for id, each in DEFINITIONS.items() if each.severity == "urgent"}
    of_children = {id for id in DEFINITIONS if id.startswith("cse-")}

    assert len(urgent) >= 3
    assert not any(clearing[id] for id in urgent)
    assert len(of_children) >= 5
    assert not any(clearing[id] & {"FAMILY", "EVENT", "SHELTER"} for id in of_children)


def test_a_border_zone_weighs_and_is_never_a_condition() -> None:
    for id, each in DEFINITIONS.items():
        if isinstance(each, Typology):
            in_zone = {f.name for f in each.features if _bits(f) & Mask.ZONE}
            for condition in each.conditions:
                assert not in_zone & _roots(condition), id
                assert "places.border_km" not in condition.needs, id


def test_the_engine_knows_no_field_of_forbidden_ground_but_the_year_of_birth() -> None:
    known = {field.name for field in fields(Customer)}

    assert {name for name in known if set(name.split("_")) & set(FORBIDDEN)} == {"birth_year"}


@pytest.mark.parametrize("year", [None, 1950, 2004])
def test_who_somebody_is_changes_no_finding(every_case: list[Any], judged: Any, year: Any) -> None:
    for case in every_case:
        if case.typology not in CHILD_RULES and case.references.customers:
            other = replace(case, references=_others(case.references, year))

            assert _of(judged(other)) == _of(judged(case)), case.name


def _others(references: References, year: int | None) -> References:
    """The same customers, who are somebody else."""
    customers = {
        party: replace(
            customer,
            party_type="ENTITY",
            birth_year=year,
            occupation="WEAVER",
            onboarding_date=None,
            segment="other",
        )
        for party, customer in references.customers.items()
    }
    return replace(references, customers=customers)


def _of(findings: list[Finding]) -> list[Finding]:
    return [each for each in findings if each.typology not in CHILD_RULES]


def _signal_tests(typology: Definition) -> tuple[str, ...]:
    """The tests that clear the signals a typology gathers."""
    if not isinstance(typology, GatheringTypology):
        return ()
    return DEFINITIONS[typology.gathers].exculpations


def _inputs(definition: Definition) -> Iterator[str]:
    """Columns, needs, features and bits that a definition reads."""
    if isinstance(definition, GatheringTypology):
        yield from definition.feeders.columns
        yield from definition.recurrence.columns if definition.recurrence else ()
        return
    if not isinstance(definition, Typology):
        return
    for part in definition.parts:
        yield from (*part.columns, *part.needs, *_roots(part))
    for feature in definition.features:
        yield from (feature.name, feature.aggregate.name)
        yield from (bit.name for bit in _bits(feature) if bit.name)


def _roots(part: Part) -> set[str]:
    roots = set(part.value.meta.root_names())
    if isinstance(part, Condition):
        roots |= {*part.holds.meta.root_names(), *part.excess.meta.root_names()}
    return roots


def _bits(feature: Feature) -> Mask:
    near = feature.near.has | feature.near.lacks if feature.near else Mask(0)
    return feature.has | feature.lacks | near
