"""Small repeated payments abroad by night to several persons."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from detectors.conditions import at_least, named, share_at_least
from detectors.typology import (
    ElementCeiling,
    NextStep,
    Parameters,
    Reference,
    SignalLink,
    Typology,
    parameter,
)
from ingest.lexicon import Concept
from models.features import Aggregate, Arm, Feature
from models.mask import Mask

TWO_MONTHS = timedelta(days=60)
SENT = Mask.OUT | Mask.CROSS_BORDER | Mask.COUNTERPARTY_KNOWN
NOT_SENT = (
    Mask.OWN_TRANSFER
    | Mask.BANK_LEDGER
    | Mask.DECLARED_RELATED
    | Mask.CARD
    | Mask.LOAN
    | Mask.MERCHANT
    | Mask.OWN_LIFE
)
SMALL_USD = (8, 220)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamPayerParameters(Parameters):
    least_payments: int = parameter(6, "one is chance; family is sent one sum a month")
    least_payees: int = parameter(3, "several persons, none of them family")
    least_band_share: float = parameter(0.6, "a tariff: one or two small sums, again and again")
    least_night_share: float = parameter(0.4, "at the hours of another time zone")
    least_digital: int = parameter(1, "video, games or networks are paid as well")


Settings = StreamPayerParameters


def typology(p: StreamPayerParameters) -> Typology:
    return Typology(
        id="cse-stream-payer",
        version=2,
        title="Small sums by night to several persons abroad",
        severity="medium",
        offence="child",
        stage="exploitation",
        looks_like="Within two months an account sends small sums of one or two sizes to several "
        "persons abroad it has no tie to, much of it by night, and pays for video or games.",
        innocent_reasons=(
            "help for a poor family, or for friends met on a journey",
            "lessons or work bought from people abroad",
        ),
        next_steps=(
            NextStep(
                action="Compare the receivers with those of other senders; do nothing without that",
                field="benef_account_id",
                days_before=60,
            ),
            NextStep(
                action="Look for journeys to where the receivers live",
                field="location_country",
                days_before=180,
            ),
        ),
        references=(
            Reference(source="FATF, Online Child Sexual Exploitation, 2025", verification="V"),
            Reference(source="AUSTRAC / Fintel Alliance 2022", verification="V"),
            Reference(source="FINTRAC 2020-OA001", verification="Vt"),
        ),
        window=TWO_MONTHS,
        arms=(
            Arm(
                typology="cse-stream-payer",
                has=SENT,
                lacks=NOT_SENT,
                window=TWO_MONTHS,
                least=p.least_payments,
            ),
        ),
        features=(
            _sent("abroad_count_60d", Aggregate.COUNT, Mask(0), "payments abroad"),
            _sent("abroad_payees_60d", Aggregate.DISTINCT_COUNTERPARTIES, Mask(0), "receivers"),
            _sent("abroad_night_60d", Aggregate.COUNT, Mask.NIGHT, "of them by night"),
            Feature(
                name="abroad_band_60d",
                aggregate=Aggregate.BAND_COUNT,
                window=TWO_MONTHS,
                has=SENT,
                lacks=NOT_SENT,
                unit="count",
                meaning="sums of one of two sizes between USD 8 and 220",
                limits_usd=SMALL_USD,
            ),
            _sent("abroad_payee_60d", Aggregate.TOP_PAYEE, Mask(0), "who was sent most"),
            Feature(
                name="digital_60d",
                aggregate=Aggregate.COUNT,
                window=TWO_MONTHS,
                has=Mask.OUT | Mask.DIGITAL,
                unit="count",
                meaning="payments for video, games, networks",
            ),
        ),
        conditions=(
            at_least(
                "payments_abroad",
                pl.col("abroad_count_60d"),
                p.least_payments,
                unit="payments abroad",
                family="structure",
                columns=("is_cross_border",),
            ),
            at_least(
                "payees_abroad",
                pl.col("abroad_payees_60d"),
                p.least_payees,
                unit="persons without a tie",
                family="structure",
                columns=("benef_account_id",),
            ),
            share_at_least(
                "equal_share",
                pl.col("abroad_band_60d"),
                pl.col("abroad_count_60d"),
                p.least_band_share,
                family="structure",
                columns=("amount",),
                needs=("usd_rate",),
            ),
            share_at_least(
                "night_share",
                pl.col("abroad_night_60d"),
                pl.col("abroad_count_60d"),
                p.least_night_share,
                family="structure",
                columns=("event_time",),
                coarsest_time=timedelta(hours=1),
            ),
            at_least(
                "digital",
                pl.col("digital_60d"),
                p.least_digital,
                unit="payments for video, games or networks",
                family="keyword",
                columns=("mcc",),
                needs=("merchant_category",),
            ),
        ),
        keyword=named(Concept.COVER, SENT, TWO_MONTHS),
        elements=(
            ElementCeiling(
                offence="child",
                element="purpose",
                facts=("payments_abroad", "payees_abroad", "equal_share"),
                strongest="weak",
                ask_for="platform records; whether the receivers are known from other senders",
            ),
        ),
        exculpations=(),
        cites=Mask.CROSS_BORDER | Mask.DIGITAL,
        is_signal=True,
        link=SignalLink(kind="receiver", feature="abroad_payee_60d"),
        deviation="A signal only: it catches real help for poor families too. One or two sizes of "
        "sums stand for even ones, which differ by currency; looked at over 60 days, where windows "
        "are exact, not 90. A cover story in a text lifts the strength and stands for no "
        "payment to a platform.",
        parameters=p,
    )


def _sent(name: str, aggregate: Aggregate, also: Mask, meaning: str) -> Feature:
    return Feature(
        name=name,
        aggregate=aggregate,
        window=TWO_MONTHS,
        has=SENT | also,
        lacks=NOT_SENT,
        unit="party" if aggregate is Aggregate.TOP_PAYEE else "count",
        meaning=meaning,
    )
