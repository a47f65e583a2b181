"""The encoder: exact both ways for every kind of column, and never an impossible row."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from explaudit.encoding import Encoder
from explaudit.errors import InvalidInputError

TEXT = st.sampled_from(["", "a", "b", "ä", "a b", "None"])
FLOATS = st.floats(allow_infinity=False)
ANY_CODE = st.floats(allow_nan=False)
COLOURS = ["red", "green", "blue"]


def listed(values: st.SearchStrategy[Any], n: int) -> st.SearchStrategy[list[Any]]:
    return st.lists(values, min_size=n, max_size=n)


def columns_of(n: int) -> st.SearchStrategy[pd.Series[Any]]:
    """Columns of every kind, n rows each."""

    def of(values: st.SearchStrategy[Any], dtype: Any) -> st.SearchStrategy[pd.Series[Any]]:
        return listed(values, n).map(lambda drawn: pd.Series(drawn, dtype=dtype))

    levels = ["low", "mid", "high", "unheard-of"]
    categories = st.sampled_from([*levels[:3], None])
    return st.one_of(
        of(FLOATS, "float64"),
        of(st.integers(-(2**53), 2**53), "int64"),
        of(st.one_of(st.none(), st.integers(-9, 9)), "Int64"),
        of(st.booleans(), "bool"),
        of(st.one_of(st.none(), st.booleans()), "boolean"),
        of(st.one_of(st.none(), TEXT), object),
        of(st.one_of(st.none(), TEXT), "string"),
        of(st.just("only"), "string"),
        of(categories, pd.CategoricalDtype(levels)),
        of(categories, pd.CategoricalDtype(levels[::-1], ordered=True)),
        of(st.sampled_from([3, 1, 2]), pd.CategoricalDtype([3, 1, 2])),
        of(st.datetimes(), "datetime64[us]"),
    )


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    """Mixed tables with one-hot colours (of which some rows have none) and any index."""
    n = draw(st.integers(1, 8))
    index = draw(listed(st.integers(0, 5), n))
    series = draw(st.lists(columns_of(n), min_size=1, max_size=4))
    frame = pd.DataFrame({f"c{i}": column for i, column in enumerate(series)})
    shown = np.array(draw(listed(st.integers(0, 3), n)))
    for k, colour in enumerate(COLOURS):
        frame[colour] = (shown == k).astype(np.int8)
    frame = frame[draw(st.permutations(list(frame.columns)))]
    return frame.set_axis(index)


def is_number(column: pd.Series[Any]) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


@settings(deadline=None, max_examples=60)
@given(tables())
def test_decoding_gives_back_the_table(frame: pd.DataFrame) -> None:
    encoder = Encoder.from_frame(frame, groups={"colour": COLOURS})
    back = encoder.decode(encoder.encode(frame))
    assert list(back.columns) == list(frame.columns)
    for name in frame.columns:
        expected = frame[name].reset_index(drop=True)
        if name not in COLOURS and is_number(frame[name]):
            # the documented exception: numbers come back as floats
            expected = expected.astype("Float64").astype("float64")
        pd.testing.assert_series_equal(back[name], expected, check_exact=True)


@settings(deadline=None, max_examples=60)
@given(tables(), st.data())
def test_no_matrix_decodes_to_an_impossible_row(frame: pd.DataFrame, data: st.DataObject) -> None:
    encoder = Encoder.from_frame(frame, groups={"colour": COLOURS})
    shape = data.draw(st.integers(0, 5)), len(encoder.names)
    matrix = data.draw(hnp.arrays(np.float64, shape, elements=ANY_CODE))
    table = encoder.decode(matrix)
    assert list(table.columns) == list(frame.columns)
    assert len(table) == len(matrix)
    for feature in encoder.features:
        if feature.levels is not None:
            assert rows_of(table, feature.columns) <= rows_of(feature.levels, feature.columns)
    assert rows_of(table, tuple(COLOURS)) <= rows_of(frame, tuple(COLOURS))


@settings(deadline=None, max_examples=60)
@given(tables(), st.data())
def test_decoded_rows_encode_to_whole_codes(frame: pd.DataFrame, data: st.DataObject) -> None:
    encoder = Encoder.from_frame(frame, groups={"colour": COLOURS})
    matrix = data.draw(hnp.arrays(np.float64, (3, len(encoder.names)), elements=ANY_CODE))
    again = encoder.encode(encoder.decode(matrix))
    for j, feature in enumerate(encoder.features):
        if feature.levels is None:
            np.testing.assert_array_equal(again[:, j], matrix[:, j])
        else:
            assert set(again[:, j]) <= set(range(len(feature.levels)))


def rows_of(frame: pd.DataFrame, columns: tuple[str, ...]) -> set[str]:
    return {repr(row) for row in frame[list(columns)].astype(object).to_numpy().tolist()}


def mixed() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "age": [30.0, 41.0, 52.0],
            "red": [1, 0, 0],
            "job": ["smith", "nurse", "smith"],
            "green": [0, 1, 0],
            "member": [True, False, True],
        },
        index=[7, 7, 3],
    )


def encoded() -> Encoder:
    return Encoder.from_frame(mixed(), groups={"colour": ["red", "green"]})


def test_codes_by_hand() -> None:
    encoder = encoded()
    assert encoder.names == ("age", "colour", "job", "member")
    assert encoder.columns == ("age", "red", "job", "green", "member")
    assert encoder.categorical == (1, 2, 3)
    assert [feature.level_names for feature in encoder.features] == [
        (),
        ("red", "green", "none"),
        ("nurse", "smith"),
        ("False", "True"),
    ]
    np.testing.assert_array_equal(
        encoder.encode(mixed()), [[30, 0, 1, 1], [41, 1, 0, 0], [52, 2, 1, 1]]
    )


def test_codes_round_to_the_nearest_level_and_stay_within() -> None:
    codes = np.array([-np.inf, -3.0, 0.4, 0.6, 1.4, 1.6, 99.0, 1e300, np.inf])
    matrix = np.column_stack([codes, codes, np.zeros_like(codes), np.zeros_like(codes)])
    table = encoded().decode(matrix)
    assert list(table["red"]) == [1, 1, 1, 0, 0, 0, 0, 0, 0]
    assert list(table["green"]) == [0, 0, 0, 1, 1, 0, 0, 0, 0]
    np.testing.assert_array_equal(table["age"], codes)


def test_a_code_that_is_no_number_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"codes of levels for 'job', got 'NaN'"):
        encoded().decode(np.array([[1.0, 0.0, np.nan, 0.0]]))
    # a missing number, however, is what the row said
    assert np.isnan(encoded().decode(np.array([[np.nan, 0.0, 0.0, 0.0]]))["age"]).all()


def test_decoding_whole_numbers_gives_floats_too() -> None:
    table = encoded().decode(np.array([[30, 0, 1, 1]]))
    assert table["age"].dtype == np.float64


def test_a_model_cannot_write_into_the_matrix() -> None:
    for frame in (mixed(), mixed()[["age"]]):
        encoder = Encoder.from_frame(frame)
        matrix = encoder.encode(frame)
        before = matrix.copy()
        table = encoder.decode(matrix)
        table.loc[:, "age"] = -1.0
        np.testing.assert_array_equal(matrix, before)


def test_rows_to_explain_may_be_typed_otherwise() -> None:
    encoder = encoded()
    expected = encoder.encode(mixed())
    as_objects = mixed().astype(object)
    as_categories = mixed().astype({"job": pd.CategoricalDtype(["other", "smith", "nurse"])})
    reordered = mixed()[["member", "green", "red", "job", "age"]].assign(extra=1)
    for frame in (as_objects, as_categories, reordered):
        np.testing.assert_array_equal(encoder.encode(frame), expected)


def test_declared_but_unused_categories_are_levels() -> None:
    dtype = pd.CategoricalDtype(["low", "high"], ordered=True)
    encoder = Encoder.from_frame(pd.DataFrame({"grade": pd.Series(["high"], dtype=dtype)}))
    assert encoder.features[0].level_names == ("low", "high")


def test_missing_is_a_level_where_it_occurs() -> None:
    dtype = pd.CategoricalDtype(["low", "high"])
    some = pd.DataFrame({"grade": pd.Series(["high", None], dtype=dtype)})
    encoder = Encoder.from_frame(some)
    np.testing.assert_array_equal(encoder.encode(some), [[1], [2]])
    with pytest.raises(InvalidInputError, match="levels that occur in the reference data"):
        Encoder.from_frame(some.iloc[:1]).encode(some)


def test_numbers_can_be_told_to_be_categorical() -> None:
    frame = pd.DataFrame({"code": [30.5, -1.0, np.nan, 30.5]})
    encoder = Encoder.from_frame(frame, categorical=["code"])
    np.testing.assert_array_equal(encoder.encode(frame), [[1], [0], [2], [1]])
    assert encoder.decode(np.array([[0.9]]))["code"].tolist() == [30.5]


def test_huge_numbers_pass_through() -> None:
    frame = pd.DataFrame({"x": [1e308, -1e308, 5e-324]})
    encoder = Encoder.from_frame(frame)
    pd.testing.assert_frame_equal(encoder.decode(encoder.encode(frame)), frame, check_exact=True)


def test_groups_that_are_not_one_hot_get_names_that_differ() -> None:
    frame = pd.DataFrame({"make": ["x", "x", "y"], "model": ["1", "2", "1"]})
    encoder = Encoder.from_frame(frame, groups={"car": ["make", "model"]})
    names = encoder.features[0].level_names
    assert names == ("make=y, model=1", "make=x, model=2", "make=x, model=1")
    with pytest.raises(InvalidInputError, match="column 'car'"):
        encoder.encode(pd.DataFrame({"make": ["y"], "model": ["2"]}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"job": "unheard-of"}, r"one of the 2 levels \['nurse', 'smith'\], got .*unheard-of"),
        ({"red": 1, "green": 1}, r"column 'colour'.*'red': 1, 'green': 1"),
        ({"member": None}, "column 'member'"),
        ({"age": "old"}, "column 'age': expected numbers, got .*'old'"),
    ],
)
def test_rows_that_cannot_be_encoded_are_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        encoded().encode(mixed().assign(**change))


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (mixed().drop(columns="job"), r"no \['job'\]"),
        (pd.concat([mixed(), mixed()[["age"]]], axis=1), "each another, got .*age"),
    ],
)
def test_tables_that_cannot_be_encoded_are_refused(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        encoded().encode(frame)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame(), "at least one row and one column"),
        (mixed().iloc[:0], "at least one row and one column"),
        (pd.DataFrame(index=[0, 1]), "at least one row and one column"),
        (pd.DataFrame([[1, 2]], columns=["age", "age"]), r"each another, got \['age'\].*Rename"),
        (pd.DataFrame([[1, 2]]), r"names are strings, each another, got \[0, 1\]"),
        (pd.DataFrame({("a", "b"): [1]}), "names are strings"),
        (pd.DataFrame({"x": ["a", 1]}, dtype=object), "column x: expected values of one kind"),
    ],
)
def test_tables_that_no_encoder_can_learn(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        Encoder.from_frame(frame)


@pytest.mark.parametrize(
    ("groups", "categorical", "message"),
    [
        ({"g": ["red", "blue"]}, [], "columns of the table in 'g', got 'blue'"),
        ({"g": ["red"], "h": ["red"]}, [], "'red' in one group only, got 'h'"),
        ({"g": ["red", "red"]}, [], "'red' in one group only"),
        ({"g": []}, [], "at least one column in 'g'"),
        ({"age": ["red", "green"]}, [], "names that no column outside has"),
        ({}, ["wage"], "columns of the table, got 'wage'"),
    ],
)
def test_groups_that_cannot_be(
    groups: dict[str, list[str]], categorical: list[str], message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        Encoder.from_frame(mixed(), groups=groups, categorical=categorical)


@pytest.mark.parametrize("shape", [(4,), (2, 3), (2, 5), (1, 2, 4)])
def test_a_matrix_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    matrix: npt.NDArray[np.float64] = np.zeros(shape)
    with pytest.raises(InvalidInputError, match=r"shape \(n_rows, 4\)"):
        encoded().decode(matrix)


def test_features_are_found_by_name() -> None:
    assert encoded().index("job") == 2
    with pytest.raises(InvalidInputError, match="one of age, colour, job, member, got 'red'"):
        encoded().index("red")


def test_numeric_features_alone_ask_nothing_of_the_others() -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0], "c": ["x", "y"], "b": [3.0, 4.0]})
    encoder = Encoder.from_frame(frame)
    unseen = frame.assign(c=["z", "z"])
    np.testing.assert_array_equal(encoder.encode_numeric(unseen), [[1.0, 3.0], [2.0, 4.0]])
    with pytest.raises(InvalidInputError, match="column 'c'"):
        encoder.encode(unseen)
