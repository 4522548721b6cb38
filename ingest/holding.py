"""Who holds each account of a transaction, and in which partition that holder lives."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import polars as pl

from ingest.reference import Account, References
from ingest.transaction import TransactionBatch

SIDES = ("orig", "benef")
NOWHERE = -1
Homed = npt.NDArray[np.int64]


class Holding:
    """The bank's own list of accounts, asked by time."""

    def __init__(self, accounts: Mapping[str, Sequence[Account]]) -> None:
        self._always, self._dated = dict[str, str](), dict[str, Sequence[Account]]()
        for account, versions in accounts.items():
            if len(versions) > 1 or versions[0].valid_from is not None:
                self._dated[account] = versions
            elif versions[0].holder is not None:
                self._always[account] = versions[0].holder

    def names(self, rows: pl.DataFrame, side: str) -> list[str | None]:
        """Whom each row's account of a side belongs to: as the bank knows it, else the party
        named, else the account itself. rows: {side}_account_id, {side}_party_id, event_time."""
        accounts = rows[f"{side}_account_id"].to_list()
        parties = rows[f"{side}_party_id"].to_list()
        known = map(self._always.get, accounts)
        names = [
            holder if holder is not None else party if party is not None else account
            for holder, party, account in zip(known, parties, accounts, strict=True)
        ]
        for at in self._dated_among(accounts):
            holder = _holder_on(self._dated[accounts[at]], rows["event_time"][at])
            if holder is not None:
                names[at] = holder
        return names

    def _dated_among(self, accounts: Sequence[str | None]) -> list[int]:
        if not self._dated:
            return []
        return [at for at, account in enumerate(accounts) if account in self._dated]


class Homes:
    """The partition in which each holder's movements come together. A home never changes: it
    depends on the holder's id and the number of partitions alone."""

    def __init__(self, references: References, partitions: int) -> None:
        self._holding = Holding(references.accounts)
        self._partitions = partitions
        self._known: dict[str, int] = {}

    def split(self, batch: TransactionBatch) -> dict[int, TransactionBatch]:
        """What of a batch concerns each partition: rows with a side held there, which count for
        those sides alone."""
        added, retracted = self._homes_of(batch.added), self._homes_of(batch.retracted)
        return {
            home: TransactionBatch(
                added=_living_in(batch.added, added == home),
                retracted=_living_in(batch.retracted, retracted == home),
                history_start=batch.history_start,
                seen_until=batch.seen_until,
            )
            for home in np.union1d(added, retracted).tolist()
            if home != NOWHERE
        }

    def _homes_of(self, rows: pl.DataFrame) -> Homed:
        """The home of each side (SIDES) of each row; NOWHERE of one that does not count."""
        homes = np.full((len(SIDES), rows.height), NOWHERE, np.int64)
        if rows.height:
            for at, side in enumerate(SIDES):
                names = self._holding.names(rows, side)
                is_held = rows[f"{side}_holds"].fill_null(value=True).to_numpy()
                homes[at] = [NOWHERE if name is None else self._home(name) for name in names]
                homes[at, ~is_held] = NOWHERE
        return homes

    def _home(self, holder: str) -> int:
        if holder not in self._known:
            digest = blake2b(holder.encode(), digest_size=8).digest()
            self._known[holder] = int.from_bytes(digest, "big") % self._partitions
        return self._known[holder]


def _living_in(rows: pl.DataFrame, is_there: npt.NDArray[np.bool_]) -> pl.DataFrame:
    """The rows with a side there, (SIDES, rows), which count for those sides alone."""
    chosen = np.flatnonzero(is_there.any(axis=0))
    if not len(chosen):
        return rows.clear()
    return rows[chosen].with_columns(
        pl.Series(f"{side}_holds", is_there[at, chosen]) for at, side in enumerate(SIDES)
    )


def _holder_on(versions: Sequence[Account], time: datetime) -> str | None:
    """The holder of the last version from at or before the time."""
    valid = [each for each in versions if each.valid_from is None or each.valid_from <= time]
    return valid[-1].holder if valid else None
