"""What the banks write down of what happened: a transfer between two of them twice."""

import numpy as np
import polars as pl

from ingest.simulated.banks import OUTSIDE, Banks
from ingest.simulated.country import CURRENCY
from ingest.simulated.people import Indices
from ingest.simulated.rows import DAY, SECOND

REPORTED: dict[str, pl.DataType] = {
    "source_id": pl.String(),
    "txn_id": pl.String(),
    "source_sequence": pl.Int64(),
    "source_revision": pl.Int64(),
    "status": pl.String(),
    "reversal_of": pl.String(),
    "orig_agent_bic": pl.String(),
    "benef_agent_bic": pl.String(),
    "end_to_end_id": pl.String(),
}
"""What a report says besides ROW."""

OTHER_BANK, BANK_ABROAD = "fict-bank-other", "fict-bank-abroad"
SLOWEST_CREDIT = 40
"""Seconds until the payee's bank has what the payer's has sent."""
MERCHANT = ("benef_party_id", "benef_region", "payee_bank")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Books:
    """The banks' running numbers, from block to block of days."""

    def __init__(self, banks: Banks, rng: np.random.Generator) -> None:
        self._banks, self._rng = banks, rng
        self._sequence: Indices = np.zeros(len(banks.names), dtype=np.int64)
        self._happened = 0

    def written(self, rows: pl.DataFrame, *, end: int) -> pl.DataFrame:
        """The reports of ROW rows that happened before the day `end`, given by event time: ROW and
        REPORTED columns, by event time. A bank that reports knows its own customers only, and
        their telephones if they pay."""
        told = self._told(rows)
        is_sale = pl.col("merchant_id").is_not_null()
        credits = told.filter(
            (pl.col("payee_bank") != OUTSIDE) & (pl.col("payer_bank") != pl.col("payee_bank"))
        )
        both = pl.concat(
            [
                _debits(told),
                self._credits(credits.filter(~is_sale), end),
                self._settlements(credits.filter(is_sale)),
            ]
        )
        ordered = both.sort("event_time", "deed", "is_credit")
        return self._numbered(ordered).drop("deed", "is_credit", "payer_bank", "payee_bank")

    def _told(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows with the banks of both sides, what these call each other, and a running number."""
        deed = self._happened + pl.int_range(1, len(rows) + 1, dtype=pl.Int64)
        self._happened += len(rows)
        sides = {
            name: pl.Series(self._banks.banks_at(self._banks.positions(rows[f"{side}_account_id"])))
            for name, side in (("payer_bank", "orig"), ("payee_bank", "benef"))
        }
        number = pl.col("deed").cast(pl.String).str.zfill(9)
        is_between = (pl.col("payer_bank") != pl.col("payee_bank")) & ~pl.col("is_cash")
        return rows.with_columns(**sides, deed=deed).with_columns(
            end_to_end_id=pl.when(is_between).then("E-FICT-" + number),
            orig_agent_bic=pl.when(is_between).then(self._agent("payer_bank", "orig")),
            benef_agent_bic=pl.when(is_between).then(self._agent("payee_bank", "benef")),
            is_credit=pl.lit(value=False),
        )

    def _agent(self, bank: str, side: str) -> pl.Expr:
        names = pl.lit(pl.Series(self._banks.names))
        is_abroad = pl.col(f"{side}_country").is_not_null()
        other = pl.when(is_abroad).then(pl.lit(BANK_ABROAD)).otherwise(pl.lit(OTHER_BANK))
        known = names.gather(pl.when(pl.col(bank) != OUTSIDE).then(pl.col(bank)))
        return pl.coalesce(known, other)

    def _credits(self, credits: pl.DataFrame, end: int) -> pl.DataFrame:
        """What the payee's bank reports, where the payer's is another one or none."""
        lag = pl.Series(self._rng.integers(1, SLOWEST_CREDIT + 1, len(credits)) * SECOND)
        is_sent = pl.col("payer_bank") != OUTSIDE
        arrives = pl.min_horizontal(pl.col("event_time") + lag, end * DAY - SECOND)
        return credits.with_columns(
            event_time=pl.when(is_sent).then(arrives).otherwise("event_time"),
            source_at=pl.col("payee_bank"),
            direction=pl.lit("CREDIT"),
            orig_party_id=pl.lit(None, dtype=pl.String),
            device_hash=pl.when(~is_sent).then("device_hash"),
            benef_agent_bic=pl.lit(None, dtype=pl.String),
            is_credit=pl.lit(value=True),
        )

    def _settlements(self, sales: pl.DataFrame) -> pl.DataFrame:
        """What a merchant's bank reports of sales to other banks' customers: the sum of a day."""
        of_a_day = (
            sales.group_by("benef_account_id", pl.col("event_time") // DAY, maintain_order=True)
            .agg(
                pl.col("amount").sum(),
                *(pl.col(name).first() for name in MERCHANT),
                deed=pl.col("deed").last(),
            )
            .with_columns(
                event_time=(pl.col("event_time") + 1) * DAY - SECOND,
                txn_type=pl.lit("OTHER"),
                channel=pl.lit("BATCH"),
                direction=pl.lit("CREDIT"),
                is_cash=pl.lit(value=False),
                is_cross_border=pl.lit(value=False),
                currency=pl.lit(CURRENCY),
                delay=pl.lit(0, dtype=pl.Int64),
                source_at=pl.col("payee_bank"),
                is_credit=pl.lit(value=True),
            )
        )
        unsaid = [pl.lit(None, dtype=sales.schema[name]).alias(name) for name in sales.columns]
        return of_a_day.select(
            *(each for each in unsaid if each.meta.output_name() not in of_a_day.columns),
            *of_a_day.columns,
        ).select(*sales.columns, "source_at")

    def _numbered(self, ordered: pl.DataFrame) -> pl.DataFrame:
        """With every bank's own running number and the id made of it."""
        source = ordered["source_at"].to_numpy()
        sequence = np.empty(len(source), dtype=np.int64)
        for bank in range(len(self._banks.names)):
            own = np.flatnonzero(source == bank)
            sequence[own] = self._sequence[bank] + 1 + np.arange(len(own))
            self._sequence[bank] += len(own)
        letters = [letter for letter, _ in zip(LETTERS, self._banks.names, strict=False)]
        prefix = pl.Series([f"T{x if self._banks.are_several else ''}-FICT-" for x in letters])
        names = pl.Series(
            self._banks.names if self._banks.are_several else (None,), dtype=pl.String
        )
        number = pl.Series(sequence)
        return ordered.drop("source_at").with_columns(
            source_id=names.gather(source),
            txn_id=prefix.gather(source) + number.cast(pl.String).str.zfill(9),
            source_sequence=number,
            source_revision=pl.lit(None, dtype=pl.Int64),
            status=pl.lit("BOOKED"),
            reversal_of=pl.lit(None, dtype=pl.String),
        )


def _debits(told: pl.DataFrame) -> pl.DataFrame:
    """What the payer's bank reports; if it is the payee's as well, all of it."""
    is_internal = pl.col("payer_bank") == pl.col("payee_bank")
    return told.filter(pl.col("payer_bank") != OUTSIDE).with_columns(
        source_at=pl.col("payer_bank"),
        direction=pl.when(is_internal).then(pl.lit("INTERNAL")).otherwise(pl.lit("DEBIT")),
        benef_party_id=pl.when(is_internal).then("benef_party_id"),
        orig_agent_bic=pl.lit(None, dtype=pl.String),
    )
