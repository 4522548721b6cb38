"""Lines of a byte stream, however long, in bounded memory."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


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


class Lines:
    """Cuts what `read` gives into lines, blank ones left out but counted.

    `read` returns some bytes, none at the end, and None if there is nothing at the moment. Bytes
    of a line beyond `bound` are counted and dropped, so that no line is held whole.
    """

    def __init__(self, read: Callable[[], bytes | None], *, bound: int) -> None:
        self._read = read
        self._bound = bound
        self._ready: deque[tuple[bytes, int, bool]] = deque()
        self._tail = bytearray()
        self._tail_length = 0
        self._has_ended = False
        self._offset = 0
        self._number = 0

    @property
    def is_at_end(self) -> bool:
        """Whether every line is out."""
        return self._has_ended and not self._ready

    def take(self) -> Line | None:
        """The next line that is not blank; None at the end, or if there is none at the moment."""
        while self._ready or self._pull():
            while self._ready:
                line = self._line(*self._ready.popleft())
                if line.value.strip():
                    return line
        return None

    def _line(self, value: bytes, length: int, is_ended: bool) -> Line:
        start, after = self._offset, self._offset + length + is_ended
        self._offset, self._number = after, self._number + 1
        if start == 0 and value.startswith(_BYTE_ORDER_MARK):
            value, length, start = value[3:], length - 3, 3
        if is_ended and length == len(value) and value.endswith(b"\r"):
            value, length = value[:-1], length - 1
        return Line(
            value=value,
            length=length,
            offset=start,
            after=after,
            number=self._number,
            is_ended=is_ended,
        )

    def _pull(self) -> bool:
        """Reads on; False if that gave nothing and there is nothing more to read now."""
        if self._has_ended:
            return False
        chunk = self._read()
        if chunk is None:
            return False
        if not chunk:
            self._has_ended = True
            self._end_tail(is_ended=False)
            return bool(self._ready)
        self._cut(chunk)
        return True

    def _cut(self, chunk: bytes) -> None:
        first, *rest = chunk.split(b"\n")
        self._extend_tail(first)
        if not rest:
            return
        self._end_tail(is_ended=True)
        *whole, last = rest
        bound = self._bound
        self._ready.extend((line[:bound], len(line), True) for line in whole)
        self._extend_tail(last)

    def _extend_tail(self, part: bytes) -> None:
        self._tail += part[: max(self._bound - len(self._tail), 0)]
        self._tail_length += len(part)

    def _end_tail(self, *, is_ended: bool) -> None:
        if is_ended or self._tail_length:
            self._ready.append((bytes(self._tail), self._tail_length, is_ended))
        self._tail.clear()
        self._tail_length = 0
