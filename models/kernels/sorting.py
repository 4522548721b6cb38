"""Sorting in kernels: each use of NumPy's own is compiled anew, and dear."""

import numpy as np

from ingest.kernels.inner import making
from models.kernels.arena import Int64s


@making
def places_by(keys: Int64s) -> Int64s:
    """The places of ascending keys, equal ones as they stand. O(n log n)."""
    return np.argsort(keys, kind="mergesort")


@making
def ascending(values: Int64s) -> Int64s:
    """The values in ascending order. O(n log n)."""
    return np.sort(values)


@making
def distinct_of(keys: Int64s) -> Int64s:
    """The different keys in ascending order. O(n log n)."""
    ordered, n = ascending(keys), 0
    for k in range(len(ordered)):
        if n == 0 or ordered[k] != ordered[n - 1]:
            ordered[n] = ordered[k]
            n += 1
    return ordered[:n]
