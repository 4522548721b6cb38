"""When somebody should have looked: house rule, counted from the event, never a legal deadline."""

from datetime import datetime

from alerts.alert import Origin, Severity
from alerts.order import utc_text
from alerts.settings import ReviewHours


def review_due_at(
    raised_at: datetime, severity: Severity, origin: Origin, hours: ReviewHours
) -> str:
    """ISO 8601; empty where no clock runs: only live alerts start one."""
    return utc_text(raised_at + hours.of(severity)) if origin == "live" else ""
