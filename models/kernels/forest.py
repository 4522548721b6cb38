"""Isolation trees over flat nodes: mean path lengths, and which column shortened them.

A leaf has `left` = -1. Children stand after their parent, so a walk always ends.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

Float64s = npt.NDArray[np.float64]
Float32s = npt.NDArray[np.float32]
Int32s = npt.NDArray[np.int32]

LEAF = -1


class Nodes(NamedTuple):
    """One slot a node of all trees. `expected`: the mean number of further splits that isolate a
    row among as many as the node held in training (0 of one)."""

    root: Int32s
    """First node of each tree."""
    column: Int32s
    threshold: Float64s
    left: Int32s
    right: Int32s
    expected: Float64s


@njit(cache=True)
def path_lengths(nodes: Nodes, rows: Float32s) -> Float64s:
    """Mean over trees of the splits that isolate each row, the expected rest below its leaf
    included. O(rows x trees x depth)."""
    lengths = np.zeros(len(rows), np.float64)
    for tree in range(len(nodes.root)):
        for i in range(len(rows)):
            node, depth = nodes.root[tree], 0
            while nodes.left[node] != LEAF:
                is_left = rows[i, nodes.column[node]] <= nodes.threshold[node]
                node = nodes.left[node] if is_left else nodes.right[node]
                depth += 1
            lengths[i] += depth + nodes.expected[node]
    return lengths / len(nodes.root)


@njit(cache=True)
def shortenings(nodes: Nodes, rows: Float32s) -> Float64s:
    """By row and column, how many splits earlier than expected the splits on that column isolate
    the row, mean over trees; negative where they put it among the many.

    A split on the way from a node to its child costs one step and changes the expected rest from
    the node's to the child's; what it saves is credited to its column. Summed over columns this
    is the expected length at the roots less the row's own, exactly.
    """
    saved = np.zeros(rows.shape, np.float64)
    for tree in range(len(nodes.root)):
        for i in range(len(rows)):
            node = nodes.root[tree]
            while nodes.left[node] != LEAF:
                column = nodes.column[node]
                is_left = rows[i, column] <= nodes.threshold[node]
                child = nodes.left[node] if is_left else nodes.right[node]
                saved[i, column] += nodes.expected[node] - nodes.expected[child] - 1.0
                node = child
    return saved / len(nodes.root)
