"""How large a part each feature has in all that features do to answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explaudit.audit.evidence import Asked
from explaudit.audit.surrogate import Design

__all__ = ["ShareGap", "share_draws", "share_gap"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ShareGap:
    """How large a part a feature has in all that features do: claimed, real, and the difference.

    Attributes
    ----------
    claimed, real : float
        Between 0 and 1.
    gap, low, high : float
        The real share less the claimed one, with its interval.
    """

    claimed: float
    real: float
    gap: float
    low: float
    high: float


def share_draws(
    design: Design, real: Array, asked: Asked, n_draws: int, rng: np.random.Generator
) -> Array:
    """Return how large a part each feature has in all that features do, as observed and resampled.

    An additive surrogate is fitted to the answers; a feature's size is the standard deviation, over
    real rows, of what it contributes.

    Parameters
    ----------
    design : Design
    real : ndarray of shape (n_real, n_features)
        Real rows.
    asked : Asked
        What the surrogate is fitted to: real rows or queries, without missing numbers.
    n_draws : int
        Bootstrap samples of both.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (n_draws + 1, n_features, n_outputs)
        The first as observed. Sizes where the answers are all the same are 0, and so are shares.
    """
    columns = design.columns(real)
    found = [_shares(design, columns, asked.rows, asked.answers)]
    same = len(real) == len(asked) and real is asked.rows
    for _ in range(n_draws):
        drawn = rng.integers(0, len(asked), len(asked))
        where = drawn if same else rng.integers(0, len(real), len(real))
        found.append(_shares(design, columns[where], asked.rows[drawn], asked.answers[drawn]))
    return np.array(found)


def _shares(design: Design, columns: Array, rows: Array, answers: Array) -> Array:
    coefficients = design.fit(rows, answers)[1]
    sizes = np.array(
        [
            (columns[:, own] @ coefficients[own]).std(axis=0)
            for own in (design.owners == j for j in range(rows.shape[1]))
        ]
    )
    total = sizes.sum(axis=0)
    return np.asarray(np.divide(sizes, total, out=np.zeros_like(sizes), where=total > 0))


def share_gap(claimed: Array, real: Array, alpha: float) -> ShareGap:
    """Compare what queries claim of a feature with what real rows say.

    Noise makes every size larger, most so those of features that do nothing. What resampling adds
    to a share is taken off again.

    Parameters
    ----------
    claimed, real : ndarray of shape (n_draws + 1,)
        From :func:`share_draws`, of one feature and output.
    alpha : float
        The interval, a normal one, holds with probability 1 - alpha.

    Notes
    -----
    Source: the bias-corrected normal interval of Davison and Hinkley 1997, "Bootstrap Methods and
    their Application", section 5.2.1.
    """
    from scipy import stats

    gaps = real - claimed
    of_claimed, of_real, gap = (
        float(2 * draws[0] - draws[1:].mean()) for draws in (claimed, real, gaps)
    )
    reach = float(stats.norm.isf(alpha / 2)) * float(gaps[1:].std(ddof=1))
    shares = np.clip([of_claimed, of_real], 0.0, 1.0).tolist()
    bounds = np.clip([gap, gap - reach, gap + reach], -1.0, 1.0).tolist()
    return ShareGap(*shares, *bounds)
