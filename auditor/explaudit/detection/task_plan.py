"""Which models a benchmark of detectors audits besides those of two classes and one feature."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any, Literal

from explaudit.cells import Cell, Part
from explaudit.detection.settings import EXPLAINERS, DetectionSettings, detection_cell
from explaudit.detection.tasks import OUTCOMES, SECOND, Task, table_part
from explaudit.study.roles import UNRELATED, roles

__all__ = ["task_cells"]

#: Ordinary models and hard negatives of each task, by the names of the tables of models.
_HONEST: dict[Task, tuple[str, ...]] = {
    "values": (
        "ridge",
        "knn_5",
        "tree_shallow",
        "forest_deep",
        "extra_trees",
        "hist_boosting",
        "xgboost_small",
        "mlp",
    ),
    "classes": (
        "logistic",
        "knn_5",
        "tree_shallow",
        "forest_deep",
        "hist_boosting",
        "xgboost_small",
        "mlp",
    ),
}
_HARD: dict[Task, tuple[str, ...]] = {
    "values": (
        "open_value_0.25",
        "open_value_0.5",
        "open_value_1.0",
        "deep_tree",
        "nearest_neighbour",
        "guarded_forest",
        "guarded_ridge",
    ),
    "classes": (
        "open_class_0.1",
        "open_class_0.3",
        "open_class_0.5",
        "deep_tree",
        "guard_whole_forest",
        "guard_hist_boosting",
    ),
}
#: Ordinary models of two classes, for audits that name two features; each table has two of them.
_ORDINARY = ("logistic", "forest_deep", "hist_boosting", "mlp", "knn_5", "xgboost_small")

#: What is hidden of each task: the openly biased model and its strength.
_HIDDEN: dict[Task, tuple[float, ...]] = {"values": (1.0, 0.5), "classes": (0.5, 0.3)}
_OPEN = {"values": "open_value", "classes": "open_class"}
_UNRELATED = {"values": "unrelated_values", "classes": "unrelated_classes"}

#: In an order that spares the smallest table, German credit, the stronger gate: it learns the few
#: real rows by heart and suspects all fresh ones, so that it hides a bias that is not there.
_ADVERSARIES = ("stronger_gate", "threshold_0.1", "dilution_0.5")

Rule = Literal["one", "both"]
_Attack = tuple[str, str]


def task_cells(settings: DetectionSettings) -> list[Cell]:
    """Return the audits of models of numbers and of three classes, and those of two features.

    Each honest model is audited on two of the data sets. The adversaries hide openly biased models:
    of each there is the plain one, and one more who takes turns.

    Parameters
    ----------
    settings : DetectionSettings
        Of the benchmark. Its replicates do not matter: of each model there is one.
    """
    cells: list[Cell] = []
    for task in ("values", "classes"):
        names = [name for name in settings.datasets if name in OUTCOMES]
        for place, name in enumerate(names):
            cells += _of_task(settings, task, name, place)
    names = [name for name in settings.datasets if name in SECOND]
    for place, name in enumerate(names):
        cells += _of_two_features(settings, name, place)
    return cells


def _of_task(settings: DetectionSettings, task: Task, name: str, place: int) -> Iterator[Cell]:
    played, dataset = roles(name, "sound"), table_part(name, settings.max_rows, task=task)
    group = {"column": played.sensitive, "threshold": 0.0, "negative_when": played.protected}
    # every second model on every second data set
    for member in _HONEST[task][place % 2 :: 2]:
        yield detection_cell(settings, dataset, Part("honest", {"member": member, "task": task}))
    for member in _HARD[task][place % 2 :: 2]:
        model = Part("hard_negative", {"member": member, "task": task, **group})
        yield detection_cell(settings, dataset, model)
    columns = list(UNRELATED) if task == "classes" else [UNRELATED[0]]
    shown = {
        "coin": Part(_UNRELATED[task], {"columns": columns}),
        "mimic": Part("mimic", {"column": played.sensitive, "task": task}),
    }
    for explainer, adversary, psi, strength in _turns(place, _HIDDEN[task]):
        hidden = {"member": f"{_OPEN[task]}_{strength}", "task": task, **group}
        model = Part("hard_negative", hidden)
        bias = f"{_OPEN[task].removeprefix('open_')}_{strength}"
        yield _attacked(settings, dataset, model, shown[psi], explainer, (adversary, psi), bias)


def _of_two_features(settings: DetectionSettings, name: str, place: int) -> Iterator[Cell]:
    played, (second, _) = roles(name, "sound"), SECOND[name]
    both = (played.sensitive, second)
    dataset = table_part(name, settings.max_rows, sensitive=both)
    for member in _ORDINARY[place % 3 * 2 :][:2]:
        yield detection_cell(settings, dataset, Part("honest", {"member": member}))
    for model in (_rule(name, "one"), _subgroup(name, 0.3), _rule(name, "both"), _parity(name)):
        yield detection_cell(settings, dataset, model)
    shown = {
        "coin": played.innocuous["one"],
        "mimic": Part("mimic", {"column": list(both)}),
    }
    for explainer, adversary, psi, rule in _turns(place, ("one", "both")):
        psi_part, model = shown[psi], _rule(name, rule)
        yield _attacked(settings, dataset, model, psi_part, explainer, (adversary, psi), rule)


def _turns(place: int, hidden: tuple[Any, ...]) -> Iterator[tuple[str, str, str, Any]]:
    """Return who attacks on a data set: explainer, adversary, what is shown, what is hidden."""
    for number, explainer in enumerate(EXPLAINERS):
        turn = place + number
        adversaries = ("plain", next(islice(cycle(_ADVERSARIES), turn, None)))
        for other, adversary in enumerate(adversaries):
            psi = ("coin", "mimic")[(place // 2 + number + other) % 2]
            yield explainer, adversary, psi, hidden[(place + other) % len(hidden)]


def _group(name: str) -> dict[str, Any]:
    played = roles(name, "sound")
    return {"column": played.sensitive, "threshold": 0.0, "negative_when": played.protected}


def _rule(name: str, rule: Rule) -> Part:
    """Return a model that denies all of one group, or all who are in both groups."""
    if rule == "one":
        return Part("hard_negative", {"member": "open_rule", **_group(name)})
    return _subgroup(name, 1.0)


def _subgroup(name: str, strength: float) -> Part:
    second, protected = SECOND[name]
    within = {"within": second, "within_threshold": 0.0, "within_when": protected}
    return Part("subgroup_bias", {**_group(name), **within, "strength": strength})


def _parity(name: str) -> Part:
    """Return a model that decides by the exclusive or of both features, and by nothing else."""
    return Part("parity_rule", {**_group(name), "parity": SECOND[name][0]})


def _attacked(
    settings: DetectionSettings,
    dataset: Part,
    model: Part,
    innocuous: Part,
    explainer: str,
    attack: _Attack,
    bias: str,
) -> Cell:
    part, sampler = EXPLAINERS[explainer]
    adversary, psi = attack
    return detection_cell(
        settings,
        dataset,
        model,
        innocuous=innocuous,
        attack=Part("adversary", {"adversary": adversary, "sampler": sampler}),
        attack_setting=f"{adversary}/{bias}/{psi}",
        explainer=part,
        explainer_setting=explainer,
    )
