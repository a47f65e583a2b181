"""A linear probe: one ridge regression of the model's answers to real rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from explaudit.explainer import RowExplainer, RowExplanation, View
from explaudit.explainers._real_rows import RealRows
from explaudit.explainers._settings import require_at_least, require_positive
from explaudit.points import Space

__all__ = ["LinearProbe"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LinearProbe(RowExplainer):
    """A global surrogate: ridge regression of the model's answers to real background rows.

    Numbers are standardised and each level of a category has an indicator column. A feature's
    attribution is the sum over its columns of coefficient times (column less its mean), in units
    of the answer; of labels the probe is the linear probability model. Only background rows are
    asked, so a model that answers perturbed rows differently gains nothing.

    Parameters
    ----------
    n_background : int
        Real rows, drawn from the background, that the probe is fitted to.
    alpha : float
        Ridge penalty; without one, the indicator columns of a feature could not be told apart.

    Notes
    -----
    The base value is the mean answer, and with it the attributions add up to what the probe says
    of the row. The diagnostic ``"r2"``, the same for every row, is the probe's R² on the rows that
    it was fitted to; NaN if these are all answered alike. Where it is low, the model is not
    linear in its features and the attributions say little. A level that no row asked about holds
    has no coefficient: its feature is NaN for that row. Of features that say nearly the same the
    probe splits the credit.

    Source: Craven and Shavlik 1996, "Extracting tree-structured representations of trained
    networks" (NIPS), called a global surrogate by Molnar, "Interpretable Machine Learning"; a
    linear model as a probe: Alain and Bengio 2016, "Understanding intermediate layers using linear
    classifier probes" (arXiv 1610.01644); a linear model's attributions: Lundberg and Lee 2017,
    "A unified approach to interpreting model predictions" (NIPS), corollary 1.
    """

    name: ClassVar[str] = "linear_probe"
    source: ClassVar[str] = (
        "Craven and Shavlik 1996 (NIPS); Alain and Bengio 2016 (arXiv 1610.01644); "
        "package scikit-learn, `Ridge`"
    )

    n_background: int = 2000
    alpha: float = 1.0

    def __post_init__(self) -> None:
        require_at_least("n_background", self.n_background, 1)
        require_positive("alpha", self.alpha)

    def _prepare(self, view: View, seed: int) -> Callable[[Array, int], RowExplanation]:
        from sklearn.linear_model import Ridge

        real = RealRows.ask(view, self.n_background, seed, self.name)
        space, answers = real.space, real.answers
        columns = space.points(real.rows)
        probe = Ridge(self.alpha).fit(columns, answers)
        centre, owners = columns.mean(axis=0), _owners(space)
        base_value, r2 = float(answers.mean()), _r2(answers, probe.predict(columns))

        def explain_row(row: Array, own_seed: int) -> RowExplanation:
            parts = (space.points(row[np.newaxis])[0] - centre) * probe.coef_
            values = np.asarray(np.bincount(owners, parts), dtype=np.float64)
            values[[j for j, levels in space.levels.items() if row[j] not in levels]] = np.nan
            return RowExplanation(
                values,
                base_value,
                {"r2": r2},
                "no row asked about has one of its levels" if np.isnan(values).all() else "",
            )

        return explain_row


def _owners(space: Space) -> npt.NDArray[np.intp]:
    """Return the feature that each column of a space's points belongs to."""
    numeric = [j for j in range(len(space.mean)) if j not in space.levels]
    return np.array([*numeric, *(j for j, levels in space.levels.items() for _ in levels)])


def _r2(answers: Array, fitted: Array) -> float:
    if np.ptp(answers) == 0:
        return float("nan")
    squares = (answers - fitted) ** 2, (answers - answers.mean()) ** 2
    return 1.0 - float(squares[0].sum() / squares[1].sum())
