"""The extraction ledger: who received how much of the followed money, and what became of it there.

Source of the use: UNTOC Art. 12 (confiscation) and the Trafficking Protocol Art. 6(6)
(compensation) both need sums per person with the transactions behind them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

import msgspec

from alerts.trace import ENDINGS, NOT_RECORDED, Ending, Holding, Step, Trace

SCHEMA_VERSION = 1


class Paid(msgspec.Struct, frozen=True, kw_only=True):
    """What one party paid into the first accounts. Money is decimal text."""

    payer: str
    amount: str
    ended_with: dict[str, str]
    """By party, the part that ended there: kept, drawn, spent or not followed further."""


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """The followed money at one party: received = passed_on + kept + cash + spent + not_followed.
    `kept` is what still lay on its accounts at the end."""

    party: str
    accounts: tuple[str, ...]
    first_hop: int
    received: str
    passed_on: str
    kept: str
    cash: str
    spent: str
    not_followed: str
    first_at: str | None
    last_at: str | None
    transaction_ids: tuple[str, ...]


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """One debit of the chain. followed: the part of `amount` that stems from the first accounts'
    credits `stems_from`; rested_hours: shortest and longest rest on the account."""

    hop: int
    at: str
    from_party: str
    from_account: str
    to_party: str | None
    to_account: str | None
    use: str
    place: str | None
    amount: str
    followed: str
    rested_hours: tuple[float, float]
    transaction_id: str
    source_id: str
    stems_from: tuple[str, ...]


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """What the trace could not use. hubs: accounts too busy to be followed through."""

    without_rate: int
    late: int
    hubs: tuple[str, ...]


class ExtractionLedger(msgspec.Struct, frozen=True, kw_only=True):
    """A trace for people. Sums in the base currency; came = the sum of all endings."""

    schema_version: int
    case: str
    subject: str
    accounts: tuple[str, ...]
    first_day: str
    last_day: str
    time_zone: str
    hops: int
    currency: str
    came: str
    kept: str
    cash: str
    spent: str
    not_followed: str
    earlier: str
    payers: tuple[Paid, ...]
    receivers: tuple[Received, ...]
    steps: tuple[Moved, ...]
    left_out: LeftOut


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for: whose money, which days, how far, and the case that is the reason."""

    case: str
    subject: str
    accounts: tuple[str, ...]
    first_day: date
    last_day: date
    time_zone: str
    hops: int


def extraction_ledger(
    trace: Trace, asked: Asked, *, currency: str, digits: int, left_out: LeftOut
) -> ExtractionLedger:
    """The trace in decimals, totals per payer and per receiver. digits: of the base currency."""
    scale = _Scale(digits)
    return ExtractionLedger(
        schema_version=SCHEMA_VERSION,
        case=asked.case,
        subject=asked.subject,
        accounts=asked.accounts,
        first_day=asked.first_day.isoformat(),
        last_day=asked.last_day.isoformat(),
        time_zone=asked.time_zone,
        hops=asked.hops,
        currency=currency,
        came=scale.text(trace.came),
        **_endings(trace.holdings, scale),
        earlier=scale.text(trace.earlier),
        payers=tuple(_paid(trace, scale)),
        receivers=tuple(_received(trace, asked, scale)),
        steps=tuple(_moved(step, scale) for step in trace.steps),
        left_out=left_out,
    )


class _Scale:
    """Minor units as decimal text."""

    def __init__(self, digits: int) -> None:
        self._digits = digits

    def text(self, minor: int) -> str:
        return format(Decimal(minor).scaleb(-self._digits), "f")


def _sum_by_ending(holdings: Iterable[Holding]) -> dict[Ending, int]:
    sums: dict[Ending, int] = dict.fromkeys(ENDINGS, 0)
    for each in holdings:
        sums[each.ending] += each.amount
    return sums


def _paid(trace: Trace, scale: _Scale) -> Iterable[Paid]:
    ended: dict[str, dict[str, int]] = defaultdict(dict)
    for holding in trace.holdings:
        for payer, amount in holding.by_payer.items():
            of_payer = ended[payer]
            of_payer[holding.party] = of_payer.get(holding.party, 0) + amount
    for payer, amount in trace.payers.items():
        yield Paid(
            payer=payer,
            amount=scale.text(amount),
            ended_with={
                party: scale.text(part)
                for party, part in sorted(ended[payer].items(), key=_largest_first)
            },
        )


def _received(trace: Trace, asked: Asked, scale: _Scale) -> Iterable[Received]:
    """The subject first, then by what was received. Moves between a party's own accounts are
    neither received nor passed on."""
    into, out, ends = _by_party(trace)
    came = {party: sum(step.amount for step in steps) for party, steps in into.items()}
    came[asked.subject] = came.get(asked.subject, 0) + trace.came
    for party in sorted(came, key=lambda each: (each != asked.subject, -came[each], each)):
        steps = sorted([*into[party], *out[party]], key=lambda step: (step.time, step.reference))
        passed = sum(step.amount for step in out[party] if step.use == "transfer")
        yield Received(
            party=party,
            accounts=_accounts(party, asked, steps),
            first_hop=min((step.hop for step in into[party]), default=0),
            received=scale.text(came[party]),
            passed_on=scale.text(passed),
            **_endings(ends[party], scale),
            first_at=_iso(steps[0].time) if steps else None,
            last_at=_iso(steps[-1].time) if steps else None,
            transaction_ids=tuple(dict.fromkeys(step.reference for step in steps)),
        )


def _by_party(
    trace: Trace,
) -> tuple[Mapping[str, list[Step]], Mapping[str, list[Step]], Mapping[str, list[Holding]]]:
    """Steps into each party from others, steps out of it, and what ended there."""
    into, out = defaultdict[str, list[Step]](list), defaultdict[str, list[Step]](list)
    ends = defaultdict[str, list[Holding]](list)
    for step in trace.steps:
        receiver = receiver_of(step)
        if receiver == step.party:
            continue
        out[step.party].append(step)
        if receiver is not None:
            into[receiver].append(step)
    for holding in trace.holdings:
        ends[holding.party].append(holding)
    return into, out, ends


def receiver_of(step: Step) -> str | None:
    """The party a step pays; None where the money leaves as cash or is spent."""
    if step.use != "transfer":
        return None
    return step.other_party or step.other_account or NOT_RECORDED


def _accounts(party: str, asked: Asked, steps: Sequence[Step]) -> tuple[str, ...]:
    if party == asked.subject:
        return asked.accounts
    used = [step.account for step in steps if step.party == party]
    used += [step.other_account or "" for step in steps if receiver_of(step) == party]
    return tuple(sorted({account for account in used if account}))


def _endings(holdings: Iterable[Holding], scale: _Scale) -> dict[str, str]:
    return {ending: scale.text(sum_) for ending, sum_ in _sum_by_ending(holdings).items()}


def _largest_first(part: tuple[str, int]) -> tuple[int, str]:
    return -part[1], part[0]


def _moved(step: Step, scale: _Scale) -> Moved:
    return Moved(
        hop=step.hop,
        at=_iso(step.time),
        from_party=step.party,
        from_account=step.account,
        to_party=receiver_of(step),
        to_account=step.other_account,
        use=step.use,
        place=step.place,
        amount=scale.text(step.whole),
        followed=scale.text(step.amount),
        rested_hours=(_hours(step.rested[0]), _hours(step.rested[1])),
        transaction_id=step.reference,
        source_id=step.source_id,
        stems_from=step.stems_from,
    )


def _hours(rest: timedelta) -> float:
    return round(rest / timedelta(hours=1), 2)


def _iso(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")
