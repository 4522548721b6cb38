"""Movements as `docs/definitions.md` defines them, in plain Python: order, holder, bits, slices.

Nothing here is fast and nothing here is shared with the engine: that is the point of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from hashlib import blake2b
from typing import Any, Literal

from ingest.reference import Customer, Place, References
from tests.oracle import words

Scope = Literal["account", "holder"]
OrderKey = tuple[int, int, int, int]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)
LONGEST_EXACT_WINDOW = timedelta(days=60)
HUB_DAYS = timedelta(days=30)
COMPLETE_HISTORY_DAYS = 10_000

TRANSFER_TYPES = frozenset(
    {
        "TRANSFER",
        "REMITTANCE_SEND",
        "REMITTANCE_PAYOUT",
        "WALLET_TOPUP",
        "WALLET_CASHOUT",
        "CHEQUE",
    }
)
REMITTANCE_TYPES = frozenset({"REMITTANCE_SEND", "REMITTANCE_PAYOUT"})
CARD_TYPES = frozenset({"CARD_PURCHASE", "CARD_CREDIT"})
TRADE_COST_MCC = frozenset(
    {"4214", "4784", "5013", "5039", "5046", "5137", "5172"}
    | {"5199", "5533", "5541", "5542", "7531", "7538", "7542"}
)
SUPPLIES_MCC = frozenset(
    {"5013", "5039", "5046", "5111", "5122", "5131", "5137", "5139", "5192", "5199"}
)
LICENCE_KINDS = frozenset({"MVTS", "RECRUITMENT", "TRAVEL", "TOPUP_AGENT"})
SHELTER_KINDS = frozenset({"NGO", "MASS_ORGANISATION", "INTERNATIONAL", "EMBASSY"})
UPKEEP_MCC = frozenset({"4812", "4814", "4900", "5912", "8011", "8062", "8071", "8099"})
UPKEEP_PURPOSE = frozenset({"ELEC", "GASB", "WTER", "PHON", "UBIL", "MDCS", "HSPC"})
STILL = frozenset({"REJECTED", "ATTEMPTED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A winning transaction: the canonical columns that movements are made of."""

    reference: str
    event_time: datetime
    txn_type: str
    amount_base: int | None
    source_id: str = "FICT"
    source_sequence: int = 0
    source_revision: int = 0
    local_utc_offset_min: int = 0
    status: str | None = "BOOKED"
    reversal_of: str | None = None
    is_cash: bool = False
    is_cross_border: bool = False
    orig_account_id: str | None = None
    orig_party_id: str | None = None
    orig_country: str | None = None
    orig_region: str | None = None
    benef_account_id: str | None = None
    benef_party_id: str | None = None
    benef_country: str | None = None
    benef_region: str | None = None
    orig_holds: bool = True
    benef_holds: bool = True
    conductor_party_id: str | None = None
    place_id: str | None = None
    location_region: str | None = None
    mcc: str | None = None
    merchant_id: str | None = None
    device_hash: str | None = None
    purpose_code: str | None = None
    remittance_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class World:
    """All that findings depend on. Money in minor units of the base currency.

    usd_minor and threshold: one US dollar, and the cash reporting threshold, on a local day.
    time_precision: how coarse the feed's times are.
    """

    transactions: tuple[Transaction, ...]
    references: References
    usd_minor: Callable[[date], int | None]
    threshold: Callable[[date], int | None]
    base_currency: str = "USD"
    own_life_mcc: frozenset[str] = frozenset()
    own_life_purpose: frozenset[str] = frozenset()
    ledger_accounts: frozenset[str] = frozenset()
    festivals: tuple[tuple[date, date], ...] = ()
    """First and last day of each."""
    terms: Mapping[str, str | None] = field(default_factory=dict)
    """What each term names; None: nothing, it only holds a shorter one."""
    history_start: datetime | None = None
    """None: the earliest event time of the transactions."""
    is_history_complete: bool = False
    hub_cap: int = 1_000
    time_precision: timedelta = MICROSECOND

    def __repr__(self) -> str:
        """Short: a test that fails tells of its world."""
        return f"World of {len(self.transactions)} transactions in {self.base_currency}"

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        """Hypothesis would print every field."""
        printer.text(repr(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """A transaction as one account sees it. side 0 = out, 1 = in; times in microseconds."""

    order: OrderKey
    reference: str
    source_id: str
    holder: str
    holder_kind: Literal["customer", "account"]
    account: str
    counterparty: str | None
    counterparty_account: str | None
    counterparty_region: str | None
    amount: int | None
    bits: frozenset[str]
    place: Place | None
    place_id: str | None
    region: str | None
    device: str | None
    local_day: int
    local_hour: int
    reverses: int | None

    @property
    def time(self) -> int:
        return self.order[0]

    @property
    def transaction(self) -> int:
        return self.order[2]

    @property
    def local_date(self) -> date:
        return EPOCH.date() + timedelta(days=self.local_day)

    @property
    def local_month(self) -> tuple[int, int]:
        return self.local_date.year, self.local_date.month


class Ledger:
    """Every movement of a world in total order, and what a trigger sees of them."""

    def __init__(self, world: World) -> None:
        self.world = world
        both_sides = (
            movement(world, transaction, side)
            for transaction in world.transactions
            for side in (0, 1)
        )
        self.movements = sorted((m for m in both_sides if m), key=lambda m: m.order)
        self._of_holder: dict[str, list[Movement]] = {}
        self._returns: dict[tuple[str, int], list[Movement]] = {}
        self._counting: dict[tuple[OrderKey, Scope], list[Movement]] = {}
        for m in self.movements:
            self._of_holder.setdefault(m.holder, []).append(m)
            if m.reverses is not None:
                self._returns.setdefault((m.account, m.reverses), []).append(m)
        times = [microseconds(t.event_time) for t in world.transactions]
        start = world.history_start
        self._start = microseconds(start) if start else min(times, default=0)

    def history_days(self, m: Movement) -> int:
        if self.world.is_history_complete:
            return COMPLETE_HISTORY_DAYS
        return (m.time - self._start) // (DAY // MICROSECOND)

    def usd_minor(self, m: Movement) -> int | None:
        return self.world.usd_minor(m.local_date)

    def threshold(self, m: Movement) -> int | None:
        return self.world.threshold(m.local_date)

    def customer(self, party: str) -> Customer | None:
        return self.world.references.customers.get(party)

    def are_related(self, one: str, other: str) -> bool:
        return are_related(self.world.references.customers, one, other)

    def up_to(self, m: Movement, scope: Scope) -> list[Movement]:
        """Movements of the scope at or before m, returns and cancelled ones included; of a hub
        only the last thousand."""
        seen = self._seen(m, scope)
        return seen[-self.world.hub_cap :] if self.is_hub(m, scope) else seen

    def is_hub(self, m: Movement, scope: Scope) -> bool:
        earliest = m.time - HUB_DAYS // MICROSECOND
        return sum(x.time > earliest for x in self._seen(m, scope)) > self.world.hub_cap

    def is_cancelled(self, x: Movement, m: Movement) -> bool:
        """A return at or before m, later than x, of x's holder and account, names x."""
        returns = self._returns.get((x.account, x.transaction), ())
        return any(x.order < r.order <= m.order and r.holder == x.holder for r in returns)

    def counting(self, m: Movement, scope: Scope) -> list[Movement]:
        """What any slice is cut from: no returns, nothing cancelled at or before m."""
        if (m.order, scope) not in self._counting:
            self._counting[m.order, scope] = [
                x
                for x in self.up_to(m, scope)
                if "RETURN" not in x.bits and not self.is_cancelled(x, m)
            ]
        return self._counting[m.order, scope]

    def _seen(self, m: Movement, scope: Scope) -> list[Movement]:
        return [
            x
            for x in self._of_holder[m.holder]
            if x.order <= m.order and (scope == "holder" or x.account == m.account)
        ]


def lies_within(x: Movement, m: Movement, window: timedelta) -> bool:
    """x in (t - W, t]; windows over 60 days count local days."""
    if window > LONGEST_EXACT_WINDOW:
        return x.local_day > m.local_day - window // DAY
    return x.time > m.time - window // MICROSECOND


def lies_before(x: Movement, m: Movement, window: timedelta) -> bool:
    """x in the window before: (t - 2W, t - W]."""
    return lies_within(x, m, 2 * window) and not lies_within(x, m, window)


def microseconds(time: datetime) -> int:
    return (time - EPOCH) // MICROSECOND


def transaction_key(source_id: str, reference: str) -> int:
    """The 16-byte id as one big-endian number."""
    text = source_id.encode() + b"\x00" + reference.encode()
    return int.from_bytes(blake2b(text, digest_size=16).digest(), "big")


def are_related(customers: Mapping[str, Customer], one: str, other: str) -> bool:
    """Either declares the other."""
    return any(
        a in customers and b in customers[a].related for a, b in ((one, other), (other, one))
    )


def holder_of(
    references: References, account: str, party: str | None, time: datetime
) -> tuple[str, Literal["customer", "account"]]:
    """The customer who holds the account then, else the party on the row, else the account."""
    valid = [
        row
        for row in references.accounts.get(account, ())
        if row.valid_from is None or row.valid_from <= time
    ]
    holder = valid[-1].holder if valid else None
    if holder is not None:
        return holder, "customer"
    if party is not None:
        return party, "customer"
    return account, "account"


def movement(world: World, t: Transaction, side: int) -> Movement | None:
    """What the account of one side sees; None where nothing moves for it."""
    own = _Side.of(t, side)
    other = _Side.of(t, 1 - side)
    if t.status in STILL or own.account is None or not own.holds:
        return None
    references = world.references
    holder, kind = holder_of(references, own.account, own.party, t.event_time)
    counterparty = _counterparty(references, t, holder, other)
    place = references.places.get(t.place_id) if t.place_id else None
    region = (place.region if place else None) or t.location_region
    time = microseconds(t.event_time)
    local = time + t.local_utc_offset_min * 60_000_000
    local_day = local // (DAY // MICROSECOND)
    is_reversal = t.reversal_of is not None
    unmarked = Movement(
        order=(time, t.source_sequence, transaction_key(t.source_id, t.reference), side),
        reference=t.reference,
        source_id=t.source_id,
        holder=holder,
        holder_kind=kind,
        account=own.account,
        counterparty=counterparty,
        counterparty_account=other.account,
        counterparty_region=_counterparty_region(references, counterparty, other),
        amount=t.amount_base,
        bits=frozenset(),
        place=place,
        place_id=t.place_id,
        region=region,
        device=t.device_hash,
        local_day=local_day,
        local_hour=local % (DAY // MICROSECOND) // (timedelta(hours=1) // MICROSECOND),
        reverses=transaction_key(t.source_id, t.reversal_of or "") if is_reversal else None,
    )
    holds = _bits(world, t, unmarked)
    bits = frozenset(name for name, is_set in holds.items() if is_set)
    return _with_bits(unmarked, bits)


@dataclass(frozen=True, slots=True)
class _Side:
    account: str | None
    party: str | None
    region: str | None
    country: str | None
    holds: bool

    @classmethod
    def of(cls, t: Transaction, side: int) -> "_Side":
        """A party without an account stands for its account."""
        name = "orig" if side == 0 else "benef"
        account, party = getattr(t, f"{name}_account_id"), getattr(t, f"{name}_party_id")
        return cls(
            account=party if account is None else account,
            party=party,
            region=getattr(t, f"{name}_region"),
            country=getattr(t, f"{name}_country"),
            holds=getattr(t, f"{name}_holds"),
        )


def _with_bits(m: Movement, bits: frozenset[str]) -> Movement:
    fields = {name: getattr(m, name) for name in Movement.__dataclass_fields__}
    return Movement(**{**fields, "bits": bits})


def _counterparty(references: References, t: Transaction, holder: str, other: _Side) -> str | None:
    if other.account is not None:
        return holder_of(references, other.account, other.party, t.event_time)[0]
    if t.is_cash and t.conductor_party_id is not None and t.conductor_party_id != holder:
        return t.conductor_party_id
    return t.merchant_id


def _counterparty_region(
    references: References, counterparty: str | None, other: _Side
) -> str | None:
    known = references.customers.get(counterparty) if counterparty else None
    return (known.home_region if known else None) or other.region or other.country


def _bits(world: World, t: Transaction, m: Movement) -> dict[str, bool]:
    references = world.references
    holder = references.customers.get(m.holder)
    counterparty = references.customers.get(m.counterparty) if m.counterparty else None
    threshold = world.threshold(m.local_date)
    is_out = m.order[3] == 0
    is_merchant = counterparty is not None and counterparty.is_merchant
    is_own = m.counterparty_account is not None and m.counterparty == m.holder
    own_devices = holder.devices if holder else ()
    age = _age_in_days(references, m)
    return {
        **{f"KW_{name}": True for name in words.named(t.remittance_text, world.terms)},
        "IN": not is_out,
        "OUT": is_out,
        "CASH": t.is_cash,
        "ZONE": m.place is not None and _is_zone(m.place),
        "BELOW_LIMIT": t.is_cash and _is_between(m.amount, Fraction(0), threshold, Fraction(1)),
        "HOLDER_MERCHANT": holder is not None and holder.is_merchant,
        "HOLDER_MINOR": holder is not None
        and holder.birth_year is not None
        and m.local_date.year - holder.birth_year < 18,
        "OUTSIDE": bool(references.accounts)
        and m.account not in references.accounts
        and m.holder_kind == "account",
        "TRAVEL": t.mcc in {"4112", "4131", "4511", "4722"},
        "TRADE_COST": t.mcc in TRADE_COST_MCC,
        "BY_HOLDER": t.is_cash and t.conductor_party_id == m.holder,
        "HOUSING": is_out and (t.mcc == "6513" or t.purpose_code in {"RENT", "HLRP"}),
        "UPKEEP": is_out and (t.mcc in UPKEEP_MCC or t.purpose_code in UPKEEP_PURPOSE),
        "DIGITAL": is_out and t.mcc in {"4816", "5815", "5816", "5817", "5818"},
        "LODGING": is_out and t.mcc in {"7011", "7033"},
        "PAPERS": is_out and t.mcc == "9399",
        "LUMP": not is_out
        and (t.is_cash or t.is_cross_border)
        and _is_lump(m.amount, world.usd_minor(m.local_date)),
        "NEW_ACCOUNT": age is not None and 0 <= age < 90,
        "OLD_ACCOUNT": age is not None and age >= 180,
        "NIGHT": m.local_hour >= 22 or m.local_hour < 6,
        "NEAR": t.is_cash and _is_between(m.amount, Fraction(4, 5), threshold, Fraction(1)),
        "OVER": t.is_cash and _is_between(m.amount, Fraction(1), threshold, Fraction(6, 5)),
        "CROSS_BORDER": t.is_cross_border,
        "TRANSFER": t.txn_type in TRANSFER_TYPES
        or (t.txn_type == "OTHER" and m.counterparty_account is not None),
        "REMITTANCE": t.txn_type in REMITTANCE_TYPES,
        "CARD": t.txn_type in CARD_TYPES,
        "OWN_LIFE": is_out
        and (
            t.mcc in world.own_life_mcc or t.purpose_code in world.own_life_purpose or is_merchant
        ),
        "SALARY": t.txn_type == "SALARY" or t.purpose_code in {"SALA", "PAYR"},
        "LOAN": t.txn_type.startswith("LOAN_"),
        "CASINO": t.mcc == "7995",
        "CRYPTO": t.txn_type.startswith("CRYPTO_") or t.mcc == "6051",
        "OWN_TRANSFER": is_own,
        "RETURN": t.reversal_of is not None,
        "BANK_LEDGER": t.txn_type == "FEE"
        or m.counterparty_account in world.ledger_accounts
        or t.purpose_code in {"INTE", "FEES", "TAXS"},
        "PRICED": m.amount is not None,
        "LOCATED": m.region is not None,
        "COUNTERPARTY_LOCATED": m.counterparty_region is not None,
        "DEVICE_KNOWN": m.device is not None,
        "FOREIGN_DEVICE": m.device is not None
        and bool(own_devices)
        and m.device not in own_devices,
        "AT_HOME": m.region is not None
        and holder is not None
        and m.region in (holder.home_region, holder.work_region),
        "LICENSED": _is_registered(references, m, (m.holder, m.counterparty), LICENCE_KINDS),
        "SHELTER": _is_registered(
            references, m, (m.holder,) if is_out else (m.holder, m.counterparty), SHELTER_KINDS
        ),
        "SCHOOL": t.mcc in {"8211", "8220", "8241", "8244", "8249"}
        or _is_registered(references, m, (m.holder, m.counterparty), frozenset({"SCHOOL"})),
        "COURIER": is_out and t.mcc in {"4214", "4215"},
        "SUPPLIES": is_out and t.mcc in SUPPLIES_MCC,
        "DAYTIME": 6 <= m.local_hour < 22,
        "FESTIVAL": any(
            first - timedelta(days=3) <= m.local_date <= last + timedelta(days=3)
            for first, last in world.festivals
        ),
        "MERCHANT": is_merchant,
        "COUNTERPARTY_KNOWN": m.counterparty is not None,
        "DECLARED_RELATED": m.counterparty is not None
        and are_related(references.customers, m.holder, m.counterparty),
    }


def _age_in_days(references: References, m: Movement) -> int | None:
    """Local days since the account's earliest known opening."""
    opened = [row.opened for row in references.accounts.get(m.account, ()) if row.opened]
    return (m.local_date - min(opened)).days if opened else None


def _is_lump(amount: int | None, usd: int | None) -> bool:
    return amount is not None and usd is not None and 8_000 * usd <= amount <= 40_000 * usd


def _is_between(amount: int | None, low: Fraction, threshold: int | None, high: Fraction) -> bool:
    if amount is None or threshold is None:
        return False
    return low * threshold <= amount < high * threshold


def _is_zone(place: Place) -> bool:
    return place.is_special_zone or (place.border_km is not None and place.border_km <= 30)


def _is_registered(
    references: References, m: Movement, parties: tuple[str | None, ...], kinds: frozenset[str]
) -> bool:
    """One of the parties stands in the register that day under one of the kinds."""
    on = m.local_date
    return any(
        licence.kind in kinds
        and (licence.valid_from is None or licence.valid_from <= on)
        and (licence.valid_to is None or on <= licence.valid_to)
        for party in parties
        if party is not None
        for licence in references.licences.get(party, ())
    )
