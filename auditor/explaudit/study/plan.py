"""The plan: which cells a study consists of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from explaudit.cells import Cell, Part
from explaudit.errors import InvalidInputError
from explaudit.study.roles import Protocol, Roles, roles
from explaudit.study.settings import attack_parts, explainer_parts, is_matched

__all__ = ["PRESETS", "StudySettings", "plan"]

Role = Literal["honest", "attacked", "innocent"]


class StudySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a user chooses of a study.

    Attributes
    ----------
    preset : str
        The preset that the settings started from.
    protocol : {"sound", "published"}
        The sound version, or the study as published with its defects.
    datasets : tuple of str
        Names of the data sets.
    attacks, explainers : tuple of str or None
        Short names of settings; None for all that the protocol has.
    innocuous : tuple of str or None
        How many unrelated features psi looks at, "one" or "two"; None for all that there are.
    bias : float or None
        None for the study's rule, which decides by the sensitive feature alone; a number for a
        trained model's score less that much for protected rows.
    n_rows : int or None
        Held-out rows to explain in each cell; None for all.
    n_rows_crossed : int or None
        The same for cells in which the audit setting is not the one that the gate was trained for.
    replicates : int
        Repetitions with their own split, gate and background.
    max_rows : int or None
        Rows of a data set to use at the most.
    seed : int
        The base seed.
    fidelity_floor : float
        Least agreement of e with f on held-out rows for an attack to count.
    harm_tolerance : float
        Most by which the true harm on held-out rows may differ between e and f for an attack to
        count. A rule that follows the group exactly and keeps the fidelity floor of 0.9 can change
        the demographic-parity gap by 0.2, so the default asks no more than the floor does.
    own_communities_file : str
        SHA-256 of the user's own unnormalised Communities and Crime file; empty for the packaged,
        normalised one.
    """

    preset: str = "standard"
    protocol: Protocol = "sound"
    datasets: tuple[str, ...] = ("compas", "german", "communities", "adult")
    attacks: tuple[str, ...] | None = None
    explainers: tuple[str, ...] | None = None
    innocuous: tuple[str, ...] | None = ("one",)
    bias: float | None = None
    n_rows: int | None = 20
    n_rows_crossed: int | None = 20
    replicates: int = 2
    max_rows: int | None = 6500
    seed: int = 0
    fidelity_floor: float = 0.9
    harm_tolerance: float = 0.2
    own_communities_file: str = ""


PRESETS: dict[str, StudySettings] = {
    "quick": StudySettings(
        preset="quick",
        datasets=("compas",),
        attacks=("lime", "kmeans10", "rows"),
        explainers=(
            "lime",
            "kmeans10",
            "rows10",
            "occlusion",
            "partial-dependence",
            "matched-pairs",
        ),
        n_rows=15,
        n_rows_crossed=15,
    ),
    "standard": StudySettings(
        datasets=("compas", "german", "adult"),
        explainers=(
            "lime",
            "kmeans10",
            "rows10",
            "rows50",
            "permutation10",
            "occlusion",
            "permutation-importance",
            "partial-dependence",
            "matched-pairs",
        ),
        n_rows=10,
        n_rows_crossed=10,
    ),
    "full": StudySettings(preset="full", n_rows=50, n_rows_crossed=50, replicates=5),
    "paper": StudySettings(
        preset="paper",
        protocol="published",
        datasets=("compas", "german", "communities"),
        innocuous=None,
        n_rows=None,
        n_rows_crossed=50,
        replicates=1,
        max_rows=None,
    ),
}


def plan(settings: StudySettings) -> list[Cell]:
    """Return every cell of a study.

    Raises
    ------
    InvalidInputError
        If a data set, an attack, an explainer or an innocuous model has no such name, a data set
        is named twice, or a number is out of range.
    """
    _check(settings)
    return [cell for name in settings.datasets for cell in _dataset_cells(settings, name)]


def _check(settings: StudySettings) -> None:
    for name in ("n_rows", "n_rows_crossed", "replicates", "max_rows"):
        value = getattr(settings, name)
        if value is not None and value < 1:
            raise InvalidInputError(name, "at least 1", value)
    for name in ("fidelity_floor", "harm_tolerance"):
        if not 0 <= getattr(settings, name) <= 1:
            raise InvalidInputError(name, "a number between 0 and 1", getattr(settings, name))
    if settings.bias is not None and not 0 < settings.bias <= 1:
        raise InvalidInputError("bias", "more than 0 and at most 1", settings.bias)
    if not settings.datasets:
        raise InvalidInputError("datasets", "at least one data set", settings.datasets)
    if len(set(settings.datasets)) < len(settings.datasets):
        raise InvalidInputError("datasets", "each data set once", settings.datasets)


def _dataset_cells(settings: StudySettings, name: str) -> Iterator[Cell]:
    played = roles(name, settings.protocol)
    known = attack_parts(name, settings.protocol, settings.fidelity_floor)
    attacks = _chosen("attack", settings.attacks, known)
    explainers = _chosen("explainer", settings.explainers, explainer_parts(name, settings.protocol))
    for replicate in range(settings.replicates):
        for role, attack_setting, attack, psi in _models(played, attacks, settings.innocuous):
            for explainer_setting in ("", *explainers):
                matched = is_matched(name, settings.protocol, attack_setting, explainer_setting)
                yield Cell(
                    kind="explanation" if explainer_setting else "behaviour",
                    dataset=_dataset_part(settings, name),
                    model=played.biased(settings.bias),
                    innocuous=psi,
                    role=role,
                    attack=attack,
                    attack_setting=attack_setting,
                    explainer=explainers.get(explainer_setting),
                    explainer_setting=explainer_setting,
                    n_rows=_n_rows(settings, explainer_setting, matched),
                    replicate=replicate,
                    seed=settings.seed,
                )


def _n_rows(settings: StudySettings, explainer_setting: str, matched: bool) -> int | None:
    if not explainer_setting:
        return None  # behaviour is measured on every held-out row
    return settings.n_rows if matched else settings.n_rows_crossed


def _models(
    played: Roles, attacks: dict[str, Part], wanted: tuple[str, ...] | None
) -> Iterator[tuple[Role, str, Part | None, Part]]:
    yield "honest", "", None, played.innocuous["one"]
    for number, model in _chosen("innocuous", wanted, played.innocuous).items():
        suffix = "" if number == "one" else f"-{number}"
        yield "innocent", suffix.removeprefix("-"), None, model
        for short, attack in attacks.items():
            yield "attacked", short + suffix, attack, model


def _dataset_part(settings: StudySettings, name: str) -> Part:
    preparation: dict[str, str | int | None] = {
        "protocol": settings.protocol,
        "max_rows": settings.max_rows,
    }
    if settings.own_communities_file and name == "communities":
        # by its content, so that a study is never resumed with another file
        preparation["own_file"] = settings.own_communities_file
    return Part(name, preparation)


def _chosen(kind: str, wanted: tuple[str, ...] | None, known: dict[str, Part]) -> dict[str, Part]:
    if wanted is None:
        return known
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise InvalidInputError(kind, f"one of {', '.join(known)}", unknown[0])
    return {name: known[name] for name in wanted}
