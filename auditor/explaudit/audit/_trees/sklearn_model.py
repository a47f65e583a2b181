"""Reading fitted trees of scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from explaudit.audit._trees.ensemble import Ensemble, UnsupportedFileError
from explaudit.audit._trees.objectives import ROWS_COUNTED, Objective
from explaudit.audit._trees.structure import RawTree, stack

__all__ = ["is_sklearn_trees", "read_sklearn"]

Array = npt.NDArray[np.float64]

#: A bootstrap sample of n rows tells as much of the population as a sample of half as many does.
_WORTH_OF_BOOTSTRAP = 0.5


def is_sklearn_trees(model: object) -> bool:
    """Return whether a model is a tree, or an ensemble of trees, of scikit-learn."""
    return type(model).__module__.startswith("sklearn.") and type(model).__name__ in _READERS


def read_sklearn(model: Any) -> Ensemble:
    """Read a fitted estimator, which is asked nothing.

    Trees of scikit-learn count rows, by their weights in all but histogram-based boosting; these
    counts are what TreeSHAP takes for covers.

    Parameters
    ----------
    model : object
        A decision tree, a forest of trees, or gradient boosting, fitted.

    Raises
    ------
    UnsupportedFileError
        If it is something else, is not fitted, answers with several numbers, or is of a kind whose
        answers cannot be put together from its trees.
    """
    if not is_sklearn_trees(model):
        raise UnsupportedFileError(
            "model_file",
            f"a file of trees, or one of {', '.join(_READERS)}",
            type(model).__name__,
            "Of a pipeline, give its last step, and rows as that one is fed them.",
        )
    if not hasattr(model, "n_features_in_"):
        raise UnsupportedFileError("model_file", "a fitted model", type(model).__name__)
    return _READERS[type(model).__name__](model)


def _forest(model: Any) -> Ensemble:
    """Read trees whose answers are averaged; a single one is a forest, too."""
    if model.n_outputs_ != 1:
        raise UnsupportedFileError("model_file", "one output", f"{model.n_outputs_} outputs")
    trees = [member.tree_ for member in getattr(model, "estimators_", [model])]
    n_classes = len(getattr(model, "classes_", ()))
    # of two classes the second one says all
    shown = [1] if n_classes == 2 else range(max(n_classes, 1))
    answer = "number" if n_classes == 0 else "chance" if n_classes == 2 else "chances"
    return _ensemble(
        model,
        [_of_tree(tree, tree.value[:, 0, k] / len(trees)) for k in shown for tree in trees],
        output=np.repeat(np.arange(len(shown)), len(trees)),
        base=np.zeros(len(shown)),
        objective=ROWS_COUNTED[answer],
        worth=_WORTH_OF_BOOTSTRAP if getattr(model, "bootstrap", False) else 1.0,
    )


def _boosting(model: Any) -> Ensemble:
    n_rounds, n_outputs = model.estimators_.shape
    trees = [member.tree_ for member in model.estimators_.ravel()]
    return _ensemble(
        model,
        [_of_tree(tree, tree.value[:, 0, 0] * model.learning_rate) for tree in trees],
        output=np.tile(np.arange(n_outputs), n_rounds),
        round_=np.repeat(np.arange(n_rounds), n_outputs),
        base=_start(model, n_outputs),
        objective=_objective(model, n_outputs),
    )


def _start(model: Any, n_outputs: int) -> Array:
    """Return the margins that gradient boosting starts at."""
    kind = type(model.init_).__name__
    if kind == "DummyClassifier":
        chances = np.asarray(model.init_.class_prior_, dtype=np.float64)
        return special.logit(chances[1:]) if n_outputs == 1 else np.log(chances)
    if kind == "DummyRegressor":
        return np.asarray(model.init_.constant_, dtype=np.float64).ravel()
    if kind == "str":
        return np.zeros(n_outputs)
    raise UnsupportedFileError("model_file", "boosting that starts at a constant", f"init={kind}")


def _by_histogram(model: Any) -> Ensemble:
    if model.is_categorical_ is not None and model.is_categorical_.any():
        raise UnsupportedFileError(
            "model_file", "histogram-based boosting of numbers", "categorical features"
        )
    rounds = model._predictors
    n_outputs = len(rounds[0])
    return _ensemble(
        model,
        [_of_nodes(predictor.nodes) for one in rounds for predictor in one],
        output=np.tile(np.arange(n_outputs), len(rounds)),
        round_=np.repeat(np.arange(len(rounds)), n_outputs),
        base=np.asarray(model._baseline_prediction, dtype=np.float64).ravel(),
        objective=_objective(model, n_outputs),
        single_precision=False,
    )


def _objective(model: Any, n_outputs: int) -> Objective:
    if model.loss == "log_loss":
        return ROWS_COUNTED["log odds" if n_outputs == 1 else "logs of chances"]
    if model.loss in ("squared_error", "absolute_error", "huber", "quantile"):
        return ROWS_COUNTED["number"]
    if model.loss in ("poisson", "gamma"):
        return ROWS_COUNTED["log of a number"]
    raise UnsupportedFileError("model_file", "another loss", model.loss)


def _ensemble(
    model: Any,
    trees: list[RawTree],
    *,
    output: npt.NDArray[np.intp],
    base: Array,
    objective: Objective,
    round_: npt.NDArray[np.intp] | None = None,
    worth: float = 1.0,
    single_precision: bool = True,
) -> Ensemble:
    return Ensemble(
        trees=stack(trees),
        columns=tuple(map(str, getattr(model, "feature_names_in_", ()))),
        n_columns=int(model.n_features_in_),
        output=output,
        round=np.zeros_like(output) if round_ is None else round_,
        base=base,
        objective=objective,
        worth=worth,
        single_precision=single_precision,
    )


def _of_tree(tree: Any, value: Array) -> RawTree:
    return RawTree(
        left=tree.children_left.astype(np.intp),
        right=tree.children_right.astype(np.intp),
        column=tree.feature.astype(np.intp),
        # a value on the threshold goes left
        threshold=np.nextafter(tree.threshold, np.inf),
        default_left=tree.missing_go_to_left.astype(bool),
        value=value,
        cover=tree.weighted_n_node_samples,
    )


def _of_nodes(nodes: Any) -> RawTree:
    is_leaf = nodes["is_leaf"].astype(bool)
    left, right = (np.where(is_leaf, -1, nodes[side].astype(np.intp)) for side in ("left", "right"))
    return RawTree(
        left=left,
        right=right,
        column=nodes["feature_idx"].astype(np.intp),
        threshold=np.nextafter(nodes["num_threshold"], np.inf),
        default_left=nodes["missing_go_to_left"].astype(bool),
        value=nodes["value"].astype(np.float64),
        cover=nodes["count"].astype(np.float64),
    )


_READERS: dict[str, Callable[[Any], Ensemble]] = {
    "DecisionTreeClassifier": _forest,
    "DecisionTreeRegressor": _forest,
    "ExtraTreeClassifier": _forest,
    "ExtraTreeRegressor": _forest,
    "RandomForestClassifier": _forest,
    "RandomForestRegressor": _forest,
    "ExtraTreesClassifier": _forest,
    "ExtraTreesRegressor": _forest,
    "GradientBoostingClassifier": _boosting,
    "GradientBoostingRegressor": _boosting,
    "HistGradientBoostingClassifier": _by_histogram,
    "HistGradientBoostingRegressor": _by_histogram,
}
