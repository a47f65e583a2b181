"""What a user chooses of a benchmark of detectors, and what its cells have in common."""

from __future__ import annotations

from typing import Any

import msgspec

from explaudit.cells import Cell, Part
from explaudit.study.roles import roles

__all__ = ["EXPLAINERS", "PRESETS", "DetectionSettings", "detection_cell"]

#: The explainers that adversaries deceive, with the law of their queries.
EXPLAINERS: dict[str, tuple[Part, dict[str, Any]]] = {
    "lime": (Part("lime", {}), {"name": "lime_discretised", "settings": {}}),
    "kernel_shap": (
        Part("kernel_shap", {"background": "kmeans", "n_background": 10}),
        {"name": "kernel_coalitions", "settings": {"background": "kmeans", "n_background": 10}},
    ),
}


class DetectionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a user chooses of a benchmark of detectors.

    Attributes
    ----------
    preset : str
        The preset that the settings started from.
    datasets : tuple of str
        Names of the data sets.
    honest_replicates, attacked_replicates : int
        Repetitions with their own split, bootstrap sample and coins.
    budget : int
        Rows that an audit may send.
    large_budget : int
        Rows for the audits of small biases under KernelSHAP that are made once more with more.
    alpha : float
        False-alarm rate of an audit.
    n_rows : int
        Rows that are explained to see how much an attack hides.
    max_rows : int
        Rows of a data set to use at the most.
    seed : int
        The base seed.
    baseline_replicates : int
        In how many of the repetitions, at the most, plain tools judge the same models once all
        audits are done; 0 for none.
    logged_replicates : int
        Repetitions of every honest model whose auditor has a log of its decisions, for the tests
        that need one alone; 0 for none.
    other_tasks : bool
        Whether models of numbers and of three classes are audited, too, and models of two
        sensitive features.
    """

    preset: str = "standard"
    datasets: tuple[str, ...] = ("compas", "german", "communities", "adult")
    honest_replicates: int = 5
    attacked_replicates: int = 1
    budget: int = 6000
    large_budget: int = 12000
    alpha: float = 0.05
    n_rows: int = 30
    max_rows: int = 6500
    seed: int = 0
    baseline_replicates: int = 1
    logged_replicates: int = 1
    other_tasks: bool = True


PRESETS: dict[str, DetectionSettings] = {
    "quick": DetectionSettings(
        preset="quick", datasets=("compas",), honest_replicates=1, other_tasks=False
    ),
    "standard": DetectionSettings(),
}


def detection_cell(
    settings: DetectionSettings,
    dataset: Part,
    model: Part,
    *,
    replicate: int = 0,
    **attacked: Any,
) -> Cell:
    """Return a cell in which a model is audited.

    Parameters
    ----------
    settings : DetectionSettings
        Of the benchmark.
    dataset : Part
        Without the budget.
    model : Part
        The honest model, or the biased one that an attack hides.
    replicate : int
        Which repetition.
    **attacked
        Of an attack, the fields of the cell that say so.
    """
    given: dict[str, Any] = {
        # an honest model has no other behind it, but a cell names one
        "innocuous": roles(dataset.name, "sound").innocuous["one"],
        "attack": None,
        "attack_setting": "",
        "explainer": None,
        "explainer_setting": "",
        **attacked,
    }
    return Cell(
        kind="detection",
        dataset=Part(dataset.name, {**dataset.settings, "budget": settings.budget}),
        model=model,
        role="attacked" if given["attack"] is not None else "honest",
        n_rows=settings.n_rows,
        replicate=replicate,
        seed=settings.seed,
        **given,
    )
