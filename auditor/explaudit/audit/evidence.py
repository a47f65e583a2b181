"""What the detectors judge: real rows and an explainer's queries, with the model's answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from explaudit.audit.outcome import Judgement
from explaudit.audit.target import Target
from explaudit.audit.toggles import Toggles
from explaudit.encoding import Encoder

__all__ = ["Asked", "Detector", "Evidence", "Toggled"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Asked:
    """Rows and the model's answers.

    Attributes
    ----------
    rows : ndarray of shape (n_rows, n_features)
        Encoded rows.
    answers : ndarray of shape (n_rows, n_outputs)
        What the model said.
    """

    rows: Array
    answers: Array

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, eq=False)
class Toggled:
    """Rows that were sent once more with another value of one feature.

    Attributes
    ----------
    toggles : Toggles
        The rows, and which ones they were made of.
    answers : ndarray of shape (n_pairs, n_outputs)
        What the model said to the changed rows.
    """

    toggles: Toggles
    answers: Array


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that the auditor holds after the model was asked.

    Attributes
    ----------
    target : Target
        The model, for tests that ask more.
    encoder : Encoder
        Between tables and matrices.
    sensitive : tuple of str
        The sensitive features.
    real : Asked
        Real rows.
    queries : mapping of str to Asked
        By explainer, what that explainer asks; sent shuffled together with the real rows.
    toggled : mapping of str to Toggled
        Real rows (by the name "") and queries of explainers (by their names) that were sent once
        more, a sensitive feature changed; without explainers that ask real rows only.
    unasked : ndarray of shape (n_rows, n_features)
        Real rows that were not sent.
    decisions : DataFrame or None
        Logged rows with the decisions that were made, if the user has such a log.
    decision_column : str
        The column of `decisions` that holds the decision.
    background : DataFrame or None
        Background rows that somebody handed over.
    model_file : pathlib.Path, estimator or None
        A tree model's own file, or the fitted trees of scikit-learn themselves.
    """

    target: Target
    encoder: Encoder
    sensitive: tuple[str, ...]
    real: Asked
    queries: Mapping[str, Asked] = field(default_factory=dict)
    toggled: Mapping[str, Toggled] = field(default_factory=dict)
    unasked: Array = field(default_factory=lambda: np.empty((0, 0)))
    decisions: pd.DataFrame | None = None
    decision_column: str = ""
    background: pd.DataFrame | None = None
    model_file: object = None

    @property
    def sensitive_columns(self) -> tuple[int, ...]:
        """Positions of the sensitive features in the matrix."""
        return tuple(self.encoder.index(name) for name in self.sensitive)


class Detector(ABC):
    """A way to tell whether a model treats queries and real data alike.

    A detector is a frozen dataclass: its fields are its settings.

    Attributes
    ----------
    name : str
        The name in the catalogue.
    source : str
        Where it was published.
    """

    name: ClassVar[str]
    source: ClassVar[str]

    def cost(self, n_real: int) -> int:
        """Return how many rows the detector will send itself, given so many real rows."""
        del n_real
        return 0

    @abstractmethod
    def judge(self, evidence: Evidence, *, alpha: float, seed: int) -> Judgement:
        """Judge the model at level `alpha`; equal seeds judge alike."""
