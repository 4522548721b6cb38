"""One printable page for one alert: a single HTML file that needs no server and no script."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from jinja2 import Template
from markupsafe import Markup, escape

from alerts import wording
from alerts.alert import Alert, AlertFact, ElementOfCrime
from alerts.evidence import Movement, Transaction, transactions_of
from alerts.flow_graph import (
    Wording,
    draw_flows,
    flows_of,
    largest_first,
    payer_name,
    receiver_name,
)
from alerts.sheet import content_policy, style_sheet, template
from alerts.timeline import draw_timeline

MOST_RUNS = 8
"""Beyond this the numbers of lines say less than how many they are."""


def render_page(alert: Alert, movements: Sequence[Movement]) -> str:
    """A whole HTML document about the alert and the movements it cites.

    Everything is in the file; its content policy forbids scripts and any other source. Text of
    the alert is escaped. A cited transaction without a movement is listed as not at hand.
    """
    transactions = transactions_of(movements)
    flows = flows_of(transactions)
    page = _Page(alert=alert, transactions=transactions, rows=_rows(alert, transactions))
    css = style_sheet(f"Palermo alert {alert.alert_id}")
    return _template().render(
        alert=alert,
        page=page,
        currency=alert.totals.currency,
        heading=wording.HEADING,
        headline=wording.headline(alert),
        css=Markup(css),  # noqa: S704 our own file; the id in it is escaped
        policy=content_policy(css),
        flows=sorted(flows, key=largest_first),
        graph=draw_flows(flows, page.drawing_words),
        timeline=draw_timeline(transactions, page.lanes, alert.totals.currency, alert.raised_at),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A line of the transaction table; transaction is None where only the reference is known."""

    number: int
    reference: str
    transaction: Transaction | None
    facts: str
    payer: str = ""
    receiver: str = ""
    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """What the template asks for beyond the fields of the alert."""

    alert: Alert
    transactions: Sequence[Transaction]
    rows: Sequence[_Row]

    @property
    def why(self) -> Sequence[tuple[str, str]]:
        return wording.lead_sentences(self.alert)

    @property
    def narrative(self) -> Sequence[str]:
        """The whole narrative, where it says more than the reason."""
        lines = wording.narrative_lines(self.alert)
        return lines if len(lines) > wording.LEAD else ()

    @property
    def roles(self) -> Sequence[wording.RoleGroup]:
        return wording.role_groups(self.alert)

    @property
    def contrary(self) -> Sequence[str]:
        return wording.for_the_person(self.alert)

    @property
    def is_protecting(self) -> bool:
        return self.alert.handling.class_ in ("victim", "child")

    @property
    def is_handling_first(self) -> bool:
        return self.alert.handling.class_ != "normal"

    @property
    def subject_role(self) -> str:
        return wording.role_labels(self.alert).get(self.alert.subject.id, "")

    @property
    def subject_tone(self) -> str:
        return wording.role_tones(self.alert).get(self.alert.subject.id, "plain")

    @property
    def other_accounts(self) -> Sequence[str]:
        return [each for each in self.alert.accounts if each != self.alert.subject.id]

    @property
    def period(self) -> str:
        first, last = self._ends
        return f"{wording.moment(first)} to {wording.moment(last)} ({wording.zone_name(first)})"

    @property
    def zone(self) -> str:
        zones = dict.fromkeys(wording.zone_name(each.local_time) for each in self.transactions)
        return f"Local time, {', '.join(zones) or 'UTC'}"

    @property
    def lanes(self) -> Sequence[str]:
        """The subject, then the others whose own accounts are cited, possible victims first."""
        holders = {each.payer for each in self.transactions}
        holders &= {each.receiver for each in self.transactions}
        tones = wording.role_tones(self.alert)
        others = sorted(
            {name for name in holders if name} - {self.alert.subject.id},
            key=lambda party: (tones.get(party) != "protect", party),
        )
        return [self.alert.subject.id, *others]

    @property
    def drawing_words(self) -> Wording:
        return Wording(
            subject=self.alert.subject.id,
            roles=wording.role_labels(self.alert),
            tones=wording.role_tones(self.alert),
            currency=self.alert.totals.currency,
        )

    @property
    def left_out(self) -> int:
        return sum(
            each.cancelled_by is not None or payer_name(each) == receiver_name(each)
            for each in self.transactions
        )

    @property
    def elements(self) -> Mapping[str, Sequence[ElementOfCrime]]:
        sheets: dict[str, list[ElementOfCrime]] = defaultdict(list)
        for element in self.alert.elements:
            sheets[element.offence].append(element)
        return sheets

    @property
    def _ends(self) -> tuple[str, str]:
        if not self.transactions:
            return self.alert.first_at, self.alert.last_at
        return self.transactions[0].local_time, self.transactions[-1].local_time

    def role_words(self, party: str) -> str:
        role = wording.role_labels(self.alert).get(party)
        if party == self.alert.subject.id:
            return f"subject, {role.lower()} · " if role else "subject · "
        return f"{role.lower()} · " if role else ""

    def facts_of(self, element: ElementOfCrime) -> str:
        """`F1 Different payers, F4 ...`; a fact without a line keeps its own words."""
        numbers = {fact.name: f"F{n} " for n, fact in enumerate(self.alert.facts, start=1)}
        return ", ".join(
            f"{numbers.get(name, '')}{wording.fact_label(name)}" for name in element.facts
        )

    def rows_of(self, references: Iterable[str]) -> Markup:
        """`1 to 14, 17`: the lines of these transactions as links; many as their count."""
        wanted = set(references)
        numbers = [row.number for row in self.rows if row.reference in wanted]
        runs = _runs(numbers)
        if len(runs) > MOST_RUNS:
            ends = _link(numbers[0], str(numbers[0])), _link(numbers[-1], str(numbers[-1]))
            return Markup("{} rows, {} to {}").format(len(numbers), *ends)
        return Markup(", ").join(map(_span, runs))

    def rows_of_fact(self, fact: AlertFact) -> Markup:
        return self.rows_of(fact.transaction_ids) or Markup("none of its own")

    def linked(self, text: str) -> Markup:
        """The text, escaped, with each cited reference a link to its line."""
        numbers = {row.reference: row.number for row in self.rows}
        if not numbers:
            return escape(wording.printable(text))
        parts = _reference_pattern(tuple(sorted(numbers, key=len, reverse=True))).split(text)
        return Markup("").join(
            _link(numbers[part], part) if part in numbers else escape(wording.printable(part))
            for part in parts
        )


def _rows(alert: Alert, transactions: Sequence[Transaction]) -> list[_Row]:
    """Every transaction at hand, then the cited ones that are not."""
    at_hand = {each.reference for each in transactions}
    missing = sorted(_cited(alert) - at_hand)
    facts = _facts_by_reference(alert)
    known = [
        _row(number, each, facts.get(each.reference, ""))
        for number, each in enumerate(transactions, start=1)
    ]
    return known + [
        _Row(number=number, reference=each, transaction=None, facts=facts.get(each, ""))
        for number, each in enumerate(missing, start=len(known) + 1)
    ]


def _cited(alert: Alert) -> set[str]:
    cited = [each.transaction_ids for each in alert.typologies]
    cited += [each.transaction_ids for each in alert.facts]
    cited += [each.transaction_ids for each in alert.roles]
    return {reference for references in cited for reference in references}


def _facts_by_reference(alert: Alert) -> dict[str, str]:
    """`F1 to F5` for each transaction; nothing where all facts rest on all transactions."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for number, fact in enumerate(alert.facts, start=1):
        for reference in fact.transaction_ids:
            numbers[reference].append(number)
    if all(len(found) == len(alert.facts) for found in numbers.values()):
        return {}
    return {reference: _fact_runs(found) for reference, found in numbers.items()}


def _fact_runs(numbers: Sequence[int]) -> str:
    return ", ".join(f"F{a}" if a == b else f"F{a} to F{b}" for a, b in _runs(numbers))


def _row(number: int, transaction: Transaction, facts: str) -> _Row:
    return _Row(
        number=number,
        reference=transaction.reference,
        transaction=transaction,
        facts=facts,
        payer=payer_name(transaction),
        receiver=receiver_name(transaction),
        how=_how(transaction),
    )


def _how(transaction: Transaction) -> str:
    where = [transaction.place, transaction.region, transaction.device]
    how = [wording.words(transaction.txn_type), wording.words(transaction.channel)]
    return ", ".join(part for part in (*dict.fromkeys(how), *where) if part) or "not recorded"


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Consecutive numbers as (first, last)."""
    if not numbers:
        return []
    breaks = [index for index, (a, b) in enumerate(pairwise(numbers), start=1) if b != a + 1]
    starts, ends = [0, *breaks], [*breaks, len(numbers)]
    return [(numbers[a], numbers[b - 1]) for a, b in zip(starts, ends, strict=True)]


def _span(run: tuple[int, int]) -> Markup:
    first, last = run
    if first == last:
        return _link(first, str(first))
    joint = ", " if last == first + 1 else " to "
    return _link(first, str(first)) + joint + _link(last, str(last))


def _link(number: int, text: str) -> Markup:
    return Markup('<a href="#row-{}">{}</a>').format(number, wording.printable(text))


@cache
def _reference_pattern(references: tuple[str, ...]) -> re.Pattern[str]:
    """Splits a text at whole references, the longest first, and keeps them."""
    alternatives = "|".join(map(re.escape, references))
    return re.compile(rf"(?<![\w-])({alternatives})(?![\w-])")


@cache
def _template() -> Template:
    return template("alert.html", _FILTERS, _WORDS)


def _label(code: str, labels: Mapping[str, str]) -> str:
    return labels.get(code, code)


def _tone(role: str) -> str:
    return wording.ROLE_TONE.get(role, "plain")


_FILTERS: Mapping[str, Callable[..., str | None]] = {
    "bound": wording.bound,
    "counted": wording.counted,
    "fact": wording.fact_label,
    "figure": wording.number,
    "label": _label,
    "measured": wording.measured,
    "moment": wording.moment,
    "money": wording.money,
    "moved_money": wording.moved_money,
    "sentence": wording.sentence,
    "share": wording.share,
    "short": wording.shortened,
    "thousands": wording.thousands,
    "tone": _tone,
    "words": wording.words,
}
_WORDS: Mapping[str, object] = {
    "ELEMENTS": wording.ELEMENTS,
    "FAMILIES": wording.FAMILIES,
    "HANDLING": wording.HANDLING,
    "NO_PAST": wording.UNTESTED_PAST,
    "NO_PEERS": wording.UNTESTED_PEERS,
    "OFFENCES": wording.OFFENCES,
    "ORIGINALS": wording.ORIGINALS,
    "QUEUES": wording.QUEUES,
    "RESULTS": wording.RESULTS,
    "RESULT_SIGNS": wording.RESULT_SIGNS,
    "ROLES": wording.ROLES,
    "STATES": wording.STATES,
    "STATE_SIGNS": wording.STATE_SIGNS,
    "TESTS": wording.TESTS,
}
