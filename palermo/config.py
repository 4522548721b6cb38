"""Settings and their origins: defaults < palermo.toml < environment < flags."""

import difflib
import json
import os
import tomllib
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from alerts.settings import AlertSettings
from ingest.kafka_settings import KafkaSettings
from ingest.mapping import FeedSettings
from palermo.errors import ConfigurationError

ENVIRONMENT_PREFIX = "PALERMO__"


class DetectorSettings(BaseModel):
    """Section `[detectors]`: which typologies look, and with which parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: tuple[str, ...] | None = None
    """Ids of the typologies that run; all of them if left out."""
    parameters: dict[str, dict[str, float | int]] = Field(default_factory=dict)
    """Overrides: `[detectors.parameters.st-structuring] least_count = 4`."""


class ModelSettings(BaseModel):
    """Section `[models]`: which trained forest ranks alerts; none is a choice too."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    use: str | None = None
    """Id of a model on the shelf, or its first letters."""
    shelf: Path = Path("palermo-models")


class FileSinkSettings(BaseModel):
    """Section `[sinks.files]`: the alerts written to the `--out` folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cleared: bool = True
    """Whether readers of the folder may see protected parties by name, not by pseudonym."""


class TopicSinkSettings(BaseModel):
    """Section `[sinks.topics]`: the alerts sent to a Kafka topic."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cleared: bool = False
    """Whether readers of the topic may see protected parties by name, not by pseudonym."""


class SinkSettings(BaseModel):
    """Section `[sinks]`: where alerts go."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: FileSinkSettings = FileSinkSettings()
    topics: TopicSinkSettings = TopicSinkSettings()


class HouseSettings(BaseModel):
    """Section `[house]`: who runs this."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["bank", "fiu"] = "bank"


class Settings(BaseSettings):
    """Everything palermo.toml can say, one field a section."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix=ENVIRONMENT_PREFIX,
        env_nested_delimiter="__",
    )

    feed: FeedSettings = Field(default_factory=FeedSettings)
    detectors: DetectorSettings = DetectorSettings()
    models: ModelSettings = ModelSettings()
    alerts: AlertSettings = Field(default_factory=AlertSettings)
    sinks: SinkSettings = SinkSettings()
    kafka: KafkaSettings = KafkaSettings()
    house: HouseSettings = HouseSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # The layers are laid by `load_settings`, which also keeps where each value came from.
        return (init_settings,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Checked settings, and where each one that is not a default came from."""

    settings: Settings
    origins: Mapping[str, str]
    """`section.key` -> file, environment variable or flag."""

    @property
    def hash(self) -> str:
        """Over the settings that change findings or what an alert says, and no others."""
        deciding = self.settings.model_dump(include=DECIDING)
        text = json.dumps(_without_places(deciding), sort_keys=True, default=_in_order)
        return blake2b(text.encode(), digest_size=16).hexdigest()

    def rows(self) -> Iterator[tuple[str, object, str]]:
        """Each setting with its value (secrets starred) and its origin, in order."""
        for name, value in sorted(_flatten(self.settings.model_dump(mode="json"))):
            yield name, value, _origin_of(name, self.origins)


DECIDING = {"feed", "detectors", "models", "alerts", "house"}
PLACES_OF_FILES = frozenset(("file", "files", "pseudonym_key_file", "shelf"))
"""Where a file lies changes nothing: its content is in the bundle's hash."""


def load_settings(path: Path | None, *, flags: Mapping[str, Any] | None = None) -> Configuration:
    """The configuration a command runs with.

    Raises ConfigurationError naming every fault, each with its place and the nearest known name.
    """
    layers = [
        (str(path), _read_toml(path)),
        ("environment", _read_environment()),
        ("flag", dict(flags or {})),
    ]
    merged: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for layer, values in layers:
        merged = _laid_over(merged, values)
        origins |= {name: _origin(layer, name) for name, _ in _flatten(values)}
    return Configuration(settings=_checked(merged, origins), origins=origins)


def _without_places(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _without_places(value) if isinstance(value, Mapping) else value
        for name, value in values.items()
        if name not in PLACES_OF_FILES
    }


def _in_order(value: Any) -> Any:
    """Sets have no order of their own, and the hash needs one."""
    return sorted(value) if isinstance(value, frozenset) else str(value)


def _read_toml(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise ConfigurationError(
            f"{path}: {fault.strerror}; give an existing file to --config"
        ) from fault
    except UnicodeDecodeError as fault:
        raise ConfigurationError(f"{path}: not UTF-8 text; save it as UTF-8") from fault
    except tomllib.TOMLDecodeError as fault:
        raise ConfigurationError(f"{path}: not valid TOML: {fault}") from fault


def _read_environment() -> dict[str, Any]:
    ours = [name for name in os.environ if name.startswith(ENVIRONMENT_PREFIX)]
    sections = {name: name.removeprefix(ENVIRONMENT_PREFIX).split("__")[0].lower() for name in ours}
    # The source leaves out what no section is named for; a misspelt one must be heard of.
    unknown: dict[str, Any] = {
        section: {} for section in sections.values() if section not in Settings.model_fields
    }
    try:
        return unknown | EnvSettingsSource(Settings)()
    except SettingsError as fault:
        raise ConfigurationError(
            f"environment: {', '.join(sorted(ours))}: {fault}; a list or table is given as JSON, "
            'such as ["one", "two"]'
        ) from fault


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for name, value in above.items():
        both_tables = isinstance(value, Mapping) and isinstance(merged.get(name), Mapping)
        merged[name] = _laid_over(merged[name], value) if both_tables else value
    return merged


def _flatten(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        path = f"{before}.{name}" if before else name
        if isinstance(value, Mapping) and value:
            yield from _flatten(value, path)
        else:
            yield path, value


def _origin(layer: str, name: str) -> str:
    if layer == "environment":
        return f"environment {ENVIRONMENT_PREFIX}{name.replace('.', '__').upper()}"
    return f"flag for {name}" if layer == "flag" else layer


def _origin_of(name: str, origins: Mapping[str, str]) -> str:
    parts = name.split(".")
    longest_first = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
    return next((origins[path] for path in longest_first if path in origins), "default")


def _checked(merged: dict[str, Any], origins: Mapping[str, str]) -> Settings:
    try:
        settings = Settings(**merged)
    except ValidationError as fault:
        raise ConfigurationError(*(_sentence(each, origins) for each in fault.errors())) from fault
    contradictions = settings.kafka.faults()
    if contradictions:
        raise ConfigurationError(*contradictions)
    return settings


def _sentence(error: Any, origins: Mapping[str, str]) -> str:
    location = [str(part) for part in error["loc"]]
    name = ".".join(location)
    where = next(
        (origin for path, origin in origins.items() if path == name or path.startswith(f"{name}.")),
        _origin_of(name, origins),
    )
    if error["type"] == "extra_forbidden":
        return f"{where}: unknown setting `{name}`{_nearest(location)}"
    if error["type"] == "missing":
        return f"{where}: `{name}` is needed and not given"
    return f"{where}: `{name}`: {error['msg'].removeprefix('Value error, ')}"


def _nearest(location: list[str]) -> str:
    model = _annotation(location[:-1])
    known = sorted(model.model_fields) if _is_model(model) else []
    close = difflib.get_close_matches(location[-1], known, n=1, cutoff=0.65)
    if close:
        return f"; did you mean `{close[0]}`?"
    return f"; known here: {', '.join(known)}" if known else ""


def _annotation(path: list[str]) -> Any:
    """The type a setting is declared with; None if there is no such setting."""
    found: Any = Settings
    for part in path:
        if _is_model(found) and part in found.model_fields:
            found = _plain(found.model_fields[part].annotation)
        elif get_origin(found) in (dict, Mapping):
            found = _plain(get_args(found)[1])
        elif get_origin(found) in (list, tuple) and part.isdigit():
            found = _plain(get_args(found)[0])
        else:
            return None
    return found


def _plain(annotation: Any) -> Any:
    """A model inside `X | None`, else the annotation as it is."""
    if get_origin(annotation) not in (Union, types.UnionType):
        return annotation
    without_none = [each for each in get_args(annotation) if each is not type(None)]
    return without_none[0] if len(without_none) == 1 else annotation


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
