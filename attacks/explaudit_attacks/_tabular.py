"""From a table with categorical columns to numbers that any scikit-learn model takes."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import OneHotEncoder, StandardScaler

__all__ = ["as_numbers", "categorical_columns", "numeric_columns"]


def as_numbers(numeric: Any = None) -> Any:
    """Return a transformer: numeric columns are standardised, all others one-hot encoded.

    A level that was not there when it was fitted has 0 in all of its columns. Of an array all
    columns are numeric.

    Parameters
    ----------
    numeric : transformer, optional
        What is done to the numeric columns instead.
    """
    levels = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return ColumnTransformer(
        [
            ("numeric", StandardScaler() if numeric is None else numeric, numeric_columns),
            ("levels", levels, categorical_columns),
        ]
    )


def numeric_columns(X: Any) -> list[int]:
    """Return the positions of a frame's numeric columns, or of all columns of an array."""
    categorical = categorical_columns(X)
    return [j for j in range(X.shape[1]) if j not in categorical]


def categorical_columns(X: Any) -> list[int]:
    """Return the positions of a frame's other columns; an array has none."""
    if not isinstance(X, pd.DataFrame):
        return []
    numbers = set(X.columns.get_indexer(X.select_dtypes("number").columns))
    return [j for j in range(X.shape[1]) if j not in numbers]
