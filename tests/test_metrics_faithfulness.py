"""Faithfulness metrics: values by hand, what leaves them alone, and what only real rows show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import numpy.typing as npt
import pytest

from explaudit.attributions import Attributions
from explaudit.blocks import MixedDistance
from explaudit.errors import InvalidInputError
from explaudit.metrics.by_row import ROUNDING, pearson
from explaudit.metrics.faithfulness import FAITHFULNESS
from explaudit.metrics.faithfulness.imputation import Imputer
from explaudit.metrics.faithfulness.removal import Removal, values_without
from explaudit.metrics.faithfulness.scoring import area
from explaudit.metrics.faithfulness.top import n_top
from explaudit.metrics.material import Material
from explaudit.metrics.spec import Invariance, MetricContext, MetricSpec

Array = npt.NDArray[np.float64]
Query = Callable[[Array], Array]

SPECS = {spec.name: spec for spec in FAITHFULNESS}
OFF = [spec.name for spec in FAITHFULNESS if spec.manifold == "off"]
ON = [spec.name for spec in FAITHFULNESS if spec.manifold == "on"]


def material_of(
    query: Query,
    rows: Array,
    real_rows: Array,
    *,
    reference: Array | None = None,
    positions: Sequence[int] | None = None,
    categorical: tuple[int, ...] = (),
    n_neighbours: int = 1,
) -> Material:
    """Reference zero and rows that are none of the real ones, unless told otherwise."""
    return Material(
        rows=rows,
        answers=query(rows),
        query=query,
        reference=np.zeros(rows.shape[1]) if reference is None else reference,
        real_rows=real_rows,
        real_answers=query(real_rows),
        positions=np.array([-1] * len(rows) if positions is None else positions, dtype=np.intp),
        distance=MixedDistance.of(real_rows, categorical),
        categorical=categorical,
        n_neighbours=n_neighbours,
    )


def attributions(values: Array, features: Sequence[str] = "abcdefgh") -> Attributions:
    return Attributions(
        values=values,
        features=tuple(features)[: values.shape[1]],
        base_values=np.zeros(len(values)),
        explainer="test",
        settings={},
        n_queries=0,
    )


def measured(name: str, values: Sequence[Sequence[float]] | Array, material: Material) -> Array:
    context = MetricContext(sensitive=("a",), material=material)
    return SPECS[name].function(attributions(np.array(values, dtype=np.float64)), context)


def linear(*weights: float) -> Query:
    """Return the model 1/2 + w.x."""
    return lambda matrix: np.asarray(0.5 + matrix @ np.array(weights))


# Values by hand. The model is 1/2 + .2a - .1b + .05c + 0d with reference 0, so that without a set
# of features the output falls by exactly their terms. Two rows:
#   x = ( 1, 1,  1, 1): output .65, side up,   score .65, drops  .2, -.1,  .05, 0
#   y = (-1, 1, -1, 1): output .15, side down, score .85, drops -.2, -.1, -.05, 0
# The real rows are all -1 and all 3, which are 2 away from every value 1 of x.
WEIGHTS = (0.2, -0.1, 0.05, 0.0)
LINEAR = material_of(
    linear(*WEIGHTS),
    np.array([[1.0, 1, 1, 1], [-1, 1, -1, 1]]),
    np.array([[-1.0] * 4, [3.0] * 4]),
)
EXACT = [[0.2, -0.1, 0.05, 0.0], [-0.2, -0.1, -0.05, 0.0]]
X = replace(LINEAR, rows=LINEAR.rows[:1], answers=LINEAR.answers[:1], positions=np.array([-1]))
# f(x) is exactly 1/2 + .2a, with a single feature
SINGLE = material_of(linear(0.2), np.array([[1.0]]), np.array([[-1.0], [1.0]]), positions=[1])
PAIR = material_of(linear(0.2, -0.1), np.array([[1.0, 1.0]]), np.eye(2))


@pytest.mark.parametrize(
    ("name", "material", "values", "expected"),
    [
        # sums over subsets of one size are as affine as the attributions: 7 drop + 1, then reversed
        ("faithfulness_correlation", X, [[2.4, 0.3, 1.35, 1.0]], [1.0]),
        ("faithfulness_correlation", X, [[-0.2, 0.1, -0.05, 0.0]], [-1.0]),
        ("sensitivity_n", X, [[2.4, 0.3, 1.35, 1.0]], [1.0]),
        # of two features there are subsets of one only, and drops .2 > -.1
        ("sensitivity_n", PAIR, [[2.0, 5.0]], [-1.0]),
        # deviations (1.5, -.5, .5, -1.5) and (.1625, -.1375, .0125, -.0375): products add up to
        # .375, squares to 5 and .046875; .375^2 / (5 * .046875) = .6
        ("faithfulness_estimate", X, [[3.0, 1.0, 2.0, 0.0]], [0.6**0.5]),
        # the one subset of one feature: (.5 - .2)^2
        ("infidelity", SINGLE, [[0.5]], [0.09]),
        ("infidelity", LINEAR, EXACT, [0.0, 0.0]),
        # mean squared changes 4 w^2, ranks 4 3 2 1 against 4 2 3 1: 1 - 6 * 2 / (4 * 15)
        ("monotonicity_correlation", X, [[3.0, 1.0, 2.0, 0.0]], [0.8]),
        # the top is a: x falls from .65 to .45; y's score from .85 to .65, as the output rises
        ("comprehensiveness", LINEAR, EXACT, [0.2, 0.2]),
        # b works against the side of x, whatever its attribution's sign
        ("comprehensiveness", X, [[0.0, -1.0, 0.0, 0.0]], [-0.1]),
        # with a alone, x has .7; y has output .3 and so score .7
        ("sufficiency", LINEAR, EXACT, [-0.05, 0.15]),
        # x: .65 .45 .55 .5 .5; y: .85 .65 .55 .5 .5
        ("deletion_auc", LINEAR, EXACT, [2.075 / 4, 2.375 / 4]),
        # x: .5 .7 .6 .65 .65; y: .5 .7 .8 .85 .85
        ("insertion_auc", LINEAR, EXACT, [2.525 / 4, 3.025 / 4]),
        # added from d to a, x: .5 .5 .55 .45 .65, where b lowers; y: .5 .5 .55 .65 .85
        ("monotonicity", LINEAR, EXACT, [0.75, 1.0]),
        # b is used and not shown, d is shown and not used; what is next to nothing is not shown
        ("non_sensitivity", X, [[0.2, 1e-17, 0.05, 0.1]], [0.5]),
        ("non_sensitivity", LINEAR, EXACT, [0.0, 0.0]),
        # the top is d, which the model does not use
        ("pgi", X, [[0.0, 0.0, 0.0, 1.0]], [0.0]),
    ],
)
def test_off_manifold_values_by_hand(
    name: str, material: Material, values: list[list[float]], expected: list[float]
) -> None:
    np.testing.assert_allclose(measured(name, values, material), expected, atol=1e-12)


@pytest.mark.parametrize(("values", "important"), [([[9.0, 1, 1, 1]], 1), ([[1.0, 9, 1, 1]], 0)])
def test_noise_changes_a_model_that_wants_one_exact_value(
    values: list[list[float]], important: float
) -> None:
    # the label is 1 just where a is .25, so that any noise on a changes it by 1, and nothing else
    # changes it at all
    real_rows = np.random.default_rng(0).normal(size=(20, 4))
    rows = np.full((1, 4), 0.25)
    material = material_of(lambda matrix: np.asarray(matrix[:, 0] == 0.25, float), rows, real_rows)
    assert measured("pgi", values, material).tolist() == [important]
    assert measured("pgu", values, material).tolist() == [1 - important]


def test_noise_flips_every_second_category() -> None:
    real_rows = np.array([[0.0, 1, 2, 3], [1.0, 3, 2, 1]])
    material = material_of(
        lambda matrix: matrix[:, 0], np.array([[1.0, 1, 1, 1]]), real_rows, categorical=(0,)
    )
    # 30 draws of probability 1/2: outside (.2, .8) in one of a thousand seeds
    assert 0.2 < measured("pgi", [[1.0, 0, 0, 0]], material)[0] < 0.8


def test_imputation_gives_back_what_a_copy_still_says() -> None:
    # Real rows are (1, 1) and (-1, -1), so that both features have variance 1 and covariance 1,
    # and the one imputes the other as x / (1 + penalty); the model uses the first alone. Scores of
    # (1, 1): .7, then .5 + .2 / 1.001, and .5 without both. Replaced by 0, the first alone is .5.
    material = material_of(linear(0.2, 0.0), np.array([[1.0, 1.0]]), np.array([[1.0, 1], [-1, -1]]))
    expected = (0.35 + 0.5 + 0.2 / 1.001 + 0.25) / 2
    assert measured("remove_and_debias", [[2.0, 1.0]], material)[0] == pytest.approx(expected)
    assert measured("deletion_auc", [[2.0, 1.0]], material)[0] == pytest.approx(1.1 / 2)


def test_categories_are_imputed_and_impute() -> None:
    # level 7 goes with numbers near 4 and "a", level 2 with numbers near -4 and "b"
    real_rows = np.array([[4.0, 7], [4.5, 7], [3.5, 7], [-4.0, 2], [-4.5, 2], [-3.5, 2]])
    impute = Imputer.of(real_rows, categorical=(1,))
    rows = np.array([[3.0, 2.0], [-3.0, 7.0], [3.0, 7.0]])
    found = impute(rows, np.array([[[False, True]], [[False, True]], [[True, False]]]))[:, 0]
    assert found[:, 1].tolist() == [7.0, 2.0, 7.0]
    assert found[:2, 0].tolist() == [3.0, -3.0]
    assert found[2, 0] == pytest.approx(4.0, abs=0.02)


def test_imputation_is_ridge_regression() -> None:
    from sklearn.linear_model import Ridge

    rng = np.random.default_rng(3)
    real_rows = rng.normal(size=(60, 4)) @ rng.normal(size=(4, 4))
    real_rows = (real_rows - real_rows.mean(axis=0)) / real_rows.std(axis=0)
    row = rng.normal(size=(1, 4))
    # the largest subset is not the last
    subsets = np.array([[0, 0, 0, 0], [1, 0, 1, 0], [1, 1, 1, 0], [0, 0, 1, 0]], dtype=np.bool_)
    found = Imputer.of(real_rows, ())(row, subsets[None])
    for gone, imputed in zip(subsets, found[0], strict=True):
        expected = row.copy()
        if gone.any():
            # the penalty is beside a covariance, which is a mean over rows
            ridge = Ridge(alpha=1e-3 * len(real_rows), fit_intercept=False)
            ridge.fit(real_rows[:, ~gone], real_rows[:, gone])
            expected[:, gone] = ridge.predict(row[:, ~gone])
        np.testing.assert_allclose(imputed, expected[0], rtol=1e-9)


# The same model on all 16 rows of -1 and 1. Of the others the only one that agrees with x on all
# but one feature is its twin with the sign of that feature changed: drops 2w = .4, -.2, .1, 0.
ALL_SIGNS = np.array(list(product([1.0, -1.0], repeat=4)))
TWINS = material_of(linear(*WEIGHTS), ALL_SIGNS[:1], ALL_SIGNS, positions=[0])
# with the row itself among eight neighbours: all real rows that agree on any one feature
EIGHT = material_of(linear(*WEIGHTS), ALL_SIGNS[:1], ALL_SIGNS, n_neighbours=8)
# 1/2 + .2a + .1b on four rows, two neighbours, the row itself among them. Without a: .8 and .4;
# without b: .8 and .6; without both, the first two that are listed: .8 and .2.
SQUARE = material_of(
    linear(0.2, 0.1),
    np.array([[1.0, 1.0]]),
    np.array([[1.0, 1], [-1, -1], [-1, 1], [1, -1]]),
    n_neighbours=2,
)
ONE = EXACT[:1]


@pytest.mark.parametrize(
    ("name", "material", "values", "expected"),
    [
        ("faithfulness_correlation", TWINS, [[2.4, 0.3, 1.35, 1.0]], 1.0),
        ("faithfulness_estimate", TWINS, [[3.0, 1.0, 2.0, 0.0]], 0.6**0.5),
        # drops .8 - .6 > .8 - .7
        ("sensitivity_n", SQUARE, [[1.0, 2.0]], -1.0),
        # the twin of (1) is (-1), with output .3: (.5 - .4)^2
        ("infidelity", SINGLE, [[0.5]], 0.01),
        ("monotonicity_correlation", TWINS, [[3.0, 1.0, 2.0, 0.0]], 0.8),
        ("comprehensiveness", TWINS, ONE, 0.4),
        # the rows with a = 1 have .7 on average
        ("sufficiency", EIGHT, ONE, -0.05),
        ("pgi", TWINS, ONE, 0.4),
        # signs of b, c and d: 0, .2, -.1 and .1, each twice
        ("pgu", EIGHT, ONE, 0.1),
        # .8 .6 .5
        ("deletion_auc", SQUARE, [[2.0, 1.0]], 1.25 / 2),
        # .5 .7 .8
        ("insertion_auc", SQUARE, [[2.0, 1.0]], 1.35 / 2),
        # .5 .6 .8, and .5 .7 .8
        ("monotonicity", SQUARE, [[2.0, 1.0]], 1.0),
        ("non_sensitivity", TWINS, [[0.2, 0.0, 0.05, 0.1]], 0.5),
        # without the twins that differ in b or c alone, a is right and d is wrong
        (
            "non_sensitivity",
            replace(
                TWINS, real_rows=ALL_SIGNS[[0, 1, 8]], real_answers=TWINS.real_answers[[0, 1, 8]]
            ),
            [[0.2, 0.0, 0.05, 0.1]],
            0.5,
        ),
    ],
)
def test_on_manifold_values_by_hand(
    name: str, material: Material, values: list[list[float]], expected: float
) -> None:
    found = measured(f"{name}_on_manifold", values, material)
    np.testing.assert_allclose(found, [expected], atol=1e-12)


def test_random_subsets_are_judged_as_a_loop_judges_them() -> None:
    rng = np.random.default_rng(5)
    weights, rows = rng.normal(size=7) / 20, rng.normal(size=(3, 7))
    material = material_of(linear(*weights), rows, rng.normal(size=(10, 7)))
    values = rng.normal(size=(3, 7))
    removal = Removal(values, tuple("abcdefg"), material, "off")
    subsets = removal.drawn("correlation", 50, 2)
    assert (subsets.sum(axis=1) == 2).all() and len(np.unique(subsets, axis=0)) > 10
    for i in range(3):
        sums = [values[i, subset].sum() for subset in subsets]
        drops = [weights[subset] @ rows[i, subset] for subset in subsets]
        expected = np.corrcoef(sums, drops)[0, 1]
        found = measured("faithfulness_correlation", values, material)[i]
        assert found == pytest.approx(expected, abs=1e-9)


def test_a_quarter_of_the_features_is_the_top() -> None:
    assert [n_top(n) for n in (1, 2, 4, 7, 12, 40)] == [1, 1, 1, 2, 3, 5]


def test_the_table_is_complete_and_says_all_that_it_should() -> None:
    assert len(SPECS) == len(FAITHFULNESS) == 27
    assert {f"{name}_on_manifold" for name in OFF} - set(ON) == {"remove_and_debias_on_manifold"}
    for spec in FAITHFULNESS:
        assert spec.kind == "quality" and spec.family == "faithfulness" and spec.claims
        assert spec.needs == ("model",) and spec.description.endswith(".")
        assert not spec.applies(attributions(np.eye(2)), MetricContext(sensitive=("a",)))


# what is undefined, and where


def constant(matrix: Array) -> Array:
    return np.full(len(matrix), 0.25)


CORRELATIONS = [name for name, spec in SPECS.items() if "orrelation" in spec.unit]
BY_SIDE = [name for name, spec in SPECS.items() if "nor a label" in spec.undefined]


@pytest.mark.parametrize("name", SPECS)
def test_rows_that_were_not_explained_have_no_value(name: str) -> None:
    found = measured(name, [[np.nan] * 4, EXACT[1]], replace(LINEAR, n_neighbours=2))
    assert np.isnan(found[0])


@pytest.mark.parametrize("name", SPECS)
def test_a_feature_without_attribution_counts_as_zero(name: str) -> None:
    material = grid_material()
    values = grid_values()
    values[:, 2] = 0.0
    expected = measured(name, values, material)
    values[3:, 2] = np.nan
    np.testing.assert_array_equal(measured(name, values, material), expected)


@pytest.mark.parametrize("name", CORRELATIONS)
def test_what_is_constant_has_no_correlation(name: str) -> None:
    ignorant = material_of(constant, ALL_SIGNS[:1], ALL_SIGNS)
    assert np.isnan(measured(name, ONE, ignorant)).all()
    assert np.isnan(measured(name, [[0.1, 0.1, 0.1, 0.1]], TWINS)).all()


@pytest.mark.parametrize("name", SPECS)
def test_attributions_of_zero_give_no_order(name: str) -> None:
    found = measured(name, [[0.0] * 4], TWINS)
    # zero for all is a claim that infidelity and non-sensitivity can judge
    judges = name.startswith(("infidelity", "non_sensitivity"))
    assert np.isnan(found).all() != judges


@pytest.mark.parametrize("name", BY_SIDE)
def test_a_model_that_is_no_classifier_predicts_no_side(name: str) -> None:
    def price(matrix: Array) -> Array:
        return np.asarray(0.5 + 100 * matrix[:, 0])

    assert np.isnan(measured(name, ONE, material_of(price, ALL_SIGNS[:1], ALL_SIGNS))).all()


@pytest.mark.parametrize("name", sorted(set(SPECS) - set(BY_SIDE)))
def test_the_other_metrics_do_not_mind(name: str) -> None:
    def price(matrix: Array) -> Array:
        return np.asarray(1000.0 + matrix @ np.array([4.0, 3, 2, 1]))

    material = material_of(price, ALL_SIGNS[:1], ALL_SIGNS, positions=[0])
    assert np.isfinite(measured(name, [[4.0, 3.0, 2.0, 0.0]], material)).all()


@pytest.mark.parametrize("name", ON)
def test_without_another_real_row_there_is_no_on_manifold_value(name: str) -> None:
    alone = material_of(linear(*WEIGHTS), ALL_SIGNS[:1], ALL_SIGNS[:1], positions=[0])
    assert np.isnan(measured(name, ONE, alone)).all()


@pytest.mark.parametrize("name", SPECS)
def test_attributions_may_be_huge(name: str) -> None:
    huge = np.finfo(np.float64).max
    found = measured(name, [[huge, -huge, huge / 2, 5e-324]], TWINS)
    assert np.isnan(found).all() == name.startswith("infidelity")


def test_the_only_feature_leaves_nothing_to_judge_the_top_by() -> None:
    for name in ("sufficiency", "pgu", "sensitivity_n", "faithfulness_estimate"):
        assert np.isnan(measured(name, [[1.0]], SINGLE)).all()
        assert np.isnan(measured(f"{name}_on_manifold", [[1.0]], SINGLE)).all()


def test_material_of_other_rows_or_none_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="attributions"):
        measured("pgi", [[1.0, 2.0]], TWINS)
    with pytest.raises(InvalidInputError, match="material"):
        SPECS["pgi"].function(attributions(np.eye(2)), MetricContext(sensitive=("a",)))


def test_rounding_is_no_variation_and_an_area_has_corners() -> None:
    values = np.array([[1.0, 2.0, 3.0]])
    noise = 0.3 + np.array([[0.0, 1e-16, -1e-16]])
    assert np.isnan(pearson(values, noise)).all()
    assert pearson(values, 0.3 + values * 100 * ROUNDING)[0] == pytest.approx(1.0)
    assert area(np.array([[0.0, 1.0, 0.0]])).tolist() == [0.5]


# what leaves the values alone

FEATURES = ("d", "a", "f", "b", "g", "c", "e", "h")
ORDER = [5, 0, 7, 2, 4, 1, 6, 3]
CATEGORICAL = (1, 4)


def curved(matrix: Array) -> Array:
    """Return probabilities to which features, written as FEATURES are, add unevenly."""
    numbers = matrix[:, 0] - 0.7 * matrix[:, 2] * matrix[:, 3] + 0.4 * matrix[:, 5]
    levels = 0.8 * (matrix[:, 1] == 2) - 0.6 * (matrix[:, 4] == 0) * (matrix[:, 6] > 0)
    return np.asarray(1 / (1 + np.exp(-numbers - levels)))


def grid_material() -> Material:
    rng = np.random.default_rng(11)
    real_rows = rng.normal(size=(40, 8))
    real_rows[:, list(CATEGORICAL)] = rng.integers(0, 3, size=(40, 2))
    # so that some rows differ in one feature alone, which is used or not
    real_rows[20:] = real_rows[:20]
    real_rows[20:24, 0] += 1.0
    real_rows[24:, 7] += 1.0
    return material_of(
        curved,
        real_rows[:8],
        real_rows,
        reference=np.median(real_rows, axis=0).round(),
        positions=range(8),
        categorical=CATEGORICAL,
        n_neighbours=5,
    )


def grid_values() -> Array:
    """Return attributions with many ties and zeros, for eight rows."""
    return np.random.default_rng(0).integers(-3, 4, size=(8, 8)) / 4


def permuted(material: Material) -> Material:
    """Return the material with its columns in another order, and a model that knows."""
    back = np.argsort(ORDER)
    levels = tuple(int(back[j]) for j in CATEGORICAL)
    real_rows = material.real_rows[:, ORDER]
    return replace(
        material,
        rows=material.rows[:, ORDER],
        query=lambda matrix: curved(matrix[:, back]),
        reference=material.reference[ORDER],
        real_rows=real_rows,
        distance=MixedDistance.of(real_rows, levels),
        categorical=levels,
    )


Given = tuple[Array, tuple[str, ...], Material]
# factors are powers of two, so that scaling neither makes nor breaks a tie
CHANGES: dict[Invariance, Callable[[Given], Given]] = {
    "scale": lambda given: (given[0] * 8.0, *given[1:]),
    "sign": lambda given: (-given[0], *given[1:]),
    "feature_permutation": lambda given: (
        given[0][:, ORDER],
        tuple(given[1][j] for j in ORDER),
        permuted(given[2]),
    ),
}


def wrong_declarations(spec: MetricSpec) -> list[Invariance]:
    """Return what is declared but does not hold on the grid, or holds but is not declared."""

    def values(given: Given) -> Array:
        context = MetricContext(sensitive=("a",), material=given[2])
        return spec.function(attributions(given[0], given[1]), context)

    given = (grid_values(), FEATURES, grid_material())
    before = values(given)
    return [
        invariance
        for invariance, change in CHANGES.items()
        if np.allclose(values(change(given)), before, rtol=0, atol=1e-9, equal_nan=True)
        != (invariance in spec.invariances)
    ]


@pytest.mark.parametrize("name", SPECS)
def test_declared_invariances_hold_and_undeclared_ones_do_not(name: str) -> None:
    assert wrong_declarations(SPECS[name]) == []


def first_listed(given: Attributions, context: MetricContext) -> Array:
    """Judge by the largest attribution, and of equal ones by that which is listed first."""
    assert context.material is not None
    masks = np.eye(8, dtype=np.bool_)[np.abs(given.values).argmax(axis=1)]
    return values_without(context.material, masks[:, None], "on")[:, 0]


def test_the_grid_catches_wrong_declarations() -> None:
    def wrong(name: str, *invariances: Invariance) -> list[Invariance]:
        return wrong_declarations(replace(SPECS[name], invariances=frozenset(invariances)))

    assert wrong("infidelity", "scale", "feature_permutation") == ["scale"]
    assert wrong("faithfulness_estimate", "scale", "sign", "feature_permutation") == ["sign"]
    assert wrong("pgu_on_manifold", "scale", "sign") == ["feature_permutation"]
    assert wrong_declarations(replace(SPECS["deletion_auc"], function=first_listed)) == [
        "feature_permutation"
    ]


@pytest.mark.parametrize("name", SPECS)
def test_values_are_in_range_and_go_with_their_rows(name: str) -> None:
    material, values = grid_material(), grid_values()
    found, (low, high) = measured(name, values, material), SPECS[name].bounds
    defined = found[~np.isnan(found)]
    assert len(defined) >= 4 and len(np.unique(defined)) > 1
    assert ((defined >= low) & (defined <= high)).all()
    own = [6, 2, 3]
    fewer = replace(
        material,
        rows=material.rows[own],
        answers=material.answers[own],
        positions=material.positions[own],
    )
    np.testing.assert_array_equal(measured(name, values[own], fewer), found[own])


# what real rows show


class AskedError(Exception):
    """The model was asked."""


def never(matrix: Array) -> Array:
    raise AskedError


@pytest.mark.parametrize("name", ON)
def test_on_manifold_forms_ask_the_model_nothing(name: str) -> None:
    material = grid_material()
    found = measured(name, grid_values(), replace(material, query=never))
    np.testing.assert_array_equal(found, measured(name, grid_values(), material))


@pytest.mark.parametrize("name", OFF)
def test_off_manifold_forms_do_ask(name: str) -> None:
    with pytest.raises(AskedError):
        measured(name, grid_values(), replace(grid_material(), query=never))


def by_a(matrix: Array) -> Array:
    """Return the honest rule, which uses the feature a."""
    return np.asarray(0.5 + 0.2 * matrix[:, 0])


def scaffold(matrix: Array) -> Array:
    """Use a on real rows, on which c, d, e and f are equal, and b elsewhere."""
    real = np.ptp(matrix[:, 2:], axis=1) < 1e-9
    return np.asarray(0.5 + 0.2 * np.where(real, matrix[:, 0], matrix[:, 1]))


def test_only_real_neighbours_see_through_a_scaffold() -> None:
    rng = np.random.default_rng(2)
    real_rows = rng.uniform(-2, 2, size=(400, 3))[:, [0, 1, 2, 2, 2, 2]]
    rows = real_rows[:20]
    honest, lying = (
        material_of(query, rows, real_rows, positions=range(20), n_neighbours=15)
        for query in (by_a, scaffold)
    )
    # on real rows, the two models are one
    np.testing.assert_array_equal(honest.real_answers, lying.real_answers)
    truth, lie = np.zeros((20, 6)), np.zeros((20, 6))
    truth[:, 0], lie[:, 1] = 0.2 * rows[:, 0], 0.2 * rows[:, 1]

    def scores(values: Array, material: Material) -> list[float]:
        names = ("faithfulness_correlation", "faithfulness_correlation_on_manifold")
        return [float(np.median(measured(name, values, material))) for name in names]

    assert min(scores(truth, honest)) > 0.8
    off, on = scores(lie, lying)
    assert off > 0.8 and on < 0.3
