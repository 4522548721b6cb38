"""The extraction ledger on a terminal: the sums and the largest steps; the whole is on the page."""

from decimal import Decimal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from alerts.extraction import ExtractionLedger
from alerts.extraction_words import endings, left_out
from alerts.wording import HEADING, moment, money, thousands

MOST_ROWS = 12


def print_extraction(console: Console, ledger: ExtractionLedger) -> None:
    """Who received how much, what they kept, and the largest steps."""
    console.print(f"[bold]Where the money of {escape(ledger.subject)} went[/bold]")
    days = f"{moment(ledger.first_day)} to {moment(ledger.last_day)} ({ledger.time_zone})"
    console.print(f"{days}, case {escape(ledger.case)}")
    console.print(f"{HEADING}. First in, first out: a convention of tracing, not a proof.\n")
    console.print(f"Came in: {money(ledger.came, ledger.currency)}. Of it: {endings(ledger)}.")
    console.print(f"Moved out of money from before: {money(ledger.earlier, ledger.currency)}.\n")
    _print(console, "Who received it", _receivers(ledger), len(ledger.receivers))
    _print(console, "Who paid it", _payers(ledger), len(ledger.payers))
    _print(console, "The largest steps", _steps(ledger), len(ledger.steps))
    for sentence in left_out(ledger):
        console.print(escape(sentence))


def _print(console: Console, heading: str, table: Table, rows: int) -> None:
    console.print(f"[bold]{heading}[/bold]")
    console.print(table)
    if rows > MOST_ROWS:
        console.print(f"  {rows - MOST_ROWS} more are on the page and in --json.")
    console.print()


def _receivers(ledger: ExtractionLedger) -> Table:
    table = _table(
        ledger.currency, "Party", "Hop", "Received", "Passed on", "What became of the rest"
    )
    for each in ledger.receivers[:MOST_ROWS]:
        table.add_row(
            escape(each.party),
            str(each.first_hop),
            thousands(each.received),
            thousands(each.passed_on),
            endings(each),
        )
    return table


def _payers(ledger: ExtractionLedger) -> Table:
    table = _table(ledger.currency, "Payer", "Paid", "Ended with")
    for each in ledger.payers[:MOST_ROWS]:
        ends = [f"{party} {thousands(part)}" for party, part in each.ended_with.items()]
        table.add_row(escape(each.payer), thousands(each.amount), escape(", ".join(ends[:3])))
    return table


def _steps(ledger: ExtractionLedger) -> Table:
    table = _table(ledger.currency, "When, UTC", "From", "To", "Followed", "Transaction")
    largest = sorted(ledger.steps, key=lambda step: (-Decimal(step.followed), step.at))
    for step in sorted(largest[:MOST_ROWS], key=lambda step: step.at):
        to = step.to_party or {"cash": "cash", "spent": "spent"}[step.use]
        table.add_row(
            moment(step.at),
            escape(step.from_party),
            escape(to),
            thousands(step.followed),
            escape(step.transaction_id),
        )
    return table


def _table(currency: str, *headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in headings:
        is_sum = heading in ("Received", "Passed on", "Paid", "Followed")
        shown = f"{heading}, {currency}" if is_sum else heading
        table.add_column(shown, justify="right" if is_sum or heading == "Hop" else "left")
    return table
