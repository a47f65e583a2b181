"""What LIME takes from the training table: scales, levels and bins, computed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explaudit.engines.kernel.settings import checked_matrix
from explaudit.engines.lime.bins import Bins
from explaudit.engines.lime.settings import Discretizer, LimeSettings
from explaudit.errors import InvalidInputError

__all__ = ["Levels", "TrainingTable", "prepare"]

Array = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

_ENTROPY_DEPTH = 3


@dataclass(frozen=True, eq=False)
class Levels:
    """The levels of a column that is drawn from its training frequencies.

    Attributes
    ----------
    values : ndarray of shape (n_levels,)
        Ascending: values of a categorical column, numbers of the bins of one that is cut.
    frequencies : ndarray of shape (n_levels,)
        Shares of the training rows.
    bins : Bins or None
        Of a numeric column that is cut into bins.
    """

    values: Array
    frequencies: Array
    bins: Bins | None

    @classmethod
    def of(cls, column: Array, bins: Bins | None = None) -> Levels:
        """Count the levels of a training column."""
        levels = column if bins is None else bins.numbers(column).astype(np.float64)
        values, counts = np.unique(levels, return_counts=True)
        return cls(values, counts / float(counts.sum()), bins)

    @property
    def cumulative(self) -> Array:
        """Shares of the training rows up to each level; the last is 1."""
        total = np.cumsum(self.frequencies)
        return np.asarray(total / total[-1])

    def code(self, value: float) -> int:
        """Return the position of a value's level, -1 if the training table does not have it."""
        level = value if self.bins is None else float(self.bins.numbers(np.array([value]))[0])
        found = np.flatnonzero(self.values == level)
        return int(found[0]) if len(found) else -1


@dataclass(frozen=True, eq=False)
class TrainingTable:
    """Statistics of a training table, for any number of calls of the engine.

    Attributes
    ----------
    mean, scale : ndarray of shape (n_features,)
        Of numeric columns that are not cut, in the table's units; 0 and 1 for all others.
    numeric : ndarray of shape (n_numeric,)
        Positions of the numeric columns that are not cut.
    levels : dict
        Levels of every other column, by position, in the order in which lime draws them.
    discretized : bool
        Whether numeric columns are cut into bins.
    discretizer : {"quartile", "decile", "entropy"}
        By which rule, if they are.
    """

    mean: Array
    scale: Array
    numeric: Positions
    levels: dict[int, Levels]
    discretized: bool
    discretizer: Discretizer

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return len(self.mean)


def prepare(
    training: npt.ArrayLike,
    categorical: Sequence[int],
    settings: LimeSettings,
    labels: npt.ArrayLike | None = None,
) -> TrainingTable:
    """Compute what LIME needs of a training table.

    Parameters
    ----------
    training : array-like of shape (n_training, n_features)
    categorical : sequence of int
        Positions of the categorical columns, in the order in which they are to be drawn.
    settings : LimeSettings
        Only `discretize_continuous` and `discretizer` matter.
    labels : array-like of shape (n_training,), optional
        Classes, from which the "entropy" discretizer learns its bins.

    Returns
    -------
    TrainingTable

    Raises
    ------
    InvalidInputError
        If an argument is not as described.

    Notes
    -----
    Source: Ribeiro, Singh and Guestrin 2016 (KDD), section 3; package lime,
    ``LimeTabularExplainer`` and its discretizers.
    """
    from sklearn.preprocessing import StandardScaler

    table = checked_matrix("training", training)
    _check_categorical(categorical, table.shape[1])
    scaler = StandardScaler(with_mean=False).fit(table)
    cut = settings.discretize_continuous
    numeric = [j for j in range(table.shape[1]) if j not in set(categorical)]
    mean, scale = scaler.mean_.copy(), scaler.scale_.copy()
    drawn = range(table.shape[1]) if cut else categorical
    mean[list(drawn)], scale[list(drawn)] = 0.0, 1.0
    edges = {j: _edges(table[:, j], settings, labels) for j in numeric} if cut else {}
    bins = {j: Bins.of(table[:, j], own) for j, own in edges.items()}
    levels = {int(j): Levels.of(table[:, j], bins.get(j)) for j in drawn}
    kept = np.array([] if cut else numeric, dtype=np.intp)
    return TrainingTable(mean, scale, kept, levels, cut, settings.discretizer)


def _check_categorical(categorical: Sequence[int], n_features: int) -> None:
    known = set(categorical) <= set(range(n_features))
    if not known or len(set(categorical)) != len(categorical):
        raise InvalidInputError(
            "categorical", f"distinct positions of {n_features} columns", list(categorical)
        )


def _edges(column: Array, settings: LimeSettings, labels: npt.ArrayLike | None) -> Array:
    """Return the inner edges of a column's bins, ascending and distinct."""
    if settings.discretizer == "entropy":
        return np.unique(_entropy_edges(column, labels))
    step = 25 if settings.discretizer == "quartile" else 10
    return np.unique(np.percentile(column, list(range(step, 100, step))))


def _entropy_edges(column: Array, labels: npt.ArrayLike | None) -> Array:
    from sklearn.tree import DecisionTreeClassifier

    if labels is None:
        raise InvalidInputError("labels", "a class for each row with discretizer 'entropy'", None)
    classes = np.asarray(labels)
    if classes.shape != column.shape:
        raise InvalidInputError("labels", f"shape {column.shape}", classes.shape)
    # with a single column its randomness has nothing to choose from
    tree = DecisionTreeClassifier(criterion="entropy", max_depth=_ENTROPY_DEPTH, random_state=0)
    grown = tree.fit(column[:, None], classes).tree_
    thresholds: Array = grown.threshold[grown.children_left > -1]
    return thresholds if len(thresholds) else np.array([np.median(column)])
