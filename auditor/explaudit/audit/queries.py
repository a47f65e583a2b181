"""What an explainer asks: rows of the very kind that it sends to a model."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from explaudit.encoding import Encoder
from explaudit.errors import InvalidInputError
from explaudit.explainer import Explainer
from explaudit.scenario import Display, Scenario
from explaudit.seeds import generator

__all__ = ["record_queries"]

Array = npt.NDArray[np.float64]

#: Rows that are explained to see what the explainer asks.
_EXPLAINED = 24


def record_queries(
    explainer: Explainer,
    encoder: Encoder,
    rows: Array,
    background: Array,
    *,
    n_queries: int,
    seed: int,
) -> Array:
    """Draw from the rows that an explainer sends when it explains real rows.

    The explainer runs on a stand-in for the model, so nothing is asked yet; what perturbation
    explainers ask does not depend on the answers. Every row that would be sent is as likely.

    Parameters
    ----------
    explainer : Explainer
        As it is used on the model.
    encoder : Encoder
        Between tables and matrices.
    rows, background : ndarray of shape (n_rows, n_features)
        Real rows to explain, the first of which are, and real rows to draw references from.
    n_queries : int
        How many to draw; fewer come back if the explainer sends fewer.
    seed : int
        Equal seeds draw alike.

    Returns
    -------
    ndarray of shape (n_queries, n_features)

    Raises
    ------
    InvalidInputError
        If the explainer asks the model nothing.
    """
    tap = _Tap(encoder, n_queries, generator(seed, "queries", explainer.name))
    scenario = Scenario(
        rows=encoder.decode(rows[:_EXPLAINED]),
        model=tap,
        background=encoder.decode(background),
        encoder=encoder,
        display=Display(encoder.names),
        output="value",
    )
    _as_sent(explainer).explain(scenario, seed=seed)
    if len(tap.kept) == 0:
        raise InvalidInputError(
            "explainer", "an explainer that asks the model", explainer.name, "Name another one."
        )
    return tap.kept


def _as_sent(explainer: Explainer) -> Explainer:
    """Return the explainer so that every row is sent as often as its method asks, and once."""
    changes: dict[str, Any] = {"deduplicate": False, "verify_rows": 0}
    known: set[str] = set()
    if is_dataclass(explainer):
        known = {own.name for own in fields(explainer)}
    return replace(explainer, **{k: v for k, v in changes.items() if k in known})  # type: ignore[type-var]  # is a dataclass where there is something to change


class _Tap:
    """Stands in for the model and keeps an even sample of all that it is asked."""

    def __init__(self, encoder: Encoder, size: int, rng: np.random.Generator) -> None:
        self._encoder, self._size, self._rng = encoder, size, rng
        self._keys = np.empty(0)
        self.kept: Array = np.empty((0, len(encoder.names)))

    def __call__(self, table: pd.DataFrame) -> Array:
        keys = self._rng.random(len(table))
        chosen = np.argsort(keys)[: self._size]
        self.kept = np.vstack([self.kept, self._encoder.encode(table.iloc[chosen])])
        self._keys = np.concatenate([self._keys, keys[chosen]])
        order = np.argsort(self._keys)[: self._size]
        self.kept, self._keys = self.kept[order], self._keys[order]
        # rows hardly ever agree, so that no explainer finds the model constant
        return self._rng.random(len(table))
