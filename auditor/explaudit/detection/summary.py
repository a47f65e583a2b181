"""From the records of a benchmark to its results: false alarms, detections, curves, cost."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

import msgspec
import numpy as np

from explaudit.audit.calibration import CALIBRATION
from explaudit.audit.regime_results import tail
from explaudit.cells import SCHEMA_VERSION, Cell, Part, Record
from explaudit.detection.baselines import baseline_cell, is_baseline
from explaudit.detection.curves import Curve, curves
from explaudit.detection.rates import Rate, rates, rates_of_tests
from explaudit.detection.regime_tests import KINDS_OF_TEST, KindOfTest, kind_of_test, regime_scores
from explaudit.detection.rows import (
    AuditRow,
    audit_row,
    is_tuned,
)
from explaudit.detection.settings import DetectionSettings
from explaudit.results import DatasetNote
from explaudit.study.notes import dataset_note
from explaudit.study.summary import merged_versions

__all__ = ["Cost", "DetectionResults", "fitted_scale", "summarise_detection"]

_FALSE_ALARMS = ((), ("dataset",), ("kind",), ("answers",), ("task",), ("kind", "model"))
_DETECTIONS = (
    ("explainer",),
    ("explainer", "dataset"),
    ("explainer", "adversary", "strength"),
    ("explainer", "innocuous"),
    ("explainer", "answers"),
    ("explainer", "task"),
    ("explainer", "hidden_share"),
)


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What audits on a data set cost.

    Attributes
    ----------
    dataset : str
        Name of the data set.
    budget : int
        Rows that an audit may send.
    n : int
        Audits.
    queries : int
        Rows that were sent, in the median audit.
    cpu_median, cpu_most, cpu_total : float or None
        Seconds of processor time of the median audit, the longest one, and all of them; None where
        they were not measured.
    """

    dataset: str
    budget: int
    n: int
    queries: int
    cpu_median: float | None
    cpu_most: float | None
    cpu_total: float | None


class DetectionResults(msgspec.Struct, frozen=True, kw_only=True):
    """What a benchmark of detectors came to.

    Attributes
    ----------
    settings : dict
        The benchmark's settings.
    versions : dict of str to str
        Of the packages that computed it.
    datasets : list of DatasetNote
        What must be said about the data.
    calibration : dict of str to float
        The calibration that alarms were judged with.
    fitted : dict of str to float or None
        The calibration that the tuned part of these records would give.
    false_alarms : tuple of Rate
        On honest models that nothing was tuned on: of all, by data set, kind, answers and model;
        and, of the tests that need a log of decisions alone, of all.
    tests : tuple of Rate
        False alarms of each kind of test alone, before any allowance for the others.
    detections : tuple of Rate
        On effective attacks, by explainer and data set, adversary and bias, innocent model,
        answers and share that is hidden; the plain attack's by bias alone; those of a larger
        budget and those with a log of decisions apart.
    curves : tuple of Curve
        Detections against false alarms, of the whole audit and of each test alone.
    costs : tuple of Cost
        Processor time and queries.
    audits : tuple of AuditRow
        Every planned audit.
    harmless : int
        Attacks that hid too little to count.
    planned, done, failed : int
        Audits; failed ones are done.
    baselines : tuple of int
        How often plain tools were to judge the same models, and how often they have been.
    baselines_failed : dict of str to int
        Why they failed, and how often.
    """

    schema_version: int = SCHEMA_VERSION
    settings: dict[str, Any]
    versions: dict[str, str]
    datasets: list[DatasetNote]
    calibration: dict[str, float]
    fitted: dict[str, float | None]
    false_alarms: tuple[Rate, ...]
    tests: tuple[Rate, ...]
    detections: tuple[Rate, ...]
    curves: tuple[Curve, ...]
    costs: tuple[Cost, ...]
    audits: tuple[AuditRow, ...]
    harmless: int
    planned: int
    done: int
    failed: int
    baselines: tuple[int, int] = (0, 0)
    baselines_failed: dict[str, int] = {}


def summarise_detection(
    settings: DetectionSettings, cells: Sequence[Cell], records: Sequence[Record]
) -> DetectionResults:
    """Summarise whatever records there are.

    Parameters
    ----------
    settings : DetectionSettings
        The benchmark's settings.
    cells : sequence of Cell
        Every cell that was planned.
    records : sequence of Record
        Of a benchmark, as far as it is done.
    """
    by_id = {record.cell_id: record for record in records}
    plain = {cell.id: by_id.get(cell.id) for cell in cells if is_baseline(cell)}
    judged = [cell for cell in cells if cell.id not in plain]
    audits = tuple(
        audit_row(cell, by_id.get(cell.id), _done(plain.get(baseline_cell(cell).id)), settings)
        for cell in judged
    )
    honest = [
        r
        for r in records
        if r.status == "ok" and r.cell.role == "honest" and r.cell_id not in plain
    ]
    return DetectionResults(
        settings=msgspec.to_builtins(settings),
        versions=merged_versions(records),
        datasets=[
            dataset_note(Part(name, {"protocol": "sound"}), records) for name in settings.datasets
        ],
        calibration=dataclasses.asdict(CALIBRATION),
        fitted={kind: fitted_scale(honest, kind) for kind in KINDS_OF_TEST},
        false_alarms=(
            *rates(audits, "judged", _FALSE_ALARMS),
            *rates(audits, "logged_honest", [()]),
        ),
        tests=tuple(rates_of_tests(audits)),
        detections=tuple(_detections(audits)),
        curves=tuple(curves(audits)),
        costs=tuple(_costs(audits)),
        audits=audits,
        harmless=sum(row.counts == "harmless" for row in audits),
        planned=len(judged),
        done=sum(row.status != "planned" for row in audits),
        failed=sum(row.status == "failed" for row in audits),
        baselines=(len(plain), sum(record is not None for record in plain.values())),
        baselines_failed={
            record.reason: sum(r is not None and r.reason == record.reason for r in plain.values())
            for record in plain.values()
            if record is not None and record.status == "failed"
        },
    )


def _done(record: Record | None) -> Record | None:
    return record if record is not None and record.status == "ok" else None


def fitted_scale(honest: Iterable[Record], kind: KindOfTest) -> float | None:
    """Return the least factor that holds both 5 % and 1 % on the models that may be tuned on.

    It is never below 1: models on other data may stray from their twins at least as far as the
    twins do from each other.

    Parameters
    ----------
    honest : iterable of Record
        Audits of honest models.
    kind : {"named", "scan", "changes"}
        Of the sensitive features, of all others, or of changes of the sensitive ones.

    Returns
    -------
    float or None
        In steps of 0.05, from 1; None without any such audit, or if 5 does not suffice.
    """
    scores = [
        score
        for record in honest
        if is_tuned(record.cell)
        for name, score in regime_scores(record).items()
        if kind_of_test(name) == kind
    ]
    if not scores:
        return None
    for scale in np.arange(1.0, 5.001, 0.05):
        p_values = np.array([tail(*score, float(scale)) for score in scores])
        if (p_values <= 0.05).mean() <= 0.05 and (p_values <= 0.01).mean() <= 0.01:
            return round(float(scale), 2)
    return None


def _detections(audits: Sequence[AuditRow]) -> list[Rate]:
    # among plain attacks nothing but the bias and the innocent model differs
    plain = [row for row in audits if row.adversary == "plain"]
    return [
        *rates(audits, "effective", _DETECTIONS),
        *rates(plain, "effective", [("explainer", "strength")]),
        *rates(audits, "larger_budget", [("explainer", "strength", "budget")]),
        *rates(audits, "logged", [("explainer",)]),
    ]


def _costs(audits: Sequence[AuditRow]) -> list[Cost]:
    done = [row for row in audits if row.status == "ok"]
    found = []
    for dataset, budget in sorted({(row.dataset, row.budget) for row in done}):
        own = [row for row in done if (row.dataset, row.budget) == (dataset, budget)]
        seconds = [row.cpu_seconds for row in own if row.cpu_seconds is not None]
        found.append(
            Cost(
                dataset=dataset,
                budget=budget,
                n=len(own),
                queries=round(median(row.queries for row in own)),
                cpu_median=median(seconds) if seconds else None,
                cpu_most=max(seconds, default=None),
                cpu_total=sum(seconds) if seconds else None,
            )
        )
    return found
