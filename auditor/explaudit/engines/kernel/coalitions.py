"""Coalitions of features: which ones are asked, and what each counts.

The law is that of the package shap. Coalitions of the smallest and of the largest sizes count
most, so sizes are enumerated from the outside in, while the budget lasts for a whole size. The
rest of the budget is drawn: a size by its weight, a subset of that size evenly, and at once its
complement. A coalition that is drawn again counts again and costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, combinations
from math import comb
from typing import Literal

import numpy as np
import numpy.typing as npt

from explaudit.engines.kernel.distinct import distinct_rows, packed
from explaudit.errors import InvalidInputError

__all__ = ["Coalitions", "draw_coalitions", "n_possible", "planned_size"]

Array = npt.NDArray[np.float64]
Masks = npt.NDArray[np.bool_]

# shap counts the coalitions of up to this many features and takes 2**30 for more
_MOST_COUNTED = 30
# shap gives up after this many draws for each free place
_DRAWS_PER_PLACE = 4


@dataclass(frozen=True, eq=False)
class Coalitions:
    """Coalitions and their weights in the regression.

    Attributes
    ----------
    masks : ndarray of bool, shape (n_coalitions, n_features)
        True where the feature has the explained row's value.
    weights : ndarray of shape (n_coalitions,)
        What each coalition counts.
    n_planned : int
        The budget. More than `n_coalitions` if drawing ended with places left free; feature
        selection sees those places as empty samples.
    """

    masks: Masks
    weights: Array
    n_planned: int

    def __post_init__(self) -> None:
        if self.masks.ndim != 2 or self.weights.shape != self.masks.shape[:1]:
            raise InvalidInputError(
                "coalitions",
                "masks of shape (n_coalitions, n_features) and as many weights",
                (self.masks.shape, self.weights.shape),
            )

    @classmethod
    def given(cls, masks: npt.ArrayLike, weights: npt.ArrayLike) -> Coalitions:
        """Make coalitions of masks of 0 and 1, and their weights."""
        as_bool = np.asarray(masks, dtype=np.bool_)
        return cls(as_bool, np.asarray(weights, dtype=np.float64), len(as_bool))

    @property
    def n_features(self) -> int:
        """Number of features that the coalitions are made of."""
        return int(self.masks.shape[1])

    @property
    def share(self) -> float:
        """The budget as a share of all coalitions there are."""
        return self.n_planned / n_possible(self.n_features)


def n_possible(n_features: int) -> int:
    """Return how many coalitions there are but for the empty and the full one, 2**30 at most."""
    n_subsets: int = 2 ** min(n_features, _MOST_COUNTED)
    return n_subsets if n_features > _MOST_COUNTED else n_subsets - 2


def planned_size(n_features: int, nsamples: int | Literal["auto"]) -> int:
    """Return how many coalitions are asked for.

    Parameters
    ----------
    n_features : int
        Features that vary.
    nsamples : int or "auto"
        The budget; "auto" is ``2 * n_features + 2048``.
    """
    budget = 2 * n_features + 2**11 if nsamples == "auto" else nsamples
    return min(budget, n_possible(n_features)) if n_features <= _MOST_COUNTED else budget


def draw_coalitions(
    n_features: int, nsamples: int | Literal["auto"], rng: np.random.Generator
) -> Coalitions:
    """Enumerate the outer sizes and draw the rest.

    Parameters
    ----------
    n_features : int
        Features that vary, at least 2.
    nsamples : int or "auto"
        The budget of coalitions.
    rng : numpy.random.Generator
        Not touched if the budget covers all coalitions.

    Returns
    -------
    Coalitions
        In shap's order: each coalition is followed by its complement.

    Notes
    -----
    Source: Lundberg and Lee 2017 (NeurIPS), theorem 2, for the weights; paired drawing as in
    Covert and Lee 2021, "Improving KernelSHAP" (AISTATS), section 3.2.
    """
    n_planned = planned_size(n_features, nsamples)
    masks, weights, n_full = _enumerated(n_features, n_planned)
    by_size, n_paired = _size_weights(n_features)
    places = n_planned - len(masks)
    if places == 0 or n_full == len(by_size):
        return Coalitions(masks, weights, n_planned)
    chances = by_size.copy()
    chances[:n_paired] /= 2  # a draw of these sizes yields two coalitions
    drawn, counts = _drawn(n_features, places, n_full + 1, chances[n_full:], n_paired, rng)
    counts *= by_size[n_full:].sum() / counts.sum()
    return Coalitions(np.concatenate([masks, drawn]), np.concatenate([weights, counts]), n_planned)


def _size_weights(n_features: int) -> tuple[Array, int]:
    """Return the total weight of sizes 1, 2, ..., each with its complement, and how many pair up.

    For an even number of features the middle size is its own complement.
    """
    n_sizes, n_paired = n_features // 2, (n_features - 1) // 2
    sizes = np.arange(1, n_sizes + 1)
    weights = (n_features - 1.0) / (sizes * (n_features - sizes))
    weights[:n_paired] *= 2
    return weights / np.sum(weights), n_paired


@lru_cache(maxsize=8)
def _enumerated(n_features: int, n_planned: int) -> tuple[Masks, Array, int]:
    """Return the coalitions of all sizes that fit in whole, their weights, and how many sizes."""
    by_size, n_paired = _size_weights(n_features)
    remaining, left = by_size.copy(), float(n_planned)
    masks, weights = [np.zeros((0, n_features), dtype=np.bool_)], [np.zeros(0)]
    n_full = 0
    for size in range(1, len(by_size) + 1):
        copies = 2 if size <= n_paired else 1
        n_subsets = copies * comb(n_features, size)
        if left * remaining[size - 1] / n_subsets < 1.0 - 1e-8:
            break
        n_full, left = size, left - n_subsets
        if remaining[size - 1] < 1.0:
            remaining /= 1 - remaining[size - 1]
        subsets = _subsets(n_features, size)
        masks.append(_with_complements(subsets, np.full(len(subsets), copies)))
        weights.append(np.full(n_subsets, by_size[size - 1] / comb(n_features, size) / copies))
    all_masks, all_weights = np.concatenate(masks), np.concatenate(weights)
    all_masks.setflags(write=False)
    all_weights.setflags(write=False)
    return all_masks, all_weights, n_full


def _subsets(n_features: int, size: int) -> Masks:
    n = comb(n_features, size)
    members = np.fromiter(
        chain.from_iterable(combinations(range(n_features), size)), np.intp, n * size
    )
    masks = np.zeros((n, n_features), dtype=np.bool_)
    np.put_along_axis(masks, members.reshape(n, size), True, axis=1)
    return masks


def _with_complements(masks: Masks, copies: npt.NDArray[np.intp]) -> Masks:
    """Put the complement behind each mask that has two copies."""
    both = np.repeat(masks, copies, axis=0)
    complements = (np.cumsum(copies) - 1)[copies == 2]
    both[complements] = ~both[complements]
    return both


def _drawn(
    n_features: int,
    places: int,
    smallest: int,
    chances: Array,
    n_paired: int,
    rng: np.random.Generator,
) -> tuple[Masks, Array]:
    """Draw until all places are taken; return distinct coalitions and how often each came."""
    masks, sizes = np.zeros((0, n_features), dtype=np.bool_), np.zeros(0, dtype=np.intp)
    limit, chances = _DRAWS_PER_PLACE * places, chances / chances.sum()
    while True:
        n_new = min(places // 2 + 16, limit - len(masks))
        new_sizes = smallest + rng.choice(len(chances), n_new, p=chances)
        masks = np.concatenate([masks, _random_subsets(n_features, new_sizes, rng)])
        sizes = np.concatenate([sizes, new_sizes])
        first, group = distinct_rows(packed(masks))
        copies = np.where(sizes[first] <= n_paired, 2, 1)
        taken = np.cumsum(copies)
        if taken[-1] >= places or len(masks) == limit:
            break
    kept = first[: np.searchsorted(taken, places) + 1]
    # draws after the one that took the last place were never made
    n_draws = kept[-1] + 1 if taken[-1] >= places else limit
    counts = np.bincount(group[:n_draws], minlength=len(kept)).astype(np.float64)
    copies = copies[: len(kept)]
    both, weights = _with_complements(masks[kept], copies), np.repeat(counts, copies)
    return both[:places], weights[:places]


def _random_subsets(
    n_features: int, sizes: npt.NDArray[np.intp], rng: np.random.Generator
) -> Masks:
    """Draw one even subset of each size: the features with the smallest of random keys."""
    subsets = np.zeros((len(sizes), n_features), dtype=np.bool_)
    left = np.arange(len(sizes))
    while len(left) > 0:
        # short keys sort twice as fast; a tie at the threshold, one row in 100,000, is drawn anew
        keys = rng.random((len(left), n_features), dtype=np.float32)
        places = sizes[left, None] - 1
        subsets[left] = keys <= np.take_along_axis(np.sort(keys, axis=1), places, axis=1)
        left = left[subsets[left].sum(axis=1) != sizes[left]]
    return subsets
