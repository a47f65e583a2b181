"""What an objective makes of margins: the answer, and the weight of a row in a node's cover."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

__all__ = ["OBJECTIVES", "Objective"]

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
    two_classes : bool
        Whether the logistic function of the margin is the chance of the positive one of two.
    """

    margin: Map
    answer: Map
    hessian: Map
    two_classes: bool = False


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


_SQUARES = Objective(_same, _same, _constant)
_LOGISTIC = Objective(special.logit, special.expit, _two_sided, two_classes=True)
_CLASSES = Objective(_same, _softmax, _of_classes)
_COUNTS = Objective(np.log, np.exp, np.exp)

#: By xgboost's name. Chen and Guestrin 2016, "XGBoost", KDD, section 2.2, for the hessians' role.
OBJECTIVES: dict[str, Objective] = {
    "reg:squarederror": _SQUARES,
    "reg:linear": _SQUARES,
    "binary:logistic": _LOGISTIC,
    "reg:logistic": _LOGISTIC,
    "binary:logitraw": Objective(_same, _same, _two_sided, two_classes=True),
    "multi:softprob": _CLASSES,
    "multi:softmax": _CLASSES,
    "count:poisson": _COUNTS,
}
