"""Ways to explain a model: what each asks, and what it makes of the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from explaudit.encoding import Encoder
from explaudit.errors import ContractError
from explaudit.explainer import Explainer
from explaudit.explainers.kernel_shap import KernelShap
from explaudit.explainers.lime_tabular import LimeTabular
from explaudit.explainers.matched_pairs import MatchedPairs
from explaudit.explainers.neighbour_shap import NeighbourShap
from explaudit.scenario import Display, Scenario
from explaudit.seeds import generator

__all__ = ["Scene", "Way", "perturbing_ways", "real_ways"]

Array = npt.NDArray[np.float64]

#: Centres or rows, as KernelSHAP is mostly used: a gate may know no other queries.
_N_BACKGROUND = 10
#: Coalitions for each feature of KernelSHAP, as many as keep its regression steady.
_PER_FEATURE = 3
_LEAST_COALITIONS = 20
_MOST_ROWS = 12


@dataclass(frozen=True)
class Way:
    """An explainer with its settings, and what to call the two together."""

    label: str
    explainer: Explainer


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


def perturbing_ways(n_features: int, most_queries: int) -> tuple[int, tuple[Way, ...]]:
    """Return how many rows to explain, and explainers that ask rows which are put together.

    Parameters
    ----------
    n_features : int
    most_queries : int
        None of them asks more rows than this for so many explained rows.

    Returns
    -------
    n_rows : int
        0 if so few queries do not suffice for one row.
    ways : tuple of Way
    """
    coalitions = max(_LEAST_COALITIONS, _PER_FEATURE * n_features)
    each = 1 + coalitions * _N_BACKGROUND
    n_rows = min(_MOST_ROWS, (most_queries - _N_BACKGROUND) // each)
    if n_rows < 1:
        return 0, ()
    kmeans = KernelShap(
        background="kmeans", n_background=_N_BACKGROUND, nsamples=coalitions, verify_rows=0
    )
    return n_rows, (
        Way("KernelSHAP with k-means centres", kmeans),
        Way("KernelSHAP with random background rows", replace(kmeans, background="rows")),
        Way("LIME", LimeTabular(num_samples=most_queries // n_rows, verify_rows=0)),
    )


def real_ways() -> Sequence[Way]:
    """Return explainers that ask real rows only."""
    return (
        Way("SHAP from real neighbours", NeighbourShap(nsamples=128)),
        Way("matched pairs of real rows", MatchedPairs()),
    )
