"""What the banks write down of what was paid: a transfer between two of them twice."""

import numpy as np
import polars as pl

from ingest.simulated.banks import OUTSIDE, Banks
from ingest.simulated.clearing import WANTED
from ingest.simulated.country import CURRENCY
from ingest.simulated.people import Indices
from ingest.simulated.rows import DAY, ROW, SECOND

REPORTED: dict[str, pl.DataType] = {
    "source_id": pl.String(),
    "txn_id": pl.String(),
    "source_sequence": pl.Int64(),
    "source_revision": pl.Int64(),
    "status": pl.String(),
    "reversal_of": pl.String(),
    "balance_after": pl.Int64(),
    "orig_agent_bic": pl.String(),
    "benef_agent_bic": pl.String(),
    "end_to_end_id": pl.String(),
}
"""What a report says besides ROW; the balance, whole kip, is of the customer who reports it."""

OTHER_BANK, BANK_ABROAD = "fict-bank-other", "fict-bank-abroad"
SOLD: dict[str, pl.DataType] = {
    "benef_account_id": pl.String(),
    "day": pl.Int64(),
    "amount": pl.Int64(),
    "benef_party_id": pl.String(),
    "benef_region": pl.String(),
    "benef_bank": pl.Int64(),
}
"""What a merchant has sold on a day, and who that is."""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MAY_RETURN = ("TRANSFER", "CARD_PURCHASE")
RETURNED, LONGEST_RETURN_DAYS = 0.0025, 60


class Books:
    """The banks' running numbers and the payments that will come back, from block to block of
    days."""

    def __init__(self, banks: Banks, rng: np.random.Generator) -> None:
        self._banks, self._rng = banks, rng
        self._sequence: Indices = np.zeros(len(banks.names), dtype=np.int64)
        self._happened = 0
        self._coming_back = pl.DataFrame(schema=WANTED)
        self._sold = pl.DataFrame(schema=SOLD)

    def due(self, end: int) -> pl.DataFrame:
        """The returns before that moment: WANTED rows, in no order. They are given once."""
        is_due = pl.col("event_time") < end
        due = self._coming_back.filter(is_due)
        self._coming_back = self._coming_back.filter(~is_due)
        return due

    def written(self, cleared: pl.DataFrame, *, end: int) -> pl.DataFrame:
        """The reports of CLEARED rows from before the moment `end`: ROW and REPORTED columns, by
        event time. A bank that reports knows its own customers only, and their telephones if they
        pay."""
        told = self._told(cleared)
        is_sale = pl.col("merchant_id").is_not_null()
        is_other = pl.col("orig_bank") != pl.col("benef_bank")
        credits = told.filter(is_other, pl.col("benef_bank") != OUTSIDE)
        both = [_debits(told), _credits(credits.filter(~is_sale))]
        self._sell(credits.filter(is_sale, pl.col("undoes_payer").is_null()))
        if end % DAY == 0:
            both.append(_settlements(self._sold, both[0].schema))
            self._sold = pl.DataFrame(schema=SOLD)
        ordered = pl.concat(both).sort("event_time", "deed", "is_credit")
        reports = self._numbered(ordered)
        self._remember(told, reports, end)
        return reports.select(*ROW, *REPORTED)

    def _told(self, cleared: pl.DataFrame) -> pl.DataFrame:
        """With a running number, and with what the two banks call it and each other."""
        deed = 1 + self._happened + pl.col("deed")
        self._happened += len(cleared)
        number = pl.col("deed").cast(pl.String).str.zfill(9)
        is_between = (
            (pl.col("orig_bank") != pl.col("benef_bank"))
            & pl.col("orig_account_id").is_not_null()
            & pl.col("benef_account_id").is_not_null()
        )
        return cleared.with_columns(deed=deed).with_columns(
            end_to_end_id=pl.when(is_between).then("E-FICT-" + number),
            orig_agent_bic=pl.when(is_between).then(self._agent("orig")),
            benef_agent_bic=pl.when(is_between).then(self._agent("benef")),
        )

    def _agent(self, side: str) -> pl.Expr:
        bank = pl.col(f"{side}_bank")
        is_abroad = pl.col(f"{side}_country").is_not_null()
        other = pl.when(is_abroad).then(pl.lit(BANK_ABROAD)).otherwise(pl.lit(OTHER_BANK))
        names = pl.lit(pl.Series(self._banks.names))
        return pl.coalesce(names.gather(pl.when(bank != OUTSIDE).then(bank)), other)

    def _sell(self, sales: pl.DataFrame) -> None:
        """Adds to what every merchant has sold on the day."""
        new = sales.with_columns(day=pl.col("event_time") // DAY).select(*SOLD)
        both = pl.concat([self._sold, new])
        grouped = both.group_by("benef_account_id", "day", maintain_order=True)
        who = [pl.col(name).first() for name in SOLD if name.startswith("benef_")][1:]
        self._sold = grouped.agg(pl.col("amount").sum(), *who).select(*SOLD)

    def _numbered(self, ordered: pl.DataFrame) -> pl.DataFrame:
        """With every bank's own running number and the id made of it."""
        source = ordered["source_at"].to_numpy()
        sequence = np.empty(len(source), dtype=np.int64)
        for bank in range(len(self._banks.names)):
            own = np.flatnonzero(source == bank)
            sequence[own] = self._sequence[bank] + 1 + np.arange(len(own))
            self._sequence[bank] += len(own)
        prefix = pl.Series([f"T{letter}-FICT-" for letter in LETTERS[: len(self._banks.names)]])
        running = pl.Series(sequence)
        return ordered.with_columns(
            source_id=pl.Series(self._banks.names).gather(source),
            txn_id=prefix.gather(source) + running.cast(pl.String).str.zfill(9),
            source_sequence=running,
            source_revision=pl.lit(None, dtype=pl.Int64),
            status=pl.lit("BOOKED"),
        )

    def _remember(self, told: pl.DataFrame, reports: pl.DataFrame, end: int) -> None:
        """Draws what comes back, one to sixty days later; never in the days told already."""
        may = pl.col("txn_type").is_in(MAY_RETURN) & _is_undone().not_()
        back = told.filter(may & pl.Series(self._rng.random(len(told)) < RETURNED))
        days = self._rng.integers(1, LONGEST_RETURN_DAYS + 1, len(back))
        time = back["event_time"].to_numpy() + days * DAY
        time = np.maximum(time, end + time % DAY)
        ids = reports.select("deed", "txn_id", "is_credit").filter(
            pl.col("deed").is_in(back["deed"].implode())
        )
        payer, payee = (ids.filter(pl.col("is_credit") == side) for side in (False, True))
        back = (
            back.with_columns(event_time=pl.Series(time))
            .join(payer.rename({"txn_id": "by_payer"}), on="deed", how="left")
            .join(payee.rename({"txn_id": "by_payee"}), on="deed", how="left")
            .with_columns(
                undoes_payer=pl.col("by_payer"),
                undoes_payee=pl.col("by_payee"),
                scheme=pl.lit(None, dtype=pl.String),
            )
        )
        self._coming_back = pl.concat([self._coming_back, back.select(*WANTED)])


def _debits(told: pl.DataFrame) -> pl.DataFrame:
    """What the payer's bank reports; if it is the payee's as well, all of it."""
    is_internal = pl.col("orig_bank") == pl.col("benef_bank")
    return told.filter(pl.col("orig_bank") != OUTSIDE).with_columns(
        event_time=pl.when(_is_undone()).then("credited_at").otherwise("event_time"),
        reversal_of=pl.col("undoes_payer"),
        direction=pl.when(is_internal).then(pl.lit("INTERNAL")).otherwise(pl.lit("DEBIT")),
        benef_party_id=pl.when(is_internal).then("benef_party_id"),
        orig_agent_bic=pl.lit(None, dtype=pl.String),
        balance_after=pl.col("orig_after"),
        source_at=pl.col("orig_bank"),
        is_credit=pl.lit(value=False),
    )


def _credits(told: pl.DataFrame) -> pl.DataFrame:
    """What the payee's bank reports, where the payer's is another one or none."""
    return told.with_columns(
        event_time=pl.when(_is_undone()).then("event_time").otherwise("credited_at"),
        reversal_of=pl.col("undoes_payee"),
        direction=pl.lit("CREDIT"),
        orig_party_id=pl.lit(None, dtype=pl.String),
        device_hash=pl.when(pl.col("orig_bank") == OUTSIDE).then("device_hash"),
        benef_agent_bic=pl.lit(None, dtype=pl.String),
        balance_after=pl.col("benef_after"),
        source_at=pl.col("benef_bank"),
        is_credit=pl.lit(value=True),
    )


def _settlements(sold: pl.DataFrame, columns: pl.Schema) -> pl.DataFrame:
    """What a merchant's bank reports of sales to other banks' customers: the sum of a day."""
    told = {
        "event_time": (pl.col("day") + 1) * DAY - SECOND,
        "txn_type": pl.lit("OTHER"),
        "channel": pl.lit("BATCH"),
        "direction": pl.lit("CREDIT"),
        "is_cash": pl.lit(value=False),
        "is_cross_border": pl.lit(value=False),
        "currency": pl.lit(CURRENCY),
        "delay": pl.lit(0, dtype=pl.Int64),
        "deed": pl.lit(0, dtype=pl.Int64),
        "source_at": pl.col("benef_bank"),
        "is_credit": pl.lit(value=True),
    }
    same = {name: pl.col(name) for name in SOLD if name != "day"}
    return sold.select(
        (same | told).get(name, pl.lit(None, dtype=dtype)).alias(name)
        for name, dtype in columns.items()
    )


def _is_undone() -> pl.Expr:
    return pl.col("undoes_payer").is_not_null() | pl.col("undoes_payee").is_not_null()
