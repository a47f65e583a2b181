"""Occlusion: what the answer loses when one feature is replaced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from explaudit.explainer import RowExplainer, RowExplanation, View
from explaudit.explainers._background import draw_rows, typical_row
from explaudit.explainers._settings import require_at_least, require_choice

__all__ = ["Occlusion"]

Array = npt.NDArray[np.float64]
Reference = Literal["mean", "median", "background"]


@dataclass(frozen=True)
class Occlusion(RowExplainer):
    """Perturbation saliency: the answer less the mean answer with the feature replaced.

    Parameters
    ----------
    reference : {"mean", "median", "background"}
        What a feature is replaced by: its mean or median in the background (the most frequent
        level, if it is categorical), or its values in `n_reference` rows of the background.
    n_reference : int
        Only for "background": how many rows are drawn.

    Notes
    -----
    All features are replaced in one query. There is no base value.

    Source: Robnik-Šikonja and Kononenko 2008, "Explaining classifications for individual
    instances" (IEEE TKDE 20), section 3; for images: Zeiler and Fergus 2014, "Visualizing and
    understanding convolutional networks" (ECCV), section 4.2.
    """

    name: ClassVar[str] = "occlusion"
    source: ClassVar[str] = (
        "Robnik-Šikonja and Kononenko 2008 (IEEE TKDE 20); Zeiler and Fergus 2014 (ECCV)"
    )

    reference: Reference = "mean"
    n_reference: int = 50

    def __post_init__(self) -> None:
        require_choice("reference", self.reference, Reference)
        require_at_least("n_reference", self.n_reference, 1)

    def _prepare(self, view: View, seed: int) -> Callable[[Array, int], RowExplanation]:
        if self.reference == "background":
            reference = draw_rows(view.background, self.n_reference, seed)
        else:
            reference = typical_row(view, self.reference)[np.newaxis]
        n_reference, n_features = reference.shape
        replaced = np.repeat(np.arange(n_features), n_reference)
        changed = 1 + np.arange(len(replaced))

        def explain_row(row: Array, own_seed: int) -> RowExplanation:
            table = np.tile(row, (1 + len(replaced), 1))
            table[changed, replaced] = reference.T.ravel()
            answers = view.query(table)
            without = answers[1:].reshape(n_features, n_reference).mean(axis=1)
            return RowExplanation(answers[0] - without)

        return explain_row
