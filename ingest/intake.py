"""From raw rows to transactions, rejects and fates: all that ingest does, one batch at a time."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b

import msgspec
import polars as pl

from ingest.archive import ARCHIVED
from ingest.decode import Content, Decoded, Decoder
from ingest.errors import ArchiveUnusable, RowFault
from ingest.fate import Address, Candidate, Fates
from ingest.feed import Message, RawBatch, Reject
from ingest.mapping import FeedSettings
from ingest.rates import Rates
from ingest.reference import References
from ingest.sides import Sides
from ingest.times import EPOCH
from ingest.transaction import (
    ADDRESS,
    FATES,
    LARGEST_BASE_AMOUNT,
    TRANSACTION,
    UTC_MICROSECONDS,
    Fate,
    TransactionBatch,
    transaction_key,
)

NO_RATE = "FX_MISSING"
EARLY_RATE = "FX_EARLY"
BEYOND_RANGE = "AMOUNT_BEYOND_RANGE"

_DAY_MINUTES = 24 * 60
_MINUTE = 60_000_000
_EPOCH_DAY = EPOCH.toordinal()
_LOW_HALF = (1 << 64) - 1
_FLAGS = TRANSACTION["quality_flags"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What one batch of rows became. fates: count of every fate, zeros included."""

    transactions: TransactionBatch
    archived: pl.DataFrame
    """ARCHIVED rows: every row that is no reject, in the order read."""
    rejects: Sequence[Reject]
    fates: Mapping[Fate, int]


class Intake:
    """Decodes, prices and decides rows. State: the ids inside the lateness, and the clocks."""

    def __init__(self, settings: FeedSettings, references: References, rates: Rates) -> None:
        self._settings = settings
        self._decoder = Decoder(settings)
        self._sides = Sides(settings, references)
        self._rates = rates
        self._fates = Fates(lateness=settings.lateness, longest_gap=settings.longest_gap)
        self._row = 0
        self._seen_columns: set[str] = set()

    @property
    def last_row(self) -> int:
        """Running number of the last row taken, rejects counted."""
        return self._row

    @property
    def unknown_names(self) -> Counter[str]:
        """How many rows carried each source name that nothing maps."""
        return self._decoder.unknown_names

    def columns_present(self) -> frozenset[str]:
        """TRANSACTION columns the rows so far gave any value for: the others are not testable."""
        return frozenset(self._seen_columns)

    def accept(self, batch: RawBatch) -> Accepted:
        """What the next rows become. A row that cannot be a transaction is a Reject."""
        outcome = _Outcome()
        rejects: list[Reject] = []
        rows: list[_Row] = []
        fates: list[Fate] = []
        for message in batch.messages:
            self._row += 1
            try:
                row = self._row_of(message)
                fates.append(outcome.take(self._fates, row.candidate, batch.partition, len(rows)))
                rows.append(row)
            except RowFault as fault:
                rejects.append(_reject(message, fault))
        self._fates.forget()
        archived = _archived(rows, fates, batch.partition)
        self._note_columns(archived)
        return Accepted(
            transactions=self._transactions(archived, outcome),
            archived=archived,
            rejects=rejects,
            fates=_counted(fates, len(rejects)),
        )

    def restore(self, archived: pl.DataFrame) -> TransactionBatch:
        """The same transactions as when these ARCHIVED rows were accepted first, and the state
        after them. Called for every frame of the archive, in order, before the first accept.

        Raises ArchiveUnusable if a row would have another fate today: the settings changed.
        """
        outcome = _Outcome()
        for at, (candidate, partition, fate) in enumerate(_replayed(archived)):
            if outcome.take(self._fates, candidate, partition, at) != fate:
                raise ArchiveUnusable(
                    f"row {archived['row'][at]} of the archive was {fate} and would not be now; "
                    "undo the change to [feed], or start with a new output folder"
                )
        self._fates.forget()
        if archived.height:
            self._row = archived["row"][-1]
        self._note_columns(archived)
        return self._transactions(archived, outcome)

    def continue_after(self, row: int) -> None:
        """Numbers the next row after `row`; rejects at the end leave no trace in the archive."""
        self._row = row

    def _row_of(self, message: Message) -> "_Row":
        decoded = self._decoder.decode(message)
        content = decoded.content
        orig_holds, benef_holds = self._sides.held(decoded)
        txn_hi, txn_lo = transaction_key(content.source_id, content.reference)
        digest = blake2b(msgspec.msgpack.encode(content), digest_size=16).digest()
        address = Address(
            txn_hi,
            txn_lo,
            content.event_time,
            content.source_sequence,
            content.orig_account_id,
            content.orig_party_id,
            content.benef_account_id,
            content.benef_party_id,
            orig_holds,
            benef_holds,
            int.from_bytes(digest, "big"),
        )
        return _Row(
            self._row, message.raw_ref, decoded, self._priced(decoded), _candidate(decoded, address)
        )

    def _priced(self, decoded: Decoded) -> "_Price":
        content = decoded.content
        minutes = content.event_time // _MINUTE + content.local_utc_offset_min
        on = _day(minutes // _DAY_MINUTES)
        worth = self._rates.to_base(Decimal(content.amount), content.currency, on)
        if worth is None:
            return _Price(None, None, NO_RATE)
        if worth[0] > LARGEST_BASE_AMOUNT:
            return _Price(None, worth[1], BEYOND_RANGE)
        is_early = self._rates.is_early(content.currency, on)
        return _Price(worth[0], worth[1], EARLY_RATE if is_early else None)

    def _transactions(self, archived: pl.DataFrame, outcome: "_Outcome") -> TransactionBatch:
        return TransactionBatch(
            added=archived.select(*TRANSACTION)[sorted(outcome.added.values())],
            retracted=_addresses(outcome.retracted.values()),
            history_start=_moment(self._fates.history_start),
            seen_until=_moment(self._fates.seen_until),
        )

    def _note_columns(self, archived: pl.DataFrame) -> None:
        unseen = [name for name in TRANSACTION if name not in self._seen_columns]
        height = archived.height
        self._seen_columns |= {n for n in unseen if archived[n].null_count() < height}


class _Price(msgspec.Struct, frozen=True, gc=False):
    amount_base: int | None
    fx_rate: str | None
    flag: str | None


class _Row(msgspec.Struct, frozen=True, gc=False):
    """A row on its way to the archive."""

    number: int
    raw_ref: str
    decoded: Decoded
    price: _Price
    candidate: Candidate


class _Outcome:
    """The net effect of a batch: contents that count after it and did not before, and the reverse.

    Keys are (id, content); what one row adds and the next takes back leaves nothing.
    """

    def __init__(self) -> None:
        self.added: dict[tuple[int, int], int] = {}
        self.retracted: dict[tuple[int, int], Address] = {}

    def take(self, fates: Fates, row: Candidate, partition: str, at: int) -> Fate:
        """The fate of the row, whose place in the batch is `at`; its effect is added."""
        verdict = fates.decide(row, partition)
        for address in verdict.retracted:
            if self.added.pop((row.key, address.content), None) is None:
                self.retracted[row.key, address.content] = address
        if verdict.is_added:
            name = (row.key, row.address.content)
            if self.retracted.pop(name, None) is None:
                self.added[name] = at
        return verdict.fate


def _candidate(decoded: Decoded, address: Address) -> Candidate:
    return Candidate(
        decoded.content.source_id,
        address.txn_hi << 64 | address.txn_lo,
        decoded.ingest_time,
        decoded.source_revision or 0,
        decoded.content.status,
        address,
    )


def _reject(message: Message, fault: RowFault) -> Reject:
    return Reject(
        reason=fault.reason,
        detail=fault.detail(),
        where=message.where,
        raw_ref=message.raw_ref,
        raw=message.value,
    )


def _archived(rows: Sequence[_Row], fates: Sequence[Fate], partition: str) -> pl.DataFrame:
    """ARCHIVED frame of rows: their contents column by column, and what ingest adds."""
    if not rows:
        return pl.DataFrame(schema=ARCHIVED)
    contents = zip(*[msgspec.structs.astuple(row.decoded.content) for row in rows], strict=True)
    addresses = [row.candidate.address for row in rows]
    reversals = [_reversal_key(row.decoded.content) for row in rows]
    columns: dict[str, Sequence[object]] = {
        **dict(zip(Content.__struct_fields__, contents, strict=True)),
        "txn_hi": [address.txn_hi for address in addresses],
        "txn_lo": [address.txn_lo for address in addresses],
        "source_revision": [row.decoded.source_revision for row in rows],
        "ingest_time": [row.decoded.ingest_time for row in rows],
        "reversal_hi": [key[0] if key else None for key in reversals],
        "reversal_lo": [key[1] if key else None for key in reversals],
        "amount_base": [row.price.amount_base for row in rows],
        "fx_rate": [row.price.fx_rate for row in rows],
        "orig_holds": [address.orig_holds for address in addresses],
        "benef_holds": [address.benef_holds for address in addresses],
        "raw_ref": [row.raw_ref for row in rows],
        "content_hi": [address.content >> 64 for address in addresses],
        "content_lo": [address.content & _LOW_HALF for address in addresses],
        "quality_flags": [_quality(row) for row in rows],
        "fate": fates,
        "partition": [partition] * len(rows),
        "row": [row.number for row in rows],
    }
    return pl.DataFrame([_series(name, columns[name], ARCHIVED[name]) for name in ARCHIVED])


def _series(name: str, values: Sequence[object], dtype: pl.DataType) -> pl.Series:
    if dtype == UTC_MICROSECONDS:
        return pl.Series(name, values, dtype=pl.Int64).cast(dtype)
    if dtype == _FLAGS:
        # Lists built one by one cost more than all other columns together.
        return pl.Series(name, values, dtype=pl.String).str.extract_all("[A-Z_]+")
    return pl.Series(name, values, dtype=dtype)


def _reversal_key(content: Content) -> tuple[int, int] | None:
    if content.reversal_of is None:
        return None
    return transaction_key(content.source_id, content.reversal_of)


def _quality(row: _Row) -> str:
    flags = row.decoded.flags
    return " ".join(sorted((*flags, row.price.flag) if row.price.flag else flags))


def _addresses(addresses: Iterable[Address]) -> pl.DataFrame:
    """ADDRESS frame of contents, in order of id and content."""
    ordered = sorted(
        addresses, key=lambda address: (address.txn_hi, address.txn_lo, address.content)
    )
    names = [name for name in Address.__struct_fields__ if name in ADDRESS]
    columns = {name: [getattr(address, name) for address in ordered] for name in names}
    return pl.DataFrame([_series(name, columns[name], ADDRESS[name]) for name in ADDRESS])


_REPLAYED = (
    "source_id",
    "ingest_time",
    "source_revision",
    "status",
    *(name for name in Address.__struct_fields__ if name in ADDRESS),
    "content_hi",
    "content_lo",
    "partition",
    "fate",
)


def _replayed(archived: pl.DataFrame) -> Iterator[tuple[Candidate, str, Fate]]:
    """Archived rows as the candidates they were, their partitions and fates."""
    times = pl.col("event_time", "ingest_time").cast(pl.Int64)
    for row in archived.select(_REPLAYED).with_columns(times).iter_rows():
        source, ingest_time, revision, status, *where, high, low, partition, fate = row
        address = Address(*(*where, high << 64 | low))
        key = address.txn_hi << 64 | address.txn_lo
        yield Candidate(source, key, ingest_time, revision or 0, status, address), partition, fate


def _counted(fates: Sequence[Fate], rejects: int) -> dict[Fate, int]:
    counts = Counter(fates)
    return {fate: rejects if fate == "reject" else counts[fate] for fate in FATES}


def _moment(microseconds: int | None) -> datetime | None:
    if microseconds is None:
        return None
    return EPOCH + timedelta(microseconds=microseconds)


@lru_cache(maxsize=1024)
def _day(days: int) -> date:
    return date.fromordinal(_EPOCH_DAY + days)
