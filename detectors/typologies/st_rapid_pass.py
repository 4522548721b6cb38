"""An account as a pipe."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from detectors.conditions import at_least, passes_through, rests_at_most, share
from detectors.typology import (
    COMMON_TESTS,
    ElementCeiling,
    NextStep,
    Parameters,
    Reference,
    SignalLink,
    Typology,
    parameter,
)
from models.features import Aggregate, Arm, Feature
from models.mask import Mask

WEEK = timedelta(days=7)
NOT_PASSED_ON = Mask.OWN_TRANSFER | Mask.BANK_LEDGER | Mask.CARD | Mask.OUTSIDE


@dataclass(frozen=True, slots=True, kw_only=True)
class RapidPassParameters(Parameters):
    least_usd: float = parameter(1_000, "below it a week's errands for a neighbour look alike")
    least_days: int = parameter(3, "three cycles: one is chance, two coincidence")
    least_passed_through: float = parameter(0.9, "what stays is a commission")
    longest_dwell_hours: float = parameter(24, "the same or the next day")
    least_income_multiple: float = parameter(
        0.7, "of a declared month: three times what a week should bring"
    )


Settings = RapidPassParameters


def typology(p: RapidPassParameters) -> Typology:
    came = pl.col("pipe_in_7d")
    return Typology(
        id="st-rapid-pass",
        version=2,
        title="An account as a pipe",
        severity="low",
        offence="laundering",
        stage="layering",
        looks_like="Money comes in and nearly all of it is sent on or drawn within a day, several "
        "times a week; nothing is bought with it.",
        innocent_reasons=(
            "an agent's float or a settlement account",
            "a trader who pays the supplier with each day's takings",
            "a treasurer who collects and pays for a group",
        ),
        next_steps=(
            NextStep(action="Match credits to debits", field="amount", days_before=7),
            NextStep(action="Ask who operates it", field="device_hash", days_before=30),
        ),
        references=(
            Reference(source="FinCEN FIN-2023-Alert001: rapid wires after cash", verification="V"),
        ),
        window=WEEK,
        arms=(
            Arm(
                typology="st-rapid-pass",
                has=Mask.OUT | Mask.PRICED,
                lacks=NOT_PASSED_ON,
                window=WEEK,
                least=p.least_days,
            ),
        ),
        features=(
            _feature("pipe_in_7d", Aggregate.SUM, Mask.IN, "minor", "all that came in"),
            _feature("pipe_out_7d", Aggregate.SUM, Mask.OUT, "minor", "sent on or drawn"),
            _feature("pipe_days_7d", Aggregate.DISTINCT_DAYS, Mask.OUT, "count", "days it was"),
            _feature(
                "pipe_dwell_7d",
                Aggregate.DWELL_MEDIAN,
                Mask.PRICED,
                "microseconds",
                "median time money rests on the account",
            ),
            _feature(
                "pipe_payee_7d",
                Aggregate.TOP_PAYEE,
                Mask.OUT | Mask.TRANSFER,
                "party",
                "to whom most was sent on",
            ),
        ),
        conditions=(
            at_least(
                "passed_usd",
                came,
                p.least_usd,
                times=pl.col("usd_minor"),
                unit="US dollars in a week",
                family=None,
                columns=("amount",),
                needs=("usd_rate",),
            ),
            at_least(
                "emptied_days",
                pl.col("pipe_days_7d"),
                p.least_days,
                unit="days",
                family="structure",
                columns=("event_time",),
            ),
            passes_through("pipe_in_7d", "pipe_out_7d", p.least_passed_through),
            rests_at_most(
                "dwell",
                pl.col("pipe_dwell_7d"),
                p.longest_dwell_hours,
                columns=("event_time", "amount"),
            ),
            at_least(
                "income",
                share(came, pl.col("income_minor")),
                p.least_income_multiple,
                unit="times declared monthly income",
                family="structure",
                columns=("amount", "customers.monthly_income"),
                needs=("customers.monthly_income",),
                is_core=False,
            ),
        ),
        elements=(
            ElementCeiling(
                offence="laundering",
                element="concealment",
                facts=("emptied_days", "passed_through"),
                strongest="weak",
                ask_for="what the credits were for, and who received what was passed on",
            ),
        ),
        exculpations=COMMON_TESTS,
        cites=Mask.IN | Mask.OUT,
        is_signal=True,
        link=SignalLink(kind="receiver", feature="pipe_payee_7d"),
        deviation="Balances are not in every feed: that little stays is read from what came and "
        "went. What is spent by card is not passed on. An account that another bank keeps is not "
        "judged: only what comes here of it is seen.",
        parameters=p,
    )


def _feature(name: str, aggregate: Aggregate, has: Mask, unit: str, meaning: str) -> Feature:
    return Feature(
        name=name,
        aggregate=aggregate,
        window=WEEK,
        has=has,
        lacks=NOT_PASSED_ON,
        unit=unit,
        meaning=meaning,
    )
