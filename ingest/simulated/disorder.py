"""What happens to rows between a bank's books and its feed: card rows come before they are booked,
and as much disorder as is told: late, twice, torn, amended, of a wrong clock."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from ingest.simulated.people import Indices
from ingest.simulated.rows import HOUR, SECOND

LONGEST_DELAY = 24 * HOUR
CARD = "CARD_PURCHASE"
PENDING = 0.15
"""Of card rows, those sent PENDING first; BOOKED follows within hours."""
WRONG_CLOCK_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Disorder:
    """Shares of rows. late: sent up to 24 hours after others. duplicated: sent twice. torn: also
    sent cut short. amended: the amended row is read before the original. skewed: dated up to five
    minutes before or after their time."""

    late: float = 0.0
    duplicated: float = 0.0
    torn: float = 0.0
    amended: float = 0.0
    skewed: float = 0.0


ORDERLY = Disorder()
USUAL = Disorder(late=0.08, duplicated=0.004, torn=0.002, amended=0.004, skewed=0.01)
FILES = replace(USUAL, late=0.2, duplicated=0.005, torn=0.001)
"""As where card and remittance files come once a day: a fifth of all rows late."""


def disordered(rows: pl.DataFrame, how: Disorder, rng: np.random.Generator) -> pl.DataFrame:
    """All that the bank sends of these rows, with `arrival` (microseconds, local) and `is_torn`;
    in no order. Amounts and ids of the final contents are those of `rows`, and so are the times
    but for clocks that are wrong."""
    chance = rng.random((5, len(rows)))
    is_card = (rows["txn_type"] == CARD) & rows["reversal_of"].is_null()
    is_pending = is_card & pl.Series(chance[1] < PENDING)
    delay = np.where(chance[0] < how.late, _delays(len(rows), 1_800, 24 * 3_600, rng), 0)
    booking = np.where(is_pending, _delays(len(rows), 600, 6 * 3_600, rng), 0)
    sent = rows.with_columns(
        event_time=pl.col("event_time") + pl.Series(_clock(chance[4] < how.skewed, rng)),
        arrival=pl.col("event_time")
        + pl.min_horizontal(pl.col("delay") + pl.Series(delay + booking), LONGEST_DELAY),
        is_torn=pl.lit(False),
        source_revision=pl.when(pl.Series(chance[2] < how.amended)).then(pl.lit(1, dtype=pl.Int64)),
    )
    return pl.concat(
        [
            sent,
            _pending(sent.filter(is_pending)),
            _originals(sent.filter(pl.col("source_revision") == 1), rng),
            _later(sent.filter(pl.Series(chance[3] < how.duplicated)), rng),
            _torn(sent, how.torn, rng),
        ]
    )


def _clock(is_wrong: npt.NDArray[np.bool_], rng: np.random.Generator) -> Indices:
    seconds = rng.integers(-WRONG_CLOCK_SECONDS, WRONG_CLOCK_SECONDS + 1, len(is_wrong))
    return np.where(is_wrong, seconds * SECOND, 0)


def _pending(booked: pl.DataFrame) -> pl.DataFrame:
    """Before anybody has posted it: no balance yet."""
    unposted = pl.lit(None, dtype=pl.Int64)
    return booked.with_columns(
        status=pl.lit("PENDING"), arrival=pl.col("event_time"), balance_after=unposted
    )


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


def _delays(count: int, least: int, most: int, rng: np.random.Generator) -> Indices:
    """Whole seconds, in microseconds."""
    return rng.integers(least, most, count) * SECOND
