"""Arms, features and screens as the flat tables that kernels read."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

import numpy as np

from models.features import Arm, Feature, Screen
from models.kernels.arena import Int64s
from models.kernels.evaluate import EVERY_ARM, ArmTable, FeatureTable, ScreenTable


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
        arms=_int64s(
            sum(1 << i for i, arm in enumerate(arms) if f.name in asks.get(arm.typology, ()))
            | EVERY_ARM
            for f in features
        ),
    )


def screen_table(
    screens: Sequence[Screen], features: Sequence[Feature], arms: Sequence[Arm]
) -> ScreenTable:
    """One row a screen."""
    index = {feature.name: i for i, feature in enumerate(features)}
    return ScreenTable(
        part=_int64s(index[s.part] for s in screens),
        whole=_int64s(-1 if s.whole is None else index[s.whole] for s in screens),
        ratio=np.fromiter((s.ratio for s in screens), np.float64),
        is_least=_int64s(int(s.is_least) for s in screens),
        is_core=_int64s(int(s.is_core) for s in screens),
        arms=_int64s(
            sum(1 << i for i, arm in enumerate(arms) if arm.typology == s.typology) for s in screens
        ),
    )


def _int64s(values: Iterable[int]) -> Int64s:
    return np.fromiter(values, np.int64)


def _length(window: timedelta) -> int:
    return window // timedelta(microseconds=1)
