"""What changing one feature does, near real rows and in queries."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from explaudit import Encoder
from explaudit.audit.changes import Changes, Pairs, change_scores
from explaudit.audit.evidence import Asked
from explaudit.audit.surrogate import Design
from explaudit.audit.toggles import Toggles, toggle

Array = npt.NDArray[np.float64]

N_TWINS = 25


def table(n_rows: int, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.integers(0, 2, n_rows), rng.normal(size=n_rows)])


def pairs_of(answers: tuple[Array, Array], rows: Array) -> Pairs:
    """Return pairs that differ in the first feature; answers are (n_models, n_pairs)."""
    after = rows.copy()
    after[:, 0] = 1 - after[:, 0]
    toggles = Toggles(np.arange(len(rows)), after, np.zeros(len(rows), dtype=np.intp))
    first, second = (each[:, :, None] for each in answers)
    return Pairs.of(Asked(rows, first[0]), first[1:], toggles, second[0], second[1:])


def scored(near: Pairs, far: Pairs, *, labels: bool = False) -> dict[tuple[int, int, str], Changes]:
    """Compare where twins and model agree on real rows that a change from 0 to 1 adds 0.2."""
    frame = pd.DataFrame({"s": pd.Categorical(["f", "m"] * 2), "x": [0.0, 1.0, 2.0, 3.0]})
    encoder, real = Encoder.from_frame(frame), table(300, 0)
    truth = 0.5 + 0.2 * (real[:, :1] - 0.5)
    said = np.repeat(truth[None], N_TWINS, axis=0)
    design = Design.of(encoder, real)
    return change_scores(design, Asked(real, truth), said, near, far, labels=labels)


def side(effect: Array, seed: int) -> Pairs:
    """Return pairs of models in which a change from 0 to 1 adds so much; (n_models, n_pairs)."""
    rows = table(effect.shape[1], seed)
    sign = 2 * rows[:, 0] - 1
    # rows differ a little, so that no score is the commonest of all
    level = 0.5 + 0.05 * np.tanh(rows[:, 1])
    return pairs_of((level + sign * effect / 2, level - sign * effect / 2), rows)


def compared(near: Array, far: Array) -> dict[tuple[int, int, str], Changes]:
    return scored(side(near, 1), side(far, 2))


def constant(size: float, n_pairs: int = 100, n_models: int = N_TWINS + 1) -> Array:
    return np.full((n_models, n_pairs), size)


def test_a_changed_row_differs_in_one_feature_alone() -> None:
    rows = np.random.default_rng(0).integers(0, 4, (200, 5)).astype(float)
    toggles = toggle(rows, (1, 3), 150, np.random.default_rng(1))
    differ = toggles.after != rows[toggles.before]
    assert (differ.sum(axis=1) == 1).all()
    assert (differ.argmax(axis=1) == toggles.features).all()
    assert len(np.unique(toggles.before)) == len(toggles.before) > 140
    assert np.abs((toggles.features == 1).mean() - 0.5) < 0.05
    again = toggle(rows, (1, 3), 150, np.random.default_rng(1))
    np.testing.assert_array_equal(again.after, toggles.after)


def test_new_values_are_those_of_the_other_rows_in_their_frequencies() -> None:
    rows = np.column_stack([np.repeat([0.0, 1.0, 2.0], [500, 400, 100]), np.zeros(1000)])
    toggles = toggle(rows, (0,), 1000, np.random.default_rng(0))
    from_first = toggles.after[rows[toggles.before, 0] == 0.0, 0]
    # of what is no 0, four in five are 1
    assert (from_first == 1.0).mean() == pytest.approx(0.8, abs=0.05)


def test_where_all_share_a_value_there_are_no_pairs() -> None:
    assert len(toggle(np.ones((50, 2)), (0,), 20, np.random.default_rng(0)).before) == 0


def test_effects_are_counted_by_hand() -> None:
    near, far = constant(0.3), constant(0.3)
    far[0] = 0.1
    effect = compared(near, far)[0, 0, "effect"]
    assert (effect.near, effect.far) == pytest.approx((0.3, 0.1))
    # the twins leave out nothing and agree: the spread is that of a coin over a hundred pairs
    assert effect.score == pytest.approx(0.2 / (0.5 / 10))


def test_the_spread_of_the_twins_adds_to_that_of_the_pairs() -> None:
    near, far = constant(0.3), constant(0.3)
    far[0] = 0.1
    strays = np.where(np.arange(N_TWINS) % 2, 0.1, -0.1)
    far[1:] += strays[:, None]
    expected = (0.2 + strays.mean()) / np.hypot(strays.std(ddof=1), 0.05)
    assert compared(near, far)[0, 0, "effect"].score == pytest.approx(expected)


def test_presence_is_how_often_there_is_any_change_to_speak_of() -> None:
    near, far = constant(0.1), constant(0.1)
    far[0, :40] = 0.0
    # a twentieth of what is usual is as good as nothing
    far[0, 40:60] = 0.005
    presence = compared(near, far)[0, 0, "presence"]
    # one pair or two stand at the end of the range of all scores
    assert (presence.near, presence.far) == pytest.approx((1.0, 0.4), abs=0.01)
    assert presence.score == pytest.approx(0.6 / 0.05, rel=0.02)


def test_a_small_effect_is_as_present_as_a_large_one() -> None:
    scores = []
    for size in (0.3, 0.003):
        near, far = constant(size), constant(size)
        far[0, :50] = 0.0
        scores.append(compared(near, far)[0, 0, "presence"].score)
    assert scores[0] == pytest.approx(scores[1], rel=0.02)


@pytest.mark.parametrize(("refused", "known"), [(50, True), (90, False)])
def test_refused_queries_are_no_absence_of_an_effect(refused: int, known: bool) -> None:
    near, far = side(constant(0.1), 1), side(constant(0.1), 2)
    for answers in (far.first, far.second):
        answers[:refused, 0, 0] = 0.45
    found = scored(near, far)
    assert ((0, 0, "presence") in found) == known, "of too few that are left nothing is said"
    if known:
        assert found[0, 0, "presence"].far == 1.0
        assert found[0, 0, "presence"].score == pytest.approx(0.0)


def test_at_the_end_of_the_range_there_is_nothing_left_to_change() -> None:
    near, far = side(constant(0.1), 1), side(constant(0.1), 2)
    for pairs, n in ((near, 30), (far, 60)):
        for answers in (pairs.first, pairs.second):
            answers[:n, 0, 0] = np.linspace(0.9999, 1.0, n)
    presence = scored(near, far)[0, 0, "presence"]
    assert (presence.near, presence.far) == (1.0, 1.0)


def test_labels_are_compared_where_they_are_as_high_by_hand() -> None:
    near, far = side(constant(1.0), 1), side(constant(1.0), 2)
    for pairs, flips, ones in ((near, 80, 10), (far, 20, 40)):
        for answers, label in ((pairs.first, 0.0), (pairs.second, 1.0)):
            answers[...] = 0.0
            answers[:90] = label
            answers[:, 0, 0] = np.repeat([label, 1.0, 0.0], [flips, ones, 100 - flips - ones])
    presence = scored(near, far, labels=True)[0, 0, "presence"]
    # of the pairs with a 1 near real rows 80 of 90 differ, of the others none of 10; five times the
    # mean of all is added to either. In queries 60 pairs have a 1; it is the same by their 0
    expected = 0.6 * (80 + 5 * 0.8) / 95 + 0.4 * (5 * 0.8) / 15
    assert (presence.near, presence.far) == pytest.approx((expected, 0.2))
    # of the twins too few pairs are without a 1, or with one twice, to tell them apart
    assert presence.score == pytest.approx((expected - 0.2) / 0.05)


@pytest.mark.parametrize("gives", [False, True])
def test_what_is_cut_off_at_an_end_is_no_absence_of_an_effect(gives: bool) -> None:
    rng = np.random.default_rng(0)
    sides: dict[str, Pairs] = {}
    for name, most in (("near", 1.0), ("far", 0.3)):
        pairs = side(constant(0.3, 400), len(sides))
        level = rng.uniform(0, most, 400)
        cut = np.maximum(level - 0.3, 0.0)
        high, low = (1 - cut, 1 - level) if gives else (level, cut)
        protected = pairs.before[:, 0] == 1
        pairs.first[:, 0, 0] = np.where(protected, high, low)
        pairs.second[:, 0, 0] = np.where(protected, low, high)
        sides[name] = pairs
    effect = scored(sides["near"], sides["far"])[0, 0, "effect"]
    assert effect.far == pytest.approx(0.15, abs=0.01)
    # though the mean over all pairs near real rows is a quarter
    assert effect.near == pytest.approx(0.15, abs=0.03)
    assert effect.score < 1


def test_too_few_pairs_say_nothing() -> None:
    assert compared(constant(0.3, 19), constant(0.3)) == {}
    assert compared(constant(0.3), constant(0.3, 19)) == {}
