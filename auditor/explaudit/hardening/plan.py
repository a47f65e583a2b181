"""Which explanations a benchmark of hardened explainers asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from explaudit.cells import Cell, Part
from explaudit.errors import InvalidInputError
from explaudit.hardening.cast import CAST, LAWS, Law, Member
from explaudit.study.roles import Roles, roles

__all__ = ["BIASES", "PRESETS", "HardeningSettings", "is_hardening_log", "plan_hardening"]

#: The biases by name: the study's rule, and what is taken off a trained score.
BIASES: Mapping[str, float | None] = {"rule": None, "0.3": 0.3}

_SHOWN = ("coin", "mimic")


class HardeningSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a user chooses of a benchmark of hardened explainers.

    Attributes
    ----------
    preset : str
        The preset that the settings started from.
    datasets : tuple of str
        Names of the data sets.
    replicates : int
        Repetitions with their own split, coins, gates and explained rows.
    n_rows : int
        Rows that each explainer explains of each model.
    max_rows : int
        Rows of a data set to use at the most.
    keep_real : float
        Share of real rows that every attacker's gate takes for real, so that no attack pays for
        its deception with the decisions that it is to conceal.
    gate_queries : int
        Queries that a gate is trained on.
    seed : int
        The base seed.
    """

    preset: str = "standard"
    datasets: tuple[str, ...] = ("compas", "german", "communities", "adult")
    replicates: int = 2
    n_rows: int = 20
    max_rows: int = 6500
    keep_real: float = 0.9
    gate_queries: int = 10_000
    seed: int = 0


PRESETS: dict[str, HardeningSettings] = {
    "quick": HardeningSettings(
        preset="quick", datasets=("compas",), replicates=1, n_rows=6, max_rows=2500
    ),
    "standard": HardeningSettings(),
}


def is_hardening_log(settings: Mapping[str, Any]) -> bool:
    """Return whether a log's settings are those of a benchmark of hardened explainers."""
    return "gate_queries" in settings


def plan_hardening(settings: HardeningSettings) -> list[Cell]:
    """Return every cell of a benchmark, those together that share models and gates.

    What an attacker shows instead, a rule of a coin or an imitation of the biased model without the
    sensitive feature, takes turns over biases and replicates and is the same for all explainers.

    Raises
    ------
    InvalidInputError
        If a data set has no roles, or a number is out of range.
    """
    for name in ("replicates", "n_rows", "max_rows", "gate_queries"):
        if getattr(settings, name) < 1:
            raise InvalidInputError(name, "at least 1", getattr(settings, name))
    if not 0 < settings.keep_real < 1:
        raise InvalidInputError("keep_real", "more than 0 and less than 1", settings.keep_real)
    return [
        cell
        for name in settings.datasets
        for replicate in range(settings.replicates)
        for cell in _of_table(settings, name, replicate)
    ]


def _of_table(settings: HardeningSettings, name: str, replicate: int) -> Iterator[Cell]:
    played = roles(name, "sound")
    fair = Part("mimic", {"column": played.sensitive})
    shared: dict[str, Any] = {
        "kind": "explanation",
        "dataset": Part(name, {"protocol": "sound", "max_rows": settings.max_rows}),
        "n_rows": settings.n_rows,
        "replicate": replicate,
        "seed": settings.seed,
    }
    for explainer, member in CAST.items():
        shared["explainer"] = Part(explainer, dict(member.settings))
        shared["explainer_setting"] = explainer
        plain = {**shared, "attack": None, "attack_setting": ""}
        yield Cell(model=fair, innocuous=fair, role="innocent", **plain)
        for place, (bias, strength) in enumerate(BIASES.items()):
            psi = _SHOWN[(replicate + place) % 2]
            models: dict[str, Any] = {
                "model": played.biased(strength),
                "innocuous": _innocuous(played, psi),
            }
            yield Cell(role="honest", **models, **plain)
            for attacker, law in _attackers(member):
                yield Cell(
                    role="attacked",
                    attack=_attack(law, settings),
                    attack_setting=f"{attacker}/{bias}/{psi}",
                    **models,
                    **shared,
                )


def _attackers(member: Member) -> tuple[tuple[str, Law], ...]:
    if member.one_attacker:
        return (("both", member.own),)
    return ("unmatched", member.hardens), ("matched", member.own)


def _attack(law: Law, settings: HardeningSettings) -> Part:
    return Part(
        "scaffold",
        {
            "sampler": msgspec.to_builtins(LAWS[law]),
            "keep_real": settings.keep_real,
            "n_queries": settings.gate_queries,
            # queries that are real rows are nothing to learn from unless they count as queries
            "relabel_real": law != "real_rows",
        },
    )


def _innocuous(played: Roles, psi: str) -> Part:
    return played.innocuous["one"] if psi == "coin" else Part("mimic", {"column": played.sensitive})
