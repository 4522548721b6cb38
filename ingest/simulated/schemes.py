"""The crimes of the simulated country: each draws its own parameters, some of them evasive."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

import numpy as np
import polars as pl

from ingest.reference import Account
from ingest.simulated.country import (
    BORDER_TOWNS,
    KIP_PER_USD,
    TOWNS,
    place_id,
)
from ingest.simulated.people import People
from ingest.simulated.rows import DAY, HOUR, SECOND, Row, frame_of

STEP = 10_000
FAR_KM = 110.0
OWN_CUSTOMERS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Somebody with an account, seen from a scheme."""

    party: str | None
    account: str
    town: int
    device: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """A planted scheme and its truth. typology: None for a look-alike that must stay silent.

    subject: the party an alert should name. is_evasive: kept below a threshold on purpose.
    """

    id: str
    typology: str | None
    subject: str
    parties: tuple[str, ...]
    is_evasive: bool
    rows: pl.DataFrame
    opened: tuple[Account, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who may play in a scheme; `leads`, by position, are used once."""

    people: People
    leads: list[int]

    def lead(self) -> Party:
        """Somebody nobody else's scheme is about; their second account, opened for the purpose."""
        who = self.leads.pop()
        party = self.at(who)
        return Party(
            party=party.party, account=f"{party.account}-2", town=party.town, device=party.device
        )

    def at(self, who: int) -> Party:
        people = self.people
        return Party(
            party=people.party[who],
            account=people.account[who],
            town=int(people.home[who]),
            device=people.device[who],
        )

    def strangers(self, count: int, rng: np.random.Generator) -> list[Party]:
        """`count` people from anywhere, most of them with an account at another bank."""
        return [self.stranger(int(town), rng) for town in rng.integers(0, len(TOWNS), count)]

    def from_towns(self, count: int, towns: int, rng: np.random.Generator) -> list[Party]:
        """`count` strangers, as evenly as it goes from `towns` subdivisions."""
        chosen = rng.permutation(len(TOWNS))[:towns]
        return [self.stranger(int(chosen[n % towns]), rng) for n in range(count)]

    def stranger(self, town: int, rng: np.random.Generator) -> Party:
        """One in five is a customer of this bank who lives in that town, if anybody does."""
        here = np.flatnonzero(self.people.home == town)
        if rng.random() < OWN_CUSTOMERS and len(here):
            return self.at(int(rng.choice(here)))
        account = f"X-FICT-{int(rng.integers(1, 1_000_000)):06d}"
        return Party(party=None, account=account, town=town, device=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeCollector:
    """Many strangers from many towns pay one of two prices; the money leaves in cash at once.

    is_burst: all in one morning, one early payer's row sent by the bank 20 hours late.
    """

    payers: int
    towns: int
    prices_usd: tuple[int, int]
    days: int
    hold_hours: int
    scatter: float
    """Sigma of the logarithm of a payment around its price."""
    is_burst: bool = False

    @property
    def is_evasive(self) -> bool:
        return self.payers < 10 or self.towns < 4 or self.hold_hours > 48 or self.scatter > 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class VictimDrain:
    """Accounts that get many small credits in the evening and are emptied by night to one party."""

    victims: int
    days: int
    credits_a_day: int
    credit_usd: int
    sweep_hours: int
    own_life: float
    """Share of what comes in that the holder may spend."""

    @property
    def is_evasive(self) -> bool:
        return self.victims < 2 or self.own_life > 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """Cash paid in by others in several towns, drawn far away within hours."""

    towns: int
    deposits: int
    deposit_usd: int
    hold_hours: int

    @property
    def is_evasive(self) -> bool:
        return self.towns < 3 or self.hold_hours > 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Structuring:
    """Cash deposits just under the reporting threshold, none above."""

    deposits: int
    lowest: float
    """Share of the threshold; evasive below the band that is watched."""

    @property
    def is_evasive(self) -> bool:
        return self.lowest < 0.8


def draw_fee_collector(rng: np.random.Generator, *, is_burst: bool = False) -> FeeCollector:
    low = int(rng.integers(55, 300))
    return FeeCollector(
        payers=int(rng.integers(14, 32)),
        towns=int(rng.integers(5, 11)),
        prices_usd=(low, int(low * rng.uniform(1.2, 2.2))),
        days=1 if is_burst else int(rng.integers(3, 12)),
        hold_hours=2 if is_burst else int(rng.integers(2, 20)),
        scatter=0.0,
        is_burst=is_burst,
    )


def draw_evasive_collector(rng: np.random.Generator) -> FeeCollector:
    way = rng.integers(0, 4)
    return FeeCollector(
        payers=int(rng.integers(6, 10)) if way == 0 else int(rng.integers(12, 20)),
        towns=int(rng.integers(2, 4)) if way == 1 else 6,
        prices_usd=(90, 160),
        days=int(rng.integers(4, 10)),
        hold_hours=int(rng.integers(72, 140)) if way == 2 else 6,
        scatter=0.7 if way == 3 else 0.0,
    )


def draw_victim_drain(rng: np.random.Generator) -> VictimDrain:
    return VictimDrain(
        victims=int(rng.integers(2, 6)),
        days=int(rng.integers(6, 25)),
        credits_a_day=int(rng.integers(2, 6)),
        credit_usd=int(rng.integers(12, 60)),
        sweep_hours=int(rng.integers(1, 6)),
        own_life=float(rng.uniform(0.0, 0.02)),
    )


def draw_evasive_drain(rng: np.random.Generator) -> VictimDrain:
    is_single = bool(rng.integers(0, 2))
    return VictimDrain(
        victims=1 if is_single else 3,
        days=int(rng.integers(6, 25)),
        credits_a_day=3,
        credit_usd=int(rng.integers(12, 60)),
        sweep_hours=3,
        own_life=0.0 if is_single else 0.12,
    )


def draw_funnel(rng: np.random.Generator) -> Funnel:
    return Funnel(
        towns=int(rng.integers(3, 6)),
        deposits=int(rng.integers(6, 16)),
        deposit_usd=int(rng.integers(150, 2_500)),
        hold_hours=int(rng.integers(2, 30)),
    )


def draw_evasive_funnel(rng: np.random.Generator) -> Funnel:
    is_local = bool(rng.integers(0, 2))
    return Funnel(
        towns=2 if is_local else 4,
        deposits=10,
        deposit_usd=int(rng.integers(150, 2_500)),
        hold_hours=6 if is_local else 120,
    )


def draw_structuring(rng: np.random.Generator) -> Structuring:
    return Structuring(deposits=int(rng.integers(4, 9)), lowest=float(rng.uniform(0.7, 0.9)))


def fee_collector(
    id: str, how: FeeCollector, cast: Cast, first_day: int, rng: np.random.Generator
) -> Scheme:
    """Rows of payers and of cash drawn at a border town, a hundredth kept."""
    collector, border = cast.lead(), int(rng.choice(BORDER_TOWNS))
    payers = cast.from_towns(how.payers, how.towns, rng)
    times = _burst(first_day, how.payers) if how.is_burst else _spread(first_day, how, rng)
    rows: list[Row] = []
    for number, (payer, time) in enumerate(zip(payers, times, strict=False)):
        price = how.prices_usd[int(rng.random() < 0.35)] * KIP_PER_USD
        amount = rounded(price * rng.lognormal(0.0, how.scatter))
        late = 20 * HOUR if how.is_burst and number == 2 else 0
        rows.append(transfer(id, payer, collector, amount, time, delay=late))
        out = time + how.hold_hours * HOUR + int(rng.integers(0, HOUR // SECOND)) * SECOND
        out = time + 600 * SECOND if how.is_burst else out
        rows.append(withdrawal(id, collector, rounded(amount * 0.98), out, border, number % 3 + 1))
    return plant(id, "som-collector-fanin", collector, [collector], rows, is_evasive=how.is_evasive)


def victim_drain(
    id: str, how: VictimDrain, cast: Cast, first_day: int, rng: np.random.Generator
) -> Scheme:
    """Rows of clients, of sweeps on the receiver's device, and of the receiver's cash."""
    receiver = cast.lead()
    victims = [cast.lead() for _ in range(how.victims)]
    rows = [
        row
        for victim in victims
        for day in range(first_day, first_day + how.days)
        for row in _evening(id, how, victim, receiver, cast, day, rng)
    ]
    swept = sum(row.amount for row in rows if row.benef_account_id == receiver.account)
    last = first_day + how.days
    rows += [
        withdrawal(id, receiver, rounded(swept * 0.3), day * DAY + 11 * HOUR, receiver.town, 1)
        for day in (first_day + how.days // 2, last, last + 1)
    ]
    return plant(
        id, "sx-victim-drain", receiver, [receiver, *victims], rows, is_evasive=how.is_evasive
    )


def funnel(id: str, how: Funnel, cast: Cast, first_day: int, rng: np.random.Generator) -> Scheme:
    """Rows of deposits by others in towns near one another and of cash drawn far from all."""
    holder = cast.lead()
    far = [t for t in BORDER_TOWNS if t != holder.town and len(_far_from(t, holder.town)) >= 3]
    out_town = far[int(rng.integers(0, len(far)))]
    towns = rng.permutation(_far_from(out_town, holder.town))[: how.towns]
    rows: list[Row] = []
    for number in range(how.deposits):
        town = int(towns[number % len(towns)])
        opening = first_day * DAY + 9 * HOUR + number * 14 * HOUR
        time = opening + int(rng.integers(0, 7_200)) * SECOND
        amount = rounded(how.deposit_usd * KIP_PER_USD * rng.uniform(0.6, 1.4))
        depositor = f"W-FICT-{int(rng.integers(1, 1_000_000)):06d}"
        rows.append(deposit(id, holder, depositor, amount, time, town, "CDM"))
        out = time + how.hold_hours * HOUR
        rows.append(withdrawal(id, holder, rounded(amount * 0.97), out, out_town, number % 3 + 1))
    return plant(id, "st-funnel-geo", holder, [holder], rows, is_evasive=how.is_evasive)


def structuring(
    id: str, how: Structuring, cast: Cast, first_day: int, rng: np.random.Generator
) -> Scheme:
    """Rows of cash deposits at the home branch, each between `lowest` and 0.98 of the threshold."""
    holder = cast.lead()
    threshold = 100_000_000
    rows = [
        deposit(
            id,
            holder,
            holder.party,
            rounded(threshold * rng.uniform(how.lowest, 0.98)),
            (first_day + number // 2) * DAY + int(rng.integers(8, 16)) * HOUR,
            holder.town,
            "BRANCH",
        )
        for number in range(how.deposits)
    ]
    return plant(id, "st-structuring", holder, [holder], rows, is_evasive=how.is_evasive)


def transfer(
    scheme: str,
    payer: Party,
    payee: Party,
    amount: int,
    time: int,
    *,
    device: str | None = None,
    delay: int = 0,
    purpose: str | None = None,
) -> Row:
    """A mobile transfer, on the payer's own telephone unless another device is given."""
    return Row(
        event_time=time,
        txn_type="TRANSFER",
        channel="MOBILE",
        direction="INTERNAL" if payer.party and payee.party else "CREDIT",
        amount=amount,
        orig_account_id=payer.account,
        orig_party_id=payer.party,
        orig_region=TOWNS[payer.town].region,
        benef_account_id=payee.account,
        benef_party_id=payee.party,
        benef_region=TOWNS[payee.town].region,
        device_hash=device or payer.device,
        purpose_code=purpose,
        delay=delay,
        scheme=scheme,
    )


def withdrawal(scheme: str, holder: Party, amount: int, time: int, town: int, machine: int) -> Row:
    return Row(
        event_time=time,
        txn_type="CASH_WITHDRAWAL",
        channel="ATM",
        direction="DEBIT",
        amount=amount,
        is_cash=True,
        orig_account_id=holder.account,
        orig_party_id=holder.party,
        orig_region=TOWNS[holder.town].region,
        terminal_id=place_id(town, "ATM", machine),
        location_region=TOWNS[town].region,
        scheme=scheme,
    )


def deposit(
    scheme: str,
    holder: Party,
    conductor: str | None,
    amount: int,
    time: int,
    town: int,
    kind: str,
) -> Row:
    return Row(
        event_time=time,
        txn_type="CASH_DEPOSIT",
        channel=kind,
        direction="CREDIT",
        amount=amount,
        is_cash=True,
        benef_account_id=holder.account,
        benef_party_id=holder.party,
        benef_region=TOWNS[holder.town].region,
        conductor_party_id=conductor,
        terminal_id=place_id(town, kind, 1),
        location_region=TOWNS[town].region,
        scheme=scheme,
    )


def purchase(
    scheme: str, holder: Party, amount: int, time: int, *, mcc: str, delay: int = 0
) -> Row:
    """Bought by card in the first shop of the holder's town."""
    shop = 3 * holder.town + 1
    return Row(
        event_time=time,
        txn_type="CARD_PURCHASE",
        channel="POS",
        direction="DEBIT",
        amount=amount,
        orig_account_id=holder.account,
        orig_party_id=holder.party,
        orig_region=TOWNS[holder.town].region,
        benef_account_id=f"A-FICT-SHOP-{shop:03d}",
        benef_party_id=f"M-FICT-SHOP-{shop:03d}",
        benef_region=TOWNS[holder.town].region,
        terminal_id=place_id(holder.town, "SHOP", 1),
        location_region=TOWNS[holder.town].region,
        mcc=mcc,
        merchant_id=f"M-FICT-SHOP-{shop:03d}",
        delay=delay,
        scheme=scheme,
    )


def opened(party: Party) -> Account:
    """The account as the bank's reference feed tells it."""
    return Account(account_id=party.account, holder=party.party)


def plant(
    id: str,
    typology: str | None,
    subject: Party,
    parties: Sequence[Party],
    rows: Sequence[Row],
    *,
    is_evasive: bool = False,
) -> Scheme:
    """A scheme with its rows in time order; `parties` hold the accounts it opened."""
    return Scheme(
        id=id,
        typology=typology,
        subject=subject.party or subject.account,
        parties=tuple(party.party or party.account for party in parties),
        is_evasive=is_evasive,
        rows=frame_of(sorted(rows, key=lambda row: row.event_time)),
        opened=tuple(opened(party) for party in parties),
    )


def kilometres(one: int, other: int) -> float:
    """Great-circle distance between two towns."""
    a, b = TOWNS[one], TOWNS[other]
    h = (
        sin(radians(b.lat - a.lat) / 2) ** 2
        + cos(radians(a.lat)) * cos(radians(b.lat)) * sin(radians(b.lon - a.lon) / 2) ** 2
    )
    return 2 * 6_371.0 * asin(sqrt(h))


def rounded(amount: float) -> int:
    return max(STEP, int(amount) // STEP * STEP)


def _burst(first_day: int, payers: int) -> list[int]:
    """One morning from seven, a payer every twenty minutes."""
    return [first_day * DAY + 7 * HOUR + n * 1_200 * SECOND for n in range(payers)]


def _spread(first_day: int, how: FeeCollector, rng: np.random.Generator) -> list[int]:
    days = rng.integers(0, how.days, how.payers)
    seconds = rng.integers(6 * 3_600, 21 * 3_600, how.payers)
    return [int(t) for t in np.sort((first_day + days) * DAY + seconds * SECOND)]


def _evening(
    id: str,
    how: VictimDrain,
    victim: Party,
    receiver: Party,
    cast: Cast,
    day: int,
    rng: np.random.Generator,
) -> list[Row]:
    seconds = np.sort(rng.integers(17 * 3_600, 22 * 3_600, how.credits_a_day))
    clients = cast.strangers(how.credits_a_day, rng)
    rows = [
        transfer(
            id,
            client,
            victim,
            rounded(how.credit_usd * KIP_PER_USD * rng.uniform(0.5, 1.8)),
            day * DAY + int(second) * SECOND,
        )
        for client, second in zip(clients, seconds, strict=True)
    ]
    taken = sum(row.amount for row in rows)
    if how.own_life:
        spent = max(STEP, rounded(taken * how.own_life))
        rows.append(purchase(id, victim, spent, day * DAY + 22 * HOUR, mcc="5411"))
    sweep = day * DAY + 22 * HOUR + how.sweep_hours * HOUR // 2
    swept = rounded(taken * (0.985 - how.own_life))
    return [*rows, transfer(id, victim, receiver, swept, sweep, device=receiver.device)]


def _far_from(town: int, home: int) -> list[int]:
    """Towns at least FAR_KM away that are nobody's home here."""
    return [t for t in range(len(TOWNS)) if t != home and kilometres(town, t) >= FAR_KM]
