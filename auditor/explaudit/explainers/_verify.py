"""Explainers with two engines: a batched one of our own, checked against the library on every run.

The batched engine is trusted only as far as it is verified: of every call, a few rows are explained
by the library too, and where the two disagree, the library's explanations are the result.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from explaudit.explainer import RowExplainer, RowExplanation, View
from explaudit.explainers._settings import require_at_least, require_choice, require_positive
from explaudit.seeds import generator

__all__ = ["BatchedRun", "Engine", "VerifiedExplainer", "largest_deviation"]

Array = npt.NDArray[np.float64]
Engine = Literal["batched", "library"]


@dataclass(frozen=True)
class BatchedRun:
    """What the batched engine did.

    Attributes
    ----------
    explained : list of RowExplanation
        All rows, in their order.
    rows_asked : int
        Rows that the explainer's method asks for.
    rows_sent : int
        Rows that reached the model.
    methods : tuple of str
        How each row was explained, where that differs between rows.
    prepared : object
        What the adapter wants to have again when rows are compared.
    """

    explained: list[RowExplanation]
    rows_asked: int
    rows_sent: int
    methods: tuple[str, ...] = ()
    prepared: Any = None


@dataclass(frozen=True, kw_only=True)
class VerifiedExplainer(RowExplainer):
    """A row explainer of a library that a batched engine can stand in for.

    An adapter's author writes `_prepare`, which explains by the library, and `_batched`.

    Parameters
    ----------
    engine : {"batched", "library"}
        What computes the explanations. "batched" falls back to the library where the settings are
        not covered, or where the two are found to disagree.
    verify_rows : int
        Rows of each call, drawn by its seed, that the library explains too; 0 for none. Their
        queries come after the engine's own. A row takes what the library takes for it, so of few
        explained rows they are much of the cost.
    verify_tolerance : float
        Largest absolute deviation between the two that is taken for rounding, for attributions
        of up to 1; it grows with larger ones.

    Notes
    -----
    `Attributions.notes` has ``"engine"``, whose explanations these are; ``"fallback"``, why they
    are the library's though "batched" was asked for; ``"rows_asked"`` and ``"rows_sent"``, the rows
    that the method asks for and those that the batched engine sent to the model;
    ``"rows_verified"``, ``"verification_queries"`` and ``"deviation"``, the rows that both
    explained, the queries that this took, and their largest absolute deviation, of attributions
    and of what else the adapter compares. `Attributions.n_queries` counts all queries.

    A row's explanation does not depend on the other rows, with one exception: whether the engine
    is found wrong depends on which rows are verified, and then all rows are the library's.
    """

    engine: Engine = "batched"
    verify_rows: int = 3
    verify_tolerance: float = 1e-6

    #: Diagnostics that must be the library's, too.
    _also_compared: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        require_choice("engine", self.engine, Engine)
        require_at_least("verify_rows", self.verify_rows, 0)
        require_positive("verify_tolerance", self.verify_tolerance)

    @abstractmethod
    def _batched(self, view: View, seed: int) -> BatchedRun:
        """Explain every row of `view.rows` by the batched engine."""

    def _not_covered(self) -> str:
        """Say why the batched engine cannot stand in for the library; empty if it can."""
        return ""

    def _compared(
        self, run: BatchedRun, view: View, seed: int, chosen: Sequence[int]
    ) -> tuple[Array, Array]:
        """Return what the engine and the library say of some rows, each (n_chosen, n_numbers)."""
        theirs = super()._explain(replace(view, rows=view.rows[chosen]), seed)
        return self._numbers([run.explained[i] for i in chosen]), self._numbers(theirs)

    def _numbers(self, explained: list[RowExplanation]) -> Array:
        also = [[row.diagnostics[name] for name in self._also_compared] for row in explained]
        return np.hstack([[row.values for row in explained], np.array(also, dtype=np.float64)])

    def _explain(self, view: View, seed: int) -> list[RowExplanation]:
        fallback = self._not_covered()
        if self.engine == "batched" and not fallback:
            run = self._batched(view, seed)
            view.notes["rows_asked"], view.notes["rows_sent"] = run.rows_asked, run.rows_sent
            fallback = self._verify(run, view, seed)
            if not fallback:
                view.notes["engine"] = "batched"
                return run.explained
        view.notes["engine"] = "library"
        if self.engine == "batched":
            view.notes["fallback"] = fallback
        return super()._explain(view, seed)

    def _verify(self, run: BatchedRun, view: View, seed: int) -> str:
        """Compare some rows with the library; return what is wrong, empty if nothing is."""
        size = min(self.verify_rows, len(view.rows))
        if size == 0:
            return ""
        drawn = generator(seed, "verify").choice(len(view.rows), size=size, replace=False)
        n_queries = 0

        def counting(matrix: Array) -> Array:
            nonlocal n_queries
            n_queries += len(matrix)
            return view.query(matrix)

        chosen: list[int] = sorted(drawn.tolist())
        ours, theirs = self._compared(run, replace(view, query=counting), seed, chosen)
        deviation = largest_deviation(ours, theirs)
        view.notes["rows_verified"], view.notes["verification_queries"] = size, n_queries
        if not np.isfinite(deviation):
            return "only one of engine and library could explain a row"
        view.notes["deviation"] = deviation
        scale = max(1.0, float(np.nan_to_num(np.abs(theirs)).max()))
        if deviation <= self.verify_tolerance * scale:
            return ""
        return (
            f"engine and library deviate by more than {self.verify_tolerance:g}: the engine is "
            "wrong, or the model does not answer a row in the same way each time"
        )


def largest_deviation(ours: Array, theirs: Array) -> float:
    """Return the largest absolute difference; infinite where only one of the two has a number."""
    differences = np.abs(ours - theirs)
    differences[np.isnan(ours) & np.isnan(theirs)] = 0.0
    return float(np.where(np.isnan(differences), np.inf, differences).max(initial=0.0))
