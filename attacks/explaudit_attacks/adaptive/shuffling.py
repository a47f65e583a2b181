"""Output shuffling: the model is fair, but a batch's scores are dealt out by group."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from explaudit.attack import Attack
from explaudit.errors import InvalidInputError
from explaudit.scenario import Access, Postprocess, Scenario, Surface
from explaudit_attacks._inputs import Mask, meets

__all__ = ["Shuffle", "ShuffledOutputs", "ShufflingAttack"]

Shuffle = Literal["dominance", "mixing", "swapping"]
Scores = npt.NDArray[np.float64]
Order = npt.NDArray[np.intp]


@dataclass(frozen=True)
class ShuffledOutputs:
    """Give a batch's own scores to other rows of it, to the harm of one group.

    The scores of the batch stay the same multiset. A row alone keeps its score. Equal batches get
    equal answers.

    Attributes
    ----------
    column, threshold, negative_when
        Who is in the harmed group, as in :class:`explaudit_attacks.SensitiveRule`.
    kind : {"dominance", "mixing", "swapping"}
        All of the favoured group first; both groups in turn, the favoured one with probability
        `favour`; or one pass that exchanges neighbours in the ranking wherever a harmed row
        stands just above a favoured one.
    favour : float
        For mixing.
    salt : int
        For the draws of mixing.
    before : callable or None
        What was done to the outputs already.
    """

    column: int | str
    threshold: float
    negative_when: str
    kind: Shuffle
    favour: float
    salt: int
    before: Postprocess | None = None

    def __call__(self, table: pd.DataFrame, outputs: Scores) -> Scores:
        """Shuffle the outputs of a batch, of shape (n_rows,)."""
        if self.before is not None:
            outputs = np.asarray(self.before(table, outputs), dtype=np.float64)
        harmed = meets(table, self.column, self.threshold, self.negative_when)
        order = np.argsort(-outputs, kind="stable")
        shuffled = np.empty_like(outputs)
        shuffled[self._reordered(order, harmed, outputs)] = outputs[order]
        return shuffled

    def _reordered(self, order: Order, harmed: Mask, outputs: Scores) -> Order:
        above, below = order[~harmed[order]], order[harmed[order]]
        if self.kind == "dominance":
            return np.concatenate([above, below])
        if self.kind == "mixing":
            return _merged(above, below, self._generator(outputs, harmed), self.favour)
        return _passed(order, harmed)

    def _generator(self, outputs: Scores, harmed: Mask) -> np.random.Generator:
        content = hashlib.sha256(outputs.tobytes() + harmed.tobytes()).digest()
        return np.random.default_rng([self.salt, *content])


@dataclass(frozen=True)
class ShufflingAttack(Attack):
    """Deal a batch's scores out by group after a model that may well be fair has made them.

    No query is recognised and no model is biased: the harm arises in the batch. An explainer's
    batch is shuffled as well, so what harms much shows in it too: dominance most, mixing less.
    Swapping hardly shows and hardly harms.

    Parameters
    ----------
    column : int or str
        The sensitive column.
    threshold : float
        For a numeric column.
    negative_when : str
        Who is harmed: those ``"above"`` or ``"below"`` the threshold, or at this level.
    kind : {"dominance", "mixing", "swapping"}
        See :class:`ShuffledOutputs`.
    favour : float
        For mixing: how often the favoured group comes next.
    """

    name: ClassVar[str] = "output_shuffling"
    surface: ClassVar[Surface] = Surface.OUTPUT
    access: ClassVar[Access] = Access.BATCH
    source: ClassVar[str] = (
        "Yuan & Dasgupta, 'Fooling SHAP with Output Shuffling Attacks', arXiv 2408.06509, 2024"
    )

    column: int | str
    threshold: float = 0.0
    negative_when: str = "above"
    kind: Shuffle = "dominance"
    favour: float = 0.7

    def __post_init__(self) -> None:
        if self.kind not in get_args(Shuffle):
            raise InvalidInputError("kind", f"one of {get_args(Shuffle)}", self.kind)
        if not 0.5 < self.favour < 1:
            raise InvalidInputError("favour", "a probability above one half", self.favour)

    def _tamper(self, scenario: Scenario, rng: np.random.Generator) -> Scenario:
        # an unsuitable column is refused now rather than at the first question
        meets(scenario.background, self.column, self.threshold, self.negative_when)
        shuffled = ShuffledOutputs(
            self.column,
            self.threshold,
            self.negative_when,
            self.kind,
            self.favour,
            salt=int(rng.integers(2**31)),
            before=scenario.postprocess,
        )
        return scenario.replace(postprocess=shuffled)


def _merged(above: Order, below: Order, rng: np.random.Generator, favour: float) -> Order:
    """Merge two rankings, the first one's next row coming next with probability `favour`."""
    merged, i, j = np.empty(len(above) + len(below), dtype=np.intp), 0, 0
    for place, draw in enumerate(rng.random(len(merged))):
        if j == len(below) or (i < len(above) and draw < favour):
            merged[place], i = above[i], i + 1
        else:
            merged[place], j = below[j], j + 1
    return merged


def _passed(order: Order, harmed: Mask) -> Order:
    """Go down a ranking once and exchange neighbours where a harmed row is above another."""
    order = order.copy()
    for i in range(len(order) - 1):
        if harmed[order[i]] and not harmed[order[i + 1]]:
            order[i], order[i + 1] = order[i + 1], order[i]
    return order
