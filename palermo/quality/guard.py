"""What must not fall from one release to the next."""

from collections.abc import Mapping

from palermo.quality.score import Score

FALL = 0.02
"""Two points are let pass."""


def fallen_figures(baseline: Mapping[str, float], now: Mapping[str, float]) -> list[str]:
    """The names of the baseline's figures that fell by more than FALL; one that is not measured
    any more has fallen."""
    return [name for name, value in baseline.items() if now.get(name, 0.0) < value - FALL]


def figures(made: Score) -> dict[str, float]:
    """What must not fall; each is better when higher."""
    found: dict[str, float | None] = {
        f"recall {row.typology or 'all'}": row.recall.value
        for row in made.recall
        if row.variant is None
    }
    for line in made.at_cut:
        if line.proposals:
            found[f"precision {line.line or 'all'}"] = line.precision.here.value
    found["right typology named"] = made.right_typology_named.value
    found["urgent within an hour"] = made.urgent_within_an_hour.value
    found["look-alikes left alone"] = _rest(made.look_alikes[0].proposed.value)
    found["victims not called controller"] = _rest(made.victims.called_controller.value)
    return {name: round(value, 4) for name, value in found.items() if value is not None}


def _rest(value: float | None) -> float | None:
    return None if value is None else 1.0 - value
