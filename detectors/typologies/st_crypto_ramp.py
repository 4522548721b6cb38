"""Strangers' money made crypto within hours."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from detectors.conditions import at_least, share_at_least
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
from models.features import Aggregate, Arm, Feature, Near
from models.mask import Mask

FORTNIGHT = timedelta(days=14)
STRANGER = Mask.IN | Mask.COUNTERPARTY_KNOWN
NOT_STRANGER = (
    Mask.OWN_TRANSFER
    | Mask.BANK_LEDGER
    | Mask.DECLARED_RELATED
    | Mask.SALARY
    | Mask.LOAN
    | Mask.CARD
    | Mask.CRYPTO
)
BOUGHT = Mask.OUT | Mask.CRYPTO
SOON = timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class CryptoRampParameters(Parameters):
    least_conversions: int = parameter(3, "one is chance, two coincidence")
    least_usd: float = parameter(500, "below it somebody tries what he has heard of")
    least_converted_share: float = parameter(0.5, "most of what strangers sent")


Settings = CryptoRampParameters


def typology(p: CryptoRampParameters) -> Typology:
    converted = pl.col("converted_sum_14d")
    return Typology(
        id="st-crypto-ramp",
        version=1,
        title="Strangers' money made crypto within hours",
        severity="low",
        offence="laundering",
        stage="layering",
        looks_like="Again and again an account is paid by people it has no tie to and within six "
        "hours sends the money to an exchange or a seller of crypto currency.",
        innocent_reasons=(
            "a person-to-person trader, who meets strangers by trade",
            "friends who invest together",
        ),
        next_steps=(
            NextStep(
                action="Ask the exchange for the wallets and for who else uses them",
                field="merchant_id",
                days_before=14,
            ),
            NextStep(
                action="Look at who paid in, and whether they were cheated",
                field="orig_account_id",
                days_before=14,
            ),
        ),
        references=(
            Reference(source="FinCEN, Financial Trend Analysis, February 2024", verification="V"),
            Reference(source="FATF, Virtual Assets Red Flags, 2020", verification="Vt"),
        ),
        window=FORTNIGHT,
        arms=(
            Arm(typology="st-crypto-ramp", has=BOUGHT, window=FORTNIGHT, least=p.least_conversions),
        ),
        features=(
            _converted("conversions_14d", Aggregate.COUNT, "count", "purchases soon after credits"),
            _converted("converted_sum_14d", Aggregate.SUM, "minor", "paid for them"),
            Feature(
                name="strangers_sum_14d",
                aggregate=Aggregate.SUM,
                window=FORTNIGHT,
                has=STRANGER,
                lacks=NOT_STRANGER,
                unit="minor",
                meaning="credits of strangers",
            ),
            Feature(
                name="ramp_14d",
                aggregate=Aggregate.TOP_PAYEE,
                window=FORTNIGHT,
                has=BOUGHT,
                unit="party",
                meaning="the seller of crypto currency that got most",
            ),
        ),
        conditions=(
            at_least(
                "conversions",
                pl.col("conversions_14d"),
                p.least_conversions,
                unit="purchases within six hours after a stranger's credit",
                family="structure",
                columns=("event_time", "orig_account_id"),
            ),
            at_least(
                "converted_usd",
                converted,
                p.least_usd,
                times=pl.col("usd_minor"),
                unit="US dollars made crypto",
                family="keyword",
                columns=("txn_type", "mcc"),
                needs=("usd_rate",),
            ),
            share_at_least(
                "converted_share",
                converted,
                pl.col("strangers_sum_14d"),
                p.least_converted_share,
                family="structure",
                columns=("amount",),
                coarsest_time=timedelta(hours=3),
            ),
        ),
        elements=(
            ElementCeiling(
                offence="laundering",
                element="concealment",
                facts=("conversions", "converted_usd", "converted_share"),
                strongest="weak",
                ask_for="wallets, exchange records, complaints of those who paid in",
            ),
        ),
        exculpations=COMMON_TESTS,
        cites=Mask.IN | Mask.CRYPTO,
        is_signal=True,
        link=SignalLink(kind="receiver", feature="ramp_14d"),
        deviation="Wallets are not in the feed: who sells to several such accounts is a party.",
        parameters=p,
    )


def _converted(name: str, aggregate: Aggregate, unit: str, meaning: str) -> Feature:
    return Feature(
        name=name,
        aggregate=aggregate,
        window=FORTNIGHT,
        has=BOUGHT,
        near=Near(has=STRANGER, lacks=NOT_STRANGER, within=SOON),
        unit=unit,
        meaning=meaning,
    )
