"""Where a feature stands among all features, by three kinds of Shapley value of trees."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from explaudit.audit._trees.comparison import Comparison
from explaudit.audit._trees.credit import sizes
from explaudit.audit._trees.ensemble import Ensemble
from explaudit.audit._trees.shapley import Paths

__all__ = ["ranking"]

Array = npt.NDArray[np.float64]

_N_BACKGROUND = 8
_N_RESAMPLES = 500


def ranking(
    ensemble: Ensemble,
    comparison: Comparison,
    rows: Array,
    background: Array,
    features: Sequence[Sequence[int]],
    which: int,
    rng: np.random.Generator,
) -> dict[str, float]:
    """Return a feature's share and rank by recorded and counted covers, and interventional.

    Parameters
    ----------
    ensemble : Ensemble
    comparison : Comparison
    rows : ndarray of shape (n_rows, n_columns)
        What is explained, as the trees see it.
    background : ndarray of shape (n_background, n_columns)
        Real rows, of which each row is explained against a few.
    features : sequence of sequence of int
        The columns of each feature.
    which : int
        The feature.
    rng : numpy.random.Generator

    Returns
    -------
    dict of str to float
        Share of the mean sizes and rank (1 is the first), and by how many places the feature
        stands lower in the file's explanation than in the counted one, with the 95 % interval
        that resampled rows give. Empty if no tree splits.
    """
    paths = Paths.of(ensemble)
    if paths is None:
        return {}
    known = paths.meets(rows)
    others = [
        paths.meets(background[rng.integers(len(background), size=len(rows))])
        for _ in range(_N_BACKGROUND)
    ]
    found = {
        "recorded": paths.values(known, paths.chances(comparison.recorded)),
        "counted": paths.values(known, paths.chances(comparison.real)),
        "interventional": np.mean([paths.values(known, other) for other in others], axis=0),
    }
    by_row = {kind: sizes(values, features) for kind, values in found.items()}
    details: dict[str, float] = {}
    for kind, size in by_row.items():
        mean = size.mean(axis=0)
        details[f"share_{kind}"] = float(mean[which] / max(mean.sum(), np.finfo(float).tiny))
        details[f"rank_{kind}"] = float(_rank(mean, which))
    drawn = rng.integers(len(rows), size=(_N_RESAMPLES, len(rows)))
    jumps = _rank(by_row["recorded"][drawn].mean(axis=1), which) - _rank(
        by_row["counted"][drawn].mean(axis=1), which
    )
    low, high = np.quantile(jumps, [0.025, 0.975])
    details["rank_jump"] = details["rank_recorded"] - details["rank_counted"]
    return details | {"rank_jump_low": float(low), "rank_jump_high": float(high)}


def _rank(means: Array, which: int) -> npt.NDArray[np.intp]:
    larger = means > means[..., which : which + 1]
    return np.asarray(1 + larger.sum(axis=-1))
