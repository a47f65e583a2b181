"""An entry in the tables of honest models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sklearn.pipeline import make_pipeline

from explaudit_attacks._tabular import as_numbers

__all__ = ["Member", "on_numbers"]


@dataclass(frozen=True)
class Member:
    """How an honest model is made.

    Calling it with a seed gives a new, unfitted estimator that takes frames with categorical
    columns as well as arrays.

    Attributes
    ----------
    family : str
        What kind of model it is, so that families can be kept apart.
    make : callable
        From a seed to an estimator.
    """

    family: str
    make: Callable[[int], Any]

    def __call__(self, seed: int) -> Any:
        """Return a new estimator; equal seeds give equal models."""
        return self.make(seed)


def on_numbers(model: Any) -> Any:
    """Return a pipeline that turns a table into numbers and hands them to the model."""
    return make_pipeline(as_numbers(), model)
