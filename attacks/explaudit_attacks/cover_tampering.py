"""Cover tampering: a tree file that answers as before and explains itself otherwise."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from explaudit.attack import Attack
from explaudit.encoding import Encoder
from explaudit.errors import InvalidInputError
from explaudit.scenario import Access, Scenario, Surface

__all__ = ["CoverTampering"]


@dataclass(frozen=True)
class CoverTampering(Attack):
    """Rewrite the covers in an xgboost JSON so that one group's sensitive feature gets no credit.

    Path-dependent TreeSHAP, and xgboost's own ``pred_contribs``, take the recorded cover of a
    branch for the chance that an unknown feature leads there. Where a split on the sensitive
    feature sends all cover the way that the group goes, knowing the feature changes nothing for
    the group, and it is credited with nothing. No prediction reads the cover, so every answer,
    on any row, stays what it was; children still sum to their parent.

    The new file stands beside the old one.

    Parameters
    ----------
    feature : str
        The sensitive feature, by the encoder's name.
    group : str or float
        Whose explanation is to lose the feature: a number of a numeric feature, or the name of a
        level of a categorical one.
    leave : float
        At the most this share of cover is left on the other branch. How much exactly is drawn
        for each split, so that the shares are not conspicuously alike.
    """

    name: ClassVar[str] = "cover_tampering"
    surface: ClassVar[Surface] = Surface.MODEL_FILE
    access: ClassVar[Access] = Access.MODEL_FILE
    source: ClassVar[str] = (
        "No publication is known. It exploits that path-dependent TreeSHAP depends on how a "
        "function is held in trees: Filom, Miroshnikov, Kotsiopoulos & Ravi Kannan, 'On "
        "marginal feature attributions of tree-based models', 2023"
    )

    feature: str
    group: str | float
    leave: float = 1e-6

    def __post_init__(self) -> None:
        if not 0.0 < self.leave < 0.5:
            raise InvalidInputError("leave", "a share between 0 and 0.5", self.leave)

    def _tamper(self, scenario: Scenario, rng: np.random.Generator) -> Scenario:
        path = _path(scenario)
        values = _values(scenario.encoder, self.feature, self.group)
        try:
            model = json.loads(path.read_bytes())
            learner = model["learner"]
            names = learner.get("feature_names") or list(scenario.encoder.columns)
            group = {names.index(name): v for name, v in values.items() if name in names}
            trees = learner["gradient_booster"]["model"]["trees"]
            n_shifted = sum(_shift(tree, group, self.leave, rng) for tree in trees)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise InvalidInputError(
                "scenario.model_file",
                "a model that xgboost saved as JSON",
                f"{path.name}: {type(error).__name__}: {error}",
            ) from error
        if not n_shifted:
            raise InvalidInputError(
                "feature", "a feature that some tree splits on", self.feature, "Nothing to hide."
            )
        return scenario.replace(model_file=_saved(model, path))


def _path(scenario: Scenario) -> Path:
    if scenario.model_file is None or not scenario.model_file.is_file():
        raise InvalidInputError(
            "scenario.model_file",
            "the file of an xgboost model",
            scenario.model_file,
            "Save the model with `save_model('model.json')`.",
        )
    return scenario.model_file


def _values(encoder: Encoder, name: str, group: str | float) -> dict[str, float]:
    """Return what the group's rows hold in the columns of a feature, as xgboost is fed it."""
    feature = encoder.features[encoder.index(name)]
    if feature.levels is None:
        return {feature.name: float(group)}
    if str(group) not in feature.level_names:
        raise InvalidInputError("group", f"one of {feature.level_names}", group)
    code = feature.level_names.index(str(group))
    level = feature.levels.iloc[code]
    return {
        column: float(level[column])
        if pd.api.types.is_numeric_dtype(feature.levels[column].dtype)
        else float(code)
        for column in feature.columns
    }


def _shift(
    tree: dict[str, Any], group: Mapping[int, float], leave: float, rng: np.random.Generator
) -> int:
    """Send the cover of one tree down the group's way; return at how many splits."""
    left, right, cover = tree["left_children"], tree["right_children"], tree["sum_hessian"]
    to_do, n_shifted = [0], 0
    while to_do:
        node = to_do.pop()
        low, high = left[node], right[node]
        if low < 0:
            continue
        both = cover[low] + cover[high]
        share = cover[low] / both if both > 0 else 0.5
        value = group.get(tree["split_indices"][node])
        if value is not None:
            rest = leave * rng.uniform(0.5, 1.0)
            share = 1.0 - rest if _goes_left(tree, node, value) else rest
            n_shifted += 1
        cover[low], cover[high] = share * cover[node], (1.0 - share) * cover[node]
        to_do += [low, high]
    return n_shifted


def _goes_left(tree: dict[str, Any], node: int, value: float) -> bool:
    if node in tree.get("categories_nodes", ()):
        which = tree["categories_nodes"].index(node)
        start, size = tree["categories_segments"][which], tree["categories_sizes"][which]
        return int(value) not in tree["categories"][start : start + size]
    return bool(np.float32(value) < np.float32(tree["split_conditions"][node]))


def _saved(model: dict[str, Any], path: Path) -> Path:
    text = json.dumps(model, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    tampered = path.with_name(f"{path.stem}-{digest}{path.suffix}")
    tampered.write_text(text, encoding="utf-8")
    return tampered
