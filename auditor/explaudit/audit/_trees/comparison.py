"""What follows from recorded covers against what follows from counted ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy import stats

from explaudit.audit._trees.cover import Count, count, recorded_shares, within
from explaudit.audit._trees.ensemble import Ensemble

__all__ = ["Comparison", "Gap"]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Gap:
    """Figures that follow from covers, as recorded and as counted.

    Attributes
    ----------
    recorded, counted : ndarray of shape (n_figures,)
    error : ndarray of shape (n_figures,)
        Standard error of the difference, from both samplings.
    freedom : int
        Degrees of freedom of the error.
    p_value : float
        That the populations differ by more than the tolerance; Bonferroni over the figures.
    worst : int
        The figure that differs most beyond the tolerance, in standard errors.
    """

    recorded: Array
    counted: Array
    error: Array
    freedom: int
    p_value: float
    worst: int

    def interval(self, figure: int, confidence: float) -> tuple[float, float, float]:
        """Return counted less recorded, with both ends; wide enough for all figures together."""
        estimate = float(self.counted[figure] - self.recorded[figure])
        tail = (1.0 - confidence) / (2.0 * len(self.error))
        reach = float(stats.t.isf(tail, self.freedom) * self.error[figure])
        return estimate, estimate - reach, estimate + reach


@dataclass(frozen=True, eq=False)
class Comparison:
    """The shares of an ensemble's splits, from the file and from real rows.

    Attributes
    ----------
    counted : Count
    recorded, real : ndarray of shape (n_nodes,)
        Shares as the file records them, and as real rows give them.
    near : ndarray of shape (n_nodes,)
        The shares nearest to the recorded ones within the tolerance of the real ones.
    resampled : ndarray of shape (n_resamples, n_nodes)
        As resampled real rows give them.
    tolerance : float
        The factor by which odds may differ.
    class_ratio : float
        How much more a positive training row is taken to have weighed than a negative one.
    widening : float
        From the sampling error of real rows to that of a difference from the training rows.
    """

    counted: Count
    recorded: Array
    real: Array
    near: Array
    resampled: Array
    tolerance: float
    class_ratio: float
    widening: float

    @classmethod
    def of(
        cls,
        ensemble: Ensemble,
        leaves: Ints,
        *,
        class_ratio: float,
        tolerance: float,
        n_resamples: int,
        rng: np.random.Generator,
    ) -> Self:
        """Count real rows and resample them.

        Parameters
        ----------
        ensemble : Ensemble
        leaves : ndarray of int of shape (n_rows, n_trees)
            Where the rows end.
        class_ratio : float
            How much more a positive training row weighed than a negative one.
        tolerance : float
        n_resamples : int
        rng : numpy.random.Generator
        """
        counted, n_rows = count(ensemble, leaves, class_ratio), len(leaves)
        recorded, real = recorded_shares(ensemble.trees), counted.shares()
        times = rng.multinomial(n_rows, np.full(n_rows, 1.0 / n_rows), size=n_resamples)
        return cls(
            counted,
            recorded,
            real,
            within(recorded, real, ensemble.trees, tolerance),
            counted.shares(times.astype(np.float64)),
            tolerance,
            class_ratio,
            float(np.sqrt(1.0 + n_rows / counted.n_training)),
        )

    def gap(self, figures: Callable[[Array], Array]) -> Gap:
        """Compare figures that follow from shares.

        Parameters
        ----------
        figures : callable
            From shares of shape (n_nodes,) to figures of shape (n_figures,).
        """
        spread = np.stack([figures(shares) for shares in self.resampled]).std(axis=0, ddof=1)
        error = spread * self.widening
        recorded = figures(self.recorded)
        beyond = np.abs(recorded - figures(self.near))
        # rounding alone is no difference
        beyond[beyond <= 1e-9 * np.maximum(np.abs(recorded), 1.0)] = 0.0
        scores = np.divide(beyond, error, out=np.where(beyond > 0, np.inf, 0.0), where=error > 0)
        freedom, worst = len(self.resampled) - 1, int(np.argmax(scores))
        p_value = min(1.0, 2.0 * len(scores) * float(stats.t.sf(scores[worst], freedom)))
        return Gap(recorded, figures(self.real), error, freedom, p_value, worst)
