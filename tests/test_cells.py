"""Cells: the same work has the same identity, any other work another."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explaudit.cells import SCHEMA_VERSION, Cell, Part, Record, canonical_json, content_id
from explaudit.errors import InvalidInputError

NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
SETTINGS = st.dictionaries(st.text(), JSON, max_size=4)


def make_cell(**changes: Any) -> Cell:
    given: dict[str, Any] = {
        "kind": "explanation",
        "dataset": Part("compas", {"protocol": "sound", "max_rows": None}),
        "model": Part("sensitive_rule", {"column": "race"}),
        "innocuous": Part("unrelated_rule", {"columns": ["unrelated_one"]}),
        "role": "attacked",
        "attack": Part("scaffold", {"sampler": {"name": "lime", "settings": {}}}),
        "attack_setting": "lime",
        "explainer": Part("kernel_shap", {"n_background": 10}),
        "explainer_setting": "rows10",
        "n_rows": 20,
        "replicate": 0,
        "seed": 0,
    }
    return Cell(**(given | changes))


CHANGES: dict[str, Any] = {
    "kind": "behaviour",
    "dataset": Part("compas", {"protocol": "sound", "max_rows": 100}),
    "model": Part("score_bias", {"column": "race"}),
    "innocuous": Part("unrelated_rule", {"columns": ["unrelated_one", "unrelated_two"]}),
    "role": "honest",
    "attack": Part("scaffold", {"sampler": {"name": "lime", "settings": {"n": 1}}}),
    "attack_setting": "lime-two",
    "explainer": Part("kernel_shap", {"n_background": 11}),
    "explainer_setting": "rows11",
    "n_rows": None,
    "replicate": 1,
    "seed": 1,
}


def test_canonical_json_by_hand() -> None:
    value = {"b": [1, 2.5, None], "a": {"é": True, "d": "x y"}}
    assert canonical_json(value) == '{"a":{"d":"x y","é":true},"b":[1,2.5,null]}'.encode()
    assert canonical_json(Part("b", {"z": 1, "y": 2})) == b'{"name":"b","settings":{"y":2,"z":1}}'


def test_an_id_is_a_hash_of_the_written_json() -> None:
    cell = make_cell(attack=None, explainer=None, role="honest", kind="behaviour")
    written = (
        '{"attack":null,"attack_setting":"lime",'
        '"dataset":{"name":"compas","settings":{"max_rows":null,"protocol":"sound"}},'
        '"explainer":null,"explainer_setting":"rows10",'
        '"innocuous":{"name":"unrelated_rule","settings":{"columns":["unrelated_one"]}},'
        '"kind":"behaviour",'
        '"model":{"name":"sensitive_rule","settings":{"column":"race"}},'
        '"n_rows":20,"replicate":0,"role":"honest","seed":0}'
    )
    assert cell.id == hashlib.sha256(written.encode()).hexdigest()[:32]


def reordered(value: Any) -> Any:
    """Return an equal value whose dictionaries were filled in another order."""
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(value)}
    return [reordered(item) for item in value] if isinstance(value, list) else value


@given(SETTINGS)
def test_the_order_of_settings_does_not_matter(settings: dict[str, Any]) -> None:
    one, other = Part("a", settings), Part("a", reordered(settings))
    assert one == other
    assert make_cell(attack=one).id == make_cell(attack=other).id


@given(SETTINGS, SETTINGS)
def test_other_settings_give_another_id(one: dict[str, Any], other: dict[str, Any]) -> None:
    same = canonical_json(one) == canonical_json(other)
    assert (make_cell(explainer=Part("a", one)).id == make_cell(explainer=Part("a", other)).id) == (
        same
    )
    if one != other:
        assert not same


def test_every_field_enters_the_id() -> None:
    assert set(CHANGES) == {field.name for field in msgspec.structs.fields(Cell)}
    ids = [make_cell(**{name: value}).id for name, value in CHANGES.items()]
    assert len({make_cell().id, *ids}) == 1 + len(CHANGES)
    assert make_cell().id == make_cell().id


def test_ids_are_32_hexadecimal_digits() -> None:
    assert len(make_cell().id) == 32
    int(make_cell().id, 16)


@given(SETTINGS)
def test_a_cell_read_back_is_the_same_cell(settings: dict[str, Any]) -> None:
    cell = make_cell(dataset=Part("a", settings))
    read = msgspec.json.decode(canonical_json(cell), type=Cell)
    assert read == cell
    assert read.id == cell.id


SHARED_GATE = {
    "kind",
    "innocuous",
    "role",
    "attack_setting",
    "explainer",
    "explainer_setting",
    "n_rows",
}


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_cells_share_a_gate_across_explainers_and_psi_only(name: str) -> None:
    other = make_cell(**{name: CHANGES[name]})
    assert (other.group == make_cell().group) == (name in SHARED_GATE)


def test_the_gate_is_not_shared_with_no_attack() -> None:
    assert make_cell(attack=None).group != make_cell().group


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), [1, [float("-inf")]], {"deep": float("nan")}, {1, 2}, len]
)
def test_settings_that_are_no_json_are_refused(value: Any) -> None:
    # NaN would be written as null, and two different cells would be taken for one
    with pytest.raises(InvalidInputError, match="settings of 'lime': expected JSON values"):
        Part("lime", {"kernel_width": value})


@pytest.mark.parametrize(
    "text",
    [b'{"name":"a","settings":{},"more":1}', b'{"settings":{}}', b'{"name":1,"settings":{}}'],
)
def test_a_part_of_another_shape_is_not_read(text: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=Part)


def test_parts_do_not_share_their_default_settings() -> None:
    one, other = Part("a"), Part("a")
    one.settings["n"] = 1
    assert other.settings == {}


def test_a_record_read_back_is_the_same_record() -> None:
    record = Record(
        cell_id=make_cell().id,
        cell=make_cell(),
        status="ok",
        rows={"sensitive_top1": [1.0, None, 0.1 + 0.2]},
        scalars={"gate_recall": None},
        reasons={"no neighbours": 1},
        row_ids=[4, 2, 9],
        n_queries=12,
        seconds=0.25,
    )
    assert msgspec.json.decode(canonical_json(record), type=Record) == record
    assert record.schema_version == SCHEMA_VERSION
    failed = Record(cell_id="0", cell=make_cell(), status="failed", reason="no luck")
    assert (failed.rows, failed.row_ids) == ({}, [])


def test_content_id_tells_kinds_of_values_apart() -> None:
    values: list[Any] = [None, True, 1, "1", 1.5, [], {}, [1], {"1": 1}, "", [None], "null"]
    assert len({content_id(value) for value in values}) == len(values)
