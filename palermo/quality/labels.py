"""The labels of a simulated country: what was planted, what only looks like it, who lives there."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, TypeVar, get_args

import msgspec

from alerts.alert import Role
from palermo.errors import DataUnusable, UsageError

Variant = Literal["textbook", "noisy", "evasive"]
VARIANTS: tuple[Variant, ...] = get_args(Variant)
PopulationKind = Literal["base_rate", "enriched", "free"]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]

SCHEMES = "schemes.ndjson"
LOOK_ALIKES = "look_alikes.ndjson"
CUSTOMERS = "customers.ndjson"
WEEKS = "weeks.ndjson"
POPULATION = "population.json"


class Label(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all labels: a field that is missing, unknown or of another type is a fault."""


class Member(Label, frozen=True, kw_only=True):
    """One party of a scheme. party: a customer, or an account nobody is known to hold."""

    party: str
    account: str | None
    role: Role
    is_suspect: bool
    """A correct alert accuses this party; payers and possible victims are not accused."""


class Scheme(Label, frozen=True, kw_only=True):
    """One planted scheme. `ends_at` is its last transaction; `completes_at` the one that completes
    the definition's minimum, None where the variant never does."""

    scheme_id: str
    typology: str
    typologies: tuple[str, ...]
    """All that a correct alert may name."""
    variant: Variant
    story: str | None
    members: tuple[Member, ...]
    starts_at: Moment
    completes_at: Moment | None
    ends_at: Moment
    transaction_ids: frozenset[str]

    @property
    def crime(self) -> str:
        """What an analyst works on as one thing: the story it is told in, else the scheme."""
        return self.scheme_id if self.story is None else f"story {self.story}"


class LookAlike(Label, frozen=True, kw_only=True):
    """An innocent life that looks like a scheme."""

    look_alike_id: str
    kind: str
    members: tuple[str, ...]
    starts_at: Moment
    ends_at: Moment


class Groups(Label, frozen=True, kw_only=True):
    """What must not decide whether somebody is alerted; used for ratios only."""

    province: str
    script: str
    is_remitter: bool
    works_nights: bool
    is_business: bool


class LabelledCustomer(Label, frozen=True, kw_only=True):
    party: str
    groups: Groups


class Week(Label, frozen=True, kw_only=True):
    """active_customers: those with at least one movement in it."""

    week_start: date
    active_customers: Annotated[int, msgspec.Meta(ge=0)]


class Population(Label, frozen=True, kw_only=True):
    """Who was simulated; alerts count from `scored_from` up to, not including, `scored_until`."""

    seed: int
    customers: Annotated[int, msgspec.Meta(gt=0)]
    scored_from: Moment
    scored_until: Moment
    history_days: int
    scored_days: Annotated[int, msgspec.Meta(gt=0)]
    schemes_per_10k: float
    kind: PopulationKind
    feed_sha256: str


@dataclass(frozen=True, kw_only=True)
class Labels:
    """Everything known of one population."""

    population: Population
    schemes: Sequence[Scheme]
    look_alikes: Sequence[LookAlike]
    customers: Sequence[LabelledCustomer]
    weeks: Sequence[Week]

    @cached_property
    def active_customer_weeks(self) -> int:
        """Customers with a movement, summed over the weeks of the scored period."""
        return sum(week.active_customers for week in self.weeks)

    @cached_property
    def suspects(self) -> frozenset[str]:
        """Every party a correct alert may accuse."""
        return frozenset(m.party for s in self.schemes for m in s.members if m.is_suspect)

    @cached_property
    def parties_of_schemes(self) -> frozenset[str]:
        """Every party of a scheme, payers and possible victims included."""
        return frozenset(member.party for scheme in self.schemes for member in scheme.members)

    @cached_property
    def groups(self) -> Mapping[str, Groups]:
        """The groups of each customer."""
        return {customer.party: customer.groups for customer in self.customers}


def read_labels(folder: Path) -> Labels:
    """The labels in a folder `palermo simulate` wrote.

    Raises UsageError if the folder or a file of it is missing, DataUnusable with the first fault
    of every file if one is not as it must be.
    """
    _demand_files(folder)
    faults: list[str] = []
    schemes = _rows(folder / SCHEMES, Scheme, lambda each: each.scheme_id, faults)
    look_alikes = _rows(folder / LOOK_ALIKES, LookAlike, lambda each: each.look_alike_id, faults)
    customers = _rows(folder / CUSTOMERS, LabelledCustomer, lambda each: each.party, faults)
    weeks = _rows(folder / WEEKS, Week, lambda each: each.week_start.isoformat(), faults)
    population = _population(folder / POPULATION, faults)
    faults.extend(_contradictions(folder, schemes, weeks, population))
    if faults or population is None:
        raise DataUnusable(*faults)
    return Labels(
        population=population,
        schemes=schemes,
        look_alikes=look_alikes,
        customers=customers,
        weeks=weeks,
    )


Row = TypeVar("Row", bound=Label)


def _demand_files(folder: Path) -> None:
    if not folder.is_dir():
        raise UsageError(f"--labels {folder}: no such folder; give the labels/ of a simulation")
    named = (SCHEMES, LOOK_ALIKES, CUSTOMERS, WEEKS, POPULATION)
    missing = [name for name in named if not (folder / name).is_file()]
    if missing:
        raise UsageError(
            f"--labels {folder}: {', '.join(missing)} is not there; "
            "give the labels/ of a simulation that ended"
        )


def _rows(path: Path, kind: type[Row], key: Callable[[Row], str], faults: list[str]) -> list[Row]:
    """The rows up to the first fault, which is added to `faults`."""
    decoder = msgspec.json.Decoder(kind)
    found: dict[str, Row] = {}
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            row = decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
            faults.append(f"{path}, line {number}: {fault}; simulate it again or mend the line")
            break
        if key(row) in found:
            faults.append(f"{path}, line {number}: {key(row)} is there twice; ids must be unique")
            break
        found[key(row)] = row
    return list(found.values())


def _population(path: Path, faults: list[str]) -> Population | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Population)
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        faults.append(f"{path}: {fault}; simulate it again or mend the file")
        return None


def _contradictions(
    folder: Path, schemes: Iterable[Scheme], weeks: Sequence[Week], population: Population | None
) -> Iterator[str]:
    for scheme in schemes:
        where = f"{folder / SCHEMES}: {scheme.scheme_id}"
        if not scheme.transaction_ids:
            yield f"{where} has no transaction_ids; no alert could cite it"
        if not scheme.members:
            yield f"{where} has no members; no alert could be right about it"
        if scheme.starts_at > scheme.ends_at:
            yield f"{where} ends before it starts"
    if not sum(week.active_customers for week in weeks):
        yield f"{folder / WEEKS}: no active customer in any week; a budget would be nothing"
    if population is not None and population.scored_from >= population.scored_until:
        yield f"{folder / POPULATION}: scored_from is not before scored_until"
