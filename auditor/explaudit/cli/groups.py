"""Features of several columns, as a user names them on the command line."""

from __future__ import annotations

from collections.abc import Sequence

from explaudit.errors import InvalidInputError

__all__ = ["read_groups"]


def read_groups(given: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the columns of each group by its name.

    Parameters
    ----------
    given : sequence of str
        Such as ``race=race_a,race_b``.

    Raises
    ------
    InvalidInputError
        If one is not of that form, or two have one name.
    """
    groups: dict[str, tuple[str, ...]] = {}
    for text in given:
        name, _, columns = text.partition("=")
        members = tuple(column.strip() for column in columns.split(","))
        if not name or not all(members):
            raise InvalidInputError("--group", "name=column,column", text)
        if name in groups:
            raise InvalidInputError("--group", "groups of different names", name)
        groups[name] = members
    return groups
