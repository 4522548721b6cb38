"""What happens to rows between a bank's books and its feed: late, twice, torn, amended, undone."""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from ingest.simulated.rows import HOUR, SECOND

LONGEST_DELAY = 24 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Disorder:
    """Shares of rows. late: sent up to 24 hours after others. duplicated: sent twice. torn: also
    sent cut short. pending: sent PENDING first, BOOKED later. amended: the amended row is read
    before the original. returned: undone by a row of its own within a day."""

    late: float = 0.0
    duplicated: float = 0.0
    torn: float = 0.0
    pending: float = 0.0
    amended: float = 0.0
    returned: float = 0.0


ORDERLY = Disorder()
USUAL = Disorder(
    late=0.08, duplicated=0.004, torn=0.002, pending=0.02, amended=0.004, returned=0.003
)
FILES = replace(USUAL, late=0.2, duplicated=0.005, torn=0.001)
"""As where card and remittance files come once a day: a fifth of all rows late."""


def disordered(rows: pl.DataFrame, how: Disorder, rng: np.random.Generator) -> pl.DataFrame:
    """All that the bank sends of these rows, with `arrival` (microseconds, local) and `is_torn`;
    in no order. Amounts, times and ids of the final contents are those of `rows`."""
    chance = rng.random((5, len(rows)))
    is_late, is_pending = chance[0] < how.late, chance[1] < how.pending
    delay = np.where(is_late | is_pending, _delays(len(rows), rng), 0)
    sent = rows.with_columns(
        arrival=pl.col("event_time")
        + pl.min_horizontal(pl.col("delay") + pl.Series(delay), LONGEST_DELAY),
        is_torn=pl.lit(False),
        source_revision=pl.when(pl.Series(chance[2] < how.amended)).then(pl.lit(1, dtype=pl.Int64)),
    )
    return pl.concat(
        [
            sent,
            _pending(sent.filter(pl.Series(is_pending))),
            _originals(sent.filter(pl.col("source_revision") == 1), rng),
            _later(sent.filter(pl.Series(chance[3] < how.duplicated)), rng),
            _torn(sent, how.torn, rng),
            _returns(sent.filter(pl.Series(chance[4] < how.returned)), rng),
        ]
    )


def _pending(booked: pl.DataFrame) -> pl.DataFrame:
    return booked.with_columns(status=pl.lit("PENDING"), arrival=pl.col("event_time"))


def _originals(amended: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """The first contents: another amount, sent after the one that replaces them."""
    return _later(amended, rng).with_columns(
        source_revision=pl.lit(0, dtype=pl.Int64), amount=pl.col("amount") + 10_000
    )


def _later(sent: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """The same rows again, within what is left of a day after their event."""
    left = (LONGEST_DELAY - (sent["arrival"] - sent["event_time"])).to_numpy()
    wait = (rng.random(len(sent)) * np.maximum(left, SECOND)).astype(np.int64)
    return sent.with_columns(arrival=pl.col("arrival") + pl.Series(wait))


def _torn(sent: pl.DataFrame, share: float, rng: np.random.Generator) -> pl.DataFrame:
    torn = sent.filter(pl.Series(rng.random(len(sent)) < share))
    return torn.with_columns(is_torn=pl.lit(True))


def _returns(sent: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    time = sent["event_time"] + pl.Series(_delays(len(sent), rng))
    return sent.with_columns(
        reversal_of=pl.col("txn_id"),
        txn_id=pl.col("txn_id").str.replace("T-", "R-", literal=True),
        source_sequence=pl.lit(None, dtype=pl.Int64),
        source_revision=pl.lit(None, dtype=pl.Int64),
        event_time=time,
        arrival=time,
    )


def _delays(count: int, rng: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Between half an hour and a day, whole seconds."""
    return rng.integers(1_800, 24 * 3_600, count) * SECOND
