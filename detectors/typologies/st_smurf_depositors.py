"""Many depositors feed one account below the limit."""

from dataclasses import dataclass, replace
from datetime import timedelta

import polars as pl

from detectors.conditions import at_least, share_at_most
from detectors.typology import (
    COMMON_TESTS,
    ElementCeiling,
    NextStep,
    Parameters,
    Reference,
    Typology,
    parameter,
)
from models.features import Aggregate, Arm, Feature
from models.mask import Mask

FIVE_DAYS = timedelta(days=5)
DEPOSIT = Mask.IN | Mask.CASH | Mask.BELOW_LIMIT | Mask.COUNTERPARTY_KNOWN
NOT_THIRD = Mask.OWN_TRANSFER | Mask.BANK_LEDGER | Mask.DECLARED_RELATED


@dataclass(frozen=True, slots=True, kw_only=True)
class SmurfParameters(Parameters):
    least_depositors: int = parameter(4, "a household pays in by two or three of its own")
    least_places: int = parameter(3, "one errand has one branch, two can be a way home")
    largest_repeat_share: float = parameter(
        0.5, "a trader's own people come again and again, all year"
    )
    repeat_history_days: int = parameter(60, "below two months nobody can have repeated")
    least_multiple: float = parameter(1.5, "of the limit: a report was avoided, not just missed")


Settings = SmurfParameters


def typology(p: SmurfParameters) -> Typology:
    return Typology(
        id="st-smurf-depositors",
        version=1,
        title="Many depositors feed one account below the limit",
        severity="medium",
        offence="laundering",
        stage="placement",
        looks_like="Several persons pay cash into one account at several branches within days, "
        "each below the sum the bank must report, together well above it.",
        innocent_reasons=(
            "a distributor whose shops pay in their takings",
            "fees of a school, a temple or a savings group",
            "relatives who pool money for a house or a hospital",
        ),
        next_steps=(
            NextStep(
                action="Ask for the slips and images of the cited deposits: who stood there",
                field="conductor_party_id",
                days_before=5,
            ),
            NextStep(
                action="List the other accounts the same persons paid cash into",
                field="conductor_party_id",
                days_before=60,
            ),
        ),
        references=(
            Reference(
                source="FinCEN FIN-2023-Alert001: deposits by several unaffiliated persons",
                verification="V",
            ),
            Reference(source="FinCEN FIN-2020-A008: funnel accounts", verification="V"),
        ),
        window=FIVE_DAYS,
        arms=(
            Arm(
                typology="st-smurf-depositors",
                has=DEPOSIT,
                lacks=NOT_THIRD,
                window=FIVE_DAYS,
                least=p.least_depositors,
            ),
        ),
        features=(
            _deposits(
                "depositors_5d", Aggregate.DISTINCT_COUNTERPARTIES, "count", "persons who paid in"
            ),
            _deposits("deposit_places_5d", Aggregate.DISTINCT_PLACES, "count", "places of it"),
            replace(
                _deposits(
                    "repeat_depositors_5d",
                    Aggregate.REPEAT_COUNTERPARTIES,
                    "count",
                    "persons with three or more deposits in 180 days",
                ),
                least_history=p.repeat_history_days,
            ),
            _deposits("deposit_sum_5d", Aggregate.SUM, "minor", "cash they paid in"),
        ),
        conditions=(
            at_least(
                "depositors",
                pl.col("depositors_5d"),
                p.least_depositors,
                unit="persons who paid in",
                family="structure",
                columns=("conductor_party_id",),
                needs=("conductor",),
            ),
            at_least(
                "places",
                pl.col("deposit_places_5d"),
                p.least_places,
                unit="branches or machines",
                family="movement",
                columns=("place_id",),
                needs=("place",),
            ),
            at_least(
                "limit_multiple",
                pl.col("deposit_sum_5d"),
                p.least_multiple,
                times=pl.col("threshold_minor"),
                unit="times the limit",
                family="structure",
                columns=("amount", "is_cash"),
                needs=("reporting_threshold",),
            ),
            share_at_most(
                "repeat_share",
                pl.col("repeat_depositors_5d"),
                pl.col("depositors_5d"),
                p.largest_repeat_share,
                family="structure",
                columns=("conductor_party_id",),
                is_core=False,
                clears_as="MERCH",
                least_history=p.repeat_history_days,
            ),
        ),
        elements=(
            ElementCeiling(
                offence="laundering",
                element="concealment",
                facts=("depositors", "limit_multiple"),
                strongest="indicated",
                ask_for="who sent the depositors, and where the cash comes from",
            ),
        ),
        exculpations=(*COMMON_TESTS, "MERCH", "ROSCA", "SCHOOL"),
        cites=Mask.CASH,
        deviation="Depositors declared as related to the holder are left out; whether they know "
        "each other is not in the feed of one account and left to the next steps. Depositors "
        "who come all the year clear a finding as a trader's, so that the reason is kept.",
        parameters=p,
    )


def _deposits(name: str, aggregate: Aggregate, unit: str, meaning: str) -> Feature:
    return Feature(
        name=name,
        aggregate=aggregate,
        window=FIVE_DAYS,
        has=DEPOSIT,
        lacks=NOT_THIRD,
        unit=unit,
        meaning=meaning,
    )
