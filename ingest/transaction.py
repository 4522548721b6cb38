"""The canonical transaction: what every feed becomes, and what the archive keeps.

Field names follow the project's standards page (section 3.2); ids of 16 bytes are held as two
unsigned halves so that kernels can order by them. Source: ISO 20022 field map, own schema.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Literal

import polars as pl

Fate = Literal["scored", "duplicate", "amendment", "late", "reject"]
FATES: tuple[Fate, ...] = ("scored", "duplicate", "amendment", "late", "reject")

UTC_MICROSECONDS = pl.Datetime("us", "UTC")

TRANSACTION: dict[str, pl.DataType] = {
    "txn_hi": pl.UInt64(),
    "txn_lo": pl.UInt64(),
    "reference": pl.String(),
    "source_id": pl.String(),
    "event_time": UTC_MICROSECONDS,
    "local_utc_offset_min": pl.Int16(),
    "source_sequence": pl.Int64(),
    "source_revision": pl.Int64(),
    "ingest_time": UTC_MICROSECONDS,
    "status": pl.String(),
    "reversal_of": pl.String(),
    "reversal_hi": pl.UInt64(),
    "reversal_lo": pl.UInt64(),
    "txn_type": pl.String(),
    "channel": pl.String(),
    "is_cash": pl.Boolean(),
    "is_cross_border": pl.Boolean(),
    "amount": pl.String(),
    "currency": pl.String(),
    "amount_base": pl.Int64(),
    "fx_rate": pl.String(),
    "orig_account_id": pl.String(),
    "orig_party_id": pl.String(),
    "orig_country": pl.String(),
    "orig_region": pl.String(),
    "orig_agent_bic": pl.String(),
    "benef_account_id": pl.String(),
    "benef_party_id": pl.String(),
    "benef_country": pl.String(),
    "benef_region": pl.String(),
    "benef_agent_bic": pl.String(),
    "conductor_party_id": pl.String(),
    "place_id": pl.String(),
    "location_country": pl.String(),
    "location_region": pl.String(),
    "mcc": pl.String(),
    "merchant_id": pl.String(),
    "card_hash": pl.String(),
    "device_hash": pl.String(),
    "purpose_code": pl.String(),
    "remittance_text": pl.String(),
    "balance_after": pl.String(),
    "end_to_end_id": pl.String(),
    "uetr": pl.String(),
    "orig_holds": pl.Boolean(),
    "benef_holds": pl.Boolean(),
    "raw_ref": pl.String(),
    "content_hi": pl.UInt64(),
    "content_lo": pl.UInt64(),
    "quality_flags": pl.List(pl.String()),
}
"""One row a transaction. `amount` is exact decimal text in `currency`; `amount_base` is integer
minor units of the base currency (null: no rate, or beyond LARGEST_BASE_AMOUNT). `orig_holds` and
`benef_holds` say whether this row counts for that side's account (one source per account).
`place_id` is the terminal, else the branch. `raw_ref` points to the raw bytes."""

ADDED: dict[str, pl.DataType] = {
    **{name: of for name, of in TRANSACTION.items() if name != "remittance_text"},
    "concepts": pl.Int32(),
}
"""TRANSACTION columns as they go on from ingest: of the text only the Concept bits it names."""

ADDRESS: dict[str, pl.DataType] = {
    name: TRANSACTION[name]
    for name in (
        "txn_hi",
        "txn_lo",
        "event_time",
        "source_sequence",
        "orig_account_id",
        "orig_party_id",
        "benef_account_id",
        "benef_party_id",
        "orig_holds",
        "benef_holds",
    )
}
"""Where a transaction lies in the profiles: enough to find and remove its movements."""

LARGEST_BASE_AMOUNT = 9_000_000_000_000_000
"""Minor units; a thousand of them (the hub cap) still sum within 64 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionBatch:
    """What one batch of rows adds to and takes from the set of transactions.

    added: ADDED rows that count from now on (scored rows, and amendments that win).
    retracted: ADDRESS rows of contents that no longer count, because an amendment won.
    history_start: earliest event time the feed has shown so far (None before the first row).
    seen_until: largest event time seen so far; rows older than it minus the lateness are late.
    """

    added: pl.DataFrame
    retracted: pl.DataFrame
    history_start: datetime | None
    seen_until: datetime | None


def merged(batches: Sequence[TransactionBatch]) -> TransactionBatch:
    """At least one batch, of feeds that have no transaction in common, as one."""
    seen = [batch.seen_until for batch in batches if batch.seen_until is not None]
    starts = [batch.history_start for batch in batches if batch.history_start is not None]
    return TransactionBatch(
        added=pl.concat([batch.added for batch in batches]),
        retracted=pl.concat([batch.retracted for batch in batches]),
        history_start=min(starts, default=None),
        seen_until=min(seen, default=None),
    )


def transaction_key(source_id: str, reference: str) -> tuple[int, int]:
    """The 16-byte transaction id as two unsigned halves: hash of source and bank reference."""
    digest = blake2b(f"{source_id}\x00{reference}".encode(), digest_size=16).digest()
    return int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:], "big")
