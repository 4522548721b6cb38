"""What happened, in plain sentences; each is made from facts and cites its transactions."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from alerts.alert import Exculpation, PartyRole, Totals
from alerts.dossier import Cited, Dossier
from alerts.totals import BaseMoney, Moved, totals
from alerts.wording import ROLES, day, fact_label, money, number, share
from detectors.finding import Fact

SHOWN_IDS = 3
NAMED_PARTIES = 5


def narrative(
    dossier: Dossier,
    heaviest_first: Sequence[Cited],
    roles: Sequence[PartyRole],
    counted: Moved,
    exculpations: Sequence[Exculpation],
    base: BaseMoney,
) -> str:
    """English, one sentence a line, each ending with transaction ids in brackets."""
    ids = dossier.transaction_ids
    lines = [
        *(line for each in heaviest_first for line in _typology(each, dossier.subject.id)),
        _moved(totals(counted, base)) + cite(counted.transaction_ids or ids),
        *(
            _fact(each.fact, each.fact.value, base) + cite(each.transaction_ids)
            for each in dossier.facts
            if each.fact.value is not None
        ),
        *_parties(roles),
        *(_test(each) + cite(ids) for each in exculpations),
        *_unseen(dossier),
    ]
    return "\n".join(dict.fromkeys(lines))


def cite(ids: Sequence[str]) -> str:
    """` [A, B, C and 7 more].`"""
    more = f" and {len(ids) - SHOWN_IDS} more" if len(ids) > SHOWN_IDS else ""
    return f" [{', '.join(ids[:SHOWN_IDS])}{more}]."


def measured(fact: Fact, value: float | int | str, base: BaseMoney) -> str:
    """A value in the fact's unit: `83 %`, `1,250.00 USD`, `9.5 hours`, `14 payers`."""
    if fact.unit == "minor":
        return money(base.text(int(value)), base.currency)
    if fact.unit == "share" or " share " in f" {fact.unit} ":
        return share(value)
    return f"{number(value)} {fact.unit}".strip()


def _typology(each: Cited, subject: str) -> Iterator[str]:
    first, last = _span(each)
    period = f"from {first} to {last}" if first != last else f"on {first}"
    ids = cite(each.transaction_ids)
    yield f"{each.definition.title}: {subject}, {period}{ids}"
    yield each.definition.looks_like.rstrip(".") + ids


def _span(each: Cited) -> tuple[str, str]:
    times = [entry.time for entry in each.entries] or [each.finding.trigger.time]
    return day(times[0]), day(times[-1])


def _moved(sums: Totals) -> str:
    came, went = money(sums.in_, sums.currency), money(sums.out, sums.currency)
    counted = f"{sums.count} movement{'s' if sums.count != 1 else ''}"
    if sums.out is None:
        return f"Added up, {counted}: {came} reached the subject"
    return f"Added up, {counted}: {came} came in, {went} went out"


def _fact(fact: Fact, value: float | int | str, base: BaseMoney) -> str:
    compared = [
        *_threshold(fact, value, base),
        *_past("the same window before", fact, fact.own_past, base),
        *_past("99 in 100 of its peers stay below", fact, fact.peers, base),
    ]
    text = f"{fact_label(fact.name)}: {measured(fact, value, base)}"
    return f"{text} ({'; '.join(compared)})" if compared else text


def _threshold(fact: Fact, value: float | int | str, base: BaseMoney) -> Iterator[str]:
    if fact.threshold is None:
        return
    limit = measured(replace(fact, unit=_bare(fact.unit)), fact.threshold, base)
    if not fact.is_met:
        yield f"threshold {limit}, not met"
    elif isinstance(value, str) or value == fact.threshold:
        yield f"threshold {limit}"
    else:
        yield f"threshold {limit} or {'more' if value > fact.threshold else 'less'}"


def _bare(unit: str) -> str:
    """What is counted was just said with the value; a measure is said again."""
    return unit if unit in ("minor", "share", "hours") else ""


def _past(label: str, fact: Fact, value: float | int | None, base: BaseMoney) -> Iterator[str]:
    if value is not None:
        yield f"{label}: {measured(fact, value, base)}"


def _parties(roles: Sequence[PartyRole]) -> Iterator[str]:
    by_role: dict[str, list[PartyRole]] = {}
    for role in roles:
        by_role.setdefault(role.role, []).append(role)
    for name, held in by_role.items():
        if name == "unknown":
            continue
        parties = list(dict.fromkeys(role.party for role in held))
        more = len(parties) - NAMED_PARTIES
        listed = ", ".join(parties[:NAMED_PARTIES]) + (f" and {more} more" if more > 0 else "")
        ids = tuple(dict.fromkeys(each for role in held for each in role.transaction_ids))
        plural = "s" if len(parties) > 1 else ""
        yield f"{ROLES[name]}{plural} in this alert: {listed}{cite(ids)}"


def _test(each: Exculpation) -> str:
    heading = {
        "explains": "For the person",
        "does_not_explain": "Tested and found nothing",
        "not_testable": "Not testable",
    }[each.result]
    return f"{heading}, {each.test}: {each.why}"


def _unseen(dossier: Dossier) -> Iterator[str]:
    for each in dossier.cited:
        for sentence in each.finding.not_testable:
            yield f"Could not be seen, {sentence}{cite(each.transaction_ids)}"
