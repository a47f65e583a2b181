"""Group disparity: how far the mean answer to a row's group is from that to all, by feature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from explaudit.explainer import Explainer, RowExplanation, View
from explaudit.explainers._real_rows import RealRows
from explaudit.explainers._settings import require_at_least

__all__ = ["GroupDisparity"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class GroupDisparity(Explainer):
    """The mean answer to real rows that are alike in one feature, less the mean answer to all.

    Alike are rows of the explained row's level or, if the feature is a number, of its quantile
    bin. Only background rows are asked, so a model that answers perturbed rows differently gains
    nothing.

    Parameters
    ----------
    n_bins : int
        Quantile bins of a number. One with at most so many different values has a group for each.
    n_background : int
        Real rows, drawn from the background, that groups are made of.

    Notes
    -----
    The base value is the mean answer to all rows; the attributions do not add up to anything. A
    level that no row asked about holds has no group: its feature is NaN for that row. A number
    beyond all of them belongs to the outermost bin, and one between two bins to the lower.

    What is seen is disparity of decisions, whatever its cause: a feature that the model never
    reads gets the effect of those that it goes together with, in full.

    Source: demographic parity, Dwork et al. 2012, "Fairness through awareness" (ITCS), section 3,
    taken feature by feature; as a curve over a feature's values it is the marginal plot of Apley
    and Zhu 2020, "Visualizing the effects of predictor variables in black box supervised learning
    models" (JRSS B 82), section 1.
    """

    name: ClassVar[str] = "group_disparity"
    source: ClassVar[str] = (
        "Dwork et al. 2012 (ITCS), demographic parity; Apley and Zhu 2020 (JRSS B 82), M plots"
    )

    n_bins: int = 4
    n_background: int = 2000

    def __post_init__(self) -> None:
        require_at_least("n_bins", self.n_bins, 2)
        require_at_least("n_background", self.n_background, 1)

    def _explain(self, view: View, seed: int) -> list[RowExplanation]:
        real = RealRows.ask(view, self.n_background, seed, self.name)
        base_value = float(real.answers.mean())
        means = np.column_stack([
            _means_of_levels(real.rows[:, j], real.answers, column)
            if j in view.encoder.categorical
            else _means_of_bins(real.rows[:, j], real.answers, column, self.n_bins)
            for j, column in enumerate(view.rows.T)
        ])  # fmt: skip
        return [
            RowExplanation(
                own - base_value,
                base_value,
                reason="no row asked about has one of its levels" if np.isnan(own).all() else "",
            )
            for own in means
        ]


def _means_of_levels(levels: Array, answers: Array, asked: Array) -> Array:
    """Return the mean answer at each level of `asked`, NaN for one that is not there."""
    known, group = np.unique(levels, return_inverse=True)
    means = np.bincount(group, answers) / np.bincount(group)
    place = np.minimum(np.searchsorted(known, asked), len(known) - 1)
    return np.where(known[place] == asked, means[place], np.nan)


def _means_of_bins(numbers: Array, answers: Array, asked: Array, n_bins: int) -> Array:
    """Return the mean answer in the quantile bin of each number of `asked`."""
    starts = _starts(numbers, n_bins)
    group = np.searchsorted(starts, numbers, side="right")
    means = np.bincount(group, answers) / np.bincount(group)
    return np.asarray(means[np.searchsorted(starts, asked, side="right")])


def _starts(numbers: Array, n_bins: int) -> Array:
    """Return where every bin but the first begins; no bin is empty."""
    values = np.unique(numbers)
    if len(values) <= n_bins:
        return values[1:]
    starts = np.quantile(numbers, np.arange(1, n_bins) / n_bins, method="higher")
    # the least value, where it is frequent, is a bin of its own and not the start of another
    return np.unique(np.maximum(starts, values[1]))
