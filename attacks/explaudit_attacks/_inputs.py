"""Reading rows and labels the way all model organisms do: frames or arrays, checked and cheap.

Explainers ask a model thousands of times, with frames that may hold categorical columns. So a
frame is checked by its column names and never copied or converted as a whole; an array gets
scikit-learn's own full check.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from explaudit.errors import InvalidInputError

__all__ = [
    "Mask",
    "check_classes",
    "check_fit",
    "check_rows",
    "check_training",
    "check_values",
    "meets",
    "take",
    "without",
]

Mask = npt.NDArray[np.bool_]


def check_training(estimator: Any, X: Any, y: Any) -> tuple[Any, npt.NDArray[Any]]:
    """Check training rows and outcomes of any kind; set what scikit-learn expects of `fit`.

    Parameters
    ----------
    estimator : object
        Gets ``n_features_in_`` and, for a frame, ``feature_names_in_``.
    X : DataFrame or array-like of shape (n_rows, n_columns)
    y : array-like of shape (n_rows,)

    Returns
    -------
    X : DataFrame or ndarray of shape (n_rows, n_columns)
        A frame comes back as it is.
    y : ndarray of shape (n_rows,)
    """
    if not isinstance(X, pd.DataFrame):
        return validate_data(estimator, X, y)  # type: ignore[no-any-return]  # sklearn is untyped
    validate_data(estimator, X, y, skip_check_array=True)
    estimator._fitted_columns = X.columns
    y = column_or_1d(y, warn=True)
    check_consistent_length(X, y)
    return X, y


def check_values(estimator: Any, X: Any, y: Any) -> tuple[Any, npt.NDArray[np.float64]]:
    """Check training rows and numbers, as :func:`check_training` does.

    Raises
    ------
    InvalidInputError
        If an outcome is not a finite number.
    """
    X, y = check_training(estimator, X, y)
    try:
        numbers = np.asarray(y, dtype=np.float64)
    except ValueError as error:
        raise InvalidInputError("y", "numbers", str(error)) from error
    if not np.isfinite(numbers).all():
        raise InvalidInputError("y", "finite numbers", "NaN or infinity")
    return X, numbers


def check_classes(estimator: Any, X: Any, y: Any) -> tuple[Any, npt.NDArray[Any]]:
    """Check training rows and labels of any number of classes; `estimator` gets ``classes_``.

    The rest is as in :func:`check_training`.
    """
    X, y = check_training(estimator, X, y)
    check_classification_targets(y)
    estimator.classes_ = np.unique(y)
    return X, y


def check_fit(estimator: Any, X: Any, y: Any) -> tuple[Any, npt.NDArray[Any]]:
    """Check training rows and binary labels, as :func:`check_classes` does.

    Raises
    ------
    InvalidInputError
        If `y` has not exactly two classes.
    """
    X, y = check_classes(estimator, X, y)
    kind = type_of_target(y, input_name="y")
    if kind != "binary" or len(estimator.classes_) != 2:
        raise InvalidInputError(
            "y",
            "labels of exactly two classes",
            f"{len(estimator.classes_)} class(es)",
            f"Only binary classification is supported. The type of the target is {kind}.",
        )
    return X, y


def check_rows(estimator: Any, X: Any) -> Any:
    """Check rows to predict against those of `fit`; a frame comes back as it is."""
    check_is_fitted(estimator)
    if isinstance(X, pd.DataFrame):
        # comparing the names one by one, as scikit-learn does, costs milliseconds a call
        if X.columns.equals(getattr(estimator, "_fitted_columns", pd.Index([]))):
            return X
        return validate_data(estimator, X, reset=False, skip_check_array=True)
    return validate_data(estimator, X, reset=False)


def meets(X: Any, column: int | str, threshold: float, when: str) -> Mask:
    """Tell which rows meet a condition on one column.

    Parameters
    ----------
    X : DataFrame or ndarray of shape (n_rows, n_columns)
    column : int or str
        Position, or the name in a frame.
    threshold : float
        For a numeric column. A value equal to it is neither above nor below.
    when : str
        ``"above"`` or ``"below"`` the threshold; for a categorical column, the level.

    Returns
    -------
    ndarray of bool of shape (n_rows,)

    Raises
    ------
    InvalidInputError
        If there is no such column, it has missing values, or `when` does not suit it.
    """
    values = take(X, column)
    if isinstance(values, pd.Series) and not pd.api.types.is_numeric_dtype(values.dtype):
        return _equals_level(values, column, when)
    if when not in ("above", "below"):
        raise InvalidInputError(
            "negative_when",
            f"'above' or 'below', since column {column!r} is numeric",
            when,
            "Give the column a categorical dtype to name one of its levels.",
        )
    numbers = np.asarray(values, dtype=np.float64)
    if np.isnan(numbers).any():
        raise InvalidInputError(f"column {column!r}", "numbers", "NaN", "Impute it first.")
    return numbers > threshold if when == "above" else numbers < threshold


def without(X: Any, columns: tuple[int | str, ...]) -> Any:
    """Return the rows without some columns, given by position or, in a frame, by name."""
    positions = [_position(X, column) for column in columns]
    if isinstance(X, pd.DataFrame):
        return X[[name for i, name in enumerate(X.columns) if i not in positions]]
    return np.delete(X, positions, axis=1)


def take(X: Any, column: int | str) -> Any:
    """Return one column, given by position or, in a frame, by name."""
    position = _position(X, column)
    return X.iloc[:, position] if isinstance(X, pd.DataFrame) else X[:, position]


def _position(X: Any, column: int | str) -> int:
    if isinstance(column, str):
        if isinstance(X, pd.DataFrame) and column in X.columns:
            return list(X.columns).index(column)
        known = list(X.columns) if isinstance(X, pd.DataFrame) else "an array without names"
        raise InvalidInputError("column", f"a column of {known}", column)
    if not -X.shape[1] <= column < X.shape[1]:
        raise InvalidInputError("column", f"a position among n_features={X.shape[1]}", column)
    return column % int(X.shape[1])


def _equals_level(values: pd.Series[Any], column: int | str, level: str) -> Mask:
    categories = pd.Categorical(values)
    if (categories.codes < 0).any():
        raise InvalidInputError(f"column {column!r}", "a level in every row", "missing values")
    names = [str(category) for category in categories.categories]
    if isinstance(values.dtype, pd.CategoricalDtype) and level not in names:
        raise InvalidInputError("negative_when", f"a level of column {column!r}: {names}", level)
    wanted = [code for code, name in enumerate(names) if name == level]
    return np.isin(categories.codes, wanted)
