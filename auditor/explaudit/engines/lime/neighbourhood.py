"""Perturbed rows around an explained row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explaudit.engines.lime.blocks import repeated, row_blocks
from explaudit.engines.lime.draws import Draws, are_most
from explaudit.engines.lime.settings import LimeSettings
from explaudit.engines.lime.table import Levels, TrainingTable

__all__ = ["Neighbourhood", "Sampler"]

Array = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

# beyond so many levels a search is faster than a comparison with each
_FEW_LEVELS = 12


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """Perturbed rows; the first is the explained row itself.

    Attributes
    ----------
    samples : ndarray of shape (n_samples, n_features)
        What the model is asked.
    design : ndarray of shape (n_samples, n_features)
        What the surrogate is fitted to: numeric columns in standard deviations from the mean, and
        for all others whether the perturbed row has the explained row's level.
    codes : dict
        Positions of the levels drawn, by column.
    """

    samples: Array
    design: Array
    codes: dict[int, Positions]


class Sampler:
    """Draws neighbourhoods in lime's order.

    First all numeric columns are drawn row by row, together with places for all others, then
    levels column by column, then values inside bins column by column.

    Parameters
    ----------
    table : TrainingTable
    settings : LimeSettings
    draws : Draws
    """

    def __init__(self, table: TrainingTable, settings: LimeSettings, draws: Draws) -> None:
        self._table, self._settings, self._draws = table, settings, draws
        self._cumulative = {j: levels.cumulative[:-1] for j, levels in table.levels.items()}
        # only one fit at a time needs it, so its memory is used again
        self._design = np.empty((settings.num_samples, table.n_features))

    def draw(self, row: Array, seed: int) -> Neighbourhood:
        """Draw the neighbourhood of a row.

        Parameters
        ----------
        row : ndarray of shape (n_features,)
        seed : int

        Returns
        -------
        Neighbourhood
            Its design is written over by the next draw.
        """
        self._draws.restart(seed)
        shape = self._design.shape
        # the model may keep what it is asked, so that is never written over
        drawn = Neighbourhood(np.empty(shape), self._design, {})
        if not self._table.discretized:
            self._draw_numeric(drawn, row)
        for j, cumulative in self._cumulative.items():
            drawn.codes[j] = _positions(cumulative, self._draws.uniforms(shape[0]))
        for j, levels in self._table.levels.items():
            self._write_levels(drawn, j, levels)
        self.place(drawn, row)
        return drawn

    def place(self, drawn: Neighbourhood, row: Array) -> None:
        """Make `row` the explained row of a neighbourhood; what was drawn stays."""
        drawn.samples[0] = row
        drawn.design[0] = (row - self._table.mean) / self._table.scale
        for j, levels in self._table.levels.items():
            drawn.design[:, j] = drawn.codes[j] == levels.code(row[j])
            drawn.design[0, j] = 1.0

    def _draw_numeric(self, drawn: Neighbourhood, row: Array) -> None:
        # lime draws for categorical columns too, and throws that away
        table, shape = self._table, drawn.design.shape
        self._draws.write_normals(drawn.design, table.numeric)
        centre = row if self._settings.sample_around_instance else table.mean
        if not are_most(table.numeric, shape[1]):
            for j in table.numeric:
                column = (slice(None), j)
                _write_numeric(drawn, column, table.mean[j], table.scale[j], centre[j])
            return
        # what this writes into other columns is written over
        blocks = [repeated(vector, *shape) for vector in (table.mean, table.scale, centre)]
        for block in row_blocks(*shape):
            here = [vectors[: block.stop - block.start] for vectors in blocks]
            _write_numeric(drawn, (block,), *here)

    def _write_levels(self, drawn: Neighbourhood, j: int, levels: Levels) -> None:
        codes = drawn.codes[j]
        if levels.bins is None:
            drawn.samples[:, j] = levels.values[codes]
        else:
            numbers = levels.values.astype(np.intp)[codes[1:]]
            drawn.samples[1:, j] = levels.bins.draw(numbers, self._draws.uniforms)


def _write_numeric(
    drawn: Neighbourhood,
    where: tuple[slice] | tuple[slice, int],
    mean: Array,
    scale: Array,
    centre: Array,
) -> None:
    """Turn the standard normal numbers in a part of the design into values."""
    values = drawn.design[where] * scale
    values += centre
    drawn.samples[where] = values
    # not the number drawn: what rounding did to it is part of lime's numbers
    values -= mean
    values /= scale
    drawn.design[where] = values


def _positions(cumulative: Array, uniform: Array) -> Positions:
    """Return how many of the ascending `cumulative` each number has reached."""
    if len(cumulative) > _FEW_LEVELS:
        return np.searchsorted(cumulative, uniform, side="right")
    reached = np.zeros(len(uniform), dtype=np.intp)
    for edge in cumulative:
        reached += uniform >= edge
    return reached
