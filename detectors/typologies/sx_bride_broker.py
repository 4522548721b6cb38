"""Lumps from abroad of which a family gets the smaller part, woman after woman."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from detectors.conditions import at_least, named, precondition, whole_at
from detectors.typology import (
    COMMON_TESTS,
    ElementCeiling,
    NextStep,
    Parameters,
    Reference,
    Typology,
    parameter,
)
from ingest.lexicon import Concept
from models.features import Aggregate, Arm, Feature
from models.mask import Mask

SIX_WEEKS = timedelta(days=45)
HALF_YEAR = timedelta(days=180)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrideBrokerParameters(Parameters):
    least_cycles: int = parameter(2, "a wedding of one's own happens once")


Settings = BrideBrokerParameters


def typology(p: BrideBrokerParameters) -> Typology:
    return Typology(
        id="sx-bride-broker",
        version=2,
        title="Lumps split with families and go-betweens",
        severity="high",
        offence="trafficking",
        stage="transfer",
        looks_like="Twice or more an account gets one large sum from abroad or in cash, sends a "
        "minor part of it to somebody never paid before, and pays tickets, papers or the same "
        "go-between besides.",
        innocent_reasons=(
            "a licensed marriage agency with registered contracts",
            "a trader who is paid in lumps, travels and pays new suppliers",
            "building for relatives abroad: labour paid out of sums they send",
        ),
        next_steps=(
            NextStep(
                action="Lay out each cycle: who sent the lump, who got which part, who travelled",
                field="event_time",
                days_before=180,
            ),
            NextStep(
                action="Speak with the families apart from the broker: they may have been deceived",
                field="benef_account_id",
                days_before=180,
                days_after=14,
            ),
            NextStep(
                action="Check whether the women who travelled can be reached",
                field="merchant_id",
                days_before=45,
                days_after=30,
            ),
        ),
        references=(
            Reference(source="Radio Free Asia on bride brokerage, 2017-2025", verification="V"),
            Reference(source="US TIP Report, Laos, 2019", verification="V"),
            Reference(
                source="Trafficking Protocol Art. 3 (payment to one having control)",
                verification="V",
            ),
        ),
        window=HALF_YEAR,
        arms=(Arm(typology="sx-bride-broker", has=Mask.IN | Mask.LUMP, window=SIX_WEEKS, least=1),),
        features=(
            Feature(
                name="split_lumps_180d",
                aggregate=Aggregate.SPLIT_LUMPS,
                window=HALF_YEAR,
                has=Mask.PRICED,
                lacks=Mask.OWN_TRANSFER | Mask.BANK_LEDGER | Mask.DECLARED_RELATED,
                unit="count",
                meaning="lumps of which a newcomer got a minor part, beside tickets, papers or the "
                "same go-between",
            ),
            Feature(
                name="lumps_45d",
                aggregate=Aggregate.COUNT,
                window=SIX_WEEKS,
                has=Mask.IN | Mask.LUMP,
                unit="count",
                meaning="lumps of the last six weeks",
            ),
        ),
        conditions=(
            precondition(
                at_least(
                    "lumps_lately",
                    pl.col("lumps_45d"),
                    1,
                    unit="lumps in six weeks",
                    family=None,
                    columns=("amount",),
                    needs=("usd_rate",),
                )
            ),
            whole_at(
                "cycles",
                pl.col("split_lumps_180d"),
                p.least_cycles,
                unit="lumps split with somebody never paid before",
                family="structure",
                columns=("amount", "benef_account_id", "event_time"),
                needs=("usd_rate",),
            ),
        ),
        keyword=named(Concept.DOCUMENT, Mask.OUT | Mask.TRANSFER, SIX_WEEKS),
        elements=(
            ElementCeiling(
                offence="trafficking",
                element="act",
                facts=("cycles",),
                strongest="indicated",
                ask_for="who recruited and who brought the women, contracts, entry stamps",
            ),
            ElementCeiling(
                offence="trafficking",
                element="means",
                facts=("cycles",),
                strongest="weak",
                ask_for="what the families were told, and whether the women agreed and knew",
            ),
        ),
        exculpations=COMMON_TESTS,
        cites=Mask.LUMP | Mask.TRANSFER | Mask.TRAVEL | Mask.PAPERS,
        is_sufficient=True,
        deviation="Cycles are counted over 180 days, as long as movements are kept, not a year. A "
        "lump owns what is paid within 30 days and before the next lump, so instalments of one sum "
        "count once. A text that names papers lifts the strength and makes no cycle.",
        parameters=p,
    )
