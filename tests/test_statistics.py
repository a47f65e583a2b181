"""Intervals: hand-computed cases, and how often they cover the truth."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from explaudit.errors import InvalidInputError
from explaudit.resampling import draw, resample
from explaudit.statistics import (
    ONE_REPLICATE,
    cluster_bootstrap,
    constant_interval,
    interval,
    mean_interval,
    replicate_interval,
)

Array = npt.NDArray[np.float64]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_draws_take_as_many_replicates_as_there_are_and_as_many_rows_as_each_has() -> None:
    draws = draw([4, 7], n_resamples=300, rng=rng())
    assert draws.sizes == (4, 7)
    assert (draws.replicates.sum(axis=1) == 2).all()
    for times, rows in zip(draws.replicates.T, draws.rows, strict=True):
        np.testing.assert_array_equal(rows.sum(axis=1), times * rows.shape[1])
        # each row is drawn once on average; 5 standard errors of a mean of 300 are below 0.6
        assert np.abs(rows.mean(axis=0) - 1).max() < 0.6


def mean_of_defined(rows: Array) -> Array:
    return np.asarray(np.ma.masked_invalid(rows).mean(axis=0).filled(np.nan))


def test_resampled_means_are_the_means_of_the_rows_that_were_drawn() -> None:
    first = np.array([[1.0, np.nan], [3.0, 5.0]])
    second = np.array([[2.0, 7.0], [8.0, 9.0], [4.0, 1.0]])
    draws = draw([2, 3], n_resamples=50, rng=rng())
    found = resample([first, second], draws)
    np.testing.assert_allclose(found.means, [18 / 5, 22 / 4])
    assert found.n.tolist() == [5, 4]
    assert found.n_clusters.tolist() == [2, 2]
    for b in range(50):
        times = [weights[b].astype(int) for weights in draws.rows]
        rows = np.vstack([np.repeat(first, times[0], axis=0), np.repeat(second, times[1], axis=0)])
        np.testing.assert_allclose(found.two_stage[b], mean_of_defined(rows), rtol=1e-6)
        one, other = draws.replicates[b]
        whole = np.vstack([first] * one + [second] * other)
        np.testing.assert_allclose(found.whole[b], mean_of_defined(whole))


def test_one_replicate_gives_the_usual_interval_over_rows_and_says_so() -> None:
    values = rng().normal(10, 3, 400)
    found = cluster_bootstrap([values], rng=rng(1))
    assert found.value == pytest.approx(values.mean())
    half = 1.96 * values.std(ddof=1) / 20
    assert found.low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert found.high == pytest.approx(values.mean() + half, abs=0.1 * half)
    assert (found.n, found.n_clusters, found.reason) == (400, 1, ONE_REPLICATE)


def test_two_replicates_that_differ_are_stretched_by_student_s_t_with_one_degree() -> None:
    # rows do not vary within replicates: the percentiles are 0 and 1, all variance is between
    clusters = [np.zeros(5), np.ones(5)]
    stretch = 12.7062 / 1.95996 * np.sqrt(2)  # quantiles from tables of t (1 d.f.) and z
    free = cluster_bootstrap(clusters, rng=rng())
    assert free.low == pytest.approx(0.5 - 0.5 * stretch, rel=1e-4)
    assert free.high == pytest.approx(0.5 + 0.5 * stretch, rel=1e-4)
    share = cluster_bootstrap(clusters, rng=rng(), bounds=(0.0, 1.0))
    assert (share.low, share.high) == (0.0, 1.0)


def test_replicates_that_agree_are_stretched_little() -> None:
    # five replicates with the very same rows: the spread between them is nil
    rows = rng().normal(size=200)
    found = cluster_bootstrap([rows] * 5, rng=rng(1))
    two_stage = 1.96 * rows.std() / np.sqrt(1000)
    assert found.high - found.value == pytest.approx(two_stage * np.sqrt(5 / 4), rel=0.1)


@pytest.mark.parametrize(
    ("value", "n", "low", "high"),
    [
        # 95 % intervals of 0 of n and n of n, to four places: 1 - 0.025 ** (1 / n)
        (0.0, 10, 0.0, 0.3085),
        (1.0, 10, 0.6915, 1.0),
        (0.0, 20, 0.0, 0.1684),
        (1.0, 100, 0.9638, 1.0),
        (0.5, 10, 0.3458, 0.6542),  # all rows 1/2: up to 30.85 % of them may be 0, or 1
    ],
)
def test_equal_rows_get_the_exact_interval_of_clopper_and_pearson(
    value: float, n: int, low: float, high: float
) -> None:
    assert constant_interval(value, n, (0.0, 1.0)) == pytest.approx((low, high), abs=5e-5)
    found = cluster_bootstrap([np.full(n // 2, value)] * 2, bounds=(0.0, 1.0), rng=rng())
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)
    assert found.reason == ""


def test_equal_rows_without_bounds_are_a_point_and_say_so() -> None:
    found = cluster_bootstrap([np.full(9, 7.0)] * 3, rng=rng())
    assert (found.low, found.high) == (7.0, 7.0)
    assert found.reason == "every row has this value"


def test_a_difference_of_constants_spans_its_corners() -> None:
    # each at 97.5 %, two-sided: 1 - 0.0125 ** (1 / 20) = 0.1968
    resamples = resample([np.tile([1.0, 0.0], (20, 1))], draw([20], n_resamples=10, rng=rng()))
    found = interval(
        resamples, lambda m: np.asarray(m[..., 0] - m[..., 1]), [0, 1], column_bounds=(0.0, 1.0)
    )
    assert found.value == 1.0
    assert (found.low, found.high) == pytest.approx((1 - 2 * 0.1968, 1.0), abs=2e-4)


def test_undefined_rows_are_left_out_and_an_empty_column_is_undefined() -> None:
    found = cluster_bootstrap([np.array([1.0, np.nan, 2.0]), np.array([np.nan])], rng=rng())
    assert (found.value, found.n, found.n_clusters) == (1.5, 2, 1)
    nothing = cluster_bootstrap([np.full(3, np.nan)], rng=rng())
    assert np.isnan([nothing.value, nothing.low, nothing.high]).all()
    assert (nothing.n, nothing.reason) == (0, "no row has a value")


def test_resamples_without_a_value_are_left_out_and_counted() -> None:
    # one row in three has a value, in one replicate of three: many resamples have none
    clusters = [
        np.array([[0.2], [0.4], [np.nan]]),
        np.full((3, 1), np.nan),
        np.full((3, 1), np.nan),
    ]
    found = mean_interval(resample(clusters, draw([3] * 3, n_resamples=500, rng=rng())), 0)
    assert found.value == pytest.approx(0.3)
    assert "of resamples" in found.reason


def test_a_function_of_means_is_resampled_on_the_same_rows() -> None:
    noise = [rng(i).normal(size=(50, 1)) for i in range(4)]
    shifted = [np.hstack([n, n - 2]) for n in noise]
    found = cluster_bootstrap(
        shifted, statistic=lambda m: np.asarray(m[..., 0] - m[..., 1]), rng=rng()
    )
    assert (found.value, found.low, found.high) == pytest.approx((2, 2, 2), abs=1e-5)
    apart = [np.hstack([n, noise[3 - i] - 2]) for i, n in enumerate(noise)]
    unpaired = cluster_bootstrap(
        apart, statistic=lambda m: np.asarray(m[..., 0] - m[..., 1]), rng=rng()
    )
    assert unpaired.high - unpaired.low > 0.1


def test_an_interval_is_a_function_of_the_generator_s_state() -> None:
    clusters = [rng(i).random(30) for i in range(3)]
    first, again = (cluster_bootstrap(clusters, rng=rng(5)) for _ in range(2))
    other = cluster_bootstrap(clusters, rng=rng(6))
    assert first == again
    assert first != other


def coverage(n_clusters: int, between: float, *, ignore_clusters: bool = False) -> float:
    """Return how many of 200 nominal 95 % intervals contain the true mean, 10."""
    random, covered = rng(n_clusters), 0
    for _ in range(200):
        clusters = [random.normal(random.normal(10, between), 1.0, 25) for _ in range(n_clusters)]
        if ignore_clusters:
            clusters = [np.concatenate(clusters)]
        found = cluster_bootstrap(clusters, n_resamples=300, rng=random)
        covered += found.low <= 10 <= found.high
    return covered / 200


@pytest.mark.parametrize("between", [0.0, 0.3, 1.0])
def test_ten_replicates_cover_nearly_as_often_as_they_say(between: float) -> None:
    assert coverage(10, between) >= 0.90


def test_few_replicates_cover_less_often_and_no_less_than_the_documentation_says() -> None:
    assert coverage(3, 0.3) >= 0.85
    # two standard errors of a share of 0.85 in 200 are 0.05
    assert 0.80 <= coverage(3, 1.0) < 0.95


def test_a_bootstrap_of_rows_alone_is_caught_to_cover_too_rarely() -> None:
    assert coverage(10, 1.0, ignore_clusters=True) < 0.65


def test_replicate_values_get_student_s_interval() -> None:
    # mean 2, standard error 1 / sqrt(3), t of two degrees of freedom 4.3027
    found = replicate_interval([1.0, 2.0, 3.0, float("nan")])
    assert (found.value, found.n, found.n_clusters) == (2.0, 3, 3)
    assert found.high - 2 == pytest.approx(4.3027 / np.sqrt(3), rel=1e-4)
    assert replicate_interval([0.9, 1.0], bounds=(0.0, 1.0)).high == 1.0
    assert np.isnan(replicate_interval([0.5]).low)
    assert np.isnan(replicate_interval([]).value)


def test_unusable_input_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        cluster_bootstrap([], rng=rng())
    with pytest.raises(InvalidInputError):
        cluster_bootstrap([np.ones(3), np.ones(0)], rng=rng())
    with pytest.raises(InvalidInputError, match="statistic"):
        cluster_bootstrap([np.ones((3, 2))], rng=rng())
    with pytest.raises(InvalidInputError, match="draws"):
        resample([np.ones((3, 1))], draw([4], n_resamples=10, rng=rng()))
