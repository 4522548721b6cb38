"""An account that lives for somebody else: the feeder of sx-victim-drain."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from detectors.conditions import (
    at_least,
    passes_through,
    precondition,
    rests_at_most,
    share,
    share_at_least,
    share_at_most,
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
from models.features import Aggregate, Arm, Feature
from models.mask import Mask

MONTH = timedelta(days=30)
NOT_SEEN_WHOLE = Mask.OWN_TRANSFER | Mask.BANK_LEDGER | Mask.OUTSIDE


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainedParameters(Parameters):
    least_credits: int = parameter(5, "more than a wage and a present: earnings that keep coming")
    least_passed_through: float = parameter(0.85, "what remains is a commission, not a life")
    least_payee_share: float = parameter(0.7, "control test: most goes to one party")
    largest_own_life_share: float = parameter(
        0.1, "a person who lives on it spends far more; food may be all that is left"
    )
    longest_dwell_hours: float = parameter(12, "emptied within the same shift")
    largest_day_share: float = parameter(
        0.6, "who saves for one large purchase sends the month's money in a day; takers come again"
    )


Settings = DrainedParameters


def typology(p: DrainedParameters) -> Typology:
    came, went = pl.col("in_sum_30d"), pl.col("out_sum_30d")
    return Typology(
        id="sx-drained-account",
        version=3,
        title="Earnings emptied within hours to one party",
        severity="medium",
        offence="trafficking",
        stage="control",
        looks_like="An account receives many credits and is emptied within hours, more than once, "
        "nearly all of it to the same party; its holder buys nothing to live on.",
        innocent_reasons=(
            "a son or daughter who supports the parents",
            "a shop's takings account swept to the owner",
            "an instalment paid to one trader out of each wage",
            "an agent's float",
        ),
        next_steps=(
            NextStep(
                action="Match each credit to the debit that empties it, and its device",
                field="device_hash",
                days_before=30,
            ),
            NextStep(
                action="Compare where the holder is with where and by whom the account is used",
                field="terminal_id",
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
                typology="sx-drained-account",
                has=Mask.IN | Mask.PRICED,
                lacks=NOT_SEEN_WHOLE,
                window=MONTH,
                least=p.least_credits,
            ),
        ),
        features=(
            Feature(
                name="priced_credits_30d",
                aggregate=Aggregate.COUNT,
                window=MONTH,
                has=Mask.IN | Mask.PRICED,
                lacks=NOT_SEEN_WHOLE,
                unit="count",
                meaning="credits of an account that is seen whole",
            ),
            _feature("in_sum_30d", Aggregate.SUM, Mask.IN, "all that came in"),
            _feature("out_sum_30d", Aggregate.SUM, Mask.OUT, "all that went out"),
            _feature(
                "top_payee_sum_30d",
                Aggregate.TOP_PAYEE_SUM,
                Mask.OUT | Mask.TRANSFER,
                "largest sum transferred to one party",
            ),
            Feature(
                name="top_payee_30d",
                aggregate=Aggregate.TOP_PAYEE,
                window=MONTH,
                has=Mask.OUT | Mask.TRANSFER,
                unit="party",
                meaning="to whom most was transferred",
            ),
            _feature("own_life_sum_30d", Aggregate.SUM, Mask.OWN_LIFE, "spent to live on"),
            _feature(
                "largest_day_out_30d",
                Aggregate.LARGEST_DAY_SUM,
                Mask.OUT,
                "most that went out on one local day",
            ),
            _feature(
                "foreign_device_sum_30d",
                Aggregate.SUM,
                Mask.OUT | Mask.FOREIGN_DEVICE,
                "moved out on a device that is not the holder's",
            ),
            Feature(
                name="dwell_30d",
                aggregate=Aggregate.DWELL_MEDIAN,
                window=MONTH,
                has=Mask.PRICED,
                unit="microseconds",
                meaning="median time money rests on the account",
            ),
        ),
        conditions=(
            at_least(
                "credits",
                pl.col("priced_credits_30d"),
                p.least_credits,
                unit="credits",
                family="structure",
                columns=("amount",),
            ),
            passes_through("in_sum_30d", "out_sum_30d", p.least_passed_through),
            share_at_least(
                "top_payee_share",
                pl.col("top_payee_sum_30d"),
                went,
                p.least_payee_share,
                family="link",
                columns=("benef_account_id",),
            ),
            share_at_most(
                "own_life_share",
                pl.col("own_life_sum_30d"),
                came,
                p.largest_own_life_share,
                family="link",
                columns=("mcc", "purpose_code"),
                needs=("spending",),
            ),
            rests_at_most(
                "dwell",
                pl.col("dwell_30d"),
                p.longest_dwell_hours,
                columns=("event_time", "amount"),
            ),
            precondition(
                share_at_most(
                    "largest_day_share",
                    pl.col("largest_day_out_30d"),
                    went,
                    p.largest_day_share,
                    family=None,
                    columns=("event_time", "amount"),
                )
            ),
        ),
        weight=Weight(
            name="foreign_device_share",
            value=share(pl.col("foreign_device_sum_30d"), went),
            unit="share",
            columns=("device_hash",),
            needs=("device", "customers.devices"),
        ),
        elements=(
            ElementCeiling(
                offence="trafficking",
                element="means",
                facts=("top_payee_share", "own_life_share", "foreign_device_share"),
                strongest="weak",
                ask_for="who holds the card, the telephone and the access codes",
            ),
        ),
        exculpations=COMMON_TESTS,
        cites=Mask.IN | Mask.OUT,
        is_signal=True,
        link=SignalLink(kind="receiver", feature="top_payee_30d"),
        deviation="Dwell is left out where the feed has dates without times; the alert says so. No "
        "single day may carry more than 60 % of what went out: the source tells of earnings taken "
        "again and again, and one large purchase paid by one large credit is everyday. Wages taken "
        "once a month are left to fl-wage-recapture. A holder may spend 10 % to live on, not 5 %: "
        "many keep a former life beside what is taken. The control test, on which a role rests, "
        "stays at 5 %. An account that another bank keeps is not judged: of what leaves it, only "
        "what comes here is seen, so all of it seems to go to one party.",
        parameters=p,
    )


def _feature(name: str, aggregate: Aggregate, has: Mask, meaning: str) -> Feature:
    return Feature(
        name=name,
        aggregate=aggregate,
        window=MONTH,
        has=has,
        unit="minor",
        meaning=meaning,
    )
