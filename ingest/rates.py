"""What an amount is worth in the base currency, on the day it moved."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import cache, cached_property
from hashlib import blake2b

import msgspec

from ingest.currency import minor_units

_EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN)
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """From `on` (None: always), one unit of the currency is `rate` units of the base currency."""

    on: date | None
    rate: Decimal


@dataclass(frozen=True, kw_only=True)
class Rates:
    """Dated rates into one base currency. The last rate at or before a day holds on it; before
    the first one, the first, and `is_early` says so."""

    base_currency: str
    by_currency: Mapping[str, Sequence[Rate]] = field(default_factory=dict)
    """Ordered by day, undated first."""

    def to_base(self, amount: Decimal, currency: str, on: date) -> tuple[int, str] | None:
        """Minor units of the base currency, rounded half to even, and the rate as text.

        None if the currency has no rate.
        """
        rate = self.rate(currency, on)
        if rate is None:
            return None
        value = _EXACT.multiply(_EXACT.multiply(amount, rate), Decimal(10) ** self.minor_digits)
        return int(value.to_integral_value(context=_EXACT)), _text(rate)

    def rate(self, currency: str, on: date) -> Decimal | None:
        """Units of the base currency for one of this one; None if it has no rate."""
        if currency == self.base_currency:
            return _ONE
        rates = self.by_currency.get(currency)
        if not rates:
            return None
        last = bisect_right(self._days[currency], on.toordinal()) - 1
        return rates[max(last, 0)].rate

    @property
    def minor_digits(self) -> int:
        """Decimals of the base currency."""
        digits = minor_units()[self.base_currency]
        assert digits is not None, "settings refuse a base currency without minor units"
        return digits

    def usd_minor(self, on: date) -> int | None:
        """One US dollar in minor units of the base currency; None without a rate."""
        worth = self.to_base(_ONE, "USD", on)
        return None if worth is None else worth[0]

    def is_early(self, currency: str, on: date) -> bool:
        """Whether the day lies before the first rate of the currency."""
        rates = self.by_currency.get(currency)
        return bool(rates) and rates is not None and rates[0].on is not None and on < rates[0].on

    @cached_property
    def fingerprint(self) -> str:
        """Hash over every rate; part of the bundle's hash."""
        rows = sorted(
            (currency, rate.on.isoformat() if rate.on else "", format(rate.rate, "f"))
            for currency, rates in self.by_currency.items()
            for rate in rates
        )
        packed = msgspec.json.encode([self.base_currency, rows])
        return blake2b(packed, digest_size=16).hexdigest()

    @cached_property
    def _days(self) -> dict[str, list[int]]:
        return {
            currency: [rate.on.toordinal() if rate.on else 0 for rate in rates]
            for currency, rates in self.by_currency.items()
        }


@cache
def _text(rate: Decimal) -> str:
    return format(rate, "f")
