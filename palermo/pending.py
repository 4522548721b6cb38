"""What was read and judged since the last checkpoint, so that small batches can share one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

import polars as pl

from alerts.triage import ModelScores
from detectors.finding import Finding
from detectors.networks import NetworkFindings, NetworkKey
from ingest.feed import RawBatch, Reject
from ingest.intake import Accepted
from models.evaluated import Evaluated
from palermo.judged import Judged


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
        self.judged = Judged()
        self._archived: list[pl.DataFrame] = []
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
        self.judged.add(evaluated, findings, scores)
        self._networks.update(networks)

    @property
    def archived(self) -> pl.DataFrame | None:
        """Rows for the archive in the order read; None if there are none."""
        return pl.concat(self._archived) if self._archived else None

    @property
    def networks(self) -> NetworkFindings:
        return self._networks
