"""Plug-ins as they stand in settings: an object, a name, or a name with settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from explaudit import registry
from explaudit.errors import InvalidInputError

__all__ = ["resolve"]


def resolve(group: str, part: Any) -> Any:
    """Return the object that `part` stands for.

    Parameters
    ----------
    group : str
        A group of the registry, such as ``"samplers"``.
    part : str, mapping or object
        A name, a mapping ``{"name": ..., "settings": {...}}`` whose settings may be missing, or
        the object itself.

    Raises
    ------
    InvalidInputError
        If a mapping has other keys, or the plug-in does not take the settings.
    UnknownPluginError
        If the group has no such name.
    """
    if isinstance(part, str):
        return registry.create(group, part)
    if not isinstance(part, Mapping):
        return part
    if "name" not in part or not set(part) <= {"name", "settings"}:
        raise InvalidInputError(
            group, "a mapping with the key 'name' and maybe 'settings'", dict(part)
        )
    return registry.create(group, part["name"], part.get("settings"))
