"""The contract of a typology: data, no code that runs by itself."""

from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from typing import Any, Literal, cast

import polars as pl

from detectors.finding import Family, LinkKind
from ingest.lexicon import Concept
from models.features import Arm, Feature, Scope
from models.mask import Mask, Test
from models.networks import Shape, ShapeLimits

Severity = Literal["urgent", "high", "medium", "low"]
Offence = Literal["trafficking", "smuggling", "child", "laundering"]
Element = Literal["act", "means", "purpose", "procurement", "benefit", "documents", "concealment"]
Verification = Literal["V", "Vt", "M"]


def parameter(default: float, rationale: str) -> Any:
    """A dataclass field of Parameters with the reason for its default."""
    return field(default=default, metadata={"rationale": rationale})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Base of a typology's parameters: numbers, each with a rationale."""

    def rows(self) -> list[tuple[str, float, str]]:
        """Name, value and rationale of each parameter, in order of definition."""
        return [
            (f.name, cast("float", getattr(self, f.name)), str(f.metadata["rationale"]))
            for f in fields(self)
        ]


COMMON_TESTS = ("PAYROLL", "REMIT", "FAMILY", "LICENSED", "SHELTER")
"""Exculpation tests that most typologies ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One clause of the definition.

    value: what is measured (an expression over the evaluated columns), null = not testable.
    holds: value against threshold; `excess` gives 0..1, how far beyond it.
    needs: feed columns without which it cannot be tested. A core condition must be testable for
    the typology to fire; any other is left out where it is not testable, and that is said.
    clears_as: failing it does not silence the finding but clears it under this test's name, so
    that an analyst sees why.
    """

    name: str
    value: pl.Expr
    holds: pl.Expr
    excess: pl.Expr
    threshold: float | int | None
    unit: str
    family: Family | None
    columns: tuple[str, ...]
    needs: tuple[str, ...]
    is_core: bool = True
    clears_as: str | None = None
    least_history: int = 0
    screens: tuple[tuple[str, str | None, float, bool], ...] = ()
    """Necessary for it: feature, what it is compared with (None: a number; a feature; usd_minor;
    threshold_minor), ratio, whether at least (else at most). Never decides that it holds."""
    is_dear: bool = False
    """Costly to know: its screens are asked where all cheaper ones hold."""
    coarsest_time: timedelta | None = None
    """A duration test needs times at most this coarse (half its threshold)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """A fact of 0..1 that can lift the strength by a fifth of what is missing to 1 (a border
    zone, a foreign device). Never a condition, never a family."""

    name: str
    value: pl.Expr
    unit: str
    columns: tuple[str, ...]
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyword:
    """A concept that texts of payments name: one such payment lifts the strength by a tenth of
    itself, so an empty strength not at all. Never a condition, whatever the language.

    feature: counts the payments of the window whose text names it.
    """

    concept: Concept
    feature: Feature
    unit: str = "payments"
    columns: tuple[str, ...] = ("remittance_text",)
    needs: tuple[str, ...] = ("text",)

    @property
    def name(self) -> str:
        return f"{self.concept.name}_named".lower()

    @property
    def value(self) -> pl.Expr:
        return pl.col(self.feature.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A fact that decides nothing here: what a role rests on."""

    name: str
    value: pl.Expr
    unit: str
    columns: tuple[str, ...]
    needs: tuple[str, ...]


Part = Condition | Weight | Keyword | Told
"""What a typology measures and tells as a fact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementCeiling:
    """An element of the crime this typology can at most indicate, by which facts, and what to ask
    for beyond bank data."""

    offence: Offence
    element: Element
    facts: tuple[str, ...]
    strongest: Literal["indicated", "weak"]
    ask_for: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """An action with a field and a time window, in days before and after the trigger."""

    action: str
    field: str
    days_before: int
    days_after: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Where an indicator was published, and how far that was checked: V the detail was read, Vt
    only title or date, M from memory."""

    source: str
    verification: Verification


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalLink:
    """What a signal is gathered by: `feature` is the column whose value names it (null: none). The
    pairs of contacts that a customer gave are no feature (None)."""

    kind: LinkKind
    feature: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What a signal's fact must show for its holder to count as a feeder: at least (or at most)
    `threshold`. A fact that could not be tested is no objection."""

    fact: str
    threshold: float
    is_least: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheredFact:
    """The least or the largest of a fact among the feeders, under a name of its own."""

    name: str
    source: str
    choose: Literal["least", "largest"]
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeders:
    """How the gathered holders are counted and spoken of. fact: the name of the count; columns:
    what it rests on; role, why: said of those for whom the control test does not hold."""

    least: int
    fact: str
    unit: str
    columns: tuple[str, ...]
    role: Literal["unknown", "mule", "payer"] = "unknown"
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """Much the same feeders must have been there before: their sets have `least_common` of their
    union in common, at a signal at least `apart` and less than `within` before. `enough_once`
    unrelated feeders need no earlier time. fact: the name of the share, with unit and columns."""

    least_common: float
    apart: timedelta
    within: timedelta
    enough_once: int
    fact: str
    unit: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Typology:
    """A pattern of movements that suggests an offence, evaluated at each armed trigger."""

    id: str
    version: int
    title: str
    severity: Severity
    offence: Offence
    stage: str
    looks_like: str
    innocent_reasons: tuple[str, ...]
    next_steps: tuple[NextStep, ...]
    references: tuple[Reference, ...]
    window: timedelta
    arms: tuple[Arm, ...]
    features: tuple[Feature, ...]
    conditions: tuple[Condition, ...]
    weight: Weight | None = None
    keyword: Keyword | None = None
    told: tuple[Told, ...] = ()
    elements: tuple[ElementCeiling, ...]
    exculpations: tuple[str, ...]
    cites: Mask
    is_signal: bool = False
    is_sufficient: bool = False
    """Joins independent persons, so it passes the gate alone."""
    is_shape: bool = False
    """A shape of many independent parties, or a legal report avoided: enough by itself for the
    laundering queue, where the feed shows no second family. It then claims no offence against
    persons."""
    link: SignalLink | None = None
    """For a signal: what it is gathered by."""
    is_child_rule: bool = False
    """Its subject is a child: only ever a possible victim, whatever else was found."""
    deviation: str | None = None
    """Where the definition differs from the typology catalogue, and why."""
    parameters: Parameters

    def __post_init__(self) -> None:
        """Its features, that of the keyword among them, leave out, where it is asked, what its
        own tests explain."""
        tests = Test(0)
        for test in self.exculpations:
            tests |= Test.__members__.get(test, Test(0))
        counted = () if self.keyword is None else (self.keyword.feature,)
        features = tuple(replace(each, tests=tests) for each in (*self.features, *counted))
        object.__setattr__(self, "features", features)

    @property
    def scope(self) -> Scope:
        return self.arms[0].scope

    @property
    def parts(self) -> tuple[Part, ...]:
        """Its conditions, and what is told without deciding."""
        return (*self.conditions, *self.asides)

    @property
    def asides(self) -> tuple[Weight | Keyword | Told, ...]:
        """What lifts its strength, and what a role rests on: it decides nothing."""
        lifts = (each for each in (self.weight, self.keyword) if each is not None)
        return (*lifts, *self.told)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheringTypology:
    """A pattern over signals that share a link key: the signals of one level are the movements
    of the next."""

    id: str
    version: int
    title: str
    severity: Severity
    offence: Offence
    stage: str
    looks_like: str
    innocent_reasons: tuple[str, ...]
    next_steps: tuple[NextStep, ...]
    references: tuple[Reference, ...]
    window: timedelta
    gathers: str
    """Id of the signal typology."""
    link: LinkKind
    """The kind of link of those signals."""
    feeders: Feeders
    """Distinct holders with no declared relation to each other or to the linked party."""
    demands: tuple[Demand, ...] = ()
    recurrence: Recurrence | None = None
    facts: tuple[GatheredFact, ...] = ()
    elements: tuple[ElementCeiling, ...]
    exculpations: tuple[str, ...]
    is_signal: bool = False
    is_sufficient: bool = False
    deviation: str | None = None
    parameters: Parameters

    @property
    def reach(self) -> timedelta:
        """How far back a finding can look for signals."""
        return self.window + (self.recurrence.within if self.recurrence else timedelta())


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkTypology:
    """A shape of transfers between several holders, found at the transfer that completes it. A
    shape stands alone in the laundering queue and claims no offence against persons."""

    id: str
    version: int
    title: str
    severity: Severity
    offence: Offence
    stage: str
    looks_like: str
    innocent_reasons: tuple[str, ...]
    next_steps: tuple[NextStep, ...]
    references: tuple[Reference, ...]
    shape: Shape
    limits: ShapeLimits
    least_parties: int
    """Of the shape, with no declared relation between any two of them."""
    least_usd: int
    """Moved through the shape; left out where no rate is known."""
    largest_share: float | None = None
    """Most that one payment may be of a shape's payments, or of those on either side of its holder
    where it has one; None where nothing is asked."""
    least_payer_share: float | None = None
    """Least that each payer of a shape paid, as a share of what they paid on average."""
    largest_both_ways_share: float | None = None
    """Most that may have moved with parties who paid the holder of a shape and were paid."""
    largest_trade_share: float | None = None
    """Most that may have moved between a registered firm and others who are none."""
    elements: tuple[ElementCeiling, ...]
    exculpations: tuple[str, ...] = ()
    is_signal: bool = False
    is_sufficient: bool = False
    deviation: str | None = None
    parameters: Parameters

    @property
    def window(self) -> timedelta:
        return self.limits.window


Definition = Typology | GatheringTypology | NetworkTypology


class DetectorError(Exception):
    """A typology is ill-formed; the message names it, the field and the mend."""
