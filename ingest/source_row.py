"""A bank's row as values of canonical fields, before any of them is interpreted."""

from collections import Counter
from collections.abc import Callable, Mapping
from operator import itemgetter

import msgspec

from ingest.errors import RowFault
from ingest.feed import Message
from ingest.formats.delimited import DelimitedRows
from ingest.formats.ndjson import Kind, NdjsonRows
from ingest.mapping import Codes, TextFormat

_MOST_REMEMBERED_CODES = 10_000


class SourceRow(msgspec.Struct, frozen=True, gc=False):
    """Values in the order of the fields asked for; fields whose code was in no list."""

    values: tuple[object, ...]
    unknown_codes: tuple[str, ...] = ()


class SourceRows:
    """Reads messages as values of `fields` (canonical name -> kind), through columns, constants
    and code lists. A field in `blanked` or without a source is always None."""

    def __init__(
        self,
        settings: TextFormat,
        fields: Mapping[str, Kind],
        *,
        blanked: frozenset[str] = frozenset(),
    ) -> None:
        columns = source_columns(settings, fields, blanked)
        sources = source_kinds(columns, fields, settings.codes)
        places = {name: at for at, name in enumerate(sources)}
        self._encoding = settings.encoding
        self._ndjson = NdjsonRows(sources)
        self._delimited = DelimitedRows(list(sources), quote=settings.quote)
        self._constants = (None, *(settings.constants.get(name) for name in fields))
        self._pick = _picker(columns, fields, settings, blanked, places)
        self._coded = [
            (at, name, Lookup(columns[name], settings.codes[name], places))
            for at, name in enumerate(fields)
            if name in settings.codes and name not in blanked
        ]

    @property
    def unknown_names(self) -> Counter[str]:
        """How many rows carried each source name that nothing maps."""
        return self._ndjson.unknown

    def read(self, message: Message) -> SourceRow:
        """The values of one row; RowFault if it cannot be read."""
        source = self._source_values(message) + self._constants
        picked = self._pick(source)
        if not self._coded:
            return SourceRow(picked)
        return self._decode(list(picked), source)

    def _source_values(self, message: Message) -> tuple[object, ...]:
        row = message.value
        if message.oversize is not None:
            raise RowFault("oversize_row")
        if b"\x00" in row:
            raise RowFault("nul_byte")
        try:
            text = row.decode(self._encoding)
        except UnicodeError:
            raise RowFault("bad_encoding") from None
        if message.layout is not None:
            return self._delimited.values(text, message.layout, is_ended=message.is_ended)
        as_utf8 = row if self._encoding == "utf-8" else text.encode()
        return self._ndjson.values(as_utf8, is_ended=message.is_ended)

    def _decode(self, values: list[object], source: tuple[object, ...]) -> SourceRow:
        unknown: list[str] = []
        for at, name, lookup in self._coded:
            values[at] = lookup(source)
            if values[at] is UNKNOWN:
                values[at] = None
                unknown.append(name)
        return SourceRow(tuple(values), tuple(unknown))


class _Unknown:
    """Stands for a code that no list holds."""


UNKNOWN = _Unknown()


class Lookup:
    """The canonical code of a row, from one or several source columns."""

    def __init__(self, columns: tuple[str, ...], codes: Codes, places: Mapping[str, int]) -> None:
        self._places = tuple(places[name] for name in columns)
        self._patterns = sorted(
            ((tuple(source.split("|")), target or None) for source, target in codes.values.items()),
            key=_specific_first,
        )
        self._remembered: dict[tuple[str, ...], object] = {}

    @property
    def targets(self) -> list[str | None]:
        """Every canonical code it can give."""
        return [target for _, target in self._patterns]

    def __call__(self, source: tuple[object, ...]) -> object:
        return self.find(tuple([as_code(source[at]) for at in self._places]))

    def find(self, given: tuple[str, ...]) -> object:
        """The canonical code of these source codes: None for none, UNKNOWN if no list holds it."""
        if given not in self._remembered:
            if len(self._remembered) >= _MOST_REMEMBERED_CODES:
                self._remembered.clear()
            self._remembered[given] = self._find(given)
        return self._remembered[given]

    def _find(self, given: tuple[str, ...]) -> object:
        for pattern, target in self._patterns:
            if all(want in ("*", have) for want, have in zip(pattern, given, strict=True)):
                return target
        return UNKNOWN if any(given) else None


def as_code(value: object) -> str:
    """A source value as it is written in a code list; none is the empty code."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip()


def _specific_first(entry: tuple[tuple[str, ...], object]) -> tuple[int, tuple[bool, ...]]:
    wildcards = tuple(part == "*" for part in entry[0])
    return sum(wildcards), wildcards


def source_columns(
    settings: TextFormat, fields: Mapping[str, Kind], blanked: frozenset[str]
) -> dict[str, tuple[str, ...]]:
    """The source columns each field is read from."""
    columns: dict[str, tuple[str, ...]] = {}
    for name in fields:
        source = settings.source_of(name)
        coded = settings.codes[name].columns if name in settings.codes else ()
        own = coded or ((source,) if source is not None else ())
        columns[name] = () if name in blanked else own
    return columns


def source_kinds(
    columns: Mapping[str, tuple[str, ...]],
    fields: Mapping[str, Kind],
    codes: Mapping[str, Codes],
) -> dict[str, Kind]:
    """The kind of each source column; the strictest reader of a shared one decides."""
    kinds: dict[str, Kind] = {}
    for name, sources in columns.items():
        for source in sources:
            kind: Kind = "flag" if name in codes else fields[name]
            is_decimal = "decimal" in (kind, kinds.get(source))
            kinds[source] = "decimal" if is_decimal else kinds.get(source, kind)
    return kinds


def _picker(
    columns: Mapping[str, tuple[str, ...]],
    fields: Mapping[str, Kind],
    settings: TextFormat,
    blanked: frozenset[str],
    places: Mapping[str, int],
) -> Callable[[tuple[object, ...]], tuple[object, ...]]:
    """Picks the fields out of the source values, followed by None and the constants."""
    none = len(places)
    wanted: list[int] = []
    for order, name in enumerate(fields, start=1):
        if name in blanked or name in settings.codes:
            wanted.append(none)
        elif columns[name]:
            wanted.append(places[columns[name][0]])
        else:
            wanted.append(none + order if name in settings.constants else none)
    return itemgetter(*wanted)
