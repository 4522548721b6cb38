"""A new account used on one device for one payer: the feeder of fl-shared-contact-cluster."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from detectors.conditions import at_least, precondition, share_at_least
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
from models.features import Aggregate, Arm, Feature
from models.mask import Mask

MONTH = timedelta(days=30)
SENT = Mask.OUT | Mask.DEVICE_KNOWN | Mask.NEW_ACCOUNT


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccountUsedParameters(Parameters):
    least_sent: int = parameter(3, "used, not only opened")
    least_device_share: float = parameter(0.7, "of what was sent: one hand")
    least_payer_share: float = parameter(0.5, "lived by one source, not by a life of its own")


Settings = NewAccountUsedParameters


def typology(p: NewAccountUsedParameters) -> Typology:
    return Typology(
        id="fl-new-account-used",
        version=1,
        title="A new account used on one device for one payer",
        severity="low",
        offence="trafficking",
        stage="control",
        looks_like="An account opened less than 90 days ago is used on one device, and most of "
        "what comes in is from one payer.",
        innocent_reasons=("a first job", "a student on an allowance"),
        next_steps=(
            NextStep(
                action="Ask who opened the account with the holder, and whose number was given",
                field="orig_party_id",
                days_before=90,
            ),
            NextStep(
                action="List the accounts used on the same device",
                field="device_hash",
                days_before=30,
            ),
        ),
        references=(
            Reference(source="FINTRAC 2016 and 2021: shared address or number", verification="Vt"),
            Reference(source="FinCEN FIN-2020-A008", verification="Vt"),
        ),
        window=MONTH,
        arms=(Arm(typology="fl-new-account-used", has=SENT, window=MONTH, least=p.least_sent),),
        features=(
            _feature("new_sent_30d", Aggregate.COUNT, SENT, "sent while the account was new"),
            _feature(
                "device_sum_30d",
                Aggregate.TOP_DEVICE_SUM,
                Mask.OUT | Mask.DEVICE_KNOWN,
                "sent with the device used most",
            ),
            _feature("sent_sum_30d", Aggregate.SUM, Mask.OUT, "all that went out"),
            _feature(
                "payer_sum_30d",
                Aggregate.TOP_PAYEE_SUM,
                Mask.IN | Mask.COUNTERPARTY_KNOWN,
                "from the payer who sent most",
            ),
            _feature("came_sum_30d", Aggregate.SUM, Mask.IN, "all that came in"),
        ),
        conditions=(
            precondition(
                at_least(
                    "sent_when_new",
                    pl.col("new_sent_30d"),
                    p.least_sent,
                    unit="payments while the account was new",
                    family=None,
                    columns=("accounts.opened",),
                    needs=("accounts.opened", "device"),
                )
            ),
            share_at_least(
                "one_device_share",
                pl.col("device_sum_30d"),
                pl.col("sent_sum_30d"),
                p.least_device_share,
                family="link",
                columns=("device_hash",),
                needs=("device",),
            ),
            share_at_least(
                "one_payer_share",
                pl.col("payer_sum_30d"),
                pl.col("came_sum_30d"),
                p.least_payer_share,
                family="structure",
                columns=("orig_account_id", "amount"),
            ),
        ),
        elements=(
            ElementCeiling(
                offence="trafficking",
                element="means",
                facts=("one_device_share",),
                strongest="weak",
                ask_for="who holds the telephone and the codes",
            ),
        ),
        exculpations=(*COMMON_TESTS, "SCHOOL"),
        cites=Mask.IN | Mask.OUT,
        is_signal=True,
        link=SignalLink(kind="contact", feature=None),
        deviation="Log-ins are not in the feed: payments sent with a device stand for them.",
        parameters=p,
    )


def _feature(name: str, aggregate: Aggregate, has: Mask, meaning: str) -> Feature:
    return Feature(
        name=name,
        aggregate=aggregate,
        window=MONTH,
        has=has,
        unit="count" if aggregate is Aggregate.COUNT else "minor",
        meaning=meaning,
    )
