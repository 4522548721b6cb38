"""Somebody who pays the homes of people who pay him."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from detectors.conditions import at_least, share
from detectors.typology import (
    COMMON_TESTS,
    ElementCeiling,
    NextStep,
    Parameters,
    Reference,
    Typology,
    Weight,
    parameter,
)
from models.features import Aggregate, Arm, Feature
from models.mask import Mask

TWO_MONTHS = timedelta(days=60)
RENT = Mask.OUT | Mask.HOUSING | Mask.COUNTERPARTY_KNOWN
CREDIT = Mask.IN | Mask.TRANSFER | Mask.COUNTERPARTY_KNOWN
NOT_STRANGER = Mask.OWN_TRANSFER | Mask.BANK_LEDGER | Mask.DECLARED_RELATED
NOT_CREDIT = NOT_STRANGER | Mask.SALARY | Mask.LOAN


@dataclass(frozen=True, slots=True, kw_only=True)
class ThirdPartyPayerParameters(Parameters):
    least_homes: int = parameter(4, "a home, a shop and two children away at school are three")
    least_regulars: int = parameter(3, "more than one couple or household pays in")


Settings = ThirdPartyPayerParameters


def typology(p: ThirdPartyPayerParameters) -> Typology:
    return Typology(
        id="st-third-party-payer",
        version=1,
        title="Homes of several people paid by one of their payees",
        severity="medium",
        offence="trafficking",
        stage="harbouring",
        looks_like="Within two months an account pays the rents of several homes to landlords it "
        "has no tie to, and people it has no tie to pay in again and again.",
        innocent_reasons=(
            "a landlord's agent, or a firm that houses its staff",
            "a shelter or a scholarship fund (registered associations are told apart)",
            "parents with several children away, whom relatives help",
        ),
        next_steps=(
            NextStep(
                action="Ask the landlords who lives there, since when, and who signed",
                field="benef_account_id",
                days_before=60,
            ),
            NextStep(
                action="Ask the telephone company for the numbers that were topped up",
                field="merchant_id",
                days_before=60,
            ),
            NextStep(
                action="List who pays in regularly and what each account keeps to live on",
                field="orig_account_id",
                days_before=90,
            ),
        ),
        references=(
            Reference(source="FinCEN FIN-2020-A008: third parties, costs", verification="V"),
            Reference(source="FATF/APG 2018", verification="Vt"),
        ),
        window=TWO_MONTHS,
        arms=(
            Arm(
                typology="st-third-party-payer",
                has=RENT,
                lacks=NOT_STRANGER,
                window=TWO_MONTHS,
                least=p.least_homes,
            ),
        ),
        features=(
            Feature(
                name="landlords_60d",
                aggregate=Aggregate.DISTINCT_COUNTERPARTIES,
                window=TWO_MONTHS,
                has=RENT,
                lacks=NOT_STRANGER,
                unit="count",
                meaning="landlords paid",
            ),
            Feature(
                name="regular_payers_60d",
                aggregate=Aggregate.REPEAT_COUNTERPARTIES,
                window=TWO_MONTHS,
                has=CREDIT,
                lacks=NOT_CREDIT,
                unit="count",
                meaning="persons who paid in three times or more in 180 days",
            ),
            _sum("housing_sum_60d", Mask.OUT | Mask.HOUSING, "rents paid"),
            _sum("upkeep_sum_60d", Mask.OUT | Mask.UPKEEP, "telephone, bills, medicine"),
            _sum("out_sum_60d", Mask.OUT, "all that went out"),
        ),
        conditions=(
            at_least(
                "homes",
                pl.col("landlords_60d"),
                p.least_homes,
                unit="landlords without a tie",
                family="keyword",
                columns=("purpose_code", "mcc"),
                needs=("spending",),
            ),
            at_least(
                "regular_payers",
                pl.col("regular_payers_60d"),
                p.least_regulars,
                unit="persons without a tie",
                family="link",
                columns=("orig_account_id",),
            ),
        ),
        weight=Weight(
            name="upkeep_share",
            value=share(
                pl.col("housing_sum_60d") + pl.col("upkeep_sum_60d"), pl.col("out_sum_60d")
            ),
            unit="share",
            columns=("amount", "purpose_code", "mcc"),
            needs=("spending",),
        ),
        elements=(
            ElementCeiling(
                offence="trafficking",
                element="act",
                facts=("homes",),
                strongest="indicated",
                ask_for="tenancies, who lives there and who brought them",
            ),
            ElementCeiling(
                offence="trafficking",
                element="means",
                facts=("regular_payers",),
                strongest="weak",
                ask_for="what the people who live there must pay, and what they owe",
            ),
        ),
        exculpations=(*COMMON_TESTS, "SCHOOL"),
        cites=Mask.HOUSING | Mask.UPKEEP | Mask.TRANSFER,
        deviation="Whom a bill is for is not in bank data: rents to several landlords stand for "
        "several homes, and people who pay in again and again for those who live there.",
        parameters=p,
    )


def _sum(name: str, has: Mask, meaning: str) -> Feature:
    return Feature(
        name=name,
        aggregate=Aggregate.SUM,
        window=TWO_MONTHS,
        has=has,
        unit="minor",
        meaning=meaning,
    )
