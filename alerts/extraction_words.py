"""Sentences of an extraction ledger, the same on paper and on a terminal."""

from collections.abc import Sequence
from decimal import Decimal

from alerts.extraction import ExtractionLedger, Received
from alerts.wording import thousands


def endings(of: ExtractionLedger | Received) -> str:
    """`kept 10.00, drawn as cash 90.00`: how the money ended, what is nothing left out."""
    parts = (
        ("still there", of.kept),
        ("drawn as cash", of.cash),
        ("spent", of.spent),
        ("not followed further", of.not_followed),
    )
    told = [f"{words} {thousands(amount)}" for words, amount in parts if Decimal(amount)]
    return ", ".join(told) or "nothing"


def left_out(ledger: ExtractionLedger) -> Sequence[str]:
    """What the trace could not use, in sentences; none where it used everything."""
    told = []
    if ledger.left_out.hubs:
        told.append(
            "Not followed through accounts as busy as a business of many: "
            f"{', '.join(ledger.left_out.hubs)}."
        )
    if ledger.left_out.without_rate:
        told.append(f"{ledger.left_out.without_rate} transactions without a rate are left out.")
    if ledger.left_out.late:
        told.append(f"{ledger.left_out.late} rows came too late for the run and are left out.")
    return told
