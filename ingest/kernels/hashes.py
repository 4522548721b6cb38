"""Hashes of transactions: BLAKE2b of 16 bytes over ids and contents, as hashlib gives them.

Source: RFC 7693. Contents are packed as MessagePack arrays, byte for byte as msgspec packs Content.
"""

from typing import Any

import numpy as np
from numba import njit

from ingest.kernels.cells import Bools, Bytes, Int8s, Int32s, Int64s, UInt64s, Word
from ingest.kernels.eight import eight_at, put_eight
from ingest.kernels.inner import inner, making

_BLOCK = 128
_START = np.array(
    [
        0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1,
        0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179,
    ],
    np.uint64,
)  # fmt: skip
_PARAMETERS = np.uint64(0x01010000 ^ 16)
_ORDER = np.array(
    [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
        [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
        [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
        [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
        [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
        [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
        [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
        [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
        [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    ],
    np.uint64,
)
_NIL, _FALSE, _TRUE, _ARRAY_16 = 0xC0, 0xC2, 0xC3, 0xDC
_HEADER: Any = np.int64(3)
"""Bytes of an array's head. A kernel that takes Python's own 3 is compiled once more for it."""


@njit(cache=True)
def hash_ids(
    data: Bytes, source_starts: Int32s, source_lengths: Int32s, starts: Int32s, lengths: Int32s,
    high: UInt64s, low: UInt64s, is_given: Bools,
) -> None:  # fmt: skip
    """The 16-byte id of each row's reference at its source, as two halves; is_given = False for a
    row without a reference. O(bytes)."""
    block, state = _room(_longest(source_lengths) + _longest(lengths) + 1)
    packed = block.view(np.uint8)
    for row in range(starts.shape[0]):
        is_given[row] = lengths[row] >= 0
        if lengths[row] < 0:
            continue
        size = _copy(packed, 0, data, source_starts[row], source_lengths[row])
        packed[size] = 0
        size = _copy(packed, size + 1, data, starts[row], lengths[row])
        _digest(block, packed, size, state)
        high[row], low[row] = _swapped(state[0]), _swapped(state[1])


@njit(cache=True)
def hash_contents(
    data: Bytes, starts: Int32s, lengths: Int32s, event_time: Int64s, offset: Int64s,
    sequence: Int64s, is_cash: Int8s, is_cross_border: Int8s, high: UInt64s, low: UInt64s,
) -> None:  # fmt: skip
    """The hash of each row's content. starts, lengths: cells (text field of Content, row), in its
    order; flags are 0, 1 or -1 for none. O(bytes)."""
    texts, rows = starts.shape
    most = 64 + texts * 5
    for text in range(texts):
        most += _longest(lengths[text])
    block, state = _room(most)
    packed = block.view(np.uint8)
    for row in range(rows):
        packed[0], packed[1], packed[2] = _ARRAY_16, 0, texts + 5
        at = _HEADER
        for text in range(texts):
            if text == 2:
                at = _pack_whole(packed, at, event_time[row])
                at = _pack_whole(packed, at, offset[row])
                at = _pack_whole(packed, at, sequence[row])
            elif text == 6:
                packed[at] = _packed_flag(is_cash[row])
                packed[at + 1] = _packed_flag(is_cross_border[row])
                at += 2
            at = _pack_text(packed, at, data, starts[text, row], lengths[text, row])
        _digest(block, packed, at, state)
        high[row], low[row] = _swapped(state[0]), _swapped(state[1])


@making
def _room(size: int) -> tuple[UInt64s, UInt64s]:
    """A message of whole blocks, and the state."""
    blocks = size // _BLOCK + 2
    return np.zeros(blocks * 16, np.uint64), np.zeros(8, np.uint64)


@inner
def _digest(block: UInt64s, packed: Bytes, size: int, state: UInt64s) -> None:
    blocks = max((size + _BLOCK - 1) // _BLOCK, 1)
    for at in range(size, blocks * _BLOCK):
        packed[at] = 0
    for word in range(8):
        state[word] = _START[word]
    state[0] ^= _PARAMETERS
    for number in range(blocks):
        is_last = number == blocks - 1
        counted = size if is_last else (number + 1) * _BLOCK
        _compress(block, np.uint64(number * 16), counted, is_last, state, _ORDER)


@inner
def _compress(
    block: UInt64s, first: Word, counted: int, is_last: bool, state: UInt64s, order: UInt64s
) -> None:
    """Mixes one block into the state. The working words are single variables, which a compiler
    keeps in registers; places without a sign need no test whether they count from the end."""
    v0, v1, v2, v3 = state[0], state[1], state[2], state[3]
    v4, v5, v6, v7 = state[4], state[5], state[6], state[7]
    v8, v9, v10, v11 = _START[0], _START[1], _START[2], _START[3]
    v12, v13, v14, v15 = _START[4] ^ np.uint64(counted), _START[5], _START[6], _START[7]
    if is_last:
        v14 = ~v14
    for turn in range(12):
        x, y = block[first + order[turn, 0]], block[first + order[turn, 1]]
        v0, v4, v8, v12 = _mixed(v0, v4, v8, v12, x, y)
        x, y = block[first + order[turn, 2]], block[first + order[turn, 3]]
        v1, v5, v9, v13 = _mixed(v1, v5, v9, v13, x, y)
        x, y = block[first + order[turn, 4]], block[first + order[turn, 5]]
        v2, v6, v10, v14 = _mixed(v2, v6, v10, v14, x, y)
        x, y = block[first + order[turn, 6]], block[first + order[turn, 7]]
        v3, v7, v11, v15 = _mixed(v3, v7, v11, v15, x, y)
        x, y = block[first + order[turn, 8]], block[first + order[turn, 9]]
        v0, v5, v10, v15 = _mixed(v0, v5, v10, v15, x, y)
        x, y = block[first + order[turn, 10]], block[first + order[turn, 11]]
        v1, v6, v11, v12 = _mixed(v1, v6, v11, v12, x, y)
        x, y = block[first + order[turn, 12]], block[first + order[turn, 13]]
        v2, v7, v8, v13 = _mixed(v2, v7, v8, v13, x, y)
        x, y = block[first + order[turn, 14]], block[first + order[turn, 15]]
        v3, v4, v9, v14 = _mixed(v3, v4, v9, v14, x, y)
    state[0] ^= v0 ^ v8
    state[1] ^= v1 ^ v9
    state[2] ^= v2 ^ v10
    state[3] ^= v3 ^ v11
    state[4] ^= v4 ^ v12
    state[5] ^= v5 ^ v13
    state[6] ^= v6 ^ v14
    state[7] ^= v7 ^ v15


@njit(cache=True, inline="always")
def _mixed(a: Word, b: Word, c: Word, d: Word, x: Word, y: Word) -> tuple[Word, Word, Word, Word]:
    a = a + b + x
    d = _turned(d ^ a, 32)
    c = c + d
    b = _turned(b ^ c, 24)
    a = a + b + y
    d = _turned(d ^ a, 16)
    c = c + d
    b = _turned(b ^ c, 63)
    return a, b, c, d


@njit(cache=True, inline="always")
def _turned(value: Word, bits: int) -> Word:
    return (value >> np.uint64(bits)) | (value << np.uint64(64 - bits))


@inner
def _swapped(value: Word) -> Word:
    """The eight bytes in the other order."""
    turned = np.uint64(0)
    for byte in range(8):
        turned = (turned << np.uint64(8)) | ((value >> np.uint64(8 * byte)) & np.uint64(0xFF))
    return turned


@inner
def _pack_text(packed: Bytes, at: int, data: Bytes, start: int, length: int) -> int:
    if length < 0:
        packed[at] = _NIL
        return at + 1
    if length < 32:
        packed[at] = 0xA0 | length
        return _copy(packed, at + 1, data, start, length)
    size = 1 if length < 1 << 8 else 2 if length < 1 << 16 else 4
    packed[at] = 0xD9 if size == 1 else 0xDA if size == 2 else 0xDB
    at = _pack_big_endian(packed, at + 1, length, size)
    return _copy(packed, at, data, start, length)


@inner
def _pack_whole(packed: Bytes, at: int, value: int) -> int:
    if -32 <= value < 128:
        packed[at] = value & 0xFF
        return at + 1
    if value >= 0:
        power = 0 if value < 1 << 8 else 1 if value < 1 << 16 else 2 if value < 1 << 32 else 3
        packed[at] = 0xCC + power
    else:
        power = (
            0
            if value >= -(1 << 7)
            else 1
            if value >= -(1 << 15)
            else 2
            if value >= -(1 << 31)
            else 3
        )
        packed[at] = 0xD0 + power
    return _pack_big_endian(packed, at + 1, value, 1 << power)


@inner
def _pack_big_endian(packed: Bytes, at: int, value: int, size: int) -> int:
    for byte in range(size):
        packed[at + byte] = (value >> (8 * (size - 1 - byte))) & 0xFF
    return at + size


@inner
def _packed_flag(flag: int) -> int:
    return _NIL if flag < 0 else _TRUE if flag else _FALSE


@inner
def _copy(packed: Bytes, at: int, data: Bytes, start: int, length: int) -> int:
    for byte in range(0, length, 8):
        put_eight(packed, at + byte, eight_at(data, start + byte))
    return at + length


@inner
def _longest(lengths: Int32s) -> int:
    most = 0
    for length in lengths:
        most = max(most, length)
    return most
