"""The command in this process, and feeds small enough to run in a second."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pytest

from palermo.cli import main

CONFIGURATION = """
[feed]
files = ["transactions.ndjson"]
source_id = "fict-bank"
base_currency = "LAK"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


Command = Callable[..., Ended]


@pytest.fixture
def palermo(capfd: pytest.CaptureFixture[str]) -> Command:
    """Runs `palermo` with these arguments."""

    def command(*arguments: object) -> Ended:
        capfd.readouterr()
        code = 0
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
        printed = capfd.readouterr()
        return Ended(code=code, out=printed.out, err=printed.err)

    return command


@pytest.fixture(scope="session")
def demo_feed() -> Path:
    """The committed feed of the demo."""
    return Path(str(files("palermo") / "demo_feed"))


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    """A feed of six transactions, one of them no JSON."""
    folder = tmp_path / "feed"
    folder.mkdir()
    (folder / "palermo.toml").write_text(CONFIGURATION)
    (folder / "transactions.ndjson").write_text("".join(_lines()))
    return folder


def _lines() -> Iterator[str]:
    for number in range(5):
        yield (
            f'{{"txn_id": "T-FICT-{number}", "event_time": "2026-01-0{number + 1}T10:00:00+07:00", '
            f'"status": "BOOKED", "txn_type": "TRANSFER", "channel": "MOBILE", '
            f'"amount": "{number + 1}00000.00", "currency": "LAK", '
            f'"orig_account_id": "A-FICT-{number}", "benef_account_id": "A-FICT-9"}}\n'
        )
    yield "no transaction\n"
