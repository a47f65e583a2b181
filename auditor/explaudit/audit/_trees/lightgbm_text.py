"""The text in which lightgbm saves a model, turned into what it dumps as JSON."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

__all__ = ["parse_text"]

#: Bits of a split's decision type; above them stands how missing values are known.
_CATEGORICAL, _DEFAULT_LEFT = 1, 2
_MISSING = ("None", "Zero", "NaN")
_BITS = 32


def parse_text(text: str) -> dict[str, Any]:
    """Return a saved model in the shape of ``dump_model``, as far as the audit reads it.

    Parameters
    ----------
    text : str
        What ``save_model`` wrote.

    Raises
    ------
    ValueError, KeyError, IndexError
        If the text is broken.
    """
    body, end, rest = text.partition("\nend of trees")
    if not end:
        raise ValueError("it ends before its trees do")
    head, *trees = body.split("\nTree=")
    fields = _fields(head)
    names = fields["feature_names"].split()
    infos = map(_info, fields["feature_infos"].split())
    after = rest.splitlines()
    held = [line.partition(":")[2] for line in after if line.startswith("pandas_categorical:")]
    return {
        "num_tree_per_iteration": int(fields["num_tree_per_iteration"]),
        "objective": fields["objective"],
        "average_output": "average_output" in head.splitlines(),
        "sampling": [line.strip("[]") for line in after if "goss" in line],
        "feature_names": names,
        "feature_infos": dict(zip(names, infos, strict=True)),
        "tree_info": [{"tree_structure": _root(_fields(tree))} for tree in trees],
        "pandas_categorical": json.loads(held[0]) if held else None,
    }


def _fields(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.splitlines() if "=" in line)


def _info(text: str) -> dict[str, Any]:
    """Return the codes of a categorical column; a numeric one has its range in brackets."""
    coded = not text.startswith("[") and text != "none"
    return {"values": [int(code) for code in text.split(":")] if coded else []}


def _root(fields: dict[str, str]) -> dict[str, Any]:
    if fields.get("is_linear", "0") != "0":
        return {"leaf_const": True}
    leaf_values = list(map(float, fields["leaf_value"].split()))
    if len(leaf_values) == 1:
        return {"leaf_value": leaf_values[0]}
    counts = list(map(int, fields["leaf_count"].split()))
    leaves = [
        {"leaf_value": value, "leaf_count": n} for value, n in zip(leaf_values, counts, strict=True)
    ]
    splits = _splits(fields)
    for side in ("left_child", "right_child"):
        for split, child in zip(splits, map(int, fields[side].split()), strict=True):
            # a leaf's number has all its bits turned
            split[side] = splits[child] if child >= 0 else leaves[~child]
    return splits[0]


def _splits(fields: dict[str, str]) -> list[dict[str, Any]]:
    columns = ("split_feature", "threshold", "decision_type", "internal_count")
    codes = _codes(fields)
    splits = []
    for feature, threshold, decision, n in zip(*(fields[c].split() for c in columns), strict=True):
        kind, number = int(decision), float(threshold)
        categorical = bool(kind & _CATEGORICAL)
        splits.append(
            {
                "split_feature": int(feature),
                "threshold": codes[int(number)] if categorical else number,
                "decision_type": "==" if categorical else "<=",
                "default_left": bool(kind & _DEFAULT_LEFT),
                "missing_type": _MISSING[(kind >> 2) & 3],
                "internal_count": int(n),
            }
        )
    return splits


def _codes(fields: dict[str, str]) -> list[str]:
    """Return for each categorical split the codes that go left, as the JSON writes them."""
    bounds = map(int, fields.get("cat_boundaries", "").split())
    words = list(map(int, fields.get("cat_threshold", "").split()))
    return [
        "||".join(
            str(_BITS * place + bit)
            for place, word in enumerate(words[start:end])
            for bit in range(_BITS)
            if word >> bit & 1
        )
        for start, end in pairwise(bounds)
    ]
