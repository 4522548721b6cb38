"""Rows cut into cells of canonical fields, many at a time: what SourceRows does, for plain rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ingest.block import Joined
from ingest.feed import Layout
from ingest.formats.delimited import JOIN
from ingest.formats.ndjson import Kind
from ingest.kernels.cells import (
    NONE,
    PADDING,
    TEXT,
    Bools,
    Bytes,
    Int8s,
    Int32s,
    Words,
    find_all,
    words,
)
from ingest.kernels.delimited_rows import ends_of_cell, read_delimited_rows
from ingest.kernels.json_rows import (
    ABSENT,
    TAKES_ANY,
    TAKES_DECIMAL,
    TAKES_FLAG,
    TAKES_TEXT,
    read_json_rows,
)
from ingest.mapping import TextFormat
from ingest.source_row import UNKNOWN, Lookup, source_columns, source_kinds

_TAKES: Mapping[Kind, int] = {"text": TAKES_TEXT, "flag": TAKES_FLAG, "decimal": TAKES_DECIMAL}
_ASCII_FAMILIES = ("utf-8", "ascii", "cp125", "iso8859", "koi8")
"""Encodings in which every ASCII byte stands for itself wherever it is."""
_MOST_UNKNOWN_NAMES = 64
_MOST_DELIMITED_BYTES = 100_000
"""The strict reader of delimited text refuses much longer cells."""
_MOST_SEEN_VALUES = 10_000
_MOST_CODE_COLUMNS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of cells; `written` says how each was."""

    starts: Int32s
    lengths: Int32s
    written: Int8s

    @property
    def is_given(self) -> Bools:
        return self.lengths >= 0

    def where(self, chosen: Bools, other: "Column") -> "Column":
        """The other column's cells where chosen, else these."""
        return Column(
            starts=np.where(chosen, other.starts, self.starts),
            lengths=np.where(chosen, other.lengths, self.lengths),
            written=np.where(chosen, other.written, self.written),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Cells of rows in one buffer; from `spare` on, where asked for, room for as many bytes as the
    rows have and one more for each row. fields: canonical fields that have any. is_plain: rows
    whose cells are what the strict reader would give. unknown: rows with a code that no list holds,
    by field. extra: rows that carry each name that nothing maps."""

    data: Bytes
    spare: int
    fields: Mapping[str, Column]
    is_plain: Bools
    is_ascii: bool
    unknown: Mapping[str, Bools]
    extra: Mapping[str, Bools]

    def __len__(self) -> int:
        return len(self.is_plain)

    def constant(self, start: int, length: int) -> Column:
        """The same cell in every row."""
        rows = len(self)
        return Column(
            starts=np.full(rows, start, np.int32),
            lengths=np.full(rows, length, np.int32),
            written=np.full(rows, TEXT, np.int8),
        )


class Lexicon:
    """Texts that no row holds but its canonical form may: they lie before the rows."""

    def __init__(self) -> None:
        self.text = b""
        self._places: dict[str, tuple[int, int]] = {}

    def place(self, text: str | None) -> tuple[int, int]:
        """Start and length of a text without surrounding blanks; none if nothing is left."""
        stripped = text.strip() if text else ""
        if not stripped:
            return 0, NONE
        if stripped not in self._places:
            written = stripped.encode()
            self._places[stripped] = len(self.text), len(written)
            self.text += written
        return self._places[stripped]


class FastReader:
    """Reads blocks as cells of `fields`. State: values and names learned; they change no result."""

    def __init__(
        self,
        settings: TextFormat,
        fields: Mapping[str, Kind],
        *,
        blanked: frozenset[str],
        lexicon: Lexicon,
        has_spare: bool,
    ) -> None:
        columns = source_columns(settings, fields, blanked)
        kinds = source_kinds(columns, fields, settings.codes)
        self._settings = settings
        self._lexicon = lexicon
        self._has_spare = has_spare
        self._sources = list(kinds)
        self._takes = [_TAKES[kind] for kind in kinds.values()]
        self._source_of = {
            name: sources[0]
            for name, sources in columns.items()
            if sources and name not in settings.codes
        }
        self._constants = {
            name: lexicon.place(text)
            for name, text in settings.constants.items()
            if name in fields and name not in blanked and name not in settings.codes
        }
        places = {name: at for at, name in enumerate(self._sources)}
        self._codes = [
            _CodedField(name, columns[name], Lookup(columns[name], codes, places), lexicon)
            for name, codes in settings.codes.items()
            if name in fields and name not in blanked
        ]
        self._extra: list[str] = []
        self._names = self._all_names()
        # A decimal that is also read as something else shows there how it was written.
        self._is_able = settings.encoding.startswith(_ASCII_FAMILIES) and not any(
            kinds[source] == "decimal" and (fields[name] != "decimal" or name in settings.codes)
            for name, sources in columns.items()
            for source in sources
        )
        self._is_able &= all(len(coded.columns) <= _MOST_CODE_COLUMNS for coded in self._codes)
        self._is_able &= not any(JOIN in source for source in self._sources)

    def learn(self, names: Sequence[str]) -> None:
        """Takes rows with these names, which nothing maps, for plain from now on."""
        new = [name for name in names if name not in self._extra]
        if new and len(self._extra) < _MOST_UNKNOWN_NAMES:
            self._extra = (self._extra + new)[:_MOST_UNKNOWN_NAMES]
            self._names = self._all_names()

    def read(self, block: Joined) -> Cells | None:
        """The cells of a block; None if none of its rows can be read this way."""
        if not self._is_able or not len(block.starts):
            return None
        text = self._lexicon.text
        stop = len(text) + len(block.data)
        spare = stop + PADDING
        room = len(block.data) + len(block.starts) + PADDING if self._has_spare else 0
        data = np.empty(spare + room, np.uint8)
        data[: len(text)] = np.frombuffer(text, np.uint8)
        data[len(text) : stop] = np.frombuffer(block.data, np.uint8)
        data[stop:spare] = 0
        rows = _Rows(
            data=data,
            starts=(block.starts + len(text)).astype(np.int32),
            stops=(block.stops + len(text)).astype(np.int32),
            is_wide_plain=self._is_utf8(block.data),
        )
        sources, is_plain, extra = (
            self._json(rows) if block.layout is None else self._delimited(rows, block.layout)
        )
        fields = {name: sources[source] for name, source in self._source_of.items()}
        cells = Cells(
            data=data,
            spare=spare,
            fields=fields,
            is_plain=is_plain & block.is_whole,
            is_ascii=block.data.isascii(),
            unknown={},
            extra=extra,
        )
        fields |= {name: cells.constant(*place) for name, place in self._constants.items()}
        unknown: dict[str, Bools] = {}
        for coded in self._codes:
            fields[coded.name], unknown[coded.name] = coded.read(cells, sources)
        return Cells(
            data=data,
            spare=spare,
            fields=fields,
            is_plain=cells.is_plain,
            is_ascii=cells.is_ascii,
            unknown=unknown,
            extra=extra,
        )

    def _is_utf8(self, data: bytes) -> bool:
        if self._settings.encoding != "utf-8":
            return False
        if data.isascii():
            return True
        lengths = np.array([0, len(data)], np.int64)
        text = pa.Array.from_buffers(
            pa.large_string(), 1, [None, pa.py_buffer(lengths), pa.py_buffer(data)]
        )
        try:
            text.validate(full=True)
        except pa.ArrowInvalid:
            return False
        return True

    def _json(self, rows: "_Rows") -> tuple[dict[str, Column], Bools, dict[str, Bools]]:
        count, size = len(self._sources), len(self._sources) + len(self._extra)
        takes = np.array([*self._takes, *[TAKES_ANY] * len(self._extra)], np.int8)
        starts, lengths, written = rows.empty_cells(size)
        is_plain = np.empty(len(rows.starts), np.bool_)
        read_json_rows(
            rows.data, rows.starts, rows.stops, self._names, takes, rows.is_wide_plain,
            starts, lengths, written, is_plain,
        )  # fmt: skip
        extra = {name: lengths[count + at] != ABSENT for at, name in enumerate(self._extra)}
        return self._columns_of(starts, lengths, written), is_plain, extra

    def _delimited(
        self, rows: "_Rows", layout: Layout
    ) -> tuple[dict[str, Column], Bools, dict[str, Bools]]:
        starts, lengths, written = rows.empty_cells(len(self._sources))
        written[:] = TEXT
        is_plain = np.zeros(len(rows.starts), np.bool_)
        delimiter, quote = layout.delimiter, self._settings.quote
        if delimiter.isascii() and quote.isascii() and delimiter != quote:
            places = {name: at for at, name in enumerate(self._sources)}
            columns = np.array([places.get(name, -1) for name in layout.columns], np.int32)
            mark = ord(quote) if quote else -1
            ends = ends_of_cell(mark, is_wide_plain=rows.is_wide_plain)
            read_delimited_rows(
                rows.data, rows.starts, rows.stops, ord(delimiter), mark, columns, ends,
                starts, lengths, is_plain,
            )  # fmt: skip
            is_plain &= rows.stops - rows.starts < _MOST_DELIMITED_BYTES
        else:
            lengths[:] = NONE
        return self._columns_of(starts, lengths, written), is_plain, {}

    def _columns_of(self, starts: Int32s, lengths: Int32s, written: Int8s) -> dict[str, Column]:
        return {
            name: Column(starts=starts[at], lengths=lengths[at], written=written[at])
            for at, name in enumerate(self._sources)
        }

    def _all_names(self) -> Words:
        return words([name.encode() for name in (*self._sources, *self._extra)])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    data: Bytes
    starts: Int32s
    stops: Int32s
    is_wide_plain: bool

    def empty_cells(self, columns: int) -> tuple[Int32s, Int32s, Int8s]:
        shape = (columns, len(self.starts))
        return np.empty(shape, np.int32), np.empty(shape, np.int32), np.empty(shape, np.int8)


class SeenValues:
    """Values of a column by number, learned as they come, so that each is interpreted once."""

    def __init__(self) -> None:
        self.values: list[str] = []
        self._words = words([])

    def places(self, cells: Cells, column: Column) -> Int32s:
        """The number of each plain row's value; -1 beyond the ten thousandth, -2 for none."""
        found = np.empty(len(cells), np.int32)
        find_all(self._words, cells.data, column.starts, column.lengths, found)
        new = np.flatnonzero((found == -1) & cells.is_plain)
        if len(new) and len(self.values) < _MOST_SEEN_VALUES:
            texts = {_text_of(cells.data, column, row) for row in new.tolist()}
            self.values += sorted(texts)
            self._words = words([value.encode() for value in self.values])
            find_all(self._words, cells.data, column.starts, column.lengths, found)
        return found


class _CodedField:
    """A field whose codes are translated, from one or several source columns."""

    def __init__(self, name: str, columns: Sequence[str], lookup: Lookup, lexicon: Lexicon) -> None:
        self.name = name
        self.columns = columns
        self._lookup = lookup
        self._lexicon = lexicon
        self._seen = [SeenValues() for _ in columns]
        for target in lookup.targets:
            lexicon.place(target)

    def read(self, cells: Cells, sources: Mapping[str, Column]) -> tuple[Column, Bools]:
        """The canonical codes, and the rows whose code is in no list. A row with a code that has
        no number is no longer plain."""
        combined = np.zeros(len(cells), np.int64)
        for seen, name in zip(self._seen, self.columns, strict=True):
            places = seen.places(cells, sources[name])
            cells.is_plain[places == -1] = False
            combined = combined * (_MOST_SEEN_VALUES * 2) + (places + 2)
        kinds, which = np.unique(combined, return_inverse=True)
        found = [self._find(int(kind)) for kind in kinds]
        targets = [
            self._lexicon.place(None if code is UNKNOWN else str(code or "")) for code in found
        ]
        starts, lengths = np.array(targets, np.int32).reshape(-1, 2).T
        column = Column(
            starts=starts[which],
            lengths=lengths[which],
            written=np.full(len(cells), TEXT, np.int8),
        )
        return column, np.array([code is UNKNOWN for code in found], np.bool_)[which]

    def _find(self, combined: int) -> object:
        given: list[str] = []
        for seen in reversed(self._seen):
            combined, place = divmod(combined, _MOST_SEEN_VALUES * 2)
            given.insert(0, seen.values[place - 2] if place >= 2 else "")
        return self._lookup.find(tuple(given))


def _text_of(data: Bytes, column: Column, row: int) -> str:
    start = int(column.starts[row])
    return bytes(data[start : start + int(column.lengths[row])]).decode()
