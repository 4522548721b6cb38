"""`palermo alerts list|show|replay`: what a run has found, for a person."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import structs

from alerts import register
from alerts.alert import Alert, Reproduce
from alerts.evidence import Movement, movements_from_ledger
from alerts.page import render_page
from alerts.progress import Progress
from alerts.replay import differing_fields
from alerts.store import Store, StoreTransaction
from alerts.terminal import print_alert, print_alert_list
from ingest.currency import minor_units
from palermo.earlier_run import earlier_run
from palermo.errors import CheckFailed, UsageError
from palermo.evidence import Stages, derived, thawed
from palermo.folder import DATABASE, said_plainly, write_whole
from palermo.printing import console, print_json
from palermo.wiring import fresh_stages, triage_for_reading

SEVERITIES = ("urgent", "high", "medium", "low")


def list_alerts(out: Path, *, as_json: bool) -> None:
    """All alerts that stand, most urgent and highest score first."""
    with _opened(out) as transaction:
        found = register.open_alerts(transaction.connection)
    ranked = sorted(found, key=_rank)
    if as_json:
        print_json(ranked)
    else:
        print_alert_list(console(), ranked)


def show_alert(out: Path, start: str, *, html: Path | None, as_json: bool) -> None:
    """One alert on the terminal, as JSON, or as a page in a file."""
    with _opened(out) as transaction:
        alert = _chosen(register.open_alerts(transaction.connection), start)
        movements = _movements(transaction, alert)
    if html is not None:
        with said_plainly(html):
            write_whole(html, render_page(alert, movements).encode(), lambda stage: None)
        console().print(f"written: {html}")
    elif as_json:
        print_json(alert)
    else:
        print_alert(console(), alert, movements)


def replay_alert(out: Path, start: str, *, config: Path | None, as_json: bool) -> None:
    """Derives an alert again from its frozen rows. Raises CheckFailed if a single bit differs."""
    with _opened(out) as transaction:
        alert = _chosen(register.open_alerts(transaction.connection), start)
        packed, progress = transaction.load_evidence(alert.alert_id), transaction.position()
    if packed is None or progress is None:
        raise CheckFailed(f"alert {alert.alert_id[:8]}: no evidence is frozen yet; let a run end")
    evidence = thawed(packed)
    stages = _stages_of_run(progress, config)
    _demand_same(alert.reproduce, stages.reproduce)
    again = derived(evidence, alert.alert_id, stages)
    different = ["everything: no such alert comes out"]
    if again is not None:
        # Which alerts are worked on together rests on other alerts: it is no part of this one.
        same_case = structs.replace(again, case_proposal_id=alert.case_proposal_id)
        different = differing_fields(evidence.alert, same_case)
    if as_json:
        print_json({"alert_id": alert.alert_id, "same": not different, "different": different})
    if different:
        raise CheckFailed(f"alert {alert.alert_id[:8]}: differs in {', '.join(different)}")
    if not as_json:
        console().print(f"alert {alert.alert_id}: derived again from frozen rows, bit for bit")


def _stages_of_run(progress: Progress, config: Path | None) -> Stages:
    """The stages of the run that wrote the folder, as its notes tell; `config` if it has moved."""
    run = earlier_run(progress, config)
    return fresh_stages(run.configuration, run.base, carried=run.carried)


def _demand_same(then: Reproduce, now: Reproduce) -> None:
    other = [
        f"{name} {getattr(then, name)[:16]}, now {getattr(now, name)[:16]}"
        for name in ("release", "configuration", "bundle")
        if getattr(then, name) != getattr(now, name)
    ]
    if other:
        raise CheckFailed(
            f"derived with another {'; '.join(other)}: replay with what it was made with "
            "(--config names another palermo.toml)"
        )


@contextmanager
def _opened(out: Path) -> Iterator[StoreTransaction]:
    with Store(out / DATABASE) as store, store.transaction() as transaction:
        yield transaction


def _rank(alert: Alert) -> tuple[int, float, str, str]:
    return SEVERITIES.index(alert.severity), -alert.score, alert.first_at, alert.alert_id


def _chosen(alerts: Sequence[Alert], start: str) -> Alert:
    """The alert whose id begins so. Raises UsageError unless there is exactly one."""
    found = [alert for alert in alerts if alert.alert_id.startswith(start)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError(f"no alert has an id that starts with {start}; see `palermo alerts list`")
    raise UsageError(f"{len(found)} alerts have an id that starts with {start}; give more of it")


def _movements(transaction: StoreTransaction, alert: Alert) -> list[Movement]:
    digits = minor_units()[alert.totals.currency] or 0
    ledger = triage_for_reading(alert.totals.currency).movements(transaction, alert.alert_id)
    return movements_from_ledger(ledger, digits)
