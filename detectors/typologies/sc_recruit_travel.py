"""One payer moves many strangers one way."""

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
from models.features import Aggregate, Arm, Feature, Near
from models.mask import Mask

MONTH = timedelta(days=30)
TICKET = Mask.OUT | Mask.TRAVEL
ADVANCE = Mask.OUT | Mask.TRANSFER | Mask.COUNTERPARTY_KNOWN
NOT_ADVANCE = (
    Mask.OWN_TRANSFER
    | Mask.BANK_LEDGER
    | Mask.DECLARED_RELATED
    | Mask.MERCHANT
    | Mask.OWN_LIFE
    | Mask.SALARY
)
ADVANCE_USD = (20, 200)
AT_DEPARTURE = Near(has=TICKET, within=timedelta(days=2), after=True)
"""Two days before or after a ticket was bought."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecruitTravelParameters(Parameters):
    least_tickets: int = parameter(6, "a family on holiday buys four or five")
    least_tickets_in_a_day: int = parameter(3, "a group leaves together; a couple buys two")
    least_advances: int = parameter(4, "more persons than one household")
    least_band_share: float = parameter(
        0.6, "a tariff among own life's payments; two bands hold half of any four sums"
    )
    largest_repeat_share: float = parameter(0.3, "wages and friends come again, advances do not")
    history_days: int = parameter(60, "below two months nobody can have repeated")


Settings = RecruitTravelParameters


def typology(p: RecruitTravelParameters) -> Typology:
    advances = pl.col("advanced_parties_30d")
    return Typology(
        id="sc-recruit-travel",
        version=4,
        title="One payer moves many strangers",
        severity="high",
        offence="trafficking",
        stage="recruitment",
        looks_like="An account buys many tickets between towns, several on one day, and sends "
        "equal small sums to people it has no tie to and does not pay again.",
        innocent_reasons=(
            "a tour operator or school that is not in the register",
            "the leader of a seasonal farm group: then wages and returns follow",
            "a sports team or religious journey",
        ),
        next_steps=(
            NextStep(
                action="Ask the carriers for passengers, destinations and returns of the tickets",
                field="merchant_id",
                days_before=30,
                days_after=7,
            ),
            NextStep(
                action="List who got the equal sums, and whether their accounts went silent since",
                field="benef_account_id",
                days_before=30,
                days_after=30,
            ),
            NextStep(
                action="Check the registers of recruitment and travel agents",
                field="orig_party_id",
                days_before=0,
            ),
        ),
        references=(
            Reference(source="UNODC, Key Indicators: Forced Criminality", verification="V"),
            Reference(source="UNODC, Inflection Point, April 2025", verification="Vt"),
            Reference(source="Laotian Times, January 2025", verification="V"),
        ),
        window=MONTH,
        arms=(Arm(typology="sc-recruit-travel", has=TICKET, window=MONTH, least=p.least_tickets),),
        features=(
            _tickets("tickets_30d", Aggregate.COUNT, "tickets between towns"),
            _tickets("tickets_day_30d", Aggregate.LARGEST_DAY_COUNT, "most of them on one day"),
            Feature(
                name="zone_tickets_30d",
                aggregate=Aggregate.COUNT,
                window=MONTH,
                has=TICKET | Mask.ZONE,
                unit="count",
                meaning="tickets bought near a border or in a special zone",
            ),
            _advances("advanced_parties_30d", Aggregate.DISTINCT_COUNTERPARTIES, "persons"),
            _advances("advances_30d", Aggregate.COUNT, "sums sent to them"),
            Feature(
                name="advance_band_30d",
                aggregate=Aggregate.BAND_COUNT,
                window=MONTH,
                has=ADVANCE,
                lacks=NOT_ADVANCE,
                near=AT_DEPARTURE,
                unit="count",
                meaning="sums of one of two sizes between USD 20 and 200",
                limits_usd=ADVANCE_USD,
            ),
            Feature(
                name="advance_repeats_30d",
                aggregate=Aggregate.REPEAT_COUNTERPARTIES,
                window=MONTH,
                has=ADVANCE,
                lacks=NOT_ADVANCE,
                near=AT_DEPARTURE,
                unit="count",
                meaning="persons paid three times or more in 180 days",
                least_history=p.history_days,
            ),
        ),
        conditions=(
            at_least(
                "tickets",
                pl.col("tickets_30d"),
                p.least_tickets,
                unit="tickets between towns",
                family="keyword",
                columns=("mcc",),
                needs=("merchant_category",),
            ),
            at_least(
                "tickets_in_a_day",
                pl.col("tickets_day_30d"),
                p.least_tickets_in_a_day,
                unit="tickets on one day",
                family=None,
                columns=("mcc",),
                needs=("merchant_category",),
            ),
            at_least(
                "advanced_persons",
                advances,
                p.least_advances,
                unit="persons without a tie",
                family="structure",
                columns=("benef_account_id",),
            ),
            share_at_least(
                "equal_share",
                pl.col("advance_band_30d"),
                pl.col("advances_30d"),
                p.least_band_share,
                family="structure",
                columns=("amount",),
                needs=("usd_rate",),
            ),
            share_at_most(
                "repeat_share",
                pl.col("advance_repeats_30d"),
                advances,
                p.largest_repeat_share,
                family="structure",
                columns=("benef_account_id",),
                is_core=False,
                least_history=p.history_days,
            ),
        ),
        weight=Weight(
            name="zone_ticket_share",
            value=share(pl.col("zone_tickets_30d"), pl.col("tickets_30d")),
            unit="share",
            columns=("place_id",),
            needs=("place", "places.border_km"),
        ),
        keyword=named(Concept.RECRUIT, Mask.TRANSFER, MONTH),
        elements=(
            ElementCeiling(
                offence="trafficking",
                element="act",
                facts=("tickets", "advanced_persons", "equal_share"),
                strongest="indicated",
                ask_for="passengers, promises made to them, where the journey ended",
            ),
            ElementCeiling(
                offence="smuggling",
                element="procurement",
                facts=("tickets", "zone_ticket_share"),
                strongest="weak",
                ask_for="entry stamps, route, who met the group",
            ),
        ),
        exculpations=(*COMMON_TESTS, "SCHOOL"),
        cites=Mask.TRAVEL | Mask.TRANSFER,
        deviation="Passengers and one-way tickets are not in bank data: tickets between towns, "
        "several on one day, beside equal sums to persons who are not paid again stand for them. "
        "Advances are looked for within two days of a ticket: what the payer sends anybody in the "
        "rest of the month is no part of a journey.",
        parameters=p,
    )


def _tickets(name: str, aggregate: Aggregate, meaning: str) -> Feature:
    return Feature(
        name=name, aggregate=aggregate, window=MONTH, has=TICKET, unit="count", meaning=meaning
    )


def _advances(name: str, aggregate: Aggregate, meaning: str) -> Feature:
    return Feature(
        name=name,
        aggregate=aggregate,
        window=MONTH,
        has=ADVANCE,
        lacks=NOT_ADVANCE,
        near=AT_DEPARTURE,
        unit="count",
        meaning=meaning,
    )
