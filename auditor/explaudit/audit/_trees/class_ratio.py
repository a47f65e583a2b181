"""How much more a positive training row weighed than a negative one, read off a file's covers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import special

from explaudit.audit._trees.cover import count, recorded_shares
from explaudit.audit._trees.ensemble import Ensemble

__all__ = ["class_ratios"]

Array = npt.NDArray[np.float64]

#: Multiples of the ratio that the file tells, the nearest to it first.
_MULTIPLES = tuple(sorted((2.0**k for k in range(-7, 8)), key=lambda m: abs(np.log(m))))
#: Ratios that fit worse by at most this factor than the best one may be the true one.
_AS_WELL = 1.05
_MOST_ROWS = 1000
_LEAST_ROWS = 10.0
_LEAST_SPLITS = 5


def class_ratios(
    ensemble: Ensemble, leaves: npt.NDArray[np.intp], left_out: Sequence[int]
) -> tuple[float, ...]:
    """Return the class weights under which real rows come close to the recorded covers.

    Weights of training rows are in no file, and to weigh rows by class is common practice; so
    is training on another mix of classes. Either moves covers everywhere and along the model's
    own score, which is one number to fit, to the splits on other features than those that are to
    be judged. The fit is by the sum of absolute differences of log odds, in standard errors. Where
    scores are low throughout, large ratios hardly differ, and many fit.

    Parameters
    ----------
    ensemble : Ensemble
    leaves : ndarray of int of shape (n_rows, n_trees)
        Where real rows end.
    left_out : sequence of int
        Columns whose splits have no say.

    Returns
    -------
    tuple of float
        All that fit about as well as the best one, the nearest to what the file tells first; that
        one alone, where there are not two classes or too few splits to fit.
    """
    told, trees = ensemble.class_ratio, ensemble.trees
    if ensemble.objective.log_odds is None:
        return (told,)
    leaves = leaves[:_MOST_ROWS]
    first = count(ensemble, leaves, told)
    splits = trees.splits
    enough = first.n_effective[splits] >= _LEAST_ROWS
    splits = splits[enough & ~np.isin(trees.column[splits], left_out)]
    if len(splits) < _LEAST_SPLITS:
        return (told,)
    left = trees.left[splits]
    share = first.shares()[left]
    precision = np.sqrt(first.n_effective[splits] * share * (1.0 - share))
    recorded = _log_odds(recorded_shares(trees)[left])
    misses = [
        float(precision @ np.abs(recorded - _log_odds(shares[left])))
        for shares in (count(ensemble, leaves, told * m).shares() for m in _MULTIPLES)
    ]
    fits = [
        multiple
        for multiple, missed in zip(_MULTIPLES, misses, strict=True)
        if missed <= _AS_WELL * min(misses)
    ]
    return tuple(told * multiple for multiple in fits)


def _log_odds(share: Array) -> Array:
    # a recorded share of 0 or 1 is far from any other, but not infinitely
    return np.asarray(special.logit(np.clip(share, 1e-3, 1.0 - 1e-3)))
