"""A sudden flood of alerts waits for a person: held and counted, never dropped."""

from datetime import timedelta

import sqlalchemy as sa

from alerts.alert import Origin, Severity
from alerts.register import raised_between
from ingest.times import MICROSECOND

STORM_FACTOR = 10
HOUR = timedelta(hours=1) // MICROSECOND


def must_be_held(
    connection: sa.Connection,
    *,
    raised_time: int,
    severity: Severity,
    origin: Origin,
    weekly_budget: int,
) -> bool:
    """Whether a new alert comes on top of ten weekly budgets within its hour, by event time.
    raised_time in microseconds."""
    if origin != "live" or severity == "urgent":
        return False
    within = raised_between(connection, raised_time - HOUR, raised_time)
    return within >= STORM_FACTOR * weekly_budget
