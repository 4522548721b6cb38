"""Night cash into one account from many towns."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from detectors.conditions import at_least, at_most, share, share_at_least
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

MONTH = timedelta(days=30)
DEPOSIT = Mask.IN | Mask.CASH


@dataclass(frozen=True, slots=True, kw_only=True)
class NightCashParameters(Parameters):
    least_deposits: int = parameter(8, "about two a week")
    least_night_share: float = parameter(0.4, "far above a machine's ordinary night share")
    least_sites: int = parameter(3, "a shift worker's deposits stay in one subdivision or two")
    largest_median_usd: float = parameter(250, "below this sits one night's takings")
    least_income_multiple: float = parameter(3, "three wages cannot be savings of the month")


Settings = NightCashParameters


def typology(p: NightCashParameters) -> Typology:
    deposits = pl.col("cash_in_count_30d")
    return Typology(
        id="sx-night-cash-multisite",
        version=1,
        title="Night cash into one account from many towns",
        severity="medium",
        offence="trafficking",
        stage="proceeds",
        looks_like="Small cash is paid into one account again and again late at night, in several "
        "towns, far beyond what its holder is known to earn.",
        innocent_reasons=(
            "a bar, market or taxi business that banks its evening takings",
            "a driver or pedlar who pays in where the day ends",
            "a live-seller with couriers in several towns",
        ),
        next_steps=(
            NextStep(
                action="Ask who paid in: conductor, card and images of the cited deposits",
                field="conductor_party_id",
                days_before=30,
            ),
            NextStep(
                action="See where and by whom the money is drawn or spent",
                field="terminal_id",
                days_before=30,
                days_after=7,
            ),
        ),
        references=(
            Reference(source="FINTRAC 2016-OA003 and 2021-OA001", verification="Vt"),
            Reference(source="FinCEN FIN-2020-A008: cash outside business hours", verification="V"),
            Reference(
                source="Oracle, scenario features: activity in a time window, number of states",
                verification="V",
            ),
        ),
        window=MONTH,
        arms=(
            Arm(
                typology="sx-night-cash-multisite",
                has=DEPOSIT,
                window=MONTH,
                least=p.least_deposits,
            ),
        ),
        features=(
            _feature("cash_in_count_30d", Aggregate.COUNT, DEPOSIT, "count", "cash deposits"),
            _feature(
                "night_cash_count_30d",
                Aggregate.COUNT,
                DEPOSIT | Mask.NIGHT,
                "count",
                "cash deposits from 22:00 to 05:59",
            ),
            _feature(
                "cash_in_regions_30d",
                Aggregate.DISTINCT_REGIONS,
                DEPOSIT | Mask.NIGHT | Mask.LOCATED,
                "count",
                "subdivisions of the night's deposits",
            ),
            _feature(
                "cash_in_median_30d",
                Aggregate.MEDIAN,
                DEPOSIT | Mask.PRICED,
                "minor",
                "median of the deposits",
            ),
            _feature("cash_in_sum_30d", Aggregate.SUM, DEPOSIT, "minor", "cash paid in"),
        ),
        conditions=(
            at_least(
                "deposits",
                deposits,
                p.least_deposits,
                unit="cash deposits",
                family="structure",
                columns=("is_cash", "amount"),
            ),
            share_at_least(
                "night_share",
                pl.col("night_cash_count_30d"),
                deposits,
                p.least_night_share,
                family=None,
                columns=("event_time",),
                coarsest_time=timedelta(hours=1),
            ),
            at_least(
                "deposit_sites",
                pl.col("cash_in_regions_30d"),
                p.least_sites,
                unit="subdivisions",
                family="movement",
                columns=("place_id", "location_region"),
                needs=("place",),
            ),
            at_most(
                "median_usd",
                pl.col("cash_in_median_30d"),
                p.largest_median_usd,
                times=pl.col("usd_minor"),
                unit="US dollars, median deposit",
                family=None,
                columns=("amount",),
                needs=("usd_rate",),
            ),
            at_least(
                "income",
                share(pl.col("cash_in_sum_30d"), pl.col("income_minor")),
                p.least_income_multiple,
                unit="times declared monthly income",
                family="structure",
                columns=("amount", "customers.monthly_income"),
                needs=("customers.monthly_income",),
            ),
        ),
        elements=(
            ElementCeiling(
                offence="trafficking",
                element="purpose",
                facts=("deposit_sites", "night_share"),
                strongest="weak",
                ask_for="what the money was earned by, where, and who kept it; the trade alone is "
                "no ground",
            ),
            ElementCeiling(
                offence="laundering",
                element="concealment",
                facts=("deposits", "income"),
                strongest="weak",
                ask_for="who paid in, and where the cash comes from",
            ),
        ),
        exculpations=(*COMMON_TESTS, "LIVE_SELLER"),
        cites=DEPOSIT,
        deviation="Declared income is asked for: without it nothing tells a night's work from a "
        "business. Only the towns of the night's deposits count.",
        parameters=p,
    )


def _feature(name: str, aggregate: Aggregate, has: Mask, unit: str, meaning: str) -> Feature:
    return Feature(
        name=name, aggregate=aggregate, window=MONTH, has=has, unit=unit, meaning=meaning
    )
