"""A new or sleeping account that wakes into transit: the feeder of sc-mule-farm."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from detectors.conditions import at_least, passes_through, rests_at_most, share, share_at_least
from detectors.typology import (
    COMMON_TESTS,
    Condition,
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

FORTNIGHT = timedelta(days=14)
HALF_YEAR = timedelta(days=180)
CREDIT = Mask.IN | Mask.COUNTERPARTY_KNOWN
NOT_STRANGERS = (
    Mask.OWN_TRANSFER | Mask.BANK_LEDGER | Mask.DECLARED_RELATED | Mask.SALARY | Mask.LOAN
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MuleOnsetParameters(Parameters):
    least_strangers: int = parameter(5, "more than one household or couple")
    least_passed_through: float = parameter(0.85, "what stays is a commission, not a balance")
    least_income_multiple: float = parameter(
        2.5, "of a declared month: five times what fourteen days should bring"
    )
    least_sinks_share: float = parameter(
        0.7, "few sinks are an order; five equal payees would pass at 0.6"
    )
    longest_dwell_hours: float = parameter(24, "gone by the next day")


Settings = MuleOnsetParameters


def typology(p: MuleOnsetParameters) -> Typology:
    return Typology(
        id="st-mule-onset",
        version=1,
        title="A new or sleeping account wakes into transit",
        severity="low",
        offence="laundering",
        stage="layering",
        looks_like="An account opened or revived days ago receives money from strangers, far more "
        "than its holder earns, and passes nearly all of it on to a few parties within a day.",
        innocent_reasons=(
            "a new business that pays its suppliers",
            "a migrant's new account from which the family is supported",
            "an inheritance or a sale that is shared out",
        ),
        next_steps=(
            NextStep(
                action="Compare the opening file and its telephone and device with other accounts "
                "opened in the same days",
                field="device_hash",
                days_before=90,
            ),
            NextStep(
                action="Ask the payers' banks whether any of the credits was reported as fraud",
                field="orig_account_id",
                days_before=14,
                days_after=30,
            ),
        ),
        references=(
            Reference(source="UNODC, Inflection Point, April 2025", verification="Vt"),
            Reference(source="FinCEN FIN-2023-Alert001", verification="V"),
        ),
        window=FORTNIGHT,
        arms=(
            Arm(
                typology="st-mule-onset",
                has=CREDIT,
                lacks=NOT_STRANGERS,
                window=FORTNIGHT,
                least=p.least_strangers,
            ),
        ),
        features=(
            Feature(
                name="strangers_14d",
                aggregate=Aggregate.DISTINCT_COUNTERPARTIES,
                window=FORTNIGHT,
                has=CREDIT,
                lacks=NOT_STRANGERS,
                unit="count",
                meaning="payers without a declared relation",
            ),
            _count("moved_14d", Mask(0), "movements"),
            _count("new_account_14d", Mask.NEW_ACCOUNT, "movements of an account under 90 days"),
            _count("old_account_14d", Mask.OLD_ACCOUNT, "movements of an account over 180 days"),
            Feature(
                name="moved_180d",
                aggregate=Aggregate.COUNT,
                window=HALF_YEAR,
                has=Mask(0),
                unit="count",
                meaning="movements in half a year",
                least_history=HALF_YEAR.days,
            ),
            _sum("onset_in_sum_14d", Mask.IN, "all that came in"),
            _sum("out_sum_14d", Mask.OUT, "all that went out"),
            Feature(
                name="sinks_sum_14d",
                aggregate=Aggregate.TOP_THREE_PAYEES_SUM,
                window=FORTNIGHT,
                has=Mask.OUT,
                unit="minor",
                meaning="sent to the three parties that got most",
            ),
            Feature(
                name="dwell_14d",
                aggregate=Aggregate.DWELL_MEDIAN,
                window=FORTNIGHT,
                has=Mask.PRICED,
                unit="microseconds",
                meaning="median time money rests on the account",
            ),
            Feature(
                name="device_14d",
                aggregate=Aggregate.TOP_DEVICE,
                window=FORTNIGHT,
                has=Mask.OUT | Mask.DEVICE_KNOWN,
                unit="device",
                meaning="the device most was sent with",
            ),
        ),
        conditions=(
            _onset(),
            at_least(
                "strangers",
                pl.col("strangers_14d"),
                p.least_strangers,
                unit="payers",
                family="structure",
                columns=("orig_account_id",),
            ),
            passes_through("onset_in_sum_14d", "out_sum_14d", p.least_passed_through),
            share_at_least(
                "sinks_share",
                pl.col("sinks_sum_14d"),
                pl.col("out_sum_14d"),
                p.least_sinks_share,
                family="link",
                columns=("benef_account_id",),
            ),
            rests_at_most(
                "dwell",
                pl.col("dwell_14d"),
                p.longest_dwell_hours,
                columns=("event_time", "amount"),
            ),
            at_least(
                "income",
                share(pl.col("onset_in_sum_14d"), pl.col("income_minor")),
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
                facts=("strangers", "passed_through"),
                strongest="weak",
                ask_for="who opened the account, who holds its telephone and codes",
            ),
        ),
        exculpations=(*COMMON_TESTS, "LIVE_SELLER"),
        cites=Mask.IN | Mask.OUT,
        is_signal=True,
        link=SignalLink(kind="device", feature="device_14d"),
        deviation="Few sinks are asked of the account itself. A change of telephone before the "
        "onset is not in the feed and left to a next step.",
        parameters=p,
    )


def _onset() -> Condition:
    """Opened less than 90 days ago; or opened long ago and silent for half a year but for these
    days."""
    is_new = pl.col("new_account_14d") > 0
    is_woken = (pl.col("old_account_14d") > 0) & (pl.col("moved_180d") == pl.col("moved_14d"))
    woken = is_woken.fill_null(value=False)
    value = (is_new | woken).cast(pl.Int64())
    return Condition(
        name="onset",
        value=value,
        holds=value >= 1,
        excess=value - 1,
        threshold=1,
        unit="new or woken account",
        family=None,
        columns=("accounts.opened",),
        needs=("accounts.opened",),
    )


def _count(name: str, has: Mask, meaning: str) -> Feature:
    return Feature(
        name=name,
        aggregate=Aggregate.COUNT,
        window=FORTNIGHT,
        has=has,
        unit="count",
        meaning=meaning,
    )


def _sum(name: str, has: Mask, meaning: str) -> Feature:
    return Feature(
        name=name, aggregate=Aggregate.SUM, window=FORTNIGHT, has=has, unit="minor", meaning=meaning
    )
