"""What is explained in every way, for a model and its twins alike, from answers asked once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from explaudit.audit._swap.ways import Way
from explaudit.encoding import Encoder
from explaudit.errors import ContractError
from explaudit.scenario import Display, Scenario
from explaudit.seeds import generator

__all__ = ["Scene"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Scene:
    """What is explained, and against which real rows.

    Attributes
    ----------
    encoder : Encoder
    rows : ndarray of shape (n_rows, n_features)
        What is explained.
    background : ndarray of shape (n_background, n_features)
    seed : int
        The same for all models, so that all are asked the same.
    """

    encoder: Encoder
    rows: Array
    background: Array
    seed: int

    def asked(self, way: Way) -> Array:
        """Return all rows that a way to explain asks, in its order.

        The explainer runs on a stand-in. What it asks may not depend on the answers.
        """
        recorder = _Recorder(self.encoder, generator(self.seed, "answers"))
        self._explained(way, recorder)
        return np.vstack(recorder.batches)

    def sizes(self, way: Way, answers: Array) -> Array:
        """Return the mean size of each feature's attribution, given the answers.

        Parameters
        ----------
        way : Way
        answers : ndarray of shape (n_asked, n_outputs)
            To the rows of :meth:`asked`.

        Returns
        -------
        ndarray of shape (n_features,)
            Over the rows that show it and summed over outputs; NaN for a feature that no row shows.

        Raises
        ------
        ContractError
            If the explainer asks something else than when it was recorded.
        """
        found = [self._explained(way, _Player(told)) for told in answers.T]
        sizes = np.abs(np.stack(found, axis=2)).sum(axis=2)
        shown = ~np.isnan(sizes)
        means = np.where(shown, sizes, 0.0).sum(axis=0) / np.maximum(shown.sum(axis=0), 1)
        return np.where(shown.any(axis=0), means, np.nan)

    def _explained(self, way: Way, model: _Recorder | _Player) -> Array:
        scenario = Scenario(
            rows=self.encoder.decode(self.rows),
            model=model,
            background=self.encoder.decode(self.background),
            encoder=self.encoder,
            display=Display(self.encoder.names),
            output="value",
        )
        return way.explainer.explain(scenario, seed=self.seed).values


class _Recorder:
    """Stands in for the model and keeps all that it is asked."""

    def __init__(self, encoder: Encoder, rng: np.random.Generator) -> None:
        self._encoder, self._rng = encoder, rng
        self.batches: list[Array] = []

    def __call__(self, table: pd.DataFrame) -> Array:
        self.batches.append(self._encoder.encode(table))
        # no two answers agree, so that no explainer finds the model constant
        return self._rng.random(len(table))


class _Player:
    """Stands in for the model and plays its answers back, in the order of the questions."""

    def __init__(self, answers: Array) -> None:
        self._answers, self._place = answers, 0

    def __call__(self, table: pd.DataFrame) -> Array:
        start, self._place = self._place, self._place + len(table)
        if self._place > len(self._answers):
            raise ContractError("an explainer asked more rows than on the stand-in for the model.")
        return self._answers[start : self._place]
