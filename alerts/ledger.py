"""The movements that findings rest on, and those that one finding cites."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl
import sqlalchemy as sa
import zstandard

from alerts.order import KeyColumn, key_parts, moment, movement_key, order_key
from alerts.statements import chunks, insert_rows
from alerts.tables import LEDGER as TABLE
from alerts.tables import LEDGER_REACH
from detectors.finding import Citation, Finding
from ingest.times import microseconds
from models.evaluated import LEDGER
from models.mask import Mask

MOST_CITED = 1_000
"""Movements one finding cites: the last of them in total order."""
LARGEST_SIGNED = 1 << 63
AFTER_ALL = b"\xff" * 33
"""A key that no movement has."""
MOST_IN_PIECE = 500
"""Movements of one piece: what is cited is seldom all that its holder ever moved."""

Returned = set[tuple[str, str]]
"""Holders and references of returns."""

Named = tuple[str, str]
"""A holder and a transaction of 32 hex digits."""

Legs = dict[tuple[bytes, str], dict[str, object]]
"""Movements by key and holder."""

KEY_COLUMNS = ("time", "sequence", "txn_hi", "txn_lo", "side")


class Entry(msgspec.Struct, frozen=True):
    """A movement as the ledger keeps it. side 0 = out, 1 = in; amount_base in minor units."""

    holder: str
    order_key: bytes
    account: str
    reference: str
    source_id: str
    mask: int
    amount_base: int | None
    amount: str | None
    currency: str | None
    txn_type: str | None
    channel: str | None
    counterparty: str | None
    counterparty_account: str | None
    counterparty_region: str | None
    place: str | None
    region: str | None
    device: str | None
    local_offset_min: int | None
    cancelled_by: str | None

    @property
    def side(self) -> int:
        return self.order_key[-1]

    @property
    def time(self) -> datetime:
        return key_parts(self.order_key)[0]

    @property
    def txn(self) -> str:
        """32 hex digits."""
        _, _, high, low, _ = key_parts(self.order_key)
        return f"{high:016x}{low:016x}"


def replace_from(
    connection: sa.Connection, since: Mapping[str, bytes], frame: pl.DataFrame
) -> None:
    """Takes out what these holders moved at or after their key, then keeps the frame's rows
    (LEDGER columns), which may reach further back and stand in for rows already there."""
    there = _intervals(connection, {*since, *frame["holder"].unique()})
    # Most holders move on from where they were: nothing of theirs is taken out.
    behind = [
        _Range(holder, since=since[holder])
        for holder, interval in there.items()
        if holder in since and interval.last >= since[holder]
    ]
    _revive(connection, _take_out(connection, behind))
    for each in behind:
        del there[each.holder]
    _keep(connection, frame, there | _intervals(connection, [each.holder for each in behind]))


def holders(connection: sa.Connection) -> set[str]:
    """Whose movements are kept, or were."""
    return set(connection.execute(sa.select(LEDGER_REACH.c.holder)).scalars())


def cited(
    connection: sa.Connection, findings: Sequence[Sequence[Citation]]
) -> list[tuple[Entry, ...]]:
    """Of each finding the movements of all its citations in total order, each once, at most the
    last MOST_CITED. Several are asked for together: most cite the same holders."""
    ranges: dict[str, _Range] = {}
    for citation in (each for citations in findings for each in citations):
        wanted = _range_of(citation)
        ranges[wanted.holder] = ranges.get(wanted.holder, wanted).with_other(wanted)
    by_holder: dict[str, list[Entry]] = {holder: [] for holder in ranges}
    for piece in _pieces(connection, list(ranges.values())):
        by_holder[piece.holder].extend(piece.entries())
    return [_cited_in(connection, citations, by_holder) for citations in findings]


def packed_legs(frame: pl.DataFrame, findings: Sequence[Finding]) -> list[bytes]:
    """Of LEDGER rows the movements that each finding's citations name, in total order, to be kept
    with it. A shape stands at its trigger, so no later return is told of them."""
    named = [
        {(each.holder, txn) for each in finding.citations for txn in each.only}
        for finding in findings
    ]
    rows = _legs_by_name(frame, set[Named]().union(*named))
    return [
        msgspec.msgpack.encode(_in_order(rows.get(at, {}) for at in theirs)) for theirs in named
    ]


def unpacked_legs(legs: bytes) -> tuple[Entry, ...]:
    """The movements again."""
    return _LEGS.decode(legs)


def was_paid_as_account(connection: sa.Connection, payer: str, receiver: str, upto: bytes) -> bool:
    """Whether the payer's last payment to the receiver, up to a key, knew it by its account
    alone."""
    paid = [
        entry
        for entry in _within(connection, _Range(payer, until=_after(upto)))
        if entry.counterparty == receiver
    ]
    last = max(paid, key=_key_of, default=None)
    return last is not None and last.counterparty_account == receiver


def ledger_frame(entries: Sequence[Entry]) -> pl.DataFrame:
    """The entries as a frame of LEDGER columns, in total order."""
    ordered = sorted(entries, key=lambda entry: (entry.order_key, entry.holder))
    return pl.DataFrame([_frame_row(entry) for entry in ordered], schema=LEDGER)


def _cited_in(
    connection: sa.Connection,
    citations: Sequence[Citation],
    by_holder: Mapping[str, Sequence[Entry]],
) -> tuple[Entry, ...]:
    found: dict[tuple[bytes, str], Entry] = {}
    for citation in citations:
        for entry in _cited_by(connection, citation, by_holder[citation.holder]):
            found[(entry.order_key, entry.holder)] = entry
    return tuple(found[key] for key in sorted(found)[-MOST_CITED:])


def _cited_by(
    connection: sa.Connection, citation: Citation, of_holder: Sequence[Entry]
) -> list[Entry]:
    wanted = _range_of(citation)
    kinds, left_out = _as_signed(citation.mask_any), int(Mask.RETURN)
    entries = [
        entry
        for entry in of_holder
        if wanted.holds(entry.order_key)
        and entry.mask & kinds
        and not entry.mask & left_out
        and (citation.account is None or entry.account == citation.account)
        and (not citation.only or entry.txn in citation.only)
    ]
    standing = _standing(connection, citation.holder, order_key(citation.upto), entries)
    return sorted(standing, key=_key_of, reverse=True)[:MOST_CITED]


def _range_of(citation: Citation) -> "_Range":
    # A key begins with its time: the first one after `since` is the next microsecond's.
    return _Range(citation.holder, _first_key(citation.since), _after(order_key(citation.upto)))


def _legs_by_name(frame: pl.DataFrame, named: Collection[Named]) -> dict[Named, Legs]:
    """What an Entry is made of, for each movement of these transactions of their holders."""
    names = pl.DataFrame(
        [(holder, int(txn[:16], 16), int(txn[16:], 16)) for holder, txn in named],
        schema={"holder": pl.String, "txn_hi": pl.UInt64, "txn_lo": pl.UInt64},
        orient="row",
    )
    found: dict[Named, Legs] = {}
    for row in frame.join(names, on=["holder", "txn_hi", "txn_lo"], how="semi").iter_rows(
        named=True
    ):
        name = row["holder"], f"{row['txn_hi']:016x}{row['txn_lo']:016x}"
        key = movement_key(*(row.pop(part) for part in KEY_COLUMNS))
        changed = {"order_key": key, "mask": _as_signed(row["mask"]), "cancelled_by": None}
        found.setdefault(name, {})[(key, row["holder"])] = row | changed
    return found


def _in_order(legs: Iterable[Legs]) -> list[dict[str, object]]:
    return [leg for _, leg in sorted((item for each in legs for item in each.items()), key=_place)]


def _place(item: tuple[tuple[bytes, str], object]) -> tuple[bytes, str]:
    return item[0]


def _first_key(since: datetime) -> bytes:
    after = moment(microseconds(since) + 1)
    return movement_key(after, 0, 0, 0, 0)[:8]


def _standing(
    connection: sa.Connection, holder: str, last: bytes, entries: Sequence[Entry]
) -> list[Entry]:
    """Without those a return had cancelled by then; a later return rewrites nothing before it."""
    is_any_cancelled = any(entry.cancelled_by is not None for entry in entries)
    after = _within(connection, _Range(holder, since=_after(last))) if is_any_cancelled else ()
    later = {entry.reference for entry in after}
    return [each for each in entries if each.cancelled_by is None or each.cancelled_by in later]


class _Range(NamedTuple):
    """Of a holder the keys from one on, up to another that is not among them."""

    holder: str
    since: bytes = b""
    until: bytes = AFTER_ALL

    def holds(self, key: bytes) -> bool:
        return self.since <= key < self.until

    def with_other(self, other: "_Range") -> "_Range":
        """From the earlier beginning to the later end."""
        return _Range(self.holder, min(self.since, other.since), max(self.until, other.until))


class _Piece(NamedTuple):
    """Movements of a holder that were written together."""

    holder: str
    first_key: bytes
    body: bytes

    def entries(self) -> Sequence[Entry]:
        """In total order."""
        return _unpacked(self.holder, self.body)


@lru_cache(maxsize=1 << 9)
def _unpacked(holder: str, body: bytes) -> tuple[Entry, ...]:
    """Pieces asked for again and again, as long as their alert changes, are kept unpacked."""
    columns = _COLUMNS.decode(zstandard.decompress(body))
    return tuple(_entry(holder, each) for each in zip(*columns, strict=True))


def _revive(connection: sa.Connection, returns: Returned) -> None:
    """A return that was taken out cancels nothing until the profiles say so again."""

    def stands(entry: Entry) -> Entry:
        is_gone = (entry.holder, str(entry.cancelled_by)) in returns
        return msgspec.structs.replace(entry, cancelled_by=None) if is_gone else entry

    _change(
        connection, [_Range(holder) for holder in sorted({holder for holder, _ in returns})], stands
    )


class _Interval(NamedTuple):
    """Keys between which, both included, all movements of a holder are in the ledger."""

    first: bytes
    last: bytes

    @property
    def is_empty(self) -> bool:
        """Of a ledger cut back before its interval, nothing is known without a gap."""
        return self.last < self.first


def _keep(connection: sa.Connection, frame: pl.DataFrame, there: Mapping[str, _Interval]) -> None:
    """Most rows of a frame are there already: only those beyond what is there are written, and
    what a return has cancelled since."""
    if frame.is_empty():
        return
    rows = frame.select(list(LEDGER)).sort("holder", *KEY_COLUMNS)
    keys, spans = KeyColumn(rows), _spans(rows["holder"])
    is_missing = np.ones(rows.height, np.bool_)
    stale, reaches = list[_Range](), list[dict[str, str | bytes]]()
    for holder, (start, stop) in spans.items():
        interval = there.get(holder)
        first, old, new = keys[start], start, start
        # A frame that does not reach into an interval begins a new one.
        until = AFTER_ALL
        if interval is not None and not interval.is_empty and first <= interval.last:
            first, until = min(first, interval.first), interval.first
            old = keys.first_from(interval.first, start, stop)
            new = keys.first_after(interval.last, start, stop)
        if interval is not None and first < until:
            stale.append(_Range(holder, first, until))
        reaches.append({"holder": holder, "first_key": first})
        is_missing[old:new] = False
    _take_out(connection, stale)
    missing = np.flatnonzero(is_missing)
    _insert(connection, rows[missing], [keys[row] for row in missing.tolist()])
    _cancel(
        connection,
        rows,
        np.flatnonzero(~is_missing & rows["cancelled_by"].is_not_null().to_numpy()),
        keys,
    )
    _save_reaches(connection, reaches)


def _spans(holders: pl.Series) -> dict[str, tuple[int, int]]:
    """First and last row, the last one excluded, of each of the sorted holders."""
    lengths = holders.rle().struct.unnest()
    stops = lengths["len"].cum_sum()
    starts = stops - lengths["len"]
    return dict(zip(lengths["value"], zip(starts, stops, strict=True), strict=True))


def _intervals(connection: sa.Connection, wanted: Iterable[str]) -> dict[str, _Interval]:
    last = (
        sa.select(sa.func.max(TABLE.c.last_key))
        .where(TABLE.c.holder == LEDGER_REACH.c.holder)
        .correlate(LEDGER_REACH)
        .scalar_subquery()
    )
    found: dict[str, _Interval] = {}
    for some in chunks(wanted):
        query = sa.select(LEDGER_REACH.c.holder, LEDGER_REACH.c.first_key, last).where(
            LEDGER_REACH.c.holder.in_(some)
        )
        for holder, first, newest in connection.execute(query):
            if newest is not None:
                found[holder] = _Interval(first=first, last=newest)
    return found


def _pieces(connection: sa.Connection, ranges: Sequence[_Range]) -> Iterator[_Piece]:
    """Those with movements in one of the ranges, at most one a holder, and some near it."""
    by_holder = {each.holder: each for each in ranges}
    for some in chunks(sorted(by_holder)):
        query = sa.select(TABLE).where(
            TABLE.c.holder.in_(some),
            TABLE.c.last_key >= min(by_holder[each].since for each in some),
            TABLE.c.first_key < max(by_holder[each].until for each in some),
        )
        for row in connection.execute(query).all():
            wanted = by_holder[row.holder]
            if row.last_key >= wanted.since and row.first_key < wanted.until:
                yield _Piece(holder=row.holder, first_key=row.first_key, body=row.body)


def _within(connection: sa.Connection, wanted: _Range) -> Iterator[Entry]:
    for piece in _pieces(connection, [wanted]):
        yield from (each for each in piece.entries() if wanted.holds(each.order_key))


def _take_out(connection: sa.Connection, ranges: Sequence[_Range]) -> Returned:
    """Drops the movements in these ranges; the returns among them."""
    returns, by_holder = Returned(), {each.holder: each for each in ranges}
    for piece in _pieces(connection, ranges):
        gone = by_holder[piece.holder]
        entries = piece.entries()
        kept = [entry for entry in entries if not gone.holds(entry.order_key)]
        returns |= {
            (entry.holder, entry.reference)
            for entry in entries
            if gone.holds(entry.order_key) and entry.mask & int(Mask.RETURN)
        }
        if len(kept) < len(entries):
            _rewrite(connection, piece, kept)
    return returns


def _change(
    connection: sa.Connection, ranges: Sequence[_Range], change: Callable[[Entry], Entry]
) -> None:
    """Writes the movements in these ranges, and some near them, as they are after a change that
    keeps their keys."""
    for piece in _pieces(connection, ranges):
        entries = piece.entries()
        changed = [change(entry) for entry in entries]
        if changed != entries:
            _rewrite(connection, piece, changed)


def _rewrite(connection: sa.Connection, piece: _Piece, entries: Sequence[Entry]) -> None:
    connection.execute(
        TABLE.delete().where(TABLE.c.holder == piece.holder, TABLE.c.first_key == piece.first_key)
    )
    if entries:
        values = [msgspec.structs.astuple(entry)[1:] for entry in entries]
        insert_rows(connection, TABLE, [_row(piece.holder, list(zip(*values, strict=True)))])


def _insert(connection: sa.Connection, rows: pl.DataFrame, keys: Sequence[bytes]) -> None:
    signed = rows.with_columns(pl.col("mask").reinterpret(signed=True))
    columns = [keys, *(signed[name].to_list() for name in Entry.__struct_fields__[2:])]
    pieces = [
        (holder, [column[first : min(first + MOST_IN_PIECE, stop)] for column in columns])
        for holder, (start, stop) in _spans(rows["holder"]).items()
        for first in range(start, stop, MOST_IN_PIECE)
    ]
    insert_rows(connection, TABLE, [_row(holder, columns) for holder, columns in pieces])


def _row(holder: str, columns: Sequence[Sequence[object]]) -> tuple[object, ...]:
    """Of the table, from the columns of an Entry after its holder."""
    keys = columns[0]
    body = zstandard.compress(msgspec.msgpack.encode(columns), 1)
    return holder, keys[0], keys[-1], body


def _cancel(
    connection: sa.Connection, rows: pl.DataFrame, cancelled: npt.NDArray[np.int64], keys: KeyColumn
) -> None:
    by: dict[str, dict[bytes, str]] = {}
    for row in cancelled.tolist():
        by.setdefault(rows["holder"][row], {})[keys[row]] = rows["cancelled_by"][row]

    def told(entry: Entry) -> Entry:
        now = by[entry.holder].get(entry.order_key, entry.cancelled_by)
        return msgspec.structs.replace(entry, cancelled_by=now)

    ranges = [_Range(holder, min(at), _after(max(at))) for holder, at in by.items()]
    _change(connection, ranges, told)


def _save_reaches(connection: sa.Connection, reaches: Sequence[Mapping[str, str | bytes]]) -> None:
    for some in chunks(reaches):
        connection.execute(
            LEDGER_REACH.delete().where(LEDGER_REACH.c.holder.in_([r["holder"] for r in some]))
        )
    connection.execute(LEDGER_REACH.insert(), reaches)


def _frame_row(entry: Entry) -> dict[str, object]:
    time, sequence, hi, lo, side = key_parts(entry.order_key)
    kept = {name: getattr(entry, name) for name in LEDGER if name not in KEY_COLUMNS}
    key = {"time": time, "sequence": sequence, "txn_hi": hi, "txn_lo": lo, "side": side}
    return {**kept, **key, "mask": entry.mask % (2 * LARGEST_SIGNED)}


def _as_signed(mask: int) -> int:
    """Databases have no unsigned 64-bit numbers; the bits stay the same."""
    return mask - 2 * LARGEST_SIGNED if mask >= LARGEST_SIGNED else mask


def _entry(holder: str, values: tuple[Any, ...]) -> Entry:
    return Entry(holder, *values)


def _after(key: bytes) -> bytes:
    """The end of a range whose last key is this one."""
    return key + b"\0"


def _key_of(entry: Entry) -> bytes:
    return entry.order_key


_LEGS = msgspec.msgpack.Decoder(tuple[Entry, ...])
_COLUMNS = msgspec.msgpack.Decoder(list[list[Any]])
