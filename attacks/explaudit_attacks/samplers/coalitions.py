"""What KernelSHAP asks: coalitions of features, the others taken from one reference row."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, combinations
from math import ceil, comb
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from explaudit.errors import InvalidInputError
from explaudit_attacks._inputs import Mask
from explaudit_attacks.samplers.backgrounds import (
    Background,
    choose_background,
    validate_background,
)
from explaudit_attacks.samplers.base import Matrix, Sampler, Sources

__all__ = ["KernelCoalitions", "coalition_masks"]


@dataclass(frozen=True)
class KernelCoalitions(Sampler):
    """Real rows of which the features outside a coalition come from one reference row.

    The coalitions are those that KernelSHAP would choose for the features that vary between the
    row and the reference rows: see :func:`coalition_masks`.

    Parameters
    ----------
    background : {"kmeans", "rows", "all"}
        The reference rows: cluster centres, drawn rows, or every row.
    n_background : int
        How many centres or drawn rows.
    rounded : bool
        Whether centres are rounded to real values.
    n_coalitions : int or None
        The explainer's ``nsamples``; None for its default, 2 M + 2048 for M features that vary.
    """

    name: ClassVar[str] = "kernel_coalitions"
    source: ClassVar[str] = "shap.KernelExplainer; Lundberg & Lee, NeurIPS 2017, theorem 2"

    background: Background = "kmeans"
    n_background: int = 10
    rounded: bool = True
    n_coalitions: int | None = None

    def __post_init__(self) -> None:
        validate_background(self.background, self.n_background)
        if self.n_coalitions is not None and self.n_coalitions < 1:
            raise InvalidInputError("n_coalitions", "at least 1, or None", self.n_coalitions)

    def draw(
        self, rows: Matrix, categorical: tuple[int, ...], n_queries: int, rng: np.random.Generator
    ) -> tuple[Matrix, Sources]:
        """Draw rows, coalitions and reference rows; see :meth:`Sampler.draw`."""
        reference = choose_background(
            rows, categorical, self.background, self.n_background, self.rounded, rng
        )
        source = rng.integers(len(rows), size=n_queries)
        present = self._coalitions(_varying(rows[source], reference), rng)
        donors = reference[rng.integers(len(reference), size=n_queries)]
        return np.where(present, rows[source], donors), source

    def _coalitions(self, varying: Mask, rng: np.random.Generator) -> Mask:
        """Draw a coalition among the varying features of each query, of the same shape."""
        present = ~varying
        n_varying = varying.sum(axis=1)
        for n_features in np.unique(n_varying):
            same = np.flatnonzero(n_varying == n_features)
            n_masks = self.n_coalitions or 2 * int(n_features) + 2**11
            masks = coalition_masks(int(n_features), n_masks, rng)
            columns = np.nonzero(varying[same])[1].reshape(len(same), n_features)
            present[same[:, None], columns] = masks[rng.integers(len(masks), size=len(same))]
        return present


def coalition_masks(n_features: int, n_masks: int, rng: np.random.Generator) -> Mask:
    """Choose the coalitions that KernelSHAP asks about, each once.

    Sizes s are taken from both ends inwards, weighted (M - 1) / (s (M - s)). While a size's share
    of the queries covers all its coalitions they are enumerated; the remaining sizes are drawn by
    weight, each drawn coalition together with its complement.

    Parameters
    ----------
    n_features : int
        The features that vary, M.
    n_masks : int
        How many coalitions at most.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of bool of shape (n_chosen, n_features)
        True for the features inside; about `n_masks` rows or all coalitions if those are fewer.
    """
    if n_features < 2:  # KernelSHAP asks nothing more: the reference row alone
        return np.zeros((1, n_features), dtype=np.bool_)
    left = min(n_masks, 2**n_features - 2)
    sizes = np.arange(1, ceil((n_features - 1) / 2) + 1)
    paired = sizes < n_features / 2
    weights = (n_features - 1) / (sizes * (n_features - sizes)) * np.where(paired, 2, 1)
    chosen: list[Mask] = []
    for i, size in enumerate(sizes):
        n_subsets = comb(n_features, int(size)) * (2 if paired[i] else 1)
        share = weights[i] / weights[i:].sum()
        if left * share / n_subsets < 1 - 1e-8:
            odds = weights[i:] / np.where(paired[i:], 2, 1)
            drawn = rng.choice(sizes[i:], size=4 * left, p=odds / odds.sum())
            chosen.append(_drawn_masks(n_features, drawn, left, rng))
            break
        masks = _all_masks(n_features, int(size))
        chosen.append(np.concatenate([masks, ~masks]) if paired[i] else masks)
        left -= n_subsets
    return np.concatenate(chosen)


def _all_masks(n_features: int, size: int) -> Mask:
    members = np.fromiter(chain.from_iterable(combinations(range(n_features), size)), dtype=np.intp)
    masks = np.zeros((len(members) // size, n_features), dtype=np.bool_)
    masks[np.arange(len(masks))[:, None], members.reshape(-1, size)] = True
    return masks


def _drawn_masks(
    n_features: int,
    sizes: npt.NDArray[np.intp],
    n_masks: int,
    rng: np.random.Generator,
) -> Mask:
    """Draw coalitions of the given sizes, keep each once, and add complements."""
    order = rng.random((len(sizes), n_features)).argsort(axis=1).argsort(axis=1)
    masks = order < sizes[:, None]
    _, first = np.unique(masks, axis=0, return_index=True)
    masks = masks[np.sort(first)]
    both: Mask = np.stack([masks, ~masks], axis=1)
    wanted = np.ones(both.shape[:2], dtype=np.bool_)
    wanted[:, 1] = 2 * masks.sum(axis=1) < n_features  # the middle size is its own complement's
    return both[wanted][:n_masks]


def _varying(rows: Matrix, reference: Matrix) -> Mask:
    """Tell where any reference row differs from each row, of shape (n_rows, n_features)."""
    constant = np.ptp(reference, axis=0) == 0
    same: Mask = np.isclose(rows, reference[0]) & constant
    return ~same
