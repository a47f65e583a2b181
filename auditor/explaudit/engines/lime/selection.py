"""Which features a surrogate shows."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt

from explaudit.engines.lime.ridge import Moments

__all__ = ["select"]

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]

# relative differences below this may come out the other way round in lime's own arithmetic
_TIE = 1e-11
# a candidate of which less than this is new says little but rounding errors
_COLLINEAR = 1e-4
_SELECTION_PENALTY = 0.01
# scikit-learn ends the path at this penalty
_PATH_END = float(np.finfo(np.float32).eps)


def select(
    method: str, moments: Moments, n_selected: int | None, n_samples: int
) -> tuple[Flags, Flags]:
    """Select features.

    Parameters
    ----------
    method : {"none", "highest_weights", "forward_selection", "lasso_path"}
    moments : Moments
        Of `n_rows` regressions.
    n_selected : int or None
        Most features to select; for "none" it does not matter.
    n_samples : int
        Perturbed rows of each regression.

    Returns
    -------
    selected : ndarray of bool, shape (n_rows, n_features)
    doubtful : ndarray of bool, shape (n_rows,)
        Rows with a tie so near that rounding decides it.

    Notes
    -----
    Source: Ribeiro, Singh and Guestrin 2016 (KDD), section 3.4, for the lasso path; package lime,
    ``LimeBase.feature_selection``, for the others.
    """
    n_rows, n_features = moments.cross.shape
    if method == "none" or n_selected is None:
        return moments.everything, np.zeros(n_rows, dtype=np.bool_)
    if method == "lasso_path":
        return _lasso_path(moments, n_selected, n_samples)
    if n_selected >= n_features:
        return moments.everything, np.zeros(n_rows, dtype=np.bool_)
    if method == "highest_weights":
        return _highest_weights(moments, n_selected)
    return _forward_selection(moments, n_selected)


def _highest_weights(moments: Moments, n_selected: int) -> tuple[Flags, Flags]:
    """Select the largest products of coefficient and value; the first of those that are equal."""
    slopes = moments.solve(moments.everything, _SELECTION_PENALTY)
    products = np.abs(slopes * moments.origins)
    order = np.argsort(-products, axis=1, kind="stable")
    rank = np.take_along_axis(products, order, axis=1)
    values = np.take_along_axis(np.abs(moments.origins), order, axis=1)
    # features with value 0 tie exactly, which is no reason for doubt
    error = _TIE * np.abs(slopes).max(axis=1) * values[:, n_selected - 1 : n_selected + 1].max(1)
    doubtful = rank[:, n_selected - 1] - rank[:, n_selected] < error
    selected = np.zeros(products.shape, dtype=np.bool_)
    np.put_along_axis(selected, order[:, :n_selected], True, axis=1)
    return selected, doubtful


def _forward_selection(moments: Moments, n_selected: int) -> tuple[Flags, Flags]:
    """Add the feature that raises R2 the most, again and again, without a penalty."""
    covariance, cross = moments.covariance.copy(), moments.cross.copy()
    whole = np.diagonal(covariance, axis1=1, axis2=2).copy()
    rows = np.arange(len(cross))
    selected = np.zeros(cross.shape, dtype=np.bool_)
    doubtful = np.zeros(len(cross), dtype=np.bool_)
    for _ in range(n_selected):
        left = np.diagonal(covariance, axis1=1, axis2=2)
        fresh = left > _COLLINEAR * whole
        doubtful |= ((whole > 0) & ~fresh & ~selected).any(axis=1)
        gains = np.divide(cross**2, left, out=np.zeros_like(cross), where=fresh)
        gains[selected] = -np.inf
        best = gains.argmax(axis=1)
        top = gains[rows, best]
        gains[rows, best] = -np.inf
        doubtful |= top - gains.max(axis=1) < _TIE * moments.variance
        selected[rows, best] = True
        _sweep(covariance, cross, best, rows)
    return selected, doubtful


def _sweep(covariance: Array, cross: Array, chosen: Positions, rows: Positions) -> None:
    """Take what the chosen feature explains out of all others, in place."""
    column = covariance[rows, :, chosen]
    pivot = column[rows, chosen]
    share = np.divide(column, pivot[:, None], out=np.zeros_like(column), where=pivot[:, None] > 0)
    cross -= share * cross[rows, chosen][:, None]
    covariance -= share[:, :, None] * column[:, None, :]


def _lasso_path(moments: Moments, n_selected: int, n_samples: int) -> tuple[Flags, Flags]:
    """Select by the last step of the lasso path that has few enough features."""
    from sklearn import config_context

    selected = np.zeros(moments.cross.shape, dtype=np.bool_)
    doubtful = np.zeros(len(selected), dtype=np.bool_)
    # with few features, checking its arguments is a fifth of what a path takes
    with config_context(skip_parameter_validation=True):
        for row, (covariance, cross) in enumerate(
            zip(moments.covariance, moments.cross, strict=True)
        ):
            found = _path_selection(covariance, cross, n_selected, n_samples)
            selected[row], doubtful[row] = found
    return selected, doubtful


def _path_selection(
    covariance: Array, cross: Array, n_selected: int, n_samples: int
) -> tuple[Flags, bool]:
    from sklearn.linear_model import lars_path_gram

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        penalties, _, path = lars_path_gram(cross, covariance, n_samples=n_samples, method="lasso")
    steps = (path != 0).T
    fitting = np.flatnonzero(steps[1:].sum(axis=1) <= n_selected) + 1
    # lime looks no further back than the second step, and takes all features of an empty path
    last = int(fitting[-1]) if len(fitting) else 1
    selected = steps[last] if len(steps) > 1 else np.ones(len(cross), dtype=np.bool_)
    near = np.abs(np.diff(penalties[max(0, last - 1) : last + 3])) < _TIE * penalties[0]
    ended = np.abs(penalties - _PATH_END) < 0.5 * _PATH_END
    return selected, bool(caught) or bool(near.any() or ended.any())
