"""Case proposals out of alerts.ndjson: the unit of an analyst's work, and of the score."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, get_args

import msgspec

from alerts.alert import Alert
from palermo.errors import DataUnusable, UsageError
from palermo.quality.labels import Scheme

Line = Literal["urgent", "persons", "laundering", "unusual", "first_load"]
"""A line of work with its own budget: urgent; trafficking and smuggling; laundering; unusual."""
LINES: tuple[Line, ...] = get_args(Line)

LINE_OF_QUEUE: dict[str, Line] = {
    "exploitation": "persons",
    "smuggling": "persons",
    "laundering": "laundering",
    "unusual": "unusual",
    "first_load": "first_load",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Alerts an analyst would open as one case. score: the highest of its alerts."""

    case_id: str
    line: Line
    score: float
    raised_at: datetime
    alerts: tuple[Alert, ...]
    subjects: frozenset[str]


def read_alerts(path: Path) -> list[Alert]:
    """The alerts of a run that stand: open or amended.

    Raises UsageError if there is no such file, DataUnusable if a line is no alert.
    """
    if not path.is_file():
        raise UsageError(f"--alerts {path}: no such file; give the alerts.ndjson of a run")
    decoder = msgspec.json.Decoder(Alert)
    found: dict[str, Alert] = {}
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            alert = decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
            raise DataUnusable(
                f"{path}, line {number}: {fault}; give the alerts.ndjson of a run of this release"
            ) from fault
        if alert.alert_id in found:
            raise DataUnusable(
                f"{path}, line {number}: alert {alert.alert_id} is there twice; give the final "
                "alerts of one run, not a topic's history"
            )
        found[alert.alert_id] = alert
    return [alert for alert in found.values() if alert.status in ("open", "amended")]


def raised_within(alerts: Iterable[Alert], start: datetime, end: datetime) -> list[Alert]:
    """The alerts raised in [start, end)."""
    return [alert for alert in alerts if start <= raised_at(alert) < end]


def raised_at(alert: Alert) -> datetime:
    """The event time of the movement that passed the gate."""
    return datetime.fromisoformat(alert.raised_at)


def in_time(alert: Alert) -> tuple[datetime, str]:
    """What alerts are sorted by to have the earliest first: when raised, then id."""
    return raised_at(alert), alert.alert_id


def proposals_of(alerts: Iterable[Alert]) -> list[Proposal]:
    """The case proposals these alerts make, first in the ranking first: highest score, then the
    earliest, then by id. Depends on the set of alerts alone."""
    cases: dict[str, list[Alert]] = defaultdict(list)
    for alert in sorted(alerts, key=in_time):
        cases[alert.case_proposal_id].append(alert)
    found = (_proposal(case_id, members) for case_id, members in cases.items())
    return sorted(found, key=lambda each: (-each.score, each.raised_at, each.case_id))


def line_of_scheme(scheme: Scheme) -> Line:
    """The line of work a scheme belongs to: urgent are ransom, sextortion and children."""
    if scheme.typology.startswith("cse-") or scheme.typology == "sc-family-ransom":
        return "urgent"
    return "laundering" if scheme.typology.startswith("st-") else "persons"


def _proposal(case_id: str, alerts: Sequence[Alert]) -> Proposal:
    return Proposal(
        case_id=case_id,
        line=min((_line(alert) for alert in alerts), key=LINES.index),
        score=max(alert.score for alert in alerts),
        raised_at=raised_at(alerts[0]),
        alerts=tuple(alerts),
        subjects=frozenset(f"{each.subject.kind}:{each.subject.id}" for each in alerts),
    )


def _line(alert: Alert) -> Line:
    return "urgent" if alert.severity == "urgent" else LINE_OF_QUEUE[alert.queue]
