"""A stronger gate: several kinds of trees that vote."""

from __future__ import annotations

from typing import Any

from sklearn.ensemble import VotingClassifier

from explaudit_attacks.gates import forest, hist_boosting

__all__ = ["ensemble"]


def ensemble(**settings: Any) -> Any:
    """Return a forest of 300 trees and 300 iterations of boosting that vote by probability.

    Parameters
    ----------
    **settings
        Other settings of :class:`sklearn.ensemble.VotingClassifier`, such as the members' weights.
    """
    members = [
        ("forest", forest(n_estimators=300, min_samples_leaf=2)),
        ("boosting", hist_boosting(max_iter=300)),
    ]
    return VotingClassifier(members, **{"voting": "soft", **settings})
