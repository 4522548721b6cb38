"""What is counted of a simulated feed while it is written."""

import numpy as np
import polars as pl

from ingest.simulated.people import Indices
from ingest.simulated.plan import Country
from ingest.simulated.stream import Block

PERSON = "C-FICT-"


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
        self._planted: list[pl.DataFrame] = []

    def add(self, block: Block) -> None:
        """Before the next block is asked for."""
        self.rows += int((~block.sent["is_torn"]).sum())
        active = np.zeros(len(self.rows_of), dtype=np.int64)
        for who in _people(block.happened):
            active += np.bincount(who, minlength=len(active))
        self.rows_of += active
        if block.first_day >= self._scored_from:
            self.weeks.append((block.first_day, int((active > 0).sum())))
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
