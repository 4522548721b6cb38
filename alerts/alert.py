"""The alert record: what a person must look at. The topic's value and a line of alerts.ndjson."""

from typing import Literal

import msgspec

SCHEMA_VERSION = 1

Status = Literal["open", "amended", "withdrawn", "superseded"]
Origin = Literal["live", "first_load", "replay", "backtest"]
Queue = Literal["exploitation", "smuggling", "laundering", "unusual", "first_load"]
Severity = Literal["urgent", "high", "medium", "low"]
Offence = Literal["trafficking", "smuggling", "child", "laundering"]
Element = Literal["act", "means", "purpose", "procurement", "benefit", "documents", "concealment"]
ElementState = Literal["indicated", "weak", "not_in_bank_data"]
Role = Literal[
    "unknown", "possible_victim", "possible_controller", "collector", "mule", "facilitator", "payer"
]
House = Literal["bank", "fiu"]
HandlingClass = Literal["normal", "child", "official", "victim"]


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all parts: frozen, by keyword only. Times are ISO 8601 UTC text; money is decimal
    text in the base currency."""


class Subject(Record, frozen=True, kw_only=True):
    kind: Literal["customer", "account", "device", "place", "contact"]
    id: str


class TypologyHit(Record, frozen=True, kw_only=True):
    id: str
    version: int
    strength: float
    trigger: str
    """The bank's reference of the movement it was judged at."""
    window_start: str
    window_end: str
    transaction_ids: tuple[str, ...]


class AlertFact(Record, frozen=True, kw_only=True):
    name: str
    value: float | int | str | None
    unit: str
    threshold: float | int | str | None
    own_past: float | int | str | None
    peers: float | int | str | None
    """Value, threshold, own past and peers are decimal text where the unit is a currency."""
    family: str | None
    is_met: bool = True
    """Whether the value is on the suspicious side of its threshold; true without one."""
    transaction_ids: tuple[str, ...]


class ElementOfCrime(Record, frozen=True, kw_only=True):
    offence: Offence
    element: Element
    state: ElementState
    facts: tuple[str, ...]
    ask_for: str


class Exculpation(Record, frozen=True, kw_only=True):
    test: str
    result: Literal["explains", "does_not_explain", "not_testable"]
    share: float | None
    why: str


class PartyRole(Record, frozen=True, kw_only=True):
    party: str
    account: str | None
    role: Role
    why: tuple[str, ...]
    against: tuple[str, ...]
    transaction_ids: tuple[str, ...]


class Totals(Record, frozen=True, kw_only=True):
    """Over the cited movements of the subject; for a gathered alert, of what reached it: what the
    subject then did with it is not among the evidence, so `out` and `kept` are None."""

    count: int
    in_: str = msgspec.field(name="in")
    out: str | None
    kept: str | None
    currency: str


class AlertLink(Record, frozen=True, kw_only=True):
    kind: str
    id: str
    parties: tuple[str, ...]


class ModelScore(Record, frozen=True, kw_only=True):
    id: str
    percentile: float | None
    contributions: tuple[str, ...]


class Handling(Record, frozen=True, kw_only=True):
    class_: HandlingClass = msgspec.field(name="class")
    do_not: tuple[str, ...]
    contact: str


class Step(Record, frozen=True, kw_only=True):
    action: str
    field: str
    from_: str = msgspec.field(name="from")
    to: str


class Reproduce(Record, frozen=True, kw_only=True):
    release: str
    configuration: str
    bundle: str


class Alert(Record, frozen=True, kw_only=True):
    """One subject's findings over an episode, past the gate."""

    schema_version: int
    alert_id: str
    status: Status
    superseded_by: str | None
    origin: Origin
    house: House
    subject: Subject
    accounts: tuple[str, ...]
    customers: tuple[str, ...]
    first_at: str
    last_at: str
    raised_at: str
    score: float
    severity: Severity
    queue: Queue
    offences_suspected: tuple[Offence, ...]
    hypothesis: str
    typologies: tuple[TypologyHit, ...]
    facts: tuple[AlertFact, ...]
    elements: tuple[ElementOfCrime, ...]
    exculpations: tuple[Exculpation, ...]
    roles: tuple[PartyRole, ...]
    totals: Totals
    links: tuple[AlertLink, ...]
    case_proposal_id: str
    not_testable: tuple[str, ...]
    model: ModelScore | None
    handling: Handling
    next_steps: tuple[Step, ...]
    narrative: dict[str, str]
    review_due_at: str
    reproduce: Reproduce


class AlertRevision(Record, frozen=True, kw_only=True):
    """An alert as the store committed it; (alert id, revision) never changes content."""

    alert: Alert
    revision: int


def alert_json(alert: Alert) -> bytes:
    """One line of alerts.ndjson, fields in the order of the record, UTF-8, no newline."""
    return msgspec.json.encode(alert)
