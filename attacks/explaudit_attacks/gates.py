"""Gates: unfitted classifiers that can learn to tell real rows from an explainer's queries."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Literal

from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

from explaudit.errors import InvalidInputError

__all__ = ["forest", "hist_boosting", "xgboost_trees"]

Size = Literal["default", "small"]

_SIZES: dict[str, dict[str, Any]] = {
    "default": {"max_iter": 100, "max_leaf_nodes": 15},
    "small": {"max_iter": 50, "max_leaf_nodes": 8, "learning_rate": 0.2, "max_bins": 32},
}


def forest(**settings: Any) -> Any:
    """Return a random forest of 100 trees without a depth limit: the published gate.

    Source: Slack et al., "Fooling LIME and SHAP", AIES 2020, section 4.

    Parameters
    ----------
    **settings
        Other settings of :class:`sklearn.ensemble.RandomForestClassifier`.
    """
    return _build(RandomForestClassifier, {"n_estimators": 100, **settings})


def hist_boosting(*, size: Size = "default", **settings: Any) -> Any:
    """Return histogram gradient boosting: the default gate.

    A gate must judge rows that it never saw, and larger trees learn the real rows by heart: they
    suspect more of the fresh ones, without finding more queries at the same recall. At the same
    recall boosting hides from KernelSHAP at least as much as the published forest does, and is
    asked at a small part of its cost: see ``benchmarks/gates.py``.

    Parameters
    ----------
    size : {"default", "small"}
        "default" is 100 iterations of 15 leaves. "small" is 50 of 8 leaves, learned twice as fast
        on bins eight times as coarse: it is fitted and asked in less than half the time, most of
        all where columns are many and continuous, and hides but little worse. Where columns hold
        whole numbers, neither tells them from LIME's noise as well as a forest of ten trees with
        thirty queries for each row does.
    **settings
        Other settings of :class:`sklearn.ensemble.HistGradientBoostingClassifier`.

    Raises
    ------
    InvalidInputError
        If there is no such size or setting.
    """
    if size not in _SIZES:
        raise InvalidInputError("size", f"one of {', '.join(_SIZES)}", size)
    defaults = {"early_stopping": False, **_SIZES[size]}
    return _build(HistGradientBoostingClassifier, {**defaults, **settings})


def xgboost_trees(**settings: Any) -> Any:
    """Return 100 boosted trees of depth 6 by xgboost.

    Parameters
    ----------
    **settings
        Other settings of :class:`xgboost.XGBClassifier`.

    Raises
    ------
    InvalidInputError
        If xgboost is not installed.
    """
    try:
        xgboost = import_module("xgboost")
    except ImportError as error:
        raise InvalidInputError(
            "gate",
            "an installed package",
            "xgboost",
            "Install it with `pip install explaudit[xgboost]`, or use the gate hist_boosting.",
        ) from error
    defaults = {"n_estimators": 100, "max_depth": 6, "n_jobs": 1}
    return _build(xgboost.XGBClassifier, {**defaults, **settings})


def _build(kind: Any, settings: dict[str, Any]) -> Any:
    try:
        return kind(**settings)
    except TypeError as error:
        raise InvalidInputError(
            "gate settings", f"parameters of {kind.__name__}", settings
        ) from error
