"""`palermo config show`: every setting as a run would use it."""

from pathlib import Path

from palermo.config import load_settings
from palermo.printing import console, print_json, table


def show_config(path: Path | None, *, with_origin: bool, as_json: bool) -> None:
    """Prints the settings; raises ConfigurationError with all their faults."""
    configuration = load_settings(path or _here())
    rows = [(name, _text(value), origin) for name, value, origin in configuration.rows()]
    if as_json:
        print_json(
            {
                "hash": configuration.hash,
                "settings": {name: value for name, value, _ in configuration.rows()},
                **({"origins": {name: origin for name, _, origin in rows}} if with_origin else {}),
            }
        )
        return
    if with_origin:
        console().print(table(("setting", "value", "origin"), rows))
    else:
        console().print(table(("setting", "value"), [row[:2] for row in rows]))
    console().print(f"\nhash of what changes findings: {configuration.hash}")


def _here() -> Path | None:
    found = Path("palermo.toml")
    return found if found.is_file() else None


def _text(value: object) -> str:
    return "" if value is None else str(value)
