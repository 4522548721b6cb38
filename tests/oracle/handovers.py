"""Credits held for others, steady payees and split lumps, as `docs/definitions.md` defines them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from tests.oracle.movements import MICROSECOND, Movement

DAY = timedelta(days=1) // MICROSECOND
LARGEST_VARIATION = Fraction(3, 10)


def handed_on(movements: Sequence[Movement]) -> list[tuple[Movement, Movement]]:
    """Credits and the debits that hand them on, each used once."""
    pairs: list[tuple[Movement, Movement]] = []
    for debit in movements:
        open_credits = (x for x in movements if all(x is not used for used, _ in pairs))
        credit = next((x for x in open_credits if _hands_on(debit, x)), None)
        if credit is not None:
            pairs.append((credit, debit))
    return pairs


def held_payers(movements: Sequence[Movement]) -> int:
    return len({credit.counterparty for credit, _ in handed_on(movements)})


def held_sum(movements: Sequence[Movement]) -> int:
    return sum(credit.amount or 0 for credit, _ in handed_on(movements))


def held_few_sum(movements: Sequence[Movement]) -> int:
    """What went back to the payer, or to the three others with most."""
    back, onward = 0, Counter[str | None]()
    for credit, debit in handed_on(movements):
        if debit.counterparty == credit.counterparty:
            back += credit.amount or 0
        else:
            onward[debit.counterparty] += credit.amount or 0
    return back + sum(sorted(onward.values(), reverse=True)[:3])


def steady_parties(movements: Sequence[Movement]) -> dict[str, int]:
    """By counterparty with even sums on three days, what was moved with it."""
    found = {}
    for party in {x.counterparty for x in movements} - {None}:
        own = [x for x in movements if x.counterparty == party]
        values = [x.amount for x in own if x.amount is not None]
        total, squares = sum(values), sum(a * a for a in values)
        is_even = len(values) * squares <= (1 + LARGEST_VARIATION**2) * total**2
        if party and len(values) == len(own) and len({x.local_day for x in own}) >= 3 and is_even:
            found[party] = total
    return found


def both_ways(movements: Sequence[Movement]) -> int:
    came = {x.counterparty for x in movements if "IN" in x.bits}
    went = {x.counterparty for x in movements if "OUT" in x.bits}
    return len((came & went) - {None})


def split_lumps(movements: Sequence[Movement]) -> int:
    """How many lumps were split with somebody not met before."""
    lumps = [x for x in movements if "LUMP" in x.bits]
    owned = {lump.order: list(_of_lump(movements, lump)) for lump in lumps}
    payees: set[str | None] = set()
    for lump in lumps:
        own = owned[lump.order]
        elsewhere = {
            x.counterparty
            for other in lumps
            if other is not lump
            for x in _sent(owned[other.order])
        }
        kinds = [
            any({"OUT", "TRAVEL"} <= x.bits for x in own),
            any({"OUT", "PAPERS"} <= x.bits for x in own),
            any(x.counterparty in elsewhere for x in _sent(own)),
        ]
        met = {x.counterparty for x in movements if x.order < lump.order}
        shares = (
            x.counterparty
            for x in _sent(own)
            if _is_share(x, lump) and x.counterparty not in met | payees
        )
        payee = next(shares, None)
        if sum(kinds) >= 2 and payee is not None:
            payees.add(payee)
    return len(payees)


def _hands_on(debit: Movement, credit: Movement) -> bool:
    if "OUT" not in debit.bits or "IN" not in credit.bits:
        return False
    if debit.counterparty is None or credit.counterparty is None:
        return False
    if debit.amount is None or not credit.amount:
        return False
    least = Fraction(95, 100) if debit.counterparty == credit.counterparty else Fraction(9, 10)
    is_rested = 3 * DAY <= debit.time - credit.time <= 45 * DAY
    return is_rested and least * credit.amount <= debit.amount <= credit.amount


def _of_lump(movements: Sequence[Movement], lump: Movement) -> Iterator[Movement]:
    """What comes within 30 days after it and before the next."""
    for x in movements:
        if x.order <= lump.order:
            continue
        if x.time - lump.time > 30 * DAY or "LUMP" in x.bits:
            return
        yield x


def _sent(movements: Iterable[Movement]) -> list[Movement]:
    return [x for x in movements if {"OUT", "TRANSFER"} <= x.bits and x.counterparty is not None]


def _is_share(x: Movement, lump: Movement) -> bool:
    whole = Fraction(lump.amount or 0)
    return x.amount is not None and whole / 20 <= x.amount <= whole * 7 / 20


@dataclass(frozen=True, slots=True)
class Taking:
    """A payment or cash out, and what it took of which credits."""

    debit: Movement
    lots: tuple[tuple[Movement, int], ...]

    @property
    def total(self) -> int:
        return sum(piece for _, piece in self.lots)

    @property
    def payee(self) -> str | None:
        return self.debit.counterparty if "TRANSFER" in self.debit.bits else None


def takings(movements: Sequence[Movement]) -> list[Taking]:
    """Each transfer and cash out, with what it took: the newest credits first, each as far as
    it is left, that came at most a day before."""
    left = {x.order: x.amount or 0 for x in movements if {"IN", "COUNTERPARTY_KNOWN"} <= x.bits}
    found = []
    for debit in movements:
        if "OUT" not in debit.bits or not {"TRANSFER", "CASH"} & debit.bits:
            continue
        wanted, lots = debit.amount or 0, []
        for credit in reversed(movements):
            is_before = credit.order < debit.order and debit.time - credit.time <= DAY
            piece = min(wanted, left.get(credit.order, 0)) if is_before else 0
            if piece:
                left[credit.order] -= piece
                wanted -= piece
                lots.append((credit, piece))
        found.append(Taking(debit, tuple(lots)))
    return found


def taker(movements: Sequence[Movement]) -> str | None:
    """Who was sent most of what was taken; of equal ones the one paid first."""
    sums: dict[str, int] = {}
    for each in takings(movements):
        if each.payee is not None:
            sums[each.payee] = sums.get(each.payee, 0) + each.total
    best = max(sums.values(), default=0)
    return next((party for party, total in sums.items() if total == best and best), None)


def _by_taker(movements: Sequence[Movement]) -> list[Taking]:
    who = taker(movements)
    return [each for each in takings(movements) if who is not None and each.payee == who]


def taken_sum(movements: Sequence[Movement]) -> int:
    return sum(each.total for each in _by_taker(movements))


def taken_credits(movements: Sequence[Movement]) -> int:
    return len({credit.order for each in _by_taker(movements) for credit, _ in each.lots})


def taken_days(movements: Sequence[Movement]) -> int:
    most = [each for each in _by_taker(movements) if 0 < (each.debit.amount or 0) <= 2 * each.total]
    return len({each.debit.local_day for each in most})


def taken_by_any_sum(movements: Sequence[Movement]) -> int:
    return sum(each.total for each in takings(movements))


def taker_sum(movements: Sequence[Movement]) -> int:
    return sum(each.debit.amount or 0 for each in _by_taker(movements))


def taker_day_sum(movements: Sequence[Movement]) -> int:
    days = Counter[int]()
    for each in _by_taker(movements):
        days[each.debit.local_day] += each.debit.amount or 0
    return max(days.values(), default=0)


def _taken_of(movements: Sequence[Movement]) -> list[tuple[int, int]]:
    """Amount, and what was taken of it, of each credit of which something was."""
    sums: Counter[tuple[object, int]] = Counter()
    for each in takings(movements):
        for credit, piece in each.lots:
            sums[credit.order, credit.amount or 0] += piece
    return [(amount, piece) for (_, amount), piece in sums.items()]


def handed_on_sum(movements: Sequence[Movement]) -> int:
    return sum(amount for amount, piece in _taken_of(movements) if 10 * piece >= 8 * amount)


def touched_sum(movements: Sequence[Movement]) -> int:
    return sum(amount for amount, _ in _taken_of(movements))
