"""Small worlds in which typologies fire, and larger ones made of many of them.

One set of scenes serves both: Hypothesis chooses for small worlds, a seed for large ones.
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Protocol, TypeVar

from hypothesis import strategies as st

from ingest.reference import Account, Customer, Licence, Place, References
from tests.oracle.movements import Transaction, World

Option = TypeVar("Option")

START = datetime(2025, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
REGIONS = ("FX-1", "FX-2", "FX-3", "FX-4", "FX-5")
HOME = "FX-HOME"
PLACES = {
    place.place_id: place
    for place in (
        Place(place_id="P-HOME", region=HOME, lat=10.0, lon=100.0),
        Place(place_id="P-1", region="FX-1", lat=10.0, lon=100.5, border_km=30.0),
        Place(place_id="P-2", region="FX-2", lat=10.4, lon=100.5),
        Place(place_id="P-3", region="FX-3", lat=10.0, lon=100.9),
        Place(place_id="P-BARE", region="FX-4"),
        Place(place_id="P-MAP", lat=10.2, lon=100.2),
        Place(place_id="P-FAR", region="FX-5", lat=14.0, lon=104.0, border_km=30.5),
        Place(place_id="P-ZONE", region="FX-6", lat=15.0, lon=105.0, border_km=12.0),
        Place(place_id="P-SEZ", region="FX-7", lat=-3.0, lon=99.0, is_special_zone=True),
    )
}
OWN_LIFE_MCC = frozenset({"5411"})
OWN_LIFE_PURPOSE = frozenset({"RENT"})
BANK_ACCOUNT = "A-BANK-LEDGER"
FESTIVAL = ((START + 103 * DAY).date(), (START + 105 * DAY).date())
TERMS: Mapping[str, str | None] = {
    "ransom": "RELEASE",
    "ค่าไถ่": "RELEASE",
    "ค่าไถ่ถอน": None,
    "agent fee": "RECRUIT",
    "phí môi giới": "RECRUIT",
    "护照": "DOCUMENT",
    "ຄ່າເຮືອ": "CROSSING",
    "ຄ່າເຮືອນ": None,
    "ໜີ້": "DEBT",
    "guest house": "LODGING",
    "学费": "COVER",
    "school fees": "COVER",
}
TEXTS = (
    *(None, "RANSOM!", None, "จ่ายค่าไถ่", "Phi moi gioi", "ຄ່າເຮືອ 2", None, "买护照 school  fees"),
    *("ransomed", "ຄ່າເຮືອນ", None, "ໃຊ້ໜີ້", "guest-house", "ค่าไถ่ถอนบ้าน", "学费", "agent fee, ransom"),
    *(None, "payment", ""),
)
"""What the rows of a world say, one after the other."""

EDGES = (timedelta(0), timedelta(0), timedelta(0), TICK, -TICK, HOUR, 5 * HOUR, 17 * HOUR)


class Choice(Protocol):
    """Who decides what a world looks like."""

    def of(self, options: Sequence[Option]) -> Option: ...

    def between(self, low: int, high: int) -> int: ...


class Seeded:
    """The same choices for the same seed; every other time the plainest, so that much fires."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def of(self, options: Sequence[Option]) -> Option:
        return options[0] if self._random.random() < 0.5 else self._random.choice(options)

    def between(self, low: int, high: int) -> int:
        return self._random.randint(low, high)


class Drawn:
    """Choices that Hypothesis can shrink: towards the first option and the lowest number. Every
    other time the first option, so that much fires."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def of(self, options: Sequence[Option]) -> Option:
        return self._draw(st.sampled_from(options)) if self._draw(st.booleans()) else options[0]

    def between(self, low: int, high: int) -> int:
        return self._draw(st.integers(low, high))


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """The base currency of a world: one dollar in minor units, and the reporting threshold."""

    currency: str
    usd_minor: int
    threshold: int


DOLLARS = Money(currency="USD", usd_minor=100, threshold=1_000_000)
KIP = Money(currency="LAK", usd_minor=2_180_000, threshold=10_000_000_000)


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Whom the scenes of one small world are about. ids carry `name`, so many can share a feed."""

    name: str
    money: Money
    accounts: tuple[str, ...] = field(init=False)
    receivers: tuple[str, ...] = field(init=False)
    fresh: tuple[str, ...] = field(init=False)
    """Accounts whose opening day is known."""

    def __post_init__(self) -> None:
        accounts = tuple(self.account(i) for i in range(1, 7))
        object.__setattr__(self, "accounts", accounts)
        object.__setattr__(self, "receivers", (self.id("A", "R1"), self.id("A", "R2")))
        object.__setattr__(self, "fresh", tuple(self.id("A", f"NEW{i}") for i in range(9)))

    def id(self, kind: str, what: str) -> str:
        return f"{kind}-FICT-{self.name}{what}"

    def account(self, number: int) -> str:
        return self.id("A", f"{number:02d}")

    def customer(self, number: int) -> str:
        return self.id("C", f"{number:02d}")

    def payer(self, number: int) -> str:
        return self.id("X", f"{number:02d}")

    def usd(self, amount: int) -> int:
        return amount * self.money.usd_minor


Scene = Callable[[Choice, Neighbourhood, datetime], Iterable[Transaction]]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A small world: one to four scenes around one moment, now and then spoilt by a return."""
    return small_world(Drawn(draw))


def small_world(choice: Choice, scenes: Sequence[Scene] | None = None) -> World:
    hood = Neighbourhood("", choice.of((DOLLARS, DOLLARS, KIP)))
    rows = _rows(choice, hood, scenes or SCENES, scenes=choice.between(1, 4))
    return _world(choice, [hood], numbered(rows))


def large_world(seed: int, *, rows: int, scenes: Sequence[Scene] | None = None) -> World:
    """At least so many rows of neighbours who do not know each other, the same for a seed."""
    choice = Seeded(seed)
    hoods: list[Neighbourhood] = []
    made: list[Transaction] = []
    while len(made) < rows:
        hoods.append(Neighbourhood(f"{len(hoods):03d}-", DOLLARS))
        made += _rows(choice, hoods[-1], scenes or SCENES, scenes=choice.between(1, 4))
    world = _world(choice, hoods, numbered(made))
    limit = Dated((START + 90 * DAY).date(), DOLLARS.threshold, DOLLARS.threshold)
    return replace(world, threshold=limit)


def hub_world(*, before: int, credits: int = 6) -> World:
    """One account with a large credit, `before` card payments in ten days, then filled and
    emptied: drained only if the cap no longer lets the large credit be seen."""
    hood = Neighbourhood("", DOLLARS)
    account, end = hood.account(3), START + 20 * DAY
    spent = [card(account, START + i * DAY / 100, hood.usd(1)) for i in range(before)]
    paid_in = [
        transfer(hood.payer(i), account, end + i * HOUR, hood.usd(2_000)) for i in range(credits)
    ]
    outs = [
        transfer(account, hood.receivers[1], end + 8 * HOUR + i * DAY, hood.usd(1_000) * credits)
        for i in range(2)
    ]
    earlier = transfer(hood.payer(20), account, START - HOUR, hood.usd(9_000))
    rows = numbered([earlier, *spent, *paid_in, *outs])
    return replace(_world(Seeded(0), [hood], rows), transactions=tuple(rows))


def _rows(
    choice: Choice, hood: Neighbourhood, plays: Sequence[Scene], *, scenes: int
) -> list[Transaction]:
    at = START + choice.of((61, 0, 58, 100, 190, 205)) * DAY + choice.of(EDGES)
    rows: list[Transaction] = []
    for _ in range(scenes):
        scene = plays[choice.between(0, len(plays) - 1)]
        rows += scene(choice, hood, at + choice.of((0, 0, 1, 3, 10)) * DAY)
    if choice.between(0, 1):
        rows += _anchor(hood, at - choice.of((59, 60, 61, 185, 201)) * DAY)
    varied = [_varied(choice, hood, row) for row in rows]
    return [replace(row, remittance_text=TEXTS[at % len(TEXTS)]) for at, row in enumerate(varied)]


def numbered(rows: Sequence[Transaction]) -> list[Transaction]:
    """Rows with references of their own, in their order."""
    return [replace(row, reference=f"TX-FICT-{i:05d}") for i, row in enumerate(rows)]


def _world(choice: Choice, hoods: Sequence[Neighbourhood], rows: list[Transaction]) -> World:
    rows = rows + _returns(choice, rows)
    money = hoods[0].money
    changes_on = (START + choice.of((30, 200, 400)) * DAY).date()
    later = choice.of((money.threshold, money.threshold, money.threshold * 2))
    before = choice.of((money.threshold, money.threshold, money.threshold, None))
    usd = money.usd_minor
    rates = (
        Dated(changes_on, usd, usd),
        Dated(changes_on, usd, usd * 11 // 10),
        Dated(changes_on, None, None),
    )
    return World(
        transactions=tuple(rows),
        references=_references(choice, hoods),
        usd_minor=rates[0] if money is DOLLARS else choice.of(rates),
        base_currency=money.currency,
        threshold=Dated(changes_on, before, later),
        own_life_mcc=OWN_LIFE_MCC,
        own_life_purpose=OWN_LIFE_PURPOSE,
        ledger_accounts=frozenset({BANK_ACCOUNT}),
        festivals=(FESTIVAL,),
        terms=TERMS,
    )


@dataclass(frozen=True, slots=True)
class Dated:
    """A value that changes on a day."""

    on: date
    before: int | None
    after: int | None

    def __call__(self, day: date) -> int | None:
        return self.before if day < self.on else self.after


def _references(choice: Choice, hoods: Sequence[Neighbourhood]) -> References:
    customers: dict[str, Customer] = {}
    accounts: dict[str, Sequence[Account]] = {}
    licences: dict[str, Sequence[Licence]] = {}
    for hood in hoods:
        customers |= {c.party_id: c for c in _customers(choice, hood)}
        accounts |= _accounts(choice, hood)
        licences |= _licences(choice, hood)
    return References(customers=customers, accounts=accounts, places=PLACES, licences=licences)


def _customers(choice: Choice, hood: Neighbourhood) -> Iterable[Customer]:
    for number in range(1, 6):
        related = choice.of(
            ((), (), (), (hood.customer(1),), (hood.payer(1),), (hood.id("C", "R"),))
        )
        yield Customer(
            party_id=hood.customer(number),
            home_region=choice.of((HOME, HOME, None, "FX-1")),
            work_region=choice.of((None, None, "FX-2")),
            monthly_income=choice.of((hood.usd(100), None, hood.usd(200), hood.usd(600), 0)),
            devices=choice.of((("D-FICT-1",), ())),
            related=tuple(party for party in related if party != hood.customer(number)),
        )
    yield Customer(party_id=hood.id("C", "R"), home_region="FX-3")
    yield Customer(
        party_id=hood.id("C", "CHILD"),
        birth_year=START.year - choice.of((16, 16, 17, 18)),
        devices=("D-FICT-1",),
    )
    yield Customer(party_id=hood.id("C", "SHOP"), is_merchant=True, home_region=HOME)


def _accounts(choice: Choice, hood: Neighbourhood) -> dict[str, Sequence[Account]]:
    """Two accounts of one holder; one that changes hands; one held by none; one in no list."""
    changes = START + choice.of((65, 102, 300)) * DAY + choice.of(EDGES)
    first, second, third, fourth, fifth, _ = hood.accounts
    held = {
        first: [_held(first, hood.customer(1))],
        second: [_held(second, hood.customer(1))],
        third: [_held(third, hood.customer(2))],
        fourth: [_held(fourth, hood.customer(3)), _held(fourth, hood.customer(4), changes)],
        fifth: [_held(fifth, None)],
        hood.id("A", "CHILD"): [_held(hood.id("A", "CHILD"), hood.id("C", "CHILD"))],
        hood.receivers[0]: [_held(hood.receivers[0], hood.id("C", "R"))],
        hood.id("A", "SHOP"): [_held(hood.id("A", "SHOP"), hood.id("C", "SHOP"))],
    }
    for account in hood.fresh:
        opened = (START + choice.of((20, 60, 11, 12, -130, -400)) * DAY).date()
        held[account] = [Account(account_id=account, holder=None, opened=opened)]
    return {account: tuple(rows) for account, rows in held.items()}


def _held(account: str, holder: str | None, valid_from: datetime | None = None) -> Account:
    return Account(account_id=account, holder=holder, valid_from=valid_from)


def _licences(choice: Choice, hood: Neighbourhood) -> dict[str, Sequence[Licence]]:
    holder = choice.of(
        (hood.id("X", "NONE"), hood.payer(2), hood.customer(2), hood.customer(1), hood.id("C", "R"))
    )
    first = (START + choice.of((0, 60, 101, 300)) * DAY).date()
    licence = Licence(
        holder=holder,
        kind=choice.of(("MVTS", "NGO", "EMBASSY", "SCHOOL", "OTHER")),
        valid_from=first,
    )
    until = choice.of((None, first + 40 * DAY))
    return {holder: (replace(licence, valid_to=until),)}


def _returns(choice: Choice, rows: Sequence[Transaction]) -> list[Transaction]:
    """A few rows sent back later, both sides changed about; one names what never was."""
    often = max(1, len(rows) // 25)
    chosen = [choice.of(rows) for _ in range(choice.between(0, 2) * often)] if rows else []
    return [
        replace(
            row,
            reference=f"RT-FICT-{i:05d}",
            reversal_of=choice.of((row.reference, row.reference, row.reference, "TX-FICT-NONE")),
            event_time=row.event_time + choice.of((TICK, HOUR, DAY, 6 * DAY, timedelta(0))),
            orig_account_id=row.benef_account_id,
            orig_party_id=row.benef_party_id,
            orig_region=row.benef_region,
            benef_account_id=row.orig_account_id,
            benef_party_id=row.orig_party_id,
            benef_region=row.orig_region,
        )
        for i, row in enumerate(chosen)
    ]


def _varied(choice: Choice, hood: Neighbourhood, row: Transaction) -> Transaction:
    """Mostly as it was; now and then without an amount, in another zone, ordered by sequence."""
    odd = choice.between(0, 90)
    if odd == 30:
        return replace(row, amount_base=None)
    if odd == 29:
        return replace(row, local_utc_offset_min=-300)
    if odd == 28:
        return replace(row, status=choice.of((None, "REJECTED", "PENDING", "ATTEMPTED")))
    if odd in (26, 27):
        return replace(row, source_sequence=choice.of((1, 7)))
    if odd == 25:
        return replace(row, orig_holds=False)
    if odd == 24:
        return replace(row, benef_party_id=hood.customer(5))
    return row


def _anchor(hood: Neighbourhood, at: datetime) -> Iterable[Transaction]:
    """One old row: with it the feed has a history."""
    yield transfer(hood.payer(30), hood.id("A", "OLD"), at, hood.usd(1))


def structuring(choice: Choice, hood: Neighbourhood, at: datetime) -> Iterable[Transaction]:
    """Cash around the reporting threshold, on the two accounts of one holder."""
    limit = hood.money.threshold
    below = (limit * 9 // 10, limit * 9 // 10, limit * 4 // 5, limit - 1)
    beside = (limit * 4 // 5 - 1, limit, limit * 6 // 5 - 1, limit * 6 // 5, limit // 2)
    days = choice.of(((0, 1, 2, 3), (0, 0, 1, 7), (0, 1, 2, 60, 61), (0, 0), (0, 1, 7, 8)))
    flow = choice.of((cash_in, cash_in, cash_out))
    for day in days:
        when = at + day * DAY + choice.of(EDGES)
        yield flow(choice.of(hood.accounts[:2]), when, choice.of(below))
    for _ in range(choice.of((0, 0, 1, 2))):
        when = at + choice.of((0, 2, -58, -60)) * DAY + choice.of(EDGES)
        yield flow(choice.of(hood.accounts[:2]), when, choice.of(beside))
    for _ in range(choice.of((0, 0, 1, 2))):
        when = at + choice.of((-90, -177, -179)) * DAY + choice.of(EDGES)
        yield flow(choice.of(hood.accounts[:2]), when, limit)
    yield from _aftermath(choice, hood, hood.accounts[0], at + 3 * DAY)


def funnel(choice: Choice, hood: Neighbourhood, at: datetime) -> Iterable[Transaction]:
    """Cash in at several towns, drawn at others."""
    account = choice.of(hood.accounts)
    total = 0
    for place in ("P-1", "P-2", "P-3", *choice.of(((), (), ("P-BARE",), ("P-HOME",), ("P-MAP",)))):
        amount = hood.usd(choice.between(2, 9) * 100)
        total += amount
        when = at + choice.of((1, 1, 1, 0)) * DAY + choice.of(EDGES)
        yield replace(cash_in(account, when, amount), place_id=place, local_utc_offset_min=420)
    for part in choice.of(((1,), (2, 2), (1, 3), (3, 3, 3), (2,))):
        place = choice.of(("P-FAR", "P-ZONE", "P-SEZ", "P-FAR", "P-ZONE", "P-1", "P-BARE"))
        when = at + choice.of((2, 2, 3, 2, 31)) * DAY + choice.of(EDGES)
        yield replace(cash_out(account, when, total // part), place_id=place)
    yield from _aftermath(choice, hood, account, at + 2 * DAY)


def collector(choice: Choice, hood: Neighbourhood, at: datetime) -> Iterable[Transaction]:
    """Many payers of one price or two; the money leaves soon; some payers came before."""
    account = choice.of(hood.accounts)
    price = hood.usd(choice.of((150, 150, 50, 49, 666, 1_500, 1_430)))
    others = choice.of(
        (
            (price,),
            (price, price * 21 // 20),
            (price, price * 2),
            (price, price * 21 // 20 + 1, price * 3),
        )
    )
    regions = choice.of((4, 5, 5, 5, 3))
    payers = choice.of((12, 12, 11, 10, 9))
    spread = choice.of((1, 2, 1, 2, 14, 15))
    for i in range(payers):
        when = at + i % spread * DAY + choice.of(EDGES)
        paid = transfer(hood.payer(i + 3), account, when, choice.of(others))
        yield replace(paid, orig_region=REGIONS[i % regions])
    for i in range(choice.of((0, 0, 1, 2, 3))):
        for days in choice.of(((30, 50), (100, 120), (150, 180), (1, 2))):
            yield transfer(hood.payer(i + 3), account, at - days * DAY, price)
    for _ in range(choice.of((1, 1, 2, 0))):
        when = at + choice.of((spread, spread, spread + 1)) * DAY + choice.of(EDGES)
        out = cash_out(account, when, price * payers * 2)
        yield replace(out, place_id=choice.of(("P-ZONE", "P-1", None)))
    yield from _aftermath(choice, hood, account, at + spread * DAY)


def drained(choice: Choice, hood: Neighbourhood, at: datetime) -> Iterable[Transaction]:
    """Accounts filled in small sums and emptied to one receiver within hours."""
    receiver = choice.of(hood.receivers)
    for account in choice.of((hood.accounts[2:5], hood.accounts[1:6:2], hood.accounts[:1])):
        start = at + choice.of((0, 0, 1, 10, 29, 30)) * DAY + choice.of(EDGES)
        credits = choice.of((5, 6, 7, 4))
        for i in range(credits):
            paid_in = transfer(hood.payer(i), account, start + i * HOUR, hood.usd(100))
            yield replace(paid_in, orig_region=choice.of(REGIONS))
        kept = hood.usd(choice.of((0, 5, 10, 40, 50, 51)))
        out_at = start + choice.of((7, 8, 10, 12, 15)) * HOUR + choice.of(EDGES)
        taken = hood.usd(100) * credits - kept
        at_once = taken * choice.of((60, 60, 55, 59, 61, 100)) // 100
        device = choice.of((None, "D-FICT-1", "D-FICT-9"))
        for part, when in ((at_once, out_at), (taken - at_once, out_at + DAY)):
            if part:
                yield replace(transfer(account, receiver, when, part), device_hash=device)
        if choice.between(0, 2) == 0:
            spent = hood.usd(choice.of((5, 20, 25, 26)))
            yield replace(card(account, out_at - HOUR, spent), mcc=choice.of(("5411", "5999")))
        yield from _aftermath(choice, hood, account, out_at + DAY)


def taken(choice: Choice, hood: Neighbourhood, at: datetime) -> Iterable[Transaction]:
    """Earnings sent on within a day, evening after evening, beside wages, customers and cash."""
    receiver = choice.of((*hood.receivers, hood.payer(7)))
    for account in choice.of((hood.accounts[2:5], hood.accounts[1:6:2], hood.accounts[:1])):
        start = at + choice.of((0, 0, 1, 10, 29, 30)) * DAY + choice.of(EDGES)
        beside = choice.of((0, 0, 100, 150, 160))
        if beside:
            yield transfer(hood.payer(8), account, start - 3 * DAY, hood.usd(beside))
        evenings = choice.of((1, 1, 2))
        for i in range(choice.of((9, 8, 7, 5))):
            evening = start + i * evenings * DAY
            for k in range(choice.of((1, 2, 2))):
                paid_in = transfer(hood.payer(i + k), account, evening + k * HOUR, hood.usd(50))
                yield replace(paid_in, txn_type=choice.of((*("TRANSFER",) * 7, "SALARY")))
            out_at = evening + choice.of((5, 5, 5, 24)) * HOUR + choice.of(EDGES)
            part = hood.usd(choice.of((100, 97, 50, 50, 50, 80)))
            device = choice.of((None, "D-FICT-1", "D-FICT-9"))
            yield replace(transfer(account, receiver, out_at, part), device_hash=device)
            if choice.between(0, 3) == 0:
                yield cash_out(account, out_at - HOUR, hood.usd(choice.of((10, 30, 60))))
            if choice.between(0, 5) == 0:
                yield transfer(account, hood.payer(9), out_at - 2 * HOUR, hood.usd(20))
        yield from _aftermath(choice, hood, account, start + 8 * DAY)


def taken_back(choice: Choice, hood: Neighbourhood, at: datetime) -> Iterable[Transaction]:
    """Wages of which one party gets most back, month by month; or not all of it, or late."""
    employer = choice.of((hood.payer(1), hood.receivers[0], hood.payer(2)))
    taker = choice.of((employer, hood.receivers[1], hood.id("A", "SHOP")))
    workers = choice.of((hood.fresh[:6], hood.fresh[:5], hood.accounts[:4]))
    paydays = choice.of(((0, 30), (0, 30), (0, 31, 59), (0, 60), (5, 9)))
    wage = hood.usd(choice.of((200, 200, 190)))
    for worker in workers:
        for days in paydays:
            when = at - days * DAY + choice.of(EDGES)
            paid = transfer(employer, worker, when, wage)
            yield replace(paid, txn_type=choice.of(("SALARY", "SALARY", "SALARY", "TRANSFER")))
            later = choice.of((20, 20, 47, 48, 49)) * HOUR + choice.of((timedelta(0), TICK))
            part = choice.of((70, 60, 100, 59))
            yield transfer(worker, taker, when + later, wage * part // 100)
    yield from _aftermath(choice, hood, workers[0], at + 2 * DAY)


def woken(choice: Choice, hood: Neighbourhood, at: datetime) -> Iterable[Transaction]:
    """Accounts that take strangers' money and push it out within the hour, with one device."""
    device = choice.of(("D-FICT-8", "D-FICT-1"))
    credit = hood.usd(choice.of((300, 300, 40)))
    for account in choice.of((hood.fresh, hood.fresh, hood.fresh[:7], hood.accounts[2:5])):
        start = at + choice.of((0, 0, 1, 13, 14)) * DAY + choice.of(EDGES)
        strangers = choice.of((5, 6, 4))
        for i in range(strangers):
            yield transfer(hood.payer(i + 10), account, start + i * HOUR, credit)
            sent = credit * choice.of((98, 98, 96, 94, 85)) // 100
            minutes = choice.of((20, 20, 60, 61, 200))
            out = transfer(
                account,
                choice.of((hood.receivers[0], hood.receivers[1], hood.payer(i), hood.payer(i + 5))),
                start + i * HOUR + timedelta(minutes=minutes),
                sent,
            )
            yield replace(out, device_hash=choice.of((device, device, device, None)))


def piped(choice: Choice, hood: Neighbourhood, at: datetime) -> Iterable[Transaction]:
    """Money in and out again by the next day, several times a week."""
    account = choice.of(hood.accounts)
    for day in choice.of(((0, 1, 2), (0, 2, 5), (0, 1, 6, 7), (0, 0, 1))):
        when = at + day * DAY + choice.of(EDGES)
        amount = hood.usd(choice.of((400, 334, 333)))
        yield transfer(hood.payer(day + 3), account, when, amount)
        out_at = when + choice.of((3, 20, 24, 25)) * HOUR
        out = transfer(
            account, choice.of(hood.receivers), out_at, amount * choice.of((97, 90, 89)) // 100
        )
        yield choice.of((out, out, cash_out(account, out_at, amount)))
    yield from _aftermath(choice, hood, account, at + 2 * DAY)


def night_cash(choice: Choice, hood: Neighbourhood, at: datetime) -> Iterable[Transaction]:
    """Small cash at night in several towns."""
    account = choice.of(hood.accounts[2:4])
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    towns = choice.of((("P-1", "P-2", "P-3"), ("P-1", "P-2"), ("P-1", "P-HOME", "P-BARE")))
    for i in range(choice.of((9, 8, 7, 12))):
        hour = choice.of((23, 22, 5, 6, 12)) if i % 2 else choice.of((23, 1))
        paid_in = cash_in(
            account,
            midnight + i * choice.of((1, 3)) * DAY + hour * HOUR + choice.of((timedelta(0), TICK)),
            hood.usd(choice.of((240, 240, 250, 251))),
        )
        yield replace(paid_in, place_id=towns[i % len(towns)])


def smurfed(choice: Choice, hood: Neighbourhood, at: datetime) -> Iterable[Transaction]:
    """Several people pay cash in at several places, each below the limit."""
    account = choice.of((hood.accounts[2], hood.accounts[0], hood.id("A", "SHOP")))
    amount = hood.money.threshold * choice.of((45, 40, 38, 37, 99, 100)) // 100
    towns = choice.of((("P-1", "P-2", "P-3"), ("P-1", "P-2", "P-FAR", "P-SEZ"), ("P-1", "P-2")))
    for month in range(choice.of((0, 0, 5, 6))):
        yield transfer(hood.payer(8), account, at - (20 + 30 * month) * DAY, hood.usd(5))
    for i in range(choice.of((5, 4, 4, 3))):
        when = at + i * choice.of((20, 30, 40)) * HOUR + choice.of(EDGES)
        paid_in = replace(cash_in(account, when, amount), place_id=towns[i % len(towns)])
        yield replace(paid_in, conductor_party_id=hood.payer(i if choice.between(0, 4) else i + 1))
    yield from _aftermath(choice, hood, account, at + DAY)


def pressed(choice: Choice, hood: Neighbourhood, at: datetime) -> Iterable[Transaction]:
    """Families and single payers send one stranger more and more."""
    receiver = choice.of(hood.receivers)
    yield from _anchor(hood, at - choice.of((70, 70, 59)) * DAY)
    first = choice.of((200, 200, 100, 270, 271, 400, 800))
    growth = choice.of(
        ((100, 200, 400), (100, 200, 400), (100, 200, 300), (100, 150, 199), (100, 100, 300))
    )
    for account in choice.of((hood.fresh[:4], hood.fresh[:3], hood.accounts[2:5])):
        start = at + choice.of((0, 0, 9, 29, 30)) * DAY + choice.of(EDGES)
        yield transfer(hood.payer(7), account, start - DAY, hood.usd(choice.of((300, 900))))
        lent = transfer(hood.payer(8), account, start - HOUR, hood.usd(choice.of((500, 600))))
        yield replace(lent, txn_type=choice.of(("LOAN_DISBURSEMENT", "TRANSFER")))
        for i in range(choice.of((0, 0, 2, 3))):
            yield transfer(hood.payer(i + 20), account, start - 2 * HOUR, hood.usd(50))
        if choice.between(0, 5) == 0:
            yield transfer(account, receiver, start - choice.of((20, 179, 181)) * DAY, 100)
        gap = choice.of((5, 23, 36, 37)) * HOUR
        for i, percent in enumerate(growth):
            when = start + i * gap
            yield transfer(account, receiver, when, hood.usd(first) * percent // 100)


def recruited(choice: Choice, hood: Neighbourhood, at: datetime) -> Iterable[Transaction]:
    """Tickets for a group, and equal sums to people who are not paid again."""
    account = choice.of(hood.accounts[2:5])
    mcc = choice.of(("4131", "4511", "4111"))
    for i in range(choice.of((7, 6, 5))):
        when = at + choice.of((0, 0, 0, 1)) * DAY + i * timedelta(minutes=5)
        ticket = replace(card(account, when, hood.usd(15)), mcc=mcc)
        yield replace(ticket, place_id=choice.of((None, "P-ZONE", "P-1")))
    for i in range(choice.of((6, 5, 4, 3))):
        when = at + choice.of((1, 1, 1, 2, 30)) * DAY + choice.of(EDGES)
        amount = hood.usd(choice.of((50, 50, 50, 20, 201)))
        yield transfer(account, hood.payer(i + 11), when, amount)
        for days in choice.of(((), (), (30, 60))):
            yield transfer(account, hood.payer(i + 11), at - days * DAY, amount)


def used(choice: Choice, hood: Neighbourhood, at: datetime) -> Iterable[Transaction]:
    """Strangers pay a child; another's device passes it on."""
    account = choice.of((hood.id("A", "CHILD"), hood.accounts[2]))
    credit = hood.usd(choice.of((60, 50, 49)))
    payers = choice.of((7, 6, 5))
    for i in range(payers):
        yield transfer(hood.payer(i), account, at + i * 5 * HOUR + choice.of(EDGES), credit)
    for part in choice.of(((90,), (60, 25), (50, 29), (50, 50), (49, 20))):
        when = at + choice.of((2, 3)) * DAY + choice.of(EDGES)
        out = transfer(account, choice.of(hood.receivers), when, credit * payers * part // 100)
        yield replace(out, device_hash=choice.of(("D-FICT-9", "D-FICT-9", "D-FICT-1", None)))
    yield from _aftermath(choice, hood, account, at + 3 * DAY)


def housed(choice: Choice, hood: Neighbourhood, at: datetime) -> Iterable[Transaction]:
    """Rents to several landlords by one whom others pay again and again."""
    account = choice.of(hood.accounts[2:5])
    for i in range(choice.of((5, 4, 3))):
        when = at + i * choice.of((1, 20)) * DAY + choice.of(EDGES)
        landlord = hood.payer(i + 40)
        rent = transfer(account, landlord, when, hood.usd(choice.of((60, 80))))
        yield replace(
            rent,
            purpose_code=choice.of(("RENT", "RENT", "HLRP", "GDDS")),
            mcc=choice.of((None, "6513")),
        )
        yield replace(
            card(account, when + HOUR, hood.usd(choice.of((5, 300)))),
            mcc=choice.of(("4814", "9399", "5999")),
        )
    for i in range(choice.of((4, 3, 2))):
        for days in choice.of(((0, 5, 9), (0, 30, 59), (0, 100, 180), (0, 60, 179), (0, 1))):
            yield transfer(hood.payer(i + 50), account, at + (9 - days) * DAY, hood.usd(70))
    yield from _aftermath(choice, hood, account, at + 9 * DAY)


def entrusted(choice: Choice, hood: Neighbourhood, at: datetime) -> Iterable[Transaction]:
    """Sums held for days and handed on to a few, or back."""
    account = choice.of(hood.accounts[2:5])
    for i in range(choice.of((6, 6, 5, 4, 8))):
        amount = hood.usd(choice.of((400, 500, 50, 1_000, 49)))
        when = at + i * choice.of((1, 3)) * DAY + choice.of(EDGES)
        yield transfer(hood.payer(i + 60), account, when, amount)
        released = when + choice.of((5, 10, 3, 45, 46, 2)) * DAY + choice.of(EDGES)
        payee = choice.of((hood.receivers[0], hood.receivers[1], hood.payer(i + 60)))
        part = choice.of((97, 95, 90, 100, 89, 94))
        yield transfer(account, payee, released, amount * part // 100)
    yield from _aftermath(choice, hood, account, at + 20 * DAY)


def organised(choice: Choice, hood: Neighbourhood, at: datetime) -> Iterable[Transaction]:
    """Lumps of a collector, and even shares to helpers after each."""
    account = choice.of(hood.accounts[2:5])
    take = hood.usd(choice.of((1_000, 1_000, 700, 660)))
    helpers, part = choice.of((5, 4, 4, 3)), choice.of((12, 12, 10, 18, 8, 24))
    for group in range(choice.of((4, 3, 3, 2))):
        when = at + group * 9 * DAY + choice.of(EDGES)
        yield transfer(hood.receivers[0], account, when, take)
        if choice.between(0, 5) == 0:
            yield transfer(hood.payer(group), account, when, take * choice.of((1, 2)) // 3)
        for i in range(helpers):
            amount = take * part * (3 if choice.between(0, 15) == 0 else 1) // 100
            paid = transfer(account, hood.payer(i + 70), when + (i + 2) * HOUR, amount)
            yield replace(paid, purpose_code="SALA" if choice.between(0, 20) == 0 else None)
    yield from _aftermath(choice, hood, account, at + 27 * DAY)


def ramped(choice: Choice, hood: Neighbourhood, at: datetime) -> Iterable[Transaction]:
    """Strangers' money made crypto soon after."""
    account = choice.of(hood.accounts[2:5])
    for i in range(choice.of((4, 3, 3, 2))):
        when = at + i * choice.of((1, 4, 7)) * DAY + choice.of(EDGES)
        amount = hood.usd(choice.of((300, 200, 160)))
        yield transfer(hood.payer(i + 5), account, when, amount)
        later = choice.of((1, 5, 6, 7)) * HOUR + choice.of((timedelta(0), TICK, -TICK))
        bought = transfer(account, hood.id("X", "RAMP"), when + later, amount * 95 // 100)
        yield replace(
            bought,
            txn_type=choice.of(("CRYPTO_BUY", "CRYPTO_BUY", "TRANSFER")),
            mcc=choice.of((None, "6051")),
        )
    yield from _aftermath(choice, hood, account, at + 10 * DAY)


def touring(choice: Choice, hood: Neighbourhood, at: datetime) -> Iterable[Transaction]:
    """Lodgings in several towns, tickets between them, money at each."""
    account = choice.of(hood.accounts[2:5])
    towns = ("P-1", "P-2", "P-3", "P-FAR", "P-ZONE", "P-BARE", "P-MAP")
    for i in range(choice.of((7, 6, 5))):
        when = at + i * choice.of((3, 9, 11)) * DAY + choice.of(EDGES)
        stay = card(account, when, hood.usd(12))
        place = towns[i % choice.of((7, 7, 4, 3))]
        yield replace(
            stay,
            mcc=choice.of(("7011", "7033", "7012")),
            merchant_id=hood.id("M", str(i % choice.of((9, 6, 5)))),
            place_id=place,
        )
        yield replace(
            card(account, when - HOUR, hood.usd(8)), mcc=choice.of(("4131", "4112", "4111"))
        )
        hours = choice.of((3, -3, 24, -24, 25, -25))
        paid_in = cash_in(account, when + hours * HOUR, hood.usd(60))
        sent = transfer(hood.payer(i), account, when + hours * HOUR, hood.usd(60))
        region = PLACES[place].region
        yield choice.of((replace(paid_in, place_id=place), replace(sent, orig_region=region)))
    yield from _aftermath(choice, hood, account, at + 30 * DAY)


def set_off(choice: Choice, hood: Neighbourhood, at: datetime) -> Iterable[Transaction]:
    """Many pay in, many others are paid, a partner abroad gets the rest."""
    account = choice.of(hood.accounts[2:5])
    for i in range(choice.of((31, 30, 29))):
        when = at + i * choice.of((11, 22)) * HOUR
        yield transfer(hood.payer(i + 100), account, when, hood.usd(100))
        payee = hood.payer(i + (100 if choice.between(0, 12) == 0 else 200))
        yield transfer(account, payee, when + HOUR, hood.usd(choice.of((70, 75))))
    settled = transfer(
        account,
        hood.receivers[1],
        at + choice.of((15, 27)) * DAY,
        hood.usd(choice.of((800, 700, 400, 1_200))),
    )
    yield replace(settled, is_cross_border=choice.of((True, True, False)))
    yield from _aftermath(choice, hood, account, at + 28 * DAY)


def brokered(choice: Choice, hood: Neighbourhood, at: datetime) -> Iterable[Transaction]:
    """Lumps from abroad, of which somebody new gets a minor part."""
    account = choice.of(hood.accounts[2:5])
    gap = choice.of((40, 40, 12, 100)) * DAY
    amount = hood.usd(choice.of((20_000, 8_000, 40_000, 7_999, 40_001)))
    is_from_abroad = choice.of((True, True, False))
    bought = choice.of((("4511", "9399"), ("4511",), ("9399",), ()))
    for i in range(choice.of((3, 2, 2, 1))):
        when = at + i * gap + choice.of(EDGES)
        lump = transfer(hood.payer(3), account, when, amount)
        if choice.between(0, 3) == 0:
            lump = cash_in(account, when, amount)
        yield replace(lump, is_cross_border=is_from_abroad)
        part = choice.of((15, 15, 15, 15, 5, 35, 4, 36))
        days = choice.of((5, 5, 5, 29, 30, 31))
        family = choice.of((hood.payer(i + 80), hood.payer(i + 80), hood.payer(80)))
        yield transfer(account, family, when + days * DAY, amount * part // 100)
        for mcc in bought:
            yield replace(card(account, when + 6 * DAY, hood.usd(90)), mcc=mcc)
        helper = choice.of((hood.receivers[0], hood.receivers[0], hood.payer(i + 90)))
        yield transfer(account, helper, when + 8 * DAY, amount * 40 // 100)
    yield from _aftermath(choice, hood, account, at + 41 * DAY)


def streamed(choice: Choice, hood: Neighbourhood, at: datetime) -> Iterable[Transaction]:
    """Small sums from abroad by night, drawn soon; the senders buy videos as well."""
    account = choice.of(hood.accounts[2:5])
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    countries = choice.of((("GB", "US", "AU"), ("GB", "US", "AU"), ("GB", "US")))
    payees = (account, *choice.of((hood.receivers, hood.receivers, ())))
    for i in range(choice.of((8, 7, 6, 5))):
        sender = hood.payer(i % choice.of((8, 8, 6, 5)) + 20)
        when = midnight + i * choice.of((1, 5, 9)) * DAY + choice.of((23, 1, 5, 6, 12)) * HOUR
        for payee in payees:
            amount = hood.usd(choice.of((40, 40, 8, 220, 221, 7)))
            sent = replace(
                transfer(choice.of((sender, sender, hood.accounts[5])), payee, when, amount),
                is_cross_border=choice.of((True, True, True, False)),
            )
            yield replace(sent, orig_country=countries[i % len(countries)])
        later = choice.of((2, 5, 6, 7)) * HOUR + choice.of((timedelta(0), TICK))
        yield cash_out(account, when + later, hood.usd(choice.of((30, 20, 10))))
    for _ in range(choice.of((0, 1, 2))):
        yield cash_out(account, midnight + DAY + choice.of(EDGES), hood.usd(choice.of((240, 480))))
    video = card(hood.accounts[5], at, hood.usd(5))
    yield replace(video, mcc=choice.of(("5815", "5816", "5411")))
    yield from _aftermath(choice, hood, account, at + 20 * DAY)


def sitting(choice: Choice, hood: Neighbourhood, at: datetime) -> Iterable[Transaction]:
    """Cards drawn empty at one machine within minutes, on two paydays."""
    cards = choice.of((hood.fresh[:6], hood.fresh[:5], hood.fresh, hood.fresh[:4]))
    for days in choice.of(((0, 30), (0, 5), (0, 4), (0,), (0, 69), (0, 71))):
        when = at + days * DAY + choice.of(EDGES)
        present = [c for c in cards if choice.between(0, 5)]
        for i, account in enumerate(present):
            yield transfer(hood.payer(1), account, when - choice.of((5, 100)) * HOUR, hood.usd(100))
            drawn = cash_out(
                account,
                when + i * choice.of((2, 2, 4, 5)) * timedelta(minutes=1),
                hood.usd(choice.of((100, 90, 75, 74))),
            )
            yield replace(drawn, place_id=choice.of(("P-1", "P-1", "P-1", "P-2")))
            if choice.between(0, 6) == 0:
                spent = card(account, when - HOUR, hood.usd(choice.of((20, 21))))
                yield replace(spent, mcc="5411")


def handled(choice: Choice, hood: Neighbourhood, at: datetime) -> Iterable[Transaction]:
    """New accounts that one payer fills and one device empties."""
    for account in choice.of((hood.fresh[:3], hood.fresh[3:5], hood.accounts[2:4])):
        for i in range(choice.of((4, 3, 2))):
            when = at + i * choice.of((3, 9, 15)) * DAY + choice.of(EDGES)
            payer = hood.payer(choice.of((1, 1, 2, 3)))
            yield transfer(payer, account, when, hood.usd(choice.of((100, 100, 50))))
            sent = transfer(account, hood.receivers[0], when + HOUR, hood.usd(choice.of((80, 40))))
            device = choice.of(("D-FICT-8", "D-FICT-8", "D-FICT-8", "D-FICT-7", None))
            yield replace(sent, device_hash=device)
        yield from _aftermath(choice, hood, account, at + 20 * DAY)


def wages(choice: Choice, hood: Neighbourhood, at: datetime) -> Iterable[Transaction]:
    """The same payer month by month, steadily or not."""
    account = choice.of(hood.accounts[:4])
    payer = choice.of((hood.payer(1), hood.payer(2), hood.payer(4)))
    amount = hood.usd(choice.of((400, 500, 100, 501, 2_000)))
    swing = choice.of(((100,), (90, 110), (65, 135), (40, 100, 160)))
    for i in range(choice.between(2, 6)):
        when = at - i * choice.of((30, 30, 31, 15)) * DAY + choice.of(EDGES)
        sum_paid = amount * choice.of(swing) // 100
        paid = transfer(payer, account, when, sum_paid)
        yield replace(paid, txn_type=choice.of(("TRANSFER", "SALARY")))


def family(choice: Choice, hood: Neighbourhood, at: datetime) -> Iterable[Transaction]:
    """Money both ways, for half a year or not quite."""
    account = choice.of(hood.accounts[:4])
    other = choice.of((hood.receivers[0], hood.payer(3), hood.payer(4)))
    first = at - choice.of((179, 180, 181, 199, 200, 201)) * DAY + choice.of(EDGES)
    yield transfer(account, other, first, hood.usd(30))
    yield transfer(other, account, at - choice.of((0, 100)) * DAY, hood.usd(40))
    yield transfer(account, other, at + choice.of((0, 1)) * DAY, hood.usd(400))


def ordinary(choice: Choice, hood: Neighbourhood, at: datetime) -> Iterable[Transaction]:
    """Own transfers, fees, a shop, cash paid in by another: what must not count, or not there."""
    one, two = choice.of(hood.accounts), choice.of(hood.accounts)
    when = at + choice.of((0, 1, 5)) * DAY + choice.of(EDGES)
    amount = hood.usd(choice.of((100, 300, 9_000)))
    yield transfer(one, two, when, amount)
    yield replace(transfer(one, BANK_ACCOUNT, when, amount), purpose_code=None)
    yield replace(transfer(one, hood.payer(5), when, amount), txn_type="FEE")
    yield replace(
        transfer(hood.payer(5), one, when, amount), purpose_code=choice.of(("INTE", "RENT"))
    )
    yield transfer(one, hood.id("A", "SHOP"), when, hood.usd(10))
    paid_in = cash_in(one, when, hood.usd(200))
    yield replace(paid_in, conductor_party_id=choice.of((hood.customer(1), hood.payer(6))))
    yield replace(card(two, when, hood.usd(7)), merchant_id=hood.id("M", "1"))


def saving(choice: Choice, hood: Neighbourhood, at: datetime) -> Iterable[Transaction]:
    """A circle of savers: all pay one sum to each in turn; or nearly so."""
    account = choice.of(hood.accounts[1:5])
    share = hood.usd(choice.of((50, 50, 100)))
    savers = choice.of((6, 6, 5, 3, 2))
    days, rounds = choice.of((1, 2, 8)), choice.of((7, 4, 1, 0))
    for i in range(savers):
        paid = transfer(hood.payer(i + 40), account, at + i * days * DAY / 3, share)
        by_hand = replace(cash_in(account, at, share), conductor_party_id=hood.payer(i + 40))
        yield choice.of((paid, paid, by_hand))
    for i in range(choice.of((savers, savers, 5, 2, savers + 2))):
        when = at + (i * rounds + choice.of((5, 5, -60, -179, -180))) * DAY
        to = hood.payer(40 + choice.of((i, i, i, i, 0, 30)))
        yield transfer(account, to, when, choice.of((share, share, share, share + 1)))
    yield from _aftermath(choice, hood, account, at + 25 * DAY)


def feasting(choice: Choice, hood: Neighbourhood, at: datetime) -> Iterable[Transaction]:
    """Small gifts of many within days, once or by steady buyers, kept or passed on."""
    account = choice.of((*hood.accounts[1:5], hood.id("A", "SHOP")))
    guests, days = choice.of((12, 12, 10, 9, 6)), choice.of((1, 3, 4, 8))
    for i in range(guests):
        when = at + i % days * DAY + choice.of(EDGES)
        gift = hood.usd(choice.of((20, 20, 50, 51)))
        for _ in range(choice.of((1, 1, 1, 2, 3))):
            yield transfer(hood.payer(i + 10), account, when, gift)
    for i in range(choice.of((0, 0, 5, 6, 7))):
        earlier = at - choice.of((2, 20, 26, 31, 40)) * DAY
        yield transfer(hood.payer(i + 30), account, earlier, hood.usd(10))
    for _ in range(choice.of((0, 0, 1))):
        part = hood.usd(20 * guests * choice.of((50, 40, 51)) // 100)
        when = at + choice.of((2, 4, 20, -20, -40)) * DAY
        yield transfer(account, choice.of((hood.receivers[0], hood.id("A", "SHOP"))), when, part)
        drawn = cash_out(account, when, choice.of((part, 0)))
        yield replace(drawn, place_id=choice.of(("P-1", "P-ZONE", "P-HOME")))
    yield from _aftermath(choice, hood, account, at + choice.of((4, 28)) * DAY)


def selling(choice: Choice, hood: Neighbourhood, at: datetime) -> Iterable[Transaction]:
    """Many small buyers for weeks, couriers and goods paid; or too few, by night, or no goods."""
    account = choice.of(hood.accounts[1:5])
    buyers, weeks = choice.of((21, 20, 19)), choice.of((4, 4, 3, 8))
    night = choice.of((0, 0, 0, 4, 7))
    price = hood.usd(choice.of((20, 20, 10, 50, 51)))
    first = at - weeks * 7 * DAY + 9 * HOUR
    for i in range(buyers):
        when = first + i * weeks * 7 * DAY / (buyers - choice.of((1, 1, 0)))
        yield transfer(hood.payer(i + 10), account, when, price)
    for i in range(night):
        yield transfer(hood.payer(i + 10), account, first + (i * DAY + 14 * HOUR), price)
    for i in range(choice.of((3, 3, 2))):
        sent = card(account, first + choice.of((i, i, i, 0)) * DAY, hood.usd(5))
        yield replace(sent, mcc=choice.of(("4215", "4215", "4214", "4111")))
    goods = price * buyers // 5 - choice.of((15, 10, 16, 15)) * hood.usd(1)
    if goods > 0:
        bought = card(account, first + DAY, goods)
        yield replace(bought, mcc=choice.of(("5199", "5131", "5999")))
    yield from _aftermath(choice, hood, account, at + choice.of((1, 40)) * DAY)


def _aftermath(
    choice: Choice, hood: Neighbourhood, account: str, at: datetime
) -> Iterable[Transaction]:
    """Small movements afterwards, each of which is judged again."""
    for i in range(choice.of((3, 0, 1, 8))):
        when = at + (i + 1) * 5 * HOUR
        small = hood.usd(choice.of((1, 2, 3)))
        paid = choice.of(
            (card(account, when, small), transfer(hood.payer(9), account, when, small))
        )
        yield replace(paid, mcc=choice.of((None, "5999", "8220")))


SCENES: tuple[Scene, ...] = (
    saving,
    saving,
    feasting,
    feasting,
    selling,
    selling,
    structuring,
    funnel,
    funnel,
    collector,
    collector,
    collector,
    drained,
    drained,
    drained,
    taken,
    taken,
    taken_back,
    taken_back,
    woken,
    woken,
    piped,
    night_cash,
    smurfed,
    pressed,
    pressed,
    recruited,
    used,
    housed,
    entrusted,
    organised,
    ramped,
    touring,
    set_off,
    brokered,
    streamed,
    sitting,
    handled,
    wages,
    family,
    ordinary,
)


def transfer(source: str, target: str, at: datetime, amount: int) -> Transaction:
    """From one account to another."""
    return Transaction(
        reference="",
        event_time=at,
        txn_type="TRANSFER",
        amount_base=amount,
        orig_account_id=source,
        benef_account_id=target,
    )


def cash_in(account: str, at: datetime, amount: int) -> Transaction:
    """Over the counter, into an account."""
    return Transaction(
        reference="",
        event_time=at,
        txn_type="CASH_DEPOSIT",
        amount_base=amount,
        is_cash=True,
        benef_account_id=account,
    )


def cash_out(account: str, at: datetime, amount: int) -> Transaction:
    """Over the counter, out of an account."""
    return Transaction(
        reference="",
        event_time=at,
        txn_type="CASH_WITHDRAWAL",
        amount_base=amount,
        is_cash=True,
        orig_account_id=account,
    )


def card(account: str, at: datetime, amount: int) -> Transaction:
    """A purchase by card, at nobody we know."""
    return Transaction(
        reference="",
        event_time=at,
        txn_type="CARD_PURCHASE",
        amount_base=amount,
        orig_account_id=account,
    )
