"""What a run tells its metrics: durations from the named stages, counts from each checkpoint."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from alerts.alert import Reproduce
from alerts.progress import Progress
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


class Telemetry:
    """Listens to one run. `clock` gives monotonic seconds, `wall` seconds since the epoch."""

    def __init__(
        self, metrics: Metrics, *, clock: Callable[[], float], wall: Callable[[], float]
    ) -> None:
        self._metrics, self._clock, self._wall = metrics, clock, wall
        self._read_at = self._judged_at = clock()
        self._told: Progress | None = None

    def note(self, stage: str) -> None:
        """Called at each stage of the loop."""
        now = self._clock()
        if stage == "read":
            self._read_at = now
        elif stage == "detected":
            self._metrics.observe("batch_duration_seconds", now - self._read_at)
            self._judged_at = now
        elif stage == "committed":
            self._metrics.observe("checkpoint_duration_seconds", now - self._judged_at)
            self._metrics.set("last_checkpoint_timestamp_seconds", self._wall())
        elif stage in SNAPSHOT_OUTCOMES:
            self._metrics.count("snapshots", 1, outcome=SNAPSHOT_OUTCOMES[stage])

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
        before, self._told = self._told, progress
        for fate, rows in progress.fates.items():
            told = before.fates.get(fate, 0) if before else 0
            self._metrics.count("rows", rows - told, fate=fate)
        self._metrics.set("rows_unaccounted", progress.rows - sum(progress.fates.values()))
        if progress.seen_until:
            seen = datetime.fromisoformat(progress.seen_until)
            self._metrics.set("watermark_timestamp_seconds", seen.timestamp())
        self._tell_state(line)

    def _tell_state(self, line: Line) -> None:
        made, cut_short = line.networks.searches
        self._metrics.set("network_searches", made)
        self._metrics.set("network_searches_cut_short_ratio", cut_short / made if made else 0.0)
        with line.store.transaction() as transaction:
            findings, cleared = transaction.finding_counts(), transaction.cleared_counts()
            untested = transaction.untested()
            statuses = transaction.status_counts()
            alerts = Counter[tuple[str, ...]](
                (alert.severity, alert.queue) for alert in line.triage.final_alerts(transaction)
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
        lacking = not_testable(line.catalogue, untested)
        self._metrics.replace(
            "conditions_not_testable", {(typology,): len(why) for typology, why in lacking.items()}
        )
        self._metrics.replace("alerts", alerts)
        self._metrics.replace("alert_records", {(status,): n for status, n in statuses.items()})
