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

__all__ = ["Encoder", "Feature"]

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Feature:
    """One column of the encoded matrix.

    Attributes
    ----------
    name : str
        The feature's name, as explanations show it.
    columns : tuple of str
        The columns of the table that it stands for.
    levels : pandas.DataFrame or None
        None for a numeric feature. Otherwise one row per level, with `columns` as its columns and
        their dtypes kept: code ``k`` of the matrix stands for row ``k``.
    """

    name: str
    columns: tuple[str, ...]
    levels: pd.DataFrame | None = field(default=None, compare=False)

    @property
    def is_categorical(self) -> bool:
        """Whether the matrix holds codes of levels rather than numbers."""
        return self.levels is not None

    @property
    def level_names(self) -> tuple[str, ...]:
        """A readable name for each level; empty for a numeric feature."""
        if self.levels is None:
            return ()
        if len(self.columns) == 1:
            return tuple(str(value) for value in self.levels[self.columns[0]])
        rows = [list(zip(self.columns, row, strict=True)) for row in self.levels.to_numpy()]
        if self.levels.isin([0, 1]).all(axis=None):
            return tuple("+".join(name for name, on in row if on) or "none" for row in rows)
        return tuple(", ".join(f"{name}={value}" for name, value in row) for row in rows)


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

    def __post_init__(self) -> None:
        numeric = [j for j, feature in enumerate(self.features) if feature.levels is None]
        places = [self.columns.index(self.features[j].name) for j in numeric]
        object.__setattr__(self, "_index", pd.Index(self.columns))
        object.__setattr__(self, "_numeric", (numeric, places))

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
                features.append(_column_feature(frame, column, column in categorical))
            elif column == groups[group][0]:
                members = tuple(groups[group])
                features.append(
                    Feature(group, members, _distinct(frame[list(members)], ascending=False))
                )
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
        matrix = np.empty((len(frame), len(self.features)), dtype=np.float64)
        numeric, places = self._numeric
        matrix[:, numeric] = _numbers(frame.iloc[:, places])
        for j in self.categorical:
            matrix[:, j] = _codes(self.features[j], frame)
        return matrix

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
        numbers = pd.DataFrame(matrix[:, numeric], columns=self._index[places])
        if len(numeric) == len(self.features):
            return numbers
        parts: dict[str, Any] = {}
        for j in self.categorical:
            parts.update(_level_columns(self.features[j], matrix[:, j]))
        table = pd.concat([numbers, pd.DataFrame(parts)], axis=1)
        return table.iloc[:, table.columns.get_indexer(self._index)]

    def _in_order(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the encoder's columns of a table, in its order; explainers send them so."""
        if frame.columns.equals(self._index):
            return frame
        _check_names(frame)
        missing = [column for column in self.columns if column not in frame.columns]
        if missing:
            raise InvalidInputError("frame", f"columns {list(self.columns)}", f"no {missing}")
        return frame[list(self.columns)]


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


def _column_feature(frame: pd.DataFrame, column: str, categorical: bool) -> Feature:
    series = frame[column]
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        missing = [None] if series.isna().any() else []
        codes = pd.Categorical([*dtype.categories, *missing], dtype=dtype)
        return Feature(column, (column,), pd.DataFrame({column: codes}))
    if categorical or not pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_bool_dtype(dtype):
        return Feature(column, (column,), _distinct(series.to_frame(), ascending=True))
    return Feature(column, (column,))


def _distinct(part: pd.DataFrame, *, ascending: bool) -> pd.DataFrame:
    columns = list(part.columns)
    try:
        return part.drop_duplicates().sort_values(columns, ascending=ascending, ignore_index=True)
    except TypeError as error:
        raise InvalidInputError(
            f"column {', '.join(columns)}",
            "values of one kind, which can be ordered",
            str(error),
            "Convert the column, for instance with `astype(str)`.",
        ) from error


def _numbers(frame: pd.DataFrame) -> Matrix:
    try:
        return frame.to_numpy(dtype=np.float64)
    except (TypeError, ValueError) as error:
        for name in frame.columns:
            column = pd.to_numeric(frame[name], errors="coerce")
            if column.isna().gt(frame[name].isna()).any():
                raise InvalidInputError(f"column {name!r}", "numbers", str(error)) from error
        raise InvalidInputError("frame", "numbers in its numeric columns", str(error)) from error


def _level_columns(feature: Feature, column: Matrix) -> dict[str, Any]:
    """Return the columns of the table that a column of codes stands for."""
    assert feature.levels is not None
    if np.isnan(column).any():
        raise InvalidInputError("matrix", f"codes of levels for {feature.name!r}", "NaN")
    codes = np.clip(np.rint(column), 0, len(feature.levels) - 1).astype(np.intp)
    columns: dict[str, Any] = {}
    for name in feature.columns:
        levels = feature.levels[name]
        values = levels.array.take(codes)
        # pandas would guess another dtype for objects
        columns[name] = pd.Series(values, dtype=object) if levels.dtype == object else values
    return columns


def _codes(feature: Feature, frame: pd.DataFrame) -> npt.NDArray[Any]:
    """Return the code of each row's level, shape (n_rows,)."""
    assert feature.levels is not None
    part = frame[list(feature.columns)]
    if len(feature.columns) == 1:
        column = feature.columns[0]
        levels, own = feature.levels[column], part[column]
        if isinstance(own.dtype, pd.CategoricalDtype) and own.dtype == levels.dtype:
            # a table that was decoded: its codes are the levels' own, but for missing values
            codes = np.asarray(own.cat.codes, dtype=np.intp)
            codes = np.where(codes < 0, len(levels) - 1 if levels.isna().any() else -1, codes)
        else:
            codes = pd.Index(levels).get_indexer(pd.Index(own))
    else:
        keys = pd.MultiIndex.from_frame(feature.levels)
        codes = keys.get_indexer(pd.MultiIndex.from_frame(part))
    if (codes < 0).any():
        value = part.iloc[int(np.argmin(codes))].to_dict()
        raise InvalidInputError(
            f"column {feature.name!r}",
            f"one of the {len(feature.levels)} levels {list(feature.level_names)[:8]}",
            value,
            "Rows to explain may only hold levels that occur in the reference data.",
        )
    return np.asarray(codes)
