"""Gates: unfitted classifiers that can learn to tell real rows from an explainer's queries."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

from explaudit.errors import InvalidInputError

__all__ = ["forest", "hist_boosting", "xgboost_trees"]


def forest(**settings: Any) -> Any:
    """Return a random forest of 100 trees without a depth limit: the published gate.

    Source: Slack et al., "Fooling LIME and SHAP", AIES 2020, section 4.

    Parameters
    ----------
    **settings
        Other settings of :class:`sklearn.ensemble.RandomForestClassifier`.
    """
    return _build(RandomForestClassifier, {"n_estimators": 100, **settings})


def hist_boosting(**settings: Any) -> Any:
    """Return histogram gradient boosting with 100 iterations of 15 leaves: the default gate.

    A gate must judge rows that it never saw, and larger trees learn the real rows by heart: they
    suspect more of the fresh ones, without finding more queries at the same recall.

    Parameters
    ----------
    **settings
        Other settings of :class:`sklearn.ensemble.HistGradientBoostingClassifier`.
    """
    defaults = {"max_iter": 100, "max_leaf_nodes": 15, "early_stopping": False}
    return _build(HistGradientBoostingClassifier, {**defaults, **settings})


def xgboost_trees(**settings: Any) -> Any:
    """Return 100 boosted trees of depth 6 by xgboost: the gate that is asked fastest.

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
