"""Strangers' money taken by one party beside a life of the holder's own: the feeder of
sx-earnings-taker."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from detectors.conditions import (
    at_least,
    dear,
    lived_on,
    precondition,
    share,
    share_at_least,
    share_at_most,
    triggered,
)
from detectors.typology import (
    COMMON_TESTS,
    ElementCeiling,
    NextStep,
    Parameters,
    Reference,
    SignalLink,
    Typology,
    Weight,
    parameter,
)
from models.features import AT_ONCE, Aggregate, Arm, Feature
from models.mask import Mask

MONTH = timedelta(days=30)
HALF_A_DAY = timedelta(hours=12)
NOT_STRANGERS = (
    Mask.OWN_TRANSFER
    | Mask.BANK_LEDGER
    | Mask.DECLARED_RELATED
    | Mask.MERCHANT
    | Mask.HOLDER_MERCHANT
    | Mask.SALARY
    | Mask.LOAN
    | Mask.CARD
    | Mask.OWN_LIFE
    | Mask.OUTSIDE
)
STRANGERS = Mask.IN | Mask.PRICED | Mask.COUNTERPARTY_KNOWN
PAY = Mask.OUT | Mask.TRANSFER | Mask.PRICED | Mask.COUNTERPARTY_KNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenEarningsParameters(Parameters):
    least_credits: int = parameter(5, "more than a present and a repaid loan: earnings that go on")
    least_days: int = parameter(6, "more often than once a week: an agent settles weekly")
    least_taken_share: float = parameter(
        0.4, "customers and friends of her own life pay the same account"
    )
    least_taker_share: float = parameter(0.7, "control test: most goes to one party")
    least_of_earnings: float = parameter(
        0.6, "the party gets this money: a landlord or a trader is paid from wages as well"
    )
    largest_day_share: float = parameter(
        0.6, "one large purchase paid by one large credit is everyday; takers come again"
    )


Settings = TakenEarningsParameters


def typology(p: TakenEarningsParameters) -> Typology:
    taken = pl.col("taken_sum_30d")
    return Typology(
        id="sx-taken-earnings",
        version=2,
        title="What strangers pay is taken within a day by one party",
        severity="medium",
        offence="trafficking",
        stage="control",
        looks_like="Strangers pay an account again and again, and within a day the same party is "
        "sent the money, on many days; the holder's wages, purchases and rent go on beside it.",
        innocent_reasons=(
            "a stall or agency that passes takings on to its owner and is not registered",
            "an agent's float",
            "a room let for somebody else",
        ),
        next_steps=(
            NextStep(
                action="Match each stranger's credit to the transfer that takes it, and its device",
                field="device_hash",
                days_before=30,
            ),
            NextStep(
                action="Ask what the payers paid for: adverts, places of work",
                field="orig_account_id",
                days_before=30,
            ),
        ),
        references=(
            Reference(source="FATF/APG 2018: start at the victim's pattern", verification="V"),
            Reference(source="AUSTRAC 2022: victims hand over most of it", verification="V"),
            Reference(source="Polaris 2023: 53 % of survivors' accounts used", verification="V"),
        ),
        window=MONTH,
        arms=(
            Arm(
                typology="sx-taken-earnings",
                has=PAY,
                lacks=NOT_STRANGERS,
                window=AT_ONCE,
                least=1,
            ),
        ),
        features=(
            _feature("taking_trigger", Aggregate.IS_TRIGGER, PAY, "the trigger pays somebody"),
            _feature("strangers_sum_30d", Aggregate.SUM, STRANGERS, "what strangers paid"),
            _feature("stranger_pay_sum_30d", Aggregate.SUM, PAY, "transferred to anybody"),
            _feature(
                "stranger_pay_foreign_sum_30d",
                Aggregate.SUM,
                PAY | Mask.FOREIGN_DEVICE,
                "of it on a device that is not the holder's",
            ),
            _all("earner_in_sum_30d", Mask.IN, "all that came in"),
            _all("earner_lived_on_30d", Mask.OWN_LIFE, "spent to live on"),
            _taken("taker_30d", Aggregate.TAKER, "party", "who took most of it"),
            _taken("taken_sum_30d", Aggregate.TAKEN_SUM, "minor", "what that party took"),
            _taken("taken_credits_30d", Aggregate.TAKEN_CREDITS, "count", "credits it took from"),
            _taken("taken_days_30d", Aggregate.TAKEN_DAYS, "count", "days on which it took"),
            _taken("taken_any_sum_30d", Aggregate.TAKEN_BY_ANY_SUM, "minor", "what anybody took"),
            _taken("taker_sum_30d", Aggregate.TAKER_SUM, "minor", "paid to that party in all"),
            _taken("taker_day_sum_30d", Aggregate.TAKER_DAY_SUM, "minor", "of it on one day"),
        ),
        conditions=(
            triggered("taking", pl.col("taking_trigger"), unit="a payment to somebody"),
            dear(
                at_least(
                    "taken_credits",
                    pl.col("taken_credits_30d"),
                    p.least_credits,
                    unit="credits of strangers taken within a day",
                    family="structure",
                    columns=("event_time", "amount"),
                )
            ),
            dear(
                at_least(
                    "taken_days",
                    pl.col("taken_days_30d"),
                    p.least_days,
                    unit="days on which the same party took",
                    family="structure",
                    columns=("event_time", "benef_account_id"),
                )
            ),
            dear(
                share_at_least(
                    "earnings_taken_share",
                    taken,
                    pl.col("strangers_sum_30d"),
                    p.least_taken_share,
                    family="link",
                    columns=("event_time", "orig_account_id", "benef_account_id"),
                    coarsest_time=HALF_A_DAY,
                )
            ),
            dear(
                share_at_least(
                    "taker_share",
                    taken,
                    pl.col("taken_any_sum_30d"),
                    p.least_taker_share,
                    family="link",
                    columns=("benef_account_id",),
                )
            ),
            dear(
                share_at_least(
                    "of_earnings",
                    taken,
                    pl.col("taker_sum_30d"),
                    p.least_of_earnings,
                    family="link",
                    columns=("benef_account_id", "amount"),
                )
            ),
            precondition(
                dear(
                    share_at_most(
                        "largest_day_share",
                        pl.col("taker_day_sum_30d"),
                        pl.col("taker_sum_30d"),
                        p.largest_day_share,
                        family=None,
                        columns=("event_time", "amount"),
                    )
                )
            ),
        ),
        weight=Weight(
            name="foreign_device_share",
            value=share(pl.col("stranger_pay_foreign_sum_30d"), pl.col("stranger_pay_sum_30d")),
            unit="share",
            columns=("device_hash",),
            needs=("device", "customers.devices"),
        ),
        told=(lived_on("earner_lived_on_30d", "earner_in_sum_30d", "strangers_sum_30d"),),
        elements=(
            ElementCeiling(
                offence="trafficking",
                element="means",
                facts=("earnings_taken_share", "taker_share", "foreign_device_share"),
                strongest="weak",
                ask_for="who holds the card, the telephone and the access codes",
            ),
        ),
        exculpations=COMMON_TESTS,
        cites=Mask.IN | Mask.TRANSFER | Mask.CASH,
        is_signal=True,
        link=SignalLink(kind="receiver", feature="taker_30d"),
        deviation="sx-drained-account asks that the whole account lives for one party; most whose "
        "earnings are taken keep wages, rent and purchases of their own beside it. A transfer or "
        "cash out takes the newest credits of strangers that came at most a day before, each as "
        "far as it is left. Registered merchants are left out, and so are wages, loans and cards. "
        "An account that another bank keeps is not judged: only what comes here of it is seen.",
        parameters=p,
    )


def _feature(name: str, aggregate: Aggregate, has: Mask, meaning: str) -> Feature:
    return Feature(
        name=name,
        aggregate=aggregate,
        window=MONTH,
        has=has,
        lacks=NOT_STRANGERS,
        unit="minor" if aggregate is Aggregate.SUM else "count",
        meaning=meaning,
    )


def _all(name: str, has: Mask, meaning: str) -> Feature:
    return Feature(
        name=name,
        aggregate=Aggregate.SUM,
        window=MONTH,
        has=has,
        unit="minor",
        meaning=meaning,
    )


def _taken(name: str, aggregate: Aggregate, unit: str, meaning: str) -> Feature:
    return Feature(
        name=name,
        aggregate=aggregate,
        window=MONTH,
        has=Mask.PRICED,
        lacks=NOT_STRANGERS,
        unit=unit,
        meaning=meaning,
    )
