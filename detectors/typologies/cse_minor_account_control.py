"""The account of a child that somebody else uses."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from detectors.conditions import at_least, share, share_at_least
from detectors.typology import (
    ElementCeiling,
    NextStep,
    Parameters,
    Reference,
    Typology,
    Weight,
    parameter,
)
from models.features import Aggregate, Arm, Feature, Near
from models.mask import Mask

MONTH = timedelta(days=30)
WEEK = timedelta(days=7)
CREDIT = Mask.IN | Mask.COUNTERPARTY_KNOWN | Mask.HOLDER_MINOR
NOT_STRANGER = (
    Mask.OWN_TRANSFER | Mask.BANK_LEDGER | Mask.DECLARED_RELATED | Mask.SALARY | Mask.LOAN
)


FOREIGN = Mask.OUT | Mask.FOREIGN_DEVICE
AFTER_A_STRANGER = Near(has=CREDIT, lacks=NOT_STRANGER, within=WEEK)


@dataclass(frozen=True, slots=True, kw_only=True)
class MinorControlParameters(Parameters):
    least_strangers: int = parameter(6, "family and a few friends are fewer")
    least_usd: float = parameter(300, "far beyond pocket money")
    least_passed_on: float = parameter(
        0.5, "of what strangers paid in the week before; what came last may still be on its way"
    )


Settings = MinorControlParameters


def typology(p: MinorControlParameters) -> Typology:
    return Typology(
        id="cse-minor-account-control",
        version=3,
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
            _paid("minor_strangers_30d", Aggregate.DISTINCT_COUNTERPARTIES, "payers of a child"),
            _paid("minor_credits_30d", Aggregate.SUM, "what they paid"),
            _moved("minor_passed_on_30d", FOREIGN, near=AFTER_A_STRANGER),
            _moved("minor_foreign_30d", FOREIGN),
            _moved("minor_out_30d", Mask.OUT),
        ),
        conditions=(
            at_least(
                "strangers",
                pl.col("minor_strangers_30d"),
                p.least_strangers,
                unit="payers",
                family="structure",
                columns=("orig_account_id",),
                needs=("customers.minors", "device", "customers.devices"),
            ),
            at_least(
                "credits_usd",
                pl.col("minor_credits_30d"),
                p.least_usd,
                times=pl.col("usd_minor"),
                unit="US dollars from them",
                family="structure",
                columns=("amount",),
                needs=("usd_rate", "device", "customers.devices"),
            ),
            share_at_least(
                "passed_on",
                pl.col("minor_passed_on_30d"),
                pl.col("minor_credits_30d"),
                p.least_passed_on,
                family="link",
                columns=("device_hash",),
                needs=("device", "customers.devices"),
            ),
        ),
        weight=Weight(
            name="foreign_device_share",
            value=share(pl.col("minor_foreign_30d"), pl.col("minor_out_30d")),
            unit="share",
            columns=("device_hash",),
            needs=("device", "customers.devices"),
        ),
        elements=(
            ElementCeiling(
                offence="child",
                element="purpose",
                facts=("strangers", "passed_on"),
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
        "What passes through and by whose device is asked of the strangers' money alone, that "
        "which another device moves on within a week, and half of it is enough, not 80 % and 70 % "
        "of the whole account: what the child lives on beside it says nothing of who uses the "
        "account, and kept the alert for weeks.",
        parameters=p,
    )


def _paid(name: str, aggregate: Aggregate, meaning: str) -> Feature:
    """Of strangers' credits those that a foreign device moves something out after."""
    return Feature(
        name=name,
        aggregate=aggregate,
        window=MONTH,
        has=CREDIT,
        lacks=NOT_STRANGER,
        near=Near(has=FOREIGN, within=WEEK, before=False, after=True),
        unit="minor" if aggregate is Aggregate.SUM else "count",
        meaning=f"{meaning}, within a week before another's device moved money out",
    )


def _moved(name: str, has: Mask, *, near: Near | None = None) -> Feature:
    return Feature(
        name=name,
        aggregate=Aggregate.SUM,
        window=MONTH,
        has=has,
        near=near,
        unit="minor",
        meaning="what went out" if near is None else "what went out within a week after them",
    )
