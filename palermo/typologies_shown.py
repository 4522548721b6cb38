"""`palermo detectors list|show|lint`: the typologies as a person reads them."""

import difflib
from collections.abc import Iterator

from detectors.catalogue import load_typologies
from detectors.lint import faults
from detectors.typology import Definition, GatheringTypology, NetworkTypology
from palermo.errors import CheckFailed, UsageError
from palermo.printing import console, print_json, table


def list_typologies(*, as_json: bool) -> None:
    """All typologies, one a line."""
    found = load_typologies()
    if as_json:
        print_json([_outline(each) for each in found.values()])
        return
    rows = [(d.id, _level(d), d.severity, d.offence, d.title) for d in found.values()]
    console().print(table(("id", "kind", "severity", "offence", "title"), rows))


def show_typology(identity: str, *, as_json: bool) -> None:
    """One typology in full. Raises UsageError for an unknown id, with the nearest one."""
    found = load_typologies()
    if identity not in found:
        close = difflib.get_close_matches(identity, found, n=1)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(found)}"
        raise UsageError(f"no typology is named {identity}; {hint}")
    if as_json:
        print_json(_whole(found[identity]))
        return
    for line in _lines(found[identity]):
        console().print(line, markup=False)


def lint_typologies(*, as_json: bool) -> None:
    """Raises CheckFailed with every fault of every typology."""
    found = load_typologies()
    wrong = faults(found)
    if as_json:
        print_json({"typologies": len(found), "faults": wrong})
    if wrong:
        raise CheckFailed(*wrong)
    if not as_json:
        console().print(f"{len(found)} typologies, no fault")


def _level(definition: Definition) -> str:
    if isinstance(definition, GatheringTypology):
        return "gathered"
    if isinstance(definition, NetworkTypology):
        return "network"
    return "signal" if definition.is_signal else "finding"


def _outline(definition: Definition) -> dict[str, object]:
    return {
        "id": definition.id,
        "version": definition.version,
        "title": definition.title,
        "kind": _level(definition),
        "severity": definition.severity,
        "offence": definition.offence,
        "window_days": definition.window.days,
        "is_sufficient_alone": definition.is_sufficient,
    }


def _whole(definition: Definition) -> dict[str, object]:
    return {
        **_outline(definition),
        "stage": definition.stage,
        "looks_like": definition.looks_like,
        "innocent_reasons": definition.innocent_reasons,
        "conditions": [
            {"name": name, "threshold": threshold, "unit": unit, "core": core}
            for name, threshold, unit, core in _conditions(definition)
        ],
        "parameters": [
            {"name": name, "value": value, "why": why}
            for name, value, why in definition.parameters.rows()
        ],
        "elements": [
            {"offence": e.offence, "element": e.element, "ask_for": e.ask_for}
            for e in definition.elements
        ],
        "exculpations": definition.exculpations,
        "next_steps": [step.action for step in definition.next_steps],
        "references": [f"{r.source} [{r.verification}]" for r in definition.references],
        "deviation": definition.deviation,
    }


def _conditions(definition: Definition) -> Iterator[tuple[str, float | int | None, str, bool]]:
    if isinstance(definition, GatheringTypology):
        yield definition.feeders.fact, definition.feeders.least, definition.feeders.unit, True
        for demand in definition.demands:
            bound = "at least" if demand.is_least else "at most"
            yield demand.fact, demand.threshold, f"{bound}, of each", True
        return
    if isinstance(definition, NetworkTypology):
        yield "shape_parties", definition.least_parties, "holders not related to each other", True
        yield "shape_amount", definition.least_usd, "US dollars moved through it", False
        if (most := definition.largest_share) is not None:
            yield "shape_largest_share", most, "at most, of all payments or of its side", True
        return
    for condition in definition.conditions:
        yield condition.name, condition.threshold, condition.unit, condition.is_core


def _lines(definition: Definition) -> Iterator[str]:
    yield f"{definition.id} (version {definition.version}): {definition.title}"
    yield f"{definition.severity}, {definition.offence}, {_level(definition)}, {definition.stage}"
    yield f"\n{definition.looks_like}"
    yield "\nHolds when"
    for name, threshold, unit, is_core in _conditions(definition):
        limit = "" if threshold is None else f": threshold {threshold}"
        yield f"  - {name}{limit} ({unit}{'' if is_core else '; left out where not testable'})"
    yield "\nParameters (override in [detectors.parameters])"
    for name, value, why in definition.parameters.rows():
        yield f"  - {name} = {value}: {why}"
    for heading, entries in (
        ("Innocent reasons", definition.innocent_reasons),
        ("Tested for them", definition.exculpations),
        ("Next steps", tuple(step.action for step in definition.next_steps)),
        (
            "Sources (V read, Vt title and date, M from memory)",
            tuple(f"{r.source} [{r.verification}]" for r in definition.references),
        ),
    ):
        if entries:
            yield f"\n{heading}"
            yield from (f"  - {entry}" for entry in entries)
    if definition.deviation:
        yield f"\nDiffers from the published definition: {definition.deviation}"
