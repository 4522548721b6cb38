"""`palermo trace`: from a bank's rows to who kept what."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CONFIGURATION = """
[feed]
files = ["transactions.ndjson"]
source_id = "fict-bank"
base_currency = "LAK"

[feed.accounts]
file = "accounts.ndjson"
"""
DAYS = ("--from", "2026-01-01", "--to", "2026-01-31", "--case", "CASE-FICT-1")
Command = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path, palermo: Command) -> Path:
    """A run over a story: 900 come to A-1 of C-1; A-1 pays A-2, which draws cash; one payment is
    amended, one returned."""
    feed = tmp_path / "feed"
    feed.mkdir()
    (feed / "palermo.toml").write_text(CONFIGURATION)
    (feed / "accounts.ndjson").write_text(
        "".join(
            json.dumps({"account_id": f"A-FICT-{n}", "holder": f"C-FICT-{n}"}) + "\n"
            for n in (1, 2, 3)
        )
    )
    rows = [
        _row(1, "X-FICT-1", "A-FICT-1", 600),
        _row(2, "X-FICT-2", "A-FICT-1", 300),
        _row(3, "A-FICT-1", "A-FICT-2", 999, status="PENDING"),
        _row(3, "A-FICT-1", "A-FICT-2", 700),
        _row(4, "A-FICT-1", "A-FICT-3", 100),
        _row(5, "A-FICT-3", "A-FICT-1", 100, reversal_of="T-FICT-4"),
        _row(6, "A-FICT-2", None, 650, txn_type="CASH_WITHDRAWAL", channel="ATM", is_cash=True),
    ]
    (feed / "transactions.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows))
    out = tmp_path / "out"
    assert palermo("run", "--feed", feed, "--out", out).code == 0
    return out


def _row(day: int, payer: str, receiver: str | None, amount: int, **more: object) -> dict[str, Any]:
    row = {
        "txn_id": f"T-FICT-{day}",
        "event_time": f"2026-01-{day + 10}T10:00:00+07:00",
        "status": "BOOKED",
        "txn_type": "TRANSFER",
        "channel": "MOBILE",
        "amount": f"{amount}.00",
        "currency": "LAK",
        "orig_account_id": payer,
        "benef_account_id": receiver,
    }
    return {name: value for name, value in (row | more).items() if value is not None}


def test_a_trace_says_who_kept_what_amendments_and_returns_settled(
    folder: Path, palermo: Command
) -> None:
    ended = palermo("trace", "C-FICT-1", *DAYS, "--out", folder, "--json")

    ledger = json.loads(ended.out)
    assert ended.code == 0
    assert (ledger["came"], ledger["kept"], ledger["cash"]) == ("900.00", "250.00", "650.00")
    assert [(each["party"], each["received"]) for each in ledger["receivers"]] == [
        ("C-FICT-1", "900.00"),
        ("C-FICT-2", "700.00"),
    ]
    assert ledger["payers"][1] == {
        "payer": "X-FICT-2",
        "amount": "300.00",
        "ended_with": {"C-FICT-1": "200.00", "C-FICT-2": "100.00"},
    }
    assert [step["transaction_id"] for step in ledger["steps"]] == ["T-FICT-3", "T-FICT-6"]
    assert ledger["steps"][1]["stems_from"] == ["T-FICT-1", "T-FICT-2"]


def test_one_hop_ends_at_the_receiver(folder: Path, palermo: Command) -> None:
    ended = palermo("trace", "A-FICT-1", *DAYS, "--hops", 1, "--out", folder, "--json")

    assert json.loads(ended.out)["not_followed"] == "700.00"


def test_who_looked_and_why_is_recorded_in_the_folder(folder: Path, palermo: Command) -> None:
    palermo("trace", "C-FICT-1", *DAYS, "--out", folder)

    line = json.loads((folder / "access.ndjson").read_text())
    assert (line["verb"], line["subject"], line["case"]) == ("trace", "C-FICT-1", "CASE-FICT-1")
    assert (folder / "access.ndjson").stat().st_mode & 0o777 == 0o600


def test_terminal_and_page_show_the_same_sums(
    folder: Path, palermo: Command, tmp_path: Path
) -> None:
    page = tmp_path / "trace.html"

    shown = palermo("trace", "C-FICT-1", *DAYS, "--out", folder)
    written = palermo("trace", "C-FICT-1", *DAYS, "--out", folder, "--html", page)

    assert "Came in: 900.00 LAK. Of it: still there 250.00, drawn as cash 650.00." in shown.out
    assert written.code == 0
    assert "650.00 LAK" in page.read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("NOBODY", *DAYS), 1, "no account of NOBODY moved"),
        (("C-FICT-1", *DAYS[:-1], " "), 2, "--case: give the id of the case"),
        (
            ("C-FICT-1", "--from", "2026-02-01", "--to", "2026-01-01", "--case", "X"),
            2,
            "lies before --from",
        ),
        (("C-FICT-1", "--from", "soon", "--to", "2026-01-01", "--case", "X"), 2, "--from soon"),
    ],
)
def test_a_mistake_is_told_in_one_line(
    folder: Path, palermo: Command, arguments: tuple[str, ...], code: int, told: str
) -> None:
    ended = palermo("trace", *arguments, "--out", folder)

    assert ended.code == code
    assert told in ended.err
    assert len(ended.err.splitlines()) == 1
    assert not (folder / "access.ndjson").exists()
