"""Many pay in, many others are paid out, and the difference is settled abroad."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from detectors.conditions import (
    at_least,
    dear,
    passes_through,
    share_at_least,
    share_at_most,
    triggered,
)
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
from models.features import AT_ONCE, Aggregate, Arm, Feature
from models.mask import Mask

MONTH = timedelta(days=30)
BETWEEN = Mask.TRANSFER | Mask.COUNTERPARTY_KNOWN
NOT_CLIENT = (
    Mask.OWN_TRANSFER | Mask.BANK_LEDGER | Mask.MERCHANT | Mask.OWN_LIFE | Mask.SALARY | Mask.LOAN
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HawalaParameters(Parameters):
    least_clients: int = parameter(30, "a village's one trusted person serves fewer")
    largest_both_share: float = parameter(0.1, "who pays in is not who is paid out")
    least_settled_share: float = parameter(0.2, "set-off leaves a balance that a partner gets")
    least_passed_through: float = parameter(0.9, "what stays is a commission")


Settings = HawalaParameters


def typology(p: HawalaParameters) -> Typology:
    return Typology(
        id="st-hawala-cluster",
        version=1,
        title="Value moved for many, settled abroad",
        severity="low",
        offence="laundering",
        stage="layering",
        looks_like="Within a month dozens of people pay an account, dozens of others are paid by "
        "it, and a few partners abroad are sent the balance; it stands in no register.",
        innocent_reasons=(
            "a licensed transfer agent (the register tells)",
            "a village's trusted person who brings wages home: a matter for supervision, not a "
            "suspicion of smuggling",
        ),
        next_steps=(
            NextStep(
                action="Look only if another alert points here: most who use it send wages home",
                field="benef_account_id",
                days_before=30,
            ),
            NextStep(
                action="Ask the supervisor whether a licence is asked for or held",
                field="orig_party_id",
                days_before=0,
            ),
        ),
        references=(
            Reference(source="FATF, Migrant Smuggling, 2022: hawala", verification="V"),
            Reference(source="UNODC, Casinos and Underground Banking, 2024", verification="Vt"),
        ),
        window=MONTH,
        arms=(
            Arm(
                typology="st-hawala-cluster",
                has=Mask.OUT | BETWEEN,
                lacks=NOT_CLIENT,
                window=AT_ONCE,
                least=1,
            ),
        ),
        features=(
            _feature("payout_trigger", Aggregate.IS_TRIGGER, Mask.OUT, "the trigger pays out"),
            _feature("clients_30d", Aggregate.DISTINCT_COUNTERPARTIES, Mask.IN, "who paid in"),
            _feature("payees_30d", Aggregate.DISTINCT_COUNTERPARTIES, Mask.OUT, "who was paid"),
            _feature("clients_sum_30d", Aggregate.SUM, Mask.IN, "what they paid in"),
            _feature("payees_sum_30d", Aggregate.SUM, Mask.OUT, "what was paid out"),
            _feature("both_30d", Aggregate.BOTH_WAYS, Mask(0), "who did both"),
            _feature(
                "settled_30d",
                Aggregate.TOP_THREE_PAYEES_SUM,
                Mask.OUT | Mask.CROSS_BORDER,
                "sent to three partners abroad",
            ),
            _feature("partner_30d", Aggregate.TOP_PAYEE, Mask.OUT, "the payee that got most"),
        ),
        conditions=(
            triggered("payout", pl.col("payout_trigger"), unit="a payment to somebody"),
            at_least(
                "clients",
                pl.col("clients_30d"),
                p.least_clients,
                unit="persons who paid in",
                family="structure",
                columns=("orig_account_id",),
            ),
            at_least(
                "paid_persons",
                pl.col("payees_30d"),
                p.least_clients,
                unit="persons paid",
                family="structure",
                columns=("benef_account_id",),
            ),
            passes_through("clients_sum_30d", "payees_sum_30d", p.least_passed_through),
            dear(
                share_at_most(
                    "both_ways_share",
                    pl.col("both_30d"),
                    pl.col("payees_30d"),
                    p.largest_both_share,
                    family="structure",
                    columns=("orig_account_id", "benef_account_id"),
                )
            ),
            dear(
                share_at_least(
                    "settled_share",
                    pl.col("settled_30d"),
                    pl.col("payees_sum_30d"),
                    p.least_settled_share,
                    family="structure",
                    columns=("amount", "benef_country"),
                )
            ),
        ),
        elements=(
            ElementCeiling(
                offence="laundering",
                element="concealment",
                facts=("clients", "paid_persons", "settled_share"),
                strongest="weak",
                ask_for="books of set-off, rates used, partners abroad",
            ),
        ),
        exculpations=COMMON_TESTS,
        cites=Mask.TRANSFER,
        is_signal=True,
        link=SignalLink(kind="receiver", feature="partner_30d"),
        deviation="Mirror pairs and daily balances are not asked: a settlement abroad of a fifth "
        "of what goes out, to three partners at most, stands for them. A signal only: most who use "
        "such channels send wages home.",
        parameters=p,
    )


def _feature(name: str, aggregate: Aggregate, also: Mask, meaning: str) -> Feature:
    sums = (Aggregate.SUM, Aggregate.TOP_THREE_PAYEES_SUM)
    return Feature(
        name=name,
        aggregate=aggregate,
        window=MONTH,
        has=BETWEEN | also,
        lacks=NOT_CLIENT,
        unit="minor" if aggregate in sums else "count",
        meaning=meaning,
    )
