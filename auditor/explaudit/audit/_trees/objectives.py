"""What an objective makes of margins: the answer, and the weight of a row in a node's cover."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

__all__ = ["OBJECTIVES", "ROWS_COUNTED", "Objective"]

Array = npt.NDArray[np.float64]
Map = Callable[[Array], Array]


@dataclass(frozen=True)
class Objective:
    """A loss whose second derivative is known.

    Attributes
    ----------
    margin : callable
        From the file's base score to the margin that boosting starts at.
    answer : callable
        From margins of shape (..., n_outputs) to what the model answers.
    hessian : callable
        From margins of shape (..., n_outputs) to the weight of a row, up to a factor.
    log_odds : callable or None
        From margins of shape (..., 1) to the log odds of the positive one of two classes; None
        where there are not two.
    """

    margin: Map
    answer: Map
    hessian: Map
    log_odds: Map | None = None


def _same(margins: Array) -> Array:
    return margins


def _constant(margins: Array) -> Array:
    return np.ones_like(margins)


def _two_sided(margins: Array) -> Array:
    return np.asarray(special.expit(margins) * special.expit(-margins))


def _softmax(margins: Array) -> Array:
    return np.asarray(special.softmax(margins, axis=-1))


def _of_classes(margins: Array) -> Array:
    chances = _softmax(margins)
    return 2.0 * chances * (1.0 - chances)


def _log_odds(chances: Array) -> Array:
    # a forest may be certain
    return np.asarray(special.logit(np.clip(chances, 1e-3, 1.0 - 1e-3)))


_SQUARES = Objective(_same, _same, _constant)
_LOGISTIC = Objective(special.logit, special.expit, _two_sided, log_odds=_same)
_CLASSES = Objective(_same, _softmax, _of_classes)
_COUNTS = Objective(np.log, np.exp, np.exp)

#: By xgboost's name. Chen and Guestrin 2016, "XGBoost", KDD, section 2.2, for the hessians' role.
OBJECTIVES: dict[str, Objective] = {
    "reg:squarederror": _SQUARES,
    "reg:linear": _SQUARES,
    "binary:logistic": _LOGISTIC,
    "reg:logistic": _LOGISTIC,
    "binary:logitraw": Objective(_same, _same, _two_sided, log_odds=_same),
    "multi:softprob": _CLASSES,
    "multi:softmax": _CLASSES,
    "count:poisson": _COUNTS,
}

#: Of libraries whose covers count rows, each of them alike.
ROWS_COUNTED: dict[str, Objective] = {
    "number": _SQUARES,
    "log of a number": Objective(_same, np.exp, _constant),
    "chance": Objective(_same, _same, _constant, log_odds=_log_odds),
    "chances": _SQUARES,
    "log odds": Objective(_same, special.expit, _constant, log_odds=_same),
    "logs of chances": Objective(_same, _softmax, _constant),
}
