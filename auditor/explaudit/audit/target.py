"""The audited model as a black box: rows in, numbers out, and a budget of rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from explaudit.encoding import Encoder
from explaudit.errors import InvalidInputError

__all__ = ["Answers", "Target"]

Array = npt.NDArray[np.float64]
Answers = Literal["auto", "labels", "probabilities", "values"]

#: Whole numbers with at most so many different values are taken for labels.
_MOST_LABELS = 20
#: Numbers from 0 to 1 are taken for probabilities if they are so far apart.
_WIDE = 0.5


class Target:
    """A model of which nothing but its answers is known.

    Answers are numbers, one column for each output. Labels become one column of 0 and 1 for each
    class, probabilities one column for each class; of two classes the second column says all.

    Parameters
    ----------
    model : object
        An estimator with `predict`, and `predict_proba` unless labels are asked for, or a
        callable from a DataFrame to labels, numbers or an array (n_rows, n_classes).
    encoder : Encoder
        From the table that the model is fed to the matrix of features.
    answers : {"auto", "labels", "probabilities", "values"}
        What the model answers with; "auto" asks for probabilities where there are any, takes an
        array of two dimensions for probabilities, and numbers from 0 to 1 that are more than half
        of that apart; words, truth values and few different whole numbers for labels.
    budget : int or None
        Rows that may be sent at the most.

    Attributes
    ----------
    n_queries : int
        Rows sent so far.
    outputs : tuple of str
        Names of the outputs, known after the first question.

    Raises
    ------
    InvalidInputError
        If the model has no way to answer.
    """

    def __init__(
        self,
        model: Any,
        encoder: Encoder,
        *,
        answers: Answers = "auto",
        budget: int | None = None,
    ) -> None:
        if answers not in get_args(Answers):
            raise InvalidInputError("answers", f"one of {get_args(Answers)}", answers)
        self.encoder = encoder
        self.budget = budget
        self.n_queries = 0
        self.outputs: tuple[str, ...] = ()
        self._answers = answers
        self._predict = _predict_of(model, answers)
        self._classes: list[Any] = []

    @property
    def answers(self) -> Answers:
        """What the model answers with; "auto" until it was asked, if that was asked for."""
        return self._answers

    @property
    def classes(self) -> tuple[Any, ...]:
        """The labels that the model answers with, in order; empty where it answers with numbers."""
        return tuple(self._classes)

    def ask(self, matrix: Array) -> Array:
        """Ask about rows of features, in one batch.

        Parameters
        ----------
        matrix : ndarray of shape (n_rows, n_features)

        Returns
        -------
        ndarray of shape (n_rows, n_outputs)
        """
        return self.ask_table(self.encoder.decode(matrix))

    def ask_table(self, table: pd.DataFrame) -> Array:
        """Ask about rows of the model's own table, in one batch.

        Raises
        ------
        InvalidInputError
            If the budget does not allow it, or the answers are of another number than the rows,
            of another kind than before, or not finite.
        """
        if self.budget is not None and self.n_queries + len(table) > self.budget:
            raise InvalidInputError(
                "budget",
                f"at least {self.n_queries + len(table)} rows",
                self.budget,
                "Allow more rows, or leave out a test.",
            )
        self.n_queries += len(table)
        raw = np.asarray(self._predict(table))
        if raw.ndim not in (1, 2) or len(raw) != len(table):
            raise InvalidInputError("model", f"{len(table)} answers", raw.shape)
        if raw.ndim == 2 and raw.shape[1] == 1:
            raw = raw[:, 0]
        if self._answers == "auto":
            self._answers = _kind(raw)
        numbers = self._labels(raw) if self._answers == "labels" else _finite(raw)
        numbers = numbers.reshape(len(table), -1)
        if numbers.shape[1] == 2 and self._answers != "values":
            numbers = numbers[:, 1:]
        if not self.outputs:
            self.outputs = self._names(numbers.shape[1])
        if numbers.shape[1] != len(self.outputs):
            raise InvalidInputError("model", f"{len(self.outputs)} outputs", numbers.shape[1])
        return numbers

    def _labels(self, raw: npt.NDArray[Any]) -> Array:
        """Return one column for each class; a class first seen later is none of them."""
        if raw.ndim != 1:
            raise InvalidInputError("model", "one label for each row", raw.shape)
        if not self._classes:
            self._classes = sorted(set(raw.tolist()))
            if len(self._classes) == 1:
                raise InvalidInputError(
                    "model",
                    "answers that differ between real rows",
                    f"{self._classes[0]!r} for all of {len(raw)} rows",
                    "A constant model hides nothing; check that the rows are what it is fed.",
                )
        return np.stack([raw == label for label in self._classes], axis=1).astype(np.float64)

    def _names(self, n_outputs: int) -> tuple[str, ...]:
        if self._classes:
            shown = self._classes[1:] if len(self._classes) == 2 else self._classes
            return tuple(str(label) for label in shown)
        return ("output",) if n_outputs == 1 else tuple(f"output {i}" for i in range(n_outputs))


def _predict_of(model: Any, answers: Answers) -> Callable[[pd.DataFrame], Any]:
    proba = getattr(model, "predict_proba", None)
    if answers == "probabilities" and proba is None and not callable(model):
        raise InvalidInputError("model", "an estimator with predict_proba", type(model).__name__)
    if answers in ("auto", "probabilities") and proba is not None:
        return proba  # type: ignore[no-any-return]  # of an object of any class
    predict = getattr(model, "predict", model)
    if not callable(predict):
        raise InvalidInputError(
            "model", "a callable, or an estimator with predict", type(model).__name__
        )
    return predict  # type: ignore[no-any-return]  # of an object of any class


def _kind(raw: npt.NDArray[Any]) -> Answers:
    if raw.ndim == 2:
        return "probabilities"
    if not np.issubdtype(raw.dtype, np.number):
        return "labels"
    whole = np.issubdtype(raw.dtype, np.integer) and len(np.unique(raw)) <= _MOST_LABELS
    if whole:
        return "labels"
    low, high = float(raw.min()), float(raw.max())
    return "probabilities" if 0 <= low < high - _WIDE and high <= 1 else "values"


def _finite(raw: npt.NDArray[Any]) -> Array:
    try:
        numbers = np.asarray(raw, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInputError("model", "answers that are numbers", str(error)) from error
    if not np.isfinite(numbers).all():
        raise InvalidInputError("model", "finite answers", "NaN or infinity")
    return numbers
