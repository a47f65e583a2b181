"""LIME on those perturbed rows alone whose answers go with the real rows near them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from explaudit.audit.knn_cad import Aggregate, KnnCad, labels_of
from explaudit.engines.lime import LimeSettings, prepare
from explaudit.engines.lime.draws import FastDraws
from explaudit.engines.lime.neighbourhood import Sampler
from explaudit.errors import InvalidInputError
from explaudit.explainer import RowExplainer, RowExplanation, View
from explaudit.explainers._real_rows import RealRows
from explaudit.explainers._settings import require_at_least, require_choice, require_positive
from explaudit.explainers._surrogate import local_surrogate
from explaudit.seeds import derive_seed

__all__ = ["CadDefend"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CadDefend(RowExplainer):
    """LIME that drops perturbed rows whose answers do not go with the real rows near them.

    Perturbed rows are drawn as LIME draws them and scored against the answers to real rows by
    :class:`~explaudit.audit.knn_cad.KnnCad`. Those below `min_score` are dropped, and more are
    drawn until `num_samples` are left.

    Parameters
    ----------
    num_samples : int
        Perturbed rows to fit to, the explained row included.
    discretize_continuous : bool
        Whether numeric features are cut into quartiles, as in :class:`LimeTabular`.
    kernel_width : float or None
        Width of the exponential kernel; None is ``0.75 * sqrt(n_features)``.
    min_score : float
        Least score of a row that is kept.
    max_rounds : int
        How often ``2 * num_samples`` rows are drawn at the most; then what is left is fitted to.
    k, p, agg
        Of the score.
    n_background : int
        Real rows, drawn from the background, that answers are compared with.

    Notes
    -----
    The diagnostics are those of :class:`LimeTabular`, and ``"kept"``, the share of drawn rows
    that are kept. Answers that are no labels are compared as
    :func:`~explaudit.audit.knn_cad.labels_of` cuts them.

    An honest model loses those rows too on which it is least like its neighbourhood, so a
    feature that acts abruptly is shown weaker than it is. And a model that answers queries
    as the majority of real rows near them would is not filtered at all.

    Source: Carmichael and Scheirer 2023, "Unfooling perturbation-based post hoc explainers"
    (AAAI), CAD-Defend; `min_score` is that of its published code.
    """

    name: ClassVar[str] = "cad_defend"
    source: ClassVar[str] = "Carmichael and Scheirer 2023 (AAAI), CAD-Defend"

    num_samples: int = 5000
    discretize_continuous: bool = True
    kernel_width: float | None = None
    min_score: float = 0.9
    max_rounds: int = 5
    k: int = 15
    p: float = 1.0
    agg: Aggregate = "max"
    n_background: int = 2000

    def __post_init__(self) -> None:
        require_at_least("num_samples", self.num_samples, 2)
        for setting in ("max_rounds", "k", "p", "n_background"):
            require_at_least(setting, getattr(self, setting), 1)
        require_choice("agg", self.agg, Aggregate)
        if not 0.0 <= self.min_score <= 1.0:
            raise InvalidInputError("min_score", "a number between 0 and 1", self.min_score)
        if self.kernel_width is not None:
            require_positive("kernel_width", self.kernel_width)

    def _prepare(self, view: View, seed: int) -> Callable[[Array, int], RowExplanation]:
        real = RealRows.ask(view, self.n_background, seed, self.name)
        plausible = _Plausible(self, real, view.encoder.categorical)
        settings = LimeSettings(
            discretize_continuous=self.discretize_continuous, num_samples=2 * self.num_samples
        )
        table = prepare(view.background, view.encoder.categorical, settings)
        sampler = Sampler(table, settings, FastDraws())

        def explain_row(row: Array, own_seed: int) -> RowExplanation:
            designs, parts, n_drawn = [], [], 0
            for turn in range(self.max_rounds):
                drawn = sampler.draw(row, derive_seed(own_seed, turn))
                answers = view.query(drawn.samples)
                kept = plausible(drawn.samples, answers)
                # the first is the row itself, which is fitted to whatever its score
                kept[0] = turn == 0
                n_drawn += len(kept) - 1
                designs.append(drawn.design[kept])
                parts.append(answers[kept])
                if sum(map(len, parts)) >= self.num_samples:
                    break
            design, found = np.concatenate(designs), np.concatenate(parts)
            share = {"kept": (len(found) - 1) / n_drawn}
            chosen = slice(self.num_samples)
            return local_surrogate(design[chosen], found[chosen], self.kernel_width, share)

        return explain_row


class _Plausible:
    """Tells which rows are answered as the real rows near them."""

    def __init__(self, settings: CadDefend, real: RealRows, categorical: tuple[int, ...]) -> None:
        self._least = settings.min_score
        self._cad = KnnCad(real.rows, categorical, k=settings.k, p=settings.p, agg=settings.agg)
        self._known = real.answers[:, np.newaxis]
        self._labels = labels_of(self._known, self._known)

    def __call__(self, rows: Array, answers: Array) -> npt.NDArray[np.bool_]:
        labels = labels_of(answers[:, np.newaxis], self._known)
        kept: npt.NDArray[np.bool_] = (
            self._cad.scores(self._cad.neighbours(rows), self._labels, labels) >= self._least
        )
        return kept
