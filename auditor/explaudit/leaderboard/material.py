"""What the explanations of a cell are judged by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from explaudit.behaviour import decisions
from explaudit.blocks import MixedDistance, draw_nearby, explain_nearby, nearest_alike, rows_at
from explaudit.cells import Cell, content_id
from explaudit.explainer import View
from explaudit.explainers._background import typical_row
from explaudit.leaderboard.peers import peers, unverified
from explaudit.leaderboard.settings import Judging
from explaudit.metrics.material import Material, Nearby
from explaudit.seeds import derive_seed, generator
from explaudit.study.execute import Explained
from explaudit.study.scenarios import Kept, Prepared
from explaudit.study.tables import StudyTable

__all__ = ["material"]

Array = npt.NDArray[np.float64]
Correct = Callable[[tuple[int, ...]], Array]

#: Retrained models' hits by table: they depend on no model that is judged.
_hits = Kept(4)


def material(
    cell: Cell, made: Prepared, explained: Explained, judging: Judging, needs: frozenset[str]
) -> Material:
    """Gather what metrics look at beside the attributions.

    Parameters
    ----------
    cell : Cell
        As tables and models know it.
    made : Prepared
        Its table and models.
    explained : Explained
        Its explanation.
    judging : Judging
        How many rows of each kind.
    needs : frozenset of str
        What metrics need; what takes explanations of its own is made only if one needs it.
    """
    scenario, table = explained.scenario, made.table
    encoder = scenario.encoder

    def query(matrix: Array) -> Array:
        return scenario.answer(encoder.decode(matrix))

    rows, background = encoder.encode(scenario.rows), encoder.encode(scenario.background)
    real = _real(table, cell, judging.n_real)
    real_rows = encoder.encode(real)
    key = (cell.dataset.name, cell.replicate)
    found = Material(
        rows=rows,
        answers=query(rows),
        query=query,
        reference=typical_row(View(rows, background, encoder, query), "median"),
        real_rows=real_rows,
        real_answers=query(real_rows),
        positions=np.asarray(real.index.get_indexer(scenario.rows.index), dtype=np.intp),
        distance=MixedDistance.of(real_rows, encoder.categorical),
        categorical=encoder.categorical,
        # the same draws for all models and explainers
        seed=derive_seed(cell.seed, "metrics", *key),
        protected=table.protected(scenario.rows),
        surrogate_answers=_surrogate_answers(explained, rows, background),
        peers=peers(cell, made, explained, needs),
        truth=_truth(cell, made, explained),
        correct_without=_correct_without(cell, table, scenario.rows),
    )
    if not needs & {"nearby drawn", "nearby real"}:
        return found
    return replace(found, nearby=_nearby(found, explained, background, judging.n_nearby))


def _real(table: StudyTable, cell: Cell, n: int) -> pd.DataFrame:
    """Draw real rows, in no order: of equally near ones, metrics take the first."""
    rows = pd.concat([table.train, table.test])
    rng = generator(cell.seed, "real rows", cell.dataset.name, cell.replicate)
    return rows.iloc[rng.permutation(len(rows))[:n]]


def _nearby(found: Material, explained: Explained, background: Array, n: int) -> dict[str, Nearby]:
    """Explain both kinds of rows nearby, in one call since each call prepares its explainer."""
    drawn = draw_nearby(found.rows, background, found.categorical, n, seed=found.seed)
    alike = nearest_alike(
        found.rows,
        decisions(found.answers),
        found.real_rows,
        decisions(found.real_answers),
        found.distance,
        min(n, len(found.real_rows)),
        allowed=found.allowed,
    )
    rows = np.concatenate([drawn, rows_at(found.real_rows, alike)], axis=1)
    there = ~np.isnan(rows).all(axis=2)
    answers = np.full(there.shape, np.nan)
    answers[there] = found.query(rows[there])
    explainer = unverified(explained.explainer)
    values = explain_nearby(explainer, explained.scenario, rows, seed=explained.seed).values
    return {
        "drawn": Nearby(rows[:, :n], answers[:, :n], values[:, :n]),
        "real": Nearby(rows[:, n:], answers[:, n:], values[:, n:]),
    }


def _surrogate_answers(explained: Explained, rows: Array, background: Array) -> Array | None:
    """Return what an additive explanation predicts for the rows; None where it is no model.

    LIME's weights are of "the value lies in the row's bin", which holds, or of standardised
    numbers; other explainers' attributions add up from their base value.
    """
    found = explained.attributions
    if "intercept" not in found.diagnostics:
        if np.isnan(found.base_values).all():
            return None
        return np.asarray(found.base_values + np.nansum(found.values, axis=1))
    inputs = np.ones_like(rows)
    if not found.settings.get("discretize_continuous", True):
        scale = np.where(np.ptp(background, axis=0) == 0, 1.0, background.std(axis=0))
        inputs = (rows - background.mean(axis=0)) / scale
        inputs[:, list(explained.scenario.encoder.categorical)] = 1.0
    shown = np.nansum(found.values * inputs, axis=1)
    return np.asarray(found.diagnostics["intercept"] + shown)


def _truth(cell: Cell, made: Prepared, explained: Explained) -> Array | None:
    """Return the true attributions, for models that decide real rows by a single feature.

    All of a row's answer less the mean answer belongs to that feature, as its Shapley value does.
    An attacked model decides real rows as f does, so that f's are the true ones of it too.
    """
    own, model = (
        (cell.innocuous, made.innocent) if cell.role == "innocent" else (cell.model, made.honest)
    )
    reads = own.settings.get("columns", [own.settings.get("column")])
    if own.name not in ("sensitive_rule", "unrelated_rule") or len(reads) != 1:
        return None
    scenario = explained.scenario.replace(model=model)
    truth = np.zeros((len(scenario.rows), len(scenario.encoder.names)))
    mean = scenario.answer(scenario.background).mean()
    truth[:, scenario.encoder.index(reads[0])] = scenario.answer(scenario.rows) - mean
    return truth


def _correct_without(cell: Cell, table: StudyTable, rows: pd.DataFrame) -> Correct:
    """Return what tells whether models retrained without features are right about rows."""
    key = content_id([cell.dataset, cell.replicate, cell.seed])
    hits: dict[tuple[int, ...], Array] = _hits.get(key, dict)
    places = table.test.index.get_indexer(rows.index)

    def correct(without: tuple[int, ...]) -> Array:
        left_out = tuple(sorted({int(j) for j in without}))
        if left_out not in hits:
            hits[left_out] = _retrained_hits(table, left_out)
        return hits[left_out][places]

    return correct


def _retrained_hits(table: StudyTable, left_out: tuple[int, ...]) -> Array:
    """Retrain a small model without some features; return where it is right, (n_test,)."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    encoder = table.encoder
    train, test = (encoder.encode(part) for part in (table.train, table.test))
    # without any feature there is still the commonest outcome
    train[:, left_out], test[:, left_out] = 0.0, 0.0
    model = HistGradientBoostingClassifier(
        max_iter=30,
        max_leaf_nodes=8,
        early_stopping=False,
        categorical_features=list(encoder.categorical),
    )
    predicted = model.fit(train, table.train_target).predict(test)
    return np.asarray(predicted == table.test_target.to_numpy(), dtype=np.float64)
