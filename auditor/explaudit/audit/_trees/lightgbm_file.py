"""Reading a lightgbm model from the text or the JSON that it saves, without lightgbm."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from explaudit.audit._trees.ensemble import Ensemble, UnsupportedFileError
from explaudit.audit._trees.lightgbm_text import parse_text
from explaudit.audit._trees.objectives import ROWS_COUNTED, Objective
from explaudit.audit._trees.structure import RawTree, stack
from explaudit.errors import InvalidInputError

__all__ = ["is_lightgbm", "read_lightgbm"]

Array = npt.NDArray[np.float64]

_OBJECTIVES = {
    "binary": "log odds",
    "cross_entropy": "log odds",
    "multiclass": "logs of chances",
    **dict.fromkeys(("regression", "regression_l1", "huber", "fair", "quantile", "mape"), "number"),
    **dict.fromkeys(("poisson", "gamma", "tweedie"), "log of a number"),
}


def is_lightgbm(path: Path) -> bool:
    """Return whether a file begins as lightgbm's text does, or as its JSON."""
    start = path.read_bytes()[:4000].lstrip()
    # xgboost's JSON has a "tree_info", too
    return start.startswith((b"tree\n", b"tree\r\n")) or (
        start.startswith(b"{") and b'"num_tree_per_iteration"' in path.read_bytes()
    )


def read_lightgbm(path: Path) -> Ensemble:
    """Read a model that lightgbm saved (`save_model`), or dumped as JSON (`dump_model`).

    Its covers are the counts of training rows, which are what its TreeSHAP takes for them.

    Parameters
    ----------
    path : pathlib.Path

    Raises
    ------
    UnsupportedFileError
        If the model is of a kind whose covers cannot be counted.
    InvalidInputError
        If the file is broken.
    """
    try:
        text = path.read_text(encoding="utf-8")
        model = json.loads(text) if text.lstrip().startswith("{") else parse_text(text)
        return _ensemble(model)
    except (KeyError, TypeError, IndexError, AttributeError, OverflowError) as error:
        raise _broken(path, error) from error
    except ValueError as error:
        if isinstance(error, InvalidInputError):
            raise
        raise _broken(path, error) from error


def _broken(path: Path, error: Exception) -> InvalidInputError:
    return InvalidInputError(
        "model_file", "a whole lightgbm model", f"{path.name}: {type(error).__name__}: {error}"
    )


def _ensemble(model: dict[str, Any]) -> Ensemble:
    for what in ("average_output", "sampling"):
        if model.get(what):
            raise UnsupportedFileError(
                "model_file",
                "boosting whose covers count rows that were drawn alike",
                "a forest" if what == "average_output" else model[what],
            )
    names, n_outputs = tuple(model["feature_names"]), int(model["num_tree_per_iteration"])
    n_codes, base = _n_codes(model), np.zeros(n_outputs)
    raw, place = [], []
    for i, info in enumerate(model["tree_info"]):
        nodes = list(_flat(info["tree_structure"]))
        if len(nodes) > 1:
            raw.append(_tree(nodes, n_codes))
            place.append(i)
        else:
            # a tree that does not split is a constant, and has no covers
            base[i % n_outputs] += float(nodes[0]["leaf_value"])
    places = np.array(place, dtype=np.intp)
    return Ensemble(
        trees=stack(raw),
        columns=names,
        n_columns=len(names),
        output=places % n_outputs,
        round=places // n_outputs,
        base=base,
        objective=_objective(model["objective"]),
        levels=_levels(model),
        single_precision=False,
    )


def _objective(told: str) -> Objective:
    """Return what an objective such as "binary sigmoid:1" makes of margins."""
    name, *settings = told.split()
    scaled = [s for s in settings if s.startswith("sigmoid:") and float(s[8:]) != 1.0]
    if name not in _OBJECTIVES or scaled or "sqrt" in settings:
        raise UnsupportedFileError("model_file", f"an objective of {sorted(_OBJECTIVES)}", told)
    return ROWS_COUNTED[_OBJECTIVES[name]]


def _n_codes(model: Mapping[str, Any]) -> list[int]:
    """Return how many codes each column has; 0 of a numeric one."""
    infos = model["feature_infos"]
    # a column that is constant is in no dump
    held = [infos.get(name, {}).get("values") or [-1] for name in model["feature_names"]]
    return [1 + max(map(int, codes)) for codes in held]


def _levels(model: Mapping[str, Any]) -> dict[str, tuple[object, ...]]:
    """Return the levels of pandas' categorical columns, which are held without names."""
    held = model.get("pandas_categorical") or ()
    columns = zip(model["feature_names"], _n_codes(model), strict=True)
    coded = [name for name, n_codes in columns if n_codes]
    # a column of one level is constant, and looks like a number
    if len(held) != len(coded):
        return {}
    return {name: tuple(values) for name, values in zip(coded, held, strict=True)}


def _tree(nodes: Sequence[dict[str, Any]], n_codes: Sequence[int]) -> RawTree:
    number = {id(node): i for i, node in enumerate(nodes)}
    splits = ["split_feature" in node for node in nodes]
    left, right = (
        np.array([number[id(node[side])] if side in node else -1 for node in nodes])
        for side in ("left_child", "right_child")
    )
    counts = ["internal_count" if split else "leaf_count" for split in splits]
    column = np.array([node.get("split_feature", 0) for node in nodes], dtype=np.intp)
    if (column >= len(n_codes)).any() or (column < 0).any():
        raise InvalidInputError("model_file", f"splits on {len(n_codes)} columns", "another column")
    return RawTree(
        left=left,
        right=right,
        column=column,
        threshold=np.array([_threshold(node) for node in nodes]),
        default_left=np.array([_default_left(node) for node in nodes]),
        value=np.array([float(node.get("leaf_value", 0.0)) for node in nodes]),
        cover=np.array([float(node[key]) for node, key in zip(nodes, counts, strict=True)]),
        categories={
            i: _going_right(node, n_codes[column[i]])
            for i, node in enumerate(nodes)
            if _is_categorical(node)
        },
    )


def _flat(root: dict[str, Any]) -> Iterator[dict[str, Any]]:
    waiting, seen = [root], set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            raise InvalidInputError("model_file", "trees", "a node with two parents")
        seen.add(id(node))
        if "leaf_const" in node:
            raise UnsupportedFileError("model_file", "one number at each leaf", "a linear model")
        if node.get("missing_type") == "Zero":
            raise UnsupportedFileError("model_file", "zeros that are numbers", "missing values")
        yield node
        waiting += [node[side] for side in ("left_child", "right_child") if side in node]


def _is_categorical(node: Mapping[str, Any]) -> bool:
    return bool(node.get("decision_type") == "==")


def _threshold(node: Mapping[str, Any]) -> float:
    """Return below which values go left; on its threshold one goes left, too."""
    if "split_feature" not in node or _is_categorical(node):
        return 0.0
    return float(np.nextafter(float(node["threshold"]), np.inf))


def _default_left(node: Mapping[str, Any]) -> bool:
    if "split_feature" not in node or _is_categorical(node):
        return False
    # where no value was missing in training, a missing one is taken for 0
    if node["missing_type"] == "None":
        return bool(float(node["threshold"]) >= 0.0)
    return bool(node["default_left"])


def _going_right(node: Mapping[str, Any], n_codes: int) -> Array:
    left = {int(code) for code in node["threshold"].split("||")}
    return np.array([code for code in range(n_codes) if code not in left], dtype=np.float64)
