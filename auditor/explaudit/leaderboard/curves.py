"""Gameability against the fidelity that an attack gives up, and against the explainer's budget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from explaudit.leaderboard.results import CurvePoint
from explaudit.leaderboard.scores import counts, means, pooled
from explaudit.leaderboard.steps import OFF_BOARD, Step, steps
from explaudit.leaderboard.trials import Trial, Unit
from explaudit.metrics import MetricEntry, metric_specs
from explaudit.pooling import number
from explaudit.statistics import UNBOUNDED, Bounds

__all__ = ["GROUPS", "curve_points", "on_board"]

Array = npt.NDArray[np.float64]

#: Quality metrics in the mean, by what they ask about: made-up rows, or real ones alone.
GROUPS = {"off": "off-manifold metrics", "on": "on-manifold metrics"}


class _Line(NamedTuple):
    """What is followed along a curve: the mean of some columns of the trials' arrays."""

    of: str
    columns: list[int]
    quality: bool

    @property
    def bounds(self) -> Bounds:
        return (0.0, 1.0) if self.quality else UNBOUNDED


def on_board(units: Sequence[Unit]) -> Iterator[Unit]:
    """Return the units of the leaderboard itself, without the attacks that only curves have."""
    for unit in units:
        if OFF_BOARD not in unit.explainer:
            trials = tuple(trial for trial in unit.trials if OFF_BOARD not in trial.adversary)
            yield replace(unit, trials=trials)


def curve_points(
    units: Sequence[Unit], entries: Sequence[MetricEntry], fidelity_floor: float
) -> Iterator[CurvePoint]:
    """Return the points of all curves, if any step that is not on the leaderboard was run.

    Parameters
    ----------
    units : sequence of Unit
        All, those with steps of curves among them.
    entries : sequence of MetricEntry
        The metrics, in the order of the columns of the units' arrays.
    fidelity_floor : float
        What the leaderboard's own gates are tuned to keep.
    """
    for step in steps(fidelity_floor):
        here = _tried(units, step)
        if not any(_tried(units, other) for other in _beside(step, fidelity_floor)):
            continue
        datasets = [unit.dataset for unit, _ in here]
        for line in _lines(entries):
            grouped = line.of in GROUPS.values()
            for dataset in ("", *(datasets if grouped else ())):
                own = [pair for pair in here if dataset in ("", pair[0].dataset)]
                if own:
                    yield _point(step, line, dataset, own)


def _beside(step: Step, fidelity_floor: float) -> Iterator[Step]:
    """Return the steps of the same curve that only the curve has."""
    for other in steps(fidelity_floor):
        if (other.axis, other.explainer) == (step.axis, step.explainer) and not other.on_board:
            yield other


def _tried(units: Sequence[Unit], step: Step) -> list[tuple[Unit, Trial]]:
    return [
        (unit, trial)
        for unit in units
        if unit.explainer == step.setting
        for trial in unit.trials
        if trial.attack_setting == step.attack_setting
    ]


def _lines(entries: Sequence[MetricEntry]) -> Iterator[_Line]:
    quality = [entry.kind == "quality" for entry in entries]
    for manifold, of in GROUPS.items():
        own = [
            column
            for column, entry in enumerate(entries)
            if quality[column] and metric_specs()[entry.name].manifold == manifold
        ]
        if own:
            yield _Line(of, own, quality=True)
    for column, entry in enumerate(entries):
        yield _Line(entry.name, [column], quality[column])


def _point(step: Step, line: _Line, dataset: str, own: list[tuple[Unit, Trial]]) -> CurvePoint:
    counted = [(unit, trial) for unit, trial in own if counts(trial, line.quality)]
    values = [means(trial.gamed[:, line.columns]) for _, trial in counted]
    fidelities = [trial.fidelity for _, trial in own]
    return CurvePoint(
        axis=step.axis,
        explainer=step.explainer,
        of=line.of,
        dataset=dataset,
        value=step.value,
        fidelity=number(float(np.mean(fidelities))),
        gamed=pooled([unit for unit, _ in counted], values, line.bounds),
        deceived=sum(trial.deceives for _, trial in own),
        n=len(own),
    )
