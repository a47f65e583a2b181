"""Groups of real rows that are alike in a sensitive feature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explaudit.encoding import Encoder

__all__ = ["Group", "groups_of"]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

#: A numeric feature with at most so many different values has a group for each.
_MOST_VALUES = 6


@dataclass(frozen=True, eq=False)
class Group:
    """Rows that are alike in a sensitive feature.

    Attributes
    ----------
    feature : str
    label : str
        The feature and what the rows have in common.
    rows : ndarray of int of shape (n_rows,)
    """

    feature: str
    label: str
    rows: Ints


def groups_of(
    encoder: Encoder,
    matrix: Array,
    name: str,
    rng: np.random.Generator,
    *,
    most_rows: int,
    most_groups: int = _MOST_VALUES,
) -> list[Group]:
    """Return the groups that a sensitive feature makes.

    A categorical feature, or one of few values, makes a group for each of the most frequent ones;
    another is cut at its median. Groups of fewer than ten rows are left out.

    Parameters
    ----------
    encoder : Encoder
    matrix : ndarray of shape (n_rows, n_features)
        Real rows.
    name : str
        The feature.
    rng : numpy.random.Generator
        Draws the rows.
    most_rows, most_groups : int
        At the most so many rows of each group, and so many groups.
    """
    index = encoder.index(name)
    column, feature = matrix[:, index], encoder.features[index]
    values, counts = np.unique(column[~np.isnan(column)], return_counts=True)
    if feature.is_categorical or len(values) <= _MOST_VALUES:
        frequent = np.sort(values[np.argsort(-counts, kind="stable")[:most_groups]])
        shown = [
            feature.level_names[int(v)] if feature.is_categorical else f"{v:g}" for v in frequent
        ]
        parts = [(f"{name} = {n}", column == v) for n, v in zip(shown, frequent, strict=True)]
    else:
        middle = float(np.nanmedian(column))
        parts = [(f"{name} <= {middle:g}", column <= middle)]
        parts.append((f"{name} > {middle:g}", column > middle))
    groups = [Group(name, label, rng.permutation(np.flatnonzero(part))) for label, part in parts]
    return [Group(g.feature, g.label, g.rows[:most_rows]) for g in groups if len(g.rows) >= 10]
