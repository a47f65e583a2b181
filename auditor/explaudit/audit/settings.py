"""What a user chooses of an audit, and what it will cost."""

from __future__ import annotations

import msgspec

from explaudit.audit.evidence import Detector
from explaudit.audit.target import Answers
from explaudit.cells import Part
from explaudit.errors import InvalidInputError

__all__ = ["DEFAULT_EXPLAINERS", "AuditPlan", "AuditSettings", "plan_audit"]

#: KernelSHAP as it is mostly used, and LIME.
DEFAULT_EXPLAINERS = (
    Part("kernel_shap", {"background": "kmeans", "n_background": 10}),
    Part("lime", {}),
)

#: Shares of the rows that are shuffled together: real ones, and those of real rows and of queries
#: that are sent once more with another value of a sensitive feature.
_REAL_SHARE = 0.4
_TOGGLED_SHARE = 0.3
#: With fewer real rows or queries than this nothing can be told.
_LEAST = 100


class AuditSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a user chooses of an audit.

    Attributes
    ----------
    sensitive : tuple of str
        The sensitive features.
    explainers : tuple of Part
        Explainers whose queries the model is asked.
    budget : int
        Rows that may be sent to the model.
    alpha : float
        False-alarm rate over all tests together.
    answers : {"auto", "labels", "probabilities", "values"}
        What the model answers with.
    seed : int
        Equal seeds audit alike.
    """

    sensitive: tuple[str, ...]
    explainers: tuple[Part, ...] = DEFAULT_EXPLAINERS
    budget: int = 6000
    alpha: float = 0.05
    answers: Answers = "auto"
    seed: int = 0


class AuditPlan(msgspec.Struct, frozen=True, kw_only=True):
    """How the budget is spent.

    Attributes
    ----------
    real_rows : int
        Real rows that are shuffled in with the queries.
    queries : int
        Queries of each explainer.
    detectors : dict of str to int
        Further rows that each detector sends.
    total : int
        All rows.
    toggled : int
        How many of the real rows, and of the queries of each explainer, are sent once more with
        another value of a sensitive feature.
    """

    real_rows: int
    queries: int
    detectors: dict[str, int]
    total: int
    toggled: int = 0


def plan_audit(settings: AuditSettings, n_rows: int, detectors: tuple[Detector, ...]) -> AuditPlan:
    """Say before anything is asked how many rows each part of an audit will send.

    Parameters
    ----------
    settings : AuditSettings
    n_rows : int
        Real rows that there are.
    detectors : tuple of Detector

    Raises
    ------
    InvalidInputError
        If the budget does not suffice for a hundred real rows and as many queries of each
        explainer, or `alpha` is out of range.
    """
    if not 0 < settings.alpha < 1:
        raise InvalidInputError("alpha", "more than 0 and less than 1", settings.alpha)
    if not settings.explainers:
        raise InvalidInputError("explainers", "at least one explainer", settings.explainers)
    n_real = min(n_rows, settings.budget)
    # what a detector sends may depend on how many real rows there are, never more with fewer
    own = {type(one).name: one.cost(n_real) for one in detectors}
    left = settings.budget - sum(own.values())
    n_explainers = len(settings.explainers)
    n_real = min(n_rows, int(left * _REAL_SHARE))
    n_toggled = min(n_real, int(left * _TOGGLED_SHARE) // (n_explainers + 1))
    n_queries = (left - n_real - n_toggled) // n_explainers - n_toggled
    if n_real < min(_LEAST, n_rows) or n_queries < _LEAST:
        least = sum(own.values()) + 3 * _LEAST * (1 + n_explainers)
        raise InvalidInputError(
            "budget", f"at least about {least} rows", settings.budget, "Allow more rows."
        )
    return AuditPlan(
        real_rows=n_real,
        queries=n_queries,
        detectors=own,
        total=n_real
        + n_queries * n_explainers
        + n_toggled * (n_explainers + 1)
        + sum(own.values()),
        toggled=n_toggled,
    )
