"""The crimes of the simulated country, a module for each typology.

A module has TYPOLOGY, the id of the typology it realises, and `plant`. It draws its parameters
from wide distributions of its own, never from a detector's thresholds.
"""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol

import numpy as np

from ingest.simulated.planted import Scheme, Stage, Variant


class Planter(Protocol):
    def __call__(self, id: str, variant: Variant, stage: Stage, rng: np.random.Generator) -> Scheme:
        """One scheme of that variant, with leads of the stage's cast."""
        ...


def planters() -> Mapping[str, Planter]:
    """By typology id, in the order of ids; every module of this folder is one."""
    modules = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)]
    found = {module.TYPOLOGY: module.plant for module in modules}
    return dict(sorted(found.items()))
