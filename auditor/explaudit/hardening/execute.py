"""One cell of a benchmark of hardened explainers: make the model, explain rows of it."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import numpy as np
import pandas as pd

from explaudit import registry
from explaudit.cells import Cell, Part, Record, content_id
from explaudit.metrics.sensitive import sensitive_share, sensitive_top
from explaudit.metrics.spec import MetricContext
from explaudit.provenance import versions
from explaudit.seeds import derive_seed, generator
from explaudit.study.execute import as_json
from explaudit.study.halves import Halves, split_halves
from explaudit.study.scenarios import Kept

__all__ = ["CPU", "FIRST", "SHARE", "execute"]

#: Names in a record: whether the sensitive feature stands first, its share of the attributions, and
#: the processor time of the explanations alone.
FIRST, SHARE, CPU = "sensitive_top1", "sensitive_share", "explain_cpu_seconds"

# neighbouring cells share them
_halves = Kept(2)
_models = Kept(4)
_attacked = Kept(6)


def execute(cell: Cell) -> Record:
    """Explain rows of one model: a pure function of the cell, but for the seconds that it took."""
    started = time.perf_counter()
    halves = _halves.get(
        content_id([cell.dataset, cell.replicate, cell.seed]),
        lambda: split_halves(cell.dataset, replicate=cell.replicate, seed=cell.seed),
    )
    honest = _models.get(
        content_id([cell.dataset, cell.model, cell.replicate, cell.seed]),
        lambda: _fitted(cell.model, cell, halves),
    )
    model, scalars = honest, dict[str, float | None]()
    if cell.attack is not None:
        parts = [cell.dataset, cell.model, cell.innocuous, cell.attack, cell.replicate, cell.seed]
        model, scalars = _attacked.get(content_id(parts), lambda: _attack(cell, halves, honest))
    return _explained(cell, halves, model, scalars, started)


def _explained(
    cell: Cell, halves: Halves, model: Any, scalars: dict[str, float | None], started: float
) -> Record:
    assert cell.explainer is not None
    rows, background = _chosen(cell, halves)
    explainer = registry.create("explainers", cell.explainer.name, cell.explainer.settings)
    # the models of a replicate are explained with the same draws, so that they differ by the model
    seed = derive_seed(
        cell.seed, "explain", cell.dataset.name, cell.explainer_setting, cell.replicate
    )
    began = time.process_time()
    found = explainer.explain(halves.scenario(model, rows, background), seed=seed)
    cpu_seconds = time.process_time() - began
    context = MetricContext(sensitive=(halves.table.roles.sensitive,))
    return Record(
        cell_id=cell.id,
        cell=cell,
        status="ok",
        rows={
            FIRST: as_json(sensitive_top(1)(found, context)),
            SHARE: as_json(sensitive_share(found, context)),
            CPU: [round(cpu_seconds / len(rows), 4)] * len(rows),
        },
        scalars=dict(scalars),
        row_ids=[int(i) for i in rows.index],
        n_queries=found.n_queries,
        seconds=time.perf_counter() - started,
        versions=versions(),
        data_sha256=halves.table.sha256,
    )


def _chosen(cell: Cell, halves: Halves) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the auditor's rows to explain and, as background, all others."""
    n_rows = cell.n_rows or 0
    if not 0 < n_rows < len(halves.auditor):
        raise ValueError(f"n_rows is {n_rows}, of {len(halves.auditor)} rows")
    rng = generator(cell.seed, "explained", cell.dataset.name, cell.replicate)
    order = rng.permutation(len(halves.auditor))
    rows, background = (np.sort(part) for part in np.split(order, [n_rows]))
    return halves.auditor.iloc[rows], halves.auditor.iloc[background]


def _fitted(part: Part, cell: Cell, halves: Halves) -> Any:
    """Fit a model to the true outcomes of the attacker's rows."""
    model = registry.create("models", part.name, part.settings)
    if "random_state" in model.get_params():
        key = ("model", part.name, cell.dataset.name, cell.replicate)
        model.set_params(random_state=derive_seed(cell.seed, *key))
    return model.fit(halves.attacker, halves.outcomes)


def _attack(cell: Cell, halves: Halves, honest: Any) -> tuple[Any, dict[str, float | None]]:
    """Return the attacked model and, on the auditor's rows, how it behaves."""
    assert cell.attack is not None
    settings = {**cell.attack.settings, "innocuous": msgspec.to_builtins(cell.innocuous)}
    attack = registry.create("attacks", cell.attack.name, settings)
    scenario = halves.scenario(honest, halves.auditor.iloc[:1], halves.attacker)
    # without the model: gates know neither f nor psi, so that attacks differ by these alone
    key = content_id([cell.dataset, cell.attack])
    seed = derive_seed(cell.seed, "attack", key, cell.replicate)
    attacked = attack.apply(scenario, seed=seed).model
    agrees = attacked.predict(halves.auditor) == honest.predict(halves.auditor)
    quality = {
        f"gate_{name}": None if np.isnan(value) else float(value)
        for name, value in attacked.gate_quality_.items()
    }
    return attacked, {"fidelity": float(np.mean(agrees)), **quality}
