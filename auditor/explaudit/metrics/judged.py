"""The metrics that judge explanations by other explanations, by their form and by the truth."""

from __future__ import annotations

from explaudit.metrics.agreement import AGREEMENT
from explaudit.metrics.axioms import AXIOMS
from explaudit.metrics.complexity import COMPLEXITY
from explaudit.metrics.groups import GROUPS
from explaudit.metrics.local_fit import LOCAL_FIT
from explaudit.metrics.retraining import RETRAINING
from explaudit.metrics.sanity import SANITY
from explaudit.metrics.spec import MetricSpec
from explaudit.metrics.stability import STABILITY
from explaudit.metrics.truth import TRUTH

__all__ = ["JUDGED"]

#: All of them, in the order of the families.
JUDGED: tuple[MetricSpec, ...] = (
    *GROUPS,
    *LOCAL_FIT,
    *STABILITY,
    *COMPLEXITY,
    *AGREEMENT,
    *AXIOMS,
    *TRUTH,
    *SANITY,
    *RETRAINING,
)
