"""Transactions without a story, as many as are asked for: they load an engine and mean nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ingest.transaction import ADDRESS, TRANSACTION, TransactionBatch

Ints = npt.NDArray[Any]
START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = 86_400_000_000
LATE_SHARE = 0.2
TYPES = ("TRANSFER", "TRANSFER", "TRANSFER", "CARD_PURCHASE", "CASH_DEPOSIT", "CASH_WITHDRAWAL")
CONTACTS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Invented:
    """`accounts` that each send about `rows_a_day`, a fifth of the rows up to a day late. Most
    payees come from a few contacts; `exponent` 0 = all alike, 0.8 = a few hubs."""

    accounts: int
    rows_a_day: float
    exponent: float = 0.0
    seed: int = 1

    def batches(self, *, rows: int, size: int, after: int = 0) -> Iterator[TransactionBatch]:
        """`rows` rows in order of arrival, in batches; `after` so many that came before."""
        chance = np.random.Generator(np.random.PCG64([self.seed, after]))
        latest = START
        for first in range(after, after + rows, size):
            batch = self._batch(chance, first, min(size, after + rows - first), latest)
            latest = batch.seen_until or latest
            yield batch

    def _batch(
        self, chance: np.random.Generator, first: int, size: int, latest: datetime
    ) -> TransactionBatch:
        number = np.arange(first, first + size)
        arrival = (number * DAY / (self.accounts * self.rows_a_day)).astype(np.int64)
        late = np.where(chance.random(size) < LATE_SHARE, chance.integers(0, DAY, size), 0)
        time = np.maximum(arrival - late, 0) + int(START.timestamp() * 1e6)
        payer = self._drawn(chance, size)
        contact = (payer * 7_919 + chance.integers(1, CONTACTS + 1, size) * 104_729) % self.accounts
        payee = np.where(chance.random(size) < 0.7, contact, self._drawn(chance, size))
        kind = chance.integers(0, len(TYPES), size)
        is_transfer, is_deposit = kind < 3, kind == 4
        amount = chance.integers(10_000, 5_000_000, size)
        columns = {
            "txn_hi": number.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15),
            "txn_lo": number.astype(np.uint64),
            "reference": pl.Series(number).cast(pl.String()),
            "event_time": pl.Series(time).cast(pl.Datetime("us", "UTC")),
            "amount_base": amount,
            "amount": pl.Series(amount // 100).cast(pl.String()),
            "txn_type": pl.Series(np.array(TYPES)[kind]),
            "is_cash": kind >= 4,
            "orig_account_id": _accounts(payer, ~is_deposit),
            "benef_account_id": _accounts(
                np.where(is_transfer, payee, payer), is_transfer | is_deposit
            ),
        }
        frame = pl.DataFrame(columns).with_columns(
            source_id=pl.lit("fict-bank"),
            local_utc_offset_min=pl.lit(420),
            status=pl.lit("BOOKED"),
            channel=pl.lit("MOBILE"),
            currency=pl.lit("LAK"),
            is_cross_border=pl.lit(False),
            orig_holds=pl.lit(True),
            benef_holds=pl.lit(True),
        )
        missing = [
            pl.lit(None, dtype=kind).alias(n)
            for n, kind in TRANSACTION.items()
            if n not in frame.columns
        ]
        added = frame.with_columns(missing).select(
            pl.col(name).cast(kind) for name, kind in TRANSACTION.items()
        )
        newest = START + timedelta(microseconds=int(time.max()) - int(START.timestamp() * 1e6))
        return TransactionBatch(
            added=added,
            retracted=pl.DataFrame(schema=ADDRESS),
            history_start=START,
            seen_until=max(latest, newest),
        )

    def _drawn(self, chance: np.random.Generator, size: int) -> Ints:
        if not self.exponent:
            return chance.integers(0, self.accounts, size)
        weights = np.arange(1, self.accounts + 1, dtype=float) ** -self.exponent
        return np.searchsorted(np.cumsum(weights) / weights.sum(), chance.random(size))


def _accounts(numbers: Ints, is_there: Ints) -> pl.Series:
    names = "A-FICT-" + pl.Series(numbers).cast(pl.String())
    return pl.select(pl.when(pl.Series(is_there)).then(names)).to_series()
