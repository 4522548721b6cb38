"""Arms, features and screens as the flat tables that kernels read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np

from models.features import AT_ONCE, Aggregate, Arm, Feature, Screen
from models.kernels.arena import Int64s
from models.kernels.questions import (
    EVERY_ARM,
    ONE,
    THRESHOLD,
    USD,
    ArmTable,
    FeatureTable,
    ScreenTable,
)
from models.mask import Mask


def arm_table(arms: Sequence[Arm]) -> ArmTable:
    """One row an arm."""
    return ArmTable(
        has=_int64s(int(arm.has) for arm in arms),
        lacks=_int64s(int(arm.lacks) for arm in arms),
        window=_int64s(_length(arm.window) for arm in arms),
        least=_int64s(arm.least for arm in arms),
        scope=_int64s(int(arm.scope) for arm in arms),
    )


def feature_table(
    features: Sequence[Feature], arms: Sequence[Arm], asks: Mapping[str, frozenset[str]]
) -> FeatureTable:
    """One row a feature; `asks`: per typology, the names of the features it reads."""
    return FeatureTable(
        aggregate=_int64s(int(f.aggregate) for f in features),
        window=_int64s(_length(f.window) for f in features),
        has=_int64s(int(f.has) for f in features),
        lacks=_int64s(int(f.lacks) for f in features),
        scope=_int64s(int(f.scope) for f in features),
        least_history=_int64s(f.least_history for f in features),
        low_usd=_int64s(f.limits_usd[0] if f.limits_usd else -1 for f in features),
        high_usd=_int64s(f.limits_usd[1] if f.limits_usd else -1 for f in features),
        same_direction=_int64s(int(f.same_direction) for f in features),
        same_counterparty=_int64s(int(f.same_counterparty) for f in features),
        tests=_int64s(int(f.tests) for f in features),
        near_has=_int64s(int(f.near.has) if f.near else 0 for f in features),
        near_lacks=_int64s(int(f.near.lacks) if f.near else 0 for f in features),
        near_within=_int64s(_length(f.near.within) if f.near else 0 for f in features),
        near_region=_int64s(int(f.near.same_region) if f.near else 0 for f in features),
        near_after=_int64s(int(f.near.either_way) if f.near else 0 for f in features),
        arms=_int64s(
            sum(1 << i for i, arm in enumerate(arms) if f.name in asks.get(arm.typology, ()))
            | EVERY_ARM
            for f in features
        ),
    )


def screen_table(
    screens: Sequence[Screen], features: Sequence[Feature], arms: Sequence[Arm]
) -> ScreenTable:
    """One row a screen, the dear ones last."""
    screens = sorted(screens, key=lambda screen: screen.is_dear)
    index: dict[str | None, int] = {feature.name: i for i, feature in enumerate(features)}
    return ScreenTable(
        part=_int64s(index[s.part] for s in screens),
        whole=_int64s((index | WHOLES)[s.whole] for s in screens),
        ratio=np.fromiter((s.ratio for s in screens), np.float64),
        is_least=_int64s(int(s.is_least) for s in screens),
        is_core=_int64s(int(s.is_core) for s in screens),
        arms=_int64s(
            sum(1 << i for i, arm in enumerate(arms) if arm.typology == s.typology) for s in screens
        ),
    )


WHOLES: dict[str | None, int] = {None: ONE, "usd_minor": USD, "threshold_minor": THRESHOLD}
"""What a screen compares with that is no feature, by its column."""

BOUNDS: Mapping[Aggregate, tuple[Aggregate, Mask]] = {
    Aggregate.COUNT: (Aggregate.COUNT, Mask(0)),
    Aggregate.SUM: (Aggregate.SUM, Mask(0)),
    Aggregate.DISTINCT_COUNTERPARTIES: (Aggregate.DISTINCT_COUNTERPARTIES, Mask(0)),
    Aggregate.DISTINCT_REGIONS: (Aggregate.DISTINCT_REGIONS, Mask(0)),
    Aggregate.DISTINCT_COUNTERPARTY_REGIONS: (Aggregate.DISTINCT_COUNTERPARTY_REGIONS, Mask(0)),
    Aggregate.DISTINCT_PLACES: (Aggregate.DISTINCT_PLACES, Mask(0)),
    Aggregate.DISTINCT_DAYS: (Aggregate.COUNT, Mask(0)),
    Aggregate.LARGEST_DAY_SUM: (Aggregate.SUM, Mask(0)),
    Aggregate.LARGEST_DAY_COUNT: (Aggregate.COUNT, Mask(0)),
    Aggregate.PASSED_WITHIN_48H: (Aggregate.SUM, Mask.OUT),
    Aggregate.TOP_PAYEE_SUM: (Aggregate.SUM, Mask(0)),
    Aggregate.TOP_DEVICE_SUM: (Aggregate.SUM, Mask(0)),
    Aggregate.BAND_COUNT: (Aggregate.COUNT, Mask(0)),
    Aggregate.FAR_SUM: (Aggregate.SUM, Mask.OUT),
    Aggregate.TOP_THREE_PAYEES_SUM: (Aggregate.SUM, Mask(0)),
    Aggregate.IS_TRIGGER: (Aggregate.COUNT, Mask(0)),
    Aggregate.HELD_PAYERS: (Aggregate.DISTINCT_COUNTERPARTIES, Mask.IN),
    Aggregate.HELD_SUM: (Aggregate.SUM, Mask.IN),
    Aggregate.STEADY_COUNTERPARTIES: (Aggregate.DISTINCT_COUNTERPARTIES, Mask(0)),
    Aggregate.STEADY_SUM: (Aggregate.SUM, Mask(0)),
}
"""What a value never exceeds: a tally over the same movements, or those of them that carry a
further bit."""

NEVER_NULL = frozenset(BOUNDS) - {
    Aggregate.BAND_COUNT,
    Aggregate.FAR_SUM,
    Aggregate.HELD_PAYERS,
    Aggregate.HELD_SUM,
}
EXACT = frozenset(kind for kind, (bound, also) in BOUNDS.items() if bound == kind and not also)


def early_tables(
    screens: Sequence[Screen], features: Sequence[Feature], arms: Sequence[Arm]
) -> tuple[FeatureTable, ScreenTable]:
    """Tallies that can slide, and the screens they can refuse for. Each lets through at
    least what the exact screen does."""
    scopes = {arm.typology: {a.scope for a in arms if a.typology == arm.typology} for arm in arms}
    by_name = {feature.name: feature for feature in features}
    bounding: dict[str, Feature] = {}
    early: list[Screen] = []
    for screen in screens:
        part = by_name[screen.part]
        whole = by_name.get(screen.whole or "")
        sides = [part] if whole is None else [part, whole]
        is_in_scope = all(scopes.get(screen.typology) == {side.scope} for side in sides)
        if is_in_scope and _can_be_early(screen, part, whole):
            bounding.update({side.name: _bound(side) for side in sides})
            early.append(screen)
    tallies = tuple(bounding.values())
    return feature_table(tallies, arms, {}), screen_table(early, tallies, arms)


def _can_be_early(screen: Screen, part: Feature, whole: Feature | None) -> bool:
    """A smaller bound must refuse only what the value refuses: exact where at most is asked, and
    not in place of a null that would be let through."""
    is_bounded = part.aggregate in BOUNDS and screen.is_least
    is_never_null = part.aggregate in NEVER_NULL and not part.least_history
    is_safe = screen.is_core or is_never_null
    return (_is_exact(part) or is_bounded) and is_safe and (whole is None or _is_exact(whole))


def _is_exact(feature: Feature) -> bool:
    """Whether its tally is its value: no movement counts or not by more than its own bits."""
    depends_on_more = (
        bool(feature.least_history)
        or feature.same_direction
        or feature.same_counterparty
        or feature.near is not None
    )
    return feature.aggregate in EXACT and not depends_on_more


def _bound(feature: Feature) -> Feature:
    aggregate, also = BOUNDS[feature.aggregate]
    window = AT_ONCE if feature.aggregate is Aggregate.IS_TRIGGER else feature.window
    return replace(feature, aggregate=aggregate, has=feature.has | also, window=window)


def _int64s(values: Iterable[int]) -> Int64s:
    return np.fromiter(values, np.int64)


def _length(window: timedelta) -> int:
    return window // timedelta(microseconds=1)
