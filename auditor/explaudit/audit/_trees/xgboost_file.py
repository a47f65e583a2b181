"""Reading an xgboost model from its JSON, without xgboost and without running anything."""

from __future__ import annotations

import json
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from explaudit.audit._trees.ensemble import Ensemble, UnsupportedFileError
from explaudit.audit._trees.objectives import OBJECTIVES
from explaudit.audit._trees.structure import RawTree, stack
from explaudit.errors import InvalidInputError

__all__ = ["read_xgboost"]

Ints = npt.NDArray[np.intp]


def read_xgboost(path: Path) -> Ensemble:
    """Read a model that xgboost saved.

    Parameters
    ----------
    path : pathlib.Path
        Of a JSON file; one in xgboost's binary form (``.ubj``) is converted, which needs xgboost.

    Raises
    ------
    UnsupportedFileError
        If the file is another library's, or the model is of a kind whose covers cannot be counted.
    InvalidInputError
        If there is no such file, or it is broken.
    """
    if not path.is_file():
        raise InvalidInputError("model_file", "a file", str(path))
    learner = _learner(path)
    try:
        return _ensemble(learner)
    except (KeyError, TypeError, IndexError, OverflowError) as error:
        raise _broken(path, error) from error
    except ValueError as error:
        if isinstance(error, InvalidInputError):
            raise
        raise _broken(path, error) from error


def _broken(path: Path, error: Exception) -> InvalidInputError:
    return InvalidInputError(
        "model_file", "a whole xgboost model", f"{path.name}: {type(error).__name__}: {error}"
    )


def _learner(path: Path) -> Any:
    raw = _converted(path) if path.suffix == ".ubj" else path.read_bytes()
    try:
        model = json.loads(raw)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise _foreign(path) from error
    if not isinstance(model, dict) or not isinstance(model.get("learner"), dict):
        raise _foreign(path)
    return model["learner"]


def _foreign(path: Path) -> UnsupportedFileError:
    return UnsupportedFileError(
        "model_file",
        "a model that xgboost saved as JSON",
        path.name,
        "Save it with `save_model('model.json')`; files of other libraries are not read.",
    )


def _converted(path: Path) -> bytes:
    try:
        xgboost = import_module("xgboost")
    except ImportError as error:
        raise InvalidInputError(
            "model_file",
            "a JSON file, since xgboost is not installed",
            path.name,
            "Install it with `pip install explaudit[xgboost]`, or save the model as JSON.",
        ) from error
    try:
        booster = xgboost.Booster(model_file=str(path))
    # what xgboost cannot read it quotes in its message, which may be no text
    except (xgboost.core.XGBoostError, UnicodeDecodeError) as error:
        raise _foreign(path) from error
    return bytes(booster.save_raw("json"))


def _ensemble(learner: dict[str, Any]) -> Ensemble:
    booster, name = learner["gradient_booster"], learner["objective"]["name"]
    if booster["name"] != "gbtree":
        raise UnsupportedFileError(
            "model_file", "trees boosted without dropout (gbtree)", booster["name"]
        )
    if name not in OBJECTIVES:
        raise UnsupportedFileError("model_file", f"an objective of {sorted(OBJECTIVES)}", name)
    model, parameters = booster["model"], learner["learner_model_param"]
    trees = stack([_tree(tree) for tree in model["trees"]])
    n_columns = int(parameters["num_feature"])
    if (trees.column >= n_columns).any() or (trees.column < 0).any():
        raise InvalidInputError("model_file", f"splits on {n_columns} columns", "another column")
    output = np.array(model["tree_info"], dtype=np.intp)
    n_outputs = max(int(parameters["num_class"]), 1)
    objective = OBJECTIVES[name]
    # one number in brackets since version 3.1, one for each class where they differ, else bare
    scores = np.array(json.loads(f"[{parameters['base_score'].strip('[]')}]"), dtype=np.float64)
    weight = float(learner["objective"].get("reg_loss_param", {}).get("scale_pos_weight", 1.0))
    return Ensemble(
        trees=trees,
        columns=tuple(learner.get("feature_names", ())),
        n_columns=n_columns,
        output=output,
        round=_rounds(model, output, n_outputs),
        base=np.broadcast_to(objective.margin(scores), n_outputs).copy(),
        objective=objective,
        class_ratio=weight if weight > 0 else 1.0,
        levels=_levels(model.get("cats", {}), learner.get("feature_names", ())),
    )


def _rounds(model: dict[str, Any], output: Ints, n_outputs: int) -> Ints:
    if "iteration_indptr" in model:
        sizes = np.diff(model["iteration_indptr"])
        return np.repeat(np.arange(len(sizes)), sizes)
    n_parallel = max(int(model["gbtree_model_param"].get("num_parallel_tree", 1)), 1)
    return np.arange(len(output)) // (n_outputs * n_parallel)


def _tree(tree: dict[str, Any]) -> RawTree:
    if int(tree["tree_param"].get("size_leaf_vector", 1)) > 1:
        raise UnsupportedFileError("model_file", "one number at each leaf", "several")
    whole = {
        name: np.array(tree[key], dtype=np.intp)
        for name, key in (
            ("left", "left_children"),
            ("right", "right_children"),
            ("column", "split_indices"),
        )
    }
    threshold = np.array(tree["split_conditions"], dtype=np.float64)
    return RawTree(
        **whole,
        # saved to as many digits as tell single-precision numbers apart
        threshold=threshold.astype(np.float32).astype(np.float64),
        default_left=np.array(tree["default_left"], dtype=bool),
        value=threshold,
        cover=np.array(tree["sum_hessian"], dtype=np.float64),
        categories=_categories(tree),
    )


def _categories(tree: dict[str, Any]) -> dict[int, npt.NDArray[np.float64]]:
    nodes = tree.get("categories_nodes", ())
    codes = np.array(tree.get("categories", ()), dtype=np.float64)
    return {
        int(node): codes[start : start + size]
        for node, start, size in zip(
            nodes,
            tree.get("categories_segments", ()),
            tree.get("categories_sizes", ()),
            strict=True,
        )
    }


def _levels(cats: dict[str, Any], names: Any) -> dict[str, tuple[object, ...]]:
    """Return the levels' names, which version 3.1 and later keep: text as bytes, or whole numbers.

    The bytes of all levels of a column stand in a row, with offsets between them.
    """
    found: dict[str, tuple[object, ...]] = {}
    for name, column in zip(names, cats.get("enc", ()), strict=False):
        values, offsets = column.get("values", []), column.get("offsets", [])
        if len(offsets) > 1:
            text = bytes(value % 256 for value in values)
            found[name] = tuple(text[start:end].decode() for start, end in pairwise(offsets))
        elif values:
            found[name] = tuple(values)
    return found
