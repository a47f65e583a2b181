"""The casts of honest models and adversaries as plug-ins: one name each, the member a setting."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from explaudit.attack import Attack
from explaudit.errors import InvalidInputError
from explaudit.scenario import Access, Scenario, Surface
from explaudit_attacks.adaptive import ADVERSARIES
from explaudit_attacks.honest import (
    HONEST,
    HONEST_REGRESSION,
    Member,
    hard_negatives,
    hard_negatives_classes,
    hard_negatives_regression,
)
from explaudit_attacks.innocuous import WithoutColumns, WithoutColumnsRegressor

__all__ = ["AdversaryAttack", "hard_negative", "honest_model", "mimic"]

T = TypeVar("T")


#: What a model answers with: one of two classes, one of several, or a number.
_FAMILIES = {"binary": HONEST, "classes": HONEST, "values": HONEST_REGRESSION}
_HARD: dict[str, Callable[..., dict[str, Member]]] = {
    "binary": hard_negatives,
    "classes": hard_negatives_classes,
    "values": hard_negatives_regression,
}

_OF_CLASSES = (HistGradientBoostingClassifier, WithoutColumns)
_MIMICS = {
    "binary": _OF_CLASSES,
    "classes": _OF_CLASSES,
    "values": (HistGradientBoostingRegressor, WithoutColumnsRegressor),
}


def honest_model(member: str, random_state: int = 0, task: str = "binary") -> Any:
    """Return an unfitted honest model.

    Parameters
    ----------
    member : str
        Its name in :data:`explaudit_attacks.honest.HONEST`, or of a model of numbers in
        :data:`explaudit_attacks.honest.HONEST_REGRESSION`.
    random_state : int
        For whatever it draws.
    task : {"binary", "classes", "values"}
        What it is to answer with: one of two classes, one of several, or a number.
    """
    return _of(_of(_FAMILIES, task, "task"), member)(random_state)


def hard_negative(
    member: str,
    column: int | str = 0,
    threshold: float = 0.0,
    negative_when: str = "above",
    random_state: int = 0,
    task: str = "binary",
) -> Any:
    """Return an unfitted honest model that looks like a liar to a careless test.

    Parameters
    ----------
    member : str
        Its name among :func:`explaudit_attacks.honest.hard_negatives`, or of another task among
        :func:`~explaudit_attacks.honest.hard_negatives_classes` or
        :func:`~explaudit_attacks.honest.hard_negatives_regression`.
    column, threshold, negative_when
        The sensitive group, as in :class:`explaudit_attacks.SensitiveRule`.
    random_state : int
        For whatever it draws.
    task : {"binary", "classes", "values"}
        As in :func:`honest_model`.
    """
    cast = _of(_HARD, task, "task")(column, threshold=threshold, negative_when=negative_when)
    return _of(cast, member)(random_state)


@dataclass(frozen=True)
class AdversaryAttack(Attack):
    """The attack of a named adversary, who may know how he is looked for.

    Parameters
    ----------
    adversary : str
        His name in :data:`explaudit_attacks.adaptive.ADVERSARIES`.
    innocuous, sampler
        As in :class:`explaudit_attacks.ScaffoldingAttack`.
    """

    name: ClassVar[str] = "adversary"
    surface: ClassVar[Surface] = Surface.MODEL
    access: ClassVar[Access] = Access.TRAINING
    source: ClassVar[str] = (
        "the scaffold of Slack et al. 2020 (AIES), as one would make it who knows the detectors"
    )

    adversary: str
    innocuous: Any
    sampler: Any = "kernel_coalitions"

    def _tamper(self, scenario: Scenario, rng: np.random.Generator) -> Scenario:
        attack = _of(ADVERSARIES, self.adversary)(innocuous=self.innocuous, sampler=self.sampler)
        return attack.apply(scenario, seed=int(rng.integers(2**31)))  # type: ignore[no-any-return]  # the cast holds attacks of several classes


def mimic(column: int | str | Sequence[int | str], task: str = "binary") -> Any:
    """Return an ordinary model that does not look at some columns: it imitates the rest of f.

    Parameters
    ----------
    column : int, str or sequence of them
        What it does not look at: the sensitive column or columns.
    task : {"binary", "classes", "values"}
        As in :func:`honest_model`.
    """
    columns = (column,) if isinstance(column, int | str) else tuple(column)
    trees, blind = _of(_MIMICS, task, "task")
    return blind(trees(max_iter=60, early_stopping=False), columns)


def _of(cast: Mapping[str, T], name: str, argument: str = "member") -> T:
    if name not in cast:
        raise InvalidInputError(argument, f"one of {', '.join(cast)}", name)
    return cast[name]
