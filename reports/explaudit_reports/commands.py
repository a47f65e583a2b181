"""The command that makes results again, from the settings they were made with."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

__all__ = ["command_line", "option_words"]


def command_line(words: str, settings: Mapping[str, Any], options: Mapping[str, str]) -> str:
    """Return some words of a command and the options that stand for settings."""
    return shlex.join([*words.split(), *option_words(settings, options)])


def option_words(
    settings: Mapping[str, Any], options: Mapping[str, str], *, joined: bool = False
) -> list[str]:
    """Return the options that stand for settings, with their values.

    Parameters
    ----------
    settings : mapping of str to Any
        Names and values; a value that is None, or missing, needs no option.
    options : mapping of str to str
        Names of settings, and the options of the command line that set them.
    joined : bool
        Whether several values go to one option with commas between, or each to an option.
    """
    found = []
    for name, option in options.items():
        value = settings.get(name)
        values = value if isinstance(value, list | tuple) else [value]
        if joined and value is not None:
            values = [",".join(map(str, values))]
        found += [part for item in values if item is not None for part in (option, str(item))]
    return found
