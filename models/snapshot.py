"""The profiles in pieces of Arrow, which can be written while new movements come in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import pyarrow as pa

from models.kernels.arena import MOVEMENT, Columns, Int64s
from models.mask import Mask

FORMAT = 1
"""Raised with every change of what a section holds."""

ENGINE = blake2b(
    repr((FORMAT, MOVEMENT.descr, [(bit.name, int(bit)) for bit in Mask])).encode(), digest_size=8
).hexdigest()
"""Of the format, a movement's fields and its bits. Another engine's records mean something else."""

STATE, NAMES, TRANSACTIONS, HOLDERS, MOVEMENTS = (
    "state",
    "names",
    "transactions",
    "holders",
    "movements",
)
SECTIONS = (STATE, NAMES, TRANSACTIONS, HOLDERS, MOVEMENTS)
"""state: one row of numbers. names: every interned string in order of its number. transactions:
what the ledger shows, a batch a chunk, with running numbers. holders: one row a holder, by its
number. movements: the holders' records in the same order, as many each as `length` says."""

NAMES_AT_ONCE = 100_000
RECORD = pa.binary(MOVEMENT.itemsize)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A batch of a section; the batches of one section come in order."""

    section: str
    rows: pa.RecordBatch


Sections = Mapping[str, Sequence[pa.RecordBatch]]
"""A whole snapshot, by section."""


def name_pieces(names: Sequence[str]) -> Iterator[Piece]:
    for first in range(0, len(names), NAMES_AT_ONCE):
        some = pa.array(names[first : first + NAMES_AT_ONCE], pa.large_string())
        yield Piece(section=NAMES, rows=pa.record_batch({"name": some}))


def names_in(sections: Sections) -> list[str]:
    return [name for rows in sections[NAMES] for name in rows["name"].to_pylist()]


def as_records(movements: Columns) -> pa.Array:
    """MOVEMENT records as they lie in memory."""
    whole = np.ascontiguousarray(movements)
    return pa.Array.from_buffers(RECORD, len(whole), [None, pa.py_buffer(whole.view(np.uint8))])


def as_movements(records: pa.Array) -> Columns:
    """The reverse, without a copy."""
    _, data = records.buffers()
    size = MOVEMENT.itemsize
    found = np.frombuffer(data, MOVEMENT, count=len(records), offset=records.offset * size)
    return found.view(np.recarray)


def integers(rows: pa.RecordBatch, column: str) -> Int64s:
    """A column without nulls as int64."""
    numbers: Int64s = rows[column].to_numpy(zero_copy_only=False).astype(np.int64, copy=False)
    return numbers
