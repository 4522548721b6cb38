"""An alert written from a dossier: the same dossier gives the same bytes."""

from collections.abc import Sequence
from datetime import date, timedelta

from alerts.alert import (
    SCHEMA_VERSION,
    Alert,
    AlertFact,
    AlertLink,
    ModelScore,
    Offence,
    Queue,
    Severity,
    Step,
    Subject,
    TypologyHit,
)
from alerts.clock import review_due_at
from alerts.dossier import Background, Cited, CitedFact, Dossier
from alerts.elements import HYPOTHESES, elements, offences_suspected
from alerts.exculpation import exculpations
from alerts.handling import handling
from alerts.narrative import narrative
from alerts.order import utc_text
from alerts.roles import THINGS, roles
from alerts.scoring import score, severity
from alerts.totals import BaseMoney, Moved, moved, totals
from detectors.finding import Fact
from detectors.typology import GatheringTypology


def write_alert(dossier: Dossier, background: Background) -> Alert:
    """The record of DESIGN 5, status open, its case proposal left to whoever knows the others."""
    cited = dossier.cited
    heaviest_first = dossier.heaviest_first(background.scores)
    offences = offences_suspected(cited)
    parties = roles(dossier, background)
    tests = exculpations(cited)
    counted = _counted(dossier)
    sums = totals(counted, background.money)
    points = score({c.finding.typology: c.finding.strength for c in cited}, background.scores)
    grade = severity(points, [each.definition for each in cited], background.scores)
    times = [e.time for each in cited for e in each.entries] or [dossier.raised_at]
    return Alert(
        schema_version=SCHEMA_VERSION,
        alert_id=dossier.alert_id,
        status="open",
        superseded_by=None,
        origin=background.origin,
        house=background.house,
        subject=Subject(kind=dossier.subject.kind, id=dossier.subject.id),
        accounts=_accounts(dossier),
        customers=_customers(dossier),
        first_at=utc_text(min(times)),
        last_at=utc_text(max(times)),
        raised_at=utc_text(dossier.raised_at),
        score=points,
        severity=grade,
        queue=_queue(offences, grade, background),
        offences_suspected=offences,
        hypothesis=_hypothesis(heaviest_first[0], offences),
        typologies=tuple(_hit(each) for each in cited),
        facts=tuple(_fact(each, background.money) for each in dossier.facts),
        elements=elements(cited, offences),
        exculpations=tests,
        roles=parties,
        totals=sums,
        links=_links(cited),
        case_proposal_id="",
        not_testable=_not_testable(cited),
        model=_model(cited),
        handling=handling(dossier, parties, offences, background),
        next_steps=_next_steps(cited),
        narrative={
            "en": narrative(dossier, heaviest_first, parties, counted, tests, background.money)
        },
        review_due_at=review_due_at(
            dossier.raised_at, grade, background.origin, background.settings.review_hours
        ),
        reproduce=background.reproduce,
    )


def _counted(dossier: Dossier) -> Moved:
    """What the subject moved; for a thing, what was moved with it."""
    subject = dossier.subject
    gathered = [e for each in dossier.cited if _is_gathered(each) for e in each.entries]
    if subject.kind in THINGS:
        return moved(gathered, (), subject.id)
    own = [e for each in dossier.cited for e in each.entries if e.holder == subject.id]
    return moved(own, gathered, subject.id)


def _is_gathered(each: Cited) -> bool:
    return isinstance(each.definition, GatheringTypology)


def _customers(dossier: Dossier) -> tuple[str, ...]:
    """The subject; of a thing, whose accounts it was used on."""
    if dossier.subject.kind in THINGS:
        return tuple(sorted({feeder for each in dossier.cited for feeder in each.finding.feeders}))
    return (dossier.subject.id,) if dossier.subject.kind == "customer" else ()


def _accounts(dossier: Dossier) -> tuple[str, ...]:
    """The subject's own: those of its findings, and those it was paid on; of a thing, those it
    was used on."""
    if dossier.subject.kind in THINGS:
        return tuple(sorted({e.account for each in dossier.cited for e in each.entries}))
    own = {account for each in dossier.cited for account in each.finding.accounts}
    paid = {
        entry.counterparty_account
        for each in dossier.cited
        if _is_gathered(each)
        for entry in each.entries
        if entry.counterparty == dossier.subject.id and entry.counterparty_account is not None
    }
    return tuple(sorted(own | paid))


def _queue(offences: Sequence[Offence], grade: Severity, background: Background) -> Queue:
    """A first load waits apart, so that it does not bury what happens now; urgency never waits."""
    if background.origin == "first_load" and grade != "urgent":
        return "first_load"
    if "child" in offences or "trafficking" in offences:
        return "exploitation"
    return "smuggling" if "smuggling" in offences else "laundering"


def _hypothesis(heaviest: Cited, offences: Sequence[Offence]) -> str:
    """The suspected offences, and the pattern that weighs most."""
    names = " or ".join(HYPOTHESES[offence] for offence in offences)
    return f"{names}. {heaviest.definition.looks_like}"


def _hit(each: Cited) -> TypologyHit:
    return TypologyHit(
        id=each.finding.typology,
        version=each.finding.version,
        strength=each.finding.strength,
        trigger=each.finding.trigger_reference,
        window_start=utc_text(each.finding.window_start),
        window_end=utc_text(each.finding.window_end),
        transaction_ids=each.transaction_ids,
    )


def _fact(each: CitedFact, money: BaseMoney) -> AlertFact:
    fact = each.fact
    return AlertFact(
        name=fact.name,
        value=_amount(fact, fact.value, money),
        unit=money.currency if fact.unit == "minor" else fact.unit,
        threshold=_amount(fact, fact.threshold, money),
        own_past=_amount(fact, fact.own_past, money),
        peers=_amount(fact, fact.peers, money),
        family=fact.family,
        is_met=fact.is_met,
        transaction_ids=each.transaction_ids,
    )


def _amount(
    fact: Fact, value: float | int | str | None, money: BaseMoney
) -> float | int | str | None:
    if fact.unit != "minor" or value is None:
        return value
    return money.text(int(value))


def _links(cited: Sequence[Cited]) -> tuple[AlertLink, ...]:
    parties: dict[tuple[str, str], set[str]] = {}
    for each in cited:
        for link in each.finding.links:
            known = parties.setdefault((link.kind, link.id), set())
            known.update(each.finding.feeders or (each.finding.holder,))
    return tuple(
        AlertLink(kind=kind, id=name, parties=tuple(sorted(held)))
        for (kind, name), held in sorted(parties.items())
    )


def _not_testable(cited: Sequence[Cited]) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            f"{each.finding.typology}: {sentence}"
            for each in cited
            for sentence in each.finding.not_testable
        )
    )


def _model(cited: Sequence[Cited]) -> ModelScore | None:
    """The strangest score among the findings shown; ties by typology."""
    scored = [each.model for each in cited if each.model is not None]
    return max(scored, key=lambda model: model.percentile or 0.0, default=None)


def _next_steps(cited: Sequence[Cited]) -> tuple[Step, ...]:
    """In order of the typologies; what several ask for is asked once, over all their days."""
    spans: dict[tuple[str, str], list[tuple[date, date]]] = {}
    for each in cited:
        on = each.finding.trigger.time.date()
        for step in each.definition.next_steps:
            days = (on - timedelta(days=step.days_before), on + timedelta(days=step.days_after))
            spans.setdefault((step.action, step.field), []).append(days)
    return tuple(
        Step(
            action=action,
            field=field,
            from_=min(first for first, _ in days).isoformat(),
            to=max(last for _, last in days).isoformat(),
        )
        for (action, field), days in spans.items()
    )
