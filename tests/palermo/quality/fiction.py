"""Labels and alerts of a tiny invented country, small enough to score by hand."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

from msgspec import structs

from alerts.alert import Alert, Origin, PartyRole, Queue, Role, Severity, Subject
from palermo.quality.labels import (
    Groups,
    LabelledCustomer,
    Labels,
    LookAlike,
    Member,
    Population,
    Scheme,
    Variant,
    Week,
)
from tests.alerts.samples import collector

START = datetime(2026, 3, 2, tzinfo=UTC)
DAYS = 28
BASE = collector().alert


def customer(number: int) -> str:
    return f"C-FICT-{number:04d}"


def scheme(
    number: int,
    *suspects: int,
    typology: str = "som-collector-fanin",
    variant: Variant = "textbook",
    story: str | None = None,
    bystanders: Sequence[tuple[int, Role]] = (),
    day: float = 1,
    completes_after_hours: float | None = 48,
    days: float = 10,
) -> Scheme:
    """Its transactions are `S<number>-0` and `S<number>-1`."""
    starts_at = START + timedelta(days=day)
    members = [_member(each, "collector", is_suspect=True) for each in suspects]
    members += [_member(each, role, is_suspect=False) for each, role in bystanders]
    return Scheme(
        scheme_id=f"S{number}",
        typology=typology,
        typologies=(typology,),
        variant=variant,
        story=story,
        members=tuple(members),
        starts_at=starts_at,
        completes_at=(
            None
            if completes_after_hours is None
            else starts_at + timedelta(hours=completes_after_hours)
        ),
        ends_at=starts_at + timedelta(days=days),
        transaction_ids=frozenset((f"S{number}-0", f"S{number}-1")),
    )


def alert(
    number: int,
    subject: int,
    *cites: str,
    case: str | None = None,
    score: float = 60.0,
    day: float = 4,
    queue: Queue = "smuggling",
    severity: Severity = "high",
    typology: str = "som-collector-fanin",
    roles: Iterable[tuple[int, Role]] = (),
    origin: Origin = "live",
) -> Alert:
    """An alert on a customer that cites these transactions; its own case unless one is named."""
    hit = structs.replace(
        BASE.typologies[0], id=typology, transaction_ids=cites or (f"T-FICT-{number}",)
    )
    return structs.replace(
        BASE,
        alert_id=f"a{number:04d}",
        subject=Subject(kind="customer", id=customer(subject)),
        customers=(customer(subject),),
        accounts=(),
        raised_at=(START + timedelta(days=day)).isoformat().replace("+00:00", "Z"),
        score=score,
        severity=severity,
        queue=queue,
        origin=origin,
        typologies=(hit,),
        facts=(),
        roles=tuple(_role(party, role) for party, role in roles),
        case_proposal_id=case or f"case-{number:04d}",
    )


def look_alike(number: int, kind: str, *members: int) -> LookAlike:
    return LookAlike(
        look_alike_id=f"L{number}",
        kind=kind,
        members=tuple(map(customer, members)),
        starts_at=START,
        ends_at=START + timedelta(days=DAYS),
    )


def labels(
    *schemes: Scheme,
    look_alikes: Sequence[LookAlike] = (),
    customers: int = 1_000,
    active: int = 10_000,
    remitters: Iterable[int] = (),
) -> Labels:
    """Four scored weeks with `active` active customers in each."""
    sending = set(remitters)
    return Labels(
        population=Population(
            seed=7,
            customers=customers,
            scored_from=START,
            scored_until=START + timedelta(days=DAYS),
            history_days=150,
            scored_days=DAYS,
            schemes_per_10k=30.0,
            kind="free",
            feed_sha256="0" * 64,
        ),
        schemes=schemes,
        look_alikes=look_alikes,
        customers=[_customer(each, is_remitter=each in sending) for each in range(customers)],
        weeks=[
            Week(week_start=date(2026, 3, 2) + timedelta(weeks=number), active_customers=active)
            for number in range(4)
        ],
    )


def _customer(number: int, *, is_remitter: bool) -> LabelledCustomer:
    groups = Groups(
        province="LA-VT" if number % 2 else "LA-SV",
        script="lao",
        is_remitter=is_remitter,
        works_nights=False,
        is_business=False,
    )
    return LabelledCustomer(party=customer(number), groups=groups)


def _member(number: int, role: Role, *, is_suspect: bool) -> Member:
    return Member(party=customer(number), account=None, role=role, is_suspect=is_suspect)


def _role(number: int, role: Role) -> PartyRole:
    return PartyRole(
        party=customer(number), account=None, role=role, why=(), against=(), transaction_ids=()
    )
