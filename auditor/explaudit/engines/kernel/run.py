"""One run of the engine: explained rows, a few at a time."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from explaudit.engines.kernel.batches import BatchedQuery, Query, RowWriter
from explaudit.engines.kernel.chunk import Chunk, Game, Method
from explaudit.engines.kernel.exact import Tables
from explaudit.engines.kernel.selection import Problems, SelectingSystem, attributions
from explaudit.engines.kernel.solve import tidied
from explaudit.engines.kernel.sources import CoalitionSource

__all__ = ["KernelRun"]

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]

# explained rows that are worked on together, and the most memory to compare them in
_MOST_ROWS = 32
_COMPARED_BYTES = 2**22


class KernelRun:
    """Explains rows of one game.

    Parameters
    ----------
    query : callable
        The model.
    game : Game
    source : CoalitionSource
    use_tables : bool
        Whether a table of answers may replace coalitions where it asks no more rows.
    deduplicate : bool or "auto"
    max_bytes : int
        Most bytes of a batch.

    Attributes
    ----------
    base_answers : ndarray of shape (n_background, n_outputs)
    base_value : ndarray of shape (n_outputs,)
        Mean answer over the background.
    """

    def __init__(
        self,
        query: Query,
        game: Game,
        source: CoalitionSource,
        *,
        use_tables: bool,
        deduplicate: bool | Literal["auto"],
        max_bytes: int,
    ) -> None:
        self._game, self._source, self._use_tables = game, source, use_tables
        self._plain = BatchedQuery(query, False, max_bytes)
        # each decides for itself whether repeats are worth looking for
        self._for_tables = BatchedQuery(query, deduplicate, max_bytes)
        self._for_coalitions = BatchedQuery(query, deduplicate, max_bytes)
        self._writer = RowWriter()
        together = min(_MOST_ROWS, max(1, _COMPARED_BYTES // game.background.nbytes))
        self._step = 1 if deduplicate is False else together
        self.base_answers = self._ask_rows(game.background)
        self.base_value = np.sum(self.base_answers * game.weights[:, None], axis=0)

    @property
    def rows_sent(self) -> int:
        """Rows that reached the model so far."""
        askers = (self._plain, self._for_tables, self._for_coalitions)
        return sum(asker.rows_sent for asker in askers)

    @property
    def returns_vector(self) -> bool:
        """Whether the model returns one number for each row."""
        return self._plain.returns_vector

    def explain(self, rows: Array) -> tuple[Array, Positions, tuple[Method, ...]]:
        """Explain rows.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_columns)

        Returns
        -------
        values : ndarray of shape (n_rows, n_groups, n_outputs)
        n_coalitions : ndarray of shape (n_rows,)
            How many coalitions each row is asked for.
        methods : tuple of str
            How each row was explained.
        """
        n_groups, n_outputs = int(self._game.owner.max()) + 1, self.base_answers.shape[1]
        values = np.zeros((len(rows), n_groups, n_outputs))
        n_coalitions = np.zeros(len(rows), dtype=np.intp)
        methods: list[Method] = []
        for start in range(0, len(rows), self._step):
            here = slice(start, start + self._step)
            chunk = Chunk(start, rows[here], self._game, self._source, use_tables=self._use_tables)
            self._explain_chunk(chunk, values[here])
            n_coalitions[here] = chunk.sizes
            methods += chunk.methods
        return values, n_coalitions, tuple(methods)

    def _ask_rows(self, rows: Array) -> Array:
        most = self._plain.most_rows(rows.shape[1])
        return self._plain.ask(rows[i : i + most] for i in range(0, len(rows), most))

    def _explain_chunk(self, chunk: Chunk, values: Array) -> None:
        answers = self._ask_rows(chunk.rows)
        link, weights = self._game.link, self._game.weights
        totals = link(answers) - link(self.base_value)
        single = chunk.are("single")
        values[single] = chunk.varying[single][:, :, None] * totals[single][:, None, :]
        exact = chunk.are("exact")
        if exact.any():
            values[exact] = tidied(self._tables(chunk, exact, answers).shapley(weights))
        tabled = chunk.has_tables & ~exact
        tables = self._tables(chunk, tabled, answers) if tabled.any() else None
        positions = np.cumsum(tabled) - 1

        def mean(i: int, system: SelectingSystem) -> Array:
            if tables is not None and tabled[i]:
                return self._looked_up(tables, int(positions[i]), system, chunk.varying[i])
            return self._asked(chunk.rows[i], system, chunk.varying[i])

        for together in chunk.regressions():
            problems = [
                self._problems(system, [mean(i, system) for i in rows], totals[rows])
                for system, rows in together
            ]
            for (_, rows), solved in zip(together, attributions(problems), strict=True):
                by_row = solved.reshape(len(rows), -1, solved.shape[1])
                for i, value in zip(rows, by_row, strict=True):
                    values[i, chunk.varying[i]] = value.T

    def _tables(self, chunk: Chunk, which: Flags, answers: Array) -> Tables:
        return Tables(
            self._for_tables,
            chunk.rows[which],
            self._game.background,
            chunk.differs[which],
            self._game.owner,
            answers[which],
            self.base_answers,
        )

    def _looked_up(
        self, tables: Tables, position: int, system: SelectingSystem, varying: Flags
    ) -> Array:
        """Return the mean answers of a row's coalitions, found in its tables."""
        masks = _spread(system.coalitions.masks, varying)
        return self._mean(tables.coalition_answers(position, masks))

    def _asked(self, row: Array, system: SelectingSystem, varying: Flags) -> Array:
        """Return the mean answers of a row's coalitions, each asked with every background row."""
        masks = self._game.columns(_spread(system.coalitions.masks, varying))
        background, asker = self._game.background, self._for_coalitions
        most = asker.most_rows(background.shape[1])
        asked = asker.ask(self._writer.coalition_rows(masks, row, background, most))
        by_background = asked.reshape(len(masks), len(background), -1).transpose(1, 0, 2)
        return self._mean(np.ascontiguousarray(by_background))

    def _mean(self, answers: Array) -> Array:
        """Average over the first axis, summing in shap's order so that even rounding agrees."""
        weighted = answers * self._game.weights[:, None, None]
        mean: Array = weighted.sum(axis=0)
        return mean

    def _problems(self, system: SelectingSystem, means: list[Array], totals: Array) -> Problems:
        """Return what is to be solved for rows that share a regression."""
        link = self._game.link
        base = link(self.base_value)
        answers = np.concatenate([(link(mean) - base).T for mean in means])
        return Problems(system, answers, totals.ravel())


def _spread(masks: Flags, varying: Flags) -> Flags:
    """Place masks of the varying groups among all groups."""
    if varying.all():
        return masks
    spread = np.zeros((len(masks), len(varying)), dtype=np.bool_)
    spread[:, varying] = masks
    return spread
