"""A typology's claim about a subject at a trigger, with the facts it rests on. Data only."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Family = Literal["structure", "movement", "link", "keyword", "known"]
TestResult = Literal["explains", "does_not_explain", "not_testable"]
SubjectKind = Literal["customer", "account", "device", "place", "contact"]
LinkKind = Literal["receiver", "recapturer", "device", "place", "contact"]
"""What signals can share: a party that is paid, a party that takes wages back, a thing used,
a pair of contacts given."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class TriggerKey:
    """A movement's place in the total order. `txn` is 32 hex digits; side 0 = out, 1 = in."""

    time: datetime
    sequence: int
    txn: str
    side: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One measured value against its threshold. Money in minor units of the base currency (unit
    `minor`); shares 0..1; own_past = the same over the window before; peers = their 99th
    percentile (None: not enough of either). `family` is what the gate counts; None = context."""

    name: str
    value: float | int | str | None
    unit: str
    threshold: float | int | None
    own_past: float | int | None
    peers: float | int | None
    family: Family | None
    columns: tuple[str, ...]
    """The columns of the transaction it rests on; two families must rest on different ones."""
    is_met: bool = True
    """Whether its condition holds; what is no condition always is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExculpationResult:
    test: str
    result: TestResult
    share: float | None
    """Of the value moved in the window that the test explains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a signal can be gathered by."""

    kind: LinkKind
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """Which movements of whom a finding rests on: those of `holder` (and `account`, if given)
    after `since` and up to and including `upto` that carry any bit of `mask_any`; with `only`, of
    these the ones of the transactions named (32 hex digits)."""

    holder: str
    account: str | None
    since: datetime
    upto: TriggerKey
    mask_any: int
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One a (typology, subject, trigger). strength 0..1, high is strange.

    holder: whose movement triggers it (findings are replaced by holder); subject: whom it accuses.
    A cleared finding fires only with the movements that the tests in `cleared_by` explain.
    not_testable: sentences, condition and what it lacked. is_signal: cannot stand alone.
    feeders: for a gathered finding, the holders of the signals, in order of first signal.
    """

    typology: str
    version: int
    level: int
    is_signal: bool
    subject_kind: SubjectKind
    subject_id: str
    holder: str
    accounts: tuple[str, ...]
    trigger: TriggerKey
    trigger_reference: str
    window_start: datetime
    window_end: datetime
    strength: float
    facts: tuple[Fact, ...]
    not_testable: tuple[str, ...]
    exculpations: tuple[ExculpationResult, ...]
    cleared_by: tuple[str, ...]
    links: tuple[Link, ...]
    citations: tuple[Citation, ...]
    feeders: tuple[str, ...]

    @property
    def is_cleared(self) -> bool:
        return bool(self.cleared_by)
