"""Movements as people read them: the rows that findings rest on."""

import numpy as np
import polars as pl

from ingest.transaction import UTC_MICROSECONDS
from models.evaluated import LEDGER
from models.kernels.arena import Columns
from models.names import Names
from models.transactions import Transactions


def ledger_rows(
    holders: pl.Series, moved: Columns, transactions: Transactions, names: Names
) -> pl.DataFrame:
    """LEDGER rows of these movements, whose holders are given beside them, in their order."""
    shown = transactions.rows(moved.row)
    return pl.DataFrame(
        {
            "holder": holders,
            "time": pl.Series(moved.time).cast(UTC_MICROSECONDS),
            "sequence": moved.sequence,
            "txn_hi": moved.txn_hi,
            "txn_lo": moved.txn_lo,
            "side": moved.side,
            "account": names.column(moved.account),
            "reference": shown["reference"],
            "source_id": shown["source_id"],
            "mask": moved.mask.astype(np.uint64),
            "amount_base": moved.amount,
            "amount": shown["amount"],
            "currency": shown["currency"],
            "txn_type": shown["txn_type"],
            "channel": shown["channel"],
            "counterparty": names.column(moved.counterparty),
            "counterparty_account": names.column(moved.counterparty_account),
            "counterparty_region": names.column(moved.counterparty_region),
            "place": names.column(moved.place),
            "region": names.column(moved.region),
            "device": names.column(moved.device_id),
            "local_offset_min": shown["local_utc_offset_min"],
            "cancelled_by": _cancelled_by(moved, transactions),
        },
        schema=LEDGER,
    ).with_columns(pl.col("amount_base").replace(-1, None))


def _cancelled_by(moved: Columns, transactions: Transactions) -> pl.Series:
    """The reference of the return among these movements that cancels each."""
    returns: dict[tuple[int, int, int], int] = {}
    for at in np.flatnonzero((moved.reversal_hi != 0) | (moved.reversal_lo != 0)):
        named = int(moved.account[at]), int(moved.reversal_hi[at]), int(moved.reversal_lo[at])
        returns.setdefault(named, int(moved.row[at]))
    halves = np.array([low for _, _, low in returns], np.uint64)
    may_be = np.flatnonzero(np.isin(moved.txn_lo, halves)).tolist() if returns else []
    keys = [(int(moved.account[i]), int(moved.txn_hi[i]), int(moved.txn_lo[i])) for i in may_be]
    places = [at for at, key in zip(may_be, keys, strict=True) if key in returns]
    rows = [returns[key] for key in keys if key in returns]
    cancelled = pl.Series([None], dtype=pl.String()).new_from_index(0, len(moved))
    return cancelled.scatter(places, transactions.rows(rows)["reference"]) if rows else cancelled
