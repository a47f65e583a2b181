"""The scenario: all that an explainer is handed, and the surfaces an attack may change of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any, Literal, Self, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from explaudit.encoding import Encoder
from explaudit.errors import InvalidInputError

__all__ = ["Access", "Display", "Output", "Postprocess", "Scenario", "Surface"]

Output = Literal["probability", "label", "value"]
Postprocess = Callable[[pd.DataFrame, npt.NDArray[np.float64]], npt.NDArray[np.float64]]


class Surface(StrEnum):
    """A part of the scenario that an attack may change."""

    MODEL = "model"
    BACKGROUND = "background"
    ENCODER = "encoder"
    DISPLAY = "display"
    MODEL_FILE = "model_file"
    OUTPUT = "output"
    INPUT = "input"

    @property
    def field(self) -> str:
        """The name of the scenario's field that this surface stands for."""
        return {"output": "postprocess", "input": "rows"}.get(self.value, self.value)


class Access(IntEnum):
    """What an attacker needs, from little to much."""

    OUTPUTS = 0
    SCORES = 1
    BATCH = 2
    INPUTS = 3
    ENCODING = 4
    BACKGROUND_DATA = 5
    MODEL_FILE = 6
    TRAINING = 7


@dataclass(frozen=True)
class Display:
    """How the features are shown to a reader.

    Attributes
    ----------
    labels : tuple of str
        A label for each feature, in the encoder's order.
    """

    labels: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Scenario:
    """All that an explainer is handed.

    Attributes
    ----------
    rows : DataFrame of shape (n_rows, n_columns)
        The rows to explain, as the model is fed them.
    model : object
        A fitted estimator with `predict` (and `predict_proba` where `output` is "probability"),
        or a callable from a DataFrame to ``(n_rows,)`` or ``(n_rows, n_classes)`` numbers.
    background : DataFrame of shape (n_background, n_columns)
        Real rows that an explainer may draw its reference values from.
    encoder : Encoder
        From the table to the matrix of features that explainers perturb.
    display : Display
        How features are shown.
    model_file : pathlib.Path or None
        The model's file, for explainers that read the file rather than ask the model.
    postprocess : callable or None
        What happens to a batch of outputs before anyone sees them:
        ``(table, outputs) -> outputs``, outputs of shape (n_rows,).
    output : {"probability", "label", "value"}
        Which output is explained: the probability of class `class_index`, whether the predicted
        label is that class (1.0 or 0.0), or the number that the model gives.
    class_index : int
        Position of the explained class in ``classes_``.
    """

    rows: pd.DataFrame
    model: Any
    background: pd.DataFrame
    encoder: Encoder
    display: Display
    model_file: Path | None = None
    postprocess: Postprocess | None = None
    output: Output = "probability"
    class_index: int = 1

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some fields changed."""
        return replace(self, **changes)

    def answer(self, table: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Ask the model as the world sees it.

        Parameters
        ----------
        table : DataFrame of shape (n_rows, n_columns)

        Returns
        -------
        ndarray of shape (n_rows,)
            The explained output, after `postprocess`.

        Raises
        ------
        InvalidInputError
            If the model lacks what `output` asks for, or answers with another shape or with
            anything but finite numbers.
        """
        outputs = self._explained_output(table)
        if self.postprocess is not None:
            outputs = _numbers("postprocess", self.postprocess(table, outputs))
        if outputs.shape != (len(table),):
            raise InvalidInputError("model", f"{len(table)} answers", outputs.shape)
        if not np.isfinite(outputs).all():
            raise InvalidInputError(
                "model", "finite answers", "NaN or infinity", "Check the model on the given rows."
            )
        return outputs

    def _explained_output(self, table: pd.DataFrame) -> npt.NDArray[np.float64]:
        if self.output not in get_args(Output):
            raise InvalidInputError("output", f"one of {get_args(Output)}", self.output)
        if self.output == "label":
            return self._is_explained_class(table)
        if self.output == "probability" and hasattr(self.model, "predict_proba"):
            ask = self.model.predict_proba
        else:
            ask = getattr(self.model, "predict", self.model)
        answer = _numbers("model", ask(table))
        if answer.ndim != 2:
            return answer
        self._check_class_index(answer.shape[1])
        return np.asarray(answer[:, self.class_index])

    def _is_explained_class(self, table: pd.DataFrame) -> npt.NDArray[np.float64]:
        if not hasattr(self.model, "predict") or not hasattr(self.model, "classes_"):
            raise InvalidInputError(
                "model", "a fitted classifier to explain its label", type(self.model).__name__
            )
        self._check_class_index(len(self.model.classes_))
        labels = np.asarray(self.model.predict(table))
        return np.asarray(labels == self.model.classes_[self.class_index], dtype=np.float64)

    def _check_class_index(self, n_classes: int) -> None:
        if not -n_classes <= self.class_index < n_classes:
            raise InvalidInputError(
                "class_index", f"one of the model's {n_classes} classes", self.class_index
            )


def _numbers(argument: str, answer: Any) -> npt.NDArray[np.float64]:
    try:
        return np.asarray(answer, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(
            argument, "answers that are numbers, equally many for each row", str(error)
        ) from error
