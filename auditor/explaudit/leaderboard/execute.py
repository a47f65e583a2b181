"""What is done for one cell of a leaderboard."""

from __future__ import annotations

import time

import msgspec

from explaudit.cells import Cell, Record
from explaudit.leaderboard.material import material
from explaudit.leaderboard.settings import Judging
from explaudit.metrics import MetricContext, metric_specs, row_metrics
from explaudit.study.execute import Explained, behaviour, explain, explanation, record
from explaudit.study.scenarios import Prepared, prepared

__all__ = ["execute"]


def execute(cell: Cell) -> Record:
    """Judge one cell: a pure function of the cell, but for the seconds that it took."""
    started = time.perf_counter()
    judging, dataset = Judging.taken_from(cell.dataset)
    # how explanations are judged must not change the models that are explained
    own = msgspec.structs.replace(cell, dataset=dataset)
    made = prepared(own)
    if cell.kind == "behaviour":
        return record(cell, made, behaviour(made), started)
    n_rows = judging.n_rows(cell.n_rows or len(made.table.test), len(made.table.encoder.names))
    own = msgspec.structs.replace(own, n_rows=n_rows)
    explained = explain(own, made)
    context = _context(own, made, explained, judging)
    values, reasons = row_metrics(explained.attributions, context)
    chosen = set(values) if judging.metrics is None else set(judging.metrics)
    values = {name: own for name, own in values.items() if name in chosen}
    # a reason is of a metric, or of a row that could not be explained
    dropped = metric_specs().keys() - chosen
    reasons = {text: n for text, n in reasons.items() if text.split(":")[0] not in dropped}
    return record(cell, made, explanation(explained, values, reasons), started)


def _context(cell: Cell, made: Prepared, explained: Explained, judging: Judging) -> MetricContext:
    specs = metric_specs()
    wanted = specs if judging.metrics is None else judging.metrics
    needs = frozenset(need for name in wanted for need in specs[name].material_needs)
    return MetricContext(
        sensitive=(made.table.roles.sensitive,),
        unrelated=made.table.unrelated,
        material=material(cell, made, explained, judging, needs) if needs else None,
    )
