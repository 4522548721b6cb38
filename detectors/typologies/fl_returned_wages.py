"""Wages that go back to one party within two days: the feeder of fl-wage-recapture."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from detectors.conditions import at_least, lived_on, named, share_at_least
from detectors.typology import (
    ElementCeiling,
    NextStep,
    Parameters,
    Reference,
    SignalLink,
    Typology,
    parameter,
)
from ingest.lexicon import Concept
from models.features import Aggregate, Arm, Feature
from models.mask import Mask

TWO_MONTHS = timedelta(days=60)
NOT_ORDERED = Mask.OWN_TRANSFER | Mask.BANK_LEDGER | Mask.DECLARED_RELATED | Mask.MERCHANT


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedWagesParameters(Parameters):
    least_months: int = parameter(2, "once can be a debt repaid; the second wage makes it a rule")
    least_taken_share: float = parameter(
        0.6, "legal deductions and a dormitory seldom exceed a third"
    )


Settings = ReturnedWagesParameters


def typology(p: ReturnedWagesParameters) -> Typology:
    return Typology(
        id="fl-returned-wages",
        version=3,
        title="Wages sent back to one party within two days",
        severity="medium",
        offence="trafficking",
        stage="control",
        looks_like="A wage is paid in, and within two days most of it goes to the employer or to "
        "some other one party, month after month.",
        innocent_reasons=(
            "a loan among friends, repaid in instalments",
            "a parent who keeps the household's money and is not declared as related",
            "a savings group whose turns come back later",
        ),
        next_steps=(
            NextStep(
                action="Pair each wage with what was sent on, with the device of the transfer",
                field="device_hash",
                days_before=90,
            ),
            NextStep(
                action="List every account whose wages went to the same party",
                field="benef_account_id",
                days_before=90,
            ),
        ),
        references=(
            Reference(
                source="FinCEN FIN-2014-A008: deductions leave a fraction of wages",
                verification="V",
            ),
            Reference(source="FATF/APG 2018, forced labour", verification="Vt"),
        ),
        window=TWO_MONTHS,
        arms=(
            Arm(
                typology="fl-returned-wages",
                has=Mask.IN | Mask.SALARY | Mask.PRICED,
                lacks=NOT_ORDERED,
                window=TWO_MONTHS,
                least=p.least_months,
            ),
        ),
        features=(
            _feature("wage_months_back_60d", Aggregate.RECAPTURED_MONTHS, Mask.PRICED, "count"),
            _feature("wages_back_60d", Aggregate.RECAPTURED_SUM, Mask.PRICED, "minor"),
            _feature("recapturer_60d", Aggregate.RECAPTURER, Mask.PRICED, "party"),
            _feature("wages_60d", Aggregate.SUM, Mask.IN | Mask.SALARY, "minor"),
            _all("earner_in_sum_60d", Mask.IN, "all that came in"),
            _all("earner_lived_on_60d", Mask.OWN_LIFE, "spent to live on"),
        ),
        conditions=(
            at_least(
                "wage_months_back",
                pl.col("wage_months_back_60d"),
                p.least_months,
                unit="months of wages",
                family="structure",
                columns=("event_time", "amount"),
            ),
            share_at_least(
                "taken_share",
                pl.col("wages_back_60d"),
                pl.col("wages_60d"),
                p.least_taken_share,
                family="link",
                columns=("benef_account_id",),
                coarsest_time=timedelta(hours=24),
            ),
        ),
        keyword=named(Concept.DEBT, Mask.OUT | Mask.TRANSFER, TWO_MONTHS),
        told=(lived_on("earner_lived_on_60d", "earner_in_sum_60d", "wages_60d"),),
        elements=(
            ElementCeiling(
                offence="trafficking",
                element="means",
                facts=("wage_months_back", "taken_share"),
                strongest="weak",
                ask_for="contract, payroll, debts; who holds the card and the codes",
            ),
        ),
        exculpations=("LICENSED", "ROSCA"),
        cites=Mask.SALARY | Mask.TRANSFER,
        is_signal=True,
        link=SignalLink(kind="recapturer", feature="recapturer_60d"),
        deviation="PAYROLL and FAMILY explain nothing here: wages are the ground, and an employer "
        "who is paid back for half a year is no relative. Declared relations and registered "
        "merchants are left out instead.",
        parameters=p,
    )


def _feature(name: str, aggregate: Aggregate, has: Mask, unit: str) -> Feature:
    return Feature(
        name=name,
        aggregate=aggregate,
        window=TWO_MONTHS,
        has=has,
        lacks=NOT_ORDERED,
        unit=unit,
        meaning=MEANINGS[aggregate],
    )


def _all(name: str, has: Mask, meaning: str) -> Feature:
    return Feature(
        name=name,
        aggregate=Aggregate.SUM,
        window=TWO_MONTHS,
        has=has,
        unit="minor",
        meaning=meaning,
    )


MEANINGS = {
    Aggregate.RECAPTURED_MONTHS: "months of wages most of which one party got within 48 h",
    Aggregate.RECAPTURED_SUM: "what that party got of them",
    Aggregate.RECAPTURER: "the party",
    Aggregate.SUM: "wages paid in",
}
