"""explaudit_attacks: everything an adversary can do."""

from explaudit_attacks.adaptive import (
    BatchAttack,
    CadAwareAttack,
    DilutionAttack,
    DtypeAttack,
    JitterAwareAttack,
    ParityRule,
    ProbabilisticAttack,
    ShufflingAttack,
    StatefulAttack,
    SubgroupBias,
    WhitelistAttack,
    ensemble,
)
from explaudit_attacks.background_sampling import BackgroundSampling
from explaudit_attacks.biased import ScoreBias, SensitiveRule
from explaudit_attacks.biased_outcomes import ClassBias, ValueBias
from explaudit_attacks.cover_tampering import CoverTampering
from explaudit_attacks.gate_quality import measure_gate
from explaudit_attacks.gate_training import published_data, sound_data
from explaudit_attacks.gates import forest, hist_boosting, xgboost_trees
from explaudit_attacks.honest import GuardedClassifier, ProxyRule
from explaudit_attacks.innocuous import UnrelatedRule, WithoutColumns
from explaudit_attacks.metric_aware import ReferenceSubstitution, ScoreRule
from explaudit_attacks.plugins import AdversaryAttack, hard_negative, honest_model, mimic
from explaudit_attacks.samplers import (
    ColumnSubstitution,
    GaussianNoise,
    GeneratedFill,
    KernelCoalitions,
    LimeDiscretised,
    LimeGaussian,
    RealNeighbours,
    Sampler,
    Union,
)
from explaudit_attacks.scaffold import ScaffoldClassifier
from explaudit_attacks.scaffolding import ScaffoldingAttack
from explaudit_attacks.unrelated import UnrelatedClasses, UnrelatedValues

__all__ = [
    "AdversaryAttack",
    "BackgroundSampling",
    "BatchAttack",
    "CadAwareAttack",
    "ClassBias",
    "ColumnSubstitution",
    "CoverTampering",
    "DilutionAttack",
    "DtypeAttack",
    "GaussianNoise",
    "GeneratedFill",
    "GuardedClassifier",
    "JitterAwareAttack",
    "KernelCoalitions",
    "LimeDiscretised",
    "LimeGaussian",
    "ParityRule",
    "ProbabilisticAttack",
    "ProxyRule",
    "RealNeighbours",
    "ReferenceSubstitution",
    "Sampler",
    "ScaffoldClassifier",
    "ScaffoldingAttack",
    "ScoreBias",
    "ScoreRule",
    "SensitiveRule",
    "ShufflingAttack",
    "StatefulAttack",
    "SubgroupBias",
    "Union",
    "UnrelatedClasses",
    "UnrelatedRule",
    "UnrelatedValues",
    "ValueBias",
    "WhitelistAttack",
    "WithoutColumns",
    "ensemble",
    "forest",
    "hard_negative",
    "hist_boosting",
    "honest_model",
    "measure_gate",
    "mimic",
    "published_data",
    "sound_data",
    "xgboost_trees",
]
