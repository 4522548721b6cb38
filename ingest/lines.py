"""Lines of a byte stream, however long, in bounded memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LINE_END, _RETURN, _SPACE = b"\n\r "


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line without its end. `length` is its own; `value` is cut at the bound. `offset` is where
    it starts, `after` where the next one does. is_ended: its end was seen."""

    value: bytes
    length: int
    offset: int
    after: int
    number: int
    is_ended: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LineBlock:
    """Lines in the order read, never none: each from its start to its stop in `data`, and what a
    Line tells of it. At its stop is the line's end, or where it was cut, or the end of the data."""

    data: bytes
    starts: Int64s
    stops: Int64s
    lengths: Int64s
    offsets: Int64s
    afters: Int64s
    numbers: Int64s
    is_last_ended: bool

    def __len__(self) -> int:
        return len(self.starts)

    def line(self, at: int) -> Line:
        at = range(len(self))[at]
        return Line(
            value=self.data[int(self.starts[at]) : int(self.stops[at])],
            length=int(self.lengths[at]),
            offset=int(self.offsets[at]),
            after=int(self.afters[at]),
            number=int(self.numbers[at]),
            is_ended=self.is_last_ended or at < len(self) - 1,
        )

    def part(self, first: int, stop: int) -> "LineBlock":
        """The lines from `first` up to `stop`; their bytes are not copied."""
        chosen = slice(first, stop)
        return LineBlock(
            data=self.data,
            starts=self.starts[chosen],
            stops=self.stops[chosen],
            lengths=self.lengths[chosen],
            offsets=self.offsets[chosen],
            afters=self.afters[chosen],
            numbers=self.numbers[chosen],
            is_last_ended=self.is_last_ended or stop < len(self),
        )


class Lines:
    """Cuts what `read` gives into lines, blank ones left out but counted.

    `read` returns some bytes, none at the end, and None if there is nothing at the moment. Bytes
    of a line beyond `bound` are counted and dropped, so that no line is held whole.
    """

    def __init__(self, read: Callable[[], bytes | None], *, bound: int) -> None:
        self._read = read
        self._bound = bound
        self._ready: LineBlock | None = None
        self._tail = bytearray()
        self._tail_length = 0
        self._has_ended = False
        self._offset = 0
        self._number = 0

    @property
    def is_at_end(self) -> bool:
        """Whether every line is out."""
        return self._has_ended and self._ready is None

    def take(self) -> Line | None:
        """The next line that is not blank; None at the end, or if there is none at the moment."""
        block = self.take_many(1)
        return None if block is None else block.line(0)

    def take_many(self, at_most: int) -> LineBlock | None:
        """Some of the next lines that are not blank; None as for take."""
        while self._ready is None and self._pull():
            continue
        ready = self._ready
        if ready is None or len(ready) <= at_most:
            self._ready = None
            return ready
        self._ready = ready.part(at_most, len(ready))
        return ready.part(0, at_most)

    def _pull(self) -> bool:
        """Reads on; False if that gave nothing and there is nothing more to read now."""
        if self._has_ended:
            return False
        chunk = self._read()
        if chunk is None:
            return False
        if not chunk:
            self._has_ended = True
            self._cut(b"", is_ended=False)
            return self._ready is not None
        whole = chunk.rfind(b"\n") + 1
        if whole:
            self._cut(chunk[:whole], is_ended=True)
        self._extend_tail(chunk[whole:])
        return True

    def _extend_tail(self, part: bytes) -> None:
        self._tail += part[: max(self._bound - len(self._tail), 0)]
        self._tail_length += len(part)

    def _cut(self, part: bytes, *, is_ended: bool) -> None:
        """Makes the tail and `part` ready, which ends with a line end unless the stream is over."""
        data = bytes(self._tail) + part
        if not data:
            return
        dropped = self._tail_length - len(self._tail)
        block = _lines(data, dropped, self._offset, self._number, is_ended=is_ended)
        self._tail.clear()
        self._tail_length = 0
        self._offset, self._number = int(block.afters[-1]), int(block.numbers[-1])
        self._ready = _without_blank(_within(block, self._bound))


def merged(blocks: Sequence[LineBlock]) -> LineBlock:
    """The lines of all blocks as one block."""
    if len(blocks) == 1:
        return blocks[0]
    datas = [block.data[int(block.starts[0]) : int(block.stops[-1]) + 1] for block in blocks]
    before = np.cumsum([0, *(len(data) for data in datas[:-1])])
    shifts = [at - block.starts[0] for at, block in zip(before, blocks, strict=True)]
    shifted = list(zip(blocks, shifts, strict=True))
    return LineBlock(
        data=b"".join(datas),
        starts=np.concatenate([block.starts + shift for block, shift in shifted]),
        stops=np.concatenate([block.stops + shift for block, shift in shifted]),
        lengths=np.concatenate([block.lengths for block in blocks]),
        offsets=np.concatenate([block.offsets for block in blocks]),
        afters=np.concatenate([block.afters for block in blocks]),
        numbers=np.concatenate([block.numbers for block in blocks]),
        is_last_ended=blocks[-1].is_last_ended,
    )


def _lines(data: bytes, dropped: int, offset: int, number: int, *, is_ended: bool) -> LineBlock:
    """All lines of `data`, the first of which lost `dropped` bytes at its end."""
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == _LINE_END)
    stops = ends if is_ended else np.append(ends, len(data))
    starts = np.append(0, stops[:-1] + 1)
    lengths = stops - starts
    lengths[0] += dropped
    afters = offset + dropped + stops + 1
    if not is_ended:
        afters[-1] -= 1
    return LineBlock(
        data=data,
        starts=starts,
        stops=stops,
        lengths=lengths,
        offsets=np.append(offset, afters[:-1]),
        afters=afters,
        numbers=np.arange(number + 1, number + 1 + len(starts)),
        is_last_ended=is_ended,
    )


def _within(block: LineBlock, bound: int) -> LineBlock:
    """With the lines cut at the bound, without a byte order mark and returns before line ends."""
    data = np.frombuffer(block.data, np.uint8)
    starts, lengths, offsets = block.starts.copy(), block.lengths.copy(), block.offsets.copy()
    stops = np.minimum(block.stops, starts + bound)
    if offsets[0] == 0 and block.data.startswith(_BYTE_ORDER_MARK):
        starts[0], offsets[0], lengths[0] = 3, 3, lengths[0] - 3
    is_ended = np.ones(len(block), np.bool_)
    is_ended[-1] = block.is_last_ended
    is_return = is_ended & (lengths == stops - starts) & (stops > starts)
    is_return &= data[stops - 1] == _RETURN
    return LineBlock(
        data=block.data,
        starts=starts,
        stops=stops - is_return,
        lengths=lengths - is_return,
        offsets=offsets,
        afters=block.afters,
        numbers=block.numbers,
        is_last_ended=block.is_last_ended,
    )


def _without_blank(block: LineBlock) -> LineBlock | None:
    first_bytes = np.frombuffer(block.data, np.uint8)[np.minimum(block.starts, len(block.data) - 1)]
    is_row = (first_bytes > _SPACE) & (block.stops > block.starts)
    for at in np.flatnonzero(~is_row).tolist():
        is_row[at] = bool(block.line(at).value.strip())
    if is_row.all():
        return block
    if not is_row.any():
        return None
    return LineBlock(
        data=block.data,
        starts=block.starts[is_row],
        stops=block.stops[is_row],
        lengths=block.lengths[is_row],
        offsets=block.offsets[is_row],
        afters=block.afters[is_row],
        numbers=block.numbers[is_row],
        is_last_ended=block.is_last_ended or not bool(is_row[-1]),
    )
