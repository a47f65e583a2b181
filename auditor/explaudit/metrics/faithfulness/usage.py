"""Whether the features without attribution are those that the model does not use."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from explaudit.metrics.by_row import ROUNDING, mean_known
from explaudit.metrics.faithfulness.drops import effects_of_each
from explaudit.metrics.faithfulness.removal import Removal
from explaudit.metrics.faithfulness.scoring import changes
from explaudit.metrics.material import Material

__all__ = ["non_sensitivity"]

Array = npt.NDArray[np.float64]


def non_sensitivity(removal: Removal) -> Array:
    """Return the share of features that are shown though not used, or used though not shown.

    A feature is not shown if its attribution is zero, or no more than rounding beside the row's
    largest. Off-manifold it is used if any of the values of 20 real rows in its place changes the
    output; on-manifold, if the output is another for any real row that differs from this one in
    this feature alone. Rows that are merely near would not do: what else differs in them changes
    nearly every output.

    Parameters
    ----------
    removal : Removal

    Returns
    -------
    ndarray of shape (n_rows,)
        From 0 to 1. On-manifold, of those features of which there is such a real row; NaN where
        there is none.

    Notes
    -----
    Source: Nguyen and Martínez 2020 (arXiv 2007.07584), non-sensitivity: there the number of such
    features, here their share.
    """
    used = _used_by_twins(removal.material) if removal.manifold == "on" else _used(removal)
    shown = np.abs(removal.relative) > ROUNDING
    return mean_known(np.where(np.isnan(used), np.nan, shown != (used == 1.0)))


def _used(removal: Removal) -> Array:
    """Return 1 for features whose replacement changes the output, else 0, (n_rows, n_features)."""
    return np.asarray((effects_of_each(removal) > 0).any(axis=2), dtype=np.float64)


def _used_by_twins(material: Material) -> Array:
    """Return the same for real rows that differ in the feature alone; NaN where there is none."""
    rows, real_rows = material.rows, material.real_rows
    answers = np.broadcast_to(material.real_answers, (len(rows), len(real_rows)))
    changed = changes(material, answers) > 0
    n_differing = np.zeros(changed.shape, dtype=np.int32)
    # by feature, since all at once would take a cube of rows, real rows and features
    for own, real in zip(rows.T, real_rows.T, strict=True):
        n_differing += own[:, None] != real
    found = np.empty(rows.shape)
    for j, (own, real) in enumerate(zip(rows.T, real_rows.T, strict=True)):
        twins = (n_differing == 1) & (own[:, None] != real)
        used = (twins & changed).any(axis=1)
        found[:, j] = np.where(twins.any(axis=1), used, np.nan)
    return found
