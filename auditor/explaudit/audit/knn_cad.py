"""KNN-CAD: how well a label goes with the labels of the real rows nearby."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from explaudit.points import Space

__all__ = ["Aggregate", "KnnCad", "Labels", "Neighbours", "labels_of"]

Array = npt.NDArray[np.float64]
Labels = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]
Aggregate = Literal["max", "mean", "median", "min"]

_AGGREGATES: dict[str, Callable[..., Any]] = {
    "max": np.nanmax,
    "mean": np.nanmean,
    "median": np.nanmedian,
    "min": np.nanmin,
}


def labels_of(answers: Array, real_answers: Array) -> Labels:
    """Turn answers into labels, which is all that KNN-CAD knows.

    Parameters
    ----------
    answers : ndarray of shape (n_rows, n_outputs)
    real_answers : ndarray of shape (n_real, n_outputs)
        Answers to real rows, which tell where a single number is cut.

    Returns
    -------
    ndarray of shape (n_rows,)
        Of several outputs the largest one's position. A single one is cut at one half if all real
        answers lie between 0 and 1, else at their median.
    """
    if answers.shape[1] > 1:
        return np.asarray(answers.argmax(axis=1))
    within = real_answers.min() >= 0.0 and real_answers.max() <= 1.0
    cut = 0.5 if within else float(np.median(real_answers))
    return (answers[:, 0] > cut).astype(np.intp)


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The nearest reference rows of some rows.

    Attributes
    ----------
    distances : ndarray of shape (n_rows, k)
    positions : ndarray of shape (n_rows, k)
        Which reference rows they are.
    """

    distances: Array
    positions: Labels


class KnnCad:
    """Scores how well a row's label goes with the labels of the real rows near it.

    Among the `k` nearest reference rows, those with the row's label are at distance d_same and
    the others at d_other, each an aggregate, or infinity if there are none. The score is
    ``1 / (1 + d_same / d_other)``: near 1 for a label that the neighbourhood would give, near 0
    for one that it would not. How far the row itself is from real rows does not count.

    Parameters
    ----------
    rows : ndarray of shape (n_reference, n_features)
        Real rows.
    categorical : sequence of int
        Positions of the columns that hold codes of levels; they are compared as one-hot codes.
    k : int
        Neighbours; all reference rows if there are fewer.
    p : float
        Order of the Minkowski distance, between standardised rows.
    agg : {"max", "mean", "median", "min"}
        What is made of the distances of one label.

    Notes
    -----
    Source: Carmichael and Scheirer 2023, "Unfooling perturbation-based post hoc explainers"
    (AAAI), KNN-CAD; k, p and agg are those of its published notebook. With more than two labels,
    d_other is of all neighbours with any other label.
    """

    def __init__(
        self,
        rows: Array,
        categorical: Sequence[int],
        *,
        k: int = 15,
        p: float = 1.0,
        agg: Aggregate = "max",
    ) -> None:
        from sklearn.neighbors import NearestNeighbors

        self._space, self._aggregate = Space.of(rows, categorical), _AGGREGATES[agg]
        index = NearestNeighbors(n_neighbors=min(k, len(rows)), metric="minkowski", p=p)
        self._index = index.fit(self._space.points(rows))

    def neighbours(self, rows: Array) -> Neighbours:
        """Find the nearest reference rows, which depend on no label.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_features)
        """
        return Neighbours(*self._index.kneighbors(self._space.points(rows)))

    def scores(self, neighbours: Neighbours, reference_labels: Labels, labels: Labels) -> Array:
        """Score labels.

        Parameters
        ----------
        neighbours : Neighbours
            Of the rows to be scored.
        reference_labels : ndarray of shape (n_reference,)
        labels : ndarray of shape (n_rows,)

        Returns
        -------
        ndarray of shape (n_rows,)
            Between 0 and 1. Where the label and another are both at distance 0 it is 1.
        """
        same = reference_labels[neighbours.positions] == labels[:, np.newaxis]
        own = self._distance(neighbours.distances, same)
        other = self._distance(neighbours.distances, ~same)
        # own / other is 0 where there is no other label, and infinite where there is no same
        certain = (own == 0.0) | np.isinf(other)
        ratio = np.divide(own, other, out=np.full_like(own, np.inf), where=other > 0.0)
        return np.where(certain, 1.0, 1.0 / (1.0 + np.where(certain, 0.0, ratio)))

    def _distance(self, distances: Array, of_label: Flags) -> Array:
        found, some = np.full(len(distances), np.inf), of_label.any(axis=1)
        chosen = np.where(of_label[some], distances[some], np.nan)
        if len(chosen):
            found[some] = self._aggregate(chosen, axis=1)
        return found
