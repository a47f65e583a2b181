"""Checks of settings and data that several adapters share."""

from __future__ import annotations

from typing import get_args

import numpy as np

from explaudit.errors import InvalidInputError
from explaudit.explainer import View

__all__ = ["require_at_least", "require_choice", "require_finite", "require_positive"]


def require_choice(argument: str, got: object, literal: object) -> None:
    """Raise InvalidInputError unless `got` is one of the values of a ``Literal`` type."""
    allowed = get_args(literal)
    if got not in allowed:
        raise InvalidInputError(argument, f"one of {', '.join(map(repr, allowed))}", got)


def require_at_least(argument: str, got: float, least: float) -> None:
    """Raise InvalidInputError unless ``got >= least``; NaN is refused too."""
    if not got >= least:
        raise InvalidInputError(argument, f"a number of at least {least}", got)


def require_positive(argument: str, got: float) -> None:
    """Raise InvalidInputError unless ``got > 0``; NaN is refused too."""
    if not got > 0:
        raise InvalidInputError(argument, "a positive number", got)


def require_finite(view: View, explainer: str) -> None:
    """Raise InvalidInputError if a row or the background holds NaN or infinity."""
    for name, matrix in (("rows", view.rows), ("background", view.background)):
        finite = np.isfinite(matrix).all(axis=0)
        if not finite.all():
            bad = [view.encoder.names[j] for j in np.flatnonzero(~finite)]
            raise InvalidInputError(
                name,
                f"finite numbers for {explainer!r}",
                f"NaN or infinity in {', '.join(bad)}",
                "Impute missing values, or make them a level of a categorical column.",
            )
