"""The KernelSHAP engine against the package shap, setting by setting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pytest
import shap
from shap.utils._legacy import DenseData

from explaudit.engines.kernel import Coalitions, KernelResult, kernel_shap
from explaudit.seeds import shielded_global_rng

Array = npt.NDArray[np.float64]
Model = Callable[[Array], Array]
Link = Literal["identity", "logit"]

TOLERANCE = 1e-9
N_COLUMNS = 11
SELECTIONS: list[bool | str | float] = [
    False,
    "num_features(4)",
    "num_features(10)",
    "aic",
    "bic",
    0.002,
]


class Library:
    """shap's explainer on the same arguments, with the coalitions that it used."""

    def __init__(
        self,
        model: Model,
        background: Array,
        weights: Array | None = None,
        groups: Sequence[Sequence[int]] | None = None,
        link: Link = "identity",
    ) -> None:
        n_names = background.shape[1] if groups is None else len(groups)
        as_arrays = None if groups is None else [np.array(group) for group in groups]
        own_weights = np.ones(len(background)) if weights is None else weights.copy()
        data = DenseData(
            background.copy(), [str(i) for i in range(n_names)], as_arrays, own_weights
        )
        self.explainer = shap.KernelExplainer(model, data, link=link)
        self.coalitions: list[Coalitions] = []

    def explain(self, rows: Array, seed: int = 0, **settings: Any) -> Array:
        values = []
        for row in rows:
            with shielded_global_rng(seed):
                values.append(self.explainer.shap_values(row, silent=True, **settings))
            self.coalitions.append(
                Coalitions.given(self.explainer.maskMatrix, self.explainer.kernelWeights)
            )
        return np.array(values)


def curved(matrix: Array) -> Array:
    """A probability with interactions of all columns."""
    mix = np.random.default_rng(7).normal(size=(matrix.shape[1], 5))
    score: Array = np.sin(matrix @ mix).sum(axis=1)
    return 1 / (1 + np.exp(-score))


def three_outputs(matrix: Array) -> Array:
    return np.column_stack([curved(matrix), 1 - curved(matrix), 0.2 + 0.5 * (matrix[:, 0] > 1)])


@pytest.fixture(scope="module")
def whole_numbers() -> tuple[Array, Array, Array]:
    """Rows, background and weights of whole numbers, where many values agree."""
    rng = np.random.default_rng(3)
    rows = rng.integers(0, 3, (3, N_COLUMNS)).astype(float)
    background = rng.integers(0, 3, (8, N_COLUMNS)).astype(float)
    return rows, background, rng.random(8) + 0.1


@pytest.mark.parametrize("l1_reg", SELECTIONS)
@pytest.mark.parametrize("link", ["identity", "logit"])
@pytest.mark.parametrize("model", [curved, three_outputs])
def test_full_enumeration_is_equal(
    whole_numbers: tuple[Array, Array, Array], model: Model, link: Link, l1_reg: bool | str | float
) -> None:
    rows, background, weights = whole_numbers
    library = Library(model, background, weights, link=link)
    expected = library.explain(rows, l1_reg=l1_reg)
    for exact in ("auto", False):
        result = kernel_shap(
            model, rows, background, weights, link=link, l1_reg=l1_reg, exact=exact
        )
        assert result.values.shape == expected.shape
        assert np.abs(result.values - expected).max() < TOLERANCE
        assert np.abs(result.base_values - library.explainer.expected_value).max() < TOLERANCE
        direct = exact == "auto" and link == "identity" and l1_reg is False
        assert set(result.methods) == {"exact" if direct else "enumerated"}


@pytest.mark.parametrize("n_columns", [1, 2, 3, 4, 7, 10])
def test_any_small_number_of_features_is_equal(n_columns: int) -> None:
    rng = np.random.default_rng(n_columns)
    rows, background = rng.normal(size=(2, n_columns)), rng.normal(size=(5, n_columns))
    explainer = shap.KernelExplainer(curved, background)
    expected = explainer.shap_values(rows, silent=True, l1_reg=False)
    for exact in ("auto", False):
        values = kernel_shap(curved, rows, background, exact=exact).values
        assert np.abs(values - expected).max() < TOLERANCE


def test_a_kmeans_background_is_equal() -> None:
    rng = np.random.default_rng(5)
    table = rng.poisson(2.0, (200, 8)).astype(float)
    summary = shap.kmeans(table, 10)
    expected = shap.KernelExplainer(curved, summary).shap_values(
        table[:3], silent=True, l1_reg=False
    )
    values = kernel_shap(curved, table[:3], summary.data, summary.weights).values
    assert np.abs(values - expected).max() < TOLERANCE


@pytest.mark.parametrize(
    "groups",
    [
        [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]],
        [[3, 0, 7], [1], [2, 9], [4, 5, 6, 8]],
        [[9], [8], [7], [6], [5], [4], [3], [2], [1], [0]],
    ],
    ids=["equal", "unequal", "permuted"],
)
@pytest.mark.parametrize("exact", ["auto", False])
def test_grouped_features_are_equal(groups: list[list[int]], exact: Literal["auto", False]) -> None:
    rng = np.random.default_rng(11)
    rows = rng.integers(0, 3, (3, 10)).astype(float)
    background = rng.integers(0, 3, (6, 10)).astype(float)
    background[:, groups[0]] = rows[0, groups[0]]
    expected = Library(three_outputs, background, groups=groups).explain(rows, l1_reg=False)
    result = kernel_shap(three_outputs, rows, background, groups=groups, exact=exact)
    assert result.values.shape == (3, len(groups), 3)
    assert np.abs(result.values - expected).max() < TOLERANCE
    assert (result.values[0, 0] == 0).all()


@pytest.mark.parametrize("n_varying", [0, 1, 2, 5])
@pytest.mark.parametrize("link", ["identity", "logit"])
def test_features_that_do_not_vary_are_equal(n_varying: int, link: Link) -> None:
    rng = np.random.default_rng(13)
    row = rng.normal(size=(1, 9))
    background = np.repeat(row, 6, axis=0)
    background[:, :n_varying] = rng.normal(size=(6, n_varying))
    explainer = shap.KernelExplainer(three_outputs, background, link=link)
    expected = explainer.shap_values(row, silent=True, l1_reg=False)
    result = kernel_shap(three_outputs, row, background, link=link)
    assert np.abs(result.values - expected).max() < TOLERANCE
    assert (result.values[0, n_varying:] == 0).all()
    assert result.methods[0] == {0: "unvarying", 1: "single"}.get(n_varying, result.methods[0])


def test_values_that_are_close_or_missing_are_equal() -> None:
    rng = np.random.default_rng(17)
    rows, background = rng.normal(size=(2, 6)) + 3, rng.normal(size=(4, 6)) + 3
    background[:, 0] = rows[0, 0] * (1 + 1e-6)  # the same to shap, yet another number to a model
    rows[1, 1] = background[:, 1] = np.nan
    rows[0, 2] = np.nan

    def sharp(matrix: Array) -> Array:
        filled = np.nan_to_num(matrix, nan=-1.0)
        return np.where(matrix[:, 0] > rows[0, 0], 0.5, 0.0) + curved(filled)

    explainer = shap.KernelExplainer(sharp, background)
    expected = explainer.shap_values(rows, silent=True, l1_reg=False)
    for exact in ("auto", False):
        result = kernel_shap(sharp, rows, background, exact=exact)
        assert np.abs(result.values - expected).max() < TOLERANCE
        # each row has five features that vary: the first agrees, or the second is missing in all
        assert result.n_coalitions.tolist() == [2**5 - 2, 2**5 - 2]


def test_columns_that_are_only_close_keep_the_background_value() -> None:
    """Tables would let such a column change, and are not used, however cheap they are."""
    rng = np.random.default_rng(37)
    row = rng.normal(size=(1, 8)) + 3
    background = np.repeat(row, 4, axis=0)
    for other in background:
        other[rng.choice(np.arange(1, 8), 3, replace=False)] += rng.normal(size=3)
    assert kernel_shap(curved, row, background).methods == ("exact",)
    background[:, 0] *= 1 + 1e-6

    def sharp(matrix: Array) -> Array:
        return np.where(matrix[:, 0] > row[0, 0], 0.5, 0.0) + curved(matrix)

    explainer = shap.KernelExplainer(sharp, background)
    expected = explainer.shap_values(row, silent=True, l1_reg=False)
    result = kernel_shap(sharp, row, background)
    assert result.methods == ("enumerated",)
    assert np.abs(result.values - expected).max() < TOLERANCE


@pytest.mark.parametrize("scale", [1e3, 1.0, 1e-2, 1e-3, 1e-4, 1e-6])
def test_small_answers_end_the_selection_as_early_as_in_the_library(
    whole_numbers: tuple[Array, Array, Array], scale: float
) -> None:
    """The path ends at a fixed correlation by sample: small answers are not selected at all."""
    rows, background, _ = whole_numbers

    def scaled(matrix: Array) -> Array:
        return scale * curved(matrix)

    explainer = shap.KernelExplainer(scaled, background)
    expected = explainer.shap_values(rows, silent=True, l1_reg="num_features(10)")
    values = kernel_shap(scaled, rows, background, l1_reg="num_features(10)").values
    assert np.abs(values - expected).max() < TOLERANCE * max(1.0, scale)
    assert np.array_equal(values == 0, expected == 0)
    assert (values == 0).all() == (scale <= 1e-4)


@pytest.mark.parametrize("l1_reg", SELECTIONS)
@pytest.mark.parametrize("link", ["identity", "logit"])
@pytest.mark.parametrize("nsamples", [200, 900])
def test_the_coalitions_of_the_library_give_equal_values(
    link: Link, l1_reg: bool | str | float, nsamples: int
) -> None:
    rng = np.random.default_rng(19)
    rows, background = rng.normal(size=(3, 18)), rng.normal(size=(5, 18))
    library = Library(three_outputs, background, link=link)
    expected = library.explain(rows, l1_reg=l1_reg, nsamples=nsamples)
    result = kernel_shap(
        three_outputs,
        rows,
        background,
        link=link,
        l1_reg=l1_reg,
        mode="given",
        coalitions=library.coalitions,
    )
    assert np.abs(result.values - expected).max() < TOLERANCE
    assert set(result.methods) == {"given"}


def test_places_that_the_library_left_free_do_not_matter() -> None:
    rng = np.random.default_rng(23)
    rows, background = rng.normal(size=(1, 12)), rng.normal(size=(3, 12))
    library = Library(curved, background)
    # 920 of the 924 subsets of the middle size cannot be met in four draws for each
    expected = library.explain(rows, l1_reg="aic", nsamples=4090)
    coalitions = library.coalitions[0]
    used = coalitions.weights > 0
    assert not used.all()
    shorter = Coalitions(coalitions.masks[used], coalitions.weights[used], 4090)
    for given in (coalitions, shorter):
        result = kernel_shap(curved, rows, background, l1_reg="aic", mode="given", coalitions=given)
        assert np.abs(result.values - expected).max() < TOLERANCE


@pytest.mark.parametrize("n_selected", [1, 2, 3, 5, 7, 9])
@pytest.mark.parametrize("seed", range(4))
def test_ties_are_broken_as_in_the_library(n_selected: int, seed: int) -> None:
    """Features with equal roles tie exactly; which one gets in is then a matter of rounding."""
    rng = np.random.default_rng(seed)
    rows, background = np.ones((1, 10)), np.zeros((4, 10))
    background[:, 6:] = rng.integers(0, 2, (4, 4))

    def symmetric(matrix: Array) -> Array:
        score: Array = matrix[:, :3].sum(axis=1) ** 2 + matrix[:, 3:6].prod(axis=1)
        rest: Array = 0.02 * matrix[:, 6:].sum(axis=1)
        return score / 10 + rest

    l1_reg = f"num_features({n_selected})"
    expected = Library(symmetric, background).explain(rows, l1_reg=l1_reg)
    values = kernel_shap(symmetric, rows, background, l1_reg=l1_reg).values
    assert np.abs(values - expected).max() < TOLERANCE


@pytest.mark.filterwarnings("ignore:l1_reg='auto' is deprecated:DeprecationWarning")
@pytest.mark.parametrize("nsamples", [60, 400])
def test_the_old_default_selection_is_equal(nsamples: int) -> None:
    rng = np.random.default_rng(29)
    rows, background = rng.normal(size=(2, 9)), rng.normal(size=(4, 9))
    library = Library(curved, background)
    expected = library.explain(rows, l1_reg="auto", nsamples=nsamples)
    values = kernel_shap(
        curved, rows, background, l1_reg="auto", mode="given", coalitions=library.coalitions
    ).values
    assert np.abs(values - expected).max() < TOLERANCE


def deviation(result: KernelResult, expected: Array) -> float:
    return float(np.abs(result.values - expected).max())


def test_the_comparison_sees_planted_faults() -> None:
    rng = np.random.default_rng(31)
    rows, background = rng.normal(size=(1, 14)), rng.normal(size=(4, 14))
    library = Library(curved, background)
    expected = library.explain(rows, l1_reg=False, nsamples=300)
    (coalitions,) = library.coalitions
    heavier = coalitions.weights.copy()
    heavier[-1] *= 1.01
    flipped = coalitions.masks.copy()
    flipped[-1, 0] ^= True

    def explain(given: Coalitions, weights: Array | None = None) -> float:
        result = kernel_shap(curved, rows, background, weights, mode="given", coalitions=given)
        return deviation(result, expected)

    assert explain(coalitions) < TOLERANCE
    assert explain(replace(coalitions, weights=heavier)) > 100 * TOLERANCE
    assert explain(replace(coalitions, masks=flipped)) > 100 * TOLERANCE
    assert explain(coalitions, np.array([1.0, 1.0, 1.0, 1.001])) > 100 * TOLERANCE
