"""The query side: synthetic rows, written and sent in batches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import numpy as np
import numpy.typing as npt

from explaudit.engines.kernel.distinct import distinct_rows
from explaudit.errors import ContractError

__all__ = ["BatchedQuery", "Query", "RowWriter", "blocks", "merged"]

Array = npt.NDArray[np.float64]
Masks = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]
Query = Callable[[Array], Array]

# larger batches leave the cache and take up to 1.5 times as long to write
_COMFORTABLE_BYTES = 4 * 2**20
# rows written at a time, so that what departs finds them in the cache
_BLOCK_BYTES = 2**20
# the share of rows that must be repeats for looking for them to pay
_WORTHWHILE_REPEATS = 0.1


class BatchedQuery:
    """Asks a model in batches of bounded size, each distinct row once where that pays.

    Parameters
    ----------
    query : callable
        ``(matrix of shape (n, n_columns)) -> (n,) or (n, n_outputs)``.
    deduplicate : bool or "auto"
        Whether a batch is reduced to its distinct rows. "auto" tries it on the first batch and
        keeps it if at least a tenth of the rows were repeats. False sends every row, in batches
        as large as they may be.
    max_bytes : int
        Most bytes that a batch may take.

    Attributes
    ----------
    rows_sent : int
        Rows that reached the model.
    returns_vector : bool
        Whether the model last returned one number for each row rather than a row of outputs.
    """

    def __init__(self, query: Query, deduplicate: bool | Literal["auto"], max_bytes: int) -> None:
        self._query, self._max_bytes = query, max_bytes
        self._as_given, self._deduplicate = deduplicate is False, deduplicate
        self.rows_sent, self.returns_vector = 0, True

    def most_rows(self, n_columns: int) -> int:
        """Return how many rows a batch may have, at least 1."""
        wanted = self._max_bytes
        if not self._as_given:
            wanted = min(wanted, _COMFORTABLE_BYTES)
        return max(1, wanted // (8 * n_columns))

    def ask(self, matrices: Iterable[Array]) -> Array:
        """Ask all rows of all matrices.

        Parameters
        ----------
        matrices : iterable of ndarray of shape (n, n_columns)
            Each is a batch, of at most :meth:`most_rows` rows; written when needed, not kept.

        Returns
        -------
        ndarray of shape (n_rows, n_outputs)
            In the order of the rows.

        Raises
        ------
        ContractError
            If the model returns another number of answers.
        """
        answers = list(map(self._ask_batch, matrices))
        return np.concatenate(answers) if answers else np.zeros((0, 1))

    def _ask_batch(self, matrix: Array) -> Array:
        if self._deduplicate is False:
            return self._send(matrix)
        first, group = distinct_rows(matrix.view(np.uint64))
        if self._deduplicate == "auto":
            self._deduplicate = len(matrix) - len(first) >= _WORTHWHILE_REPEATS * len(matrix)
        if not self._deduplicate or len(first) == len(matrix):
            return self._send(matrix)
        return self._send(matrix[first])[group]

    def _send(self, matrix: Array) -> Array:
        self.rows_sent += len(matrix)
        answers = np.asarray(self._query(matrix), dtype=np.float64)
        if answers.ndim not in (1, 2) or len(answers) != len(matrix):
            raise ContractError(
                f"query: {len(matrix)} rows need {len(matrix)} answers or rows of answers; "
                f"it returned an array of shape {answers.shape}."
            )
        self.returns_vector = answers.ndim == 1
        return answers.reshape(len(matrix), -1)


class RowWriter:
    """Writes synthetic rows into memory that is used again for the next batch.

    Fresh memory for each batch would cost as much as writing it. Memory that somebody still holds,
    such as a model that keeps what it is asked, is left to them.
    """

    def __init__(self) -> None:
        self._memory = np.empty(0)
        self._departures: _Departures | None = None

    def coalition_rows(
        self, masks: Masks, row: Array, background: Array, most: int
    ) -> Iterator[Array]:
        """Write the synthetic rows of all coalitions, each with every background row.

        Parameters
        ----------
        masks : ndarray of bool, shape (n_coalitions, n_columns)
            True for the columns that have the explained row's value.
        row : ndarray of shape (n_columns,)
        background : ndarray of shape (n_background, n_columns)
        most : int
            Most rows of a matrix.

        Yields
        ------
        ndarray of shape (n, n_columns)
            Coalition by coalition, in shap's order.
        """
        # the same masks come again for rows that share their coalitions
        if self._departures is None or self._departures.masks is not masks:
            self._departures = _Departures(masks)
        for outer, inner in blocks(len(masks), len(background), most):
            # nothing here may hold on to the matrix, or its memory could not be used again
            yield self._written(self._departures, outer, row, background[inner])

    def _written(self, departures: _Departures, outer: slice, row: Array, others: Array) -> Array:
        """Copy the nearer end of each coalition as a whole, and then what departs from it."""
        (n_others, n_columns), n = others.shape, outer.stop - outer.start
        written = self._take(n * others.size).reshape(n, n_others, n_columns)
        ends = np.stack([others, np.tile(row, (n_others, 1))])
        values = np.vstack([np.tile(row[:, None], n_others), others.T])
        step = max(1, _BLOCK_BYTES // others.nbytes)
        for start in range(0, n, step):
            here = written[start : start + step]
            first = outer.start + start
            is_upper, places, columns, sources = departures.within(first, first + len(here))
            # without a mode, numpy would write into memory of its own first
            np.take(ends, is_upper, axis=0, out=here, mode="clip")
            here[places, :, columns] = values[sources]
        return written.reshape(-1, n_columns)

    def _take(self, size: int) -> Array:
        # this object and the argument of the call are two references
        is_held = sys.getrefcount(self._memory) > 2
        if is_held or self._memory.size < size:
            self._memory = np.empty(size)
        return self._memory[:size]


class _Departures:
    """The places in which coalitions depart from the nearer one of the empty and the full one.

    The Shapley kernel favours the smallest and the largest sizes, so that they are few.
    """

    def __init__(self, masks: Masks) -> None:
        n_columns, is_upper = masks.shape[1], 2 * masks.sum(axis=1) > masks.shape[1]
        self.masks, self._is_upper = masks, is_upper.astype(np.intp)
        # much faster than asking for both coordinates at once
        places = np.flatnonzero(masks ^ is_upper[:, None])
        self._coalitions = places // n_columns
        self._columns = places - n_columns * self._coalitions
        self._sources = self._columns + n_columns * self._is_upper[self._coalitions]

    def within(self, first: int, end: int) -> tuple[Positions, Positions, Positions, Positions]:
        """Return what is known of some coalitions.

        Returns
        -------
        is_upper : ndarray of shape (n_coalitions,)
            1 where the full coalition is the nearer end.
        places, columns : ndarray of shape (n_departures,)
            Coalition, counted from the first, and column.
        sources : ndarray of shape (n_departures,)
            A column of the explained row or, counted on, of the background.
        """
        here = slice(*np.searchsorted(self._coalitions, (first, end)))
        places = self._coalitions[here] - first
        return self._is_upper[first:end], places, self._columns[here], self._sources[here]


def merged(matrices: Iterable[Array], most: int) -> Iterator[Array]:
    """Put matrices together, in order, as long as they have at most `most` rows."""
    waiting: list[Array] = []
    for matrix in matrices:
        if waiting and sum(map(len, waiting)) + len(matrix) > most:
            yield np.concatenate(waiting)
            waiting = []
        waiting.append(matrix)
    if waiting:
        yield np.concatenate(waiting)


def blocks(n_outer: int, n_inner: int, most: int) -> Iterator[tuple[slice, slice]]:
    """Cut a grid, read row by row, into blocks of at most `most` places, in reading order.

    A block holds whole rows of the grid or, where not even one fits, a part of one row.
    """
    rows, columns = max(1, most // n_inner), min(n_inner, most)
    for top in range(0, n_outer, rows):
        for left in range(0, n_inner, columns):
            yield (
                slice(top, min(n_outer, top + rows)),
                slice(left, min(n_inner, left + columns)),
            )
