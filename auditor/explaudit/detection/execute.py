"""One audit of a benchmark: make the model, see how much it hides, audit it."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from explaudit import registry
from explaudit.audit.outcome import Verdict
from explaudit.audit.run import audit
from explaudit.audit.settings import AuditSettings
from explaudit.audit.target import Answers
from explaudit.cells import Cell, Record
from explaudit.detection.baselines import baseline_detectors, baseline_scores, is_baseline
from explaudit.detection.plan import has_log
from explaudit.detection.settings import EXPLAINERS
from explaudit.detection.tasks import Task, prepare_task, sensitive_of, task_name, task_of
from explaudit.provenance import versions
from explaudit.scenario import Output, Scenario
from explaudit.seeds import derive_seed, generator
from explaudit.study.halves import Halves, halves_of
from explaudit.study.tables import StudyTable

__all__ = ["execute"]

#: What is asked of every model; tests that need further evidence have none here.
_DETECTORS = ("regime", "consistency", "near_duplicates")
_WITH_LOG = "replay"

#: Samples to see with how much an attack hides: fewer than by default, for a mean over many rows.
_SAMPLES = {"lime": {"num_samples": 2000}, "kernel_shap": {"nsamples": 512}}


#: What is explained to see how much is hidden: the second of two classes, the lowest of several,
#: which a biased model gives the protected group more often, or the number.
_EXPLAINED: dict[Task, tuple[Output, int]] = {
    "binary": ("label", 1),
    "classes": ("label", 0),
    "values": ("value", 0),
}


def execute(cell: Cell) -> Record:
    """Audit one model: a pure function of the cell, but for the seconds that it took."""
    started = time.perf_counter()
    halves, plain = _halves(cell), is_baseline(cell)
    model = _honest(cell, halves)
    scalars: dict[str, float | None] = {}
    decisions = None
    if cell.attack is not None:
        honest, model = model, _attacked(cell, halves, model)
        if not plain:
            scalars |= _effect(cell, halves, honest, model)
            decisions = _log(cell, halves, honest)
    answers = _answers(cell, model)
    settings = AuditSettings(
        sensitive=sensitive_of(cell.dataset, halves.table),
        explainers=tuple(part for part, _ in EXPLAINERS.values()),
        budget=int(cell.dataset.settings["budget"]),
        answers=answers,
        seed=derive_seed(cell.seed, "audit", cell.id),
    )
    names: tuple[str, ...] = _DETECTORS if decisions is None else (*_DETECTORS, _WITH_LOG)
    if has_log(cell):
        decisions, names = _logged_by(model, halves), (_WITH_LOG,)
    detectors = tuple(registry.create("detectors", name) for name in names)
    began = time.process_time()
    found = audit(
        model,
        halves.auditor,
        settings,
        categorical=_categorical(halves.table),
        detectors=baseline_detectors() if plain else detectors,
        decisions=decisions,
        decision_column="decision" if decisions is not None else "",
    )
    figures = (
        baseline_scores(found.verdict, [*EXPLAINERS])
        if plain
        else _figures(found.verdict) | {"labels": float(answers == "labels")}
    )
    return Record(
        cell_id=cell.id,
        cell=cell,
        status="ok",
        scalars=scalars | figures,
        n_queries=found.verdict.queries,
        rows={"audit_cpu_seconds": [round(time.process_time() - began, 3)]},
        seconds=time.perf_counter() - started,
        versions=versions(),
        data_sha256=halves.table.sha256,
    )


def _answers(cell: Cell, model: Any) -> Answers:
    """Return what the auditor gets: of a classifier perhaps labels only, though it has scores."""
    if task_of(cell.dataset) == "values":
        return "values"
    labels = _labels_only(cell) or not hasattr(model, "predict_proba")
    return "labels" if labels else "probabilities"


def _labels_only(cell: Cell) -> bool:
    if task_name(cell.dataset) != "binary":
        # of each there is one replicate alone, so that half of them are drawn
        return derive_seed(cell.seed, "labels", cell.id) % 2 == 0
    if cell.attack is None:
        return cell.replicate % 2 == 0
    # there are few replicates, so that half of the attacks are drawn
    return derive_seed(cell.seed, "labels", cell.dataset.name, cell.attack_setting) % 2 == 0


def _figures(verdict: Verdict) -> dict[str, float | None]:
    outcome = {"fail": 1.0, "pass": 0.0, "inconclusive": None}[verdict.outcome]
    figures: dict[str, float | None] = {"alarm": outcome}
    for test in verdict.tests:
        figures[f"p_value: {test.name}"] = test.p_value
        figures[f"score: {test.name}"] = test.score
        for detail, value in test.details.items():
            figures[f"{detail}: {test.name}"] = value
    for hidden in verdict.hidden:
        key = f"hidden: {hidden.explainer}"
        known = figures.get(key)
        # of several sensitive features, the one of which most is hidden
        figures[key] = hidden.estimate if known is None else max(known, hidden.estimate)
    return figures


def _halves(cell: Cell) -> Halves:
    return halves_of(prepare_task(cell.dataset, replicate=cell.replicate, seed=cell.seed))


def _honest(cell: Cell, halves: Halves) -> Any:
    """Fit the honest model to a bootstrap sample of the attacker's rows."""
    random_state = derive_seed(cell.seed, "model", cell.dataset.name, cell.replicate) % 2**31
    takes_seed = cell.model.name in ("honest", "hard_negative")
    settings = {**cell.model.settings, **({"random_state": random_state} if takes_seed else {})}
    model = registry.create("models", cell.model.name, settings)
    rng = generator(cell.seed, "bootstrap", cell.dataset.name, cell.replicate)
    drawn = rng.integers(0, len(halves.attacker), len(halves.attacker))
    return model.fit(halves.attacker.iloc[drawn], halves.outcomes.iloc[drawn])


def _attacked(cell: Cell, halves: Halves, honest: Any) -> Any:
    assert cell.attack is not None
    innocuous = registry.create("models", cell.innocuous.name, cell.innocuous.settings)
    if cell.innocuous.name == "mimic":
        innocuous = innocuous.fit(halves.attacker, honest.predict(halves.attacker))
    attack = registry.create(
        "attacks", cell.attack.name, {**cell.attack.settings, "innocuous": innocuous}
    )
    scenario = _scenario(cell, halves, honest, halves.auditor.iloc[:1], halves.attacker)
    seed = derive_seed(cell.seed, "attack", cell.dataset.name, cell.replicate, cell.attack_setting)
    return attack.apply(scenario, seed=seed).model


def _scenario(
    cell: Cell, halves: Halves, model: Any, rows: pd.DataFrame, background: pd.DataFrame
) -> Scenario:
    output, class_index = _EXPLAINED[task_of(cell.dataset)]
    plain = halves.scenario(model, rows, background)
    return plain.replace(output=output, class_index=class_index)


def _effect(cell: Cell, halves: Halves, honest: Any, attacked: Any) -> dict[str, float | None]:
    """Return how faithful the attack is, and how much of the sensitive features it hides.

    What it hides is told for the explainer as an auditor runs it, with a background of his own,
    and with the attacker's rows for background, which the gate has seen.
    """
    assert cell.explainer is not None
    settings = {**cell.explainer.settings, **_SAMPLES[cell.explainer.name]}
    explainer = registry.create("explainers", cell.explainer.name, settings)
    rng = generator(cell.seed, "explained", cell.dataset.name, cell.replicate)
    chosen = rng.permutation(len(halves.auditor))[: cell.n_rows]
    rows = halves.auditor.iloc[np.sort(chosen)]
    named = sensitive_of(cell.dataset, halves.table)
    columns = [halves.table.encoder.index(name) for name in named]

    def sizes(model: Any, background: pd.DataFrame) -> npt.NDArray[np.float64]:
        scenario = _scenario(cell, halves, model, rows, background)
        return np.asarray(np.abs(explainer.explain(scenario, seed=cell.seed).values))

    agrees = _agrees(honest.predict(halves.auditor), attacked.predict(halves.auditor))
    found: dict[str, float | None] = {"fidelity": agrees}
    for suffix, background in (("", halves.auditor), ("_handed_over", halves.attacker)):
        before, after = sizes(honest, background), sizes(attacked, background)
        openly, left = (float(size[:, columns].sum(axis=1).mean()) for size in (before, after))
        hidden = 1 - left / openly if openly > 0 else None
        found |= {
            f"hidden_share{suffix}": hidden,
            f"top_before{suffix}": float(np.isin(before.argmax(axis=1), columns).mean()),
            f"top_after{suffix}": float(np.isin(after.argmax(axis=1), columns).mean()),
        }
    return found


def _agrees(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> float:
    """Return the share of rows that are answered alike; of numbers up to rounding."""
    alike = np.isclose(one, other) if one.dtype.kind == "f" else one == other
    return float(np.mean(alike))


def _log(cell: Cell, halves: Halves, honest: Any) -> pd.DataFrame | None:
    """Return the decision log that an auditor of a whitelist is given: the model's own rows."""
    assert cell.attack is not None
    if cell.attack.settings["adversary"] != "whitelist":
        return None
    return _logged_by(honest, halves)


def _logged_by(model: Any, halves: Halves) -> pd.DataFrame:
    # in one piece: many columns were put together one by one
    return halves.attacker.copy().assign(decision=model.predict(halves.attacker))


def _categorical(table: StudyTable) -> tuple[str, ...]:
    """Return the numeric columns that the table's encoder takes for names of levels."""
    features = (table.encoder.features[j] for j in table.encoder.categorical)
    numeric = set(table.train.select_dtypes("number").columns)
    return tuple(f.columns[0] for f in features if len(f.columns) == 1 and f.name in numeric)
