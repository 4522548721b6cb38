"""Arms, features and screens as the flat tables that kernels read."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from models.features import AT_ONCE, Aggregate, Arm, Feature, Screen
from models.kernels.questions import (
    ARM,
    EVERY_ARM,
    FEATURE,
    ONE,
    SCREEN,
    THRESHOLD,
    USD,
    Table,
)
from models.mask import Mask


def arm_table(arms: Sequence[Arm]) -> Table:
    """One row an arm."""
    return records(
        ARM,
        has=[int(arm.has) for arm in arms],
        lacks=[int(arm.lacks) for arm in arms],
        window=[_length(arm.window) for arm in arms],
        least=[arm.least for arm in arms],
        scope=[int(arm.scope) for arm in arms],
    )


def feature_table(
    features: Sequence[Feature], arms: Sequence[Arm], asks: Mapping[str, frozenset[str]]
) -> Table:
    """One row a feature; `asks`: per typology, the names of the features it reads."""
    return records(
        FEATURE,
        aggregate=[int(f.aggregate) for f in features],
        window=[_length(f.window) for f in features],
        has=[int(f.has) for f in features],
        lacks=[int(f.lacks) for f in features],
        scope=[int(f.scope) for f in features],
        least_history=[f.least_history for f in features],
        low_usd=[f.limits_usd[0] if f.limits_usd else -1 for f in features],
        high_usd=[f.limits_usd[1] if f.limits_usd else -1 for f in features],
        same_direction=[int(f.same_direction) for f in features],
        same_counterparty=[int(f.same_counterparty) for f in features],
        tests=[int(f.tests) for f in features],
        near_has=[int(f.near.has) if f.near else 0 for f in features],
        near_lacks=[int(f.near.lacks) if f.near else 0 for f in features],
        near_within=[_length(f.near.within) if f.near else 0 for f in features],
        near_region=[int(f.near.same_region) if f.near else 0 for f in features],
        near_before=[int(f.near.before) if f.near else 0 for f in features],
        near_after=[int(f.near.after) if f.near else 0 for f in features],
        arms=[
            sum(1 << i for i, arm in enumerate(arms) if f.name in asks.get(arm.typology, ()))
            | EVERY_ARM
            for f in features
        ],
    )


def screen_table(
    screens: Sequence[Screen], features: Sequence[Feature], arms: Sequence[Arm]
) -> Table:
    """One row a screen, the dear ones last."""
    screens = sorted(screens, key=lambda screen: screen.is_dear)
    index: dict[str | None, int] = {feature.name: i for i, feature in enumerate(features)}
    return records(
        SCREEN,
        part=[index[s.part] for s in screens],
        whole=[(index | WHOLES)[s.whole] for s in screens],
        ratio=[s.ratio for s in screens],
        is_least=[int(s.is_least) for s in screens],
        is_core=[int(s.is_core) for s in screens],
        arms=[
            sum(1 << i for i, arm in enumerate(arms) if arm.typology == s.typology) for s in screens
        ],
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
    Aggregate.TAKEN_SUM: (Aggregate.SUM, Mask.IN),
    Aggregate.TAKEN_CREDITS: (Aggregate.COUNT, Mask.IN),
    Aggregate.TAKEN_DAYS: (Aggregate.COUNT, Mask.OUT),
    Aggregate.TAKEN_BY_ANY_SUM: (Aggregate.SUM, Mask.IN),
    Aggregate.TAKER_SUM: (Aggregate.SUM, Mask.OUT),
    Aggregate.TAKER_DAY_SUM: (Aggregate.SUM, Mask.OUT),
    Aggregate.HANDED_ON_SUM: (Aggregate.SUM, Mask.IN),
    Aggregate.TOUCHED_SUM: (Aggregate.SUM, Mask.IN),
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
) -> tuple[Table, Table]:
    """Tallies that can slide, and the screens they can refuse for. Each lets through at
    least what the exact screen does."""
    early = [each for each in _sided(screens, features) if _can_be_early(*each, arms)]
    bounding = {side.name: _bound(side) for _, *sides in early for side in sides if side}
    tallies = tuple(bounding.values())
    return feature_table(tallies, arms, {}), screen_table([s for s, *_ in early], tallies, arms)


def left_open(
    screens: Sequence[Screen], features: Sequence[Feature], arms: Sequence[Arm]
) -> list[Screen]:
    """The screens that the early ones do not answer: those they do are not asked again."""
    return [
        screen
        for screen, part, whole in _sided(screens, features)
        if not _can_be_early(screen, part, whole, arms) or not _is_exact(part)
    ]


def _sided(
    screens: Sequence[Screen], features: Sequence[Feature]
) -> list[tuple[Screen, Feature, Feature | None]]:
    """Each screen with the features it compares."""
    by_name = {feature.name: feature for feature in features}
    return [(s, by_name[s.part], by_name.get(s.whole or "")) for s in screens]


def _can_be_early(
    screen: Screen, part: Feature, whole: Feature | None, arms: Sequence[Arm]
) -> bool:
    """A smaller bound must refuse only what the value refuses: exact where at most is asked, and
    not in place of a null that would be let through."""
    scopes = {arm.scope for arm in arms if arm.typology == screen.typology}
    if any(scopes != {side.scope} for side in (part, whole) if side):
        return False
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


def records(kind: np.dtype[np.void], **columns: npt.ArrayLike) -> Table:
    """A record array of this kind from its columns, all equally long."""
    (rows,) = {len(np.atleast_1d(values)) for values in columns.values()}
    made = np.empty(rows, kind).view(np.recarray)
    for name in kind.names or ():
        made[name] = columns[name]
    return made


def _length(window: timedelta) -> int:
    return window // timedelta(microseconds=1)
