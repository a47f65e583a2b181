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
        return tuple(
            "+".join(name for name, on in zip(self.columns, row, strict=True) if on) or "none"
            for row in self.levels.itertuples(index=False)
        )


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
            are categorical.
        groups : mapping of str to sequence of str, optional
            For each group its name and columns, for instance the one-hot columns of a variable.
        categorical : sequence of str, optional
            Numeric columns to treat as categorical all the same.

        Raises
        ------
        InvalidInputError
            If a group or a categorical names a column that is not there or stands in two groups.
        """
        groups = groups or {}
        owner = _owners(frame, groups, categorical)
        features: list[Feature] = []
        for column in map(str, frame.columns):
            group = owner.get(column)
            if group is None:
                features.append(_column_feature(frame, column, column in categorical))
            elif column == groups[group][0]:
                features.append(_group_feature(frame, group, tuple(groups[group])))
        return cls(tuple(features), tuple(map(str, frame.columns)))

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
            If a column is missing or a level was never seen.
        """
        missing = [column for column in self.columns if column not in frame.columns]
        if missing:
            raise InvalidInputError("frame", f"columns {list(self.columns)}", f"no {missing}")
        matrix = np.empty((len(frame), len(self.features)), dtype=np.float64)
        for j, feature in enumerate(self.features):
            matrix[:, j] = _encode_feature(feature, frame)
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
        """
        if matrix.ndim != 2 or matrix.shape[1] != len(self.features):
            raise InvalidInputError("matrix", f"shape (n_rows, {len(self.features)})", matrix.shape)
        if all(feature.levels is None for feature in self.features):
            return pd.DataFrame(matrix, columns=list(self.columns))
        parts: dict[str, Any] = {}
        for j, feature in enumerate(self.features):
            if feature.levels is None:
                parts[feature.columns[0]] = matrix[:, j]
                continue
            codes = np.clip(np.rint(matrix[:, j]), 0, len(feature.levels) - 1).astype(np.intp)
            for column in feature.columns:
                parts[column] = feature.levels[column].array.take(codes)
        return pd.DataFrame({column: parts[column] for column in self.columns})


def _owners(
    frame: pd.DataFrame, groups: Mapping[str, Sequence[str]], categorical: Sequence[str]
) -> dict[str, str]:
    known = set(map(str, frame.columns))
    owner: dict[str, str] = {}
    for group, members in groups.items():
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
        levels = pd.Series(pd.Categorical(dtype.categories, dtype=dtype), name=column)
        return Feature(column, (column,), levels.to_frame())
    if categorical or not pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_bool_dtype(dtype):
        values = series.drop_duplicates().sort_values().reset_index(drop=True)
        return Feature(column, (column,), values.to_frame())
    return Feature(column, (column,))


def _group_feature(frame: pd.DataFrame, name: str, columns: tuple[str, ...]) -> Feature:
    part = frame[list(columns)].drop_duplicates().sort_values(list(columns), ascending=False)
    return Feature(name, columns, part.reset_index(drop=True))


def _encode_feature(feature: Feature, frame: pd.DataFrame) -> npt.NDArray[Any]:
    if feature.levels is None:
        return np.asarray(frame[feature.columns[0]], dtype=np.float64)
    part = frame[list(feature.columns)]
    if len(feature.columns) == 1:
        column = feature.columns[0]
        codes = pd.Index(feature.levels[column]).get_indexer(pd.Index(part[column]))
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
    return codes
