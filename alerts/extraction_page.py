"""The extraction ledger as one printable page: a single HTML file, no server and no script."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache

from jinja2 import Template
from markupsafe import Markup

from alerts import wording
from alerts.extraction import ExtractionLedger
from alerts.extraction_words import left_out
from alerts.flow_graph import Flow, Wording, draw_flows
from alerts.sheet import content_policy, style_sheet, template


def render_extraction(ledger: ExtractionLedger) -> str:
    """A whole HTML document; every sum stands beside the transactions it is made of."""
    css = style_sheet(f"Palermo trace, case {ledger.case}")
    return _template().render(
        ledger=ledger,
        currency=ledger.currency,
        heading=wording.HEADING,
        css=Markup(css),  # noqa: S704 our own file; the case in it is escaped
        policy=content_policy(css),
        graph=draw_flows(_flows(ledger), _drawing_words(ledger)),
        unseen=left_out(ledger),
    )


def _flows(ledger: ExtractionLedger) -> list[Flow]:
    """Who paid whom of the followed money, payers of the subject included."""
    paid = [
        (each.payer, ledger.subject, Decimal(each.amount), ledger.first_day, "")
        for each in ledger.payers
    ]
    paid += [
        (step.from_party, step.to_party, Decimal(step.followed), step.at, step.transaction_id)
        for step in ledger.steps
        if step.to_party is not None and step.to_party != step.from_party
    ]
    pairs: dict[tuple[str, str], list[tuple[Decimal, str, str]]] = {}
    for payer, receiver, amount, at, reference in paid:
        pairs.setdefault((payer, receiver), []).append((amount, at, reference))
    return [_flow(payer, receiver, parts) for (payer, receiver), parts in pairs.items()]


def _flow(payer: str, receiver: str, parts: list[tuple[Decimal, str, str]]) -> Flow:
    times = [at for _, at, _ in parts]
    return Flow(
        payer=payer,
        receiver=receiver,
        count=len(parts),
        amount=sum((amount for amount, _, _ in parts), Decimal(0)),
        without_rate=0,
        first=min(times),
        last=max(times),
        references=tuple(reference for _, _, reference in parts if reference),
    )


def _drawing_words(ledger: ExtractionLedger) -> Wording:
    return Wording(subject=ledger.subject, roles={}, tones={}, currency=ledger.currency)


@cache
def _template() -> Template:
    return template("extraction.html", _FILTERS, {})


_FILTERS: Mapping[str, Callable[..., str | None]] = {
    "moment": wording.moment,
    "money": wording.money,
    "thousands": wording.thousands,
    "words": wording.words,
}
