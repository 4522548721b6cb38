"""The clauses definitions are made of: a measured value, a threshold, how far beyond it."""

from dataclasses import replace
from datetime import timedelta

import polars as pl

from detectors.finding import Family
from detectors.typology import Condition, Keyword, Told
from ingest.lexicon import Concept
from models.features import Aggregate, Feature
from models.mask import Mask
from models.movement import CONCEPT_BITS

HOUR = 3_600_000_000
NO_EXCESS = pl.lit(None, dtype=pl.Float64())


def at_least(
    name: str,
    measure: pl.Expr,
    threshold: float,
    *,
    unit: str,
    family: Family | None,
    columns: tuple[str, ...],
    times: pl.Expr | None = None,
    needs: tuple[str, ...] = (),
    is_core: bool = True,
) -> Condition:
    """A count, a sum, or a multiple of `times`, of at least `threshold`; excess in multiples of
    it."""
    value = measure if times is None else share(measure, times)
    return Condition(
        name=name,
        value=value,
        holds=value >= threshold,
        excess=(value - threshold) / threshold,
        screens=_screens(measure, times, threshold, is_least=True),
        threshold=threshold,
        unit=unit,
        family=family,
        columns=columns,
        needs=needs,
        is_core=is_core,
    )


def whole_at(
    name: str,
    value: pl.Expr,
    threshold: float,
    *,
    unit: str,
    family: Family | None,
    columns: tuple[str, ...],
    needs: tuple[str, ...] = (),
) -> Condition:
    """A count that is a whole from `threshold` on: half of the excess there, all at twice."""
    least = at_least(name, value, threshold, unit=unit, family=family, columns=columns, needs=needs)
    return replace(least, excess=(1 + least.excess) / 2)


def at_most(
    name: str,
    measure: pl.Expr,
    threshold: float,
    *,
    unit: str,
    family: Family | None,
    columns: tuple[str, ...],
    times: pl.Expr | None = None,
    needs: tuple[str, ...] = (),
    is_core: bool = True,
) -> Condition:
    """A measure, or a multiple of `times`, of at most `threshold`; excess as part of the way to
    0."""
    value = measure if times is None else share(measure, times)
    return Condition(
        name=name,
        value=value,
        holds=value <= threshold,
        excess=(threshold - value) / threshold,
        screens=_screens(measure, times, threshold, is_least=False),
        threshold=threshold,
        unit=unit,
        family=family,
        columns=columns,
        needs=needs,
        is_core=is_core,
    )


def share_at_least(
    name: str,
    part: pl.Expr,
    whole: pl.Expr,
    threshold: float,
    *,
    family: Family | None,
    columns: tuple[str, ...],
    needs: tuple[str, ...] = (),
    is_core: bool = True,
    coarsest_time: timedelta | None = None,
) -> Condition:
    """A share of at least `threshold`; excess as part of the way to 1."""
    value = share(part, whole)
    return Condition(
        name=name,
        value=value,
        holds=value >= threshold,
        excess=(value - threshold) / (1 - threshold),
        screens=_screens(part, whole, threshold, is_least=True),
        threshold=threshold,
        unit="share",
        family=family,
        columns=columns,
        needs=needs,
        is_core=is_core,
        coarsest_time=coarsest_time,
    )


def share_at_most(
    name: str,
    part: pl.Expr,
    whole: pl.Expr,
    threshold: float,
    *,
    family: Family | None,
    columns: tuple[str, ...],
    needs: tuple[str, ...] = (),
    is_core: bool = True,
    clears_as: str | None = None,
    least_history: int = 0,
) -> Condition:
    """A share of at most `threshold`; excess as part of the way to 0."""
    value = share(part, whole)
    return Condition(
        name=name,
        value=value,
        holds=value <= threshold,
        excess=(threshold - value) / threshold,
        screens=() if clears_as else _screens(part, whole, threshold, is_least=False),
        threshold=threshold,
        unit="share",
        family=family,
        columns=columns,
        needs=needs,
        is_core=is_core,
        clears_as=clears_as,
        least_history=least_history,
    )


def precondition(condition: Condition) -> Condition:
    """It says nothing of how strange the rest is: the strength leaves it out."""
    return replace(condition, excess=NO_EXCESS)


def dear(condition: Condition) -> Condition:
    """Costly to know: asked where the cheaper ones hold."""
    return replace(condition, is_dear=True)


def passes_through(
    came: str, went: str, least: float, *, name: str = "passed_through"
) -> Condition:
    """The smaller of two sums is at least this share of the larger: what came in went out."""
    return replace(
        share_at_least(
            name,
            pl.min_horizontal(came, went),
            pl.max_horizontal(came, went),
            least,
            family="structure",
            columns=("amount",),
        ),
        screens=((came, went, least, True), (went, came, least, True)),
    )


def triggered(name: str, value: pl.Expr, *, unit: str) -> Condition:
    """The trigger itself is such a movement; says nothing of how strange it is."""
    return Condition(
        name=name,
        value=value,
        holds=value >= 1,
        excess=NO_EXCESS,
        screens=_screens(value, None, 1, is_least=True),
        threshold=1,
        unit=unit,
        family=None,
        columns=(),
        needs=(),
    )


def first_met(name: str, lately: str, long: str, *, least_history: int) -> Condition:
    """All movements with this party lie in the short window: no earlier one in the long."""
    value = pl.col(long) - pl.col(lately)
    return Condition(
        name=name,
        value=value,
        holds=value == 0,
        excess=(value == 0).cast(pl.Int64()),
        threshold=0,
        unit="earlier payments to the same party",
        family="link",
        columns=("benef_account_id",),
        needs=(),
        least_history=least_history,
    )


def named(concept: Concept, among: Mask, window: timedelta) -> Keyword:
    """Payments of the window, with all these bits, whose text names the concept."""
    feature = Feature(
        name=f"{concept.name}_named_{window.days}d".lower(),
        aggregate=Aggregate.COUNT,
        window=window,
        has=among | CONCEPT_BITS[concept],
        unit="count",
        meaning="payments whose text names it",
    )
    return Keyword(concept=concept, feature=feature)


def lived_on(own_life: str, came: str, money: str) -> Told:
    """The share of some money that is spent to live on, once all else that comes in is spent: who
    lives on wages does not live on what strangers pay."""
    beyond = pl.col(own_life) - (pl.col(came) - pl.col(money))
    return Told(
        name="lived_on_share",
        value=share(beyond.clip(lower_bound=0), pl.col(money)),
        unit="share",
        columns=("mcc", "purpose_code"),
        needs=("spending",),
    )


def rests_at_most(
    name: str, dwell: pl.Expr, hours: float, *, columns: tuple[str, ...]
) -> Condition:
    """A median dwell of at most `hours`; needs times at most half as coarse. Never core."""
    value = dwell / HOUR
    return Condition(
        name=name,
        value=value,
        holds=value <= hours,
        excess=(hours - value) / hours,
        threshold=hours,
        unit="hours",
        family="structure",
        columns=columns,
        needs=(),
        is_core=False,
        coarsest_time=timedelta(hours=hours) / 2,
    )


def _screens(
    part: pl.Expr, whole: pl.Expr | None, ratio: float, *, is_least: bool
) -> tuple[tuple[str, str | None, float, bool], ...]:
    """What plain columns say early; nothing for anything computed."""
    if not part.meta.is_column() or (whole is not None and not whole.meta.is_column()):
        return ()
    name = None if whole is None else whole.meta.output_name()
    return ((part.meta.output_name(), name, ratio, is_least),)


def share(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """part / whole as a float, null where the whole is nothing. Exact against any threshold for
    integers below 2^50."""
    return pl.when(whole > 0).then(part / whole)
