"""Real rows with the model's answers: all that an explainer on the data's manifold may ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from explaudit.explainer import View
from explaudit.explainers._background import draw_rows
from explaudit.explainers._settings import require_finite
from explaudit.points import Space

__all__ = ["RealRows"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RealRows:
    """Background rows, the model's answers to them, and their scales.

    Attributes
    ----------
    rows : ndarray of shape (n_rows, n_features)
    answers : ndarray of shape (n_rows,)
    space : Space
        In which they are near to each other or far apart.
    """

    rows: Array
    answers: Array
    space: Space

    @classmethod
    def ask(cls, view: View, n: int, seed: int, explainer: str) -> Self:
        """Draw `n` background rows, or all if there are fewer, and ask the model about them.

        Raises
        ------
        InvalidInputError
            If a row or the background holds NaN or infinity.
        """
        require_finite(view, explainer)
        # all rows in their own order, so that where nothing is drawn no seed shows in the rounding
        everything = n >= len(view.background)
        rows = view.background if everything else draw_rows(view.background, n, seed)
        return cls(rows, view.query(rows), Space.of(rows, view.encoder.categorical))
