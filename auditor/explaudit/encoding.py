"""The encoder: from the table a model is fed to the matrix that an explainer perturbs, and back.

One column of the matrix is one *feature*. A numeric column is its own feature. A categorical
column is one feature too, held as the code of its level; and a group of columns, such as the
one-hot columns of one variable, is one feature whose levels are the combinations that occur.
So whatever perturbs columns of the matrix perturbs, and credits, whole features, and never makes
an impossible combination inside one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from explaudit.errors import InvalidInputError
from explaudit.features import (
    Feature,
    codes_of,
    column_feature,
    group_feature,
    level_codes,
    level_columns,
)

__all__ = ["Encoder"]

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Encoder:
    """Two-way map between a table and the matrix of its features.

    Build it with :meth:`from_frame`.

    Attributes
    ----------
    features : tuple of Feature
        The features, in the order of the matrix's columns.
    columns : tuple of str
        The table's columns, in the order that the model expects.
    """

    features: tuple[Feature, ...]
    columns: tuple[str, ...]
    # computed once, since explainers encode and decode thousands of times
    _index: pd.Index = field(init=False, repr=False)
    _numeric: tuple[list[int], list[int]] = field(init=False, repr=False)
    _float_levels: dict[int, npt.NDArray[np.float64]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        numeric = [j for j, feature in enumerate(self.features) if feature.levels is None]
        places = [self.columns.index(self.features[j].name) for j in numeric]
        object.__setattr__(self, "_index", pd.Index(self.columns))
        object.__setattr__(self, "_numeric", (numeric, places))
        object.__setattr__(self, "_float_levels", _float_levels(self.features))

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        groups: Mapping[str, Sequence[str]] | None = None,
        categorical: Sequence[str] = (),
    ) -> Self:
        """Learn the features and levels of `frame`.

        Parameters
        ----------
        frame : DataFrame of shape (n_rows, n_columns)
            Rows that show every level that will ever be encoded. Columns of a non-numeric dtype
            are categorical. The categories of a categorical dtype are levels whether they occur
            or not; a missing value is a level of its own where it occurs.
        groups : mapping of str to sequence of str, optional
            For each group its name and columns, for instance the one-hot columns of a variable.
        categorical : sequence of str, optional
            Numeric columns to treat as categorical all the same.

        Raises
        ------
        InvalidInputError
            If the table has no rows or columns, its columns' names are not unique strings, a group
            or a categorical names a column that is not there or stands in two groups, two features
            would have one name, or a column's values cannot be ordered.
        """
        groups = groups or {}
        if frame.empty:
            raise InvalidInputError("frame", "at least one row and one column", frame.shape)
        _check_names(frame)
        owner = _owners(frame, groups, categorical)
        features: list[Feature] = []
        for column in frame.columns:
            group = owner.get(column)
            if group is None:
                features.append(column_feature(frame, column, column in categorical))
            elif column == groups[group][0]:
                members = tuple(groups[group])
                features.append(group_feature(frame, group, members))
        names = [feature.name for feature in features]
        if len(set(names)) < len(names):
            raise InvalidInputError("groups", "names that no column outside has", list(groups))
        return cls(tuple(features), tuple(frame.columns))

    @property
    def names(self) -> tuple[str, ...]:
        """The features' names, in matrix order."""
        return tuple(feature.name for feature in self.features)

    @property
    def categorical(self) -> tuple[int, ...]:
        """Positions of the categorical features in the matrix."""
        return tuple(i for i, feature in enumerate(self.features) if feature.is_categorical)

    def index(self, name: str) -> int:
        """Return the position of the feature called `name`.

        Raises
        ------
        InvalidInputError
            If there is none.
        """
        if name not in self.names:
            raise InvalidInputError("feature", f"one of {', '.join(self.names)}", name)
        return self.names.index(name)

    def encode(self, frame: pd.DataFrame) -> Matrix:
        """Encode a table as a matrix.

        Parameters
        ----------
        frame : DataFrame of shape (n_rows, n_columns)
            Must hold all columns of the encoder.

        Returns
        -------
        ndarray of shape (n_rows, n_features)

        Raises
        ------
        InvalidInputError
            If a column is missing or there twice, a level was never seen, or a numeric column holds
            something else.
        """
        frame = self._in_order(frame)
        numeric, _ = self._numeric
        numbers = self.encode_numeric(frame)
        if len(numeric) == len(self.features):
            return np.array(numbers, order="C")
        matrix = np.empty((len(frame), len(self.features)), dtype=np.float64)
        matrix[:, numeric] = numbers
        for j in self.categorical:
            matrix[:, j] = codes_of(self.features[j], frame)
        return matrix

    def encode_numeric(self, frame: pd.DataFrame) -> Matrix:
        """Encode the numeric features alone, whatever the categorical columns hold.

        Parameters
        ----------
        frame : DataFrame of shape (n_rows, n_columns)
            Must hold all columns of the encoder.

        Returns
        -------
        ndarray of shape (n_rows, n_numeric_features)
            In the order of the matrix; not to be written to, since it may be the table's own.

        Raises
        ------
        InvalidInputError
            If a column is missing or there twice, or a numeric column holds something else.
        """
        frame, places = self._in_order(frame), self._numeric[1]
        return _numbers(frame if len(places) == len(self.columns) else frame.iloc[:, places])

    def decode(self, matrix: Matrix) -> pd.DataFrame:
        """Turn a matrix back into the table that the model expects.

        Codes are rounded to the nearest level, so that a perturbation can never make a level that
        does not exist; numbers are passed on as they are, as floats.

        Parameters
        ----------
        matrix : ndarray of shape (n_rows, n_features)

        Returns
        -------
        DataFrame of shape (n_rows, n_columns)

        Raises
        ------
        InvalidInputError
            If the matrix has another shape, or a code is NaN.
        """
        matrix = np.asarray(matrix, dtype=np.float64)
        if matrix.ndim != 2 or matrix.shape[1] != len(self.features):
            raise InvalidInputError("matrix", f"shape (n_rows, {len(self.features)})", matrix.shape)
        numeric, places = self._numeric
        if len(numeric) + len(self._float_levels) == len(self.features):
            return self._decode_floats(matrix)
        numbers = pd.DataFrame(matrix[:, numeric], columns=self._index[places])
        parts: dict[str, Any] = {}
        for j in self.categorical:
            parts.update(level_columns(self.features[j], matrix[:, j]))
        table = pd.concat([numbers, pd.DataFrame(parts)], axis=1)
        return table.iloc[:, table.columns.get_indexer(self._index)]

    def _decode_floats(self, matrix: Matrix) -> pd.DataFrame:
        """Decode where every column of the table is a float: as one block, with no copy but one."""
        values = np.array(matrix, order="C")
        for j, levels in self._float_levels.items():
            values[:, j] = levels[level_codes(self.features[j], matrix[:, j])]
        return pd.DataFrame(values, columns=self._index)

    def _in_order(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the encoder's columns of a table, in its order; explainers send them so."""
        if frame.columns.equals(self._index):
            return frame
        _check_names(frame)
        missing = [column for column in self.columns if column not in frame.columns]
        if missing:
            raise InvalidInputError("frame", f"columns {list(self.columns)}", f"no {missing}")
        return frame[list(self.columns)]


def _float_levels(features: Sequence[Feature]) -> dict[int, npt.NDArray[np.float64]]:
    """Return the levels of the categorical features that stand for one column of floats."""
    found = {}
    for j, feature in enumerate(features):
        if feature.levels is not None and len(feature.columns) == 1:
            levels = feature.levels[feature.columns[0]]
            if levels.dtype == np.float64:
                found[j] = levels.to_numpy()
    return found


def _check_names(frame: pd.DataFrame) -> None:
    odd = [name for name in frame.columns if not isinstance(name, str)]
    if odd or not frame.columns.is_unique:
        raise InvalidInputError(
            "frame",
            "columns whose names are strings, each another",
            odd or list(frame.columns[frame.columns.duplicated()]),
            "Rename them, for instance with `frame.columns = frame.columns.map(str)`.",
        )


def _owners(
    frame: pd.DataFrame, groups: Mapping[str, Sequence[str]], categorical: Sequence[str]
) -> dict[str, str]:
    known = set(frame.columns)
    owner: dict[str, str] = {}
    for group, members in groups.items():
        if not members:
            raise InvalidInputError("groups", f"at least one column in {group!r}", members)
        for column in members:
            if column not in known:
                raise InvalidInputError("groups", f"columns of the table in {group!r}", column)
            if column in owner:
                raise InvalidInputError("groups", f"{column!r} in one group only", group)
            owner[column] = group
    for column in categorical:
        if column not in known:
            raise InvalidInputError("categorical", "columns of the table", column)
    return owner


def _numbers(frame: pd.DataFrame) -> Matrix:
    try:
        return frame.to_numpy(dtype=np.float64)
    except (TypeError, ValueError) as error:
        for name in frame.columns:
            column = pd.to_numeric(frame[name], errors="coerce")
            if column.isna().gt(frame[name].isna()).any():
                raise InvalidInputError(f"column {name!r}", "numbers", str(error)) from error
        raise InvalidInputError("frame", "numbers in its numeric columns", str(error)) from error
