"""Whether a file is that of the model which answers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from explaudit.audit._trees.ensemble import Ensemble

__all__ = ["agreement"]

Array = npt.NDArray[np.float64]

#: Answers in single precision, or rounded to four places, agree.
_ROUNDING = 1e-4


def agreement(ensemble: Ensemble, leaves: npt.NDArray[np.intp], answers: Array) -> float | None:
    """Return the share of rows that the trees answer as the model did.

    Parameters
    ----------
    ensemble : Ensemble
    leaves : ndarray of int of shape (n_rows, n_trees)
        Where the rows end.
    answers : ndarray of shape (n_rows, n_outputs)
        The model's answers: probabilities, values, or 0 and 1 for labels.

    Returns
    -------
    float or None
        None if the two have another number of outputs, or there is no row.
    """
    own = ensemble.answers(leaves)
    if own.shape != answers.shape or not len(own):
        return None
    if np.isin(answers, (0.0, 1.0)).all() and not np.isin(own, (0.0, 1.0)).all():
        own = _labels(own)
    scale = np.maximum(np.abs(answers), 1.0)
    return float((np.abs(own - answers) <= _ROUNDING * scale).all(axis=1).mean())


def _labels(own: Array) -> Array:
    if own.shape[1] == 1:
        return (own > 0.5).astype(np.float64)
    return np.asarray(np.eye(own.shape[1])[own.argmax(axis=1)])
