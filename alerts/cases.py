"""Which alerts are one case: they name one suspect, share a link, or rest on the same money."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import blake2b

from alerts.alert import Alert

MOST_SUBJECTS = 20
LONGEST_SPAN = timedelta(days=60)
"""Between the first and the last `raised_at` of a case: a long scheme whose alerts cite months
still joins what was raised together."""
LEAST_SHARED = 0.1
"""Of the transactions of the alert that cites fewer. One payment among many is a neighbour's, not
a common scheme: in a busy country it would join strangers over their landlord."""
BYSTANDERS = frozenset({"unknown", "payer"})
"""Roles of parties that pay or are paid by everybody: naming one of them joins no alerts."""
TRANSACTION = "transaction:"


@dataclass(frozen=True, kw_only=True)
class CaseMember:
    """What decides which case an open alert belongs to. keys: see `case_keys`."""

    alert_id: str
    subject: str
    raised_at: datetime
    keys: frozenset[str]

    @cached_property
    def transactions(self) -> frozenset[str]:
        return frozenset(key for key in self.keys if key.startswith(TRANSACTION))

    @property
    def links(self) -> frozenset[str]:
        return self.keys - self.transactions


@dataclass(slots=True, kw_only=True)
class _Case:
    alert_ids: set[str]
    subjects: set[str]
    first: datetime
    last: datetime


def propose(members: Iterable[CaseMember]) -> dict[str, str]:
    """The case proposal of each alert. Depends on the set of alerts alone, and for each on those
    it is connected with alone."""
    ordered = sorted(members, key=lambda each: (each.raised_at, each.alert_id))
    cases = {member.alert_id: _alone(member) for member in ordered}
    _join_over_links(cases, ordered)
    _join_over_money(cases, ordered)
    return {alert_id: case_id(min(case.alert_ids)) for alert_id, case in sorted(cases.items())}


def case_id(smallest_alert_id: str) -> str:
    """The id of the case whose smallest alert id this is."""
    return blake2b(f"case\x00{smallest_alert_id}".encode(), digest_size=16).hexdigest()


def case_keys(alert: Alert) -> frozenset[str]:
    """What an alert can share with another one: cited transactions, its subject, the parties it
    gives a part in the scheme, and the devices, places and receivers that link them."""
    parties = {alert.subject.id, *alert.customers, *alert.accounts}
    for role in alert.roles:
        if role.role not in BYSTANDERS:
            parties.update({role.party} if role.account is None else {role.party, role.account})
    # A receiver is a party too: his own alert is found by his id, whatever linked the others.
    parties.update(link.id for link in alert.links)
    return frozenset(
        {f"{TRANSACTION}{each}" for hit in alert.typologies for each in hit.transaction_ids}
        | {f"party:{each}" for each in parties}
    )


def member(alert: Alert) -> CaseMember:
    """The alert as a possible member of a case."""
    return CaseMember(
        alert_id=alert.alert_id,
        subject=f"{alert.subject.kind}:{alert.subject.id}",
        raised_at=datetime.fromisoformat(alert.raised_at),
        keys=case_keys(alert),
    )


def _alone(member: CaseMember) -> _Case:
    return _Case(
        alert_ids={member.alert_id},
        subjects={member.subject},
        first=member.raised_at,
        last=member.raised_at,
    )


def _join_over_links(cases: dict[str, _Case], members: Sequence[CaseMember]) -> None:
    holders: dict[str, str] = {}
    for member in members:
        for key in sorted(member.links):
            # The latest holder of a key stands for all earlier ones its case had room for.
            _join(cases, member.alert_id, holders.get(key, member.alert_id))
            holders[key] = member.alert_id


def _join_over_money(cases: dict[str, _Case], members: Sequence[CaseMember]) -> None:
    """Those that share most come first, so that a full case is full of its own."""
    for _, later, earlier in sorted(_sharing(members)):
        _join(cases, members[later].alert_id, members[earlier].alert_id)


def _sharing(members: Sequence[CaseMember]) -> Iterator[tuple[float, int, int]]:
    """Pairs that share enough transactions: minus the share, and which two."""
    citing: dict[str, list[int]] = defaultdict(list)
    for number, member in enumerate(members):
        shared = Counter(other for key in member.transactions for other in citing[key])
        for other, count in shared.items():
            fewer = min(len(member.transactions), len(members[other].transactions))
            if count >= LEAST_SHARED * fewer:
                yield -count / fewer, number, other
        for key in member.transactions:
            citing[key].append(number)


def _join(cases: dict[str, _Case], one: str, other: str) -> None:
    """Makes one case of two where the limits allow; all their alerts then point to it."""
    left, right = cases[one], cases[other]
    if left is right or not _fits(left, right):
        return
    left.alert_ids |= right.alert_ids
    left.subjects |= right.subjects
    left.first, left.last = min(left.first, right.first), max(left.last, right.last)
    for alert_id in right.alert_ids:
        cases[alert_id] = left


def _fits(left: _Case, right: _Case) -> bool:
    span = max(left.last, right.last) - min(left.first, right.first)
    return len(left.subjects | right.subjects) <= MOST_SUBJECTS and span <= LONGEST_SPAN
