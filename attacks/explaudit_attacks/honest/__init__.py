"""Honest models: families that hide nothing, and hard negatives that only look as if they did."""

from explaudit_attacks.honest.families import HONEST, HONEST_REGRESSION
from explaudit_attacks.honest.guard import GuardedClassifier, GuardedRegressor
from explaudit_attacks.honest.hard import (
    hard_negatives,
    hard_negatives_classes,
    hard_negatives_regression,
)
from explaudit_attacks.honest.member import Member
from explaudit_attacks.honest.proxy import ProxyRule
from explaudit_attacks.honest.validation import RowValidator

__all__ = [
    "HONEST",
    "HONEST_REGRESSION",
    "GuardedClassifier",
    "GuardedRegressor",
    "Member",
    "ProxyRule",
    "RowValidator",
    "hard_negatives",
    "hard_negatives_classes",
    "hard_negatives_regression",
]
