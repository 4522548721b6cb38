"""An alert and a list of alerts on a terminal: clear at 80 columns, and without colour."""

from collections.abc import Iterable, Iterator, Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from alerts import wording
from alerts.alert import Alert
from alerts.evidence import Movement, transactions_of
from alerts.flow_graph import flows_of, largest_first

SHORT_ID = 8
WIDE = 124
"""From this many columns on a listed alert fits on one line."""
MOST_FLOWS = 6
MOST_ITEMS = 4

TONES = {"protect": "bold cyan", "examine": "bold magenta", "plain": ""}
SEVERITIES = {"urgent": "bold reverse", "high": "bold", "medium": "", "low": "dim"}


def print_alert(console: Console, alert: Alert, movements: Sequence[Movement]) -> None:
    """The alert in about a screen and a half; the whole of it is on the page."""
    for part in _parts(alert, movements):
        console.print(part)
        console.print()
    console.print(_pointer(alert))


def print_alert_list(console: Console, alerts: Iterable[Alert]) -> None:
    """One row an alert, in the order given; two lines a row where the terminal is narrow."""
    listed = list(alerts)
    if not listed:
        console.print("No alerts.")
        return
    console.print(_wide_list(listed) if console.width >= WIDE else _narrow_list(listed))
    console.print(f"{len(listed)} alert{'' if len(listed) == 1 else 's'}.", highlight=False)


def _parts(alert: Alert, movements: Sequence[Movement]) -> Iterator[RenderableType]:
    yield _title(alert)
    if alert.handling.class_ != "normal":
        yield _handling(alert)
    yield _why(alert)
    yield _for_the_person(alert)
    yield _facts(alert)
    yield _flows(alert, movements)
    yield _roles(alert)
    if alert.elements:
        yield _elements(alert)
    yield _unseen(alert)
    if alert.handling.class_ == "normal":
        yield _handling(alert)
    yield _next_steps(alert)


def _title(alert: Alert) -> RenderableType:
    role = wording.role_labels(alert).get(alert.subject.id)
    suspected = ", ".join(wording.OFFENCES[each] for each in alert.offences_suspected)
    lines = [
        _plain(wording.headline(alert), "bold"),
        _plain(f"{alert.subject.kind} {alert.subject.id}{f' ({role.lower()})' if role else ''}"),
        Text.assemble(
            "severity ",
            (alert.severity, SEVERITIES.get(alert.severity, "")),
            f" · queue {alert.queue} · score {wording.number(alert.score)} of 100",
            f" · suspected: {suspected.lower() or 'no offence claimed'}",
        ),
        _plain(f"{wording.HEADING}.", "dim"),
    ]
    return Group(*lines)


def _handling(alert: Alert) -> RenderableType:
    lines: list[RenderableType] = [_bullet(each) for each in alert.handling.do_not]
    if alert.handling.contact:
        lines.append(_plain(f"Contact: {alert.handling.contact}"))
    title = _plain(f"Handling: {wording.HANDLING[alert.handling.class_]}", "bold")
    is_protecting = alert.handling.class_ in ("victim", "child")
    style = TONES["protect"] if is_protecting else ""
    return Panel(Group(*lines), title=title, title_align="left", box=box.HEAVY, border_style=style)


def _why(alert: Alert) -> RenderableType:
    totals = alert.totals
    figures = (
        f"In {wording.money(totals.in_, totals.currency)} · out "
        f"{wording.moved_money(totals.out, totals.currency)} · kept "
        f"{wording.moved_money(totals.kept, totals.currency)} · {wording.number(totals.count)} "
        f"transactions · {wording.moment(alert.first_at)} to {wording.moment(alert.last_at)} UTC"
    )
    hits = ", ".join(f"{hit.id} ({wording.number(hit.strength)})" for hit in alert.typologies)
    why = [f"{text} {cites}".rstrip() for text, cites in wording.lead_sentences(alert)]
    lines = [*why, figures]
    if hits:
        lines.append(f"Typologies and their strength: {hits}")
    return _block("Why this was raised", map(_plain, lines))


def _for_the_person(alert: Alert) -> RenderableType:
    tests = [
        _bullet(
            f"{wording.TESTS.get(each.test, each.test)}: {wording.RESULTS[each.result].lower()}"
            f"{f' {wording.share(each.share)} of the money' if each.share else ''}. "
            f"{wording.sentence(each.why)}",
            wording.RESULT_SIGNS[each.result],
        )
        for each in alert.exculpations
    ]
    lines = [*tests, *map(_bullet, wording.for_the_person(alert))]
    return _block("What speaks for the person", lines or [_plain("Nothing was tested.")])


def _facts(alert: Alert) -> RenderableType:
    table = _table("Fact", "Here", "Threshold", "Past", "Peers")
    for column in table.columns[1:]:
        column.justify = "right"
    for fact in alert.facts:
        table.add_row(
            _plain(wording.fact_label(fact.name)),
            _plain(wording.measured(fact, fact.value, alert) or "not testable", "bold"),
            _plain(wording.bound(fact, alert) or "none"),
            _plain(wording.measured(fact, fact.own_past, alert) or "-"),
            _plain(wording.measured(fact, fact.peers, alert) or "-"),
        )
    return Group(_heading("Facts (-: not enough own past or peers to compare)"), table)


def _flows(alert: Alert, movements: Sequence[Movement]) -> RenderableType:
    flows = sorted(flows_of(transactions_of(movements)), key=largest_first)
    table = _table("From", "To", f"Amount, {alert.totals.currency}", "Count")
    for column in table.columns[2:]:
        column.justify = "right"
    tones = wording.role_tones(alert)
    for flow in flows[:MOST_FLOWS]:
        table.add_row(
            _party(flow.payer, tones),
            _party(flow.receiver, tones),
            _plain(wording.thousands(format(flow.amount, "f"))),
            _plain(wording.number(flow.count)),
        )
    rest = len(flows) - MOST_FLOWS
    more = [_plain(f"  {rest} smaller flows are on the page.", "dim")] if rest > 0 else []
    return Group(_heading("Who paid whom, the largest flows"), table, *more)


def _roles(alert: Alert) -> RenderableType:
    lines = [_role(group) for group in wording.role_groups(alert)]
    return _block("Roles in this alert (not who a person is)", _first(lines, "roles"))


def _role(group: wording.RoleGroup) -> Text:
    role = group.members[0]
    return Text.assemble(
        _plain(wording.named(group), "bold"),
        "  ",
        (wording.ROLES.get(role.role, role.role), _style(wording.ROLE_TONE.get(role.role))),
        _plain(f": {'; '.join(role.why)}." if role.why else ""),
        _plain(f" Against it: {'; '.join(role.against)}" if role.against else ""),
    )


def _elements(alert: Alert) -> RenderableType:
    lines = [
        Text.assemble(
            f"{wording.STATE_SIGNS[each.state]} {wording.OFFENCES[each.offence]}, {each.element}: ",
            (wording.STATES[each.state].lower(), "bold"),
        )
        for each in alert.elements
    ]
    return _block("Elements of the crime", lines)


def _unseen(alert: Alert) -> RenderableType:
    lines = [_bullet(each) for each in alert.not_testable]
    every = [_plain("Every condition could be tested with this feed.")]
    return _block("What could not be seen (not testable is not clean)", lines or every)


def _next_steps(alert: Alert) -> RenderableType:
    lines = [
        _bullet(
            f"{step.action} ({step.field}, {wording.moment(step.from_)} to "
            f"{wording.moment(step.to)})",
            str(number),
        )
        for number, step in enumerate(alert.next_steps, start=1)
    ]
    return _block("Next steps", lines or [_plain("Decide whether the facts need a case.")])


def _pointer(alert: Alert) -> Text:
    identity = wording.printable(alert.alert_id)
    return Text(
        f"Page:    palermo alerts show {identity} --html FILE\n"
        f"Replay:  palermo alerts replay {identity}",
        overflow="fold",
    )


def _wide_list(alerts: Sequence[Alert]) -> Table:
    table = _table(
        "Alert", "Raised, UTC", "Severity", "Queue", "Subject", "Typologies", "Score",
        "Total in", "Case",
    )  # fmt: skip
    table.columns[6].justify = table.columns[7].justify = "right"
    for alert in alerts:
        table.add_row(*_cells(alert))
    return table


def _narrow_list(alerts: Sequence[Alert]) -> Table:
    table = _table("Alert\nCase", "Raised, UTC\nSeverity", "Subject\nQueue", "Typologies",
                   "Score\nTotal in")  # fmt: skip
    table.columns[4].justify = "right"
    table.columns[4].no_wrap = True
    table.show_lines = True
    for alert in alerts:
        identity, raised, severity, queue, subject, typologies, score, total, case = _cells(alert)
        table.add_row(
            _stacked(identity, case),
            _stacked(raised[:10], severity),
            _stacked(subject, queue),
            typologies,
            _stacked(score, total),
        )
    return table


def _cells(alert: Alert) -> tuple[Text, ...]:
    case = alert.case_proposal_id.removeprefix("case-")
    return (
        _plain(alert.alert_id[:SHORT_ID], "bold"),
        _plain(alert.raised_at[:16].replace("T", " ")),
        _plain(alert.severity, SEVERITIES.get(alert.severity, "")),
        _plain(alert.queue.replace("_", " ")),
        _plain(alert.subject.id),
        _plain("\n".join(hit.id for hit in alert.typologies) or "isolation forest"),
        _plain(wording.number(alert.score)),
        _plain(wording.money(alert.totals.in_, alert.totals.currency)),
        _plain(case[:SHORT_ID] or "none"),
    )


def _stacked(upper: Text, lower: Text) -> Text:
    return Text("\n").join([upper, lower])


def _block(heading: str, lines: Iterable[RenderableType]) -> RenderableType:
    return Group(_heading(heading), *(Padding(line, (0, 0, 0, 2)) for line in lines))


def _heading(text: str) -> Text:
    return Text(text, style="bold underline")


def _table(*headings: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold", vertical="top")
    return table


def _first(lines: Sequence[Text], things: str) -> Sequence[Text]:
    if len(lines) <= MOST_ITEMS + 1:
        return lines
    rest = _plain(f"{len(lines) - MOST_ITEMS} more {things} are on the page.", "dim")
    return [*lines[:MOST_ITEMS], rest]


def _party(name: str, tones: dict[str, str]) -> Text:
    return _plain(name, _style(tones.get(name)))


def _style(tone: str | None) -> str:
    return TONES.get(tone or "plain", "")


def _bullet(text: str, sign: str = "-") -> Table:
    """A sign and its text, whose further lines stay indented."""
    grid = Table.grid(padding=(0, 1))
    grid.add_row(_plain(sign), _plain(text))
    return grid


def _plain(text: str, style: str = "") -> Text:
    """Text as it is: no markup in it is obeyed and nothing in it can command the terminal."""
    return Text(wording.printable(text), style=style)
