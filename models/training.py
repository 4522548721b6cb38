"""From earlier days of the archive to a model and its card, in a pass of its own.

What is learned is a function of the set of transactions: they are put in order first, so arrival,
batches and amendments on the way change nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Protocol

import numpy as np
import polars as pl

from ingest.transaction import ADDED, ADDRESS, TransactionBatch
from models.behaviour import FEATURES, NAMING, TRAITS, trait_values
from models.evaluated import Evaluated
from models.isolation_forest import ForestSettings, fit
from models.kernels.forest import Float64s
from models.trained_model import (
    UNKNOWN_SEGMENT,
    LeftOut,
    ModelCard,
    ModelError,
    Segment,
    TrainedModel,
    TraitCard,
    trained_model,
)

LEARNT = (*FEATURES, *NAMING.values())
"""What the profiles must compute."""

CHUNK_ROWS = 50_000
WINDOW_DAYS = 30
QUANTILE_LEVELS = [0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0]
TOTAL_ORDER = ("event_time", "source_sequence", "txn_hi", "txn_lo")
TRIGGER_ORDER = (
    "trigger_time",
    "trigger_sequence",
    "trigger_hi",
    "trigger_lo",
    "trigger_side",
    "account",
)
PURPOSE = "Ranks alerts and fills the queue 'unusual': how unlike its peers an account behaves."
NOT_FOR = (
    "Never a ground for an alert, never evidence, never a statement about a person. The "
    "forest adds no fact family to the gate and claims no offence."
)
LIMITS = [
    "Unusual is not unlawful: rare honest trades look strange, common crimes do not.",
    "What the accounts of the training days had in common looks ordinary, crime included.",
    "The night share follows people's working hours; watch its share among false alerts.",
    "Amounts are compared in one base currency and not corrected for inflation.",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings:
    """least_rows: account-weeks below which a segment gets no forest of its own."""

    forest: ForestSettings = field(default_factory=ForestSettings)
    least_rows: int = 200


class EveryMovement(Protocol):
    """Profiles that evaluate every movement and compute LEARNT (`is_always_armed`)."""

    def extend(self, batch: TransactionBatch) -> Evaluated: ...


def train(
    batches: Iterable[TransactionBatch],
    *,
    profiles: EveryMovement,
    segments: Mapping[str, str],
    until: datetime | None,
    settings: TrainingSettings,
    base_currency: str,
    release: str,
) -> TrainedModel:
    """A forest a peer segment, over the last evaluation of each account and week before `until`.

    batches: the archive in row order, restored. segments: holder -> segment.
    Raises ModelError if no segment has enough rows.
    """
    transactions = settled(batches, until)
    weeks = account_weeks(transactions, profiles).with_columns(
        segment=pl.col("holder").replace_strict(
            segments, default=UNKNOWN_SEGMENT, return_dtype=pl.String
        )
    )
    counts = dict(weeks.group_by("segment").len().sort("segment").iter_rows())
    kept = [name for name, rows in counts.items() if rows >= settings.least_rows]
    if not kept:
        raise ModelError(_too_few(counts, settings))
    values = {name: _segment_values(weeks, name) for name in kept}
    # An archive in which nothing is named may have no texts: what is rare is not known then.
    are_texts_read = bool((transactions["concepts"] != 0).any())
    forests = {name: fit(values[name], settings.forest) for name in kept}
    return trained_model(
        forests,
        ModelCard(
            release=release,
            kind="isolation forest (scikit-learn), one a peer segment",
            purpose=PURPOSE,
            not_for=NOT_FOR,
            limits=LIMITS,
            base_currency=base_currency,
            transactions=len(transactions),
            data_first=_text(transactions["event_time"][0]),
            data_last=_text(transactions["event_time"][-1]),
            data_until=None if until is None else _text(until),
            data_hash=data_hash(transactions),
            trees=settings.forest.trees,
            sample=settings.forest.sample,
            seed=settings.forest.seed,
            contamination=None,
            least_rows=settings.least_rows,
            quantile_levels=QUANTILE_LEVELS,
            traits=_trait_cards(),
            segments=[_segment(weeks, name, values[name], are_texts_read) for name in kept],
            left_out=[
                LeftOut(name=name, rows=rows) for name, rows in counts.items() if name not in kept
            ],
        ),
    )


def settled(batches: Iterable[TransactionBatch], until: datetime | None) -> pl.DataFrame:
    """ADDED rows that count in the end, in total order, before `until`."""
    whole = pl.DataFrame(schema=ADDED)
    waiting: list[pl.DataFrame] = []
    for batch in batches:
        if len(batch.retracted):
            whole = pl.concat([whole, *waiting]).join(
                batch.retracted, on=["txn_hi", "txn_lo"], how="anti"
            )
            waiting = []
        waiting.append(batch.added.select(*ADDED))
    whole = pl.concat([whole, *waiting])
    if until is not None:
        whole = whole.filter(pl.col("event_time") < until)
    return whole.sort(TOTAL_ORDER)


def account_weeks(transactions: pl.DataFrame, profiles: EveryMovement) -> pl.DataFrame:
    """One row an account and week (Monday, UTC): its last evaluation there, once the feed has
    shown a whole window. Columns account, holder, week and LEARNT."""
    names = [feature.name for feature in LEARNT]
    frames = [_weekly(profiles.extend(batch).features) for batch in _in_order(transactions)]
    if not frames:
        raise ModelError("no transaction lies before the given date; name a later --until")
    return (
        _last_of_week(pl.concat(frames))
        .select("account", "holder", "week", *names)
        .sort("account", "week", "holder")
    )


def _in_order(transactions: pl.DataFrame) -> Iterator[TransactionBatch]:
    for chunk in transactions.iter_slices(CHUNK_ROWS):
        yield TransactionBatch(
            added=chunk,
            retracted=pl.DataFrame(schema=ADDRESS),
            history_start=transactions["event_time"][0],
            seen_until=chunk["event_time"][-1],
        )


def data_hash(transactions: pl.DataFrame) -> str:
    """SHA-256 over the ids and contents of the transactions in id order."""
    columns = ["txn_hi", "txn_lo", "content_hi", "content_lo"]
    rows = transactions.select(columns).sort(columns).to_numpy()
    return sha256(np.ascontiguousarray(rows, np.uint64).tobytes()).hexdigest()


def _weekly(features: pl.DataFrame) -> pl.DataFrame:
    judged = features.filter(pl.col("variant") == 0, pl.col("history_days") >= WINDOW_DAYS)
    return _last_of_week(
        judged.select(
            *TRIGGER_ORDER,
            "holder",
            *(feature.name for feature in LEARNT),
            week=pl.col("trigger_time").dt.truncate("1w"),
        )
    )


def _last_of_week(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.sort(TRIGGER_ORDER).unique(["account", "week"], keep="last", maintain_order=True)


def _segment_values(weeks: pl.DataFrame, name: str) -> Float64s:
    return trait_values(weeks.filter(pl.col("segment") == name))


def _segment(weeks: pl.DataFrame, name: str, values: Float64s, are_texts_read: bool) -> Segment:
    rows = weeks.filter(pl.col("segment") == name)
    levels = np.quantile(values, QUANTILE_LEVELS, axis=0)
    return Segment(
        name=name,
        accounts=rows["account"].n_unique(),
        rows=len(rows),
        quantiles={
            trait.name: [round(float(value), 6) for value in levels[:, place]]
            for place, trait in enumerate(TRAITS)
        },
        named=_named_shares(rows) if are_texts_read else {},
    )


def _named_shares(weeks: pl.DataFrame) -> dict[str, float]:
    """By concept, the share of accounts of which a text named it in any week."""
    of_accounts = weeks.group_by("account").agg(
        (pl.col(feature.name) > 0).any().alias(concept.name or "")
        for concept, feature in NAMING.items()
    )
    shares = of_accounts.select(pl.exclude("account").mean().round(6))
    return shares.row(0, named=True)


def _trait_cards() -> list[TraitCard]:
    return [
        TraitCard(name=trait.name, words=trait.words, unit=trait.unit, neutral=trait.neutral)
        for trait in TRAITS
    ]


def _text(at: datetime) -> str:
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _too_few(counts: Mapping[str, int], settings: TrainingSettings) -> str:
    found = ", ".join(f"{name} {rows}" for name, rows in counts.items()) or "none"
    return (
        f"too few account-weeks to learn from (by segment: {found}; {settings.least_rows} are "
        f"needed in one); the first {WINDOW_DAYS} days of a feed do not count: give more days of "
        "archive or a later --until"
    )
