"""Somebody who pays a stranger more and more until the account is empty."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from detectors.conditions import at_most, first_met, share_at_least, triggered
from detectors.payee_series import (
    NOT_STRANGER,
    PAYMENT,
    each_larger,
    in_series,
    paid_in_half_a_year,
)
from detectors.typology import (
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

THREE_DAYS = timedelta(hours=72)
MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class PressedPayerParameters(Parameters):
    least_payments: int = parameter(3, "one is chance, two coincidence")
    largest_first_usd: float = parameter(270, "published: the first below EUR 250")
    largest_sum_usd: float = parameter(1_650, "published: at most EUR 1,500 in all")
    least_growth_tenths: int = parameter(12, "the last well above the first: demands, not prices")
    least_drained_share: float = parameter(0.1, "of a month's income: no small change")
    history_days: int = parameter(60, "who was paid before cannot be known in less")


Settings = PressedPayerParameters


def typology(p: PressedPayerParameters) -> Typology:
    paid = pl.col("burst_sum_72h")
    return Typology(
        id="cse-pressed-payer",
        version=2,
        title="Small, then larger, then all, to a stranger",
        severity="medium",
        offence="child",
        stage="extortion",
        looks_like="Within three days an account sends a stranger several sums, each larger than "
        "the one before, until most of what came in this month is gone.",
        innocent_reasons=(
            "a purchase in parts from a private seller",
            "a game or a bet that is raised",
            "a friend in need who asks again",
        ),
        next_steps=(
            NextStep(
                action="List who else paid this party in the same way",
                field="benef_account_id",
                days_before=30,
            ),
            NextStep(
                action="Plan a contact through a helpline or guardian, not by letter",
                field="orig_party_id",
                days_before=0,
                days_after=1,
            ),
        ),
        references=(
            Reference(source="FATF, Online Child Sexual Exploitation, 2025", verification="V"),
            Reference(source="AUSTRAC / Fintel Alliance 2022", verification="V"),
        ),
        window=THREE_DAYS,
        arms=(
            Arm(
                typology="cse-pressed-payer",
                has=PAYMENT,
                lacks=NOT_STRANGER,
                window=THREE_DAYS,
                least=p.least_payments,
            ),
        ),
        features=(
            _burst("burst_trigger", Aggregate.IS_TRIGGER, "count", "the trigger is one of them"),
            _burst("burst_party", Aggregate.TOP_PAYEE, "party", "to whom"),
            _burst("burst_sum_72h", Aggregate.SUM, "minor", "paid to that party"),
            _burst("burst_count_72h", Aggregate.COUNT, "count", "payments to it"),
            _burst("burst_rises_72h", Aggregate.RISES, "count", "payments larger than before"),
            _burst("burst_first_72h", Aggregate.FIRST_AMOUNT, "minor", "the first"),
            _burst("burst_last_72h", Aggregate.LAST_AMOUNT, "minor", "the last"),
            paid_in_half_a_year("burst_count_180d", history_days=p.history_days),
            Feature(
                name="burst_in_30d",
                aggregate=Aggregate.SUM,
                window=MONTH,
                has=Mask.IN,
                unit="minor",
                meaning="all that came in",
            ),
        ),
        conditions=(
            triggered("payment", pl.col("burst_trigger"), unit="payment to a stranger"),
            each_larger(
                "burst_count_72h",
                "burst_rises_72h",
                p.least_payments,
                grown=10 * pl.col("burst_last_72h")
                >= p.least_growth_tenths * pl.col("burst_first_72h"),
            ),
            at_most(
                "first_usd",
                pl.col("burst_first_72h"),
                p.largest_first_usd,
                times=pl.col("usd_minor"),
                unit="US dollars, the first payment",
                family=None,
                columns=("amount",),
                needs=("usd_rate",),
            ),
            at_most(
                "extorted_usd",
                paid,
                p.largest_sum_usd,
                times=pl.col("usd_minor"),
                unit="US dollars in all",
                family=None,
                columns=("amount",),
                needs=("usd_rate",),
            ),
            first_met(
                "paid_before", "burst_count_72h", "burst_count_180d", least_history=p.history_days
            ),
            share_at_least(
                "drained_of_month",
                paid,
                pl.col("burst_in_30d"),
                p.least_drained_share,
                family="structure",
                columns=("amount",),
            ),
        ),
        elements=(
            ElementCeiling(
                offence="child",
                element="purpose",
                facts=("raised", "drained_of_month"),
                strongest="weak",
                ask_for="messages and account names; only through child protection",
            ),
        ),
        exculpations=(),
        cites=Mask.OUT | Mask.IN,
        is_signal=True,
        link=SignalLink(kind="receiver", feature="burst_party"),
        deviation="The payer's years are no condition. Payments must rise and take a tenth of a "
        "month's income; the source asks that they rise or drain the account. A live-seller's "
        "customers do the one or the other; three tenths waited for the last and largest sums.",
        parameters=p,
    )


def _burst(name: str, aggregate: Aggregate, unit: str, meaning: str) -> Feature:
    return in_series(name, aggregate, THREE_DAYS, unit, meaning)
