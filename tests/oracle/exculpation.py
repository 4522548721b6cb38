"""The exculpation tests of `docs/definitions.md`: what explains a movement, judged at a trigger."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction

from tests.oracle.movements import Ledger, Movement, OrderKey, Scope, lies_within

TESTS = (
    "PAYROLL",
    "REMIT",
    "FAMILY",
    "LICENSED",
    "MERCH",
    "ROSCA",
    "SHELTER",
    "SCHOOL",
    "EVENT",
    "LIVE_SELLER",
)
COMMON_TESTS = frozenset({"PAYROLL", "REMIT", "FAMILY", "LICENSED", "SHELTER"})
"""Those of a typology that does not say otherwise."""

LONG = timedelta(days=180)
MONTH = timedelta(days=30)
FAMILY_REACH = timedelta(days=200)
FAMILY_DAYS = 180
LEAST_HISTORY = 60
STEADY_HISTORY = 180
LARGEST_VARIATION = Fraction(35, 100)
LARGEST_REMITTANCE_USD = 500


class Marks:
    """Which tests explain a movement of the trigger's slices."""

    def __init__(self, ledger: Ledger, trigger: Movement) -> None:
        self._ledger = ledger
        self._trigger = trigger
        self._of_counterparty: dict[tuple[str, str, Scope], bool] = {}
        self._of_movement: dict[tuple[OrderKey, Scope], frozenset[str]] = {}
        self._circles: dict[Scope, list[Movement]] = {}
        self._gifts: dict[Scope, list[Movement]] = {}
        self._sales: dict[Scope, list[Movement]] = {}

    def explaining(self, x: Movement, scope: Scope) -> frozenset[str]:
        if (x.order, scope) not in self._of_movement:
            tests = (test for test in TESTS if self._explains(test, x, scope))
            self._of_movement[x.order, scope] = frozenset(tests)
        return self._of_movement[x.order, scope]

    def _explains(self, test: str, x: Movement, scope: Scope) -> bool:
        if test in ("LICENSED", "SHELTER", "SCHOOL"):
            return test in x.bits
        if test == "MERCH":
            return {"IN", "HOLDER_MERCHANT"} <= x.bits and self._is_steady(scope)
        if x.counterparty is None:
            return False
        if test == "ROSCA":
            return x in self._of_circles(scope)
        if test == "EVENT":
            return x in self._given_on_occasions(scope)
        if test == "LIVE_SELLER":
            return x in self._sold_by_day(scope)
        if test in ("PAYROLL", "REMIT") and "IN" not in x.bits:
            return False
        key = test, x.counterparty, scope
        if key not in self._of_counterparty:
            judge = {
                "PAYROLL": self._is_payroll,
                "REMIT": self._is_remit,
                "FAMILY": self._is_family,
            }
            self._of_counterparty[key] = judge[test](x.counterparty, scope)
        return self._of_counterparty[key]

    def _is_steady(self, scope: Scope) -> bool:
        """Money came in in six months of the half year."""
        if self._ledger.history_days(self._trigger) < STEADY_HISTORY:
            return False
        return len({x.local_month for x in self._slice(scope, LONG) if "IN" in x.bits}) >= 6

    def _is_payroll(self, counterparty: str, scope: Scope) -> bool:
        credits = self._credits(counterparty, scope)
        values = [x.amount for x in credits if x.amount is not None]
        is_regular = _comes_monthly(credits, and_once_more=True)
        if self._is_too_early() or not is_regular or len(values) < len(credits):
            return False
        total = sum(values)
        return len(values) * sum(a * a for a in values) <= (1 + LARGEST_VARIATION**2) * total**2

    def _is_remit(self, counterparty: str, scope: Scope) -> bool:
        credits = self._credits(counterparty, scope)
        values = [x.amount for x in credits if x.amount is not None]
        usd = self._ledger.usd_minor(self._trigger)
        if self._is_too_early() or usd is None or len(values) < len(credits):
            return False
        if not _comes_monthly(credits) or max(values) > LARGEST_REMITTANCE_USD * usd:
            return False
        return self._is_spent_here(scope)

    def _is_spent_here(self, scope: Scope) -> bool:
        month = [
            x
            for x in self._slice(scope, MONTH)
            if not {"OWN_TRANSFER", "BANK_LEDGER"} & x.bits and x.amount is not None
        ]
        sent_on = sum(
            x.amount or 0
            for x in month
            if {"OUT", "TRANSFER"} <= x.bits and "DECLARED_RELATED" not in x.bits
        )
        came_in = sum(x.amount or 0 for x in month if "IN" in x.bits)
        return 2 * sent_on <= came_in

    def _is_family(self, counterparty: str, scope: Scope) -> bool:
        if self._ledger.are_related(self._trigger.holder, counterparty):
            return True
        between = [x for x in self._slice(scope, FAMILY_REACH) if x.counterparty == counterparty]
        both_ways = {x.order[3] for x in between} == {0, 1}
        return both_ways and self._trigger.local_day - between[0].local_day >= FAMILY_DAYS

    def _of_circles(self, scope: Scope) -> list[Movement]:
        """The movements of every circle of savers."""
        if scope not in self._circles:
            shared = [x for x in self._slice(scope, LONG) if _may_be_a_share(x)]
            shares = {x.amount for x in shared} if not self._is_too_early() else set()
            circles = [_circle([x for x in shared if x.amount == share]) for share in shares]
            self._circles[scope] = [x for circle in circles for x in circle]
        return self._circles[scope]

    def _given_on_occasions(self, scope: Scope) -> list[Movement]:
        """Gifts of feasts and festivals, none if gifts are passed on."""
        if scope not in self._gifts:
            self._gifts[scope] = [] if self._is_too_early() else self._explained_gifts(scope)
        return self._gifts[scope]

    def _explained_gifts(self, scope: Scope) -> list[Movement]:
        usd, today = self._ledger.usd_minor(self._trigger), self._trigger.local_day
        if not usd:
            return []
        movements = self._slice(scope, LONG)
        gifts = [x for x in movements if _may_be_a_gift(x, 50 * usd)]
        lately = [x for x in gifts if x.local_day > today - 30]
        given = sum(x.amount or 0 for x in lately)
        passed, usual = (
            sum(
                x.amount or 0
                for x in movements
                if until - 30 < x.local_day <= until and _is_passing_on(x)
            )
            for until in (today, today - 30)
        )
        feasts = [end for end in range(today - 29, today + 1) if _is_feast(gifts, end)]
        if 2 * (passed - usual) > given:
            feasts = []
        return [
            x
            for x in lately
            if ("FESTIVAL" in x.bits and 2 * passed <= given)
            or any(end - 5 < x.local_day <= end for end in feasts)
        ]

    def _sold_by_day(self, scope: Scope) -> list[Movement]:
        """Sales by day of one who sells live."""
        if scope not in self._sales:
            self._sales[scope] = [] if self._is_too_early() else self._explained_sales(scope)
        return self._sales[scope]

    def _explained_sales(self, scope: Scope) -> list[Movement]:
        usd, today = self._ledger.usd_minor(self._trigger), self._trigger.local_day
        if not usd:
            return []
        season = [x for x in self._slice(scope, LONG) if x.local_day > today - 60 and x.amount]
        sales = [x for x in season if _may_be_a_sale(x, 50 * usd)]
        by_day = [x for x in sales if "DAYTIME" in x.bits]
        days = [x.local_day for x in by_day]
        couriers = {x.local_day for x in season if "COURIER" in x.bits}
        supplies = [x for x in season if "SUPPLIES" in x.bits]
        costs = sum(x.amount or 0 for x in season if {"COURIER", "SUPPLIES"} & x.bits)
        is_trade = (
            len({x.counterparty for x in by_day}) >= 20
            and max(days) - min(days) >= 28
            and 3 * (len(sales) - len(by_day)) <= len(by_day)
            and len(couriers) >= 3
            and bool(supplies)
            and 5 * costs >= sum(x.amount or 0 for x in by_day)
        )
        return by_day if is_trade else []

    def _credits(self, counterparty: str, scope: Scope) -> list[Movement]:
        return [
            x for x in self._slice(scope, LONG) if "IN" in x.bits and x.counterparty == counterparty
        ]

    def _slice(self, scope: Scope, window: timedelta) -> list[Movement]:
        counting = self._ledger.counting(self._trigger, scope)
        return [x for x in counting if lies_within(x, self._trigger, window)]

    def _is_too_early(self) -> bool:
        return self._ledger.history_days(self._trigger) < LEAST_HISTORY


def _comes_monthly(credits: Sequence[Movement], *, and_once_more: bool = False) -> bool:
    """Twice a month at most; `and_once_more`: every fortnight, so three times in one of them."""
    months = {x.local_month for x in credits}
    return len(months) >= 3 and len(credits) <= 2 * len(months) + and_once_more


def _may_be_a_share(x: Movement) -> bool:
    not_shared = {"OWN_TRANSFER", "BANK_LEDGER", "OWN_LIFE", "MERCHANT", "SALARY", "LOAN"}
    is_handed = bool({"TRANSFER", "CASH"} & x.bits) and not not_shared & x.bits
    return is_handed and x.counterparty is not None and bool(x.amount)


def _circle(equal: Sequence[Movement]) -> list[Movement]:
    """Of movements of one amount those between the holder and the savers of a circle."""
    came = Counter(x.counterparty for x in equal if "IN" in x.bits)
    went = Counter(x.counterparty for x in equal if "OUT" in x.bits)
    parties = came.keys() | went.keys()
    in_turn = [party for party in came if went[party]]
    outsiders = parties - came.keys()
    of_savers = [x for x in equal if x.counterparty in came]
    paid = {(x.local_day, x.counterparty) for x in of_savers if "OUT" in x.bits}
    is_one_paid_a_day = len({day for day, _ in paid}) == len(paid)
    if any(abs(came[party] - went[party]) > 1 for party in parties):
        return []
    if len(in_turn) < 3 or 2 * len(outsiders) > len(in_turn) or not is_one_paid_a_day:
        return []
    credits = [x for x in of_savers if "IN" in x.bits]
    rounds = (
        {x.counterparty for x in credits if last - 7 < x.local_day <= last}
        for last in {x.local_day for x in credits}
    )
    return of_savers if any(len(together) >= 3 for together in rounds) else []


def _may_be_a_gift(x: Movement, largest: int) -> bool:
    not_given = {"OWN_TRANSFER", "BANK_LEDGER", "SALARY", "LOAN", "HOLDER_MERCHANT"}
    is_received = {"IN", "TRANSFER"} <= x.bits and not not_given & x.bits
    is_small = x.amount is not None and 0 < x.amount <= largest
    return is_received and is_small and x.counterparty is not None


def _is_passing_on(x: Movement) -> bool:
    if "OUT" not in x.bits or {"OWN_TRANSFER", "BANK_LEDGER"} & x.bits:
        return False
    is_sent = "TRANSFER" in x.bits and not {"DECLARED_RELATED", "OWN_LIFE", "MERCHANT"} & x.bits
    return is_sent or ({"CASH", "ZONE"} <= x.bits and "AT_HOME" not in x.bits)


def _is_feast(gifts: Sequence[Movement], end: int) -> bool:
    """Five days with ten givers or more who give once, and few givers in the month before."""
    given = [x for x in gifts if end - 5 < x.local_day <= end]
    givers = {x.counterparty for x in given}
    before = {x.counterparty for x in gifts if end - 35 < x.local_day <= end - 5}
    is_once_each = 2 * len(given) <= 3 * len(givers)
    return len(givers) >= 10 and is_once_each and 2 * len(before) < len(givers)


def _may_be_a_sale(x: Movement, largest: int) -> bool:
    not_sold = {
        "OWN_TRANSFER",
        "BANK_LEDGER",
        "SALARY",
        "LOAN",
        "CROSS_BORDER",
        "DECLARED_RELATED",
    }
    is_received = "IN" in x.bits and {"TRANSFER", "CARD"} & x.bits and not not_sold & x.bits
    return bool(is_received) and x.counterparty is not None and 0 < (x.amount or 0) <= largest
