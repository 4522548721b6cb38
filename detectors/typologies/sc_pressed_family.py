"""A family that borrows and pays a stranger more and more: the feeder of sc-family-ransom."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from detectors.conditions import at_least, at_most, first_met, named, share, triggered
from detectors.payee_series import (
    NOT_STRANGER,
    PAYMENT,
    each_larger,
    in_series,
    paid_in_half_a_year,
)
from detectors.typology import (
    Condition,
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

TEN_DAYS = timedelta(days=10)
HELP = Mask.IN | Mask.TRANSFER | Mask.COUNTERPARTY_KNOWN
NOT_HELP = Mask.OWN_TRANSFER | Mask.BANK_LEDGER | Mask.SALARY | Mask.LOAN


@dataclass(frozen=True, slots=True, kw_only=True)
class PressedFamilyParameters(Parameters):
    least_usd: float = parameter(800, "no reliable figure is public: wide on purpose")
    largest_usd: float = parameter(30_000, "above it a family's means end")
    least_payments: int = parameter(2, "a series: the demand is raised")
    least_helpers: int = parameter(3, "relatives and neighbours who put money together")
    least_income_multiple: float = parameter(3, "out of profile")
    history_days: int = parameter(60, "who was paid before cannot be known in less")


Settings = PressedFamilyParameters


def typology(p: PressedFamilyParameters) -> Typology:
    paid = pl.col("series_sum_10d")
    return Typology(
        id="sc-pressed-family",
        version=2,
        title="Borrowed money to a stranger, more each time",
        severity="medium",
        offence="trafficking",
        stage="ransom",
        looks_like="A family with no such history borrows or is helped by several others, and "
        "sends sum after sum, each larger, to a party it never paid before.",
        innocent_reasons=(
            "a land or vehicle purchase paid in parts to a private seller",
            "a wedding or funeral arranged by somebody paid step by step",
            "a hospital bill paid through an acquaintance",
        ),
        next_steps=(
            NextStep(
                action="Ask the branch for notes on the customer's distress at the loan or sale",
                field="branch_id",
                days_before=14,
            ),
            NextStep(
                action="List who else paid the same party for the first time",
                field="benef_account_id",
                days_before=90,
            ),
        ),
        references=(
            Reference(
                source="Radio Free Asia 2023: ransom for teenagers held in a compound",
                verification="V",
            ),
            Reference(source="UNODC, Key Indicators: Forced Criminality", verification="V"),
        ),
        window=TEN_DAYS,
        arms=(
            Arm(
                typology="sc-pressed-family",
                has=PAYMENT,
                lacks=NOT_STRANGER,
                window=TEN_DAYS,
                least=p.least_payments,
            ),
        ),
        features=(
            _series("series_trigger", Aggregate.IS_TRIGGER, "count", "the trigger is one of them"),
            _series("series_party", Aggregate.TOP_PAYEE, "party", "to whom"),
            _series("series_sum_10d", Aggregate.SUM, "minor", "paid to that party"),
            _series("series_count_10d", Aggregate.COUNT, "count", "payments to it"),
            _series("series_rises_10d", Aggregate.RISES, "count", "payments larger than before"),
            paid_in_half_a_year("series_count_180d", history_days=p.history_days),
            Feature(
                name="borrowed_10d",
                aggregate=Aggregate.COUNT,
                window=TEN_DAYS,
                has=Mask.IN | Mask.LOAN,
                unit="count",
                meaning="loans paid out to the account",
            ),
            Feature(
                name="helpers_10d",
                aggregate=Aggregate.DISTINCT_COUNTERPARTIES,
                window=TEN_DAYS,
                has=HELP,
                lacks=NOT_HELP,
                unit="count",
                meaning="parties who sent money in the same days",
            ),
        ),
        conditions=(
            triggered("payment", pl.col("series_trigger"), unit="payment to a stranger"),
            at_least(
                "ransom_usd",
                paid,
                p.least_usd,
                times=pl.col("usd_minor"),
                unit="US dollars to one stranger",
                family="structure",
                columns=("amount",),
                needs=("usd_rate",),
            ),
            at_most(
                "within_means_usd",
                paid,
                p.largest_usd,
                times=pl.col("usd_minor"),
                unit="US dollars to one stranger",
                family=None,
                columns=("amount",),
                needs=("usd_rate",),
            ),
            first_met(
                "paid_before", "series_count_10d", "series_count_180d", least_history=p.history_days
            ),
            each_larger("series_count_10d", "series_rises_10d", p.least_payments),
            _helped(p.least_helpers),
            at_least(
                "income",
                share(paid, pl.col("income_minor")),
                p.least_income_multiple,
                unit="times declared monthly income",
                family="structure",
                columns=("amount", "customers.monthly_income"),
                needs=("customers.monthly_income",),
                is_core=False,
            ),
        ),
        keyword=named(Concept.RELEASE, Mask.OUT | Mask.TRANSFER, TEN_DAYS),
        elements=(
            ElementCeiling(
                offence="trafficking",
                element="means",
                facts=("ransom_usd", "paid_before"),
                strongest="weak",
                ask_for="messages, calls, the whereabouts of the relative",
            ),
        ),
        exculpations=(),
        cites=Mask.OUT | Mask.IN,
        is_signal=True,
        link=SignalLink(kind="receiver", feature="series_party"),
        deviation="A single sum is no signal: whoever buys land on a loan pays one. The series "
        "must rise, and a loan or three helpers must stand beside it; sales of gold or vehicles "
        "are not told apart in the feed.",
        parameters=p,
    )


def _helped(least: int) -> Condition:
    """A loan, or several who sent money in the same days."""
    loans, helpers = pl.col("borrowed_10d"), pl.col("helpers_10d")
    return Condition(
        name="helpers",
        value=helpers,
        holds=(helpers >= least) | (loans >= 1),
        excess=(helpers - least) / least,
        threshold=least,
        unit="helpers, or a loan",
        family="link",
        columns=("orig_account_id",),
        needs=(),
    )


def _series(name: str, aggregate: Aggregate, unit: str, meaning: str) -> Feature:
    return in_series(name, aggregate, TEN_DAYS, unit, meaning)
