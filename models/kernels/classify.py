"""Movements of one side from transactions: where they lie, and the facts of each as bits."""

from collections import namedtuple
from typing import Any, NamedTuple

import numpy as np

from ingest.kernels.cells import Bools
from ingest.kernels.inner import inner, lean
from models.kernels.arena import Columns, Int32s, Int64s, UInt64s
from models.kernels.slices import DAY
from models.mask import Mask

HOUR = 3_600_000_000
EPOCH_YEAR = 1970
MONTHS = 12
NIGHT_FROM, NIGHT_UNTIL = 22, 6
NEW_DAYS, OLD_DAYS = 90, 180
"""An account younger than the first is new, one of at least the second can have slept."""

ADULT_YEARS = 18
NO_YEAR = -(1 << 31)
"""Birth year of a holder of whom nobody knows it."""

NEVER_OPENED = -(1 << 31)
"""Opening day of an account of which nobody knows it."""

LEAST_LUMP_USD, MOST_LUMP_USD = 8_000, 40_000
PAID_OUT = int(
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

_Bits: Any = namedtuple("_Bits", tuple(Mask.__members__))  # type: ignore[misc] # no literal
BIT: Any = _Bits(*map(int, Mask))
"""The bits of Mask by name, as the compiler takes them."""


class Rows(NamedTuple):
    """Transactions, one element a row. Times in microseconds, `local` by the clock on the wall,
    `month` since 1970 by it; amounts in minor units of the base currency, negative where unknown,
    as are `limit`, the cash that must be reported, and `usd`, one US dollar, on that local day.
    Names are interned, negative where there is none; `concepts` as `ingest/lexicon.py` has them."""

    time: Int64s
    local: Int64s
    month: Int64s
    sequence: Int64s
    txn_hi: UInt64s
    txn_lo: UInt64s
    reversal_hi: UInt64s
    reversal_lo: UInt64s
    amount: Int64s
    limit: Int64s
    usd: Int64s
    concepts: Int64s
    is_moved: Bools
    is_cash: Bools
    is_cross_border: Bools
    is_festive: Bools
    conductor: Int32s
    merchant: Int32s
    place: Int32s
    location_region: Int32s
    device: Int32s
    txn_type: Int32s
    purpose_code: Int32s
    mcc: Int32s


class Side(NamedTuple):
    """The side of a row a movement is of, and what the row says of the other."""

    is_in: bool
    holds: Bools
    """Whether this bank holds the account."""
    holder: Int32s
    is_customer: Bools
    """Whether the holder is one; else the account stands for whoever holds it."""
    account: Int32s
    other_holder: Int32s
    other_account: Int32s
    other_region: Int32s
    other_country: Int32s


class Register(NamedTuple):
    """Who stands in a public register on which local days: of party p the spans `begins[p]` up to
    `begins[p + 1]`, each from a first to a last day."""

    begins: Int64s
    first: Int64s
    last: Int64s


class Known(NamedTuple):
    """What the bank knows, as tables by interned number, and pairs as ascending keys."""

    home: Int64s
    work: Int64s
    has_devices: Int64s
    is_merchant: Int64s
    birth_year: Int64s
    place_region: Int64s
    is_zone: Int64s
    is_ledger: Int64s
    is_listed: Int64s
    opened: Int64s
    code_bits: Int64s
    own_devices: Int64s
    relations: Int64s
    licensed: Register
    sheltering: Register
    teaching: Register
    concepts: Int64s
    concept_bits: Int64s
    other_type: int
    """The name of the type of transactions of which nobody knows more."""
    has_accounts: bool
    """Whether the bank has a list of its accounts."""
    is_hour_known: bool


@lean
def classify(rows: Rows, side: Side, known: Known, first_row: int, made: Columns) -> int:
    """The movements of one side, in order of their rows; how many. Rows that were rejected or only
    attempted move nothing, nor those whose holder nobody knows. `first_row`: the running number of
    the first transaction. O(rows)."""
    n = 0
    for r in range(len(rows.time)):
        holder = side.holder[r]
        if not (rows.is_moved[r] and side.holds[r] and holder >= 0):
            continue
        party = _counterparty(rows, side, r)
        made.time[n], made.sequence[n] = rows.time[r], rows.sequence[r]
        made.txn_hi[n], made.txn_lo[n] = rows.txn_hi[r], rows.txn_lo[r]
        made.reversal_hi[n], made.reversal_lo[n] = rows.reversal_hi[r], rows.reversal_lo[r]
        made.amount[n], made.row[n] = rows.amount[r], first_row + r
        made.account[n], made.counterparty[n] = side.account[r], party
        made.counterparty_account[n] = side.other_account[r]
        made.counterparty_region[n] = _first_known(
            _at(known.home, party, -1), side.other_region[r], side.other_country[r]
        )
        made.region[n] = _first_known(
            _at(known.place_region, rows.place[r], -1), rows.location_region[r], -1
        )
        made.place[n], made.device_id[n] = rows.place[r], rows.device[r]
        made.day[n], made.month[n] = rows.local[r] // DAY, rows.month[r]
        made.side[n] = side.is_in
        mask = _of_money(rows, side, r) | _of_time(rows, known, r) | _of_codes(rows, known, r)
        mask |= _of_holder(rows, side, known, r, made.region[n])
        mask |= _of_party(rows, side, known, r, party)
        if made.counterparty_region[n] >= 0:
            mask |= BIT.COUNTERPARTY_LOCATED
        made.mask[n] = mask & ~PAID_OUT | BIT.IN if side.is_in else mask | BIT.OUT
        n += 1
    return n


@inner
def _counterparty(rows: Rows, side: Side, r: int) -> int:
    """The holder of the other account, else who paid cash in for the holder, else the merchant."""
    brought = -1
    if rows.is_cash[r] and rows.conductor[r] != side.holder[r]:
        brought = rows.conductor[r]
    return _first_known(side.other_holder[r], brought, rows.merchant[r])


@inner
def _of_money(rows: Rows, side: Side, r: int) -> int:
    """What, and how much of it."""
    mask, amount, limit = 0, rows.amount[r], rows.limit[r]
    if rows.is_cash[r]:
        mask |= BIT.CASH
    if rows.is_cross_border[r]:
        mask |= BIT.CROSS_BORDER
    if rows.reversal_hi[r] != 0 or rows.reversal_lo[r] != 0:
        mask |= BIT.RETURN
    if amount < 0:
        return mask
    mask |= BIT.PRICED
    if rows.is_cash[r] and limit >= 0:
        if amount < limit:
            mask |= BIT.BELOW_LIMIT
            if 10 * amount >= 8 * limit:
                mask |= BIT.NEAR
        elif 10 * amount < 12 * limit:
            mask |= BIT.OVER
    usd, is_foreign = rows.usd[r], rows.is_cross_border[r] or rows.is_cash[r]
    if (
        side.is_in and is_foreign and usd >= 0
        and LEAST_LUMP_USD * usd <= amount <= MOST_LUMP_USD * usd
    ):  # fmt: skip
        mask |= BIT.LUMP
    return mask


@inner
def _of_time(rows: Rows, known: Known, r: int) -> int:
    mask = BIT.FESTIVAL if rows.is_festive[r] else 0
    if not known.is_hour_known:
        return mask
    hour = rows.local[r] % DAY // HOUR
    is_night = hour >= NIGHT_FROM or hour < NIGHT_UNTIL
    return mask | (BIT.NIGHT if is_night else BIT.DAYTIME)


@inner
def _of_codes(rows: Rows, known: Known, r: int) -> int:
    """By type, purpose and merchant category code, and by what the texts name."""
    mask = _at(known.code_bits, rows.txn_type[r], 0)
    mask |= _at(known.code_bits, rows.purpose_code[r], 0)
    mask |= _at(known.code_bits, rows.mcc[r], 0)
    if rows.concepts[r] != 0:
        for i in range(len(known.concepts)):
            if rows.concepts[r] & known.concepts[i] != 0:
                mask |= known.concept_bits[i]
    return mask


@inner
def _of_holder(rows: Rows, side: Side, known: Known, r: int, region: int) -> int:
    """Of the holder and the account, and of where and on what the holder did it."""
    mask, holder, account, device = 0, side.holder[r], side.account[r], rows.device[r]
    if rows.is_cash[r] and rows.conductor[r] == holder:
        mask |= BIT.BY_HOLDER
    opened = _at(known.opened, account, NEVER_OPENED)
    if opened != NEVER_OPENED:
        age = rows.local[r] // DAY - opened
        if 0 <= age < NEW_DAYS:
            mask |= BIT.NEW_ACCOUNT
        elif age >= OLD_DAYS:
            mask |= BIT.OLD_ACCOUNT
    if known.has_accounts and not side.is_customer[r] and _at(known.is_listed, account, 0) == 0:
        mask |= BIT.OUTSIDE
    if _at(known.is_merchant, holder, 0) > 0:
        mask |= BIT.HOLDER_MERCHANT
    year = EPOCH_YEAR + rows.month[r] // MONTHS
    if year - _at(known.birth_year, holder, NO_YEAR) < ADULT_YEARS:
        mask |= BIT.HOLDER_MINOR
    if _at(known.is_zone, rows.place[r], 0) > 0:
        mask |= BIT.ZONE
    if region >= 0:
        mask |= BIT.LOCATED
        is_home = region == _at(known.home, holder, -1)
        if is_home or region == _at(known.work, holder, -1):
            mask |= BIT.AT_HOME
    if device >= 0:
        mask |= BIT.DEVICE_KNOWN
        is_registered = _at(known.has_devices, holder, 0) > 0
        if is_registered and not _is_pair(known.own_devices, holder, device):
            mask |= BIT.FOREIGN_DEVICE
    return mask


@inner
def _of_party(rows: Rows, side: Side, known: Known, r: int, party: int) -> int:
    """Of whoever is on the other side, and of what either stands in a register as."""
    day = rows.local[r] // DAY
    mask, holder, account = 0, side.holder[r], side.other_account[r]
    if account >= 0 and rows.txn_type[r] == known.other_type:
        mask |= BIT.TRANSFER
    if _at(known.is_ledger, account, 0) > 0:
        mask |= BIT.BANK_LEDGER
    if party >= 0:
        mask |= BIT.COUNTERPARTY_KNOWN
        if _at(known.is_merchant, party, 0) > 0:
            mask |= BIT.MERCHANT | BIT.OWN_LIFE
        if party == holder:
            mask |= BIT.OWN_TRANSFER
        if _is_pair(known.relations, holder, party):
            mask |= BIT.DECLARED_RELATED
    if _stands(known.licensed, holder, day) or _stands(known.licensed, party, day):
        mask |= BIT.LICENSED
    is_sheltered = side.is_in and _stands(known.sheltering, party, day)
    if is_sheltered or _stands(known.sheltering, holder, day):
        mask |= BIT.SHELTER
    if _stands(known.teaching, holder, day) or _stands(known.teaching, party, day):
        mask |= BIT.SCHOOL
    return mask


@inner
def _at(table: Int64s, number: int, otherwise: int) -> int:
    """table[number], `otherwise` for none and for names met after the table was made."""
    return table[number] if 0 <= number < len(table) else otherwise


@inner
def _first_known(first: int, second: int, third: int) -> int:
    if first >= 0:
        return first
    return second if second >= 0 else third


@inner
def _stands(register: Register, party: int, day: int) -> bool:
    """O(spans of the party)."""
    if party < 0 or party + 1 >= len(register.begins):
        return False
    for i in range(register.begins[party], register.begins[party + 1]):
        if register.first[i] <= day <= register.last[i]:
            return True
    return False


@inner
def _is_pair(ascending: Int64s, left: int, right: int) -> bool:
    """Whether a pair of names is among these keys. O(log keys)."""
    key, low, high = np.int64(left) << 32 | np.int64(right), 0, len(ascending)
    while low < high:
        middle = (low + high) // 2
        if ascending[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low < len(ascending) and ascending[low] == key
