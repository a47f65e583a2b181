"""Gameability, from cases computed by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from explaudit.errors import InvalidInputError
from explaudit.gameability import (
    Constraint,
    Summary,
    Trial,
    judge,
    not_worse,
    paired,
    ratio,
)
from explaudit.resampling import draw, resample

Array = npt.NDArray[np.float64]

SHARE = (0.0, 1.0)


def judged(
    clusters: Sequence[Array], trials: Sequence[Trial] | None = None, n_resamples: int = 500
) -> dict[tuple[str, str], Summary]:
    """Judge attacks; for each replicate the columns are (f, e, psi) of the first, the second ..."""
    n_trials = clusters[0].shape[1] // 3
    trials = trials or [Trial(f"attack {i}", 0.99) for i in range(n_trials)]
    draws = draw([len(c) for c in clusters], n_resamples=n_resamples, rng=np.random.default_rng(0))
    found = judge(trials, resample(clusters, draws), bounds=SHARE)
    return {(s.kind, s.trial.attack_setting if s.trial else ""): s for s in found}


def shares(n: int, *counts: int, seed: int = 0) -> Array:
    """Return columns of zeros and ones, with so many ones each, in random order."""
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.permutation(np.arange(n) < count) for count in counts]).astype(
        float
    )


def test_ratio_is_the_share_of_the_way_to_innocence() -> None:
    means = np.array([[1.0, 0.25, 0.0], [0.8, 0.8, 0.2], [0.8, 0.2, 0.2], [0.1, 0.4, 0.7]])
    np.testing.assert_allclose(ratio(means), [0.75, 0.0, 1.0, 0.5])
    assert np.isnan(ratio(np.array([0.5, 0.1, 0.5])))


def test_paired_leaves_out_a_row_that_any_model_lacks() -> None:
    one, nan = np.ones(3), np.nan
    found = paired(np.array([1.0, nan, 1.0]), np.array([1.0, 1.0, nan]), one)
    np.testing.assert_array_equal(np.isnan(found).all(axis=1), [False, True, True])
    stacked = paired(np.array([[1.0, nan]]), np.array([[2.0, 2.0]]), np.array([[3.0, 3.0]]))
    np.testing.assert_array_equal(stacked, [[[1, 2, 3], [nan, nan, nan]]])


def test_not_worse_counts_ties_half() -> None:
    f, e = np.array([0.5, 0.5, 0.5, np.nan]), np.array([0.6, 0.5, 0.4, 0.5])
    np.testing.assert_array_equal(not_worse(f, e, "higher"), [1, 0.5, 0, np.nan])
    np.testing.assert_array_equal(not_worse(f, e, "lower"), [0, 0.5, 1, np.nan])


def test_constraint_says_everything_that_is_broken() -> None:
    keep = Constraint(fidelity_floor=0.9, harm_tolerance=0.1)
    assert keep.broken(0.9, {"gap": -0.1, "pairs": 0.1}) == ""
    assert keep.broken(0.85, {"gap": 0.0}) == "fidelity 0.850 is below 0.9"
    found = keep.broken(float("nan"), {"gap": -0.25, "pairs": float("nan")})
    assert found == (
        "fidelity was not measured; the gap changes by -0.250, more than 0.1; "
        "the change of the pairs is unknown"
    )
    with pytest.raises(InvalidInputError):
        Constraint(fidelity_floor=90)
    with pytest.raises(InvalidInputError):
        Constraint(harm_tolerance=-0.1)


def test_the_two_ends_of_the_scale_with_what_60_rows_cannot_exclude() -> None:
    f, psi = shares(60, 50, 10).T
    # 1 - 0.025 ** (1 / 60) = 0.0596 of the rows may differ, over a contrast of 2 / 3
    reach = 0.0596 * 3 / 2
    unmoved = judged([np.column_stack([f, f, psi])])["attack", "attack 0"].estimate
    assert (unmoved.value, unmoved.low, unmoved.high) == pytest.approx((0, -reach, reach), abs=1e-4)
    innocent = judged([np.column_stack([f, psi, psi])])["attack", "attack 0"].estimate
    assert (innocent.value, innocent.low) == pytest.approx((1, 1 - reach), abs=1e-4)


def test_an_unbounded_metric_that_no_row_moves_is_a_point_and_says_so() -> None:
    ranks = np.column_stack([np.ones(20), np.ones(20), np.full(20, 5.0)])
    draws = draw([20], n_resamples=50, rng=np.random.default_rng(0))
    found = judge([Trial("a", 1.0)], resample([ranks], draws), bounds=(1.0, np.inf))[0].estimate
    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)
    assert "a point" in found.reason


def test_values_mean_and_worst_by_hand() -> None:
    # f 45 of 50, psi 5 of 50; e 25, 15 and 45 of 50: 0.5, 0.75 and 0 of the way
    rows = [shares(50, 45, 25, 5, 45, 15, 5, 45, 45, 5, seed=i) for i in range(4)]
    found = judged(rows)
    assert [found["attack", f"attack {i}"].estimate.value for i in range(3)] == pytest.approx(
        [0.5, 0.75, 0.0]
    )
    mean, worst = found["mean", ""].estimate, found["worst", "attack 1"].estimate
    assert mean.value == pytest.approx(1.25 / 3)
    assert worst.value == pytest.approx(0.75)
    assert mean.low < mean.value < mean.high < worst.high
    assert (worst.n, worst.n_clusters) == (200, 4)


def test_an_attack_that_breaks_the_constraint_is_shown_but_does_not_count() -> None:
    rows = shares(50, 45, 25, 5, 45, 5, 5)
    trials = [Trial("kept", 0.95), Trial("broken", 0.6, "fidelity 0.600 is below 0.9")]
    found = judged([rows], trials)
    assert found["attack", "broken"].estimate.value == pytest.approx(1.0)
    assert found["attack", "broken"].estimate.reason.startswith("fidelity 0.600 is below 0.9")
    assert found["mean", ""].estimate.value == pytest.approx(0.5)
    assert found["worst", "kept"].estimate.value == pytest.approx(0.5)


def test_without_an_attack_that_counts_there_is_no_summary() -> None:
    found = judged([shares(50, 45, 5, 5)], [Trial("broken", 0.5, "fidelity")])
    for kind in ("mean", "worst"):
        assert np.isnan(found[kind, ""].estimate.value)
        assert "no attack setting keeps the constraint" in found[kind, ""].estimate.reason


@pytest.mark.parametrize(
    ("counts", "words"),
    [((30, 3, 29), "look alike"), ((20, 3, 16), "too few rows or replicates")],
    ids=["too near", "interval includes 0"],
)
def test_it_is_undefined_where_f_and_psi_cannot_be_told_apart(
    counts: tuple[int, int, int], words: str
) -> None:
    found = judged([shares(60, *counts)])
    for summary in found.values():
        assert np.isnan([summary.estimate.value, summary.estimate.low]).all()
        assert words in summary.estimate.reason


def test_an_attack_without_common_rows_is_left_out_of_the_mean_with_a_caution() -> None:
    rows = shares(50, 45, 25, 5, 45, 5, 5)
    rows[:, 3:] = np.nan
    found = judged([rows])
    assert "no row has a value" in found["attack", "attack 1"].estimate.reason
    assert found["mean", ""].estimate.value == pytest.approx(0.5)
    assert "undefined for 1 of 2 attack settings" in found["mean", ""].estimate.reason


def test_constant_evidence_gets_an_interval_from_the_exact_bound() -> None:
    # 20 rows, f always 1, e and psi always 0: 1 - 0.025 ** (1 / 20) = 0.1684 may differ
    found = judged([np.tile([1.0, 0.0, 0.0], (20, 1))])
    for summary in found.values():
        estimate = summary.estimate
        assert estimate.value == 1.0
        assert (estimate.low, estimate.high) == pytest.approx((0.8316, 1.1684), abs=1e-4)


def test_the_worst_of_equal_attacks_is_biased_upward_as_documented() -> None:
    # six attacks that all truly go half of the way, on few rows
    rng, worst, mean = np.random.default_rng(0), [], []
    for _ in range(20):
        f, psi = np.ones(40), np.zeros(40)
        triples = [np.column_stack([f, rng.random(40) < 0.5, psi]) for _ in range(6)]
        found = judged([np.hstack(triples)], n_resamples=50)
        worst += [s.estimate.value for (kind, _), s in found.items() if kind == "worst"]
        mean.append(found["mean", ""].estimate.value)
    assert np.mean(mean) == pytest.approx(0.5, abs=0.03)
    assert np.mean(worst) > 0.55


def test_the_first_column_can_lie_anywhere() -> None:
    rows = np.hstack([np.zeros((50, 4)), shares(50, 45, 25, 5)])
    draws = draw([50], n_resamples=50, rng=np.random.default_rng(0))
    found = judge([Trial("a", 1.0)], resample([rows], draws), bounds=SHARE, first=4)
    assert found[0].estimate.value == pytest.approx(0.5)
