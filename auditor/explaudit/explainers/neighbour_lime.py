"""LIME on real rows alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from explaudit.explainer import RowExplainer, RowExplanation, View
from explaudit.explainers._real_rows import RealRows
from explaudit.explainers._settings import require_at_least, require_positive
from explaudit.explainers._surrogate import local_design, local_surrogate

__all__ = ["NeighbourLime"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class NeighbourLime(RowExplainer):
    """LIME's ridge regression around the row, on real rows in place of perturbed ones.

    The model is asked about real rows only, so one that answers perturbed rows differently gains
    only what it does to real rows too. A numeric feature's attribution is its slope for one
    standard deviation, a categorical one's is what the explained row's own level adds.

    Parameters
    ----------
    n_background : int
        Real rows, drawn from the background. All take part, weighted by nearness: were only the
        nearest taken, a feature on which these all agree would seem to do nothing.
    kernel_width : float or None
        Width of the exponential kernel; None is ``0.75 * sqrt(n_features)``.

    Notes
    -----
    The diagnostics are those of :class:`LimeTabular`: ``"r2"``, ``"intercept"`` and ``"ess"``.

    Real features depend on each other, which perturbed ones do not. The regression is of all
    features together, so that a proxy gets credit only for what the features it stands for do
    not say better; of features that say nearly the same it splits the credit.

    Source: Ribeiro, Singh and Guestrin 2016, "Why should I trust you?" (KDD), section 3, with
    the training rows as samples; the local regression is that of Cleveland 1979, "Robust locally
    weighted regression" (JASA 74).
    """

    name: ClassVar[str] = "neighbour_lime"
    source: ClassVar[str] = (
        "Ribeiro, Singh and Guestrin 2016 (KDD), section 3, on real rows; Cleveland 1979 (JASA 74)"
    )

    n_background: int = 2000
    kernel_width: float | None = None

    def __post_init__(self) -> None:
        require_at_least("n_background", self.n_background, 1)
        if self.kernel_width is not None:
            require_positive("kernel_width", self.kernel_width)

    def _prepare(self, view: View, seed: int) -> Callable[[Array, int], RowExplanation]:
        real = RealRows.ask(view, self.n_background, seed, self.name)

        def explain_row(row: Array, own_seed: int) -> RowExplanation:
            design = local_design(row, real.rows, real.space)
            answers = np.concatenate([view.query(row), real.answers])
            return local_surrogate(design, answers, self.kernel_width)

        return explain_row
