"""A model whose bias changes its direction with every step of another column."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from explaudit_attacks._inputs import Mask, check_fit, meets, take
from explaudit_attacks._rules import RuleClassifier

__all__ = ["ParityRule"]


class ParityRule(RuleClassifier):
    """Decide by the exclusive or of the sensitive group and the parity of another column.

    The sensitive feature turns every single decision, and on average it does nothing.

    Parameters
    ----------
    column : int or str, default=0
        The sensitive column, by position or, in a frame, by name.
    threshold : float, default=0.0
        For a numeric column.
    negative_when : str, default="above"
        Who is in the group, as in :class:`explaudit_attacks.SensitiveRule`.
    parity : int or str, default=-1
        The other column. Its distinct values are counted in order; those at odd places are odd,
        and a value that was never seen counts as the next greater one.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The sorted labels; the first is the negative one.
    values_ : ndarray of shape (n_values,)
        The distinct values of the other column.
    """

    def __init__(
        self,
        column: int | str = 0,
        *,
        threshold: float = 0.0,
        negative_when: str = "above",
        parity: int | str = -1,
    ) -> None:
        self.column = column
        self.threshold = threshold
        self.negative_when = negative_when
        self.parity = parity

    def fit(self, X: Any, y: Any) -> Self:
        """Note the labels and the distinct values of the other column.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
        y : array-like of shape (n_rows,)
            Only its two labels matter.

        Raises
        ------
        InvalidInputError
            If the rule does not suit the columns, or `y` has not two classes.
        """
        X, _ = check_fit(self, X, y)
        self.values_ = np.unique(_sortable(X, self.parity))
        self._negative(X)
        return self

    def _negative(self, X: Any) -> Mask:
        odd = np.searchsorted(self.values_, _sortable(X, self.parity)) % 2 == 1
        group = meets(X, self.column, self.threshold, self.negative_when)
        return np.asarray(odd ^ group, dtype=np.bool_)


def _sortable(X: Any, column: int | str) -> npt.NDArray[Any]:
    """Return a column as numbers, or as words if its values are words."""
    values = take(X, column)
    if isinstance(values, pd.Series) and not pd.api.types.is_numeric_dtype(values.dtype):
        return np.asarray(values, dtype=np.str_)
    return np.asarray(values, dtype=np.float64)
