"""Money followed from an account: first in, first out, through the accounts it reaches.

Every credit is a lot. A debit takes the oldest lots first, so what leaves an account can be said to
stem from certain credits, and what arrives elsewhere carries that origin with it. First in, first
out is a convention of tracing (the rule in Clayton's case), not a proof of what a person meant.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

Ending = Literal["kept", "cash", "spent", "not_followed"]
ENDINGS: tuple[Ending, ...] = ("kept", "cash", "spent", "not_followed")
NOT_RECORDED = "not recorded"
Order = tuple[datetime, int, int, int, int]
"""A movement's place in the total order: time, sequence, both halves of its id, side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One movement of one account. amount: minor units of the base currency. `link` is shared by
    both sides of a transfer. `use`: how a debit leaves the account, None for a credit."""

    account: str
    party: str
    order: Order
    is_in: bool
    amount: int
    link: str
    reference: str
    source_id: str
    other_account: str | None
    other_party: str | None
    use: Literal["transfer", "cash", "spent"] | None
    place: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one debit moved of the followed money. hop 1 leaves the first accounts. amount: the
    followed part of `whole`. rested: shortest and longest time its lots lay on the account.
    stems_from: the credits to the first accounts that it goes back to, in order of first use."""

    hop: int
    account: str
    party: str
    other_account: str | None
    other_party: str | None
    use: Literal["transfer", "cash", "spent"]
    place: str | None
    time: datetime
    amount: int
    whole: int
    rested: tuple[timedelta, timedelta]
    reference: str
    source_id: str
    stems_from: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Followed money that ended at an account: how, by whose payments (payer -> minor units)."""

    account: str
    party: str
    hop: int
    ending: Ending
    amount: int
    by_payer: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Where the credits of the first accounts went. came = the sum over `holdings`. payers: minor
    units by paying party. earlier: what the first accounts moved out of money from before."""

    came: int
    payers: Mapping[str, int]
    steps: tuple[Step, ...]
    holdings: tuple[Holding, ...]
    earlier: int


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a lot. hop: transfers since the first account; None = not followed money."""

    amount: int
    since: datetime
    hop: int | None
    payer: str
    credit: str


def follow(lines: Iterable[Line], *, first: Collection[str], hops: int) -> Trace:
    """The credits of the `first` accounts among `lines`, followed over at most `hops` transfers.

    lines: all movements of every account whose money is to be followed, returns and what they undo
    left out. At an account without lines following ends. O(n log n).
    """
    book = _Book(first=frozenset(first), hops=hops)
    for line in _in_order(lines):
        book.enter(line)
    return book.closed()


def accounts_to_follow(trace: Trace, *, hops: int) -> set[str]:
    """The accounts that followed money reached with hops left."""
    return {
        step.other_account
        for step in trace.steps
        if step.use == "transfer" and step.other_account is not None and step.hop < hops
    }


class _Book:
    """The lots of every account, moved line by line in total order."""

    def __init__(self, *, first: frozenset[str], hops: int) -> None:
        self._first, self._hops = first, hops
        self._lots: dict[str, deque[_Piece]] = defaultdict(deque)
        self._parties: dict[str, str] = {}
        self._on_the_way: dict[str, list[_Piece]] = {}
        self._arrived: set[str] = set()
        self._steps: list[Step] = []
        self._ended: dict[tuple[str, str, int, Ending], dict[str, int]] = defaultdict(dict)
        self._payers: dict[str, int] = {}
        self._targets: dict[str, tuple[str, str]] = {}
        self._earlier = 0

    def enter(self, line: Line) -> None:
        self._parties[line.account] = line.party
        if line.is_in:
            self._credit(line)
        else:
            self._debit(line)

    def closed(self) -> Trace:
        for account, lots in self._lots.items():
            for piece in lots:
                self._end(account, self._parties[account], piece, "kept")
        for link, pieces in self._on_the_way.items():
            if link not in self._arrived:
                account, party = self._targets[link]
                for piece in pieces:
                    self._end(account, party, piece, "not_followed")
        return Trace(
            came=sum(self._payers.values()),
            payers=dict(sorted(self._payers.items(), key=lambda each: (-each[1], each[0]))),
            steps=tuple(self._steps),
            holdings=tuple(self._holdings()),
            earlier=self._earlier,
        )

    def _credit(self, line: Line) -> None:
        self._arrived.add(line.link)
        arrived, lost = _cut(self._on_the_way.get(line.link, ()), line)
        for piece in lost:
            self._end(line.account, line.party, piece, "not_followed")
        is_new = line.account in self._first and line.other_account not in self._first
        for piece in arrived:
            own = self._begun(piece, line) if is_new and piece.hop is None else piece
            if own.hop is not None and own.hop >= self._hops:
                self._end(line.account, line.party, own, "not_followed")
                own = replace(own, hop=None)
            self._lots[line.account].append(own)

    def _begun(self, piece: _Piece, line: Line) -> _Piece:
        payer = line.other_party or line.other_account or "cash"
        self._payers[payer] = self._payers.get(payer, 0) + piece.amount
        return _Piece(piece.amount, line.order[0], 0, payer, line.reference)

    def _debit(self, line: Line) -> None:
        taken = self._take(line.account, line.amount)
        missing = line.amount - sum(piece.amount for piece in taken)
        if line.account in self._first:
            self._earlier += missing
        followed = [piece for piece in taken if piece.hop is not None]
        use = line.use or "transfer"
        if followed:
            self._steps.extend(_steps(line, followed))
        if use == "transfer" and line.other_account is not None:
            moved = [replace(piece, hop=_later(piece)) for piece in taken]
            if missing:
                moved.append(_Piece(missing, line.order[0], None, "", ""))
            self._on_the_way[line.link] = moved
            self._targets[line.link] = (line.other_account, line.other_party or line.other_account)
            return
        for piece in followed:
            if use == "transfer":
                receiver = line.other_party or NOT_RECORDED
                self._end(receiver, receiver, replace(piece, hop=_later(piece)), "not_followed")
            else:
                self._end(line.account, line.party, piece, use)

    def _take(self, account: str, amount: int) -> list[_Piece]:
        """The oldest lots of the account up to the amount, taken out."""
        lots, taken = self._lots[account], []
        while amount > 0 and lots:
            piece = lots.popleft()
            if piece.amount > amount:
                lots.appendleft(replace(piece, amount=piece.amount - amount))
                piece = replace(piece, amount=amount)
            taken.append(piece)
            amount -= piece.amount
        return taken

    def _end(self, account: str, party: str, piece: _Piece, ending: Ending) -> None:
        if piece.hop is None:
            return
        self._parties.setdefault(account, party)
        by_payer = self._ended[account, party, piece.hop, ending]
        by_payer[piece.payer] = by_payer.get(piece.payer, 0) + piece.amount

    def _holdings(self) -> Iterable[Holding]:
        for (account, party, hop, ending), by_payer in sorted(self._ended.items()):
            yield Holding(
                account=account,
                party=party,
                hop=hop,
                ending=ending,
                amount=sum(by_payer.values()),
                by_payer=dict(sorted(by_payer.items(), key=lambda each: (-each[1], each[0]))),
            )


def _later(piece: _Piece) -> int | None:
    return None if piece.hop is None else piece.hop + 1


def _in_order(lines: Iterable[Line]) -> Sequence[Line]:
    """Total order, but no credit before the debit it comes from: two banks' clocks may differ."""
    every = list(lines)
    sent = {line.link: line.order for line in every if not line.is_in}
    return sorted(
        every,
        key=lambda line: (
            max(line.order[:4], sent[line.link][:4])
            if line.is_in and line.link in sent
            else line.order[:4],
            line.is_in,
            line.order,
            line.account,
        ),
    )


def _cut(pieces: Iterable[_Piece], line: Line) -> tuple[list[_Piece], list[_Piece]]:
    """What of the pieces sent makes up the credit, and what was lost on the way (a fee, a rate)."""
    arrived, lost, left = [], [], line.amount
    for piece in pieces:
        part = min(piece.amount, left)
        left -= part
        if part:
            arrived.append(replace(piece, amount=part, since=line.order[0]))
        if piece.amount > part:
            lost.append(replace(piece, amount=piece.amount - part))
    if left:
        arrived.append(_Piece(left, line.order[0], None, "", ""))
    return arrived, lost


def _steps(line: Line, followed: Sequence[_Piece]) -> Iterable[Step]:
    """One step a hop: money that came round again leaves on a later hop than the rest."""
    time = line.order[0]
    for hop in sorted({piece.hop for piece in followed if piece.hop is not None}):
        pieces = [piece for piece in followed if piece.hop == hop]
        rested = [time - piece.since for piece in pieces]
        yield Step(
            hop=hop + 1,
            account=line.account,
            party=line.party,
            other_account=line.other_account,
            other_party=line.other_party,
            use=line.use or "transfer",
            place=line.place,
            time=time,
            amount=sum(piece.amount for piece in pieces),
            whole=line.amount,
            rested=(min(rested), max(rested)),
            reference=line.reference,
            source_id=line.source_id,
            stems_from=tuple(dict.fromkeys(piece.credit for piece in pieces)),
        )
