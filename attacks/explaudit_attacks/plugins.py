"""The casts of honest models and adversaries as plug-ins: one name each, the member a setting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from explaudit.attack import Attack
from explaudit.errors import InvalidInputError
from explaudit.scenario import Access, Scenario, Surface
from explaudit_attacks.adaptive import ADVERSARIES
from explaudit_attacks.honest import HONEST, hard_negatives
from explaudit_attacks.innocuous import WithoutColumns

__all__ = ["AdversaryAttack", "hard_negative", "honest_model", "mimic"]

T = TypeVar("T")


def honest_model(member: str, random_state: int = 0) -> Any:
    """Return an unfitted honest model.

    Parameters
    ----------
    member : str
        Its name in :data:`explaudit_attacks.honest.HONEST`.
    random_state : int
        For whatever it draws.
    """
    return _of(HONEST, member)(random_state)


def hard_negative(
    member: str,
    column: int | str = 0,
    threshold: float = 0.0,
    negative_when: str = "above",
    random_state: int = 0,
) -> Any:
    """Return an unfitted honest model that looks like a liar to a careless test.

    Parameters
    ----------
    member : str
        Its name among :func:`explaudit_attacks.honest.hard_negatives`.
    column, threshold, negative_when
        The sensitive group, as in :class:`explaudit_attacks.SensitiveRule`.
    random_state : int
        For whatever it draws.
    """
    cast = hard_negatives(column, threshold=threshold, negative_when=negative_when)
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


def mimic(column: int | str) -> WithoutColumns:
    """Return an ordinary model that does not look at one column: it imitates the rest of f."""
    boosting = HistGradientBoostingClassifier(max_iter=60, early_stopping=False)
    return WithoutColumns(boosting, (column,))


def _of(cast: Mapping[str, T], name: str) -> T:
    if name not in cast:
        raise InvalidInputError("member", f"one of {', '.join(cast)}", name)
    return cast[name]
