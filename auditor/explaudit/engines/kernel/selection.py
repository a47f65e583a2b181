"""Which features get an attribution at all: the l1 regularisation of KernelSHAP."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from explaudit.engines.kernel.coalitions import Coalitions
from explaudit.engines.kernel.lars import Leaders, leading_features
from explaudit.engines.kernel.solve import KernelSystem, tidied
from explaudit.errors import InvalidInputError

__all__ = ["Problems", "SelectingSystem", "Selection", "attributions"]

Array = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

# above this share of all coalitions, shap's "auto" selects nothing
_WELL_ENUMERATED = 0.2


@dataclass(frozen=True)
class Selection:
    """A rule that selects features.

    Attributes
    ----------
    kind : {"all", "count", "criterion", "lasso"}
        No selection; the first `n_features` of a least-angle path; the lasso model of the least
        information `criterion`; the lasso with penalty `alpha`.
    """

    kind: Literal["all", "count", "criterion", "lasso"]
    n_features: int = 0
    criterion: Literal["aic", "bic"] = "aic"
    alpha: float = 0.0

    @classmethod
    def parse(cls, l1_reg: bool | str | float, share: float) -> Selection:
        """Read a setting as shap writes it.

        Parameters
        ----------
        l1_reg : False, str or float
            False or 0, ``"num_features(k)"``, ``"aic"``, ``"bic"``, ``"auto"`` or the penalty.
        share : float
            The budget as a share of all coalitions; "auto" is "aic" where it is below 0.2.

        Raises
        ------
        InvalidInputError
            If it is none of these.
        """
        if l1_reg is False or l1_reg == 0:
            return cls("all")
        if l1_reg == "auto":
            return cls("criterion") if share < _WELL_ENUMERATED else cls("all")
        if l1_reg in ("aic", "bic"):
            return cls("criterion", criterion="aic" if l1_reg == "aic" else "bic")
        count = re.fullmatch(r"num_features\((\d+)\)", l1_reg) if isinstance(l1_reg, str) else None
        if count and int(count[1]) > 0:
            return cls("count", n_features=int(count[1]))
        if isinstance(l1_reg, str) or l1_reg is True or not l1_reg > 0:
            expected = "False, 'num_features(k)', 'aic', 'bic', 'auto' or a positive number"
            raise InvalidInputError("l1_reg", expected, l1_reg)
        return cls("lasso", alpha=float(l1_reg))


class SelectingSystem(KernelSystem):
    """The regression with a selection of features before it.

    Features are selected on samples that hold each coalition twice: once as it is, and once
    shifted by the constraint that attributions add up, so that both ends count.

    Parameters
    ----------
    coalitions : Coalitions
    selection : Selection
    """

    def __init__(self, coalitions: Coalitions, selection: Selection) -> None:
        super().__init__(coalitions)
        self.selection = selection

    @property
    def n_bytes(self) -> int:
        """The memory that the regression holds, with the samples that a selection may need."""
        samples = 0 if self.selection.kind == "all" else 16 * self.coalitions.masks.size
        return super().n_bytes + samples

    def solve_by_selection(
        self, problems: Problems, moments: Array, leaders: Leaders | None
    ) -> Array:
        """Select features and solve for them.

        Parameters
        ----------
        problems : Problems
            Of this system.
        moments : ndarray of shape (n_problems, n_features)
        leaders : Leaders or None
            Of these problems, if the selection counts features.

        Returns
        -------
        ndarray of shape (n_problems, n_features)
            Exactly 0 for features that were not selected.
        """
        if self.selection.kind == "all":
            return tidied(self.solve(moments, problems.totals))
        selected = self._selected(problems, leaders)
        values, sizes = np.zeros_like(moments), np.array([len(chosen) for chosen in selected])
        for size in np.unique(sizes[sizes > 0]):
            which = np.flatnonzero(sizes == size)
            chosen = np.array([selected[i] for i in which])
            values[which] = self.solve_selected(chosen, moments[which], problems.totals[which])
        return tidied(values)

    def _selected(self, problems: Problems, leaders: Leaders | None) -> list[Positions]:
        selected = []
        for i, (answers, total) in enumerate(zip(problems.answers, problems.totals, strict=True)):
            if leaders is not None and leaders.certain[i]:
                selected.append(leaders.selected(i))
            else:
                select = self._by_lasso if leaders is None else self._by_path
                selected.append(select(*self._samples(answers, total)))
        return selected

    @cached_property
    def sample_gram(self) -> Array:
        """The Gram matrix of the doubled samples, which follows from that of the coalitions."""
        by_row = self.gram.sum(axis=1)
        doubled: Array = (
            len(by_row) * self.gram - by_row[:, None] - by_row[None, :] + np.trace(self.gram)
        )
        return doubled

    def correlations(self, moments: Array, totals: Array) -> Array:
        """Return the products of the doubled samples with their answers."""
        shift = self.gram.sum(axis=1) - np.trace(self.gram)
        sums = moments.sum(axis=1)[:, None]
        products: Array = moments.shape[1] * moments - sums - totals[:, None] * shift
        return products

    @cached_property
    def _doubled(self) -> tuple[Array, Array]:
        """The doubled samples, with an empty one for each unused place, and their root weights."""
        unused = self.coalitions.n_planned - len(self.coalitions.masks)
        masks = np.pad(self.coalitions.masks.astype(np.float64), ((0, unused), (0, 0)))
        weights, sizes = np.pad(self.coalitions.weights, (0, unused)), masks.sum(axis=1)
        roots = np.sqrt(np.hstack([weights * (masks.shape[1] - sizes), weights * sizes]))
        return np.vstack([masks, masks - 1]) * roots[:, None], roots

    def _samples(self, answers: Array, total: float) -> tuple[Array, Array]:
        samples, roots = self._doubled
        padded = np.pad(answers, (0, self.coalitions.n_planned - len(answers)))
        return samples, np.hstack([padded, padded - total]) * roots

    def _by_path(self, samples: Array, answers: Array) -> Positions:
        """Select on the samples themselves, where even rounding is that of shap."""
        from sklearn.linear_model import lars_path

        order = lars_path(samples, answers, max_iter=self.selection.n_features)[1]
        return np.asarray(order, dtype=np.intp)

    def _by_lasso(self, samples: Array, answers: Array) -> Positions:
        from sklearn.linear_model import Lasso, LassoLarsIC
        from sklearn.preprocessing import StandardScaler

        if self.selection.kind == "lasso":
            return np.flatnonzero(Lasso(alpha=self.selection.alpha).fit(samples, answers).coef_)
        scaled = StandardScaler(with_mean=False).fit_transform(samples)
        model = LassoLarsIC(criterion=self.selection.criterion).fit(scaled, answers)
        return np.flatnonzero(model.coef_)


@dataclass(frozen=True, eq=False)
class Problems:
    """Answers to the coalitions of one system.

    Attributes
    ----------
    system : SelectingSystem
    answers : ndarray of shape (n_problems, n_coalitions)
        What each coalition adds to the base value.
    totals : ndarray of shape (n_problems,)
        What the full coalition adds.
    """

    system: SelectingSystem
    answers: Array
    totals: Array


def attributions(together: Sequence[Problems]) -> list[Array]:
    """Return the attributions of problems of several systems.

    Features that are counted off are selected for all of them at once, which costs little more
    than for one: a path is many small steps.

    Parameters
    ----------
    together : sequence of Problems
        Their systems have equally many features, and the same selection.

    Returns
    -------
    list of ndarray of shape (n_problems, n_features)
        In the order of the systems.
    """
    moments = [problems.system.moments(problems.answers) for problems in together]
    leaders: Sequence[Leaders | None] = [None] * len(together)
    if together[0].system.selection.kind == "count":
        leaders = _leaders(together, moments)
    return [
        problems.system.solve_by_selection(problems, own, leading)
        for problems, own, leading in zip(together, moments, leaders, strict=True)
    ]


def _leaders(together: Sequence[Problems], moments: Sequence[Array]) -> list[Leaders]:
    systems, sizes = [problems.system for problems in together], [len(own) for own in moments]
    correlations = np.concatenate(
        [p.system.correlations(own, p.totals) for p, own in zip(together, moments, strict=True)]
    )
    n_steps = min(systems[0].selection.n_features, correlations.shape[1])
    n_samples = np.array([2 * system.coalitions.n_planned for system in systems])
    owner = np.repeat(np.arange(len(systems)), sizes)
    grams = np.stack([system.sample_gram for system in systems])
    leaders = leading_features(grams, owner, correlations, n_steps, n_samples[owner])
    return [leaders.part(owner == i) for i in range(len(systems))]
