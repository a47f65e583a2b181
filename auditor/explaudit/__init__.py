"""explaudit: an adversarial robustness auditor for post-hoc explainers of tabular models."""

from __future__ import annotations

from explaudit.attack import Attack
from explaudit.attributions import Attributions
from explaudit.encoding import Encoder
from explaudit.errors import ContractError, ExplauditError, InvalidInputError, UnknownPluginError
from explaudit.explainer import Explainer, RowExplainer, RowExplanation, View
from explaudit.features import Feature
from explaudit.scenario import Access, Display, Scenario, Surface

__all__ = [
    "Access",
    "Attack",
    "Attributions",
    "ContractError",
    "Display",
    "Encoder",
    "Explainer",
    "ExplauditError",
    "Feature",
    "InvalidInputError",
    "RowExplainer",
    "RowExplanation",
    "Scenario",
    "Surface",
    "UnknownPluginError",
    "View",
]
