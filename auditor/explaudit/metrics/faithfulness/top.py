"""Whether the features of largest attribution are needed, and whether they are enough."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from explaudit.blocks import draw_nearby
from explaudit.metrics.by_row import mean_known
from explaudit.metrics.faithfulness.removal import Removal, each_without
from explaudit.metrics.faithfulness.scoring import changes, predicted_scores
from explaudit.seeds import derive_seed

__all__ = ["N_NOISY", "comprehensiveness", "n_top", "pgi", "pgu", "sufficiency"]

Array = npt.NDArray[np.float64]
Masks = npt.NDArray[np.bool_]

#: Noisy rows for each row.
N_NOISY = 30
# in standard deviations of real rows; noise that is wide enough to change what a feature says
_DEVIATION, _RADIUS, _FLIP = 1.0, 3.0, 0.5


def n_top(n_features: int) -> int:
    """Return how many features count as the top: a quarter, rounded, from 1 to 5."""
    return min(5, max(1, round(n_features / 4)))


def comprehensiveness(removal: Removal) -> Array:
    """Return by how much the predicted side's score falls without the top features.

    Parameters
    ----------
    removal : Removal

    Returns
    -------
    ndarray of shape (n_rows,)
        From -1 to 1; NaN where no attribution is shown, or outputs are no probabilities or labels.

    Notes
    -----
    Source: DeYoung et al. 2020, "ERASER" (ACL), the equation of comprehensiveness. The published
    score is the predicted class's; see
    :func:`~explaudit.metrics.faithfulness.scoring.predicted_scores`.
    """
    return _fall(removal, _top(removal))


def sufficiency(removal: Removal) -> Array:
    """Return by how much the predicted side's score falls when only the top features are left.

    Parameters
    ----------
    removal : Removal

    Returns
    -------
    ndarray of shape (n_rows,)
        From -1 to 1; NaN where no attribution is shown, there is nothing but the top, or outputs
        are no probabilities or labels.

    Notes
    -----
    Source: DeYoung et al. 2020, "ERASER" (ACL), the equation of sufficiency.
    """
    return _fall(removal, ~_top(removal))


def pgi(removal: Removal) -> Array:
    """Return the mean absolute change of the output under noise on the top features.

    Off-manifold, normal noise of one standard deviation of real rows, cut off at three, and
    another level in every second category. On-manifold, real neighbours in place of noisy rows,
    compared on the other features.

    Parameters
    ----------
    removal : Removal

    Returns
    -------
    ndarray of shape (n_rows,)
        In units of the output; NaN where no attribution is shown.

    Notes
    -----
    Source: Agarwal et al. 2022, "OpenXAI" (NeurIPS Datasets and Benchmarks), the prediction gap on
    important features, at one number of top features rather than averaged over several.
    """
    return _gap(removal, _top(removal))


def pgu(removal: Removal) -> Array:
    """Return the mean absolute change of the output under noise on all but the top features.

    Parameters
    ----------
    removal : Removal

    Returns
    -------
    ndarray of shape (n_rows,)
        In units of the output; NaN where no attribution is shown, or there is nothing but the top.

    Notes
    -----
    Source: Agarwal et al. 2022, "OpenXAI" (NeurIPS Datasets and Benchmarks), the prediction gap on
    unimportant features; see :func:`pgi`.
    """
    return _gap(removal, ~_top(removal))


def _top(removal: Removal) -> Masks:
    """Return the top features, (n_rows, 1, n_features): fewer where fewer are shown."""
    shown = np.where(removal.magnitudes > 0, removal.magnitudes, np.nan)
    return removal.ranked(shown, [n_top(removal.n_features)])


def _fall(removal: Removal, masks: Masks) -> Array:
    material = removal.material
    before = predicted_scores(material, material.answers[:, None])
    after = predicted_scores(material, removal.without(masks))
    return _where_judged(removal, masks, (before - after)[:, 0])


def _gap(removal: Removal, masks: Masks) -> Array:
    noisy = _noisy_rows(removal) if removal.manifold == "off" else None
    answers = each_without(removal.material, masks, removal.manifold, noisy)
    gaps = mean_known(changes(removal.material, answers))
    return _where_judged(removal, masks, gaps[:, 0])


def _where_judged(removal: Removal, masks: Masks, found: Array) -> Array:
    """Leave out rows that show nothing, and those of which nothing is taken away."""
    return np.where(removal.shown & masks.any(axis=(1, 2)), found, np.nan)


def _noisy_rows(removal: Removal) -> Array:
    """Draw rows with noise on every feature, (n_rows, N_NOISY, n_features)."""
    material, order = removal.material, removal.by_name
    drawn = draw_nearby(
        material.rows[:, order],
        material.real_rows[:, order],
        removal.places[list(material.categorical)].tolist(),
        N_NOISY,
        seed=derive_seed(material.seed, "faithfulness", "noise"),
        deviation=_DEVIATION,
        radius=_RADIUS,
        flip=_FLIP,
    )
    return drawn[:, :, removal.places]
