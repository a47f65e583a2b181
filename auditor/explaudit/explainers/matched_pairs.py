"""Matched pairs: what a feature does, read off real rows alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from explaudit.centres import spread
from explaudit.explainer import RowExplainer, RowExplanation, View
from explaudit.explainers._settings import require_at_least, require_finite

__all__ = ["MatchedPairs"]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class MatchedPairs(RowExplainer):
    """The answer less the mean answer to real rows that differ in the feature and in little else.

    Only real rows are ever asked, so a model that answers perturbed rows differently gains
    nothing. For a feature, a background row *differs* if its level is another one, or its number
    at least `min_difference` standard deviations away. It *matches* if it is among the
    `n_neighbours` nearest of those on the other features, and no farther than `max_distance`.

    Parameters
    ----------
    n_neighbours : int
        Matches for each feature; rows as near as the last one are taken too, so that the order of
        the background does not matter.
    max_distance : float
        The caliper: root mean square over the other features of their differences, in standard
        deviations. A categorical feature differs by the distance of two one-hot codes, sqrt(2).
    min_difference : float
        In standard deviations of the background.

    Notes
    -----
    A feature without any match is NaN for that row, never 0; the diagnostic ``"n_unmatched"``
    counts such features. If no feature has a match the row is not explained. Columns that change
    together only, such as one-hot columns that are not grouped, never match: group them.

    Source: Rubin 1973, "Matching to remove bias in observational studies" (Biometrics 29), with
    a caliper as in Cochran and Rubin 1973 (Sankhya A 35); as an explanation of one row: the
    matched comparison of situation testing, Luong, Ruggieri and Turini 2011, "k-NN as an
    implementation of situation testing for discrimination discovery and prevention" (KDD).
    """

    name: ClassVar[str] = "matched_pairs"
    source: ClassVar[str] = (
        "Rubin 1973 (Biometrics 29); Luong, Ruggieri and Turini 2011 (KDD), situation testing"
    )

    n_neighbours: int = 5
    max_distance: float = 0.5
    min_difference: float = 0.5

    def __post_init__(self) -> None:
        require_at_least("n_neighbours", self.n_neighbours, 1)
        require_at_least("max_distance", self.max_distance, 0.0)
        require_at_least("min_difference", self.min_difference, 0.0)

    def _prepare(self, view: View, seed: int) -> Callable[[Array, int], RowExplanation]:
        require_finite(view, self.name)
        background, scale = view.background, spread(view.background)
        answers = view.query(background)
        codes = list(view.encoder.categorical)

        def explain_row(row: Array, own_seed: int) -> RowExplanation:
            squares = ((background - row) / scale) ** 2
            squares[:, codes] = 2.0 * (background[:, codes] != row[codes])
            differs = (squares > 0) & (squares >= self.min_difference**2)
            differs[:, codes] = squares[:, codes] > 0
            matched = self._matches(squares, differs)
            n_matched = matched.sum(axis=0)
            sums = np.where(n_matched > 0, answers @ matched, np.nan)
            values = float(view.query(row)[0]) - sums / np.maximum(n_matched, 1)
            n_unmatched = int((n_matched == 0).sum())
            return RowExplanation(
                values,
                diagnostics={"n_unmatched": float(n_unmatched)},
                reason="no real row matches in any feature" if n_unmatched == len(row) else "",
            )

        return explain_row

    def _matches(self, squares: Array, differs: Mask) -> Mask:
        """Return which background rows match, of shape (n_background, n_features)."""
        n_background, n_features = squares.shape
        others = squares.sum(axis=1, keepdims=True) - squares
        distances = np.sqrt(np.maximum(others, 0.0) / max(n_features - 1, 1))
        distances[~differs] = np.inf
        last = min(self.n_neighbours, n_background) - 1
        reach = np.minimum(np.partition(distances, last, axis=0)[last], self.max_distance)
        # the sum less one term is exact up to rounding, and equally near rows must tie
        matched: Mask = distances <= reach + 1e-6
        return matched
