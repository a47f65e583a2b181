"""What records say of the regime tests: their scores, and of which kind each is."""

from __future__ import annotations

from typing import Literal, get_args

from explaudit.cells import Record

__all__ = [
    "KINDS_OF_TEST",
    "REQUIRED",
    "KindOfTest",
    "kind_of_test",
    "named_scalars",
    "regime_scores",
]

KindOfTest = Literal["named", "scan", "changes"]
KINDS_OF_TEST: tuple[KindOfTest, ...] = get_args(KindOfTest)

#: So the names of tests begin that no model passes of which they can say nothing.
REQUIRED = "sensitive features in queries of "


def regime_scores(record: Record) -> dict[str, tuple[float, int]]:
    """Return the score of each regime test, and how many it is the largest of."""
    scores = named_scalars(record.scalars, "score: ")
    compared = named_scalars(record.scalars, "compared: ")
    return {name: (scores[name], int(n)) for name, n in compared.items() if name in scores}


def kind_of_test(name: str) -> KindOfTest:
    """Return whether a regime test is of sensitive features, of all others, or of changes."""
    if name.startswith("changed sensitive features"):
        return "changes"
    return "named" if name.startswith(REQUIRED) else "scan"


def named_scalars(scalars: dict[str, float | None], prefix: str) -> dict[str, float]:
    """Return the scalars whose names begin so, by the rest of their names."""
    return {
        key.removeprefix(prefix): value
        for key, value in scalars.items()
        if key.startswith(prefix) and value is not None
    }
