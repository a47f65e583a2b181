"""How well a gate tells an explainer's queries from real rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.metrics import balanced_accuracy_score, f1_score, roc_auc_score

from explaudit_attacks._inputs import Mask

__all__ = ["measure_gate"]


def measure_gate(
    probability_real: npt.NDArray[np.float64],
    threshold: float,
    real: Mask,
    weights: npt.NDArray[np.float64],
) -> dict[str, float]:
    """Measure a gate on rows that it did not learn from.

    Parameters
    ----------
    probability_real : ndarray of shape (n,)
        The gate's P(real).
    threshold : float
        A row is judged real where P(real) is at least this.
    real : ndarray of bool of shape (n,)
        The truth.
    weights : ndarray of shape (n,)
        Sample weights for F1.

    Returns
    -------
    dict of str to float
        NaN where undefined because a kind is missing.

        ``real_judged_real``
            Recall of real rows: the share of them that the gate takes for real.
        ``queries_judged_real``
            The share of queries that the gate takes for real.
        ``auroc``
            Area under the ROC curve.
        ``f1_query``
            F1 with queries as the positive class. It depends on their share, so the sound
            protocol weighs rows and queries equally; the published one counts them as they are.
        ``balanced_accuracy``
            Mean of the recalls of both kinds.
        ``n_real``, ``n_queries``
            How many there are of each kind.
    """
    judged = probability_real >= threshold
    n_real, n_queries = int(real.sum()), int((~real).sum())
    undefined = float("nan")
    quality = {
        "real_judged_real": float(judged[real].mean()) if n_real else undefined,
        "queries_judged_real": float(judged[~real].mean()) if n_queries else undefined,
    }
    if n_real and n_queries:
        quality |= {
            "auroc": float(roc_auc_score(real, probability_real)),
            # a gate that suspects nobody finds no query: its F1 is 0, not undefined
            "f1_query": float(f1_score(~real, ~judged, sample_weight=weights, zero_division=0.0)),
            "balanced_accuracy": float(balanced_accuracy_score(real, judged)),
        }
    else:
        quality |= dict.fromkeys(("auroc", "f1_query", "balanced_accuracy"), undefined)
    return quality | {"n_real": float(n_real), "n_queries": float(n_queries)}
