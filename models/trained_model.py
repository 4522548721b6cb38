"""A trained model: its forests by peer segment, its card, and the id both give it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b, sha256
from typing import Any

import msgspec
import numpy as np
import polars as pl

from ingest.lexicon import Concept
from models.isolation_forest import Forest, Unusualness, judge_segments

FORMAT = 2

RARE_SHARE = 0.01
LEAST_ACCOUNTS = 100
"""Among fewer nobody can say that something is rarer than one in a hundred."""


class ModelError(Exception):
    """A model cannot be made, kept or used; the message says why and what to do."""


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """rows: account-weeks trained on; quantiles: by trait, in the units for people. named: by
    concept, the share of accounts of which a text named it; empty where no text named anything."""

    name: str
    accounts: int
    rows: int
    quantiles: dict[str, list[float]]
    named: dict[str, float]

    def rare(self) -> frozenset[Concept]:
        """The concepts that texts of fewer than one account in a hundred name."""
        if self.accounts < LEAST_ACCOUNTS:
            return frozenset()
        return frozenset(Concept[name] for name, share in self.named.items() if share < RARE_SHARE)


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """A segment with too few peers to say what is usual."""

    name: str
    rows: int


class TraitCard(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    words: str
    unit: str
    neutral: float


class ModelCard(msgspec.Struct, frozen=True, kw_only=True):
    """What the model learned from and what it may be used for. Times are ISO 8601 UTC."""

    release: str
    kind: str
    purpose: str
    not_for: str
    limits: list[str]
    base_currency: str
    transactions: int
    data_first: str
    data_last: str
    data_until: str | None
    data_hash: str
    trees: int
    sample: int
    seed: int
    contamination: None
    least_rows: int
    quantile_levels: list[float]
    traits: list[TraitCard]
    segments: list[Segment]
    left_out: list[LeftOut]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedModel:
    """forests by segment name. The id is the hash of every array and of the card."""

    id: str
    forests: Mapping[str, Forest]
    card: ModelCard

    def judge(
        self, features: pl.DataFrame, segments: Mapping[str, str]
    ) -> list[Unusualness | None]:
        """One a row of an evaluated frame (its `holder` and the FEATURES columns); None where the
        segment had too few peers. segments: holder -> segment."""
        named = features["holder"].replace_strict(
            segments, default=UNKNOWN_SEGMENT, return_dtype=pl.String
        )
        return judge_segments(self.forests, features, named, currency=self.card.base_currency)


UNKNOWN_SEGMENT = "unknown"
"""Holders without reference data: peers of each other."""


def trained_model(forests: Mapping[str, Forest], card: ModelCard) -> TrainedModel:
    return TrainedModel(id=model_id(array_hashes(forests), card), forests=forests, card=card)


def model_id(hashes: Mapping[str, str], card: ModelCard) -> str:
    """32 hex digits over the format, every array and the card."""
    text = json.dumps({"format": FORMAT, "arrays": hashes}, sort_keys=True).encode()
    return blake2b(text + b"\n" + msgspec.json.encode(card), digest_size=16).hexdigest()


def array_hashes(forests: Mapping[str, Forest]) -> dict[str, str]:
    """SHA-256 of each array, by `segment/name`: over its type, shape and bytes."""
    return {name: _hash(array) for name, array in sorted(arrays(forests))}


def arrays(forests: Mapping[str, Forest]) -> Iterator[tuple[str, Any]]:
    """Everything a forest is made of, as plain arrays by `segment/name`."""
    for segment, forest in forests.items():
        for name, array in forest.nodes._asdict().items():
            yield f"{segment}/{name}", array
        yield f"{segment}/expected_root", np.array([forest.expected])
        yield f"{segment}/scores", forest.scores
        yield f"{segment}/usual", forest.usual


def _hash(array: Any) -> str:
    digest = sha256(f"{array.dtype.str} {array.shape}\n".encode())
    digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
