"""What is wrong with a set of typologies, before any transaction is seen."""

from collections.abc import Iterator, Mapping

from detectors.testability import WORDS
from detectors.typology import Condition, Definition, GatheringTypology, Part, Typology
from models.evaluated import TRIGGER
from models.features import NAMED
from models.mask import Mask, Test

FORBIDDEN = (
    "nationality",
    "ethnicity",
    "religion",
    "sex",
    "gender",
    "language",
    "script",
    "name",
    "birth",
    "age",
)
"""Words of grounds that are never conditions, looked for in every column a typology reads."""

TESTS = tuple(Test.__members__)
LEAST_REASONS, LEAST_STEPS, MOST_STEPS = 2, 2, 3


def faults(definitions: Mapping[str, Definition]) -> list[str]:
    """Every fault of every typology, one sentence each; empty is good."""
    found = [f"{key}: {fault}" for key, each in definitions.items() for fault in _of(key, each)]
    return [*found, *_of_levels(definitions)]


def _of(key: str, typology: Definition) -> Iterator[str]:
    if typology.id != key:
        yield f"id is {typology.id!r}, the file says {key!r}; rename one"
    if len(typology.innocent_reasons) < LEAST_REASONS:
        yield f"innocent_reasons: name at least {LEAST_REASONS}"
    if not LEAST_STEPS <= len(typology.next_steps) <= MOST_STEPS:
        yield f"next_steps: give {LEAST_STEPS} or {MOST_STEPS}, each with a field and a window"
    if not typology.references:
        yield "references: cite the indicator and how far it was checked"
    if not typology.elements:
        yield "elements: say which element of the offence it can at most indicate"
    for test in typology.exculpations:
        if test not in TESTS:
            yield f"exculpations: no test named {test}; there are {', '.join(TESTS)}"
    for name, _, rationale in typology.parameters.rows():
        if not rationale:
            yield f"parameter {name}: give its rationale"
    if isinstance(typology, Typology):
        yield from _of_movements(typology)


def _of_movements(typology: Typology) -> Iterator[str]:
    if not typology.arms:
        yield "arms: declare a necessary condition that is cheap to count"
    if not any(condition.is_core for condition in typology.conditions):
        yield "conditions: mark at least one as core, or it fires on nothing"
    if typology.cites == Mask(0):
        yield "cites: name the bits of the movements it rests on"
    if typology.is_signal and typology.link is None:
        yield "link: a signal needs what it is gathered by"
    named = {f.name for f in typology.features if f.aggregate in NAMED}
    link = typology.link
    if link is not None and link.kind != "contact" and link.feature not in named:
        yield f"link: {link.feature} is no feature of this typology whose value is a name"
    known = {*TRIGGER, *(feature.name for feature in typology.features)}
    for part in typology.parts:
        yield from _of_part(part, known)
    if typology.keyword is not None and not typology.keyword.feature.has & typology.cites:
        yield f"{typology.keyword.name}: cites no payment that it counts"
    for arm in typology.arms:
        if any(feature.scope != arm.scope for feature in typology.features):
            yield "features: all of the arm's scope, or they see other movements than it counts"
    facts = {part.name for part in typology.parts}
    for ceiling in typology.elements:
        missing = sorted(set(ceiling.facts) - facts)
        if missing:
            yield f"element {ceiling.element}: no fact named {', '.join(missing)}"


def _of_part(part: Part, known: set[str]) -> Iterator[str]:
    roots = set(part.value.meta.root_names())
    if isinstance(part, Condition):
        roots |= {*part.holds.meta.root_names(), *part.excess.meta.root_names()}
        if part.family is not None and not part.columns:
            yield f"{part.name}: a family rests on columns; name them"
    unknown = sorted(roots - known)
    if unknown:
        yield f"{part.name}: reads {', '.join(unknown)}, which is no feature of this typology"
    for need in part.needs:
        if need not in WORDS:
            yield f"{part.name}: no need named {need}; there are {', '.join(WORDS)}"
    for column in (*part.columns, *roots):
        for word in FORBIDDEN:
            if word in column.lower().split("_"):
                yield f"{part.name}: rests on {column}; {word} is never a ground"


def _of_gathering(typology: GatheringTypology, source: Typology) -> Iterator[str]:
    if source.link is not None and source.link.kind != typology.link:
        yield f"gathers by {typology.link}, but {source.id} is linked by {source.link.kind}"
    facts = {part.name for part in source.parts}
    for name in (*(d.fact for d in typology.demands), *(f.source for f in typology.facts)):
        if name not in facts:
            yield f"{source.id} has no fact named {name}"
    own = {typology.feeders.fact, *(fact.name for fact in typology.facts)}
    if typology.recurrence is not None:
        own.add(typology.recurrence.fact)
    for ceiling in typology.elements:
        missing = sorted(set(ceiling.facts) - own)
        if missing:
            yield f"element {ceiling.element}: no fact named {', '.join(missing)}"


def _of_levels(definitions: Mapping[str, Definition]) -> Iterator[str]:
    """Gathering stands on signals of a lower level; a circle has no lowest level."""
    for key, typology in definitions.items():
        if not isinstance(typology, GatheringTypology):
            continue
        source = definitions.get(typology.gathers)
        if source is None:
            yield f"{key}: gathers {typology.gathers}, which is not there"
        elif not source.is_signal:
            yield f"{key}: gathers {typology.gathers}, which is no signal"
        elif isinstance(source, Typology):
            yield from (f"{key}: {fault}" for fault in _of_gathering(typology, source))
        path = [key]
        while isinstance(source, GatheringTypology):
            if source.id in path:
                yield f"{key}: gathers in a circle: {' -> '.join([*path, source.id])}"
                break
            path.append(source.id)
            source = definitions.get(source.gathers)
