"""The public surface: every name is there and documented, every plug-in can be found by name."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import tomllib
from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import explaudit
from explaudit import registry
from explaudit.attack import Attack
from explaudit.explainer import Explainer, RowExplainer
from explaudit_attacks.samplers import Sampler

PACKAGES = ("explaudit", "explaudit_attacks", "explaudit_datasets", "explaudit_reports")
PYPROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"
#: What each kind of plug-in derives from, for those kinds that derive from something.
KINDS: dict[str, type] = {"attacks": Attack, "explainers": Explainer, "samplers": Sampler}


@cache
def modules() -> tuple[ModuleType, ...]:
    """Return every module of the project; a module that runs something is not imported."""
    packages = [importlib.import_module(name) for name in PACKAGES]
    names = [
        info.name
        for package in packages
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if not info.name.endswith("__main__")
    ]
    return (*packages, *map(importlib.import_module, names))


@cache
def declared() -> tuple[EntryPoint, ...]:
    """Return every entry point that the project declares for explaudit's registry."""
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    return tuple(
        EntryPoint(name, value, group)
        for group, entries in project["entry-points"].items()
        for name, value in entries.items()
    )


def missing_names(module: ModuleType) -> list[str]:
    """Return the names that a module exports but does not have, or exports twice."""
    exported = list(getattr(module, "__all__", []))
    repeated = [name for name in set(exported) if exported.count(name) > 1]
    return [name for name in exported if not hasattr(module, name)] + repeated


def undocumented(module: ModuleType) -> list[str]:
    """Return the exported classes and functions without a docstring of their own."""
    found = []
    for name in getattr(module, "__all__", []):
        thing = getattr(module, name, None)
        if not (inspect.isclass(thing) or inspect.isroutine(thing)):
            continue
        text = (vars(thing).get("__doc__") if inspect.isclass(thing) else thing.__doc__) or ""
        # a dataclass without a docstring is given its signature for one
        if not text.strip() or text.startswith(f"{thing.__name__}("):
            found.append(name)
    return found


def subclasses(kind: type) -> set[type]:
    below: set[type] = set(kind.__subclasses__())
    return below.union(*map(subclasses, below))


def nameless(kinds: Iterable[type], named: Iterable[object], homes: Iterable[str]) -> set[type]:
    """Return the concrete classes below some kinds, defined in some modules, without a name."""
    inside = tuple(f"{home}." for home in homes)
    return {
        cls
        for kind in kinds
        for cls in subclasses(kind)
        if not inspect.isabstract(cls)
        and f"{cls.__module__}.".startswith(inside)
        and cls not in set(named)
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_says_what_is_public(package: str) -> None:
    module = importlib.import_module(package)
    assert list(module.__all__), f"{package} exports nothing"
    assert (module.__doc__ or "").strip()


def test_every_exported_name_is_there() -> None:
    assert len(modules()) > 30
    assert {module.__name__: missing_names(module) for module in modules()} == {
        module.__name__: [] for module in modules()
    }


def test_every_exported_name_is_documented() -> None:
    assert {module.__name__: undocumented(module) for module in modules()} == {
        module.__name__: [] for module in modules()
    }


def test_the_first_names_that_a_reader_needs_are_at_the_top() -> None:
    assert {
        "Attack",
        "Attributions",
        "Encoder",
        "Explainer",
        "RowExplainer",
        "Scenario",
        "Surface",
        "Access",
        "ExplauditError",
        "InvalidInputError",
        "ContractError",
    } <= set(explaudit.__all__)
    assert list(explaudit.__all__) == sorted(explaudit.__all__)


def test_entry_points_are_declared_in_known_groups() -> None:
    assert {entry.group.removeprefix("explaudit.") for entry in declared()} <= set(registry.GROUPS)
    assert len({(entry.group, entry.name) for entry in declared()}) == len(declared()) > 20


@pytest.mark.parametrize("entry", declared(), ids=lambda entry: f"{entry.group}:{entry.name}")
def test_every_declared_entry_point_loads_what_it_says(entry: EntryPoint) -> None:
    group = entry.group.removeprefix("explaudit.")
    found = entry.load()
    assert callable(found)
    assert (found.__doc__ or "").strip()
    if group in KINDS:
        assert issubclass(found, KINDS[group])
        assert not inspect.isabstract(found)
        assert found.name == entry.name, "a plug-in is called what its class says"
        assert found.source.strip()
    if group == "attacks":
        assert {type(found.surface).__name__, type(found.access).__name__} == {"Surface", "Access"}
    assert registry.load(group, entry.name) is found, "the installed names are old: install again"


def test_every_concrete_plug_in_has_a_name() -> None:
    assert len(modules()) > 30  # so that all their classes exist
    named = [entry.load() for entry in declared()]
    assert nameless(KINDS.values(), named, PACKAGES) == set()


def test_every_model_of_the_zoo_has_a_name() -> None:
    """Models derive from scikit-learn's own classes, so they are looked for among the exports."""
    zoo = importlib.import_module("explaudit_attacks")
    named = {entry.load() for entry in declared() if entry.group == "explaudit.models"}
    exported = {getattr(zoo, name) for name in zoo.__all__}
    models = {thing for thing in exported if hasattr(thing, "predict")}
    # the scaffold is fitted by its attack, not asked for by name
    assert {cls.__name__ for cls in models - named} == {"ScaffoldClassifier"}
    # a cast of many models has one name, and a function that makes them
    assert {thing for thing in named if inspect.isclass(thing)} <= models
    assert named <= exported


class Named(RowExplainer):
    """A concrete explainer."""

    def _prepare(self, view: Any, seed: int) -> Any:
        raise NotImplementedError


class Forgotten(Named):
    """A concrete explainer that nobody named."""


class Half(RowExplainer):
    """An explainer that is not finished."""

    @abstractmethod
    def _more(self) -> None: ...


def test_a_plug_in_that_nobody_named_is_found() -> None:
    assert nameless([Explainer], [Named], [__name__]) == {Forgotten}
    assert nameless([Explainer], [Named, Forgotten], [__name__]) == set()
    assert nameless([Attack], [], [__name__]) == set()


@dataclass
class Signature:
    x: int


def silent() -> None:
    pass


def spoken() -> None:
    """Say."""


def test_the_checks_of_modules_can_fail() -> None:
    module = ModuleType("planted")
    vars(module).update(Signature=Signature, silent=silent, spoken=spoken, Named=Named, N=3)
    vars(module)["Bare"] = type("Bare", (), {})
    vars(module)["__all__"] = ["Bare", "N", "Named", "Signature", "silent", "spoken"]
    assert missing_names(module) == []
    assert undocumented(module) == ["Bare", "Signature", "silent"]
    vars(module)["__all__"] = ["N", "N", "gone"]
    assert missing_names(module) == ["gone", "N"]
