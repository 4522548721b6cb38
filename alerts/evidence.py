"""The movements an alert rests on, as a page shows them; and the transactions they are sides of."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Literal

import msgspec
import polars as pl

ORDER = ("time", "sequence", "txn_hi", "txn_lo", "side")
"""The total order of movements; devices are numbered along it."""

Side = Literal["in", "out"]


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """One cited transaction as its holder sees it. Money is decimal text, never negative."""

    reference: str
    time: str
    """ISO 8601, UTC."""
    local_time: str
    """ISO 8601 with the offset of the place, to the second."""
    side: Side
    holder: str
    account: str
    counterparty: str | None
    counterparty_account: str | None
    amount: str | None
    currency: str | None
    amount_base: str | None
    """None: no rate for that day and currency."""
    txn_type: str | None
    channel: str | None
    place: str | None
    region: str | None
    device: str | None
    """A short label such as `device 1`, the same within one alert; never the bank's own id."""
    cancelled_by: str | None
    """Reference of the return that undid it."""


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """A cited transaction with both its sides: money goes from payer to receiver.

    A party is None where the bank's row names none: cash, or a side it did not record."""

    reference: str
    time: str
    local_time: str
    payer: str | None
    payer_account: str | None
    receiver: str | None
    receiver_account: str | None
    amount: str | None
    currency: str | None
    amount_base: str | None
    txn_type: str | None
    channel: str | None
    place: str | None
    region: str | None
    device: str | None
    cancelled_by: str | None


def movements_from_ledger(frame: pl.DataFrame, minor_units: int) -> list[Movement]:
    """The movements of a LEDGER frame in total order, ready to be shown.

    minor_units: decimals of the base currency.
    """
    rows = frame.sort(ORDER).rows(named=True)
    devices = _device_labels(row["device"] for row in rows)
    return [_movement(row, devices, minor_units) for row in rows]


def transactions_of(movements: Sequence[Movement]) -> list[Transaction]:
    """Each transaction once, in order of time, though both its sides may be among the movements."""
    found: dict[tuple[str, str | None, str | None], Transaction] = {}
    for movement in movements:
        transaction = _transaction(movement)
        key = (transaction.reference, transaction.payer_account, transaction.receiver_account)
        found[key] = _joined(found[key], transaction) if key in found else transaction
    return sorted(found.values(), key=lambda each: (each.time, each.reference))


def _device_labels(devices: Iterable[str | None]) -> dict[str, str]:
    distinct = dict.fromkeys(device for device in devices if device is not None)
    return {device: f"device {number}" for number, device in enumerate(distinct, start=1)}


def _movement(row: Mapping[str, Any], devices: Mapping[str, str], minor_units: int) -> Movement:
    return Movement(
        reference=row["reference"],
        time=row["time"].isoformat().replace("+00:00", "Z"),
        local_time=_local_time(row["time"], row["local_offset_min"]),
        side="in" if row["side"] else "out",
        holder=row["holder"],
        account=row["account"],
        counterparty=row["counterparty"],
        counterparty_account=row["counterparty_account"],
        amount=row["amount"],
        currency=row["currency"],
        amount_base=_decimal_text(row["amount_base"], minor_units),
        txn_type=row["txn_type"],
        channel=row["channel"],
        place=row["place"],
        region=row["region"],
        device=devices.get(row["device"]),
        cancelled_by=row["cancelled_by"],
    )


def _local_time(time: datetime, offset_minutes: int | None) -> str:
    zone = timezone(timedelta(minutes=offset_minutes or 0))
    return time.astimezone(zone).isoformat(timespec="seconds")


def _decimal_text(minor: int | None, minor_units: int) -> str | None:
    return None if minor is None else format(Decimal(minor).scaleb(-minor_units), "f")


def _transaction(movement: Movement) -> Transaction:
    own = (movement.holder, movement.account)
    other = (movement.counterparty, movement.counterparty_account)
    payer, receiver = (other, own) if movement.side == "in" else (own, other)
    return Transaction(
        reference=movement.reference,
        time=movement.time,
        local_time=movement.local_time,
        payer=payer[0],
        payer_account=payer[1],
        receiver=receiver[0],
        receiver_account=receiver[1],
        amount=movement.amount,
        currency=movement.currency,
        amount_base=movement.amount_base,
        txn_type=movement.txn_type,
        channel=movement.channel,
        place=movement.place,
        region=movement.region,
        device=movement.device,
        cancelled_by=movement.cancelled_by,
    )


def _joined(one: Transaction, other: Transaction) -> Transaction:
    """What either side knows: the paying side has the device, only one may be cancelled."""
    unknown = {
        name: getattr(other, name) for name in one.__struct_fields__ if getattr(one, name) is None
    }
    return msgspec.structs.replace(one, **unknown)
