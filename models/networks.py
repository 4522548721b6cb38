"""Who paid whom lately, over all holders: transactions in, completed network shapes out."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Literal, get_args

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from ingest.reference import References
from ingest.times import EPOCH, microseconds
from ingest.transaction import TRANSACTION, TransactionBatch
from models.account_holders import AccountHolders
from models.kernels.arena import Int32s
from models.kernels.shapes import CROWD, NO_CROWD, Crowds, Limits, Room, search
from models.kernels.touched import mark_touched
from models.kernels.transfers import (
    NONE,
    STANDS,
    Int8s,
    Int64s,
    Transfers,
    empty_transfers,
    link,
    link_all,
    moved_down,
    unlink,
)
from models.mask import Mask
from models.movement import NOT_CARRYING, TYPE_BITS, UNMOVED
from models.names import Names
from models.snapshot import (
    NETWORK_NAMES,
    NETWORK_STATE,
    NETWORK_TRANSACTIONS,
    TRANSFERS,
    Piece,
    Sections,
    as_records,
    as_transfers,
    bytes_in,
    bytes_piece,
    name_pieces,
    names_in,
)
from models.transactions import Transactions

Shape = Literal[
    "cycle", "scatter_gather", "gather_scatter", "bipartite", "stack", "fan_in", "fan_out"
]
SHAPES: tuple[Shape, ...] = get_args(Shape)
"""By number of their kind in the kernels."""

CARRYING = [*sorted(code for code, bits in TYPE_BITS.items() if bits & Mask.TRANSFER), "OTHER"]
"""Transaction types that carry money from one holder to another; wages, loans, cards do not."""
LEAST_SLOTS = 1_024
SIDES = ("orig", "benef")
PARTIES = tuple(f"{side}_{of}_id" for side in SIDES for of in ("account", "party"))
BEFORE_ALL = -(1 << 62)
PLACE = ("time", "source_sequence", "txn_hi", "txn_lo")
FIELDS = {
    "time": "time",
    "sequence": "source_sequence",
    "txn_hi": "txn_hi",
    "txn_lo": "txn_lo",
    "amount": "amount_base",
    "row": "row",
}
"""Columns of a transaction by field of a transfer."""
LEG_FIELDS = [
    "time",
    "sequence",
    "txn_hi",
    "txn_lo",
    "sender",
    "receiver",
    "sender_account",
    "receiver_account",
    "amount",
]

TxnId = tuple[int, int]
Place = tuple[int, int, int, int]
"""A transfer's place in the total order: time, sequence, halves of the transaction id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeLimits:
    """What makes a shape; shares and what a hop passes on in percent. least_hops: of a cycle.
    least_share: of a gatherer's receipts from the shape, of a go-between's payments in it.
    shop_payers: a payee of more is a shop, and no link between them; who pays more, or is
    paid by more, is a firm. least_percent of a fan: of what moved on its side, in payments of
    parties that made or got one; most_percent: of that, in one payment. usual_percent of a fan: a
    holder with so many percent of its parties in the window before has a trade; 0: not asked."""

    window: timedelta
    least_percent: int = 0
    most_percent: int = 0
    least_parties: int = 0
    least_hops: int = 0
    least_share: int = 0
    shop_payers: int = 0
    usual_percent: int = 0

    @property
    def look_back(self) -> timedelta:
        """How far before its trigger a shape is looked for."""
        return 2 * self.window if self.usual_percent else self.window


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One transfer of a shape. Parties are holders, or accounts where the holder is unknown;
    `txn` is 32 hex digits; amount in minor units of the base currency."""

    time: datetime
    sequence: int
    txn: str
    reference: str
    source_id: str
    sender: str
    receiver: str
    sender_account: str
    receiver_account: str
    is_sender_customer: bool
    is_receiver_customer: bool
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeFound:
    """A shape and the transfer that completes it. legs: a cycle's hops in order, else as searched,
    newest first, at most 64."""

    shape: Shape
    trigger: Leg
    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapesJudged:
    """found: shapes that are new or other than before. gone: those that stood and do not any
    more, as they were found."""

    found: tuple[ShapeFound, ...]
    gone: tuple[ShapeFound, ...]


NOTHING_JUDGED = ShapesJudged(found=(), gone=())


class Networks:
    """The room where the transfers of all engines meet.

    extend: the shapes of the whole set of transfers that the batch changes; a late row, an
    amendment or a return judges anew what it touches. Cuts and arrival within the lateness change
    nothing of what stands in the end.
    """

    def __init__(
        self,
        *,
        references: References,
        limits: Mapping[Shape, ShapeLimits],
        lateness: timedelta,
        own_ledger_accounts: frozenset[str] = frozenset(),
    ) -> None:
        """`limits`: of the shapes looked for; without any, nothing is kept."""
        self._limits = _kernel_limits(limits)
        self._is_on = bool(limits)
        longest = max((each.look_back for each in limits.values()), default=timedelta())
        self._longest = longest // timedelta(microseconds=1)
        self._kept = longest + timedelta(days=1) + 3 * lateness
        self._names, self._accounts = Names(), references.accounts
        self._holders = AccountHolders(self._names, self._accounts)
        self._ledger = sorted(own_ledger_accounts)
        self._shown = Transactions(("reference", "source_id", "event_time"))
        self._transfers: Transfers = empty_transfers(LEAST_SLOTS)
        self._used = 0
        self._is_customer = np.zeros(0, np.bool_)
        self._last_out, self._last_in = (np.full(0, NONE, np.int64) for _ in SIDES)
        self._scratch = [np.zeros(0, np.int64) for _ in range(3)]
        self._clock = np.zeros(1, np.int64)
        self._crowds = _no_crowds(0)
        self._counts = np.zeros(2, np.int64)
        self._newest: Place = (BEFORE_ALL, 0, 0, 0)
        self._horizon = BEFORE_ALL
        self._returns: dict[TxnId, dict[TxnId, int]] = {}
        self._returned: dict[TxnId, TxnId] = {}
        self._standing: dict[tuple[Shape, str], ShapeFound] = {}

    def extend(self, batch: TransactionBatch) -> ShapesJudged:
        """Takes in one batch; gives the shapes it makes and unmakes."""
        if not self._is_on:
            return NOTHING_JUDGED
        self._grow(batch.added.height)
        marked = np.zeros(len(self._transfers), np.int8)
        gone = self._retract(batch.retracted, marked)
        self._cancel(batch.added, marked)
        slots = self._take_in(batch.added)
        late = self._late(slots)
        for slot in slots[:late].tolist():
            link(self._transfers, self._last_out, self._last_in, slot)
            self._mark(slot, int(self._transfers.time[slot]), marked)
        # Those in order are not in the lists yet, and are judged as they come in.
        marked[slots[late:]] = 0
        again = self._judged_again(marked[: self._used])
        found = [
            *self._search(again, is_linked=True),
            *self._search(slots[late:], is_linked=False),
        ]
        outcome = self._outcome(self._standing_among(again), gone, found)
        self._forget(batch.seen_until)
        return outcome

    def snapshot(self, *, most_transfers: int) -> Iterator[Piece]:
        """The room as it is now, in pieces of at most so many transfers, to be asked for between
        batches. Where a transfer lies never changes, nor what it is; only what does is copied."""
        used = self._transfers[: self._used]
        is_kept = used.is_gone == 0
        kept = np.flatnonzero(is_kept)[np.lexsort(_by_place(used[is_kept]))]
        state = _State(
            newest=self._newest,
            horizon=self._horizon,
            counts=tuple(self._counts.tolist()),
            next_row=self._shown.next_row,
            customers=np.flatnonzero(self._is_customer).tolist(),
            returns=[
                (original, txn, time)
                for original, returns in self._returns.items()
                for txn, time in returns.items()
            ],
            standing=list(self._standing.values()),
        )
        return chain(
            [bytes_piece(NETWORK_STATE, msgspec.json.encode(state))],
            name_pieces(self._names.first(len(self._names)), section=NETWORK_NAMES),
            self._shown.pieces(section=NETWORK_TRANSACTIONS),
            _transfer_pieces(self._transfers, kept, used.cancelled[kept], most_transfers),
        )

    def restore(self, sections: Sections) -> None:
        """The room of a snapshot, into one that has seen nothing yet."""
        state = msgspec.json.decode(bytes_in(sections, NETWORK_STATE), type=_State)
        self._names.restore(names_in(sections, section=NETWORK_NAMES))
        # Its tables go by interned number, and the snapshot has its own.
        self._holders = AccountHolders(self._names, self._accounts)
        self._shown.restore(sections, next_row=state.next_row, section=NETWORK_TRANSACTIONS)
        transfers = [as_transfers(rows["transfer"]) for rows in sections[TRANSFERS]]
        self._used = sum(map(len, transfers))
        self._transfers = empty_transfers(max(2 * self._used, LEAST_SLOTS))
        self._transfers[: self._used] = np.concatenate(transfers)
        self._grow(0)
        self._is_customer[state.customers] = True
        link_all(self._transfers[: self._used], self._last_out, self._last_in)
        self._newest, self._horizon = state.newest, state.horizon
        self._counts[:] = state.counts
        for original, txn, time in state.returns:
            self._returns.setdefault(original, {})[txn] = time
            self._returned[txn] = original
        self._standing = {(each.shape, each.trigger.txn): each for each in state.standing}

    @property
    def searches(self) -> tuple[int, int]:
        """Searches made so far, and those cut short by the work cap."""
        return int(self._counts[0]), int(self._counts[1])

    # from here on, in the order of use

    @property
    def _room(self) -> Room:
        stamp, other_stamp, other_value = self._scratch
        return Room(
            transfers=self._transfers,
            last_out=self._last_out,
            last_in=self._last_in,
            stamp=stamp,
            other_stamp=other_stamp,
            other_value=other_value,
            clock=self._clock,
            crowds=self._crowds,
        )

    def _retract(self, retracted: pl.DataFrame, marked: Int8s) -> set[str]:
        """Takes out transfers and returns that no longer count; the transactions' ids."""
        txns = list(zip(retracted["txn_hi"], retracted["txn_lo"], strict=True))
        originals = [self._returned.pop(txn, None) for txn in txns]
        for txn, original in zip(txns, originals, strict=True):
            if original is not None:
                del self._returns[original][txn]
        self._recall([each for each in originals if each is not None], marked)
        for slot in self._slots(txns).values():
            self._mark(slot, int(self._transfers.time[slot]), marked)
            self._scatter_crowds(slot)
            unlink(self._transfers, self._last_out, self._last_in, slot)
        return {_hex(*txn) for txn in txns}

    def _cancel(self, transactions: pl.DataFrame, marked: Int8s) -> None:
        """A return cancels from its own time on, whether it or the original is read first."""
        returns = transactions.filter(_is_return(), pl.col("status").is_in(UNMOVED).not_())
        originals = []
        for row in returns.iter_rows(named=True):
            txn, original = (
                (row["txn_hi"], row["txn_lo"]),
                (row["reversal_hi"] or 0, row["reversal_lo"] or 0),
            )
            self._returns.setdefault(original, {})[txn] = microseconds(row["event_time"])
            self._returned[txn] = original
            originals.append(original)
        self._recall(originals, marked)

    def _recall(self, originals: Sequence[TxnId], marked: Int8s) -> None:
        for original, slot in self._slots(originals).items():
            before, now = int(self._transfers.cancelled[slot]), self._cancelled(original)
            self._transfers.cancelled[slot] = now
            self._scatter_crowds(slot)
            self._mark(slot, min(before, now), marked)

    def _mark(self, slot: int, first: int, marked: Int8s) -> None:
        """The triggers not before a time that a changed transfer touches; of what comes in order
        there is none yet."""
        if first <= self._newest[0]:
            mark_touched(self._room, self._limits, slot, first, marked)

    def _scatter_crowds(self, slot: int) -> None:
        """A transfer that does not stand for good any more makes nobody a shop."""
        self._crowds.since[self._transfers.sender[slot], 0] = NO_CROWD
        self._crowds.since[self._transfers.receiver[slot], 1] = NO_CROWD

    def _slots(self, txns: Sequence[TxnId]) -> dict[TxnId, int]:
        """Where these transactions lie; those that are there."""
        if not txns:
            return {}
        used = self._transfers[: self._used]
        wanted = np.array([high for high, _ in txns], np.uint64)
        places = np.flatnonzero(np.isin(used.txn_hi, wanted) & (used.is_gone == 0)).tolist()
        found = {(int(used.txn_hi[at]), int(used.txn_lo[at])): at for at in places}
        return {txn: found[txn] for txn in dict.fromkeys(txns) if txn in found}

    def _cancelled(self, txn: TxnId) -> int:
        return min(self._returns.get(txn, {}).values(), default=STANDS)

    def _take_in(self, transactions: pl.DataFrame) -> Int64s:
        """The slots of the transfers among these transactions, in total order, not yet linked."""
        rows = _carrying(transactions, self._shown.append(transactions))
        numbers = {name: self._names.numbers(rows[name]) for name in PARTIES}
        self._grow(0)
        accounts = {side: _account(numbers, side) for side in SIDES}
        nodes = {side: self._nodes(rows, numbers, side) for side in SIDES}
        order = np.lexsort(tuple(rows[name].to_numpy() for name in reversed(PLACE)))
        is_between = (nodes["orig"] != nodes["benef"]) & ~self._is_ledger(accounts)
        order = order[is_between[order]]
        self._grow(len(order))
        slots = np.arange(self._used, self._used + len(order))
        made = self._transfers
        for field, column in FIELDS.items():
            made[field][slots] = rows[column].to_numpy()[order]
        made.sender[slots], made.receiver[slots] = nodes["orig"][order], nodes["benef"][order]
        made.sender_account[slots] = accounts["orig"][order]
        made.receiver_account[slots] = accounts["benef"][order]
        made.cancelled[slots] = STANDS
        made.is_gone[slots] = 0
        for slot in self._with_low_half(slots, (low for _, low in self._returns)).tolist():
            made.cancelled[slot] = self._cancelled(self._id(slot))
        self._used += len(order)
        return slots

    def _with_low_half(self, slots: Int64s, halves: Iterable[int]) -> Int64s:
        """Those of these slots whose transaction id ends in one of the lower halves."""
        wanted = np.fromiter(halves, np.uint64)
        return slots[np.isin(self._transfers.txn_lo[slots], wanted)] if len(wanted) else slots[:0]

    def _nodes(self, rows: pl.DataFrame, numbers: Mapping[str, Int32s], side: str) -> Int32s:
        """Who holds each account: as the bank knows it, else the party named, else the account."""
        account, party = numbers[f"{side}_account_id"], numbers[f"{side}_party_id"]
        holder = self._holders.at(account, party, rows["time"].to_numpy())
        self._is_customer[holder[holder >= 0]] = True
        return np.where(holder >= 0, holder, account)

    def _is_ledger(self, accounts: Mapping[str, Int32s]) -> npt.NDArray[np.bool_]:
        numbers = [self._names.find(account) for account in self._ledger]
        return np.isin(accounts["orig"], numbers) | np.isin(accounts["benef"], numbers)

    def _grow(self, more: int) -> None:
        needed = self._used + more
        if needed > len(self._transfers):
            grown = empty_transfers(max(needed, 2 * len(self._transfers)))
            grown[: self._used] = self._transfers[: self._used]
            self._transfers = grown
        if len(self._names) > len(self._last_out):
            size = max(len(self._names), 2 * len(self._last_out))
            self._last_out = _lengthened(self._last_out, size, NONE)
            self._last_in = _lengthened(self._last_in, size, NONE)
            self._scratch = [_lengthened(each, size, 0) for each in self._scratch]
            self._is_customer = np.append(
                self._is_customer, np.zeros(size - len(self._is_customer), np.bool_)
            )
            crowds = _no_crowds(size)
            crowds[: len(self._crowds)] = self._crowds
            self._crowds = crowds

    def _standing_among(self, slots: Int64s) -> set[str]:
        """Transaction ids of those of these triggers that a standing shape has."""
        halves = (int(txn[16:], 16) for _, txn in self._standing)
        return {self._txn(slot) for slot in self._with_low_half(slots, halves).tolist()}

    def _late(self, slots: Int64s) -> int:
        """How many of these, in total order, lie before the newest one seen so far."""
        late = bisect_left(slots.tolist(), self._newest, key=self._place)
        if len(slots):
            self._newest = max(self._newest, self._place(int(slots[-1])))
        return late

    def _judged_again(self, marked: Int8s) -> Int64s:
        """Marked triggers that are still there and whose ground is."""
        used = self._transfers[: len(marked)]
        since = self._horizon + self._longest
        is_judged = (marked == 1) & (used.is_gone == 0) & (used.time >= since)
        return np.flatnonzero(is_judged)

    def _search(self, triggers: Int64s, *, is_linked: bool) -> list[ShapeFound]:
        if not len(triggers):
            return []
        raw = search(self._room, self._limits, triggers, is_linked, self._counts)
        # Shapes share most of their transfers, so each is made a leg once.
        slots, places = np.unique(np.concatenate((raw.cited, raw.trigger)), return_inverse=True)
        made = self._legs(slots)
        legs = [made[place] for place in places.tolist()]
        triggered = legs[len(raw.cited) :]
        return [
            ShapeFound(shape=SHAPES[kind], trigger=triggered[i], legs=tuple(legs[first:last]))
            for i, (kind, first, last) in enumerate(
                zip(raw.kind.tolist(), raw.first.tolist(), raw.last.tolist(), strict=True)
            )
        ]

    def _legs(self, slots: Int64s) -> list[Leg]:
        used = self._transfers[slots]
        shown = self._shown.rows(used.row)
        return list(
            map(self._leg, used[LEG_FIELDS].tolist(), shown["reference"], shown["source_id"])
        )

    def _leg(self, fields: tuple[int, ...], reference: str, source_id: str) -> Leg:
        time, sequence, txn_hi, txn_lo, *parties, amount = fields
        sender, receiver, sender_account, receiver_account = map(self._names.name, parties)
        return Leg(
            time=EPOCH + timedelta(microseconds=time),
            sequence=sequence,
            txn=_hex(txn_hi, txn_lo),
            reference=reference,
            source_id=source_id,
            sender=sender,
            receiver=receiver,
            sender_account=sender_account,
            receiver_account=receiver_account,
            is_sender_customer=bool(self._is_customer[parties[0]]),
            is_receiver_customer=bool(self._is_customer[parties[1]]),
            amount=amount,
        )

    def _outcome(
        self, judged: set[str], amended: set[str], found: Sequence[ShapeFound]
    ) -> ShapesJudged:
        """Only what differs from what stood, or rests on a transfer whose content does."""
        new = {(each.shape, each.trigger.txn): each for each in found}
        old = {
            key: self._standing[key]
            for txn in judged | amended
            for key in ((shape, txn) for shape in SHAPES)
            if key in self._standing
        }
        changed = {
            key: each
            for key, each in new.items()
            if old.get(key) != each or any(leg.txn in amended for leg in each.legs)
        }
        gone = {key: each for key, each in old.items() if key not in new or key in changed}
        for key in gone:
            del self._standing[key]
        self._standing.update(changed)
        return ShapesJudged(found=_ordered(changed.values()), gone=_ordered(gone.values()))

    def _forget(self, seen_until: datetime | None) -> None:
        """Lets go of what no later batch can look back to."""
        if seen_until is None:
            return
        self._horizon = max(self._horizon, microseconds(seen_until - self._kept))
        used = self._transfers[: self._used]
        is_kept = (used.time >= self._horizon) & (used.is_gone == 0)
        if self._used < LEAST_SLOTS or 2 * int(is_kept.sum()) > self._used:
            return
        kept = np.flatnonzero(is_kept)
        self._transfers = moved_down(used, kept, self._last_out, self._last_in).view(np.recarray)
        self._used = len(kept)
        since = EPOCH + timedelta(microseconds=self._horizon)
        self._shown.forget(since)
        self._standing = {k: e for k, e in self._standing.items() if e.trigger.time >= since}
        old = [txn for txn, of in self._returned.items() if self._returns[of][txn] < self._horizon]
        for txn in old:
            del self._returns[self._returned[txn]][txn], self._returned[txn]

    def _id(self, slot: int) -> TxnId:
        return int(self._transfers.txn_hi[slot]), int(self._transfers.txn_lo[slot])

    def _txn(self, slot: int) -> str:
        return _hex(*self._id(slot))

    def _place(self, slot: int) -> Place:
        t = self._transfers
        return int(t.time[slot]), int(t.sequence[slot]), *self._id(slot)


class _State(msgspec.Struct, frozen=True, kw_only=True):
    """What a snapshot of the room holds besides names, transactions and transfers. customers:
    numbers of names; returns: the transaction taken back, the return and its time."""

    newest: Place
    horizon: int
    counts: tuple[int, ...]
    next_row: int
    customers: list[int]
    returns: list[tuple[TxnId, TxnId, int]]
    standing: list[ShapeFound]


def _by_place(transfers: Transfers) -> tuple[Int64s, ...]:
    """Keys of the total order, the last one first, as np.lexsort wants them."""
    return transfers.txn_lo, transfers.txn_hi, transfers.sequence, transfers.time


def _transfer_pieces(
    transfers: Transfers, kept: Int64s, cancelled: Int64s, at_once: int
) -> Iterator[Piece]:
    for first in range(0, max(len(kept), 1), at_once):
        some = transfers[kept[first : first + at_once]]
        some.cancelled = cancelled[first : first + at_once]
        some.is_gone, some.before_out, some.before_in = 0, NONE, NONE
        yield Piece(section=TRANSFERS, rows=pa.record_batch({"transfer": as_records(some)}))


def _kernel_limits(limits: Mapping[Shape, ShapeLimits]) -> Limits:
    off = ShapeLimits(window=timedelta())
    each = [limits.get(shape, off) for shape in SHAPES]
    return Limits(
        is_on=np.array([shape in limits for shape in SHAPES], np.int64),
        window=np.array([of.window // timedelta(microseconds=1) for of in each], np.int64),
        least_percent=np.array([of.least_percent for of in each], np.int64),
        most_percent=np.array([of.most_percent for of in each], np.int64),
        least_parties=np.array([of.least_parties for of in each], np.int64),
        least_hops=max(of.least_hops for of in each),
        least_share=max(of.least_share for of in each),
        shop_payers=max(of.shop_payers for of in each),
        usual_percent=max(of.usual_percent for of in each),
        longest=max(of.look_back for of in each) // timedelta(microseconds=1),
    )


def concerning(transactions: pl.DataFrame) -> pl.DataFrame:
    """Of TRANSACTION rows those that networks are made of: transfers and returns."""
    return transactions.filter(_is_transfer() | _is_return())


def _carrying(transactions: pl.DataFrame, first_row: int) -> pl.DataFrame:
    """The transactions that are transfers, each once: the one that counts for the receiver."""
    is_transfer = transactions.select(_is_transfer()).to_series()
    return (
        transactions.select(
            *(name for name in FIELDS.values() if name in TRANSACTION),
            *PARTIES,
            time=pl.col("event_time").to_physical(),
        )
        .with_row_index("row", offset=first_row)
        .filter(is_transfer)
    )


def _is_transfer() -> pl.Expr:
    return pl.all_horizontal(
        pl.col("benef_holds").fill_null(value=True),
        pl.col("txn_type").is_in(CARRYING),
        pl.col("purpose_code").is_in(NOT_CARRYING).fill_null(value=False).not_(),
        pl.col("status").is_in(UNMOVED).not_(),
        pl.col("amount_base") > 0,
        _is_return().not_(),
        *(pl.coalesce(f"{side}_account_id", f"{side}_party_id").is_not_null() for side in SIDES),
    )


def _is_return() -> pl.Expr:
    return (pl.col("reversal_hi").fill_null(0) != 0) | (pl.col("reversal_lo").fill_null(0) != 0)


def _account(numbers: Mapping[str, Int32s], side: str) -> Int32s:
    """The account of a side, else its party: what the transfer names it by."""
    account, party = numbers[f"{side}_account_id"], numbers[f"{side}_party_id"]
    return np.where(account >= 0, account, party)


def _lengthened(values: Int64s, size: int, otherwise: int) -> Int64s:
    longer = np.full(size, otherwise, np.int64)
    longer[: len(values)] = values
    return longer


def _no_crowds(holders: int) -> Crowds:
    crowds = np.zeros((holders, len(SIDES)), CROWD).view(np.recarray)
    crowds.since = NO_CROWD
    return crowds


def _ordered(shapes: Iterable[ShapeFound]) -> tuple[ShapeFound, ...]:
    return tuple(sorted(shapes, key=lambda each: (each.trigger.time, each.trigger.txn, each.shape)))


def _hex(high: int, low: int) -> str:
    return f"{high:016x}{low:016x}"
