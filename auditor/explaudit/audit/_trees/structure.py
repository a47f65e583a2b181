"""Decision trees as flat arrays: the one form in which trees are routed, counted and explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from explaudit.errors import InvalidInputError

__all__ = ["RawTree", "Trees", "stack"]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]

#: Cells of rows times nodes that are looked at in one go.
_CELLS = 4_000_000


@dataclass(frozen=True, eq=False)
class RawTree:
    """One tree as a file holds it, nodes in the file's order and the root first.

    Attributes
    ----------
    left, right : ndarray of int of shape (n_nodes,)
        Children; negative at a leaf.
    column : ndarray of int of shape (n_nodes,)
        Which column a node splits on; of no meaning at a leaf.
    threshold : ndarray of shape (n_nodes,)
        Values below go left.
    default_left : ndarray of bool of shape (n_nodes,)
        Where missing values go.
    value : ndarray of shape (n_nodes,)
        What a leaf adds to the margin; of no meaning elsewhere.
    cover : ndarray of shape (n_nodes,)
        The sum of hessians of training rows that the file records.
    categories : mapping of int to ndarray
        For nodes that split on a category, the codes that go right.
    """

    left: Ints
    right: Ints
    column: Ints
    threshold: Array
    default_left: Mask
    value: Array
    cover: Array
    categories: Mapping[int, Array] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Trees:
    """All nodes of all trees, those nearer to a root first; root number t belongs to tree t.

    Attributes
    ----------
    parent, left, right : ndarray of int of shape (n_nodes,)
        -1 where there is none.
    column, threshold, default_left, value, cover
        As in :class:`RawTree`, each of shape (n_nodes,); a leaf's column and threshold mean
        nothing, and the value of a node that splits is 0.
    tree : ndarray of int of shape (n_nodes,)
        Which tree a node belongs to.
    levels : tuple of slice
        The nodes at each depth.
    categories : mapping of int to ndarray
    """

    parent: Ints
    left: Ints
    right: Ints
    column: Ints
    threshold: Array
    default_left: Mask
    value: Array
    cover: Array
    tree: Ints
    levels: tuple[slice, ...]
    categories: Mapping[int, Array]

    @property
    def n_trees(self) -> int:
        """The number of trees."""
        return int(self.levels[0].stop)

    @property
    def splits(self) -> Ints:
        """The nodes that split."""
        return np.flatnonzero(self.left >= 0)

    @property
    def leaves(self) -> Ints:
        """The nodes that do not."""
        return np.flatnonzero(self.left < 0)

    def goes_left(self, rows: Array) -> Mask:
        """Return whether a row would go left at a node, of shape (n_rows, n_nodes).

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_columns)
            NaN where a value is missing.
        """
        values = rows[:, self.column]
        left = values < self.threshold
        for node, right in self.categories.items():
            left[:, node] = ~np.isin(values[:, node], right)
        return np.where(np.isnan(values), self.default_left, left)

    def route(self, rows: Array) -> Ints:
        """Return the leaf that each row ends in, of shape (n_rows, n_trees)."""
        step = max(1, _CELLS // len(self.column))
        parts = [self._route(rows[i : i + step]) for i in range(0, len(rows), step)]
        return np.vstack(parts) if parts else np.empty((0, self.n_trees), dtype=np.intp)

    def _route(self, rows: Array) -> Ints:
        left = self.goes_left(rows)
        at = np.tile(np.arange(self.n_trees), (len(rows), 1))
        every = np.arange(len(rows))[:, None]
        for _ in self.levels[1:]:
            following = np.where(left[every, at], self.left[at], self.right[at])
            at = np.where(following >= 0, following, at)
        return at

    def summed(self, at_leaves: Array) -> Array:
        """Add what is at leaves up to the roots.

        Parameters
        ----------
        at_leaves : ndarray of shape (..., n_nodes)
            What stands at nodes that split is ignored.

        Returns
        -------
        ndarray of shape (..., n_nodes)
        """
        total = np.array(at_leaves, dtype=np.float64)
        for level in reversed(self.levels[:-1]):
            splits = level.start + np.flatnonzero(self.left[level] >= 0)
            total[..., splits] = total[..., self.left[splits]] + total[..., self.right[splits]]
        return total

    def reach(self, shares: Array) -> Array:
        """Return the share of a tree's rows that come to a node.

        Parameters
        ----------
        shares : ndarray of shape (..., n_nodes)
            Share of the parent's rows; of no meaning at roots.

        Returns
        -------
        ndarray of shape (..., n_nodes)
        """
        reach = np.ones_like(shares)
        for level in self.levels[1:]:
            reach[..., level] = reach[..., self.parent[level]] * shares[..., level]
        return reach

    def part(self, chosen: Ints) -> Trees:
        """Return some of the trees alone.

        Parameters
        ----------
        chosen : ndarray of int of shape (n_chosen,)
            In ascending order.
        """
        kept = np.isin(self.tree, chosen)
        # the last entry is what no node, -1, is mapped to
        place = np.append(np.where(kept, np.cumsum(kept) - 1, -1), -1)
        ends = np.cumsum([np.count_nonzero(kept[level]) for level in self.levels])
        starts = np.concatenate([[0], ends[:-1]])
        return Trees(
            parent=place[self.parent[kept]],
            left=place[self.left[kept]],
            right=place[self.right[kept]],
            column=self.column[kept],
            threshold=self.threshold[kept],
            default_left=self.default_left[kept],
            value=self.value[kept],
            cover=self.cover[kept],
            tree=np.searchsorted(chosen, self.tree[kept]),
            levels=tuple(
                slice(int(start), int(end))
                for start, end in zip(starts, ends, strict=True)
                if end > start
            ),
            categories={
                int(place[node]): codes for node, codes in self.categories.items() if kept[node]
            },
        )


def stack(raw: Sequence[RawTree]) -> Trees:
    """Bring the trees of a file into one order.

    Raises
    ------
    InvalidInputError
        If there is no tree, or a node's child is no node or has two parents.
    """
    if not raw:
        raise InvalidInputError("model_file", "at least one tree", "none")
    sizes = np.array([len(tree.left) for tree in raw])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    left, right = (
        np.concatenate([_shifted(getattr(t, side), s) for t, s in zip(raw, starts, strict=True)])
        for side in ("left", "right")
    )
    levels = _levels(left, right, starts)
    order = np.concatenate(levels)
    place = np.full(len(left) + 1, -1)  # the last entry is what no node, -1, is mapped to
    place[order] = np.arange(len(order))
    left, right = place[left[order]], place[right[order]]
    parent = np.full(len(order), -1)
    splits = np.flatnonzero(left >= 0)
    parent[left[splits]] = parent[right[splits]] = splits
    taken: dict[str, Any] = {
        name: np.concatenate([getattr(tree, name) for tree in raw])[order]
        for name in ("column", "threshold", "default_left", "value", "cover")
    }
    taken["value"] = np.where(left < 0, taken["value"], 0.0)
    taken["column"] = np.where(left < 0, 0, taken["column"])
    ends = np.cumsum([len(level) for level in levels])
    return Trees(
        parent=parent,
        left=left,
        right=right,
        tree=np.repeat(np.arange(len(raw)), sizes)[order],
        levels=tuple(slice(end - len(lv), end) for lv, end in zip(levels, ends, strict=True)),
        categories={
            int(place[start + node]): codes
            for tree, start in zip(raw, starts, strict=True)
            for node, codes in tree.categories.items()
            if place[start + node] >= 0
        },
        **taken,
    )


def _shifted(children: Ints, start: int) -> Ints:
    if (children >= len(children)).any():
        raise InvalidInputError("model_file", f"children among {len(children)} nodes", children)
    return np.where(children >= 0, children + start, -1)


def _levels(left: Ints, right: Ints, roots: Ints) -> list[Ints]:
    """Return the nodes at each depth; nodes that no root leads to are left out."""
    if ((left < 0) != (right < 0)).any():
        raise InvalidInputError("model_file", "two children at each split", "one")
    seen = np.zeros(len(left), dtype=bool)
    levels = [roots]
    while len(levels[-1]):
        seen[levels[-1]] = True
        splits = levels[-1][left[levels[-1]] >= 0]
        children = np.concatenate([left[splits], right[splits]])
        if seen[children].any() or len(np.unique(children)) < len(children):
            raise InvalidInputError("model_file", "trees", "a node with two parents")
        levels.append(children)
    return levels[:-1]
