"""Cash kept just under the reporting limit."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from detectors.conditions import NO_EXCESS
from detectors.typology import (
    COMMON_TESTS,
    Condition,
    ElementCeiling,
    NextStep,
    Parameters,
    Reference,
    Typology,
    parameter,
)
from models.features import Aggregate, Arm, Feature, Scope
from models.mask import Mask

WEEK, LONG, HALF_YEAR = timedelta(days=7), timedelta(days=60), timedelta(days=180)


@dataclass(frozen=True, slots=True, kw_only=True)
class StructuringParameters(Parameters):
    least_near: int = parameter(3, "one is chance, two coincidence, three in a week rare")
    avoided_tenths: int = parameter(12, "1.2 T in tenths: a report was avoided, not just missed")
    excess_mass: int = parameter(
        4, "four below the limit for one above: traders' takings lie on both sides"
    )
    past_mass: int = parameter(
        8, "takings that vary by a fifth around eight tenths of the limit give four to one"
    )
    most_over: int = parameter(1, "one above in half a year may be any large sale")


Settings = StructuringParameters


def typology(p: StructuringParameters) -> Typology:
    near_sum, near_count = pl.col("near_sum_7d"), pl.col("near_count_7d")
    day_sum, threshold = pl.col("near_day_sum_7d"), pl.col("threshold_minor")
    near, over = pl.col("near_count_60d"), pl.col("over_count_60d")
    near_past, over_past = pl.col("near_count_180d"), pl.col("over_count_180d")
    avoided = p.avoided_tenths * threshold
    return Typology(
        id="st-structuring",
        version=2,
        title="Cash kept just under the reporting limit",
        severity="medium",
        offence="laundering",
        stage="placement",
        looks_like="Cash paid in or drawn several times within days, each time just below the sum "
        "the bank must report, while sums just above it hardly occur.",
        innocent_reasons=(
            "a trader whose daily takings lie near the limit all year",
            "a price that happens to lie there",
            "a customer told by the branch to split for the machine's own limit",
        ),
        next_steps=(
            NextStep(
                action="Draw the histogram of this customer's cash amounts around the limit",
                field="amount",
                days_before=365,
            ),
            NextStep(
                action="Ask the branches for teller notes and slips of the cited cash movements",
                field="branch_id",
                days_before=7,
            ),
        ),
        references=(
            Reference(source="FinCEN FIN-2014-A008", verification="V"),
            Reference(source="FinCEN FIN-2020-A008", verification="V"),
            Reference(
                source="Oracle, scenario features: share of days with reporting avoided",
                verification="V",
            ),
        ),
        window=WEEK,
        arms=(
            Arm(
                typology="st-structuring",
                has=Mask.CASH | Mask.NEAR,
                window=WEEK,
                least=2,
                scope=Scope.HOLDER,
            ),
        ),
        features=(
            _near("near_sum_7d", Aggregate.SUM, WEEK, "minor", "sum of cash just below the limit"),
            _near("near_count_7d", Aggregate.COUNT, WEEK, "count", "cash movements just below it"),
            _near(
                "near_day_sum_7d",
                Aggregate.LARGEST_DAY_SUM,
                WEEK,
                "minor",
                "largest sum of one day made of cash just below the limit",
            ),
            _near("near_count_60d", Aggregate.COUNT, LONG, "count", "the same over 60 days"),
            _over("over_count_60d", LONG, "cash movements at or just above the limit, 60 days"),
            _near("near_count_180d", Aggregate.COUNT, HALF_YEAR, "count", "below it, half a year"),
            _over("over_count_180d", HALF_YEAR, "at or just above it, half a year"),
        ),
        conditions=(
            Condition(
                name="near_pattern",
                value=near_sum / threshold,
                holds=((near_count >= p.least_near) & (10 * near_sum >= avoided))
                | (day_sum >= threshold),
                excess=(10 * near_sum - avoided) / avoided,
                threshold=p.avoided_tenths / 10,
                unit="times the limit",
                family="structure",
                columns=("amount", "is_cash"),
                needs=("reporting_threshold",),
            ),
            Condition(
                name="excess_mass",
                value=near / pl.max_horizontal(over, 1),
                holds=near >= p.excess_mass * over,
                excess=(near - p.excess_mass * over) / near,
                screens=(("near_count_60d", "over_count_60d", p.excess_mass, True),),
                threshold=p.excess_mass,
                unit="below for each above",
                family="structure",
                columns=("amount", "is_cash"),
                needs=("reporting_threshold",),
            ),
            Condition(
                name="past_excess_mass",
                value=near_past / pl.max_horizontal(over_past, 1),
                holds=(over_past <= p.most_over) | (near_past >= p.past_mass * over_past),
                excess=NO_EXCESS,
                threshold=p.past_mass,
                unit="below for each above",
                family=None,
                columns=("amount", "is_cash"),
                needs=("reporting_threshold",),
            ),
        ),
        elements=(
            ElementCeiling(
                offence="laundering",
                element="concealment",
                facts=("near_pattern", "excess_mass"),
                strongest="indicated",
                ask_for="teller notes, slips, who stood at the counter",
            ),
        ),
        exculpations=COMMON_TESTS,
        cites=Mask.NEAR | Mask.OVER,
        is_shape=True,
        deviation="Its facts rest on one pair of columns and can never be two families. Sums kept "
        "under a legal limit are a report in their own right, so it fills the laundering queue "
        "alone and claims no offence against persons.",
        parameters=p,
    )


def _near(name: str, aggregate: Aggregate, window: timedelta, unit: str, meaning: str) -> Feature:
    return _cash(name, aggregate, window, Mask.NEAR, unit, meaning)


def _over(name: str, window: timedelta, meaning: str) -> Feature:
    return _cash(name, Aggregate.COUNT, window, Mask.OVER, "count", meaning)


def _cash(
    name: str, aggregate: Aggregate, window: timedelta, lies: Mask, unit: str, meaning: str
) -> Feature:
    return Feature(
        name=name,
        aggregate=aggregate,
        window=window,
        has=Mask.CASH | lies,
        scope=Scope.HOLDER,
        unit=unit,
        meaning=meaning,
        same_direction=True,
    )
