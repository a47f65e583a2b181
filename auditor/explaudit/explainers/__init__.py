"""Adapters that make explainers of other packages, and a few of our own, speak one language.

Importing this package is cheap: lime, shap and scikit-learn are imported when an adapter is used.
"""

from explaudit.explainers.cad_defend import CadDefend
from explaudit.explainers.committee import Committee
from explaudit.explainers.controls import ConstantExplainer, RandomExplainer
from explaudit.explainers.exact_shap import ExactShap
from explaudit.explainers.generated_lime import GeneratedLime
from explaudit.explainers.generated_shap import GeneratedShap
from explaudit.explainers.group_disparity import GroupDisparity
from explaudit.explainers.imbalance import Imbalance
from explaudit.explainers.kernel_shap import KernelShap
from explaudit.explainers.lime_tabular import LimeTabular
from explaudit.explainers.linear_probe import LinearProbe
from explaudit.explainers.matched_pairs import MatchedPairs
from explaudit.explainers.neighbour_lime import NeighbourLime
from explaudit.explainers.neighbour_shap import NeighbourShap
from explaudit.explainers.occlusion import Occlusion
from explaudit.explainers.partial_dependence import IceAmplitude, PartialDependenceAmplitude
from explaudit.explainers.permutation_importance import PermutationImportance
from explaudit.explainers.permutation_shap import PermutationShap
from explaudit.explainers.sampling_shap import SamplingShap
from explaudit.explainers.twin_explanation import TwinExplanation

__all__ = [
    "CadDefend",
    "Committee",
    "ConstantExplainer",
    "ExactShap",
    "GeneratedLime",
    "GeneratedShap",
    "GroupDisparity",
    "IceAmplitude",
    "Imbalance",
    "KernelShap",
    "LimeTabular",
    "LinearProbe",
    "MatchedPairs",
    "NeighbourLime",
    "NeighbourShap",
    "Occlusion",
    "PartialDependenceAmplitude",
    "PermutationImportance",
    "PermutationShap",
    "RandomExplainer",
    "SamplingShap",
    "TwinExplanation",
]
