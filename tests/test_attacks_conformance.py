"""What every attack must keep to, and what the package must offer under which name."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, ClassVar

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import ClassifierMixin
from xgboost import XGBClassifier

import explaudit_attacks
from explaudit import registry
from explaudit.attack import Attack
from explaudit.encoding import Encoder
from explaudit.errors import ContractError
from explaudit.scenario import Access, Display, Scenario, Surface
from explaudit_attacks import Sampler, SensitiveRule

OURS = "explaudit_attacks"

# each registered attack with settings for the small scenario below, as they would stand in a plan
_SCAFFOLD: dict[str, Any] = {
    "innocuous": {"name": "unrelated_rule", "settings": {"columns": ["coin"]}},
    "gate": {"name": "forest", "settings": {"n_estimators": 10}},
    "sampler": {
        "name": "union",
        "settings": {"samplers": [{"name": "lime_discretised"}, "kernel_coalitions"]},
    },
    "n_queries": 400,
}
_GATE_OF_ITS_OWN = {"innocuous": _SCAFFOLD["innocuous"], "n_queries": 400}

SETTINGS: dict[str, str] = {
    name: json.dumps(settings)
    for name, settings in {
        "scaffold": _SCAFFOLD,
        "dilution": _SCAFFOLD,
        "probabilistic": _SCAFFOLD,
        "jitter_aware": _SCAFFOLD,
        "cad_aware": _SCAFFOLD,
        "adversary": {"adversary": "threshold_0.1", "innocuous": _SCAFFOLD["innocuous"]},
        "dtype": _GATE_OF_ITS_OWN,
        "batch": _GATE_OF_ITS_OWN,
        "stateful": _GATE_OF_ITS_OWN,
        "whitelist": _GATE_OF_ITS_OWN,
        "background_sampling": {
            "feature": "sex",
            "group": "f",
            "n_rows": 40,
            "n_pairs": 5,
            "n_penalties": 3,
            "n_draws": 3,
        },
        "cover_tampering": {"feature": "sex", "group": "f"},
        "output_shuffling": {"column": "sex", "negative_when": "f", "kind": "mixing"},
    }.items()
}


def make_frame(n_rows: int, seed: int) -> pd.DataFrame:
    """Return twelve columns: ten numbers, a coin and a category."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n_rows, 10)), columns=[f"x{i}" for i in range(10)])
    frame["coin"] = rng.choice([-1.0, 1.0], n_rows)
    frame["sex"] = pd.Categorical(rng.choice(["f", "m"], n_rows))
    return frame


@pytest.fixture
def scenario(tmp_path: Path) -> Scenario:
    background, rows = make_frame(150, 0), make_frame(30, 1)
    target = np.arange(150) % 2
    model = SensitiveRule("sex", negative_when="f").fit(background, target)
    trees = XGBClassifier(n_estimators=3, max_depth=2, n_jobs=1, enable_categorical=True)
    trees.fit(background, background["sex"] == "f")
    trees.save_model(tmp_path / "trees.json")
    encoder = Encoder.from_frame(background)
    display = Display(encoder.names)
    return Scenario(rows, model, background, encoder, display, model_file=tmp_path / "trees.json")


def our_attacks() -> list[str]:
    loaded = {name: registry.load("attacks", name) for name in registry.names("attacks")}
    return [name for name, cls in loaded.items() if cls.__module__.startswith(OURS)]


def new_attack(name: str) -> Attack:
    assert name in SETTINGS, f"give {name!r} settings in SETTINGS, so that it is checked here"
    attack = registry.create("attacks", name, json.loads(SETTINGS[name]))
    assert isinstance(attack, Attack)
    return attack


def content(scenario: Scenario) -> dict[str, str]:
    return {f.name: str(joblib.hash(getattr(scenario, f.name))) for f in fields(Scenario)}


@pytest.mark.parametrize("name", our_attacks())
def test_an_attack_changes_its_surface_only_and_leaves_what_it_was_given(
    name: str, scenario: Scenario
) -> None:
    attack, before = new_attack(name), content(scenario)
    attacked = attack.apply(scenario, seed=3)
    assert content(scenario) == before
    changed = {key for key, value in content(attacked).items() if value != before[key]}
    assert changed == {attack.surface.field}


@pytest.mark.parametrize("name", our_attacks())
def test_an_attack_is_a_pure_function_of_the_scenario_and_the_seed(
    name: str, scenario: Scenario
) -> None:
    surface = new_attack(name).surface.field
    first, again, other = (
        content(new_attack(name).apply(scenario, seed=seed))[surface] for seed in (3, 3, 4)
    )
    assert first == again
    assert first != other


@pytest.mark.parametrize("name", our_attacks())
def test_an_attack_says_what_it_is(name: str) -> None:
    attack = new_attack(name)
    assert attack.name == name
    assert isinstance(attack.surface, Surface)
    assert isinstance(attack.access, Access)
    assert len(attack.source) > 10


class Faulty(Attack):
    """An attack on the display that does what a test tells it."""

    name: ClassVar[str] = "faulty"
    surface: ClassVar[Surface] = Surface.DISPLAY
    access: ClassVar[Access] = Access.OUTPUTS
    source: ClassVar[str] = "planted by this test"

    def __init__(self, tamper: Callable[[Scenario], Any]) -> None:
        self._planted = tamper

    def _tamper(self, scenario: Scenario, rng: np.random.Generator) -> Scenario:
        answer: Scenario = self._planted(scenario)
        return answer


def in_place(scenario: Scenario) -> Scenario:
    scenario.background.iloc[0, 0] = 99.0
    return scenario.replace(display=Display(("a",) * 12))


def model_in_place(scenario: Scenario) -> Scenario:
    scenario.model.threshold = 99.0
    return scenario.replace(display=Display(("a",) * 12))


def undeclared(scenario: Scenario) -> Scenario:
    return scenario.replace(rows=scenario.rows.copy())


@pytest.mark.parametrize(
    ("tamper", "message"),
    [
        (in_place, "modified background in place"),
        (model_in_place, "modified model in place"),
        (undeclared, "declares the surface 'display' but changed rows"),
        (lambda scenario: None, "must return a Scenario"),
        (lambda scenario: scenario, "unchanged"),
    ],
)
def test_the_guard_catches_planted_faults(
    tamper: Callable[[Scenario], Any], message: str, scenario: Scenario
) -> None:
    with pytest.raises(ContractError, match=message):
        Faulty(tamper).apply(scenario, seed=0)


def test_the_guard_lets_an_honest_attack_pass(scenario: Scenario) -> None:
    relabelled = Display(("a",) * 12)
    attacked = Faulty(lambda given: given.replace(display=relabelled)).apply(scenario, seed=0)
    assert attacked.display is relabelled


def concrete_plugins(package: Any) -> dict[str, type]:
    """Return every concrete attack, sampler and classifier defined in a package's modules."""
    names = [info.name for info in pkgutil.walk_packages(package.__path__, package.__name__ + ".")]
    return {
        thing.__name__: thing
        for name in names
        for thing in vars(importlib.import_module(name)).values()
        if inspect.isclass(thing)
        and issubclass(thing, Attack | Sampler | ClassifierMixin)
        and thing.__module__ == name
        and not inspect.isabstract(thing)
    }


def missing_plugins(public: list[str]) -> set[str]:
    return set(concrete_plugins(explaudit_attacks)) - set(public)


def test_every_concrete_plugin_is_public() -> None:
    assert missing_plugins(explaudit_attacks.__all__) == set()
    assert all(hasattr(explaudit_attacks, name) for name in explaudit_attacks.__all__)


def test_a_plugin_that_is_not_public_is_found() -> None:
    public = [name for name in explaudit_attacks.__all__ if name != "LimeGaussian"]
    assert missing_plugins(public) == {"LimeGaussian"}


def broken(points: list[EntryPoint]) -> list[str]:
    """Return the entry points that do not load."""
    names = []
    for point in points:
        try:
            point.load()
        except (ImportError, AttributeError):
            names.append(point.name)
    return names


def test_every_entry_point_of_the_package_loads() -> None:
    groups = ("attacks", "models", "gates", "samplers")
    points = [
        point
        for group in groups
        for point in entry_points(group=f"explaudit.{group}")
        if point.module.startswith(OURS)
    ]
    assert len(points) >= 14
    assert broken(points) == []
    planted = EntryPoint("gone", f"{OURS}.biased:NoSuchRule", "explaudit.models")
    assert broken([*points, planted]) == ["gone"]


@pytest.mark.parametrize("group", ["attacks", "samplers"])
def test_names_in_the_catalogue_are_the_registered_ones(group: str) -> None:
    for name in registry.names(group):
        plugin = registry.load(group, name)
        if plugin.__module__.startswith(OURS):
            assert plugin.name == name
            assert plugin.__name__ in explaudit_attacks.__all__


def test_importing_the_package_loads_no_heavy_library() -> None:
    code = (
        "import sys, explaudit_attacks;"
        "sys.exit(' '.join({'lime', 'shap', 'xgboost', 'matplotlib'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
