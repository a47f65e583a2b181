"""The adversaries: who wants an explanation to look innocent, and to be judged a good one too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from explaudit.cells import Part
from explaudit.study.roles import UNRELATED, Roles

__all__ = ["ADVERSARIES", "Adversary", "innocuous_parts"]

Innocuous = Literal["coin", "mimic", "score"]

#: What metrics ask that take features away.
_METRICS_ASK = {"name": "reference_substitution", "settings": {}}

_SLACK = "Slack et al. 2020 (AIES), section 3"


@dataclass(frozen=True)
class Adversary:
    """One way to hide f, made anew for each explainer's queries.

    Attributes
    ----------
    name : str
        The name in records: an attack's setting is ``name/sampler``.
    innocuous : {"coin", "mimic", "score"}
        What is shown: see :func:`innocuous_parts`.
    mechanism : str
        How it works, in a few words.
    source : str
        Where it was published, or what it is derived from.
    access : str
        What the attacker needs.
    attack : str
        The attack's name in the registry.
    knows_metrics : bool
        Whether the gate learns what metrics ask, too.
    """

    name: str
    innocuous: Innocuous
    mechanism: str
    source: str
    access: str = "training rows, and the law of the explainer's queries"
    attack: str = "scaffold"
    knows_metrics: bool = False

    def part(self, law: dict[str, Any], keep_real: float) -> Part:
        """Return the attack on explainers whose queries have a law.

        Adversaries that differ in what they show alone get the same part, and share its gate. The
        gate is the small one, which is fitted and asked at less than half the cost.

        Parameters
        ----------
        law : dict
            A sampler's name and settings.
        keep_real : float
            The gate's threshold is put where so many held-out real rows still get f's answer.
        """
        if self.knows_metrics:
            law = {"name": "union", "settings": {"samplers": [law, _METRICS_ASK]}}
        gate = {"name": "hist_boosting", "settings": {"size": "small"}}
        return Part(self.attack, {"sampler": law, "gate": gate, "keep_real": keep_real})


_AND_METRICS = "training rows, the law of the explainer's queries and that of the metrics'"

ADVERSARIES: dict[str, Adversary] = {
    adversary.name: adversary
    for adversary in (
        Adversary(
            "plain",
            "coin",
            "queries are answered by a rule on one unrelated feature",
            _SLACK,
        ),
        Adversary(
            "imitating",
            "mimic",
            "queries are answered by an ordinary model of f's decisions that lacks the sensitive "
            "feature; its mean answer is f's, so that taking features away changes less",
            f"{_SLACK}, with a surrogate for psi; against sufficiency and PGU",
        ),
        Adversary(
            "agreeing",
            "score",
            "queries are answered by an additive score of two unrelated features, of which all "
            "explainers say the same",
            f"{_SLACK}, with an additive psi; against agreement metrics",
        ),
        Adversary(
            "metric_aware",
            "coin",
            "the gate suspects the queries of faithfulness metrics as well as the explainer's",
            f"{_SLACK}, with what metrics of faithfulness ask; against those",
            access=_AND_METRICS,
            knows_metrics=True,
        ),
        Adversary(
            "imitating_metric_aware",
            "mimic",
            "both: an ordinary model without the sensitive feature answers explainers and metrics",
            f"{_SLACK}, as the two that it joins",
            access=_AND_METRICS,
            knows_metrics=True,
        ),
        Adversary(
            "smooth",
            "coin",
            "the gate takes small changes of real rows for real, so that stability metrics see "
            "one model only",
            f"{_SLACK}, with a gate that tolerates jitter; against stability metrics",
            access="training rows, the law of the explainer's queries, the size of the jitter",
            attack="jitter_aware",
        ),
    )
}


def innocuous_parts(roles: Roles) -> dict[str, Part]:
    """Return what adversaries show, by name.

    Parameters
    ----------
    roles : Roles
        Of the data set.

    Returns
    -------
    dict of str to Part
        ``"coin"``: a rule on one fair coin. ``"mimic"``: an ordinary model of f's decisions
        without the sensitive feature. ``"score"``: an additive score of both coins.
    """
    return {
        "coin": roles.innocuous["one"],
        "mimic": Part("mimic", {"column": roles.sensitive}),
        "score": Part("score_rule", {"columns": list(UNRELATED), "weights": [0.3, 0.15]}),
    }
