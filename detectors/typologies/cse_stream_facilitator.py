"""Small sums of many senders abroad, by night, drawn at once."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from detectors.conditions import at_least, at_most, precondition, share_at_least
from detectors.typology import (
    ElementCeiling,
    NextStep,
    Parameters,
    Reference,
    Typology,
    parameter,
)
from models.features import Aggregate, Arm, Feature, Near
from models.mask import Mask

TWO_MONTHS = timedelta(days=60)
SENT = Mask.IN | Mask.CROSS_BORDER | Mask.COUNTERPARTY_KNOWN
NOT_SENT = (
    Mask.OWN_TRANSFER
    | Mask.BANK_LEDGER
    | Mask.DECLARED_RELATED
    | Mask.CARD
    | Mask.SALARY
    | Mask.LOAN
    | Mask.MERCHANT
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamFacilitatorParameters(Parameters):
    least_senders: int = parameter(6, "family abroad is one to three senders")
    least_countries: int = parameter(3, "clients from anywhere, not a diaspora")
    least_median_usd: float = parameter(8, "published: from EUR 10 or AUD 10")
    largest_median_usd: float = parameter(220, "published: to EUR 200")
    least_night_share: float = parameter(0.4, "the senders' evening, not this country's day")
    least_cash_share: float = parameter(0.3, "drawn within six hours of a payment")
    least_share_of_cash: float = parameter(
        0.2, "who draws cash all day for a trade draws some within six hours of anything"
    )


Settings = StreamFacilitatorParameters


def typology(p: StreamFacilitatorParameters) -> Typology:
    senders, usd = pl.col("senders_60d"), pl.col("usd_minor")
    return Typology(
        id="cse-stream-facilitator",
        version=3,
        title="Small sums of many senders abroad, by night, drawn at once",
        severity="urgent",
        offence="child",
        stage="exploitation",
        looks_like="Within two months an account gets small sums from people in several countries "
        "who have no tie to it, much of them by night, and draws cash within hours.",
        innocent_reasons=(
            "an online tutor or freelancer (by day, one platform, no cash)",
            "a guide or guesthouse that takes deposits of tourists",
            "an orphanage or church (the alert says if it stands in a register)",
        ),
        next_steps=(
            NextStep(
                action="Give the senders' list to the police unit for crimes against children, "
                "first and alone",
                field="orig_account_id",
                days_before=60,
            ),
            NextStep(
                action="Ask which children live at the address, before anybody is warned",
                field="benef_party_id",
                days_before=0,
                days_after=2,
            ),
            NextStep(
                action="Match the times of payments to log-ins, telephones and machines",
                field="event_time",
                days_before=60,
            ),
        ),
        references=(
            Reference(source="FATF, Online Child Sexual Exploitation, 2025", verification="V"),
            Reference(source="AUSTRAC / Fintel Alliance 2022: common receivers", verification="V"),
            Reference(source="Egmont Group 2020", verification="Vt"),
        ),
        window=TWO_MONTHS,
        arms=(
            Arm(
                typology="cse-stream-facilitator",
                has=SENT,
                lacks=NOT_SENT,
                window=TWO_MONTHS,
                least=p.least_senders,
            ),
        ),
        features=(
            _sent("senders_60d", Aggregate.DISTINCT_COUNTERPARTIES, Mask(0), "senders abroad"),
            _sent(
                "sender_countries_60d",
                Aggregate.DISTINCT_COUNTERPARTY_REGIONS,
                Mask.COUNTERPARTY_LOCATED,
                "where they are",
            ),
            _sent("sent_count_60d", Aggregate.COUNT, Mask(0), "their payments"),
            _sent("sent_sum_60d", Aggregate.SUM, Mask(0), "what they sent"),
            _sent("sent_night_60d", Aggregate.COUNT, Mask.NIGHT, "of them by night"),
            _sent("sent_median_60d", Aggregate.MEDIAN, Mask.PRICED, "the usual sum"),
            Feature(
                name="cash_soon_60d",
                aggregate=Aggregate.SUM,
                window=TWO_MONTHS,
                has=Mask.OUT | Mask.CASH,
                near=Near(has=SENT, lacks=NOT_SENT, within=timedelta(hours=6)),
                unit="minor",
                meaning="cash drawn within six hours after one of them",
            ),
            Feature(
                name="cash_drawn_60d",
                aggregate=Aggregate.SUM,
                window=TWO_MONTHS,
                has=Mask.OUT | Mask.CASH,
                unit="minor",
                meaning="all cash drawn",
            ),
        ),
        conditions=(
            at_least(
                "senders",
                senders,
                p.least_senders,
                unit="senders abroad without a tie",
                family="structure",
                columns=("orig_account_id",),
            ),
            at_least(
                "sender_countries",
                pl.col("sender_countries_60d"),
                p.least_countries,
                unit="countries",
                family="movement",
                columns=("orig_country",),
                needs=("counterparty_region",),
            ),
            precondition(
                at_least(
                    "least_median_usd",
                    pl.col("sent_median_60d"),
                    p.least_median_usd,
                    times=usd,
                    unit="US dollars",
                    family=None,
                    columns=("amount",),
                    needs=("usd_rate",),
                )
            ),
            at_most(
                "median_usd",
                pl.col("sent_median_60d"),
                p.largest_median_usd,
                times=usd,
                unit="US dollars",
                family="structure",
                columns=("amount",),
                needs=("usd_rate",),
            ),
            share_at_least(
                "night_share",
                pl.col("sent_night_60d"),
                pl.col("sent_count_60d"),
                p.least_night_share,
                family="structure",
                columns=("event_time",),
                coarsest_time=timedelta(hours=1),
            ),
            share_at_least(
                "cash_soon_share",
                pl.col("cash_soon_60d"),
                pl.col("sent_sum_60d"),
                p.least_cash_share,
                family="structure",
                columns=("amount", "event_time"),
                coarsest_time=timedelta(hours=3),
            ),
            precondition(
                share_at_least(
                    "cash_of_theirs",
                    pl.col("cash_soon_60d"),
                    pl.col("cash_drawn_60d"),
                    p.least_share_of_cash,
                    family="structure",
                    columns=("amount", "event_time"),
                    coarsest_time=timedelta(hours=3),
                )
            ),
        ),
        elements=(
            ElementCeiling(
                offence="child",
                element="act",
                facts=("senders", "sender_countries"),
                strongest="weak",
                ask_for="platform accounts, devices, who is in the house",
            ),
            ElementCeiling(
                offence="child",
                element="purpose",
                facts=("senders", "median_usd", "night_share"),
                strongest="weak",
                ask_for="what was shown for the payments: platform records, images",
            ),
        ),
        exculpations=(),
        cites=Mask.IN | Mask.CASH,
        deviation="That senders are scored elsewhere is not asked: they bank abroad. Night and "
        "cash within six hours carry the precision. Looked at over 60 days, where windows are "
        "exact, not 90. Nothing clears it: a register shows whom to ask, not what happens there. "
        "It is urgent as all that children suffer from is: abuse is shown while it happens.",
        parameters=p,
    )


def _sent(name: str, aggregate: Aggregate, also: Mask, meaning: str) -> Feature:
    sums = (Aggregate.SUM, Aggregate.MEDIAN)
    return Feature(
        name=name,
        aggregate=aggregate,
        window=TWO_MONTHS,
        has=SENT | also,
        lacks=NOT_SENT,
        unit="minor" if aggregate in sums else "count",
        meaning=meaning,
    )
