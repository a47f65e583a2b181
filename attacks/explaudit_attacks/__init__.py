"""explaudit_attacks: everything an adversary can do."""

from explaudit_attacks.biased import ScoreBias, SensitiveRule
from explaudit_attacks.gate_quality import measure_gate
from explaudit_attacks.gate_training import published_data, sound_data
from explaudit_attacks.gates import forest, hist_boosting, xgboost_trees
from explaudit_attacks.innocuous import UnrelatedRule, WithoutColumns
from explaudit_attacks.samplers import (
    ColumnSubstitution,
    GaussianNoise,
    KernelCoalitions,
    LimeDiscretised,
    LimeGaussian,
    Sampler,
    Union,
)
from explaudit_attacks.scaffold import ScaffoldClassifier
from explaudit_attacks.scaffolding import ScaffoldingAttack

__all__ = [
    "ColumnSubstitution",
    "GaussianNoise",
    "KernelCoalitions",
    "LimeDiscretised",
    "LimeGaussian",
    "Sampler",
    "ScaffoldClassifier",
    "ScaffoldingAttack",
    "ScoreBias",
    "SensitiveRule",
    "Union",
    "UnrelatedRule",
    "WithoutColumns",
    "forest",
    "hist_boosting",
    "measure_gate",
    "published_data",
    "sound_data",
    "xgboost_trees",
]
