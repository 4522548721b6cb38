"""Which accounts a row counts for: an account's movements come from one source."""

import polars as pl

from ingest.mapping import FeedSettings
from ingest.reference import References

REPORTING = "\x00"
"""Stands for whoever reports the row: no institution has this name."""


class Sides:
    """Decides for both sides of a row whether it counts for that side's account.

    It does if the reporting institution holds the account, or nobody connected does. Where a feed
    reports one side a row, an account of the same institution has a row of its own.
    """

    def __init__(self, settings: FeedSettings, references: References) -> None:
        self._settings = settings
        listed = sorted(references.accounts)
        self._accounts = pl.Enum(listed)
        self._institutions = pl.Series(
            [references.accounts[each][-1].institution or REPORTING for each in listed],
            dtype=pl.String,
        )
        self._connected = frozenset(settings.connected)

    def held(self, decoded: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
        """Of DECODED rows: whether each counts for the account debited, and for the one
        credited."""
        if self._settings.sides == "both" and not self._connected:
            # Nobody else reports, so every account counts from what is seen here.
            return decoded["orig_account_id"].is_not_null(), decoded[
                "benef_account_id"
            ].is_not_null()
        return self._held(decoded, "orig", "DEBIT"), self._held(decoded, "benef", "CREDIT")

    def _held(self, decoded: pl.DataFrame, side: str, own_way: str) -> pl.Series:
        account, way = decoded[f"{side}_account_id"], decoded["direction"]
        named = self._settings.institution
        reporting = decoded["source_id"] if named is None else pl.lit(named)
        institution = self._known_institutions(account)
        counted = decoded.with_columns(institution).select(
            reporting=reporting,
            institution=pl.when(pl.col("institution") == REPORTING)
            .then(reporting)
            .otherwise(pl.coalesce("institution", f"{side}_agent_bic")),
            is_own=(way == own_way).fill_null(value=False)
            if self._settings.sides == "one"
            else pl.lit(value=True),
            is_there=account.is_not_null(),
        )
        # Without a list of accounts, an unknown one may have a row of its own.
        unknown = pl.col("is_own") | bool(len(self._institutions))
        elsewhere = ~pl.col("institution").is_in(list(self._connected))
        return counted.select(
            held=pl.col("is_there")
            & pl.when(pl.col("institution").is_null())
            .then(unknown)
            .when(pl.col("institution") == pl.col("reporting"))
            .then("is_own")
            .otherwise(elsewhere)
        )["held"]

    def _known_institutions(self, accounts: pl.Series) -> pl.Series:
        """Who holds each account as the bank's list says; REPORTING where it names nobody."""
        numbers = accounts.cast(self._accounts, strict=False).to_physical()
        return self._institutions.gather(numbers).alias("institution")
