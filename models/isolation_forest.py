"""Which accounts behave unlike their peers: scikit-learn's isolation forest, scored by a kernel.

Source: Liu, Ting and Zhou, Isolation Forest (2008). Here high is strange; scikit-learn's
`score_samples` says the same with the sign turned, and the two agree to 1e-6.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from models.behaviour import TRAITS, forest_matrix, in_words, trait_values
from models.kernels.forest import LEAF, Float32s, Float64s, Nodes, path_lengths, shortenings

if TYPE_CHECKING:
    from sklearn.ensemble import IsolationForest

EULER_GAMMA = float(np.euler_gamma)
MOST_WORDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestSettings:
    """How a forest is grown. There is no contamination: no share of accounts is declared odd."""

    trees: int = 200
    sample: int = 256
    seed: int = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Forest:
    """The trees of one peer segment, and what its training rows looked like.

    expected: mean path length in a tree of the sample's size. scores: strangeness of the training
    rows, ascending. usual: their medians, one a trait, in the units for people.
    """

    nodes: Nodes
    expected: float
    scores: Float64s
    usual: Float64s


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusualness:
    """strangeness 0..1, high is strange; percentile: the share of the segment's training rows that
    are at most as strange, 0..100; words: the traits that isolate it most, strongest first."""

    strangeness: float
    percentile: float
    words: tuple[str, ...]


def fit(values: Float64s, settings: ForestSettings) -> Forest:
    """A forest over rows of traits (TRAITS columns, units for people). The same rows in the same
    order and the same seed give the same forest."""
    rows = forest_matrix(values)
    grown = grow(rows, settings)
    nodes = flat_nodes(grown)
    expected = float(_expected_lengths(np.array([min(settings.sample, len(rows))]))[0])
    return Forest(
        nodes=nodes,
        expected=expected,
        scores=np.sort(_strangeness(nodes, expected, rows)),
        usual=np.median(values, axis=0),
    )


def grow(rows: Float32s, settings: ForestSettings) -> "IsolationForest":
    """scikit-learn's own forest over the matrix."""
    # Takes seconds to load, and only training needs it.
    from sklearn.ensemble import IsolationForest

    forest = IsolationForest(
        n_estimators=settings.trees,
        max_samples=min(settings.sample, len(rows)),
        contamination="auto",
        random_state=settings.seed,
        n_jobs=1,
    )
    return forest.fit(rows)


def flat_nodes(grown: "IsolationForest") -> Nodes:
    """The trees of a fitted forest, one after the other."""
    trees = [estimator.tree_ for estimator in grown.estimators_]
    roots = np.cumsum([0] + [tree.node_count for tree in trees])[:-1]
    of_node = np.repeat(roots, [tree.node_count for tree in trees])
    children = {
        side: np.concatenate([getattr(tree, f"children_{side}") for tree in trees])
        for side in ("left", "right")
    }
    moved = {
        side: np.where(child == LEAF, LEAF, child + of_node) for side, child in children.items()
    }
    return Nodes(
        root=roots.astype(np.int32),
        column=np.concatenate([tree.feature for tree in trees]).astype(np.int32),
        threshold=np.concatenate([tree.threshold for tree in trees]).astype(np.float64),
        left=moved["left"].astype(np.int32),
        right=moved["right"].astype(np.int32),
        expected=_expected_lengths(np.concatenate([tree.n_node_samples for tree in trees])),
    )


def strangeness(forest: Forest, values: Float64s) -> Float64s:
    """0..1 a row, high is strange; about 0.5 is ordinary."""
    return _strangeness(forest.nodes, forest.expected, forest_matrix(values))


def contributions(forest: Forest, values: Float64s) -> Float64s:
    """By row and trait, signed: positive makes it stranger. Their sum is 1 + log2(strangeness)."""
    return shortenings(forest.nodes, forest_matrix(values)) / forest.expected


def judge(forest: Forest, features: pl.DataFrame, *, currency: str) -> list[Unusualness]:
    """One a row of `features` (the FEATURES columns of an evaluated frame). currency: the base
    currency of its minor units, for the words."""
    values = trait_values(features)
    scores = strangeness(forest, values)
    reached = np.searchsorted(forest.scores, scores, side="right") / len(forest.scores)
    credits = contributions(forest, values)
    return [
        Unusualness(
            strangeness=round(float(scores[row]), 6),
            percentile=round(100.0 * float(reached[row]), 2),
            words=_words(credits[row], values[row], forest.usual, currency),
        )
        for row in range(len(values))
    ]


def judge_segments(
    forests: Mapping[str, Forest], features: pl.DataFrame, segments: pl.Series, *, currency: str
) -> list[Unusualness | None]:
    """One a row by the forest of its segment; None where the segment had too few peers."""
    judged: list[Unusualness | None] = [None] * len(features)
    for segment, forest in sorted(forests.items()):
        places = (segments == segment).arg_true().to_list()
        found = judge(forest, features[places], currency=currency) if places else []
        for place, unusualness in zip(places, found, strict=True):
            judged[place] = unusualness
    return judged


def _words(credits: Float64s, values: Float64s, usual: Float64s, currency: str) -> tuple[str, ...]:
    # Rounded, so that the order does not hang on the last bit of a sum.
    order = sorted(range(len(TRAITS)), key=lambda i: (-round(float(credits[i]), 9), TRAITS[i].name))
    strongest = [i for i in order[:MOST_WORDS] if credits[i] > 0]
    return tuple(
        in_words(TRAITS[i], float(values[i]), float(usual[i]), currency) for i in strongest
    )


def _strangeness(nodes: Nodes, expected: float, rows: Float32s) -> Float64s:
    return np.exp2(-path_lengths(nodes, rows) / expected)


def _expected_lengths(sizes: npt.NDArray[np.int64]) -> Float64s:
    """Mean length of an unsuccessful search among `size` rows; equation 1 of the source."""
    n = np.maximum(sizes, 3).astype(np.float64)
    long = 2.0 * (np.log(n - 1.0) + EULER_GAMMA) - 2.0 * (n - 1.0) / n
    return np.where(sizes <= 1, 0.0, np.where(sizes == 2, 1.0, long))
