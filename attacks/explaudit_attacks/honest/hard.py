"""Hard negatives: honest models that look like liars to a careless test, named one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer

from explaudit_attacks._tabular import as_numbers
from explaudit_attacks.biased import ScoreBias, SensitiveRule
from explaudit_attacks.biased_outcomes import ClassBias, ValueBias
from explaudit_attacks.honest.families import HONEST, HONEST_REGRESSION
from explaudit_attacks.honest.guard import GuardedClassifier, GuardedRegressor
from explaudit_attacks.honest.member import Member
from explaudit_attacks.honest.proxy import ProxyRule
from explaudit_attacks.honest.validation import Check

__all__ = ["hard_negatives", "hard_negatives_classes", "hard_negatives_regression"]

_STRENGTHS = (0.1, 0.2, 0.3, 0.5)
#: In standard deviations of the outcome, and in probability of the lowest of several classes.
_VALUE_STRENGTHS = (0.25, 0.5, 1.0)
_CLASS_STRENGTHS = (0.1, 0.3, 0.5)
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
    group = _group(column, threshold, negative_when)
    return {
        "open_rule": Member("open_bias", lambda seed: SensitiveRule(**group)),
        **_opens(ScoreBias, "open_score", _STRENGTHS, HONEST, group),
        **_without_group(),
        "proxy_only": Member("proxy", lambda seed: ProxyRule(**group)),
    }


def hard_negatives_regression(
    column: int | str | None = None, *, threshold: float = 0.0, negative_when: str = "above"
) -> dict[str, Member]:
    """Return the hard negatives among regression models, by name, for one sensitive group.

    Openly biased models, by the standard deviations of the outcome that the group loses; the
    nearest neighbour and a deep tree; and guards in front of ordinary models.

    Parameters
    ----------
    column : int, str or None
        The sensitive column; without one the openly biased models are left out.
    threshold, negative_when
        As in :func:`hard_negatives`.
    """
    biased = {}
    if column is not None:
        group = _group(column, threshold, negative_when)
        biased = _opens(ValueBias, "open_value", _VALUE_STRENGTHS, HONEST_REGRESSION, group)
    return {
        **biased,
        "nearest_neighbour": HONEST_REGRESSION["knn_1"],
        "deep_tree": HONEST_REGRESSION["tree_deep"],
        "guarded_forest": _guard(GuardedRegressor, HONEST_REGRESSION, "forest_deep"),
        "guarded_ridge": _guard(GuardedRegressor, HONEST_REGRESSION, "ridge"),
    }


def hard_negatives_classes(
    column: int | str, *, threshold: float = 0.0, negative_when: str = "above"
) -> dict[str, Member]:
    """Return the hard negatives among classifiers of any number of classes, by name.

    Openly biased models, by what the group's lowest class gains in probability; all those of
    :func:`hard_negatives` that want no two classes.

    Parameters
    ----------
    column, threshold, negative_when
        As in :func:`hard_negatives`.
    """
    group = _group(column, threshold, negative_when)
    return {
        **_opens(ClassBias, "open_class", _CLASS_STRENGTHS, HONEST, group),
        **_without_group(),
    }


def _group(column: int | str, threshold: float, negative_when: str) -> dict[str, Any]:
    return {"column": column, "threshold": threshold, "negative_when": negative_when}


def _opens(
    kind: Callable[..., Any],
    name: str,
    strengths: Sequence[float],
    families: Mapping[str, Member],
    group: Mapping[str, Any],
) -> dict[str, Member]:
    """Return openly biased boosted trees, one for each strength."""

    def biased(strength: float) -> Member:
        return Member(
            "open_bias",
            lambda seed: kind(families["hist_boosting"](seed), **group, strength=strength),
        )

    return {f"{name}_{strength}": biased(strength) for strength in strengths}


def _without_group() -> dict[str, Member]:
    """Return the hard negatives that know of no group."""
    return {
        "staircase": Member("staircase", _staircase),
        "nearest_neighbour": HONEST["knn_1"],
        "deep_tree": HONEST["tree_deep"],
        **_guards(),
    }


def _staircase(seed: int) -> Any:
    """Return a sum of steps: numbers are cut into many bins, each with a coefficient of its own."""
    steps = KBinsDiscretizer(_BINS, encode="onehot-dense", strategy="uniform")
    # hardly any regularisation, so that neighbouring steps owe each other nothing
    return make_pipeline(
        as_numbers(steps), LogisticRegression(C=100.0, max_iter=5000, random_state=seed)
    )


def _guards() -> dict[str, Member]:
    """Return a guard with each check alone in front of a forest, and all of them before others."""
    inner = ("logistic", "hist_boosting")
    return {
        **{
            f"guard_{check}_forest": _guard(GuardedClassifier, HONEST, "forest_deep", check)
            for check in ("range", "whole", "pairs")
        },
        **{f"guard_{name}": _guard(GuardedClassifier, HONEST, name) for name in inner},
    }


def _guard(
    kind: Callable[..., Any], families: Mapping[str, Member], inner: str, *checks: Check
) -> Member:
    settings = {"checks": checks} if checks else {}
    return Member("guard", lambda seed: kind(families[inner](seed), **settings))
