"""Somebody who holds the fees of travellers until they have arrived."""

from dataclasses import dataclass, replace
from datetime import timedelta

import polars as pl

from detectors.conditions import at_least, dear, precondition, share_at_least, triggered
from detectors.typology import (
    COMMON_TESTS,
    ElementCeiling,
    NextStep,
    Parameters,
    Reference,
    Typology,
    parameter,
)
from models.features import AT_ONCE, Aggregate, Arm, Feature
from models.mask import Mask

TWO_MONTHS = timedelta(days=60)
LEAST_RELEASED = 0.9
"""Of a deposit, what is handed on at least: so much follows from the share that is held."""

BETWEEN = Mask.TRANSFER | Mask.PRICED | Mask.COUNTERPARTY_KNOWN
NOT_ENTRUSTED = (
    Mask.OWN_TRANSFER
    | Mask.BANK_LEDGER
    | Mask.DECLARED_RELATED
    | Mask.MERCHANT
    | Mask.OWN_LIFE
    | Mask.SALARY
    | Mask.LOAN
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EscrowReleaseParameters(Parameters):
    least_fee_usd: int = parameter(50, "published: the cheapest crossings")
    largest_fee_usd: int = parameter(20_000, "published: the dearest journeys")
    least_payers: int = parameter(5, "more than one household trusts this guarantor")
    least_held_share: float = parameter(0.7, "holding for others is what the account does most")
    least_few_share: float = parameter(0.8, "one smuggler or a few get it, or it goes back")
    least_release_share: float = parameter(0.6, "what leaves goes to those few")


Settings = EscrowReleaseParameters


def typology(p: EscrowReleaseParameters) -> Typology:
    fees = (int(p.least_fee_usd), int(p.largest_fee_usd))

    def held(name: str, aggregate: Aggregate, meaning: str) -> Feature:
        return replace(_feature(name, aggregate, Mask(0), meaning), limits_usd=fees)

    return Typology(
        id="som-escrow-release",
        version=2,
        title="Fees held for days and handed on to a few",
        severity="high",
        offence="smuggling",
        stage="guarantee",
        looks_like="Several people deposit sums with one account, where each rests untouched for "
        "days and is then handed on, less a commission, to one of a few payees, or goes back.",
        innocent_reasons=(
            "a lawyer, land agent or school that holds deposits",
            "a licensed pawn or transfer shop",
            "a circle of savers (then each is paid in turn)",
        ),
        next_steps=(
            NextStep(
                action="List when each deposit was released, and which were released together",
                field="event_time",
                days_before=60,
            ),
            NextStep(
                action="Ask who the payees are, and what they were paid for",
                field="benef_account_id",
                days_before=60,
                days_after=14,
            ),
            NextStep(
                action="Treat the depositors as families to be protected, not as suspects",
                field="orig_party_id",
                days_before=0,
                days_after=7,
            ),
        ),
        references=(
            Reference(source="Koser 2008: a third party's money-back guarantee", verification="V"),
            Reference(source="FATF, Migrant Smuggling, 2022", verification="V"),
            Reference(source="Reuters 2021: released after the arrival message", verification="V"),
        ),
        window=TWO_MONTHS,
        arms=(
            Arm(
                typology="som-escrow-release",
                has=Mask.OUT | BETWEEN,
                lacks=NOT_ENTRUSTED,
                window=AT_ONCE,
                least=1,
            ),
        ),
        features=(
            _feature("release_trigger", Aggregate.IS_TRIGGER, Mask.OUT, "the trigger is a release"),
            _feature("depositors_60d", Aggregate.DISTINCT_COUNTERPARTIES, Mask.IN, "who paid in"),
            _feature("deposited_60d", Aggregate.SUM, Mask.IN, "paid in by them"),
            _feature("releases_60d", Aggregate.COUNT, Mask.OUT, "transfers to others"),
            _feature("released_60d", Aggregate.SUM, Mask.OUT, "sent to others"),
            _feature(
                "released_three_60d", Aggregate.TOP_THREE_PAYEES_SUM, Mask.OUT, "to three payees"
            ),
            held("held_payers_60d", Aggregate.HELD_PAYERS, "whose deposits were held"),
            held("held_sum_60d", Aggregate.HELD_SUM, "held and handed on"),
            held("held_few_60d", Aggregate.HELD_FEW_SUM, "of it to three payees, or back"),
        ),
        conditions=(
            triggered("release", pl.col("release_trigger"), unit="a transfer to somebody"),
            precondition(
                at_least(
                    "payers_in",
                    pl.col("depositors_60d"),
                    p.least_payers,
                    unit="payers without a tie",
                    family=None,
                    columns=("orig_account_id",),
                )
            ),
            precondition(
                at_least(
                    "releases",
                    pl.col("releases_60d"),
                    p.least_payers,
                    unit="transfers to others",
                    family=None,
                    columns=("benef_account_id",),
                )
            ),
            precondition(
                share_at_least(
                    "handed_on",
                    pl.col("released_60d"),
                    pl.col("deposited_60d"),
                    LEAST_RELEASED * p.least_held_share,
                    family=None,
                    columns=("amount",),
                )
            ),
            share_at_least(
                "release_share",
                pl.col("released_three_60d"),
                pl.col("released_60d"),
                p.least_release_share,
                family="link",
                columns=("benef_account_id",),
            ),
            dear(
                at_least(
                    "held_payers",
                    pl.col("held_payers_60d"),
                    p.least_payers,
                    unit="payers whose deposits were held",
                    family="structure",
                    columns=("orig_account_id", "amount", "event_time"),
                    needs=("usd_rate",),
                )
            ),
            dear(
                share_at_least(
                    "held_share",
                    pl.col("held_sum_60d"),
                    pl.col("deposited_60d"),
                    p.least_held_share,
                    family="structure",
                    columns=("amount", "event_time"),
                    needs=("usd_rate",),
                )
            ),
            dear(
                share_at_least(
                    "few_payees_share",
                    pl.col("held_few_60d"),
                    pl.col("held_sum_60d"),
                    p.least_few_share,
                    family="link",
                    columns=("benef_account_id",),
                    needs=("usd_rate",),
                )
            ),
        ),
        elements=(
            ElementCeiling(
                offence="smuggling",
                element="benefit",
                facts=("held_payers", "held_share"),
                strongest="indicated",
                ask_for="what the deposits were for, the price and the guarantee; messages",
            ),
            ElementCeiling(
                offence="smuggling",
                element="procurement",
                facts=("few_payees_share",),
                strongest="weak",
                ask_for="who travelled, when each arrived, who sent word of it",
            ),
        ),
        exculpations=(*COMMON_TESTS, "ROSCA", "SCHOOL"),
        cites=Mask.TRANSFER,
        is_sufficient=True,
        deviation="Deposits are matched to releases by amount alone: each of 90 to 100 % of one "
        "deposit (95, back to the payer), three to 45 days later. Several handed on in one sum are "
        "not matched. Only deposits of 50 to 20,000 US dollars are fees: small change that comes "
        "and goes would match by chance.",
        parameters=p,
    )


def _feature(name: str, aggregate: Aggregate, also: Mask, meaning: str) -> Feature:
    counts = aggregate in (Aggregate.COUNT, Aggregate.DISTINCT_COUNTERPARTIES)
    return Feature(
        name=name,
        aggregate=aggregate,
        window=TWO_MONTHS,
        has=BETWEEN | also,
        lacks=NOT_ENTRUSTED,
        unit="count" if counts else "minor",
        meaning=meaning,
    )
