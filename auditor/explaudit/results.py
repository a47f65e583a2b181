"""The shape of results.json: flat, versioned, for other programs to ask."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from explaudit.cells import SCHEMA_VERSION

__all__ = [
    "CellCount",
    "DatasetNote",
    "Gameability",
    "Measurement",
    "ReferenceRow",
    "Results",
    "UnjudgedCell",
]


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """One metric of one model under one explainer setting, pooled over rows and replicates.

    Attributes
    ----------
    dataset : str
        Name of the data set.
    model : {"honest", "attacked", "innocent"}
        The biased model f, its attacked version e, or the innocuous model psi.
    attack, attack_setting : str
        Empty unless the model is attacked.
    explainer, explainer_setting : str
        Empty for what is measured on real rows without any explainer, such as fidelity.
    metric : str
        Name in the catalogue of metrics.
    value, low, high : float or None
        Estimate and 95 % interval; None where undefined, `reason` says why.
    n : int
        Rows that the estimate stands on, over all replicates.
    n_replicates : int
        Replicates (seeds) that it stands on.
    reason : str
        Why a value is undefined, or a caution about it.
    """

    dataset: str
    model: Literal["honest", "attacked", "innocent"]
    attack: str = ""
    attack_setting: str = ""
    explainer: str = ""
    explainer_setting: str = ""
    metric: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    n_replicates: int
    reason: str = ""


class Gameability(msgspec.Struct, frozen=True, kw_only=True):
    """Share of the way to innocence that attacks move one piece of evidence.

    Attributes
    ----------
    evidence : str
        The metric, such as "sensitive_top1".
    summary : {"attack", "mean", "worst"}
        One attack setting, the mean over those that keep the constraint, or the worst of them.
    attack_setting : str
        The attack setting; for the worst, the one that did it; empty for the mean.
    counts : bool
        Whether the attack keeps the constraint (fidelity floor, harm within tolerance). Those
        that do not are shown but do not enter the mean or the worst.
    fidelity : float or None
        Agreement with f on held-out real rows.
    """

    dataset: str
    evidence: str
    explainer: str
    explainer_setting: str
    summary: Literal["attack", "mean", "worst"]
    attack_setting: str = ""
    counts: bool = True
    fidelity: float | None = None
    value: float | None
    low: float | None
    high: float | None
    n: int
    n_replicates: int
    reason: str = ""


class ReferenceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A figure of the re-run published code beside ours.

    Attributes
    ----------
    ours, reference : float or None
        Both as shares between 0 and 1.
    reference_sd : float
        Standard deviation of the reference between its seeds.
    reference_seeds : int
        How many seeds the reference stands on.
    difference : float or None
        Ours less the reference.
    allowed : float
        Half width of the 95 % interval for the difference.
    agrees : bool or None
        Whether the difference lies within; None where ours is undefined.
    """

    dataset: str
    explainer: str
    model: str
    attack_setting: str
    metric: str
    ours: float | None
    reference: float
    reference_sd: float
    reference_seeds: int
    difference: float | None
    allowed: float
    agrees: bool | None


class DatasetNote(msgspec.Struct, frozen=True, kw_only=True):
    """What the report must say about a data set and the roles played on it."""

    name: str
    title: str
    n_rows: int
    n_features: int
    sha256: str
    source: str
    licence: str
    known_harms: str
    sensitive: str
    biased_rule: str
    innocuous_rule: str
    preparation: str


class UnjudgedCell(msgspec.Struct, frozen=True, kw_only=True):
    """A planned cell without a result, and why."""

    cell_id: str
    dataset: str
    model: str
    attack_setting: str
    explainer_setting: str
    replicate: int
    reason: str


class CellCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many cells were planned, how many are there, and which could not be judged."""

    planned: int
    done: int
    unjudged: list[UnjudgedCell]


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """All of results.json.

    Attributes
    ----------
    versions : dict of str to str
        Of explaudit, Python and the packages that computed something.
    seed : int
        The base seed.
    settings : dict
        The study's settings: preset, protocol, rows, replicates, fidelity floor, ...
    explainer_settings, attack_settings : dict of str to dict
        For each short name of a setting, the plug-in's name and all its settings.
    n_queries : int
        Rows that the models were asked to score.
    seconds : float
        Wall time summed over cells.
    """

    schema_version: int = SCHEMA_VERSION
    versions: dict[str, str]
    seed: int
    settings: dict[str, Any]
    datasets: list[DatasetNote]
    attack_settings: dict[str, dict[str, Any]]
    explainer_settings: dict[str, dict[str, Any]]
    measurements: list[Measurement]
    gameability: list[Gameability]
    reference: list[ReferenceRow]
    cells: CellCount
    n_queries: int
    seconds: float
