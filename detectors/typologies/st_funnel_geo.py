"""Paid in here, drawn there, at once."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from detectors.conditions import at_least, precondition, rests_at_most, share, share_at_least
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

MONTH = timedelta(days=30)
DEPOSIT = Mask.IN | Mask.CASH | Mask.LOCATED
NOT_BY_OTHERS = Mask.OWN_TRANSFER | Mask.BANK_LEDGER | Mask.AT_HOME | Mask.BY_HOLDER


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelParameters(Parameters):
    least_deposit_regions: int = parameter(3, "two can be home and work; three are a route")
    least_far_share: float = parameter(0.6, "most of the money is wanted somewhere else")
    longest_dwell_hours: float = parameter(48, "one trip to the border")
    least_deposits_usd: float = parameter(1_000, "below it parents and friends look alike")
    least_deposits_share: float = parameter(
        0.2, "of what came in: a firm's customers pay in a little everywhere beside its takings"
    )
    least_income_multiple: float = parameter(3, "three wages cannot be savings of the month")


Settings = FunnelParameters


def typology(p: FunnelParameters) -> Typology:
    cash_out = pl.col("cash_out_sum_30d")
    return Typology(
        id="st-funnel-geo",
        version=2,
        title="Paid in here, drawn there, at once",
        severity="high",
        offence="laundering",
        stage="movement",
        looks_like="Others pay cash into one account in several towns where the holder neither "
        "lives nor works; it is drawn soon after in one or two places far from all of them.",
        innocent_reasons=(
            "a haulage or market business that collects along its route",
            "a student whose parents pay in at home",
            "staff posted away from home",
        ),
        next_steps=(
            NextStep(
                action="List who stood at the counter or machine for each cited deposit",
                field="conductor_party_id",
                days_before=30,
            ),
            NextStep(
                action="Ask the machines' operator to keep the images of the cited withdrawals",
                field="terminal_id",
                days_before=30,
                days_after=7,
            ),
        ),
        references=(
            Reference(source="FinCEN FIN-2014-A008", verification="V"),
            Reference(source="FinCEN FIN-2020-A008", verification="V"),
            Reference(source="FinCEN FIN-2023-Alert001", verification="V"),
        ),
        window=MONTH,
        arms=(
            Arm(
                typology="st-funnel-geo",
                has=DEPOSIT,
                lacks=NOT_BY_OTHERS,
                window=MONTH,
                least=p.least_deposit_regions,
            ),
        ),
        features=(
            Feature(
                name="deposit_regions_30d",
                aggregate=Aggregate.DISTINCT_REGIONS,
                window=MONTH,
                has=DEPOSIT,
                lacks=NOT_BY_OTHERS,
                unit="count",
                meaning="subdivisions of others' cash deposits away from home and work",
            ),
            Feature(
                name="deposits_sum_30d",
                aggregate=Aggregate.SUM,
                window=MONTH,
                has=DEPOSIT,
                lacks=NOT_BY_OTHERS,
                unit="minor",
                meaning="cash others paid in away from home and work",
            ),
            Feature(
                name="far_sum_30d",
                aggregate=Aggregate.FAR_SUM,
                window=MONTH,
                has=Mask.CASH | Mask.PRICED,
                unit="minor",
                meaning="cash drawn at least 100 km from every deposit, in two subdivisions",
            ),
            _sum("cash_out_sum_30d", Mask.CASH | Mask.OUT, "cash drawn"),
            _sum("cash_out_zone_sum_30d", Mask.CASH | Mask.OUT | Mask.ZONE, "drawn near a border"),
            _sum("in_sum_30d", Mask.IN, "all that came in"),
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
                "deposit_regions",
                pl.col("deposit_regions_30d"),
                p.least_deposit_regions,
                unit="subdivisions",
                family="movement",
                columns=("place_id", "location_region"),
                needs=("place",),
            ),
            at_least(
                "deposits_usd",
                pl.col("deposits_sum_30d"),
                p.least_deposits_usd,
                times=pl.col("usd_minor"),
                unit="US dollars",
                family=None,
                columns=("amount",),
                needs=("usd_rate",),
                is_core=False,
            ),
            precondition(
                share_at_least(
                    "deposits_share",
                    pl.col("deposits_sum_30d"),
                    pl.col("in_sum_30d"),
                    p.least_deposits_share,
                    family="structure",
                    columns=("amount",),
                )
            ),
            share_at_least(
                "far_share",
                pl.col("far_sum_30d"),
                cash_out,
                p.least_far_share,
                family="movement",
                columns=("place_id", "location_region"),
                needs=("place", "places.coordinates"),
            ),
            rests_at_most(
                "dwell",
                pl.col("dwell_30d"),
                p.longest_dwell_hours,
                columns=("event_time", "amount"),
            ),
            at_least(
                "income",
                share(pl.col("in_sum_30d"), pl.col("income_minor")),
                p.least_income_multiple,
                unit="times declared monthly income",
                family="structure",
                columns=("amount", "customers.monthly_income"),
                needs=("customers.monthly_income",),
                is_core=False,
            ),
        ),
        weight=Weight(
            name="zone_cash_share",
            value=share(pl.col("cash_out_zone_sum_30d"), cash_out),
            unit="share",
            columns=("place_id",),
            needs=("place", "places.border_km"),
        ),
        elements=(
            ElementCeiling(
                offence="laundering",
                element="concealment",
                facts=("deposit_regions", "far_share"),
                strongest="indicated",
                ask_for="who paid in and who drew: slips, images, card custody",
            ),
        ),
        exculpations=COMMON_TESTS,
        cites=Mask.CASH,
        deviation="Deposits that the holder is known to have made are a trader's round and do not "
        "count, nor do sums below USD 1,000. Where slips name nobody, every deposit counts.",
        parameters=p,
    )


def _sum(name: str, has: Mask, meaning: str) -> Feature:
    return Feature(
        name=name, aggregate=Aggregate.SUM, window=MONTH, has=has, unit="minor", meaning=meaning
    )
