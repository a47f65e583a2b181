"""Features: one column of the encoded matrix each, and what its codes stand for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from explaudit.errors import InvalidInputError

__all__ = [
    "Feature",
    "codes_of",
    "column_feature",
    "group_feature",
    "level_codes",
    "level_columns",
]


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


def column_feature(frame: pd.DataFrame, column: str, categorical: bool) -> Feature:
    """Return the feature of one column: categorical by its dtype, or because it is said to be."""
    series = frame[column]
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        missing = [None] if series.isna().any() else []
        codes = pd.Categorical([*dtype.categories, *missing], dtype=dtype)
        return Feature(column, (column,), pd.DataFrame({column: codes}))
    if categorical or not pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_bool_dtype(dtype):
        return Feature(column, (column,), _distinct(series.to_frame(), ascending=True))
    return Feature(column, (column,))


def group_feature(frame: pd.DataFrame, name: str, columns: tuple[str, ...]) -> Feature:
    """Return the feature of a group of columns; its levels are the combinations that occur."""
    return Feature(name, columns, _distinct(frame[list(columns)], ascending=False))


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


def level_codes(feature: Feature, column: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """Return the codes nearest to a column of the matrix, shape (n_rows,)."""
    assert feature.levels is not None
    if np.isnan(column).any():
        raise InvalidInputError("matrix", f"codes of levels for {feature.name!r}", "NaN")
    return np.clip(np.rint(column), 0, len(feature.levels) - 1).astype(np.intp)


def level_columns(feature: Feature, column: npt.NDArray[np.float64]) -> dict[str, Any]:
    """Return the columns of the table that a column of codes stands for."""
    assert feature.levels is not None
    codes = level_codes(feature, column)
    columns: dict[str, Any] = {}
    for name in feature.columns:
        levels = feature.levels[name]
        values = levels.array.take(codes)
        # pandas would guess another dtype for objects
        columns[name] = pd.Series(values, dtype=object) if levels.dtype == object else values
    return columns


def codes_of(feature: Feature, frame: pd.DataFrame) -> npt.NDArray[Any]:
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
