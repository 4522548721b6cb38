"""The profiles in pieces of Arrow, which can be written while new movements come in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
import pyarrow as pa

from ingest.kernels.ids import ENTRY
from models.kernels.arena import MOVEMENT, Columns, Int64s
from models.kernels.transfers import TRANSFER, Transfers
from models.mask import Mask

FORMAT = 2
"""Raised with every change of what a section holds."""

ENGINE = blake2b(
    repr(
        (
            FORMAT,
            MOVEMENT.descr,
            TRANSFER.descr,
            ENTRY.descr,
            [(bit.name, int(bit)) for bit in Mask],
        )
    ).encode(),
    digest_size=8,
).hexdigest()
"""Of the format, a movement's fields and its bits, those of a transfer and an id. Another
engine's records mean something else."""

STATE, NAMES, TRANSACTIONS, HOLDERS, MOVEMENTS = (
    "state",
    "names",
    "transactions",
    "holders",
    "movements",
)
NETWORK_STATE, NETWORK_NAMES, NETWORK_TRANSACTIONS, TRANSFERS = (
    "network-state",
    "network-names",
    "network-transactions",
    "transfers",
)
PROFILE_SECTIONS = (STATE, NAMES, TRANSACTIONS, HOLDERS, MOVEMENTS)
NETWORK_SECTIONS = (NETWORK_STATE, NETWORK_NAMES, NETWORK_TRANSACTIONS, TRANSFERS)
INTAKE = "intake"
"""state: one row of numbers. names: every interned string in order of its number. transactions:
what the ledger shows, a batch a chunk, with running numbers. holders: one row a holder, by its
number. movements: the holders' records in the same order, as many each as `length` says.
network-state: one row with JSON. network-names, network-transactions: as of the profiles.
transfers: records of the room, without their places in its lists. intake: one row of bytes."""

FILLED_BY_ROWS = frozenset({TRANSACTIONS, HOLDERS, MOVEMENTS, NETWORK_TRANSACTIONS})
"""Sections without any piece where nothing is kept yet; every other one is always there."""

NAMES_AT_ONCE = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A batch of a section; the batches of one section come in order."""

    section: str
    rows: pa.RecordBatch


Sections = Mapping[str, Sequence[pa.RecordBatch]]
"""A whole snapshot, by section."""


def name_pieces(names: Sequence[str], *, section: str = NAMES) -> Iterator[Piece]:
    for first in range(0, max(len(names), 1), NAMES_AT_ONCE):
        some = pa.array(names[first : first + NAMES_AT_ONCE], pa.large_string())
        yield Piece(section=section, rows=pa.record_batch({"name": some}))


def names_in(sections: Sections, *, section: str = NAMES) -> list[str]:
    return [name for rows in sections[section] for name in rows["name"].to_pylist()]


def bytes_piece(section: str, content: bytes) -> Piece:
    """A section that is one row of bytes."""
    column = pa.array([content], pa.large_binary())
    return Piece(section=section, rows=pa.record_batch({"state": column}))


def bytes_in(sections: Sections, section: str) -> bytes:
    return bytes(sections[section][0]["state"][0].as_py())


def as_records(rows: Columns | Transfers) -> pa.Array:
    """MOVEMENT or TRANSFER records as they lie in memory."""
    whole = np.ascontiguousarray(rows)
    kind = pa.binary(whole.dtype.itemsize)
    return pa.Array.from_buffers(kind, len(whole), [None, pa.py_buffer(whole.view(np.uint8))])


def as_movements(records: pa.Array) -> Columns:
    """The reverse, without a copy."""
    return _rows(records, MOVEMENT)


def as_transfers(records: pa.Array) -> Transfers:
    """Likewise."""
    return _rows(records, TRANSFER)


def integers(rows: pa.RecordBatch, column: str) -> Int64s:
    """A column without nulls as int64."""
    numbers: Int64s = rows[column].to_numpy(zero_copy_only=False).astype(np.int64, copy=False)
    return numbers


def _rows(records: pa.Array, kind: np.dtype[np.void]) -> Any:
    _, data = records.buffers()
    found = np.frombuffer(data, kind, count=len(records), offset=records.offset * kind.itemsize)
    return found.view(np.recarray)
