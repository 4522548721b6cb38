"""Cells: texts that lie in one buffer of bytes, told by where each starts and how long it is.

A cell is (start, length) with length -1 for none; a column of cells is two Int32 arrays of one
entry a row. Nothing is copied: columns of text are views of the buffer.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from ingest.kernels.eight import eight_at, lowest
from ingest.kernels.inner import inner

Bytes = npt.NDArray[np.uint8]
Int8s = npt.NDArray[np.int8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
UInt64s = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]

Word = Any
"""A number of 64 bits whose sign numba infers."""

NONE = -1
"""Length of a cell that holds nothing."""

TEXT, NUMBER, LITERAL = 0, 1, 2
"""How a cell was written: as text, as a JSON number, as true or false."""

INLINE_BYTES = 12
PADDING = 64
"""Bytes to spare at the end of a buffer of cells."""
_BLANK = 0x20


class Words(NamedTuple):
    """A fixed list of words, found by their bytes; `text` has PADDING at its end. slots: open
    addressing, entry + 1, 0 = free."""

    text: Bytes
    starts: Int32s
    lengths: Int32s
    slots: Int32s


def words(listed: list[bytes]) -> Words:
    """The words in the order given; `find` returns their place in it."""
    lengths = np.array([len(word) for word in listed], np.int32)
    starts = np.zeros(len(listed), np.int32)
    starts[1:] = np.cumsum(lengths)[:-1]
    text = np.frombuffer(b"".join(listed) + bytes(PADDING), np.uint8).copy()
    size = 1 << max(3, (4 * len(listed)).bit_length())
    found = Words(text, starts, lengths, np.zeros(size, np.int32))
    _fill(found)
    return found


@inner
def find(known: Words, data: Bytes, start: int, length: int) -> Word:
    """The place of the word that lies in `data`, or -1. O(length)."""
    slot = _hash(data, start, length) & (known.slots.shape[0] - 1)
    while known.slots[slot] != 0:
        word = known.slots[slot] - 1
        if is_word(known, word, data, start, length):
            return word
        slot = (slot + 1) & (known.slots.shape[0] - 1)
    return -1


@inner
def is_word(known: Words, word: int, data: Bytes, start: int, length: int) -> bool:
    """Whether the bytes in `data` are this word."""
    if known.lengths[word] != length:
        return False
    first = known.starts[word]
    at = 0
    while at + 8 <= length:
        if eight_at(known.text, first + at) != eight_at(data, start + at):
            return False
        at += 8
    if at == length:
        return True
    differs = eight_at(known.text, first + at) ^ eight_at(data, start + at)
    return bool(lowest(differs, length - at) == 0)


@njit(cache=True)
def find_all(known: Words, data: Bytes, starts: Int32s, lengths: Int32s, found: Int32s) -> None:
    """found[row] = the place of the row's cell among the words: -1 unknown, -2 no cell."""
    last = -1
    for row in range(starts.shape[0]):
        length = lengths[row]
        if length < 0:
            found[row] = -2
            continue
        if last < 0 or not is_word(known, last, data, starts[row], length):
            last = find(known, data, starts[row], length)
        found[row] = last


@inner
def may_be_stripped(data: Bytes, start: int, length: int) -> bool:
    """Whether stripping blanks could change the text: it begins or ends with an ASCII blank or
    control, or with a byte that some wide blank of Unicode has there."""
    first, last = data[start], data[start + length - 1]
    if first <= _BLANK or last <= _BLANK:
        return True
    if first < 0x80 and last < 0x80:
        return False
    return (
        _leads_wide(first)
        or (length >= 2 and data[start + length - 2] == 0xC2)
        or (length >= 3 and _leads_wide(data[start + length - 3]))
    )


@njit(cache=True)
def view_cells(
    data: Bytes, starts: Int32s, lengths: Int32s, views: UInt64s, is_valid: Bools
) -> None:
    """Writes a column of cells as Arrow string views, two words a row: length and the first four
    bytes, then the next eight or (buffer 0, offset). O(rows)."""
    for row in range(starts.shape[0]):
        length, start = lengths[row], starts[row]
        is_valid[row] = length >= 0
        low, high = np.uint64(0), np.uint64(0)
        if length > 0:
            low = lowest(eight_at(data, start), min(length, 4)) << np.uint64(32)
            if length > INLINE_BYTES:
                high = np.uint64(start) << np.uint64(32)
            elif length > 4:
                high = lowest(eight_at(data, start + 4), length - 4)
            low |= np.uint64(length)
        views[2 * row] = low
        views[2 * row + 1] = high


@njit(cache=True)
def differ(
    data: Bytes, starts: Int32s, lengths: Int32s, other_starts: Int32s, other_lengths: Int32s,
    found: Int8s,
) -> None:  # fmt: skip
    """found[row] = 1 if the two cells differ, 0 if they are equal, -1 if one is none."""
    for row in range(starts.shape[0]):
        length = lengths[row]
        if length < 0 or other_lengths[row] < 0:
            found[row] = -1
            continue
        found[row] = length != other_lengths[row]
        for at in range(length if found[row] == 0 else 0):
            if data[starts[row] + at] != data[other_starts[row] + at]:
                found[row] = 1
                break


@njit(cache=True)
def join_cells(
    data: Bytes, spare: int, between: int, chosen: Bools,
    starts: Int32s, lengths: Int32s, other_starts: Int32s, other_lengths: Int32s,
) -> None:  # fmt: skip
    """Makes the first cell of every chosen row the other one, `between` and itself, written from
    `spare` on."""
    for row in range(starts.shape[0]):
        if not chosen[row]:
            continue
        first = spare
        for at in range(other_lengths[row]):
            data[spare] = data[other_starts[row] + at]
            spare += 1
        data[spare] = between
        spare += 1
        for at in range(lengths[row]):
            data[spare] = data[starts[row] + at]
            spare += 1
        starts[row], lengths[row] = first, spare - first


@njit(cache=True)
def _fill(known: Words) -> None:
    for word in range(known.starts.shape[0]):
        slot = _hash(known.text, known.starts[word], known.lengths[word])
        slot &= known.slots.shape[0] - 1
        while known.slots[slot] != 0:
            slot = (slot + 1) & (known.slots.shape[0] - 1)
        known.slots[slot] = word + 1


@inner
def _hash(data: Bytes, start: int, length: int) -> Word:
    """FNV-1a, which is short and good enough for lists of words nobody attacks."""
    value = np.uint64(0xCBF29CE484222325)
    for at in range(start, start + length):
        value = (value ^ np.uint64(data[at])) * np.uint64(0x100000001B3)
    return np.int64((value ^ (value >> np.uint64(32))) & np.uint64(0x7FFFFFFF))


@inner
def _leads_wide(byte: int) -> bool:
    return byte == 0xC2 or (byte >= 0xE1 and byte <= 0xE3)
