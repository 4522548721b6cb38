"""`palermo demo`: a small invented feed is run, and what came out is told scene by scene."""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from alerts import wording
from alerts.alert import Alert
from alerts.cleared import ClearedCase, cleared_cases
from alerts.register import open_alerts
from alerts.store import Store
from detectors.catalogue import load_typologies
from palermo.errors import UsageError
from palermo.folder import DATABASE, OURS
from palermo.printing import command_name, console, print_json
from palermo.results import Summary
from palermo.running import Wish, carry_out

FEED = "demo_feed"
GROUPS = ("device", "place")
MOST_FACTS = 4
MOST_CLEARED = 3
MOST_WARNINGS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one run of the demo feed left."""

    out: Path
    summary: Summary
    alerts: Sequence[Alert]
    cleared: Sequence[ClearedCase]


def show_demo(*, without: tuple[str, ...], out: Path, as_json: bool) -> None:
    """Runs the feed as it is and once more with columns left out, then tells what differs.

    without: which of `device` and `place` are left out; both, if none is named.
    """
    unknown = sorted(set(without) - set(GROUPS))
    if unknown:
        raise UsageError(f"--without {unknown[0]}: give device or place")
    left_out = tuple(sorted(set(without) or GROUPS))
    if not as_json:
        console().print(Text("Running the demo feed twice: as it is, and with columns left out"))
    seeing = _run(out, ())
    blind = _run(out.with_name(f"{out.name}-without-{'-'.join(left_out)}"), left_out)
    if as_json:
        print_json({"as_it_is": seeing.summary, "without": left_out, "blind": blind.summary})
        return
    to = console()
    _tell_opening(to, seeing)
    scenes = [
        *(_alert_scene(alert) for alert in seeing.alerts),
        _cleared_scene(seeing.cleared),
        _blind_scene(seeing, blind, left_out),
    ]
    for number, (heading, lines) in enumerate(scenes, start=1):
        to.print(Text(f"\n{number}. {heading}", style="bold"))
        for line in lines:
            to.print(Padding(Text(line), (0, 0, 0, 3)))
    _tell_next(to, seeing, blind)


def _run(out: Path, without: tuple[str, ...]) -> Told:
    _forget(out)
    flags = {"feed": {"without": list(without)}} if without else {}
    wish = Wish(feed=str(files("palermo") / FEED), config=None, out=out, flags=flags)
    summary = carry_out(wish).summary
    if summary is None:
        raise KeyboardInterrupt
    with Store(out / DATABASE) as store, store.transaction() as transaction:
        return Told(
            out=out,
            summary=summary,
            alerts=open_alerts(transaction.connection),
            cleared=cleared_cases(transaction.connection),
        )


def _forget(out: Path) -> None:
    """The demo is told anew each time; only what a run writes is taken away."""
    if not (out / DATABASE).exists():
        return
    for name in sorted(OURS):
        path = out / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _tell_opening(to: Console, told: Told) -> None:
    rows = sum(told.summary.fates.values())
    to.print(
        Text(
            f"\n{rows:,} transactions of a country that does not exist: every person, account and "
            f"place is invented.\n{len(told.alerts)} alerts; "
            f"{len(told.cleared)} times somebody looked alike and was not alerted."
        )
    )


def _alert_scene(alert: Alert) -> tuple[str, Iterator[str]]:
    return f"Alerted: {wording.headline(alert)}", _alert_lines(alert)


def _alert_lines(alert: Alert) -> Iterator[str]:
    role = wording.role_labels(alert).get(alert.subject.id, "role unknown")
    yield (
        f"{alert.subject.kind} {alert.subject.id} ({role.lower()}), severity {alert.severity}, "
        f"score {wording.number(alert.score)} of 100, queue {alert.queue}"
    )
    yield alert.hypothesis
    for fact in alert.facts[:MOST_FACTS]:
        yield f"- {_fact(alert, fact.name)}"
    victims = [role.party for role in alert.roles if role.role == "possible_victim"]
    if victims:
        yield f"Possible victims, to be protected: {', '.join(dict.fromkeys(victims))}"
    # The first warning is in every alert; those after it belong to this one.
    yield from alert.handling.do_not[1 : 1 + MOST_WARNINGS]


def _fact(alert: Alert, name: str) -> str:
    fact = next(each for each in alert.facts if each.name == name)
    value = wording.measured(fact, fact.value, alert) or "not testable"
    limit = wording.bound(fact, alert)
    return f"{wording.fact_label(name)}: {value}{f' (limit: {limit})' if limit else ''}"


def _cleared_scene(cases: Sequence[ClearedCase]) -> tuple[str, Iterator[str]]:
    return "Not alerted, and why", _cleared_lines(cases)


def _cleared_lines(cases: Sequence[ClearedCase]) -> Iterator[str]:
    if not cases:
        yield "Nobody else came near a typology."
    titles = {identity: each.title for identity, each in load_typologies().items()}
    most_alike = sorted(cases, key=lambda case: (-case.count, case.subject.id, case.typology))
    for case in most_alike[:MOST_CLEARED]:
        yield (
            f'{case.subject.kind} {case.subject.id} looked like "{titles[case.typology]}" '
            f"{case.count} times:"
        )
        for why in case.why:
            yield f"- {why}"
    yield "Cleared findings are kept and counted; a fixed sample is shown to a senior."


def _blind_scene(seeing: Told, blind: Told, left_out: Iterable[str]) -> tuple[str, Iterator[str]]:
    heading = f"The same days without {' and '.join(left_out)} ids: what goes blind"
    return heading, _blind_lines(seeing, blind)


def _blind_lines(seeing: Told, blind: Told) -> Iterator[str]:
    now = {alert.subject: alert for alert in blind.alerts}
    for alert in seeing.alerts:
        yield _difference(alert, now.get(alert.subject))
    known = {alert.subject for alert in seeing.alerts}
    for alert in blind.alerts:
        if alert.subject not in known:
            yield f"{alert.subject.id}: alerted only now: {wording.headline(alert)}"
    for typology, reasons in blind.summary.not_testable.items():
        fresh = [r for r in reasons if r not in seeing.summary.not_testable.get(typology, ())]
        if fresh:
            yield f"- {typology} cannot see {'; '.join(fresh)}"
    yield "Not testable is not clean: each alert and summary.json say what could not be seen."


def _difference(before: Alert, after: Alert | None) -> str:
    if after is None:
        return f"{before.subject.id}: no alert any more ({wording.headline(before)})"
    lost = [hit.id for hit in before.typologies if hit.id not in {h.id for h in after.typologies}]
    kept = f"{before.subject.id}: still alerted, score {wording.number(before.score)} -> "
    kept += wording.number(after.score)
    return kept + (f", without {', '.join(lost)}" if lost else "")


def _tell_next(to: Console, seeing: Told, blind: Told) -> None:
    to.print(Text(f"\nFiles in {seeing.out} (and {blind.out}):", style="bold"))
    to.print(Text("   alerts.ndjson  summary.json  palermo.db  receipts/  archive/"))
    to.print(Text("Next:", style="bold"))
    palermo, option = command_name(), f"--out {seeing.out}"
    to.print(Text(f"   {palermo} alerts list {option}"))
    if seeing.alerts:
        first = seeing.alerts[0].alert_id[:8]
        to.print(Text(f"   {palermo} alerts show {first} {option}"))
        to.print(Text(f"   {palermo} alerts show {first} --html alert.html {option}"))
        to.print(Text(f"   {palermo} alerts replay {first} {option}"))
    to.print(Text(f"   {palermo} run --feed YOUR-FILE-OR-FOLDER --config palermo.toml"))
