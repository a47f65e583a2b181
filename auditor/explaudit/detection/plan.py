"""Which models a benchmark of detectors audits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from explaudit.cells import Cell, Part
from explaudit.detection.baselines import baseline_cell
from explaudit.detection.settings import (
    EXPLAINERS,
    PRESETS,
    DetectionSettings,
    detection_cell,
)
from explaudit.detection.task_plan import task_cells
from explaudit.errors import InvalidInputError
from explaudit.study.roles import Roles, roles

__all__ = [
    "EXPLAINERS",
    "HARD_NEGATIVES",
    "HONEST_FAMILIES",
    "PRESETS",
    "DetectionSettings",
    "has_log",
    "plan_detection",
]

#: Honest families, in the order of the table of models they are made by.
HONEST_FAMILIES = (
    "logistic",
    "ridge",
    "linear_svm",
    "lda",
    "qda",
    "gaussian_nb",
    "knn_5",
    "tree_shallow",
    "forest_shallow",
    "forest_deep",
    "extra_trees",
    "hist_boosting",
    "xgboost_small",
    "xgboost_large",
    "mlp",
)

#: Honest models that look like liars to a careless test.
HARD_NEGATIVES = (
    "open_rule",
    "open_score_0.1",
    "open_score_0.2",
    "open_score_0.3",
    "open_score_0.5",
    "staircase",
    "nearest_neighbour",
    "deep_tree",
    "guard_range_forest",
    "guard_whole_forest",
    "guard_pairs_forest",
    "guard_logistic",
    "guard_hist_boosting",
    "proxy_only",
)

#: Plain attacks by the strength of the bias, None for the rule, each with both innocent models.
_SMALL = 0.1
_PLAIN_STRENGTHS = (None, 0.3, _SMALL)

_ADAPTIVE = (
    "threshold_0.1",
    "threshold_0.02",
    "stronger_gate",
    "dilution_0.5",
    "dilution_0.25",
    "probabilistic",
    "jitter_aware",
    "cad_aware",
    "batch",
    "stateful",
    "whitelist",
    "generator_aware",
)

#: Biases that averages over all rows show little of, with the column that says where they hold.
_HARD_TO_SEE = ("subgroup", "parity")
_WITHIN = {"compas": "age", "german": "age", "adult": "age", "communities": "pctUrban"}

#: The setting of a data set that says so.
_LOGGED = "logged"


def plan_detection(settings: DetectionSettings) -> list[Cell]:
    """Return every cell of a benchmark: the audits, those with a log, those by plain tools.

    An honest model's bootstrap sample, and whether it answers with labels or with probabilities,
    come from its replicate. An adversary's innocent model is an unrelated rule or, as "mimic", an
    ordinary model of the biased one's decisions without the sensitive feature.

    Raises
    ------
    InvalidInputError
        If a data set has no roles, or a number is out of range.
    """
    for name in (
        "honest_replicates",
        "attacked_replicates",
        "budget",
        "large_budget",
        "n_rows",
        "max_rows",
    ):
        if getattr(settings, name) < 1:
            raise InvalidInputError(name, "at least 1", getattr(settings, name))
    if not 0 < settings.alpha < 1:
        raise InvalidInputError("alpha", "more than 0 and less than 1", settings.alpha)
    for name in ("baseline_replicates", "logged_replicates"):
        if getattr(settings, name) < 0:
            raise InvalidInputError(name, "at least 0", getattr(settings, name))
    audits = [cell for name in settings.datasets for cell in _of_dataset(settings, name)]
    judged_again = (
        baseline_cell(cell)
        for cell in audits
        if cell.replicate < settings.baseline_replicates
        and cell.dataset.settings["budget"] == settings.budget
    )
    return [
        *audits,
        *(cell for name in settings.datasets for cell in _with_log(settings, name)),
        *(task_cells(settings) if settings.other_tasks else ()),
        *judged_again,
    ]


def has_log(cell: Cell) -> bool:
    """Return whether an honest model is judged by a log of its decisions alone."""
    return bool(cell.dataset.settings.get(_LOGGED, False))


def _with_log(settings: DetectionSettings, name: str) -> Iterator[Cell]:
    played = roles(name, "sound")
    dataset = Part(name, {"protocol": "sound", "max_rows": settings.max_rows, _LOGGED: True})
    for replicate in range(settings.logged_replicates):
        for model in _honest(played):
            yield detection_cell(settings, dataset, model, replicate=replicate)


def _of_dataset(settings: DetectionSettings, name: str) -> Iterator[Cell]:
    played = roles(name, "sound")
    dataset = Part(name, {"protocol": "sound", "max_rows": settings.max_rows})
    for replicate in range(settings.honest_replicates):
        for model in _honest(played):
            yield detection_cell(settings, dataset, model, replicate=replicate)
    for replicate in range(settings.attacked_replicates):
        for explainer, (part, sampler) in EXPLAINERS.items():
            for strength, adversary, psi in _adversaries():
                cell = detection_cell(
                    settings,
                    dataset,
                    _biased(played, strength, name),
                    replicate=replicate,
                    innocuous=_innocuous(played, psi),
                    attack=Part("adversary", _attack(adversary, sampler)),
                    attack_setting=f"{adversary}/{'rule' if strength is None else strength}/{psi}",
                    explainer=part,
                    explainer_setting=explainer,
                )
                yield cell
                if (explainer, adversary, strength) == ("kernel_shap", "plain", _SMALL):
                    more = {**cell.dataset.settings, "budget": settings.large_budget}
                    yield msgspec.structs.replace(cell, dataset=Part(dataset.name, more))


def _honest(played: Roles) -> Iterator[Part]:
    for name in HONEST_FAMILIES:
        yield Part("honest", {"member": name})
    group = {"column": played.sensitive, "threshold": 0.0, "negative_when": played.protected}
    for name in HARD_NEGATIVES:
        yield Part("hard_negative", {"member": name, **group})


def _adversaries() -> Iterator[tuple[float | str | None, str, str]]:
    for strength in _PLAIN_STRENGTHS:
        for psi in ("coin", "mimic"):
            yield strength, "plain", psi
    for number, adversary in enumerate(_ADAPTIVE):
        strength = (None, 0.3)[number // 2 % 2]
        yield strength, adversary, ("coin", "mimic")[number % 2]
    for bias, psi in zip(_HARD_TO_SEE, ("coin", "mimic"), strict=True):
        yield bias, "plain", psi


def _biased(played: Roles, strength: float | str | None, dataset: str) -> Part:
    if not isinstance(strength, str):
        return played.biased(strength)
    group = played.biased(None).settings
    if strength == "parity":
        return Part("parity_rule", {**group, "parity": _WITHIN[dataset]})
    return Part("subgroup_bias", {**group, "within": _WITHIN[dataset]})


def _attack(adversary: str, sampler: dict[str, Any]) -> dict[str, Any]:
    if adversary != "generator_aware":
        return {"adversary": adversary, "sampler": sampler}
    both = {"name": "union", "settings": {"samplers": [sampler, {"name": "generated_fill"}]}}
    return {"adversary": "plain", "sampler": both}


def _innocuous(played: Roles, psi: str) -> Part:
    if psi == "coin":
        return played.innocuous["one"]
    return Part("mimic", {"column": played.sensitive})
