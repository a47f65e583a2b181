"""The same rows written in another way, with a model that reads them: nothing changes but names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from explaudit.encoding import Encoder
from explaudit.features import Feature
from explaudit.scenario import Display, Scenario

__all__ = ["Recoding", "recoded", "shifted"]

Array = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

# a power of two and a small number, so that numbers are read back to within rounding
_FACTOR, _SHIFT = 4.0, 3.0
_ROUNDING = 1e-14


@dataclass(frozen=True, eq=False)
class Recoding:
    """A one-to-one change of how rows are written.

    Attributes
    ----------
    encoder : Encoder
        Of the rows as they are.
    order : ndarray of int, shape (n_features,)
        Which feature stands in each place of the changed rows.
    factor, shift : float
        What is done to each numeric feature.
    reverse_levels : bool
        Whether the levels of categorical features are listed in the other order.
    known : mapping of int to ndarray
        Sorted numbers of some features. What is read back next to one of them is that number: trees
        may be cut at the very numbers of real rows, where rounding would change the answer.
    """

    encoder: Encoder
    order: Positions
    factor: float = 1.0
    shift: float = 0.0
    reverse_levels: bool = False
    known: Mapping[int, Array] = field(default_factory=dict)

    def write(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return rows in the other way.

        Parameters
        ----------
        frame : DataFrame of shape (n_rows, n_columns)

        Returns
        -------
        DataFrame of shape (n_rows, n_features)
            Floats all of them; in the column of a categorical feature they name its levels.
        """
        matrix = self.encoder.encode(frame)
        numeric, highest = self._columns()
        matrix[:, numeric] = matrix[:, numeric] * self.factor + self.shift
        if self.reverse_levels:
            matrix[:, ~numeric] = highest - matrix[:, ~numeric]
        names = [self.encoder.names[j] for j in self.order]
        return pd.DataFrame(matrix[:, self.order], columns=names, index=frame.index)

    def read(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return rows as they were before :meth:`write`; unknown numbers to within rounding."""
        matrix = self.attributions(frame.to_numpy(dtype=np.float64))
        numeric, highest = self._columns()
        matrix[:, numeric] = (matrix[:, numeric] - self.shift) / self.factor
        if self.reverse_levels:
            matrix[:, ~numeric] = highest - matrix[:, ~numeric]
        for j, numbers in self.known.items():
            matrix[:, j] = _nearest_known(matrix[:, j], numbers)
        return self.encoder.decode(matrix)

    def scenario(self, scenario: Scenario) -> Scenario:
        """Return a scenario with rows in the other way and a model that reads them."""
        features = [self._feature(self.encoder.features[j]) for j in self.order]
        encoder = Encoder(tuple(features), tuple(feature.name for feature in features))
        return Scenario(
            rows=self.write(scenario.rows),
            model=lambda table: scenario.answer(self.read(table)),
            background=self.write(scenario.background),
            encoder=encoder,
            display=Display(encoder.names),
            output="value",
        )

    def attributions(self, values: Array) -> Array:
        """Return attributions of the changed rows, or other values, in the features' own order.

        Parameters
        ----------
        values : ndarray of shape (n_rows, n_features)
        """
        own = np.empty_like(values)
        own[:, self.order] = values
        return own

    def _columns(self) -> tuple[npt.NDArray[np.bool_], Array]:
        """Return which features are numeric, and the last code of each that is not."""
        levels = [feature.levels for feature in self.encoder.features]
        highest = [len(own) - 1.0 for own in levels if own is not None]
        return np.array([own is None for own in levels]), np.array(highest)

    def _feature(self, feature: Feature) -> Feature:
        name, levels = feature.name, feature.levels
        if levels is not None:
            levels = pd.DataFrame({name: np.arange(len(levels), dtype=np.float64)})
        return Feature(name, (name,), levels)


def shifted(scenario: Scenario) -> Recoding:
    """Return rows with every number times 4 plus 3.

    Source: the shifts of Kindermans et al. 2019, "The (un)reliability of saliency methods", with
    a scale.
    """
    encoder = scenario.encoder
    real = np.concatenate([encoder.encode(part) for part in (scenario.rows, scenario.background)])
    numeric = [j for j, feature in enumerate(encoder.features) if feature.levels is None]
    known = {j: np.unique(real[:, j]) for j in numeric}
    order = np.arange(len(encoder.names))
    return Recoding(encoder, order, factor=_FACTOR, shift=_SHIFT, known=known)


def recoded(scenario: Scenario) -> Recoding:
    """Return rows with their columns, and the levels in each, in the opposite order."""
    order = np.arange(len(scenario.encoder.names))[::-1]
    return Recoding(scenario.encoder, order, reverse_levels=True)


def _nearest_known(column: Array, known: Array) -> Array:
    """Replace numbers that only rounding keeps from a known one, of shape (n,)."""
    above = np.minimum(np.searchsorted(known, column), len(known) - 1)
    below = np.maximum(above - 1, 0)
    nearer = column - known[below] < known[above] - column
    nearest = known[np.where(nearer, below, above)]
    return np.where(np.abs(column - nearest) <= _ROUNDING * (1 + np.abs(nearest)), nearest, column)
