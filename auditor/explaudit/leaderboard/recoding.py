"""The same rows written in another way, with a model that reads them: nothing changes but names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from explaudit.encoding import Encoder
from explaudit.scenario import Display, Scenario

__all__ = ["Recoding", "recoded", "shifted"]

Array = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

# a power of two and a small number, so that numbers are read back to within rounding
_FACTOR, _SHIFT = 4.0, 3.0


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
    """

    encoder: Encoder
    order: Positions
    factor: float = 1.0
    shift: float = 0.0
    reverse_levels: bool = False

    def write(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return rows in the other way.

        Parameters
        ----------
        frame : DataFrame of shape (n_rows, n_columns)

        Returns
        -------
        DataFrame of shape (n_rows, n_features)
            Floats, and categorical columns with levels of other names.
        """
        matrix = self.encoder.encode(frame)
        columns = {}
        for j in self.order.tolist():
            feature, column = self.encoder.features[j], matrix[:, j]
            if feature.levels is None:
                columns[feature.name] = column * self.factor + self.shift
                continue
            n_levels = len(feature.levels)
            # names in the order of the codes, so that no encoder has a reason to reorder them
            names = pd.Index([f"level {k:04d}" for k in range(n_levels)])
            codes = self._levels(column.astype(np.intp), n_levels)
            columns[feature.name] = pd.Categorical.from_codes(codes, categories=names)
        return pd.DataFrame(columns, index=frame.index)

    def read(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return rows as they were before :meth:`write`; numbers to within rounding."""
        matrix = np.empty((len(frame), len(self.encoder.features)))
        for j, feature in enumerate(self.encoder.features):
            column = frame[feature.name]
            if feature.levels is None:
                matrix[:, j] = (column.to_numpy() - self.shift) / self.factor
            else:
                codes = np.asarray(column.cat.codes, dtype=np.intp)
                matrix[:, j] = self._levels(codes, len(feature.levels))
        return self.encoder.decode(matrix)

    def scenario(self, scenario: Scenario) -> Scenario:
        """Return a scenario with rows in the other way and a model that reads them."""
        background = self.write(scenario.background)
        encoder = Encoder.from_frame(background)
        return Scenario(
            rows=self.write(scenario.rows),
            model=lambda table: scenario.answer(self.read(table)),
            background=background,
            encoder=encoder,
            display=Display(encoder.names),
            output="value",
        )

    def attributions(self, values: Array) -> Array:
        """Return attributions of the changed rows in the features' own order.

        Parameters
        ----------
        values : ndarray of shape (n_rows, n_features)
        """
        own = np.empty_like(values)
        own[:, self.order] = values
        return own

    def _levels(self, codes: Positions, n_levels: int) -> Positions:
        return n_levels - 1 - codes if self.reverse_levels else codes


def shifted(encoder: Encoder) -> Recoding:
    """Return rows with every number times 4 plus 3.

    Source: the shifts of Kindermans et al. 2019, "The (un)reliability of saliency methods", with
    a scale.
    """
    return Recoding(encoder, np.arange(len(encoder.names)), factor=_FACTOR, shift=_SHIFT)


def recoded(encoder: Encoder) -> Recoding:
    """Return rows with their columns, and the levels in each, in the opposite order."""
    return Recoding(encoder, np.arange(len(encoder.names))[::-1], reverse_levels=True)
