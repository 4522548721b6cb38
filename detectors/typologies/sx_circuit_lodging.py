"""Short stays in many towns, and money that comes in at each."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from detectors.conditions import at_least, named
from detectors.typology import (
    COMMON_TESTS,
    ElementCeiling,
    NextStep,
    Parameters,
    Reference,
    SignalLink,
    Typology,
    parameter,
)
from ingest.lexicon import Concept
from models.features import Aggregate, Arm, Feature, Near
from models.mask import Mask

TWO_MONTHS = timedelta(days=60)
STAY = Mask.OUT | Mask.LODGING
NOT_EARNED = Mask.OWN_TRANSFER | Mask.BANK_LEDGER | Mask.DECLARED_RELATED | Mask.SALARY | Mask.LOAN


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitLodgingParameters(Parameters):
    least_lodgings: int = parameter(6, "two or three stays a year are a holiday")
    least_regions: int = parameter(4, "more towns than a family or a trade leads to")
    least_coupled: int = parameter(3, "one is chance, two coincidence")
    least_journeys: int = parameter(4, "from town to town")


Settings = CircuitLodgingParameters


def typology(p: CircuitLodgingParameters) -> Typology:
    return Typology(
        id="sx-circuit-lodging",
        version=2,
        title="A circuit of lodgings with money at each stop",
        severity="low",
        offence="trafficking",
        stage="transport",
        looks_like="Within two months an account pays lodgings in many towns and the journeys "
        "between them, and at one stop after the other money comes in from the same town.",
        innocent_reasons=(
            "a touring musician, monk or salesman",
            "a driver or guide who is paid on the way",
            "a builder or health worker sent from place to place",
        ),
        next_steps=(
            NextStep(
                action="Ask the lodgings who slept in the rooms and who came to see them",
                field="merchant_id",
                days_before=60,
            ),
            NextStep(
                action="List who paid in at each stop",
                field="orig_account_id",
                days_before=60,
            ),
        ),
        references=(
            Reference(source="FINTRAC 2016 and 2021: accommodation, travel", verification="Vt"),
            Reference(source="FinCEN FIN-2020-A008: frequent movement", verification="V"),
        ),
        window=TWO_MONTHS,
        arms=(
            Arm(
                typology="sx-circuit-lodging",
                has=STAY,
                window=TWO_MONTHS,
                least=p.least_lodgings,
            ),
        ),
        features=(
            _stays("lodgings_60d", Aggregate.DISTINCT_COUNTERPARTIES, Mask(0), "lodgings paid"),
            _stays("lodging_regions_60d", Aggregate.DISTINCT_REGIONS, Mask.LOCATED, "their towns"),
            Feature(
                name="coupled_stays_60d",
                aggregate=Aggregate.COUNT,
                window=TWO_MONTHS,
                has=STAY | Mask.LOCATED,
                near=Near(
                    has=Mask.IN,
                    lacks=NOT_EARNED,
                    within=timedelta(hours=24),
                    same_region=True,
                    after=True,
                ),
                unit="count",
                meaning="stays with money from the same subdivision within a day",
            ),
            Feature(
                name="journeys_60d",
                aggregate=Aggregate.COUNT,
                window=TWO_MONTHS,
                has=Mask.OUT | Mask.TRAVEL,
                unit="count",
                meaning="tickets between towns",
            ),
            Feature(
                name="circuit_payee_60d",
                aggregate=Aggregate.TOP_PAYEE,
                window=TWO_MONTHS,
                has=Mask.OUT | Mask.TRANSFER,
                unit="party",
                meaning="to whom most was transferred",
            ),
        ),
        conditions=(
            at_least(
                "lodgings",
                pl.col("lodgings_60d"),
                p.least_lodgings,
                unit="lodgings",
                family="keyword",
                columns=("mcc",),
                needs=("merchant_category",),
            ),
            at_least(
                "lodging_regions",
                pl.col("lodging_regions_60d"),
                p.least_regions,
                unit="subdivisions",
                family="movement",
                columns=("place_id", "location_region"),
                needs=("place",),
            ),
            at_least(
                "coupled_stays",
                pl.col("coupled_stays_60d"),
                p.least_coupled,
                unit="stays with money from the same town within a day",
                family="structure",
                columns=("event_time", "orig_region"),
                needs=("place", "counterparty_region"),
            ),
            at_least(
                "journeys",
                pl.col("journeys_60d"),
                p.least_journeys,
                unit="tickets between towns",
                family="keyword",
                columns=("mcc",),
                needs=("merchant_category",),
            ),
        ),
        keyword=named(Concept.LODGING, Mask.OUT, TWO_MONTHS),
        elements=(
            ElementCeiling(
                offence="trafficking",
                element="act",
                facts=("lodgings", "lodging_regions", "coupled_stays", "journeys"),
                strongest="weak",
                ask_for="guests by name, who booked, who came and went",
            ),
        ),
        exculpations=(*COMMON_TESTS, "EVENT"),
        cites=Mask.IN | Mask.LODGING | Mask.TRAVEL | Mask.KW_LODGING,
        is_signal=True,
        link=SignalLink(kind="receiver", feature="circuit_payee_60d"),
        deviation="Tickets are those between towns; taxis and town buses do not make a circuit. A "
        "text that names a lodging lifts the strength and counts as no stay: words decide nothing.",
        parameters=p,
    )


def _stays(name: str, aggregate: Aggregate, also: Mask, meaning: str) -> Feature:
    return Feature(
        name=name,
        aggregate=aggregate,
        window=TWO_MONTHS,
        has=STAY | also,
        unit="count",
        meaning=meaning,
    )
