"""Exact values, properties that any Shapley value has, and the engine's smaller parts."""

from __future__ import annotations

from itertools import permutations
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import lars_path_gram

from explaudit.engines.kernel import Coalitions, draw_coalitions, kernel_shap
from explaudit.engines.kernel import chunk as chunk_module
from explaudit.engines.kernel.lars import Leaders, leading_features
from explaudit.engines.kernel.selection import Selection
from explaudit.engines.kernel.solve import KernelSystem
from explaudit.errors import InvalidInputError

Array = npt.NDArray[np.float64]

TOLERANCE = 1e-9


def product(matrix: Array) -> Array:
    return np.asarray(np.cos(matrix[:, ::2]).prod(axis=1) + matrix[:, 1] * matrix[:, -1])


def by_permutations(row: Array, background: Array, weights: Array) -> Array:
    """Shapley values of `product` by their definition: mean over all orders of joining."""
    n_columns = len(row)
    values, orders = np.zeros(n_columns), list(permutations(range(n_columns)))
    for order in orders:
        matrix = background.copy()
        before = weights @ product(matrix)
        for column in order:
            matrix[:, column] = row[column]
            after = weights @ product(matrix)
            values[column] += after - before
            before = after
    return values / len(orders)


@pytest.mark.parametrize("exact", ["auto", False])
def test_values_are_those_of_the_definition(exact: Literal["auto", False]) -> None:
    rng = np.random.default_rng(0)
    row, background = rng.normal(size=5), rng.normal(size=(3, 5))
    background[0, :3] = row[:3]
    weights = np.array([0.2, 0.5, 0.3])
    values = kernel_shap(product, row[None], background, weights, exact=exact).values
    assert np.abs(values[0] - by_permutations(row, background, weights)).max() < TOLERANCE


def test_tables_equal_full_enumeration_and_ask_less() -> None:
    rng = np.random.default_rng(1)
    rows = rng.integers(0, 3, (40, 11)).astype(float)
    background = rng.integers(0, 3, (10, 11)).astype(float)
    tables = kernel_shap(product, rows, background, deduplicate=True)
    full = kernel_shap(product, rows, background, exact=False, deduplicate=True)
    assert set(tables.methods) == {"exact"}
    assert set(full.methods) == {"enumerated"}
    assert np.abs(tables.values - full.values).max() < TOLERANCE
    assert tables.rows_sent <= full.rows_sent
    assert tables.rows_asked == full.rows_asked


def test_tables_are_exact_where_coalitions_would_be_sampled() -> None:
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(3, 14))
    # each background row differs in 5 features, and in other ones
    background = np.repeat(rows[:1], 6, axis=0)
    for other in background:
        other[rng.choice(14, 5, replace=False)] += rng.normal(size=5)
    few = kernel_shap(product, rows[:1], background, nsamples=400)
    all_of_them = kernel_shap(product, rows[:1], background, nsamples=2**14, exact=False)
    sampled = kernel_shap(product, rows[:1], background, nsamples=400, exact=False)
    assert few.methods == ("exact",)
    assert sampled.methods == ("sampled",)
    assert np.abs(few.values - all_of_them.values).max() < TOLERANCE
    assert np.abs(sampled.values - all_of_them.values).max() > 1e-6
    # by hand: 6 tables of 2 ** 5 rows less both ends, the background and the row itself
    assert few.rows_sent == 6 * 30 + 6 + 1
    # rows that differ everywhere are not worth a table
    assert kernel_shap(product, rows[1:], background, nsamples=400).methods == ("sampled",) * 2


def test_given_coalitions_are_not_replaced_by_tables() -> None:
    rng = np.random.default_rng(3)
    rows = rng.integers(0, 2, (4, 14)).astype(float)
    background = rng.integers(0, 2, (6, 14)).astype(float)
    coalitions = draw_coalitions(14, 900, rng)
    exact = kernel_shap(product, rows, background, nsamples=900)
    asked = kernel_shap(product, rows, background, mode="given", coalitions=coalitions)
    assert set(exact.methods) == {"exact"}
    assert set(asked.methods) == {"given"}
    assert np.abs(asked.values - exact.values).max() > 1e-6


@given(
    seed=st.integers(0, 2**32 - 1),
    n_columns=st.integers(2, 14),
    n_background=st.integers(1, 6),
    is_discrete=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_values_add_up_and_ignored_columns_get_nothing(
    seed: int, n_columns: int, n_background: int, is_discrete: bool
) -> None:
    rng = np.random.default_rng(seed)
    shape = (n_background + 1, n_columns)
    table = rng.integers(0, 3, shape).astype(float) if is_discrete else rng.normal(size=shape)
    row, background = table[:1], table[1:]

    def ignores_the_last(matrix: Array) -> Array:
        return np.asarray(np.sin(matrix[:, :-1].sum(axis=1)))

    result = kernel_shap(ignores_the_last, row, background, nsamples=200, seeds=seed)
    total = ignores_the_last(row)[0] - ignores_the_last(background).mean()
    assert result.values.sum() == pytest.approx(total, abs=1e-8)
    if result.methods[0] in ("exact", "enumerated"):
        assert result.values[0, -1] == 0


@given(seed=st.integers(0, 2**32 - 1), mode=st.sampled_from(["library_law", "shared"]))
@settings(max_examples=25, deadline=None)
def test_a_linear_model_is_explained_exactly_whatever_is_sampled(
    seed: int, mode: Literal["library_law", "shared"]
) -> None:
    """By hand: the value of a column is its coefficient times the distance to the mean."""
    rng = np.random.default_rng(seed)
    rows, background, slopes = (
        rng.normal(size=(2, 20)),
        rng.normal(size=(4, 20)),
        rng.normal(size=20),
    )
    weights = rng.random(4) + 0.1
    values = kernel_shap(
        lambda m: m @ slopes, rows, background, weights, nsamples=150, mode=mode, seeds=seed % 2**16
    ).values
    mean = weights @ background / weights.sum()
    assert np.abs(values - slopes * (rows - mean)).max() < 1e-8


def test_rows_with_as_many_features_share_coalitions() -> None:
    rng = np.random.default_rng(5)
    rows, background = rng.normal(size=(4, 18)), rng.normal(size=(3, 18))

    def patterns(mode: Literal["shared", "library_law"]) -> list[Array]:
        seen: list[Array] = []

        def watched(matrix: Array) -> Array:
            if len(matrix) == 300:
                seen.append(np.abs(matrix[:, None, :] - rows[None]).min(axis=1) == 0)
            return product(matrix)

        kernel_shap(watched, rows, background, nsamples=100, mode=mode, deduplicate=False)
        return seen

    first, *others = patterns("shared")
    assert all(np.array_equal(first, other) for other in others)
    first, *others = patterns("library_law")
    assert not any(np.array_equal(first, other) for other in others)


def test_too_few_coalitions_give_the_solution_of_least_norm() -> None:
    rng = np.random.default_rng(6)
    masks = rng.random((4, 9)) < 0.5
    system = KernelSystem(Coalitions.given(masks, np.ones(4)))
    assert system.is_singular
    answers, total = rng.normal(size=(1, 4)), np.array([0.7])
    values = system.solve(system.moments(answers), total)[0]
    assert values.sum() == pytest.approx(0.7)
    # the reference: least squares in all features but the last, as shap falls back to
    design = masks[:, :-1].astype(float) - masks[:, -1:]
    expected = np.linalg.lstsq(design, answers[0] - masks[:, -1] * 0.7)[0]
    assert np.abs(values[:-1] - expected).max() < 1e-7


def leaders_of(gram: Array, correlations: Array, n_steps: int, n_samples: int) -> Leaders:
    """Lead by one Gram matrix."""
    n_problems = len(correlations)
    owner = np.zeros(n_problems, dtype=np.intp)
    return leading_features(
        gram[None], owner, correlations, n_steps, np.full(n_problems, n_samples)
    )


@pytest.mark.parametrize("n_steps", [1, 4, 9, 12])
def test_leading_features_are_those_of_scikit_learn(n_steps: int) -> None:
    rng = np.random.default_rng(7)
    samples = rng.normal(size=(200, 12)) @ (np.eye(12) + 0.3)
    answers = samples @ rng.normal(size=(12, 30)) + rng.normal(size=(200, 30))
    gram, correlations = samples.T @ samples, (samples.T @ answers).T
    leaders = leaders_of(gram, correlations, n_steps, 200)
    assert leaders.certain.sum() > 10
    for i in np.flatnonzero(leaders.certain):
        expected = lars_path_gram(correlations[i], gram, n_samples=200, max_iter=n_steps)[1]
        assert leaders.order[i, : leaders.n_entered[i]].tolist() == list(expected)


def test_doubt_where_rounding_or_a_change_of_sign_decides() -> None:
    gram = np.eye(4)
    tied = np.array([[3.0, 2.0, 2.0, 1.0]])
    assert not leaders_of(gram, tied, 2, 10).certain[0]
    assert leaders_of(gram, np.array([[3.0, 2.1, 2.0, 1.0]]), 2, 10).certain[0]
    dependent = np.ones((3, 3))
    assert not leaders_of(dependent, np.array([[3.0, 2.0, 1.0]]), 3, 10).certain[0]
    nothing = leaders_of(gram, np.zeros((1, 4)), 3, 10)
    assert nothing.certain[0]
    assert nothing.n_entered[0] == 0


def test_one_problem_in_doubt_leaves_the_others_alone() -> None:
    rng = np.random.default_rng(9)
    samples = rng.normal(size=(50, 5))
    grams = np.stack([samples.T @ samples, np.ones((5, 5)), np.eye(5)])
    correlations = samples.T @ rng.normal(size=50) + np.zeros((3, 1))
    n_samples = np.full(3, 50)
    together = leading_features(grams, np.arange(3), correlations, 5, n_samples)
    assert together.certain.tolist() == [True, False, True]
    for i in (0, 2):
        alone = leaders_of(grams[i], correlations[[i]], 5, 50)
        assert together.selected(i).tolist() == alone.selected(0).tolist()
    # by hand: without correlations between them, features enter by the size of their own
    by_size = np.argsort(-np.abs(correlations[2]))
    assert together.selected(2).tolist() == by_size.tolist()


@pytest.mark.parametrize("n_bytes", [0, 300_000, 2**26])
def test_rows_regressed_together_are_explained_as_by_themselves(
    n_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether all fit in memory at once, a few or one, and with others that vary less."""
    rng = np.random.default_rng(10)
    rows, background = rng.normal(size=(7, 24)), rng.normal(size=(3, 24))
    background[:, :6] = rows[0, :6]
    rows[::2, :6] = rows[0, :6]
    settings: dict[str, Any] = {"nsamples": 200, "l1_reg": "num_features(6)"}
    monkeypatch.setattr(chunk_module, "_REGRESSION_BYTES", n_bytes)
    together = kernel_shap(product, rows, background, **settings)
    for i, row in enumerate(rows):
        alone = kernel_shap(product, row[None], background, **settings)
        assert np.array_equal(alone.values[0], together.values[i])
        assert np.count_nonzero(alone.values) == 6


def test_selections_are_read_as_shap_writes_them() -> None:
    assert Selection.parse(False, 0.1).kind == Selection.parse(0, 0.1).kind == "all"
    assert Selection.parse("num_features(7)", 1.0) == Selection("count", n_features=7)
    assert Selection.parse("bic", 1.0).criterion == "bic"
    assert Selection.parse("auto", 0.19).kind == "criterion"
    assert Selection.parse("auto", 0.21).kind == "all"
    assert Selection.parse(0.5, 1.0) == Selection("lasso", alpha=0.5)


@pytest.mark.parametrize(
    ("argument", "wrong"),
    [
        ("l1_reg", {"l1_reg": True}),
        ("l1_reg", {"l1_reg": "num_features(0)"}),
        ("l1_reg", {"l1_reg": -1.0}),
        ("nsamples", {"nsamples": 1}),
        ("link", {"link": "probit"}),
        ("mode", {"mode": "other"}),
        ("coalitions", {"mode": "given"}),
        ("coalitions", {"mode": "given", "coalitions": Coalitions.given(np.eye(3), np.ones(3))}),
        ("coalitions", {"coalitions": Coalitions.given(np.eye(4), np.ones(4))}),
        ("seeds", {"seeds": [1]}),
        ("seeds", {"mode": "shared", "seeds": [1, 2]}),
        ("groups", {"groups": [[0, 1], [2]]}),
        ("groups", {"groups": [[0, 1], [1, 2, 3]]}),
        ("groups", {"groups": [[0, 1], [], [2, 3]]}),
        ("weights", {"weights": [1.0, -1.0, 1.0]}),
        ("weights", {"weights": [1.0, 1.0]}),
        ("rows", {"rows": np.zeros((0, 4))}),
        ("rows", {"rows": np.zeros((2, 5))}),
        ("background", {"background": np.zeros(4)}),
        ("exact", {"exact": True}),
        ("deduplicate", {"deduplicate": "yes"}),
        ("max_bytes", {"max_bytes": 0}),
    ],
)
def test_wrong_arguments_are_refused(argument: str, wrong: dict[str, Any]) -> None:
    rng = np.random.default_rng(8)
    arguments = {"rows": rng.normal(size=(2, 4)), "background": rng.normal(size=(3, 4))} | wrong
    with pytest.raises(InvalidInputError) as caught:
        kernel_shap(product, **arguments)
    assert caught.value.argument == argument
