"""Explainers that keep to the data: by hand, against independent computations, and deceived."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, ks_2samp

from explaudit.attributions import Attributions
from explaudit.encoding import Encoder
from explaudit.errors import InvalidInputError
from explaudit.explainer import Explainer
from explaudit.explainers import KernelShap, LimeTabular
from explaudit.explainers.cad_defend import CadDefend
from explaudit.explainers.forest_fill import ForestFill, uniform_masks
from explaudit.explainers.generated_lime import GeneratedLime
from explaudit.explainers.generated_shap import GeneratedShap
from explaudit.explainers.neighbour_lime import NeighbourLime
from explaudit.explainers.neighbour_shap import NeighbourShap, conditional_means
from explaudit.explainers.twin_explanation import TwinExplanation
from explaudit.points import Space
from explaudit.scenario import Display, Scenario
from explaudit_attacks import SensitiveRule, UnrelatedRule
from explaudit_attacks.samplers import LimeDiscretised, Sampler
from explaudit_attacks.samplers.generated import GeneratedFill
from explaudit_attacks.samplers.neighbours import RealNeighbours
from explaudit_attacks.scaffold import ScaffoldClassifier

Array = npt.NDArray[np.float64]
Model = Callable[[pd.DataFrame], Array]

HARDENED: tuple[Explainer, ...] = (
    TwinExplanation(n_background=300, n_reference=5, nsamples=150),
    NeighbourShap(n_background=300, nsamples=300),
    NeighbourLime(n_background=300),
    GeneratedShap(n_background=300, n_trees=8, nsamples=300),
    GeneratedLime(n_background=300, n_trees=8, num_samples=800),
    CadDefend(n_background=300, num_samples=400),
)
ON_DATA_ONLY = HARDENED[:3]


def scenario_of(
    model: Model, rows: Array, background: Array, categorical: tuple[int, ...] = ()
) -> Scenario:
    names = [f"x{j}" for j in range(rows.shape[1])]
    table, shown = (pd.DataFrame(part, columns=names) for part in (background, rows))
    told = [names[j] for j in categorical]
    encoder = Encoder.from_frame(pd.concat([table, shown]), categorical=told)
    return Scenario(shown, model, table, encoder, Display(encoder.names))


def column(name: str) -> Model:
    return lambda table: table[name].to_numpy(dtype=np.float64)


class Recorder:
    """A model that remembers what it was asked."""

    def __init__(self, model: Model) -> None:
        self.model, self.asked = model, list[Array]()

    def __call__(self, table: pd.DataFrame) -> Array:
        self.asked.append(table.to_numpy(dtype=np.float64))
        return self.model(table)


# -- space -----------------------------------------------------------------------------------------


def test_squared_differences_are_those_of_the_points() -> None:
    rng = np.random.default_rng(0)
    rows = np.hstack([rng.normal(size=(30, 2)) * 5, rng.integers(3, size=(30, 2))])
    rows[:, 1] = 4.0
    space = Space.of(rows, (2, 3))
    distances = ((space.points(rows) - space.points(rows[:1])) ** 2).sum(axis=1)
    np.testing.assert_allclose(space.squared_differences(rows[0], rows).sum(axis=1), distances)
    np.testing.assert_allclose(space.points(rows)[:, 0].std(), 1.0)
    assert space.points(np.array([[0.0, 4.0, 9.0, 0.0]]))[0, 2:5].sum() == 0.0


# -- conditional Shapley values --------------------------------------------------------------------

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def explained(explainer: Explainer, scenario: Scenario, seed: int = 0) -> Attributions:
    return explainer.explain(scenario, seed=seed)


def test_independent_features_by_hand() -> None:
    # knowing x0 = 1 lifts the mean answer from 1/2 to 1, knowing x1 does nothing
    scenario = scenario_of(column("x0"), CORNERS[3:], CORNERS)
    found = explained(NeighbourShap(n_neighbours=1), scenario)
    np.testing.assert_allclose(found.values, [[0.5, 0.0]])
    np.testing.assert_allclose(found.base_values, [0.5])


def test_a_proxy_shares_the_credit_by_hand() -> None:
    # x1 is a copy of x0, which alone is read; knowing either tells all, so each gets half
    twice = np.array([[0.0, 0.0], [1.0, 1.0]])
    found = explained(NeighbourShap(n_neighbours=1), scenario_of(column("x0"), twice, twice))
    np.testing.assert_allclose(found.values, [[-0.25, -0.25], [0.25, 0.25]])


def test_a_constant_feature_gets_nothing_and_a_single_one_gets_all() -> None:
    rows = np.array([[0.0, 5.0], [1.0, 5.0], [3.0, 5.0], [4.0, 5.0]])
    found = explained(NeighbourShap(n_neighbours=1), scenario_of(column("x0"), rows, rows))
    np.testing.assert_array_equal(found.values, np.column_stack([rows[:, 0] - 2.0, np.zeros(4)]))


def brute_force(squares: Array, answers: Array, own: float, k: int) -> Array:
    """Shapley values over all coalitions, one at a time, in the formula of Shapley 1953."""
    d = squares.shape[1]

    def value(members: tuple[int, ...]) -> float:
        if not members:
            return float(answers.mean())
        if len(members) == d:
            return own
        distances = squares[:, list(members)].sum(axis=1)
        kth = sorted(distances)[k - 1]
        return float(answers[distances <= kth + 1e-9].mean())

    values = np.zeros(d)
    for j in range(d):
        others = [i for i in range(d) if i != j]
        for size in range(d):
            weight = factorial(size) * factorial(d - size - 1) / factorial(d)
            for subset in combinations(others, size):
                gain = value(tuple(sorted((*subset, j)))) - value(subset)
                values[j] += weight * gain
    return values


def test_neighbour_shap_against_brute_force() -> None:
    rng = np.random.default_rng(3)
    rows = np.hstack([rng.normal(size=(60, 3)) * [1, 10, 0.1], rng.integers(3, size=(60, 2))])

    def model(table: pd.DataFrame) -> Array:
        return np.asarray(table["x0"] * (table["x3"] == 1) + 3.0 * table["x2"], dtype=np.float64)

    scenario = scenario_of(model, rows[:4], rows, categorical=(3, 4))
    found = explained(NeighbourShap(n_neighbours=5), scenario)
    space, answers = Space.of(rows, (3, 4)), scenario.answer(scenario.background)
    for i in range(4):
        squares = space.squared_differences(rows[i], rows)
        expected = brute_force(squares, answers, float(answers[i]), 5)
        np.testing.assert_allclose(found.values[i], expected, atol=1e-9)


def test_rows_that_tie_are_taken_together_so_that_order_does_not_matter() -> None:
    rng = np.random.default_rng(4)
    rows = rng.integers(2, size=(80, 12)).astype(np.float64)
    scenario = scenario_of(column("x3"), rows[:3], rows)
    turned = scenario.replace(background=scenario.background.iloc[::-1])
    explainer = NeighbourShap(n_neighbours=4)
    np.testing.assert_allclose(
        explained(explainer, scenario).values, explained(explainer, turned).values, atol=1e-9
    )


def test_conditional_means_of_more_coalitions_than_fit_into_memory_together() -> None:
    rng = np.random.default_rng(5)
    squares, answers = rng.random((30, 6)), rng.normal(size=30)
    masks = rng.random((700, 6)) < 0.5
    together = conditional_means(squares, masks, answers, 3)
    one_by_one = [conditional_means(squares, mask[None], answers, 3)[0] for mask in masks]
    np.testing.assert_allclose(together, one_by_one)


@pytest.mark.parametrize("explainer", [HARDENED[1], HARDENED[3]])
def test_shapley_values_add_up_to_the_answer(explainer: Explainer) -> None:
    rng = np.random.default_rng(6)
    rows = rng.normal(size=(200, 13))
    scenario = scenario_of(lambda table: np.tanh(table.to_numpy()).sum(axis=1), rows[:3], rows)
    found = explained(explainer, scenario)
    total = found.values.sum(axis=1) + found.base_values
    np.testing.assert_allclose(total, scenario.answer(scenario.rows), atol=1e-9)


def test_reach_tells_where_there_are_no_rows_like_the_explained_one() -> None:
    rng = np.random.default_rng(7)
    rows = rng.normal(size=(200, 5))
    strange = np.array([rows[0], rows[0] + 10.0])
    reach = explained(NeighbourShap(), scenario_of(column("x0"), strange, rows)).diagnostics
    assert reach["reach"][1] > 5.0 > 1.5 > reach["reach"][0]


# -- LIME on real rows -----------------------------------------------------------------------------


def test_neighbour_lime_is_the_weighted_ridge_of_scikit_learn() -> None:
    from sklearn.linear_model import Ridge

    rng = np.random.default_rng(8)
    rows = np.hstack([rng.normal(size=(90, 3)) * 4 + 1, rng.integers(3, size=(90, 1))])
    scenario = scenario_of(
        lambda t: np.asarray(t["x0"] * t["x1"] + (t["x3"] == 2)), rows[:2], rows, categorical=(3,)
    )
    found = explained(NeighbourLime(kernel_width=1.5), scenario)
    for i in range(2):
        together = np.vstack([rows[i], rows])
        design = (together - rows.mean(axis=0)) / rows.std(axis=0)
        design[:, 3] = together[:, 3] == rows[i, 3]
        squares = ((design - design[0]) ** 2).sum(axis=1)
        answers = scenario.answer(scenario.encoder.decode(together))
        ridge = Ridge(alpha=1.0).fit(design, answers, np.exp(-squares / 1.5**2 / 2))
        np.testing.assert_allclose(found.values[i], ridge.coef_, atol=1e-9)
        assert found.diagnostics["intercept"][i] == pytest.approx(ridge.intercept_)


@pytest.mark.parametrize(
    "explainer", [NeighbourLime(kernel_width=0.01), GeneratedLime(kernel_width=0.01)]
)
def test_a_row_far_from_all_others_is_not_explained(explainer: Explainer) -> None:
    rows = np.random.default_rng(9).normal(size=(100, 3))
    far = np.array([[1e3, 1e3, 1e3]])
    found = explained(explainer, scenario_of(column("x0"), far, rows))
    assert np.isnan(found.values).all()
    assert "degenerate fit" in found.reasons[0]


# -- twins -----------------------------------------------------------------------------------------


def test_twins_of_a_model_that_reads_one_feature_agree_on_it() -> None:
    rows = np.random.default_rng(10).normal(size=(300, 12))
    scenario = scenario_of(lambda t: np.asarray(t["x4"] > 0, dtype=np.float64), rows[:4], rows)
    found = explained(HARDENED[0], scenario)
    assert (np.abs(found.values).argmax(axis=1) == 4).all()
    assert (found.diagnostics["agreement"] > 0.8).all()
    assert (found.diagnostics["misfit"] < 0.35).all()
    spread = np.array([found.diagnostics[f"spread[{name}]"] for name in found.features])
    np.testing.assert_allclose(found.diagnostics["spread"], spread.mean(axis=0))
    assert (spread > 0).any()


def test_misfit_shows_an_answer_that_real_rows_do_not_foretell() -> None:
    rows = np.random.default_rng(11).normal(size=(300, 6))
    singled_out = rows[0, 0]
    model = column("x1")
    scenario = scenario_of(
        lambda t: model(t) + 50.0 * (t["x0"].to_numpy() == singled_out), rows[:2], rows[1:]
    )
    misfit = explained(TwinExplanation(n_reference=3), scenario).diagnostics["misfit"]
    assert misfit[0] > 40.0 > 1.0 > misfit[1]


def test_too_few_rows_for_twins_are_refused() -> None:
    rows = np.random.default_rng(15).normal(size=(39, 3))
    with pytest.raises(InvalidInputError, match="at least 40 rows"):
        explained(TwinExplanation(), scenario_of(column("x0"), rows[:1], rows))


def test_a_single_twin_has_no_spread() -> None:
    rows = np.random.default_rng(16).normal(size=(60, 3))
    found = explained(TwinExplanation(n_twins=1), scenario_of(column("x0"), rows[:2], rows))
    assert (found.diagnostics["spread"] == 0.0).all()
    assert (np.abs(found.values).argmax(axis=1) == 0).all()


# -- the generator ---------------------------------------------------------------------------------


def dependent_rows(n: int, seed: int = 0) -> Array:
    """Return two numbers that are nearly equal, two that are independent, and a coin."""
    rng = np.random.default_rng(seed)
    first = rng.normal(size=n)
    coin = rng.integers(2, size=n).astype(np.float64)
    other = rng.normal(size=(2, n))
    return np.column_stack([first, first + 0.05 * rng.normal(size=n), *other, coin])


def gaps(rows: Array, masks: npt.NDArray[np.bool_], min_leaf: int) -> Array:
    fill = ForestFill(rows, n_trees=10, min_leaf=min_leaf, seed=1)
    rng = np.random.default_rng(2)
    filled = np.vstack([fill.fill(row, masks, rng) for row in rows[:40]])
    return np.abs(filled[:, 0] - filled[:, 1])


def test_filled_rows_keep_to_what_the_data_show() -> None:
    rows = dependent_rows(600)
    one_kept = np.tile([True, False, True, False, True], (20, 1))
    shuffled = np.abs(rows[:, 0] - np.random.default_rng(0).permutation(rows[:, 1]))
    half = 0.5 * np.median(shuffled)
    assert np.median(gaps(rows, one_kept, min_leaf=10)) < half
    # trees without a split know of no dependence: the check can fail
    assert np.median(gaps(rows, one_kept, min_leaf=1200)) > 1.5 * half


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n_rows=st.integers(2, 30),
    n_features=st.integers(1, 4),
    n_values=st.integers(1, 4),
)
def test_kept_features_stay_and_the_others_come_from_one_real_row(
    seed: int, n_rows: int, n_features: int, n_values: int
) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.integers(n_values, size=(n_rows, n_features)).astype(np.float64)
    outside = rng.normal(size=n_features)
    masks = rng.random((15, n_features)) < 0.5
    filled = ForestFill(rows, n_trees=2, min_leaf=1, seed=seed).fill(outside, masks, rng)
    for mask, row in zip(masks, filled, strict=True):
        np.testing.assert_array_equal(row[mask], outside[mask])
        assert (rows[:, ~mask] == row[~mask]).all(axis=1).any()


def test_nothing_kept_gives_real_rows_in_their_own_frequencies() -> None:
    rows = np.repeat([[0.0, 1.0], [2.0, 3.0]], [150, 50], axis=0)
    fill = ForestFill(rows, n_trees=5, min_leaf=2, seed=0)
    nothing = np.zeros((4000, 2), dtype=np.bool_)
    filled = fill.fill(np.array([9.0, 9.0]), nothing, np.random.default_rng(1))
    # a quarter, within four standard deviations of a share among 4,000
    assert (filled == [2.0, 3.0]).all(axis=1).mean() == pytest.approx(0.25, abs=0.03)


def test_masks_keep_evenly_drawn_numbers_of_features() -> None:
    sizes = uniform_masks(6000, 4, np.random.default_rng(0)).sum(axis=1)
    np.testing.assert_allclose(
        np.bincount(sizes, minlength=5) / 6000, [0.25] * 4 + [0.0], atol=0.03
    )


def test_generated_explanations_of_an_additive_model_of_independent_features() -> None:
    rows = np.random.default_rng(12).normal(size=(500, 5))
    slopes = np.array([3.0, -1.0, 0.0, 0.0, 0.0])
    scenario = scenario_of(lambda table: np.asarray(table.to_numpy() @ slopes), rows[:5], rows)
    shap = explained(GeneratedShap(n_fills=20), scenario).values
    # Shapley values of a linear model of independent features are b (x - mean)
    np.testing.assert_allclose(shap, (rows[:5] - rows.mean(axis=0)) * slopes, atol=0.6)
    # ridge shrinks them a little
    lime = explained(GeneratedLime(), scenario).values / rows.std(axis=0)
    np.testing.assert_allclose(lime, np.tile(slopes, (5, 1)), atol=0.05)


# -- the filter ------------------------------------------------------------------------------------


def noticing(known: Array, inside: Model, outside: Model) -> Model:
    """Answer known rows otherwise than all others: no gate could do better."""
    keys = {row.tobytes() for row in known}

    def model(table: pd.DataFrame) -> Array:
        is_known = [row.tobytes() in keys for row in table.to_numpy(dtype=np.float64)]
        return np.where(is_known, inside(table), outside(table))

    return model


def test_a_filter_that_drops_nothing_is_lime() -> None:
    rows = np.random.default_rng(13).normal(size=(300, 6))
    scenario = scenario_of(lambda t: np.asarray(t["x2"] > 0, dtype=np.float64), rows[:3], rows)
    found = explained(CadDefend(min_score=0.0, num_samples=4000), scenario)
    lime = explained(LimeTabular(num_samples=4000, verify_rows=0), scenario)
    assert (found.diagnostics["kept"] == 1.0).all()
    # two draws of 4,000: each coefficient has a standard error of about 0.02
    np.testing.assert_allclose(found.values, lime.values, atol=0.1)


def test_a_model_whose_answers_never_go_with_real_rows_is_not_explained() -> None:
    rows = np.random.default_rng(14).normal(size=(200, 4))
    contrary = noticing(rows, lambda table: np.zeros(len(table)), lambda table: np.ones(len(table)))
    scenario = scenario_of(contrary, rows[:2], rows)
    explainer = CadDefend(num_samples=50, max_rounds=3)
    found = explained(explainer, scenario)
    assert np.isnan(found.values).all()
    assert (found.diagnostics["kept"] == 0.0).all()
    # the real rows once, and for each row three rounds of twice the samples
    assert found.n_queries == 200 + 2 * 3 * 100


# -- deceived --------------------------------------------------------------------------------------

SENSITIVE, UNRELATED = 11, 12


def society(n: int, seed: int) -> Array:
    """Return eleven numbers that depend on one another, a sensitive and an unrelated coin."""
    rng, loadings = np.random.default_rng(seed), np.random.default_rng(0).normal(size=(3, 11))
    numbers = rng.normal(size=(n, 3)) @ loadings + 0.3 * rng.normal(size=(n, 11))
    return np.hstack([numbers, rng.integers(2, size=(n, 2)).astype(np.float64)])


BIASED, INNOCENT = column(f"x{SENSITIVE}"), column(f"x{UNRELATED}")
BACKGROUND, SHOWN = society(300, seed=1), society(10, seed=2)


def scenario_in(society_model: Model) -> Scenario:
    return scenario_of(society_model, SHOWN, BACKGROUND, (SENSITIVE, UNRELATED))


def top1(explainer: Explainer, model: Any) -> float:
    values = explained(explainer, scenario_in(model)).values
    return float((np.abs(values).argmax(axis=1) == SENSITIVE).mean())


@pytest.fixture(scope="module")
def scaffold() -> ScaffoldClassifier:
    """Return a model that conceals its bias from LIME; its gate never saw the auditor's rows."""
    rows = pd.DataFrame(society(1500, seed=3), columns=[f"x{j}" for j in range(13)])
    attacked = ScaffoldClassifier(
        SensitiveRule(f"x{SENSITIVE}", 0.5, "below"),
        SensitiveRule(f"x{UNRELATED}", 0.5, "below"),
        sampler=LimeDiscretised(),
        encoder=scenario_in(BIASED).encoder,
        n_queries=4000,
        random_state=0,
    )
    return attacked.fit(rows, rows[f"x{SENSITIVE}"])


@pytest.mark.parametrize("explainer", HARDENED, ids=lambda explainer: explainer.name)
def test_honest_bias_is_shown(explainer: Explainer) -> None:
    assert top1(explainer, BIASED) == 1.0


@pytest.mark.parametrize("explainer", HARDENED, ids=lambda explainer: explainer.name)
def test_bias_is_shown_that_lime_is_not_shown(
    explainer: Explainer, scaffold: ScaffoldClassifier
) -> None:
    assert top1(LimeTabular(num_samples=1000, verify_rows=0), scaffold) == 0.0
    assert top1(explainer, scaffold) >= 0.8


@pytest.mark.parametrize("explainer", [*ON_DATA_ONLY, HARDENED[5]], ids=lambda e: e.name)
def test_even_a_perfect_gate_gains_nothing_where_only_real_rows_count(explainer: Explainer) -> None:
    model = noticing(np.vstack([BACKGROUND, SHOWN]), BIASED, INNOCENT)
    assert top1(KernelShap(nsamples=100, verify_rows=0), model) == 0.0
    assert top1(explainer, model) >= 0.9


def asked_off_the_data(explainer: Explainer) -> int:
    """Count the rows asked that are neither of the background nor explained."""
    recorder = Recorder(BIASED)
    explained(explainer, scenario_in(recorder))
    known = {row.tobytes() for row in np.vstack([BACKGROUND, SHOWN])}
    return sum(row.tobytes() not in known for row in np.vstack(recorder.asked))


@pytest.mark.parametrize("explainer", ON_DATA_ONLY, ids=lambda explainer: explainer.name)
def test_nothing_is_asked_but_real_rows(explainer: Explainer) -> None:
    assert asked_off_the_data(explainer) == 0


def test_the_count_of_rows_off_the_data_can_fail() -> None:
    assert asked_off_the_data(KernelShap(nsamples=100, verify_rows=0)) > 0


# -- what an adversary may know of it --------------------------------------------------------------


# of a dozen columns and two explainers; the seeds are fixed, so this is no flaky bound
UNLIKELY = 1e-4


def likeness_p_value(rows: Array, sent: Array, drawn: Array) -> float:
    """Test whether two sets of queries share as many features with the real row most like each."""
    shared = [
        np.max([(queries == row).sum(axis=1) for row in rows], axis=0) for queries in (sent, drawn)
    ]
    counts = np.array([np.bincount(part, minlength=14) for part in shared])
    return float(chi2_contingency(counts[:, counts.sum(axis=0) > 10]).pvalue)


@pytest.mark.parametrize(
    ("explainer", "kept"),
    [
        (GeneratedLime(num_samples=200, n_trees=8), "uniform"),
        (GeneratedShap(n_fills=1, n_trees=8), "coalitions"),
    ],
)
def test_the_sampler_has_the_law_of_the_generated_queries(explainer: Explainer, kept: Any) -> None:
    rows = society(50, seed=4)
    recorder = Recorder(BIASED)
    scenario = scenario_of(recorder, rows, rows, (SENSITIVE, UNRELATED))
    explained(explainer, scenario)
    sent = np.vstack([batch for batch in recorder.asked if len(batch) not in (1, 50)])
    drawn, source = GeneratedFill(kept, n_trees=8).draw(
        rows, (SENSITIVE, UNRELATED), 50 * 200, np.random.default_rng(5)
    )
    # the explainer asks each distinct row once
    drawn = np.unique(np.column_stack([drawn, source]), axis=0)[:, :-1]
    rng = np.random.default_rng(6)
    sent, drawn = (rng.permutation(part)[:5000] for part in (sent, drawn))
    for j in range(SENSITIVE):
        assert ks_2samp(sent[:, j], drawn[:, j]).pvalue > UNLIKELY
    assert likeness_p_value(rows, sent, drawn) > UNLIKELY
    # shuffled columns have the right values in the wrong places: the check can fail
    assert likeness_p_value(rows, sent, rng.permuted(drawn, axis=0)) < 1e-12


@pytest.mark.parametrize("n_neighbours", [None, 3])
def test_real_neighbours_are_real_rows(n_neighbours: int | None) -> None:
    rows = np.arange(40.0).reshape(40, 1)
    queries, source = RealNeighbours(n_neighbours).draw(rows, (), 500, np.random.default_rng(0))
    assert np.isin(queries, rows).all()
    distances = np.abs(queries - rows[source])
    assert bool(distances.max() <= 2.0) == (n_neighbours == 3)


@pytest.mark.parametrize(
    "sampler",
    [GeneratedFill(), GeneratedFill("uniform", n_trees=3), RealNeighbours(), RealNeighbours(4)],
    ids=repr,
)
def test_samplers_are_pure_functions_of_rows_and_generator(sampler: Sampler) -> None:
    rows = BACKGROUND[:80].copy()
    first, source = sampler.draw(rows, (SENSITIVE, UNRELATED), 301, np.random.default_rng(5))
    again, _ = sampler.draw(rows, (SENSITIVE, UNRELATED), 301, np.random.default_rng(5))
    other, _ = sampler.draw(rows, (SENSITIVE, UNRELATED), 301, np.random.default_rng(6))
    assert first.shape == (301, 13)
    assert source.shape == (301,)
    assert ((source >= 0) & (source < 80)).all()
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    np.testing.assert_array_equal(rows, BACKGROUND[:80])


def test_a_gate_has_nothing_to_learn_from_real_rows() -> None:
    rows = pd.DataFrame(society(100, seed=6), columns=[f"x{j}" for j in range(13)])
    rule = UnrelatedRule((f"x{UNRELATED}",))
    attacked = ScaffoldClassifier(rule, rule, sampler=RealNeighbours(), n_queries=500)
    with pytest.raises(InvalidInputError, match="queries that differ from them"):
        attacked.fit(rows, rows[f"x{SENSITIVE}"])


# -- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (TwinExplanation, {"n_twins": 0}),
        (TwinExplanation, {"nsamples": 1}),
        (TwinExplanation, {"n_background": 39}),
        (NeighbourShap, {"n_neighbours": 0}),
        (NeighbourShap, {"nsamples": 1}),
        (NeighbourLime, {"n_background": 0}),
        (NeighbourLime, {"kernel_width": 0.0}),
        (GeneratedShap, {"n_fills": 0}),
        (GeneratedShap, {"nsamples": 1}),
        (GeneratedLime, {"min_leaf": 0}),
        (GeneratedLime, {"kernel_width": -1.0}),
        (CadDefend, {"num_samples": 1}),
        (CadDefend, {"min_score": 1.5}),
        (CadDefend, {"agg": "sum"}),
        (CadDefend, {"kernel_width": 0.0}),
        (GeneratedFill, {"kept": "some"}),
        (GeneratedFill, {"n_trees": 0}),
        (RealNeighbours, {"n_neighbours": 0}),
    ],
)
def test_impossible_settings_are_refused(kind: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError, match=next(iter(wrong))):
        kind(**wrong)


@pytest.mark.parametrize("explainer", HARDENED, ids=lambda explainer: explainer.name)
def test_missing_values_are_refused(explainer: Explainer) -> None:
    rows = BACKGROUND.copy()
    rows[0, 0] = np.nan
    with pytest.raises(InvalidInputError, match="NaN or infinity in x0"):
        explained(explainer, scenario_of(BIASED, SHOWN, rows))
