"""The scaffolding attack: replace the model by one that lies to explainers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from explaudit.attack import Attack
from explaudit.errors import InvalidInputError
from explaudit.scenario import Access, Scenario, Surface
from explaudit_attacks._parts import resolve
from explaudit_attacks.gate_training import Protocol
from explaudit_attacks.scaffold import ScaffoldClassifier, ScaffoldRegressor

__all__ = ["ScaffoldingAttack"]


@dataclass(frozen=True)
class ScaffoldingAttack(Attack):
    """Hide the scenario's model behind an innocuous one wherever a gate suspects a query.

    The attacker knows the scenario's background rows, its encoder and the law of the explainer's
    queries; it does not see the rows to explain.

    Parameters
    ----------
    innocuous : estimator, str or mapping
        What is shown to explainers: a classifier, a regressor where the scenario's output is a
        value, or the name of a model or a mapping ``{"name": ..., "settings": {...}}``. One that
        is not fitted is fitted to the answers of the scenario's model on the background.
    gate : estimator, str or mapping
        Likewise, what tells real rows from queries.
    sampler : Sampler, str or mapping
        Likewise, the law of the queries.
    threshold : float
        Rows with P(real) at least this get the biased model's answer.
    keep_real : float or None
        Instead of `threshold`: the share of real rows that the gate is to take for real.
    n_queries : int or None
        Queries to train the gate on; None for the protocol's own number.
    protocol : {"sound", "published"}
        How the gate's training is laid out.
    gate_columns : {"all", "numeric"}
        Which features the gate sees.
    relabel_real : bool
        Whether queries that equal a real row count as real.
    held_out : float
        Share that the gate does not learn from.
    """

    name: ClassVar[str] = "scaffold"
    surface: ClassVar[Surface] = Surface.MODEL
    access: ClassVar[Access] = Access.TRAINING
    source: ClassVar[str] = (
        "Slack, Hilgard, Jia, Singh & Lakkaraju, 'Fooling LIME and SHAP: Adversarial Attacks on "
        "Post hoc Explanation Methods', AIES 2020"
    )

    innocuous: Any
    gate: Any = "hist_boosting"
    sampler: Any = "kernel_coalitions"
    threshold: float = 0.5
    keep_real: float | None = None
    n_queries: int | None = None
    protocol: Protocol = "sound"
    gate_columns: str = "all"
    relabel_real: bool = True
    held_out: float = 0.2

    def _tamper(self, scenario: Scenario, rng: np.random.Generator) -> Scenario:
        model = scenario.model
        _check_model(scenario)
        kind = ScaffoldRegressor if scenario.output == "value" else ScaffoldClassifier
        scaffold = kind(
            FrozenEstimator(model),
            self._innocuous_for(scenario),
            self._gate_for(scenario),
            resolve("samplers", self.sampler),
            threshold=self.threshold,
            keep_real=self.keep_real,
            encoder=scenario.encoder,
            gate_columns=self.gate_columns,
            n_queries=self.n_queries,
            relabel_real=self.relabel_real,
            held_out=self.held_out,
            protocol=self.protocol,
            random_state=int(rng.integers(2**31)),
        )
        labels = model.predict(scenario.background)
        return scenario.replace(model=scaffold.fit(scenario.background, labels))

    def _innocuous_for(self, scenario: Scenario) -> Any:
        """Return what is shown; a scaffold that shows something else overrides this."""
        del scenario
        return _member(resolve("models", self.innocuous))

    def _gate_for(self, scenario: Scenario) -> Any:
        """Return what tells rows from queries; a scaffold with a gate of its own overrides this."""
        del scenario
        return resolve("gates", self.gate)


def _check_model(scenario: Scenario) -> None:
    needed = ["predict"] if scenario.output == "value" else ["predict", "classes_"]
    if scenario.output == "probability":
        needed.append("predict_proba")
    missing = [name for name in needed if not hasattr(scenario.model, name)]
    if missing:
        raise InvalidInputError(
            "scenario.model",
            f"a fitted model with {' and '.join(needed)}",
            f"{type(scenario.model).__name__} without {', '.join(missing)}",
            "The attack mixes the answers of two models; wrap a function in a class with "
            "predict and, for a classifier, predict_proba and classes_.",
        )


def _member(estimator: Any) -> Any:
    """Freeze a model that is fitted already, so that it is used as it is."""
    if not hasattr(estimator, "fit"):
        return FrozenEstimator(estimator)
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return estimator
    return FrozenEstimator(estimator)
