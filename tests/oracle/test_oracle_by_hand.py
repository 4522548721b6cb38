"""The oracle against numbers worked out on paper from the typology catalogue's examples."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from ingest.reference import Account, Customer, Licence, Place, References
from tests.oracle import movements, oracle
from tests.oracle.measures import Lot, dwell_median, fifo_lots, most_in_two_bands
from tests.oracle.movements import Ledger, Transaction, World

START = datetime(2025, 3, 3, tzinfo=UTC)
T = 1_000_000
"""The reporting threshold of these examples: 10,000 dollars in cents."""

HOME, FIRST, SECOND, THIRD, FAR = "FX-HOME", "FX-1", "FX-2", "FX-3", "FX-FAR"
PLACES = {
    "P-HOME": Place(place_id="P-HOME", region=HOME, lat=10.0, lon=100.0),
    "P-1": Place(place_id="P-1", region=FIRST, lat=10.0, lon=101.0),
    "P-2": Place(place_id="P-2", region=SECOND, lat=10.5, lon=101.0),
    "P-3": Place(place_id="P-3", region=THIRD, lat=10.0, lon=101.5),
    "P-FAR": Place(place_id="P-FAR", region=FAR, lat=14.0, lon=104.0, border_km=12.0),
}


def reference(number: int) -> str:
    return f"TX-FICT-{number:04d}"


def world(
    transactions: Sequence[Transaction],
    *,
    customers: Sequence[Customer] = (),
    accounts: Sequence[Account] = (),
    licences: Sequence[Licence] = (),
    history_days: int = 0,
) -> World:
    return World(
        transactions=tuple(replace(t, reference=reference(i)) for i, t in enumerate(transactions)),
        references=References(
            customers={c.party_id: c for c in customers},
            accounts={a.account_id: (a,) for a in accounts},
            places=PLACES,
            licences={licence.holder: (licence,) for licence in licences},
        ),
        usd_minor=lambda _: 100,
        threshold=lambda _: T,
        own_life_mcc=frozenset({"5411"}),
        history_start=START - timedelta(days=history_days),
    )


def cash_in(
    day: float, amount: int, *, account: str = "A-FICT-0001", place: str | None = None
) -> Transaction:
    return Transaction(
        reference="",
        event_time=START + timedelta(days=day),
        txn_type="CASH_DEPOSIT",
        amount_base=amount,
        is_cash=True,
        benef_account_id=account,
        place_id=place,
    )


def cash_out(day: float, amount: int, *, place: str | None = None) -> Transaction:
    return Transaction(
        reference="",
        event_time=START + timedelta(days=day),
        txn_type="CASH_WITHDRAWAL",
        amount_base=amount,
        is_cash=True,
        orig_account_id="A-FICT-0001",
        place_id=place,
    )


def transfer(
    day: float, amount: int, source: str, target: str, region: str | None = None
) -> Transaction:
    return Transaction(
        reference="",
        event_time=START + timedelta(days=day),
        txn_type="TRANSFER",
        amount_base=amount,
        orig_account_id=source,
        orig_region=region,
        benef_account_id=target,
    )


def only(found: Sequence[oracle.OracleFinding], typology: str) -> list[oracle.OracleFinding]:
    return [f for f in found if f.typology == typology]


def test_three_deposits_at_nine_tenths_of_the_threshold_are_structuring() -> None:
    deposits = [cash_in(day, 900_000) for day in (0, 1, 2)]

    (finding,) = oracle.find(world(deposits))

    # Near sum 2.7 T against 1.2 T: excess 1.25, clipped to 1; near 3 over 0: excess 1.
    assert finding.typology == "st-structuring"
    assert finding.strength == 1
    assert finding.facts["near_pattern"] == Fraction(27, 10)


def test_two_deposits_on_one_day_are_structuring_and_on_two_days_are_not() -> None:
    one_day = oracle.find(world([cash_in(0, 800_000), cash_in(0.2, 800_000)]))
    two_days = oracle.find(world([cash_in(0, 800_000), cash_in(1, 800_000)]))

    # 1.6 T against 1.2 T: excess 1/3; the mean with 1 is 2/3.
    assert [f.strength for f in one_day] == [Fraction(2, 3)]
    assert two_days == []


def test_two_deposits_over_the_threshold_in_half_a_year_need_sixteen_below() -> None:
    below = [cash_in(100 + day, 900_000) for day in range(16)]

    one = oracle.find(world([cash_in(0, 1_100_000), *below[:3]]))
    two = oracle.find(world([*(cash_in(day, 1_100_000) for day in (0, 5)), *below]))

    assert [f.facts["past_excess_mass"] for f in one] == [3]
    assert [f.facts["past_excess_mass"] for f in two] == [8]


def test_one_deposit_over_the_threshold_needs_four_below_it() -> None:
    three = [cash_in(day, 900_000) for day in (0, 1, 2)]

    found = oracle.find(world([*three, cash_in(2.5, 1_100_000), cash_in(3, 900_000)]))

    # At the fourth deposit below, 4 >= 4 x 1 holds with nothing to spare.
    assert [f.trigger[0] for f in found] == [
        movements.microseconds(START + timedelta(days=day)) for day in (2, 3)
    ]
    assert found[1].strength == Fraction(1, 2)


def test_a_week_is_open_at_its_old_end() -> None:
    deposits = [cash_in(day, 900_000) for day in (0, 1, 7)]

    found = oracle.find(world(deposits))
    inside = oracle.find(world([*deposits[:2], cash_in(6.999, 900_000)]))

    assert found == []
    assert len(inside) == 1


def test_cash_paid_in_at_three_towns_and_drawn_far_away_is_a_funnel() -> None:
    deposits = [
        cash_in(0, 100_000, place="P-1"),
        cash_in(0.5, 100_000, place="P-2"),
        cash_in(1, 100_000, place="P-3"),
    ]
    drawn = [cash_out(2, 240_000, place="P-FAR"), cash_out(2.1, 60_000, place="P-1")]
    holder = Customer(party_id="C-FICT-0001", home_region=HOME, monthly_income=50_000)
    account = Account(account_id="A-FICT-0001", holder="C-FICT-0001")

    found = oracle.find(world([*deposits, *drawn], customers=[holder], accounts=[account]))

    # After the first withdrawal: regions 3 (excess 0), deposits USD 3,000 (1), far 1 (1), dwell:
    # lots 100 at 2 d, 100 at 1.5 d, 40 at 1 d, half of 240 reached at 1.5 d (excess 1/4),
    # income 6 (1): mean 13/20.
    # All cash drawn lies in the zone: + 0.2 x (7/20).
    first, second = only(found, "st-funnel-geo")
    assert first.strength == Fraction(13, 20) + Fraction(1, 5) * Fraction(7, 20)
    assert first.facts["dwell"] == timedelta(days=1.5) // timedelta(microseconds=1)
    assert second.facts["far_share"] == Fraction(4, 5)


def test_cash_paid_in_at_home_makes_no_funnel() -> None:
    deposits = [cash_in(0, 100_000, place=p) for p in ("P-1", "P-2", "P-HOME")]
    holder = Customer(party_id="C-FICT-0001", home_region=HOME)
    account = Account(account_id="A-FICT-0001", holder="C-FICT-0001")

    found = oracle.find(
        world(
            [*deposits, cash_out(1, 300_000, place="P-FAR")],
            customers=[holder],
            accounts=[account],
        )
    )

    assert only(found, "st-funnel-geo") == []


def ten_payers(amount: int = 15_000) -> list[Transaction]:
    return [
        transfer(i / 10, amount, f"X-FICT-{i:04d}", "A-FICT-0001", f"FX-{i % 4}") for i in range(10)
    ]


def test_ten_strangers_of_four_regions_paying_one_price_are_a_collector() -> None:
    found = oracle.find(world([*ten_payers(), cash_out(1, 150_000)], history_days=60))

    # At the tenth payment nothing has passed on: 0 of 150,000 within 48 h, so it fires after.
    # payers 0, band share 1, regions 0, passed 1, trade costs 1, repeat 1: mean 2/3.
    (finding,) = only(found, "som-collector-fanin")
    assert finding.strength == Fraction(2, 3)
    assert not finding.is_cleared


def test_payers_who_came_before_clear_a_collector_as_a_remittance_agent() -> None:
    earlier = [
        transfer(-days, 15_000, f"X-FICT-{i:04d}", "A-FICT-0001", f"FX-{i % 4}")
        for i in range(2)
        for days in (40, 45)
    ]

    found = oracle.find(world([*earlier, *ten_payers(), cash_out(1, 150_000)], history_days=70))

    # Two of ten payers have paid three times, in two months: 0.20 > 0.15, and no wage.
    (finding,) = only(found, "som-collector-fanin")
    assert finding.facts["repeat_share"] == Fraction(1, 5)
    assert finding.cleared_by == {"REMIT"}
    assert finding.strength == Fraction(1, 2)


def test_below_sixty_days_repeat_payers_are_not_testable() -> None:
    found = oracle.find(world([*ten_payers(), cash_out(1, 150_000)], history_days=58))

    (finding,) = only(found, "som-collector-fanin")
    assert finding.not_testable == {"repeat_share"}
    assert finding.strength == Fraction(3, 5)


def drained(account: str, receiver: str, *, at: float = 0, kept: int = 0) -> list[Transaction]:
    """Five credits, of which two and then three are sent on, each time within hours."""
    paid_in = [
        transfer(at + (i > 1) + i / 100, 10_000, f"X-FICT-{i:04d}", account) for i in range(5)
    ]
    sent_on = (
        transfer(at + 0.1, 20_000, account, receiver),
        transfer(at + 1.1, 30_000 - kept, account, receiver),
    )
    return [*paid_in, *sent_on]


def test_an_account_emptied_within_hours_is_a_signal() -> None:
    (signal,) = oracle.find(world(drained("A-FICT-0001", "R-FICT-0001", kept=2_500)))

    # credits 0, passed 0.95 (2/3), top payee 1, own life 0 (1), dwell: 7,500 of the fifth lot
    # at 0.06 d, then 0.07, 0.08 d: half of 47,500 at 0.08 d of 0.5 d (21/25): mean 263/375.
    assert signal.typology == "sx-drained-account"
    assert signal.link == "R-FICT-0001"
    assert signal.facts["passed_through"] == Fraction(19, 20)
    assert signal.strength == Fraction(0 + Fraction(2, 3) + 1 + 1 + Fraction(21, 25), 5)


@pytest.mark.parametrize(("first", "is_signal"), [(26_000, True), (30_000, True), (30_001, False)])
def test_what_leaves_on_one_day_is_a_purchase(first: int, is_signal: bool) -> None:
    paid_in = [transfer(i / 100, 10_000, f"X-FICT-{i:04d}", "A-FICT-0001") for i in range(5)]
    sent_on = [
        transfer(0.1, first, "A-FICT-0001", "R-FICT-0001"),
        transfer(1.1, 50_000 - first, "A-FICT-0001", "R-FICT-0001"),
    ]

    found = oracle.find(world([*paid_in, *sent_on]))

    # 30,000 of 50,000 is 0.6, what a single day may carry.
    assert bool(only(found, "sx-drained-account")) == is_signal


def taken_daily(
    account: str, receiver: str, *, days: int = 6, rest: float = 0.1
) -> list[Transaction]:
    """Of 100 that a stranger pays each day, half is sent on after a while."""
    return [
        row
        for day in range(days)
        for row in (
            transfer(day, 10_000, f"X-FICT-{day:04d}", account),
            transfer(day + rest, 5_000, account, receiver),
        )
    ]


@pytest.mark.parametrize("rest", [0.1, 0.99])
def test_what_strangers_pay_and_one_party_takes_is_a_signal(rest: float) -> None:
    found = oracle.find(world(taken_daily("A-FICT-0001", "R-FICT-0001", rest=rest)))

    # credits 6 of 5 (1/5), days 6 (0), taken half of 0.4 or more (1/6), all that is taken and all
    # that the party gets (1 each): mean 71/150.
    (signal,) = only(found, "sx-taken-earnings")
    assert signal.link == "R-FICT-0001"
    assert signal.facts["earnings_taken_share"] == Fraction(1, 2)
    assert signal.strength == Fraction(71, 150)


def test_five_days_a_month_or_rested_for_more_than_a_day_is_no_taking() -> None:
    weekly = taken_daily("A-FICT-0001", "R-FICT-0001", days=5)
    saved = [transfer(2 * row, 10_000, f"X-FICT-{row:04d}", "A-FICT-0002") for row in range(6)] + [
        transfer(2 * row + 1.1, 10_000, "A-FICT-0002", "R-FICT-0001") for row in range(6)
    ]

    assert not only(oracle.find(world([*weekly, *saved])), "sx-taken-earnings")


def test_two_unrelated_drained_accounts_make_a_victim_drain() -> None:
    rows = [
        *drained("A-FICT-0001", "R-FICT-0001"),
        *drained("A-FICT-0002", "R-FICT-0001", at=3),
    ]
    here = world(rows)

    (gathered,) = oracle.gather(here, oracle.find(here))

    # Both signals: credits 0, the others 1, 1, 1 and dwell 0.84: mean 0.768; 2 feeders add 0.
    # That two independent persons meet is half of it.
    assert gathered.subject == "R-FICT-0001"
    assert gathered.feeders == ("A-FICT-0001", "A-FICT-0002")
    assert gathered.strength == Fraction(1, 2) + Fraction(768, 1000) / 4


def test_a_couple_counts_as_one_household() -> None:
    rows = [
        *drained("A-FICT-0001", "R-FICT-0001"),
        *drained("A-FICT-0002", "R-FICT-0001", at=3),
    ]
    couple = [
        Customer(party_id="C-FICT-0001", related=("C-FICT-0002",)),
        Customer(party_id="C-FICT-0002"),
    ]
    accounts = [Account(account_id=f"A-FICT-000{i}", holder=f"C-FICT-000{i}") for i in (1, 2)]
    here = world(rows, customers=couple, accounts=accounts)

    found = oracle.find(here)

    assert len(only(found, "sx-drained-account")) == 2
    assert oracle.gather(here, found) == []


def test_a_return_cancels_from_its_own_time_on() -> None:
    deposits = [cash_in(day, 900_000) for day in (0, 1, 2, 3)]
    back = replace(cash_out(2.5, 900_000), reversal_of=reference(0))

    found = oracle.find(world([*deposits, back]))
    at_days = [(f.trigger[0] - movements.microseconds(START)) / 86_400e6 for f in found]

    # Until day 2 three deposits count; after the return only days 1, 2, then 1, 2, 3 do.
    assert at_days == [2, 3]
    assert found[0].facts["near_pattern"] == found[1].facts["near_pattern"] == Fraction(27, 10)


def test_a_licensed_agent_is_cleared() -> None:
    here = world(
        [*ten_payers(), cash_out(1, 150_000)],
        licences=[Licence(holder="A-FICT-0001", kind="MVTS")],
    )

    (finding,) = only(oracle.find(here), "som-collector-fanin")

    assert finding.is_cleared
    assert finding.cleared_by == {"LICENSED"}


def test_wages_of_three_months_are_explained_and_swinging_sums_are_not() -> None:
    steady = [transfer(-30 * i, 100_000, "X-FICT-0001", "A-FICT-0001") for i in (2, 1, 0)]
    swinging = [
        transfer(-30 * i, amount, "X-FICT-0002", "A-FICT-0001")
        for i, amount in ((2, 40_000), (1, 100_000), (0, 160_000))
    ]
    ledger = Ledger(world([*steady, *swinging], history_days=70))
    (last,) = [
        m for m in ledger.movements if m.account == "A-FICT-0001" and m.reference == reference(5)
    ]

    explains = oracle.explained(ledger, last)

    # Swinging: n sum(a^2) = 3 x 37,200 = 111,600 against 1.1225 x 90,000 = 101,025 (millions).
    # Of the steady wages only the last lies within 30 days.
    assert explains["PAYROLL"] == 100_000


SAVERS = tuple(f"X-FICT-01{i:02d}" for i in range(4))


def circle(*, turns: Sequence[int] = (7, 14, 21), share: int = 5_000) -> list[Transaction]:
    """Four savers pay one sum in two days; each turn another of them is paid it."""
    return [
        *(transfer(i / 2, 5_000, saver, "A-FICT-0001") for i, saver in enumerate(SAVERS)),
        *(
            transfer(day, share, "A-FICT-0001", saver)
            for day, saver in zip(turns, SAVERS, strict=False)
        ),
    ]


@pytest.mark.parametrize(
    ("rows", "sum_explained"),
    [
        (circle(), 4 * 5_000 + 3 * 5_000),
        (circle(turns=(7, 14)), 0),
        (circle(turns=(7, 14, 14)), 0),
        (circle(share=5_001), 0),
        ([*circle(), transfer(8, 5_000, "A-FICT-0001", "X-FICT-0900")], 4 * 5_000 + 3 * 5_000),
        ([*circle(), *(transfer(8 + i, 5_000, "A-FICT-0001", "X-FICT-0900") for i in (0, 1))], 0),
        ([*circle(), *(transfer(8, 5_000, "A-FICT-0001", f"X-FICT-090{i}") for i in (0, 1))], 0),
        ([*circle(), *(transfer(8 + i, 5_000, SAVERS[3], "A-FICT-0001") for i in (0, 1))], 0),
    ],
    ids=[
        "three of four were paid in turn",
        "two are a coincidence",
        "two on one day are no turns",
        "another sum",
        "one outsider among three",
        "who is paid twice and never pays is served",
        "two outsiders among three",
        "one who pays three times and is never paid",
    ],
)
def test_a_circle_of_savers_is_explained_and_what_only_resembles_one_is_not(
    rows: list[Transaction], sum_explained: int
) -> None:
    ledger = Ledger(world(rows, history_days=70))
    last = max((m for m in ledger.movements if m.account == "A-FICT-0001"), key=lambda m: m.order)

    assert oracle.explained(ledger, last)["ROSCA"] == sum_explained


@pytest.mark.parametrize(
    ("holder", "kind", "sum_explained"),
    [
        ("A-FICT-0001", "NGO", 300 + 200),
        ("A-FICT-0001", "EMBASSY", 300 + 200),
        ("X-FICT-0001", "INTERNATIONAL", 300),
        ("X-FICT-0001", "MVTS", 0),
        ("X-FICT-0002", "NGO", 0),
    ],
    ids=[
        "a registered house",
        "an embassy's own account",
        "help that comes from a registered body",
        "a licence is no shelter",
        "what is paid to a registered body",
    ],
)
def test_a_shelter_is_known_by_the_register_and_by_what_it_gives(
    holder: str, kind: str, sum_explained: int
) -> None:
    rows = [
        transfer(0, 300, "X-FICT-0001", "A-FICT-0001"),
        transfer(1, 200, "A-FICT-0001", "X-FICT-0002"),
    ]
    ledger = Ledger(world(rows, licences=[Licence(holder=holder, kind=kind)]))
    last = max((m for m in ledger.movements if m.account == "A-FICT-0001"), key=lambda m: m.order)

    assert oracle.explained(ledger, last)["SHELTER"] == sum_explained


@pytest.mark.parametrize(
    ("licences", "mcc", "purpose", "sum_explained"),
    [
        ([Licence(holder="X-FICT-0002", kind="SCHOOL")], None, None, 200),
        ([Licence(holder="A-FICT-0001", kind="SCHOOL")], None, None, 300 + 200),
        ([], "8220", None, 200),
        ([], "8299", None, 0),
        ([], None, "EDUC", 0),
        ([Licence(holder="X-FICT-0002", kind="NGO")], None, "STDY", 0),
    ],
    ids=[
        "fees to a registered school",
        "a registered school's own account",
        "a university as merchant",
        "a merchant that teaches anything",
        "what the payer says it is for",
        "an association that is no school",
    ],
)
def test_a_school_is_known_by_register_or_merchant_and_not_by_what_the_payer_says(
    licences: list[Licence], mcc: str | None, purpose: str | None, sum_explained: int
) -> None:
    came = transfer(0, 300, "X-FICT-0001", "A-FICT-0001")
    paid = replace(transfer(1, 200, "A-FICT-0001", "X-FICT-0002"), mcc=mcc, purpose_code=purpose)
    ledger = Ledger(world([came, paid], licences=licences))
    last = max((m for m in ledger.movements if m.account == "A-FICT-0001"), key=lambda m: m.order)

    assert oracle.explained(ledger, last)["SCHOOL"] == sum_explained


def gifts(
    count: int = 10, *, amount: int = 2_000, day: float = 0, who: int = 200
) -> list[Transaction]:
    return [
        transfer(day + i % 4, amount, f"X-FICT-0{who + i}", "A-FICT-0001") for i in range(count)
    ]


@pytest.mark.parametrize(
    ("rows", "sum_explained"),
    [
        (gifts(), 10 * 2_000),
        (gifts(9), 0),
        (gifts(amount=5_000), 10 * 5_000),
        (gifts(amount=5_001), 0),
        ([*gifts(), *gifts(5)], 15 * 2_000),
        ([*gifts(), *gifts(6)], 0),
        ([*gifts(), *gifts(4, day=-20, who=300)], 10 * 2_000),
        ([*gifts(), *gifts(5, day=-20, who=300)], 0),
        ([*gifts(), transfer(5, 10_000, "A-FICT-0001", "X-FICT-0900")], 10 * 2_000),
        ([*gifts(), transfer(5, 10_001, "A-FICT-0001", "X-FICT-0900")], 0),
        (
            [
                transfer(-25, 9_000, "A-FICT-0001", "X-FICT-0900"),
                *gifts(),
                transfer(5, 19_000, "A-FICT-0001", "X-FICT-0900"),
            ],
            10 * 2_000,
        ),
        (
            [
                transfer(-25, 9_000, "A-FICT-0001", "X-FICT-0900"),
                *gifts(),
                transfer(5, 19_001, "A-FICT-0001", "X-FICT-0900"),
            ],
            0,
        ),
        ([*gifts(), cash_out(5, 20_000, place="P-1")], 10 * 2_000),
        ([*gifts(), cash_out(5, 10_001, place="P-FAR")], 0),
    ],
    ids=[
        "ten guests",
        "nine guests are a party",
        "fifty dollars each",
        "more than a gift",
        "some give twice",
        "buyers come again",
        "few others in the month before",
        "a stream of payers before",
        "half of it sent on",
        "more than half sent on",
        "half of it more than the month before",
        "more than half of it more than the month before",
        "drawn for the feast",
        "drawn at the border",
    ],
)
def test_gifts_of_a_feast_are_explained_and_fees_and_takings_are_not(
    rows: list[Transaction], sum_explained: int
) -> None:
    ledger = Ledger(world(rows, history_days=90))
    last = max((m for m in ledger.movements if m.account == "A-FICT-0001"), key=lambda m: m.order)

    assert oracle.explained(ledger, last)["EVENT"] == sum_explained


def test_at_a_festival_one_gift_is_enough_and_a_merchant_gets_none() -> None:
    new_year = START.date()
    given = [transfer(3, 2_000, "X-FICT-0200", "A-FICT-0001")]
    shop = Customer(party_id="C-FICT-0001", is_merchant=True)
    held = Account(account_id="A-FICT-0001", holder="C-FICT-0001")
    person, merchant = (
        Ledger(replace(each, festivals=((new_year, new_year),)))
        for each in (
            world(given, history_days=90),
            world(given, history_days=90, customers=[shop], accounts=[held]),
        )
    )

    sums = [
        oracle.explained(each, max(each.movements, key=lambda m: m.order))["EVENT"]
        for each in (person, merchant)
    ]

    assert sums == [2_000, 0]


def bought(day: float, amount: int, mcc: str) -> Transaction:
    paid = transfer(day, amount, "A-FICT-0001", "X-FICT-0900")
    return replace(paid, txn_type="CARD_PURCHASE", mcc=mcc)


COSTS = [*(bought(day, 500, "4215") for day in (0.5, 9.5, 20.5)), bought(1, 6_500, "5199")]
"""Couriers and goods for 8,000: a fifth of twenty sales of 2,000."""


def sales(
    count: int = 20, *, amount: int = 2_000, over: int = 28, hour: float = 10
) -> list[Transaction]:
    return [
        transfer(over * i // (count - 1) + hour / 24, amount, f"X-FICT-0{200 + i}", "A-FICT-0001")
        for i in range(count)
    ]


@pytest.mark.parametrize(
    ("rows", "is_explained"),
    [
        ([*sales(), *COSTS], True),
        ([*sales(19), *COSTS], False),
        ([*sales(over=27), *COSTS], False),
        ([*sales(hour=23), *COSTS], False),
        ([*sales(), *sales(6, hour=23), *COSTS], True),
        ([*sales(), *sales(7, hour=23), *COSTS], False),
        ([*sales(amount=2_001), *COSTS], False),
        ([*sales(amount=5_001), *COSTS, bought(2, 90_000, "5199")], False),
        ([*sales(), *COSTS[1:], bought(2, 1_000, "5199")], False),
        ([*sales(), *COSTS[:3], bought(2, 6_500, "4215")], False),
        ([*sales(), *COSTS[:3], transfer(2, 30_000, "A-FICT-0001", "X-FICT-0900")], False),
    ],
    ids=[
        "a seller of four weeks",
        "nineteen buyers",
        "not yet four weeks",
        "all by night",
        "some late buyers",
        "many late buyers",
        "costs of less than a fifth",
        "sums too large for a basket",
        "couriers on two days",
        "couriers but no goods",
        "all handed to one party, as a victim's is",
    ],
)
def test_takings_of_a_live_seller_are_explained_and_a_drained_account_is_not(
    rows: list[Transaction], is_explained: bool
) -> None:
    ledger = Ledger(world(rows, history_days=90))
    last = max((m for m in ledger.movements if m.account == "A-FICT-0001"), key=lambda m: m.order)

    assert (oracle.explained(ledger, last)["LIVE_SELLER"] > 0) == is_explained


def test_fifo_uses_the_oldest_credit_first() -> None:
    ledger = Ledger(world([cash_in(0, 300), cash_in(1, 100), cash_out(2, 350), cash_out(3, 100)]))
    day = timedelta(days=1) // timedelta(microseconds=1)

    lots = fifo_lots(ledger.movements)

    assert lots == [Lot(300, 2 * day), Lot(50, day), Lot(50, 2 * day)]
    assert dwell_median(ledger.movements) == 2 * day


@pytest.mark.parametrize(
    ("prices", "covered"),
    [
        ([], 0),
        ([100], 1),
        ([100, 105], 2),
        ([100, 106], 2),
        ([100, 105, 106, 111, 112], 4),
        ([100, 104, 108, 112, 116, 120], 4),
    ],
)
def test_two_bands_cover_most(prices: list[int], covered: int) -> None:
    assert most_in_two_bands(prices) == covered
