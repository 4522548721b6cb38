"""Which accounts a row counts for: an account's movements come from one source."""

from collections.abc import Sequence

import polars as pl

from ingest.mapping import FeedSettings
from ingest.reference import References


class Sides:
    """Decides for both sides of a row whether it counts for that side's account.

    It does if the reporting institution holds the account, or nobody connected does. Where a feed
    reports one side a row, an account of the same institution has a row of its own.
    """

    def __init__(self, settings: FeedSettings, references: References) -> None:
        self._settings = settings
        self._accounts = references.accounts
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
        is_one_sided = self._settings.sides == "one"
        columns = decoded.select(
            f"{side}_account_id", f"{side}_agent_bic", "source_id", "direction"
        ).rows()
        counts: dict[Sequence[str | None], bool] = {}
        held: list[bool] = []
        for given in columns:
            if given not in counts:
                account, agent, source, way = given
                reporting = self._settings.institution or source
                is_own = not is_one_sided or way == own_way
                counts[given] = self._counts(account, agent, reporting, is_own)
            held.append(counts[given])
        return pl.Series(held, dtype=pl.Boolean)

    def _counts(self, account: str | None, agent: str | None, reporting: str, is_own: bool) -> bool:
        if account is None:
            return False
        institution = self._institution(account, agent, reporting)
        if institution is None:
            # Without a list of accounts, an unknown one may have a row of its own.
            return is_own or bool(self._accounts)
        if institution == reporting:
            return is_own
        return institution not in self._connected

    def _institution(self, account: str, agent: str | None, reporting: str) -> str | None:
        known = self._accounts.get(account)
        if known:
            return known[-1].institution or reporting
        return agent
