"""What is counted of a simulated feed while it is written."""

import numpy as np
import polars as pl

from ingest.simulated.people import Indices
from ingest.simulated.plan import Country
from ingest.simulated.stream import Block

PERSON = "C-FICT-"
WEEK = 7


class Tally:
    """Whole rows sent, reports of each customer, ids of planted rows, and who was active in each
    scored week.

    Memory: one number a customer, and the ids of the schemes' rows.
    """

    def __init__(self, country: Country) -> None:
        self.rows = 0
        self.rows_of: Indices = np.zeros(len(country.people), dtype=np.int64)
        self.weeks: list[tuple[int, int]] = []
        """First day of a week of the scored period, and how many customers were active in it."""
        self._scored_from = country.scored_from
        self._active = np.zeros(len(country.people), dtype=np.bool_)
        self._planted: list[pl.DataFrame] = []

    def add(self, block: Block) -> None:
        """Before the next block is asked for."""
        self.rows += int((~block.sent["is_torn"]).sum())
        week = self._scored_from + (block.first_day - self._scored_from) // WEEK * WEEK
        is_scored = block.first_day >= self._scored_from
        if is_scored and not (self.weeks and self.weeks[-1][0] == week):
            self._active[:] = False
            self.weeks.append((week, 0))
        for who in _people(block.happened):
            self.rows_of += np.bincount(who, minlength=len(self.rows_of))
            self._active[who] = True
        if is_scored:
            self.weeks[-1] = (week, int(self._active.sum()))
        is_planted = pl.col("scheme").is_not_null() & (pl.col("scheme") != "")
        self._planted.append(block.happened.filter(is_planted).select("scheme", "txn_id"))

    def transactions(self) -> dict[str, list[str]]:
        """By scheme, the ids of its rows, in event order."""
        planted = pl.concat(self._planted) if self._planted else pl.DataFrame()
        if planted.is_empty():
            return {}
        grouped = planted.group_by("scheme", maintain_order=True).agg("txn_id")
        return dict(zip(grouped["scheme"], grouped["txn_id"].to_list(), strict=True))


def _people(rows: pl.DataFrame) -> list[Indices]:
    """Positions of the customers on each side; firms and strangers are left out."""
    sides = [rows[f"{side}_party_id"] for side in ("orig", "benef")]
    return [
        party.filter(party.str.starts_with(PERSON).fill_null(value=False))
        .str.slice(len(PERSON))
        .cast(pl.Int64)
        .to_numpy()
        - 1
        for party in sides
    ]
