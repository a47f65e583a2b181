"""A distance for rows with numeric and categorical features, feature by feature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

from explaudit.blocks._checks import as_matrix
from explaudit.centres import spread
from explaudit.errors import InvalidInputError

__all__ = ["MixedDistance"]

Array = npt.NDArray[np.float64]

# Distances are whole multiples of the unit. So their sums are exact in whatever order they are
# added, as long as they stay below 2^53 units: equal distances tie exactly, on every machine.
_UNIT = 2.0**-30
_LARGEST_SUM = 2.0**22


@dataclass(frozen=True, eq=False)
class MixedDistance:
    """What each feature adds to the distance of two rows.

    A numeric feature adds the absolute difference in units of its scale, or the square of that; a
    categorical one adds 1 if the levels differ. Build it with :meth:`of`.

    Parameters
    ----------
    scale : ndarray of shape (n_features,)
        What counts as a difference of 1 in a numeric feature; positive.
    categorical : tuple of int
        Positions of the categorical features.
    power : {1, 2}
        Absolute differences or their squares.

    Raises
    ------
    InvalidInputError
        If a scale is not a positive number, or `power` is neither 1 nor 2.

    Notes
    -----
    What a feature adds is rounded to a multiple of 2^-30, about 1e-9, and is at most 2^22 divided
    by the number of features; that makes sums over features exact.

    Source: the sum over features of Gower 1971, "A general coefficient of similarity and some of
    its properties" (Biometrics 27), with the standard deviation in place of the range.
    """

    scale: Array
    categorical: tuple[int, ...] = ()
    power: Literal[1, 2] = 1

    def __post_init__(self) -> None:
        scale = np.asarray(self.scale, dtype=np.float64)
        if scale.ndim != 1 or not (np.isfinite(scale) & (scale > 0)).all():
            raise InvalidInputError("scale", "a positive number for each feature", self.scale)
        if self.power not in (1, 2):
            raise InvalidInputError("power", "1 or 2", self.power)
        object.__setattr__(self, "scale", scale)

    @classmethod
    def of(
        cls, real_rows: Array, categorical: Sequence[int] = (), power: Literal[1, 2] = 1
    ) -> Self:
        """Take the standard deviation in real rows for the scale; 1 for a constant feature.

        Parameters
        ----------
        real_rows : ndarray of shape (n_real, n_features)
        categorical : sequence of int
            Positions of the categorical features.
        power : {1, 2}
            Absolute differences or their squares.
        """
        return cls(spread(as_matrix("real_rows", real_rows)), tuple(categorical), power)

    def contributions(self, rows: Array, real_rows: Array) -> Array:
        """Return what each feature adds to the distance of each row and each real row.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_features)
        real_rows : ndarray of shape (n_real, n_features)
            Both finite.

        Returns
        -------
        ndarray of shape (n_rows, n_features, n_real)
        """
        columns = np.ascontiguousarray(real_rows.T)
        levels = list(self.categorical)
        found = rows[:, :, None] - columns
        found /= self.scale[:, None]
        transform = np.square if self.power == 2 else np.abs
        transform(found, out=found)
        found[:, levels] = rows[:, levels, None] != columns[levels]
        np.minimum(found, _LARGEST_SUM / len(columns), out=found)
        found /= _UNIT
        np.rint(found, out=found)
        found *= _UNIT
        return found
