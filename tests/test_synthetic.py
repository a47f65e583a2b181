"""Synthetic data: hand-computed cases, and properties of the truth that goes with them."""

from __future__ import annotations

import math
import pickle
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explaudit_datasets import DataError, GeneratingFunction, SyntheticDataset, make_synthetic
from explaudit_datasets.generating import Form

ROOT3 = math.sqrt(3.0)
FORMS: tuple[Form, ...] = ("linear", "threshold", "xor")

forms = st.sampled_from(FORMS)
seeds = st.integers(0, 2**32 - 1)
unit = st.floats(-1, 1, allow_nan=False)
effects = st.floats(-5, 5, allow_nan=False)
noises = st.floats(0, 0.45)


def _rows(*rows: tuple[int, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["group", "feature_1"])


# --- by hand ------------------------------------------------------------------------------------


def test_linear_by_hand() -> None:
    # the feature reaches 0.5 and the group 0.5, so B = 1 and the score moves the probability by
    # half of itself
    function = GeneratingFunction({"feature_1": 0.5 / ROOT3})
    frame = _rows((1, ROOT3), (0, ROOT3), (1, 0.0), (0, -ROOT3))
    assert function.bound == pytest.approx(1.0)
    assert function(frame) == pytest.approx([1.0, 0.5, 0.75, 0.0])
    assert function.effect(frame) == pytest.approx([0.5] * 4)


def test_noise_by_hand() -> None:
    function = GeneratingFunction({"feature_1": 0.5 / ROOT3}, noise=0.1)
    frame = _rows((1, ROOT3), (0, -ROOT3))
    assert function(frame) == pytest.approx([0.9, 0.1])
    assert function.effect(frame) == pytest.approx([0.4, 0.4])


def test_interaction_by_hand() -> None:
    # B = 0.5 + 0.5 * 1.5 = 1.25; the modulation is 1.5 and 0.5 at the two ends
    function = GeneratingFunction({"feature_1": 0.5 / ROOT3}, interaction=0.5)
    frame = _rows((0, ROOT3), (0, 0.0), (0, -ROOT3))
    assert function.effect(frame) == pytest.approx([1.5 / 2.5, 1 / 2.5, 0.5 / 2.5])


def test_threshold_by_hand() -> None:
    function = GeneratingFunction({"feature_1": 1.0}, form="threshold")
    frame = _rows((1, 1.0), (0, 0.2), (1, 0.2), (1, -0.6))
    assert function(frame).tolist() == [1.0, 0.0, 1.0, 0.0]
    assert function.effect(frame).tolist() == [0.0, 1.0, 1.0, 0.0]


def test_xor_by_hand() -> None:
    function = GeneratingFunction({"feature_1": 0.5}, form="xor")
    frame = _rows((1, 0.2), (0, 0.2), (1, -0.2), (0, -0.2))
    assert function(frame).tolist() == [1.0, 0.0, 0.0, 1.0]
    assert function.effect(frame).tolist() == [1.0, 1.0, -1.0, -1.0]


def test_mean_effect_in_closed_form() -> None:
    # one feature of weight 1: B = sqrt(3) + 1/2, and noise 0.1 leaves 0.8 of the effect
    data = make_synthetic(50, n_features=3, n_proxies=1, noise=0.1)
    expected = 0.8 / (2 * (ROOT3 + 0.5))
    assert data.truth.direct_effect == pytest.approx(expected)
    assert data.truth.effect_per_row.to_numpy() == pytest.approx(np.full(50, expected))


def test_opposite_effects_cancel_in_the_mean_only() -> None:
    truth = make_synthetic(4000, form="xor", noise=0.0, seed=3).truth
    assert abs(truth.direct_effect) < 0.1
    assert truth.mean_absolute_effect > 0.5


def test_rows_that_no_real_row_resembles_keep_probabilities() -> None:
    function = GeneratingFunction({"feature_1": 0.5 / ROOT3})
    assert function(_rows((1, 40.0), (0, -40.0))).tolist() == [1.0, 0.0]


# --- Shapley values -----------------------------------------------------------------------------


def _shapley_by_definition(
    function: GeneratingFunction, row: pd.DataFrame, background: pd.DataFrame
) -> list[float]:
    """Return interventional Shapley values of one row, by enumerating every coalition."""
    columns = list(background.columns)
    n = len(columns)

    def value(coalition: tuple[str, ...]) -> float:
        mixed = background.astype(float)
        for column in coalition:
            mixed[column] = float(row[column].iloc[0])
        return float(function(mixed).mean())

    values = []
    for column in columns:
        others = [other for other in columns if other != column]
        total = 0.0
        for size in range(n):
            weight = math.factorial(size) * math.factorial(n - size - 1) / math.factorial(n)
            for coalition in combinations(others, size):
                total += weight * (value((*coalition, column)) - value(coalition))
        values.append(total)
    return values


def test_shapley_values_agree_with_the_definition() -> None:
    data = make_synthetic(12, n_features=4, n_proxies=1, proxy_effect=0.4, seed=5)
    function, rows, background = data.truth.probability, data.frame.iloc[:2], data.frame.iloc[4:]
    closed = function.shapley_values(rows, background)
    for i in range(2):
        row = rows.iloc[[i]]
        assert closed.iloc[i].tolist() == pytest.approx(
            _shapley_by_definition(function, row, background), abs=1e-12
        )


def test_shapley_values_by_hand() -> None:
    function = GeneratingFunction({"feature_1": 0.5 / ROOT3})
    values = function.shapley_values(_rows((1, ROOT3)), _rows((0, 0.0), (1, 0.0), (0, -ROOT3)))
    # group: half of 1 - 1/3; feature: half of 0.5 + 1/6
    assert values.iloc[0].tolist() == pytest.approx([1 / 3, 1 / 3])


@pytest.mark.parametrize(
    "function",
    [
        GeneratingFunction({"feature_1": 1.0}, form="xor"),
        GeneratingFunction({"feature_1": 1.0}, interaction=0.5),
    ],
)
def test_shapley_values_only_where_they_are_exact(function: GeneratingFunction) -> None:
    with pytest.raises(DataError, match="'linear' with no interaction"):
        function.shapley_values(_rows((1, 1.0)), _rows((0, 0.0)))


# --- properties ---------------------------------------------------------------------------------


@settings(deadline=None)
@given(form=forms, seed=seeds, interaction=unit, proxy_effect=effects, noise=noises)
def test_without_a_sensitive_effect_the_effect_is_exactly_zero(
    form: Form, seed: int, interaction: float, proxy_effect: float, noise: float
) -> None:
    truth = make_synthetic(
        20,
        sensitive_effect=0.0,
        form=form,
        seed=seed,
        interaction=interaction,
        proxy_effect=proxy_effect,
        noise=noise,
    ).truth
    assert (truth.effect_per_row == 0.0).all()
    assert truth.direct_effect == truth.mean_absolute_effect == 0.0


@settings(deadline=None)
@given(
    noise=noises,
    others=st.fixed_dictionaries(
        {
            "form": forms,
            "seed": seeds,
            "sensitive_effect": effects,
            "interaction": unit,
            "proxy_effect": effects,
            "proxy_correlation": unit,
        }
    ),
)
def test_the_effect_is_what_flipping_does(noise: float, others: dict[str, Any]) -> None:
    data = make_synthetic(20, noise=noise, **others)
    function = data.truth.probability
    as_one, as_zero = function(data.frame.assign(group=1)), function(data.frame.assign(group=0))
    assert np.allclose(data.truth.effect_per_row, as_one - as_zero, rtol=0, atol=1e-12)
    assert np.isfinite(as_one).all()
    assert min(as_one.min(), as_zero.min()) >= noise - 1e-12
    assert max(as_one.max(), as_zero.max()) <= 1 - noise + 1e-12


def _correlation_is_met(data: SyntheticDataset, *, n_sigma: float = 5.0) -> bool:
    """Tell whether every proxy's correlation is the nominal one within sampling error."""
    nominal = data.truth.nominal_proxy_correlation
    error = math.sqrt((1 - nominal**2) / len(data.frame))
    realised = data.frame.filter(like="proxy_").corrwith(data.frame["group"])
    return bool(((realised - nominal).abs() <= n_sigma * error + 1e-12).all())


@settings(deadline=None, max_examples=50)
@given(correlation=unit, seed=seeds)
def test_proxies_have_the_nominal_correlation(correlation: float, seed: int) -> None:
    data = make_synthetic(400, n_proxies=3, proxy_correlation=correlation, seed=seed)
    assert _correlation_is_met(data)
    realised = data.frame.filter(like="proxy_").corrwith(data.frame["group"])
    assert data.truth.proxy_correlations.equals(realised)
    assert list(realised.index) == ["proxy_1", "proxy_2", "proxy_3"]


@pytest.mark.parametrize("correlation", [-0.9, 0.3, 0.6])
def test_the_correlation_is_met_closely_on_many_rows(correlation: float) -> None:
    data = make_synthetic(20_000, proxy_correlation=correlation, seed=2)
    assert _correlation_is_met(data)
    # unit variance: nothing but the correlation tells a proxy from another feature
    assert data.frame.filter(like="_").var().to_numpy() == pytest.approx(1.0, abs=0.05)


def test_a_proxy_that_is_none_is_found_out() -> None:
    data = make_synthetic(400, proxy_correlation=0.6, seed=1)
    data.frame["proxy_1"] = data.frame["proxy_1"].sample(frac=1, random_state=0).to_numpy()
    assert not _correlation_is_met(data)


@pytest.mark.parametrize("form", FORMS)
def test_the_outcome_is_drawn_from_the_probability(form: Form) -> None:
    data = make_synthetic(20_000, form=form, sensitive_effect=3.0, noise=0.2, seed=8)
    probability = data.truth.probability(data.frame)
    for group in (0, 1):
        rows = np.asarray(data.frame["group"] == group)
        error = 5 * 0.5 / math.sqrt(rows.sum())
        assert abs(data.target[rows].mean() - probability[rows].mean()) < error


@pytest.mark.parametrize("form", FORMS)
def test_a_pure_function_of_the_seed(form: Form) -> None:
    state = pickle.dumps(np.random.get_state())  # noqa: NPY002 -- to see it left alone
    one, same, other = (make_synthetic(50, form=form, seed=seed) for seed in (4, 4, 5))
    assert one.frame.equals(same.frame)
    assert one.target.equals(same.target)
    assert one.truth.effect_per_row.equals(same.truth.effect_per_row)
    assert not one.frame.equals(other.frame)
    assert pickle.dumps(np.random.get_state()) == state  # noqa: NPY002 -- as above


def test_rows_do_not_depend_on_what_is_made_of_them() -> None:
    plain = make_synthetic(50, seed=4)
    changed = make_synthetic(
        50, seed=4, form="xor", sensitive_effect=0.0, interaction=0.3, proxy_effect=2.0, noise=0.2
    )
    assert plain.frame.equals(changed.frame)
    assert not plain.target.equals(changed.target)


def test_shape_and_types() -> None:
    data = make_synthetic(101, n_features=7, n_proxies=2)
    assert list(data.frame) == [
        "group",
        "proxy_1",
        "proxy_2",
        *(f"feature_{k}" for k in range(1, 5)),
    ]
    assert data.frame["group"].value_counts().to_dict() == {0: 51, 1: 50}
    assert str(data.frame["group"].dtype) == str(data.target.dtype) == "int64"
    assert set(data.target) == {0, 1}
    assert data.sensitive == ("group",)
    assert data.frame.drop(columns="group").abs().max().max() <= 2.0


def test_without_proxies() -> None:
    assert make_synthetic(50, n_proxies=0).truth.proxy_correlations.empty


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("n_rows", 1),
        ("n_proxies", -1),
        ("n_features", 3),
        ("proxy_correlation", 1.1),
        ("proxy_correlation", math.nan),
        ("proxy_effect", math.inf),
        ("sensitive_effect", math.nan),
        ("interaction", -1.5),
        ("noise", 0.5),
        ("form", "quadratic"),
    ],
)
def test_arguments_out_of_range_are_refused(argument: str, value: object) -> None:
    with pytest.raises(DataError, match=f"^{argument}: expected"):
        make_synthetic(**{argument: value})  # type: ignore[arg-type]  # wrong on purpose
