"""What a run tells its metrics: durations from the named stages, counts from each checkpoint."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from alerts.alert import Reproduce
from alerts.progress import Progress
from alerts.store import Store
from alerts.triage import Triage
from detectors.catalogue import Catalogue
from models.networks import Networks
from palermo.metrics import Metrics
from palermo.pipeline import Line
from palermo.results import not_testable

SNAPSHOT_OUTCOMES = {
    "snapshot_written": "written",
    "snapshot_restored": "restored",
    "snapshot_refused": "refused",
    "snapshot_given_up": "given_up",
    "profiles_rebuilt": "rebuilt",
}
"""By named stage."""


class Partition(Protocol):
    """A partition of a topic."""

    @property
    def topic(self) -> str: ...

    @property
    def partition(self) -> int: ...


class Loop(Protocol):
    """Of the live runtime a stage's loop, as far as it is told of."""

    def lags(self) -> Mapping[Partition, int]: ...

    def counts(self) -> tuple[int, int]: ...


class Telemetry:
    """Listens to one run. `clock` gives monotonic seconds, `wall` seconds since the epoch."""

    def __init__(
        self, metrics: Metrics, *, clock: Callable[[], float], wall: Callable[[], float]
    ) -> None:
        self._metrics, self._clock, self._wall = metrics, clock, wall
        self._read_at = self._judged_at = clock()
        self._told: Progress | None = None
        self._fates = Counter[str]()
        self._lags: dict[tuple[str, ...], float] = {}

    def note(self, point: str) -> None:
        """Called at each named point of the loop, or of a loop of the live runtime: then the name
        of its stage stands before it."""
        now = self._clock()
        of, _, stage = point.rpartition(".")
        if stage == "read":
            self._read_at = now
        elif stage in ("detected", "processed"):
            self._metrics.observe("batch_duration_seconds", now - self._read_at)
            self._judged_at = now
        elif stage == "committed":
            self._metrics.observe("checkpoint_duration_seconds", now - self._judged_at)
            self._metrics.set("last_checkpoint_timestamp_seconds", self._wall())
        elif stage in SNAPSHOT_OUTCOMES:
            self._metrics.count("snapshots", 1, outcome=SNAPSHOT_OUTCOMES[stage])
        elif stage == "transaction_aborted":
            self._metrics.count("transactions_sent_again", 1, stage=of)
        elif stage == "publishing_failed":
            self._metrics.count("publishing_failures", 1)

    def tell_build(self, reproduce: Reproduce) -> None:
        """What runs."""
        self._metrics.set(
            "build_info",
            1,
            release=reproduce.release,
            configuration=reproduce.configuration,
            bundle=reproduce.bundle,
        )

    def tell(self, line: Line, progress: Progress) -> None:
        """Brings all counts to this checkpoint; does nothing if it was told before."""
        if progress is self._told:
            return
        self._told = progress
        seen = datetime.fromisoformat(progress.seen_until) if progress.seen_until else None
        self.tell_rows(progress.rows, progress.fates, seen)
        self.tell_state(
            line.store, triage=line.triage, catalogue=line.catalogue, networks=line.networks
        )

    def tell_rows(self, rows: int, fates: Mapping[str, int], seen_until: datetime | None) -> None:
        """How many rows were read in all, what became of them, the largest event time seen."""
        for fate, number in fates.items():
            self._metrics.count("rows", number - self._fates[fate], fate=fate)
            self._fates[fate] = number
        self._metrics.set("rows_unaccounted", rows - sum(fates.values()))
        if seen_until is not None:
            self._metrics.set("watermark_timestamp_seconds", seen_until.timestamp())

    def tell_partitions(self, stage: str, loop: Loop) -> None:
        """What of a stage is this process's and how far behind it is."""
        self._lags = {key: lag for key, lag in self._lags.items() if key[0] != stage} | {
            (stage, each.topic, str(each.partition)): lag for each, lag in loop.lags().items()
        }
        self._metrics.replace("consumer_lag_records", self._lags)
        ready, coming = loop.counts()
        self._metrics.set("partitions", ready, stage=stage, state="ready")
        self._metrics.set("partitions", coming, stage=stage, state="coming")

    def tell_state(
        self, store: Store, *, triage: Triage, catalogue: Catalogue, networks: Networks
    ) -> None:
        """What stands: findings, alerts, what cannot be tested, searches for shapes."""
        made, cut_short = networks.searches
        self._metrics.set("network_searches", made)
        self._metrics.set("network_searches_cut_short_ratio", cut_short / made if made else 0.0)
        with store.transaction() as transaction:
            findings, cleared = transaction.finding_counts(), transaction.cleared_counts()
            untested = transaction.untested()
            statuses = transaction.status_counts()
            alerts = Counter[tuple[str, ...]](
                (alert.severity, alert.queue) for alert in triage.final_alerts(transaction)
            )
        self._metrics.replace("findings", {(typology,): n for typology, n in findings.items()})
        self._metrics.replace(
            "cleared_findings",
            {
                (typology, test): n
                for typology, tests in cleared.items()
                for test, n in tests.items()
            },
        )
        lacking = not_testable(catalogue, untested)
        self._metrics.replace(
            "conditions_not_testable", {(typology,): len(why) for typology, why in lacking.items()}
        )
        self._metrics.replace("alerts", alerts)
        self._metrics.replace("alert_records", {(status,): n for status, n in statuses.items()})
