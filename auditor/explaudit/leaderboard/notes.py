"""What a leaderboard's report must say about metrics."""

from __future__ import annotations

from explaudit.leaderboard.results import MetricNote
from explaudit.metrics import MetricSpec

__all__ = [
    "ALONE",
    "GROUPS",
    "QUERIES",
    "REAL_ROWS",
    "RERUN",
    "TRAINING",
    "TRUTH",
    "access_needed",
    "metric_note",
]

#: What an auditor may have.
ALONE = "the explanation alone"
GROUPS = "the explanation and who belongs to the group"
QUERIES = "queries to the model"
REAL_ROWS = "real rows with decisions"
RERUN = "the explainer, to run it again"
TRAINING = "training data and the means to train"
TRUTH = "the true attributions"

#: What an auditor must have for each need of a metric, from much to little.
_ACCESS = (
    (TRUTH, {"truth"}),
    (TRAINING, {"correct_without", "randomised"}),
    (RERUN, {"rerun", "shifted", "recoded", "other explainers", "nearby drawn", "nearby real"}),
    (QUERIES, {"model", "r2", "surrogate_answers"}),
    (GROUPS, {"protected"}),
)


def access_needed(spec: MetricSpec) -> str:
    """Return what an auditor needs to compute a metric, in words."""
    needs = set(spec.needs)
    words = next((words for words, kinds in _ACCESS if needs & kinds), ALONE)
    # real rows with their decisions stand for queries, and tell who belongs to the group
    less = (ALONE, GROUPS, QUERIES)
    return REAL_ROWS if spec.manifold == "on" and words in less else words


def metric_note(spec: MetricSpec) -> MetricNote:
    """Return what is known about a metric."""
    return MetricNote(
        name=spec.name,
        kind=spec.kind,
        family=spec.family,
        manifold=spec.manifold,
        direction=spec.direction,
        unit=spec.unit,
        source=spec.source,
        description=spec.description,
        claims=spec.claims,
        instead=spec.instead,
        undefined=spec.undefined,
        access=access_needed(spec),
    )
