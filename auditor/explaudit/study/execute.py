"""What is done for one cell."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from explaudit import registry
from explaudit.attributions import Attributions
from explaudit.behaviour import behaviour_rows
from explaudit.cells import Cell, Record
from explaudit.explainer import Explainer
from explaudit.metrics import MetricContext, row_metrics
from explaudit.provenance import versions
from explaudit.scenario import Display, Scenario
from explaudit.seeds import derive_seed, generator
from explaudit.study.scenarios import Prepared, encoder_for, prepared

__all__ = ["Explained", "as_json", "behaviour", "execute", "explain", "explanation", "record"]


@dataclass(frozen=True, eq=False)
class Explained:
    """What an explainer says of a cell's rows, and what it was handed.

    Attributes
    ----------
    explainer : Explainer
    scenario : Scenario
        With the rows that were explained.
    seed : int
        With which they were.
    attributions : Attributions
        Values of shape (n_rows, n_features).
    """

    explainer: Explainer
    scenario: Scenario
    seed: int
    attributions: Attributions


def execute(cell: Cell) -> Record:
    """Measure one cell: a pure function of the cell, but for the seconds that it took."""
    started = time.perf_counter()
    made = prepared(cell)
    if cell.kind == "behaviour":
        return record(cell, made, behaviour(made), started)
    explained = explain(cell, made)
    context = MetricContext(
        sensitive=(made.table.roles.sensitive,),
        unrelated=made.table.unrelated,
        ties="listed" if cell.dataset.settings["protocol"] == "published" else "fractional",
    )
    values, reasons = row_metrics(explained.attributions, context)
    return record(cell, made, explanation(explained, values, reasons), started)


def record(cell: Cell, made: Prepared, measured: dict[str, Any], started: float) -> Record:
    """Return the record of a cell that is done.

    Parameters
    ----------
    cell : Cell
    made : Prepared
        What it looked at.
    measured : dict of str to object
        The record's values, from :func:`explanation` or :func:`behaviour`.
    started : float
        What `time.perf_counter` said when the cell was begun.
    """
    return Record(
        cell_id=cell.id,
        cell=cell,
        status="ok",
        seconds=time.perf_counter() - started,
        versions=versions(),
        data_sha256=made.table.sha256,
        **measured,
    )


def explain(cell: Cell, made: Prepared) -> Explained:
    """Explain a cell's rows.

    Raises
    ------
    InvalidInputError
        If the explainer does not take its settings, or the model's answers are unusable.
    """
    assert cell.explainer is not None
    table = made.table
    encoder = encoder_for(table, cell.explainer)
    scenario = Scenario(
        rows=_chosen_rows(table.test, cell),
        model=made.looked_at,
        background=table.train,
        encoder=encoder,
        display=Display(encoder.names),
    )
    explainer = registry.create("explainers", cell.explainer.name, cell.explainer.settings)
    # the models of a replicate are explained with the same draws, so that they differ by the model
    key = f"{cell.dataset.name}/{cell.explainer_setting}"
    seed = derive_seed(cell.seed, "explain", key, cell.replicate)
    return Explained(explainer, scenario, seed, explainer.explain(scenario, seed=seed))


def explanation(
    explained: Explained, values: dict[str, npt.NDArray[np.float64]], reasons: dict[str, int]
) -> dict[str, Any]:
    """Return what a record holds of explanations.

    Parameters
    ----------
    explained : Explained
    values : dict of str to ndarray of shape (n_rows,)
        By metric.
    reasons : dict of str to int
        Why values are undefined, and for how many rows.
    """
    found = explained.attributions
    return {
        "rows": {name: as_json(own) for name, own in values.items()},
        "scalars": _engine_scalars(found),
        "reasons": reasons | _fallback(found),
        "row_ids": [int(i) for i in explained.scenario.rows.index],
        "n_queries": found.n_queries,
    }


#: What the record calls the numbers that an explainer with a batched engine notes.
_ENGINE_SCALARS = {
    "deviation": "deviation_from_library",
    "rows_asked": "rows_asked",
    "rows_sent": "rows_sent",
    "rows_verified": "rows_verified",
    "verification_queries": "verification_queries",
}


def _engine_scalars(found: Attributions) -> dict[str, float | None]:
    """Return what is known about the engine; nothing for an explainer that has but one."""
    if "engine" not in found.notes:
        return {}
    numbers: dict[str, float | None] = {
        scalar: float(found.notes[note])
        for note, scalar in _ENGINE_SCALARS.items()
        if note in found.notes
    }
    if "rows_verified" in numbers:
        # undefined where only one of the two could explain a row
        numbers.setdefault("deviation_from_library", None)
    return {"batched_engine": float(found.notes["engine"] == "batched"), **numbers}


def _fallback(found: Attributions) -> dict[str, int]:
    """Return why the library explained the rows though a batched engine was asked for."""
    if "fallback" not in found.notes:
        return {}
    return {f"explained by the library: {found.notes['fallback']}": len(found.values)}


def behaviour(made: Prepared) -> dict[str, Any]:
    """Return what a record holds of a model's behaviour on all held-out rows."""
    table = made.table
    rows = behaviour_rows(
        honest=made.honest,
        model=made.looked_at,
        innocent=made.innocent,
        frame=table.test,
        protected=table.protected(table.test),
        encoder=table.encoder,
        sensitive=table.roles.sensitive,
    )
    quality = getattr(made.looked_at, "gate_quality_", {})
    size = {"n_rows": len(table.train) + len(table.test), "n_features": len(table.encoder.names)}
    return {
        "rows": {name: as_json(values) for name, values in rows.items()},
        "scalars": {**size, **{f"gate_{name}": float(v) for name, v in quality.items()}},
        "row_ids": [int(i) for i in table.test.index],
    }


def _chosen_rows(test: pd.DataFrame, cell: Cell) -> pd.DataFrame:
    """Return the rows to explain: a larger number always contains the smaller one's rows."""
    if cell.n_rows is None or cell.n_rows >= len(test):
        return test
    rng = generator(cell.seed, "rows", cell.dataset.name, cell.replicate)
    return test.iloc[np.sort(rng.permutation(len(test))[: cell.n_rows])]


def as_json(values: npt.NDArray[np.float64]) -> list[float | None]:
    """Return numbers as JSON values: undefined is None, whole numbers are kept short."""
    return [None if np.isnan(v) else round(float(v), 12) for v in values]
