"""The building blocks of metrics: hand-computed cases, naive loops, and what must not matter."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from explaudit import blocks
from explaudit.blocks import (
    MixedDistance,
    all_but,
    answers_of,
    answers_of_neighbours,
    answers_replaced,
    draw_nearby,
    explain_nearby,
    nearest_alike,
    neighbours,
    prefix_masks,
    random_masks,
    rows_at,
    top_k_masks,
)
from explaudit.encoding import Encoder
from explaudit.errors import ContractError, InvalidInputError
from explaudit.explainers import Occlusion
from explaudit.explainers.controls import RandomExplainer
from explaudit.scenario import Display, Scenario

Array = npt.NDArray[np.float64]
Masks = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]
Query = Callable[[Array], Array]

CATEGORICAL = (1, 4)
CEILINGS = (1, 700, 5_000, 100_000)
SEEDS = st.integers(0, 2**32 - 1)


def model(matrix: Array) -> Array:
    """Answer each row by itself, to the bit."""
    return np.asarray(matrix[:, 0] * matrix[:, 1] + np.tanh(matrix[:, 2]) * matrix[:, 3])


def batch_model(matrix: Array) -> Array:
    """Answer that depends on the batch, which no block can make up for."""
    return np.asarray(model(matrix) + matrix[:, 0].mean())


class Recorder:
    """A model that remembers the sizes of what it was asked."""

    def __init__(self, asked: Query = model) -> None:
        self.asked, self.sizes, self.largest = asked, list[int](), 0

    def __call__(self, matrix: Array) -> Array:
        self.sizes.append(len(matrix))
        self.largest = max(self.largest, matrix.nbytes)
        return self.asked(matrix)


def table(n: int, seed: int, n_features: int = 6) -> Array:
    """Draw rows of numbers on a coarse grid, so that many distances tie, and two of levels."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(-3, 4, (n, n_features)) / 2.0
    rows[:, list(CATEGORICAL)] = rng.integers(0, 3, (n, 2))
    return np.asarray(rows)


def own_masks(n_rows: int, n_subsets: int, seed: int, n_features: int = 6) -> Masks:
    return np.asarray(np.random.default_rng(seed).random((n_rows, n_subsets, n_features)) < 0.4)


def every_row(masks: Masks, n_rows: int) -> Masks:
    return masks if masks.ndim == 3 else np.repeat(masks[None], n_rows, axis=0)


# ------------------------------------------------------------------------------------------ masks


def test_prefixes_follow_the_scores_by_hand() -> None:
    found = prefix_masks(np.array([[0.5, 3.0, -1.0], [1.0, 1.0, 2.0]]))
    assert found.astype(int).tolist() == [
        [[0, 0, 0], [0, 1, 0], [1, 1, 0], [1, 1, 1]],
        # of equal scores, the one that is listed first
        [[0, 0, 0], [0, 0, 1], [1, 0, 1], [1, 1, 1]],
    ]
    assert prefix_masks(np.array([[0.5, 3.0, -1.0]]), [2]).tolist() == [[[True, True, False]]]


def test_nothing_is_chosen_of_a_row_without_explanation() -> None:
    scores = np.array([[np.nan, np.nan], [np.nan, 0.0]])
    assert top_k_masks(scores, 2).tolist() == [[[False, False]], [[False, True]]]


@given(SEEDS)
def test_prefixes_are_nested_and_of_their_size(seed: int) -> None:
    found = prefix_masks(np.random.default_rng(seed).integers(-2, 3, (4, 7)).astype(float))
    assert (found.sum(axis=2) == np.arange(8)).all()
    assert (found[:, :-1] <= found[:, 1:]).all()
    assert np.array_equal(found[:, 3:4], top_k_masks(found[:, 3].astype(float), 3))


def test_random_subsets_have_their_size_and_favour_no_feature() -> None:
    found = random_masks(np.random.default_rng(0), 4000, 9, 3)
    assert (found.sum(axis=1) == 3).all()
    # each feature is in a third of the subsets, with a standard deviation of about 30
    assert np.abs(found.sum(axis=0) - 4000 / 3).max() < 5 * np.sqrt(4000 * (1 / 3) * (2 / 3))
    mixed = random_masks(np.random.default_rng(0), 3, 9, [0, 4, 9])
    assert mixed.sum(axis=1).tolist() == [0, 4, 9]


@pytest.mark.parametrize(
    "call",
    [
        lambda: prefix_masks(np.zeros((2, 3)), [4]),
        lambda: prefix_masks(np.zeros(3)),
        lambda: top_k_masks(np.zeros((2, 3)), -1),
        lambda: random_masks(np.random.default_rng(0), 2, 3, 4),
        lambda: random_masks(np.random.default_rng(0), 2, 3, [1, 1, 1]),
    ],
)
def test_impossible_subsets_are_refused(call: Callable[[], Any]) -> None:
    with pytest.raises(InvalidInputError):
        call()


# ---------------------------------------------------------------------------------------- subsets


def naive_replaced(rows: Array, masks: Masks, reference: Array) -> Array:
    """Replace one subset of one row by one reference row at a time."""
    n_rows, n_features = rows.shape
    references = np.broadcast_to(
        reference if reference.ndim == 3 else np.atleast_2d(reference),
        (n_rows, np.atleast_2d(reference).shape[-2], n_features),
    )
    return np.array(
        [
            [[model(np.where(mask, other, row)[None])[0] for other in others] for mask in row_masks]
            for row, row_masks, others in zip(
                rows, every_row(masks, n_rows), references, strict=True
            )
        ]
    )


def test_replacing_by_hand() -> None:
    def weighted(matrix: Array) -> Array:
        return np.asarray(matrix @ np.array([1.0, 10.0, 100.0]))

    rows = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    masks = np.array([[False, False, False], [True, False, False], [False, True, True]])
    by_one = answers_replaced(weighted, rows, masks, np.array([7.0, 8.0, 9.0]))
    assert by_one.tolist() == [[321.0, 327.0, 981.0], [654.0, 657.0, 984.0]]
    # the first feature is 7 or 9, so 8 on average; the others are 8 and 9, or 0 and 0
    by_two = answers_replaced(weighted, rows, masks, np.array([[7.0, 8.0, 9.0], [9.0, 0.0, 0.0]]))
    assert by_two.tolist() == [[321.0, 328.0, 491.0], [654.0, 658.0, 494.0]]
    own = np.array([[[0.0, 0.0, 0.0]], [[1.0, 1.0, 1.0]]])
    assert answers_replaced(weighted, rows, masks, own).tolist() == [[321, 320, 1], [654, 651, 114]]


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("kind", ["one", "several", "own"])
@pytest.mark.parametrize("deduplicate", ["auto", True, False])
def test_replacing_equals_one_at_a_time(
    shared: bool, kind: str, deduplicate: bool | Literal["auto"]
) -> None:
    rows, masks = table(7, 0), own_masks(7, 5, 1)
    masks = masks[0] if shared else masks
    reference = {
        "one": table(1, 2)[0],
        "several": table(4, 2),
        "own": table(21, 3).reshape(7, 3, 6),
    }[kind]
    expected = naive_replaced(rows, masks, reference)
    each = answers_replaced(model, rows, masks, reference, average=False, deduplicate=deduplicate)
    assert np.array_equal(each, expected)
    mean = answers_replaced(model, rows, masks, reference, deduplicate=deduplicate)
    assert np.abs(mean - expected.mean(axis=2)).max() < 1e-12


def replaced_alike(query: Query, deduplicate: bool | Literal["auto"]) -> bool:
    """Whether neither the ceiling nor the order of rows changes an answer, to the bit."""
    rows, masks, reference = table(9, 4), own_masks(9, 6, 5), table(11, 6)
    whole = answers_replaced(query, rows, masks, reference, deduplicate=deduplicate)
    order = np.random.default_rng(7).permutation(9)
    turned = answers_replaced(query, rows[order], masks[order], reference, deduplicate=deduplicate)
    parts = [
        answers_replaced(
            query, rows, masks, reference, deduplicate=deduplicate, max_bytes=max_bytes
        )
        for max_bytes in CEILINGS
    ]
    same = [np.array_equal(whole, part) for part in parts]
    return all(same) and np.array_equal(turned, whole[order])


@pytest.mark.parametrize("deduplicate", ["auto", True, False])
def test_neither_ceiling_nor_order_changes_an_answer(deduplicate: bool | Literal["auto"]) -> None:
    assert replaced_alike(model, deduplicate)
    assert not replaced_alike(batch_model, deduplicate), "the check must be able to fail"


def test_batches_stay_below_the_ceiling() -> None:
    rows, masks, reference = table(9, 4), own_masks(9, 6, 5), table(11, 6)
    for max_bytes in CEILINGS[1:]:
        recorder = Recorder()
        answers_replaced(recorder, rows, masks, reference, deduplicate=False, max_bytes=max_bytes)
        assert recorder.largest <= max_bytes
        assert sum(recorder.sizes) == 9 * 6 * 11
    # all in one batch if they fit
    assert len(recorder.sizes) == 1


def test_repeated_rows_are_asked_once() -> None:
    rows, masks = np.repeat(table(2, 8), 5, axis=0), own_masks(1, 4, 9)[0]
    recorder = Recorder()
    found = answers_replaced(recorder, rows, masks, table(1, 10)[0], deduplicate=True)
    assert sum(recorder.sizes) <= 2 * 4
    assert np.array_equal(found, answers_replaced(model, rows, masks, table(1, 10)[0]))


def test_several_rows_of_each_row_are_asked_in_batches() -> None:
    matrices = table(24, 11).reshape(4, 6, 6)
    expected = np.array([model(own) for own in matrices])
    for max_bytes in (*CEILINGS, 2**28):
        recorder = Recorder()
        found = answers_of(recorder, matrices, deduplicate=False, max_bytes=max_bytes)
        assert np.array_equal(found, expected)
        assert recorder.largest <= max(max_bytes, 48)


def test_nothing_is_asked_for_no_subset() -> None:
    recorder = Recorder()
    none = np.zeros((0, 6), dtype=np.bool_)
    assert answers_replaced(recorder, table(3, 0), none, table(1, 1)[0]).shape == (3, 0)
    assert answers_of(recorder, np.zeros((3, 0, 6))).shape == (3, 0)
    assert recorder.sizes == []


@pytest.mark.parametrize(
    ("changes", "argument"),
    [
        ({"rows": np.zeros(6)}, "rows"),
        ({"masks": np.zeros((2, 6))}, "masks"),
        ({"masks": np.zeros((2, 5), dtype=np.bool_)}, "masks"),
        ({"masks": np.zeros((2, 2, 6), dtype=np.bool_)}, "masks"),
        ({"masks": np.zeros(6, dtype=np.bool_)}, "masks"),
        ({"reference": np.zeros(5)}, "reference"),
        ({"reference": np.zeros((0, 6))}, "reference"),
        ({"reference": np.zeros((2, 1, 6))}, "reference"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(changes: dict[str, Any], argument: str) -> None:
    arguments: dict[str, Any] = {
        "rows": table(3, 0),
        "masks": own_masks(3, 2, 0),
        "reference": table(1, 1)[0],
    }
    with pytest.raises(InvalidInputError) as caught:
        answers_replaced(model, **(arguments | changes))
    assert caught.value.argument == argument


def test_a_model_with_two_answers_for_a_row_is_refused() -> None:
    def two(matrix: Array) -> Array:
        return np.column_stack([model(matrix), model(matrix)])

    with pytest.raises(ContractError, match="one answer for each row"):
        answers_replaced(two, table(3, 0), own_masks(3, 2, 0), table(1, 1)[0])
    with pytest.raises(InvalidInputError):
        answers_of(model, table(3, 0))


@settings(max_examples=25)
@given(SEEDS)
def test_no_feature_replaced_is_the_row_and_all_are_the_reference(seed: int) -> None:
    rows, reference = table(4, seed), table(3, seed + 1)
    masks = np.array([[False] * 6, [True] * 6])
    found = answers_replaced(model, rows, masks, reference)
    # the mean of equal answers is off by rounding
    assert np.abs(found[:, 0] - model(rows)).max() < 1e-12
    assert np.abs(found[:, 1] - model(reference).mean()).max() < 1e-12


# ------------------------------------------------------------------------------------- neighbours


def naive_distances(
    row: Array, mask: Masks, real_rows: Array, distance: MixedDistance
) -> list[Fraction]:
    """Add up distances feature by feature, exactly for values that are binary fractions."""
    distances = []
    for other in real_rows:
        total = Fraction(0)
        for j in np.flatnonzero(~mask):
            if j in distance.categorical:
                total += row[j] != other[j]
            else:
                own = abs(Fraction(row[j]) - Fraction(other[j])) / Fraction(distance.scale[j])
                total += own**distance.power
        distances.append(total)
    return distances


def naive_neighbours(
    rows: Array, masks: Masks, real_rows: Array, distance: MixedDistance, k: int, allowed: Masks
) -> Positions:
    """Sort all real rows by (distance, position), for one row and subset at a time."""
    found = np.full((len(rows), masks.shape[-2], k), -1, dtype=np.intp)
    for i, row_masks in enumerate(every_row(masks, len(rows))):
        for s, mask in enumerate(row_masks):
            distances = naive_distances(rows[i], mask, real_rows, distance)
            order = sorted(np.flatnonzero(allowed[i]), key=lambda r: (distances[r], r))[:k]
            found[i, s, : len(order)] = order
    return found


def test_neighbours_by_hand() -> None:
    real_rows = np.array([[0.0, 0.0], [2.0, 1.0], [5.0, 0.0], [1.5, 1.0]])
    rows, distance = np.array([[1.0, 0.0]]), MixedDistance(np.array([2.0, 1.0]), (1,))
    masks = np.array([[False, False], [False, True], [True, False]])
    # numbers are 0.5, 0.5, 2 and 0.25 away, and the level differs in the second and the fourth
    found = neighbours(rows, masks, real_rows, distance, 4)
    assert found.tolist() == [[[0, 3, 1, 2], [3, 0, 1, 2], [0, 2, 1, 3]]]
    own = distance.contributions(rows, real_rows)
    assert own.tolist() == [[[0.5, 0.5, 2.0, 0.25], [0.0, 1.0, 0.0, 1.0]]]
    # squares are 0.25, 0.25, 4 and 0.0625; with the levels 0.25, 1.25, 4 and 1.0625
    squared = MixedDistance(np.array([2.0, 1.0]), (1,), power=2)
    assert neighbours(rows, masks[:1], real_rows, squared, 4).tolist() == [[[0, 3, 1, 2]]]
    assert answers_of_neighbours(np.array([1.0, 2.0, 4.0, 8.0]), found[..., :2]).tolist() == [
        [4.5, 4.5, 2.5]
    ]


def test_a_distance_is_scaled_by_the_spread_of_real_rows() -> None:
    real_rows = np.array([[0.0, 5.0], [4.0, 5.0]])
    # the standard deviation of 0 and 4 is 2; a constant feature has the scale 1
    assert MixedDistance.of(real_rows).scale.tolist() == [2.0, 1.0]
    assert MixedDistance.of(real_rows).contributions(
        np.array([[3.0, 7.0]]), real_rows
    ).tolist() == [[[1.5, 0.5], [2.0, 2.0]]]


@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("restricted", [True, False])
def test_neighbours_equal_a_sorted_list_with_all_its_ties(
    power: Literal[1, 2], shared: bool, restricted: bool
) -> None:
    rows, real_rows, masks = table(6, 12), table(40, 13), own_masks(6, 4, 14)
    masks = masks[0] if shared else masks
    distance = MixedDistance(np.array([1.0, 1.0, 0.5, 2.0, 1.0, 0.25]), CATEGORICAL, power)
    allowed = np.random.default_rng(15).random((6, 40)) < (0.2 if restricted else 2.0)
    found = neighbours(rows, masks, real_rows, distance, 9, allowed=allowed)
    expected = naive_neighbours(rows, masks, real_rows, distance, 9, allowed)
    assert np.array_equal(found, expected)
    assert (expected < 0).any() == restricted
    # a loop that forgets the masks must not agree
    unmasked = naive_neighbours(rows, masks & False, real_rows, distance, 9, allowed)
    assert not np.array_equal(found, unmasked)


def test_neighbours_of_any_numbers_are_the_nearest() -> None:
    rng = np.random.default_rng(16)
    rows, real_rows, masks = (
        rng.normal(size=(8, 12)),
        rng.normal(size=(60, 12)),
        own_masks(8, 5, 17, 12),
    )
    found = neighbours(rows, masks, real_rows, MixedDistance.of(real_rows), 7)
    differences = np.abs(rows[:, None] - real_rows) / real_rows.std(axis=0)
    distances = np.einsum("irj,isj->isr", differences, ~masks)
    assert np.array_equal(found, np.argsort(distances, axis=-1)[..., :7])


def neighbours_alike(find: Callable[..., Positions]) -> bool:
    """Whether neither ceiling, order of rows nor order of features changes a neighbour."""
    # tenths, which have no exact sum in binary
    rows, real_rows, masks = table(9, 18) / 5, table(70, 19) / 5, own_masks(9, 6, 20)
    distance = MixedDistance(np.ones(6), CATEGORICAL)
    whole = find(rows, masks, real_rows, distance, 20)
    turn, mix = np.random.default_rng(21).permutation(9), np.array([3, 1, 0, 5, 4, 2])
    mixed = MixedDistance(distance.scale[mix], CATEGORICAL)
    assert mix[list(CATEGORICAL)].tolist() == list(CATEGORICAL)
    return (
        all(
            np.array_equal(whole, find(rows, masks, real_rows, distance, 20, max_bytes=max_bytes))
            for max_bytes in CEILINGS
        )
        and np.array_equal(whole[turn], find(rows[turn], masks[turn], real_rows, distance, 20))
        and np.array_equal(whole, find(rows[:, mix], masks[..., mix], real_rows[:, mix], mixed, 20))
    )


def test_neither_ceiling_nor_order_changes_a_neighbour() -> None:
    assert neighbours_alike(neighbours)


def test_a_search_with_inexact_sums_is_caught() -> None:
    """Without rounding, equal distances differ in their last bits by the order of the sum."""

    def inexact(
        rows: Array, masks: Masks, real_rows: Array, distance: MixedDistance, k: int, **_: int
    ) -> Positions:
        own = np.abs(rows[:, None] - real_rows) / distance.scale
        codes = list(distance.categorical)
        own[..., codes] = rows[:, None, codes] != real_rows[:, codes]
        kept = np.where(masks[:, :, None], 0.0, own[:, None])
        distances = sum(kept[..., j] for j in range(rows.shape[1]))
        return np.asarray(np.argsort(distances, axis=-1, kind="stable")[..., :k])

    assert not neighbours_alike(inexact)


@settings(max_examples=25)
@given(SEEDS, st.sampled_from([1, 2]))
def test_sums_of_contributions_are_exact(seed: int, power: Literal[1, 2]) -> None:
    rng = np.random.default_rng(seed)
    rows, real_rows = rng.normal(size=(2, 9)), rng.normal(size=(5, 9)) * 10.0 ** rng.integers(-9, 9)
    distance = MixedDistance(np.abs(rng.normal(size=9)) + 1e-3, power=power)
    found = distance.contributions(rows, real_rows)
    exact = [[sum(map(Fraction, found[i, :, r])) for r in range(5)] for i in range(2)]
    for order in (slice(None), rng.permutation(9)):
        sums = np.add.accumulate(found[:, order], axis=1)[:, -1]
        assert [[Fraction(value) for value in row] for row in sums] == exact


def test_a_row_can_be_kept_from_being_its_own_neighbour() -> None:
    real_rows, nothing = table(30, 22), np.zeros((1, 6), dtype=np.bool_)
    distance, own = MixedDistance.of(real_rows, CATEGORICAL), np.array([4, 17, -1])
    rows = real_rows[[4, 17, 5]]
    with_self = neighbours(rows, nothing, real_rows, distance, 30)[:, 0]
    without = neighbours(rows, nothing, real_rows, distance, 30, allowed=all_but(own, 30))[:, 0]
    for i, position in enumerate(own[:2]):
        others = [r for r in with_self[i] if r != position]
        assert without[i].tolist() == [*others, -1]
    assert np.array_equal(without[2], with_self[2])


def test_no_neighbour_has_no_answer() -> None:
    answers = np.array([1.0, 5.0])
    found = np.array([[[0, 1], [1, -1], [-1, -1]]])
    values = answers_of_neighbours(answers, found)
    assert values[0, :2].tolist() == [3.0, 5.0]
    assert np.isnan(values[0, 2])


@pytest.mark.parametrize(
    ("changes", "argument"),
    [
        ({"k": 0}, "k"),
        ({"k": 31}, "k"),
        ({"real_rows": np.zeros((30, 5))}, "real_rows"),
        ({"real_rows": np.full((30, 6), np.nan)}, "real_rows"),
        ({"rows": np.full((3, 6), np.inf)}, "rows"),
        ({"distance": MixedDistance(np.ones(5))}, "scale"),
        ({"allowed": np.ones((3, 29), dtype=np.bool_)}, "allowed"),
        ({"masks": np.zeros((2, 6))}, "masks"),
    ],
)
def test_neighbours_that_cannot_be_found_are_refused(
    changes: dict[str, Any], argument: str
) -> None:
    arguments: dict[str, Any] = {
        "rows": table(3, 0),
        "masks": own_masks(3, 2, 0),
        "real_rows": table(30, 1),
        "distance": MixedDistance(np.ones(6), CATEGORICAL),
        "k": 3,
    }
    with pytest.raises(InvalidInputError) as caught:
        neighbours(**(arguments | changes))
    assert caught.value.argument == argument


@pytest.mark.parametrize("wrong", [{"scale": np.zeros(2)}, {"scale": np.ones(2), "power": 3}])
def test_a_distance_that_is_none_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        MixedDistance(**wrong)


# ----------------------------------------------------------------------------------------- nearby


def drawn(rows: Array, n: int = 50, **changes: Any) -> Array:
    return draw_nearby(rows, table(60, 23), CATEGORICAL, n, **({"seed": 1} | changes))


def test_draws_depend_on_seed_and_content_alone() -> None:
    rows = table(6, 24)
    whole = drawn(rows)
    order = np.array([5, 0, 0, 3])
    assert np.array_equal(drawn(rows[order]), whole[order])
    assert np.array_equal(drawn(rows, n=20), whole[:, :20])
    assert np.array_equal(drawn(rows), whole)
    numeric = [j for j in range(6) if j not in CATEGORICAL]
    assert (drawn(rows, seed=2)[..., numeric] != whole[..., numeric]).mean() > 0.99
    steps = (whole - rows[:, None])[..., numeric]
    assert (steps[0] != steps[1]).mean() > 0.99, "each row has draws of its own"


def test_numbers_move_as_a_cut_off_normal_in_units_of_their_spread() -> None:
    rows, spread = table(2, 25), table(60, 23).std(axis=0)
    steps = (drawn(rows, n=4000, deviation=0.2, radius=0.3) - rows[:, None]) / spread
    numeric = steps[..., [j for j in range(6) if j not in CATEGORICAL]].ravel()
    assert np.abs(numeric).max() <= 0.3 + 1e-9
    # 32 000 draws; the bound is that of the Kolmogorov-Smirnov test at a level of 1e-6
    expected = stats.truncnorm(-1.5, 1.5, scale=0.2)
    assert stats.kstest(numeric, expected.cdf).pvalue > 1e-6
    assert stats.kstest(numeric, stats.norm(scale=0.2).cdf).pvalue < 1e-6


def test_categories_flip_to_other_levels_as_often_as_these_occur() -> None:
    background = np.array([[0.0], [1.0], [1.0], [1.0], [4.0]])
    rows = np.array([[0.0], [1.0], [2.0]])
    found = draw_nearby(rows, background, (0,), 20_000, seed=3, flip=0.25)[..., 0]
    # level 2 was never seen, so that all five rows are others
    shares = [{1.0: 3 / 4, 4.0: 1 / 4}, {0.0: 1 / 2, 4.0: 1 / 2}, {0.0: 0.2, 1.0: 0.6, 4.0: 0.2}]
    for row, own, others in zip(rows[:, 0], found, shares, strict=True):
        assert set(own) == {row, *others}
        for level, share in others.items():
            expected = 20_000 * 0.25 * share
            assert abs((own == level).sum() - expected) < 5 * np.sqrt(expected)


def test_what_cannot_move_stays() -> None:
    # ten times 0.1 has a standard deviation of 1e-17, by rounding
    background = np.repeat([[0.1, 0.0]], 10, axis=0)
    assert background.std(axis=0)[0] > 0
    rows = np.array([[0.1, 0.0], [0.0, 0.0]])
    found = draw_nearby(rows, background, (1,), 10, seed=0, flip=1.0)
    assert np.array_equal(found, np.repeat(rows[:, None], 10, axis=1))
    still = drawn(table(4, 26), flip=0.0)[..., list(CATEGORICAL)]
    assert np.array_equal(
        still, np.repeat(table(4, 26)[:, None], 50, axis=1)[..., list(CATEGORICAL)]
    )


@settings(max_examples=25)
@given(SEEDS, st.floats(1e-6, 1e6), st.floats(1e-6, 1e6), st.floats(0, 1))
def test_draws_stay_within_radius_and_levels(
    seed: int, deviation: float, radius: float, flip: float
) -> None:
    rows, background = table(3, seed), table(20, seed + 1)
    found = draw_nearby(
        rows, background, CATEGORICAL, 5, seed=seed, deviation=deviation, radius=radius, flip=flip
    )
    assert np.isfinite(found).all()
    reach = radius * background.std(axis=0) * (1 + 1e-9) + 1e-9
    for j in range(6):
        if j in CATEGORICAL:
            assert set(found[..., j].ravel()) <= {*background[:, j], *rows[:, j]}
        else:
            assert np.abs(found[..., j] - rows[:, None, j]).max() <= reach[j]


@pytest.mark.parametrize(
    "changes", [{"n": 0}, {"radius": 0.0}, {"radius": np.inf}, {"deviation": -1.0}, {"flip": 1.5}]
)
def test_draws_that_make_no_sense_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError) as caught:
        drawn(table(2, 0), **changes)
    assert caught.value.argument in changes


def test_the_nearest_rows_of_the_same_prediction() -> None:
    real_rows = np.array([[0.0], [1.0], [2.0], [3.0]])
    labels = np.array(["yes", "no", "yes", "yes"])
    distance = MixedDistance(np.ones(1))
    found = nearest_alike(
        np.array([[0.9], [1.1]]), np.array(["yes", "no"]), real_rows, labels, distance, 3
    )
    # 0.9 is 0.9 from 0 and 1.1 from 2; one real row alone is predicted "no"
    assert found.tolist() == [[0, 2, 3], [1, -1, -1]]
    own = all_but(np.array([2, 1]), 4)
    found = nearest_alike(
        real_rows[[2, 1]], labels[[2, 1]], real_rows, labels, distance, 2, allowed=own
    )
    assert found.tolist() == [[3, 0], [-1, -1]]
    nearby = rows_at(real_rows, found)
    assert nearby[0].tolist() == [[3.0], [0.0]]
    assert np.isnan(nearby[1]).all()


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    rng = np.random.default_rng(27)
    frame = pd.DataFrame(
        {
            "age": rng.integers(20, 70, 40),
            "job": pd.Categorical(rng.choice(["clerk", "cook", "nurse"], 40)),
            "debt": rng.normal(size=40),
        }
    )

    def score(table: pd.DataFrame) -> Array:
        return np.asarray(table["age"] / 100 + table["debt"] * (table["job"] == "cook"))

    encoder = Encoder.from_frame(frame)
    return Scenario(frame[:5], score, frame, encoder, Display(encoder.names), output="value")


@pytest.mark.parametrize("explainer", [Occlusion(), RandomExplainer()])
def test_rows_nearby_are_explained_as_if_one_at_a_time(
    scenario: Scenario, explainer: Occlusion | RandomExplainer
) -> None:
    encoder = scenario.encoder
    rows, background = encoder.encode(scenario.rows), encoder.encode(scenario.background)
    nearby = draw_nearby(rows, background, encoder.categorical, 4, seed=5, flip=0.5)
    nearby[1, 2] = np.nan
    nearby[3, 0] = nearby[0, 0]
    found = explain_nearby(explainer, scenario, nearby, seed=6)
    assert found.values.shape == (5, 4, 3)
    for i, own in enumerate(nearby):
        for j, row in enumerate(own):
            if (i, j) == (1, 2):
                assert np.isnan(found.values[i, j]).all()
                assert found.places[i, j] == -1
                continue
            alone = scenario.replace(rows=encoder.decode(row[None]))
            expected = explainer.explain(alone, seed=6).values[0]
            assert np.array_equal(found.values[i, j], expected)
    # 20 places less one without a row and one that repeats another
    assert len(found.explained.values) == 18


def test_explanations_stay_with_their_rows(scenario: Scenario) -> None:
    rows = scenario.encoder.encode(scenario.rows)
    background = scenario.encoder.encode(scenario.background)
    nearby = draw_nearby(rows, background, (1,), 3, seed=5)
    whole = explain_nearby(RandomExplainer(), scenario, nearby, seed=6).values
    order = np.array([2, 0, 4])
    part = explain_nearby(RandomExplainer(), scenario, nearby[order], seed=6).values
    assert np.array_equal(part, whole[order])
    assert len({tuple(values) for values in whole.reshape(-1, 3)}) == 15


def test_nothing_nearby_cannot_be_explained(scenario: Scenario) -> None:
    for wrong in (np.full((2, 1, 3), np.nan), np.zeros((2, 3)), np.zeros((2, 1, 4))):
        with pytest.raises(InvalidInputError, match="nearby"):
            explain_nearby(RandomExplainer(), scenario, wrong, seed=0)


def test_the_package_exports_what_it_has() -> None:
    assert list(blocks.__all__) == sorted(set(blocks.__all__))
    assert all(hasattr(blocks, name) for name in blocks.__all__)
