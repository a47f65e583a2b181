"""What a leaderboard's report must say about metrics and data sets."""

from __future__ import annotations

from collections.abc import Sequence

from explaudit.cells import Cell, Record
from explaudit.leaderboard.results import MetricNote
from explaudit.leaderboard.settings import Judging
from explaudit.metrics import MetricSpec
from explaudit.results import DatasetNote
from explaudit.study.roles import OWN, roles_of
from explaudit.study.summary import PREPARATION
from explaudit_datasets import card

__all__ = [
    "ALONE",
    "GROUPS",
    "QUERIES",
    "REAL_ROWS",
    "RERUN",
    "TRAINING",
    "TRUTH",
    "access_needed",
    "dataset_note",
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


def dataset_note(name: str, cells: Sequence[Cell], records: Sequence[Record]) -> DatasetNote:
    """Return what must be said about a data set and the roles played on it."""
    cell = next(cell for cell in cells if cell.dataset.name == name)
    _, dataset = Judging.taken_from(cell.dataset)
    played = roles_of(dataset)
    own = [r for r in records if r.cell.dataset.name == name and r.status == "ok"]
    behaviour = next((r for r in own if r.cell.kind == "behaviour"), None)
    scalars = behaviour.scalars if behaviour else {}
    facts = None if name == OWN else card(name)
    return DatasetNote(
        name=name,
        title=facts.title if facts else "The user's own table",
        n_rows=int(scalars.get("n_rows") or (facts.n_rows if facts else 0)),
        n_features=int(scalars.get("n_features") or (facts.n_columns if facts else 0)),
        sha256=own[0].data_sha256 if own else "",
        source=facts.source if facts else "",
        licence=facts.licence if facts else "",
        known_harms=" ".join(facts.known_harms) if facts else "",
        sensitive=played.sensitive,
        biased_rule=played.describe(None),
        innocuous_rule=played.innocuous_text,
        preparation=PREPARATION["sound"],
    )
