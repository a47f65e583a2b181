"""Rows nearby: drawn around each row, or the nearest real ones, and how they are explained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from explaudit.attributions import Attributions
from explaudit.blocks._checks import MAX_BYTES, as_matrix, as_whole
from explaudit.blocks.distances import MixedDistance
from explaudit.blocks.neighbours import neighbours
from explaudit.engines.kernel.distinct import distinct_rows
from explaudit.errors import InvalidInputError
from explaudit.explainer import Explainer
from explaudit.scenario import Scenario
from explaudit.seeds import generator, row_seed

__all__ = ["NearbyExplanations", "draw_nearby", "explain_nearby", "nearest_alike", "rows_at"]

Array = npt.NDArray[np.float64]
Masks = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class NearbyExplanations:
    """How the rows nearby are explained.

    Attributes
    ----------
    values : ndarray of shape (n_rows, n_nearby, n_features)
        The attributions of each nearby row; NaN where there is no row, or no explanation.
    explained : Attributions
        What the explainer returned: one row for each distinct nearby row, and what it took.
    places : ndarray of int, shape (n_rows, n_nearby)
        Where in `explained` each nearby row stands; -1 where there is none.
    """

    values: Array
    explained: Attributions
    places: Positions


def draw_nearby(
    rows: Array,
    background: Array,
    categorical: Sequence[int],
    n: int,
    *,
    seed: int,
    deviation: float = 0.05,
    radius: float = 0.1,
    flip: float = 0.05,
) -> Array:
    """Draw rows around each row.

    To each number a normal draw is added, cut off at the radius. Each category is replaced, with a
    small probability, by another level: that of a background row drawn among those that differ.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
    background : ndarray of shape (n_background, n_features)
        Where spreads and levels are taken from. A feature that is constant there is left alone.
    categorical : sequence of int
        Positions of the categorical features.
    n : int
        Draws for each row. More draws contain those of fewer.
    seed : int
        A row's draws depend on it and on the row's content, never on its position.
    deviation : float
        Standard deviation of the normal draws before they are cut off, in units of each feature's
        standard deviation in the background.
    radius : float
        Most by which a number may change, in the same units.
    flip : float
        Probability that a category is replaced.

    Returns
    -------
    ndarray of shape (n_rows, n, n_features)

    Raises
    ------
    InvalidInputError
        If the shapes do not fit together, or a setting is out of range.

    Notes
    -----
    Source: the neighbourhoods of max-sensitivity, Yeh et al. 2019, "On the (in)fidelity and
    sensitivity of explanations" (NeurIPS), here scaled by feature and with
    categories; normal draws and flips as in the perturbations of Agarwal et al. 2022, "OpenXAI"
    (NeurIPS Datasets and Benchmarks).
    """
    rows = as_matrix("rows", rows)
    background = as_matrix("background", background, rows.shape[1])
    as_whole("n", n, 1, np.iinfo(np.int32).max)
    for name, value in (("deviation", deviation), ("radius", radius)):
        if not 0 < value < np.inf:
            raise InvalidInputError(name, "a positive number", value)
    if not 0 <= flip <= 1:
        raise InvalidInputError("flip", "a probability", flip)
    uniform = _uniform(rows, n, seed)
    spreads = np.where(np.ptp(background, axis=0) == 0, 0.0, background.std(axis=0))
    drawn = rows[:, None] + spreads * _cut_off_normal(uniform, deviation, radius)
    for j in categorical:
        drawn[:, :, j] = _flipped(rows[:, j], background[:, j], uniform[:, :, j], flip)
    return drawn


def nearest_alike(
    rows: Array,
    predictions: npt.NDArray[np.generic],
    real_rows: Array,
    real_predictions: npt.NDArray[np.generic],
    distance: MixedDistance,
    k: int,
    *,
    allowed: Masks | None = None,
    max_bytes: int = MAX_BYTES,
) -> Positions:
    """Find the nearest real rows that are predicted alike, compared on all features.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
    predictions : ndarray of shape (n_rows,)
        Labels or decisions; they must be equal.
    real_rows : ndarray of shape (n_real, n_features)
    real_predictions : ndarray of shape (n_real,)
    distance, k, allowed, max_bytes
        See :func:`~explaudit.blocks.neighbours.neighbours`.

    Returns
    -------
    ndarray of int, shape (n_rows, k)
        Positions of real rows, the nearest first; -1 where there are no more.

    Notes
    -----
    Source: the same-prediction condition of the relative stabilities, Agarwal et al. 2022,
    "Rethinking stability for attribution-based explanations" (arXiv 2203.06877), section 3.
    """
    rows = as_matrix("rows", rows)
    alike: Masks = np.asarray(predictions)[:, None] == np.asarray(real_predictions)
    if allowed is not None:
        alike = alike & allowed
    all_features = np.zeros((1, rows.shape[1]), dtype=np.bool_)
    found = neighbours(
        rows, all_features, real_rows, distance, k, allowed=alike, max_bytes=max_bytes
    )
    return found[:, 0]


def rows_at(real_rows: Array, found: Positions) -> Array:
    """Return real rows by position; rows of NaN for -1.

    Parameters
    ----------
    real_rows : ndarray of shape (n_real, n_features)
    found : ndarray of int, shape (n_rows, k)

    Returns
    -------
    ndarray of shape (n_rows, k, n_features)
    """
    return np.where((found >= 0)[..., None], np.asarray(real_rows, dtype=np.float64)[found], np.nan)


def explain_nearby(
    explainer: Explainer, scenario: Scenario, nearby: Array, *, seed: int
) -> NearbyExplanations:
    """Explain all rows nearby, in one call of the explainer and each distinct row once.

    Parameters
    ----------
    explainer : Explainer
    scenario : Scenario
        Model, background and encoder; its own rows are not explained.
    nearby : ndarray of shape (n_rows, n_nearby, n_features)
        Encoded. A row of NaN alone stands for none.
    seed : int
        The seed with which the rows themselves are explained.

    Returns
    -------
    NearbyExplanations

    Raises
    ------
    InvalidInputError
        If `nearby` has another shape, or holds no row at all.
    """
    nearby = np.asarray(nearby, dtype=np.float64)
    n_features = len(scenario.encoder.names)
    if nearby.ndim != 3 or nearby.shape[2] != n_features:
        raise InvalidInputError("nearby", f"shape (n_rows, n_nearby, {n_features})", nearby.shape)
    there = ~np.isnan(nearby).all(axis=2)
    if not there.any():
        raise InvalidInputError("nearby", "at least one row that is not all NaN", nearby.shape)
    listed = nearby[there]
    # equal rows get equal explanations, so that each needs one only
    first, group = distinct_rows(listed.view(np.uint64))
    table = scenario.encoder.decode(listed[first])
    explained = explainer.explain(scenario.replace(rows=table), seed=seed)
    places = np.full(there.shape, -1, dtype=np.intp)
    places[there] = group
    return NearbyExplanations(rows_at(explained.values, places), explained, places)


def _uniform(rows: Array, n: int, seed: int) -> Array:
    """Return draws from [0, 1) of shape (n_rows, n, n_features), by each row's content."""
    drawn = np.empty((len(rows), n, rows.shape[1]))
    # a generator for each row is what makes its draws its own
    for row, own in zip(rows, drawn, strict=True):
        generator(row_seed(seed, row), "nearby").random(out=own)
    return drawn


def _cut_off_normal(uniform: Array, deviation: float, radius: float) -> Array:
    """Turn uniform draws into normal ones within a radius, by the inverse of their distribution."""
    outside = special.ndtr(-radius / deviation)
    normal = deviation * special.ndtri(outside + uniform * (1.0 - 2.0 * outside))
    # rounding may lead just beyond the end
    return np.clip(normal, -radius, radius)


def _flipped(column: Array, background: Array, uniform: Array, flip: float) -> Array:
    """Replace categories of shape (n_rows,) in draws of shape (n_rows, n)."""
    levels = np.sort(background)
    low, high = (np.searchsorted(levels, column, side)[:, None] for side in ("left", "right"))
    n_others = len(levels) - (high - low)
    flips = (uniform < flip) & (n_others > 0)
    # a draw below `flip` is uniform itself, and so says which of the other rows gives its level
    share = np.divide(uniform, flip, out=np.zeros_like(uniform), where=flips)
    chosen = np.minimum((share * n_others).astype(np.intp), n_others - 1)
    chosen = np.where(chosen >= low, chosen + (high - low), chosen)
    return np.where(flips, levels[np.clip(chosen, 0, len(levels) - 1)], column[:, None])
