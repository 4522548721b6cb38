"""How things are printed: tables for people on a terminal, one JSON document for programs."""

import sys
from collections.abc import Iterable, Sequence
from shutil import which
from typing import Any

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

PLAIN_WIDTH = 120
"""Columns where standard output is a file or a pipe."""


def command_name() -> str:
    """What to type for this command: its path where the shell would not find it by name."""
    return "palermo" if which("palermo") else sys.argv[0]


def console() -> Console:
    """Standard output; plain text where it is no terminal or NO_COLOR is set."""
    is_wide = not sys.stdout.isatty()
    return Console(highlight=False, width=PLAIN_WIDTH if is_wide else None)


def print_json(document: Any) -> None:
    """One JSON document, fields in their order."""
    typer.echo(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """A table without frames; the last column takes what width is left."""
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in headings[:-1]:
        made.add_column(heading, no_wrap=True)
    made.add_column(headings[-1], overflow="fold")
    for row in rows:
        made.add_row(*map(escape, row))
    return made
