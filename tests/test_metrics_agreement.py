"""Agreement with other explainers, other runs and the truth: cases computed by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from explaudit.attributions import Attributions
from explaudit.blocks import MixedDistance
from explaudit.metrics import MetricContext
from explaudit.metrics.agreement import (
    in_top,
    pairwise_rank_agreement,
    rank_correlation,
    top_agreement,
)
from explaudit.metrics.judged import JUDGED
from explaudit.metrics.material import Material
from explaudit.metrics.sanity import jaccard
from explaudit.metrics.truth import same_signs, truth_found

Array = npt.NDArray[np.float64]

SPECS = {spec.name: spec for spec in JUDGED}
NAN = float("nan")

# by size the features 1 to 5 stand at ranks 1, 2, 3, 4, 5; then 2, 1, 5, 3, 4; then 1, 2, 5, 3, 4
OWN = [5.0, -4.0, 3.0, 0.2, 0.1]
SWAPPED = [4.0, 5.0, 0.1, -3.0, 0.2]
CLOSER = [5.0, 4.0, 0.1, -3.0, 0.2]


def value(name: str, values: Any, **given: Any) -> list[float]:
    """Return a metric's values for attributions by one explainer, beside other attributions."""
    own = np.array(values, dtype=np.float64)
    n_rows, n_features = own.shape
    attributions = Attributions(
        values=own,
        features=tuple("abcdef"[:n_features]),
        base_values=np.full(n_rows, NAN),
        explainer="test",
        settings={},
        n_queries=0,
    )
    material = Material(
        rows=np.zeros(own.shape),
        answers=np.zeros(n_rows),
        query=lambda matrix: np.zeros(len(matrix)),
        reference=np.zeros(n_features),
        real_rows=np.zeros((1, n_features)),
        real_answers=np.zeros(1),
        positions=np.full(n_rows, -1),
        distance=MixedDistance(np.ones(n_features)),
        **given,
    )
    context = MetricContext(sensitive=("a",), material=material)
    found: list[float] = SPECS[name].function(attributions, context).tolist()
    return found


def others(*rows: Any) -> dict[str, Array]:
    return {f"explainer: {i}": np.array(row, dtype=np.float64) for i, row in enumerate(rows)}


@pytest.mark.parametrize(
    ("name", "with_swapped", "with_closer"),
    [
        # the first three of both others are 1, 2 and 4, of which 1 and 2 are in common
        ("feature_agreement", 2 / 3, 2 / 3),
        ("rank_agreement", 0.0, 2 / 3),
        # the signs of 2 differ
        ("sign_agreement", 1 / 3, 1 / 3),
        ("signed_rank_agreement", 0.0, 1 / 3),
        # squared differences of ranks: 1 + 1 + 4 + 1 + 1 and 4 + 1 + 1, so 1 - 6 * 8 / (5 * 24)
        # and 1 - 6 * 6 / (5 * 24)
        ("rank_correlation", 0.6, 0.7),
        # of ten pairs, 3 before 4 and 3 before 5 are turned round, in the first 1 before 2 too
        ("pairwise_rank_agreement", 0.7, 0.8),
    ],
)
def test_agreement_by_hand(name: str, with_swapped: float, with_closer: float) -> None:
    assert value(name, [OWN], peers=others([SWAPPED])) == pytest.approx([with_swapped])
    assert value(name, [OWN], peers=others([CLOSER])) == pytest.approx([with_closer])
    both = value(name, [OWN], peers=others([SWAPPED], [CLOSER]))
    assert both == pytest.approx([(with_swapped + with_closer) / 2])


AGREEMENT = [spec.name for spec in JUDGED if spec.family == "agreement"]


@pytest.mark.parametrize("name", AGREEMENT)
def test_only_who_explains_a_row_can_agree_about_it(name: str) -> None:
    unexplained = [NAN] * 5
    peers = others([OWN, OWN, unexplained], [unexplained, OWN, unexplained])
    # explained by one of the two; not explained itself; by neither
    found = value(name, [OWN, unexplained, OWN], peers=peers)
    np.testing.assert_allclose(found, [1.0, NAN, NAN], atol=1e-12)


@pytest.mark.parametrize("name", AGREEMENT)
def test_two_that_show_nothing_cannot_be_compared(name: str) -> None:
    nothing = [[0.0, 0.0, NAN, 0.0]]
    assert np.isnan(value(name, nothing, peers=others(nothing))).all()


def test_the_run_itself_is_not_another_explainer() -> None:
    peers = {**others([SWAPPED]), "rerun": np.array([OWN])}
    assert value("rank_agreement", [OWN], peers=peers) == [0.0]


def test_ties_share_the_last_places() -> None:
    sizes = np.array(
        [[2.0, 1.0, -1.0, 1.0], [1.0, 0.0, NAN, 0.0], [0.0] * 4, [NAN] * 4, [3.0, 3.0, 2.0, 1.0]]
    )
    shared = [1.0, 2 / 3, 2 / 3, 2 / 3]
    expected = np.array([shared, [1.0, 0.0, 0.0, 0.0], [0.0] * 4, [NAN] * 4, [1.0, 1.0, 1.0, 0.0]])
    np.testing.assert_allclose(in_top(sizes, 3), expected)


def test_agreement_of_ties_by_hand() -> None:
    one, other = np.array([[2.0, 1.0, 1.0, 0.0]]), np.array([[2.0, 1.0, 0.5, 0.0]])
    # of two places, the first is in common; the second is half the second feature's
    assert top_agreement(one, other, k=2) == pytest.approx(0.75)
    # of three places, the ranks 2 and 3 are half right each
    assert top_agreement(one, other, ranks=True, k=3) == pytest.approx(2 / 3)
    assert top_agreement(one, other, k=3) == pytest.approx(1.0)
    # degrees (1, 1/2, 1/2, 0) and (1, 1, 0, 0): 1.5 in common of 2.5
    assert jaccard(one, other, k=2) == pytest.approx(0.6)
    # the pair that ties in one counts half: 5.5 of 6
    assert pairwise_rank_agreement(one, other) == pytest.approx(5.5 / 6)


def test_one_that_shows_little_agrees_as_far_as_the_other_shows_more() -> None:
    one, other = np.array([[1.0, 0.0, 0.0, 0.0]]), np.array([[4.0, 3.0, 2.0, 1.0]])
    assert top_agreement(one, other, ranks=True) == pytest.approx(1 / 3)
    assert top_agreement(one, one, ranks=True) == pytest.approx(1.0)
    assert top_agreement(one, np.roll(one, 1)) == pytest.approx(0.0)


def test_reiteration_similarity_by_hand() -> None:
    # {1, 2, 3} and {1, 2, 4}: two of four; the same; nothing; not explained in the other run
    own = [OWN, OWN, [0.0] * 5, OWN, [NAN] * 5]
    rerun = np.array([SWAPPED, OWN, [0.0] * 5, [NAN] * 5, OWN])
    found = value("reiteration_similarity", own, peers={"rerun": rerun})
    np.testing.assert_allclose(found, [0.5, 1.0, NAN, NAN, NAN])
    found = value("rerun_correlation", own, peers={"rerun": rerun})
    np.testing.assert_allclose(found, [0.6, 1.0, NAN, NAN, NAN])


TRUE = [0.0, -2.0, 1.0, 0.5, 0.25]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # truly first are 2, 3 and 4, shown first 1, 2 and 3
        ("truth_top_k", [2 / 3, 1.0, NAN, NAN, NAN]),
        # of the four with an effect all; of the same none
        ("truth_sign", [1.0, 0.0, NAN, NAN, NAN]),
        # ranks 1 2 3 4 5 and 5 1 2 3 4: 1 - 6 (16 + 4) / (5 * 24)
        ("truth_rank_correlation", [0.0, 1.0, NAN, NAN, NAN]),
    ],
)
def test_truth_by_hand(name: str, expected: list[float]) -> None:
    values = [OWN, [-v for v in TRUE], OWN, [NAN] * 5, OWN]
    truth = np.array([TRUE, TRUE, [0.0] * 5, TRUE, [NAN] * 5])
    np.testing.assert_allclose(value(name, values, truth=truth), expected, atol=1e-12)


def test_a_feature_with_an_effect_that_is_not_shown_is_missed() -> None:
    truth = np.array([[2.0, -1.0, 0.0, 0.0]])
    # of two with an effect, one is shown, with its sign
    assert same_signs(np.array([[3.0, 0.0, 1.0, NAN]]), truth).tolist() == [0.5]
    assert same_signs(np.array([[3.0, NAN, 1.0, 1.0]]), truth).tolist() == [0.5]
    # the two truly first are found among three first, of which one has no effect
    assert truth_found(np.array([[3.0, 2.0, 1.0, 0.0]]), truth).tolist() == [1.0]
    assert truth_found(np.array([[0.0, 2.0, 1.0, 0.0]]), truth).tolist() == [0.5]


VALUES = arrays(np.float64, (2, 5), elements=st.sampled_from([-2.0, -1.0, 0.0, 0.5, 1.0, 3.0]))


@settings(deadline=None, max_examples=50)
@given(one=VALUES, other=VALUES)
def test_correlations_are_scipy_s_and_comparisons_symmetric(one: Array, other: Array) -> None:
    for mine, theirs, found in zip(one, other, rank_correlation(one, other), strict=True):
        constant = np.ptp(np.abs(mine)) == 0 or np.ptp(np.abs(theirs)) == 0
        assert np.isnan(found) == constant
        if not constant:
            expected = stats.spearmanr(np.abs(mine), np.abs(theirs)).statistic
            assert found == pytest.approx(expected)
    for compare in (top_agreement, pairwise_rank_agreement, jaccard):
        np.testing.assert_allclose(compare(one, other), compare(other, one))
