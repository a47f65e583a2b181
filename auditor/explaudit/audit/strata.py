"""Two sets of rows made comparable: strata of the propensity to be in the first of them.

If both sets are drawn from one population, rows may change places between them, and a permutation
test is exact. Where the populations differ in the features, rows change places within strata of
the propensity alone (Rosenbaum 1984, JASA 79, "Conditional permutation tests and the propensity
score in observational studies"), which holds as far as rows of a stratum are alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from explaudit.encoding import Encoder
from explaudit.seeds import derive_seed

__all__ = ["boosting_settings", "matching_weights", "permuted", "propensity_strata"]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Strata = npt.NDArray[np.intp]

_FOLDS = 3
_STRATA = 5
#: A stratum with fewer rows of one of the sets says nothing about the difference.
_FEWEST_IN_STRATUM = 20
#: scikit-learn's trees take no more levels of a categorical feature.
_MOST_LEVELS = 255
_PERMUTED_AT_ONCE = 100


def propensity_strata(rows: Array, member: Mask, encoder: Encoder, seed: int) -> Strata:
    """Return each row's stratum of the propensity to be in the first set, or -1 for none.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
        Encoded rows of both sets.
    member : ndarray of shape (n_rows,)
        Whether they are in the first one.
    encoder : Encoder
        Knows which features are categorical.
    seed : int
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    found = np.full(len(rows), -1, dtype=np.intp)
    if min(member.sum(), (~member).sum()) < _FEWEST_IN_STRATUM:
        return found
    settings = boosting_settings(rows, encoder, range(rows.shape[1]), seed)
    model = HistGradientBoostingClassifier(**settings)
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=derive_seed(seed, "propensity"))
    propensity = cross_val_predict(model, rows, member, cv=folds, method="predict_proba")[:, 1]
    edges = np.quantile(propensity, np.arange(1, _STRATA) / _STRATA)
    strata = np.searchsorted(edges, propensity)
    for stratum in range(_STRATA):
        inside = strata == stratum
        if min((inside & member).sum(), (inside & ~member).sum()) >= _FEWEST_IN_STRATUM:
            found[inside] = stratum
    return found


def boosting_settings(
    rows: Array, encoder: Encoder, columns: Sequence[int], seed: int
) -> dict[str, Any]:
    """Return the settings of a small boosted ensemble on some columns."""
    levels = [j in encoder.categorical and rows[:, j].max() < _MOST_LEVELS for j in columns]
    return {
        "max_leaf_nodes": 15,
        # what is learnt of noise would shrink the effects
        "early_stopping": True,
        "n_iter_no_change": 5,
        "categorical_features": levels,
        "random_state": derive_seed(seed, "trees"),
    }


def matching_weights(member: Mask, strata: Strata) -> Array:
    """Return weights that spread the second set over the strata as the first is.

    All rows of the first set weigh 1, and those of the second in one stratum alike.
    """
    first, second = np.bincount(strata[member]), np.bincount(strata[~member])
    ratio = first / np.maximum(second, 1)
    return np.where(member, 1.0, ratio[strata])


def permuted(member: Mask, blocks: Strata, n: int, rng: np.random.Generator) -> Iterator[Array]:
    """Yield memberships as they are, then `n` times permuted within blocks, some at a time.

    Parameters
    ----------
    member : ndarray of shape (n_rows,)
    blocks : ndarray of shape (n_rows,)
        Rows change places with those of the same number.
    n : int
    rng : Generator

    Yields
    ------
    ndarray of shape (n_memberships, n_rows)
        1 for members, 0 for others.
    """
    places = [np.flatnonzero(blocks == block) for block in np.unique(blocks)]
    members = [member]
    for i in range(n):
        drawn = member.copy()
        for place in places:
            drawn[place] = rng.permutation(drawn[place])
        members.append(drawn)
        if len(members) == _PERMUTED_AT_ONCE or i == n - 1:
            yield np.array(members, dtype=np.float64)
            members = []
