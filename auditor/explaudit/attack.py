"""The attack: one public call that is final, around one method that an author writes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from pickle import PicklingError
from typing import Any, ClassVar, final

import joblib
import numpy as np

from explaudit.errors import ContractError
from explaudit.scenario import Access, Scenario, Surface
from explaudit.seeds import derive_seed, shielded_global_rng

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

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "apply" in vars(cls):
            raise ContractError(f"{cls.__name__}: `apply` is final; write `_tamper` instead.")

    @abstractmethod
    def _tamper(self, scenario: Scenario, rng: np.random.Generator) -> Scenario:
        """Return the scenario with the declared surface changed; leave the given one alone."""

    @final
    def apply(self, scenario: Scenario, *, seed: int) -> Scenario:
        """Attack a scenario. The caller's global random state is left alone.

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
        with shielded_global_rng(derive_seed(seed, "global")):
            attacked = self._tamper(scenario, np.random.default_rng(seed))
        if type(attacked) is not type(scenario):
            raise ContractError(
                f"attack {self.name!r}: _tamper must return a Scenario, it returned "
                f"{type(attacked).__name__}. End it with `return scenario.replace(...)`."
            )
        self._check_given(scenario, before)
        self._check_returned(scenario, attacked, before)
        return attacked

    def _check_given(self, scenario: Scenario, before: dict[str, str]) -> None:
        after = _fingerprints(scenario)
        modified = sorted(k for k in before | after if before.get(k) != after.get(k))
        if modified and not (modified == ["model"] and _changes_when_asked(scenario)):
            raise ContractError(
                f"attack {self.name!r} modified {', '.join(modified)} in place; "
                "change a copy and return scenario.replace(...)."
            )

    def _check_returned(
        self, scenario: Scenario, attacked: Scenario, before: dict[str, str]
    ) -> None:
        # attributes that are not fields count too: one could hide a method of the scenario
        changed = {
            name
            for name in vars(attacked) | vars(scenario)
            if getattr(attacked, name, None) is not getattr(scenario, name, None)
        }
        surface = self.surface.field
        undeclared = sorted(changed - {surface})
        if undeclared:
            raise ContractError(
                f"attack {self.name!r} declares the surface {self.surface.value!r} but changed "
                f"{', '.join(undeclared)}; declare that surface or leave it alone."
            )
        if not changed or _fingerprint(getattr(attacked, surface)) == before[surface]:
            raise ContractError(
                f"attack {self.name!r} returned the scenario unchanged; an attack that can do "
                "nothing here must raise InvalidInputError and say why."
            )


def _fingerprints(scenario: Scenario) -> dict[str, str]:
    """Return a hash of the content of each field; a file counts with what it holds."""
    return {name: _fingerprint(value) for name, value in vars(scenario).items()}


def _fingerprint(value: Any) -> str:
    if isinstance(value, Path) and value.is_file():
        return f"{value}:{joblib.hash(value.read_bytes())}"
    found = _hash(value)
    if found is not None:
        return found
    # what cannot be pickled counts by identity and by those of its attributes that can be
    attributes = getattr(value, "__dict__", {})
    return f"{id(value)}:{joblib.hash({k: _hash(v) or id(v) for k, v in attributes.items()})}"


def _hash(value: Any) -> str | None:
    try:
        return str(joblib.hash(value))
    except (PicklingError, TypeError, AttributeError):
        return None


def _changes_when_asked(scenario: Scenario) -> bool:
    """Whether merely asking the model changes it, such as a search tree that counts its queries.

    Of such a model nobody can tell whether the attack modified it or only asked it.
    """
    before = _fingerprint(scenario.model)
    scenario.answer(scenario.background.head(1))
    return _fingerprint(scenario.model) != before
