"""One run of the engine: neighbourhoods one by one, their regressions many at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from explaudit.engines.kernel.batches import BatchedQuery, Query
from explaudit.engines.lime.doubt import hangs_on_rounding
from explaudit.engines.lime.draws import FastDraws, LibraryDraws
from explaudit.engines.lime.neighbourhood import Neighbourhood, Sampler
from explaudit.engines.lime.proximity import distances, exponential_kernel
from explaudit.engines.lime.refit import Refit
from explaudit.engines.lime.result import LimeResult
from explaudit.engines.lime.ridge import Fits, Moments, weighted_gram
from explaudit.engines.lime.selection import select
from explaudit.engines.lime.settings import LimeSettings, Stream
from explaudit.engines.lime.table import TrainingTable
from explaudit.errors import ContractError

__all__ = ["LimeRun"]

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# regressions that are solved together
_TOGETHER = 32
_PENALTY = 1.0


class LimeRun:
    """Explains rows.

    Parameters
    ----------
    query : callable
        The model.
    table : TrainingTable
    settings : LimeSettings
    stream : {"library", "fast", "shared"}
    deduplicate : bool or "auto"
    max_bytes : int
        Most bytes of a batch.
    """

    def __init__(
        self,
        query: Query,
        table: TrainingTable,
        settings: LimeSettings,
        *,
        stream: Stream,
        deduplicate: bool | Literal["auto"],
        max_bytes: int,
    ) -> None:
        self._settings, self._stream = settings, stream
        self._width = settings.width(table.n_features)
        self._kernel = exponential_kernel(self._width)
        draws = LibraryDraws() if stream == "library" else FastDraws()
        self._sampler = Sampler(table, settings, draws)
        self._refit = Refit(table, settings)
        self._asker = BatchedQuery(query, deduplicate, max_bytes)

    def explain(self, rows: Array, seeds: Sequence[int]) -> LimeResult:
        """Explain rows.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_features)
        seeds : sequence of int
            One for each row, or the one of a shared neighbourhood.
        """
        neighbourhoods = self._neighbourhoods(rows, seeds)
        own_seeds = list(seeds) * (len(rows) if self._stream == "shared" else 1)
        fits, totals = Fits.empty(*rows.shape), np.empty((len(rows), 2))
        refitted = np.empty(len(rows), dtype=np.bool_)
        for start in range(0, len(rows), _TOGETHER):
            here = slice(start, min(len(rows), start + _TOGETHER))
            some, totals[here], refitted[here] = self._explain_some(
                neighbourhoods, rows[here], own_seeds[here]
            )
            fits.write(here, some)
        weight, squares = totals.T
        return LimeResult(
            fits.coefficients,
            fits.intercepts,
            fits.r2,
            fits.local_predictions,
            weight,
            np.divide(weight**2, squares, out=np.zeros_like(weight), where=squares > 0),
            len(rows) * self._settings.num_samples,
            self._asker.rows_sent,
            refitted,
        )

    def _neighbourhoods(
        self, rows: Array, seeds: Sequence[int]
    ) -> Iterator[tuple[Neighbourhood, Array]]:
        """Yield each row's neighbourhood and the model's answers to it."""
        if self._stream != "shared":
            for row, seed in zip(rows, seeds, strict=True):
                drawn = self._sampler.draw(row, seed)
                yield drawn, self._ask(drawn.samples)
            return
        shared = self._sampler.draw(rows[0], seeds[0])
        answers, own = np.empty(len(shared.samples)), self._ask(rows)
        answers[1:] = self._ask(shared.samples[1:])
        for row, answer in zip(rows, own, strict=True):
            self._sampler.place(shared, row)
            answers[0] = answer
            yield shared, answers

    def _explain_some(
        self,
        neighbourhoods: Iterator[tuple[Neighbourhood, Array]],
        rows: Array,
        seeds: Sequence[int],
    ) -> tuple[Fits, Array, Flags]:
        """Explain the next rows; also return sums of weights and of their squares."""
        n_rows, n_features = rows.shape
        grams = np.empty((n_rows, n_features + 2, n_features + 2))
        origins, totals = np.empty(rows.shape), np.empty((n_rows, 2))
        answers = np.empty((n_rows, self._settings.num_samples))
        for i in range(n_rows):
            drawn, answers[i] = next(neighbourhoods)
            weights = self._kernel(distances(drawn.design, self._settings.distance_metric))
            grams[i] = weighted_gram(drawn.design, answers[i], weights)
            origins[i] = drawn.design[0]
            totals[i] = weights[1:].sum(), (weights[1:] ** 2).sum()
        moments = Moments(grams, origins, answers[:, 0])
        settings = self._settings
        selected, doubtful = select(
            settings.selection, moments, settings.num_features, settings.num_samples
        )
        fits = moments.fit(selected, _PENALTY)
        if self._stream != "library":
            return fits, totals, np.zeros(n_rows, dtype=np.bool_)
        doubtful = hangs_on_rounding(doubtful, moments, answers, self._width)
        for i in np.flatnonzero(doubtful).tolist():
            self._write_refit(fits, i, rows[i], seeds[i], answers[i])
        return fits, totals, doubtful

    def _write_refit(self, fits: Fits, i: int, row: Array, seed: int, answers: Array) -> None:
        again = self._refit(row, seed, answers)
        fits.coefficients[i] = again.coefficients
        fits.intercepts[i], fits.r2[i] = again.intercept, again.r2
        fits.local_predictions[i] = again.local_prediction

    def _ask(self, samples: Array) -> Array:
        most = self._asker.most_rows(samples.shape[1])
        starts = range(0, len(samples), most)
        answers = self._asker.ask(samples[start : start + most] for start in starts)
        if answers.shape[1] != 1:
            raise ContractError(
                f"query: LIME explains one number for each row; it returned {answers.shape[1]}."
            )
        return answers[:, 0]
