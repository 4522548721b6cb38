"""What a folder's notes tell of the run that wrote it, so that its stages can be set up again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from alerts.progress import Progress
from palermo.config import Configuration, load_settings
from palermo.wiring import base_folder


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierRun:
    """base: where relative paths of the configuration start. carried: the feed's columns."""

    configuration: Configuration
    base: Path
    carried: frozenset[str]


def earlier_run(progress: Progress, config: Path | None) -> EarlierRun:
    """The run that came as far as `progress`. config: its palermo.toml, if that has moved."""
    feed = str(progress.notes["feed"])
    named = progress.notes.get("config")
    path = config or (Path(str(named)) if named else None)
    flags = cast("Mapping[str, Any]", progress.notes.get("flags", {}))
    return EarlierRun(
        configuration=load_settings(path, flags=flags),
        base=base_folder(feed, path),
        carried=frozenset(cast("Iterable[str]", progress.notes["carried"])),
    )
