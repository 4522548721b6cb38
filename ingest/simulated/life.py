"""Everyday life as rows: what is paid, to whom, when and how, drawn for a block of days at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from ingest.simulated.country import (
    BORDER_TOWNS,
    CURRENCY,
    DEPOSIT_LIMIT,
    KINDS,
    OTHER_ACCOUNTS,
    TOWNS,
    place_id,
)
from ingest.simulated.people import LEAST_SHOPS, Indices, People
from ingest.simulated.rows import DAY, HOUR, ROW, SECOND
from ingest.simulated.society import Habit, Rhythm

Cell = pl.Series | Indices | str | bool | int | None

EPOCH = date(1970, 1, 1)
MONTH_DAYS = 30.4
REGIONS = pl.Series([town.region for town in TOWNS], dtype=pl.String)
SHOP_PLACES = pl.Series(
    [place_id(town, "SHOP", n) for town in range(len(TOWNS)) for n in range(1, LEAST_SHOPS + 1)],
    dtype=pl.String,
)
FIRMS = {"telco": "TELCO-1", "utility": "WATER-1"}
DEALERS = 6
EVERYBODY = slice(None)
NEARNESS = 3.0
SENT_SHARE = 0.16
PAID_IN_SHARE = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of many rows; a missing column is null in all of them. The country is said where
    it is another one only, as banks do."""

    account: pl.Series | None = None
    party: pl.Series | None = None
    region: pl.Series | None = None
    country: pl.Series | str | None = None
    device: pl.Series | None = None
    """The telephones of those on this side; said in rows only that were made with them."""
    more: dict[str, pl.Series] = field(default_factory=dict)
    """Columns that follow from this side: the terminal, its subdivision, the merchant."""


def everyday(
    people: People,
    *,
    first_day: int,
    days: int,
    rng: np.random.Generator,
    part: slice = EVERYBODY,
) -> pl.DataFrame:
    """ROW rows of `days` local days from `first_day` (days since the epoch), in no order. part: of
    the people, by position, those whose doing it is."""
    habits = people.society.habits
    drawn = [_habit_rows(habit, people, part, first_day, days, rng) for habit in habits]
    block = range(first_day, first_day + days)
    return pl.concat(
        [
            *drawn,
            _wages(people, part, block, rng),
            _rents(people, part, block, rng),
            _support(people, part, block, rng),
        ]
    )


def money_brought(
    people: People, who: Indices, *, amount: Indices, time: Indices, rng: np.random.Generator
) -> pl.DataFrame:
    """ROW rows in the order given: somebody pays in at a machine by day, or an acquaintance at
    another bank sends it, so that there is enough for what comes next."""
    hour = time % DAY // HOUR
    is_cash = (rng.random(len(who)) < PAID_IN_SHARE) & (hour >= 7) & (hour < 21)
    is_cash &= amount < DEPOSIT_LIMIT
    cash, sent = np.flatnonzero(is_cash), np.flatnonzero(~is_cash)
    paid_in = _person(people, who[cash])
    if people.society.says_conductor:
        told = {"conductor_party_id": _conductors(people, who[cash], rng)}
        paid_in = replace(paid_in, more=told)
    rows = pl.concat(
        [
            _rows(
                time=time[cash],
                amount=amount[cash],
                orig=_machine(people.home[who[cash]], "CDM", rng),
                benef=paid_in,
                txn_type="CASH_DEPOSIT",
                channel="CDM",
                direction="CREDIT",
                is_cash=True,
            ),
            _rows(
                time=time[sent],
                amount=amount[sent],
                orig=_elsewhere(who[sent], rng),
                benef=_person(people, who[sent]),
                txn_type="TRANSFER",
                channel="MOBILE",
                direction="CREDIT",
            ),
        ]
    )
    return rows[np.argsort(np.concatenate([cash, sent]))]


def merchant_ids(people: People) -> tuple[str, ...]:
    """Ids of the shops, the telephone company and the water works, without their prefixes."""
    return (*_shop_numbers(people), *FIRMS.values())


def dealer_ids() -> tuple[str, ...]:
    """Those who buy crops from farmers."""
    return tuple(f"CROP-{number}" for number in range(1, DEALERS + 1))


def employer_ids(people: People) -> tuple[str, ...]:
    return tuple(f"WORK-{number:04d}" for number in range(1, people.employers + 1))


def held_accounts(people: People) -> pl.Series:
    """Everybody's account, then those of merchants, dealers and employers."""
    firms = (*merchant_ids(people), *dealer_ids(), *employer_ids(people))
    return pl.concat([people.account, pl.Series([f"A-FICT-{firm}" for firm in firms])])


def _habit_rows(
    habit: Habit,
    people: People,
    part: slice,
    first_day: int,
    days: int,
    rng: np.random.Generator,
) -> pl.DataFrame:
    rates = _rates(habit, people, first_day, days)[part]
    who = np.repeat(np.arange(len(people))[part], rng.poisson(rates))
    own, other = _person(people, who), _other_side(habit, people, who, rng)
    orig, benef = (other, own) if habit.is_credit else (own, other)
    if habit.channel == "MOBILE":
        orig = _on_own_device(orig)
    if habit.is_cash and habit.is_credit and people.society.says_conductor:
        benef = replace(benef, more={"conductor_party_id": _conductors(people, who, rng)})
    return _rows(
        time=_times(habit, first_day, days, len(who), rng),
        amount=_amounts(habit, len(who), rng),
        orig=orig,
        benef=benef,
        txn_type=habit.txn_type,
        channel=habit.channel,
        direction=_direction(habit),
        is_cash=habit.is_cash,
        is_cross_border=habit.other == "abroad" or bool(habit.countries),
        mcc=habit.mcc,
        purpose_code=habit.purpose,
        currency=habit.currency,
    )


def _direction(habit: Habit) -> str:
    if habit.is_internal:
        return "INTERNAL"
    return "CREDIT" if habit.is_credit else "DEBIT"


def _conductors(people: People, who: Indices, rng: np.random.Generator) -> pl.Series:
    """Who pays in: mostly the holder; one time in six somebody sent, whom the bank may not know."""
    sent = pl.Series(rng.integers(1, 1_000_000, len(who))).cast(pl.String).str.zfill(6)
    is_sent = pl.Series(rng.random(len(who)) < SENT_SHARE)
    return pl.select(
        pl.when(is_sent).then("W-FICT-" + sent).otherwise(people.party.gather(who))
    ).to_series()


def _whereabouts(people: People, who: Indices, rng: np.random.Generator) -> Indices:
    """The home town but for travellers, half of whom are in a border town."""
    home, share = people.home[who], people.society.travel_share
    if not share:
        return home
    chance = rng.random(len(who))
    border = np.array(BORDER_TOWNS)[rng.integers(0, len(BORDER_TOWNS), len(who))]
    away = np.where(chance < share / 2, border, rng.integers(0, len(TOWNS), len(who)))
    return np.where(chance < share, away, home).astype(np.int64)


def _wages(people: People, part: slice, block: range, rng: np.random.Generator) -> pl.DataFrame:
    """Wages come in one batch on the payday, the same sum but for overtime."""
    who, day = _due(part, block, people.payday, people.are("is_waged"))
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


def _rents(people: People, part: slice, block: range, rng: np.random.Generator) -> pl.DataFrame:
    """A quarter of the income, on one of the first five days of the month."""
    who, day = _due(part, block, 1 + np.arange(len(people)) % 5, people.landlord >= 0)
    return _between(people, who, people.landlord[who], day, people.income[who] // 4, "RENT", rng)


def _support(people: People, part: slice, block: range, rng: np.random.Generator) -> pl.DataFrame:
    """Workers send an elder a fifth of their wages; farmers and vendors send students theirs."""
    days = np.where(people.are("is_student"), 2, people.payday - 23)
    who, day = _due(part, block, days, people.parent >= 0)
    is_student = people.are("is_student")[who]
    payer = np.where(is_student, people.parent[who], who)
    payee = np.where(is_student, who, people.parent[who])
    allowance = np.where(is_student, people.income[who], people.income[who] // 5)
    return _between(people, payer, payee, day, allowance, None, rng)


def _due(
    part: slice, block: range, day_of_month: Indices, may: npt.NDArray[np.bool_]
) -> tuple[Indices, Indices]:
    """Who of those that may has something due in a block of days, and on which day."""
    first, due, may = part.start or 0, day_of_month[part], may[part]
    found = [first + np.flatnonzero(may & (due == _day_of_month(day))) for day in block]
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
    home = _whereabouts(people, who, rng)
    match habit.other:
        case "shop":
            return _shop(people, _shop_of(people, home, rng), habit)
        case "telco" | "utility":
            number = FIRMS[habit.other]
            return _firm(pl.Series([number], dtype=pl.String).new_from_index(0, len(who)), "M-FICT")
        case "friend":
            return _person(people, (who + rng.integers(1, 9, len(who))) % len(people))
        case "townsfolk":
            return _person(people, _neighbours(people, who, rng))
        case "elsewhere" if habit.countries:
            return _foreigner(habit.countries, who, rng)
        case "elsewhere":
            return _elsewhere(who, rng)
        case "buyer":
            dealers = pl.Series(dealer_ids(), dtype=pl.String)
            return _firm(dealers.gather(rng.integers(0, DEALERS, len(who))), None)
        case "abroad":
            return Side(account=_abroad(who), country="TH")
        case "atm" | "cdm" | "branch":
            return _machine(home, habit.other.upper(), rng)


def _person(people: People, who: Indices) -> Side:
    return Side(
        account=people.account.gather(who),
        party=people.party.gather(who),
        region=REGIONS.gather(people.home[who]),
        device=people.device.gather(who),
    )


def _on_own_device(side: Side) -> Side:
    """Made with the telephone of whoever is on this side; a firm's is not told."""
    if side.device is None:
        return side
    return replace(side, more={**side.more, "device_hash": side.device})


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


def _shop_numbers(people: People) -> list[str]:
    count = people.shops_per_town * len(TOWNS)
    return [f"SHOP-{number:03d}" for number in range(1, count + 1)]


def _shop_of(people: People, home: Indices, rng: np.random.Generator) -> Indices:
    """A shop of the home town; the first of a town sell most, if the society is uneven."""
    here, skew = people.shops_per_town, people.society.merchant_skew
    if not skew:
        return home * here + rng.integers(0, here, len(home))
    return home * here + (here * rng.random(len(home)) ** skew).astype(np.int64)


def _shop(people: People, shops: Indices, habit: Habit) -> Side:
    here = people.shops_per_town
    town = shops // here
    # Three a town first, then three more: whoever has three shops a town has the same numbers.
    block, of_block = np.divmod(shops % here, LEAST_SHOPS)
    number = (block * len(TOWNS) + town) * LEAST_SHOPS + of_block
    numbers = pl.Series(_shop_numbers(people), dtype=pl.String).gather(number)
    side = replace(_firm(numbers, "M-FICT"), region=REGIONS.gather(town))
    if habit.channel == "POS":
        places = SHOP_PLACES.gather(town * LEAST_SHOPS + of_block)
        side.more.update(terminal_id=places, location_region=REGIONS.gather(town))
    return side


def _neighbours(people: People, who: Indices, rng: np.random.Generator) -> Indices:
    """Anybody of the same town; near ones, in the order of ids, more often."""
    by_town = np.argsort(people.home, kind="stable")
    first = np.searchsorted(people.home[by_town], np.arange(len(TOWNS) + 1))
    rank = np.empty_like(by_town)
    rank[by_town] = np.arange(len(people))
    start, size = first[people.home[who]], np.diff(first)[people.home[who]]
    step = 1 + (size * rng.random(len(who)) ** NEARNESS).astype(np.int64)
    return by_town[start + (rank[who] - start + step) % size]


def _elsewhere(who: Indices, rng: np.random.Generator) -> Side:
    """One of a dozen acquaintances with an account at another bank, each of one town."""
    other = (who * 12 + rng.integers(0, 12, len(who))) * 7_919 % OTHER_ACCOUNTS
    accounts = pl.Series(other).cast(pl.String).str.zfill(6)
    return Side(account="X-FICT-" + accounts, region=REGIONS.gather(other % len(TOWNS)))


def _machine(home: Indices, kind: str, rng: np.random.Generator) -> Side:
    """A cash machine of the home town: no account on the other side, but a place."""
    count = dict(KINDS)[kind]
    machines = pl.Series(
        [place_id(town, kind, n) for town in range(len(TOWNS)) for n in range(1, count + 1)]
    )
    chosen = machines.gather(home * count + rng.integers(0, count, len(home)))
    return Side(more={"terminal_id": chosen, "location_region": REGIONS.gather(home)})


def _abroad(who: Indices) -> pl.Series:
    """Each receiver's own sender: the same account every time."""
    return pl.Series([f"X-FICT-TH-{number:06d}" for number in who], dtype=pl.String)


def _foreigner(countries: Sequence[str], who: Indices, rng: np.random.Generator) -> Side:
    """One of three acquaintances abroad, or a guest."""
    known = who * 3 + rng.integers(0, 3, len(who))
    number = np.where(rng.random(len(who)) < 0.5, known, rng.integers(0, 900_000, len(who)))
    country = pl.Series(countries).gather(number % len(countries))
    accounts = "X-FICT-" + country + "-" + pl.Series(number).cast(pl.String).str.zfill(6)
    return Side(account=accounts, country=country)


def _rates(habit: Habit, people: People, first_day: int, days: int) -> npt.NDArray[np.float64]:
    """How often each person does it in a block of days, by the month of its first day."""
    rates = np.array(habit.a_month)[people.job] * (days / MONTH_DAYS) * people.activity
    season = habit.rhythm.months[_date(first_day).month - 1] if habit.rhythm else 1.0
    return rates * season * (people.is_remitter if habit.other == "abroad" else 1.0)


def _times(
    habit: Habit, first_day: int, days: int, count: int, rng: np.random.Generator
) -> Indices:
    if habit.rhythm is not None:
        return _rhythmic(habit.rhythm, first_day, days, count, rng)
    day = rng.integers(first_day, first_day + days, count)
    second = rng.integers(habit.hours[0] * 3_600, habit.hours[1] * 3_600, count)
    return day * DAY + second * SECOND


def _rhythmic(
    rhythm: Rhythm, first_day: int, days: int, count: int, rng: np.random.Generator
) -> Indices:
    hours = np.array(rhythm.hours) / sum(rhythm.hours)
    weights = np.array([_weight(rhythm, day) for day in range(first_day, first_day + days)])
    day = first_day + rng.choice(days, size=count, p=weights / weights.sum())
    hour = rng.choice(24, size=count, p=hours)
    return day * DAY + hour * HOUR + rng.integers(0, 3_600, count) * SECOND


def _weight(rhythm: Rhythm, day: int) -> float:
    """More about paydays, half as much again before the Lao New Year, little on its days."""
    then = _date(day)
    payday = 1.25 if then.day >= 25 or then.day <= 3 else 1.0
    weight = rhythm.weekdays[then.weekday()] * payday
    if then.month == 4 and 9 <= then.day <= 16:
        return weight * (0.4 if then.day >= 13 else 1.5)
    return weight


def _amounts(habit: Habit, count: int, rng: np.random.Generator) -> Indices:
    drawn = habit.median * rng.lognormal(0.0, habit.spread, count)
    whole = np.maximum(1, np.rint(drawn / habit.step)).astype(np.int64) * habit.step
    return whole if habit.most is None else np.minimum(whole, habit.most)


def _day_of_month(day: int) -> int:
    return _date(day).day


def _date(day: int) -> date:
    return EPOCH + timedelta(days=day)


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
