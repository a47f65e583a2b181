"""What the LIME engine covers and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from explaudit.engines.lime import LimeSettings, Stream, covers, lime_tabular, prepare
from explaudit.errors import ContractError, InvalidInputError

Array = npt.NDArray[np.float64]

CATEGORICAL = (3, 4)
CONTINUOUS = LimeSettings(discretize_continuous=False, num_samples=400)


def training_table(n_rows: int = 150) -> Array:
    rng = np.random.default_rng(2)
    numbers = rng.normal(size=(n_rows, 3)) * [1.0, 5.0, 0.1] + [0.0, 20.0, 3.0]
    return np.column_stack([numbers, rng.integers(0, 2, n_rows), rng.integers(0, 6, n_rows)])


def curved(matrix: Array) -> Array:
    smooth = np.tanh(matrix[:, 0]) * (1 + matrix[:, 3]) + 0.02 * (matrix[:, 1] - 20) ** 2
    return np.asarray(smooth + 0.3 * (matrix[:, 4] == 2))


def explain(model: Callable[[Array], Array]) -> Array:
    table = prepare(training_table(), CATEGORICAL, CONTINUOUS)
    return lime_tabular(model, training_table()[:2], table, CONTINUOUS).values


@pytest.mark.parametrize(
    ("changes", "stream", "reason"),
    [
        ({"distance_metric": "jaccard"}, "library", "distance_metric"),
        ({"distance_metric": "correlation"}, "library", "distance_metric"),
        ({"discretizer": "halves"}, "library", "discretizer"),
        ({"feature_selection": "best"}, "fast", "feature_selection"),
        ({"num_samples": 1}, "fast", "num_samples"),
        ({"num_features": 0}, "fast", "num_features"),
        ({"kernel_width": 0.0}, "fast", "kernel_width"),
        ({"sample_around_instance": True}, "shared", "sample_around_instance"),
        ({}, "slow", "stream"),
    ],
)
def test_settings_that_are_not_covered_have_a_reason(
    changes: dict[str, Any], stream: Stream, reason: str
) -> None:
    chosen, table = replace(CONTINUOUS, **changes), prepare(training_table(), (), CONTINUOUS)
    assert covers(CONTINUOUS, "library") == ""
    assert reason in covers(chosen, stream)
    with pytest.raises(InvalidInputError, match=reason):
        lime_tabular(curved, training_table()[:1], table, chosen, stream=stream)


def test_a_shared_neighbourhood_is_valid_with_bins_wherever_rows_are_sampled() -> None:
    """With bins, lime does not look at `sample_around_instance`."""
    assert covers(LimeSettings(sample_around_instance=True), "shared") == ""


@pytest.mark.parametrize(
    ("argument", "options"),
    [
        ("seeds", {"seeds": [1]}),
        ("seeds", {"seeds": [1, 2], "stream": "shared"}),
        ("deduplicate", {"deduplicate": "never"}),
        ("max_bytes", {"max_bytes": 0}),
        ("table", {"chosen": LimeSettings()}),
        ("rows", {"rows": np.full((2, 5), np.nan)}),
        ("rows", {"rows": np.ones((2, 4))}),
    ],
)
def test_wrong_arguments_are_refused(argument: str, options: dict[str, Any]) -> None:
    table = prepare(training_table(), CATEGORICAL, CONTINUOUS)
    chosen = options.pop("chosen", CONTINUOUS)
    rows = options.pop("rows", training_table()[:2])
    with pytest.raises(InvalidInputError, match=f"^{argument}"):
        lime_tabular(curved, rows, table, chosen, **options)


@pytest.mark.parametrize("categorical", [(9,), (-1,), (2, 2)])
def test_categorical_columns_must_exist_once(categorical: tuple[int, ...]) -> None:
    with pytest.raises(InvalidInputError, match=r"^categorical"):
        prepare(training_table(), categorical, CONTINUOUS)


@pytest.mark.parametrize("labels", [None, np.ones(3)])
def test_bins_by_entropy_need_labels(labels: Array | None) -> None:
    with pytest.raises(InvalidInputError, match=r"^labels"):
        prepare(training_table(), CATEGORICAL, LimeSettings(discretizer="entropy"), labels)


@pytest.mark.parametrize("model", [lambda m: m[:, :2], lambda m: m[:-1, 0]])
def test_models_must_answer_each_row_once(model: Callable[[Array], Array]) -> None:
    with pytest.raises(ContractError, match="query"):
        explain(model)


def test_answers_may_be_a_column() -> None:
    assert np.array_equal(explain(lambda matrix: curved(matrix)[:, None]), explain(curved))
