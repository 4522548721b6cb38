"""Which accounts a row counts for: an account's movements come from one source."""

from ingest.decode import Decoded
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

    def held(self, row: Decoded) -> tuple[bool, bool]:
        """Whether the row counts for the account debited, and for the one credited."""
        content = row.content
        reporting = self._settings.institution or content.source_id
        is_one_sided = self._settings.sides == "one"
        is_orig_own = not is_one_sided or row.direction == "DEBIT"
        is_benef_own = not is_one_sided or row.direction == "CREDIT"
        return (
            self._counts(content.orig_account_id, content.orig_agent_bic, reporting, is_orig_own),
            self._counts(
                content.benef_account_id, content.benef_agent_bic, reporting, is_benef_own
            ),
        )

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
