"""A transaction as one account sees it: in or out, classified once, ready for a profile."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ingest.kernels.cells import Bools
from ingest.lexicon import Concept
from ingest.reference import Account, Licence, Place, References
from models.account_holders import AccountHolders
from models.bundle import Bundle
from models.kernels.arena import Columns, Int8s, Int32s, Int64s, UInt64s, empty_columns
from models.kernels.classify import (
    NEVER_OPENED,
    NO_YEAR,
    Known,
    Register,
    Rows,
    Side,
    classify,
)
from models.kernels.slices import DAY
from models.mask import Mask
from models.names import NO_NAME, Names, table_of

OUT_SIDE, IN_SIDE = 0, 1
UNPRICED = -1
"""Amount of a movement without a value in the base currency; amounts are never negative."""

UNKNOWN_VALUE = -1
"""A day's rate or threshold that nobody knows."""

EPOCH_DAY = date(1970, 1, 1)
MINUTE = 60_000_000
BORDER_KM = 30.0
LICENCE_KINDS = ("MVTS", "RECRUITMENT", "TRAVEL", "TOPUP_AGENT")
SHELTER_KINDS = ("NGO", "MASS_ORGANISATION", "INTERNATIONAL", "EMBASSY")
"""Registered associations, the Lao Women's Union, the IOM and its like, embassies."""

SCHOOL_KINDS = ("SCHOOL",)

UNMOVED = ("REJECTED", "ATTEMPTED")
OTHER_TYPE = "OTHER"

Ints = npt.NDArray[Any]
"""Integers of any width."""

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
        self._names, self._bundle = names, bundle
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
        own_devices = _pair_keys(names, ((c.party_id, d) for c in customers for d in c.devices))
        relations = _pair_keys(
            names,
            (
                pair
                for c in customers
                for r in c.related
                for pair in ((c.party_id, r), (r, c.party_id))
            ),
        )
        licensed, sheltering, teaching = (
            _register(names, references.licences, kinds)
            for kinds in (LICENCE_KINDS, SHELTER_KINDS, SCHOOL_KINDS)
        )
        opened, codes = _opened(references.accounts), _code_bits(bundle)
        opened_numbers = [names.number(account) for account in opened]
        code_numbers = [names.number(code) for code in sorted(codes)]
        ledger = [names.number(account) for account in sorted(own_ledger_accounts)]
        self._unmoved = [names.number(status) for status in UNMOVED]
        listed = [names.number(account) for account in references.accounts]
        other_type = names.number(OTHER_TYPE)
        table = partial(table_of, len(names))
        self._known = Known(
            home=table(NO_NAME, parties, homes),
            work=table(NO_NAME, parties, works),
            has_devices=table(0, parties, [bool(c.devices) for c in customers]),
            is_merchant=table(0, parties, [c.is_merchant for c in customers]),
            birth_year=table(NO_YEAR, parties, [c.birth_year or NO_YEAR for c in customers]),
            place_region=table(NO_NAME, self.place_numbers, regions),
            is_zone=table(0, self.place_numbers, [_is_zone(place) for place in places]),
            is_ledger=table(0, ledger, [1] * len(ledger)),
            is_listed=table(0, listed, [1] * len(listed)),
            opened=table(NEVER_OPENED, opened_numbers, list(opened.values())),
            code_bits=table(0, code_numbers, [int(codes[code]) for code in sorted(codes)]),
            own_devices=own_devices,
            relations=relations,
            licensed=licensed,
            sheltering=sheltering,
            teaching=teaching,
            concepts=np.array([int(concept) for concept in CONCEPT_BITS], np.int64),
            concept_bits=np.array([int(bit) for bit in CONCEPT_BITS.values()], np.int64),
            other_type=other_type,
            has_accounts=bool(listed),
            is_hour_known=is_hour_known,
        )

    def movements(self, transactions: pl.DataFrame, *, first_row: int) -> Movements:
        """At most two movements a TRANSACTION row; rejected and attempted ones move nothing.
        `first_row` is the running number of the first transaction."""
        columns = _Columns(transactions, self._names)
        holders, rows = self._holders_of(columns), self._rows(columns)
        accounts = {side: columns.account(side) for side in holders}
        sides = []
        for is_in, own, other in ((False, "orig", "benef"), (True, "benef", "orig")):
            holder, is_customer = holders[own]
            side = Side(
                is_in=is_in,
                holds=columns.flags(f"{own}_holds"),
                holder=holder,
                is_customer=is_customer,
                account=accounts[own],
                other_holder=holders[other][0],
                other_account=accounts[other],
                other_region=columns.names(f"{other}_region"),
                other_country=columns.names(f"{other}_country"),
            )
            made = empty_columns(len(columns))
            made = made[: classify(rows, side, self._known, first_row, made)]
            at = made.row - first_row
            sides.append(Movements(holder=holder[at], is_customer=is_customer[at], columns=made))
        return _joined(sides)

    def addresses(self, retracted: pl.DataFrame) -> Keys:
        """Where the movements of ADDRESS rows lie."""
        if retracted.is_empty():
            return NO_KEYS
        rows = _Columns(retracted, self._names)
        holders = self._holders_of(rows)
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

    def _holders_of(self, columns: "_Columns") -> dict[str, tuple[Int32s, Bools]]:
        """Per side: holder number (or none) and whether it is a customer."""
        return {side: self._holder_of(columns, side) for side in ("orig", "benef")}

    def _holder_of(self, columns: "_Columns", side: str) -> tuple[Int32s, Bools]:
        account = columns.names(f"{side}_account_id")
        customer = self._holders.at(account, columns.names(f"{side}_party_id"), columns.time)
        return np.where(customer >= 0, customer, account), customer >= 0

    def _rows(self, columns: "_Columns") -> Rows:
        local = columns.time + columns.integers("local_utc_offset_min") * MINUTE
        day = local // DAY
        return Rows(
            time=columns.time,
            local=local,
            month=local.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64),
            sequence=columns.integers("source_sequence"),
            txn_hi=columns.halves("txn_hi"),
            txn_lo=columns.halves("txn_lo"),
            reversal_hi=columns.halves("reversal_hi"),
            reversal_lo=columns.halves("reversal_lo"),
            amount=columns.integers("amount_base"),
            limit=on_each_day(day, self._bundle.threshold_minor, self._thresholds),
            usd=on_each_day(day, self._usd_minor, self._usd_days),
            concepts=columns.integers("concepts"),
            is_moved=~np.isin(columns.names("status"), self._unmoved),
            is_cash=columns.flags("is_cash"),
            is_cross_border=columns.flags("is_cross_border"),
            is_festive=on_each_day(day, self._is_festive, self._festive_days) > 0,
            conductor=columns.names("conductor_party_id"),
            merchant=columns.names("merchant_id"),
            place=columns.names("place_id"),
            location_region=columns.names("location_region"),
            device=columns.names("device_hash"),
            txn_type=columns.names("txn_type"),
            purpose_code=columns.names("purpose_code"),
            mcc=columns.names("mcc"),
        )

    def _is_festive(self, on: date) -> int:
        return int(self._bundle.is_festive(on))


def on_each_day(days: Ints, value: Callable[[date], int | None], known: dict[int, int]) -> Int64s:
    """The value of each local day since the epoch, UNKNOWN_VALUE where there is none. `known`
    remembers days already asked for."""
    distinct, inverse = np.unique(days, return_inverse=True)
    for day in distinct.tolist():
        if day not in known:
            found = value(EPOCH_DAY + timedelta(days=day))
            known[day] = UNKNOWN_VALUE if found is None else found
    return np.array([known[day] for day in distinct.tolist()], np.int64)[inverse]


def _register(
    names: Names, licences: Mapping[str, Sequence[Licence]], kinds: Sequence[str]
) -> Register:
    """Who stands in the public register under one of some kinds, and on which local days."""
    days = {
        names.number(party): [
            (_day(each.valid_from, -(10**6)), _day(each.valid_to, 10**6))
            for each in of_party
            if each.kind in kinds
        ]
        for party, of_party in licences.items()
    }
    begins = np.zeros(max(days, default=NO_NAME) + 2, np.int64)
    for party, spans in days.items():
        begins[party + 1] = len(spans)
    spans = [span for party in sorted(days) for span in days[party]]
    first, last = (np.array([span[end] for span in spans], np.int64) for end in (0, 1))
    return Register(begins=np.cumsum(begins), first=first, last=last)


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


class _Columns:
    """Columns of a transaction frame as arrays, each made once; absent columns read as null."""

    def __init__(self, frame: pl.DataFrame, names: Names) -> None:
        self._frame, self._names = frame, names
        self._numbers: dict[str, Int32s] = {}
        filled = frame.select(
            pl.col("event_time").to_physical(),
            *(pl.col(c).fill_null(n) for c, n in NUMBERS.items() if c in frame.columns),
            *(pl.col(c).fill_null(value=f) for c, f in FLAGS.items() if c in frame.columns),
        )
        # Writable ones, for a kernel is compiled for either.
        self._arrays = {c.name: c.to_numpy(writable=True) for c in filled.iter_columns()}
        self.time: Int64s = self._arrays["event_time"]

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

    def account(self, side: str) -> Int32s:
        """The account of a side, else the party."""
        account, party = self.names(f"{side}_account_id"), self.names(f"{side}_party_id")
        return np.where(account >= 0, account, party)

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
