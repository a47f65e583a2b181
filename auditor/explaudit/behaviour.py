"""What a model does on real rows: no explainer, and no row that nobody ever had.

f is the honest but biased model, e the model that is looked at, psi the innocuous one. Decisions
are hard: favourable where the answer, the probability of the favourable class or the 0/1 label, is
above one half. A tie goes to the other class, as with scikit-learn's `predict`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from explaudit.encoding import Encoder
from explaudit.errors import InvalidInputError
from explaudit.scenario import Display, Scenario

__all__ = [
    "AGREEMENT",
    "AGREEMENT_DIFFER",
    "FAVOURABLE",
    "JUDGED_REAL",
    "PAIR_EFFECT",
    "PAIR_SIGNED",
    "PROTECTED",
    "agreement",
    "agreement_where_models_differ",
    "behaviour_rows",
    "demographic_parity_gap",
    "fidelity",
    "matched_pairs",
    "real_recall",
]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# the keys of the values by row that a record of behaviour holds
AGREEMENT = "agreement"
AGREEMENT_DIFFER = "agreement_differ"
FAVOURABLE = "favourable"
PROTECTED = "protected"
PAIR_EFFECT = "matched_pair_effect"
PAIR_SIGNED = "matched_pair_signed"
JUDGED_REAL = "judged_real"


def decisions(outputs: Array) -> Mask:
    """Return which rows are decided favourably, shape (n_rows,)."""
    return np.asarray(outputs > 0.5, dtype=np.bool_)


def agreement(honest: Array, model: Array) -> Array:
    """Return by row whether e decides as f: 1 or 0.

    Parameters
    ----------
    honest, model : ndarray of shape (n_rows,)
        Answers of f and of e on the same rows.
    """
    return np.asarray(decisions(honest) == decisions(model), dtype=np.float64)


def fidelity(honest: Array, model: Array) -> float:
    """Return the share of rows on which e decides as f does.

    Notes
    -----
    Source: Slack et al. 2020 (AIES), section 4. Where psi agrees with f by chance, it flatters:
    see :func:`agreement_where_models_differ`.
    """
    return float(agreement(honest, model).mean())


def agreement_where_models_differ(honest: Array, model: Array, innocent: Array) -> Array:
    """Return by row whether e decides as f, where psi decides otherwise; NaN elsewhere.

    An attacked model that answers as psi gets these rows wrong and no others, so this is fidelity
    without what chance contributes: 1 for f itself, 0 for psi.

    Parameters
    ----------
    honest, model, innocent : ndarray of shape (n_rows,)
        Answers of f, e and psi on the same rows.
    """
    differ = decisions(honest) != decisions(innocent)
    return np.where(differ, agreement(honest, model), np.nan)


def real_recall(judged_real: Mask) -> float:
    """Return the share of real rows that the attack's gate takes for real, so that f answers."""
    return float(np.asarray(judged_real, dtype=np.float64).mean())


def demographic_parity_gap(outputs: Array, protected: Mask) -> float:
    """Return the rate of favourable decisions outside the protected group less that within it.

    Positive means harm to the protected group.

    Parameters
    ----------
    outputs : ndarray of shape (n_rows,)
        Answers of the model.
    protected : ndarray of bool of shape (n_rows,)

    Returns
    -------
    float
        Between -1 and 1; NaN if one of the groups has no row.

    Notes
    -----
    Source: Dwork et al. 2012, "Fairness through awareness" (ITCS), section 3 (statistical parity).
    """
    if protected.all() or not protected.any():
        return float("nan")
    favourable = decisions(outputs)
    return float(favourable[~protected].mean() - favourable[protected].mean())


def matched_pairs(
    frame: pd.DataFrame, protected: Mask, encoder: Encoder, sensitive: Sequence[str]
) -> npt.NDArray[np.intp]:
    """Return for each row the position of the nearest row of the other group.

    Both are real rows, so nothing that tells real rows from perturbed ones can tell the pairs
    apart. They are alike in the other features, as far as the table has such rows: numbers are
    counted in standard deviations, and two levels of a categorical feature differ by the distance
    of their one-hot codes, the square root of 2.

    Parameters
    ----------
    frame : DataFrame of shape (n_rows, n_columns)
    protected : ndarray of bool of shape (n_rows,)
    encoder : Encoder
    sensitive : sequence of str
        The features that the distance leaves out.

    Returns
    -------
    ndarray of shape (n_rows,)
        Positions in `frame`; -1 for all if one of the groups has no row.

    Notes
    -----
    Source: Rubin 1973, "Matching to remove bias in observational studies" (Biometrics 29), with
    replacement; as a measure of direct discrimination: Luong, Ruggieri and Turini 2011 (KDD).
    """
    from sklearn.neighbors import NearestNeighbors

    partners = np.full(len(frame), -1, dtype=np.intp)
    if protected.all() or not protected.any():
        return partners
    points = _without(sensitive, frame, encoder)
    for group in (protected, ~protected):
        others = np.flatnonzero(~group)
        search = NearestNeighbors(n_neighbors=1).fit(points[others])
        partners[group] = others[search.kneighbors(points[group], return_distance=False)[:, 0]]
    return partners


def _without(sensitive: Sequence[str], frame: pd.DataFrame, encoder: Encoder) -> Array:
    """Return the other features as coordinates in which Euclidean distance is the distance."""
    left_out = {encoder.index(name) for name in sensitive}
    matrix = encoder.encode(frame)
    parts: list[Array] = [np.zeros((len(frame), 1))]
    for j, feature in enumerate(encoder.features):
        column = matrix[:, j]
        if j in left_out:
            continue
        if feature.is_categorical:
            parts.append((column[:, None] == np.unique(column)).astype(np.float64))
        elif (spread := column.std()) > 0:
            parts.append((column / spread)[:, None])
    return np.hstack(parts)


def behaviour_rows(
    *,
    honest: Any,
    model: Any,
    innocent: Any,
    frame: pd.DataFrame,
    protected: Mask,
    encoder: Encoder,
    sensitive: str | Sequence[str],
) -> dict[str, Array]:
    """Measure by row what a model does on real rows.

    Parameters
    ----------
    honest, model, innocent : object
        The fitted f, e and psi: estimators or callables as in
        :class:`~explaudit.scenario.Scenario`. If `model` has a method ``judged_real``, its gate is
        measured too.
    frame : DataFrame of shape (n_rows, n_columns)
        Held-out real rows.
    protected : ndarray of bool of shape (n_rows,)
        Which rows belong to the protected group.
    encoder : Encoder
    sensitive : str or sequence of str
        The sensitive features.

    Returns
    -------
    dict of str to ndarray of shape (n_rows,)
        ``agreement``: e decides as f (0 or 1). ``agreement_differ``: the same where psi decides
        otherwise than f, NaN elsewhere. ``favourable`` and ``protected``: e's decision, and the
        group (0 or 1). ``matched_pair_effect``: absolute difference between e's answer to the row
        and to the nearest real row of the other group; ``matched_pair_signed``: the answer to the
        unprotected one of the two less that to the protected one, positive for harm to the
        protected group; both NaN if one group has no row. ``judged_real``: the gate takes the row
        for real (0 or 1); only for a model with a gate.

    Raises
    ------
    InvalidInputError
        If there is no row, `protected` has another length, or a model's answers are unusable.
    """
    protected = np.asarray(protected, dtype=np.bool_)
    if len(frame) == 0 or protected.shape != (len(frame),):
        raise InvalidInputError(
            "protected", f"one truth value for each of {len(frame)} > 0 rows", protected.shape
        )
    names = [sensitive] if isinstance(sensitive, str) else list(sensitive)
    f, e, psi = (_answers(thing, frame, encoder) for thing in (honest, model, innocent))
    signed = _pair_differences(e, matched_pairs(frame, protected, encoder, names), protected)
    rows = {
        AGREEMENT: agreement(f, e),
        AGREEMENT_DIFFER: agreement_where_models_differ(f, e, psi),
        FAVOURABLE: decisions(e).astype(np.float64),
        PROTECTED: protected.astype(np.float64),
        PAIR_EFFECT: np.abs(signed),
        PAIR_SIGNED: signed,
    }
    if hasattr(model, "judged_real"):
        rows[JUDGED_REAL] = np.asarray(model.judged_real(frame), dtype=np.float64)
    return rows


def _answers(model: Any, frame: pd.DataFrame, encoder: Encoder) -> Array:
    scenario = Scenario(frame, model, frame, encoder, Display(encoder.names))
    return scenario.answer(frame)


def _pair_differences(answers: Array, partners: npt.NDArray[np.intp], protected: Mask) -> Array:
    if (partners < 0).any():
        return np.full(len(answers), np.nan)
    return np.where(protected, -1.0, 1.0) * (answers - answers[partners])
