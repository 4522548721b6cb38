"""A row of the simulated feed before it is written: canonical names, whole kip, local time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter

import polars as pl

from ingest.simulated.country import CURRENCY

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR

ROW: dict[str, pl.DataType] = {
    "event_time": pl.Int64(),
    "txn_type": pl.String(),
    "channel": pl.String(),
    "direction": pl.String(),
    "is_cash": pl.Boolean(),
    "is_cross_border": pl.Boolean(),
    "amount": pl.Int64(),
    "currency": pl.String(),
    "orig_account_id": pl.String(),
    "orig_party_id": pl.String(),
    "orig_country": pl.String(),
    "orig_region": pl.String(),
    "benef_account_id": pl.String(),
    "benef_party_id": pl.String(),
    "benef_country": pl.String(),
    "benef_region": pl.String(),
    "conductor_party_id": pl.String(),
    "terminal_id": pl.String(),
    "location_region": pl.String(),
    "mcc": pl.String(),
    "merchant_id": pl.String(),
    "device_hash": pl.String(),
    "purpose_code": pl.String(),
    "remittance_text": pl.String(),
    "delay": pl.Int64(),
    "scheme": pl.String(),
}
"""`event_time` is local, microseconds since the epoch; `amount` whole kip; `delay` how long after
its event the bank sends the row; `scheme` the id of the scheme it belongs to, never written to the
feed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row, for schemes and scenes that are told row by row."""

    event_time: int
    txn_type: str
    channel: str
    direction: str
    amount: int
    is_cash: bool = False
    is_cross_border: bool = False
    currency: str = CURRENCY
    orig_account_id: str | None = None
    orig_party_id: str | None = None
    orig_country: str | None = None
    orig_region: str | None = None
    benef_account_id: str | None = None
    benef_party_id: str | None = None
    benef_country: str | None = None
    benef_region: str | None = None
    conductor_party_id: str | None = None
    terminal_id: str | None = None
    location_region: str | None = None
    mcc: str | None = None
    merchant_id: str | None = None
    device_hash: str | None = None
    purpose_code: str | None = None
    remittance_text: str | None = None
    delay: int = 0
    scheme: str | None = None


_fields = attrgetter(*ROW)


def frame_of(rows: Sequence[Row]) -> pl.DataFrame:
    """ROW columns, in the order given."""
    return pl.DataFrame([_fields(row) for row in rows], schema=ROW, orient="row")


def in_order(frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """All rows by event time; ties stay in the order in which they were drawn."""
    return pl.concat([pl.DataFrame(schema=ROW), *frames]).sort("event_time", maintain_order=True)
