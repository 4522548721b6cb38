"""The contract between where rows come from and what is done with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

Position = Mapping[str, object]
"""Opaque to all but the feed that made it; JSON-able; kept by the sink with what it covers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The columns of a delimited row, in order; "1", "2" and so on where there is no header."""

    columns: tuple[str, ...]
    delimiter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One row as it came. `where` names file and line (or topic, partition, offset) for people;
    `raw_ref` is the pointer `<origin>#<offset>+<length>` kept as evidence. `oversize` carries the
    full length when the bytes were cut at the feed's bound; `layout` is that of a delimited row
    (None: JSON). `is_ended` is False when the input stopped before the row's end was seen."""

    value: bytes
    where: str
    raw_ref: str
    oversize: int | None = None
    layout: Layout | None = None
    is_ended: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RawBatch:
    """Messages in the order read, and the position after the last of them.

    partition: the input partition lateness is counted in (a folder of files is one).
    is_end: the feed is bounded and has no more.
    """

    messages: Sequence[Message]
    upto: Position
    partition: str
    is_end: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """A row that could not become a transaction: a stable reason code, a sentence without
    personal data that says what to do, where it lay, and its bytes."""

    reason: str
    detail: str
    where: str
    raw_ref: str
    raw: bytes


class Feed(Protocol):
    """Rows from somewhere. Called by the loop, one thread.

    poll returns at most `at_most` messages, may be empty, and never waits past `wait` seconds. A
    bad row is a message like any other: the decoder makes it a Reject, never an exception.
    seek continues after a position taken earlier; called once, before the first poll.
    acknowledge tells the source that all up to `upto` is kept for good; called after the sink has
    committed that position, never before. It may be lost: the sink's own position decides.
    """

    def poll(self, *, at_most: int, wait: float) -> RawBatch: ...

    def seek(self, position: Position) -> None: ...

    def acknowledge(self, upto: Position) -> None: ...

    def close(self) -> None: ...
