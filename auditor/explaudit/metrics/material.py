"""What a metric may look at beside the attributions: the model, real rows, other explanations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from explaudit.blocks import MixedDistance, all_but
from explaudit.errors import InvalidInputError

__all__ = ["Material", "Nearby"]

Array = npt.NDArray[np.float64]
Masks = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Nearby:
    """Rows near each explained row, the model's answers to them, and their explanations.

    Attributes
    ----------
    rows : ndarray of shape (n_rows, n_nearby, n_features)
        Encoded; NaN where there is none.
    answers : ndarray of shape (n_rows, n_nearby)
        NaN where there is no row.
    values : ndarray of shape (n_rows, n_nearby, n_features)
        Attributions; NaN where there is no row, or no explanation.
    """

    rows: Array
    answers: Array
    values: Array


@dataclass(frozen=True, eq=False, kw_only=True)
class Material:
    """What there is to judge explanations by, all of it about one and the same deployed model.

    All rows are encoded: codes of levels in categorical columns.

    Attributes
    ----------
    rows : ndarray of shape (n_rows, n_features)
        The explained rows.
    answers : ndarray of shape (n_rows,)
        The model's answers to them.
    query : callable
        Asks the model: ``(n, n_features) -> (n,)``.
    reference : ndarray of shape (n_features,)
        What takes the place of a feature that is taken away: medians and commonest levels.
    real_rows, real_answers : ndarray of shape (n_real, n_features) and (n_real,)
        Real rows with the model's answers, for the on-manifold forms.
    positions : ndarray of int, shape (n_rows,)
        Where each explained row stands among the real rows; -1 if it does not.
    distance : MixedDistance
        By which real rows are near.
    categorical : tuple of int
        Positions of the categorical features.
    seed : int
        For the metrics that draw; equal seeds give equal values.
    protected : ndarray of bool, shape (n_rows,), optional
        Which explained rows belong to the protected group.
    surrogate_answers : ndarray of shape (n_rows,), optional
        What the explanation, read as a model, predicts for the explained rows.
    nearby : mapping of str to Nearby
        ``"drawn"``: small draws around each row; ``"real"``: the nearest real rows that get alike
        answers.
    peers : mapping of str to ndarray of shape (n_rows, n_features)
        Other attributions of the same rows: ``"rerun"`` (another seed), ``"randomised"`` (the
        deployed object made again from permuted labels), ``"shifted"`` (inputs moved and scaled,
        the model undoing it), ``"recoded"`` (levels in another order, columns in another order,
        both undone), and ``"explainer: NAME"`` for another explainer of the same model.
    truth : ndarray of shape (n_rows, n_features), optional
        The true attributions, where the model is known.
    correct_without : callable, optional
        ``(positions of features) -> (n_rows,)``: whether a model retrained without these features
        predicts the true outcome of each explained row, 1.0 or 0.0.
    n_neighbours : int
        Real neighbours for on-manifold values.
    """

    rows: Array
    answers: Array
    query: Callable[[Array], Array]
    reference: Array
    real_rows: Array
    real_answers: Array
    positions: npt.NDArray[np.intp]
    distance: MixedDistance
    categorical: tuple[int, ...] = ()
    seed: int = 0
    protected: Masks | None = None
    surrogate_answers: Array | None = None
    nearby: Mapping[str, Nearby] = field(default_factory=dict)
    peers: Mapping[str, Array] = field(default_factory=dict)
    truth: Array | None = None
    correct_without: Callable[[tuple[int, ...]], Array] | None = None
    n_neighbours: int = 30

    def __post_init__(self) -> None:
        n_rows, n_features = self.rows.shape
        for name, shape in {
            "answers": (n_rows,),
            "reference": (n_features,),
            "real_rows": (len(self.real_rows), n_features),
            "real_answers": (len(self.real_rows),),
            "positions": (n_rows,),
        }.items():
            if getattr(self, name).shape != shape:
                raise InvalidInputError(name, f"shape {shape}", getattr(self, name).shape)
        for name, peer in self.peers.items():
            if peer.shape != self.rows.shape:
                raise InvalidInputError(f"peers[{name!r}]", f"shape {self.rows.shape}", peer.shape)

    @property
    def there(self) -> frozenset[str]:
        """What there is, as metrics name their needs."""
        given = {
            "protected": self.protected,
            "surrogate_answers": self.surrogate_answers,
            "truth": self.truth,
            "correct_without": self.correct_without,
        }
        found = {"model", *(f"nearby {kind}" for kind in self.nearby)}
        found |= {name for name, value in given.items() if value is not None}
        found |= {name for name in self.peers if not name.startswith("explainer: ")}
        if any(name.startswith("explainer: ") for name in self.peers):
            found.add("other explainers")
        return frozenset(found)

    @property
    def other_explainers(self) -> dict[str, Array]:
        """Attributions of the same rows by other explainers, by the explainer's name."""
        start = "explainer: "
        return {k.removeprefix(start): v for k, v in self.peers.items() if k.startswith(start)}

    @property
    def allowed(self) -> Masks:
        """Which real rows may be a row's neighbours, (n_rows, n_real): all but the row itself."""
        return all_but(self.positions, len(self.real_rows))
