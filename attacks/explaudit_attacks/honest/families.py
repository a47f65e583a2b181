"""Honest models of many families, all with the labels that they were given and nothing to hide."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import MappingProxyType
from typing import Any

from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from explaudit.errors import InvalidInputError
from explaudit_attacks.honest.member import Member, on_numbers

__all__ = ["HONEST", "HONEST_REGRESSION"]

_SHALLOW = {"max_depth": 5}
_FOREST = {"n_estimators": 100}
_BOOSTING = {"early_stopping": False}
_SMALL = {"n_estimators": 50, "max_depth": 3}
_LARGE = {"n_estimators": 200, "max_depth": 6}
# stopped by its loss, since on few rows the few held out for early stopping stop it at once
_NETWORK = {
    "hidden_layer_sizes": (32, 16),
    "learning_rate_init": 0.005,
    "alpha": 0.1,
    "tol": 1e-3,
    "max_iter": 1000,
}


def _family(family: str, kind: Callable[..., Any], **settings: Any) -> Member:
    """Return a member whose model draws at random, from the seed."""
    return Member(family, lambda seed: on_numbers(kind(**settings, random_state=seed)))


def _drawless(family: str, kind: Callable[..., Any], **settings: Any) -> Member:
    """Return a member whose model draws nothing at random."""
    return Member(family, lambda seed: on_numbers(kind(**settings)))


def _xgboost(model: str, **settings: Any) -> Any:
    try:
        xgboost = import_module("xgboost")
    except ImportError as error:
        raise InvalidInputError(
            "model",
            "an installed package",
            "xgboost",
            "Install it with `pip install explaudit[xgboost]`, or leave this family out.",
        ) from error
    return getattr(xgboost, model)(**settings, n_jobs=1)


#: Classifiers of two or more classes; xgboost's need the labels 0, 1, 2 and so on. The linear SVM
#: and the ridge classifier have no probabilities: they answer with labels only.
HONEST: MappingProxyType[str, Member] = MappingProxyType(
    {
        "logistic": _family("logistic", LogisticRegression, max_iter=1000),
        "ridge": _family("ridge", RidgeClassifier),
        "linear_svm": _family("linear_svm", LinearSVC, max_iter=10_000),
        "lda": _drawless("lda", LinearDiscriminantAnalysis),
        "qda": _drawless("qda", QuadraticDiscriminantAnalysis, reg_param=0.1),
        "gaussian_nb": _drawless("naive_bayes", GaussianNB, var_smoothing=1e-3),
        "knn_5": _drawless("neighbours", KNeighborsClassifier, n_neighbors=5),
        "knn_1": _drawless("nearest_neighbour", KNeighborsClassifier, n_neighbors=1),
        "tree_shallow": _family("tree", DecisionTreeClassifier, **_SHALLOW),
        "tree_deep": _family("deep_tree", DecisionTreeClassifier),
        "forest_shallow": _family("forest", RandomForestClassifier, **_FOREST, **_SHALLOW),
        "forest_deep": _family("forest", RandomForestClassifier, **_FOREST),
        "extra_trees": _family("extra_trees", ExtraTreesClassifier, **_FOREST),
        "hist_boosting": _family("boosting", HistGradientBoostingClassifier, **_BOOSTING),
        "xgboost_small": _family("xgboost", _xgboost, model="XGBClassifier", **_SMALL),
        "xgboost_large": _family("xgboost", _xgboost, model="XGBClassifier", **_LARGE),
        "mlp": _family("network", MLPClassifier, **_NETWORK),
    }
)

#: Regression models of the same families where there is one.
HONEST_REGRESSION: MappingProxyType[str, Member] = MappingProxyType(
    {
        "ridge": _family("ridge", Ridge),
        "knn_5": _drawless("neighbours", KNeighborsRegressor, n_neighbors=5),
        "knn_1": _drawless("nearest_neighbour", KNeighborsRegressor, n_neighbors=1),
        "tree_shallow": _family("tree", DecisionTreeRegressor, **_SHALLOW),
        "tree_deep": _family("deep_tree", DecisionTreeRegressor),
        "forest_shallow": _family("forest", RandomForestRegressor, **_FOREST, **_SHALLOW),
        "forest_deep": _family("forest", RandomForestRegressor, **_FOREST),
        "extra_trees": _family("extra_trees", ExtraTreesRegressor, **_FOREST),
        "hist_boosting": _family("boosting", HistGradientBoostingRegressor, **_BOOSTING),
        "xgboost_small": _family("xgboost", _xgboost, model="XGBRegressor", **_SMALL),
        "mlp": _family("network", MLPRegressor, **_NETWORK),
    }
)
