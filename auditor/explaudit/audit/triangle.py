"""Whether, of three answers to a row, the one under another condition is the odd one too often.

Two answers are given under one condition and the third under another. If the condition does not
matter, the three are exchangeable: where exactly one of them stands apart, it is the third in one
row of three. So the number of such rows is binomial with probability 1/3, whether the model is
deterministic or draws its answers at random, and however much it draws.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special, stats

__all__ = [
    "GROUP",
    "TOLERANCE",
    "Triangle",
    "count_for",
    "differs",
    "scaled",
    "smallest_share",
    "triangle",
]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

#: Relative difference up to which two numbers are one answer. A model in single precision gives
#: other last bits for other sizes of batch, at about 1e-7.
GROUP = "one row, one answer"

TOLERANCE = 1e-6

_CHANCE = 1 / 3


@dataclass(frozen=True)
class Triangle:
    """How often the third answer was the odd one.

    Attributes
    ----------
    n_rows : int
        Rows that were asked three times.
    n_told : int
        Rows in which exactly one of the three answers stands apart.
    n_odd : int
        Rows in which that is the third.
    p_value : float
        Probability of so many or more if the third's condition does not matter.
    """

    n_rows: int
    n_told: int
    n_odd: int
    p_value: float

    @property
    def share(self) -> float:
        """Share of all rows in which the third answer is the odd one."""
        return self.n_odd / self.n_rows


def triangle(
    first: Array, second: Array, third: Array, tolerance: Array, *, excused: int = 0
) -> Triangle:
    """Test whether the third answer stands apart more often than the others do.

    Parameters
    ----------
    first, second, third : ndarray of shape (n_rows, n_outputs)
        Answers to the same rows; the first two were given under one condition.
    tolerance : ndarray of shape (n_outputs,)
        Numbers that differ by no more are equal.
    excused : int
        So many rows in which the third stands apart are left out.

    Notes
    -----
    The p-value supposes that rows are answered independently of each other. A model whose
    randomness is shared by a whole request, such as a server that picks one of two versions for
    each request, is outside of that.

    Source: the triangle test, ISO 4120 (Sensory analysis, Methodology, Triangle test).
    """
    near = _distance(first, second, tolerance)
    left, right = _distance(first, third, tolerance), _distance(second, third, tolerance)
    odd = (near < left) & (near < right)
    others = ((left < near) & (left < right)) | ((right < near) & (right < left))
    n_odd = max(int(odd.sum()) - excused, 0)
    n_told = n_odd + int(others.sum())
    p_value = float(stats.binom.sf(n_odd - 1, n_told, _CHANCE))
    return Triangle(len(first), n_told, n_odd, p_value)


def differs(first: Array, second: Array, tolerance: Array) -> Mask:
    """Return which rows got different answers, shape (n_rows,)."""
    return np.asarray(_distance(first, second, tolerance) > 0, dtype=np.bool_)


def scaled(answers: Array, relative: float) -> Array:
    """Return the tolerance of each output: relative to the mean size of the answers.

    Parameters
    ----------
    answers : ndarray of shape (n_rows, n_outputs)
    relative : float
        In units of that size.
    """
    return np.asarray(relative * np.abs(answers).mean(axis=0))


def count_for(p_value: float) -> int:
    """Return how many rows a deterministic model must answer otherwise to reach a p-value."""
    return math.ceil(math.log(p_value) / math.log(_CHANCE) - 1e-9)


def smallest_share(n_rows: int, alpha: float, power: float = 0.8) -> dict[str, float]:
    """Return, as details of a test, the share of rows answered otherwise that it would find.

    Parameters
    ----------
    n_rows : int
        Rows that are asked three times, of an otherwise deterministic model.
    alpha : float
        Level of the test.
    power : float
        Probability of finding it.

    Returns
    -------
    dict of str to float
        Empty if there are too few rows for the level.
    """
    count = count_for(alpha)
    if count > n_rows:
        return {}
    # P(binomial(n, q) >= k) is the regularised incomplete beta function I_q(k, n - k + 1)
    share = float(special.betaincinv(count, n_rows - count + 1, power))
    return {"smallest_share_found": share}


def _distance(first: Array, second: Array, tolerance: Array) -> Array:
    difference = np.abs(first - second)
    return np.asarray(np.where(difference <= tolerance, 0.0, difference).max(axis=1))
