"""The common part of scaffolds: a gate between two models, whatever they answer with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from copy import copy
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from explaudit.errors import InvalidInputError
from explaudit_attacks._gate_asking import GateAsker
from explaudit_attacks._inputs import Mask, check_rows
from explaudit_attacks.gate_quality import measure_gate
from explaudit_attacks.gate_training import GateData, published_data, sound_data
from explaudit_attacks.gates import hist_boosting
from explaudit_attacks.samplers import KernelCoalitions
from explaudit_attacks.samplers.base import Matrix

__all__ = ["Scaffold"]

_SOUND_QUERIES = 20_000


class Scaffold(BaseEstimator, ABC):
    """Answer as f where a gate takes the row for real, else as psi.

    The settings are explained in :class:`explaudit_attacks.ScaffoldClassifier`.
    """

    def __init__(
        self,
        biased: Any,
        innocuous: Any,
        gate: Any = None,
        sampler: Any = None,
        *,
        threshold: float = 0.5,
        keep_real: float | None = None,
        encoder: Any = None,
        gate_columns: str = "all",
        n_queries: int | None = None,
        relabel_real: bool = True,
        held_out: float = 0.2,
        protocol: str = "sound",
        random_state: Any = None,
    ) -> None:
        self.biased = biased
        self.innocuous = innocuous
        self.gate = gate
        self.sampler = sampler
        self.threshold = threshold
        self.keep_real = keep_real
        self.encoder = encoder
        self.gate_columns = gate_columns
        self.n_queries = n_queries
        self.relabel_real = relabel_real
        self.held_out = held_out
        self.protocol = protocol
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Fit the members, draw queries and train the gate.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
            Real rows: all that the attacker knows of the data.
        y : array-like of shape (n_rows,)

        Raises
        ------
        InvalidInputError
            If a setting is out of range, the members' classes differ, or the rows do not give a
            gate anything to learn.
        """
        self._check_settings()
        X, y = self._check_training(X, y)
        self.biased_ = self._fitted_member("biased", X, y)
        self.innocuous_ = self._fitted_member("innocuous", X, y)
        random = check_random_state(self.random_state)
        rng = np.random.default_rng(int(random.randint(2**31)))
        data = self._gate_data(self._encode(X), rng)
        gate = clone(hist_boosting() if self.gate is None else self.gate)
        _seed(gate, rng)
        learnt, out = ~data.held_out, data.held_out
        seen = data.rows[:, self._gate_features()]
        self.gate_ = gate.fit(seen[learnt], data.real[learnt], sample_weight=data.weights[learnt])
        self._probability_real = GateAsker(self.gate_)
        real = data.real[out]
        probability = np.empty(len(real))
        for kind in (real, ~real):  # a batch of each, since a gate may look at the batch
            if kind.any():
                probability[kind] = self._probability_real(seen[out][kind])
        self.threshold_ = self.threshold
        if self.keep_real is not None and real.any():
            self.threshold_ = float(np.quantile(probability[real], 1 - self.keep_real))
        self.gate_quality_ = measure_gate(probability, self.threshold_, real, data.weights[out])
        return self

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return an answer for each row, of shape (n_rows,)."""
        X = check_rows(self, X)
        return self._mix(X, self.biased_.predict(X), self.innocuous_.predict(X))

    def with_innocuous(self, innocuous: Any) -> Self:
        """Return a fitted copy that shows another, fitted innocuous model behind the same gate.

        The gate depends on neither member, so one that took long to train serves several.

        Raises
        ------
        InvalidInputError
            If the model answers otherwise, such as with other classes.
        """
        check_is_fitted(self)
        other = copy(self)
        other.innocuous = FrozenEstimator(innocuous)
        other.innocuous_ = other._fitted_member("innocuous", None, None)
        return other

    def judged_real(self, X: Any) -> Mask:
        """Tell which rows the gate takes for real, of shape (n_rows,)."""
        return self._judged_real(check_rows(self, X))

    def _mix(self, X: Any, real: Any, shown: Any) -> npt.NDArray[Any]:
        """Return f's answers, but psi's where those differ and the gate suspects a query."""
        answers = np.array(real)
        shown = np.asarray(shown)
        differ = answers != shown
        if differ.ndim == 2:
            differ = differ.any(axis=1)
        asked = np.flatnonzero(differ)
        if len(asked):
            suspected = asked[~self._judged_real_among(X, asked)]
            answers[suspected] = shown[suspected]
        return answers

    def _judged_real_among(self, X: Any, asked: npt.NDArray[np.intp]) -> Mask:
        """Judge some rows of a batch; a gate that looks at the batch is shown all of it."""
        if getattr(self.gate_, "judges_batches", False):
            return self._judged_real(X)[asked]
        return self._judged_real(X.iloc[asked] if isinstance(X, pd.DataFrame) else X[asked])

    def _judged_real(self, X: Any) -> Mask:
        return self._probability_real(self._seen(X)) >= self.threshold_

    def _seen(self, X: Any) -> Matrix:
        """Return the features that the gate sees, of shape (n_rows, n_seen)."""
        encoder = self.encoder
        if encoder is not None and (self.gate_columns == "numeric" or not encoder.categorical):
            # a query may hold values that are no level, where a gate that does not look passes;
            # and where all is numeric this is all, with fewer copies
            return np.asarray(encoder.encode_numeric(self._frame(X)), dtype=np.float64)
        return self._encode(X)[:, self._gate_features()]

    def _frame(self, X: Any) -> pd.DataFrame:
        return X if isinstance(X, pd.DataFrame) else pd.DataFrame(X, columns=self.encoder.columns)

    def _encode(self, X: Any) -> Matrix:
        if self.encoder is not None:
            return np.asarray(self.encoder.encode(self._frame(X)), dtype=np.float64)
        try:
            return np.asarray(X, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise InvalidInputError(
                "X", "numbers only", "other columns", "Give an encoder for categorical columns."
            ) from error

    def _gate_features(self) -> Any:
        if self.gate_columns == "all":
            return slice(None)
        categorical = set() if self.encoder is None else set(self.encoder.categorical)
        n_features = self.n_features_in_ if self.encoder is None else len(self.encoder.names)
        numeric = [j for j in range(n_features) if j not in categorical]
        if not numeric:
            raise InvalidInputError("gate_columns", "'all' without numeric features", "numeric")
        return numeric

    def _gate_data(self, rows: Matrix, rng: np.random.Generator) -> GateData:
        sampler = KernelCoalitions() if self.sampler is None else self.sampler
        categorical = () if self.encoder is None else self.encoder.categorical
        published = self.protocol == "published"
        copies, n_published = sampler.published_counts(len(rows))
        n_queries = self.n_queries or (n_published if published else _SOUND_QUERIES)
        queries, source = sampler.draw(rows, categorical, n_queries, rng)
        if self.encoder is not None:  # what the model will see: codes rounded to levels
            queries = self._encode(self.encoder.decode(queries))
        split: Any = {
            "relabel_real": self.relabel_real,
            "held_out": self.held_out,
            "rng": rng,
        }
        if published:
            return published_data(rows, queries, copies=copies, **split)
        return sound_data(rows, queries, source, **split)

    def _fitted_member(self, role: str, X: Any, y: Any) -> Any:
        given = getattr(self, role)
        member = given if isinstance(given, FrozenEstimator) else clone(given).fit(X, y)
        self._check_member(role, member)
        return member

    @abstractmethod
    def _check_training(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Check training rows and outcomes."""

    def _check_member(self, role: str, member: Any) -> None:
        """Check that a fitted member answers as the scaffold is to."""

    def _check_settings(self) -> None:
        for name in ("threshold", "keep_real", "held_out"):
            value = getattr(self, name)
            if value is not None and not 0 < value < 1:
                raise InvalidInputError(name, "a number between 0 and 1", value)
        for name, known in (
            ("gate_columns", ("all", "numeric")),
            ("protocol", ("sound", "published")),
        ):
            if getattr(self, name) not in known:
                raise InvalidInputError(name, f"one of {known}", getattr(self, name))
        if self.n_queries is not None and self.n_queries < 1:
            raise InvalidInputError("n_queries", "at least 1, or None", self.n_queries)


def _seed(gate: Any, rng: np.random.Generator) -> None:
    """Seed every unseeded generator of the gate and its parts."""
    for name, value in sorted(gate.get_params(deep=True).items()):
        if (name == "random_state" or name.endswith("__random_state")) and value is None:
            gate.set_params(**{name: int(rng.integers(2**31))})
