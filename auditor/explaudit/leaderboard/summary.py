"""From the records of a leaderboard to its results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from explaudit.cells import Cell, Part, Record, canonical_json
from explaudit.gameability import Constraint
from explaudit.leaderboard.cast import ADVERSARIES
from explaudit.leaderboard.curves import curve_points, on_board
from explaudit.leaderboard.explainers import EXPLAINERS
from explaudit.leaderboard.notes import metric_note
from explaudit.leaderboard.results import AdversaryNote, Distribution, LeaderboardResults, TrialNote
from explaudit.leaderboard.scores import RULES, score
from explaudit.leaderboard.settings import Judging, LeaderboardSettings
from explaudit.leaderboard.trials import DECEIVED, Unit, read_units
from explaudit.metrics import MetricEntry, metric_specs
from explaudit.pooling import number
from explaudit.study.notes import dataset_note
from explaudit.study.summary import count_cells, merged_versions

__all__ = ["summarise_leaderboard"]

Array = npt.NDArray[np.float64]

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
#: Not what anyone judges an explanation by.
_LEFT_OUT = ("cost",)


def summarise_leaderboard(
    settings: LeaderboardSettings, cells: Sequence[Cell], records: Sequence[Record]
) -> LeaderboardResults:
    """Score every metric over whatever records there are.

    Parameters
    ----------
    settings : LeaderboardSettings
        What was run.
    cells : sequence of Cell
        Every cell that was planned.
    records : sequence of Record
        What came of those that are done.
    """
    entries = _judged(records)
    found = read_units(
        records,
        entries,
        Constraint(settings.fidelity_floor, settings.harm_tolerance),
        n_replicates=settings.replicates,
        seed=settings.seed,
    )
    units = list(on_board(found))
    names = settings.explainers or tuple(EXPLAINERS)
    adversaries = settings.adversaries or tuple(ADVERSARIES)
    return LeaderboardResults(
        versions=merged_versions(records),
        seed=settings.seed,
        settings=msgspec.json.decode(msgspec.json.encode(settings)),
        rules={**RULES, "deceived": DECEIVED},
        datasets=[dataset_note(_dataset(name, cells), records) for name in settings.datasets],
        explainer_settings={
            name: msgspec.json.decode(canonical_json(EXPLAINERS[name].part)) for name in names
        },
        adversaries=[
            AdversaryNote(
                name=name,
                mechanism=ADVERSARIES[name].mechanism,
                source=ADVERSARIES[name].source,
                access=ADVERSARIES[name].access,
            )
            for name in adversaries
        ],
        metrics=[metric_note(metric_specs()[entry.name]) for entry in entries],
        trials=[note for unit in units for note in _trials(unit)],
        scores=[
            score(own, column, entry, level)
            for column, entry in enumerate(entries)
            for level, own in _levels(units)
        ],
        curves=list(curve_points(found, entries, settings.fidelity_floor)),
        distributions=list(_distributions(units, entries)),
        cells=count_cells(cells, records),
        n_queries=sum(record.n_queries for record in records),
        seconds=sum(record.seconds for record in records),
    )


def _judged(records: Sequence[Record]) -> list[MetricEntry]:
    """Return the metrics with a direction that any record holds, in the catalogue's order."""
    measured = {name for record in records for name in record.rows}
    return [
        spec
        for name, spec in metric_specs().items()
        if name in measured and spec.direction != "none" and spec.kind not in _LEFT_OUT
    ]


def _levels(units: Sequence[Unit]) -> Iterator[tuple[tuple[str, str], list[Unit]]]:
    """Return all units, those of each explainer, of each data set, and each alone."""
    yield ("", ""), list(units)
    for name in sorted({unit.explainer for unit in units}):
        yield (name, ""), [unit for unit in units if unit.explainer == name]
    for name in sorted({unit.dataset for unit in units}):
        yield ("", name), [unit for unit in units if unit.dataset == name]
    for unit in units:
        yield (unit.explainer, unit.dataset), [unit]


def _trials(unit: Unit) -> Iterator[TrialNote]:
    for trial in unit.trials:
        yield TrialNote(
            dataset=unit.dataset,
            explainer=unit.explainer,
            adversary=trial.adversary,
            attack_setting=trial.attack_setting,
            fidelity=number(trial.fidelity),
            moved=number(trial.moved),
            broken=trial.broken,
            deceives=trial.deceives,
        )


def _distributions(units: Sequence[Unit], entries: Sequence[MetricEntry]) -> Iterator[Distribution]:
    told = [trial for unit in units for trial in unit.trials if trial.deceives and not trial.broken]
    for column, entry in enumerate(entries):
        for model in ("honest", "attacked", "innocent"):
            parts = [trial.values[model][:, column] for trial in told if model in trial.values]
            values = np.concatenate(parts) if parts else np.empty(0)
            values = values[np.isfinite(values)]
            yield Distribution(
                metric=entry.name,
                model=model,
                quantiles=np.quantile(values, _QUANTILES).tolist() if len(values) else [],
                n=len(values),
            )


def _dataset(name: str, cells: Sequence[Cell]) -> Part:
    """Return a data set as tables and models know it."""
    cell = next(cell for cell in cells if cell.dataset.name == name)
    return Judging.taken_from(cell.dataset)[1]
