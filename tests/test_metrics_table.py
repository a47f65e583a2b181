"""The table of all metrics: nothing is missing, said twice, or left out of the property grids."""

from __future__ import annotations

import importlib.util
from collections import Counter
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from explaudit.metrics import BUILT_IN, NO_REPLACEMENT, MetricEntry, MetricSpec, catalogue

NAMES = {spec.name for spec in BUILT_IN}
JUDGING = [spec for spec in BUILT_IN if spec.kind in ("evidence", "quality")]

#: Each has a `SPECS` of which it tests every invariance.
GRIDS = ("test_metrics_properties", "test_metrics_faithfulness", "test_metrics_sanity")
#: What has no on-manifold form, and why.
OFF_MANIFOLD_ONLY = {
    "surrogate_r2": "the explainer's own, on its own queries",
    "remove_and_debias": "imputes what is gone, so that rows without it are made up by design",
}
#: Evidence without a lowest value, and why.
UNBOUNDED_EVIDENCE = {
    "sensitive_group_gap": "in units of the model's output",
    "demographic_parity_attribution": "by row a part of a mean, which alone is bounded",
}
MAY_DIFFER = {"name", "manifold", "source", "description", "undefined", "instead"}


def grid_of(module: str) -> list[str]:
    """Return what a test module's property grid is about; test modules cannot be imported."""
    spec = importlib.util.spec_from_file_location(module, Path(__file__).parent / f"{module}.py")
    assert spec is not None and spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return list(loaded.SPECS)


def test_every_metric_is_in_exactly_one_property_grid() -> None:
    found = Counter(name for module in GRIDS for name in grid_of(module))
    assert found == Counter(spec.name for spec in BUILT_IN)


def faults(entry: MetricEntry) -> list[str]:
    """Return the fields of what judges explanations that say too little."""
    said = {
        "family": entry.family != "other",
        "source": bool(entry.source),
        # where no end is better, nothing can be claimed
        "claims": bool(entry.claims) or entry.direction == "none",
        "instead": entry.instead.startswith(NO_REPLACEMENT)
        or entry.instead in {other.name for other in catalogue()} - {entry.name},
    }
    return [field for field, enough in said.items() if not enough]


@pytest.mark.parametrize("spec", JUDGING, ids=lambda spec: spec.name)
def test_what_judges_explanations_says_all_that_it_should(spec: MetricSpec) -> None:
    assert faults(spec) == []
    # claims are read within a sentence
    assert not spec.claims.endswith(".") and spec.claims[:1] == spec.claims[:1].lower()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("family", "other"),
        ("source", ""),
        ("claims", ""),
        ("instead", ""),
        ("instead", "no_such_metric"),
        ("instead", BUILT_IN[0].name),
    ],
)
def test_a_field_that_says_too_little_is_caught(field: str, value: Any) -> None:
    assert faults(replace(BUILT_IN[0].entry, **{field: value})) == [field]


def test_no_metric_is_replaced_by_one_that_asks_about_rows_that_are_not_real() -> None:
    off = {spec.name for spec in BUILT_IN if spec.manifold == "off"}
    assert not off & {spec.instead for spec in JUDGING}


def unlike(off: MetricSpec, specs: dict[str, MetricSpec]) -> set[str]:
    """Return where a metric's on-manifold form differs but must not; its name if there is none."""
    on = specs.get(f"{off.name}_on_manifold")
    if on is None or on.manifold != "on":
        return {"name"}
    compared = {field.name for field in fields(MetricEntry)} - MAY_DIFFER
    return {name for name in compared if getattr(off, name) != getattr(on, name)}


def test_every_off_manifold_metric_has_an_on_manifold_form_that_is_alike() -> None:
    specs = {spec.name: spec for spec in BUILT_IN}
    off = {name for name, spec in specs.items() if spec.manifold == "off"}
    without = {name for name in off if unlike(specs[name], specs)}
    assert without == set(OFF_MANIFOLD_ONLY)
    for name in off - without:
        assert specs[name].instead == f"{name}_on_manifold"
    on = {spec.name for spec in BUILT_IN if spec.manifold == "on"}
    assert on == {f"{name}_on_manifold" for name in off - without}
    assert {name for name in NAMES if name.endswith("_on_manifold")} == on


def test_a_missing_or_contrary_on_manifold_form_is_caught() -> None:
    specs = {spec.name: spec for spec in BUILT_IN}
    off, on = specs["pgi"], specs["pgi_on_manifold"]
    assert unlike(off, specs) == set()
    assert unlike(off, {}) == {"name"}
    assert unlike(off, {on.name: replace(on, direction="lower", unit="?")}) == {"direction", "unit"}


def test_names_are_unique_and_every_entry_is_complete() -> None:
    entries = catalogue()
    assert len({entry.name for entry in entries}) == len(entries)
    assert len(NAMES) == len(BUILT_IN)
    for entry in entries:
        assert all((entry.name, entry.description, entry.unit, entry.source)), entry.name
        assert entry.bounds[0] < entry.bounds[1]


def test_evidence_has_a_lowest_value_unless_it_cannot() -> None:
    evidence = [spec for spec in BUILT_IN if spec.kind == "evidence"]
    assert {s.name for s in evidence if s.range[0] is None} == set(UNBOUNDED_EVIDENCE)
