"""Which of an explainer's queries could be real rows, as far as one column or two can tell.

A model may refuse impossible input honestly. Asked about possible rows alone, it has no reason to
answer otherwise than on real data, whereas a model that tells queries from real rows has.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt

from explaudit.encoding import Encoder

__all__ = ["possible_rows"]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

#: A column of at most so many values takes part in pairs.
_FEW_VALUES = 40
#: A check that would leave fewer of the rows than this share is left out: then the explainer asks
#: hardly anything that passes it.
_LEAST_SHARE = 0.02


def possible_rows(encoder: Encoder, real: Array, rows: Array) -> Mask:
    """Tell which rows pass all checks of the input that leave a fair share of them.

    The checks, in this order: numbers in the range of the real rows; whole numbers in columns
    of a few evenly spaced values; and no pair of values, in two columns of few values, that no
    real row has.

    Parameters
    ----------
    encoder : Encoder
        Knows which features are categorical.
    real, rows : ndarray of shape (n_rows, n_features)
        Real rows to learn the checks from, and rows to check.

    Returns
    -------
    ndarray of bool of shape (n_rows,)
    """
    passed = np.ones(len(rows), dtype=np.bool_)
    for check in (_in_range(real, rows), _on_grid(encoder, real, rows), _known_pairs(real, rows)):
        if (passed & check).mean() >= _LEAST_SHARE:
            passed &= check
    return passed


def _in_range(real: Array, rows: Array) -> Mask:
    inside = (rows >= real.min(axis=0)) & (rows <= real.max(axis=0))
    return np.asarray(inside.all(axis=1))


def _on_grid(encoder: Encoder, real: Array, rows: Array) -> Mask:
    """Tell which rows have only values that occur, in numeric columns that look like a grid.

    A column of whole numbers stays one when it is scaled: its values lie evenly spaced.
    """
    passed = np.ones(len(rows), dtype=np.bool_)
    for j, feature in enumerate(encoder.features):
        values = np.unique(real[:, j])
        if feature.is_categorical or len(values) < 2:
            continue
        step = np.diff(values).min()
        places = (values - values[0]) / step
        if np.abs(places - np.rint(places)).max() < 1e-6:
            places = (rows[:, j] - values[0]) / step
            passed &= np.abs(places - np.rint(places)) < 1e-6
    return passed


def _known_pairs(real: Array, rows: Array) -> Mask:
    passed = np.ones(len(rows), dtype=np.bool_)
    codes: list[tuple[int, npt.NDArray[np.intp]]] = []
    for j in range(real.shape[1]):
        if len(np.unique(real[:, j])) <= _FEW_VALUES:
            values, places = np.unique(np.r_[real[:, j], rows[:, j]], return_inverse=True)
            codes.append((len(values), places))
    for (_, first), (n_second, second) in combinations(codes, 2):
        pairs = first * n_second + second
        known = np.zeros(int(pairs.max()) + 1, dtype=np.bool_)
        known[pairs[: len(real)]] = True
        passed &= known[pairs[len(real) :]]
    return passed
