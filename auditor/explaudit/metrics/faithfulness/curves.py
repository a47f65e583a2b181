"""How the score moves as features are taken away, or added, in the order of their attributions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from explaudit.blocks import answers_of
from explaudit.metrics.by_row import ROUNDING
from explaudit.metrics.faithfulness.imputation import Imputer
from explaudit.metrics.faithfulness.removal import Removal
from explaudit.metrics.faithfulness.scoring import area, predicted_scores

__all__ = ["deletion_auc", "insertion_auc", "monotonicity", "remove_and_debias"]

Array = npt.NDArray[np.float64]
Masks = npt.NDArray[np.bool_]


def deletion_auc(removal: Removal) -> Array:
    """Return the area under the predicted side's score as features go, the largest first.

    The order is that of absolute attributions: one that speaks against the predicted side is
    taken for as important as one that speaks for it.

    Parameters
    ----------
    removal : Removal

    Returns
    -------
    ndarray of shape (n_rows,)
        From 0 to 1, over the share of features that are gone; NaN where no attribution is shown,
        or outputs are no probabilities or labels.

    Notes
    -----
    Source: Petsiuk, Das and Saenko 2018 (BMVC), the causal metric "deletion".
    """
    return area(_curve(removal, removal.without(_largest_gone(removal)), own_last=False))


def insertion_auc(removal: Removal) -> Array:
    """Return the area under the predicted side's score as features come, the largest first.

    Parameters
    ----------
    removal : Removal

    Returns
    -------
    ndarray of shape (n_rows,)
        From 0 to 1, over the share of features that are there; NaN as in :func:`deletion_auc`.

    Notes
    -----
    Source: Petsiuk, Das and Saenko 2018 (BMVC), the causal metric "insertion".
    """
    return area(_added(removal, removal.magnitudes))


def monotonicity(removal: Removal) -> Array:
    """Return the share of steps that do not lower the score as features come, the smallest first.

    Parameters
    ----------
    removal : Removal

    Returns
    -------
    ndarray of shape (n_rows,)
        From 0 to 1, of as many steps as there are features; NaN as in :func:`deletion_auc`.

    Notes
    -----
    Source: Arya et al. 2019, "One explanation does not fit all" (arXiv 1909.03012), and Luss et
    al. 2021 (KDD), monotonicity: there whether all steps pass, here how many.
    """
    steps = np.diff(_added(removal, -removal.magnitudes), axis=1)
    rises = (steps >= -ROUNDING).mean(axis=1)
    return np.where(np.isnan(steps).any(axis=1), np.nan, rises)


def remove_and_debias(removal: Removal) -> Array:
    """Return the area of :func:`deletion_auc` with what is gone imputed from what is left.

    Parameters
    ----------
    removal : Removal
        The model is asked about imputed rows, whatever its `manifold`.

    Returns
    -------
    ndarray of shape (n_rows,)
        From 0 to 1; NaN as in :func:`deletion_auc`.

    Notes
    -----
    Source: Rong et al. 2022, "A consistent and efficient evaluation strategy for attribution
    methods" (ICML), ROAD, most relevant first. Linear imputation there is among neighbouring
    pixels, with noise; here among features, by ridge regression on real rows, without.
    """
    material = removal.material
    impute = Imputer.of(material.real_rows, material.categorical)
    imputed = impute(material.rows, _largest_gone(removal))
    return area(_curve(removal, answers_of(material.query, imputed), own_last=False))


def _largest_gone(removal: Removal) -> Masks:
    """Return masks of the largest feature, the two largest and so on to all of them."""
    return removal.ranked(removal.magnitudes, range(1, removal.n_features + 1))


def _added(removal: Removal, scores: Array) -> Array:
    """Return the predicted side's score as features come, the highest `scores` first."""
    there = removal.ranked(scores, range(removal.n_features))
    return _curve(removal, removal.without(~there), own_last=True)


def _curve(removal: Removal, answers: Array, *, own_last: bool) -> Array:
    """Put the answer to the whole row at its end of the answers, and turn all into scores.

    Parameters
    ----------
    removal : Removal
    answers : ndarray of shape (n_rows, n_features)
    own_last : bool

    Returns
    -------
    ndarray of shape (n_rows, n_features + 1)
        NaN in rows where no attribution is shown, and so no order.
    """
    own = removal.material.answers[:, None]
    points = np.hstack([answers, own] if own_last else [own, answers])
    return np.where(removal.shown[:, None], predicted_scores(removal.material, points), np.nan)
