"""The result type: its shapes are checked, it is read-only, and JSON gives it back exactly."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from explaudit.attributions import Attributions
from explaudit.errors import InvalidInputError

ANY_FLOAT = st.floats()  # NaN, infinities, negative zero and subnormal numbers among them
NUMBERS = st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def attributions(draw: st.DrawFn) -> Attributions:
    n_rows, n_features = draw(st.integers(0, 4)), draw(st.integers(0, 4))
    per_row = hnp.arrays(np.float64, n_rows, elements=ANY_FLOAT)
    return Attributions(
        values=draw(hnp.arrays(np.float64, (n_rows, n_features), elements=ANY_FLOAT)),
        features=tuple(draw(st.lists(st.text(), min_size=n_features, max_size=n_features))),
        base_values=draw(per_row),
        explainer=draw(st.text()),
        settings=draw(st.dictionaries(st.text(), JSON, max_size=3)),
        n_queries=draw(st.integers(0, 2**40)),
        diagnostics=draw(st.dictionaries(st.text(), per_row, max_size=2)),
        reasons=draw(st.dictionaries(st.integers(0, 9), st.text(), max_size=2)),
        notes=draw(st.dictionaries(st.text(), NUMBERS | st.text(), max_size=2)),
    )


def assert_same_array(one: Any, other: Any) -> None:
    np.testing.assert_array_equal(one, other)
    assert one.dtype == other.dtype == np.float64
    numbers = ~np.isnan(one)
    np.testing.assert_array_equal(np.signbit(one[numbers]), np.signbit(other[numbers]))


def assert_same(one: Attributions, other: Attributions) -> None:
    assert_same_array(one.values, other.values)
    assert_same_array(one.base_values, other.base_values)
    assert one.diagnostics.keys() == other.diagnostics.keys()
    for name in one.diagnostics:
        assert_same_array(one.diagnostics[name], other.diagnostics[name])
    for name in ("features", "explainer", "settings", "n_queries", "reasons", "notes"):
        assert getattr(one, name) == getattr(other, name), name


@given(attributions())
def test_json_gives_it_back_exactly(found: Attributions) -> None:
    assert_same(Attributions.from_json(found.to_json()), found)


@given(attributions())
def test_its_json_is_json(found: Attributions) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    json.loads(found.to_json(), parse_constant=refuse)


@given(attributions())
def test_it_can_be_sent_and_copied(found: Attributions) -> None:
    assert_same(pickle.loads(pickle.dumps(found)), found)
    assert_same(copy.deepcopy(found), found)


def make(**changes: Any) -> Attributions:
    given: dict[str, Any] = {
        "values": np.array([[1.0, -0.0], [np.nan, np.nan]]),
        "features": ("age", "job"),
        "base_values": np.array([0.5, np.inf]),
        "explainer": "toy",
        "settings": {"n": 3, "nested": {"deep": [1, None]}},
        "n_queries": 12,
        "diagnostics": {"r2": np.array([0.9, -np.inf])},
        "reasons": {1: "no neighbours"},
        "notes": {"engine": "library", "rows_sent": 7},
    }
    return Attributions(**(given | changes))


def test_its_json_by_hand() -> None:
    assert json.loads(make().to_json()) == {
        "values": [[1.0, 0.0], [None, None]],
        "features": ["age", "job"],
        "base_values": [0.5, "inf"],
        "explainer": "toy",
        "settings": {"n": 3, "nested": {"deep": [1, None]}},
        "n_queries": 12,
        "diagnostics": {"r2": [0.9, "-inf"]},
        "reasons": {"1": "no neighbours"},
        "notes": {"engine": "library", "rows_sent": 7},
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"values": np.zeros((2, 2))}, {"values": np.array([[0.0, -0.0], [0.0, 0.0]])}),
        ({"base_values": np.array([0.5, np.nan])}, {"base_values": np.array([0.5, np.inf])}),
        ({"settings": {"n": 3}}, {"settings": {"n": 4}}),
        ({"reasons": {}}, {"reasons": {1: ""}}),
        ({"notes": {}}, {"notes": {"engine": "library"}}),
        ({"diagnostics": {}}, {"diagnostics": {"r2": np.zeros(2)}}),
    ],
)
def test_the_comparison_of_these_tests_can_fail(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert_same(make(**one), make(**one))
    with pytest.raises(AssertionError):
        assert_same(make(**one), make(**other))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"values": np.zeros((2, 3))}, r"values: expected shape \(n_rows, 2\), got \(2, 3\)"),
        ({"values": np.zeros(2)}, r"values: .* got \(2,\)"),
        ({"values": np.float64(1)}, r"values: .* got \(\)"),
        ({"values": np.zeros((2, 2, 1))}, r"values: .* got \(2, 2, 1\)"),
        ({"values": np.zeros((3, 2))}, r"base_values: expected shape \(3,\), got \(2,\)"),
        ({"base_values": np.zeros((2, 1))}, r"base_values: expected shape \(2,\)"),
        ({"base_values": np.float64(1)}, r"base_values: expected shape \(2,\)"),
        ({"diagnostics": {"r2": np.zeros(3)}}, r"r2: expected shape \(2,\), got \(3,\)"),
    ],
)
def test_wrong_shapes_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        make(**changes)


def test_it_is_read_only_all_through() -> None:
    found = make()
    for array in (found.values, found.base_values, found.diagnostics["r2"]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    for name in ("settings", "diagnostics", "reasons"):
        with pytest.raises(TypeError):
            getattr(found, name)["new"] = 1


def test_it_owns_what_it_holds() -> None:
    values, r2, settings = np.zeros((2, 2)), np.zeros(2), {"n": 1}
    found = make(values=values, diagnostics={"r2": r2}, settings=settings)
    values[0, 0], r2[0], settings["n"] = 9.0, 9.0, 9  # the caller's own stay writable
    assert found.values[0, 0] == found.diagnostics["r2"][0] == 0.0
    assert found.settings == {"n": 1}


def test_whole_numbers_become_floats() -> None:
    assert make(values=[[1, 2], [3, 4]], base_values=[0, 0]).values.dtype == np.float64
