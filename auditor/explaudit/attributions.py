"""The result of explaining rows: attributions with their provenance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from explaudit.errors import InvalidInputError

__all__ = ["Attributions"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Attributions:
    """What an explainer said about some rows.

    Attributes
    ----------
    values : ndarray of shape (n_rows, n_features)
        The attribution of each feature for each row. An exact zero means "not shown". A row of
        NaN means that the explainer could not explain it; `reasons` says why.
    features : tuple of str
        The features' names, in the order of the columns.
    base_values : ndarray of shape (n_rows,)
        The explainer's reference output; NaN where it has none.
    explainer : str
        The explainer's name.
    settings : mapping
        All its settings, as JSON values.
    n_queries : int
        Rows that the model was asked to score.
    diagnostics : mapping of str to ndarray of shape (n_rows,)
        What else the explainer reported for each row, such as LIME's ``"r2"``.
    reasons : mapping of int to str
        For rows that could not be explained, why.
    """

    values: Array
    features: tuple[str, ...]
    base_values: Array
    explainer: str
    settings: Mapping[str, Any]
    n_queries: int
    diagnostics: Mapping[str, Array] = field(default_factory=dict)
    reasons: Mapping[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n_rows = len(self.values)
        if self.values.shape != (n_rows, len(self.features)):
            raise InvalidInputError(
                "values", f"shape (n_rows, {len(self.features)})", self.values.shape
            )
        for name, array in {"base_values": self.base_values, **self.diagnostics}.items():
            if array.shape != (n_rows,):
                raise InvalidInputError(name, f"shape ({n_rows},)", array.shape)
        for array in (self.values, self.base_values, *self.diagnostics.values()):
            array.setflags(write=False)
        for name in ("settings", "diagnostics", "reasons"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def to_json(self) -> str:
        """Return the result as JSON text; :meth:`from_json` reads it back exactly."""
        return json.dumps(
            {
                "values": _to_lists(self.values),
                "features": list(self.features),
                "base_values": _to_lists(self.base_values),
                "explainer": self.explainer,
                "settings": dict(self.settings),
                "n_queries": self.n_queries,
                "diagnostics": {k: _to_lists(v) for k, v in self.diagnostics.items()},
                "reasons": {str(k): v for k, v in self.reasons.items()},
            },
            allow_nan=False,
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what :meth:`to_json` wrote."""
        raw = json.loads(text)
        n_features = len(raw["features"])
        return cls(
            values=_to_array(raw["values"]).reshape(-1, n_features),
            features=tuple(raw["features"]),
            base_values=_to_array(raw["base_values"]),
            explainer=raw["explainer"],
            settings=raw["settings"],
            n_queries=raw["n_queries"],
            diagnostics={k: _to_array(v) for k, v in raw["diagnostics"].items()},
            reasons={int(k): v for k, v in raw["reasons"].items()},
        )


def _to_lists(array: Array) -> Any:
    boxed = array.astype(object)
    boxed[~np.isfinite(array)] = None
    return boxed.tolist()


def _to_array(values: Any) -> Array:
    return np.array(values, dtype=np.float64)
