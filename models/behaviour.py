"""How an account behaves in thirty days: the columns the isolation forest looks at.

None of them rests on who the holder is (nationality, religion, sex, language, name, age), only on
what the account does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from ingest.currency import minor_units
from ingest.lexicon import Concept
from models.features import Aggregate, Feature
from models.mask import Mask
from models.movement import CONCEPT_BITS

Unit = Literal["minor", "count", "share", "hours"]
WINDOW = timedelta(days=30)
HOUR_MICROSECONDS = 3_600_000_000


def _feature(name: str, aggregate: Aggregate, has: Mask, unit: str, meaning: str) -> Feature:
    return Feature(
        name=f"usual_{name}",
        aggregate=aggregate,
        window=WINDOW,
        has=has,
        unit=unit,
        meaning=f"{meaning} in 30 days",
    )


FEATURES: tuple[Feature, ...] = (
    _feature("in_sum", Aggregate.SUM, Mask.IN, "minor", "money that came in"),
    _feature("out_sum", Aggregate.SUM, Mask.OUT, "minor", "money that went out"),
    _feature("in_count", Aggregate.COUNT, Mask.IN, "count", "movements in"),
    _feature("out_count", Aggregate.COUNT, Mask.OUT, "count", "movements out"),
    _feature("payers", Aggregate.DISTINCT_COUNTERPARTIES, Mask.IN, "count", "different payers"),
    _feature("payees", Aggregate.DISTINCT_COUNTERPARTIES, Mask.OUT, "count", "different payees"),
    _feature(
        "known_payers",
        Aggregate.REPEAT_COUNTERPARTIES,
        Mask.IN,
        "count",
        "payers who paid three times in half a year",
    ),
    _feature("cash_sum", Aggregate.SUM, Mask.CASH, "minor", "cash in and out"),
    _feature("abroad_sum", Aggregate.SUM, Mask.CROSS_BORDER, "minor", "money across a border"),
    _feature("night_count", Aggregate.COUNT, Mask.NIGHT, "count", "movements at night"),
    _feature("regions", Aggregate.DISTINCT_REGIONS, Mask.LOCATED, "count", "subdivisions used"),
    _feature("median_in", Aggregate.MEDIAN, Mask.IN, "minor", "middle amount in"),
    _feature("dwell", Aggregate.DWELL_MEDIAN, Mask(0), "microseconds", "time money stayed"),
    _feature("top_payee_sum", Aggregate.TOP_PAYEE_SUM, Mask.OUT, "minor", "paid to one party"),
    _feature("own_life_sum", Aggregate.SUM, Mask.OWN_LIFE, "minor", "spent on daily life"),
)
"""What the profiles must compute, account scope; one column each, null where not testable."""


NAMING: Mapping[Concept, Feature] = {
    concept: _feature(
        f"{concept.name}_named".lower(), Aggregate.COUNT, bit, "count", "payments that name it"
    )
    for concept, bit in CONCEPT_BITS.items()
}
"""What training looks at besides: how many accounts have a text that names a concept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trait:
    """A column of the matrix, made from FEATURES columns.

    neutral: the value of an account of which this cannot be said (no money in, no times of day).
    It is the same in training and in use, so a feed without the column never looks strange.
    """

    name: str
    words: str
    unit: Unit
    value: pl.Expr
    neutral: float


def _column(name: str) -> pl.Expr:
    return pl.col(f"usual_{name}").cast(pl.Float64)


def _share(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    return pl.when(whole > 0).then(part / whole)


_MOVED = _column("in_sum") + _column("out_sum")
_MOVEMENTS = _column("in_count") + _column("out_count")
_LESSER = pl.min_horizontal(_column("in_sum"), _column("out_sum"))
_GREATER = pl.max_horizontal(_column("in_sum"), _column("out_sum"))


def _trait(name: str, words: str, unit: Unit, value: pl.Expr, neutral: float = 0.0) -> Trait:
    return Trait(name=name, words=words, unit=unit, value=value, neutral=neutral)


TRAITS: tuple[Trait, ...] = (
    _trait("money_in", "money in", "minor", _column("in_sum")),
    _trait("money_out", "money out", "minor", _column("out_sum")),
    _trait("payments_in", "payments in", "count", _column("in_count")),
    _trait("payments_out", "payments out", "count", _column("out_count")),
    _trait("payers", "different payers", "count", _column("payers")),
    _trait("payees", "different payees", "count", _column("payees")),
    _trait(
        "new_payers", "payers not seen before", "count", _column("payers") - _column("known_payers")
    ),
    _trait("cash_share", "cash share", "share", _share(_column("cash_sum"), _MOVED)),
    _trait("abroad_share", "cross-border share", "share", _share(_column("abroad_sum"), _MOVED)),
    _trait("night_share", "night share", "share", _share(_column("night_count"), _MOVEMENTS)),
    _trait("regions", "subdivisions used", "count", _column("regions")),
    _trait("middle_amount_in", "middle amount in", "minor", _column("median_in")),
    # Money that was never matched to a later debit stayed: the whole window.
    _trait(
        "dwell", "time money stays", "hours", _column("dwell") / HOUR_MICROSECONDS, neutral=720.0
    ),
    _trait("passed_through", "share passed through", "share", _share(_LESSER, _GREATER)),
    _trait(
        "one_payee_share",
        "share to one payee",
        "share",
        _share(_column("top_payee_sum"), _column("out_sum")),
    ),
    _trait(
        "own_life_share",
        "daily-life share of spending",
        "share",
        _share(_column("own_life_sum"), _column("out_sum")),
    ),
)


def trait_values(features: pl.DataFrame) -> npt.NDArray[np.float64]:
    """Rows of `features` (FEATURES columns) x TRAITS, in the units for people, neutral where
    unknown."""
    return features.select(
        trait.value.fill_null(trait.neutral).alias(trait.name) for trait in TRAITS
    ).to_numpy()


def forest_matrix(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """What the forest splits: shares as they are, amounts, counts and hours as log(1 + value), so
    that one very large account does not take every split. Single precision, as scikit-learn's
    trees compare."""
    is_log = np.array([trait.unit != "share" for trait in TRAITS])
    return np.where(is_log, np.log1p(np.maximum(values, 0.0)), values).astype(np.float32)


def in_words(trait: Trait, value: float, usual: float, currency: str) -> str:
    """Such as "cash share 0.93, usual 0.10" or "money in 1,200 EUR, usual 300 EUR"."""
    return f"{trait.words} {_said(trait, value, currency)}, usual {_said(trait, usual, currency)}"


def _said(trait: Trait, value: float, currency: str) -> str:
    if trait.unit == "share":
        return f"{value:.2f}"
    if trait.unit == "hours":
        return f"{value:.1f} h"
    if trait.unit == "minor":
        return f"{value / 10 ** (minor_units()[currency] or 0):,.0f} {currency}"
    return f"{value:.0f}"


def trait_names() -> Sequence[str]:
    return tuple(trait.name for trait in TRAITS)
