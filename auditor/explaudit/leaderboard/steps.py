"""Steps off the leaderboard: attacks that keep more or less of f, explainers that ask more or less.

Each step changes one thing of a trial that the leaderboard has, so that a curve goes through it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from explaudit.cells import Part
from explaudit.leaderboard.explainers import EXPLAINERS, SAMPLERS, coalitions

__all__ = ["ADVERSARY", "OFF_BOARD", "Axis", "Step", "steps"]

Axis = Literal["fidelity", "samples", "background"]

#: Who attacks along all curves: the study's own adversary.
ADVERSARY = "plain"

#: In short names of settings that only curves have.
OFF_BOARD = "@"

#: Shares of held-out real rows that gates are tuned to keep, beside the floor.
_KEPT = (0.6, 0.75, 0.95, 0.99)

#: The explainers that are followed, with the setting that holds their samples, and how many.
_SAMPLES: dict[str, tuple[str, tuple[int, ...]]] = {
    "lime": ("num_samples", (100, 300, 3000)),
    "kernel_shap_kmeans": ("nsamples", (64, 1024)),
}
_BACKGROUNDS: dict[str, tuple[int, ...]] = {"kernel_shap_kmeans": (2, 50)}


class Step(NamedTuple):
    """One point of a curve.

    Attributes
    ----------
    axis : {"fidelity", "samples", "background"}
        What is changed: the share of real rows that the gate keeps, the explainer's samples, or
        the size of its background.
    explainer : str
        Whose curve it is, by its name in :data:`EXPLAINERS`.
    value : float
        What it is changed to.
    part : Part
        The explainer as it is asked.
    setting : str
        Its short name in records.
    adversary : str
        Likewise; with the law's name, the attack's setting.
    law : str
        Short name of the law of queries that the gate learns.
    sampler : dict
        That law.
    keep_real : float
        Share of held-out real rows that the gate keeps.
    """

    axis: Axis
    explainer: str
    value: float
    part: Part
    setting: str
    adversary: str
    law: str
    sampler: dict[str, Any]
    keep_real: float

    @property
    def attack_setting(self) -> str:
        """Short name of the attack in records."""
        return f"{self.adversary}/{self.law}"

    @property
    def on_board(self) -> bool:
        """Whether the leaderboard itself has this point."""
        return OFF_BOARD not in self.setting + self.adversary


def steps(fidelity_floor: float) -> Iterator[Step]:
    """Return all steps of all curves, those that the leaderboard has among them.

    Parameters
    ----------
    fidelity_floor : float
        What the leaderboard's own gates are tuned to keep.
    """
    for explainer, (name, numbers) in _SAMPLES.items():
        judged = EXPLAINERS[explainer]
        law = SAMPLERS[judged.sampler]
        own = Step(
            "fidelity",
            explainer,
            fidelity_floor,
            judged.part,
            explainer,
            ADVERSARY,
            judged.sampler,
            law,
            fidelity_floor,
        )
        yield own
        for kept in _KEPT:
            if kept != fidelity_floor:
                adversary = f"{ADVERSARY}{OFF_BOARD}keep_real={kept:g}"
                yield own._replace(value=kept, adversary=adversary, keep_real=kept)
        yield from _samples(own, name, numbers)
        yield from _backgrounds(own, _BACKGROUNDS.get(explainer, ()))


def _samples(own: Step, name: str, numbers: tuple[int, ...]) -> Iterator[Step]:
    for number in (own.part.settings[name], *numbers):
        part = Part(own.part.name, {**own.part.settings, name: number})
        changed = own._replace(axis="samples", value=float(number), part=part)
        yield _named(changed, own)


def _backgrounds(own: Step, sizes: tuple[int, ...]) -> Iterator[Step]:
    """Return steps in which the attacker expects the background that the auditor takes."""
    for size in (own.part.settings["n_background"], *sizes) if sizes else ():
        part = Part(own.part.name, {**own.part.settings, "n_background": size})
        changed = own._replace(axis="background", value=float(size), part=part)
        if part != own.part:
            law = f"{own.law}_{size}"
            sampler = coalitions(part.settings["background"], size)
            changed = changed._replace(law=law, sampler=sampler)
        yield _named(changed, own)


def _named(changed: Step, own: Step) -> Step:
    if changed.part == own.part:
        return changed
    setting = f"{own.explainer}{OFF_BOARD}{changed.axis}={changed.value:g}"
    return changed._replace(setting=setting)
