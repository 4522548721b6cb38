"""Figures with how sure they are: every one carries its n and a 95 % interval."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

CONFIDENCE = 0.95
NORMAL_QUANTILE = 1.959963984540054
RESAMPLES = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """hits of n, with the Wilson interval. All None but the counts where n is 0."""

    hits: int
    n: int
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure that is no share of n things, with its interval; None where n is too small."""

    n: int
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """The share of one group over that of the others. value is None where no other was hit; the
    interval stands all the same, half a case being added to each count (Walter 1975)."""

    hits: int
    n: int
    other_hits: int
    other_n: int
    value: float | None
    low: float | None
    high: float | None


def share(hits: int, n: int) -> Share:
    """hits / n with the 95 % Wilson score interval (Wilson 1927)."""
    if n == 0:
        return Share(hits=hits, n=n, value=None, low=None, high=None)
    low, high = _wilson(hits, n, CONFIDENCE)
    return Share(hits=hits, n=n, value=hits / n, low=low, high=high)


def lower_bound(known: Share, confidence: float) -> float | None:
    """The lower end of the share's Wilson interval of this confidence."""
    return _wilson(known.hits, known.n, confidence)[0] if known.n else None


def transformed(known: Share, change: Callable[[float], float]) -> Estimate:
    """A rising function of a share: its interval is that of the share, carried over."""
    if known.value is None or known.low is None or known.high is None:
        return Estimate(n=known.n, value=None, low=None, high=None)
    return Estimate(
        n=known.n, value=change(known.value), low=change(known.low), high=change(known.high)
    )


def quantile(values: Sequence[float], level: float, *, seed: int) -> Estimate:
    """The quantile of the values (any unit) with a bootstrap percentile interval; the same seed
    and values give the same interval. No interval under two values."""
    if not values:
        return Estimate(n=0, value=None, low=None, high=None)
    known = np.sort(np.asarray(values, dtype=np.float64))
    value = float(np.quantile(known, level))
    if len(known) == 1:
        return Estimate(n=1, value=value, low=None, high=None)
    rng = np.random.Generator(np.random.PCG64(seed))
    drawn = known[rng.integers(0, len(known), size=(RESAMPLES, len(known)))]
    edges = np.quantile(np.quantile(drawn, level, axis=1), [0.025, 0.975])
    return Estimate(n=len(known), value=value, low=float(edges[0]), high=float(edges[1]))


def ratio(hits: int, n: int, other_hits: int, other_n: int) -> Ratio:
    """(hits / n) / (other_hits / other_n) with its log interval (Walter 1975)."""
    value = low = high = None
    if n and other_n:
        middle = math.log((hits + 0.5) / (n + 0.5)) - math.log((other_hits + 0.5) / (other_n + 0.5))
        spread = math.sqrt(
            1 / (hits + 0.5) - 1 / (n + 0.5) + 1 / (other_hits + 0.5) - 1 / (other_n + 0.5)
        )
        low = math.exp(middle - NORMAL_QUANTILE * spread)
        high = math.exp(middle + NORMAL_QUANTILE * spread)
        value = (hits / n) / (other_hits / other_n) if other_hits else None
    return Ratio(
        hits=hits,
        n=n,
        other_hits=other_hits,
        other_n=other_n,
        value=value,
        low=low,
        high=high,
    )


def _wilson(hits: int, n: int, confidence: float) -> tuple[float, float]:
    interval = binomtest(hits, n).proportion_ci(confidence_level=confidence, method="wilson")
    return max(0.0, float(interval.low)), min(1.0, float(interval.high))
