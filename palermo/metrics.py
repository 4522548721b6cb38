"""Every metric in one table, in base units; no account or customer is ever a label."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

Kind = Literal["counter", "gauge", "histogram"]
Instrument = Counter | Gauge | Histogram
T = TypeVar("T", Counter, Gauge, Histogram)

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A row of the table; the exposed name is `palermo_` and the name, with the unit's ending."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()


METRICS = (
    Metric(name="rows", kind="counter", help="Rows read, each with its one fate", labels=("fate",)),
    Metric(
        name="rows_unaccounted",
        kind="gauge",
        help="Rows read minus the sum of all fates: anything but 0 is a defect",
    ),
    Metric(
        name="watermark_timestamp_seconds",
        kind="gauge",
        help="Largest event time seen, seconds since the epoch",
    ),
    Metric(
        name="findings",
        kind="gauge",
        help="Current findings, signals and cleared ones included",
        labels=("typology",),
    ),
    Metric(
        name="cleared_findings",
        kind="gauge",
        help="Current findings that a test explains; kept, not alerted",
        labels=("typology", "test"),
    ),
    Metric(
        name="alerts",
        kind="gauge",
        help="Alerts that stand",
        labels=("severity", "queue"),
    ),
    Metric(
        name="alert_records",
        kind="gauge",
        help="All alerts ever raised, by what became of them",
        labels=("status",),
    ),
    Metric(
        name="conditions_not_testable",
        kind="gauge",
        help="Conditions of a typology this feed cannot test: not testable is not clean",
        labels=("typology",),
    ),
    Metric(
        name="network_searches",
        kind="gauge",
        help="Searches for network shapes since the start",
    ),
    Metric(
        name="network_searches_cut_short_ratio",
        kind="gauge",
        help="Share of them that the work cap cut short: a shape may lie beyond",
    ),
    Metric(
        name="batch_duration_seconds",
        kind="histogram",
        help="From rows read to findings judged",
    ),
    Metric(
        name="checkpoint_duration_seconds",
        kind="histogram",
        help="From findings judged to everything durable",
    ),
    Metric(
        name="last_checkpoint_timestamp_seconds",
        kind="gauge",
        help="When everything was last durable, seconds since the epoch",
    ),
    Metric(
        name="snapshots",
        kind="counter",
        help="Snapshots of the profiles by what became of them; rebuilt: none was usable",
        labels=("outcome",),
    ),
    Metric(
        name="consumer_lag_records",
        kind="gauge",
        help="Offsets that lie before a stage in each partition of this process, as far as heard",
        labels=("stage", "topic", "partition"),
    ),
    Metric(
        name="partitions",
        kind="gauge",
        help="Partitions of this process: ready, or coming while their state is made again",
        labels=("stage", "state"),
    ),
    Metric(
        name="transactions_sent_again",
        kind="counter",
        help="Kafka transactions that did not come about and were sent again by a new producer",
        labels=("stage",),
    ),
    Metric(
        name="publishing_failures",
        kind="counter",
        help="Attempts to publish alerts that the brokers did not take; the store keeps them",
    ),
    Metric(
        name="build_info",
        kind="gauge",
        help="Always 1; what runs",
        labels=("release", "configuration", "bundle"),
    ),
)


class Metrics:
    """The instruments of one process, by the names of the table."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call] # it has none
        self._registry = CollectorRegistry()
        self._instruments = {metric.name: _instrument(metric, self._registry) for metric in METRICS}

    def count(self, name: str, amount: float, **labels: str) -> None:
        """Adds to a counter."""
        counter = self._of(name, Counter, labels)
        counter.inc(amount)

    def set(self, name: str, value: float, **labels: str) -> None:
        """Sets a gauge."""
        gauge = self._of(name, Gauge, labels)
        gauge.set(value)

    def observe(self, name: str, seconds: float) -> None:
        """Adds one duration to a histogram."""
        histogram = self._of(name, Histogram, {})
        histogram.observe(seconds)

    def replace(self, name: str, values: Mapping[tuple[str, ...], float]) -> None:
        """Sets a gauge for these label values, in the table's order, and for no others."""
        gauge = self._instruments[name]
        gauge.clear()
        for labels, value in sorted(values.items()):
            self._as(gauge.labels(*labels), Gauge).set(value)

    def exposed(self) -> bytes:
        """The text a Prometheus server scrapes."""
        return generate_latest(self._registry)

    def _of(self, name: str, kind: type[T], labels: Mapping[str, str]) -> T:
        instrument = self._instruments[name]
        return self._as(instrument.labels(**labels) if labels else instrument, kind)

    @staticmethod
    def _as(instrument: Instrument, kind: type[T]) -> T:
        if not isinstance(instrument, kind):
            raise TypeError(f"{instrument} is no {kind.__name__}")
        return instrument


def _instrument(metric: Metric, registry: CollectorRegistry) -> Instrument:
    name = f"palermo_{metric.name}"
    if metric.kind == "counter":
        return Counter(name, metric.help, metric.labels, registry=registry)
    if metric.kind == "gauge":
        return Gauge(name, metric.help, metric.labels, registry=registry)
    return Histogram(name, metric.help, metric.labels, registry=registry, buckets=SECONDS)
