"""What the model says of the movements that triggered findings: a rank, never a ground."""

from collections.abc import Callable, Iterable, Mapping

import polars as pl

from alerts.alert import ModelScore
from alerts.triage import ModelScores
from detectors.catalogue import Catalogue, RareAt, nothing_is_rare
from detectors.finding import Finding, TriggerKey
from ingest.reference import References
from models.behaviour import FEATURES
from models.evaluated import Evaluated
from models.features import Feature
from models.trained_model import UNKNOWN_SEGMENT, TrainedModel

Rank = Callable[[Evaluated, Iterable[Finding]], ModelScores]
"""Scores for the findings of one evaluation."""

NO_SCORES: ModelScores = {}


def rank_of(model: TrainedModel | None, references: References) -> Rank:
    """How this run ranks: by the model, or not at all."""
    if model is None:
        return lambda evaluated, findings: NO_SCORES
    segments = segments_of(references)
    return lambda evaluated, findings: model_scores(model, evaluated, findings, segments)


def rare_at(model: TrainedModel | None, references: References) -> RareAt:
    """Which concepts texts seldom name among a holder's peers, as the model's pass has counted."""
    if model is None:
        return nothing_is_rare
    segments = segments_of(references)
    rare = {segment.name: segment.rare() for segment in model.card.segments}
    return lambda holder: rare.get(segments.get(holder, UNKNOWN_SEGMENT), frozenset())


def segments_of(references: References) -> dict[str, str]:
    """Customer -> peer segment."""
    return {party: customer.segment for party, customer in references.customers.items()}


def features_with_model(catalogue: Catalogue) -> tuple[Feature, ...]:
    """The detectors' features and those the forest looks at."""
    return (*catalogue.features, *FEATURES)


def asks_with_model(catalogue: Catalogue) -> Mapping[str, frozenset[str]]:
    """Every armed movement is asked for the forest's features too."""
    seen = frozenset(feature.name for feature in FEATURES)
    return {typology: names | seen for typology, names in catalogue.asks.items()}


def model_scores(
    model: TrainedModel,
    evaluated: Evaluated,
    findings: Iterable[Finding],
    segments: Mapping[str, str],
) -> ModelScores:
    """By holder and trigger of each finding: percentile among its peers and the reasons in words.
    segments: holder -> segment. Without enough peers there is no percentile, and that is said."""
    wanted = {(each.holder, each.trigger) for each in findings}
    if not wanted:
        return NO_SCORES
    rows = evaluated.features.filter(
        pl.col("variant") == 0, pl.col("holder").is_in({holder for holder, _ in wanted})
    )
    keys = list(map(_key, rows.select(_KEY).iter_rows()))
    places = [place for place, key in enumerate(keys) if key in wanted]
    judged = model.judge(rows[places], segments)
    return {
        keys[place]: ModelScore(
            id=model.id,
            percentile=None if found is None else found.percentile,
            contributions=("not enough peers",) if found is None else found.words,
        )
        for place, found in zip(places, judged, strict=True)
    }


_KEY = (
    "holder",
    "trigger_time",
    "trigger_sequence",
    "trigger_hi",
    "trigger_lo",
    "trigger_side",
)


def _key(row: tuple[object, ...]) -> tuple[str, TriggerKey]:
    holder, time, sequence, high, low, side = row
    trigger = TriggerKey(time=time, sequence=sequence, txn=f"{high:016x}{low:016x}", side=side)  # type: ignore[arg-type]
    return str(holder), trigger
