"""All blocks as they were at one moment, handed out while they change."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from models.kernels.arena import Columns, Int64s

HOLDERS_AT_ONCE = 4_096


class Laid(Protocol):
    """Where blocks lie."""

    columns: Columns
    starts: Int64s
    lengths: Int64s
    kept_from: Int64s

    def __len__(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockSlice:
    """Some holders and their movements, one block after the other."""

    holders: Int64s
    lengths: Int64s
    kept_from: Int64s
    movements: Columns


class BlockCopy:
    """Each holder known when it was made, once, in no particular order. Whoever changes blocks
    says so first (`keep`): those not handed out yet are copied then."""

    def __init__(self, blocks: Laid) -> None:
        self._blocks = blocks
        self._is_done = np.zeros(len(blocks), np.bool_)
        self._next = 0
        self._kept: list[BlockSlice] = []

    def keep(self, holders: Int64s) -> None:
        """Copies these holders' blocks, which are about to change."""
        known = np.unique(holders[(holders >= 0) & (holders < len(self._is_done))])
        due = known[~self._is_done[known]]
        if len(due):
            self._kept.append(self._slice(due))

    def slices(self, *, most_movements: int) -> Iterator[BlockSlice]:
        """Slices of about so many movements at most, until every holder was handed out."""
        while self._kept or self._next < len(self._is_done):
            yield self._kept.pop() if self._kept else self._following(most_movements)

    def _following(self, most_movements: int) -> BlockSlice:
        some = np.arange(self._next, min(self._next + HOLDERS_AT_ONCE, len(self._is_done)))
        reached = np.cumsum(self._blocks.lengths[some])
        some = some[: max(1, int(np.searchsorted(reached, most_movements, side="right")))]
        self._next = int(some[-1]) + 1
        return self._slice(some[~self._is_done[some]])

    def _slice(self, holders: Int64s) -> BlockSlice:
        self._is_done[holders] = True
        blocks = self._blocks
        lengths = blocks.lengths[holders]
        before = np.cumsum(lengths) - lengths
        slots = np.repeat(blocks.starts[holders] - before, lengths) + np.arange(lengths.sum())
        return BlockSlice(
            holders=holders,
            lengths=lengths,
            kept_from=blocks.kept_from[holders],
            movements=blocks.columns[slots],
        )
