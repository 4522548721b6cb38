"""The total order of movements as one key of 33 bytes that any database compares rightly."""

from datetime import UTC, datetime, timedelta

from detectors.finding import TriggerKey

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
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


def microseconds(time: datetime) -> int:
    """Since the epoch, exact."""
    return (time - EPOCH) // MICROSECOND


def moment(microseconds_since_epoch: int) -> datetime:
    return EPOCH + microseconds_since_epoch * MICROSECOND


def utc_text(time: datetime) -> str:
    """ISO 8601 with Z, microseconds only where there are any."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _signed(number: int) -> bytes:
    return (number + OFFSET).to_bytes(8, "big")
