"""Who holds each account of a transaction, and in which partition that holder lives."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import blake2b

import polars as pl

from ingest.reference import Account, References
from ingest.transaction import ADDRESS, TransactionBatch

SIDES = ("orig", "benef")


class Holding:
    """The bank's own list of accounts, asked by time."""

    def __init__(self, accounts: Mapping[str, Sequence[Account]]) -> None:
        self._always, self._dated = dict[str, str](), dict[str, Sequence[Account]]()
        for account, versions in accounts.items():
            if len(versions) > 1 or versions[0].valid_from is not None:
                self._dated[account] = versions
            elif versions[0].holder is not None:
                self._always[account] = versions[0].holder

    def holders(self, rows: pl.DataFrame, side: str) -> pl.Series:
        """Whom each row's account of a side belongs to: as the bank knows it, else the party
        named; None where nobody knows. rows: {side}_account_id, {side}_party_id, event_time."""
        accounts, parties = rows[f"{side}_account_id"], rows[f"{side}_party_id"]
        asked = ((each, self._always.get(each)) for each in accounts.drop_nulls().unique())
        always = {account: holder for account, holder in asked if holder is not None}
        holders = accounts.replace_strict(always, default=None, return_dtype=pl.String()).fill_null(
            parties
        )
        dated = accounts.is_in(list(self._dated)).fill_null(value=False).arg_true().to_list()
        by_date = [
            _holder_on(self._dated[accounts[row]], rows["event_time"][row]) or parties[row]
            for row in dated
        ]
        return holders.scatter(dated, by_date) if dated else holders

    def names(self, rows: pl.DataFrame, side: str) -> pl.Series:
        """The holder of each account, or the account itself where nobody knows its holder."""
        return self.holders(rows, side).fill_null(rows[f"{side}_account_id"])


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
        added, retracted = self._with_homes(batch.added), self._with_homes(batch.retracted)
        return {
            home: TransactionBatch(
                added=_living_in(added, home).select(batch.added.columns),
                retracted=_living_in(retracted, home).select(*ADDRESS),
                history_start=batch.history_start,
                seen_until=batch.seen_until,
            )
            for home in sorted(_homes_in(added) | _homes_in(retracted))
        }

    def _with_homes(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows.with_columns(
            pl.Series(f"{side}_home", self._homes(rows, side), dtype=pl.Int32) for side in SIDES
        )

    def _homes(self, rows: pl.DataFrame, side: str) -> list[int | None]:
        held = rows[f"{side}_holds"].to_list()
        return [
            self._home(holder) if is_held is not False and holder is not None else None
            for holder, is_held in zip(self._holding.names(rows, side), held, strict=True)
        ]

    def _home(self, holder: str) -> int:
        if holder not in self._known:
            digest = blake2b(holder.encode(), digest_size=8).digest()
            self._known[holder] = int.from_bytes(digest, "big") % self._partitions
        return self._known[holder]


def _homes_in(rows: pl.DataFrame) -> set[int]:
    return {home for side in SIDES for home in rows[f"{side}_home"].drop_nulls().unique()}


def _living_in(rows: pl.DataFrame, home: int) -> pl.DataFrame:
    lives = {side: (pl.col(f"{side}_home") == home).fill_null(value=False) for side in SIDES}
    return rows.filter(lives["orig"] | lives["benef"]).with_columns(
        lives[side].alias(f"{side}_holds") for side in SIDES
    )


def _holder_on(versions: Sequence[Account], time: datetime) -> str | None:
    """The holder of the last version from at or before the time."""
    valid = [each for each in versions if each.valid_from is None or each.valid_from <= time]
    return valid[-1].holder if valid else None
