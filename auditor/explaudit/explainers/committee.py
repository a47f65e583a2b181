"""A committee: several explainers, and what they say together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from explaudit import registry
from explaudit.errors import InvalidInputError
from explaudit.explainer import Explainer, RowExplanation, View
from explaudit.explainers._settings import require_choice
from explaudit.seeds import derive_seed, shielded_global_rng

__all__ = ["Committee"]

Array = npt.NDArray[np.float64]
Combine = Literal["median", "largest"]
Member = tuple[str, Mapping[str, Any]]

_MEMBERS: tuple[Member, ...] = (
    ("lime", {}),
    ("kernel_shap", {"background": "kmeans", "n_background": 10}),
    ("permutation_importance", {}),
    ("linear_probe", {}),
)


@dataclass(frozen=True)
class Committee(Explainer):
    """What several explainers say together, as shares: from 0, not shown, to 1, all there is.

    A member's share for a feature is ``|a_j| / sum |a|`` of its own attributions for the row, so
    that explainers in different units can be compared. Each member explains as it would alone
    with the same seed.

    Parameters
    ----------
    members : sequence of (str, mapping)
        Names of registered explainers, each with its settings.
    combine : {"median", "largest"}
        What a feature gets: the median of the members' shares, or the largest, so that whatever
        any member implicates is implicated.

    Notes
    -----
    The sign is that of the sum of the members' signed shares; plus where they cancel out. Members
    that never give a negative value, such as permutation importance, count as positive in it.

    A feature that a member does not show, NaN or 0, has a share of 0. A member that cannot explain
    a row abstains from it; the diagnostic ``"n_members"`` is how many did explain it. There is no
    base value. The notes are the members', each under its name and place, as in
    ``"lime[0].engine"``.

    To conceal a feature an adversary must deceive every member, or under the median about half of
    them. The price is that any member's noise implicates, too.

    Source: Rieger and Hansen 2020, "A simple defense against adversarial attacks on heatmap
    explanations" (arXiv 2007.06381), whose aggregate is the mean of normalised explanations; the
    median and the largest share in its place are ours.
    """

    name: ClassVar[str] = "committee"
    source: ClassVar[str] = "after Rieger and Hansen 2020 (arXiv 2007.06381), aggregation"

    members: Sequence[Member] = _MEMBERS
    combine: Combine = "largest"

    def __post_init__(self) -> None:
        require_choice("combine", self.combine, Combine)
        object.__setattr__(self, "members", _checked(self.members))
        # an unknown name or setting is refused now rather than in the middle of a study
        self._explainers()

    @property
    def settings(self) -> dict[str, Any]:
        """All settings as JSON values."""
        members = [[name, dict(settings)] for name, settings in self.members]
        return {"members": members, "combine": self.combine}

    def _explainers(self) -> list[Explainer]:
        return [registry.create("explainers", name, settings) for name, settings in self.members]

    def _explain(self, view: View, seed: int) -> list[RowExplanation]:
        shares = []
        for place, member in enumerate(self._explainers()):
            own = replace(view, notes={})
            with shielded_global_rng(derive_seed(seed, "global")):
                shares.append(_shares(member._explain(own, seed)))
            prefix = f"{member.name}[{place}]"
            view.notes.update({f"{prefix}.{note}": said for note, said in own.notes.items()})
        return [self._combined(own) for own in np.stack(shares, axis=1)]

    def _combined(self, shares: Array) -> RowExplanation:
        """Combine what members, (n_members, n_features), say about one row."""
        said = shares[~np.isnan(shares).any(axis=1)]
        found = {"n_members": float(len(said))}
        if len(said) == 0:
            nothing = np.full(shares.shape[1], np.nan)
            return RowExplanation(nothing, diagnostics=found, reason="no member could explain it")
        sizes = np.abs(said)
        combined = np.median(sizes, axis=0) if self.combine == "median" else sizes.max(axis=0)
        signs = np.where(said.sum(axis=0) < 0, -1.0, 1.0)
        return RowExplanation(signs * combined, diagnostics=found)


def _checked(members: Sequence[Any]) -> tuple[Member, ...]:
    pairs: list[Member] = []
    for member in members:
        match member:
            case [str(name), Mapping() as settings]:
                pairs.append((name, dict(settings)))
            case _:
                raise InvalidInputError(
                    "members", "pairs of an explainer's name and its settings", member
                )
    if not pairs:
        raise InvalidInputError("members", "at least one explainer", members)
    return tuple(pairs)


def _shares(explained: list[RowExplanation]) -> Array:
    """Return signed shares, (n_rows, n_features); NaN in rows that could not be explained."""
    values = np.array([row.values for row in explained], dtype=np.float64)
    shown = np.nan_to_num(values, nan=0.0)
    totals = np.abs(shown).sum(axis=1, keepdims=True)
    shares: Array = shown / np.where(totals > 0, totals, 1.0)
    shares[np.isnan(values).all(axis=1)] = np.nan
    return shares
