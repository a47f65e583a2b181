"""The attack: one public call that is final, around one method that an author writes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import fields
from typing import Any, ClassVar, final

import joblib
import numpy as np

from explaudit.errors import ContractError
from explaudit.scenario import Access, Scenario, Surface

__all__ = ["Attack"]


class Attack(ABC):
    """Something an adversary does to what an explainer is handed.

    An author sets the four class attributes and writes `_tamper`.

    Attributes
    ----------
    name : str
        The name in the catalogue.
    surface : Surface
        The one part of the scenario that it changes.
    access : Access
        What the attacker needs.
    source : str
        Where it was published.
    """

    name: ClassVar[str]
    surface: ClassVar[Surface]
    access: ClassVar[Access]
    source: ClassVar[str]

    @abstractmethod
    def _tamper(self, scenario: Scenario, rng: np.random.Generator) -> Scenario:
        """Return the scenario with the declared surface changed; leave the given one alone."""

    @final
    def apply(self, scenario: Scenario, *, seed: int) -> Scenario:
        """Attack a scenario.

        Parameters
        ----------
        scenario : Scenario
            What an honest explainer would be handed. It is not modified.
        seed : int
            Equal seeds give equal attacks.

        Returns
        -------
        Scenario
            The same but for the attack's declared surface.

        Raises
        ------
        ContractError
            If another surface changed, nothing changed, or something was modified in place.
        """
        before = _fingerprints(scenario)
        attacked = self._tamper(scenario, np.random.default_rng(seed))
        if not isinstance(attacked, Scenario):
            raise ContractError(
                f"attack {self.name!r}: _tamper must return a Scenario, it returned "
                f"{type(attacked).__name__}. End it with `return scenario.replace(...)`."
            )
        after = _fingerprints(scenario)
        modified = sorted(name for name in before if before[name] != after[name])
        if modified:
            raise ContractError(
                f"attack {self.name!r} modified {', '.join(modified)} in place; "
                "change a copy and return scenario.replace(...)."
            )
        changed = {
            f.name
            for f in fields(Scenario)
            if getattr(attacked, f.name) is not getattr(scenario, f.name)
        }
        undeclared = sorted(changed - {self.surface.field})
        if undeclared:
            raise ContractError(
                f"attack {self.name!r} declares the surface {self.surface.value!r} but changed "
                f"{', '.join(undeclared)}; declare that surface or leave it alone."
            )
        if not changed:
            raise ContractError(
                f"attack {self.name!r} returned the scenario unchanged; an attack that can do "
                "nothing here must raise InvalidInputError and say why."
            )
        return attacked


def _fingerprints(scenario: Scenario) -> dict[str, str]:
    """Return a hash of the content of each field; callables count by identity."""
    return {f.name: _fingerprint(getattr(scenario, f.name)) for f in fields(Scenario)}


def _fingerprint(value: Any) -> str:
    if hasattr(value, "__self__") or type(value).__name__ in (
        "function",
        "builtin_function_or_method",
    ):
        return str(id(value))
    return str(joblib.hash(value))
