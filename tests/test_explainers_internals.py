"""What the adapters share: distinct rows, reference rows, checks of settings."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import explaudit.explainers
from explaudit import registry
from explaudit.centres import kmeans_centres, spread
from explaudit.encoding import Encoder
from explaudit.engines.kernel import distinct
from explaudit.errors import InvalidInputError
from explaudit.explainer import View
from explaudit.explainers import KernelShap, LimeTabular, MatchedPairs, Occlusion, SamplingShap
from explaudit.explainers._background import centres_of, draw_rows, typical_row
from explaudit.explainers._deduplicate import deduplicated
from explaudit.scenario import Display, Scenario

Array = npt.NDArray[np.float64]

few_values = st.sampled_from([0.0, -0.0, 1.0, 2.0, np.nan, np.inf, 1e-300, 0.1, 0.1 + 2**-56])
matrices = arrays(
    np.float64, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=few_values
)


def bits(matrix: Array) -> npt.NDArray[np.uint64]:
    return np.ascontiguousarray(matrix).view(np.uint64)


@given(matrices)
def test_a_deduplicated_model_is_asked_each_distinct_row_once_and_answers_all(
    matrix: Array,
) -> None:
    asked: list[Array] = []

    def first_column(rows: Array) -> Array:
        asked.append(rows)
        return rows[:, 0]

    answers = deduplicated(first_column)(matrix)
    np.testing.assert_array_equal(bits(answers), bits(matrix[:, 0]))
    sent = [row.tobytes() for row in asked[0]]
    assert sent == list(dict.fromkeys(row.tobytes() for row in matrix)), "by first appearance"


def test_a_matrix_of_any_memory_layout_is_deduplicated() -> None:
    matrix = np.repeat(np.arange(12.0).reshape(4, 3), 2, axis=0)
    for layout in (np.asfortranarray(matrix), matrix[:, ::-1], matrix[::2]):
        answers = deduplicated(lambda rows: rows @ [1.0, 10.0, 100.0])(layout)
        np.testing.assert_array_equal(answers, layout @ [1.0, 10.0, 100.0])


def test_small_whole_numbers_do_not_collide() -> None:
    matrix = np.array(np.meshgrid(*[[0.0, 1.0]] * 14)).reshape(14, -1).T
    assert len(np.unique(distinct._hashes(bits(matrix)))) == 2**14


def test_a_hash_collision_never_costs_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = np.array([[1.0, 2.0], [3.0, 4.0], [1.0, 2.0]])
    monkeypatch.setattr(distinct, "_hashes", lambda rows: np.zeros(len(rows), np.uint64))
    first, group = distinct._grouped(distinct._hashes(bits(matrix)))
    assert not np.array_equal(matrix[first][group], matrix), "the fault is real"
    answers = deduplicated(lambda rows: rows.sum(axis=1))(matrix)
    np.testing.assert_array_equal(answers, [3.0, 7.0, 3.0])


def make_view(n: int = 60) -> View:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({
        "x": rng.normal(3.0, 2.0, size=n),
        "job": rng.choice(["clerk", "nurse", "smith"], size=n, p=[0.2, 0.2, 0.6]),
        "constant": 5.1,
    })  # fmt: skip
    encoder = Encoder.from_frame(frame)
    matrix = encoder.encode(frame)
    return View(matrix[:3], matrix, encoder, lambda rows: rows[:, 0])


def test_drawn_rows_are_different_real_rows_and_follow_the_seed() -> None:
    view = make_view()
    drawn = draw_rows(view.background, 20, 1)
    real = {row.tobytes() for row in view.background}
    assert len({row.tobytes() for row in drawn}) == 20
    assert all(row.tobytes() in real for row in drawn)
    np.testing.assert_array_equal(drawn, draw_rows(view.background, 20, 1))
    assert not np.array_equal(drawn, draw_rows(view.background, 20, 2))
    assert len(draw_rows(view.background, 1000, 1)) == 60


def test_spread_of_a_constant_feature_is_one() -> None:
    view = make_view()
    assert spread(view.background)[2] == 1.0
    assert spread(view.background)[0] == pytest.approx(view.background[:, 0].std())


def test_typical_row_has_the_most_frequent_level() -> None:
    view = make_view()
    row = typical_row(view, "median")
    assert row[0] == pytest.approx(np.median(view.background[:, 0]))
    assert view.encoder.features[1].level_names[int(row[1])] == "smith"


@pytest.mark.parametrize("rounded", [True, False])
def test_centres_have_real_levels_and_weights_that_add_up(rounded: bool) -> None:
    view = make_view()
    summary = centres_of(view, 7, rounded=rounded)
    assert summary.rows.shape == (7, 3)
    assert set(summary.rows[:, 1]) <= {0.0, 1.0, 2.0}
    np.testing.assert_allclose(summary.rows[:, 2], 5.1)
    assert np.isin(summary.rows[:, 0], view.background[:, 0]).all() == rounded
    assert summary.weights.sum() == pytest.approx(1.0)
    assert (np.ptp(summary.weights) == 0.0) != rounded


def test_kept_centres_are_those_of_the_background_and_the_settings() -> None:
    view = make_view()
    asked = [(view, 7, True), (view, 7, False), (view, 5, True), (make_view(80), 7, True)]
    for _ in range(2):
        for own, n, rounded in asked:
            fresh = kmeans_centres(own.background, own.encoder.categorical, n, rounded=rounded)
            kept = centres_of(own, n, rounded=rounded)
            np.testing.assert_array_equal(kept.rows, fresh.rows)
            np.testing.assert_array_equal(kept.weights, fresh.weights)
    assert centres_of(make_view(), 7, rounded=True) is centres_of(view, 7, rounded=True)
    with pytest.raises(ValueError, match="read-only"):
        kept.rows[0] = 0.0


INVALID: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("lime", {"discretizer": "thirds"}, "discretizer"),
    ("lime", {"feature_selection": "best"}, "feature_selection"),
    ("lime", {"num_samples": 1}, "num_samples"),
    ("lime", {"num_features": 0}, "num_features"),
    ("lime", {"kernel_width": 0.0}, "kernel_width"),
    ("kernel_shap", {"background": "median"}, "background"),
    ("kernel_shap", {"link": "probit"}, "link"),
    ("kernel_shap", {"n_background": 0}, "n_background"),
    ("kernel_shap", {"nsamples": 1}, "nsamples"),
    ("kernel_shap", {"engine": "fast"}, "engine"),
    ("kernel_shap", {"verify_rows": -1}, "verify_rows"),
    ("kernel_shap", {"verify_tolerance": 0.0}, "verify_tolerance"),
    ("kernel_shap", {"l1_reg": "num_feature(10)"}, "l1_reg"),
    ("permutation_shap", {"max_evals": 2}, "max_evals"),
    ("sampling_shap", {"nsamples": 1}, "nsamples"),
    ("exact_shap", {"n_background": 0}, "n_background"),
    ("occlusion", {"reference": "zero"}, "reference"),
    ("occlusion", {"n_reference": 0}, "n_reference"),
    ("permutation_importance", {"n_repeats": 0}, "n_repeats"),
    ("permutation_importance", {"n_rows": 1}, "n_rows"),
    ("partial_dependence", {"grid_resolution": 1}, "grid_resolution"),
    ("ice", {"grid_resolution": 1}, "grid_resolution"),
    ("matched_pairs", {"n_neighbours": 0}, "n_neighbours"),
    ("matched_pairs", {"max_distance": float("nan")}, "max_distance"),
    ("matched_pairs", {"min_difference": -1.0}, "min_difference"),
)


@pytest.mark.parametrize(("name", "settings", "argument"), INVALID)
def test_invalid_settings_are_refused_by_name(
    name: str, settings: dict[str, Any], argument: str
) -> None:
    with pytest.raises(InvalidInputError, match=f"^{argument}: expected"):
        registry.create("explainers", name, settings)


def make_scenario(frame: pd.DataFrame) -> Scenario:
    encoder = Encoder.from_frame(frame)
    return Scenario(
        frame.iloc[:2], lambda table: np.zeros(len(table)), frame, encoder, Display(encoder.names)
    )


def test_too_few_samples_for_the_table_are_refused() -> None:
    scenario = make_scenario(pd.DataFrame(np.eye(8), columns=list("abcdefgh")))
    with pytest.raises(InvalidInputError, match="at least 16"):
        SamplingShap(nsamples=15).explain(scenario, seed=1)
    with pytest.raises(InvalidInputError, match="17"):
        registry.create("explainers", "permutation_shap", {"max_evals": 16}).explain(
            scenario, seed=1
        )


def test_missing_values_are_refused_where_they_would_spoil_the_result() -> None:
    frame = pd.DataFrame(np.eye(6), columns=list("abcdef"))
    frame.loc[3, "d"] = np.nan
    for explainer in (LimeTabular(), KernelShap(), MatchedPairs()):
        with pytest.raises(InvalidInputError, match="NaN or infinity in d"):
            explainer.explain(make_scenario(frame), seed=1)
    occluded = Occlusion(reference="background").explain(make_scenario(frame), seed=1)
    np.testing.assert_array_equal(occluded.values, 0.0)  # the model alone sees the NaN


def test_all_registered_explainers_of_the_package_are_public() -> None:
    classes = {registry.load("explainers", name) for name in registry.names("explainers")}
    own = {cls.__name__ for cls in classes if cls.__module__.startswith("explaudit.")}
    assert own == set(explaudit.explainers.__all__)


def test_importing_the_package_imports_no_explainer_library() -> None:
    code = (
        "import sys, explaudit.explainers\n"
        "print(*{'lime', 'shap', 'sklearn', 'matplotlib'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""
