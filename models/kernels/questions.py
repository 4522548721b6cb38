"""What is asked of a movement, as flat tables that kernels read."""

from typing import Any

import numpy as np

from ingest.kernels.inner import inner
from models.kernels.aggregates import NULL

EVERY_ARM = 1 << 62
"""Armed bit of a profile that evaluates every movement."""

SLACK = 1e-9
"""Screens are necessary conditions: they may let through what the exact condition refuses."""


ONE, USD, THRESHOLD = -1, -2, -3
"""Wholes of a screen that are no feature."""


ARM = np.dtype([(name, np.int64) for name in ("has", "lacks", "window", "least", "scope")])
"""One row an arm: bits needed and excluded, window in microseconds, least count, scope."""

FEATURE = np.dtype(
    [
        (name, np.int64)
        for name in (
            "aggregate",
            "window",
            "has",
            "lacks",
            "scope",
            "least_history",
            "low_usd",
            "high_usd",
            "same_direction",
            "same_counterparty",
            "tests",
            "near_has",
            "near_lacks",
            "near_within",
            "near_region",
            "near_before",
            "near_after",
            "arms",
        )
    ]
)
"""One row a feature. `arms` = bits of the arms whose typology asks for it; `tests` = bits of the
tests whose movements variant REST leaves out; limits in US dollars, -1 = none. near_*: what must
lie near a movement (near_has 0 = nothing), how near, whether in the same region, whether before
it is good, and after it."""

SCREEN = np.dtype(
    [
        ("part", np.int64),
        ("whole", np.int64),
        ("ratio", np.float64),
        ("is_least", np.int64),
        ("is_core", np.int64),
        ("arms", np.int64),
    ]
)
"""One row a necessary condition over variant ALL, the cheap ones first: feature `part` is at
least (`is_least`) or at most `ratio` times feature `whole` (or ONE, USD, THRESHOLD). `arms` =
bits it decides on; a core one also fails where a value is NULL."""

Table = Any
"""A record array of one of these. A kernel that is given a tuple of as many arrays counts the uses
of each at every call, which costs more than the question itself."""


@inner
def whole_of(screens: Table, s: int, value: int, usd: int, threshold: int) -> int:
    """What the part of screen s is measured against: a feature's `value`, one, or one US dollar or
    the reporting threshold in minor units (NULL where nobody knows)."""
    whole = screens.whole[s]
    if whole >= 0:
        return value
    if whole == ONE:
        return 1
    price = usd if whole == USD else threshold
    return price if price >= 0 else NULL


@inner
def is_passed(screens: Table, s: int, part: int, whole: int) -> bool:
    """Whether screen s lets these two values through."""
    if part == NULL or whole == NULL:
        return not screens.is_core[s]
    if screens.is_least[s]:
        return part >= screens.ratio[s] * whole * (1.0 - SLACK)
    return part <= screens.ratio[s] * whole * (1.0 + SLACK)
