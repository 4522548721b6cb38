"""What is known of every holder up to a movement: movements in, evaluated triggers out."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Protocol

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from ingest.reference import References
from ingest.times import EPOCH, microseconds
from ingest.transaction import UTC_MICROSECONDS, TransactionBatch
from models.block_copy import BlockSlice
from models.blocks import Blocks
from models.bundle import Bundle
from models.evaluated import NO_LEDGER, REPLACES, TEST_NAMES, TRIGGER, Evaluated
from models.features import NAMED, Arm, Feature, Screen
from models.holders import Holders
from models.kernels.aggregates import NULL
from models.kernels.arena import MOVEMENT, Int64s
from models.kernels.arming import PRICE, Asked, Prices, arm_holders
from models.kernels.evaluate import (
    ALL,
    ARMED_TRIGGER,
    TESTS,
    VARIANTS,
    Results,
    Standing,
    Triggers,
    compare,
    evaluate,
)
from models.kernels.questions import ARM, EVERY_ARM, Table
from models.kernels.slices import DAY, LONGEST_DAYS
from models.ledger_rows import ledger_rows
from models.movement import UNKNOWN_VALUE, Classifier, Keys, Movements, on_each_day
from models.names import NO_NAME, Names
from models.snapshot import (
    HOLDERS,
    MOVEMENTS,
    STATE,
    Piece,
    Sections,
    as_movements,
    as_records,
    integers,
    name_pieces,
    names_in,
)
from models.tables import (
    arm_table,
    early_tables,
    feature_table,
    left_open,
    records,
    screen_table,
)
from models.transactions import Transactions

COMPLETE_HISTORY_DAYS = 10_000
KEPT_DAYS = LONGEST_DAYS + 5
ALWAYS_ARMED = records(ARM, has=[0], lacks=[0], window=[DAY], least=[1], scope=[0])
"""One arm that any movement fills."""


Fires = Callable[[pl.DataFrame], pl.Series]
"""On which rows of variant ALL a typology fires. Columns: armed, history_days, usd_minor,
threshold_minor, income_minor, and one a feature."""


class DollarRates(Protocol):
    """What one US dollar is in minor units of the base currency on a day; None where unknown."""

    def usd_minor(self, on: date) -> int | None: ...


class Profiles:
    """The engine of one partition.

    extend: every (holder, trigger) at which something fires after the batch, older ones touched
    by a late row, an amendment or a return included, and which earlier findings these replace.
    Arming on or off gives equal findings; `is_always_armed` evaluates every movement (training).
    """

    def __init__(
        self,
        *,
        references: References,
        rates: DollarRates,
        bundle: Bundle,
        arms: Sequence[Arm],
        features: Sequence[Feature],
        asks: Mapping[str, frozenset[str]],
        screens: Sequence[Screen] = (),
        lateness: timedelta,
        own_ledger_accounts: frozenset[str] = frozenset(),
        is_hour_known: bool = True,
        is_history_complete: bool = False,
        is_always_armed: bool = False,
        fires: Fires | None = None,
    ) -> None:
        """`asks`: per typology of the arms, the names of the features its conditions read. Without
        `fires` every trigger is given that passed its screens."""
        self._rates, self._bundle = rates, bundle
        self._features = tuple(features)
        self._arms = arm_table(arms)
        self._feature_table = feature_table(features, arms, asks)
        early = early_tables(() if is_always_armed else screens, features, arms)
        late = screens if is_always_armed else left_open(screens, features, arms)
        self._screens = screen_table(late, features, arms)
        self._asked_by_arm = [asks[arm.typology] for arm in arms]
        self._asked = Asked(ALWAYS_ARMED if is_always_armed else self._arms, *early)
        self._no_features = pl.DataFrame(
            schema={**TRIGGER, **{feature.name: _kind(feature) for feature in features}}
        )
        # An amendment may name a transaction a few latenesses old, and judging it anew looks back.
        self._kept = timedelta(days=KEPT_DAYS) + 3 * lateness
        self._is_history_complete = is_history_complete
        self._is_always_armed = is_always_armed
        self._fires = fires
        self._names, self._blocks = Names(), Blocks()
        self._transactions = Transactions()
        self._holders = Holders()
        self._history_start: datetime | None = None
        self._horizon = 0
        self._seen, self._sums, self._met = (np.zeros(0, np.int64) for _ in range(3))
        self._stamp = 0
        self._references = references
        self._make_classifier = partial(
            Classifier,
            names=self._names,
            references=references,
            bundle=bundle,
            own_ledger_accounts=own_ledger_accounts,
            is_hour_known=is_hour_known,
            usd_minor=self._usd_minor,
        )
        self._read_references()
        self._usd_days, self._threshold_days = dict[int, int](), dict[int, int]()
        self._incomes = {
            c.party_id: c.monthly_income
            for c in references.customers.values()
            if c.monthly_income is not None
        }

    def extend(self, batch: TransactionBatch) -> Evaluated:
        """Takes in one batch; gives the triggers to judge now."""
        named = self._taken(batch)
        if self._lengthens_history(batch):
            named = self._blocks.touch_all()
        holders, firsts = self._blocks.changes(named)
        evaluated = self._evaluated(holders, self._within_memory(holders, firsts))
        self._forget(batch.seen_until)
        return evaluated

    def absorb(self, batch: TransactionBatch) -> None:
        """Takes in one batch that was judged before."""
        self._blocks.changes(self._taken(batch))
        self._history_start = batch.history_start
        self._forget(batch.seen_until)

    def snapshot(self, *, most_movements: int) -> Generator[Piece]:
        """The profiles as they are now, in pieces of at most about so many movements, to be asked
        for between batches. While they are, each block is copied before it first changes; asking
        for another snapshot, or closing this one, ends that."""
        state = {
            "history_start": [self._history_start],
            "horizon": [self._horizon],
            "next_row": [self._transactions.next_row],
        }
        schema = {
            "history_start": pa.timestamp("us", "UTC"),
            "horizon": pa.int64(),
            "next_row": pa.int64(),
        }
        rows = pa.RecordBatch.from_pydict(state, pa.schema(schema))
        return self._pieces(
            Piece(section=STATE, rows=rows),
            self._names.first(len(self._names)),
            self._transactions.pieces(),
            self._blocks.begin_copy().slices(most_movements=most_movements),
        )

    @property
    def is_being_copied(self) -> bool:
        """Whether a snapshot was asked for and is not at its end."""
        return self._blocks.is_being_copied

    def restore(self, sections: Sections) -> None:
        """The state of a snapshot, into profiles that have seen nothing yet."""
        state = sections[STATE][0].to_pylist()[0]
        self._history_start, self._horizon = state["history_start"], state["horizon"]
        self._names.restore(names_in(sections))
        # Their tables go by interned number, and the snapshot has its own.
        self._read_references()
        self._transactions.restore(sections, next_row=state["next_row"])
        held = sections.get(HOLDERS, ())
        slices = [
            BlockSlice(
                holders=integers(rows, "holder"),
                lengths=integers(rows, "length"),
                kept_from=integers(rows, "kept_from"),
                movements=as_movements(records["movement"]),
            )
            for rows, records in zip(held, sections.get(MOVEMENTS, ()), strict=True)
        ]
        self._blocks.restore(slices)
        count = len(self._blocks)
        names, is_customer = np.empty(count, np.int32), np.empty(count, np.bool_)
        for rows, each in zip(held, slices, strict=True):
            names[each.holders] = integers(rows, "name")
            is_customer[each.holders] = integers(rows, "is_customer")
        self._holders.restore(names, is_customer)

    def ledger(self, since: Mapping[str, datetime]) -> pl.DataFrame:
        """LEDGER rows of these holders after the given times, in total order."""
        if not since:
            return NO_LEDGER
        holders = sorted(since)
        ranges = [self._slots_after(holder, since[holder]) for holder in holders]
        lengths = np.array([len(each) for each in ranges], np.int64)
        slots = [np.arange(each.start, each.stop) for each in ranges]
        return ledger_rows(
            pl.Series(holders, dtype=pl.String()).gather(
                np.repeat(np.arange(len(lengths)), lengths)
            ),
            self._blocks.columns[np.concatenate(slots) if slots else np.zeros(0, np.int64)],
            self._transactions,
            self._names,
        )

    def used_bytes(self) -> int:
        """Bytes of the movements that are kept."""
        return int(self._blocks.lengths.sum()) * MOVEMENT.itemsize

    # from here on, in the order of use

    def _read_references(self) -> None:
        self._classifier = self._make_classifier()
        self._latitude, self._longitude = _coordinates(self._references, self._names)

    def _taken(self, batch: TransactionBatch) -> Int64s:
        """The holders of what came and went, ascending."""
        first_row = self._transactions.append(batch.added)
        added = self._classifier.movements(batch.added, first_row=first_row)
        gone = self._classifier.addresses(batch.retracted)
        numbers = self._holders.numbers(added.holder, added.is_customer)
        self._blocks.grow_to(len(self._holders))
        named = np.unique(np.concatenate([self._remove(gone), numbers]))
        self._insert(added, numbers)
        return named

    def _pieces(
        self,
        state: Piece,
        names: Sequence[str],
        transactions: Iterator[Piece],
        slices: Iterator[BlockSlice],
    ) -> Generator[Piece]:
        try:
            yield state
            yield from name_pieces(names)
            yield from transactions
            for each in slices:
                yield self._holder_piece(each)
                records = pa.record_batch({"movement": as_records(each.movements)})
                yield Piece(section=MOVEMENTS, rows=records)
        finally:
            self._blocks.end_copy()

    def _holder_piece(self, each: BlockSlice) -> Piece:
        columns = {
            "holder": each.holders,
            "name": self._holders.names[each.holders],
            "is_customer": self._holders.is_customer[each.holders],
            "length": each.lengths,
            "kept_from": each.kept_from,
        }
        rows = pa.record_batch({name: pa.array(values) for name, values in columns.items()})
        return Piece(section=HOLDERS, rows=rows)

    def _remove(self, gone: Keys) -> Int64s:
        """The holders of what was taken out."""
        numbers = self._holders.find(gone.holder)
        self._blocks.remove(numbers, gone)
        return numbers[numbers >= 0]

    def _insert(self, added: Movements, numbers: Int64s) -> None:
        new = added.columns
        order = np.lexsort((new.side, new.txn_lo, new.txn_hi, new.sequence, new.time, numbers))
        self._blocks.insert(numbers[order], new[order], horizon=self._horizon)

    def _forget(self, seen_until: datetime | None) -> None:
        """Lets go of what no later batch can look back to. Counted from this batch's end, so only
        after it: its own first rows may be months older."""
        if seen_until is not None:
            self._horizon = max(self._horizon, microseconds(seen_until - self._kept))
            self._transactions.forget(EPOCH + timedelta(microseconds=self._horizon))

    def _within_memory(self, holders: Int64s, firsts: Int64s) -> Int64s:
        """Offsets from which to judge anew: nothing before the horizon, whose ground is gone."""
        lengths = self._blocks.lengths[holders]
        slots = self._blocks.starts[holders] + np.minimum(firsts, np.maximum(lengths - 1, 0))
        is_old = (lengths > 0) & (self._blocks.columns.time[slots] < self._horizon)
        for i in np.flatnonzero(is_old):
            times = self._times(int(holders[i]))
            firsts[i] = max(int(firsts[i]), int(np.searchsorted(times, self._horizon)))
        return firsts

    def _times(self, holder: int) -> Int64s:
        start, length = int(self._blocks.starts[holder]), int(self._blocks.lengths[holder])
        times: Int64s = self._blocks.columns.time[start : start + length]
        return times

    def _lengthens_history(self, batch: TransactionBatch) -> bool:
        """Whether an earlier first row lengthens everyone's history; that matters only once a
        condition could have been testable."""
        start, before = batch.history_start, self._history_start
        self._history_start = start
        if start is None or before is None or start >= before or self._is_history_complete:
            return False
        # Not `seen_until`: of several partitions that is the one furthest behind.
        newest = self._transactions.newest
        return newest is not None and (newest - start).days >= self._least_history()

    def _least_history(self) -> int:
        past = [2 * f.window.days for f in self._features]
        asked = [f.least_history for f in self._features if f.least_history]
        return max(1, min([60, *past, *asked]))

    def _evaluated(self, holders: Int64s, firsts: Int64s) -> Evaluated:
        replaces = self._replaces(holders, firsts)
        owner, offsets, armed = self._armed(holders, firsts)
        if not len(offsets):
            return Evaluated(features=self._no_features, replaces=replaces)
        owners = holders[owner]
        triggers = self._triggers(owners, offsets, armed)
        longest = int(offsets.max()) + 1
        standing = self._firing(owners, triggers, self._standing(triggers, longest))
        if not len(standing.trigger):
            return Evaluated(features=self._no_features, replaces=replaces)
        left = _left_of(triggers, standing)
        results = self._results(left, standing.values, longest)
        return Evaluated(
            features=self._feature_frame(owners[standing.trigger], left, results),
            replaces=replaces,
        )

    def _firing(self, owners: Int64s, triggers: Triggers, standing: Standing) -> Standing:
        """Of what stands, that on which a typology fires; all of it where nobody says."""
        if self._fires is None or not len(standing.trigger):
            return standing
        context = self._context(owners[standing.trigger], _left_of(triggers, standing))
        features = self._asked_of(int(np.bitwise_or.reduce(standing.bits)))
        rows = pl.DataFrame([*context, *self._feature_columns(standing.values, features)])
        chosen = self._fires(rows).arg_true().to_numpy()
        return Standing(*(each[chosen] for each in standing))

    def _armed(self, holders: Int64s, firsts: Int64s) -> tuple[Int64s, Int64s, Int64s]:
        """owner (index into holders), offset and armed bits of each armed trigger."""
        firsts = np.minimum(firsts, self._blocks.lengths[holders])
        most = int((self._blocks.lengths[holders] - firsts).sum())
        offsets, armed, owner = (np.empty(most, np.int64) for _ in range(3))
        n = arm_holders(
            self._blocks.columns,
            self._blocks.starts,
            self._blocks.lengths,
            firsts,
            holders,
            self._asked,
            self._prices(holders, firsts),
            self._scratch()[2],
            offsets,
            armed,
            owner,
        )
        if self._is_always_armed:
            armed[:n] = EVERY_ARM | ((1 << len(self._arms.has)) - 1)
        return owner[:n], offsets[:n], armed[:n]

    def _prices(self, holders: Int64s, firsts: Int64s) -> Prices:
        """For the local days of all movements from these offsets on."""
        days = self._blocks.columns.day
        starts, lengths = self._blocks.starts[holders], self._blocks.lengths[holders]
        some = lengths > firsts
        if not some.any():
            return Prices(0, records(PRICE, usd=[], threshold=[]))
        # A block is in order of time; two clocks on Earth are at most 26 hours apart.
        first = int(days[(starts + firsts)[some]].min()) - 2
        last = int(days[(starts + lengths - 1)[some]].max()) + 2
        return Prices(first, self._prices_on(np.arange(first, last + 1)))

    def _prices_on(self, days: Int64s) -> Table:
        """A row of PRICE for each of these days."""
        return records(
            PRICE,
            usd=on_each_day(days, self._usd_minor, self._usd_days),
            threshold=on_each_day(days, self._bundle.threshold_minor, self._threshold_days),
        )

    def _triggers(self, owners: Int64s, offsets: Int64s, armed: Int64s) -> Triggers:
        start = self._blocks.starts[owners]
        slots = start + offsets
        history = np.full(len(slots), COMPLETE_HISTORY_DAYS, np.int64)
        if not self._is_history_complete and self._history_start is not None:
            since = microseconds(self._history_start)
            history = (self._blocks.columns.time[slots] - since) // DAY
        prices = self._prices_on(self._blocks.columns.day[slots])
        return records(
            ARMED_TRIGGER,
            start=start,
            offset=offsets,
            armed=armed,
            history_days=history,
            usd=prices.usd,
            threshold=prices.threshold,
        )

    def _usd_minor(self, on: date) -> int | None:
        """The feed's own rate, else the rough one of the bundle."""
        own = self._rates.usd_minor(on)
        return self._bundle.usd_minor(on) if own is None else own

    def _standing(self, triggers: Triggers, longest: int) -> Standing:
        count = len(triggers.offset)
        # One row of values more: the kernel fills a row before it knows whether its trigger stands.
        standing = Standing(
            trigger=np.empty(count, np.int64),
            bits=np.empty(count, np.int64),
            values=np.empty((count + 1, len(self._features)), np.int64),
        )
        count, self._stamp = evaluate(
            self._blocks.columns,
            triggers,
            self._arms,
            self._feature_table,
            self._screens,
            self._latitude,
            self._longitude,
            *self._scratch()[:2],
            self._stamp,
            longest,
            standing,
        )
        return Standing(*(each[:count] for each in standing))

    def _results(self, triggers: Triggers, values: npt.NDArray[np.int64], longest: int) -> Results:
        """All variants; `values` are those of variant ALL."""
        rows = len(triggers.offset) * VARIANTS
        results = Results(
            values=np.full((rows, len(self._features)), NULL, np.int64),
            tests=np.zeros((rows, 2), np.int64),
            explained=np.zeros((rows, 2, TESTS), np.int64),
            moved=np.zeros((rows, 2), np.int64),
            capped=np.zeros(rows, np.int8),
        )
        results.values[ALL::VARIANTS] = values
        self._stamp = compare(
            self._blocks.columns,
            triggers,
            self._arms,
            self._feature_table,
            self._latitude,
            self._longitude,
            *self._scratch()[:2],
            self._stamp,
            longest,
            results,
        )
        return results

    def _scratch(self) -> tuple[Int64s, Int64s, Int64s]:
        """Three numbers a name: two as the last evaluation left them, one that is zero between
        uses."""
        missing = len(self._names) - len(self._seen)
        if missing > 0:
            more = np.zeros(max(missing, len(self._seen)), np.int64)
            self._seen, self._sums, self._met = (
                np.concatenate([kept, more]) for kept in (self._seen, self._sums, self._met)
            )
        return self._seen, self._sums, self._met

    def _feature_frame(self, holders: Int64s, triggers: Triggers, results: Results) -> pl.DataFrame:
        columns = self._blocks.columns
        slots = triggers.start + triggers.offset
        shown = self._transactions.rows(columns.row[slots])
        by_trigger = [
            pl.Series("holder", self._holder_names(holders)),
            pl.Series("holder_kind", self._holder_kinds(holders)),
            pl.Series("account", self._names.names(columns.account[slots])),
            pl.Series("trigger_time", columns.time[slots]).cast(UTC_MICROSECONDS),
            pl.Series("trigger_sequence", columns.sequence[slots]),
            pl.Series("trigger_hi", columns.txn_hi[slots]),
            pl.Series("trigger_lo", columns.txn_lo[slots]),
            pl.Series("trigger_side", columns.side[slots]),
            shown["reference"].alias("trigger_reference"),
            shown["source_id"].alias("trigger_source"),
            *self._context(holders, triggers),
        ]
        repeated = np.repeat(np.arange(len(slots)), VARIANTS)
        by_variant = [
            pl.Series("variant", np.tile(np.arange(VARIANTS, dtype=np.int8), len(slots))),
            pl.Series("is_capped", results.capped.astype(bool)),
            *_explained_columns(results),
            *self._feature_columns(results.values, range(len(self._features))),
        ]
        found = [*pl.DataFrame(by_trigger)[repeated].get_columns(), *by_variant]
        named = {column.name: column for column in found}
        return pl.DataFrame([named[name] for name in self._no_features.columns])

    def _context(self, holders: Int64s, triggers: Triggers) -> list[pl.Series]:
        """What is known of each trigger beside the features."""
        incomes = [self._incomes.get(name) for name in self._holder_names(holders)]
        return [
            pl.Series("armed", triggers.armed.astype(np.uint64)),
            pl.Series("history_days", triggers.history_days),
            _nullable("usd_minor", triggers.usd),
            _nullable("threshold_minor", triggers.threshold),
            pl.Series("income_minor", incomes, dtype=pl.Int64()),
        ]

    def _asked_of(self, armed: int) -> Sequence[int]:
        """The features that typologies read of which these bits arm any."""
        arms = (names for i, names in enumerate(self._asked_by_arm) if armed >> i & 1)
        asked = frozenset[str]().union(*arms)
        return [f for f, feature in enumerate(self._features) if feature.name in asked]

    def _feature_columns(
        self, values: npt.NDArray[np.int64], chosen: Sequence[int]
    ) -> list[pl.Series]:
        """Whole numbers, or the names they stand for; null where not testable."""
        # By column, contiguous: each becomes a series without another copy.
        by_feature = np.asfortranarray(values[:, chosen])
        is_null = by_feature == NULL
        arrays: list[pa.Array] = []
        for at, feature in enumerate(self._features[f] for f in chosen):
            numbers, unknown = by_feature[:, at], is_null[:, at]
            if feature.aggregate in NAMED:
                named = np.where(unknown, NO_NAME, numbers)
                arrays.append(pa.array(self._names.names(named.tolist()), pa.large_string()))
            else:
                arrays.append(pa.array(numbers, mask=unknown))
        # Of a few rows a hundred features: as one Arrow batch they cost a fifth of a series each.
        names = [self._features[f].name for f in chosen]
        return pl.DataFrame(pa.RecordBatch.from_arrays(arrays, names)).get_columns()

    def _replaces(self, holders: Int64s, firsts: Int64s) -> pl.DataFrame:
        """Just after the last unchanged movement, and nothing that was let go: everything later
        is replaced. A holder left without any movement there loses every finding from its last
        kept movement on."""
        columns, lengths = self._blocks.columns, self._blocks.lengths[holders]
        slots = np.maximum(self._blocks.starts[holders] + np.minimum(firsts, lengths) - 1, 0)
        last, kept_from = columns[slots], self._blocks.kept_from[holders]
        is_last = (firsts > 0) & (lengths > 0) & (last.time >= kept_from)
        return pl.DataFrame(
            {
                "holder": self._holder_names(holders),
                "since_time": pl.Series(np.where(is_last, last.time, kept_from)).cast(
                    UTC_MICROSECONDS
                ),
                "since_sequence": np.where(is_last, last.sequence, 0),
                "since_hi": np.where(is_last, last.txn_hi, 0),
                "since_lo": np.where(is_last, last.txn_lo, 0),
                "since_side": np.where(is_last, last.side + 1, 0).astype(np.int8),
            },
            schema=REPLACES,
        )

    def _holder_kinds(self, holders: Int64s) -> list[str]:
        is_customer = self._holders.is_customer[holders].tolist()
        return ["customer" if each else "account" for each in is_customer]

    def _holder_names(self, holders: Int64s) -> list[str]:
        return [self._names.name(number) for number in self._holders.names[holders].tolist()]

    def _slots_after(self, holder: str, after: datetime) -> range:
        name = self._names.find(holder)
        number = int(self._holders.find(np.array([name], np.int32))[0]) if name >= 0 else NO_NAME
        if number == NO_NAME:
            return range(0)
        times = self._times(number)
        since = max(microseconds(after), self._horizon)
        start = int(self._blocks.starts[number])
        first = int(np.searchsorted(times, since, side="right"))
        return range(start + first, start + len(times))


def _coordinates(
    references: References, names: Names
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Latitude and longitude by interned place, NaN where unknown."""
    numbers = {names.number(place.place_id): place for place in references.places.values()}
    size = max(numbers, default=-1) + 1
    latitude, longitude = np.full(size, np.nan), np.full(size, np.nan)
    for number, place in numbers.items():
        if place.lat is not None and place.lon is not None:
            latitude[number], longitude[number] = place.lat, place.lon
    return latitude, longitude


def _kind(feature: Feature) -> pl.DataType:
    return pl.String() if feature.aggregate in NAMED else pl.Int64()


def _left_of(triggers: Triggers, standing: Standing) -> Triggers:
    """The triggers that stand, with the armed bits that are left."""
    left = triggers[standing.trigger]
    left.armed = standing.bits
    return left


def _nullable(name: str, values: Int64s) -> pl.Series:
    return pl.Series(name, pa.array(values, mask=values == UNKNOWN_VALUE))


def _explained_columns(results: Results) -> list[pl.Series]:
    columns = []
    for scope, prefix in enumerate(("", "holder_")):
        columns.append(pl.Series(f"{prefix}moved", results.moved[:, scope]))
        columns.append(pl.Series(f"{prefix}tests", results.tests[:, scope]))
        columns.extend(
            pl.Series(f"{prefix}explained_{test}", results.explained[:, scope, t])
            for t, test in enumerate(TEST_NAMES)
        )
    return columns
