"""The total order of movements as one key of 33 bytes that any database compares rightly."""

from datetime import UTC, datetime

import numpy as np
import polars as pl

from detectors.finding import TriggerKey
from ingest.times import EPOCH, MICROSECOND, microseconds

OFFSET = 1 << 63
"""Added to signed numbers, so that their big-endian bytes order as they do."""


def order_key(trigger: TriggerKey) -> bytes:
    """The key of a trigger: time, sequence, transaction id, side."""
    head = _signed(microseconds(trigger.time)) + _signed(trigger.sequence)
    return head + bytes.fromhex(trigger.txn) + bytes((trigger.side,))


def movement_key(time: datetime, sequence: int, hi: int, lo: int, side: int) -> bytes:
    """The key of a movement given by its columns."""
    head = _signed(microseconds(time)) + _signed(sequence)
    return head + hi.to_bytes(8, "big") + lo.to_bytes(8, "big") + bytes((side,))


class KeyColumn:
    """The keys of many movements at once. frame: columns time, sequence, txn_hi, txn_lo, side."""

    def __init__(self, frame: pl.DataFrame) -> None:
        parts = np.empty(frame.height, _KEY_PARTS)
        for name in ("time", "sequence"):
            numbers = frame[name].to_physical().cast(pl.Int64).to_numpy()
            parts[name] = numbers.view(np.uint64) ^ np.uint64(OFFSET)
        for name in ("txn_hi", "txn_lo", "side"):
            parts[name] = frame[name].to_numpy()
        self._whole = parts.tobytes()
        # Padding of shorter strings with zeros leaves the order of equally long keys as it is.
        self._keys = parts.view(f"S{_KEY_PARTS.itemsize}")

    def __getitem__(self, row: int) -> bytes:
        return self._whole[row * _KEY_PARTS.itemsize : (row + 1) * _KEY_PARTS.itemsize]

    def first_from(self, key: bytes, start: int, stop: int) -> int:
        """The first of the ascending rows start..stop that is not before the key; stop if none."""
        return start + int(np.searchsorted(self._keys[start:stop], np.bytes_(key)))

    def first_after(self, key: bytes, start: int, stop: int) -> int:
        """The first of the ascending rows start..stop that is after the key; stop if none."""
        return start + int(np.searchsorted(self._keys[start:stop], np.bytes_(key), side="right"))


def key_parts(key: bytes) -> tuple[datetime, int, int, int, int]:
    """Time, sequence, both halves of the transaction id, side."""
    numbers = [int.from_bytes(key[at : at + 8], "big") for at in (0, 8, 16, 24)]
    return moment(numbers[0] - OFFSET), numbers[1] - OFFSET, numbers[2], numbers[3], key[32]


def keys_between(first: int, last: int) -> tuple[bytes, bytes]:
    """Bounds of the keys of movements from `first` to `last`, both included, in microseconds."""
    return _signed(first), _signed(last) + b"\xff" * 25


def key_time(key: bytes) -> int:
    """The time of a key in microseconds."""
    return int.from_bytes(key[:8], "big") - OFFSET


def moment(microseconds_since_epoch: int) -> datetime:
    return EPOCH + microseconds_since_epoch * MICROSECOND


def utc_text(time: datetime) -> str:
    """ISO 8601 with Z, microseconds only where there are any."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _signed(number: int) -> bytes:
    return (number + OFFSET).to_bytes(8, "big")


_KEY_PARTS = np.dtype(
    [("time", ">u8"), ("sequence", ">u8"), ("txn_hi", ">u8"), ("txn_lo", ">u8"), ("side", "u1")]
)
