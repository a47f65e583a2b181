"""Groups, axioms, sanity and retraining by hand; and a grid of every judging metric."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from explaudit.attributions import Attributions
from explaudit.blocks import MixedDistance, top_k_masks
from explaudit.errors import InvalidInputError
from explaudit.metrics import Invariance, MetricContext, MetricSpec
from explaudit.metrics.judged import JUDGED
from explaudit.metrics.material import Material, Nearby

Array = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]
Setting = tuple[Attributions, Material]

#: Those that need material; the others are in the grid of what the attributions alone give.
SPECS = {spec.name: spec for spec in JUDGED if spec.material_needs}
NAN = float("nan")
FEATURES = ("a", "s", "u", "b", "c", "d")
N_FEATURES, N_NEARBY, N_REAL, N_PEERS = len(FEATURES), 3, 12, 6
# other explanations of the same explainer follow its scale and sign; the last two do not
PEERS = ("rerun", "randomised", "shifted", "recoded", "explainer: one", "explainer: two")


def attributions(values: Any, base_values: Any = None, features: Any = FEATURES) -> Attributions:
    values = np.array(values, dtype=np.float64)
    return Attributions(
        values=values,
        features=tuple(features),
        base_values=np.full(len(values), NAN) if base_values is None else base_values,
        explainer="test",
        settings={},
        n_queries=0,
    )


def material(shape: tuple[int, int], **given: Any) -> Material:
    n_rows, n_features = shape
    default: dict[str, Any] = {
        "rows": np.zeros(shape),
        "answers": np.zeros(n_rows),
        "query": lambda matrix: np.zeros(len(matrix)),
        "reference": np.zeros(n_features),
        "real_rows": np.zeros((1, n_features)),
        "real_answers": np.zeros(1),
        "positions": np.full(n_rows, -1),
        "distance": MixedDistance(np.ones(n_features)),
    }
    return Material(**{**default, **given})


def judge(spec: MetricSpec, setting: Setting) -> Array:
    attributed, known = setting
    return spec.function(attributed, MetricContext(sensitive=("s",), material=known))


def value(name: str, values: Any, base_values: Any = None, **given: Any) -> list[float]:
    values = np.array(values, dtype=np.float64)
    attributed = attributions(values, base_values, FEATURES[: values.shape[1]])
    found: list[float] = judge(SPECS[name], (attributed, material(values.shape, **given))).tolist()
    return found


# -- by hand ---------------------------------------------------------------------------------------

IN_AND_OUT = np.array([True, True, False, False, False])
# of the explained rows the protected have -1 and -3 for s, the others 1 and 1; u has 1, 1 and 0, 0
BY_GROUP = [[0.0, -1.0, 1.0], [0.0, -3.0, 1.0], [5.0, 1.0, 0.0], [-5.0, 1.0, NAN], [NAN] * 3]


def test_group_gap_by_hand() -> None:
    found = value("sensitive_group_gap", BY_GROUP, protected=IN_AND_OUT)
    # half of the explained rows are in each group; the mean is 1 - (-2)
    np.testing.assert_allclose(found, [2.0, 6.0, 2.0, 2.0, NAN])
    assert np.nanmean(found) == pytest.approx(3.0)


def test_parity_attribution_by_hand() -> None:
    found = value("demographic_parity_attribution", BY_GROUP, protected=IN_AND_OUT)
    # the gaps are 0 for a, 3 for s and -1 for u: 3 of 4
    assert np.nanmean(found) == pytest.approx(3 / 4)
    opposite = (-np.array(BY_GROUP)).tolist()
    found = value("demographic_parity_attribution", opposite, protected=IN_AND_OUT)
    assert np.nanmean(found) == pytest.approx(-3 / 4)


@pytest.mark.parametrize("name", ["sensitive_group_gap", "demographic_parity_attribution"])
def test_gaps_need_both_groups_and_a_gap(name: str) -> None:
    assert np.isnan(value(name, BY_GROUP, protected=np.zeros(5, dtype=bool))).all()
    # the only protected row is not explained
    assert np.isnan(value(name, BY_GROUP, protected=np.arange(5) == 4)).all()
    same = value(name, [[0.1, 0.7]] * 10, protected=np.arange(10) < 3)
    # a gap of 0 is known; its share of a gap of 0 is not
    expected = 0.0 if name == "sensitive_group_gap" else NAN
    np.testing.assert_allclose(np.mean(same), expected, atol=1e-12)


def test_completeness_gap_by_hand() -> None:
    values = [[0.2, 0.1], [0.2, NAN], [0.2, 0.1], [NAN, NAN], [-8.0, 2.0]]
    base_values = np.array([0.5, 0.5, NAN, 0.5, 0.0])
    found = value("completeness_gap", values, base_values, answers=np.full(5, 0.8))
    # 0.3 of 0.3, 0.2 of 0.3, no base value, not explained, -6 instead of 0.8
    np.testing.assert_allclose(found, [0.0, 0.1, NAN, NAN, 6.8], atol=1e-15)


def test_deviations_of_other_runs_by_hand() -> None:
    values = [[4.0, -1.0], [4.0, NAN], [0.0, 0.0], [NAN, NAN], [1.0, 1.0]]
    peer = np.array([[4.0, 1.0], [1.0, 1.0], [1.0, 1.0], [1.0, 1.0], [NAN, NAN]])
    for name, kind in {"input_invariance": "shifted", "recoding_invariance": "recoded"}.items():
        # 2 of 4, 3 of 4, nothing shown, not explained, not explained in the other run
        found = value(name, values, peers={kind: peer})
        np.testing.assert_allclose(found, [0.5, 0.75, NAN, NAN, NAN])


def test_randomisation_similarity_by_hand() -> None:
    values = [[4.0, -3.0, 2.0, 1.0], [4.0, -3.0, 2.0, 1.0], [1.0, 1.0, 1.0, 1.0]]
    peer = np.array([[1.0, 2.0, 3.0, 4.0], [3.0, -4.0, 2.0, 1.0], [4.0, 3.0, 2.0, 1.0]])
    # ranks turned round; two neighbours swapped: 1 - 6 * 2 / (4 * 15); all tie
    found = value("randomisation_similarity", values, peers={"randomised": peer})
    np.testing.assert_allclose(found, [-1.0, 0.8, NAN], atol=1e-12)


class Retrained:
    """Models that predict all rows rightly until a feature is missing that they need."""

    def __init__(self, needed: int, n_rows: int) -> None:
        self.needed, self.n_rows = needed, n_rows
        self.asked: list[tuple[int, ...]] = []

    def __call__(self, without: tuple[int, ...]) -> Array:
        self.asked.append(without)
        wrong = np.arange(self.n_rows) % 2 * (self.needed in without)
        return np.asarray(1.0 - wrong, dtype=np.float64)


def test_roar_by_hand() -> None:
    # mean sizes of explained rows: 2, 1.5, 0.5, 1, 0: the first three are 0, 1 and 3
    values = [[4.0, 1.0, 0.0, -1.0, 0.0], [0.0, -2.0, 1.0, 1.0, 0.0], [NAN] * 5]
    models = Retrained(3, 3)
    np.testing.assert_allclose(value("roar", values, correct_without=models), [0.0, 1.0, NAN])
    assert models.asked == [(), (0, 1, 3)]
    assert value("roar", values, correct_without=Retrained(2, 3))[:2] == [0.0, 0.0]


def test_roar_removes_ties_together_and_never_all_or_nothing() -> None:
    models = Retrained(0, 1)
    assert value("roar", [[1.0, 2.0, 1.0, 1.0, 0.5]], correct_without=models) == [0.0]
    assert value("roar", [[1.0, 2.0, 0.0, 0.0, 0.0]], correct_without=models) == [0.0]
    assert models.asked == [(), (0, 1, 2, 3), (), (0, 1)]
    assert np.isnan(value("roar", [[0.0, 0.0]], correct_without=models)).all()
    assert np.isnan(value("roar", [[1.0, 2.0]], correct_without=models)).all()
    assert len(models.asked) == 4


# -- the table -------------------------------------------------------------------------------------


def test_the_table_says_what_it_must_of_every_metric() -> None:
    assert len({spec.name for spec in JUDGED}) == len(JUDGED)
    for spec in JUDGED:
        assert spec.kind == ("evidence" if spec.needs == ("protected",) else "quality")
        assert spec.name.endswith("_on_manifold") == (spec.manifold == "on")
        assert spec.claims and spec.source and spec.undefined and spec.family != "other"
        assert spec.description.endswith(".")
        assert spec.needs or spec.family == "complexity"


@pytest.mark.parametrize("name", SPECS)
def test_what_is_needed_is_asked_for(name: str) -> None:
    spec, attributed = SPECS[name], attributions(np.ones((2, N_FEATURES)))
    lacking = [None] if spec.needs == ("model",) else [None, material((2, N_FEATURES))]
    for known in lacking:
        context = MetricContext(sensitive=("s",), material=known)
        assert not spec.applies(attributed, context)
        with pytest.raises(InvalidInputError, match=r"context\.material: expected one that has"):
            spec.function(attributed, context)


# -- the grid --------------------------------------------------------------------------------------


def answer(matrix: Array) -> Array:
    return np.asarray(0.5 + 0.4 * np.sin(matrix @ np.arange(1.0, N_FEATURES + 1)))


def setting(stack: Array) -> Setting:
    """Return attributions and all that they can be judged by.

    `stack` of shape (n_explanations, n_rows, n_features) holds the attributions, those of the
    rows nearby, those of the peers, and the truth.
    """
    values, near, peers, truth = np.split(stack, [1, 1 + N_NEARBY, 1 + N_NEARBY + N_PEERS])
    n_rows, rng = stack.shape[1], np.random.default_rng(5)
    rows, real_rows = (rng.integers(-2, 3, (n, N_FEATURES)) / 2 for n in (n_rows, N_REAL))
    near_rows = rows[:, None] + rng.integers(-1, 2, (n_rows, N_NEARBY, N_FEATURES)) / 8
    answers = np.array([answer(own) for own in near_rows])
    nearby = Nearby(near_rows, answers, np.moveaxis(near, 0, 1))

    def correct_without(without: tuple[int, ...]) -> Array:
        chosen = sum(2.0**j for j in {*without})
        return np.asarray((np.arange(n_rows) + chosen) % 3 % 2, dtype=np.float64)

    known = Material(
        rows=rows,
        answers=answer(rows),
        query=answer,
        reference=np.zeros(N_FEATURES),
        real_rows=real_rows,
        real_answers=answer(real_rows),
        positions=np.full(n_rows, -1),
        distance=MixedDistance(np.arange(1.0, N_FEATURES + 1), (3,)),
        categorical=(3,),
        protected=np.arange(n_rows) % 2 == 0,
        surrogate_answers=np.linspace(-1.0, 2.0, n_rows),
        nearby={"drawn": nearby, "real": nearby},
        peers=dict(zip(PEERS, peers, strict=True)),
        truth=truth[0],
        correct_without=correct_without,
        n_neighbours=4,
    )
    return attributions(values[0], np.linspace(0.0, 0.5, n_rows)), known


N_EXPLANATIONS = 2 + N_NEARBY + N_PEERS


def grid() -> Setting:
    """Rows with many ties and zeros, and one each of nothing shown, not explained and no value."""
    stack = np.random.default_rng(0).integers(-3, 4, (N_EXPLANATIONS, 40, N_FEATURES)) / 4
    stack[:, 0], stack[0, 1], stack[0, 2, 1], stack[3, 3] = 0.0, NAN, NAN, NAN
    return setting(stack)


def times(factor: float) -> Callable[[Setting], Setting]:
    """Multiply the attributions, and the others by the same explainer."""

    def changed(given: Setting) -> Setting:
        attributed, known = given
        nearby = {k: replace(n, values=n.values * factor) for k, n in known.nearby.items()}
        peers = {
            name: peer * (1.0 if name.startswith("explainer: ") else factor)
            for name, peer in known.peers.items()
        }
        values = attributed.values * factor
        return replace(attributed, values=values), replace(known, nearby=nearby, peers=peers)

    return changed


def with_columns(order: list[int]) -> Callable[[Setting], Setting]:
    """Show the features in another order, or some of them twice."""
    names = [FEATURES[j] + " again" * order[:i].count(j) for i, j in enumerate(order)]
    back = [order.index(j) for j in range(N_FEATURES)]

    def changed(given: Setting) -> Setting:
        attributed, known = given
        correct = known.correct_without
        assert correct is not None and known.truth is not None
        twice = {
            name: replace(n, rows=n.rows[:, :, order], values=n.values[:, :, order])
            for name, n in known.nearby.items()
        }
        levels = tuple(i for i, j in enumerate(order) if j in known.categorical)
        other = replace(
            known,
            rows=known.rows[:, order],
            query=lambda matrix: answer(matrix[:, back]),
            reference=known.reference[order],
            real_rows=known.real_rows[:, order],
            distance=MixedDistance(known.distance.scale[order], levels),
            categorical=levels,
            nearby=twice,
            peers={name: peer[:, order] for name, peer in known.peers.items()},
            truth=known.truth[:, order],
            correct_without=lambda without: correct(tuple(order[i] for i in without)),
        )
        values = attributed.values[:, order]
        return replace(attributed, values=values, features=tuple(names)), other

    return changed


# factors are powers of two, so that scaling neither makes nor breaks a tie
TRANSFORMATIONS: dict[Invariance, Sequence[Callable[[Setting], Setting]]] = {
    "scale": (times(0.125), times(1024.0)),
    "sign": (times(-1.0),),
    "feature_permutation": (with_columns([4, 2, 0, 5, 1, 3]),),
    "duplicate_column": (with_columns([0, 1, 2, 3, 4, 5, 5]),),
}


def holds(spec: MetricSpec, invariance: Invariance, given: Setting) -> bool:
    before = judge(spec, given)
    return all(
        np.allclose(judge(spec, change(given)), before, atol=1e-12, equal_nan=True)
        for change in TRANSFORMATIONS[invariance]
    )


def wrong_declarations(spec: MetricSpec) -> list[Invariance]:
    """Return what is declared but does not hold on the grid, or holds but is not declared."""
    return [
        invariance
        for invariance in get_args(Invariance)
        if holds(spec, invariance, grid()) != (invariance in spec.invariances)
    ]


@pytest.mark.parametrize("name", SPECS)
def test_declared_invariances_hold_and_undeclared_ones_do_not(name: str) -> None:
    assert wrong_declarations(SPECS[name]) == [], (
        f"metric {name!r}: correct its `invariances`, or the metric"
    )


def listed_first(given: Attributions, context: MetricContext) -> Array:
    """Return how much of two top threes is in common, of ties what is listed first."""
    assert context.material is not None
    peer = context.material.peers["rerun"]
    mine, theirs = (top_k_masks(np.abs(own), 3)[:, 0] for own in (given.values, peer))
    return np.asarray((mine & theirs).mean(axis=1))


def test_the_grid_catches_ties_that_go_by_the_order_of_features() -> None:
    broken = replace(SPECS["reiteration_similarity"], function=listed_first)
    assert "feature_permutation" in wrong_declarations(broken)


@pytest.mark.parametrize(
    ("name", "declared", "wrong"),
    [
        ("local_lipschitz", {"scale", "sign", "feature_permutation"}, ["scale"]),
        ("truth_sign", {"scale", "sign", "feature_permutation"}, ["sign"]),
        ("max_sensitivity", set(get_args(Invariance)), ["duplicate_column"]),
        ("completeness_gap", set(), ["feature_permutation"]),
    ],
)
def test_the_grid_catches_a_wrong_declaration(
    name: str, declared: set[Invariance], wrong: list[Invariance]
) -> None:
    assert wrong_declarations(replace(SPECS[name], invariances=frozenset(declared))) == wrong


def with_rows(given: Setting, order: Positions) -> Setting:
    attributed, known = given
    assert known.correct_without is not None and known.surrogate_answers is not None
    assert known.truth is not None and known.protected is not None
    correct = known.correct_without
    other = replace(
        known,
        rows=known.rows[order],
        answers=known.answers[order],
        protected=known.protected[order],
        surrogate_answers=known.surrogate_answers[order],
        nearby={
            name: Nearby(n.rows[order], n.answers[order], n.values[order])
            for name, n in known.nearby.items()
        },
        peers={name: peer[order] for name, peer in known.peers.items()},
        truth=known.truth[order],
        correct_without=lambda without: correct(without)[order],
    )
    values, base_values = attributed.values[order], attributed.base_values[order]
    return replace(attributed, values=values, base_values=base_values), other


@pytest.mark.parametrize("name", SPECS)
def test_a_row_s_value_goes_with_the_row(name: str) -> None:
    order = np.random.default_rng(1).permutation(40)
    before = judge(SPECS[name], grid())
    after = judge(SPECS[name], with_rows(grid(), order))
    np.testing.assert_allclose(after, before[order], atol=1e-12)


@pytest.mark.parametrize(
    "name",
    [s.name for s in SPECS.values() if s.family in ("stability", "agreement", "ground truth")],
)
def test_where_all_explanations_are_equal_the_better_end_is_reached(name: str) -> None:
    one = np.random.default_rng(2).integers(-3, 4, (1, 5, N_FEATURES)) / 4
    found = judge(SPECS[name], setting(np.repeat(one, N_EXPLANATIONS, axis=0)))
    low, high = SPECS[name].bounds
    best = high if SPECS[name].direction == "higher" else low
    np.testing.assert_allclose(found, best, atol=1e-12)


def test_evidence_grows_if_the_protected_are_credited_less() -> None:
    attributed, known = grid()
    assert known.protected is not None
    values = attributed.values.copy()
    values[known.protected, 1] -= 2.0
    for name in ("sensitive_group_gap", "demographic_parity_attribution"):
        after = judge(SPECS[name], (replace(attributed, values=values), known))
        assert np.nanmean(after) > np.nanmean(judge(SPECS[name], (attributed, known))) + 0.1


# ties and zeros are common among these
STACKS = arrays(
    np.float64,
    (N_EXPLANATIONS, 4, N_FEATURES),
    elements=st.sampled_from([-1.0, -0.5, 0.0, 0.25, 0.5, 2.0]),
)


@settings(deadline=None, max_examples=15)
@given(stack=STACKS)
def test_declared_invariances_hold_for_any_attributions(stack: Array) -> None:
    one = setting(stack)
    for spec in SPECS.values():
        for invariance in spec.invariances:
            assert holds(spec, invariance, one), f"{spec.name}: {invariance}"


@settings(deadline=None, max_examples=50)
@given(
    stack=arrays(
        np.float64,
        (N_EXPLANATIONS, 3, N_FEATURES),
        elements=st.floats(allow_nan=True, allow_infinity=False),
    )
)
def test_values_are_in_range_or_nan_and_always_nan_for_rows_not_explained(stack: Array) -> None:
    one = setting(stack)
    unexplained = np.isnan(stack[0]).all(axis=1)
    for spec in SPECS.values():
        found = judge(spec, one)
        low, high = spec.bounds
        assert found.shape == (3,), spec.name
        defined = found[~np.isnan(found)]
        assert ((defined >= low - 1e-12) & (defined <= high + 1e-12)).all(), spec.name
        assert np.isnan(found[unexplained]).all(), spec.name
