"""What every printable page shares: one file, no script, no other source, safe text."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from importlib.resources import files

from jinja2 import DictLoader, Environment, StrictUndefined, Template
from markupsafe import Markup

from alerts import wording

MOST_LETTERS = 80
"""Of a running line: more does not fit beside the page number."""


def style_sheet(running_line: str) -> str:
    """The style sheet, with lines at the edges of the paper; `running_line` names the page."""
    safe = "".join(
        f"\\{ord(letter):06x}" for letter in wording.shortened(running_line, MOST_LETTERS)
    )
    line = "color: #4c5768; font: 8pt system-ui, 'DejaVu Sans', sans-serif;"
    return (
        f"{_resource('alert.css')}@page {{ size: A4; margin: 17mm 15mm 16mm;"
        f' @top-left {{ content: "{wording.HEADING}"; {line} }}'
        f' @bottom-left {{ content: "{safe}"; {line} }}'
        f' @bottom-right {{ content: "Page " counter(page) " of " counter(pages); {line} }} }}\n'
    )


def content_policy(css: str) -> str:
    """Forbids all but this style sheet."""
    digest = b64encode(sha256(css.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def template(
    name: str, filters: Mapping[str, Callable[..., str | None]], words: Mapping[str, object]
) -> Template:
    """A template of `alerts/templates`; whatever it prints is escaped and made printable."""
    environment = Environment(
        loader=DictLoader({name: _resource(name)}),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(filters)
    environment.globals.update(words)
    return environment.get_template(name)


def _resource(name: str) -> str:
    return files("alerts").joinpath("templates", name).read_text(encoding="utf-8")


def _printable(value: object) -> object:
    if isinstance(value, str) and not isinstance(value, Markup):
        return wording.printable(value)
    return value
