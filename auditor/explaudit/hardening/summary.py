"""From the records of a benchmark of hardened explainers to its results."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

import msgspec

from explaudit.cells import SCHEMA_VERSION, Cell, Part, Record, canonical_json
from explaudit.hardening.plan import BIASES, HardeningSettings
from explaudit.hardening.rates import TARGETS, Measure, Rate, Word, rates, word_of
from explaudit.hardening.rows import CellRow, Model, cell_row
from explaudit.results import DatasetNote
from explaudit.study.notes import dataset_note
from explaudit.study.summary import merged_versions

__all__ = ["Cost", "HardeningResults", "Judged", "summarise_hardening"]


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one target for one explainer.

    Attributes
    ----------
    explainer : str
        Its name.
    bias : str
        Of the biased model.
    measure, model : str
        What is measured of what, as in :class:`~explaudit.hardening.rates.Rate`.
    goal : float
        What is to be reached.
    word : {"met", "missed", "cannot say"}
        By the interval over all data sets.
    average, worst : float or None
        Mean of the data sets' values, and the least of them; None if none is defined.
    worst_dataset : str
        Where the least one is.
    """

    explainer: str
    bias: str
    measure: Measure
    model: Model
    goal: float
    word: Word
    average: float | None
    worst: float | None
    worst_dataset: str


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What an explained row costs: medians and the most over cells, None if nothing is done."""

    explainer: str
    queries: float | None
    cpu_seconds: float | None
    cpu_seconds_most: float | None


class HardeningResults(msgspec.Struct, frozen=True, kw_only=True):
    """All of results.json.

    Attributes
    ----------
    settings : dict
        The benchmark's settings.
    versions : dict of str to str
        Of the packages that computed it.
    datasets : list of DatasetNote
        What must be said about the data.
    explainers : dict of str to dict
        Settings by name, in the order in which explainers are shown.
    rates : tuple of Rate
        How often the sensitive feature stands first, and such rates compared.
    judged : tuple of Judged
        The targets, for every explainer and bias.
    costs : tuple of Cost
        By explainer.
    cells : tuple of CellRow
        Every planned cell.
    planned, done, failed : int
        Cells; failed ones are done.
    """

    schema_version: int = SCHEMA_VERSION
    settings: dict[str, Any]
    versions: dict[str, str]
    datasets: list[DatasetNote]
    explainers: dict[str, dict[str, Any]]
    rates: tuple[Rate, ...]
    judged: tuple[Judged, ...]
    costs: tuple[Cost, ...]
    cells: tuple[CellRow, ...]
    planned: int
    done: int
    failed: int


def summarise_hardening(
    settings: HardeningSettings, cells: Sequence[Cell], records: Sequence[Record]
) -> HardeningResults:
    """Summarise whatever records there are.

    Parameters
    ----------
    settings : HardeningSettings
        The benchmark's settings.
    cells : sequence of Cell
        Every cell that was planned.
    records : sequence of Record
        Of a benchmark, as far as it is done.
    """
    by_id = {record.cell_id: record for record in records}
    rows = tuple(cell_row(cell, by_id.get(cell.id)) for cell in cells)
    # in the order of canonical JSON, so that results rebuilt from a log are the same to the byte
    explainers = {
        cell.explainer.name: msgspec.json.decode(canonical_json(cell.explainer.settings))
        for cell in cells
        if cell.explainer is not None
    }
    found = tuple(rates(rows, settings.seed))
    return HardeningResults(
        settings=msgspec.to_builtins(settings),
        versions=merged_versions(records),
        datasets=[
            dataset_note(Part(name, {"protocol": "sound"}), records) for name in settings.datasets
        ],
        explainers=explainers,
        rates=found,
        judged=tuple(
            _judged(found, explainer, bias, *target)
            for explainer in explainers
            for bias in BIASES
            for target in TARGETS
        ),
        costs=tuple(_cost(rows, explainer) for explainer in explainers),
        cells=rows,
        planned=len(rows),
        done=sum(row.status != "planned" for row in rows),
        failed=sum(row.status == "failed" for row in rows),
    )


def _judged(
    found: Sequence[Rate], explainer: str, bias: str, measure: Measure, model: Model
) -> Judged:
    own = [
        rate
        for rate in found
        if (rate.explainer, rate.bias, rate.measure, rate.model)
        == (explainer, bias, measure, model)
    ]
    pooled = next((rate for rate in own if not rate.dataset), None)
    parts = [(rate.value, rate.dataset) for rate in own if rate.dataset and rate.value is not None]
    worst, where = min(parts, default=(None, ""))
    return Judged(
        explainer=explainer,
        bias=bias,
        measure=measure,
        model=model,
        goal=TARGETS[measure, model],
        word=word_of(pooled),
        average=sum(value for value, _ in parts) / len(parts) if parts else None,
        worst=worst,
        worst_dataset=where,
    )


def _cost(rows: Sequence[CellRow], explainer: str) -> Cost:
    own = [row for row in rows if row.explainer == explainer]
    queries = [row.queries_per_row for row in own if row.queries_per_row is not None]
    seconds = [row.cpu_seconds_per_row for row in own if row.cpu_seconds_per_row is not None]
    return Cost(
        explainer=explainer,
        queries=median(queries) if queries else None,
        cpu_seconds=median(seconds) if seconds else None,
        cpu_seconds_most=max(seconds, default=None),
    )
