"""Building blocks that metrics of explanations stand on: many rows and many subsets in one batch.

A *row* is encoded: shape (n_features,), with codes of levels in the categorical columns. A *mask*
is True for the features of a subset, those that are replaced or left out. Nothing is computed row
by row, though each row has a generator of its own to draw with, and no row's result depends on the
rows beside it.
"""

from __future__ import annotations

from explaudit.blocks.distances import MixedDistance
from explaudit.blocks.masks import prefix_masks, random_masks, top_k_masks
from explaudit.blocks.nearby import (
    NearbyExplanations,
    draw_nearby,
    explain_nearby,
    nearest_alike,
    rows_at,
)
from explaudit.blocks.neighbours import all_but, answers_of_neighbours, neighbours
from explaudit.blocks.subsets import answers_of, answers_replaced

__all__ = [
    "MixedDistance",
    "NearbyExplanations",
    "all_but",
    "answers_of",
    "answers_of_neighbours",
    "answers_replaced",
    "draw_nearby",
    "explain_nearby",
    "nearest_alike",
    "neighbours",
    "prefix_masks",
    "random_masks",
    "rows_at",
    "top_k_masks",
]
