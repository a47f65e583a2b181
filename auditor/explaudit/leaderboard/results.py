"""The shape of a leaderboard's results.json."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from explaudit.cells import SCHEMA_VERSION
from explaudit.leaderboard.steps import Axis
from explaudit.results import CellCount, DatasetNote

__all__ = [
    "AdversaryNote",
    "CurvePoint",
    "Distribution",
    "Estimate",
    "LeaderboardResults",
    "MetricNote",
    "Score",
    "TrialNote",
    "VerdictWord",
]

VerdictWord = Literal["gameable", "costly to game", "resists", "cannot say"]


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """A mean over replicates of data sets with its 95 % interval; None where undefined."""

    value: float | None
    low: float | None
    high: float | None
    n: int


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """How gameable a metric is, for one explainer or all, on one data set or all.

    For a quality metric: how often the false explanation scores at least as well as the honest
    one, ties counted half, where the attack deceives the explainer. For evidence: the share of the
    way to innocence that attacks move it.

    Attributes
    ----------
    metric : str
        Name in the catalogue.
    explainer, dataset : str
        Short name of the explainer's setting, and the data set; empty for all.
    mean : Estimate
        Over the adversaries that keep the constraint.
    worst : Estimate
        Of the adversary that is chosen on the other replicates of the data set: the metric-aware
        one. So it is not the largest of noisy numbers.
    worst_adversary : str
        The one that is chosen most often; empty if none.
    fidelity : float or None
        Its mean agreement with the honest model on held-out rows.
    below_floor : Estimate
        The same as `worst`, of adversaries that do not keep the constraint.
    random : Estimate
        For a quality metric, how often a random explanation of the honest model scores at least
        as well as the explainer's.
    n_counted, n_planned : int
        Adversaries times explainers times data sets that count, and that were planned.
    verdict : {"gameable", "costly to game", "resists", "cannot say"}
    reason : str
        Why nothing can be said; empty otherwise.
    """

    metric: str
    explainer: str
    dataset: str
    mean: Estimate
    worst: Estimate
    worst_adversary: str
    fidelity: float | None
    below_floor: Estimate
    random: Estimate
    n_counted: int
    n_planned: int
    verdict: VerdictWord
    reason: str = ""


class TrialNote(msgspec.Struct, frozen=True, kw_only=True):
    """One adversary against one explainer on one data set.

    Attributes
    ----------
    fidelity : float or None
        Agreement with the honest model on held-out rows.
    moved : float or None
        Share of the way to innocence that the sensitive feature's share of attribution moves.
    broken : str
        Why the constraint is not kept; empty if it is.
    deceives : bool
        Whether it moves that share by a quarter of the way at least.
    """

    dataset: str
    explainer: str
    adversary: str
    attack_setting: str
    fidelity: float | None
    moved: float | None
    broken: str
    deceives: bool


class CurvePoint(msgspec.Struct, frozen=True, kw_only=True):
    """How gameable one thing is at one step of a curve, over all data sets or on one.

    Attributes
    ----------
    axis : {"fidelity", "samples", "background"}
        What is changed from step to step: the share of real rows that the attack is made to keep,
        the explainer's samples, or the size of its background.
    explainer : str
        Whose curve it is.
    of : str
        A metric or, as in :data:`explaudit.leaderboard.curves.GROUPS`, several in the mean.
    dataset : str
        Empty for all.
    value : float
        What the step sets: a share, or a number of samples or rows.
    fidelity : float or None
        Mean agreement of the attacked and the honest model on held-out rows.
    gamed : Estimate
        As in a score, of the one adversary that curves follow, whether it keeps the constraint or
        not. Quality metrics where it deceives alone.
    deceived, n : int
        Data sets on which the explainer is deceived, and on which it was tried.
    """

    axis: Axis
    explainer: str
    of: str
    dataset: str
    value: float
    fidelity: float | None
    gamed: Estimate
    deceived: int
    n: int


class Distribution(msgspec.Struct, frozen=True, kw_only=True):
    """Quantiles 5, 25, 50, 75 and 95 % of a metric's values by row, under one model.

    Over all explainers and data sets in which attacks deceive; empty without any value.
    """

    metric: str
    model: Literal["honest", "attacked", "innocent"]
    quantiles: list[float]
    n: int


class MetricNote(msgspec.Struct, frozen=True, kw_only=True):
    """What the report says of a metric; see :class:`explaudit.metrics.MetricEntry`.

    Attributes
    ----------
    access : str
        What an auditor needs to compute it.
    """

    name: str
    kind: str
    family: str
    manifold: str
    direction: str
    unit: str
    source: str
    description: str
    claims: str
    instead: str
    undefined: str
    access: str


class AdversaryNote(msgspec.Struct, frozen=True, kw_only=True):
    """What the report says of an adversary."""

    name: str
    mechanism: str
    source: str
    access: str


class LeaderboardResults(msgspec.Struct, frozen=True, kw_only=True):
    """All of a leaderboard's results.json.

    Attributes
    ----------
    scores : list of Score
        Each metric over everything, for each explainer, for each data set, and for each of both.
    curves : list of CurvePoint
        Empty if no curves were run.
    rules : dict of str to float
        The numbers that verdicts stand on.
    """

    schema_version: int = SCHEMA_VERSION
    kind: Literal["leaderboard"] = "leaderboard"
    versions: dict[str, str]
    seed: int
    settings: dict[str, Any]
    rules: dict[str, float]
    datasets: list[DatasetNote]
    explainer_settings: dict[str, dict[str, Any]]
    adversaries: list[AdversaryNote]
    metrics: list[MetricNote]
    trials: list[TrialNote]
    scores: list[Score]
    curves: list[CurvePoint]
    distributions: list[Distribution]
    cells: CellCount
    n_queries: int
    seconds: float
