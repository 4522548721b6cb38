"""The innocent of the simulated country, who resemble its schemes all through the feed.

Every module has KINDS: by kind, who plants one.
"""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol

import numpy as np

from ingest.simulated.planted import LookAlike, Stage


class Planter(Protocol):
    def __call__(self, stage: Stage, rng: np.random.Generator) -> LookAlike:
        """One look-alike of the kind, with leads of the stage's cast."""
        ...


def kinds() -> Mapping[str, Planter]:
    """By kind, in the order of names; from every module of this folder."""
    modules = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)]
    found = {kind: planter for module in modules for kind, planter in module.KINDS.items()}
    return dict(sorted(found.items()))
