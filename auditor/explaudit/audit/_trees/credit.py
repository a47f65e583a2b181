"""How much credit sensitive features get for real rows, group by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from explaudit.audit._groups import Group
from explaudit.audit._trees.ensemble import Ensemble
from explaudit.audit._trees.shapley import Paths

__all__ = ["Credit", "sizes"]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Credit:
    """The mean size of a sensitive feature's Shapley value in each of its groups.

    Attributes
    ----------
    groups : tuple of Group
    paths : Paths
    known : ndarray of bool of shape (n_slots, n_rows)
        For the rows of all groups, one group after the other.
    columns : tuple of int
        The feature's columns in the trees.
    """

    groups: tuple[Group, ...]
    paths: Paths
    known: Mask
    columns: tuple[int, ...]

    @classmethod
    def of(
        cls, ensemble: Ensemble, rows: Array, groups: Sequence[Group], columns: Sequence[int]
    ) -> Self | None:
        """Return None if there is no group or no tree splits on the feature.

        Parameters
        ----------
        ensemble : Ensemble
        rows : ndarray of shape (n_rows, n_columns)
            As the trees see them.
        groups : sequence of Group
            All of one feature.
        columns : sequence of int
        """
        paths = Paths.of(ensemble, columns) if groups else None
        if paths is None:
            return None
        known = paths.meets(rows[np.concatenate([group.rows for group in groups])])
        return cls(tuple(groups), paths, known, tuple(columns))

    def sizes(self, shares: Array) -> Array:
        """Return the mean size in each group, in units of the margin, of shape (n_groups,).

        Parameters
        ----------
        shares : ndarray of shape (n_nodes,)
            Share of the parent's rows that come to a node.
        """
        values = self.paths.values(self.known, self.paths.chances(shares))
        size = sizes(values, [self.columns])[:, 0]
        ends = np.cumsum([len(group.rows) for group in self.groups])[:-1]
        return np.array([part.mean() for part in np.split(size, ends)])


def sizes(values: Array, features: Sequence[Sequence[int]]) -> Array:
    """Return the size of each feature's Shapley value: over its columns added up first.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns, n_outputs)
    features : sequence of sequence of int
        The columns of each feature.

    Returns
    -------
    ndarray of shape (n_rows, n_features)
        Summed over outputs.
    """
    added = [np.abs(values[:, list(columns)].sum(axis=1)).sum(axis=1) for columns in features]
    return np.stack(added, axis=1)
