"""Fee collector near the border."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from detectors.conditions import at_least, named, share, share_at_least, share_at_most
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
from ingest.lexicon import Concept
from models.features import Aggregate, Arm, Feature
from models.mask import Mask

FORTNIGHT = timedelta(days=14)
CREDIT = Mask.IN | Mask.COUNTERPARTY_KNOWN
NOT_FEES = (
    Mask.OWN_TRANSFER
    | Mask.BANK_LEDGER
    | Mask.CARD
    | Mask.SALARY
    | Mask.LOAN
    | Mask.DECLARED_RELATED
)
LAND_ROUTE_USD = (50, 700)
LONG_HAUL_USD = (1_500, 20_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorParameters(Parameters):
    least_payers: int = parameter(10, "above what a private account is expected to see; retune")
    least_payer_regions: int = parameter(4, "one village's trusted person has one or two")
    least_band_share: float = parameter(0.6, "a price list: most pay one of two prices")
    least_passed_share: float = parameter(0.7, "one smuggling group is paid on within two days")
    largest_repeat_share: float = parameter(
        0.15, "fees are paid once; remittances repeat: the cheapest discriminator"
    )
    largest_trade_cost_share: float = parameter(
        0.15, "who carries people or goods for a living spends a third of the fares on the road"
    )
    repeat_history_days: int = parameter(60, "below two months nobody can have repeated")


Settings = CollectorParameters


def typology(p: CollectorParameters) -> Typology:
    payers, credits = pl.col("payers_14d"), pl.col("credit_count_14d")
    return Typology(
        id="som-collector-fanin",
        version=2,
        title="One price from many strangers, passed on at once",
        severity="high",
        offence="smuggling",
        stage="payment",
        looks_like="Many people who have nothing to do with each other, from many places, each "
        "send one of two prices to one account, once; the money leaves within two days, often as "
        "cash near the border.",
        innocent_reasons=(
            "a remittance agent: payers come back every month, amounts vary",
            "a ticket or tour seller",
            "a live-seller of goods, paid in small sums by day",
            "a wedding or funeral, where guests give equal sums",
        ),
        next_steps=(
            NextStep(
                action="List this payee's payers and how often each paid before",
                field="orig_account_id",
                days_before=180,
            ),
            NextStep(
                action="Ask for the places and images of the cash drawn after each group of fees",
                field="terminal_id",
                days_before=14,
                days_after=7,
            ),
            NextStep(
                action="Check the registers of remittance, travel and recruitment agents",
                field="benef_party_id",
                days_before=0,
            ),
        ),
        references=(
            Reference(source="FinCEN FIN-2014-A008", verification="V"),
            Reference(source="FinCEN FIN-2023-Alert001", verification="V"),
            Reference(source="FATF, Migrant Smuggling, March 2022", verification="V"),
            Reference(source="UNODC 2019 via press: prices per crossing", verification="V"),
        ),
        window=FORTNIGHT,
        arms=(
            Arm(
                typology="som-collector-fanin",
                has=CREDIT,
                lacks=NOT_FEES,
                window=FORTNIGHT,
                least=p.least_payers,
            ),
        ),
        features=(
            _credits("payers_14d", Aggregate.DISTINCT_COUNTERPARTIES, "count", "different payers"),
            _credits("credit_count_14d", Aggregate.COUNT, "count", "credits from them"),
            _credits(
                "payer_regions_14d",
                Aggregate.DISTINCT_COUNTERPARTY_REGIONS,
                "count",
                "subdivisions or countries the payers are at home in",
            ),
            _band("land_band_14d", LAND_ROUTE_USD),
            _band("long_band_14d", LONG_HAUL_USD),
            Feature(
                name="repeat_payers_14d",
                aggregate=Aggregate.REPEAT_COUNTERPARTIES,
                window=FORTNIGHT,
                has=CREDIT,
                lacks=NOT_FEES,
                unit="count",
                meaning="payers with three or more payments in 180 days",
                least_history=p.repeat_history_days,
            ),
            _all("passed_48h_14d", Aggregate.PASSED_WITHIN_48H, Mask.PRICED, "left within 48 h"),
            _all("in_sum_14d", Aggregate.SUM, Mask.IN, "all that came in"),
            _all(
                "trade_cost_sum_14d",
                Aggregate.SUM,
                Mask.OUT | Mask.TRADE_COST,
                "spent on fuel, repairs, tolls, freight, wholesale goods",
            ),
            _all("cash_out_sum_14d", Aggregate.SUM, Mask.CASH | Mask.OUT, "cash drawn"),
            _all(
                "cash_out_zone_sum_14d",
                Aggregate.SUM,
                Mask.CASH | Mask.OUT | Mask.ZONE,
                "cash drawn near a border or in a special zone",
            ),
        ),
        conditions=(
            at_least(
                "payers",
                payers,
                p.least_payers,
                unit="payers",
                family="structure",
                columns=("orig_account_id",),
            ),
            share_at_least(
                "band_share",
                pl.max_horizontal("land_band_14d", "long_band_14d"),
                credits,
                p.least_band_share,
                family="structure",
                columns=("amount",),
                needs=("usd_rate",),
            ),
            at_least(
                "payer_regions",
                pl.col("payer_regions_14d"),
                p.least_payer_regions,
                unit="subdivisions",
                family="movement",
                columns=("orig_region", "orig_country"),
                needs=("counterparty_region",),
                is_core=False,
            ),
            share_at_least(
                "passed_48h",
                pl.col("passed_48h_14d"),
                pl.col("in_sum_14d"),
                p.least_passed_share,
                family="structure",
                columns=("event_time", "amount"),
                is_core=False,
                coarsest_time=timedelta(hours=24),
            ),
            share_at_most(
                "trade_cost_share",
                pl.col("trade_cost_sum_14d"),
                pl.col("in_sum_14d"),
                p.largest_trade_cost_share,
                family=None,
                columns=("mcc",),
                needs=("spending",),
                is_core=False,
            ),
            share_at_most(
                "repeat_share",
                pl.col("repeat_payers_14d"),
                payers,
                p.largest_repeat_share,
                family="structure",
                columns=("orig_account_id",),
                is_core=False,
                clears_as="REMIT",
                least_history=p.repeat_history_days,
            ),
        ),
        weight=Weight(
            name="zone_cash_share",
            value=share(pl.col("cash_out_zone_sum_14d"), pl.col("cash_out_sum_14d")),
            unit="share",
            columns=("place_id",),
            needs=("place", "places.border_km"),
        ),
        keyword=named(Concept.CROSSING, Mask.IN, FORTNIGHT),
        elements=(
            ElementCeiling(
                offence="smuggling",
                element="benefit",
                facts=("payers", "band_share"),
                strongest="indicated",
                ask_for="price messages, payers' accounts of what they paid for",
            ),
            ElementCeiling(
                offence="smuggling",
                element="procurement",
                facts=("payer_regions", "zone_cash_share"),
                strongest="weak",
                ask_for="border records, statements, telephone data: money cannot prove a crossing",
            ),
            ElementCeiling(
                offence="laundering",
                element="concealment",
                facts=("payers", "passed_48h"),
                strongest="weak",
                ask_for="what the payments were for, and who received what was passed on",
            ),
        ),
        exculpations=(*COMMON_TESTS, "EVENT", "LIVE_SELLER", "ROSCA"),
        cites=Mask.IN | Mask.OUT,
        is_shape=True,
        deviation="Where the cash is drawn (border zone) weighs at most a fifth and decides "
        "nothing: most innocent people of a border province live in the zone too. Repeat payers "
        "clear a finding instead of silencing it, so that the reason is kept.",
        parameters=p,
    )


def _credits(name: str, aggregate: Aggregate, unit: str, meaning: str) -> Feature:
    return Feature(
        name=name,
        aggregate=aggregate,
        window=FORTNIGHT,
        has=CREDIT,
        lacks=NOT_FEES,
        unit=unit,
        meaning=meaning,
    )


def _band(name: str, limits: tuple[int, int]) -> Feature:
    return Feature(
        name=name,
        aggregate=Aggregate.BAND_COUNT,
        window=FORTNIGHT,
        has=CREDIT,
        lacks=NOT_FEES,
        unit="count",
        meaning=f"credits at one of two prices between USD {limits[0]} and {limits[1]}",
        limits_usd=limits,
    )


def _all(name: str, aggregate: Aggregate, has: Mask, meaning: str) -> Feature:
    return Feature(
        name=name, aggregate=aggregate, window=FORTNIGHT, has=has, unit="minor", meaning=meaning
    )
