"""The result of explaining rows: attributions with their provenance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
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
    notes : mapping of str to str or float
        What the explainer says about the call as a whole, such as which engine computed it.
        Finite numbers and text.
    """

    values: Array
    features: tuple[str, ...]
    base_values: Array
    explainer: str
    settings: Mapping[str, Any]
    n_queries: int
    diagnostics: Mapping[str, Array] = field(default_factory=dict)
    reasons: Mapping[int, str] = field(default_factory=dict)
    notes: Mapping[str, str | float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        values, n_features = _frozen(self.values), len(self.features)
        if values.ndim != 2 or values.shape[1] != n_features:
            raise InvalidInputError("values", f"shape (n_rows, {n_features})", values.shape)
        base_values = _frozen(self.base_values)
        diagnostics = {name: _frozen(array) for name, array in self.diagnostics.items()}
        for name, array in {"base_values": base_values, **diagnostics}.items():
            if array.shape != (len(values),):
                raise InvalidInputError(name, f"shape ({len(values)},)", array.shape)
        for name, owned in {
            "values": values,
            "base_values": base_values,
            "settings": MappingProxyType(dict(self.settings)),
            "diagnostics": MappingProxyType(diagnostics),
            "reasons": MappingProxyType(dict(self.reasons)),
            "notes": MappingProxyType(dict(self.notes)),
        }.items():
            object.__setattr__(self, name, owned)

    def __reduce__(self) -> tuple[type[Self], tuple[Any, ...]]:
        # read-only mappings cannot be pickled
        own = (getattr(self, f.name) for f in fields(self))
        return type(self), tuple(dict(v) if isinstance(v, MappingProxyType) else v for v in own)

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
                "notes": dict(self.notes),
            },
            allow_nan=False,
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what :meth:`to_json` wrote."""
        raw = json.loads(text)
        shape = len(raw["values"]), len(raw["features"])
        return cls(
            values=_from_lists(raw["values"]).reshape(shape),
            features=tuple(raw["features"]),
            base_values=_from_lists(raw["base_values"]),
            explainer=raw["explainer"],
            settings=raw["settings"],
            n_queries=raw["n_queries"],
            diagnostics={k: _from_lists(v) for k, v in raw["diagnostics"].items()},
            reasons={int(k): v for k, v in raw["reasons"].items()},
            notes=raw["notes"],
        )


def _to_lists(array: Array) -> Any:
    """Return nested lists of JSON values: NaN as null, infinities as text."""
    boxed = array.astype(object)
    boxed[np.isnan(array)] = None
    for infinity in (np.inf, -np.inf):
        boxed[array == infinity] = str(infinity)
    return boxed.tolist()


def _from_lists(values: Any) -> Array:
    return np.array(values, dtype=np.float64)


def _frozen(values: Any) -> Array:
    """Return a read-only copy, so that the caller's array neither changes ours nor is locked."""
    copy = np.array(values, dtype=np.float64)
    copy.setflags(write=False)
    return copy
