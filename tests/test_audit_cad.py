"""KNN-CAD by hand, and CAD-Detect on honest models and on one that answers queries otherwise."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explaudit.audit import outcome
from explaudit.audit.cad import CadDetect, NullAnswers, _rank
from explaudit.audit.evidence import Asked, Evidence
from explaudit.audit.knn_cad import Aggregate, KnnCad, Neighbours, labels_of
from explaudit.audit.target import Target
from explaudit.encoding import Encoder
from explaudit.errors import InvalidInputError
from explaudit.seeds import generator

Array = npt.NDArray[np.float64]
Model = Callable[[Array], Array]

AGGREGATES: tuple[Aggregate, ...] = ("max", "mean", "median", "min")


# -- the score -------------------------------------------------------------------------------------

LINE = np.array([[0.0], [1.0], [3.0], [7.0]])
LABELS = np.array([0, 0, 1, 0])


def cad_on_a_line(agg: Aggregate, k: int = 4) -> tuple[KnnCad, Neighbours]:
    """Return the score on four points of a line, and the neighbours of the point 2.

    Standardising divides all distances by one number, which a ratio of them does not show.
    """
    cad = KnnCad(LINE, (), k=k, agg=agg)
    return cad, cad.neighbours(np.array([[2.0]]))


# by hand: from 2 the points of label 0 are 2, 1 and 5 away, the one of label 1 is 1 away
@pytest.mark.parametrize(
    ("agg", "of_zero"), [("max", 5.0), ("mean", 8 / 3), ("median", 2.0), ("min", 1.0)]
)
def test_score_by_hand(agg: Aggregate, of_zero: float) -> None:
    cad, neighbours = cad_on_a_line(agg)
    found = [cad.scores(neighbours, LABELS, np.array([label]))[0] for label in (0, 1)]
    assert found == pytest.approx([1 / (1 + of_zero / 1.0), 1 / (1 + 1.0 / of_zero)])


def test_score_looks_at_k_neighbours_only() -> None:
    cad, neighbours = cad_on_a_line("max", k=3)
    assert cad.scores(neighbours, LABELS, np.array([0]))[0] == pytest.approx(1 / (1 + 2.0))


def test_score_where_one_of_the_labels_is_not_near() -> None:
    cad, neighbours = cad_on_a_line("max")
    nobody = np.zeros(4, dtype=np.intp)
    assert cad.scores(neighbours, nobody, np.array([0]))[0] == 1.0
    assert cad.scores(neighbours, nobody, np.array([1]))[0] == 0.0


@pytest.mark.parametrize(
    ("labels", "label", "expected"),
    [((0, 1), 0, 1.0), ((0, 1), 1, 0.0), ((0, 0), 1, 0.0), ((0, 0), 0, 1.0)],
)
def test_score_on_a_reference_row(labels: tuple[int, int], label: int, expected: float) -> None:
    cad = KnnCad(np.array([[0.0], [1.0]]), (), k=2)
    neighbours = cad.neighbours(np.array([[0.0]]))
    assert cad.scores(neighbours, np.array(labels), np.array([label]))[0] == expected


def test_score_where_both_labels_are_on_the_spot_is_one() -> None:
    cad = KnnCad(np.array([[0.0], [0.0], [9.0]]), (), k=2)
    neighbours = cad.neighbours(np.array([[0.0]]))
    for label in (0, 1):
        assert cad.scores(neighbours, np.array([0, 1, 0]), np.array([label]))[0] == 1.0


def naive_score(
    rows: Array, labels: npt.NDArray[np.intp], row: Array, label: int, k: int, agg: Aggregate
) -> float:
    """Compute the definition in plain Python, with the Manhattan distance of scaled rows."""
    distances = np.abs((rows - row) / rows.std(axis=0)).sum(axis=1)
    nearest = sorted(range(len(rows)), key=lambda i: distances[i])[:k]
    same = [distances[i] for i in nearest if labels[i] == label]
    other = [distances[i] for i in nearest if labels[i] != label]
    if not same or not other:
        return float(bool(same))
    both = {
        "max": (max(same), max(other)),
        "mean": (np.mean(same), np.mean(other)),
        "median": (np.median(same), np.median(other)),
        "min": (min(same), min(other)),
    }
    return float(1 / (1 + both[agg][0] / both[agg][1]))


@pytest.mark.parametrize("agg", AGGREGATES)
def test_score_of_three_labels_against_the_definition(agg: Aggregate) -> None:
    rng = np.random.default_rng(0)
    rows, asked = rng.normal(size=(60, 4)) * [1, 5, 0.1, 2], rng.normal(size=(25, 4))
    labels, own = rng.integers(3, size=60), rng.integers(3, size=25)
    cad = KnnCad(rows, (), k=8, agg=agg)
    found = cad.scores(cad.neighbours(asked), labels, own)
    expected = [
        naive_score(rows, labels, row, int(label), 8, agg)
        for row, label in zip(asked, own, strict=True)
    ]
    np.testing.assert_allclose(found, expected)


def test_levels_are_no_numbers() -> None:
    rows = np.array([[0.0], [1.0], [2.0]])
    distances = KnnCad(rows, (0,), k=3, p=1.0).neighbours(np.array([[0.0]])).distances
    np.testing.assert_allclose(distances, [[0.0, 2.0, 2.0]])


def test_labels() -> None:
    several = np.array([[0.2, 0.7, 0.1], [0.9, 0.0, 0.1]])
    np.testing.assert_array_equal(labels_of(several, several), [1, 0])
    scores = np.array([[0.2], [0.6]])
    np.testing.assert_array_equal(labels_of(scores, scores), [0, 1])
    amounts = np.array([[10.0], [30.0], [90.0]])
    np.testing.assert_array_equal(labels_of(np.array([[29.0], [31.0]]), amounts), [0, 1])


# -- the detector ----------------------------------------------------------------------------------

COLUMNS = [f"x{j}" for j in range(5)]
SENSITIVE = 4


def table(n: int, seed: int) -> Array:
    """Return four numbers that all resemble one another, and a level."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(n, 1))
    numbers = common + 0.3 * rng.normal(size=(n, 4))
    return np.hstack([numbers, rng.integers(2, size=(n, 1)).astype(np.float64)])


def queries_of(real: Array, seed: int) -> Array:
    """Shuffle each column: what LIME would ask, hardly ever like a real row."""
    return np.random.default_rng(seed).permuted(real, axis=0)


def looks_real(rows: Array) -> npt.NDArray[np.bool_]:
    return np.asarray(np.ptp(rows[:, :4], axis=1) < 1.6)


def biased(rows: Array) -> Array:
    return rows[:, [SENSITIVE]]


def concealing(rows: Array) -> Array:
    return np.where(looks_real(rows)[:, np.newaxis], biased(rows), rows[:, [0]] > 0.0)


def biased_up_to(cut: float) -> Model:
    return lambda rows: np.where(rows[:, [0]] > cut, 0.0, biased(rows))


def evidence_of(model: Model, n: int = 400, **queries: Array) -> Evidence:
    real = table(n, seed=1)
    encoder = Encoder.from_frame(pd.DataFrame(real, columns=COLUMNS), categorical=["x4"])
    queries = queries or {"lime": queries_of(real, seed=2)}
    return Evidence(
        Target(lambda frame: np.zeros(len(frame)), encoder),
        encoder,
        ("x4",),
        Asked(real, model(real)),
        {name: Asked(rows, model(rows)) for name, rows in queries.items()},
    )


def judged(model: Model, detector: CadDetect | None = None, **options: Any) -> outcome.TestResult:
    (result,) = (
        (detector or CadDetect()).judge(evidence_of(model), alpha=0.05, seed=3, **options).tests
    )
    return result


def area_between(real: Array, asked: Array) -> float:
    """Integrate the step functions F_asked - F_real exactly."""
    grid = np.unique(np.concatenate([real, asked]))
    below = [[(sample <= x).mean() for x in grid[:-1]] for sample in (asked, real)]
    return float(np.diff(grid) @ (np.array(below[0]) - np.array(below[1])))


def test_statistic_is_the_area_between_the_distribution_functions() -> None:
    evidence, detector = evidence_of(concealing), CadDetect(k=5, held_out=0.25)
    (result,) = detector.judge(evidence, alpha=0.05, seed=0).tests
    order = generator(0, "cad_detect").permutation(400)
    scored, reference = order[:100], order[100:]
    real, asked = evidence.real, evidence.queries["lime"]
    labels, own = (part.answers[:, 0].astype(np.intp) for part in (real, asked))
    cad = KnnCad(real.rows[reference], (SENSITIVE,), k=5)
    on_real = cad.scores(cad.neighbours(real.rows[scored]), labels[reference], labels[scored])
    on_asked = cad.scores(cad.neighbours(asked.rows), labels[reference], own)
    assert result.score == pytest.approx(area_between(on_real, on_asked), abs=1e-12)
    details = result.details
    assert result.score == details["mean_score_real"] - details["mean_score_queries"]


def test_area_between_by_hand() -> None:
    # F of the second is 1 from 0.2 on, of the first from 0.9 on
    assert area_between(np.array([0.9]), np.array([0.2])) == pytest.approx(0.7)


def test_a_model_that_answers_queries_otherwise_stands_out() -> None:
    honest, planted = judged(biased), judged(concealing)
    assert honest.score is not None and planted.score is not None
    assert abs(honest.score) < 0.05
    assert planted.score > 0.2


@pytest.mark.parametrize("model", [biased, concealing])
def test_without_null_answers_it_proves_nothing(model: Model) -> None:
    result = judged(model)
    assert result.p_value is None
    assert result.threshold is None
    assert not result.counted
    assert "no threshold was ever published" in result.reason


def test_each_explainer_is_judged_by_itself() -> None:
    real = table(400, seed=1)
    evidence = evidence_of(concealing, lime=queries_of(real, 2), real_rows=table(300, seed=9))
    lime, real_rows = CadDetect().judge(evidence, alpha=0.05, seed=0).tests
    assert lime.name == "CAD-Detect on queries of lime"
    assert real_rows.name == "CAD-Detect on queries of real_rows"
    assert lime.score is not None and real_rows.score is not None
    assert lime.score > 0.2 > 0.05 > abs(real_rows.score)


def test_without_queries_there_is_no_test() -> None:
    evidence = evidence_of(biased)
    nothing = Evidence(evidence.target, evidence.encoder, evidence.sensitive, evidence.real)
    assert CadDetect().judge(nothing, alpha=0.05, seed=0).tests == ()


def test_it_cannot_say_anything_of_a_single_real_row() -> None:
    evidence = evidence_of(biased, n=1)
    (result,) = CadDetect().judge(evidence, alpha=0.05, seed=0).tests
    assert (result.p_value, result.score, result.counted) == (None, None, False)
    assert "too few real rows" in result.reason


def test_it_cannot_say_anything_of_rows_with_missing_numbers() -> None:
    rows = queries_of(table(400, seed=1), seed=2)
    rows[0, 0] = np.nan
    (result,) = CadDetect().judge(evidence_of(biased, lime=rows), alpha=0.05, seed=0).tests
    assert (result.p_value, result.score, result.counted) == (None, None, False)
    assert "missing" in result.reason


def test_equal_seeds_judge_alike() -> None:
    evidence = evidence_of(concealing)
    first, second = (CadDetect().judge(evidence, alpha=0.05, seed=5) for _ in range(2))
    assert first == second
    assert first != CadDetect().judge(evidence, alpha=0.05, seed=6)


# -- calibration by ordinary models ----------------------------------------------------------------


def null_answers(models: list[Model]) -> NullAnswers:
    evidence = evidence_of(biased)
    asked = evidence.queries["lime"].rows
    return NullAnswers(
        np.stack([model(evidence.real.rows) for model in models]),
        {"lime": np.stack([model(asked) for model in models])},
    )


def linear_rule(seed: int) -> Model:
    slopes = np.random.default_rng(seed).normal(size=5)
    return lambda rows: np.asarray((rows - rows.mean(axis=0)) @ slopes > 0.0)[:, np.newaxis] * 1.0


def test_p_value_is_the_rank_among_ordinary_models() -> None:
    nulls = [linear_rule(seed) for seed in range(39)]
    scores = [judged(null).score for null in nulls]
    result = judged(concealing, null_answers=null_answers(nulls))
    higher = sum(score is not None and score >= (result.score or 0.0) for score in scores)
    assert result.p_value == (1 + higher) / 40
    # 0.05 * 40 = 2 of the 40 may reject: the score must be above the second highest null
    assert result.threshold == sorted(score for score in scores if score is not None)[-2]
    assert not result.counted


def test_a_model_that_answers_queries_otherwise_is_found_among_models_that_agree() -> None:
    agreeing = [biased_up_to(cut) for cut in np.linspace(1.5, 3.0, 39)]
    assert judged(concealing, null_answers=null_answers(agreeing)).p_value == 1 / 40


def test_too_few_ordinary_models_give_no_threshold() -> None:
    result = judged(concealing, null_answers=null_answers([biased] * 5))
    assert result.p_value == pytest.approx(1 / 6)
    assert result.threshold is None


def test_p_values_of_models_of_the_same_kind_are_valid() -> None:
    """All models come from one law, so each rank is as likely: P(p <= a) <= a."""
    nulls = null_answers([linear_rule(seed) for seed in range(39)])
    p_values = []
    for seed in range(1000, 1150):
        (result,) = (
            CadDetect(k=5)
            .judge(evidence_of(linear_rule(seed)), alpha=0.05, seed=3, null_answers=nulls)
            .tests
        )
        p_values.append(result.p_value or 0.0)
    for alpha in (0.05, 0.1, 0.5):
        # the 39 are shared by all, whose own luck widens the spread of the binomial
        spread = np.sqrt(alpha * (1 - alpha) * (1 / 150 + 1 / 39))
        assert np.mean(np.array(p_values) <= alpha) <= alpha + 3 * spread


@settings(max_examples=60, deadline=None)
@given(
    nulls=st.lists(st.integers(0, 6), min_size=1, max_size=45),
    score=st.integers(-1, 7),
    alpha=st.sampled_from([0.01, 0.05, 0.1, 0.5]),
)
def test_threshold_and_p_value_say_the_same(nulls: list[int], score: int, alpha: float) -> None:
    p_value, threshold = _rank(float(score), [float(null) for null in nulls], alpha)
    rejects = threshold is not None and score > threshold
    assert rejects == (p_value <= alpha)


@pytest.mark.parametrize(
    "wrong", [{"k": 0}, {"p": 0.5}, {"agg": "sum"}, {"held_out": 0.0}, {"held_out": 1.0}]
)
def test_impossible_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError, match=next(iter(wrong))):
        CadDetect(**wrong)


@pytest.mark.parametrize(("k", "agg"), list(product((1, 15), AGGREGATES)))
def test_every_variant_tells_the_two_apart(k: int, agg: Aggregate) -> None:
    detector = CadDetect(k=k, agg=agg)
    honest, planted = judged(biased, detector).score, judged(concealing, detector).score
    assert honest is not None and planted is not None
    assert planted > honest + 0.1
