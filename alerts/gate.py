"""What makes findings enough for a person to look: two families resting on different columns, a
typology that joins independent persons, or urgency."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import msgspec

from detectors.finding import Family, Finding
from detectors.typology import Definition, NetworkTypology, Typology

BORDER_COLUMNS = frozenset({"border_km", "is_special_zone"})
"""Most innocents live in the border zone too: it weighs, it is never a ground."""
LEAST_STRUCTURAL = 2
"""Structural typologies that together suffice for the laundering queue."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Ground:
    """A fact's family and the columns it rests on."""

    family: Family
    columns: tuple[str, ...]


def grounds_of(finding: Finding) -> frozenset[Ground]:
    """What the finding offers to the gate: facts with a family are those whose condition holds."""
    return frozenset(
        Ground(family=fact.family, columns=tuple(sorted(set(fact.columns))))
        for fact in finding.facts
        if fact.family is not None and not BORDER_COLUMNS.intersection(fact.columns)
    )


def grounds_text(grounds: Collection[Ground]) -> str:
    """The same text for the same grounds, short enough to stand beside each finding."""
    return msgspec.json.encode([[each.family, each.columns] for each in sorted(grounds)]).decode()


@lru_cache(maxsize=4_096)
def grounds_from(text: str) -> frozenset[Ground]:
    pairs = msgspec.json.decode(text, type=list[tuple[Family, tuple[str, ...]]])
    return frozenset(Ground(family=family, columns=columns) for family, columns in pairs)


def passes(found: Mapping[str, Collection[Ground]], definitions: Mapping[str, Definition]) -> bool:
    """Whether findings with these grounds, by typology, are an alert."""
    if names_persons(found, definitions):
        return True
    shapes = [typology for typology in structural(found) if _is_shape(definitions[typology])]
    return bool(shapes) or len(structural(found)) >= LEAST_STRUCTURAL


def names_persons(
    found: Mapping[str, Collection[Ground]], definitions: Mapping[str, Definition]
) -> bool:
    """Whether the grounds can carry an offence against persons: a typology that stands alone, or
    two families. What passes by structure only is laundering with a hypothesis."""
    if any(_stands_alone(definitions[typology]) for typology in found):
        return True
    return has_two_families({ground for grounds in found.values() for ground in grounds})


def has_two_families(grounds: Collection[Ground]) -> bool:
    """Whether two facts of different families share no column."""
    return any(
        one.family != other.family and not set(one.columns) & set(other.columns)
        for one, other in combinations(sorted(grounds), 2)
    )


def structural(found: Mapping[str, Collection[Ground]]) -> list[str]:
    """The typologies that show a structure of the flow."""
    return sorted(
        typology
        for typology, grounds in found.items()
        if any(ground.family == "structure" for ground in grounds)
    )


def _is_shape(definition: Definition) -> bool:
    if isinstance(definition, NetworkTypology):
        return True
    return isinstance(definition, Typology) and definition.is_shape


def _stands_alone(definition: Definition) -> bool:
    return definition.is_sufficient or definition.severity == "urgent"
