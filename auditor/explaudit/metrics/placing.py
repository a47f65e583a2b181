"""Where features stand when a row's features are ordered by the size of their attributions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explaudit.attributions import Attributions
from explaudit.errors import InvalidInputError

__all__ = ["Placing", "explained_rows", "magnitudes", "place", "positions"]

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Placing:
    """Where the best placed of some features stands in each row.

    Attributes
    ----------
    magnitude : ndarray of shape (n_rows,)
        Its absolute attribution; 0 if none of the features is shown.
    better : ndarray of shape (n_rows,)
        How many features are strictly larger.
    tied : ndarray of shape (n_rows,)
        How many are exactly as large, itself included.
    ours : ndarray of shape (n_rows,)
        How many of the tied ones are among the features that were asked for.
    listed_before : ndarray of shape (n_rows,)
        How many of the tied ones are listed before the first of ours.
    """

    magnitude: Array
    better: Counts
    tied: Counts
    ours: Counts
    listed_before: Counts


def explained_rows(attributions: Attributions) -> npt.NDArray[np.bool_]:
    """Return which rows the explainer could explain, shape (n_rows,)."""
    return np.asarray(~np.isnan(attributions.values).all(axis=1), dtype=np.bool_)


def magnitudes(attributions: Attributions) -> Array:
    """Return absolute attributions, shape (n_rows, n_features), with 0 for "none in this row".

    A feature without an attribution in a row is not shown there, so that it ranks last.
    """
    return np.abs(np.where(np.isnan(attributions.values), 0.0, attributions.values))


def positions(attributions: Attributions, names: Sequence[str]) -> list[int]:
    """Return the columns of the named features, matched by their exact names.

    Raises
    ------
    InvalidInputError
        If a name is not there.
    """
    for name in names:
        if name not in attributions.features:
            raise InvalidInputError(
                "feature",
                f"one of {', '.join(attributions.features)}",
                name,
                "Name features exactly as the encoder does.",
            )
    return [attributions.features.index(name) for name in names]


def place(attributions: Attributions, names: Sequence[str]) -> Placing:
    """Return where the best placed of the named features stands in each row."""
    sizes, columns = magnitudes(attributions), positions(attributions, names)
    magnitude = sizes[:, columns].max(axis=1)
    equal = sizes == magnitude[:, None]
    mine = np.zeros(sizes.shape[1], dtype=bool)
    mine[columns] = True
    return Placing(
        magnitude=magnitude,
        better=np.asarray((sizes > magnitude[:, None]).sum(axis=1)),
        tied=np.asarray(equal.sum(axis=1)),
        ours=np.asarray((equal & mine).sum(axis=1)),
        listed_before=np.asarray((equal & (np.cumsum(equal & mine, axis=1) == 0)).sum(axis=1)),
    )
