"""The two ends of every scale: an explainer that knows nothing, and one that never changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from explaudit.explainer import RowExplainer, RowExplanation, View

__all__ = ["ConstantExplainer", "RandomExplainer"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RandomExplainer(RowExplainer):
    """Independent standard normal attributions: the floor of every fidelity metric.

    The model is never asked. As for every explainer, equal rows get equal explanations.
    """

    name: ClassVar[str] = "random"
    source: ClassVar[str] = "control: standard normal noise"

    def _prepare(self, view: View, seed: int) -> Callable[[Array, int], RowExplanation]:
        return lambda row, own_seed: RowExplanation(
            np.random.default_rng(own_seed).standard_normal(len(row))
        )


@dataclass(frozen=True)
class ConstantExplainer(RowExplainer):
    """The same attributions always, ``1, 1/2, 1/3, ...``: the ceiling of every stability metric.

    The model is never asked.
    """

    name: ClassVar[str] = "constant"
    source: ClassVar[str] = "control: the features in their own order"

    def _prepare(self, view: View, seed: int) -> Callable[[Array, int], RowExplanation]:
        return lambda row, own_seed: RowExplanation(1.0 / np.arange(1.0, len(row) + 1.0))
