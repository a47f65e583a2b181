"""Which rows can be: what input validation in front of a model knows of its training data."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal, Self, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from explaudit.errors import InvalidInputError
from explaudit_attacks._inputs import Mask
from explaudit_attacks._tabular import categorical_columns, numeric_columns

__all__ = ["Check", "RowValidator"]

Check = Literal["range", "whole", "pairs"]
Codes = npt.NDArray[np.intp]

#: Numeric columns of at most so many different values can be one of a pair of related columns.
_FEW_VALUES = 20


@dataclass(eq=False)
class RowValidator:
    """Tells rows that can be from rows that cannot.

    Attributes
    ----------
    checks : tuple of {"range", "whole", "pairs"}
        Which of these are impossible: a number outside the training rows' range; a fraction in a
        column of whole numbers; and in the two columns that are most closely related a pair of
        values that no training row has. A check that finds no such columns lets all rows pass.
    pair_ : tuple of int or None
        After `fit`, the positions of the two related columns: among those with a few values each,
        and of which not every pair of values occurs, those of the largest Cramér's V. None where
        there are none.
    """

    checks: tuple[Check, ...]

    def fit(self, X: Any) -> Self:
        """Learn from training rows.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)

        Raises
        ------
        InvalidInputError
            If a check is unknown or there is none.
        """
        if not self.checks or not set(self.checks) <= set(get_args(Check)):
            raise InvalidInputError("checks", f"some of {get_args(Check)}", self.checks)
        table = _as_frame(X)
        self._numeric = numeric_columns(table)
        numbers = self._numbers(table)
        self._low, self._high = numbers.min(axis=0), numbers.max(axis=0)
        self._whole = (numbers == np.rint(numbers)).all(axis=0)
        self.pair_ = _related(table) if "pairs" in self.checks else None
        self._seen = pd.MultiIndex(levels=[[], []], codes=[[], []])
        if self.pair_ is not None:
            self._seen = _pairs(table, self.pair_).unique()
        return self

    def impossible(self, X: Any) -> Mask:
        """Tell which rows cannot be, of shape (n_rows,)."""
        table = _as_frame(X)
        numbers = self._numbers(table)
        found = np.zeros(len(table), dtype=np.bool_)
        if "range" in self.checks:
            found |= ((numbers < self._low) | (numbers > self._high)).any(axis=1)
        if "whole" in self.checks:
            found |= (self._whole & (numbers != np.rint(numbers))).any(axis=1)
        if self.pair_ is not None:
            found |= ~_pairs(table, self.pair_).isin(self._seen)
        return found

    def _numbers(self, table: pd.DataFrame) -> npt.NDArray[np.float64]:
        return table.iloc[:, self._numeric].to_numpy(dtype=np.float64)


def _as_frame(X: Any) -> pd.DataFrame:
    return X if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X))


def _pairs(table: pd.DataFrame, pair: tuple[int, int]) -> pd.MultiIndex:
    # levels as words, since a training column and a query's may differ in their categories
    columns = [
        column.astype(np.float64) if pd.api.types.is_numeric_dtype(column) else column.astype(str)
        for column in (table.iloc[:, place] for place in pair)
    ]
    return pd.MultiIndex.from_arrays(columns)


def _related(table: pd.DataFrame) -> tuple[int, int] | None:
    """Return the most closely related pair of columns of which not all combinations occur."""
    categorical = categorical_columns(table)
    codes: dict[int, Codes] = {}
    for place in range(table.shape[1]):
        found, levels = pd.factorize(table.iloc[:, place], use_na_sentinel=False)
        if place in categorical or len(levels) <= _FEW_VALUES:
            codes[place] = found
    best, pair = 0.0, None
    for first, second in combinations(codes, 2):
        counts = _crossed(codes[first], codes[second])
        if (counts == 0).any() and (closeness := _cramers_v(counts)) > best:
            best, pair = closeness, (first, second)
    return pair


def _crossed(first: Codes, second: Codes) -> npt.NDArray[np.float64]:
    shape = (first.max() + 1, second.max() + 1)
    counts = np.bincount(first * shape[1] + second, minlength=shape[0] * shape[1])
    return counts.reshape(shape).astype(np.float64)


def _cramers_v(counts: npt.NDArray[np.float64]) -> float:
    """Return Cramér's V of a table of counts, between 0 and 1.

    Source: Cramér 1946, "Mathematical Methods of Statistics", section 21.9.
    """
    if min(counts.shape) < 2:
        return 0.0
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    chi_squared = ((counts - expected) ** 2 / expected).sum()
    return float(np.sqrt(chi_squared / counts.sum() / (min(counts.shape) - 1)))
