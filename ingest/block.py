"""Rows as they lie in one buffer: what a feed gives out, without an object for each row."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import numpy.typing as npt
import polars as pl

from ingest.feed import Layout, Message
from ingest.lines import LineBlock

Int64s = npt.NDArray[np.int64]


class RowsOnDemand(Sequence[Message]):
    """Rows, read as messages where a message is asked for."""

    __slots__ = ()

    @abstractmethod
    def message(self, at: int) -> Message:
        """The row at a place from 0 on."""

    @overload
    def __getitem__(self, at: int) -> Message: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Message]: ...

    def __getitem__(self, at: int | slice) -> Message | Sequence[Message]:
        if isinstance(at, slice):
            return [self[each] for each in range(*at.indices(len(self)))]
        return self.message(at)

    def __iter__(self) -> Iterator[Message]:
        return (self[at] for at in range(len(self)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FileRows(RowsOnDemand):
    """Rows of one file."""

    name: str
    lines: LineBlock
    layout: Layout | None

    def __len__(self) -> int:
        return len(self.lines)

    def message(self, at: int) -> Message:
        line = self.lines.line(at)
        return Message(
            value=line.value,
            where=f"{self.name}:{line.number}",
            raw_ref=f"{self.name}#{line.offset}+{line.length}",
            oversize=line.length if line.length > len(line.value) else None,
            layout=self.layout,
            is_ended=line.is_ended,
        )

    @property
    def bytes(self) -> int:
        """How many bytes the rows have here."""
        return int(self.lines.stops[-1] - self.lines.starts[0])

    def raw_refs(self) -> pl.Series:
        """The pointer of each row to its raw bytes."""
        places = pl.lit(pl.Series(self.lines.offsets)), pl.lit(pl.Series(self.lines.lengths))
        return pl.select(pl.format("{}#{}+{}", pl.lit(self.name), *places)).to_series()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TopicRows(RowsOnDemand):
    """Rows of one partition of a topic, JSON. Of each row: its bytes, the offset of its message
    and its place there, None for the only one."""

    topic: str
    partition: int
    values: Sequence[bytes]
    offsets: Sequence[int]
    places: Sequence[int | None]

    def __len__(self) -> int:
        return len(self.values)

    def message(self, at: int) -> Message:
        value, place = self.values[at], self.places[at]
        row = f"{self.offsets[at]}" if place is None else f"{self.offsets[at]}.{place}"
        return Message(
            value=value,
            where=f"{self.topic}/{self.partition}@{row}",
            raw_ref=f"{self.origin}#{row}+{len(value)}",
        )

    @property
    def origin(self) -> str:
        """The partition, as a pointer to raw bytes names it."""
        return f"{self.topic}-{self.partition}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeveralTopicRows(RowsOnDemand):
    """Rows of some partitions, one partition after the other."""

    parts: Sequence[TopicRows]

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def message(self, at: int) -> Message:
        for part in self.parts:
            if at < len(part):
                return part.message(at)
            at -= len(part)
        raise IndexError(at)

    @property
    def values(self) -> list[bytes]:
        return [value for part in self.parts for value in part.values]

    def raw_refs(self) -> pl.Series:
        """The pointer of each row to its raw bytes."""
        rows = pl.DataFrame(
            {
                "origin": [part.origin for part in self.parts for _ in range(len(part))],
                "offset": [offset for part in self.parts for offset in part.offsets],
                "place": pl.Series(
                    [place for part in self.parts for place in part.places], dtype=pl.Int64
                ),
                "length": list(map(len, self.values)),
            }
        )
        row = pl.concat_str("offset", "place", separator=".", ignore_nulls=True)
        return rows.select(pl.format("{}#{}+{}", "origin", row, "length")).to_series()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Joined:
    """Bytes of rows one after the other; layout None: JSON. is_whole: rows that are complete and
    lie as the layout says."""

    data: bytes
    starts: Int64s
    stops: Int64s
    layout: Layout | None
    is_whole: npt.NDArray[np.bool_]


def joined(messages: Sequence[Message]) -> Joined:
    """Messages as bytes in one buffer, a control byte after each."""
    if isinstance(messages, FileRows):
        lines = messages.lines
        first, after = int(lines.starts[0]), int(lines.stops[-1]) + 1
        return Joined(
            data=lines.data[first:after],
            starts=lines.starts - first,
            stops=lines.stops - first,
            layout=messages.layout,
            is_whole=lines.lengths == lines.stops - lines.starts,
        )
    if isinstance(messages, TopicRows | SeveralTopicRows):
        return _one_after_the_other(
            messages.values, layout=None, is_whole=np.ones(len(messages), np.bool_)
        )
    layout = messages[0].layout if messages else None
    return _one_after_the_other(
        [each.value for each in messages],
        layout=layout,
        is_whole=np.array(
            [each.oversize is None and each.layout == layout for each in messages], np.bool_
        ),
    )


def raw_refs(messages: Sequence[Message]) -> pl.Series:
    """The pointer of each row to its raw bytes."""
    if isinstance(messages, FileRows | SeveralTopicRows):
        return messages.raw_refs()
    if isinstance(messages, TopicRows):
        return SeveralTopicRows(parts=(messages,)).raw_refs()
    return pl.Series([each.raw_ref for each in messages], dtype=pl.String)


def _one_after_the_other(
    values: Sequence[bytes], *, layout: Layout | None, is_whole: npt.NDArray[np.bool_]
) -> Joined:
    lengths = np.fromiter(map(len, values), np.int64, len(values))
    stops = np.cumsum(lengths + 1) - 1
    return Joined(
        data=b"\n".join(values),
        starts=stops - lengths,
        stops=stops,
        layout=layout,
        is_whole=is_whole,
    )
