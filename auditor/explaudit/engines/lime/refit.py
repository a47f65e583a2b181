"""Rows whose fit hangs on rounding, fitted in lime's own arithmetic."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from explaudit.engines.lime.draws import LegacyDraws
from explaudit.engines.lime.neighbourhood import Sampler
from explaudit.engines.lime.proximity import exponential_kernel
from explaudit.engines.lime.settings import LimeSettings
from explaudit.engines.lime.table import TrainingTable

__all__ = ["LibraryFit", "Refit"]

Array = npt.NDArray[np.float64]


class LibraryFit(NamedTuple):
    """What lime computes for one explained row.

    Attributes
    ----------
    coefficients : ndarray of shape (n_features,)
    intercept, local_prediction, r2 : float
    """

    coefficients: Array
    intercept: float
    local_prediction: float
    r2: float


class Refit:
    """Fits one row by package lime, on answers that are already there.

    Parameters
    ----------
    table : TrainingTable
    settings : LimeSettings
    """

    def __init__(self, table: TrainingTable, settings: LimeSettings) -> None:
        self._settings = settings
        self._sampler = Sampler(table, settings, LegacyDraws())
        self._kernel = exponential_kernel(settings.width(table.n_features))

    def __call__(self, row: Array, seed: int, answers: Array) -> LibraryFit:
        """Fit one row.

        Parameters
        ----------
        row : ndarray of shape (n_features,)
        seed : int
        answers : ndarray of shape (n_samples,)
            The model's, to the neighbourhood of that seed.
        """
        from lime.lime_base import LimeBase
        from sklearn.metrics import pairwise_distances

        design = self._sampler.draw(row, seed).design
        metric = self._settings.distance_metric
        distance = pairwise_distances(design, design[:1], metric=metric).reshape(-1)
        intercept, effects, r2, prediction = LimeBase(
            self._kernel, random_state=0
        ).explain_instance_with_data(
            design,
            answers[:, None],
            distance,
            0,
            self._settings.num_features or len(row),
            self._settings.selection,
        )
        coefficients = np.zeros(len(row))
        for feature, effect in effects:
            coefficients[feature] = effect
        return LibraryFit(coefficients, float(intercept), float(prediction[0]), float(r2))
