"""Rows from a file, a folder of files or standard input, in bounded memory: text, plain or
compressed, or Parquet."""

import csv
import select
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from hashlib import blake2b, sha256
from pathlib import Path
from typing import BinaryIO

from ingest.block import FileRows
from ingest.compression import DAMAGE, SUFFIXES, Bytes, decompressed
from ingest.errors import FeedChanged, FeedUnreadable, other_kind
from ingest.feed import Layout, Message, Position, RawBatch
from ingest.formats.delimited import split
from ingest.formats.parquet import MAGIC, ParquetLines
from ingest.lines import Line, LineBlock, Lines, merged
from ingest.mapping import FeedSettings, TextFormat

PARTITION = "files"
"""All files of a feed are one input partition."""

STANDARD_INPUT = "-"

_PATIENCE_SECONDS = 1.0
_CHUNK_BYTES = 1 << 18
_MOST_BYTES_A_POLL = 1 << 25
_MOST_ROWS_PASSED = 10_000
_NDJSON_SUFFIXES = frozenset({".ndjson", ".jsonl", ".json"})
_DELIMITED_SUFFIXES = frozenset({".csv", ".tsv", ".txt", ".asc"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRead:
    """What was read of one input. sha256 and bytes: of it as it lies on the disk."""

    name: str
    sha256: str
    bytes: int
    is_complete: bool


class FileFeed:
    """A file, a folder (its files in order of name) or "-" for standard input.

    Blank lines and the header of delimited text are no rows. A line end ends a row, also within
    quotes. A position names file, line and offset; seeking reads up to it again, so that the
    file's hash is whole. Raises FeedUnreadable for a path that is not there.
    """

    def __init__(
        self, path: str | Path, settings: TextFormat, *, stdin: BinaryIO | None = None
    ) -> None:
        self._settings = settings
        self._stdin = stdin
        self._waiting = deque(_names(path, settings))
        self._open: _Input | None = None
        self._done: list[FileRead] = []
        self._position: Position = {}
        self._fault: FeedUnreadable | None = None

    def poll(self, *, at_most: int, wait: float) -> RawBatch:
        """The next rows. A damaged file raises FeedUnreadable once the rows before it are out."""
        parts: list[FileRows] = []
        try:
            self._fill(parts, at_most, wait)
        except FeedUnreadable as fault:
            self._fault = fault
        if self._fault is not None and not parts:
            raise self._fault
        return RawBatch(
            messages=_together(parts),
            upto=self._open.position if self._open else self._position,
            partition=PARTITION,
            is_end=self._open is None and not self._waiting and self._fault is None,
        )

    def seek(self, position: Position) -> None:
        """Continues after a position; FeedChanged if other rows lie there now."""
        if not position:
            return
        if "file" not in position:
            raise other_kind()
        while self._waiting and _shown(self._waiting[0]) != position["file"]:
            self._pass_over(self._opened())
        if not self._waiting:
            raise FeedChanged(
                f"{position['file']} was read before and is gone; put it back, or start with "
                "a new output folder"
            )
        self._open = self._opened()
        self._open.skip_to(position)

    def acknowledge(self, upto: Position) -> None:
        """Nothing: files keep no record of who read them."""

    def close(self) -> None:
        if self._open is not None:
            self._open.close()

    def files_read(self) -> tuple[FileRead, ...]:
        """The inputs read so far, in order; the last may not be complete."""
        return (*self._done, self._open.read_so_far()) if self._open else tuple(self._done)

    def _fill(self, parts: list[FileRows], at_most: int, wait: float) -> None:
        rows, budget = 0, _MOST_BYTES_A_POLL
        while rows < at_most and budget > 0 and self._fault is None:
            if self._open is None and not self._waiting:
                return
            self._open = self._open or self._opened()
            found = self._open.take(at_most - rows, wait if not parts else 0)
            if found is not None:
                parts.append(found)
                rows += len(found)
                budget -= found.bytes
            elif self._open.is_at_end:
                self._finish(self._open)
            else:
                return

    def _opened(self) -> "_Input":
        return _Input(self._waiting.popleft(), self._settings, self._stdin)

    def _pass_over(self, passed: "_Input") -> None:
        while passed.take(_MOST_ROWS_PASSED, 0) is not None:
            continue
        self._finish(passed)

    def _finish(self, finished: "_Input") -> None:
        self._done.append(finished.read_so_far())
        self._position = finished.position
        self._open = None
        finished.close()


class _Input:
    """One file being read: its bytes hashed, its lines made messages."""

    def __init__(self, path: Path | None, settings: TextFormat, stdin: BinaryIO | None) -> None:
        self._settings = settings
        self._path = path
        self._is_table = False
        self._name = _shown(path)
        self._file = _opened_file(path, stdin)
        self._waits = path is None and _has_descriptor(self._file)
        self._hashed = _HashedBytes(self._file)
        self._plain: Bytes | None = None
        self._lines = Lines(self._read, bound=settings.max_line_bytes)
        self._layout: Layout | None = None
        self._is_laid_out = False
        self._first_row: LineBlock | None = None
        self._last: Line | None = None
        self._wait = 0.0

    @property
    def is_at_end(self) -> bool:
        return self._lines.is_at_end

    @property
    def position(self) -> Position:
        """After the last row taken."""
        last = self._last
        if last is None:
            return {"file": self._name, "line": 0, "offset": 0, "row": ""}
        row = blake2b(last.value, digest_size=16).hexdigest()
        return {"file": self._name, "line": last.number, "offset": last.after, "row": row}

    def take(self, at_most: int, wait: float) -> FileRows | None:
        """Some of the next rows; None at the end, or if none came within `wait` seconds."""
        self._wait = wait
        if not self._is_laid_out and not self._lay_out():
            return None
        lines = self._first_row or self._lines.take_many(at_most)
        self._first_row = None
        if lines is None:
            return None
        self._last = lines.line(-1)
        return FileRows(name=self._name, lines=lines, layout=self._layout)

    def skip_to(self, position: Position) -> None:
        line = int(str(position["line"]))
        while (number := self._last.number if self._last else 0) < line:
            # The lines before the first row are a header and blank ones, as many as there are.
            missing = line - number if number else 1
            # Rows of a pipe may still be on their way: none for now is not the end.
            if self.take(missing, _PATIENCE_SECONDS) is None and self.is_at_end:
                break
        if self.position != position:
            raise FeedChanged(
                f"{self._name} holds other rows than those read before (up to line "
                f"{position['line']}); put the old file back, or start with a new output folder"
            )

    def read_so_far(self) -> FileRead:
        if self.is_at_end:
            self._hashed.drain()
        return FileRead(
            name=self._name,
            sha256=self._hashed.hexdigest(),
            bytes=self._hashed.size,
            is_complete=self.is_at_end,
        )

    def close(self) -> None:
        if self._name != _shown(None):
            self._file.close()

    def _lay_out(self) -> bool:
        """Learns from the first line how rows lie; False if there is none yet."""
        lines = self._lines.take_many(1)
        if lines is None:
            return False
        first = lines.line(0)
        self._is_laid_out = True
        if not self._is_ndjson(first):
            self._layout = self._layout_from(first)
        if self._layout is None or not self._settings.header:
            self._first_row = lines
        return True

    def _is_ndjson(self, first: Line) -> bool:
        if self._is_table:
            return True
        if self._settings.format != "auto":
            return self._settings.format == "ndjson"
        suffix = Path(_without_compression(self._name)).suffix.lower()
        if suffix in _NDJSON_SUFFIXES | _DELIMITED_SUFFIXES:
            return suffix in _NDJSON_SUFFIXES
        return first.value.lstrip().startswith(b"{")

    def _layout_from(self, first: Line) -> Layout:
        suffix = Path(_without_compression(self._name)).suffix.lower()
        delimiter = self._settings.delimiter or ("\t" if suffix == ".tsv" else ",")
        cells = self._header_cells(first, delimiter)
        if not self._settings.header:
            cells = [str(at) for at in range(1, len(cells) + 1)]
        twice = sorted({cell for cell in cells if cells.count(cell) > 1})
        if twice:
            raise FeedUnreadable(
                f"{self._name}, line {first.number}: the header names {', '.join(twice)} twice; "
                "give each column a name of its own, or set [feed] header = false"
            )
        return Layout(columns=tuple(cells), delimiter=delimiter)

    def _header_cells(self, first: Line, delimiter: str) -> list[str]:
        try:
            text = first.value.decode(self._settings.encoding)
            return [
                cell.strip()
                for cell in split(text, delimiter=delimiter, quote=self._settings.quote)
            ]
        except (UnicodeError, csv.Error):
            raise FeedUnreadable(
                f"{self._name}, line {first.number}: the header cannot be read; check [feed] "
                "format, encoding, delimiter and quote"
            ) from None

    def _read(self) -> bytes | None:
        if self._waits and not select.select([self._file], [], [], self._wait)[0]:
            return None
        try:
            if self._plain is None:
                self._plain = self._opened_plain(self._hashed.read(_CHUNK_BYTES))
            return self._plain.read(_CHUNK_BYTES)
        except DAMAGE as error:
            raise FeedUnreadable(
                f"{self._name} is damaged after line {self._last.number if self._last else 0} "
                f"({type(error).__name__}); have it sent again and run again: it goes on there"
            ) from error

    def _opened_plain(self, head: bytes) -> Bytes:
        """Lines of text, whatever the file is made of."""
        if not head.startswith(MAGIC):
            return decompressed(self._hashed, head)
        if self._path is None:
            raise FeedUnreadable("stdin: a Parquet file cannot be read from a pipe; give its path")
        self._is_table = True
        return ParquetLines(self._path)


class _HashedBytes:
    """The bytes of a file, counted and hashed as they are read."""

    def __init__(self, file: BinaryIO) -> None:
        self.size = 0
        self._file = file
        self._hash = sha256()

    def read(self, size: int, /) -> bytes:
        data = self._file.read(size)
        self._hash.update(data)
        self.size += len(data)
        return data

    def drain(self) -> None:
        """Hashes what a decompressor left unread."""
        while self.read(_CHUNK_BYTES):
            continue

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


def _together(parts: Sequence[FileRows]) -> Sequence[Message]:
    """The rows of all parts in one sequence, those of one file in one buffer."""
    if not parts:
        return []
    if len({(part.name, part.layout) for part in parts}) > 1:
        return [message for part in parts for message in part]
    lines = merged([part.lines for part in parts])
    return FileRows(name=parts[0].name, lines=lines, layout=parts[0].layout)


def _names(path: str | Path, settings: TextFormat) -> Sequence[Path | None]:
    """The files to read, in order; None stands for standard input."""
    if str(path) == STANDARD_INPUT:
        return [None]
    place = Path(path)
    if place.is_dir():
        return _in_folder(place, settings)
    if not place.is_file():
        raise FeedUnreadable(f"{place}: no such file or folder; give --feed a path that exists")
    return [place]


def _in_folder(folder: Path, settings: TextFormat) -> list[Path | None]:
    patterns = settings.files if isinstance(settings, FeedSettings) else ("*",)
    taken = settings.reference_files.values() if isinstance(settings, FeedSettings) else ()
    references = {(folder / file).resolve() for file in taken}
    found = sorted(
        (path for path in folder.iterdir() if path.is_file()), key=lambda path: path.name
    )
    rows: list[Path | None] = [
        path
        for path in found
        if path.resolve() not in references
        and not path.name.startswith(".")
        and any(fnmatch(_without_compression(path.name), pattern) for pattern in patterns)
    ]
    if not rows:
        raise FeedUnreadable(
            f"{folder}: no file is named {' or '.join(patterns)}; set [feed] files"
        )
    return rows


def _without_compression(name: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    return stem if dot + suffix.lower() in SUFFIXES else name


def _shown(path: Path | None) -> str:
    return "stdin" if path is None else path.name


def _opened_file(path: Path | None, stdin: BinaryIO | None) -> BinaryIO:
    if path is None:
        # Unbuffered, so that a row is seen as soon as it is written.
        given = stdin or sys.stdin.buffer
        unbuffered: BinaryIO = getattr(given, "raw", given)
        return unbuffered
    try:
        return path.open("rb", buffering=0)
    except OSError as error:
        raise FeedUnreadable(f"{path}: cannot be opened ({error.strerror}); check rights") from None


def _has_descriptor(file: BinaryIO) -> bool:
    try:
        return file.fileno() >= 0
    except OSError:
        return False
