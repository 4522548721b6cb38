"""Plain bytes out of gzip, Zstandard, bzip2 or xz, told apart by how they begin."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable
from typing import Any, Protocol, cast

import pyarrow as pa

SUFFIXES = (".gz", ".zst", ".bz2", ".xz")

DAMAGE: tuple[type[Exception], ...] = (EOFError, OSError, ValueError, zlib.error, lzma.LZMAError)
"""What reading damaged or cut compressed bytes raises."""

_MOST_MAGIC_BYTES = 6


class Bytes(Protocol):
    """Something to read bytes from; fewer than asked for are fine, none mean the end."""

    def read(self, size: int, /) -> bytes: ...


def decompressed(source: Bytes, head: bytes) -> Bytes:
    """The plain bytes of `source`, of which `head` was read already; source itself if plain."""
    whole = _PutBack(source, head)
    for magic, opener in _OPENERS.items():
        if head[:_MOST_MAGIC_BYTES].startswith(magic):
            return opener(whole)
    return whole


class _PutBack:
    """A source with bytes put back before it; the decompressors ask it no more than this."""

    closed = False

    def __init__(self, source: Bytes, head: bytes) -> None:
        self._source = source
        self._head = head

    def read(self, size: int = -1, /) -> bytes:
        if not self._head:
            return self._source.read(size)
        part = self._head if size < 0 else self._head[:size]
        self._head = self._head[len(part) :]
        return part

    def seekable(self) -> bool:
        return False

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        """Nothing: who opened the source closes it."""


def _gzip(source: _PutBack) -> Bytes:
    return gzip.GzipFile(fileobj=cast(Any, source), mode="rb")


def _bzip2(source: _PutBack) -> Bytes:
    return bz2.BZ2File(cast(Any, source))


def _xz(source: _PutBack) -> Bytes:
    return lzma.LZMAFile(cast(Any, source))


def _zstandard(source: _PutBack) -> Bytes:
    # The zstandard package reads a cut file without complaint; pyarrow says so.
    return cast(Bytes, pa.CompressedInputStream(pa.PythonFile(source, mode="r"), "zstd"))


_OPENERS: dict[bytes, Callable[[_PutBack], Bytes]] = {
    b"\x1f\x8b": _gzip,
    b"\x28\xb5\x2f\xfd": _zstandard,
    b"BZh": _bzip2,
    b"\xfd7zXZ\x00": _xz,
}
