"""Everyday life as rows: what is paid, to whom, when and how, drawn for a block of days at once."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from ingest.simulated.country import CURRENCY, TOWNS, place_id
from ingest.simulated.people import SHOPS_PER_TOWN, Indices, Job, People
from ingest.simulated.rows import DAY, HOUR, ROW, SECOND

Other = Literal["shop", "telco", "utility", "friend", "atm", "cdm", "buyer", "abroad"]

Cell = pl.Series | Indices | str | bool | int | None

EPOCH = date(1970, 1, 1)
MONTH_DAYS = 30.4
REGIONS = pl.Series([town.region for town in TOWNS], dtype=pl.String)
SHOPS = tuple((town, n) for town in range(len(TOWNS)) for n in range(1, SHOPS_PER_TOWN + 1))
SHOP_PLACES = pl.Series([place_id(town, "SHOP", n) for town, n in SHOPS], dtype=pl.String)
SHOP_NUMBERS = pl.Series([f"SHOP-{n:03d}" for n in range(1, len(SHOPS) + 1)], dtype=pl.String)
FIRMS = {"telco": "TELCO-1", "utility": "WATER-1"}
DEALERS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """Something people do again and again.

    a_month: times a month for each Job, in its order. median: usual amount in kip; spread: sigma
    of its logarithm; step: amounts are multiples of it. hours: local, from and to.
    """

    other: Other
    a_month: tuple[float, float, float, float, float]
    median: int
    spread: float = 0.6
    step: int = 1_000
    hours: tuple[int, int] = (7, 21)
    txn_type: str = "TRANSFER"
    channel: str = "MOBILE"
    mcc: str | None = None
    purpose: str | None = None
    is_cash: bool = False
    is_credit: bool = False


HABITS: tuple[Habit, ...] = (
    Habit(
        other="shop",
        a_month=(4, 3, 2, 2, 3),
        median=180_000,
        txn_type="CARD_PURCHASE",
        channel="POS",
        mcc="5411",
    ),
    Habit(other="shop", a_month=(6, 5, 3, 5, 2), median=90_000, mcc="5411"),
    Habit(other="shop", a_month=(5, 3, 1, 6, 1), median=60_000, mcc="5812"),
    Habit(other="telco", a_month=(2, 2, 1, 2, 1), median=30_000, step=5_000, mcc="4814"),
    Habit(other="utility", a_month=(1, 1, 0.5, 0, 1), median=200_000, mcc="4900", purpose="UBIL"),
    Habit(other="friend", a_month=(1.5, 1.5, 0.5, 2, 0.3), median=200_000, step=10_000),
    Habit(
        other="atm",
        a_month=(3, 2, 1.5, 2, 2),
        median=800_000,
        step=100_000,
        txn_type="CASH_WITHDRAWAL",
        channel="ATM",
        is_cash=True,
    ),
    Habit(
        other="cdm",
        a_month=(0, 4, 0, 0, 0),
        median=5_000_000,
        step=50_000,
        hours=(16, 20),
        txn_type="CASH_DEPOSIT",
        channel="CDM",
        is_cash=True,
        is_credit=True,
    ),
    Habit(other="friend", a_month=(0, 14, 0, 0, 0), median=120_000, is_credit=True),
    Habit(
        other="buyer",
        a_month=(0, 0, 0.8, 0, 0),
        median=6_000_000,
        step=50_000,
        purpose="GDDS",
        is_credit=True,
    ),
    Habit(
        other="abroad",
        a_month=(0.1, 0, 0.3, 0.2, 0.6),
        median=2_500_000,
        step=10_000,
        txn_type="REMITTANCE_PAYOUT",
        channel="MTO_COUNTER",
        is_credit=True,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of many rows; a missing column is null in all of them. The country is said where
    it is another one only, as banks do."""

    account: pl.Series | None = None
    party: pl.Series | None = None
    region: pl.Series | None = None
    country: str | None = None
    more: dict[str, pl.Series] = field(default_factory=dict)
    """Columns that follow from this side: the terminal, its subdivision, the merchant."""


def everyday(
    people: People, *, first_day: int, days: int, rng: np.random.Generator
) -> pl.DataFrame:
    """ROW rows of `days` local days from `first_day` (days since the epoch), in no order."""
    drawn = [_habit_rows(habit, people, first_day, days, rng) for habit in HABITS]
    block = range(first_day, first_day + days)
    return pl.concat(
        [
            *drawn,
            _wages(people, block, rng),
            _rents(people, block, rng),
            _support(people, block, rng),
        ]
    )


def merchant_ids() -> tuple[str, ...]:
    """Ids of the shops, the telephone company and the water works, without their prefixes."""
    return (*SHOP_NUMBERS.to_list(), *FIRMS.values())


def dealer_ids() -> tuple[str, ...]:
    """Those who buy crops from farmers."""
    return tuple(f"CROP-{number}" for number in range(1, DEALERS + 1))


def employer_ids(people: People) -> tuple[str, ...]:
    return tuple(f"WORK-{number:04d}" for number in range(1, people.employers + 1))


def _habit_rows(
    habit: Habit, people: People, first_day: int, days: int, rng: np.random.Generator
) -> pl.DataFrame:
    rates = np.array(habit.a_month)[people.job] * (days / MONTH_DAYS)
    who = np.repeat(np.arange(len(people)), rng.poisson(rates))
    own, other = _person(people, who), _other_side(habit, people, who, rng)
    orig, benef = (other, own) if habit.is_credit else (own, other)
    if habit.channel == "MOBILE" and habit.other != "buyer":
        orig = _on_own_device(orig)
    return _rows(
        time=_times(first_day, days, habit.hours, len(who), rng),
        amount=_amounts(habit.median, habit.spread, habit.step, len(who), rng),
        orig=orig,
        benef=benef,
        txn_type=habit.txn_type,
        channel=habit.channel,
        direction="CREDIT" if habit.is_credit else "DEBIT",
        is_cash=habit.is_cash,
        is_cross_border=habit.other == "abroad",
        mcc=habit.mcc,
        purpose_code=habit.purpose,
    )


def _wages(people: People, block: range, rng: np.random.Generator) -> pl.DataFrame:
    """Wages come in one batch on the payday, the same sum but for overtime."""
    who, day = _due(block, people.payday, people.job == Job.WORKER)
    overtime = 1.0 + np.clip(rng.normal(0.0, 0.04, len(who)), -0.1, 0.25)
    numbers = pl.Series(employer_ids(people), dtype=pl.String).gather(people.employer[who])
    return _rows(
        time=day * DAY + 9 * HOUR + rng.integers(0, 3_600, len(who)) * SECOND,
        amount=(people.income[who] * overtime / 1_000).astype(np.int64) * 1_000,
        orig=_firm(numbers, None),
        benef=_person(people, who),
        txn_type="SALARY",
        channel="BATCH",
        direction="CREDIT",
        purpose_code="SALA",
    )


def _rents(people: People, block: range, rng: np.random.Generator) -> pl.DataFrame:
    """A quarter of the income, on one of the first five days of the month."""
    who, day = _due(block, 1 + np.arange(len(people)) % 5, people.landlord >= 0)
    return _between(people, who, people.landlord[who], day, people.income[who] // 4, "RENT", rng)


def _support(people: People, block: range, rng: np.random.Generator) -> pl.DataFrame:
    """Workers send an elder a fifth of their wages; farmers and vendors send students theirs."""
    days = np.where(people.job == Job.WORKER, people.payday - 23, 2)
    who, day = _due(block, days, people.parent >= 0)
    is_student = people.job[who] == Job.STUDENT
    payer = np.where(is_student, people.parent[who], who)
    payee = np.where(is_student, who, people.parent[who])
    allowance = np.where(is_student, people.income[who], people.income[who] // 5)
    return _between(people, payer, payee, day, allowance, None, rng)


def _due(
    block: range, day_of_month: Indices, may: npt.NDArray[np.bool_]
) -> tuple[Indices, Indices]:
    """Who of those that may has something due in a block of days, and on which day."""
    found = [np.flatnonzero(may & (day_of_month == _day_of_month(day))) for day in block]
    days = np.repeat(np.array(block, dtype=np.int64), [len(who) for who in found])
    return np.concatenate(found), days


def _between(
    people: People,
    payer: Indices,
    payee: Indices,
    day: Indices,
    amount: Indices,
    purpose: str | None,
    rng: np.random.Generator,
) -> pl.DataFrame:
    return _rows(
        time=day * DAY + 8 * HOUR + rng.integers(0, 12 * 3_600, len(payer)) * SECOND,
        amount=amount // 10_000 * 10_000,
        orig=_on_own_device(_person(people, payer)),
        benef=_person(people, payee),
        txn_type="TRANSFER",
        channel="MOBILE",
        direction="INTERNAL",
        purpose_code=purpose,
    )


def _other_side(habit: Habit, people: People, who: Indices, rng: np.random.Generator) -> Side:
    home = people.home[who]
    match habit.other:
        case "shop":
            return _shop(home * SHOPS_PER_TOWN + rng.integers(0, SHOPS_PER_TOWN, len(who)), habit)
        case "telco" | "utility":
            number = FIRMS[habit.other]
            return _firm(pl.Series([number], dtype=pl.String).new_from_index(0, len(who)), "M-FICT")
        case "friend":
            return _person(people, (who + rng.integers(1, 9, len(who))) % len(people))
        case "buyer":
            dealers = pl.Series(dealer_ids(), dtype=pl.String)
            return _firm(dealers.gather(rng.integers(0, DEALERS, len(who))), None)
        case "abroad":
            return Side(account=_abroad(who), country="TH")
        case "atm" | "cdm":
            return _machine(home, habit.other.upper(), rng)


def _person(people: People, who: Indices) -> Side:
    return Side(
        account=people.account.gather(who),
        party=people.party.gather(who),
        region=REGIONS.gather(people.home[who]),
    )


def _on_own_device(side: Side) -> Side:
    """Everybody's first telephone is named after its owner's account."""
    if side.account is None:
        return side
    device = side.account.str.replace("A-FICT", "D-FICT", literal=True)
    return replace(side, more={**side.more, "device_hash": device})


def _firm(numbers: pl.Series, party_prefix: str | None) -> Side:
    """A firm by number; as a merchant of the register if it has a party prefix."""
    parties = f"{party_prefix or 'E-FICT'}-" + numbers
    merchant = {"merchant_id": parties} if party_prefix else {}
    return Side(
        account="A-FICT-" + numbers,
        party=parties,
        region=REGIONS.new_from_index(0, len(numbers)),
        more=merchant,
    )


def _shop(shops: Indices, habit: Habit) -> Side:
    regions = REGIONS.gather(shops // SHOPS_PER_TOWN)
    side = replace(_firm(SHOP_NUMBERS.gather(shops), "M-FICT"), region=regions)
    if habit.channel == "POS":
        side.more.update(terminal_id=SHOP_PLACES.gather(shops), location_region=regions)
    return side


def _machine(home: Indices, kind: str, rng: np.random.Generator) -> Side:
    """A cash machine of the home town: no account on the other side, but a place."""
    count = 3 if kind == "ATM" else 1
    machines = pl.Series(
        [place_id(town, kind, n) for town in range(len(TOWNS)) for n in range(1, count + 1)]
    )
    chosen = machines.gather(home * count + rng.integers(0, count, len(home)))
    return Side(more={"terminal_id": chosen, "location_region": REGIONS.gather(home)})


def _abroad(who: Indices) -> pl.Series:
    """Each receiver's own sender: the same account every time."""
    return pl.Series([f"X-FICT-TH-{number:06d}" for number in who], dtype=pl.String)


def _times(
    first_day: int, days: int, hours: tuple[int, int], count: int, rng: np.random.Generator
) -> Indices:
    day = rng.integers(first_day, first_day + days, count)
    second = rng.integers(hours[0] * 3_600, hours[1] * 3_600, count)
    return day * DAY + second * SECOND


def _amounts(
    median: int, spread: float, step: int, count: int, rng: np.random.Generator
) -> Indices:
    drawn = median * rng.lognormal(0.0, spread, count)
    return np.maximum(1, np.rint(drawn / step)).astype(np.int64) * step


def _day_of_month(day: int) -> int:
    return (EPOCH + timedelta(days=day)).day


def _rows(
    *, time: Indices, amount: Indices, orig: Side, benef: Side, **constants: str | bool | None
) -> pl.DataFrame:
    """ROW columns from two sides and what all rows have in common."""
    columns: dict[str, Cell] = {"is_cash": False, "is_cross_border": False, "delay": 0}
    columns |= {"currency": CURRENCY, **constants, "event_time": time, "amount": amount}
    for name, side in (("orig", orig), ("benef", benef)):
        columns[f"{name}_account_id"] = side.account
        columns[f"{name}_party_id"] = side.party
        columns[f"{name}_region"] = side.region
        columns[f"{name}_country"] = side.country
        columns |= side.more
    return pl.select(
        _column(columns.get(name), dtype, len(time)).alias(name) for name, dtype in ROW.items()
    )


def _column(value: Cell, dtype: pl.DataType, count: int) -> pl.Expr:
    if isinstance(value, pl.Series | np.ndarray):
        return pl.lit(pl.Series(value, dtype=dtype))
    return pl.repeat(value, count, dtype=dtype)
