"""All typologies, found by their folder, compiled into one select a level."""

import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from functools import reduce
from importlib import import_module
from operator import or_
from typing import Any

import numpy as np
import polars as pl

from detectors import typologies as folder
from detectors.finding import (
    Citation,
    ExculpationResult,
    Fact,
    Family,
    Finding,
    Link,
    SubjectKind,
    TestResult,
    TriggerKey,
)
from detectors.testability import Provided
from detectors.typology import (
    Condition,
    Definition,
    DetectorError,
    GatheringTypology,
    Keyword,
    NetworkTypology,
    Parameters,
    Part,
    Typology,
)
from ingest.lexicon import Concept
from models.evaluated import Evaluated
from models.features import Aggregate, Arm, Feature, Scope, Screen
from models.mask import Test

ALL, REST, PAST = 0, 1, 2
VARIANTS = 3
"""Rows of an evaluated trigger stand together, in this order."""

WEIGHT_SHARE = 0.2
KEYWORD_SHARE = 0.1
LONGEST_SCREENED = timedelta(days=60)
TESTS = tuple(Test.__members__)
TEST_HISTORY = {
    "PAYROLL": 60,
    "REMIT": 60,
    "FAMILY": 180,
    "LICENSED": 0,
    "MERCH": 180,
    "ROSCA": 60,
    "SHELTER": 0,
    "SCHOOL": 0,
    "EVENT": 60,
    "LIVE_SELLER": 60,
}
TEST_NEEDS = {"EVENT": ("usd_rate",), "LIVE_SELLER": ("usd_rate", "merchant_category")}
COARSEST_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TestGround:
    """What the exculpation tests can rest on: a register of licences, declared relations."""

    has_register: bool
    has_relations: bool


RareAt = Callable[[str], frozenset[Concept]]
"""The concepts that texts of fewer than one in a hundred of a holder's peers name."""


def nothing_is_rare(holder: str) -> frozenset[Concept]:
    """Without peers that were counted nobody knows what is rare."""
    return frozenset()


def load_typologies(
    overrides: Mapping[str, Mapping[str, float]] | None = None,
) -> dict[str, Definition]:
    """Every typology of the folder by id, its parameters overridden where asked.

    Raises DetectorError for an unknown typology or parameter, naming it.
    """
    wanted = dict(overrides or {})
    found: dict[str, Definition] = {}
    for module_info in sorted(pkgutil.iter_modules(folder.__path__), key=lambda m: m.name):
        module = import_module(f"{folder.__name__}.{module_info.name}")
        identity = module_info.name.replace("_", "-")
        parameters = _overridden(identity, module.Settings(), wanted.pop(identity, {}))
        found[identity] = module.typology(parameters)
    if wanted:
        raise DetectorError(
            f"no typology named {', '.join(sorted(wanted))}; there are {', '.join(found)}"
        )
    return found


class Catalogue:
    """The typologies that are on, ready to judge what the profiles evaluated."""

    def __init__(
        self,
        definitions: Mapping[str, Definition],
        available: Provided,
        ground: TestGround,
        contacts: Mapping[str, tuple[str, ...]] | None = None,
        rare: RareAt = nothing_is_rare,
    ) -> None:
        """`contacts`: by party, the pairs of contacts it shares with several others. `rare`: what
        a text must name to count as a family of its own."""
        self._contacts, self._rare = contacts or {}, rare
        self.definitions = dict(sorted(definitions.items()))
        self.typologies = {k: t for k, t in self.definitions.items() if isinstance(t, Typology)}
        self.gatherings = {
            k: t for k, t in self.definitions.items() if isinstance(t, GatheringTypology)
        }
        self.networks = {
            k: t for k, t in self.definitions.items() if isinstance(t, NetworkTypology)
        }
        self.available, self._ground = available, ground
        self.arms: tuple[Arm, ...] = tuple(
            arm for typology in self.typologies.values() for arm in typology.arms
        )
        self.features: tuple[Feature, ...] = _distinct_features(self.typologies.values())
        self.asks = {
            key: frozenset(f.name for f in typology.features)
            for key, typology in self.typologies.items()
        }
        self.screens: tuple[Screen, ...] = tuple(
            Screen(
                typology=key,
                part=part,
                whole=whole,
                ratio=ratio,
                is_least=is_least,
                is_core=condition.is_core,
                is_dear=condition.is_dear,
            )
            for key, typology in self.typologies.items()
            for condition in typology.conditions
            if available.blindness(condition) is None and _is_short(typology, condition)
            for part, whole, ratio, is_least in condition.screens
        )
        self._bits = {
            key: sum(1 << i for i, arm in enumerate(self.arms) if arm.typology == key)
            for key in self.typologies
        }
        self._fires = {
            key: self._fires_at(typology).alias(key) for key, typology in self.typologies.items()
        }
        self._columns = {
            key: [*_told(each), *self._compiled(each)] for key, each in self.typologies.items()
        }
        self._reads = {
            key: sorted({name for each in columns for name in each.meta.root_names()})
            for key, columns in self._columns.items()
        }

    def fires(self, rows: pl.DataFrame) -> pl.Series:
        """Whether any typology fires on an evaluated row of variant ALL."""
        # Column by column: one expression of them all takes Polars twice as long to plan.
        asked = rows.select(self._fires[key] for key in self._armed_in(rows))
        return reduce(or_, asked.iter_columns())

    def detect(self, evaluated: Evaluated) -> list[Finding]:
        """Findings of level 1, in order of typology and row."""
        if evaluated.features.is_empty():
            return []
        triggers = evaluated.features[np.arange(ALL, len(evaluated.features), VARIANTS)]
        armed = self._armed_in(triggers)
        fires = triggers.select(self._fires[key] for key in armed)
        findings: list[Finding] = []
        for key in armed:
            typology, first = self.typologies[key], fires[key].arg_true() * VARIANTS
            if first.is_empty():
                continue
            # A trigger mostly fires one typology: all else is asked of its rows alone.
            rows = pl.concat([first + variant for variant in (ALL, REST, PAST)])
            asked = evaluated.features.select(self._reads[key])[rows]
            told, count = asked.select(self._columns[key]).rows(named=True), len(first)
            variants = (told[at : at + count] for at in range(0, len(told), count))
            findings.extend(
                self._finding(typology, *of_one) for of_one in zip(*variants, strict=True)
            )
        return findings

    def _armed_in(self, rows: pl.DataFrame) -> list[str]:
        """The typologies that are armed on any of these rows."""
        bits = int(np.bitwise_or.reduce(rows["armed"].to_numpy()))
        return [key for key, theirs in self._bits.items() if bits & theirs]

    def _fires_at(self, typology: Typology) -> pl.Expr:
        """Whether an armed row meets all conditions but those that only clear."""
        bits = pl.lit(self._bits[typology.id], dtype=pl.UInt64())
        is_armed = (pl.col("armed") & bits) != 0
        return pl.all_horizontal(
            is_armed,
            *(
                self._or_null(c, c.holds, pl.Boolean()).fill_null(value=not c.is_core)
                for c in typology.conditions
                if c.clears_as is None
            ),
        )

    def _compiled(self, typology: Typology) -> list[pl.Expr]:
        judged = [(c, self._or_null(c, c.holds, pl.Boolean())) for c in typology.conditions]
        excesses = [
            self._or_null(c, c.excess.cast(pl.Float64()).clip(0, 1), pl.Float64())
            for c in typology.conditions
        ]
        base = pl.mean_horizontal(excesses).fill_null(0.0)
        weight = typology.weight
        lift = self._or_null(weight, weight.value, pl.Float64()) if weight else pl.lit(0.0)
        weighed = base + WEIGHT_SHARE * lift.fill_null(0.0).clip(0, 1) * (1 - base)
        strength = (weighed * (1 + KEYWORD_SHARE * self._is_named(typology))).clip(0, 1)
        return [
            *(
                self._or_null(part, part.value.cast(pl.Float64()), pl.Float64()).alias(
                    f"{typology.id}|{part.name}"
                )
                for part in typology.parts
            ),
            *(holds.alias(f"{typology.id}|{c.name}|holds") for c, holds in judged),
            self._fires_at(typology).alias(f"{typology.id}|fires"),
            strength.round(6).alias(f"{typology.id}|strength"),
        ]

    def _is_named(self, typology: Typology) -> pl.Expr:
        """1 where a text names the typology's concept."""
        keyword = typology.keyword
        if keyword is None:
            return pl.lit(0)
        return self._or_null(keyword, keyword.value >= 1, pl.Boolean()).fill_null(value=False)

    def _or_null(self, part: Part, value: pl.Expr, kind: pl.DataType) -> pl.Expr:
        if self.available.blindness(part) is not None:
            return pl.lit(None, dtype=kind)
        return value

    def _finding(
        self, typology: Typology, row: dict[str, Any], rest: dict[str, Any], past: dict[str, Any]
    ) -> Finding:
        trigger = TriggerKey(
            time=row["trigger_time"],
            sequence=row["trigger_sequence"],
            txn=f"{row['trigger_hi']:016x}{row['trigger_lo']:016x}",
            side=row["trigger_side"],
        )
        tests = self._tests(typology, row)
        since = row["trigger_time"] - typology.window
        account = row["account"] if typology.scope is Scope.ACCOUNT else None
        return Finding(
            typology=typology.id,
            version=typology.version,
            level=1,
            is_signal=typology.is_signal,
            subject_kind=row["holder_kind"],
            subject_id=row["holder"],
            holder=row["holder"],
            accounts=(row["account"],),
            trigger=trigger,
            trigger_reference=row["trigger_reference"],
            window_start=since,
            window_end=row["trigger_time"],
            strength=row[f"{typology.id}|strength"],
            facts=self._facts(typology, row, past),
            not_testable=self._not_testable(typology, row),
            exculpations=tests,
            cleared_by=_cleared_by(typology, row, rest),
            links=_links(typology, row, self._contacts),
            citations=(
                Citation(
                    holder=row["holder"],
                    account=account,
                    since=since,
                    upto=trigger,
                    mask_any=int(typology.cites),
                ),
            ),
            feeders=(),
        )

    def _facts(
        self, typology: Typology, row: dict[str, Any], past: dict[str, Any]
    ) -> tuple[Fact, ...]:
        facts = [
            Fact(
                name=c.name,
                value=_plain(row[f"{typology.id}|{c.name}"]),
                unit=c.unit,
                threshold=c.threshold,
                own_past=_plain(past[f"{typology.id}|{c.name}"]),
                peers=None,
                family=c.family if row[f"{typology.id}|{c.name}|holds"] else None,
                columns=c.columns,
                is_met=bool(row[f"{typology.id}|{c.name}|holds"]),
            )
            for c in typology.conditions
            if row[f"{typology.id}|{c.name}"] is not None
        ]
        facts.extend(
            Fact(
                name=aside.name,
                value=_plain(row[f"{typology.id}|{aside.name}"]),
                unit=aside.unit,
                threshold=None,
                own_past=_plain(past[f"{typology.id}|{aside.name}"]),
                peers=None,
                family=self._family(aside, row["holder"]),
                columns=aside.columns,
            )
            for aside in typology.asides
            if _is_told(aside, row[f"{typology.id}|{aside.name}"])
        )
        if row["is_capped"]:
            facts.append(_capped())
        return tuple(facts)

    def _family(self, aside: Part, holder: str) -> Family | None:
        is_rare = isinstance(aside, Keyword) and aside.concept in self._rare(holder)
        return "keyword" if is_rare else None

    def _not_testable(self, typology: Typology, row: dict[str, Any]) -> tuple[str, ...]:
        sentences = []
        for part in typology.parts:
            if row[f"{typology.id}|{part.name}"] is not None:
                continue
            reason = self.available.blindness(part)
            least = part.least_history if isinstance(part, Condition) else 0
            if reason is None and row["history_days"] < least:
                reason = f"needs {least} days of history"
            sentences.append(f"{part.name}: {reason or 'the transactions lack what it rests on'}")
        return tuple(sentences)

    def _tests(self, typology: Typology, row: dict[str, Any]) -> tuple[ExculpationResult, ...]:
        prefix = "" if typology.scope is Scope.ACCOUNT else "holder_"
        moved = row[f"{prefix}moved"]
        results = []
        for test in typology.exculpations:
            explained = row[f"{prefix}explained_{test.lower()}"]
            is_testable = explained > 0 or self._is_testable(test, row["history_days"])
            result: TestResult = "does_not_explain" if is_testable else "not_testable"
            if explained > 0:
                result = "explains"
            results.append(
                ExculpationResult(
                    test=test,
                    result=result,
                    share=round(explained / moved, 6) if is_testable and moved else None,
                )
            )
        return tuple(results)

    def _is_testable(self, test: str, history_days: int) -> bool:
        if test in ("LICENSED", "SHELTER"):
            return self._ground.has_register
        if test == "SCHOOL":
            return self._ground.has_register or "merchant_category" in self.available.needs
        if not self.available.needs.issuperset(TEST_NEEDS.get(test, ())):
            return False
        if test == "LIVE_SELLER" and self.available.time_precision > COARSEST_HOUR:
            return False
        if test == "FAMILY" and self._ground.has_relations:
            return True
        return history_days >= TEST_HISTORY[test]


def subject_kind(holder_kind: str) -> SubjectKind:
    """The subject of a finding on a holder."""
    return "customer" if holder_kind == "customer" else "account"


def _overridden(identity: str, parameters: Parameters, wanted: Mapping[str, float]) -> Parameters:
    known = {f.name for f in fields(parameters)}
    unknown = sorted(set(wanted) - known)
    if unknown:
        raise DetectorError(
            f"{identity} has no parameter {', '.join(unknown)}; it has {', '.join(sorted(known))}"
        )
    return replace(parameters, **wanted)


def _distinct_features(typologies: Iterable[Typology]) -> tuple[Feature, ...]:
    by_name: dict[str, Feature] = {}
    for typology in typologies:
        for feature in typology.features:
            if by_name.setdefault(feature.name, feature) != feature:
                raise DetectorError(
                    f"{typology.id}: feature {feature.name} is defined otherwise elsewhere; "
                    "give one of them another name"
                )
    return tuple(by_name.values())


def _told(typology: Typology) -> list[pl.Expr]:
    """The columns of a trigger's rows that a finding names."""
    tests = [test.lower() for test in typology.exculpations]
    prefix, link = "" if typology.scope is Scope.ACCOUNT else "holder_", typology.link
    named = () if link is None or link.feature is None else (link.feature,)
    return [
        pl.col(name)
        for name in (
            "holder",
            "holder_kind",
            "account",
            "trigger_time",
            "trigger_sequence",
            "trigger_hi",
            "trigger_lo",
            "trigger_side",
            "trigger_reference",
            "history_days",
            "is_capped",
            f"{prefix}tests",
            f"{prefix}moved",
            *(f"{prefix}explained_{test}" for test in tests),
            *named,
        )
    ]


def _is_short(typology: Typology, condition: Condition) -> bool:
    """Whether what its screens read can be known early."""
    read = {name for part, whole, _, _ in condition.screens for name in (part, whole)}
    return all(
        f.window <= LONGEST_SCREENED and f.aggregate is not Aggregate.REPEAT_COUNTERPARTIES
        for f in typology.features
        if f.name in read
    )


def _links(
    typology: Typology, row: dict[str, Any], contacts: Mapping[str, tuple[str, ...]]
) -> tuple[Link, ...]:
    link = typology.link
    if link is None:
        return ()
    if link.feature is None:
        return tuple(Link(kind=link.kind, id=pair) for pair in contacts.get(row["holder"], ()))
    named = row[link.feature]
    return () if named is None else (Link(kind=link.kind, id=named),)


def _cleared_by(typology: Typology, row: dict[str, Any], rest: dict[str, Any]) -> tuple[str, ...]:
    """The tests without whose movements it would not fire; none if it would."""
    if rest[f"{typology.id}|fires"] and not _clearing(typology, rest):
        return ()
    bits = row["tests" if typology.scope is Scope.ACCOUNT else "holder_tests"]
    grounds = {test for test in TESTS if bits & int(Test[test])}
    grounds |= _clearing(typology, row) | _clearing(typology, rest)
    return tuple(test for test in typology.exculpations if test in grounds)


def _clearing(typology: Typology, row: dict[str, Any]) -> set[str]:
    """Tests of the clearing conditions that fail."""
    return {
        c.clears_as
        for c in typology.conditions
        if c.clears_as is not None and row[f"{typology.id}|{c.name}|holds"] is False
    }


def _is_told(aside: Part, value: float | None) -> bool:
    """A concept that nobody named is no fact."""
    return value is not None and (value > 0 or not isinstance(aside, Keyword))


def _plain(value: float | None) -> float | int | None:
    """Whole numbers as integers, others rounded to 6 decimals."""
    if value is None:
        return None
    return int(value) if float(value).is_integer() else round(value, 6)


def _capped() -> Fact:
    return Fact(
        name="hub_cap",
        value=1000,
        unit="movements looked at, of more",
        threshold=None,
        own_past=None,
        peers=None,
        family=None,
        columns=(),
    )
