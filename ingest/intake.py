"""From raw rows to transactions, rejects and fates: all that ingest does, one batch at a time."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
import polars as pl

from ingest.archive import ARCHIVED
from ingest.errors import ArchiveUnusable, RowFault
from ingest.fate import Address, Decided, Fates
from ingest.fate_state import FatesState
from ingest.feed import Message, RawBatch, Reject
from ingest.row_reader import ReadRows, RowReader
from ingest.times import EPOCH
from ingest.transaction import (
    ADDED,
    ADDRESS,
    FATES,
    TRANSACTION,
    UTC_MICROSECONDS,
    Fate,
    TransactionBatch,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What one batch of rows became. fates: count of every fate, zeros included."""

    transactions: TransactionBatch
    archived: pl.DataFrame
    """ARCHIVED rows: every row that is no reject, in the order read."""
    rejects: Sequence[Reject]
    fates: Mapping[Fate, int]


class _State(msgspec.Struct, frozen=True, kw_only=True):
    row: int
    columns: list[str]
    fates: FatesState


class Intake:
    """Decides what is read. State: the ids inside the lateness, and the clocks."""

    def __init__(self, reader: RowReader) -> None:
        self._reader = reader
        self._fates = Fates(lateness=reader.lateness, longest_gap=reader.longest_gap)
        self._row = 0
        self._seen_columns: set[str] = set()

    @property
    def unknown_names(self) -> Counter[str]:
        """How many rows carried each source name that nothing maps."""
        return self._reader.unknown_names

    def columns_present(self) -> frozenset[str]:
        """TRANSACTION columns the rows so far gave any value for: the others are not testable."""
        return frozenset(self._seen_columns)

    def accept(self, batch: RawBatch, read: ReadRows | None = None) -> Accepted:
        """What the next rows become. A row that cannot be a transaction is a Reject. `read`: the
        rows of this batch, where they were read together with others."""
        read = self._reader.read(batch.messages) if read is None else read
        refused = dict(read.refused)
        rows = self._numbered(read.frame, batch.partition)
        self._row += len(batch.messages)
        decided = self._fates.decide(rows)
        self._fates.forget()
        for at in read.frame["at"].filter(decided.fates.is_null()):
            refused[at] = RowFault("future", field="event_time")
        judged = rows.with_columns(decided.fates.alias("fate")).select(*ARCHIVED)
        archived = judged.filter(pl.col("fate").is_not_null()) if refused else judged
        self._note_columns(archived)
        return Accepted(
            transactions=self._transactions(rows, decided),
            archived=archived,
            rejects=[_reject(batch.messages[at], refused[at]) for at in sorted(refused)],
            fates=_counted(archived["fate"], len(refused)),
        )

    def restore(self, archived: pl.DataFrame) -> TransactionBatch:
        """The same transactions as when these ARCHIVED rows were accepted first, and the state
        after them. Called for every frame of the archive, in order, before the first accept; of an
        intake that was taken up, for every frame after it.

        Raises ArchiveUnusable if a row would have another fate today: the settings changed.
        """
        decided = self._fates.decide(archived)
        self._fates.forget()
        differs = decided.fates.ne_missing(archived["fate"]).arg_true()
        if len(differs):
            at = differs[0]
            raise ArchiveUnusable(
                f"row {archived['row'][at]} of the archive was {archived['fate'][at]} and would "
                "not be now; undo the change to [feed], or start with a new output folder"
            )
        if archived.height:
            self._row = archived["row"][-1]
        self._note_columns(archived)
        return self._transactions(archived.with_columns(self._reader.concepts(archived)), decided)

    def put_down(self) -> bytes:
        """The state after the last row taken."""
        return msgspec.msgpack.encode(
            _State(row=self._row, columns=sorted(self._seen_columns), fates=self._fates.state())
        )

    def take_up(self, state: bytes) -> None:
        """Goes on where another of the same settings was put down; before anything is taken."""
        found = msgspec.msgpack.decode(state, type=_State)
        self._row, self._seen_columns = found.row, set(found.columns)
        self._fates.restore(found.fates)

    def continue_after(self, row: int) -> None:
        """Numbers the next row after `row`; rejects at the end leave no trace in the archive."""
        self._row = row

    def _numbered(self, said: pl.DataFrame, partition: str) -> pl.DataFrame:
        """The rows with the partition they came in, and their running numbers."""
        return said.with_columns(
            pl.lit(partition).alias("partition"), (pl.col("at") + self._row + 1).alias("row")
        )

    def _transactions(self, rows: pl.DataFrame, decided: Decided) -> TransactionBatch:
        added = rows.select(*ADDED)
        if len(decided.added) < rows.height:
            added = added[decided.added]
        return TransactionBatch(
            added=added,
            retracted=_addresses(decided.retracted),
            history_start=_moment(self._fates.history_start),
            seen_until=_moment(self._fates.seen_until),
        )

    def _note_columns(self, archived: pl.DataFrame) -> None:
        unseen = [name for name in TRANSACTION if name not in self._seen_columns]
        height = archived.height
        self._seen_columns |= {n for n in unseen if archived[n].null_count() < height}


def _reject(message: Message, fault: RowFault) -> Reject:
    return Reject(
        reason=fault.reason,
        detail=fault.detail(),
        where=message.where,
        raw_ref=message.raw_ref,
        raw=message.value,
    )


def _addresses(addresses: Iterable[Address]) -> pl.DataFrame:
    """ADDRESS frame of contents, in order of id and content."""
    ordered = sorted(
        addresses, key=lambda address: (address.txn_hi, address.txn_lo, address.content)
    )
    names = [name for name in Address.__struct_fields__ if name in ADDRESS]
    columns = {name: [getattr(address, name) for address in ordered] for name in names}
    return pl.DataFrame([_series(name, columns[name], ADDRESS[name]) for name in ADDRESS])


def _series(name: str, values: Sequence[object], dtype: pl.DataType) -> pl.Series:
    if dtype == UTC_MICROSECONDS:
        return pl.Series(name, values, dtype=pl.Int64).cast(dtype)
    return pl.Series(name, values, dtype=dtype)


def _counted(fates: pl.Series, rejects: int) -> dict[Fate, int]:
    counts = dict(fates.value_counts().iter_rows())
    return {fate: rejects if fate == "reject" else counts.get(fate, 0) for fate in FATES}


def _moment(microseconds: int | None) -> datetime | None:
    if microseconds is None:
        return None
    return EPOCH + timedelta(microseconds=microseconds)
