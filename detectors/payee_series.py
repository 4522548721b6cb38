"""What one account pays one stranger, payment after payment: shared by those who are pressed."""

from datetime import timedelta

import polars as pl

from detectors.typology import Condition
from models.features import Aggregate, Feature
from models.mask import Mask

HALF_YEAR = timedelta(days=180)
PAYMENT = Mask.OUT | Mask.TRANSFER | Mask.PRICED | Mask.COUNTERPARTY_KNOWN
NOT_STRANGER = (
    Mask.OWN_TRANSFER
    | Mask.BANK_LEDGER
    | Mask.DECLARED_RELATED
    | Mask.MERCHANT
    | Mask.OWN_LIFE
    | Mask.LICENSED
)


def in_series(
    name: str, aggregate: Aggregate, window: timedelta, unit: str, meaning: str
) -> Feature:
    """Over the window's payments to the trigger's payee; nothing explains any of them away."""
    return Feature(
        name=name,
        aggregate=aggregate,
        window=window,
        has=PAYMENT,
        lacks=NOT_STRANGER,
        unit=unit,
        meaning=meaning,
        same_counterparty=True,
    )


def paid_in_half_a_year(name: str, *, history_days: int) -> Feature:
    """How often the payee was paid at all; not testable below `history_days` of history."""
    return Feature(
        name=name,
        aggregate=Aggregate.COUNT,
        window=HALF_YEAR,
        has=PAYMENT,
        unit="count",
        meaning="payments to it in half a year",
        least_history=history_days,
        same_counterparty=True,
    )


def each_larger(count: str, rises: str, least: int, *, grown: pl.Expr | None = None) -> Condition:
    """At least so many payments (column `count`), each larger than the one before (`rises` of
    them), and `grown` where more is asked of their growth."""
    counted = pl.col(count)
    holds = (counted >= least) & (pl.col(rises) + 1 >= counted)
    return Condition(
        name="raised",
        value=counted,
        holds=holds if grown is None else holds & grown,
        excess=(counted - least) / least,
        screens=((count, None, least, True),),
        threshold=least,
        unit="payments, each larger",
        family="structure",
        columns=("amount",),
        needs=(),
    )
