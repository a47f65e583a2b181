"""The explainer: one public call that is final and pure, around what an adapter's author writes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, is_dataclass
from typing import Any, ClassVar, final

import numpy as np
import numpy.typing as npt

from explaudit.attributions import Attributions
from explaudit.encoding import Encoder
from explaudit.errors import ContractError, InvalidInputError
from explaudit.scenario import Scenario
from explaudit.seeds import derive_seed, row_seed, shielded_global_rng

__all__ = ["Explainer", "RowExplainer", "RowExplanation", "View"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class View:
    """What an explainer sees of a scenario: a matrix of features and a model that scores it.

    Attributes
    ----------
    rows : ndarray of shape (n_rows, n_features)
        The encoded rows to explain.
    background : ndarray of shape (n_background, n_features)
        The encoded reference rows, all of them.
    encoder : Encoder
        Knows which features are categorical and what their levels are called.
    query : callable
        ``(matrix of shape (n, n_features)) -> (n,)``: asks the model.
    notes : dict of str to str or float
        What an adapter writes in here about the call as a whole becomes `Attributions.notes`.
    """

    rows: Array
    background: Array
    encoder: Encoder
    query: Callable[[Array], Array]
    notes: dict[str, str | float] = field(default_factory=dict)


@dataclass(frozen=True)
class RowExplanation:
    """One explained row: attributions of shape (n_features,), base value, diagnostics."""

    values: Array
    base_value: float = float("nan")
    diagnostics: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""


class Explainer(ABC):
    """Something that attributes a model's answers to features.

    An adapter is a frozen dataclass: its fields are its settings, JSON values all of them. Its
    author sets `name` and `source` and writes `_explain`; for an explainer that works on one row
    at a time, derive from :class:`RowExplainer` instead.

    Attributes
    ----------
    name : str
        The name in the catalogue.
    source : str
        Where it was published, and which package computes it.
    """

    name: ClassVar[str]
    source: ClassVar[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "explain" in vars(cls):
            raise ContractError(f"{cls.__name__}: `explain` is final; write `_explain` instead.")

    @abstractmethod
    def _explain(self, view: View, seed: int) -> list[RowExplanation]:
        """Explain every row of `view.rows`; row ``i`` must not depend on the other rows."""

    @property
    def settings(self) -> dict[str, Any]:
        """All settings as JSON values."""
        return asdict(self) if is_dataclass(self) else {}

    @final
    def explain(self, scenario: Scenario, *, seed: int) -> Attributions:
        """Explain all rows of a scenario.

        A pure function of the scenario, the row and the seed: neither the order of the rows nor
        which others are explained with it changes a row's explanation, and the caller's global
        random state is left alone.

        Parameters
        ----------
        scenario : Scenario
            What the explainer is handed.
        seed : int
            Equal seeds give equal explanations.

        Returns
        -------
        Attributions
            Values of shape (n_rows, n_features).

        Raises
        ------
        InvalidInputError
            If there is no row, or the model's answers are unusable.
        ContractError
            If the adapter returns another number of rows or features.
        """
        for name in ("rows", "background"):
            if len(getattr(scenario, name)) == 0:
                raise InvalidInputError(f"scenario.{name}", "at least one row", "none")
        encoder, n_queries = scenario.encoder, 0

        def query(matrix: Array) -> Array:
            nonlocal n_queries
            matrix = np.atleast_2d(np.asarray(matrix, dtype=np.float64))
            n_queries += len(matrix)
            return scenario.answer(encoder.decode(matrix))

        rows, background = encoder.encode(scenario.rows), encoder.encode(scenario.background)
        for matrix in (rows, background):
            # what is done to one row must not reach the next
            matrix.setflags(write=False)
        view = View(rows, background, encoder, query)
        with shielded_global_rng(derive_seed(seed, "global")):
            explained = self._explain(view, seed)
        return self._collect(explained, view, n_queries)

    def _collect(self, explained: list[RowExplanation], view: View, n_queries: int) -> Attributions:
        if not isinstance(explained, list) or {*map(type, explained)} - {RowExplanation}:
            raise ContractError(
                f"explainer {self.name!r}: _explain must return a list of RowExplanation."
            )
        shapes = {np.shape(row.values) for row in explained}
        if len(explained) != len(view.rows) or shapes != {(len(view.encoder.names),)}:
            raise ContractError(
                f"explainer {self.name!r}: _explain must return {len(view.rows)} rows of "
                f"{len(view.encoder.names)} attributions; it returned {len(explained)} of {shapes}."
            )
        keys = sorted({key for row in explained for key in row.diagnostics})
        nan = float("nan")
        return Attributions(
            values=np.array([row.values for row in explained], dtype=np.float64),
            features=view.encoder.names,
            base_values=np.array([row.base_value for row in explained], dtype=np.float64),
            explainer=self.name,
            settings=self.settings,
            n_queries=n_queries,
            diagnostics={
                key: np.array([row.diagnostics.get(key, nan) for row in explained]) for key in keys
            },
            reasons={i: row.reason for i, row in enumerate(explained) if row.reason},
            notes=view.notes,
        )


class RowExplainer(Explainer):
    """An explainer that is prepared once and then explains one row at a time."""

    @abstractmethod
    def _prepare(self, view: View, seed: int) -> Callable[[Array, int], RowExplanation]:
        """Return a function ``(row of shape (n_features,), row's seed) -> RowExplanation``.

        The global random state is seeded with the row's seed while that function runs.
        """

    def _explain(self, view: View, seed: int) -> list[RowExplanation]:
        explain_row = self._prepare(view, seed)
        explained = []
        for row in view.rows:
            own_seed = row_seed(seed, row)
            with shielded_global_rng(own_seed):
                explained.append(explain_row(row, own_seed))
        return explained
