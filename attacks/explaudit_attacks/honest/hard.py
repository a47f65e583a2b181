"""Hard negatives: honest models that look like liars to a careless test, named one by one."""

from __future__ import annotations

from typing import Any

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer

from explaudit_attacks._tabular import as_numbers
from explaudit_attacks.biased import ScoreBias, SensitiveRule
from explaudit_attacks.honest.families import HONEST, HONEST_REGRESSION
from explaudit_attacks.honest.guard import GuardedClassifier, GuardedRegressor
from explaudit_attacks.honest.member import Member
from explaudit_attacks.honest.proxy import ProxyRule

__all__ = ["hard_negatives", "hard_negatives_regression"]

_STRENGTHS = (0.1, 0.2, 0.3, 0.5)
_BINS = 32


def hard_negatives(
    column: int | str, *, threshold: float = 0.0, negative_when: str = "above"
) -> dict[str, Member]:
    """Return the hard negatives for one sensitive group.

    Openly biased models, whose explanations show their bias; a discontinuous one; the nearest
    neighbour and a deep tree, which are discontinuous too; guards in front of ordinary models; and
    one that discriminates by proxy. The openly biased ones and the last want two classes.

    Parameters
    ----------
    column : int or str
        The sensitive column, by position or, in a frame, by name.
    threshold : float
        For a numeric column.
    negative_when : str
        Who is in the group, as in :class:`explaudit_attacks.SensitiveRule`.

    Returns
    -------
    dict of str to Member
        By name. The families are "open_bias", "staircase", "nearest_neighbour", "deep_tree",
        "guard" and "proxy".
    """
    group: dict[str, Any] = {
        "column": column,
        "threshold": threshold,
        "negative_when": negative_when,
    }
    open_scores = {f"open_score_{s}": Member("open_bias", _biased(s, group)) for s in _STRENGTHS}
    return {
        "open_rule": Member("open_bias", lambda seed: SensitiveRule(**group)),
        **open_scores,
        "staircase": Member("staircase", _staircase),
        "nearest_neighbour": HONEST["knn_1"],
        "deep_tree": HONEST["tree_deep"],
        **_guards(),
        "proxy_only": Member("proxy", lambda seed: ProxyRule(**group)),
    }


def hard_negatives_regression() -> dict[str, Member]:
    """Return the hard negatives among regression models, by name."""
    return {
        "nearest_neighbour": HONEST_REGRESSION["knn_1"],
        "deep_tree": HONEST_REGRESSION["tree_deep"],
        "guarded_forest": Member(
            "guard", lambda seed: GuardedRegressor(HONEST_REGRESSION["forest_deep"](seed))
        ),
    }


def _biased(strength: float, group: dict[str, Any]) -> Any:
    def make(seed: int) -> ScoreBias:
        return ScoreBias(HONEST["hist_boosting"](seed), **group, strength=strength)

    return make


def _staircase(seed: int) -> Any:
    """Return a sum of steps: numbers are cut into many bins, each with a coefficient of its own."""
    steps = KBinsDiscretizer(_BINS, encode="onehot-dense", strategy="uniform")
    # hardly any regularisation, so that neighbouring steps owe each other nothing
    return make_pipeline(
        as_numbers(steps), LogisticRegression(C=100.0, max_iter=5000, random_state=seed)
    )


def _guards() -> dict[str, Member]:
    """Return a guard with each check alone in front of a forest, and all of them before others."""

    def guard(inner: str, *checks: Any) -> Member:
        settings = {"checks": checks} if checks else {}
        return Member("guard", lambda seed: GuardedClassifier(HONEST[inner](seed), **settings))

    return {
        "guard_range_forest": guard("forest_deep", "range"),
        "guard_whole_forest": guard("forest_deep", "whole"),
        "guard_pairs_forest": guard("forest_deep", "pairs"),
        "guard_logistic": guard("logistic"),
        "guard_hist_boosting": guard("hist_boosting"),
    }
