"""Least-angle regression for many problems at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Leaders", "leading_features"]

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]

# scikit-learn ends a path when the largest correlation, by sample, falls to this
_NOTHING_LEFT = float(np.finfo(np.float32).eps)
# correlations closer than this, relative to the largest at the start, may change places by rounding
_TIE = 1e-9
_SMALLEST_PIVOT = 1e-6


@dataclass(frozen=True, eq=False)
class Leaders:
    """Which features lead.

    Attributes
    ----------
    order : ndarray of shape (n_problems, n_steps)
        The features in the order in which they entered.
    n_entered : ndarray of shape (n_problems,)
        How many did before nothing was left to explain; the rest of `order` has no meaning.
    certain : ndarray of bool, shape (n_problems,)
        False where rounding decides, or where the path does something beyond letting features
        in: a near-tie, a coefficient that changes sign, nearly dependent features.
    """

    order: Positions
    n_entered: Positions
    certain: Flags

    def selected(self, i: int) -> Positions:
        """Return the features that entered in problem `i`."""
        chosen: Positions = self.order[i, : self.n_entered[i]]
        return chosen

    def part(self, which: Flags) -> Leaders:
        """Return the leaders of some problems."""
        return Leaders(self.order[which], self.n_entered[which], self.certain[which])


def leading_features(
    grams: Array,
    owner: Positions,
    correlations: Array,
    n_steps: int,
    n_samples: npt.NDArray[np.integer],
) -> Leaders:
    """Let features in by least-angle regression.

    Parameters
    ----------
    grams : ndarray of shape (n_grams, n_features, n_features)
    owner : ndarray of shape (n_problems,)
        The Gram matrix of each problem.
    correlations : ndarray of shape (n_problems, n_features)
        Of each feature with the answers.
    n_steps : int
        How many features to let in, at most `n_features`.
    n_samples : ndarray of int, shape (n_problems,)
        Samples behind each problem; the path's end is a correlation by sample.

    Notes
    -----
    Source: Efron, Hastie, Johnstone and Tibshirani 2004, "Least angle regression", Annals of
    Statistics 32, equations 2.4 to 2.13.
    """
    path = _Path(grams, owner, correlations, n_steps)
    with np.errstate(divide="ignore", invalid="ignore"):
        for step in range(n_steps):
            path.enter(step, n_samples)
            if not path.running.any():
                break
            if step + 1 < n_steps:
                path.advance(step)
    return Leaders(path.order, path.n_entered, path.certain)


class _Path:
    """The state of all problems' paths, one feature at a time.

    A path that has ended is carried on with the others, but its results are no longer recorded.
    """

    def __init__(self, grams: Array, owner: Positions, correlations: Array, n_steps: int) -> None:
        n_problems = len(correlations)
        self.grams, self.owner, self.correlations = grams, owner, correlations.copy()
        self.scale = np.abs(correlations).max(axis=1)
        self.order = np.zeros((n_problems, n_steps), dtype=np.intp)
        self.signs = np.zeros((n_problems, n_steps))
        self.coefficients = np.zeros((n_problems, n_steps))
        self.free = np.ones(correlations.shape, dtype=np.bool_)
        self.level = self.scale.copy()
        self.running = np.ones(n_problems, dtype=np.bool_)
        self.certain = np.ones(n_problems, dtype=np.bool_)
        self.n_entered = np.zeros(n_problems, dtype=np.intp)
        self._all = np.arange(n_problems)

    def enter(self, step: int, n_samples: npt.NDArray[np.integer]) -> None:
        """Let the free feature with the largest correlation in, unless nothing is left."""
        size = np.where(self.free, np.abs(self.correlations), -np.inf)
        leader = size.argmax(axis=1)
        self.level = size[self._all, leader]
        per_sample = self.level / n_samples
        self._doubt(np.abs(per_sample - _NOTHING_LEFT) <= _TIE * self.scale / n_samples)
        self.running &= per_sample > _NOTHING_LEFT
        self.order[:, step] = leader
        self.signs[:, step] = np.sign(self.correlations[self._all, leader])
        self.n_entered += self.running
        self.free[self._all, leader] = False
        size[self._all, leader] = -np.inf
        self._doubt(self.level - size.max(axis=1) <= _TIE * self.scale)

    def advance(self, step: int) -> None:
        """Move all entered features on, in step, until a free one correlates as much."""
        entered, signs = self.order[:, : step + 1], self.signs[:, : step + 1]
        owner = self.owner[:, None]
        inner = self.grams[owner[:, None], entered[:, :, None], entered[:, None, :]]
        self._stop_where_dependent(inner)
        direction = np.linalg.solve(inner, signs[..., None])[..., 0]
        fall = 1.0 / np.sqrt((direction * signs).sum(axis=1))
        direction *= fall[:, None]
        slopes = (direction[:, None, :] @ self.grams[owner, entered])[:, 0]
        length = np.minimum(self._next_meeting(slopes, fall), self.level / fall)
        ahead = self.coefficients[:, : step + 1]
        self._doubt(_first_positive(-ahead / direction) < length)
        ahead += length[:, None] * direction
        self.correlations -= length[:, None] * slopes

    def _stop_where_dependent(self, inner: Array) -> None:
        dependent = _smallest_pivots(inner) < _SMALLEST_PIVOT
        if dependent.any():
            self._doubt(dependent)
            self.running &= ~dependent
            inner[dependent] = np.eye(inner.shape[1])

    def _next_meeting(self, slopes: Array, fall: Array) -> Array:
        level, fall = self.level[:, None], fall[:, None]
        falling = (level - self.correlations) / (fall - slopes)
        rising = (level + self.correlations) / (fall + slopes)
        both = np.where(self.free, [falling, rising], np.inf)
        return np.minimum(_first_positive(both[0]), _first_positive(both[1]))

    def _doubt(self, where: Flags) -> None:
        self.certain &= ~(where & self.running)


def _smallest_pivots(matrices: Array) -> Array:
    """Return the smallest pivot of each; 0 for a matrix that has not only positive ones."""
    try:
        pivots = np.linalg.cholesky(matrices).diagonal(axis1=1, axis2=2)
    except np.linalg.LinAlgError:
        alone = len(matrices) == 1
        return (
            np.zeros(1) if alone else np.concatenate([_smallest_pivots(m[None]) for m in matrices])
        )
    smallest: Array = pivots.min(axis=1)
    return smallest


def _first_positive(values: Array) -> Array:
    smallest: Array = np.where(values > 0, values, np.inf).min(axis=1)
    return smallest
