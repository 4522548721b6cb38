"""Movements as people read them: the rows that findings rest on."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from ingest.transaction import UTC_MICROSECONDS
from models.evaluated import LEDGER
from models.kernels.arena import Columns
from models.names import Names
from models.transactions import Transactions


def ledger_rows(
    holders: Sequence[str], moved: Columns, transactions: Transactions, names: Names
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
            "account": names.names(moved.account),
            "reference": shown["reference"],
            "source_id": shown["source_id"],
            "mask": moved.mask.astype(np.uint64),
            "amount_base": moved.amount,
            "amount": shown["amount"],
            "currency": shown["currency"],
            "txn_type": shown["txn_type"],
            "channel": shown["channel"],
            "counterparty": names.names(moved.counterparty),
            "counterparty_account": names.names(moved.counterparty_account),
            "counterparty_region": names.names(moved.counterparty_region),
            "place": names.names(moved.place),
            "region": names.names(moved.region),
            "device": names.names(moved.device_id),
            "local_offset_min": shown["local_utc_offset_min"],
            "cancelled_by": _cancelled_by(moved, transactions),
        },
        schema=LEDGER,
    ).with_columns(pl.col("amount_base").replace(-1, None))


def _cancelled_by(moved: Columns, transactions: Transactions) -> list[str | None]:
    """The reference of the return among these movements that cancels each."""
    returns: dict[tuple[int, int, int], int] = {}
    for at in np.flatnonzero((moved.reversal_hi != 0) | (moved.reversal_lo != 0)):
        named = int(moved.account[at]), int(moved.reversal_hi[at]), int(moved.reversal_lo[at])
        returns.setdefault(named, int(moved.row[at]))
    keys = zip(moved.account.tolist(), moved.txn_hi.tolist(), moved.txn_lo.tolist(), strict=True)
    rows = [returns.get(key, -1) for key in keys] if returns else [-1] * len(moved)
    references = iter(transactions.rows([row for row in rows if row >= 0])["reference"])
    return [next(references) if row >= 0 else None for row in rows]
