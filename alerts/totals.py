"""What moved, summed exactly over the cited movements."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from alerts.alert import Totals
from alerts.ledger import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseMoney:
    """The base currency and its decimals."""

    currency: str
    digits: int

    def text(self, minor: int) -> str:
        """Minor units as decimal text."""
        return format(Decimal(minor).scaleb(-self.digits), "f")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The movements an alert sums, each transaction once: what came to its subject, what left."""

    came: tuple[Entry, ...]
    went: tuple[Entry, ...]
    is_own_cited: bool
    """Whether the subject's own movements are cited, or only those that reached it."""

    @property
    def transaction_ids(self) -> tuple[str, ...]:
        entries = sorted((*self.came, *self.went), key=lambda e: (e.order_key, e.holder))
        return tuple(dict.fromkeys(entry.reference for entry in entries))


def moved(own: Iterable[Entry], reached: Iterable[Entry], subject: str) -> Moved:
    """The subject's own cited movements, and of `reached` (the feeders') what was paid to it; a
    transaction seen from both sides counts once."""
    listed = list(own)
    came = {_identity(each): each for each in listed if each.side == 1}
    for entry in reached:
        if entry.side == 0 and entry.counterparty == subject:
            came.setdefault(_identity(entry), entry)
    went = {_identity(each): each for each in listed if each.side == 0}
    return Moved(came=tuple(came.values()), went=tuple(went.values()), is_own_cited=bool(listed))


def totals(counted: Moved, money: BaseMoney) -> Totals:
    """Exact sums; a movement without a rate is counted and adds nothing."""
    into, out = _sum(counted.came), _sum(counted.went)
    return Totals(
        count=len(counted.came) + len(counted.went),
        in_=money.text(into),
        out=money.text(out) if counted.is_own_cited else None,
        kept=money.text(into - out) if counted.is_own_cited else None,
        currency=money.currency,
    )


def _identity(entry: Entry) -> tuple[str, str]:
    return entry.source_id, entry.reference


def _sum(entries: Iterable[Entry]) -> int:
    return sum(entry.amount_base or 0 for entry in entries)
