"""Plug-ins by name, found through entry points, so that the core never imports an attack.

A distribution offers a plug-in with an entry point in one of the groups of :data:`GROUPS`:

    [project.entry-points."explaudit.explainers"]
    my_explainer = "my_package:MyExplainer"
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from explaudit.errors import ContractError, InvalidInputError, UnknownPluginError

__all__ = ["GROUPS", "create", "load", "names"]

GROUPS = ("attacks", "detectors", "explainers", "gates", "metrics", "models", "samplers")


@cache
def _entries(group: str) -> dict[str, Any]:
    if group not in GROUPS:
        raise InvalidInputError("group", f"one of {', '.join(GROUPS)}", group)
    found: dict[str, Any] = {}
    for entry in entry_points(group=f"explaudit.{group}"):
        first = found.setdefault(entry.name, entry)
        if first.value != entry.value:
            raise ContractError(
                f"two plug-ins of {group} are called {entry.name!r}, {first.value} and "
                f"{entry.value}; uninstall one of their distributions."
            )
    return found


def names(group: str) -> tuple[str, ...]:
    """Return the names of all plug-ins of a group, sorted."""
    return tuple(sorted(_entries(group)))


def load(group: str, name: str) -> Any:
    """Return the class or function behind a name.

    Raises
    ------
    UnknownPluginError
        If the group has no such name; the message offers the nearest ones.
    """
    entries = _entries(group)
    if name not in entries:
        near = difflib.get_close_matches(name, entries, n=3) or sorted(entries)
        raise UnknownPluginError(group, f"a known name, such as {', '.join(near)}", name)
    return entries[name].load()


def create(group: str, name: str, settings: Mapping[str, Any] | None = None) -> Any:
    """Return a new object of the plug-in's class, made with the given settings.

    Raises
    ------
    UnknownPluginError
        If the group has no such name.
    InvalidInputError
        If the class does not take these settings.
    """
    factory = load(group, name)
    signature = inspect.signature(factory)
    try:
        signature.bind(**(settings or {}))
    except TypeError as error:
        raise InvalidInputError(
            f"settings of {name!r}", f"arguments of {signature}", dict(settings or {})
        ) from error
    return factory(**(settings or {}))
