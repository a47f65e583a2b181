"""Whether logged decisions foretell today's answers as well as they foretell each other.

A model of the logged decisions is fitted to some of them, and predicts the others and today's
answers to rows that are not in the log. If one model made all of them, logged or not, then rows
that a fit has not seen may change places, however bad its predictions are, and a permutation test
of how much worse today's answers are predicted holds its level; but for what fits share with each
other, each having learned from most of the log, which is neglected. See
:mod:`explaudit.audit.strata` for sets of rows that differ. A model that decides in another way
wherever it was not logged is found whatever that way is, while a difference in what a sensitive
feature does may be too small to be seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explaudit.audit.evidence import Asked
from explaudit.audit.strata import (
    boosting_settings,
    matching_weights,
    permuted,
    propensity_strata,
)
from explaudit.encoding import Encoder
from explaudit.seeds import derive_seed, generator

__all__ = ["Foretold", "foretell"]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

_FOLDS = 5


@dataclass(frozen=True, eq=False)
class Foretold:
    """How well a model of logged decisions predicts, and whether that differs.

    Attributes
    ----------
    p_value : float
        That today's answers are predicted so much worse; 1 where too few rows compare.
    logged, fresh : float
        Mean squared error for logged decisions that the fit has not seen, and for today's answers
        to rows that are not in the log, spread as the log is.
    differences : ndarray of shape (n_permutations + 1,)
        Of the two, the observed one first; empty where too few rows compare.
    n_logged, n_fresh : int
        Rows that have a counterpart in the other set, and so were used.
    """

    p_value: float
    logged: float
    fresh: float
    differences: Array
    n_logged: int
    n_fresh: int


def foretell(
    logged: Asked, fresh: Asked, encoder: Encoder, *, n_permutations: int, seed: int
) -> Foretold:
    """Test whether today's answers are predicted worse than logged decisions are.

    Parameters
    ----------
    logged, fresh : Asked
        Encoded rows of shape (n_rows, n_features) with decisions or answers of shape
        (n_rows, n_outputs) on one scale.
    encoder : Encoder
    n_permutations : int
        The smallest p-value is 1 / (n_permutations + 1).
    seed : int
        For the folds, the trees and the permutations.
    """
    rows = np.vstack([logged.rows, fresh.rows])
    answers = np.vstack([logged.answers, fresh.answers])
    member = np.arange(len(rows)) < len(logged)
    strata = propensity_strata(rows, member, encoder, seed)
    # a row is predicted by the one fit that its fold left out, be it logged or not
    folds = generator(seed, "folds").permutation(len(rows)) % _FOLDS
    losses = _losses(rows, answers, np.where(member, folds, -1), folds, encoder, seed)
    kept = strata >= 0
    member, strata, folds, losses = member[kept], strata[kept], folds[kept], losses[kept]
    n_logged, n_fresh = int(member.sum()), int((~member).sum())
    if not kept.any():
        return Foretold(1.0, np.nan, np.nan, np.empty(0), n_logged, n_fresh)
    # a row's weight if it were fresh: all fresh rows of a stratum share it
    ratio = np.zeros(strata.max() + 1)
    ratio[strata[~member]] = matching_weights(member, strata)[~member]
    blocks = strata * _FOLDS + folds
    found = []
    for inside in permuted(member, blocks, n_permutations, generator(seed, "permutations")):
        outside = (1 - inside) * ratio[strata]
        found.append((outside @ losses) / outside.sum(axis=1) - (inside @ losses) / n_logged)
    differences = np.concatenate(found)
    own = float(losses[member].mean())
    p_value = float((differences >= differences[0] - 1e-12).mean())
    return Foretold(p_value, own, own + float(differences[0]), differences, n_logged, n_fresh)


def _losses(
    rows: Array, answers: Array, learned: Ints, folds: Ints, encoder: Encoder, seed: int
) -> Array:
    """Return each row's squared error under the fit to the logged rows of all other folds.

    Parameters
    ----------
    learned : ndarray of shape (n_rows,)
        The fold of a logged row; -1 for rows that nothing is learned from.
    folds : ndarray of shape (n_rows,)
        By which fit a row is predicted.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    settings = boosting_settings(rows, encoder, range(rows.shape[1]), seed)
    losses = np.zeros(len(rows))
    for fold in range(_FOLDS):
        learn, asked = (learned >= 0) & (learned != fold), folds == fold
        settings["random_state"] = derive_seed(seed, "fold", fold)
        for output in answers.T:
            model = HistGradientBoostingRegressor(**settings).fit(rows[learn], output[learn])
            losses[asked] += (output[asked] - model.predict(rows[asked])) ** 2
    return losses
