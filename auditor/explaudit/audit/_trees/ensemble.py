"""An ensemble of trees: what it answers, and how much each row weighs in its covers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from explaudit.audit._trees.objectives import Objective
from explaudit.audit._trees.structure import Trees
from explaudit.errors import InvalidInputError

__all__ = ["Ensemble", "UnsupportedFileError"]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]


class UnsupportedFileError(InvalidInputError):
    """A file that may be in order, but that the audit cannot read or cannot judge."""


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Trees that are added up, round after round; those of a forest are all of one round.

    Attributes
    ----------
    trees : Trees
    columns : tuple of str
        What each column of the trees is called; empty if the file does not tell.
    n_columns : int
    output : ndarray of int of shape (n_trees,)
        Which output, such as a class, a tree adds to.
    round : ndarray of int of shape (n_trees,)
        In which round a tree was grown; trees of one round were grown on the same margins.
    base : ndarray of shape (n_outputs,)
        The margin before the first round.
    objective : Objective
    class_ratio : float
        How much more a positive training row weighed than a negative one, as the file tells.
    levels : mapping of str to tuple
        For columns whose levels the file names, the level of each code.
    worth : float
        As how many rows of a sample one training row tells: less than one where trees were grown
        on bootstrap samples.
    single_precision : bool
        Whether values are rounded to single precision before they are compared with thresholds.
    """

    trees: Trees
    columns: tuple[str, ...]
    n_columns: int
    output: Ints
    round: Ints
    base: Array
    objective: Objective
    class_ratio: float = 1.0
    levels: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    worth: float = 1.0
    single_precision: bool = True

    @property
    def is_forest(self) -> bool:
        """Whether no tree depends on another one."""
        return not self.round.any()

    def thinned(self, most_nodes: int, rng: np.random.Generator) -> Ensemble:
        """Return a forest of so many nodes at the most, and at least one tree, drawn from this one.

        Boosted trees depend on each other, and stay as they are.

        Parameters
        ----------
        most_nodes : int
        rng : numpy.random.Generator
        """
        n_nodes, n_outputs = len(self.trees.column), len(self.base)
        if not self.is_forest or n_nodes <= most_nodes:
            return self
        # each member has a tree for each output
        n_members = self.trees.n_trees // n_outputs
        n_kept = max(1, n_members * most_nodes // n_nodes)
        members = np.sort(rng.permutation(n_members)[:n_kept])
        chosen = np.concatenate([members + output * n_members for output in range(n_outputs)])
        trees = self.trees.part(chosen)
        scaled = replace(trees, value=trees.value * (n_members / n_kept))
        return replace(self, trees=scaled, output=self.output[chosen], round=self.round[chosen])

    def names(self, table: pd.DataFrame) -> tuple[str, ...]:
        """Return the names of the trees' columns; a file without names means the table's order.

        Raises
        ------
        UnsupportedFileError
            If the table has other columns.
        """
        names = self.columns or tuple(table.columns)
        if len(names) != self.n_columns or not set(names) <= set(table.columns):
            raise UnsupportedFileError(
                "model_file",
                f"splits on columns among {list(table.columns)}",
                list(names),
                "Give rows as the trees are fed them, after all preprocessing.",
            )
        return names

    def rows(self, table: pd.DataFrame) -> Array:
        """Return a table as the trees see it, of shape (n_rows, n_columns)."""
        rows = np.column_stack([self._column(table[name]) for name in self.names(table)])
        return rows.astype(np.float32).astype(np.float64) if self.single_precision else rows

    def _column(self, column: pd.Series) -> Array:
        if pd.api.types.is_numeric_dtype(column.dtype):
            return column.to_numpy(dtype=np.float64)
        levels = self.levels.get(str(column.name))
        if levels is not None:
            codes = np.asarray(pd.Index(levels).get_indexer(pd.Index(column.astype(object))))
        elif isinstance(column.dtype, pd.CategoricalDtype):
            codes = np.asarray(column.cat.codes, dtype=np.intp)
        else:
            raise UnsupportedFileError(
                "model_file",
                f"numbers or a categorical dtype in column {column.name!r}",
                str(column.dtype),
            )
        return np.where(codes < 0, np.nan, codes.astype(np.float64))

    def margins(self, leaves: Ints) -> Array:
        """Return the margin before each round and after the last one.

        Parameters
        ----------
        leaves : ndarray of int of shape (n_rows, n_trees)

        Returns
        -------
        ndarray of shape (n_rounds + 1, n_rows, n_outputs)
        """
        shape = int(self.round.max()) + 2, len(leaves), len(self.base)
        margins = np.zeros(shape)
        margins[0] = self.base
        values = self.trees.value[leaves]
        for tree, (when, output) in enumerate(zip(self.round, self.output, strict=True)):
            margins[when + 1, :, output] += values[:, tree]
        return np.asarray(np.cumsum(margins, axis=0))

    def hessians(self, leaves: Ints, class_ratio: float = 1.0) -> Array:
        """Return each row's weight in the covers of each tree, of shape (n_rows, n_trees).

        Parameters
        ----------
        leaves : ndarray of int of shape (n_rows, n_trees)
        class_ratio : float
            How much more a positive row weighs than a negative one. Labels are not known, so a row
            weighs what it does on average, given the model's own chances, which training with
            these weights has shifted. Only where there are two classes.
        """
        margins = self.margins(leaves)
        hessians = self.objective.hessian(margins)
        if self.objective.log_odds is not None and class_ratio != 1.0:
            positive = special.expit(self.objective.log_odds(margins[-1]) - np.log(class_ratio))
            hessians = hessians * (1.0 + (class_ratio - 1.0) * positive)
        return np.asarray(hessians[self.round, :, self.output].T)

    def answers(self, leaves: Ints) -> Array:
        """Return what the trees answer, of shape (n_rows, n_outputs)."""
        return self.objective.answer(self.margins(leaves)[-1])
