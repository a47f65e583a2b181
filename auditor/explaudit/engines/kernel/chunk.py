"""A few explained rows, compared with the background."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

import numpy as np
import numpy.typing as npt

from explaudit.engines.kernel.exact import table_rows
from explaudit.engines.kernel.selection import SelectingSystem
from explaudit.engines.kernel.settings import differing_groups, varying_groups
from explaudit.engines.kernel.sources import CoalitionSource

__all__ = ["Chunk", "Game", "Method"]

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]
Method = Literal["unvarying", "single", "exact", "enumerated", "sampled", "given"]

# the most memory of regressions that are solved together
_REGRESSION_BYTES = 2**26


@dataclass(frozen=True, eq=False)
class Game:
    """What absent features are replaced by, and in which scale attributions add up.

    Attributes
    ----------
    background : ndarray of shape (n_background, n_columns)
    weights : ndarray of shape (n_background,)
        They add up to 1.
    owner : ndarray of shape (n_columns,)
        The group of each column.
    link : callable
        From answers to the scale of the attributions.
    is_additive : bool
        Whether that is the identity.
    """

    background: Array
    weights: Array
    owner: Positions
    link: Callable[[Array], Array]
    is_additive: bool

    def columns(self, masks: Flags) -> Flags:
        """Turn masks of groups into masks of columns."""
        is_grouped = not np.array_equal(self.owner, np.arange(masks.shape[1]))
        return masks[:, self.owner] if is_grouped else masks


class Chunk:
    """Some explained rows, what of them varies, and how each is to be explained.

    Parameters
    ----------
    start : int
        Position of the first row in the call.
    rows : ndarray of shape (n_rows, n_columns)
    game : Game
    source : CoalitionSource
    use_tables : bool
        Whether tables of answers may replace coalitions.

    Attributes
    ----------
    varying : ndarray of bool, shape (n_rows, n_groups)
    differs : ndarray of bool, shape (n_rows, n_background, n_groups)
    sizes : ndarray of shape (n_rows,)
        Coalitions that each row is asked for.
    has_tables : ndarray of bool, shape (n_rows,)
        Rows for which tables of answers replace coalitions, at no more queries.
    methods : list of str
        How each row is explained.
    """

    def __init__(
        self, start: int, rows: Array, game: Game, source: CoalitionSource, *, use_tables: bool
    ) -> None:
        self.rows, self._start, self._source = rows, start, source
        self.varying = varying_groups(rows, game.background, game.owner)
        self.differs = differing_groups(rows, game.background, game.owner)
        self._counts: list[int] = self.varying.sum(axis=1).tolist()
        self.sizes = np.array(
            [source.size(start + i, n) if n > 1 else 0 for i, n in enumerate(self._counts)]
        )
        cheap = self._has_cheap_tables(len(game.background)) & use_tables
        self.methods: list[Method] = [
            self._method(n, may_be_exact=game.is_additive and is_cheap)
            for n, is_cheap in zip(self._counts, cheap.tolist(), strict=True)
        ]
        # sampled coalitions need a part of the tables only
        self.has_tables = cheap & (self.are("exact") | self.are("enumerated"))

    def are(self, method: Method) -> Flags:
        """Say which rows are explained by a method."""
        return np.array([own == method for own in self.methods], dtype=np.bool_)

    def regressions(self) -> Iterator[list[tuple[SelectingSystem, list[int]]]]:
        """Pass through the rows that are explained by a regression.

        Yields
        ------
        list of (system, rows)
            Regressions of equally many features, as many as may be in memory at once, each with
            the rows that share it.
        """
        together: list[tuple[SelectingSystem, list[int]]] = []
        n_bytes, n_features = 0, 0
        for system, rows in groupby(self._by_coalitions(), key=self._system):
            if n_bytes + system.n_bytes > _REGRESSION_BYTES or system.n_features != n_features:
                if together:
                    yield together
                together, n_bytes, n_features = [], 0, system.n_features
            together.append((system, list(rows)))
            n_bytes += system.n_bytes
        if together:
            yield together

    def _by_coalitions(self) -> list[int]:
        """Return the rows explained by a regression; rows that can share one are neighbours."""
        methods = ("enumerated", "sampled", "given")
        rows = [i for i, method in enumerate(self.methods) if method in methods]
        return sorted(rows, key=self._counts.__getitem__)

    def _system(self, i: int) -> SelectingSystem:
        return self._source.system(self._start + i, self.rows[i], self._counts[i])

    def _has_cheap_tables(self, n_background: int) -> Flags:
        # a table leaves out columns that do not vary, which it may only if they are equal
        unlike = (self.differs & ~self.varying[:, None, :]).any(axis=(1, 2))
        cheap: Flags = table_rows(self.differs) <= self.sizes * n_background
        return cheap & ~unlike

    def _method(self, n_features: int, *, may_be_exact: bool) -> Method:
        if n_features < 2:
            return "single" if n_features else "unvarying"
        if self._source.mode == "given":
            return "given"
        if may_be_exact and not self._source.selects(n_features):
            return "exact"
        return "enumerated" if self._source.is_complete(n_features) else "sampled"
