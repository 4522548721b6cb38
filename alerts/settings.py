"""What a house may set about its alerts: section `[alerts]` of palermo.toml."""

from datetime import timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from alerts.alert import Severity


class ReviewHours(BaseModel):
    """House rule: within how many hours of `raised_at` somebody looks. No legal deadline."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    urgent: int = Field(default=1, gt=0)
    high: int = Field(default=24, gt=0)
    medium: int = Field(default=72, gt=0)
    low: int = Field(default=168, gt=0)

    def of(self, severity: Severity) -> timedelta:
        hours = {
            "urgent": self.urgent,
            "high": self.high,
            "medium": self.medium,
            "low": self.low,
        }
        return timedelta(hours=hours[severity])


class AlertSettings(BaseModel):
    """How findings become alerts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    episode_gap_days: int = Field(default=14, gt=0)
    """A longer gap between two triggers of a subject begins a new alert."""
    weekly_budget: int = Field(default=50, gt=0)
    """Alerts a week the house can work; ten times as many in an hour is a storm."""
    review_hours: ReviewHours = ReviewHours()
    pseudonym_key_file: Path | None = None
    """At least 32 bytes; names protected parties in sinks that are not cleared."""

    @property
    def episode_gap(self) -> timedelta:
        return timedelta(days=self.episode_gap_days)
