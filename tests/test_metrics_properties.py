"""A grid of every metric by every invariance, and a test that the grid can fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import get_args

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from explaudit.attributions import Attributions
from explaudit.metrics import BUILT_IN, Invariance, MetricContext, MetricSpec

Array = npt.NDArray[np.float64]

FEATURES = ("a", "s", "u1", "b", "u2", "c")
CONTEXT = MetricContext(sensitive=("s",), unrelated=("u1", "u2"))
#: Those that look at the attributions alone; the others' grids are beside their material.
SPECS = {spec.name: spec for spec in BUILT_IN if not spec.material_needs}
N_ROWS = 40


def attributions(values: Array) -> Attributions:
    return Attributions(
        values=values,
        features=FEATURES,
        base_values=np.zeros(len(values)),
        explainer="test",
        settings={},
        n_queries=7 * len(values),
        diagnostics={"r2": np.linspace(-1, 1, len(values))},
    )


def grid() -> Attributions:
    """Rows with many ties and zeros, and one row each of nothing shown and not explained."""
    values = np.random.default_rng(0).integers(-3, 4, size=(N_ROWS, len(FEATURES))) / 4
    values[0], values[1] = 0.0, np.nan
    values[2, 1] = np.nan
    return attributions(values)


def duplicated(given: Attributions) -> Attributions:
    """Show the feature "a", which is neither sensitive nor unrelated, twice."""
    values = np.hstack([given.values, given.values[:, :1]])
    return replace(given, values=values, features=(*FEATURES, "a again"))


def permuted(given: Attributions) -> Attributions:
    order = [4, 2, 0, 5, 1, 3]
    features = tuple(FEATURES[j] for j in order)
    return replace(given, values=given.values[:, order], features=features)


# factors are powers of two, so that scaling neither makes nor breaks a tie
TRANSFORMATIONS: dict[Invariance, tuple[Callable[[Attributions], Attributions], ...]] = {
    "scale": (
        lambda given: replace(given, values=given.values * 0.125),
        lambda given: replace(given, values=given.values * 1024.0),
    ),
    "sign": (lambda given: replace(given, values=-given.values),),
    "feature_permutation": (permuted,),
    "duplicate_column": (duplicated,),
}


def holds(spec: MetricSpec, invariance: Invariance, given: Attributions) -> bool:
    before = spec.function(given, CONTEXT)
    return all(
        np.allclose(spec.function(change(given), CONTEXT), before, atol=1e-12, equal_nan=True)
        for change in TRANSFORMATIONS[invariance]
    )


def wrong_declarations(spec: MetricSpec) -> list[Invariance]:
    """Return what is declared but does not hold on the grid, or holds but is not declared."""
    return [
        invariance
        for invariance in TRANSFORMATIONS
        if holds(spec, invariance, grid()) != (invariance in spec.invariances)
    ]


def test_the_grid_knows_every_invariance() -> None:
    assert set(TRANSFORMATIONS) == set(get_args(Invariance))


@pytest.mark.parametrize("name", SPECS)
def test_declared_invariances_hold_and_undeclared_ones_do_not(name: str) -> None:
    assert wrong_declarations(SPECS[name]) == [], (
        f"metric {name!r}: correct its `invariances`, or the metric"
    )


def signed_top1(given: Attributions, context: MetricContext) -> Array:
    return np.asarray(given.values.argmax(axis=1) == 1, dtype=np.float64)


def second_column(given: Attributions, context: MetricContext) -> Array:
    return np.asarray(np.abs(given.values[:, 1]) / np.abs(given.values).max(axis=1, initial=1e-9))


def large_in_itself(given: Attributions, context: MetricContext) -> Array:
    s = given.values[:, given.features.index("s")]
    return np.asarray(np.abs(s) > 0.5, dtype=np.float64)


@pytest.mark.parametrize(
    ("function", "broken"),
    [
        (signed_top1, "sign"),
        (second_column, "feature_permutation"),
        (large_in_itself, "scale"),
    ],
)
def test_the_grid_catches_a_broken_metric(
    function: Callable[[Attributions, MetricContext], Array], broken: Invariance
) -> None:
    assert broken in wrong_declarations(replace(SPECS["sensitive_top1"], function=function))


def test_the_grid_catches_an_invariance_that_is_not_declared() -> None:
    forgotten = replace(SPECS["surrogate_r2"], invariances=frozenset({"scale", "sign"}))
    assert wrong_declarations(forgotten) == ["feature_permutation", "duplicate_column"]


# ties and zeros are common among these
MATRICES = arrays(
    np.float64, (4, len(FEATURES)), elements=st.sampled_from([-1.0, -0.5, 0.0, 0.25, 0.5, 2.0])
)


@pytest.mark.parametrize("name", SPECS)
@settings(deadline=None)
@given(values=MATRICES)
def test_declared_invariances_hold_for_any_attributions(name: str, values: Array) -> None:
    spec = SPECS[name]
    assert all(holds(spec, invariance, attributions(values)) for invariance in spec.invariances)


@pytest.mark.parametrize("name", SPECS)
@settings(deadline=None)
@given(
    values=arrays(
        np.float64,
        (3, len(FEATURES)),
        elements=st.floats(allow_nan=True, allow_infinity=False),
    )
)
def test_values_are_in_range_or_nan_and_always_nan_for_rows_not_explained(
    name: str, values: Array
) -> None:
    found = SPECS[name].function(attributions(values), CONTEXT)
    low, high = SPECS[name].bounds
    assert found.shape == (3,)
    defined = found[~np.isnan(found)]
    assert ((defined >= low - 1e-12) & (defined <= high + 1e-12)).all()
    assert np.isnan(found[np.isnan(values).all(axis=1)]).all()
    if not SPECS[name].undefined:
        assert not np.isnan(found[~np.isnan(values).all(axis=1)]).any()


@pytest.mark.parametrize("name", SPECS)
def test_a_row_s_value_goes_with_the_row(name: str) -> None:
    given, order = grid(), np.random.default_rng(1).permutation(N_ROWS)
    shuffled = replace(
        given, values=given.values[order], diagnostics={"r2": given.diagnostics["r2"][order]}
    )
    before = SPECS[name].function(given, CONTEXT)
    np.testing.assert_array_equal(SPECS[name].function(shuffled, CONTEXT), before[order])


def wrong_direction(spec: MetricSpec) -> bool:
    """Whether attributing more to the sensitive feature moves evidence the other way."""
    given = grid()
    values = given.values.copy()
    values[:, 1] = 2 * values[:, 1] + np.sign(values[:, 1])
    change = spec.function(attributions(values), CONTEXT) - spec.function(given, CONTEXT)
    against = change < -1e-12 if spec.direction == "higher" else change > 1e-12
    moves = (np.abs(np.nan_to_num(change)) > 1e-12).any()
    return bool(against.any()) or not moves


DIRECTED = [s.name for s in SPECS.values() if s.kind == "evidence" and s.direction != "none"]


@pytest.mark.parametrize("name", DIRECTED)
def test_evidence_moves_in_its_declared_direction(name: str) -> None:
    assert not wrong_direction(SPECS[name])


def test_a_direction_that_is_declared_the_wrong_way_round_is_caught() -> None:
    assert wrong_direction(replace(SPECS["sensitive_rank"], direction="higher"))
    assert wrong_direction(replace(SPECS["sensitive_top1"], direction="lower"))
