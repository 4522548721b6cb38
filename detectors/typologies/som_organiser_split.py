"""Somebody who pays helpers fixed shares of what collectors send."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from detectors.conditions import (
    at_least,
    dear,
    precondition,
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
    Typology,
    parameter,
)
from models.features import AT_ONCE, Aggregate, Arm, Feature
from models.mask import Mask

TWO_MONTHS = timedelta(days=60)
TAKE = Mask.IN | Mask.PRICED | Mask.COUNTERPARTY_KNOWN
PAY = Mask.OUT | Mask.TRANSFER | Mask.PRICED | Mask.COUNTERPARTY_KNOWN
NOT_STRANGER = Mask.OWN_TRANSFER | Mask.BANK_LEDGER | Mask.DECLARED_RELATED | Mask.MERCHANT
NOT_TAKE = NOT_STRANGER | Mask.SALARY | Mask.LOAN | Mask.CARD
NOT_PAY = NOT_STRANGER | Mask.SALARY | Mask.LOAN | Mask.OWN_LIFE


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganiserSplitParameters(Parameters):
    least_taken_usd: float = parameter(2_000, "ten crossings at the usual price")
    least_source_share: float = parameter(0.7, "one collector or a few, not customers")
    least_helpers: int = parameter(4, "driver, guide, host and boatman: more than one household")
    least_shared: float = parameter(0.3, "published: about half goes to intermediaries")
    least_steady_share: float = parameter(0.7, "those helpers get most of what is paid")
    largest_shared: float = parameter(0.7, "above it somebody passes on wages")
    largest_handed_on: float = parameter(
        0.5, "a leader hands each payment of wages on; an organiser keeps a half of each receipt"
    )


Settings = OrganiserSplitParameters


def typology(p: OrganiserSplitParameters) -> Typology:
    taken, from_few = pl.col("taken_60d"), pl.col("taken_three_60d")
    return Typology(
        id="som-organiser-split",
        version=3,
        title="Fixed shares paid to helpers, group after group",
        severity="high",
        offence="smuggling",
        stage="organisation",
        looks_like="An account is paid by one or a few senders, and after each receipt pays the "
        "same several people the same sums, together about half of it; the rest stays.",
        innocent_reasons=(
            "a haulier or tour firm that pays its drivers",
            "a foreman who passes wages on (then nearly all goes out)",
            "a family firm that pays itself",
        ),
        next_steps=(
            NextStep(
                action="Draw the table of shares, group by group, beside border activity",
                field="event_time",
                days_before=60,
            ),
            NextStep(
                action="Ask what each payee does: drives, guides, lets rooms, stamps papers",
                field="benef_account_id",
                days_before=60,
            ),
            NextStep(
                action="Follow the senders back to who paid them",
                field="orig_account_id",
                days_before=60,
            ),
        ),
        references=(
            Reference(source="Koser 2008: about half went to intermediaries", verification="V"),
            Reference(source="FATF, Migrant Smuggling, 2022", verification="Vt"),
        ),
        window=TWO_MONTHS,
        arms=(
            Arm(typology="som-organiser-split", has=PAY, lacks=NOT_PAY, window=AT_ONCE, least=1),
        ),
        features=(
            _paid("share_trigger", Aggregate.IS_TRIGGER, "the trigger pays somebody"),
            _paid("helped_60d", Aggregate.DISTINCT_COUNTERPARTIES, "persons paid"),
            _paid("steady_helpers_60d", Aggregate.STEADY_COUNTERPARTIES, "persons paid evenly"),
            _paid("paid_sum_60d", Aggregate.SUM, "paid to anybody"),
            _paid("steady_sum_60d", Aggregate.STEADY_SUM, "paid to those"),
            _taken("taken_60d", Aggregate.SUM, "what came in from others"),
            _taken("taken_three_60d", Aggregate.TOP_THREE_PAYEES_SUM, "of it from three senders"),
            _both("handed_on_60d", Aggregate.HANDED_ON_SUM, "receipts handed on nearly whole"),
            _both("touched_60d", Aggregate.TOUCHED_SUM, "receipts from which others were paid"),
        ),
        conditions=(
            triggered("share", pl.col("share_trigger"), unit="a payment to somebody"),
            precondition(
                at_least(
                    "paid_persons",
                    pl.col("helped_60d"),
                    p.least_helpers,
                    unit="persons paid",
                    family=None,
                    columns=("benef_account_id",),
                )
            ),
            share_at_least(
                "source_share",
                from_few,
                taken,
                p.least_source_share,
                family="link",
                columns=("orig_account_id",),
            ),
            at_least(
                "taken_usd",
                taken,
                p.least_taken_usd,
                times=pl.col("usd_minor"),
                unit="US dollars taken",
                family="structure",
                columns=("amount",),
                needs=("usd_rate",),
            ),
            dear(
                at_least(
                    "helpers",
                    pl.col("steady_helpers_60d"),
                    p.least_helpers,
                    unit="persons paid an even sum on three days or more",
                    family="link",
                    columns=("benef_account_id", "amount"),
                )
            ),
            dear(
                share_at_least(
                    "shared",
                    pl.col("steady_sum_60d"),
                    from_few,
                    p.least_shared,
                    family="structure",
                    columns=("amount",),
                )
            ),
            dear(
                share_at_least(
                    "steady_share",
                    pl.col("steady_sum_60d"),
                    pl.col("paid_sum_60d"),
                    p.least_steady_share,
                    family=None,
                    columns=("benef_account_id", "amount"),
                )
            ),
            precondition(
                share_at_least(
                    "shared_at_least",
                    pl.col("paid_sum_60d"),
                    taken,
                    p.least_shared * p.least_source_share,
                    family=None,
                    columns=("amount",),
                )
            ),
            precondition(
                share_at_most(
                    "shared_at_most",
                    pl.col("paid_sum_60d"),
                    from_few,
                    p.largest_shared,
                    family=None,
                    columns=("amount",),
                )
            ),
            precondition(
                dear(
                    share_at_most(
                        "handed_on_share",
                        pl.col("handed_on_60d"),
                        pl.col("touched_60d"),
                        p.largest_handed_on,
                        family=None,
                        columns=("event_time", "amount"),
                        is_core=False,
                    )
                )
            ),
        ),
        elements=(
            ElementCeiling(
                offence="smuggling",
                element="benefit",
                facts=("taken_usd", "shared"),
                strongest="indicated",
                ask_for="what the senders collected for, what the organiser kept and bought",
            ),
            ElementCeiling(
                offence="smuggling",
                element="procurement",
                facts=("helpers",),
                strongest="weak",
                ask_for="what each helper did for it: vehicles, boats, rooms, papers",
            ),
        ),
        exculpations=COMMON_TESTS,
        cites=Mask.TRANSFER,
        is_sufficient=True,
        deviation="That a sender collects fees is not asked: few senders stand for it, and its own "
        "alert joins the case. Groups are days: each helper is paid on three or more. Shares are "
        "of what the three largest senders sent, not of all that came in: a harvest leader who "
        "passes wages on would seem to keep half of it beside the crops he sells himself. For the "
        "same reason each receipt is looked at: of those from which others were paid within a day, "
        "at most half may have been handed on by 80 % or more.",
        parameters=p,
    )


def _paid(name: str, aggregate: Aggregate, meaning: str) -> Feature:
    return _feature(name, aggregate, PAY, NOT_PAY, meaning)


def _taken(name: str, aggregate: Aggregate, meaning: str) -> Feature:
    return _feature(name, aggregate, TAKE, NOT_TAKE, meaning)


def _both(name: str, aggregate: Aggregate, meaning: str) -> Feature:
    either = Mask.PRICED | Mask.COUNTERPARTY_KNOWN
    return _feature(name, aggregate, either, NOT_TAKE | NOT_PAY, meaning)


def _feature(name: str, aggregate: Aggregate, has: Mask, lacks: Mask, meaning: str) -> Feature:
    sums = (
        Aggregate.SUM,
        Aggregate.STEADY_SUM,
        Aggregate.TOP_THREE_PAYEES_SUM,
        Aggregate.HANDED_ON_SUM,
        Aggregate.TOUCHED_SUM,
    )
    return Feature(
        name=name,
        aggregate=aggregate,
        window=TWO_MONTHS,
        has=has,
        lacks=lacks,
        unit="minor" if aggregate in sums else "count",
        meaning=meaning,
    )
