"""A transaction as one account sees it: in or out, classified once, ready for a profile."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ingest.lexicon import Concept
from ingest.reference import Account, Licence, Place, References
from models.account_holders import AccountHolders
from models.bundle import Bundle
from models.kernels.arena import FIELDS, Columns, Int8s, Int32s, Int64s, UInt64s, empty_columns
from models.mask import Mask
from models.names import NO_NAME, Names, looked_up, table_of

OUT_SIDE, IN_SIDE = 0, 1
UNPRICED = -1
"""Amount of a movement without a value in the base currency; amounts are never negative."""

LUMP_USD = (8_000, 40_000)

UNKNOWN_VALUE = -1
"""A day's rate or threshold that nobody knows."""

EPOCH_DAY = date(1970, 1, 1)
DAY = 86_400_000_000
HOUR = 3_600_000_000
MINUTE = 60_000_000
BORDER_KM = 30.0
NEW_DAYS, OLD_DAYS = 90, 180
"""An account younger than the first is new, one of at least the second can have slept."""

ADULT_YEARS = 18
NO_YEAR = -(1 << 31)
"""Birth year of a holder of whom nobody knows it."""

NEVER_OPENED = -(1 << 31)
"""Opening day of an account of which nobody knows it."""

NIGHT_FROM, NIGHT_UNTIL = 22, 6
LICENCE_KINDS = ("MVTS", "RECRUITMENT", "TRAVEL", "TOPUP_AGENT")
SHELTER_KINDS = ("NGO", "MASS_ORGANISATION", "INTERNATIONAL", "EMBASSY")
"""Registered associations, the Lao Women's Union, the IOM and its like, embassies."""

SCHOOL_KINDS = ("SCHOOL",)

UNMOVED = ("REJECTED", "ATTEMPTED")

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[Any]
"""Integers of any width."""

PAID_OUT = (
    Mask.OWN_LIFE
    | Mask.HOUSING
    | Mask.UPKEEP
    | Mask.LODGING
    | Mask.PAPERS
    | Mask.DIGITAL
    | Mask.COURIER
    | Mask.SUPPLIES
)
"""Of whoever pays; who is paid for it has a trade."""

TYPE_BITS: Mapping[str, Mask] = {
    "TRANSFER": Mask.TRANSFER,
    "REMITTANCE_SEND": Mask.TRANSFER | Mask.REMITTANCE,
    "REMITTANCE_PAYOUT": Mask.TRANSFER | Mask.REMITTANCE,
    "WALLET_TOPUP": Mask.TRANSFER,
    "WALLET_CASHOUT": Mask.TRANSFER,
    "CHEQUE": Mask.TRANSFER,
    "CARD_PURCHASE": Mask.CARD,
    "CARD_CREDIT": Mask.CARD,
    "SALARY": Mask.SALARY,
    "LOAN_DISBURSEMENT": Mask.LOAN,
    "LOAN_REPAYMENT": Mask.LOAN,
    "CRYPTO_BUY": Mask.CRYPTO,
    "CRYPTO_SELL": Mask.CRYPTO,
    "FEE": Mask.BANK_LEDGER,
}
PURPOSE_BITS: Mapping[str, Mask] = {
    "SALA": Mask.SALARY,
    "PAYR": Mask.SALARY,
    "INTE": Mask.BANK_LEDGER,
    "FEES": Mask.BANK_LEDGER,
    "TAXS": Mask.BANK_LEDGER,
    **dict.fromkeys(("RENT", "HLRP"), Mask.HOUSING),
    **dict.fromkeys(("ELEC", "GASB", "WTER", "PHON", "UBIL", "MDCS", "HSPC"), Mask.UPKEEP),
}
NOT_CARRYING = sorted(
    code for code, bits in PURPOSE_BITS.items() if bits & (Mask.SALARY | Mask.BANK_LEDGER)
)
"""Purposes of payments that carry no money from one holder's hand to another's."""
MCC_BITS: Mapping[str, Mask] = {
    "6051": Mask.CRYPTO,
    "7995": Mask.CASINO,
    **dict.fromkeys(("4112", "4131", "4511", "4722"), Mask.TRAVEL),
    **dict.fromkeys(("4784", "5172", "5541", "5542"), Mask.TRADE_COST),
    **dict.fromkeys(("5533", "7531", "7538", "7542"), Mask.TRADE_COST),
    **dict.fromkeys(("5013", "5039", "5046", "5137", "5199"), Mask.TRADE_COST | Mask.SUPPLIES),
    "4214": Mask.TRADE_COST | Mask.COURIER,
    "4215": Mask.COURIER,
    **dict.fromkeys(("5111", "5122", "5131", "5139", "5192"), Mask.SUPPLIES),
    **dict.fromkeys(("4816", "5815", "5816", "5817", "5818"), Mask.DIGITAL),
    "6513": Mask.HOUSING,
    "9399": Mask.PAPERS,
    **dict.fromkeys(("7011", "7033"), Mask.LODGING),
    **dict.fromkeys(("8211", "8220", "8241", "8244", "8249"), Mask.SCHOOL),
    **dict.fromkeys(("4812", "4814", "4900", "5912", "8011", "8062", "8071", "8099"), Mask.UPKEEP),
}
CONCEPT_BITS: Mapping[Concept, Mask] = {
    Concept.RECRUIT: Mask.KW_RECRUIT,
    Concept.DOCUMENT: Mask.KW_DOCUMENT,
    Concept.CROSSING: Mask.KW_CROSSING,
    Concept.DEBT: Mask.KW_DEBT,
    Concept.RELEASE: Mask.KW_RELEASE,
    Concept.LODGING: Mask.KW_LODGING,
    Concept.COVER: Mask.KW_COVER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Movements by holder (interned) and total order, n of each."""

    holder: Int32s
    time: Int64s
    sequence: Int64s
    txn_hi: UInt64s
    txn_lo: UInt64s
    side: Int8s


NO_KEYS = Keys(
    holder=np.empty(0, np.int32),
    time=np.empty(0, np.int64),
    sequence=np.empty(0, np.int64),
    txn_hi=np.empty(0, np.uint64),
    txn_lo=np.empty(0, np.uint64),
    side=np.empty(0, np.int8),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Movements:
    """n classified movements in no particular order: holder (interned), whether it is a customer,
    and the columns of the profile."""

    holder: Int32s
    is_customer: Bools
    columns: Columns


class Classifier:
    """Transactions made movements, with what the bank knows of parties and places.

    Reference data are tables by interned number, so a row costs a few look-ups.
    """

    def __init__(
        self,
        *,
        names: Names,
        references: References,
        bundle: Bundle,
        own_ledger_accounts: frozenset[str],
        is_hour_known: bool,
        usd_minor: Callable[[date], int | None],
    ) -> None:
        self._names, self._bundle, self._is_hour_known = names, bundle, is_hour_known
        self._thresholds: dict[int, int] = {}
        self._festive_days: dict[int, int] = {}
        self._usd_minor, self._usd_days = usd_minor, dict[int, int]()
        places = sorted(references.places.values(), key=lambda place: place.place_id)
        self.place_numbers = [names.number(place.place_id) for place in places]
        self._holders = AccountHolders(names, references.accounts)
        customers = list(references.customers.values())
        parties = [names.number(c.party_id) for c in customers]
        homes = [names.optional(c.home_region) for c in customers]
        works = [names.optional(c.work_region) for c in customers]
        regions = [names.optional(place.region) for place in places]
        self._own_devices = _pair_keys(
            names, ((c.party_id, d) for c in customers for d in c.devices)
        )
        self._relations = _pair_keys(
            names,
            (
                pair
                for c in customers
                for r in c.related
                for pair in ((c.party_id, r), (r, c.party_id))
            ),
        )
        self._licensed = _Register(names, references.licences, LICENCE_KINDS)
        self._sheltering = _Register(names, references.licences, SHELTER_KINDS)
        self._teaching = _Register(names, references.licences, SCHOOL_KINDS)
        codes = _code_bits(bundle)
        for code in sorted(codes):
            names.number(code)
        ledger = [names.number(account) for account in sorted(own_ledger_accounts)]
        size = len(names)
        self._home = table_of(size, NO_NAME, parties, homes)
        self._work = table_of(size, NO_NAME, parties, works)
        self._has_devices = table_of(size, 0, parties, [bool(c.devices) for c in customers])
        self._is_merchant = table_of(size, 0, parties, [c.is_merchant for c in customers])
        self._birth_year = table_of(
            size, NO_YEAR, parties, [c.birth_year or NO_YEAR for c in customers]
        )
        self._place_region = table_of(size, NO_NAME, self.place_numbers, regions)
        self._is_zone = table_of(size, 0, self.place_numbers, [_is_zone(p) for p in places])
        self._is_ledger = table_of(size, 0, ledger, [1] * len(ledger))
        opened = _opened(references.accounts)
        self._opened = table_of(
            size, NEVER_OPENED, [names.number(a) for a in opened], list(opened.values())
        )
        numbers = [names.number(code) for code in codes]
        self._code_bits = table_of(size, 0, numbers, [int(bits) for bits in codes.values()])

    def movements(self, transactions: pl.DataFrame, *, first_row: int) -> Movements:
        """At most two movements a TRANSACTION row; rejected and attempted ones move nothing.
        `first_row` is the running number of the first transaction."""
        rows = _Rows(transactions, self._names)
        holders = self._rows_holders(rows)
        is_moved = ~np.isin(rows.names("status"), [self._names.number(s) for s in UNMOVED])
        sides = [
            self._side(rows, holders, side, is_moved, first_row) for side in (OUT_SIDE, IN_SIDE)
        ]
        return _joined(sides)

    def addresses(self, retracted: pl.DataFrame) -> Keys:
        """Where the movements of ADDRESS rows lie."""
        if retracted.is_empty():
            return NO_KEYS
        rows = _Rows(retracted, self._names)
        holders = self._rows_holders(rows)
        parts = []
        for side, own in ((OUT_SIDE, "orig"), (IN_SIDE, "benef")):
            is_held = rows.flags(f"{own}_holds") & (holders[own][0] >= 0)
            parts.append((holders[own][0][is_held], np.flatnonzero(is_held), side))
        index = np.concatenate([at for _, at, _ in parts])
        return Keys(
            holder=np.concatenate([holder for holder, _, _ in parts]),
            time=rows.time[index],
            sequence=rows.integers("source_sequence")[index],
            txn_hi=rows.halves("txn_hi")[index],
            txn_lo=rows.halves("txn_lo")[index],
            side=np.concatenate([np.full(len(at), side, np.int8) for _, at, side in parts]),
        )

    def _rows_holders(self, rows: "_Rows") -> dict[str, tuple[Int32s, Bools]]:
        """Per side: holder number (or none) and whether it is a customer."""
        return {side: self._holder_of(rows, side) for side in ("orig", "benef")}

    def _holder_of(self, rows: "_Rows", side: str) -> tuple[Int32s, Bools]:
        account = rows.names(f"{side}_account_id")
        customer = self._holders.at(account, rows.names(f"{side}_party_id"), rows.time)
        return np.where(customer >= 0, customer, account), customer >= 0

    def _side(
        self,
        rows: "_Rows",
        holders: Mapping[str, tuple[Int32s, Bools]],
        side: int,
        is_moved: Bools,
        first_row: int,
    ) -> Movements:
        own, other = ("orig", "benef") if side == OUT_SIDE else ("benef", "orig")
        holder, is_customer = holders[own]
        kept = np.flatnonzero(is_moved & rows.flags(f"{own}_holds") & (holder >= 0))
        account = _first_known(rows.names(f"{own}_account_id"), rows.names(f"{own}_party_id"))
        other_account = _first_known(
            rows.names(f"{other}_account_id"), rows.names(f"{other}_party_id")
        )
        conductor = rows.names("conductor_party_id")
        is_third_party = rows.flags("is_cash") & (conductor != holder)
        counterparty = _first_known(
            holders[other][0],
            np.where(is_third_party, conductor, NO_NAME),
            rows.names("merchant_id"),
        )
        place = rows.names("place_id")
        columns: dict[str, Ints] = {
            "time": rows.time,
            "sequence": rows.integers("source_sequence"),
            "txn_hi": rows.halves("txn_hi"),
            "txn_lo": rows.halves("txn_lo"),
            "side": np.full(len(rows), side, np.int8),
            "account": account,
            "amount": rows.integers("amount_base"),
            "counterparty": counterparty,
            "counterparty_account": other_account,
            "counterparty_region": _first_known(
                looked_up(self._home, counterparty, NO_NAME),
                rows.names(f"{other}_region"),
                rows.names(f"{other}_country"),
            ),
            "region": _first_known(
                looked_up(self._place_region, place, NO_NAME), rows.names("location_region")
            ),
            "place": place,
            "device_id": rows.names("device_hash"),
            "day": rows.local // DAY,
            "month": rows.local.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64),
            "reversal_hi": rows.halves("reversal_hi"),
            "reversal_lo": rows.halves("reversal_lo"),
            "row": np.arange(len(rows)) + first_row,
        }
        columns["mask"] = self._mask(rows, holder, columns, side)
        made = empty_columns(len(kept))
        for name in FIELDS:
            made[name] = columns[name][kept]
        return Movements(holder=holder[kept], is_customer=is_customer[kept], columns=made)

    def _mask(
        self,
        rows: "_Rows",
        holder: Int32s,
        columns: Mapping[str, Ints],
        side: int,
    ) -> Int64s:
        party, account = columns["counterparty"], columns["counterparty_account"]
        region, place, device = columns["region"], columns["place"], columns["device_id"]
        amount, day = columns["amount"], columns["day"]
        is_cash, is_priced = rows.flags("is_cash"), amount >= 0
        limit = self._threshold(day)
        is_limited = is_cash & is_priced & (limit >= 0)
        hour = rows.local % DAY // HOUR
        is_merchant = looked_up(self._is_merchant, party, 0) > 0
        opened = looked_up(self._opened, columns["account"], NEVER_OPENED)
        is_dated, age = opened != NEVER_OPENED, day - opened
        year = EPOCH_DAY.year + columns["month"] // 12
        has_return = (columns["reversal_hi"] != 0) | (columns["reversal_lo"] != 0)
        is_foreign = rows.flags("is_cross_border") | is_cash
        is_lump = is_foreign & is_priced & (side == IN_SIDE)
        is_lump[is_lump] = self._is_lump(amount[is_lump], day[is_lump])
        is_night = ((hour >= NIGHT_FROM) | (hour < NIGHT_UNTIL)) & self._is_hour_known
        is_own_device = _is_among(_pair(holder, device), self._own_devices)
        bits = {
            Mask.CASH: is_cash,
            Mask.NIGHT: is_night,
            Mask.DAYTIME: ~is_night & self._is_hour_known,
            Mask.BY_HOLDER: is_cash & (holder >= 0) & (rows.names("conductor_party_id") == holder),
            Mask.ZONE: looked_up(self._is_zone, place, 0) > 0,
            Mask.NEAR: is_limited & (10 * amount >= 8 * limit) & (amount < limit),
            Mask.LUMP: is_lump,
            Mask.OVER: is_limited & (amount >= limit) & (10 * amount < 12 * limit),
            Mask.BELOW_LIMIT: is_limited & (amount < limit),
            Mask.NEW_ACCOUNT: is_dated & (age >= 0) & (age < NEW_DAYS),
            Mask.OLD_ACCOUNT: is_dated & (age >= OLD_DAYS),
            Mask.HOLDER_MERCHANT: looked_up(self._is_merchant, holder, 0) > 0,
            Mask.HOLDER_MINOR: year - looked_up(self._birth_year, holder, NO_YEAR) < ADULT_YEARS,
            Mask.CROSS_BORDER: rows.flags("is_cross_border"),
            Mask.TRANSFER: (rows.names("txn_type") == self._names.number("OTHER")) & (account >= 0),
            Mask.OWN_LIFE: is_merchant,
            Mask.OWN_TRANSFER: party == holder,
            Mask.RETURN: has_return,
            Mask.BANK_LEDGER: looked_up(self._is_ledger, account, 0) > 0,
            Mask.PRICED: is_priced,
            Mask.LOCATED: region >= 0,
            Mask.COUNTERPARTY_LOCATED: columns["counterparty_region"] >= 0,
            Mask.DEVICE_KNOWN: device >= 0,
            Mask.FOREIGN_DEVICE: (device >= 0)
            & (looked_up(self._has_devices, holder, 0) > 0)
            & ~is_own_device,
            Mask.AT_HOME: (region >= 0)
            & (
                (region == looked_up(self._home, holder, NO_NAME))
                | (region == looked_up(self._work, holder, NO_NAME))
            ),
            Mask.LICENSED: self._licensed.has(holder, day) | self._licensed.has(party, day),
            Mask.SHELTER: self._sheltering.has(holder, day)
            | ((side == IN_SIDE) & self._sheltering.has(party, day)),
            Mask.FESTIVAL: on_each_day(day, self._is_festive, self._festive_days) > 0,
            Mask.SCHOOL: self._teaching.has(holder, day) | self._teaching.has(party, day),
            Mask.MERCHANT: is_merchant,
            Mask.COUNTERPARTY_KNOWN: party >= 0,
            Mask.DECLARED_RELATED: _is_among(_pair(holder, party), self._relations),
        }
        mask = np.full(len(rows), int(Mask.IN if side == IN_SIDE else Mask.OUT), np.int64)
        for code in ("txn_type", "purpose_code", "mcc"):
            mask |= looked_up(self._code_bits, rows.names(code), 0)
        for bit, is_set in bits.items():
            mask |= is_set.astype(np.int64) << (int(bit).bit_length() - 1)
        _mark_concepts(mask, rows.integers("concepts"))
        return mask if side == OUT_SIDE else mask & ~int(PAID_OUT)

    def _is_festive(self, on: date) -> int:
        return int(self._bundle.is_festive(on))

    def _threshold(self, days: Ints) -> Int64s:
        return on_each_day(days, self._bundle.threshold_minor, self._thresholds)

    def _is_lump(self, amounts: Int64s, days: Ints) -> Bools:
        usd = on_each_day(days, self._usd_minor, self._usd_days)
        least, most = LUMP_USD
        return (usd >= 0) & (amounts >= least * usd) & (amounts <= most * usd)


def _mark_concepts(mask: Int64s, concepts: Int64s) -> None:
    """Sets the bits of what the texts name; most name nothing."""
    named = np.flatnonzero(concepts)
    for concept, bit in CONCEPT_BITS.items():
        mask[named[concepts[named] & int(concept) != 0]] |= int(bit)


def on_each_day(days: Ints, value: Callable[[date], int | None], known: dict[int, int]) -> Int64s:
    """The value of each local day since the epoch, UNKNOWN_VALUE where there is none. `known`
    remembers days already asked for."""
    distinct, inverse = np.unique(days, return_inverse=True)
    for day in distinct.tolist():
        if day not in known:
            found = value(EPOCH_DAY + timedelta(days=day))
            known[day] = UNKNOWN_VALUE if found is None else found
    return np.array([known[day] for day in distinct.tolist()], np.int64)[inverse]


class _Register:
    """Who stands in the public register under one of some kinds, and on which local days."""

    def __init__(
        self, names: Names, licences: Mapping[str, Sequence[Licence]], kinds: Sequence[str]
    ) -> None:
        held = {
            names.number(party): [
                (_day(each.valid_from, -(10**6)), _day(each.valid_to, 10**6))
                for each in of_party
                if each.kind in kinds
            ]
            for party, of_party in licences.items()
        }
        self._days = {party: days for party, days in held.items() if days}
        size = max(self._days, default=NO_NAME) + 1
        self._is_in = table_of(size, 0, list(self._days), [1] * len(self._days))

    def has(self, parties: Ints, day: Ints) -> Bools:
        """Whether each party stands in it on its day."""
        is_valid = np.zeros(len(parties), np.bool_)
        for row in np.flatnonzero(looked_up(self._is_in, parties, 0)):
            days = self._days[int(parties[row])]
            is_valid[row] = any(first <= day[row] <= last for first, last in days)
        return is_valid


NUMBERS: Mapping[str, int] = {
    "local_utc_offset_min": 0,
    "source_sequence": 0,
    "amount_base": UNPRICED,
    "txn_hi": 0,
    "txn_lo": 0,
    "reversal_hi": 0,
    "reversal_lo": 0,
    "concepts": 0,
}
FLAGS: Mapping[str, bool] = {
    "is_cash": False,
    "is_cross_border": False,
    "orig_holds": True,
    "benef_holds": True,
}


class _Rows:
    """Columns of a transaction frame as arrays, each made once; absent columns read as null."""

    def __init__(self, frame: pl.DataFrame, names: Names) -> None:
        self._frame, self._names = frame, names
        self._numbers: dict[str, Int32s] = {}
        filled = frame.select(
            pl.col("event_time").to_physical(),
            *(pl.col(c).fill_null(n) for c, n in NUMBERS.items() if c in frame.columns),
            *(pl.col(c).fill_null(value=f) for c, f in FLAGS.items() if c in frame.columns),
        )
        self._arrays = {column.name: column.to_numpy() for column in filled.iter_columns()}
        self.time: Int64s = self._arrays["event_time"]
        self.local = self.time + self.integers("local_utc_offset_min") * MINUTE

    def __len__(self) -> int:
        return self._frame.height

    def names(self, column: str) -> Int32s:
        if column not in self._numbers:
            is_there = column in self._frame.columns
            self._numbers[column] = (
                self._names.numbers(self._frame[column])
                if is_there
                else np.full(len(self), NO_NAME, np.int32)
            )
        return self._numbers[column]

    def integers(self, column: str) -> Int64s:
        if column not in self._arrays:
            return np.full(len(self), NUMBERS[column], np.int64)
        return self._arrays[column].astype(np.int64, copy=False)

    def halves(self, column: str) -> UInt64s:
        return self._arrays[column]

    def flags(self, column: str) -> Bools:
        return self._arrays[column]


def _joined(sides: Sequence[Movements]) -> Movements:
    return Movements(
        holder=np.concatenate([side.holder for side in sides]),
        is_customer=np.concatenate([side.is_customer for side in sides]),
        columns=np.concatenate([side.columns for side in sides]).view(np.recarray),
    )


def _first_known(*numbers: Ints) -> Int32s:
    first = numbers[0]
    for other in numbers[1:]:
        first = np.where(first >= 0, first, other)
    return first.astype(np.int32)


def _pair(left: Ints, right: Ints) -> Int64s:
    return np.where(
        (left >= 0) & (right >= 0), left.astype(np.int64) << 32 | right.astype(np.int64), -1
    )


def _is_among(values: Int64s, ascending: Int64s) -> Bools:
    if not len(ascending):
        return np.zeros(len(values), np.bool_)
    places = np.minimum(np.searchsorted(ascending, values), len(ascending) - 1)
    found: Bools = ascending[places] == values
    return found


def _pair_keys(names: Names, pairs: Iterable[tuple[str, str]]) -> Int64s:
    return np.unique(
        np.fromiter((names.number(a) << 32 | names.number(b) for a, b in pairs), np.int64)
    )


def _opened(accounts: Mapping[str, Sequence[Account]]) -> dict[str, int]:
    """The earliest known opening day of each account, since the epoch."""
    days = {
        account: [_day(row.opened, 0) for row in versions if row.opened is not None]
        for account, versions in accounts.items()
    }
    return {account: min(found) for account, found in days.items() if found}


def _day(on: date | None, otherwise: int) -> int:
    return otherwise if on is None else (on - EPOCH_DAY).days


def _is_zone(place: Place) -> bool:
    is_near = place.border_km is not None and place.border_km <= BORDER_KM
    return place.is_special_zone or is_near


def _code_bits(bundle: Bundle) -> dict[str, Mask]:
    """Bits by type, purpose and merchant category code; the three kinds of code never coincide."""
    bits: dict[str, Mask] = {}
    own_life = dict.fromkeys(bundle.own_life_mcc | bundle.own_life_purpose, Mask.OWN_LIFE)
    for table in (TYPE_BITS, PURPOSE_BITS, MCC_BITS, own_life):
        for code, mask in table.items():
            bits[code] = bits.get(code, Mask(0)) | mask
    return bits
