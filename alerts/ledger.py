"""The movements that findings rest on, and those that one finding cites."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
import polars as pl
import sqlalchemy as sa

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

Bound = dict[str, str | bytes]
"""A holder and keys, as parameters of a statement."""

Named = tuple[str, str]
"""A holder and a transaction of 32 hex digits."""

Legs = dict[tuple[bytes, str], dict[str, object]]
"""Movements by key and holder."""

KEY_COLUMNS = ("time", "sequence", "txn_hi", "txn_lo", "side")


class Entry(msgspec.Struct, frozen=True, kw_only=True):
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
    behind = {
        holder: since[holder]
        for holder, interval in there.items()
        if holder in since and interval.last >= since[holder]
    }
    _revive(connection, behind)
    _drop_between(
        connection,
        [
            {"of": holder, "since": key, "until": AFTER_ALL}
            for holder, key in sorted(behind.items())
        ],
    )
    for holder in behind:
        del there[holder]
    _keep(connection, frame, there | _intervals(connection, behind))


def holders(connection: sa.Connection) -> set[str]:
    """Whose movements are kept, or were."""
    return set(connection.execute(sa.select(LEDGER_REACH.c.holder)).scalars())


def cited(connection: sa.Connection, citations: Sequence[Citation]) -> tuple[Entry, ...]:
    """The movements of all citations in total order, each once, at most the last MOST_CITED."""
    found: dict[tuple[bytes, str], Entry] = {}
    for citation in citations:
        for entry in _cited_by(connection, citation):
            found[(entry.order_key, entry.holder)] = entry
    return tuple(found[key] for key in sorted(found)[-MOST_CITED:])


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
    query = (
        sa.select(TABLE.c.counterparty_account)
        .where(TABLE.c.holder == payer, TABLE.c.order_key <= upto, TABLE.c.counterparty == receiver)
        .order_by(TABLE.c.order_key.desc())
        .limit(1)
    )
    return connection.execute(query).scalar() == receiver


def ledger_frame(entries: Sequence[Entry]) -> pl.DataFrame:
    """The entries as a frame of LEDGER columns, in total order."""
    ordered = sorted(entries, key=lambda entry: (entry.order_key, entry.holder))
    return pl.DataFrame([_frame_row(entry) for entry in ordered], schema=LEDGER)


def _cited_by(connection: sa.Connection, citation: Citation) -> list[Entry]:
    last = order_key(citation.upto)
    bounds = {
        "of": citation.holder,
        # A key begins with its time: the first one after `since` is the next microsecond's.
        "first": _first_key(citation.since),
        "last": last,
        "any_of": _as_signed(citation.mask_any),
    }
    entries = [
        _entry(row)
        for row in connection.execute(_CITED, bounds)
        if citation.account is None or row.account == citation.account
    ]
    if citation.only:
        entries = [each for each in entries if each.txn in citation.only]
    return _standing(connection, citation.holder, last, entries)[:MOST_CITED]


# Made once: to make a statement takes longer than to carry it out.
_CITED = (
    sa.select(TABLE)
    .where(
        TABLE.c.holder == sa.bindparam("of"),
        TABLE.c.order_key >= sa.bindparam("first"),
        TABLE.c.order_key <= sa.bindparam("last"),
        TABLE.c.mask.bitwise_and(sa.bindparam("any_of", type_=sa.BigInteger)) != 0,
        TABLE.c.mask.bitwise_and(int(Mask.RETURN)) == 0,
    )
    .order_by(TABLE.c.order_key.desc())
)


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
    connection: sa.Connection, holder: str, last: bytes, entries: list[Entry]
) -> list[Entry]:
    """Without those a return had cancelled by then; a later return rewrites nothing before it."""
    returns = sorted({entry.cancelled_by for entry in entries if entry.cancelled_by is not None})
    later: set[str] = set()
    for some in chunks(returns):
        query = sa.select(TABLE.c.reference).where(
            TABLE.c.holder == holder, TABLE.c.reference.in_(some), TABLE.c.order_key > last
        )
        later.update(connection.execute(query).scalars())
    return [each for each in entries if each.cancelled_by is None or each.cancelled_by in later]


def _revive(connection: sa.Connection, since: Mapping[str, bytes]) -> None:
    """A return that is taken out cancels nothing until the profiles say so again."""
    returns = [
        {"of": holder, "by": reference}
        for holders in chunks(sorted(since))
        for holder, key, reference in connection.execute(_returns(holders))
        if key >= since[holder]
    ]
    if returns:
        connection.execute(
            TABLE.update()
            .where(TABLE.c.holder == sa.bindparam("of"), TABLE.c.cancelled_by == sa.bindparam("by"))
            .values(cancelled_by=None),
            returns,
        )


def _returns(holders: Sequence[str]) -> sa.Select[str, bytes, str]:
    return sa.select(TABLE.c.holder, TABLE.c.order_key, TABLE.c.reference).where(
        TABLE.c.holder.in_(holders), TABLE.c.mask.bitwise_and(int(Mask.RETURN)) != 0
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
    missing, known = list[int](), list[int]()
    stale, reaches = list[Bound](), list[Bound]()
    for holder, (start, stop) in spans.items():
        interval = there.get(holder)
        if interval is None or interval.is_empty or keys[start] > interval.last:
            # The frame does not reach into an interval: it begins a new one.
            first, until, old, new = keys[start], AFTER_ALL, start, start
        else:
            first, until = min(keys[start], interval.first), interval.first
            old = keys.first_from(interval.first, start, stop)
            new = keys.first_after(interval.last, start, stop)
        if first < until:
            stale.append({"of": holder, "since": first, "until": until})
        reaches.append({"holder": holder, "first_key": first})
        missing += [*range(start, old), *range(new, stop)]
        known += range(old, new)
    _drop_between(connection, stale)
    _insert(connection, rows[missing], [keys[row] for row in missing])
    _cancel(connection, rows, known, keys)
    _save_reaches(connection, reaches)


def _spans(holders: pl.Series) -> dict[str, tuple[int, int]]:
    """First and last row, the last one excluded, of each of the sorted holders."""
    lengths = holders.rle().struct.unnest()
    stops = lengths["len"].cum_sum()
    starts = stops - lengths["len"]
    return dict(zip(lengths["value"], zip(starts, stops, strict=True), strict=True))


def _intervals(connection: sa.Connection, wanted: Iterable[str]) -> dict[str, _Interval]:
    last = (
        sa.select(sa.func.max(TABLE.c.order_key))
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


def _drop_between(connection: sa.Connection, ranges: Sequence[Bound]) -> None:
    if ranges:
        connection.execute(
            TABLE.delete().where(
                TABLE.c.holder == sa.bindparam("of"),
                TABLE.c.order_key >= sa.bindparam("since"),
                TABLE.c.order_key < sa.bindparam("until"),
            ),
            ranges,
        )


def _insert(connection: sa.Connection, rows: pl.DataFrame, keys: Sequence[bytes]) -> None:
    signed = rows.with_columns(
        pl.col("mask").reinterpret(signed=True), pl.Series("order_key", keys, dtype=pl.Binary())
    )
    insert_rows(connection, TABLE, signed.select([each.name for each in TABLE.columns]).rows())


def _cancel(
    connection: sa.Connection, rows: pl.DataFrame, known: Sequence[int], keys: KeyColumn
) -> None:
    cancelled = rows["cancelled_by"].is_not_null()
    changed = [
        {"of": rows["holder"][row], "at": keys[row], "by": rows["cancelled_by"][row]}
        for row in known
        if cancelled[row]
    ]
    if changed:
        connection.execute(
            TABLE.update()
            .where(TABLE.c.holder == sa.bindparam("of"), TABLE.c.order_key == sa.bindparam("at"))
            .values(cancelled_by=sa.bindparam("by")),
            changed,
        )


def _save_reaches(connection: sa.Connection, reaches: Sequence[Bound]) -> None:
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


def _entry(row: sa.Row[tuple[object, ...]]) -> Entry:
    return Entry(**row._mapping)


_LEGS = msgspec.msgpack.Decoder(tuple[Entry, ...])
