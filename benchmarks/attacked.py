"""What the benchmarks of attacked models share: the published attack, and the same made fast."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans

from explaudit import registry
from explaudit.cells import Part
from explaudit.encoding import Encoder
from explaudit.scenario import Display, Scenario
from explaudit.study.settings import attack_parts, explainer_parts
from explaudit.study.tables import COMMUNITIES_FILE, StudyTable, file_sha256, prepare

__all__ = [
    "DATASETS",
    "AsPublished",
    "Audience",
    "Timing",
    "audience_setting",
    "encoder_of",
    "fast_gate",
    "fitted",
    "library_run",
    "own_communities",
    "rule_of",
    "scaffold",
    "scenario",
    "study_table",
    "timed",
]

Array = npt.NDArray[np.float64]
Audience = Literal["lime", "shap"]
Rule = Callable[[Array], npt.NDArray[np.bool_]]

DATASETS = ("compas", "german", "communities")


@dataclass(frozen=True)
class Timing:
    """A result, and the CPU seconds that it took."""

    result: Any
    seconds: float


def timed(run: Callable[[], Any]) -> Timing:
    """Run something and take its CPU time."""
    start = time.process_time()
    return Timing(run(), time.process_time() - start)


def own_communities() -> str:
    """Return the path of the user's own unnormalised Communities file; empty for the packaged."""
    return os.environ.get(COMMUNITIES_FILE, "")


def study_table(dataset: str, *, replicate: int = 0) -> StudyTable:
    """Return a table of the published study: split, coins and scaling."""
    settings: dict[str, Any] = {"protocol": "published"}
    if dataset == "communities" and own_communities():
        settings["own_file"] = file_sha256(Path(own_communities()))
    return prepare(Part(dataset, settings), replicate=replicate, seed=0)


def fitted(part: Part, table: StudyTable) -> Any:
    """Return a fitted model, such as f or psi."""
    return registry.create("models", part.name, part.settings).fit(table.train, table.train_target)


def encoder_of(table: StudyTable, audience: Audience) -> Encoder:
    """Return what the published study tells of the columns: to LIME which are categorical."""
    return table.encoder if audience == "lime" else table.plain_encoder


def scenario(table: StudyTable, audience: Audience, model: Any, rows: Any) -> Scenario:
    """Return what an explainer of the published study is handed."""
    encoder = encoder_of(table, audience)
    return Scenario(rows, model, table.train, encoder, Display(encoder.names))


def audience_setting(dataset: str, audience: Audience, psi: str = "one") -> tuple[str, Part]:
    """Return the short name and the settings by which the study explains the attacked model.

    LIME samples around the row for COMPAS with one unrelated feature, and nowhere else.
    """
    if audience == "shap":
        name = "shap-raw-centres" if dataset == "german" else "shap"
    else:
        name = "lime-around" if (dataset, psi) == ("compas", "one") else "lime"
    return name, explainer_parts(dataset, "published")[name]


def fast_gate(dataset: str, audience: Audience, n_rows: int) -> dict[str, Any]:
    """Return the settings of the attack with a gate that takes the published forest's place.

    Against KernelSHAP, and wherever columns are continuous, that is boosting of the small size.
    Whole numbers are told from LIME's noise value by value, for which a
    few deep trees do better than many small ones, and thirty perturbations of each row better than
    two; the copies of the rows themselves are not needed. What passes a gate shows in the ranks
    where psi is nothing that LIME can fit.

    Parameters
    ----------
    dataset : str
    audience : {"lime", "shap"}
    n_rows : int
        Of the training table.
    """
    if audience == "lime" and dataset != "communities":
        forest = {"name": "forest", "settings": {"n_estimators": 10}}
        return {"gate": forest, "n_queries": 30 * n_rows}
    boosting = {"name": "hist_boosting", "settings": {"size": "small"}}
    return {"gate": boosting, "n_queries": 2 * n_rows if audience == "lime" else 20_000}


def scaffold(
    dataset: str,
    table: StudyTable,
    audience: Audience,
    psi: Any,
    *,
    published: bool,
    changes: Mapping[str, Any] | None = None,
    seed: int = 1,
) -> Any:
    """Attack the study's biased rule and return the fitted model e.

    Parameters
    ----------
    dataset : str
    table : StudyTable
    audience : {"lime", "shap"}
        The explainer that the gate is trained against.
    psi : estimator
        The fitted innocuous model.
    published : bool
        The gate, the copies of rows and the layout of the published study; else that of
        :func:`fast_gate`, which learns from each row once.
    changes : mapping, optional
        Settings of the attack to change.
    seed : int
        Of the attack.
    """
    part = attack_parts(dataset, "published", 0.9)[audience]
    settings = {**part.settings, "innocuous": psi}
    if not published:
        settings |= {"protocol": "sound", **fast_gate(dataset, audience, len(table.train))}
    attack = registry.create("attacks", part.name, {**settings, **(changes or {})})
    honest = fitted(table.roles.biased(None), table)
    target = scenario(table, audience, honest, table.train)
    return attack.apply(target, seed=seed).model


class AsPublished:
    """A scaffold called the way the published code calls it, on the matrix of the study.

    Every row of every call goes to the gate, which answers by scikit-learn's own code, and f and
    psi answer every row. The rules of f and psi are vectorised, which the published ones are not:
    a difference in that side's favour.

    Parameters
    ----------
    model : ScaffoldClassifier
        Its gate and threshold are used.
    table : StudyTable
    innocuous : Part
        What psi is made of.
    audience : {"lime", "shap"}
    """

    def __init__(self, model: Any, table: StudyTable, innocuous: Part, audience: Audience) -> None:
        columns = list(table.train.columns)
        self._biased = _rule(table.roles.biased(None), columns)
        self._innocuous = _rule(innocuous, columns)
        self._gate, self._threshold = model.gate_, model.threshold_
        numeric = [f.name for f in table.encoder.features if not f.is_categorical]
        seen = numeric if audience == "lime" else columns
        self._seen = [columns.index(name) for name in seen]

    def predict(self, matrix: Array) -> npt.NDArray[np.intp]:
        """Return a label for each row, of shape (n_rows,)."""
        real = self._gate.predict_proba(matrix[:, self._seen])[:, 1] >= self._threshold
        return 1 - np.where(real, self._biased(matrix), self._innocuous(matrix)).astype(np.intp)

    def predict_proba(self, matrix: Array) -> Array:
        """Return the label one-hot, of shape (n_rows, 2)."""
        return np.eye(2)[self.predict(matrix)]


def library_run(
    dataset: str,
    table: StudyTable,
    audience: Audience,
    psi: str,
    model: Callable[[Array], Array],
    n_rows: int,
) -> Callable[[], object]:
    """Return what explains the first held-out rows by plain lime or shap, set as in the study.

    Parameters
    ----------
    dataset : str
    table : StudyTable
    audience : {"lime", "shap"}
    psi : {"one", "two"}
        How many unrelated features the innocuous model looks at.
    model : callable
        ``(matrix of shape (n, n_columns)) -> (n, 2)``.
    n_rows : int
    """
    train, rows = table.train.to_numpy(), table.test.to_numpy()[:n_rows]
    if audience == "shap":
        import shap  # takes seconds

        if dataset == "german":
            background = KMeans(10, random_state=0).fit(train).cluster_centers_
        else:
            background = shap.kmeans(train, 10)
        kernel = shap.KernelExplainer(lambda matrix: model(matrix)[:, 1], background)
        return lambda: kernel.shap_values(rows, silent=True)
    from lime.lime_tabular import LimeTabularExplainer  # the same

    _, part = audience_setting(dataset, audience, psi)
    explainer = LimeTabularExplainer(
        train,
        categorical_features=list(table.encoder.categorical),
        discretize_continuous=False,
        sample_around_instance=part.settings.get("sample_around_instance", False),
        random_state=0,
    )
    return lambda: [explainer.explain_instance(row, model) for row in rows]


def rule_of(table: StudyTable) -> Callable[[Array], Array]:
    """Return f itself on the matrix of the study: the answers of a model that costs nothing."""
    negative = _rule(table.roles.biased(None), list(table.train.columns))
    return lambda matrix: np.asarray(~negative(matrix), dtype=np.float64)


def _rule(part: Part, columns: list[str]) -> Rule:
    """Return which rows a rule denies: those that meet its condition, or one of two."""
    names = part.settings.get("columns") or [part.settings["column"]]
    conditions = list(
        zip(
            map(columns.index, names),
            np.broadcast_to(part.settings.get("threshold", 0.0), len(names)),
            np.broadcast_to(part.settings.get("negative_when", "above"), len(names)),
            strict=True,
        )
    )

    def negative(matrix: Array) -> npt.NDArray[np.bool_]:
        met = [
            matrix[:, j] > cut if when == "above" else matrix[:, j] < cut
            for j, cut, when in conditions
        ]
        return np.asarray(np.logical_xor.reduce(met))

    return negative
