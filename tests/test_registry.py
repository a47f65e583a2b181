"""Plug-ins by name: what is known, what is not, and what does not fit."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from explaudit import registry
from explaudit.errors import ContractError, InvalidInputError, UnknownPluginError
from explaudit.explainers import Occlusion, RandomExplainer


@pytest.fixture
def forgetful() -> Iterator[None]:
    """Entry points are read once per process; forget them before and after."""
    registry._entries.cache_clear()
    yield
    registry._entries.cache_clear()


def offer(monkeypatch: pytest.MonkeyPatch, *offered: tuple[str, str]) -> None:
    def entry_points(group: str) -> list[EntryPoint]:
        return [EntryPoint(name, value, group) for name, value in offered]

    monkeypatch.setattr(registry, "entry_points", entry_points)


def test_names_are_sorted_and_known() -> None:
    names = registry.names("explainers")
    assert list(names) == sorted(names)
    assert {"lime", "kernel_shap", "occlusion", "random", "constant"} <= set(names)
    assert registry.load("explainers", "occlusion") is Occlusion


def test_a_new_object_has_its_settings() -> None:
    first, second = (registry.create("explainers", "random") for _ in range(2))
    assert isinstance(first, RandomExplainer)
    assert first is not second
    lime = registry.create("explainers", "lime", {"num_samples": 7})
    assert lime.settings["num_samples"] == 7


@pytest.mark.parametrize("group", ["explainer", "", "explaudit.explainers"])
def test_an_unknown_group_is_refused_with_the_known(group: str) -> None:
    with pytest.raises(InvalidInputError, match="one of attacks, detectors, explainers"):
        registry.names(group)


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownPluginError, match=r"kernel_shap.*got 'kernelshap'"):
        registry.load("explainers", "kernelshap")
    with pytest.raises(UnknownPluginError) as caught:
        registry.create("explainers", "zzz")
    assert all(name in str(caught.value) for name in registry.names("explainers"))


@pytest.mark.parametrize("settings", [{"n_samples": 7}, {"num_samples": 7, "": 1}])
def test_settings_that_a_class_does_not_take_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError, match=r"settings of 'lime': .*num_samples"):
        registry.create("explainers", "lime", settings)


@pytest.mark.usefixtures("forgetful")
def test_a_required_setting_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, ("template", "string:Template"))
    with pytest.raises(InvalidInputError, match=r"settings of 'template': .*template"):
        registry.create("gates", "template")


@pytest.mark.usefixtures("forgetful")
def test_a_third_partys_plug_in_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, ("template", "string:Template"))
    assert registry.names("gates") == ("template",)
    assert registry.create("gates", "template", {"template": "$x"}).substitute(x=1) == "1"


@pytest.mark.usefixtures("forgetful")
def test_one_name_for_two_plug_ins_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, ("lime", "ours:Lime"), ("lime", "theirs:Lime"))
    with pytest.raises(ContractError, match=r"called 'lime', ours:Lime and theirs:Lime"):
        registry.names("explainers")


@pytest.mark.usefixtures("forgetful")
def test_the_same_plug_in_seen_twice_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    # as when a project is installed twice, editable and not
    offer(monkeypatch, ("lime", "ours:Lime"), ("lime", "ours:Lime"))
    assert registry.names("explainers") == ("lime",)
