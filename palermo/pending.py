"""What was read and judged since the last checkpoint, so that small batches can share one."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import polars as pl

from alerts.alert import ModelScore
from alerts.triage import ModelScores
from detectors.finding import Finding, TriggerKey
from ingest.feed import RawBatch, Reject
from ingest.intake import Accepted
from models.evaluated import REPLACES, Evaluated

Place = tuple[datetime, int, str, int]
"""A movement's place in the total order: time, sequence, 32 hex digits, side."""


class Pending:
    """Batches in the order read. `rows` counts messages; `upto` is None while there are none;
    `history_start` and `seen_until` are the earliest and latest event time the feed has shown."""

    def __init__(self) -> None:
        self.rows = 0
        self.upto: Mapping[str, object] | None = None
        self.fates: Counter[str] = Counter()
        self.history_start: datetime | None = None
        self.seen_until: datetime | None = None
        self.rejects: list[Reject] = []
        self.scores: dict[tuple[str, TriggerKey], ModelScore] = {}
        self._archived: list[pl.DataFrame] = []
        self._findings: list[Finding] = []
        self._since: dict[str, Place] = {}

    def add(
        self,
        batch: RawBatch,
        accepted: Accepted,
        evaluated: Evaluated,
        findings: Sequence[Finding],
        scores: ModelScores,
    ) -> None:
        """Takes in one batch; what it judges anew replaces what waits here."""
        self.rows += len(batch.messages)
        self.upto = batch.upto
        self.fates.update(accepted.fates)
        self.history_start = accepted.transactions.history_start
        self.seen_until = accepted.transactions.seen_until
        self.rejects.extend(accepted.rejects)
        if accepted.archived.height:
            self._archived.append(accepted.archived)
        since = _places(evaluated.replaces)
        self._findings = [*_kept(self._findings, since), *findings]
        self.scores.update(scores)
        for holder, place in since.items():
            self._since[holder] = min(place, self._since.get(holder, place))

    @property
    def archived(self) -> pl.DataFrame | None:
        """Rows for the archive in the order read; None if there are none."""
        return pl.concat(self._archived) if self._archived else None

    @property
    def findings(self) -> Sequence[Finding]:
        return self._findings

    @property
    def replaces(self) -> pl.DataFrame:
        """REPLACES rows, one a holder: the earliest point from which anything was judged anew."""
        rows = [
            (holder, time, sequence, int(txn[:16], 16), int(txn[16:], 16), side)
            for holder, (time, sequence, txn, side) in sorted(self._since.items())
        ]
        return pl.DataFrame(rows, schema=REPLACES, orient="row")


def holders_since(findings: Iterable[Finding]) -> dict[str, datetime]:
    """From when on each holder's movements are needed to show what the findings rest on."""
    since: dict[str, datetime] = {}
    for citation in (each for finding in findings for each in finding.citations):
        since[citation.holder] = min(since.get(citation.holder, citation.since), citation.since)
    return since


def _kept(findings: Iterable[Finding], since: Mapping[str, Place]) -> list[Finding]:
    return [
        finding
        for finding in findings
        if finding.holder not in since or _place(finding) < since[finding.holder]
    ]


def _place(finding: Finding) -> Place:
    trigger = finding.trigger
    return trigger.time, trigger.sequence, trigger.txn, trigger.side


def _places(replaces: pl.DataFrame) -> dict[str, Place]:
    return {
        holder: (time, sequence, f"{high:016x}{low:016x}", side)
        for holder, time, sequence, high, low, side in replaces.iter_rows()
    }
