"""Exactness where it is cheap: a table of answers for each pair of explained and background row.

Only the columns in which a background row differs from the explained row matter. With ``k`` of
them, its synthetic rows are ``2**k`` different ones, whatever the coalition; both ends, which are
the background row and the explained row themselves, have been asked already.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import factorial

import numpy as np
import numpy.typing as npt

from explaudit.engines.kernel.batches import BatchedQuery, blocks, merged

__all__ = ["MOST_DIFFERENCES", "Tables", "table_rows"]

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]

# a table of 2**16 answers is the largest one kept
MOST_DIFFERENCES = 16
# no code of a table has this bit
_NO_BIT = 31


def table_rows(differs: Flags) -> npt.NDArray[np.int64]:
    """Return how many rows the tables of each explained row ask for.

    Parameters
    ----------
    differs : ndarray of bool, shape (n_rows, n_background, n_groups)

    Returns
    -------
    ndarray of shape (n_rows,)
        Very large where a pair differs in more than 16 groups.
    """
    counts = differs.sum(axis=2)
    sizes = np.where(
        counts > 0, 2 ** np.minimum(counts, 2 * MOST_DIFFERENCES).astype(np.int64) - 2, 0
    )
    total: npt.NDArray[np.int64] = sizes.sum(axis=1)
    return np.where((counts > MOST_DIFFERENCES).any(axis=1), np.iinfo(np.int64).max, total)


class Tables:
    """The answers to all synthetic rows of some explained rows.

    Parameters
    ----------
    asker : BatchedQuery
    rows : ndarray of shape (n_rows, n_columns)
    background : ndarray of shape (n_background, n_columns)
    differs : ndarray of bool, shape (n_rows, n_background, n_groups)
        Where the pair differs, in 16 groups at most. A row must equal the background bit for bit
        in all columns of the other groups.
    column_groups : ndarray of shape (n_columns,)
        The group of each column.
    row_answers : ndarray of shape (n_rows, n_outputs)
    background_answers : ndarray of shape (n_background, n_outputs)
    """

    def __init__(
        self,
        asker: BatchedQuery,
        rows: Array,
        background: Array,
        differs: Flags,
        column_groups: Positions,
        row_answers: Array,
        background_answers: Array,
    ) -> None:
        self._rows, self._background = rows, background
        self._differs, self._column_groups = differs, column_groups
        self._counts = differs.sum(axis=2)
        # the place of each group in its pair's codes
        self._ranks = np.where(differs, np.cumsum(differs, axis=2) - 1, _NO_BIT).astype(np.uint32)
        self._pairs = {
            k: np.nonzero(self._counts == k) for k in np.unique(self._counts).tolist() if k > 0
        }
        most = asker.most_rows(rows.shape[1])
        asked = asker.ask(merged(self._matrices(most), most))
        self._fill(asked, row_answers, background_answers)

    def shapley(self, weights: Array) -> Array:
        """Return the exact Shapley values of the mean over the background.

        Parameters
        ----------
        weights : ndarray of shape (n_background,)
            They add up to 1.

        Returns
        -------
        ndarray of shape (n_rows, n_groups, n_outputs)

        Notes
        -----
        Source: Shapley 1953. Values of a sum of games are the sum of the values, and a feature
        in which a pair does not differ is a null player of its game.
        """
        n_rows, _, n_groups = self._differs.shape
        values = np.zeros((n_rows, n_groups, self._answers.shape[1]))
        for k, (rows, others) in self._pairs.items():
            # a product for each: of one for all, even rounding would depend on the other rows
            tables = self._table(k).transpose(0, 2, 1)[:, :, None]
            credits = (tables @ _shapley_matrix(k))[:, :, 0]
            credits *= weights[others, None, None]
            groups = np.nonzero(self._differs[rows, others])[1].reshape(len(rows), k)
            np.add.at(values, (rows[:, None], groups), credits.transpose(0, 2, 1))
        return values

    def coalition_answers(self, row: int, masks: Flags) -> Array:
        """Look the answers of coalitions up.

        Parameters
        ----------
        row : int
            Position of the explained row.
        masks : ndarray of bool, shape (n_coalitions, n_groups)

        Returns
        -------
        ndarray of shape (n_background, n_coalitions, n_outputs)
        """
        bits = np.where(self._differs[row], 2.0 ** self._ranks[row].astype(np.float64), 0.0)
        codes = bits @ masks.T.astype(np.float64) + self._starts[row][:, None]
        found: Array = self._answers[codes.astype(np.intp)]
        return found

    def _table(self, k: int) -> Array:
        """Return the answers for all pairs of `k` differences, (n_pairs, 2**k, n_outputs)."""
        rows, others = self._pairs[k]
        start = self._starts[rows[0], others[0]]
        size = len(rows) << k
        return self._answers[start : start + size].reshape(len(rows), 1 << k, -1)

    def _fill(self, asked: Array, row_answers: Array, background_answers: Array) -> None:
        """Lay all tables out behind the background's own answers, and put the ends in."""
        n_background, n_rows = len(background_answers), len(row_answers)
        n_outputs = row_answers.shape[1]
        # a pair without differences has one answer: the background row's own
        self._starts = np.tile(np.arange(n_background), (n_rows, 1))
        size = n_background + sum(len(pairs[0]) << k for k, pairs in self._pairs.items())
        self._answers = np.empty((size, n_outputs))
        self._answers[:n_background] = background_answers
        start, used = n_background, 0
        for k, (rows, others) in self._pairs.items():
            self._starts[rows, others] = start + np.arange(len(rows)) * (1 << k)
            table, n_inner = self._table(k), (1 << k) - 2
            table[:, 0], table[:, -1] = background_answers[others], row_answers[rows]
            inner = asked[used : used + len(rows) * n_inner]
            table[:, 1:-1] = inner.reshape(len(rows), n_inner, n_outputs)
            start, used = start + (len(rows) << k), used + len(inner)

    def _matrices(self, most: int) -> Iterator[Array]:
        """Write the rows of all tables but for their ends."""
        for k, (rows, others) in self._pairs.items():
            if k == 1:
                continue
            codes = np.arange(1, 2**k - 1, dtype=np.uint32)
            for pairs, inner in blocks(len(rows), len(codes), most):
                row, other = rows[pairs], others[pairs]
                ranks = self._ranks[row, other][:, self._column_groups]
                masks = ((codes[inner, None] >> ranks[:, None, :]) & 1).astype(np.bool_)
                own, rest = self._rows[row][:, None, :], self._background[other][:, None, :]
                yield np.where(masks, own, rest).reshape(-1, self._rows.shape[1])


@lru_cache(maxsize=MOST_DIFFERENCES)
def _shapley_matrix(k: int) -> Array:
    """Return what each answer of a table counts for each of its `k` groups, (2**k, k)."""
    masks = (np.arange(2**k)[:, None] >> np.arange(k)) & 1
    sizes = masks.sum(axis=1)
    orders = [factorial(s) * factorial(k - s - 1) / factorial(k) for s in range(k)]
    joining = np.array([0.0, *orders])[sizes]
    absent = np.array([*orders, 0.0])[sizes]
    matrix: Array = np.where(masks == 1, joining[:, None], -absent[:, None])
    matrix.setflags(write=False)
    return matrix
