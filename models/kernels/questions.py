"""What is asked of a movement, as flat tables that kernels read."""

from typing import NamedTuple

from ingest.kernels.inner import inner
from models.kernels.aggregates import NULL, Float64s
from models.kernels.arena import Int64s

EVERY_ARM = 1 << 62
"""Armed bit of a profile that evaluates every movement."""

SLACK = 1e-9
"""Screens are necessary conditions: they may let through what the exact condition refuses."""


ONE, USD, THRESHOLD = -1, -2, -3
"""Wholes of a screen that are no feature."""


class ArmTable(NamedTuple):
    """One row an arm: bits needed and excluded, window in microseconds, least count, scope."""

    has: Int64s
    lacks: Int64s
    window: Int64s
    least: Int64s
    scope: Int64s


class FeatureTable(NamedTuple):
    """One row a feature. `arms` = bits of the arms whose typology asks for it; `tests` = bits of
    the tests whose movements variant REST leaves out; limits in US dollars, -1 = none. near_*: what
    must lie near a movement (near_has 0 = nothing), how near, whether in the same region, whether
    after it is as good."""

    aggregate: Int64s
    window: Int64s
    has: Int64s
    lacks: Int64s
    scope: Int64s
    least_history: Int64s
    low_usd: Int64s
    high_usd: Int64s
    same_direction: Int64s
    same_counterparty: Int64s
    tests: Int64s
    near_has: Int64s
    near_lacks: Int64s
    near_within: Int64s
    near_region: Int64s
    near_after: Int64s
    arms: Int64s


class ScreenTable(NamedTuple):
    """One row a necessary condition over variant ALL, the cheap ones first: feature `part` is at
    least (`is_least`) or at most `ratio` times feature `whole` (or ONE, USD, THRESHOLD). `arms` =
    bits it decides on; a core one also fails where a value is NULL."""

    part: Int64s
    whole: Int64s
    ratio: Float64s
    is_least: Int64s
    is_core: Int64s
    arms: Int64s


@inner
def whole_of(screens: ScreenTable, s: int, value: int, usd: int, threshold: int) -> int:
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
def is_passed(screens: ScreenTable, s: int, part: int, whole: int) -> bool:
    """Whether screen s lets these two values through."""
    if part == NULL or whole == NULL:
        return not screens.is_core[s]
    if screens.is_least[s]:
        return part >= screens.ratio[s] * whole * (1.0 - SLACK)
    return part <= screens.ratio[s] * whole * (1.0 + SLACK)
