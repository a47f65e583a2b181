"""The LIME engine against the installed lime: equal seeds, equal numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
from lime.lime_tabular import LimeTabularExplainer

from explaudit.engines.lime import LimeResult, LimeSettings, lime_tabular, prepare
from explaudit.engines.lime import run as run_module
from explaudit.engines.lime.draws import LibraryDraws
from explaudit.engines.lime.ridge import Moments
from explaudit.engines.lime.table import Levels

Array = npt.NDArray[np.float64]
Model = Callable[[Array], Array]

TOLERANCE = 1e-9
CATEGORICAL = (4, 5, 6)
ROWS = slice(0, 4)

pytestmark = [
    # lime's own fits to columns that do not vary
    pytest.mark.filterwarnings("ignore:Ill-conditioned matrix"),
    pytest.mark.filterwarnings("ignore:Singular matrix in solving dual problem"),
    pytest.mark.filterwarnings("ignore:Regressors in active set degenerate"),
    pytest.mark.filterwarnings("ignore:Early stopping the lars path"),
]


class Expected(NamedTuple):
    values: Array
    intercepts: Array
    r2: Array
    local_predictions: Array
    asked: list[Array]


def training_table(n_rows: int = 240) -> Array:
    """Columns: smooth, mostly 0, whole numbers, constant; 2 and 5 levels and a rare one; far off"""
    rng = np.random.default_rng(5)
    many_zeros = rng.exponential(3.0, n_rows) * (rng.random(n_rows) < 0.6)
    return np.column_stack(
        [
            rng.normal(3.0, 2.0, n_rows),
            many_zeros,
            rng.poisson(2.0, n_rows),
            np.full(n_rows, 0.1),
            rng.integers(0, 2, n_rows),
            rng.integers(0, 5, n_rows) - 1.5,
            rng.random(n_rows) < 0.05,
            rng.normal(1e4, 1.0, n_rows),
        ]
    )


def curved(matrix: Array) -> Array:
    smooth = np.tanh(0.3 * matrix[:, 0] - 0.2 * matrix[:, 1] * matrix[:, 4])
    steps = 0.5 * (matrix[:, 2] > 2) + 0.2 * (matrix[:, 5] == 0.5) - 0.3 * matrix[:, 6]
    return np.asarray(smooth + steps + 0.1 * np.sin(matrix[:, 7]))


def hard(matrix: Array) -> Array:
    return np.asarray((matrix[:, 0] + matrix[:, 4] > 3.2) & (matrix[:, 5] > -1), dtype=np.float64)


def labels_of(training: Array) -> Array:
    answers = curved(training)
    return np.asarray(answers > answers.mean(), dtype=np.float64)


def library(
    model: Model,
    rows: Array,
    training: Array,
    settings: LimeSettings,
    seeds: list[int],
    categorical: tuple[int, ...] = CATEGORICAL,
) -> Expected:
    """Explain by lime, its three generators set back for each row."""
    explainer = LimeTabularExplainer(
        training,
        mode="regression",
        training_labels=labels_of(training) if settings.discretizer == "entropy" else None,
        categorical_features=list(categorical),
        kernel_width=settings.kernel_width,
        feature_selection="none" if settings.num_features is None else settings.feature_selection,
        discretize_continuous=settings.discretize_continuous,
        discretizer=settings.discretizer,
        sample_around_instance=settings.sample_around_instance,
        random_state=0,
    )
    asked: list[Array] = []

    def recorded(matrix: Array) -> Array:
        asked.append(matrix.copy())
        return model(matrix)

    found: list[tuple[Array, float, float, float]] = []
    for row, seed in zip(rows, seeds, strict=True):
        state = np.random.RandomState(seed)
        explainer.random_state = explainer.base.random_state = state
        if explainer.discretizer is not None:
            explainer.discretizer.random_state = state
        shown = explainer.explain_instance(
            row,
            recorded,
            num_features=settings.num_features or len(row),
            num_samples=settings.num_samples,
            distance_metric=settings.distance_metric,
        )
        values = np.zeros(len(row))
        for feature, weight in shown.local_exp[1]:
            values[feature] = weight
        found.append((values, shown.intercept[1], shown.score, shown.local_pred[0]))
    intercepts, r2, predictions = np.array([others for _, *others in found]).T
    return Expected(np.array([own for own, *_ in found]), intercepts, r2, predictions, asked)


def engine(
    model: Model,
    rows: Array,
    training: Array,
    settings: LimeSettings,
    seeds: list[int],
    categorical: tuple[int, ...] = CATEGORICAL,
    **options: Any,
) -> LimeResult:
    labels = labels_of(training) if settings.discretizer == "entropy" else None
    table = prepare(training, categorical, settings, labels)
    return lime_tabular(model, rows, table, settings, seeds=seeds, **options)


def deviation(result: LimeResult, expected: Expected) -> float:
    pairs = (
        (result.values, expected.values),
        (result.intercepts, expected.intercepts),
        (result.r2, expected.r2),
        (result.local_predictions, expected.local_predictions),
    )
    return max(float(np.abs(ours - theirs).max()) for ours, theirs in pairs)


BINS = [
    {"discretize_continuous": False},
    {"discretize_continuous": False, "sample_around_instance": True},
    {"discretizer": "quartile"},
    {"discretizer": "decile", "sample_around_instance": True},
    {"discretizer": "entropy"},
]
SELECTIONS = [
    {"feature_selection": "none"},
    {"num_features": None},
    {"feature_selection": "auto", "num_features": 3},
    {"feature_selection": "auto", "num_features": 7},
    {"feature_selection": "highest_weights", "num_features": 4},
    {"feature_selection": "forward_selection", "num_features": 4},
    {"feature_selection": "lasso_path", "num_features": 1},
    {"feature_selection": "lasso_path", "num_features": 3},
    {"feature_selection": "lasso_path", "num_features": 20},
]
METRICS = ["manhattan", "cosine", "chebyshev", "canberra", "sqeuclidean", "l2"]
METRICS += ["braycurtis", "cityblock", "hamming", "l1", "minkowski", "nan_euclidean"]


@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
@pytest.mark.parametrize("bins", BINS, ids=str)
@pytest.mark.parametrize("model", [curved, hard])
def test_equal_seeds_give_equal_numbers(
    model: Model, bins: dict[str, Any], selection: dict[str, Any]
) -> None:
    training, seeds = training_table(), [3, 0, 2**32 - 1, 77]
    settings = LimeSettings(num_samples=301, **bins, **selection)
    expected = library(model, training[ROWS], training, settings, seeds)
    result = engine(model, training[ROWS], training, settings, seeds)
    assert np.abs(expected.values).max() > 0.01
    assert deviation(result, expected) < TOLERANCE


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("width", [None, 0.6, 8.0])
@pytest.mark.parametrize("cut", [True, False])
def test_kernel_and_metric_are_the_librarys(cut: bool, width: float | None, metric: str) -> None:
    training, seeds = training_table(), [11, 12]
    settings = LimeSettings(
        discretize_continuous=cut, kernel_width=width, distance_metric=metric, num_samples=200
    )
    expected = library(curved, training[:2], training, settings, seeds)
    result = engine(curved, training[:2], training, settings, seeds)
    assert deviation(result, expected) < TOLERANCE


@pytest.mark.parametrize("bins", BINS, ids=str)
def test_the_model_is_asked_the_same_rows(bins: dict[str, Any]) -> None:
    """Levels bit for bit; numbers but for the rounding of array functions."""
    training, asked = training_table(), list[Array]()
    settings = LimeSettings(num_samples=250, **bins)

    def recorded(matrix: Array) -> Array:
        asked.append(matrix.copy())
        return curved(matrix)

    expected = library(curved, training[ROWS], training, settings, [1, 2, 3, 4])
    engine(recorded, training[ROWS], training, settings, [1, 2, 3, 4], deduplicate=False)
    ours, theirs = np.array(asked), np.array(expected.asked)
    assert np.array_equal(ours[..., CATEGORICAL], theirs[..., CATEGORICAL])
    assert np.array_equal(ours[:, 0], theirs[:, 0])
    assert np.allclose(ours, theirs, rtol=1e-10, atol=1e-10)


def test_a_lowest_bin_with_one_value_reaches_the_model_as_nothing() -> None:
    training, asked = training_table(), list[Array]()
    training[:, 3] = 7.0
    training[:, 1] += 5.0

    def recorded(matrix: Array) -> Array:
        asked.append(matrix.copy())
        return curved(matrix)

    settings = LimeSettings(num_samples=250)
    engine(recorded, training[:1], training, settings, [1])
    assert (asked[0][1:, 3] == 0).all() and asked[0][0, 3] == 7
    # 0 is no value of the second column, but is sent for its least one, 5
    assert training[:, 1].min() == 5
    assert 0.25 < (asked[0][:, 1] == 0).mean() < 0.55


@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
@pytest.mark.parametrize("constant", [0.0, 1.0, 0.3, -1e6])
def test_constant_answers_are_scored_as_in_the_library(
    constant: float, selection: dict[str, Any]
) -> None:
    training = training_table()
    settings = LimeSettings(discretize_continuous=False, num_samples=100, **selection)

    def model(matrix: Array) -> Array:
        return np.full(len(matrix), constant)

    expected = library(model, training[:2], training, settings, [1, 2])
    result = engine(model, training[:2], training, settings, [1, 2])
    assert deviation(result, expected) < TOLERANCE * max(1.0, abs(constant))
    assert result.refitted.all() == (constant not in (0.0, 1.0))


@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
@pytest.mark.parametrize("cut", [True, False])
def test_ties_are_broken_as_in_the_library(cut: bool, selection: dict[str, Any]) -> None:
    """A model of one level: its column explains all, and every other feature ties at nothing."""
    training = training_table()
    settings = LimeSettings(discretize_continuous=cut, num_samples=300, **selection)

    def model(matrix: Array) -> Array:
        return matrix[:, 4]

    expected = library(model, training[ROWS], training, settings, [1, 2, 3, 4])
    result = engine(model, training[ROWS], training, settings, [1, 2, 3, 4])
    assert deviation(result, expected) < TOLERANCE
    if settings.selection == "forward_selection":
        assert result.refitted.all()


def test_ties_need_the_librarys_arithmetic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the second fit of doubtful rows, the comparison fails."""
    rows, seeds = training_table()[:10], list(range(10))
    settings = LimeSettings(discretize_continuous=False, num_samples=60, num_features=4)

    def model(matrix: Array) -> Array:
        return matrix[:, 4]

    expected = library(model, rows, training_table(), settings, seeds)
    assert deviation(engine(model, rows, training_table(), settings, seeds), expected) < TOLERANCE
    monkeypatch.setattr(run_module, "hangs_on_rounding", lambda flags, *others: flags & False)
    result = engine(model, rows, training_table(), settings, seeds)
    assert deviation(result, expected) > 100 * TOLERANCE


@pytest.mark.parametrize("shift", [3.0, 30.0, 1000.0])
@pytest.mark.parametrize("width", [None, 50.0])
def test_rows_far_from_the_table_are_equal(shift: float, width: float | None) -> None:
    """At 30 the weights underflow, at 1000 distances lose digits: lime's numbers all the same"""
    training = training_table()
    settings = LimeSettings(discretize_continuous=False, kernel_width=width, num_samples=200)
    rows = training[:2] + shift * (np.arange(8) == 0)
    rows[0, 5] = 99.0  # a level that the table does not have
    expected = library(curved, rows, training, settings, [1, 2])
    result = engine(curved, rows, training, settings, [1, 2])
    assert deviation(result, expected) < TOLERANCE
    if width is None and shift > 3:
        assert (result.kernel_weight_total < 1).all()


@pytest.mark.parametrize("categorical", [(), tuple(range(8)), (6, 4, 5), (7,)])
@pytest.mark.parametrize("num_samples", [2, 33, 200])
@pytest.mark.parametrize("cut", [True, False])
def test_any_columns_may_be_categorical(
    cut: bool, num_samples: int, categorical: tuple[int, ...]
) -> None:
    """Few categorical columns, all, many levels, and odd numbers of normal numbers."""
    training = training_table(81)[:, : (8 if categorical else 7)]
    settings = LimeSettings(discretize_continuous=cut, num_samples=num_samples)

    def model(matrix: Array) -> Array:
        return np.asarray(np.cos(matrix).sum(axis=1))

    expected = library(model, training[:3], training, settings, [4, 5, 6], categorical)
    result = engine(model, training[:3], training, settings, [4, 5, 6], categorical)
    assert deviation(result, expected) < TOLERANCE


class WrongOrder(LibraryDraws):
    """Pairs of normal numbers in the order in which they were made."""

    def write_normals(self, matrix: Array, columns: npt.NDArray[np.intp]) -> None:
        super().write_normals(matrix, columns)
        pairs = matrix.reshape(-1, 2)
        pairs[:] = pairs[:, ::-1].copy()


def largest_coefficients(
    method: str, moments: Moments, n_selected: int | None, n_samples: int
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Select by the coefficient alone, where lime takes its product with the value."""
    slopes = np.abs(moments.solve(moments.everything, 0.01))
    least = np.sort(slopes, axis=1)[:, -(n_selected or 0)][:, None]
    return slopes >= least, np.zeros(len(slopes), dtype=np.bool_)


def test_the_comparison_sees_planted_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    training, seeds = training_table(), [1, 2, 3, 4]
    settings = LimeSettings(
        discretize_continuous=False,
        num_samples=300,
        num_features=4,
        feature_selection="highest_weights",
    )
    expected = library(curved, training[ROWS], training, settings, seeds)

    def off(changed: LimeSettings, **options: Any) -> float:
        result = engine(curved, training[ROWS], training, changed, seeds, **options)
        return deviation(result, expected)

    assert off(settings) < TOLERANCE
    wider = replace(settings, kernel_width=0.75 * 8**0.5 * (1 + 1e-4))
    assert off(wider) > 100 * TOLERANCE
    assert off(replace(settings, feature_selection="forward_selection")) > 100 * TOLERANCE
    assert off(replace(settings, num_features=3)) > 100 * TOLERANCE
    assert off(settings, stream="fast") > 100 * TOLERANCE
    for name, fault in (
        ("LibraryDraws", WrongOrder),
        ("select", largest_coefficients),
        ("_PENALTY", 1.001),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(run_module, name, fault)
            assert off(settings) > 100 * TOLERANCE


def test_levels_drawn_in_another_order_are_seen() -> None:
    training, seeds = training_table(), [1, 2, 3, 4]
    settings = LimeSettings(discretize_continuous=False, num_samples=300)
    expected = library(curved, training[ROWS], training, settings, seeds)
    ordered = prepare(training, CATEGORICAL, settings)
    turned = replace(ordered, levels=dict(reversed(ordered.levels.items())))
    for table, is_equal in ((ordered, True), (turned, False)):
        result = lime_tabular(curved, training[ROWS], table, settings, seeds=seeds)
        assert (deviation(result, expected) < TOLERANCE) is is_equal


def test_statistics_are_the_librarys() -> None:
    training = training_table()
    for discretizer in ("quartile", "decile", "entropy"):
        theirs = LimeTabularExplainer(
            training,
            mode="regression",
            training_labels=labels_of(training),
            categorical_features=list(CATEGORICAL),
            discretizer=discretizer,
            random_state=0,
        )
        ours = prepare(
            training, CATEGORICAL, LimeSettings(discretizer=discretizer), labels_of(training)
        )
        for j, levels in ours.levels.items():
            check_levels(levels, theirs, j)


def check_levels(levels: Levels, theirs: Any, j: int) -> None:
    assert np.array_equal(levels.values, theirs.feature_values[j])
    assert np.array_equal(levels.frequencies, theirs.feature_frequencies[j])
    if levels.bins is not None:
        bins, cuts = levels.bins, theirs.discretizer
        assert np.array_equal(bins.means, cuts.means[j])
        assert np.array_equal(bins.spreads, cuts.stds[j])
        assert np.array_equal(bins.edges, cuts.maxs[j][:-1])
        assert np.array_equal(bins.low * bins.spreads + bins.means, cuts.mins[j]) or np.allclose(
            bins.low, (np.array(cuts.mins[j]) - bins.means) / bins.spreads, rtol=0, atol=0
        )
