"""Metrics by row: every value here is computed by hand, or by trying all orders of a tie."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explaudit import registry
from explaudit.attributions import Attributions
from explaudit.errors import ContractError, InvalidInputError
from explaudit.metrics import BUILT_IN, MetricContext, catalogue, metric_specs, row_metrics

Array = npt.NDArray[np.float64]

NAN = float("nan")
FEATURES = ("s", "u1", "u2", "a")
CONTEXT = MetricContext(sensitive=("s",), unrelated=("u1", "u2"))
#: Those that attributions alone give; the others' values by hand are beside their material.
SPECS = {spec.name: spec for spec in BUILT_IN if not spec.material_needs}
LN2, LN3, LN5 = np.log([2.0, 3.0, 5.0])
ROWS = [
    [-3.0, 2.0, 1.0, 0.0],
    [1.0, -2.0, 1.0, 1.0],  # s ties with two others for places 2 to 4
    [0.0, 0.0, 0.0, 0.0],  # nothing is shown
    [NAN, NAN, NAN, NAN],  # not explained
    [0.0, 0.0, 5.0, -5.0],  # s is not shown; u2 ties for the first place
    [NAN, 4.0, NAN, 2.0],  # s and u2 have no attribution in this row
]
BY_HAND = {
    "sensitive_top1": [1, 0, 0, NAN, 0, 0],
    "sensitive_top2": [1, 1 / 3, 0, NAN, 0, 0],
    "sensitive_top3": [1, 2 / 3, 0, NAN, 0, 0],
    "sensitive_rank2": [0, 1 / 3, 0, NAN, 0, 0],
    "sensitive_rank3": [0, 1 / 3, 0, NAN, 0, 0],
    "sensitive_rank": [1, 3, 2.5, NAN, 3.5, 3.5],
    "sensitive_share": [1 / 2, 1 / 5, NAN, NAN, 0, NAN],
    "unrelated_one_top1": [0, 1, 0, NAN, 0, 1],
    "unrelated_two_top1": [0, 0, 0, NAN, 1 / 2, 0],
    "unrelated_share": [1 / 2, 3 / 5, NAN, NAN, 1 / 2, 2 / 3],
    "surrogate_r2": [0.9, 0.5, NAN, NAN, -0.1, 1.0],
    "queries_per_row": [20, 20, 20, NAN, 20, 20],
    # shares 1/2 1/3 1/6; 2/5 and three of 1/5; 1/2 1/2; 2/3 1/3
    "entropy": [
        LN2 / 2 + LN3 / 3 + (LN2 + LN3) / 6,
        LN5 - 0.4 * LN2,
        NAN,
        NAN,
        LN2,
        LN3 - LN2 * 2 / 3,
    ],
    # differences of all pairs of sizes add up to 10, 3, 20 and 14; by 4 times the sum of sizes
    "gini_sparseness": [10 / 24, 3 / 20, NAN, NAN, 20 / 40, 14 / 24],
    # 5/6, 4/5, 1/2 and 2/3 without the last one needed: less than nine tenths
    "effective_complexity": [3, 4, NAN, NAN, 2, 2],
}
# as published: a tie goes to the feature that is listed first
AS_LISTED = {
    "sensitive_top1": [1, 0, 0, NAN, 0, 0],
    "sensitive_top2": [1, 1, 0, NAN, 0, 0],
    "sensitive_rank2": [0, 1, 0, NAN, 0, 0],
    "sensitive_rank3": [0, 0, 0, NAN, 0, 0],
    "sensitive_rank": [1, 2, 2.5, NAN, 3.5, 3.5],
    "unrelated_two_top1": [0, 0, 0, NAN, 1, 0],
}


def attributions(
    values: Sequence[Sequence[float]] | Array, features: Sequence[str] = FEATURES, **changes: Any
) -> Attributions:
    matrix = np.array(values, dtype=np.float64)
    made = Attributions(
        values=matrix,
        features=tuple(features),
        base_values=np.zeros(len(matrix)),
        explainer="test",
        settings={},
        n_queries=100,
    )
    return replace(made, **changes)


def example() -> Attributions:
    r2 = np.array([0.9, 0.5, NAN, 0.7, -0.1, 1.0])
    return attributions(ROWS, diagnostics={"r2": r2}, reasons={3: "degenerate fit"})


def test_every_metric_without_material_has_its_values_by_hand() -> None:
    assert set(BY_HAND) == set(SPECS)


@pytest.mark.parametrize("name", SPECS)
def test_every_metric_on_the_example_computed_by_hand(name: str) -> None:
    values, _ = row_metrics(example(), CONTEXT)
    np.testing.assert_allclose(values[name], BY_HAND[name], atol=1e-12)


@pytest.mark.parametrize("name", sorted(AS_LISTED))
def test_the_published_tie_rule_on_the_example(name: str) -> None:
    values, _ = row_metrics(example(), replace(CONTEXT, ties="listed"))
    np.testing.assert_allclose(values[name], AS_LISTED[name], atol=1e-12)


def test_two_sensitive_features_count_by_the_better_placed_one() -> None:
    # s, t and a tie for places 1 to 3
    found, _ = row_metrics(
        attributions([[2.0, -2.0, 2.0, 1.0]], ("s", "t", "a", "b")),
        MetricContext(sensitive=("s", "t")),
    )
    assert found["sensitive_top1"][0] == pytest.approx(2 / 3)
    assert found["sensitive_top2"][0] == 1.0
    assert found["sensitive_rank"][0] == pytest.approx(4 / 3)
    assert found["sensitive_share"][0] == pytest.approx(4 / 7)


@settings(deadline=None)
@given(
    row=st.lists(st.integers(0, 2), min_size=5, max_size=5),
    n_sensitive=st.integers(1, 3),
    k=st.integers(1, 3),
)
def test_fractional_ties_are_the_mean_over_all_ways_to_break_them(
    row: list[int], n_sensitive: int, k: int
) -> None:
    features = ("a", "b", "c", "d", "e")
    context = MetricContext(sensitive=features[:n_sensitive])
    found, _ = row_metrics(attributions([[float(v) for v in row]], features), context)
    hits, ranks = [], []
    for order in itertools.permutations(range(5)):
        ranking = sorted(order, key=lambda j: -row[j])  # stable: the order breaks ties
        places = [ranking.index(j) + 1 for j in range(n_sensitive)]
        hits.append(any(row[j] > 0 and places[j] <= k for j in range(n_sensitive)))
        ranks.append(min(places))
    assert found[f"sensitive_top{k}"][0] == pytest.approx(np.mean(hits))
    assert found["sensitive_rank"][0] == pytest.approx(np.mean(ranks))


def test_features_are_matched_by_exact_name_never_by_substring() -> None:
    features = ("OtherLoansAtBank", "NumberOfOtherLoansAtBank")
    found, _ = row_metrics(
        attributions([[1.0, 2.0]], features), MetricContext(sensitive=features[:1])
    )
    assert found["sensitive_top1"][0] == 0.0
    with pytest.raises(InvalidInputError, match="LoansAtBank"):
        row_metrics(attributions([[1.0, 2.0]], features), MetricContext(sensitive=("Loans",)))


def test_a_metric_without_what_it_needs_is_left_out() -> None:
    without, _ = row_metrics(attributions(ROWS), MetricContext(sensitive=("s",)))
    one, _ = row_metrics(attributions(ROWS), replace(CONTEXT, unrelated=("u1",)))
    everything, _ = row_metrics(example(), CONTEXT)
    assert set(everything) == set(SPECS)
    assert set(everything) - set(one) == {"unrelated_two_top1", "surrogate_r2"}
    assert set(one) - set(without) == {"unrelated_one_top1", "unrelated_share"}


def test_every_undefined_value_has_its_reason_counted() -> None:
    values, reasons = row_metrics(example(), CONTEXT)
    assert reasons["not explained: degenerate fit"] == 1
    for spec in SPECS.values():
        missing = int(np.isnan(values[spec.name]).sum()) - 1
        assert reasons.get(f"{spec.name}: {spec.undefined}", 0) == missing
        assert spec.undefined or missing == 0


def test_a_share_survives_attributions_whose_sum_overflows() -> None:
    found, _ = row_metrics(attributions([[1e308, 1e308, 1e308, 1e308]]), CONTEXT)
    assert found["sensitive_share"][0] == pytest.approx(1 / 4)


@pytest.mark.parametrize(
    "make",
    [
        lambda: MetricContext(sensitive=()),
        lambda: MetricContext(sensitive=("s",), ties="best"),  # type: ignore[arg-type]
        lambda: metric_specs()["surrogate_r2"].function(attributions(ROWS), CONTEXT),
        lambda: metric_specs()["unrelated_two_top1"].function(
            attributions(ROWS), replace(CONTEXT, unrelated=("u1",))
        ),
    ],
)
def test_unusable_contexts_are_refused(make: Any) -> None:
    with pytest.raises(InvalidInputError):
        make()


def plug_in(monkeypatch: pytest.MonkeyPatch, name: str, thing: object) -> None:
    monkeypatch.setattr(registry, "names", lambda group: (name,) if group == "metrics" else ())
    monkeypatch.setattr(registry, "load", lambda group, name: thing)


def test_a_metric_of_another_distribution_joins_table_and_catalogue(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = replace(
        BUILT_IN[0], name="constant_one", function=lambda a, context: np.ones(len(a.values))
    )
    plug_in(monkeypatch, "constant_one", own)
    values, _ = row_metrics(example(), CONTEXT)
    assert values["constant_one"].tolist() == [1.0] * len(ROWS)
    assert own.entry in catalogue()


@pytest.mark.parametrize(
    "thing",
    [
        lambda a, context: np.ones(len(a.values)),  # no spec around it
        replace(BUILT_IN[0], name="another"),
        BUILT_IN[0],  # takes a name that exists
    ],
)
def test_a_plug_in_that_breaks_the_contract_is_refused(
    monkeypatch: pytest.MonkeyPatch, thing: Any
) -> None:
    plug_in(monkeypatch, getattr(thing, "name", "mine").replace("another", "mine"), thing)
    with pytest.raises(ContractError, match="MetricSpec"):
        metric_specs()


def test_a_metric_that_returns_another_shape_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = replace(BUILT_IN[0], name="total", function=lambda a, context: np.zeros(1))
    plug_in(monkeypatch, "total", spec)
    with pytest.raises(ContractError, match="one value by row"):
        row_metrics(example(), CONTEXT)
