"""What must be found in a world, derived from `docs/definitions.md` by brute force.

Written to be read beside that page, in its order and its words; exact, slow, and independent of
`models/`, `detectors/` and `alerts/`, none of which it imports.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from fractions import Fraction

from tests.oracle.exculpation import COMMON_TESTS, TESTS, Marks
from tests.oracle.measures import ALL, WITHOUT_EXPLAINED, Measure, Nearby, View, share
from tests.oracle.movements import (
    MICROSECOND,
    Ledger,
    Movement,
    OrderKey,
    Scope,
    World,
    are_related,
)

Value = Fraction | int | None

NEAR_CASH = frozenset({"CASH", "NEAR"})
OVER_CASH = frozenset({"CASH", "OVER"})
CASH_IN_ELSEWHERE = frozenset({"CASH", "IN", "LOCATED"})
NOT_HOME = frozenset({"OWN_TRANSFER", "BANK_LEDGER", "AT_HOME", "BY_HOLDER"})
CREDIT = frozenset({"IN", "COUNTERPARTY_KNOWN"})
NOT_CREDIT = frozenset(
    {"OWN_TRANSFER", "BANK_LEDGER", "CARD", "SALARY", "LOAN", "DECLARED_RELATED"}
)
OWN_OR_LEDGER = frozenset({"OWN_TRANSFER", "BANK_LEDGER"})
NOT_ENTRUSTED = OWN_OR_LEDGER | {"DECLARED_RELATED", "MERCHANT", "OWN_LIFE", "SALARY", "LOAN"}
MONTH = timedelta(days=30)
TWO_MONTHS = timedelta(days=60)
NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """value None = not testable. excess: how far beyond the threshold, before clipping;
    None of a precondition."""

    name: str
    value: Value
    holds: bool
    excess: Fraction | None
    is_core: bool = False
    clears_as: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """All conditions of a typology at one trigger in one variant."""

    conditions: tuple[Condition, ...]
    weight: Fraction | None = None
    link: str | None = None
    told: Mapping[str, Value] = field(default_factory=dict)

    @property
    def fires(self) -> bool:
        """Whether all conditions hold but those whose failing only clears."""
        deciding = [c for c in self.conditions if c.clears_as is None]
        return all(c.holds if c.value is not None else not c.is_core for c in deciding)

    @property
    def failing_as(self) -> frozenset[str]:
        """The tests of clearing conditions that fail."""
        return frozenset(
            c.clears_as
            for c in self.conditions
            if c.clears_as is not None and c.value is not None and not c.holds
        )

    @property
    def strength(self) -> Fraction:
        """0..1, exact: six decimals are the record's."""
        counted = [c.excess for c in self.conditions if c.value is not None]
        excesses = [_clipped(excess) for excess in counted if excess is not None]
        mean = sum(excesses, Fraction(0)) / len(excesses)
        return mean + Fraction(1, 5) * (self.weight or 0) * (1 - mean)


@dataclass(frozen=True, slots=True, kw_only=True)
class OracleFinding:
    """A typology's claim about a holder at a movement. facts: condition -> value."""

    typology: str
    holder: str
    account: str
    trigger: OrderKey
    is_cleared: bool
    cleared_by: frozenset[str]
    strength: Fraction
    facts: Mapping[str, Value]
    not_testable: frozenset[str]
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheredFinding:
    """A claim about whom signals are linked to, at one of them. feeders: by their first signal
    within the window."""

    typology: str
    subject: str
    trigger: OrderKey
    households: int
    feeders: tuple[str, ...]
    strength: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """How a typology is judged, and over which movements its tests are told."""

    judge: Callable[[View], Judgement]
    scope: Scope
    tests: frozenset[str] = COMMON_TESTS
    """The exculpation tests that can clear it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathering:
    """Signals of a typology by their link, over a window, from so many feeders on. demands: least
    and largest values of the signals' facts, where they were testable."""

    gathers: str
    window: timedelta
    least: int
    at_least: Mapping[str, Fraction] = field(default_factory=dict)
    at_most: Mapping[str, Fraction] = field(default_factory=dict)
    again: "Again | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """The same set must have been there before, unless so many are there at once."""

    common: Fraction
    apart: timedelta
    within: timedelta
    enough_once: int


def find(
    world: World, *, where: Callable[[Movement], bool] = lambda _: True
) -> list[OracleFinding]:
    """Every finding of the account and holder typologies, in order of trigger and typology."""
    ledger = Ledger(world)
    return [
        finding
        for trigger in ledger.movements
        if where(trigger)
        for finding in _found_at(ledger, trigger)
    ]


def explained(ledger: Ledger, trigger: Movement, scope: Scope = "account") -> Mapping[str, int]:
    """Value moved in the 30 days up to the trigger that each test explains."""
    marks = Marks(ledger, trigger)
    month = _moved_in_30_days(ledger, trigger, marks, scope)
    return {
        test: sum(x.amount or 0 for x in month if test in marks.explaining(x, scope))
        for test in TESTS
    }


def moved(ledger: Ledger, trigger: Movement, scope: Scope = "account") -> int:
    """Value moved in the 30 days up to the trigger, own transfers and bank ledger left out."""
    month = _moved_in_30_days(ledger, trigger, Marks(ledger, trigger), scope)
    return sum(x.amount or 0 for x in month)


def gather(world: World, findings: Iterable[OracleFinding]) -> list[GatheredFinding]:
    """At each signal, whom or what enough unrelated holders speak of."""
    everything = list(findings)
    return [
        finding
        for typology, gathering in GATHERINGS.items()
        for finding in _gathered_by(world, typology, gathering, everything)
    ]


def st_structuring(v: View) -> Judgement:
    """Holder scope, 7 d, same direction as the trigger."""
    week, two_months, half_year = (timedelta(days=n) for n in (7, 60, 180))
    near_sum = v.measure(_same_way("SUM", week, NEAR_CASH))
    near_count = v.measure(_same_way("COUNT", week, NEAR_CASH))
    near_day_sum = v.measure(_same_way("LARGEST_DAY_SUM", week, NEAR_CASH))
    near_60 = v.measure(_same_way("COUNT", two_months, NEAR_CASH))
    over_60 = v.measure(_same_way("COUNT", two_months, OVER_CASH))
    near_180 = v.measure(_same_way("COUNT", half_year, NEAR_CASH))
    over_180 = v.measure(_same_way("COUNT", half_year, OVER_CASH))
    limit = v.ledger.threshold(v.trigger)
    if limit is None:
        names = ("near_pattern", "excess_mass", "past_excess_mass")
        return Judgement(conditions=tuple(_untestable(name) for name in names))
    assert near_sum is not None
    assert near_count is not None
    assert near_day_sum is not None
    assert near_60 is not None
    assert over_60 is not None
    assert near_180 is not None
    assert over_180 is not None
    near_pattern = Condition(
        name="near_pattern",
        value=Fraction(near_sum, limit),
        holds=(near_count >= 3 and 10 * near_sum >= 12 * limit) or near_day_sum >= limit,
        excess=(near_sum - Fraction(6, 5) * limit) / (Fraction(6, 5) * limit),
        is_core=True,
    )
    excess_mass = Condition(
        name="excess_mass",
        value=Fraction(near_60, max(over_60, 1)),
        holds=near_60 >= 4 * over_60,
        excess=Fraction(near_60 - 4 * over_60, near_60) if near_60 else Fraction(0),
        is_core=True,
    )
    past_excess_mass = Condition(
        name="past_excess_mass",
        value=Fraction(near_180, max(over_180, 1)),
        holds=over_180 <= 1 or near_180 >= 8 * over_180,
        excess=None,
        is_core=True,
    )
    return Judgement(conditions=(near_pattern, excess_mass, past_excess_mass))


def st_funnel_geo(v: View) -> Judgement:
    """Account scope, 30 d."""
    regions = v.measure(_in(MONTH, "DISTINCT_REGIONS", CASH_IN_ELSEWHERE, lacks=NOT_HOME))
    deposits = v.measure(_in(MONTH, "SUM", CASH_IN_ELSEWHERE, lacks=NOT_HOME))
    far = v.measure(_in(MONTH, "FAR_SUM"))
    drawn = v.measure(_in(MONTH, "SUM", frozenset({"CASH", "OUT"})))
    dwell = v.measure(_in(MONTH, "DWELL_MEDIAN"))
    came_in = v.measure(_in(MONTH, "SUM", frozenset({"IN"})))
    conditions = (
        _at_least("deposit_regions", regions, 3, is_core=True),
        _at_least("deposits_usd", share(deposits, _usd(v)), 1_000),
        _precondition(
            _share_at_least(
                "deposits_share", share(deposits, came_in), Fraction(1, 5), is_core=True
            )
        ),
        _share_at_least("far_share", share(far, drawn), Fraction(3, 5), is_core=True),
        _dwell_at_most(v, dwell, timedelta(hours=48)),
        _at_least("income", share(came_in, _income(v)), 3),
    )
    return Judgement(conditions=conditions, weight=_zone_share(v, MONTH))


def som_collector_fanin(v: View) -> Judgement:
    """Account scope, 14 d."""
    fortnight = timedelta(days=14)
    credits = v.measure(_credits("COUNT"))
    payers = v.measure(_credits("DISTINCT_COUNTERPARTIES"))
    bands = [v.measure(_credits("BAND_COUNT", limits)) for limits in ((50, 700), (1_500, 20_000))]
    largest_band = max((band for band in bands if band is not None), default=None)
    regions = v.measure(_credits("DISTINCT_COUNTERPARTY_REGIONS"))
    passed = v.measure(_in(fortnight, "PASSED_WITHIN_48H"))
    trade_costs = v.measure(_in(fortnight, "SUM", frozenset({"OUT", "TRADE_COST"})))
    came_in = v.measure(_in(fortnight, "SUM", frozenset({"IN"})))
    repeating = v.measure(_credits("REPEAT_COUNTERPARTIES", least_history=60))
    is_fine_enough = 2 * v.ledger.world.time_precision <= timedelta(hours=48)
    conditions = (
        _at_least("payers", payers, 10, is_core=True),
        _share_at_least("band_share", share(largest_band, credits), Fraction(3, 5), is_core=True),
        _at_least("payer_regions", regions, 4),
        _share_at_least(
            "passed_48h", share(passed, came_in) if is_fine_enough else None, Fraction(7, 10)
        ),
        _at_most("trade_cost_share", share(trade_costs, came_in), Fraction(15, 100)),
        _at_most("repeat_share", share(repeating, payers), Fraction(15, 100), clears_as="REMIT"),
    )
    return Judgement(conditions=conditions, weight=_zone_share(v, fortnight))


def sx_drained_account(v: View) -> Judgement:
    """Signal, account scope, 30 d."""
    seen_whole = OWN_OR_LEDGER | {"OUTSIDE"}
    credits = v.measure(_in(MONTH, "COUNT", frozenset({"IN", "PRICED"}), lacks=seen_whole))
    came_in = v.measure(_in(MONTH, "SUM", frozenset({"IN"}))) or 0
    went_out = v.measure(_in(MONTH, "SUM", frozenset({"OUT"}))) or 0
    transfers = _in(MONTH, "TOP_PAYEE_SUM", frozenset({"OUT", "TRANSFER", "COUNTERPARTY_KNOWN"}))
    lived_on = v.measure(_in(MONTH, "SUM", frozenset({"OWN_LIFE"})))
    dwell = v.measure(_in(MONTH, "DWELL_MEDIAN"))
    on_foreign = v.measure(_in(MONTH, "SUM", frozenset({"OUT", "FOREIGN_DEVICE"})))
    on_a_day = share(v.measure(_in(MONTH, "LARGEST_DAY_SUM", frozenset({"OUT"}))), went_out)
    to_top = share(v.measure(transfers), went_out)
    conditions = (
        _at_least("credits", credits, 5, is_core=True),
        _passed_through(came_in, went_out, Fraction(85, 100)),
        _share_at_least("top_payee_share", to_top, Fraction(7, 10), is_core=True),
        _at_most("own_life_share", share(lived_on, came_in), Fraction(1, 10), is_core=True),
        _dwell_at_most(v, dwell, timedelta(hours=12)),
        _precondition(_at_most("largest_day_share", on_a_day, Fraction(6, 10), is_core=True)),
    )
    return Judgement(
        conditions=conditions,
        weight=share(on_foreign, went_out),
        link=v.name(replace(transfers, aggregate="TOP_PAYEE")),
    )


def sx_taken_earnings(v: View) -> Judgement:
    """Signal, account scope, 30 d, at a payment."""
    not_strangers = OWN_OR_LEDGER | {
        "DECLARED_RELATED",
        "MERCHANT",
        "HOLDER_MERCHANT",
        "SALARY",
        "LOAN",
        "CARD",
        "OWN_LIFE",
        "OUTSIDE",
    }
    moved = _in(MONTH, "TAKEN_SUM", frozenset({"PRICED"}), lacks=not_strangers)
    known = frozenset({"PRICED", "COUNTERPARTY_KNOWN"})
    came = v.measure(_in(MONTH, "SUM", known | {"IN"}, lacks=not_strangers))
    pay = _in(MONTH, "SUM", known | {"OUT", "TRANSFER"}, lacks=not_strangers)
    on_foreign = v.measure(replace(pay, has=pay.has | {"FOREIGN_DEVICE"}))
    taken = v.measure(moved)
    credits = v.measure(replace(moved, aggregate="TAKEN_CREDITS"))
    days = v.measure(replace(moved, aggregate="TAKEN_DAYS"))
    to_taker = v.measure(replace(moved, aggregate="TAKER_SUM"))
    by_any = v.measure(replace(moved, aggregate="TAKEN_BY_ANY_SUM"))
    on_a_day = share(v.measure(replace(moved, aggregate="TAKER_DAY_SUM")), to_taker)
    is_fine_enough = v.ledger.world.time_precision <= timedelta(hours=12)
    of_strangers = share(taken, came) if is_fine_enough else None
    conditions = (
        _pre_at_least("taking", v.measure(replace(pay, aggregate="IS_TRIGGER")), 1, is_core=True),
        _at_least("taken_credits", credits, 5, is_core=True),
        _at_least("taken_days", days, 6, is_core=True),
        _share_at_least("earnings_taken_share", of_strangers, Fraction(2, 5), is_core=True),
        _share_at_least("taker_share", share(taken, by_any), Fraction(7, 10), is_core=True),
        _share_at_least("of_earnings", share(taken, to_taker), Fraction(3, 5), is_core=True),
        _precondition(_at_most("largest_day_share", on_a_day, Fraction(6, 10), is_core=True)),
    )
    return Judgement(
        conditions=conditions,
        weight=share(on_foreign, v.measure(pay)),
        link=v.name(replace(moved, aggregate="TAKER")),
        told=_lived_on(v, MONTH, came),
    )


def _lived_on(v: View, window: timedelta, money: int | None) -> dict[str, Value]:
    """Of some money, what is spent to live on once all else that came in is spent."""
    came = v.measure(_in(window, "SUM", frozenset({"IN"}))) or 0
    spent = v.measure(_in(window, "SUM", frozenset({"OWN_LIFE"}))) or 0
    return {"lived_on_share": share(max(spent - (came - (money or 0)), 0), money)}


def st_rapid_pass(v: View) -> Judgement:
    """Signal, account scope, 7 d; card payments left out."""
    week = timedelta(days=7)
    not_on = frozenset({"OWN_TRANSFER", "BANK_LEDGER", "CARD", "OUTSIDE"})
    came_in = v.measure(_in(week, "SUM", frozenset({"IN"}), lacks=not_on)) or 0
    went_out = v.measure(_in(week, "SUM", frozenset({"OUT"}), lacks=not_on)) or 0
    days = v.measure(_in(week, "DISTINCT_DAYS", frozenset({"OUT"}), lacks=not_on))
    dwell = v.measure(_in(week, "DWELL_MEDIAN", lacks=not_on))
    payee = _in(week, "TOP_PAYEE", frozenset({"OUT", "TRANSFER"}), lacks=not_on)
    conditions = (
        _at_least("passed_usd", share(came_in, _usd(v)), 1_000, is_core=True),
        _at_least("emptied_days", days, 3, is_core=True),
        _passed_through(came_in, went_out, Fraction(9, 10)),
        _dwell_at_most(v, dwell, timedelta(hours=24)),
        _at_least("income", share(came_in, _income(v)), Fraction(7, 10)),
    )
    return Judgement(conditions=conditions, link=v.name(payee))


def st_mule_onset(v: View) -> Judgement:
    """Signal, account scope, 14 d."""
    fortnight = timedelta(days=14)
    not_strangers = NOT_CREDIT - {"CARD"}
    strangers = v.measure(_in(fortnight, "DISTINCT_COUNTERPARTIES", CREDIT, lacks=not_strangers))
    moved = v.measure(_in(fortnight, "COUNT"))
    new = v.measure(_in(fortnight, "COUNT", frozenset({"NEW_ACCOUNT"}))) or 0
    old = v.measure(_in(fortnight, "COUNT", frozenset({"OLD_ACCOUNT"}))) or 0
    in_half_a_year = v.measure(
        Measure(
            aggregate="COUNT",
            window=timedelta(days=180),
            has=frozenset(),
            least_history=180,
        )
    )
    came_in = v.measure(_in(fortnight, "SUM", frozenset({"IN"}))) or 0
    went_out = v.measure(_in(fortnight, "SUM", frozenset({"OUT"}))) or 0
    to_three = v.measure(_in(fortnight, "TOP_THREE_PAYEES_SUM", frozenset({"OUT"})))
    dwell = v.measure(_in(fortnight, "DWELL_MEDIAN"))
    is_woken = old > 0 and in_half_a_year is not None and in_half_a_year == moved
    conditions = (
        _at_least("onset", int(new > 0 or is_woken), 1, is_core=True),
        _at_least("strangers", strangers, 5, is_core=True),
        _passed_through(came_in, went_out, Fraction(85, 100)),
        _share_at_least("sinks_share", share(to_three, went_out), Fraction(7, 10), is_core=True),
        _dwell_at_most(v, dwell, timedelta(hours=24)),
        _at_least("income", share(came_in, _income(v)), Fraction(5, 2)),
    )
    device = _in(fortnight, "TOP_DEVICE", frozenset({"OUT", "DEVICE_KNOWN"}))
    return Judgement(conditions=conditions, link=v.name(device))


def fl_returned_wages(v: View) -> Judgement:
    """Signal, account scope, 60 d; only LICENSED clears it."""
    lacks = frozenset({"OWN_TRANSFER", "BANK_LEDGER", "DECLARED_RELATED", "MERCHANT"})
    priced = Measure(
        aggregate="RECAPTURED_MONTHS",
        window=timedelta(days=60),
        has=frozenset({"PRICED"}),
        lacks=lacks,
    )
    wages = v.measure(replace(priced, aggregate="SUM", has=frozenset({"IN", "SALARY"})))
    back = v.measure(replace(priced, aggregate="RECAPTURED_SUM"))
    is_fine_enough = 2 * v.ledger.world.time_precision <= timedelta(hours=48)
    taken = share(back, wages) if is_fine_enough else None
    conditions = (
        _at_least("wage_months_back", v.measure(priced), 2, is_core=True),
        _share_at_least("taken_share", taken, Fraction(3, 5), is_core=True),
    )
    return Judgement(
        conditions=conditions,
        link=v.name(replace(priced, aggregate="RECAPTURER")),
        told=_lived_on(v, timedelta(days=60), wages),
    )


def sx_night_cash_multisite(v: View) -> Judgement:
    """Account scope, 30 d."""
    cash = frozenset({"IN", "CASH"})
    deposits = v.measure(_in(MONTH, "COUNT", cash))
    at_night = v.measure(_in(MONTH, "COUNT", cash | {"NIGHT"}))
    sites = v.measure(_in(MONTH, "DISTINCT_REGIONS", cash | {"NIGHT", "LOCATED"}))
    median = v.measure(_in(MONTH, "MEDIAN", cash | {"PRICED"}))
    total = v.measure(_in(MONTH, "SUM", cash))
    is_fine_enough = v.ledger.world.time_precision <= timedelta(hours=1)
    conditions = (
        _at_least("deposits", deposits, 8, is_core=True),
        _share_at_least(
            "night_share",
            share(at_night, deposits) if is_fine_enough else None,
            Fraction(2, 5),
            is_core=True,
        ),
        _at_least("deposit_sites", sites, 3, is_core=True),
        _at_most("median_usd", share(median, _usd(v)), Fraction(250), is_core=True),
        _at_least("income", share(total, _income(v)), 3, is_core=True),
    )
    return Judgement(conditions=conditions)


def st_smurf_depositors(v: View) -> Judgement:
    """Account scope, 5 d; MERCH clears it too."""
    deposits = Measure(
        aggregate="SUM",
        window=timedelta(days=5),
        has=frozenset({"IN", "CASH", "BELOW_LIMIT", "COUNTERPARTY_KNOWN"}),
        lacks=frozenset({"OWN_TRANSFER", "BANK_LEDGER", "DECLARED_RELATED"}),
    )
    depositors = v.measure(replace(deposits, aggregate="DISTINCT_COUNTERPARTIES"))
    places = v.measure(replace(deposits, aggregate="DISTINCT_PLACES"))
    multiple = share(v.measure(deposits), v.ledger.threshold(v.trigger))
    again = v.measure(replace(deposits, aggregate="REPEAT_COUNTERPARTIES", least_history=60))
    conditions = (
        _at_least("depositors", depositors, 4, is_core=True),
        _at_least("places", places, 3, is_core=True),
        _at_least("limit_multiple", multiple, Fraction(3, 2), is_core=True),
        _at_most("repeat_share", share(again, depositors), Fraction(1, 2), clears_as="MERCH"),
    )
    return Judgement(conditions=conditions)


def sc_pressed_family(v: View) -> Judgement:
    """Signal, account scope, 10 d; nothing clears it."""
    series = _to_same(timedelta(days=10))
    paid = v.measure(replace(series, aggregate="SUM"))
    count = v.measure(replace(series, aggregate="COUNT")) or 0
    rises = v.measure(replace(series, aggregate="RISES")) or 0
    ten_days = Measure(
        aggregate="COUNT", window=timedelta(days=10), has=frozenset({"IN", "LOAN"}), tests=NONE
    )
    loans = v.measure(ten_days) or 0
    helpers = v.measure(
        replace(
            ten_days,
            aggregate="DISTINCT_COUNTERPARTIES",
            has=frozenset({"IN", "TRANSFER", "COUNTERPARTY_KNOWN"}),
            lacks=frozenset({"OWN_TRANSFER", "BANK_LEDGER", "SALARY", "LOAN"}),
        )
    )
    assert helpers is not None
    usd = share(paid, _usd(v))
    conditions = (
        _pre_at_least(
            "payment", v.measure(replace(series, aggregate="IS_TRIGGER")), 1, is_core=True
        ),
        _at_least("ransom_usd", usd, 800, is_core=True),
        _at_most("within_means_usd", usd, Fraction(30_000), is_core=True),
        _first_met(v, count),
        Condition(
            name="raised",
            value=count,
            holds=count >= 2 and rises + 1 >= count,
            excess=Fraction(count - 2, 2),
            is_core=True,
        ),
        Condition(
            name="helpers",
            value=helpers,
            holds=helpers >= 3 or loans >= 1,
            excess=Fraction(helpers - 3, 3),
            is_core=True,
        ),
        _at_least("income", share(paid, _income(v)), 3),
    )
    return Judgement(conditions=conditions, link=v.name(replace(series, aggregate="TOP_PAYEE")))


def cse_pressed_payer(v: View) -> Judgement:
    """Signal, account scope, 72 h; nothing clears it."""
    burst = _to_same(timedelta(hours=72))
    paid = v.measure(replace(burst, aggregate="SUM"))
    count = v.measure(replace(burst, aggregate="COUNT")) or 0
    rises = v.measure(replace(burst, aggregate="RISES")) or 0
    first = v.measure(replace(burst, aggregate="FIRST_AMOUNT"))
    last = v.measure(replace(burst, aggregate="LAST_AMOUNT"))
    came_in = v.measure(Measure(aggregate="SUM", window=MONTH, has=frozenset({"IN"}), tests=NONE))
    is_grown = first is not None and last is not None and 10 * last >= 12 * first
    conditions = (
        _pre_at_least(
            "payment", v.measure(replace(burst, aggregate="IS_TRIGGER")), 1, is_core=True
        ),
        Condition(
            name="raised",
            value=count,
            holds=count >= 3 and rises + 1 >= count and is_grown,
            excess=Fraction(count - 3, 3),
            is_core=True,
        ),
        _at_most("first_usd", share(first, _usd(v)), Fraction(270), is_core=True),
        _at_most("extorted_usd", share(paid, _usd(v)), Fraction(1_650), is_core=True),
        _first_met(v, count),
        _share_at_least("drained_of_month", share(paid, came_in), Fraction(1, 10), is_core=True),
    )
    return Judgement(conditions=conditions, link=v.name(replace(burst, aggregate="TOP_PAYEE")))


def sc_recruit_travel(v: View) -> Judgement:
    """Account scope, 30 d."""
    ticket = frozenset({"OUT", "TRAVEL"})
    tickets = v.measure(_in(MONTH, "COUNT", ticket))
    on_a_day = v.measure(_in(MONTH, "LARGEST_DAY_COUNT", ticket))
    in_zone = v.measure(_in(MONTH, "COUNT", ticket | {"ZONE"}))
    advance = Measure(
        aggregate="COUNT",
        window=MONTH,
        has=frozenset({"OUT", "TRANSFER", "COUNTERPARTY_KNOWN"}),
        lacks=frozenset(
            {"OWN_TRANSFER", "BANK_LEDGER", "DECLARED_RELATED", "MERCHANT", "OWN_LIFE", "SALARY"}
        ),
        near=Nearby(has=ticket, within=timedelta(days=2), is_good_after=True),
    )
    advances = v.measure(advance)
    persons = v.measure(replace(advance, aggregate="DISTINCT_COUNTERPARTIES"))
    equal = v.measure(replace(advance, aggregate="BAND_COUNT", limits_usd=(20, 200)))
    again = v.measure(replace(advance, aggregate="REPEAT_COUNTERPARTIES", least_history=60))
    conditions = (
        _at_least("tickets", tickets, 6, is_core=True),
        _at_least("tickets_in_a_day", on_a_day, 3, is_core=True),
        _at_least("advanced_persons", persons, 4, is_core=True),
        _share_at_least("equal_share", share(equal, advances), Fraction(3, 5), is_core=True),
        _at_most("repeat_share", share(again, persons), Fraction(3, 10)),
    )
    return Judgement(conditions=conditions, weight=share(in_zone, tickets))


def cse_minor_account_control(v: View) -> Judgement:
    """Account scope, 30 d; nothing clears it."""
    credit = Measure(
        aggregate="SUM",
        window=MONTH,
        has=CREDIT | {"HOLDER_MINOR"},
        lacks=NOT_CREDIT - {"CARD"},
        tests=NONE,
    )
    foreign = frozenset({"OUT", "FOREIGN_DEVICE"})
    week = timedelta(days=7)
    moved_on = Nearby(has=foreign, within=week, is_good_before=False, is_good_after=True)
    followed = replace(credit, near=moved_on)
    strangers = v.measure(replace(followed, aggregate="DISTINCT_COUNTERPARTIES"))
    came_in = v.measure(followed)
    moved = Measure(aggregate="SUM", window=MONTH, has=frozenset({"OUT"}), tests=NONE)
    after_them = Nearby(has=credit.has, lacks=credit.lacks, within=week)
    passed_on = v.measure(replace(moved, has=foreign, near=after_them))
    on_foreign = v.measure(replace(moved, has=foreign))
    went_out = v.measure(moved)
    conditions = (
        _at_least("strangers", strangers, 6, is_core=True),
        _at_least("credits_usd", share(came_in, _usd(v)), 300, is_core=True),
        _share_at_least("passed_on", share(passed_on, came_in), Fraction(1, 2), is_core=True),
    )
    return Judgement(conditions=conditions, weight=share(on_foreign, went_out))


def st_third_party_payer(v: View) -> Judgement:
    """Account scope, 60 d."""
    two_months = timedelta(days=60)
    strange = frozenset({"OWN_TRANSFER", "BANK_LEDGER", "DECLARED_RELATED"})
    rent = frozenset({"OUT", "HOUSING", "COUNTERPARTY_KNOWN"})
    homes = v.measure(_in(two_months, "DISTINCT_COUNTERPARTIES", rent, lacks=strange))
    credit = frozenset({"IN", "TRANSFER", "COUNTERPARTY_KNOWN"})
    regulars = v.measure(
        _in(two_months, "REPEAT_COUNTERPARTIES", credit, lacks=strange | {"SALARY", "LOAN"})
    )
    housing = v.measure(_in(two_months, "SUM", frozenset({"OUT", "HOUSING"}))) or 0
    upkeep = v.measure(_in(two_months, "SUM", frozenset({"OUT", "UPKEEP"}))) or 0
    went_out = v.measure(_in(two_months, "SUM", frozenset({"OUT"})))
    return Judgement(
        conditions=(
            _at_least("homes", homes, 4, is_core=True),
            _at_least("regular_payers", regulars, 3, is_core=True),
        ),
        weight=share(housing + upkeep, went_out),
    )


def som_escrow_release(v: View) -> Judgement:
    """Account scope, 60 d, at a release."""
    between = Measure(
        aggregate="SUM",
        window=TWO_MONTHS,
        has=frozenset({"TRANSFER", "PRICED", "COUNTERPARTY_KNOWN"}),
        lacks=NOT_ENTRUSTED,
    )
    into = replace(between, has=between.has | {"IN"})
    out = replace(between, has=between.has | {"OUT"})
    released = v.measure(out)
    three = v.measure(replace(out, aggregate="TOP_THREE_PAYEES_SUM"))
    fees = replace(between, aggregate="HELD_PAYERS", limits_usd=(50, 20_000))
    held = v.measure(replace(fees, aggregate="HELD_SUM"))
    few = v.measure(replace(fees, aggregate="HELD_FEW_SUM"))
    conditions = (
        _pre_at_least("release", v.measure(replace(out, aggregate="IS_TRIGGER")), 1, is_core=True),
        _pre_at_least("payers_in", v.measure(_distinct(into)), 5, is_core=True),
        _pre_at_least("releases", v.measure(replace(out, aggregate="COUNT")), 5, is_core=True),
        _precondition(
            _share_at_least(
                "handed_on", share(released, v.measure(into)), Fraction(63, 100), is_core=True
            )
        ),
        _share_at_least("release_share", share(three, released), Fraction(3, 5), is_core=True),
        _at_least("held_payers", v.measure(fees), 5, is_core=True),
        _share_at_least("held_share", share(held, v.measure(into)), Fraction(7, 10), is_core=True),
        _share_at_least("few_payees_share", share(few, held), Fraction(4, 5), is_core=True),
    )
    return Judgement(conditions=conditions)


def som_organiser_split(v: View) -> Judgement:
    """Account scope, 60 d, at a payment to somebody."""
    no_tie = frozenset({"OWN_TRANSFER", "BANK_LEDGER", "DECLARED_RELATED", "MERCHANT"})
    take = _in(
        TWO_MONTHS,
        "SUM",
        frozenset({"IN", "PRICED", "COUNTERPARTY_KNOWN"}),
        lacks=no_tie | {"SALARY", "LOAN", "CARD"},
    )
    pay = _in(
        TWO_MONTHS,
        "IS_TRIGGER",
        frozenset({"OUT", "TRANSFER", "PRICED", "COUNTERPARTY_KNOWN"}),
        lacks=no_tie | {"SALARY", "LOAN", "OWN_LIFE"},
    )
    taken = v.measure(take)
    three = v.measure(replace(take, aggregate="TOP_THREE_PAYEES_SUM"))
    helpers = v.measure(replace(pay, aggregate="STEADY_COUNTERPARTIES"))
    to_steady = v.measure(replace(pay, aggregate="STEADY_SUM"))
    paid = v.measure(replace(pay, aggregate="SUM"))
    either = _in(
        TWO_MONTHS,
        "HANDED_ON_SUM",
        frozenset({"PRICED", "COUNTERPARTY_KNOWN"}),
        lacks=take.lacks | pay.lacks,
    )
    touched = v.measure(replace(either, aggregate="TOUCHED_SUM"))
    handed_on = share(v.measure(either), touched)
    conditions = (
        _pre_at_least("share", v.measure(pay), 1, is_core=True),
        _pre_at_least("paid_persons", v.measure(_distinct(pay)), 4, is_core=True),
        _share_at_least("source_share", share(three, taken), Fraction(7, 10), is_core=True),
        _at_least("taken_usd", share(taken, _usd(v)), 2_000, is_core=True),
        _at_least("helpers", helpers, 4, is_core=True),
        _share_at_least("shared", share(to_steady, three), Fraction(3, 10), is_core=True),
        _share_at_least("steady_share", share(to_steady, paid), Fraction(7, 10), is_core=True),
        _precondition(
            _share_at_least("shared_at_least", share(paid, taken), Fraction(21, 100), is_core=True)
        ),
        _precondition(
            _at_most("shared_at_most", share(paid, three), Fraction(7, 10), is_core=True)
        ),
        _precondition(_at_most("handed_on_share", handed_on, Fraction(1, 2))),
    )
    return Judgement(conditions=conditions)


def st_crypto_ramp(v: View) -> Judgement:
    """Signal, account scope, 14 d."""
    fortnight = timedelta(days=14)
    strangers = _in(fortnight, "SUM", CREDIT, lacks=NOT_CREDIT | {"CRYPTO"})
    bought = _in(fortnight, "SUM", frozenset({"OUT", "CRYPTO"}))
    soon = Nearby(has=strangers.has, lacks=strangers.lacks, within=timedelta(hours=6))
    converted = v.measure(replace(bought, near=soon))
    count = v.measure(replace(bought, near=soon, aggregate="COUNT"))
    is_fine_enough = v.ledger.world.time_precision <= timedelta(hours=3)
    part = share(converted, v.measure(strangers)) if is_fine_enough else None
    conditions = (
        _at_least("conversions", count, 3, is_core=True),
        _at_least("converted_usd", share(converted, _usd(v)), 500, is_core=True),
        _share_at_least("converted_share", part, Fraction(1, 2), is_core=True),
    )
    ramp = v.name(replace(bought, aggregate="TOP_PAYEE"))
    return Judgement(conditions=conditions, link=ramp)


def sx_circuit_lodging(v: View) -> Judgement:
    """Signal, account scope, 60 d."""
    stay = _in(TWO_MONTHS, "COUNT", frozenset({"OUT", "LODGING"}))
    located = replace(stay, has=stay.has | {"LOCATED"})
    money = Nearby(
        has=frozenset({"IN"}),
        lacks=frozenset({"OWN_TRANSFER", "BANK_LEDGER", "DECLARED_RELATED", "SALARY", "LOAN"}),
        within=timedelta(hours=24),
        is_same_region=True,
        is_good_after=True,
    )
    regions = v.measure(replace(located, aggregate="DISTINCT_REGIONS"))
    journeys = v.measure(_in(TWO_MONTHS, "COUNT", frozenset({"OUT", "TRAVEL"})))
    conditions = (
        _at_least("lodgings", v.measure(_distinct(stay)), 6, is_core=True),
        _at_least("lodging_regions", regions, 4, is_core=True),
        _at_least("coupled_stays", v.measure(replace(located, near=money)), 3, is_core=True),
        _at_least("journeys", journeys, 4, is_core=True),
    )
    payee = v.name(_in(TWO_MONTHS, "TOP_PAYEE", frozenset({"OUT", "TRANSFER"})))
    return Judgement(conditions=conditions, link=payee)


def st_hawala_cluster(v: View) -> Judgement:
    """Signal, account scope, 30 d, at a payment."""
    between = _in(
        MONTH,
        "SUM",
        frozenset({"TRANSFER", "COUNTERPARTY_KNOWN"}),
        lacks=frozenset({"OWN_TRANSFER", "BANK_LEDGER", "MERCHANT", "OWN_LIFE", "SALARY", "LOAN"}),
    )
    into = replace(between, has=between.has | {"IN"})
    out = replace(between, has=between.has | {"OUT"})
    abroad = replace(out, has=out.has | {"CROSS_BORDER"}, aggregate="TOP_THREE_PAYEES_SUM")
    payees = v.measure(_distinct(out))
    both = v.measure(replace(between, aggregate="BOTH_WAYS"))
    settled = share(v.measure(abroad), v.measure(out))
    conditions = (
        _pre_at_least("payout", v.measure(replace(out, aggregate="IS_TRIGGER")), 1, is_core=True),
        _at_least("clients", v.measure(_distinct(into)), 30, is_core=True),
        _at_least("paid_persons", payees, 30, is_core=True),
        _passed_through(v.measure(into) or 0, v.measure(out) or 0, Fraction(9, 10)),
        _at_most("both_ways_share", share(both, payees), Fraction(1, 10), is_core=True),
        _share_at_least("settled_share", settled, Fraction(1, 5), is_core=True),
    )
    return Judgement(conditions=conditions, link=v.name(replace(out, aggregate="TOP_PAYEE")))


def sx_bride_broker(v: View) -> Judgement:
    """Account scope, 180 d."""
    split = _in(
        timedelta(days=180),
        "SPLIT_LUMPS",
        frozenset({"PRICED"}),
        lacks=frozenset({"OWN_TRANSFER", "BANK_LEDGER", "DECLARED_RELATED"}),
    )
    lately = v.measure(_in(timedelta(days=45), "COUNT", frozenset({"IN", "LUMP"})))
    conditions = (
        _pre_at_least("lumps_lately", lately, 1, is_core=True),
        _whole_at("cycles", v.measure(split) or 0, 2),
    )
    return Judgement(conditions=conditions)


def cse_stream_facilitator(v: View) -> Judgement:
    """Account scope, 60 d; nothing clears it."""
    sent = Measure(
        aggregate="COUNT",
        window=TWO_MONTHS,
        has=CREDIT | {"CROSS_BORDER"},
        lacks=NOT_CREDIT | {"MERCHANT"},
        tests=NONE,
    )
    cash = Measure(
        aggregate="SUM",
        window=TWO_MONTHS,
        has=frozenset({"OUT", "CASH"}),
        near=Nearby(has=sent.has, lacks=sent.lacks, within=timedelta(hours=6)),
        tests=NONE,
    )
    countries = replace(
        sent, aggregate="DISTINCT_COUNTERPARTY_REGIONS", has=sent.has | {"COUNTERPARTY_LOCATED"}
    )
    median = v.measure(replace(sent, aggregate="MEDIAN", has=sent.has | {"PRICED"}))
    at_night = v.measure(replace(sent, has=sent.has | {"NIGHT"}))
    drawn = share(v.measure(cash), v.measure(replace(sent, aggregate="SUM")))
    of_all = share(v.measure(cash), v.measure(replace(cash, near=None)))
    precision = v.ledger.world.time_precision
    night = share(at_night, v.measure(sent)) if precision <= timedelta(hours=1) else None
    usual = share(median, _usd(v))
    conditions = (
        _at_least("senders", v.measure(_distinct(sent)), 6, is_core=True),
        _at_least("sender_countries", v.measure(countries), 3, is_core=True),
        _pre_at_least("least_median_usd", usual, 8, is_core=True),
        _at_most("median_usd", usual, Fraction(220), is_core=True),
        _share_at_least("night_share", night, Fraction(2, 5), is_core=True),
        _share_at_least(
            "cash_soon_share",
            drawn if precision <= timedelta(hours=3) else None,
            Fraction(3, 10),
            is_core=True,
        ),
        _precondition(
            _share_at_least(
                "cash_of_theirs",
                of_all if precision <= timedelta(hours=3) else None,
                Fraction(1, 5),
                is_core=True,
            )
        ),
    )
    return Judgement(conditions=conditions)


def cse_stream_payer(v: View) -> Judgement:
    """Signal, account scope, 60 d; nothing clears it."""
    sent = Measure(
        aggregate="COUNT",
        window=TWO_MONTHS,
        has=frozenset({"OUT", "CROSS_BORDER", "COUNTERPARTY_KNOWN"}),
        lacks=frozenset(
            {
                "OWN_TRANSFER",
                "BANK_LEDGER",
                "DECLARED_RELATED",
                "CARD",
                "LOAN",
                "MERCHANT",
                "OWN_LIFE",
            }
        ),
        tests=NONE,
    )
    count = v.measure(sent)
    equal = v.measure(replace(sent, aggregate="BAND_COUNT", limits_usd=(8, 220)))
    at_night = v.measure(replace(sent, has=sent.has | {"NIGHT"}))
    night = share(at_night, count) if v.ledger.world.time_precision <= timedelta(hours=1) else None
    digital = v.measure(replace(sent, has=frozenset({"OUT", "DIGITAL"}), lacks=OWN_OR_LEDGER))
    conditions = (
        _at_least("payments_abroad", count, 6, is_core=True),
        _at_least("payees_abroad", v.measure(_distinct(sent)), 3, is_core=True),
        _share_at_least("equal_share", share(equal, count), Fraction(3, 5), is_core=True),
        _share_at_least("night_share", night, Fraction(2, 5), is_core=True),
        _at_least("digital", digital, 1, is_core=True),
    )
    return Judgement(conditions=conditions, link=v.name(replace(sent, aggregate="TOP_PAYEE")))


def fl_emptied_card(v: View) -> Judgement:
    """Signal, account scope; LICENSED clears it."""
    licensed = frozenset({"LICENSED"})
    drawn = Measure(
        aggregate="SUM",
        window=timedelta(days=1),
        has=frozenset({"OUT", "CASH", "PRICED"}),
        tests=licensed,
    )
    sitting = replace(drawn, window=timedelta(minutes=10))
    week = replace(drawn, window=timedelta(days=7), has=frozenset({"IN"}))
    month = replace(week, window=MONTH)
    lived_on = v.measure(replace(month, has=frozenset({"OWN_LIFE"})))
    conditions = (
        _pre_at_least("draw", v.measure(replace(sitting, aggregate="IS_TRIGGER")), 1, is_core=True),
        _share_at_least(
            "drawn_share", share(v.measure(drawn), v.measure(week)), Fraction(3, 4), is_core=True
        ),
        _at_most("own_life_share", share(lived_on, v.measure(month)), Fraction(1, 5), is_core=True),
    )
    return Judgement(conditions=conditions, link=v.name(replace(sitting, aggregate="TOP_PLACE")))


def fl_new_account_used(v: View) -> Judgement:
    """Signal, account scope, 30 d."""
    on_device = frozenset({"OUT", "DEVICE_KNOWN"})
    sent = v.measure(_in(MONTH, "COUNT", on_device | {"NEW_ACCOUNT"}))
    device = v.measure(_in(MONTH, "TOP_DEVICE_SUM", on_device))
    payer = v.measure(_in(MONTH, "TOP_PAYEE_SUM", CREDIT))
    went_out = v.measure(_in(MONTH, "SUM", frozenset({"OUT"})))
    came_in = v.measure(_in(MONTH, "SUM", frozenset({"IN"})))
    conditions = (
        _pre_at_least("sent_when_new", sent, 3, is_core=True),
        _share_at_least("one_device_share", share(device, went_out), Fraction(7, 10), is_core=True),
        _share_at_least("one_payer_share", share(payer, came_in), Fraction(1, 2), is_core=True),
    )
    return Judgement(conditions=conditions)


DEFINITIONS: Mapping[str, Definition] = {
    "fl-new-account-used": Definition(
        judge=fl_new_account_used, scope="account", tests=COMMON_TESTS | {"SCHOOL"}
    ),
    "som-escrow-release": Definition(
        judge=som_escrow_release, scope="account", tests=COMMON_TESTS | {"ROSCA", "SCHOOL"}
    ),
    "som-organiser-split": Definition(judge=som_organiser_split, scope="account"),
    "st-crypto-ramp": Definition(judge=st_crypto_ramp, scope="account"),
    "sx-circuit-lodging": Definition(
        judge=sx_circuit_lodging, scope="account", tests=COMMON_TESTS | {"EVENT"}
    ),
    "st-hawala-cluster": Definition(judge=st_hawala_cluster, scope="account"),
    "sx-bride-broker": Definition(judge=sx_bride_broker, scope="account"),
    "cse-stream-facilitator": Definition(judge=cse_stream_facilitator, scope="account", tests=NONE),
    "cse-stream-payer": Definition(judge=cse_stream_payer, scope="account", tests=NONE),
    "fl-emptied-card": Definition(
        judge=fl_emptied_card, scope="account", tests=frozenset({"LICENSED"})
    ),
    "st-third-party-payer": Definition(
        judge=st_third_party_payer, scope="account", tests=COMMON_TESTS | {"SCHOOL"}
    ),
    "cse-minor-account-control": Definition(
        judge=cse_minor_account_control, scope="account", tests=NONE
    ),
    "cse-pressed-payer": Definition(judge=cse_pressed_payer, scope="account", tests=NONE),
    "sc-pressed-family": Definition(judge=sc_pressed_family, scope="account", tests=NONE),
    "sc-recruit-travel": Definition(
        judge=sc_recruit_travel, scope="account", tests=COMMON_TESTS | {"SCHOOL"}
    ),
    "st-smurf-depositors": Definition(
        judge=st_smurf_depositors,
        scope="account",
        tests=COMMON_TESTS | {"MERCH", "ROSCA", "SCHOOL"},
    ),
    "fl-returned-wages": Definition(
        judge=fl_returned_wages, scope="account", tests=frozenset({"LICENSED", "ROSCA"})
    ),
    "st-mule-onset": Definition(
        judge=st_mule_onset, scope="account", tests=COMMON_TESTS | {"LIVE_SELLER"}
    ),
    "st-rapid-pass": Definition(judge=st_rapid_pass, scope="account"),
    "sx-night-cash-multisite": Definition(
        judge=sx_night_cash_multisite, scope="account", tests=COMMON_TESTS | {"LIVE_SELLER"}
    ),
    "st-structuring": Definition(judge=st_structuring, scope="holder"),
    "st-funnel-geo": Definition(judge=st_funnel_geo, scope="account"),
    "som-collector-fanin": Definition(
        judge=som_collector_fanin,
        scope="account",
        tests=COMMON_TESTS | {"EVENT", "LIVE_SELLER", "ROSCA"},
    ),
    "sx-drained-account": Definition(judge=sx_drained_account, scope="account"),
    "sx-taken-earnings": Definition(judge=sx_taken_earnings, scope="account"),
}
KEYWORDS: Mapping[str, tuple[str, timedelta, frozenset[str]]] = {
    "sc-pressed-family": ("RELEASE", timedelta(days=10), frozenset({"OUT", "TRANSFER"})),
    "sx-circuit-lodging": ("LODGING", TWO_MONTHS, frozenset({"OUT"})),
    "sx-bride-broker": ("DOCUMENT", timedelta(days=45), frozenset({"OUT", "TRANSFER"})),
    "cse-stream-payer": (
        "COVER",
        TWO_MONTHS,
        frozenset({"OUT", "CROSS_BORDER", "COUNTERPARTY_KNOWN"}),
    ),
    "som-collector-fanin": ("CROSSING", timedelta(days=14), frozenset({"IN"})),
    "sc-recruit-travel": ("RECRUIT", MONTH, frozenset({"TRANSFER"})),
    "fl-returned-wages": ("DEBT", TWO_MONTHS, frozenset({"OUT", "TRANSFER"})),
}
"""What texts can name beside a finding: concept, window, and the payments looked at."""

GATHERINGS: Mapping[str, Gathering] = {
    "fl-one-atm-many-cards": Gathering(
        gathers="fl-emptied-card",
        window=timedelta(minutes=20),
        least=5,
        again=Again(
            common=Fraction(3, 5),
            apart=timedelta(days=5),
            within=timedelta(days=70),
            enough_once=8,
        ),
    ),
    "cse-sextortion-burst": Gathering(gathers="cse-pressed-payer", window=MONTH, least=3),
    "sc-family-ransom": Gathering(gathers="sc-pressed-family", window=timedelta(days=90), least=2),
    "fl-wage-recapture": Gathering(gathers="fl-returned-wages", window=timedelta(days=90), least=5),
    "sc-mule-farm": Gathering(
        gathers="st-mule-onset",
        window=timedelta(days=14),
        least=8,
        at_least={"passed_through": Fraction(95, 100)},
        at_most={"dwell": Fraction(timedelta(hours=1) // MICROSECOND)},
    ),
    "sx-earnings-taker": Gathering(gathers="sx-taken-earnings", window=MONTH, least=2),
    "sx-victim-drain": Gathering(gathers="sx-drained-account", window=MONTH, least=2),
}


def _moved_in_30_days(
    ledger: Ledger, trigger: Movement, marks: Marks, scope: Scope
) -> list[Movement]:
    return View(ledger, trigger, ALL, marks).movements(
        Measure(aggregate="SUM", window=MONTH, has=frozenset({"PRICED"}), scope=scope)
    )


def _found_at(ledger: Ledger, trigger: Movement) -> Iterator[OracleFinding]:
    marks = Marks(ledger, trigger)
    everything = View(ledger, trigger, ALL, marks)
    for typology in sorted(DEFINITIONS):
        definition = DEFINITIONS[typology]
        judgement = definition.judge(everything.told_by(definition.tests))
        if judgement.fires:
            yield _finding(ledger, trigger, typology, marks, judgement)


def _finding(
    ledger: Ledger, trigger: Movement, typology: str, marks: Marks, with_all: Judgement
) -> OracleFinding:
    """The finding at a trigger, cleared where it would not fire without what tests explain."""
    definition = DEFINITIONS[typology]
    rest = View(ledger, trigger, WITHOUT_EXPLAINED, marks, definition.tests)
    without = definition.judge(rest)
    is_cleared = not without.fires or bool(without.failing_as)
    seen = View(ledger, trigger, ALL, marks).slice(definition.scope, timedelta(days=60))
    explaining = frozenset(test for x in seen for test in marks.explaining(x, definition.scope))
    explaining &= definition.tests
    named = _named(View(ledger, trigger, ALL, marks), typology)
    return OracleFinding(
        typology=typology,
        holder=trigger.holder,
        account=trigger.account,
        trigger=trigger.order,
        is_cleared=is_cleared,
        cleared_by=explaining | with_all.failing_as | without.failing_as if is_cleared else NONE,
        strength=_lifted(with_all.strength, named),
        facts={c.name: c.value for c in with_all.conditions} | dict(with_all.told) | named,
        not_testable=frozenset(c.name for c in with_all.conditions if c.value is None),
        link=with_all.link,
    )


def _named(v: View, typology: str) -> dict[str, int]:
    """How many payments name the concept that the typology looks for; nothing if none does."""
    if typology not in KEYWORDS:
        return {}
    concept, window, among = KEYWORDS[typology]
    count = v.measure(_in(window, "COUNT", among | {f"KW_{concept}"}))
    return {f"{concept.lower()}_named": count} if count else {}


def _lifted(strength: Fraction, named: Mapping[str, int]) -> Fraction:
    """By a tenth of itself, to 1 at most."""
    return min(strength * Fraction(11, 10), Fraction(1)) if named else strength


def _gathered_by(
    world: World, typology: str, gathering: Gathering, findings: Sequence[OracleFinding]
) -> list[GatheredFinding]:
    signals = sorted(
        (f for f in findings if f.typology == gathering.gathers and _speaks(world, gathering, f)),
        key=lambda f: f.trigger,
    )
    gathered = (_gathered(world, typology, gathering, signal, signals) for signal in signals)
    return [finding for finding in gathered if finding is not None]


def _speaks(world: World, gathering: Gathering, signal: OracleFinding) -> bool:
    """Uncleared, as demanded, and of a feeder who is neither the link nor related to it."""
    if signal.is_cleared or signal.link is None or signal.link == signal.holder:
        return False
    values = {name: value for name, value in signal.facts.items() if value is not None}
    if any(values[name] < least for name, least in gathering.at_least.items() if name in values):
        return False
    if any(values[name] > most for name, most in gathering.at_most.items() if name in values):
        return False
    return not are_related(world.references.customers, signal.holder, signal.link)


def _gathered(
    world: World,
    typology: str,
    gathering: Gathering,
    at: OracleFinding,
    signals: Sequence[OracleFinding],
) -> GatheredFinding | None:
    customers = world.references.customers
    earliest = at.trigger[0] - gathering.window // MICROSECOND
    within = [
        s
        for s in signals
        if s.link == at.link and earliest < s.trigger[0] and s.trigger <= at.trigger
    ]
    feeders = tuple(dict.fromkeys(s.holder for s in within))
    households = _households(feeders, lambda one, other: are_related(customers, one, other))
    count = len(households)
    if count < gathering.least:
        return None
    again = gathering.again
    if again is not None and count < again.enough_once:
        earlier = [
            _feeders_at(signals, s, gathering.window)
            for s in signals
            if s.link == at.link
            and again.apart // MICROSECOND <= at.trigger[0] - s.trigger[0]
            and at.trigger[0] - s.trigger[0] < again.within // MICROSECOND
        ]
        now = set(feeders)
        shares = [Fraction(len(now & before), len(now | before)) for before in earlier]
        if max(shares, default=Fraction(0)) < again.common:
            return None
    strongest = [max(round(s.strength, 6) for s in within if s.holder == f) for f in feeders]
    average = sum(strongest, Fraction(0)) / len(feeders)
    return GatheredFinding(
        typology=typology,
        subject=at.link or "",
        trigger=at.trigger,
        households=count,
        feeders=feeders,
        strength=Fraction(1, 2)
        + (average + _clipped(Fraction(count - gathering.least, gathering.least))) / 4,
    )


def _feeders_at(signals: Sequence[OracleFinding], at: OracleFinding, window: timedelta) -> set[str]:
    """Who was gathered with an earlier signal."""
    earliest = at.trigger[0] - window // MICROSECOND
    return {
        s.holder
        for s in signals
        if s.link == at.link and earliest < s.trigger[0] and s.trigger <= at.trigger
    }


def _households(
    feeders: Sequence[str], are_together: Callable[[str, str], bool]
) -> list[frozenset[str]]:
    """Feeders joined where one leads to the other by declared relations."""
    households: list[frozenset[str]] = []
    for feeder in feeders:
        joined = [h for h in households if any(are_together(feeder, other) for other in h)]
        apart = [h for h in households if h not in joined]
        households = [*apart, frozenset({feeder}).union(*joined)]
    return households


def _same_way(aggregate: str, window: timedelta, has: frozenset[str]) -> Measure:
    return Measure(
        aggregate=aggregate, window=window, has=has, scope="holder", is_same_direction=True
    )


def _in(
    window: timedelta,
    aggregate: str,
    has: frozenset[str] = frozenset(),
    lacks: frozenset[str] = frozenset({"OWN_TRANSFER", "BANK_LEDGER"}),
) -> Measure:
    return Measure(aggregate=aggregate, window=window, has=has, lacks=lacks)


def _credits(
    aggregate: str, limits_usd: tuple[int, int] | None = None, least_history: int = 0
) -> Measure:
    return Measure(
        aggregate=aggregate,
        window=timedelta(days=14),
        has=CREDIT,
        lacks=NOT_CREDIT,
        limits_usd=limits_usd,
        least_history=least_history,
    )


def _distinct(measure: Measure) -> Measure:
    return replace(measure, aggregate="DISTINCT_COUNTERPARTIES")


def _zone_share(v: View, window: timedelta) -> Fraction | None:
    in_zone = v.measure(_in(window, "SUM", frozenset({"CASH", "OUT", "ZONE"})))
    return share(in_zone, v.measure(_in(window, "SUM", frozenset({"CASH", "OUT"}))))


def _income(v: View) -> int | None:
    customer = v.ledger.customer(v.trigger.holder)
    return customer.monthly_income if customer else None


def _to_same(window: timedelta) -> Measure:
    """Transfers to the trigger's counterparty, if it is a stranger who sells nothing."""
    return Measure(
        aggregate="COUNT",
        window=window,
        has=frozenset({"OUT", "TRANSFER", "PRICED", "COUNTERPARTY_KNOWN"}),
        lacks=frozenset(
            {"OWN_TRANSFER", "BANK_LEDGER", "DECLARED_RELATED", "MERCHANT", "OWN_LIFE", "LICENSED"}
        ),
        is_same_counterparty=True,
        tests=NONE,
    )


def _first_met(v: View, lately: int) -> Condition:
    """Nothing was paid to the party in 180 d before the window."""
    long = Measure(
        aggregate="COUNT",
        window=timedelta(days=180),
        has=frozenset({"OUT", "TRANSFER", "PRICED", "COUNTERPARTY_KNOWN"}),
        least_history=60,
        is_same_counterparty=True,
        tests=NONE,
    )
    ever = v.measure(long)
    if ever is None:
        return _untestable("paid_before")
    is_first = ever == lately
    return Condition(
        name="paid_before",
        value=ever - lately,
        holds=is_first,
        excess=Fraction(is_first),
        is_core=True,
    )


def _usd(v: View) -> int | None:
    return v.ledger.usd_minor(v.trigger)


def _passed_through(came_in: int, went_out: int, least: Fraction) -> Condition:
    value = share(min(came_in, went_out), max(came_in, went_out))
    return _share_at_least("passed_through", value, least, is_core=True)


def _at_least(
    name: str, value: Value, threshold: int | Fraction, is_core: bool = False
) -> Condition:
    if value is None:
        return _untestable(name, is_core)
    return Condition(
        name=name,
        value=value,
        holds=value >= threshold,
        excess=(Fraction(value) - threshold) / threshold,
        is_core=is_core,
    )


def _share_at_least(
    name: str, value: Value, threshold: Fraction, is_core: bool = False
) -> Condition:
    if value is None:
        return _untestable(name, is_core)
    return Condition(
        name=name,
        value=value,
        holds=value >= threshold,
        excess=(value - threshold) / (1 - threshold),
        is_core=is_core,
    )


def _whole_at(name: str, value: int, threshold: int) -> Condition:
    """Half of the excess at the threshold, all at twice."""
    return Condition(
        name=name,
        value=value,
        holds=value >= threshold,
        excess=Fraction(value, 2 * threshold),
        is_core=True,
    )


def _pre_at_least(name: str, value: Value, threshold: int, is_core: bool) -> Condition:
    return _precondition(_at_least(name, value, threshold, is_core))


def _precondition(condition: Condition) -> Condition:
    return replace(condition, excess=None)


def _at_most(
    name: str,
    value: Value,
    threshold: Fraction,
    is_core: bool = False,
    clears_as: str | None = None,
) -> Condition:
    if value is None:
        return _untestable(name, is_core, clears_as)
    return Condition(
        name=name,
        value=value,
        holds=value <= threshold,
        excess=(threshold - value) / threshold,
        is_core=is_core,
        clears_as=clears_as,
    )


def _dwell_at_most(v: View, dwell: int | None, longest: timedelta) -> Condition:
    """Times must be at most half as coarse as the threshold."""
    is_fine_enough = 2 * v.ledger.world.time_precision <= longest
    return _at_most("dwell", dwell if is_fine_enough else None, Fraction(longest // MICROSECOND))


def _untestable(name: str, is_core: bool = True, clears_as: str | None = None) -> Condition:
    return Condition(
        name=name, value=None, holds=False, excess=Fraction(0), is_core=is_core, clears_as=clears_as
    )


def _clipped(value: Fraction) -> Fraction:
    return min(max(value, Fraction(0)), Fraction(1))
