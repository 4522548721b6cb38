"""Rows decoded column by column: of rows that are written in a plain way, the same transactions
as the strict decoder gives. It refuses nothing: a row it is not sure of is left to that one.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from ingest.block import Joined
from ingest.currency import minor_units
from ingest.decode import (
    CASH_TYPES,
    DECISIVE,
    FIELDS,
    MOST_OFFSET_MIN,
    UNKNOWN_CODE,
    Content,
)
from ingest.decoded import DECODED
from ingest.errors import RowFault
from ingest.fast_read import Cells, Column, FastReader, Lexicon, SeenValues
from ingest.kernels.cells import (
    NONE,
    Bools,
    Bytes,
    Int8s,
    Int32s,
    Int64s,
    UInt64s,
    Words,
    differ,
    find_all,
    join_cells,
    view_cells,
    words,
)
from ingest.kernels.hashes import hash_contents, hash_ids
from ingest.kernels.values import DATE, GIVEN, UTC, read_decimals, read_iso_times, read_whole
from ingest.mapping import (
    BENEF_SIDE,
    CODE_LISTS,
    COUNTERPARTY_SIDE,
    ORIG_SIDE,
    OWN_SIDE,
    FeedSettings,
)
from ingest.times import EARLIEST, LATEST, Times

TEXTS: tuple[str, ...] = tuple(
    name for name in Content.__struct_fields__ if DECODED[name] == pl.String()
)
"""The texts of a content, in its order."""

_MINUTE = 60_000_000
_HOUR = 60 * _MINUTE
_FIRST_HOUR, _LAST_HOUR = EARLIEST // _HOUR - 48, LATEST // _HOUR + 48
_SPARE_HOURS = 1000
_NO_OFFSET, _SHIFT = (1 << 15) - 1, 1 << 14
_FLAG_WORDS = words([b"false", b"0", b"true", b"1"])
_CURRENCIES = words([code.encode() for code in sorted(minor_units())])
_LEAST_MCC = 4
_NO_TEXT = pl.Series([None], dtype=pl.String())


@dataclass(frozen=True, slots=True, kw_only=True)
class FastRows:
    """frame: DECODED rows in the order read. is_left: rows for the strict decoder. extra: how many
    of the decoded rows carried each name that nothing maps."""

    frame: pl.DataFrame
    is_left: Bools
    extra: Counter[str]


class FastDecoder:
    """Decodes what it can of a block. State: texts and offsets learned, which change no result."""

    def __init__(self, settings: FeedSettings) -> None:
        lexicon = Lexicon()
        self._reader = FastReader(
            settings,
            FIELDS,
            blanked=settings.blanked,
            lexicon=lexicon,
            has_spare=settings.counterparty_ids == "per_bank",
        )
        self._lists = {
            name: _CodeList(name, default, lexicon) for name, default in _LISTED_DEFAULTS.items()
        }
        self._source = lexicon.place(settings.source_id)
        self._currency = lexicon.place(settings.currency)
        self._settings = settings
        self._times = _FastTimes(settings)
        self._mcc = SeenValues()

    def learn(self, names: Sequence[str]) -> None:
        """Takes rows with these names, which nothing maps, for plain from now on."""
        self._reader.learn(names)

    def decode(self, block: Joined) -> FastRows:
        """The plain rows of a block, and which ones are left."""
        cells = self._reader.read(block)
        if cells is None or not cells.is_plain.any():
            left = np.ones(len(block.starts), np.bool_)
            return FastRows(frame=pl.DataFrame(schema=DECODED), is_left=left, extra=Counter())
        frame = self._frame(_Fields(cells))
        counts = {name: int((cells.is_plain & has).sum()) for name, has in cells.extra.items()}
        return FastRows(
            frame=frame,
            is_left=~cells.is_plain,
            extra=Counter({name: count for name, count in counts.items() if count}),
        )

    def _frame(self, fields: "_Fields") -> pl.DataFrame:
        for name in DECISIVE & fields.cells.unknown.keys():
            fields.require(~fields.cells.unknown[name])
        event = self._event_time(fields)
        reported = self._times.read(fields, "ingest_time")
        offset = fields.whole("local_utc_offset_min")
        fields.require(np.abs(offset.values) <= MOST_OFFSET_MIN)
        sequence, revision = fields.whole("source_sequence"), fields.whole("source_revision")
        amount = self._amount(fields)
        way = self._way(fields, amount)
        kind, kind_text = self._lists["txn_type"].read(fields)
        is_cash = fields.flag("is_cash")
        is_cash = np.where(is_cash < 0, _CASH[kind], is_cash).astype(np.int8)
        texts = self._texts(fields, way) | {
            "txn_type": kind_text,
            "status": self._lists["status"].read(fields)[1],
            "channel": self._lists["channel"].read(fields)[1],
            "amount": amount.column,
            "balance_after": fields.decimal("balance_after", self._settings.decimal_mark).column,
        }
        cross = _crosses(fields, texts)
        chosen = np.flatnonzero(fields.cells.is_plain)
        local = np.where(offset.is_given, offset.values, event.minutes)[chosen]
        table = _Table(fields.cells, texts, chosen)
        columns: dict[str, pl.Series] = {
            "at": pl.Series(chosen),
            "event_time": pl.Series(event.values[chosen]),
            "local_utc_offset_min": pl.Series(local),
            "source_sequence": pl.Series(sequence.values[chosen]),
            "is_cash": pl.Series(is_cash[chosen] == 1),
            "is_cross_border": _nullable(cross[chosen] == 1, cross[chosen] >= 0),
            "source_revision": _nullable(revision.values[chosen], revision.is_given[chosen]),
            "ingest_time": _nullable(reported.values[chosen], reported.is_given[chosen]),
            "direction": pl.Series(_WAYS, dtype=pl.String).gather(way[chosen]),
            "flags": _flags(fields)[chosen],
            "digits": pl.Series(np.abs(amount.digits[chosen])),
            "scale": pl.Series(amount.scales[chosen]),
            **table.texts(),
            **table.ids(),
            **table.content_hashes(
                event.values[chosen], local, sequence.values[chosen], is_cash[chosen], cross[chosen]
            ),
        }
        return pl.DataFrame(
            [columns[name].cast(dtype).alias(name) for name, dtype in DECODED.items()]
        )

    def _event_time(self, fields: "_Fields") -> "_Moments":
        read = self._times.read(fields, "event_time")
        fields.require(read.is_given)
        if self._settings.time_precision != "day":
            fields.require(~read.is_date)
        return read

    def _amount(self, fields: "_Fields") -> "_Decimals":
        amount = fields.decimal("amount", self._settings.decimal_mark)
        fields.require(amount.column.is_given & (amount.digits != 0))
        if self._settings.sign == "positive":
            fields.require(amount.digits > 0)
            return amount
        is_negative = amount.digits < 0
        column = Column(
            starts=amount.column.starts + is_negative.astype(np.int32),
            lengths=amount.column.lengths - is_negative.astype(np.int32),
            written=amount.column.written,
        )
        return _Decimals(column=column, digits=amount.digits, scales=amount.scales)

    def _way(self, fields: "_Fields", amount: "_Decimals") -> Int64s:
        """The direction, which the amount's sign may give."""
        way, _ = self._lists["direction"].read(fields)
        if self._settings.sign == "positive":
            return way
        shown = np.where(amount.digits < 0, _DEBIT, _CREDIT)
        fields.require((way == _NO_WAY) | (way == shown))
        return shown

    def _texts(self, fields: "_Fields", way: Int64s) -> dict[str, Column]:
        """The cells of every text of a content but those that are interpreted."""
        texts = {name: fields.column(name) for name in TEXTS if name in FIELDS}
        texts["reference"] = fields.column("txn_id")
        fields.require(texts["reference"].is_given)
        texts["source_id"] = fields.column_or("source_id", self._source)
        texts["currency"] = fields.column_or("currency", self._currency)
        fields.require(fields.places(_CURRENCIES, texts["currency"]) >= 0)
        texts["place_id"] = fields.first_of("place_id", "terminal_id", "branch_id")
        mcc = self._mcc.places(fields.cells, texts["mcc"])
        is_short = np.array([len(code) < _LEAST_MCC for code in self._mcc.values] + [False] * 2)
        fields.require((mcc != -1) & ~is_short[mcc])
        self._turn_sides(fields, texts, way)
        return texts

    def _turn_sides(self, fields: "_Fields", texts: dict[str, Column], way: Int64s) -> None:
        """Who pays and who is paid; a row of one side is turned by its direction."""
        is_one_way = (way == _DEBIT) | (way == _CREDIT)
        if self._settings.sides == "one":
            fields.require(is_one_way)
        if fields.has("account_id"):
            is_own = fields.column("account_id").is_given
            fields.require(is_one_way | ~is_own)
            for orig, benef, own, other in zip(
                ORIG_SIDE, BENEF_SIDE, OWN_SIDE, COUNTERPARTY_SIDE, strict=True
            ):
                mine = fields.column(own)
                theirs = self._counterparty(fields) if own == "account_id" else fields.column(other)
                pays, is_paid = is_own & (way == _DEBIT), is_own & (way == _CREDIT)
                texts[orig] = texts[orig].where(pays, mine).where(is_paid, theirs)
                texts[benef] = texts[benef].where(pays, theirs).where(is_paid, mine)
        fields.require(texts["orig_account_id"].is_given | texts["benef_account_id"].is_given)

    def _counterparty(self, fields: "_Fields") -> Column:
        account = fields.column("counterparty_account_id")
        agent = fields.column("counterparty_agent_bic")
        if self._settings.counterparty_ids == "unique":
            return account
        return fields.joined(account, agent)


_LISTED_DEFAULTS: Mapping[str, str | None] = {
    "txn_type": "OTHER",
    "status": "BOOKED",
    "channel": "UNKNOWN",
    "direction": None,
}
_DEBIT, _CREDIT, _NO_WAY = 0, 1, 3
_WAYS = ["DEBIT", "CREDIT", "INTERNAL", None]
_ORDERED = {
    name: [w for w in _WAYS if w] if name == "direction" else sorted(CODE_LISTS[name])
    for name in _LISTED_DEFAULTS
}
_CASH = np.array([code in CASH_TYPES for code in _ORDERED["txn_type"]], np.int8)


class _CodeList:
    """A field with a closed list of codes."""

    def __init__(self, name: str, default: str | None, lexicon: Lexicon) -> None:
        self._name = name
        self._codes = _ORDERED[name]
        self._words = words([code.encode() for code in self._codes])
        self._default = default
        self._place = lexicon.place(default)

    def read(self, fields: "_Fields") -> tuple[Int64s, Column]:
        """The place of each row's code in the list, and its cell; the default where none is given
        (the place after the list's last, if there is none). Other codes are not plain."""
        column = fields.column(self._name)
        places = fields.places(self._words, column).astype(np.int64)
        fields.require(places != -1)
        default = (
            self._codes.index(self._default) if self._default is not None else len(self._codes)
        )
        places[places < 0] = default
        return places, fields.column_or(self._name, self._place)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decimals:
    """Decimals by row: the cell of the canonical text, and the value as digits x 10^-scale."""

    column: Column
    digits: Int64s
    scales: Int8s


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wholes:
    values: Int64s
    is_given: Bools


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moments:
    """Instants by row: microseconds since the epoch, and the local offset in minutes."""

    values: Int64s
    minutes: Int64s
    is_date: Bools
    is_given: Bools


class _Fields:
    """The fields of a block, read as what they are. What is not plain in one is not plain."""

    def __init__(self, cells: Cells) -> None:
        self.cells = cells

    def require(self, holds: Bools) -> None:
        """Leaves rows for which this does not hold to the strict decoder."""
        self.cells.is_plain[~holds] = False

    def has(self, name: str) -> bool:
        return name in self.cells.fields

    def column(self, name: str) -> Column:
        return self.cells.fields.get(name) or self.cells.constant(0, NONE)

    def column_or(self, name: str, place: tuple[int, int]) -> Column:
        """The field's cells, and the text at `place` in rows without one."""
        column = self.column(name)
        return column.where(~column.is_given, self.cells.constant(*place))

    def first_of(self, *names: str) -> Column:
        """The first of these fields that a row has."""
        column = self.column(names[0])
        for name in names[1:]:
            if self.has(name):
                column = column.where(~column.is_given, self.column(name))
        return column

    def places(self, known: Words, column: Column) -> Int32s:
        """The place of each cell among the words; -1 for no such word, -2 for no cell."""
        found = np.empty(len(self.cells), np.int32)
        find_all(known, self.cells.data, column.starts, column.lengths, found)
        return found

    def flag(self, name: str) -> Int8s:
        """1, 0, or -1 for none."""
        places = self.places(_FLAG_WORDS, self.column(name))
        self.require(places != -1)
        return np.where(places < 0, -1, places // 2).astype(np.int8)

    def whole(self, name: str) -> _Wholes:
        column, values = self.column(name), np.zeros(len(self.cells), np.int64)
        if self.has(name):
            data, is_plain = self.cells.data, self.cells.is_plain
            read_whole(data, column.starts, column.lengths, values, is_plain)
        return _Wholes(values=values, is_given=column.is_given)

    def decimal(self, name: str, mark: str) -> _Decimals:
        rows = len(self.cells)
        given = self.column(name)
        column = Column(
            starts=given.starts.copy(), lengths=given.lengths.copy(), written=given.written
        )
        digits, scales = np.zeros(rows, np.int64), np.zeros(rows, np.int8)
        if self.has(name):
            read_decimals(
                self.cells.data, column.starts, column.lengths, column.written, ord(mark),
                digits, scales, self.cells.is_plain,
            )  # fmt: skip
        return _Decimals(column=column, digits=digits, scales=scales)

    def joined(self, account: Column, agent: Column) -> Column:
        """agent:account where there are both, else the account."""
        column = Column(
            starts=account.starts.copy(), lengths=account.lengths.copy(), written=account.written
        )
        join_cells(
            self.cells.data, self.cells.spare, ord(":"), account.is_given & agent.is_given,
            column.starts, column.lengths, agent.starts, agent.lengths,
        )  # fmt: skip
        return column


class _FastTimes:
    """Reads cells as instants. State: the zone's offset by hour, learned."""

    def __init__(self, settings: FeedSettings) -> None:
        self._times = Times(zone=settings.time_zone, formats=settings.date_formats)
        self._shown = _Offsets(self._times.offset_shown)
        self._utc = _Offsets(self._times.offset_at)

    def read(self, fields: _Fields, name: str) -> _Moments:
        column = fields.column(name)
        if not fields.has(name):
            zeros = np.zeros(len(fields.cells), np.int64)
            return _Moments(
                values=zeros, minutes=zeros, is_date=column.is_given, is_given=column.is_given
            )
        read = (
            self._iso(fields, column) if self._times.is_iso else self._other(fields, column, name)
        )
        is_in_range = (read.values >= EARLIEST) & (read.values < LATEST)
        fields.require(is_in_range | ~column.is_given)
        return read

    def _iso(self, fields: _Fields, column: Column) -> _Moments:
        rows = len(fields.cells)
        shown, minutes = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
        says = np.zeros(rows, np.int8)
        read_iso_times(
            fields.cells.data, column.starts, column.lengths, shown, minutes, says,
            fields.cells.is_plain,
        )  # fmt: skip
        is_placed = fields.cells.is_plain & column.is_given & (says != GIVEN)
        for offsets, chosen in (
            (self._utc, is_placed & (says == UTC)),
            (self._shown, is_placed & (says != UTC)),
        ):
            found = offsets.at(shown[chosen])
            minutes[chosen] = found
            fields.cells.is_plain[np.flatnonzero(chosen)[found == _NO_OFFSET]] = False
        values = np.where(says == UTC, shown, shown - minutes * _MINUTE)
        return _Moments(
            values=values, minutes=minutes, is_date=says == DATE, is_given=column.is_given
        )

    def _other(self, fields: _Fields, column: Column, name: str) -> _Moments:
        """Times in the bank's own formats: each text of the block is read once."""
        given = np.flatnonzero(fields.cells.is_plain & column.is_given)
        texts = _series(fields.cells, column, given).to_list()
        instants = {text: self._instant(text, name) for text in set(texts)}
        read = np.array([instants[text] for text in texts], np.int64).reshape(-1, 4)
        placed = np.zeros((len(fields.cells), 4), np.int64)
        placed[given] = read
        values, minutes, is_date, is_plain = placed.T
        fields.require((is_plain == 1) | ~column.is_given)
        return _Moments(
            values=values.copy(),
            minutes=minutes.copy(),
            is_date=is_date == 1,
            is_given=column.is_given,
        )

    def _instant(self, text: str, name: str) -> tuple[int, int, bool, bool]:
        try:
            instant = self._times.instant(text, field=name)
        except RowFault:
            return 0, 0, False, False
        is_plain = not instant.is_ambiguous
        return instant.microseconds, instant.offset_min, instant.is_date_only, is_plain


class _Offsets:
    """Minutes ahead of UTC by hour since 1970, asked for once."""

    def __init__(self, ask: Callable[[int], int | None]) -> None:
        self._ask = ask
        self._first = 0
        self._known = np.zeros(0, np.int16)
        """From hour `_first` on; 0: not asked yet; else the minutes, shifted to be none."""

    def at(self, shown: Int64s) -> Int64s:
        """The minutes, or _NO_OFFSET for an hour that has not one."""
        if not len(shown):
            return np.zeros(0, np.int64)
        hours = np.clip(shown // _HOUR, _FIRST_HOUR, _LAST_HOUR)
        self._make_room(int(hours.min()), int(hours.max()))
        places = hours - self._first
        for place in np.unique(places[self._known[places] == 0]):
            minutes = self._ask(int(place) + self._first)
            self._known[place] = _NO_OFFSET if minutes is None else minutes + _SHIFT
        found = self._known[places].astype(np.int64)
        return np.where(found == _NO_OFFSET, _NO_OFFSET, found - _SHIFT)

    def _make_room(self, first: int, last: int) -> None:
        stop = self._first + len(self._known)
        if len(self._known) and self._first <= first and last < stop:
            return
        new_first = min(first, self._first) if len(self._known) else first
        known = np.zeros(
            max(last + 1, stop if len(self._known) else 0) + _SPARE_HOURS - new_first, np.int16
        )
        at = self._first - new_first if len(self._known) else 0
        known[at : at + len(self._known)] = self._known
        self._first, self._known = new_first, known


class _Table:
    """The texts of plain rows, as cells (text, row)."""

    def __init__(self, cells: Cells, texts: Mapping[str, Column], chosen: Int64s) -> None:
        self._cells = cells
        self._starts = np.stack([texts[name].starts[chosen] for name in TEXTS])
        self._lengths = np.stack([texts[name].lengths[chosen] for name in TEXTS])
        self._is_given: Bools = np.any(self._lengths >= 0, axis=1)

    def texts(self) -> dict[str, pl.Series]:
        return {
            name: _text_series(self._cells.data, self._starts[at], self._lengths[at])
            if is_given
            else _NO_TEXT.new_from_index(0, self._lengths.shape[1])
            for at, (name, is_given) in enumerate(zip(TEXTS, self._is_given, strict=True))
        }

    def ids(self) -> dict[str, pl.Series]:
        high, low, _ = self._hashed("reference")
        reversal_high, reversal_low, is_given = self._hashed("reversal_of")
        return {
            "txn_hi": pl.Series(high),
            "txn_lo": pl.Series(low),
            "reversal_hi": _nullable(reversal_high, is_given),
            "reversal_lo": _nullable(reversal_low, is_given),
        }

    def content_hashes(
        self, event_time: Int64s, offset: Int64s, sequence: Int64s, is_cash: Int8s, cross: Int8s
    ) -> dict[str, pl.Series]:
        high, low = self._halves()
        hash_contents(
            self._cells.data, self._starts, self._lengths, event_time, offset, sequence,
            is_cash, cross, high, low,
        )  # fmt: skip
        return {"content_hi": pl.Series(high), "content_lo": pl.Series(low)}

    def _hashed(self, name: str) -> tuple[UInt64s, UInt64s, Bools]:
        high, low = self._halves()
        is_given = np.empty(len(high), np.bool_)
        source, reference = TEXTS.index("source_id"), TEXTS.index(name)
        hash_ids(
            self._cells.data, self._starts[source], self._lengths[source],
            self._starts[reference], self._lengths[reference], high, low, is_given,
        )  # fmt: skip
        return high, low, is_given

    def _halves(self) -> tuple[UInt64s, UInt64s]:
        rows = self._starts.shape[1]
        return np.zeros(rows, np.uint64), np.zeros(rows, np.uint64)


def _series(cells: Cells, column: Column, chosen: Int64s) -> pl.Series:
    return _text_series(cells.data, column.starts[chosen], column.lengths[chosen])


def _text_series(data: Bytes, starts: Int32s, lengths: Int32s) -> pl.Series:
    """Cells as a column of text that shares their buffer."""
    rows = len(starts)
    views, is_valid = np.empty(2 * rows, np.uint64), np.empty(rows, np.bool_)
    view_cells(data, starts, lengths, views, is_valid)
    buffers = [np.packbits(is_valid, bitorder="little"), views, data]
    text = pa.Array.from_buffers(pa.string_view(), rows, [pa.py_buffer(each) for each in buffers])
    return pl.Series(pl.from_arrow(text))


def _nullable(values: npt.NDArray[Any], is_given: Bools) -> pl.Series:
    return pl.Series(pl.from_arrow(pa.array(values, mask=~is_given)))


def _crosses(fields: _Fields, texts: Mapping[str, Column]) -> Int8s:
    """Whether money crosses a border: as the row says, else as its countries do; -1: unknown."""
    orig, benef = texts["orig_country"], texts["benef_country"]
    found = np.empty(len(fields.cells), np.int8)
    differ(fields.cells.data, orig.starts, orig.lengths, benef.starts, benef.lengths, found)
    given = fields.flag("is_cross_border")
    return np.where(given < 0, found, given).astype(np.int8)


def _flags(fields: _Fields) -> pl.Series:
    doubtful = np.zeros(len(fields.cells), np.bool_)
    for unknown in fields.cells.unknown.values():
        doubtful |= unknown
    return pl.Series(["", UNKNOWN_CODE]).gather(doubtful.astype(np.int64))
