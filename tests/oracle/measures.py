"""Features as `docs/definitions.md` defines them: what can be read off a slice of movements."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from itertools import combinations, pairwise
from math import asin, cos, radians, sin, sqrt

from ingest.reference import Place
from tests.oracle.exculpation import COMMON_TESTS, Marks
from tests.oracle.handovers import (
    both_ways,
    handed_on_sum,
    held_few_sum,
    held_payers,
    held_sum,
    split_lumps,
    steady_parties,
    taken_by_any_sum,
    taken_credits,
    taken_days,
    taken_sum,
    taker,
    taker_day_sum,
    taker_sum,
    touched_sum,
)
from tests.oracle.movements import (
    MICROSECOND,
    Ledger,
    Movement,
    Scope,
    lies_before,
    lies_within,
)

ALL, WITHOUT_EXPLAINED, OWN_PAST = 0, 1, 2
"""The three variants."""

NOT_OWN_OR_LEDGER = frozenset({"OWN_TRANSFER", "BANK_LEDGER"})
REPEAT_WINDOW = timedelta(days=180)
TWO_DAYS = timedelta(hours=48)
EARTH_KM = 6371
FAR_KM = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearby:
    """What must lie near a movement for it to count."""

    has: frozenset[str]
    lacks: frozenset[str] = NOT_OWN_OR_LEDGER
    within: timedelta
    is_same_region: bool = False
    is_good_before: bool = True
    is_good_after: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """An aggregate over the movements of a window that carry all of `has`, none of `lacks`."""

    aggregate: str
    window: timedelta
    has: frozenset[str]
    lacks: frozenset[str] = NOT_OWN_OR_LEDGER
    scope: Scope = "account"
    least_history: int = 0
    limits_usd: tuple[int, int] | None = None
    is_same_direction: bool = False
    is_same_counterparty: bool = False
    near: Nearby | None = None
    tests: frozenset[str] | None = None
    """Whose movements the second variant leaves out; None: the view's own."""


@dataclass(frozen=True, slots=True)
class Lot:
    """A piece of a credit that a later debit used, and how long it lay."""

    amount: int
    dwell: int


class View:
    """What can be measured at one trigger in one variant."""

    def __init__(
        self,
        ledger: Ledger,
        trigger: Movement,
        variant: int,
        marks: Marks,
        tests: frozenset[str] = COMMON_TESTS,
    ) -> None:
        self.ledger = ledger
        self.tests = tests
        self.trigger = trigger
        self.variant = variant
        self._marks = marks
        self._slices: dict[tuple[Scope, timedelta, frozenset[str]], list[Movement]] = {}

    def told_by(self, tests: frozenset[str]) -> "View":
        """The same view for a typology with these tests."""
        view = View(self.ledger, self.trigger, self.variant, self._marks, tests)
        view._slices = self._slices
        return view

    def measure(self, measure: Measure) -> int | None:
        """The value, or None where it is not testable."""
        value = self._value(measure)
        assert not isinstance(value, str)
        return value

    def name(self, measure: Measure) -> str | None:
        """The value of an aggregate that is a name."""
        value = self._value(measure)
        assert not isinstance(value, int)
        return value

    def _value(self, measure: Measure) -> int | str | None:
        days = self.ledger.history_days(self.trigger)
        if days < measure.least_history:
            return None
        if self.variant == OWN_PAST and days < 2 * measure.window / timedelta(days=1):
            return None
        if measure.aggregate == "REPEAT_COUNTERPARTIES":
            return self._repeat_counterparties(measure)
        if measure.aggregate == "BAND_COUNT":
            return self._band_count(measure)
        if measure.aggregate.startswith("HELD"):
            return self._held(measure)
        if measure.aggregate == "IS_TRIGGER":
            return int(self.trigger in self.movements(measure))
        return AGGREGATES[measure.aggregate](self.movements(measure))

    def movements(self, measure: Measure) -> list[Movement]:
        """The slice, in total order."""
        has = set(measure.has)
        if measure.is_same_direction:
            has |= self.trigger.bits & {"IN", "OUT"}
        everything = self.slice(measure.scope, measure.window, measure.tests)
        return [
            x
            for x in everything
            if has <= x.bits
            and not measure.lacks & x.bits
            and (not measure.is_same_counterparty or self._is_with_same(x))
            and (measure.near is None or any(_is_near(x, y, measure.near) for y in everything))
        ]

    def slice(
        self, scope: Scope, window: timedelta, tests: frozenset[str] | None = None
    ) -> list[Movement]:
        tests = self.tests if tests is None else tests
        key = scope, window, tests
        if key not in self._slices:
            lies = lies_before if self.variant == OWN_PAST else lies_within
            self._slices[key] = [
                x
                for x in self.ledger.counting(self.trigger, scope)
                if lies(x, self.trigger, window) and not self._is_left_out(x, scope, tests)
            ]
        return self._slices[key]

    def _is_with_same(self, x: Movement) -> bool:
        return x.counterparty is not None and x.counterparty == self.trigger.counterparty

    def _is_left_out(self, x: Movement, scope: Scope, tests: frozenset[str]) -> bool:
        return self.variant == WITHOUT_EXPLAINED and bool(self._marks.explaining(x, scope) & tests)

    def _repeat_counterparties(self, measure: Measure) -> int | None:
        if self.variant == OWN_PAST:
            return None
        lately = {x.counterparty for x in self.movements(measure)} - {None}
        long = Measure(
            aggregate="COUNT",
            window=REPEAT_WINDOW,
            has=measure.has,
            lacks=measure.lacks,
            scope=measure.scope,
            is_same_direction=measure.is_same_direction,
            is_same_counterparty=measure.is_same_counterparty,
            tests=measure.tests,
        )
        times = Counter(x.counterparty for x in self.movements(long))
        return sum(times[counterparty] >= 3 for counterparty in lately)

    def _held(self, measure: Measure) -> int | str | None:
        """Of credits within the limits alone."""
        usd = self.ledger.usd_minor(self.trigger)
        if usd is None or measure.limits_usd is None:
            return None
        low, high = (limit * usd for limit in measure.limits_usd)
        moved = self.movements(measure)
        kept = [x for x in moved if "OUT" in x.bits or low <= (x.amount or 0) <= high]
        return AGGREGATES[measure.aggregate](kept)

    def _band_count(self, measure: Measure) -> int | None:
        usd = self.ledger.usd_minor(self.trigger)
        if usd is None or measure.limits_usd is None:
            return None
        low, high = (limit * usd for limit in measure.limits_usd)
        return most_in_two_bands([a for a in amounts(self.movements(measure)) if low <= a <= high])


def amounts(movements: Iterable[Movement]) -> list[int]:
    return [x.amount for x in movements if x.amount is not None]


def most_in_two_bands(prices: Sequence[int]) -> int:
    """How many lie in the two disjoint intervals [m, 1.05 m], m observed, that hold most."""
    starts = sorted(set(prices))
    apart = [pair for pair in combinations(starts, 2) if 100 * pair[1] > 105 * pair[0]]
    bands = [(m,) for m in starts] + apart
    return max((sum(_is_in(price, band) for price in prices) for band in bands), default=0)


def fifo_lots(movements: Sequence[Movement]) -> list[Lot]:
    """Credits queue up, debits use the oldest first; what finds no other side makes no lot."""
    queue: deque[tuple[int, int]] = deque()
    lots = []
    for x in movements:
        if x.amount is None:
            continue
        if "IN" in x.bits:
            queue.append((x.amount, x.time))
            continue
        wanted = x.amount
        while wanted and queue:
            left, since = queue.popleft()
            piece = min(left, wanted)
            wanted -= piece
            if piece:
                lots.append(Lot(piece, x.time - since))
            if left > piece:
                queue.appendleft((left - piece, since))
    return lots


def dwell_median(movements: Sequence[Movement]) -> int | None:
    """The smallest dwell that at least half of the matched money did not exceed."""
    lots = fifo_lots(movements)
    total = sum(lot.amount for lot in lots)
    for dwell in sorted({lot.dwell for lot in lots}):
        if 2 * sum(lot.amount for lot in lots if lot.dwell <= dwell) >= total:
            return dwell
    return None


def passed_within_48h(movements: Sequence[Movement]) -> int:
    longest = TWO_DAYS // MICROSECOND
    return sum(lot.amount for lot in fifo_lots(movements) if lot.dwell <= longest)


def taken_back(movements: Sequence[Movement]) -> tuple[int, int, str | None]:
    """Months, sum and name of the party that took most months of wages back."""
    best: tuple[int, int, str | None] = (0, 0, None)
    for party in dict.fromkeys(x.counterparty for x in movements if _is_sent(x)):
        if party is None:
            continue
        back = [(wage, _sent_after(movements, wage, party)) for wage in _wages(movements)]
        taken = [(wage, got) for wage, got in back if 10 * got >= 6 * (wage.amount or 0)]
        months = {wage.local_month for wage, _ in taken}
        if len(months) > best[0]:
            best = len(months), sum(min(got, w.amount or 0) for w, got in taken), party
    return best


def _wages(movements: Sequence[Movement]) -> list[Movement]:
    return [x for x in movements if {"IN", "SALARY"} <= x.bits and x.amount]


def _sent_after(movements: Sequence[Movement], wage: Movement, party: str) -> int:
    """What a party was sent within 48 hours after a wage."""
    return sum(
        x.amount or 0
        for x in movements
        if _is_sent(x)
        and x.counterparty == party
        and x.order > wage.order
        and x.time - wage.time <= TWO_DAYS // MICROSECOND
    )


def _is_sent(x: Movement) -> bool:
    return {"OUT", "TRANSFER"} <= x.bits


def far_sum(movements: Sequence[Movement]) -> int | None:
    """Cash drawn in the two subdivisions that paid most, away from and far off the deposits."""
    cash = [x for x in movements if "CASH" in x.bits and x.amount is not None]
    deposits = [x for x in cash if "IN" in x.bits and "AT_HOME" not in x.bits]
    places = [x.place for x in deposits if _has_coordinates(x.place)]
    drawn = [x for x in cash if "OUT" in x.bits and _has_coordinates(x.place)]
    if not places or not drawn:
        return None
    regions = {x.region for x in deposits}
    far = [
        x
        for x in drawn
        if x.region not in regions and all(kilometres(x.place, p) >= FAR_KM for p in places)
    ]
    by_region = _sums(far, lambda x: x.region)
    return sum(sorted(by_region.values(), reverse=True)[:2])


def kilometres(one: Place | None, other: Place | None) -> float:
    """Great-circle distance by the haversine formula."""
    assert one is not None
    assert other is not None
    assert one.lat is not None
    assert one.lon is not None
    assert other.lat is not None
    assert other.lon is not None
    north, south = radians(one.lat), radians(other.lat)
    half_height = sin((north - south) / 2) ** 2
    half_width = sin(radians(one.lon - other.lon) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(half_height + cos(north) * cos(south) * half_width))


def share(part: int | None, whole: int | None) -> Fraction | None:
    """part / whole; None where either is not testable or the whole is nothing."""
    if part is None or not whole:
        return None
    return Fraction(part, whole)


def _is_near(x: Movement, y: Movement, near: Nearby) -> bool:
    """Whether y is such a movement, and lies near x."""
    if y is x or not near.has <= y.bits or near.lacks & y.bits:
        return False
    if near.is_same_region and (
        x.region is None or x.region not in (y.region, y.counterparty_region)
    ):
        return False
    is_good = near.is_good_before if y.order < x.order else near.is_good_after
    return is_good and abs(x.time - y.time) <= near.within // MICROSECOND


def _has_coordinates(place: Place | None) -> bool:
    return place is not None and place.lat is not None and place.lon is not None


def _is_in(price: int, band: tuple[int, ...]) -> bool:
    return any(m <= price and 100 * price <= 105 * m for m in band)


def _sums(movements: Iterable[Movement], of: Callable[[Movement], str | None]) -> dict[str, int]:
    """Sums of amounts by a value, in order of its first occurrence."""
    sums: dict[str, int] = {}
    for x in movements:
        value = of(x)
        if value is not None:
            sums[value] = sums.get(value, 0) + (x.amount or 0)
    return sums


def _top(
    movements: Iterable[Movement], of: Callable[[Movement], str | None]
) -> tuple[str | None, int]:
    """The value with the largest sum, ties to the one that occurs first, and that sum."""
    best: tuple[str | None, int] = (None, 0)
    for value, total in _sums(movements, of).items():
        if best[0] is None or total > best[1]:
            best = value, total
    return best


def _distinct(of: Callable[[Movement], object]) -> "Aggregate":
    return lambda movements: len({of(x) for x in movements} - {None})


def _largest_day(of: Callable[[Movement], int]) -> "Aggregate":
    def largest(movements: Sequence[Movement]) -> int:
        days: Counter[int] = Counter()
        for x in movements:
            days[x.local_day] += of(x)
        return max(days.values(), default=0)

    return largest


def _lower_median(movements: Sequence[Movement]) -> int | None:
    ordered = sorted(amounts(movements))
    return ordered[(len(ordered) - 1) // 2] if ordered else None


def _largest_three(movements: Sequence[Movement]) -> int:
    return sum(sorted(_sums(movements, lambda x: x.counterparty).values(), reverse=True)[:3])


Aggregate = Callable[[Sequence[Movement]], int | str | None]

AGGREGATES: Mapping[str, Aggregate] = {
    "COUNT": len,
    "SUM": lambda movements: sum(amounts(movements)),
    "DISTINCT_COUNTERPARTIES": _distinct(lambda x: x.counterparty),
    "DISTINCT_REGIONS": _distinct(lambda x: x.region),
    "DISTINCT_COUNTERPARTY_REGIONS": _distinct(lambda x: x.counterparty_region),
    "DISTINCT_PLACES": _distinct(lambda x: x.place_id),
    "DISTINCT_DAYS": _distinct(lambda x: x.local_day),
    "MEDIAN": _lower_median,
    "LARGEST_DAY_SUM": _largest_day(lambda x: x.amount or 0),
    "LARGEST_DAY_COUNT": _largest_day(lambda x: 1),
    "DWELL_MEDIAN": dwell_median,
    "PASSED_WITHIN_48H": passed_within_48h,
    "TOP_PAYEE_SUM": lambda movements: _top(movements, lambda x: x.counterparty)[1],
    "TOP_DEVICE_SUM": lambda movements: _top(movements, lambda x: x.device)[1],
    "FAR_SUM": far_sum,
    "FIRST_AMOUNT": lambda movements: next(iter(amounts(movements)), None),
    "LAST_AMOUNT": lambda movements: next(iter(amounts(movements)[::-1]), None),
    "RISES": lambda movements: sum(a < b for a, b in pairwise(amounts(movements))),
    "TOP_PAYEE": lambda movements: _top(movements, lambda x: x.counterparty)[0],
    "TOP_DEVICE": lambda movements: _top(movements, lambda x: x.device)[0],
    "TOP_PLACE": lambda movements: _top(movements, lambda x: x.place_id)[0],
    "BOTH_WAYS": both_ways,
    "HELD_PAYERS": held_payers,
    "HELD_SUM": held_sum,
    "HELD_FEW_SUM": held_few_sum,
    "STEADY_COUNTERPARTIES": lambda movements: len(steady_parties(movements)),
    "STEADY_SUM": lambda movements: sum(steady_parties(movements).values()),
    "SPLIT_LUMPS": split_lumps,
    "TAKER": taker,
    "TAKEN_SUM": taken_sum,
    "TAKEN_CREDITS": taken_credits,
    "TAKEN_DAYS": taken_days,
    "TAKEN_BY_ANY_SUM": taken_by_any_sum,
    "TAKER_SUM": taker_sum,
    "TAKER_DAY_SUM": taker_day_sum,
    "HANDED_ON_SUM": handed_on_sum,
    "TOUCHED_SUM": touched_sum,
    "TOP_THREE_PAYEES_SUM": _largest_three,
    "RECAPTURED_MONTHS": lambda movements: taken_back(movements)[0],
    "RECAPTURED_SUM": lambda movements: taken_back(movements)[1],
    "RECAPTURER": lambda movements: taken_back(movements)[2],
}
"""From a slice in total order to a value. Null where nothing can be said."""
