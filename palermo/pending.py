"""What was read and judged since the last checkpoint, so that small batches can share one."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import polars as pl

from alerts.alert import ModelScore
from alerts.triage import ModelScores
from detectors.finding import Finding, TriggerKey
from detectors.networks import NetworkFindings, NetworkKey
from ingest.feed import RawBatch, Reject
from ingest.intake import Accepted
from models.evaluated import REPLACES, Evaluated

PLACE = ("since_time", "since_sequence", "since_hi", "since_lo", "since_side")
"""A movement's place in the total order."""


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
        self._replaces: list[pl.DataFrame] = [pl.DataFrame(schema=REPLACES)]
        self._networks: dict[NetworkKey, Finding | None] = {}

    def add(
        self,
        batch: RawBatch,
        accepted: Accepted,
        evaluated: Evaluated,
        findings: Sequence[Finding],
        scores: ModelScores,
        networks: NetworkFindings,
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
        self._findings = [*_kept(self._findings, evaluated.replaces), *findings]
        self._replaces.append(evaluated.replaces)
        self.scores.update(scores)
        self._networks.update(networks)

    @property
    def archived(self) -> pl.DataFrame | None:
        """Rows for the archive in the order read; None if there are none."""
        return pl.concat(self._archived) if self._archived else None

    @property
    def findings(self) -> Sequence[Finding]:
        return self._findings

    @property
    def networks(self) -> NetworkFindings:
        return self._networks

    @property
    def replaces(self) -> pl.DataFrame:
        """REPLACES rows, one a holder: the earliest point from which anything was judged anew."""
        every = pl.concat(self._replaces)
        return every.sort("holder", *PLACE).unique("holder", keep="first", maintain_order=True)


def holders_since(findings: Iterable[Finding]) -> dict[str, datetime]:
    """From when on each holder's movements are needed to show what the findings rest on."""
    since: dict[str, datetime] = {}
    for citation in (each for finding in findings for each in finding.citations):
        since[citation.holder] = min(since.get(citation.holder, citation.since), citation.since)
    return since


def standing(networks: NetworkFindings) -> list[Finding]:
    """The findings of networks that stand from now on."""
    return [each for each in networks.values() if each is not None]


def _kept(findings: Sequence[Finding], replaces: pl.DataFrame) -> list[Finding]:
    """Those that stand before the point from which their holder was judged anew."""
    holders = {finding.holder for finding in findings}
    since = {
        holder: TriggerKey(time=time, sequence=sequence, txn=f"{hi:016x}{lo:016x}", side=side)
        for holder, time, sequence, hi, lo, side in replaces.select("holder", *PLACE)
        .filter(pl.col("holder").is_in(holders))
        .iter_rows()
    }
    return [
        finding
        for finding in findings
        if finding.holder not in since or finding.trigger < since[finding.holder]
    ]
