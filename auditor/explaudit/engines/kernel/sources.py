"""Where the coalitions of each explained row come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast

import numpy as np
import numpy.typing as npt

from explaudit.engines.kernel.coalitions import (
    Coalitions,
    draw_coalitions,
    n_possible,
    planned_size,
)
from explaudit.engines.kernel.selection import SelectingSystem, Selection
from explaudit.errors import InvalidInputError
from explaudit.seeds import derive_seed, row_seed

__all__ = ["CoalitionSource", "Mode"]

Array = npt.NDArray[np.float64]
Mode = Literal["library_law", "shared", "given"]


class CoalitionSource:
    """Hands each explained row the regression of its coalitions.

    Parameters
    ----------
    mode : {"library_law", "shared", "given"}
        Each row draws its own coalitions; rows with as many varying features share one draw; or
        coalitions are given.
    nsamples : int or "auto"
        The budget of coalitions.
    l1_reg : False, str or float
        The selection of features.
    seeds : int or sequence of int
        One seed for the whole call, or for "library_law" one for each row.
    given : Coalitions or sequence of Coalitions, optional
        For "given": those of all rows, or of each.
    n_rows : int
        Rows to explain.

    Raises
    ------
    InvalidInputError
        If a setting is not one of these.
    """

    def __init__(
        self,
        mode: Mode,
        nsamples: int | Literal["auto"],
        l1_reg: bool | str | float,
        seeds: int | Sequence[int],
        given: Coalitions | Sequence[Coalitions] | None,
        n_rows: int,
    ) -> None:
        Selection.parse(l1_reg, share=1.0)
        if nsamples != "auto" and nsamples < 2:
            raise InvalidInputError("nsamples", "'auto' or at least 2", nsamples)
        if mode not in ("library_law", "shared", "given"):
            raise InvalidInputError("mode", "'library_law', 'shared' or 'given'", mode)
        if (mode == "given") != (given is not None):
            raise InvalidInputError("coalitions", "coalitions exactly for mode 'given'", mode)
        if mode != "library_law" and not isinstance(seeds, int):
            raise InvalidInputError("seeds", f"one seed for mode {mode!r}", seeds)
        for name, value in (("seeds", seeds), ("coalitions", given)):
            if isinstance(value, Sequence) and len(value) != n_rows:
                raise InvalidInputError(name, f"one for each of {n_rows} rows", len(value))
        self.mode, self._nsamples, self._l1_reg = mode, nsamples, l1_reg
        self._seeds, self._given = seeds, given
        self._shared: dict[int, SelectingSystem] = {}

    def size(self, position: int, n_features: int) -> int:
        """Return how many coalitions the row at `position` asks for."""
        if self.mode == "given":
            return len(self._given_for(position).masks)
        return planned_size(n_features, self._nsamples)

    def is_complete(self, n_features: int) -> bool:
        """Whether all coalitions are enumerated."""
        complete = planned_size(n_features, self._nsamples) == n_possible(n_features)
        return self.mode != "given" and complete

    def selects(self, n_features: int) -> bool:
        """Whether features are selected before the regression."""
        share = planned_size(n_features, self._nsamples) / n_possible(n_features)
        return Selection.parse(self._l1_reg, share).kind != "all"

    def system(self, position: int, row: Array, n_features: int) -> SelectingSystem:
        """Return the regression for one explained row.

        Parameters
        ----------
        position : int
            Of the row in the call.
        row : ndarray of shape (n_columns,)
        n_features : int
            How many features of the row vary.

        Raises
        ------
        InvalidInputError
            If the coalitions given are of another number of features.
        """
        if self.mode == "given":
            self._check_given(position, n_features)
        own = not isinstance(self._given, Coalitions)
        if own and self.mode != "shared" and not self.is_complete(n_features):
            return self._system(self._coalitions(position, row, n_features))
        if n_features not in self._shared:
            drawn = self._coalitions(position, row, n_features)
            self._shared[n_features] = self._system(drawn)
        return self._shared[n_features]

    def _coalitions(self, position: int, row: Array, n_features: int) -> Coalitions:
        if self.mode == "given":
            return self._given_for(position)
        if not isinstance(self._seeds, int):
            seed = self._seeds[position]
        elif self.mode == "shared":
            seed = derive_seed(self._seeds, "coalitions", n_features)
        else:
            seed = row_seed(self._seeds, row)
        return draw_coalitions(n_features, self._nsamples, np.random.default_rng(seed))

    def _system(self, coalitions: Coalitions) -> SelectingSystem:
        return SelectingSystem(coalitions, Selection.parse(self._l1_reg, coalitions.share))

    def _given_for(self, position: int) -> Coalitions:
        if self._given is None or isinstance(self._given, Coalitions):
            return cast("Coalitions", self._given)
        return self._given[position]

    def _check_given(self, position: int, n_features: int) -> None:
        got = self._given_for(position).n_features
        if got != n_features:
            raise InvalidInputError(
                "coalitions",
                f"masks of the {n_features} features that vary in row {position}",
                f"{got} features",
            )
