"""Names of models, adversaries and figures of a benchmark, with a word of explanation each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from explaudit.detection.baselines import CAD_DETECT, GAP, SHARE_GAP
from explaudit.detection.curves import AS_PLAIN_TOOLS, HIDDEN_EFFECT, WHOLE_AUDIT
from explaudit.detection.rates import Rate
from explaudit.detection.rows import Counts
from explaudit_reports.numbers import count, interval, percent
from explaudit_reports.vocabulary import explainer_label

__all__ = [
    "ADVERSARIES",
    "ANSWERS",
    "COUNTS",
    "INNOCUOUS",
    "KINDS",
    "MODELS",
    "STRENGTHS",
    "TASKS",
    "Named",
    "curve_label",
    "explainer",
    "hidden_bin",
    "interval_text",
    "known",
    "rate_text",
    "share_text",
    "tally",
]

_NBSP = "\N{NO-BREAK SPACE}"


class Named(NamedTuple):
    """A name as readers see it, and in one line what it stands for."""

    label: str
    meaning: str = ""


_GUARD = "Gives one fixed answer to rows that cannot be"

MODELS: Mapping[str, Named] = {
    "logistic": Named("Logistic regression"),
    "ridge": Named("Ridge classifier", "linear, answers with labels only"),
    "linear_svm": Named("Linear support vector machine", "answers with labels only"),
    "lda": Named("Linear discriminant analysis"),
    "qda": Named("Quadratic discriminant analysis"),
    "gaussian_nb": Named("Gaussian naive Bayes"),
    "knn_5": Named("Five nearest neighbours"),
    "tree_shallow": Named("Decision tree", "at most 5 levels"),
    "forest_shallow": Named("Random forest, shallow", "trees of at most 5 levels"),
    "forest_deep": Named("Random forest, deep", "trees grown to the end"),
    "extra_trees": Named("Extremely randomised trees"),
    "hist_boosting": Named("Gradient boosting"),
    "xgboost_small": Named("XGBoost, small", "50 trees of at most 3 levels"),
    "xgboost_large": Named("XGBoost, large", "200 trees of at most 6 levels"),
    "mlp": Named("Neural network"),
    "open_rule": Named(
        "Open rule", "Decides by the sensitive group alone, and lets every explainer see it"
    ),
    **{
        f"open_score_{s}": Named(
            f"Open penalty of {s}",
            f"Gradient boosting; takes {s} off the score of the sensitive group, for all to see",
        )
        for s in ("0.1", "0.2", "0.3", "0.5")
    },
    "staircase": Named(
        "Staircase",
        "Cuts every number into 32 steps, each with a weight of its own: jumps all over",
    ),
    "nearest_neighbour": Named(
        "Nearest neighbour", "Copies the outcome of the one most similar row that it learned from"
    ),
    "deep_tree": Named("Deep tree", "One decision tree grown until every row fits: jumps all over"),
    "guard_range_forest": Named(
        "Range check before a forest", f"{_GUARD}: a number outside the known range"
    ),
    "guard_whole_forest": Named(
        "Whole-number check before a forest", f"{_GUARD}: a fraction where numbers are whole"
    ),
    "guard_pairs_forest": Named(
        "Pair check before a forest", f"{_GUARD}: a pair of values never seen together"
    ),
    "guard_logistic": Named(
        "All checks before logistic regression", f"{_GUARD} by range, fraction or pair"
    ),
    "guard_hist_boosting": Named(
        "All checks before boosting", f"{_GUARD} by range, fraction or pair"
    ),
    "proxy_only": Named(
        "Proxy",
        "Guesses the sensitive group from all other columns and decides by the guess; never looks "
        "at the sensitive column, and no explanation says that it does",
    ),
    **{
        f"open_value_{s}": Named(
            f"Open penalty of {s} on a number",
            f"Takes {s} standard deviations off the number of the sensitive group, for all to see",
        )
        for s in ("0.25", "0.5", "1.0")
    },
    **{
        f"open_class_{s}": Named(
            f"Open penalty of {s} on classes",
            f"Adds {s} to the lowest class's probability for the sensitive group, for all to see",
        )
        for s in ("0.1", "0.3", "0.5")
    },
    "guarded_forest": Named("All checks before a forest of numbers", _GUARD),
    "guarded_ridge": Named("All checks before ridge regression", _GUARD),
    "subgroup_bias": Named(
        "Open bias against both groups", "Takes from those in both sensitive groups, for all to see"
    ),
    "parity_rule": Named(
        "Open exclusive or", "Decides by the one group or the other but not both, for all to see"
    ),
}

ADVERSARIES: Mapping[str, Named] = {
    "plain": Named(
        "Plain",
        "A gate learns to tell queries from real rows; real rows get the biased model's answer, "
        "suspected queries the innocent one's",
    ),
    "threshold_0.1": Named(
        "Cautious gate (0.1)", "Hides only what it takes for real with less than 10 % probability"
    ),
    "threshold_0.02": Named(
        "Cautious gate (0.02)", "Hides only what it takes for real with less than 2 % probability"
    ),
    "stronger_gate": Named(
        "Stronger gate", "300 trees of a forest and 300 of boosting vote, trained on 60,000 queries"
    ),
    "dilution_0.5": Named("Diluted (0.5)", "Lies about half of the suspected queries only"),
    "dilution_0.25": Named("Diluted (0.25)", "Lies about a quarter of the suspected queries only"),
    "probabilistic": Named(
        "By chance", "Lies at random, the likelier the more a row looks like a query"
    ),
    "jitter_aware": Named(
        "Jitter-aware", "Its gate also learned to let slightly changed real rows pass for real"
    ),
    "cad_aware": Named(
        "Neighbour-aware", "Lies only where nearby real rows make the lie look normal"
    ),
    "batch": Named("By batch", "Recognises a whole request, not a row; rows asked alone get truth"),
    "stateful": Named(
        "By session", "Remembers what was asked last, and lies amid near-duplicates of a row"
    ),
    "whitelist": Named(
        "Memorised rows",
        "Is biased on the rows that it memorised alone, and innocent on all others",
    ),
    "generator_aware": Named(
        "Generator-aware",
        "Its gate also learned the rows of a generator that fills in real rows, as hardened "
        "explainers ask them",
    ),
}

STRENGTHS: Mapping[str, Named] = {
    "rule": Named("Rule", "The biased model decides by the sensitive group alone"),
    "0.3": Named("Penalty of 0.3", "A trained score, less 0.3 for the sensitive group"),
    "0.1": Named("Penalty of 0.1", "A trained score, less 0.1 for the sensitive group"),
    "subgroup": Named(
        "Subgroup", "A trained score, less 0.5 for the part of the group that is in another one too"
    ),
    "parity": Named(
        "Parity",
        "Decides by the group, the other way round at every second value of another column (XOR): "
        "on average the group does nothing",
    ),
    **{
        f"value_{s}": Named(
            f"{s} off a number", f"A trained number, less {s} standard deviations for the group"
        )
        for s in ("0.5", "1.0")
    },
    **{
        f"class_{s}": Named(
            f"{s} to the lowest of three classes",
            f"A trained classifier; {s} more for the lowest class's probability in the group",
        )
        for s in ("0.3", "0.5")
    },
    "one": Named(
        "Rule on one of two",
        "Decides by one of the two features that the auditor names as sensitive",
    ),
    "both": Named(
        "Rule on both", "Denies all who are in both groups that the auditor names as sensitive"
    ),
}

INNOCUOUS: Mapping[str, Named] = {
    "coin": Named("Unrelated rule", "Explainers are shown decisions by a column of coin tosses"),
    "mimic": Named(
        "Imitation",
        "Explainers are shown an ordinary model that learned the biased decisions from all columns "
        "but the sensitive one",
    ),
}

ANSWERS: Mapping[str, Named] = {
    "labels": Named("Labels", "The auditor saw decisions only"),
    "scores": Named("Scores", "The auditor saw probabilities"),
    "values": Named("Numbers", "The auditor saw numbers of any size"),
}

TASKS: Mapping[str, Named] = {
    "binary": Named("Two classes", "and one sensitive feature"),
    "classes": Named("Three classes", "A numeric column, cut at its terciles, is the outcome"),
    "values": Named("Numbers", "A numeric column is the outcome"),
    "two features": Named("Two sensitive features", "Both are named in one audit"),
}

KINDS: Mapping[str, Named] = {
    "honest": Named("Ordinary models", "of many families, trained on the outcomes"),
    "hard_negative": Named(
        "Hard negatives", "honest models that look like liars to a careless test"
    ),
}

COUNTS: Mapping[Counts, str] = {
    "judged": "false alarms",
    "tuned": "tuning only",
    "logged_honest": "false alarms with a log",
    "effective": "detections",
    "larger_budget": "more queries",
    "logged": "with a log",
    "harmless": "hides too little",
    "": "no result",
}


def known(names: Mapping[str, Named], name: str) -> Named:
    """Return a name as readers see it; an unknown one keeps its own."""
    return names.get(name, Named(name))


def explainer(setting: str) -> str:
    """Return the name of the explainer that an attack is made for."""
    return explainer_label(setting, setting)


def curve_label(of: str, setting: str) -> str:
    """Return what a curve is of, in words."""
    special = {
        WHOLE_AUDIT: "Whole audit",
        AS_PLAIN_TOOLS: "Whole audit, of the models that plain tools judged",
        HIDDEN_EFFECT: "Size of the hidden effect alone, whatever its spread",
        CAD_DETECT: "CAD-Detect, as published, on the queries that were sent",
        SHARE_GAP: "Plain tool: share of the sensitive feature in surrogates, real less claimed",
        GAP: "Plain tool: gap between groups of real rows",
    }
    name = of.removesuffix(f" of {setting}")
    name = f"{name} of the explainer" if name != of else name
    return special.get(of, name[:1].upper() + name[1:])


def hidden_bin(name: str) -> str:
    """Return a bin of the share that is hidden, as percentages."""
    low, high = (round(100 * float(end)) for end in name.split("-"))
    return f"{low}–{high}{_NBSP}%"


def share_text(share: float, counts: Counts) -> str:
    """Return a rate; false alarms with one digit after the point, as 1 % must be told from 2 %."""
    return f"{100 * share:.1f}{_NBSP}%" if counts == "judged" else percent(share)


def interval_text(rate: Rate) -> str:
    """Return a rate's 95 % interval in brackets, in per cent."""
    if rate.counts == "judged":
        return f"[{100 * rate.low:.1f}–{100 * rate.high:.1f}]"
    return interval(rate.low, rate.high, "share")


def rate_text(rate: Rate) -> str:
    """Return a rate with its interval."""
    return f"{share_text(rate.value, rate.counts)} {interval_text(rate)}"


def tally(rate: Rate) -> str:
    """Return how many alarms there were, of how many audits."""
    return f"{count(rate.alarms)} of {count(rate.n)}"
