"""Families of ordinary models that twins are drawn from, each with settings drawn at random."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["FAMILIES"]

Array = npt.NDArray[np.float64]

#: With more features than this, families are fitted in ways that stay affordable.
_FEW_FEATURES = 30


def _one_of(rng: np.random.Generator, values: Sequence[Any]) -> Any:
    return values[int(rng.integers(len(values)))]


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))


def _share(rng: np.random.Generator, n_features: int) -> float:
    """Return the share of features that a tree looks at for a split: of many features, fewer."""
    return float(rng.uniform(0.3, 1.0) if n_features <= _FEW_FEATURES else rng.uniform(0.05, 0.3))


def _linear(rng: np.random.Generator, n_features: int) -> Any:
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    del n_features
    return make_pipeline(StandardScaler(), Ridge(10 ** rng.uniform(-1, 2)))


def _products(rng: np.random.Generator, n_features: int) -> Any:
    """Linear in products of two features, or, of many, in their splines."""
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures, SplineTransformer, StandardScaler

    ridge = Ridge(10 ** rng.uniform(0.5, 2.5))
    if n_features > _FEW_FEATURES:
        return make_pipeline(StandardScaler(), SplineTransformer(4, degree=1), ridge)
    products = PolynomialFeatures(2, interaction_only=True, include_bias=False)
    return make_pipeline(StandardScaler(), products, ridge)


def _forest(rng: np.random.Generator, n_features: int) -> Any:
    from sklearn.tree import DecisionTreeRegressor

    tree = DecisionTreeRegressor(
        max_depth=_one_of(rng, (None, 6, 10)),
        min_samples_leaf=int(rng.integers(1, 6)),
        max_features=_share(rng, n_features),
    )
    return _Bag(tree, int(rng.integers(5, 25)), rng, bootstrap=True)


def _extra_trees(rng: np.random.Generator, n_features: int) -> Any:
    from sklearn.tree import ExtraTreeRegressor

    tree = ExtraTreeRegressor(
        min_samples_leaf=int(rng.integers(1, 6)),
        max_features=_share(rng, n_features),
    )
    return _Bag(tree, int(rng.integers(5, 25)), rng, bootstrap=False)


def _boosting(rng: np.random.Generator, n_features: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.multioutput import MultiOutputRegressor

    boosting = HistGradientBoostingRegressor(
        max_iter=int(rng.integers(20, 50)),
        max_leaf_nodes=int(rng.integers(4, 24)),
        learning_rate=rng.uniform(0.08, 0.3),
        max_features=_share(rng, n_features),
        max_bins=63,
        early_stopping=False,
        random_state=_seed(rng),
    )
    return _EachOutput(boosting, MultiOutputRegressor)


def _tree(rng: np.random.Generator, n_features: int) -> Any:
    from sklearn.tree import DecisionTreeRegressor

    del n_features
    return DecisionTreeRegressor(
        max_depth=_one_of(rng, (None, 5, 8, 12)),
        min_samples_leaf=int(rng.integers(1, 10)),
        random_state=_seed(rng),
    )


def _neighbours(rng: np.random.Generator, n_features: int) -> Any:
    from sklearn.neighbors import KNeighborsRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    del n_features
    return make_pipeline(
        StandardScaler(),
        KNeighborsRegressor(
            int(rng.integers(1, 16)),
            weights=_one_of(rng, ("uniform", "distance")),
            p=int(rng.integers(1, 3)),
        ),
    )


def _network(rng: np.random.Generator, n_features: int) -> Any:
    from sklearn.neural_network import MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    del n_features
    return make_pipeline(
        StandardScaler(),
        MLPRegressor(
            hidden_layer_sizes=(int(rng.integers(8, 40)),),
            alpha=10 ** rng.uniform(-4, -1),
            learning_rate_init=0.01,
            max_iter=20,
            random_state=_seed(rng),
        ),
    )


class _Bag:
    """A forest of scikit-learn's trees: theirs spends most of its time between small trees."""

    def __init__(
        self, tree: Any, n_trees: int, rng: np.random.Generator, *, bootstrap: bool
    ) -> None:
        self._tree, self._n_trees, self._rng, self._bootstrap = tree, n_trees, rng, bootstrap

    def fit(self, rows: Array, answers: Array) -> None:
        from sklearn.base import clone

        narrow, n_rows = np.asarray(rows, dtype=np.float32), len(rows)
        self._trees = []
        for _ in range(self._n_trees):
            tree = clone(self._tree).set_params(random_state=_seed(self._rng))
            weights = None
            if self._bootstrap:
                drawn = self._rng.integers(0, n_rows, n_rows)
                weights = np.bincount(drawn, minlength=n_rows).astype(np.float64)
            self._trees.append(tree.fit(narrow, answers, sample_weight=weights).tree_)

    def predict(self, rows: Array) -> Array:
        narrow = np.ascontiguousarray(rows, dtype=np.float32)
        said = np.mean([tree.predict(narrow) for tree in self._trees], axis=0)
        return np.asarray(said.reshape(len(rows), -1))


class _EachOutput:
    """A regressor of one output, fitted to each output if there are several."""

    def __init__(self, regressor: Any, several: Callable[[Any], Any]) -> None:
        self._model, self._several = regressor, several

    def fit(self, rows: Array, answers: Array) -> None:
        if answers.ndim == 2:
            self._model = self._several(self._model)
        self._model.fit(rows, answers)

    def predict(self, rows: Array) -> Array:
        return np.asarray(self._model.predict(rows))


#: Families of ordinary models by name: ``(rng, n_features) -> regressor`` with settings drawn.
FAMILIES: dict[str, Callable[[np.random.Generator, int], Any]] = {
    "linear": _linear,
    "products": _products,
    "forest": _forest,
    "extra trees": _extra_trees,
    "boosting": _boosting,
    "tree": _tree,
    "neighbours": _neighbours,
    "network": _network,
}
