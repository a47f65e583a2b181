"""Samplers: the laws of the queries that explainers send."""

from explaudit_attacks.samplers.base import Sampler
from explaudit_attacks.samplers.coalitions import KernelCoalitions, coalition_masks
from explaudit_attacks.samplers.generated import GeneratedFill
from explaudit_attacks.samplers.lime_neighbours import LimeDiscretised, LimeGaussian
from explaudit_attacks.samplers.neighbours import RealNeighbours
from explaudit_attacks.samplers.noise import GaussianNoise
from explaudit_attacks.samplers.substitution import ColumnSubstitution
from explaudit_attacks.samplers.union import Union

__all__ = [
    "ColumnSubstitution",
    "GaussianNoise",
    "GeneratedFill",
    "KernelCoalitions",
    "LimeDiscretised",
    "LimeGaussian",
    "RealNeighbours",
    "Sampler",
    "Union",
    "coalition_masks",
]
