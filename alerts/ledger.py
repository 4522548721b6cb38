"""The movements that findings rest on, and those that one finding cites."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import polars as pl
import sqlalchemy as sa

from alerts.kept import chunks, each_once
from alerts.order import key_parts, microseconds, moment, movement_key, order_key
from alerts.tables import LEDGER as TABLE
from detectors.finding import Citation
from models.evaluated import LEDGER
from models.mask import Mask

MOST_CITED = 1_000
"""Movements one finding cites: the last of them in total order."""
LARGEST_SIGNED = 1 << 63
ABSENT = "\x00"
"""No reference of a return: stands for a movement that is not there."""
KEY_COLUMNS = ("time", "sequence", "txn_hi", "txn_lo", "side")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
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
    _revive(connection, since)
    gone = [{"of": holder, "since": key} for holder, key in sorted(since.items())]
    if gone:
        connection.execute(
            TABLE.delete().where(
                TABLE.c.holder == sa.bindparam("of"), TABLE.c.order_key >= sa.bindparam("since")
            ),
            gone,
        )
    _keep(connection, frame)


def holders(connection: sa.Connection) -> set[str]:
    """Whose movements are kept."""
    return each_once(connection, TABLE.c.holder)


def cited(connection: sa.Connection, citations: Sequence[Citation]) -> tuple[Entry, ...]:
    """The movements of all citations in total order, each once, at most the last MOST_CITED."""
    found: dict[tuple[bytes, str], Entry] = {}
    for citation in citations:
        for entry in _cited_by(connection, citation):
            found[(entry.order_key, entry.holder)] = entry
    return tuple(found[key] for key in sorted(found)[-MOST_CITED:])


def packed_legs(frame: pl.DataFrame, citations: Sequence[Citation]) -> bytes:
    """Of LEDGER rows the movements that these citations name, in total order, to be kept with
    their finding. A shape stands at its trigger, so no later return is told of them."""
    named = {(each.holder, txn) for each in citations for txn in each.only}
    found = {
        (key, row["holder"]): _table_row({**row, "cancelled_by": None}, key)
        for row in frame.filter(pl.col("holder").is_in({holder for holder, _ in named})).iter_rows(
            named=True
        )
        if (row["holder"], f"{row['txn_hi']:016x}{row['txn_lo']:016x}") in named
        for key in [movement_key(*(row[name] for name in KEY_COLUMNS))]
    }
    return msgspec.msgpack.encode([found[at] for at in sorted(found)])


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
    conditions = [
        TABLE.c.holder == citation.holder,
        # A key begins with its time: the first one after `since` is the next microsecond's.
        TABLE.c.order_key >= _first_key(citation.since),
        TABLE.c.order_key <= last,
        TABLE.c.mask.bitwise_and(_as_signed(citation.mask_any)) != 0,
        TABLE.c.mask.bitwise_and(int(Mask.RETURN)) == 0,
    ]
    if citation.account is not None:
        conditions.append(TABLE.c.account == citation.account)
    query = sa.select(TABLE).where(*conditions).order_by(TABLE.c.order_key.desc())
    entries = [_entry(row) for row in connection.execute(query)]
    if citation.only:
        entries = [each for each in entries if each.txn in citation.only]
    return _standing(connection, citation.holder, last, entries)[:MOST_CITED]


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


def _keep(connection: sa.Connection, frame: pl.DataFrame) -> None:
    """Most rows of a frame are there already: only those that differ are written."""
    rows = {
        (row["holder"], movement_key(*(row[name] for name in KEY_COLUMNS))): row
        for row in frame.select(list(LEDGER)).iter_rows(named=True)
    }
    known = _known(connection, rows)
    changed = [at for at, row in rows.items() if known.get(at, ABSENT) != row["cancelled_by"]]
    if not changed:
        return
    connection.execute(
        TABLE.delete().where(
            TABLE.c.holder == sa.bindparam("of"), TABLE.c.order_key == sa.bindparam("at")
        ),
        [{"of": holder, "at": key} for holder, key in changed],
    )
    connection.execute(TABLE.insert(), [_table_row(rows[at], at[1]) for at in changed])


def _known(
    connection: sa.Connection, wanted: Iterable[tuple[str, bytes]]
) -> dict[tuple[str, bytes], str | None]:
    """Of the movements there from the earliest wanted one of their holder on: what cancelled
    them. All else about a movement that stayed in the set of transactions stays the same."""
    earliest: dict[str, bytes] = {}
    for holder, key in wanted:
        earliest[holder] = min(earliest.get(holder, key), key)
    found: dict[tuple[str, bytes], str | None] = {}
    for holders in chunks(sorted(earliest)):
        query = sa.select(TABLE.c.holder, TABLE.c.order_key, TABLE.c.cancelled_by).where(
            TABLE.c.holder.in_(holders),
            TABLE.c.order_key >= min(earliest[holder] for holder in holders),
        )
        found.update(
            {(holder, key): cancelled for holder, key, cancelled in connection.execute(query)}
        )
    return found


def _table_row(row: dict[str, Any], key: bytes) -> dict[str, object]:
    kept = {name: value for name, value in row.items() if name not in KEY_COLUMNS}
    return kept | {"order_key": key, "mask": _as_signed(row["mask"])}


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
