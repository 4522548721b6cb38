"""Which alerts belong to one case: they share transactions, parties, accounts or links."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from alerts.alert import Alert

MOST_SUBJECTS = 20
LONGEST_SPAN = timedelta(days=60)
"""Between the first and the last `raised_at` of a case: a long scheme whose alerts cite months
still joins what was raised together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMember:
    """What decides which case an open alert belongs to."""

    alert_id: str
    subject: str
    raised_at: datetime
    keys: frozenset[str]


@dataclass(slots=True, kw_only=True)
class _Case:
    alert_ids: set[str]
    subjects: set[str]
    first: datetime
    last: datetime


def propose(members: Iterable[CaseMember]) -> dict[str, str]:
    """The case proposal of each alert. Depends on the set of alerts alone, and for each on those
    it is connected with alone."""
    cases: dict[str, _Case] = {}
    holders: dict[str, str] = {}
    for member in sorted(members, key=lambda each: (each.raised_at, each.alert_id)):
        cases[member.alert_id] = _alone(member)
        for key in sorted(member.keys):
            # The latest holder of a key stands for all earlier ones its case had room for.
            _join(cases, member.alert_id, holders.get(key, member.alert_id))
            holders[key] = member.alert_id
    return {alert_id: case_id(min(case.alert_ids)) for alert_id, case in sorted(cases.items())}


def case_id(smallest_alert_id: str) -> str:
    """The id of the case whose smallest alert id this is."""
    return blake2b(f"case\x00{smallest_alert_id}".encode(), digest_size=16).hexdigest()


def case_keys(alert: Alert) -> frozenset[str]:
    """What an alert can share with another one."""
    parties = {alert.subject.id, *alert.customers}
    accounts = set(alert.accounts)
    for role in alert.roles:
        parties.add(role.party)
        accounts.update({role.account} if role.account is not None else ())
    for link in alert.links:
        parties.update(link.parties)
    return frozenset(
        {f"transaction:{each}" for hit in alert.typologies for each in hit.transaction_ids}
        | {f"party:{each}" for each in parties}
        | {f"account:{each}" for each in accounts}
        | {f"{link.kind}:{link.id}" for link in alert.links}
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
