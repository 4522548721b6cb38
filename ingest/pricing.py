"""What the amounts of a batch are worth in the base currency, exactly, column by column."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
import polars as pl

from ingest.currency import minor_units
from ingest.kernels.cells import Int64s
from ingest.kernels.values import to_base
from ingest.rates import Rates
from ingest.times import EPOCH
from ingest.transaction import LARGEST_BASE_AMOUNT

NO_RATE = "FX_MISSING"
EARLY_RATE = "FX_EARLY"
BEYOND_RANGE = "AMOUNT_BEYOND_RANGE"

_CURRENCIES = pl.Enum(sorted(minor_units()))
_MINUTE = 60_000_000
_DAY_MINUTES = 24 * 60
_EPOCH_DAY = EPOCH.toordinal()
_DAYS = 1 << 20
_MOST_RATE = (1 << 63) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rate:
    """The rate of a currency on a day: exact, as text, as digits x 10^shift of minor units (0
    digits: none, or too long for 63 bits), and what is to be said of it."""

    exact: Decimal | None
    text: str | None
    digits: int
    shift: int
    flag: str | None


def priced(decoded: pl.DataFrame, rates: Rates) -> pl.DataFrame:
    """amount_base (minor units, half to even), fx_rate and price_flag of DECODED rows."""
    minutes = decoded["event_time"].cast(pl.Int64) // _MINUTE + decoded["local_utc_offset_min"]
    days = (minutes // _DAY_MINUTES).to_numpy()
    currency = decoded["currency"].cast(_CURRENCIES).to_physical().to_numpy().astype(np.int64)
    kinds, which = np.unique(currency * _DAYS + days + _DAYS // 2, return_inverse=True)
    used = [_rate(rates, int(kind)) for kind in kinds]
    base = np.zeros(decoded.height, np.int64)
    is_exact = np.zeros(decoded.height, np.bool_)
    to_base(
        decoded["digits"].to_numpy(),
        decoded["scale"].to_numpy(),
        np.array([rate.digits for rate in used], np.int64),
        np.array([rate.shift for rate in used], np.int64),
        which.astype(np.int32),
        base,
        is_exact,
    )
    is_priced = np.array([rate.exact is not None for rate in used], np.bool_)[which]
    _price_long(decoded, rates, days, np.flatnonzero(is_priced & ~is_exact), base)
    is_beyond = is_priced & (base > LARGEST_BASE_AMOUNT)
    numbers = pl.Series(which.astype(np.int64))
    return pl.select(
        amount_base=pl.when(pl.Series(is_priced & ~is_beyond)).then(pl.Series(base)),
        fx_rate=pl.Series([rate.text for rate in used], dtype=pl.String).gather(numbers),
        price_flag=pl.when(pl.Series(is_beyond))
        .then(pl.lit(BEYOND_RANGE))
        .otherwise(pl.Series([rate.flag for rate in used], dtype=pl.String).gather(numbers)),
    )


def _rate(rates: Rates, kind: int) -> _Rate:
    currency, on = _CURRENCIES.categories[kind // _DAYS], _day(kind % _DAYS - _DAYS // 2)
    rate = rates.rate(currency, on)
    if rate is None:
        return _Rate(exact=None, text=None, digits=0, shift=0, flag=NO_RATE)
    _, digits, exponent = rate.as_tuple()
    whole = int("".join(map(str, digits)))
    return _Rate(
        exact=rate,
        text=format(rate, "f"),
        digits=whole if whole <= _MOST_RATE else 0,
        shift=int(exponent) + rates.minor_digits,
        flag=EARLY_RATE if rates.is_early(currency, on) else None,
    )


def _price_long(
    decoded: pl.DataFrame, rates: Rates, days: Int64s, rows: Int64s, base: Int64s
) -> None:
    """Amounts whose product with the rate needs more than 63 bits, one by one."""
    for row in rows.tolist():
        amount, currency = Decimal(decoded["amount"][row]), decoded["currency"][row]
        worth = rates.to_base(amount, currency, _day(int(days[row])))
        assert worth is not None, "only rows with a rate are priced"
        base[row] = min(worth[0], LARGEST_BASE_AMOUNT + 1)


def _day(days: int) -> date:
    return date.fromordinal(_EPOCH_DAY + days)
