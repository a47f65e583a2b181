"""The folder that a command writes to."""

from __future__ import annotations

from pathlib import Path

from explaudit.errors import InvalidInputError

__all__ = ["make_folder"]


def make_folder(out: Path) -> None:
    """Make a folder for results, unless it is there.

    Raises
    ------
    InvalidInputError
        If it cannot be made.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInputError(
            "--out", "a folder that can be made and written to", str(out), str(error)
        ) from error
