"""The feature catalogue: what can be known of a subject at a trigger. A feature is data."""

from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum

from models.mask import Mask, Test

NO_TESTS = Test(0)


class Scope(IntEnum):
    ACCOUNT = 0
    """The trigger's account."""
    HOLDER = 1
    """All accounts of the holder."""


class Aggregate(IntEnum):
    """What a kernel computes over the movements of a slice that pass the feature's bits."""

    COUNT = 0
    SUM = 1
    DISTINCT_COUNTERPARTIES = 2
    DISTINCT_REGIONS = 3
    """Subdivisions of the places used."""
    DISTINCT_COUNTERPARTY_REGIONS = 4
    DISTINCT_PLACES = 5
    DISTINCT_DAYS = 6
    """Local days."""
    MEDIAN = 7
    """Lower median of the amounts."""
    LARGEST_DAY_SUM = 8
    LARGEST_DAY_COUNT = 9
    DWELL_MEDIAN = 10
    """Microseconds; FIFO lots, weighted by minor units, debits in the window, credits too."""
    PASSED_WITHIN_48H = 11
    """Minor units of credits matched by FIFO to debits at most 48 h later."""
    TOP_PAYEE_SUM = 12
    """Largest sum to one counterparty; ties to the counterparty paid first in total order."""
    TOP_DEVICE_SUM = 13
    """Largest sum moved on one foreign device; ties to the device used first."""
    BAND_COUNT = 14
    """Movements within the two disjoint intervals [m, 1.05 m] inside the limits that cover most."""
    REPEAT_COUNTERPARTIES = 15
    """Counterparties of the window with three or more such movements in 180 local days."""
    FAR_SUM = 16
    """Cash drawn in the two subdivisions that drew most, outside those of the window's cash
    deposits and at least 100 km from every place of deposit."""
    TOP_PAYEE = 17
    """The counterparty of TOP_PAYEE_SUM, by name; null of none."""
    TOP_DEVICE = 18
    """The device of TOP_DEVICE_SUM, by name; null of none."""
    TOP_THREE_PAYEES_SUM = 19
    """The sums of the three counterparties with the largest, together."""
    IS_TRIGGER = 20
    """1 where the trigger itself is among the movements, else 0."""
    RECAPTURED_MONTHS = 21
    """Local months of wages of which one counterparty got 60 % back within 48 hours: the most
    months of one; ties to the counterparty paid first."""
    RECAPTURED_SUM = 22
    """Minor units of such wages that the counterparty of RECAPTURED_MONTHS got back."""
    RECAPTURER = 23
    """The counterparty of RECAPTURED_MONTHS, by name; null of none."""
    FIRST_AMOUNT = 24
    """Of the oldest priced movement; null if none."""
    LAST_AMOUNT = 25
    """Of the newest priced movement; null if none."""
    RISES = 26
    """Priced movements larger than the priced one before."""
    TOP_PLACE = 27
    """The place of the largest sum, by name; null of none."""
    BOTH_WAYS = 28
    """Counterparties with movements in and movements out."""
    HELD_PAYERS = 29
    """Payers whose credits inside the limits were handed on, less a commission, after three to 45
    days."""
    HELD_SUM = 30
    """Minor units of those credits."""
    HELD_FEW_SUM = 31
    """Minor units of those that went back to the payer, or to the three others with most."""
    STEADY_COUNTERPARTIES = 32
    """Counterparties with even sums on three local days or more."""
    STEADY_SUM = 33
    """Minor units moved with those."""
    SPLIT_LUMPS = 34
    """Lumps of which a newcomer got a minor share beside tickets, permits or go-betweens."""
    TAKER = 35
    """Who took most of what came within a day before, by name; null of none. A transfer or cash out
    takes the newest credits of known payers, each as far as it is left."""
    TAKEN_SUM = 36
    """Minor units the taker took."""
    TAKEN_CREDITS = 37
    """Credits from which the taker took."""
    TAKEN_DAYS = 38
    """Local days with a payment to the taker of which at least half was taken."""
    TAKEN_BY_ANY_SUM = 39
    """Minor units that transfers and cash out took, whoever got them."""
    TAKER_SUM = 40
    """Minor units paid to the taker, taken or not."""
    TAKER_DAY_SUM = 41
    """Of those the most of one local day."""
    HANDED_ON_SUM = 42
    """Minor units of credits of known payers of which at least 80 % was taken."""
    TOUCHED_SUM = 43
    """Minor units of credits of known payers of which anything was taken."""


NAMED = frozenset(
    {
        Aggregate.TOP_PAYEE,
        Aggregate.TOP_DEVICE,
        Aggregate.TOP_PLACE,
        Aggregate.RECAPTURER,
        Aggregate.TAKER,
    }
)
"""Aggregates whose value is a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """Only movements of the slice that another one lies near: with all bits of `has`, none of
    `lacks`, at most `within` before them in total order (where `before`) or after them (where
    `after`), and of the same subdivision by its place or its counterparty, if asked."""

    has: Mask
    lacks: Mask = Mask.OWN_TRANSFER | Mask.BANK_LEDGER
    within: timedelta
    same_region: bool = False
    before: bool = True
    after: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """name; aggregate over the movements of `scope` in (t - window, t] that carry all bits of
    `has` and none of `lacks`; unit and meaning for people.

    least_history: days the feed must have shown before t, else the value is null.
    limits_usd: lower and upper limit of a price band, or of what counts as held, in US dollars at
    the trigger's rate.
    A feature over bits that never occur in the feed's columns is null (not testable).
    """

    name: str
    aggregate: Aggregate
    window: timedelta
    has: Mask
    lacks: Mask = Mask.OWN_TRANSFER | Mask.BANK_LEDGER
    scope: Scope = Scope.ACCOUNT
    unit: str
    meaning: str
    least_history: int = 0
    limits_usd: tuple[int, int] | None = None
    same_direction: bool = False
    """Only movements of the trigger's own direction."""
    same_counterparty: bool = False
    """Only movements with the trigger's own counterparty; none where it has none."""
    near: Near | None = None
    tests: Test = NO_TESTS
    """The exculpation tests whose movements variant 1 leaves out: those of its typology."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """A necessary condition of a typology over one or two of its features: `part` is at least (or
    at most) `ratio` times `whole` (None: times one; usd_minor, threshold_minor: times that price).
    Windows of at most 60 days. Without it the typology cannot fire, so nothing dearer is computed;
    a dear one is asked after all others. A core one also fails on a null value."""

    typology: str
    part: str
    whole: str | None
    ratio: float
    is_least: bool
    is_core: bool
    is_dear: bool = False


AT_ONCE = timedelta(microseconds=1)
"""The window of an arm that the trigger itself must fill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """A necessary condition, cheap to count: at least `least` movements with all bits of `has`
    within `window` up to and including the trigger. Without it the typology cannot fire."""

    typology: str
    has: Mask
    window: timedelta
    least: int
    lacks: Mask = Mask.OWN_TRANSFER | Mask.BANK_LEDGER
    scope: Scope = Scope.ACCOUNT
