"""Shapley values of trees, by integrating over the chance that a feature is known.

At a leaf, the features on the way are players of a product game: a known feature counts 1 if the
row meets all of its conditions and 0 if not, an unknown one counts the chance that a row meets
them. Owen's multilinear extension (1972, Management Science 18) turns the Shapley value of a
player into an integral of a polynomial, which Gauss-Legendre points give exactly. With chances
from covers this is path-dependent TreeSHAP (Lundberg et al. 2020, Nature Machine Intelligence 2);
with the conditions that a background row meets, it is interventional TreeSHAP for that row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

from explaudit.audit._trees.ensemble import Ensemble
from explaudit.audit._trees.structure import Trees

__all__ = ["Paths"]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]

#: Cells of slots times rows that are worked on in one go.
_CELLS = 4_000_000

#: Divisors stay above this.
_TINY = 1e-30


@dataclass(frozen=True, eq=False)
class Paths:
    """The ways from roots to leaves. A *slot* is a column on the way to a leaf.

    Attributes
    ----------
    trees : Trees
    child : ndarray of int of shape (n_edges,)
        The lower node of each edge; edges of one slot stand together, slots of one leaf too.
    slots : ndarray of int of shape (n_slots,)
        The first edge of each slot.
    leaves : ndarray of int of shape (n_leaves,)
        The first slot of each leaf.
    leaf_of : ndarray of int of shape (n_slots,)
        Which of the leaves a slot belongs to.
    wanted : ndarray of int of shape (n_wanted,)
        The slots whose values are asked for.
    credit : sparse array of shape (n_columns * n_outputs, n_wanted)
        The leaf's value, where column and output of a slot meet.
    shape : tuple of int
        The number of columns and of outputs.
    """

    trees: Trees
    child: Ints
    slots: Ints
    leaves: Ints
    leaf_of: Ints
    wanted: Ints
    credit: sparse.csr_array
    shape: tuple[int, int]

    @classmethod
    def of(cls, ensemble: Ensemble, columns: Sequence[int] | None = None) -> Self | None:
        """Return the ways to all leaves, or those on which one of some columns decides.

        Parameters
        ----------
        ensemble : Ensemble
        columns : sequence of int, optional
            Only these columns' values are asked for.

        Returns
        -------
        Paths or None
            None if there is no such way.
        """
        trees = ensemble.trees
        leaf, child = _edges(trees)
        column = trees.column[trees.parent[child]]
        if columns is not None:
            kept = np.isin(leaf, leaf[np.isin(column, columns)])
            leaf, child, column = leaf[kept], child[kept], column[kept]
        if not len(leaf):
            return None
        order = np.lexsort((column, leaf))
        leaf, child, column = leaf[order], child[order], column[order]
        slots = _starts(leaf, column)
        leaves, slot_column = _starts(leaf[slots]), column[slots]
        sizes = np.diff(np.append(leaves, len(slots)))
        wanted = np.arange(len(slots))
        if columns is not None:
            wanted = np.flatnonzero(np.isin(slot_column, columns))
        leaf_node = leaf[slots][wanted]
        n_outputs = len(ensemble.base)
        cell = slot_column[wanted] * n_outputs + ensemble.output[trees.tree[leaf_node]]
        credit = sparse.csr_array(
            (trees.value[leaf_node], (cell, np.arange(len(wanted)))),
            shape=(ensemble.n_columns * n_outputs, len(wanted)),
        )
        leaf_of = np.repeat(np.arange(len(leaves)), sizes)
        shape = ensemble.n_columns, n_outputs
        return cls(trees, child, slots, leaves, leaf_of, wanted, credit, shape)

    def meets(self, rows: Array) -> Mask:
        """Return whether a row meets all conditions of a slot, of shape (n_slots, n_rows).

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_columns)
        """
        parent = self.trees.parent[self.child]
        left = self.trees.goes_left(rows).T
        meets = left[parent] == (self.trees.left[parent] == self.child)[:, None]
        return np.asarray(np.logical_and.reduceat(meets, self.slots, axis=0))

    def chances(self, shares: Array) -> Array:
        """Return the chance that a slot's conditions are met, of shape (n_slots, 1).

        Parameters
        ----------
        shares : ndarray of shape (n_nodes,)
            Share of the parent's rows that come to a node.
        """
        return np.asarray(np.multiply.reduceat(shares[self.child], self.slots)[:, None])

    def values(self, known: Mask, unknown: Array | Mask) -> Array:
        """Return Shapley values.

        Parameters
        ----------
        known : ndarray of shape (n_slots, n_rows)
            From :meth:`meets`.
        unknown : ndarray of shape (n_slots, 1) or (n_slots, n_rows)
            From :meth:`chances`, or from :meth:`meets` of one background row for each row.

        Returns
        -------
        ndarray of shape (n_rows, n_columns, n_outputs)
            In units of the margin.
        """
        chances = np.asarray(np.broadcast_to(unknown, known.shape), dtype=np.float64)
        step = max(1, _CELLS // len(self.slots))
        parts = [
            self._values(known[:, i : i + step], chances[:, i : i + step])
            for i in range(0, known.shape[1], step)
        ]
        return np.vstack(parts).reshape(-1, *self.shape)

    def _values(self, known: Mask, unknown: Array) -> Array:
        chance = np.maximum(unknown, _TINY)
        longest = int(np.diff(np.append(self.leaves, len(self.slots))).max())
        points, weights = np.polynomial.legendre.leggauss((longest + 1) // 2)
        owner, total = self.leaf_of[self.wanted], np.zeros((len(self.wanted), known.shape[1]))
        for point, weight in zip((points + 1.0) / 2.0, weights / 2.0, strict=True):
            factor = point * known + (1.0 - point) * chance
            product = np.multiply.reduceat(factor, self.leaves, axis=0)
            total += weight * product[owner] / factor[self.wanted]
        total *= known[self.wanted] - chance[self.wanted]
        return np.asarray((self.credit @ total).T)


def _edges(trees: Trees) -> tuple[Ints, Ints]:
    """Return, for each step on the way to each leaf, the leaf and the lower node."""
    leaf = trees.leaves
    at, owners, children = leaf, [], []
    while len(at):
        below = trees.parent[at] >= 0
        at, leaf = at[below], leaf[below]
        owners.append(leaf)
        children.append(at)
        at = trees.parent[at]
    return np.concatenate(owners), np.concatenate(children)


def _starts(*keys: Ints) -> Ints:
    """Return where a run of equal keys starts."""
    changes = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    return np.concatenate([[0], np.flatnonzero(changes) + 1]).astype(np.intp)
