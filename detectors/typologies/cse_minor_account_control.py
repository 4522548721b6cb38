"""The account of a child that somebody else uses."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from detectors.conditions import at_least, share_at_least
from detectors.typology import (
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
CREDIT = Mask.IN | Mask.COUNTERPARTY_KNOWN | Mask.HOLDER_MINOR
NOT_STRANGER = (
    Mask.OWN_TRANSFER | Mask.BANK_LEDGER | Mask.DECLARED_RELATED | Mask.SALARY | Mask.LOAN
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MinorControlParameters(Parameters):
    least_strangers: int = parameter(6, "family and a few friends are fewer")
    least_usd: float = parameter(300, "far beyond pocket money")
    least_passed_on: float = parameter(
        0.5, "of what strangers paid; what came in the last day may still be on its way"
    )
    least_foreign_share: float = parameter(
        0.5, "somebody else's telephone moves most of what leaves"
    )


Settings = MinorControlParameters


def typology(p: MinorControlParameters) -> Typology:
    return Typology(
        id="cse-minor-account-control",
        version=2,
        title="A child's account used by somebody else",
        severity="urgent",
        offence="child",
        stage="control",
        looks_like="Many strangers pay into the account of a child, and it is moved on from a "
        "device that is not the child's.",
        innocent_reasons=(
            "a child who sells online with a parent's telephone (declared as related, or "
            "registered for the child)",
            "a collection for a sick child",
            "a school or club that uses a pupil's account",
        ),
        next_steps=(
            NextStep(
                action="Hand to the child protection unit before anybody is contacted: the family "
                "may be involved",
                field="benef_party_id",
                days_before=0,
                days_after=1,
            ),
            NextStep(
                action="Find whose device it is and which other accounts it moves",
                field="device_hash",
                days_before=90,
            ),
        ),
        references=(
            Reference(source="FINTRAC 2020-OA001 and 2021-OA001", verification="Vt"),
            Reference(source="FATF, Online Child Sexual Exploitation, 2025", verification="V"),
        ),
        window=MONTH,
        arms=(
            Arm(
                typology="cse-minor-account-control",
                has=CREDIT,
                lacks=NOT_STRANGER,
                window=MONTH,
                least=p.least_strangers,
            ),
        ),
        features=(
            _feature("minor_strangers_30d", Aggregate.DISTINCT_COUNTERPARTIES, CREDIT, "count"),
            _feature("minor_credits_30d", Aggregate.SUM, CREDIT, "minor"),
            _all("minor_out_30d", Mask.OUT, "all that went out"),
            _all(
                "minor_foreign_30d",
                Mask.OUT | Mask.FOREIGN_DEVICE,
                "moved out on a device that is not the holder's",
            ),
        ),
        conditions=(
            at_least(
                "strangers",
                pl.col("minor_strangers_30d"),
                p.least_strangers,
                unit="payers",
                family="structure",
                columns=("orig_account_id",),
                needs=("customers.minors",),
            ),
            at_least(
                "credits_usd",
                pl.col("minor_credits_30d"),
                p.least_usd,
                times=pl.col("usd_minor"),
                unit="US dollars from them",
                family="structure",
                columns=("amount",),
                needs=("usd_rate",),
            ),
            share_at_least(
                "passed_on",
                pl.col("minor_foreign_30d"),
                pl.col("minor_credits_30d"),
                p.least_passed_on,
                family="structure",
                columns=("amount",),
                needs=("device", "customers.devices"),
            ),
            share_at_least(
                "foreign_device_share",
                pl.col("minor_foreign_30d"),
                pl.col("minor_out_30d"),
                p.least_foreign_share,
                family="link",
                columns=("device_hash",),
                needs=("device", "customers.devices"),
            ),
        ),
        elements=(
            ElementCeiling(
                offence="child",
                element="purpose",
                facts=("strangers", "foreign_device_share"),
                strongest="weak",
                ask_for="who uses the account and what the strangers paid for; only through child "
                "protection",
            ),
        ),
        exculpations=(),
        cites=Mask.IN | Mask.OUT,
        is_child_rule=True,
        deviation="That the holder is under 18 is asked for protection alone: whatever is found, "
        "the holder can only be a possible victim. Hours and borders are left to the next steps. "
        "Half of what strangers paid must leave from the other device, and half of all that "
        "leaves, not 80 % and 70 %: the child's own life beside it would keep the alert for weeks.",
        parameters=p,
    )


def _feature(name: str, aggregate: Aggregate, has: Mask, unit: str) -> Feature:
    return Feature(
        name=name,
        aggregate=aggregate,
        window=MONTH,
        has=has,
        lacks=NOT_STRANGER,
        unit=unit,
        meaning="payers of a child" if unit == "count" else "what they paid",
    )


def _all(name: str, has: Mask, meaning: str) -> Feature:
    return Feature(
        name=name,
        aggregate=Aggregate.SUM,
        window=MONTH,
        has=has,
        unit="minor",
        meaning=meaning,
    )
