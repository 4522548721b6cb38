"""Every error of this package. A message says what was wrong, where, and what to do."""

from ingest.reasons import ReasonCode, detail


class IngestError(Exception):
    """Anything that stops ingest. Bad rows never do: they become rejects."""


class FeedUnreadable(IngestError):
    """The input cannot be opened or read on: no such file, damaged compression, no header."""


class FeedChanged(IngestError):
    """The input is not the one a position was taken in."""


def other_kind() -> FeedChanged:
    """A position that was taken in another kind of feed."""
    return FeedChanged(
        "the output folder holds a run that read another kind of feed (files, an archive or "
        "topics); go on with that one, or start with a new output folder"
    )


class ArchiveUnusable(IngestError):
    """The archive does not hold what this release would have written."""


class RowFault(Exception):
    """Why one row cannot become a transaction; caught where rows become rejects.

    The field and what was expected of it, never the value: that may be personal data.
    """

    def __init__(
        self, reason: ReasonCode, *, field: str | None = None, expected: str | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field
        self.expected = expected

    def detail(self) -> str:
        return detail(self.reason, field=self.field, expected=self.expected)
