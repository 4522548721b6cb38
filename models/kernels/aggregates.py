"""One number from the movements of a slice. `chosen[:m]` are slots in total order, oldest first."""

import numpy as np
import numpy.typing as npt

from ingest.kernels.inner import inner, making
from models.kernels.arena import Columns, Int32s, Int64s
from models.kernels.slices import DAY, IN
from models.kernels.sorting import ascending, distinct_of, places_by

Float64s = npt.NDArray[np.float64]
NULL = np.iinfo(np.int64).min
WITHIN = 2 * DAY
FAR_KM = 100.0
EARTH_KM = 6371.0
NO_COLUMN = -1


@inner
def amount_sum(columns: Columns, chosen: Int64s, m: int) -> int:
    """Minor units; unpriced movements left out."""
    total = 0
    for i in range(m):
        total += max(columns.amount[chosen[i]], 0)
    return total


@inner
def distinct(names: Int32s, chosen: Int64s, m: int, seen: Int64s, stamp: int) -> int:
    """How many different names; -1 is none. `seen` is scratch by name. O(m)."""
    count = 0
    for i in range(m):
        name = names[chosen[i]]
        if name >= 0 and seen[name] != stamp:
            seen[name] = stamp
            count += 1
    return count


@making
def distinct_days(columns: Columns, chosen: Int64s, m: int) -> int:
    """Local days with at least one movement. O(m log m)."""
    days = np.empty(m, np.int64)
    for i in range(m):
        days[i] = columns.day[chosen[i]]
    return len(distinct_of(days))


@making
def largest_day(columns: Columns, chosen: Int64s, m: int, is_sum: bool) -> int:
    """The largest sum (or count) of one local day; 0 of nothing. O(m log m)."""
    days = np.empty(m, np.int64)
    for i in range(m):
        days[i] = columns.day[chosen[i]]
    order = places_by(days)
    best, value = 0, 0
    for k in range(m):
        if k > 0 and days[order[k]] != days[order[k - 1]]:
            value = 0
        value += max(columns.amount[chosen[order[k]]], 0) if is_sum else 1
        best = max(best, value)
    return best


@making
def priced_amounts(columns: Columns, chosen: Int64s, m: int) -> Int64s:
    """Ascending amounts of the priced movements."""
    amounts = np.empty(m, np.int64)
    n = 0
    for i in range(m):
        if columns.amount[chosen[i]] >= 0:
            amounts[n] = columns.amount[chosen[i]]
            n += 1
    return ascending(amounts[:n])


@making
def lower_median(columns: Columns, chosen: Int64s, m: int) -> int:
    """Element (n-1)//2 of the sorted amounts; NULL of none."""
    amounts = priced_amounts(columns, chosen, m)
    return amounts[(len(amounts) - 1) // 2] if len(amounts) else NULL


@making
def fifo_lots(columns: Columns, chosen: Int64s, m: int, matched: Int64s, dwell: Int64s) -> int:
    """Credits matched to debits, oldest first: minor units and microseconds of each lot, in the
    order of matching; how many. At most m lots of credits plus m of debits. O(m)."""
    left = np.zeros(m, np.int64)
    head, lots = 0, 0
    for i in range(m):
        slot = chosen[i]
        amount = columns.amount[slot]
        if amount < 0:
            continue
        if columns.mask[slot] & IN:
            left[i] = amount
            continue
        while amount > 0 and head < i:
            if left[head] == 0:
                head += 1
                continue
            piece = min(left[head], amount)
            matched[lots] = piece
            dwell[lots] = columns.time[slot] - columns.time[chosen[head]]
            lots += 1
            left[head] -= piece
            amount -= piece
    return lots


@making
def dwell_median(columns: Columns, chosen: Int64s, m: int) -> int:
    """Microseconds money rests, weighted by minor units; NULL if nothing matched. O(m log m)."""
    matched, dwell = np.empty(2 * m + 1, np.int64), np.empty(2 * m + 1, np.int64)
    lots = fifo_lots(columns, chosen, m, matched, dwell)
    if lots == 0:
        return NULL
    total = 0
    for i in range(lots):
        total += matched[i]
    order = places_by(dwell[:lots])
    running = 0
    for k in range(lots):
        running += matched[order[k]]
        if 2 * running >= total:
            return dwell[order[k]]
    return NULL


@making
def passed_within(columns: Columns, chosen: Int64s, m: int) -> int:
    """Minor units that left at most 48 hours after they came."""
    matched, dwell = np.empty(2 * m + 1, np.int64), np.empty(2 * m + 1, np.int64)
    lots = fifo_lots(columns, chosen, m, matched, dwell)
    total = 0
    for i in range(lots):
        if dwell[i] <= WITHIN:
            total += matched[i]
    return total


@inner
def top_name(
    columns: Columns, names: Int32s, chosen: Int64s, m: int, seen: Int64s, sums: Int64s, stamp: int
) -> tuple[int, int]:
    """The largest sum of one name and the name; ties to the one that occurs first. (0, -1) of
    none. O(m)."""
    for i in range(m):
        name = names[chosen[i]]
        if name < 0:
            continue
        if seen[name] != stamp:
            seen[name] = stamp
            sums[name] = 0
        sums[name] += max(columns.amount[chosen[i]], 0)
    best, who = -1, -1
    for i in range(m):
        name = names[chosen[i]]
        if name >= 0 and sums[name] > best:
            best, who = sums[name], name
    return max(best, 0), who


@making
def band_count(columns: Columns, chosen: Int64s, m: int, low: int, high: int) -> int:
    """Movements within the two disjoint intervals [a, 1.05 a], a observed, low <= a <= high, that
    cover most. O(m log m)."""
    amounts = priced_amounts(columns, chosen, m)
    first = np.searchsorted(amounts, low)
    last = np.searchsorted(amounts, high, side="right")
    n = last - first
    if n <= 0:
        return 0
    ends = np.empty(n, np.int64)
    end = 0
    for i in range(n):
        while end < n and 100 * amounts[first + end] <= 105 * amounts[first + i]:
            end += 1
        ends[i] = end
    best_from = np.zeros(n + 1, np.int64)
    for i in range(n - 1, -1, -1):
        best_from[i] = max(best_from[i + 1], ends[i] - i)
    best = 0
    for i in range(n):
        best = max(best, ends[i] - i + best_from[ends[i]])
    return best


@inner
def repeat_count(
    columns: Columns, chosen: Int64s, m: int, longer: Int64s, k: int,
    seen: Int64s, sums: Int64s, stamp: int,
) -> int:  # fmt: skip
    """Counterparties of `chosen` with at least three movements in `longer[:k]`. O(m + k)."""
    for i in range(m):
        name = columns.counterparty[chosen[i]]
        if name >= 0:
            seen[name] = stamp
            sums[name] = 0
    count = 0
    for i in range(k):
        name = columns.counterparty[longer[i]]
        if name >= 0 and seen[name] == stamp:
            sums[name] += 1
            count += sums[name] == 3
    return count


@making
def far_sum(
    columns: Columns, chosen: Int64s, m: int, latitude: Float64s, longitude: Float64s,
    at_home: int, seen: Int64s, sums: Int64s, stamp: int,
) -> int:  # fmt: skip
    """Cash drawn far from every deposit, in the two subdivisions that drew most; NULL without a
    located deposit away from home or without a located draw. Coordinates in degrees by place,
    NaN = unknown. O(deposits x draws)."""
    deposits = np.empty(m, np.int64)
    n = 0
    for i in range(m):
        slot = chosen[i]
        if not columns.mask[slot] & IN or columns.mask[slot] & at_home:
            continue
        if columns.region[slot] >= 0:
            seen[columns.region[slot]] = stamp
        if is_located(columns.place[slot], latitude):
            deposits[n] = columns.place[slot]
            n += 1
    if n == 0:
        return NULL
    deposits = distinct_of(deposits[:n])
    best, second, has_draw = 0, 0, False
    for i in range(m):
        if columns.region[chosen[i]] >= 0:
            sums[columns.region[chosen[i]]] = 0
    for i in range(m):
        slot = chosen[i]
        if columns.mask[slot] & IN or not is_located(columns.place[slot], latitude):
            continue
        has_draw = True
        region = columns.region[slot]
        if region < 0 or seen[region] == stamp:
            continue
        if is_far(columns.place[slot], deposits, latitude, longitude):
            sums[region] += max(columns.amount[slot], 0)
    if not has_draw:
        return NULL
    for i in range(m):
        region = columns.region[chosen[i]]
        if region < 0 or sums[region] == 0:
            continue
        value = sums[region]
        sums[region] = 0
        if value > best:
            best, second = value, best
        elif value > second:
            second = value
    return best + second


@inner
def is_located(place: int, latitude: Float64s) -> bool:
    """Whether the place has coordinates; places beyond the reference data have none."""
    return 0 <= place < len(latitude) and not np.isnan(latitude[place])


@inner
def is_far(place: int, others: Int64s, latitude: Float64s, longitude: Float64s) -> bool:
    """Whether a place lies at least 100 km from each of the others."""
    for other in others:
        if (
            kilometres(latitude[place], longitude[place], latitude[other], longitude[other])
            < FAR_KM
        ):
            return False
    return True


@inner
def kilometres(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """Great-circle distance by the haversine formula; degrees in."""
    a, b = np.radians(lat_a), np.radians(lat_b)
    half_lat, half_lon = (b - a) / 2.0, np.radians(lon_b - lon_a) / 2.0
    h = np.sin(half_lat) ** 2 + np.cos(a) * np.cos(b) * np.sin(half_lon) ** 2
    return 2.0 * EARTH_KM * np.arcsin(np.sqrt(min(h, 1.0)))
