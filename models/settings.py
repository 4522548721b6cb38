"""Section `[models]` of palermo.toml: which trained model ranks alerts."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict


class ModelSettings(BaseModel):
    """Without `use` no model ranks, and alerts say nothing of one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: Path = Path("bundles")
    """Where `palermo models train` puts models; relative to where the command is run."""
    use: str | None = None
    """Id of the model, or its first letters (six or more)."""
