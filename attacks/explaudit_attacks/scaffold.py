"""The scaffold e: biased on real rows, innocuous on whatever looks like an explainer's query."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin, RegressorMixin

from explaudit.errors import InvalidInputError
from explaudit_attacks._inputs import check_classes, check_rows, check_values
from explaudit_attacks._scaffold_base import Scaffold

__all__ = ["ScaffoldClassifier", "ScaffoldRegressor"]


class ScaffoldClassifier(ClassifierMixin, Scaffold):
    """Answer as f where a gate takes the row for real, else as psi.

    The gate is asked only about rows on which f and psi differ: elsewhere both branches give the
    same answer, so nothing changes but the cost. A gate whose attribute ``judges_batches`` is true
    is shown the whole batch wherever the two differ on some row of it.

    Source: Slack, Hilgard, Jia, Singh & Lakkaraju, "Fooling LIME and SHAP: Adversarial Attacks on
    Post hoc Explanation Methods", AIES 2020, section 3.

    Parameters
    ----------
    biased : classifier
        The model f to hide; inside :class:`sklearn.frozen.FrozenEstimator` it is used as it is,
        else a clone is fitted.
    innocuous : classifier
        The model psi to show; likewise.
    gate : classifier, optional
        Learns to tell real rows from queries; :func:`explaudit_attacks.hist_boosting` by default.
    sampler : Sampler, optional
        The law of the queries; :class:`explaudit_attacks.KernelCoalitions` by default.
    threshold : float, default=0.5
        A row is judged real where the gate's P(real) is at least this. Lower keeps more of f on
        real rows and hides less.
    keep_real : float, optional
        Instead of `threshold`: put it where the gate takes this share of the held-out real rows
        for real. So an attacker who must stay faithful sets its dial.
    encoder : explaudit.encoding.Encoder, optional
        From the table to the matrix that the explainer perturbs; None for rows that are a numeric
        matrix already.
    gate_columns : {"all", "numeric"}, default="all"
        Which features the gate sees; the published gate for LIME sees the numeric ones.
    n_queries : int, optional
        By default 20,000, or under ``protocol="published"`` the sampler's published number.
    relabel_real : bool, default=True
        Whether queries that equal a real row count as real in the gate's training.
    held_out : float, default=0.2
        Share that the gate does not learn from, to measure its quality on.
    protocol : {"sound", "published"}, default="sound"
        How the gate's training is laid out: see :func:`explaudit_attacks.sound_data` and
        :func:`explaudit_attacks.published_data`.
    random_state : int, RandomState or None, default=None
        For the queries, the split and the gate.

    Attributes
    ----------
    biased_, innocuous_, gate_ : classifier
        The fitted members.
    threshold_ : float
        The threshold in use.
    gate_quality_ : dict of str to float
        :func:`explaudit_attacks.measure_gate` on the held-out part, at that threshold.
    """

    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """Return the probability of each class, of shape (n_rows, n_classes)."""
        X = check_rows(self, X)
        return self._mix(X, self.biased_.predict_proba(X), self.innocuous_.predict_proba(X))

    def _check_training(self, X: Any, y: Any) -> tuple[Any, Any]:
        return check_classes(self, X, y)

    def _check_member(self, role: str, member: Any) -> None:
        if not np.array_equal(member.classes_, self.classes_):
            raise InvalidInputError(
                role, f"a model of the classes {self.classes_}", member.classes_
            )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        # what its members can, which as they stand may be no more than two classes
        tags.classifier_tags.multi_class = False
        tags.classifier_tags.poor_score = True  # it is as good as its members
        return tags


class ScaffoldRegressor(RegressorMixin, Scaffold):
    """Give f's number where a gate takes the row for real, else psi's.

    Two models hardly ever give the same number, so the gate is asked about nearly all rows.

    Parameters
    ----------
    biased, innocuous : regressor
        As in :class:`ScaffoldClassifier`, and so are all other settings and attributes.

    Attributes
    ----------
    biased_, innocuous_ : regressor
        The fitted members.
    """

    def _check_training(self, X: Any, y: Any) -> tuple[Any, Any]:
        return check_values(self, X, y)
