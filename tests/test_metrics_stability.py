"""Stability, complexity and local fit: cases computed by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from explaudit.attributions import Attributions
from explaudit.blocks import MixedDistance
from explaudit.errors import InvalidInputError
from explaudit.metrics import MetricContext
from explaudit.metrics.judged import JUDGED
from explaudit.metrics.local_fit import boundary_masks
from explaudit.metrics.material import Material, Nearby

Array = npt.NDArray[np.float64]

SPECS = {spec.name: spec for spec in JUDGED}
NAN = float("nan")


def attributions(values: Any) -> Attributions:
    values = np.array(values, dtype=np.float64)
    return Attributions(
        values=values,
        features=tuple("abcdef"[: values.shape[1]]),
        base_values=np.full(len(values), NAN),
        explainer="test",
        settings={},
        n_queries=0,
    )


def material(rows: Any, answers: Any, **given: Any) -> Material:
    rows = np.array(rows, dtype=np.float64)
    n_features = rows.shape[1]
    real_rows = given.pop("real_rows", np.zeros((1, n_features)))
    settings: dict[str, Any] = {
        "query": lambda matrix: matrix.sum(axis=1),
        "reference": np.zeros(n_features),
        "real_answers": np.zeros(len(real_rows)),
        "positions": np.full(len(rows), -1),
        "distance": MixedDistance(np.ones(n_features)),
    }
    answers = np.array(answers, dtype=np.float64)
    return Material(rows=rows, answers=answers, real_rows=real_rows, **{**settings, **given})


def value(name: str, values: Any, given: Material) -> list[float]:
    context = MetricContext(sensitive=("a",), material=given)
    found: list[float] = SPECS[name].function(attributions(values), context).tolist()
    return found


# one explained row: a number of scale 2, and a category
def two_nearby(second_answer: float = 0.6, kind: str = "drawn") -> Material:
    nearby = Nearby(
        rows=np.array([[[1.5, 0.0], [2.0, 1.0]]]),
        answers=np.array([[0.7, second_answer]]),
        values=np.array([[[3.0, 0.0], [0.0, -4.0]]]),
    )
    return material(
        [[1.0, 0.0]],
        [0.8],
        distance=MixedDistance(np.array([2.0, 1.0]), (1,)),
        categorical=(1,),
        nearby={kind: nearby},
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # changes (0, 4) and (-3, 0), by the norm 5 of (3, -4): 0.8 and 0.6
        ("max_sensitivity", 0.8),
        ("mean_sensitivity", 0.7),
        # relative changes (0, 4/4) and (3/3, 0), both of norm 1; the input's: 0.5/1 for the
        # first, and 1/1 with a category for the second: 1/0.5 and 1/sqrt(2)
        ("relative_input_stability", 2.0),
        # the output's changes are 0.1 and 0.2: 1/0.1 and 1/0.2
        ("relative_output_stability", 10.0),
        # 4 by a distance of 0.5/2, and 3 by sqrt((1/2)^2 + 1)
        ("local_lipschitz", 16.0),
    ],
)
def test_stability_by_hand_in_both_forms(name: str, expected: float) -> None:
    assert value(name, [[3.0, -4.0]], two_nearby()) == pytest.approx([expected])
    real = two_nearby(kind="real")
    assert value(f"{name}_on_manifold", [[3.0, -4.0]], real) == pytest.approx([expected])


def test_relative_stability_looks_at_rows_only_that_are_decided_alike() -> None:
    # without the first of the two, which alone was above 2: 1/sqrt(2), and 1/0.2
    given = two_nearby()
    nearby = given.nearby["drawn"]
    answers = np.array([[0.4, 0.6]])
    other = material(
        given.rows,
        given.answers,
        distance=given.distance,
        categorical=(1,),
        nearby={"drawn": Nearby(nearby.rows, answers, nearby.values)},
    )
    found = value("relative_input_stability", [[3.0, -4.0]], other)
    assert found == pytest.approx([1 / np.sqrt(2)])
    assert value("relative_output_stability", [[3.0, -4.0]], other) == pytest.approx([5.0])
    # the others look at all
    assert value("max_sensitivity", [[3.0, -4.0]], other) == pytest.approx([0.8])


def test_relative_changes_are_in_units_of_a_hundredth_at_least() -> None:
    nearby = Nearby(
        rows=np.array([[[0.001, 0.0]]]), answers=np.array([[0.8]]), values=np.array([[[1.0, 0.5]]])
    )
    given = material([[0.0, 0.0]], [0.8], nearby={"drawn": nearby})
    # the second attribution goes from 0 to 0.5, in units of 0.01 of the largest: 50. The first
    # input goes from 0 to 0.001, in units of 0.01 of its scale: 0.1. The output stays: 0.01
    assert value("relative_input_stability", [[1.0, 0.0]], given) == pytest.approx([500.0])
    assert value("relative_output_stability", [[1.0, 0.0]], given) == pytest.approx([5000.0])


def test_stability_is_undefined_where_nothing_can_be_compared() -> None:
    # nothing shown; not explained; no row nearby; one nearby that is not explained, one that is
    # and has no second attribution; only a row that is the same
    values = [[0.0, 0.0], [NAN, NAN], [1.0, 1.0], [1.0, 1.0], [1.0, 1.0]]
    rows = np.zeros((5, 2))
    near = np.full((5, 2, 2), 0.5)
    near[2], near[4] = NAN, 0.0
    near_values = np.ones((5, 2, 2))
    near_values[2] = near_values[3, 0] = NAN
    near_values[3, 1] = [1.0, NAN]
    answers = np.where(np.isnan(near[:, :, 0]), NAN, 0.0)
    given = material(rows, np.zeros(5), nearby={"drawn": Nearby(near, answers, near_values)})
    # a change of 1 in a norm of sqrt(2)
    expected = [NAN, NAN, NAN, np.sqrt(0.5), 0.0]
    for name in ("max_sensitivity", "mean_sensitivity"):
        np.testing.assert_allclose(value(name, values, given), expected)
    # both inputs differ by 0.5; a row that equals the explained one has no direction
    expected = [np.sqrt(2) / np.sqrt(0.5), NAN, NAN, 1 / np.sqrt(0.5), NAN]
    np.testing.assert_allclose(value("local_lipschitz", values, given), expected)
    for name in ("relative_input_stability", "relative_output_stability"):
        assert np.isnan(value(name, values, given)).tolist() == [True, True, True, False, False]


COMPLEXITY = {
    # shares 1/2, 1/4, 1/4, 0: (1/2) log 2 + 2 (1/4) log 4
    "entropy": [1.5 * np.log(2), 0.0, np.log(4), NAN, NAN, np.log(2)],
    # sorted upwards with weights 7/8, 5/8, 3/8, 1/8: 1 - 2 (5/32 + 3/32 + 1/16)
    "gini_sparseness": [0.375, 0.75, 0.0, NAN, NAN, 0.5],
    # 0.5, 0.75, then all; 9 of 10 are enough; 3 of 4 are not
    "effective_complexity": [3.0, 1.0, 4.0, NAN, NAN, 2.0],
}


@pytest.mark.parametrize("name", COMPLEXITY)
def test_complexity_by_hand(name: str) -> None:
    values = [
        [2.0, -1.0, 1.0, 0.0],
        [0.0, 0.0, 7.0, 0.0],
        [1.0, -1.0, 1.0, 1.0],
        [0.0, 0.0, 0.0, 0.0],
        [NAN, NAN, NAN, NAN],
        # one that has none in this row is not shown
        [2.0, NAN, -2.0, 0.0],
    ]
    found = SPECS[name].function(attributions(values), MetricContext(sensitive=("a",)))
    np.testing.assert_allclose(found, COMPLEXITY[name], atol=1e-15)


def test_nine_tenths_exactly_are_enough() -> None:
    found = SPECS["effective_complexity"].function(
        attributions([[0.9, 0.1, 0.0], [0.3, 0.6, 0.1], [0.89, 0.11, 0.0]]),
        MetricContext(sensitive=("a",)),
    )
    assert found.tolist() == [1.0, 2.0, 2.0]


def test_local_concordance_by_hand() -> None:
    given = material(
        np.zeros((4, 1)), [0.8, 0.1, 0.5, 0.5], surrogate_answers=np.array([0.6, 1.5, NAN, 0.5])
    )
    found = value("local_concordance", [[1.0], [1.0], [1.0], [NAN]], given)
    np.testing.assert_allclose(found, [0.8, 0.0, NAN, NAN])


@pytest.mark.parametrize(
    ("values", "surrogate", "expected"),
    [
        # 0.7 - 0.3 is below 1/2
        ([0.3, 0.2, 0.1], 0.7, [True, False, False]),
        # 0.9 - 0.3 is not, 0.9 - 0.3 - 0.2 is
        ([0.3, 0.2, 0.1], 0.9, [True, True, False]),
        # below 1/2, negative attributions support the side
        ([0.3, -0.2, -0.1], 0.25, [False, True, True]),
        # the two go together
        ([0.2, 0.2, 0.1], 0.6, [True, True, False]),
        # nothing has to go
        ([0.2, 0.2, 0.1], 0.5, [False, False, False]),
        # 0.9 - 0.3 - 0 is as low as it gets
        ([0.3, -0.2, NAN], 0.9, None),
        ([NAN, NAN, NAN], 0.9, None),
    ],
)
def test_features_are_removed_until_the_surrogate_s_decision_turns(
    values: list[float], surrogate: float, expected: list[bool] | None
) -> None:
    masks, turns = boundary_masks(np.array([values]), np.array([surrogate]))
    assert turns.tolist() == [expected is not None]
    if expected is not None:
        assert masks.tolist() == [expected]


def test_prescriptivity_by_hand() -> None:
    # the first row loses its first feature: the model says 0.1 + 0.2 + 0.1, and of the two real
    # rows nearest on the others, which are its own but for the first feature, 0.4 and 0.9;
    # the second row's decision never turns; the third is not explained, the fourth not predicted
    def query(matrix: Array) -> Array:
        return np.asarray(0.1 + matrix @ np.array([0.3, 0.2, 0.1]))

    given = material(
        np.ones((4, 3)),
        [0.7] * 4,
        query=query,
        surrogate_answers=np.array([0.7, 0.95, 0.7, NAN]),
        real_rows=np.array([[9.0, 1.0, 1.0], [1.0, 5.0, 1.0], [1.0, 1.0, 1.0], [5.0, 1.0, 1.0]]),
        real_answers=np.array([0.4, 0.0, 0.0, 0.9]),
        # the third real row is each row itself
        positions=np.array([2, 2, 2, 2]),
        n_neighbours=2,
    )
    values = [[0.3, 0.2, 0.1], [0.3, 0.1, 0.0], [NAN] * 3, [0.3, 0.2, 0.1]]
    off, on = (value(f"prescriptivity{s}", values, given) for s in ("", "_on_manifold"))
    # 1 - 2 |0.4 - 1/2|, and 1 - 2 |0.65 - 1/2|
    np.testing.assert_allclose(off, [0.8, NAN, NAN, NAN])
    np.testing.assert_allclose(on, [0.7, NAN, NAN, NAN])


def test_prescriptivity_of_a_model_that_is_sure_is_zero() -> None:
    given = material(
        [[1.0]], [1.0], query=lambda m: np.zeros(len(m)), surrogate_answers=np.array([0.8])
    )
    assert value("prescriptivity", [[0.5]], given) == [0.0]
    assert value("prescriptivity_on_manifold", [[0.5]], given) == [0.0]


def test_material_about_other_rows_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"context\.material: expected rows of shape"):
        value("max_sensitivity", [[3.0, -4.0]] * 2, two_nearby())
