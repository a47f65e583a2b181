"""How a leaderboard was measured, and what it does not show."""

from __future__ import annotations

from explaudit_reports.leaderboard.view import View
from explaudit_reports.model import Bullets, Definitions, Section, words
from explaudit_reports.numbers import count, figure

__all__ = ["limits_section", "method_section"]

_GAP = "\N{NO-BREAK SPACE}"


def method_section(view: View) -> Section:
    """Return the formulas in words, the constraint, the intervals and the rules."""
    entries = {**_THREE, **_constraint(view), **_WORST, **_intervals(view), **_words(view)}
    return Section(
        "method",
        "How it was measured",
        (Definitions(tuple((name, words(text)) for name, text in entries.items())),),
    )


_THREE = {
    "Three models": "The honest model f decides by the sensitive feature and lets explainers see "
    "it. The innocent model ψ does not look at that feature. The attacked model e is f on what its "
    "gate takes for real rows, and ψ on what it takes for an explainer's queries. All three are "
    "explained on the same held-out rows with the same draws.",
    "Gameability of a quality metric": "The share of rows in which the metric gives the "
    "explanation of e at least as good a mark as that of f; a tie counts half. At 50 % the metric "
    "cannot tell the lie from the truth; at 100 % the lie always looks at least as good. It is "
    "taken where the attack deceives the explainer, since else there is no lie to see through.",
    "Gameability of evidence": "(M(f) − M(e)) / (M(f) − M(ψ)), with M the mean of the "
    "evidence over rows: the share of the way from the honest to the innocent model that the "
    "attack moves it. M(f) − M(ψ) is the mean over replicates. 0 % leaves the evidence alone, "
    "100 % makes e look just as ψ does; it can lie below or beyond. Undefined where f and ψ look "
    "alike.",
}

_WORST = {
    "Worst: the metric-aware adversary": "In each replicate, the adversary who does best against "
    "this metric on the other replicates of the data set: chosen on other data than judged by, so "
    "that the figure is not merely the largest of several noisy ones.",
    "Mean": "Over all adversaries that count.",
    "Below the floor": "The same as the worst, of adversaries who break the constraint: what the "
    "metric would give way to if decisions were allowed to change. It does not count, but a metric "
    "that gives way only there is costly to game.",
    "Random": "How often random numbers, shown as the explanation of the honest model, get at "
    "least as good a mark as the explainer's own. A metric that likes them says little.",
}


def _constraint(view: View) -> dict[str, str]:
    settings, rules = view.results.settings, view.results.rules
    return {
        "The constraint": "An attack counts if e agrees with f on at least "
        f"{figure(settings.get('fidelity_floor'), 'share')} of held-out real rows, and if the true "
        "harm on them (demographic-parity gap, matched-pair effect) changes by at most "
        f"{figure(settings.get('harm_tolerance'), 'points')}. Otherwise the bias is not hidden but "
        "given up.",
        "Deceived": "An attack deceives an explainer if it moves the sensitive feature's share of "
        f"attribution at least {figure(rules.get('deceived'), 'share')} of the way to innocence.",
    }


def _intervals(view: View) -> dict[str, str]:
    settings = view.results.settings
    replicates, rows = settings.get("replicates"), settings.get("n_rows")
    return {
        "Clusters and intervals": "Rows are averaged within a replicate of a data set, then "
        "explainers, so that a cluster is one replicate of one data set, with a split, gate and "
        f"background of its own: {replicates} for each data set, with at most {rows} rows each. "
        f"Intervals are Student's at 95{_GAP}% over clusters; where a quality metric is the same "
        "in all clusters, the exact one of Clopper and Pearson for as many clusters.",
        "Levels": "A score over all explainers averages those under which it is defined. The "
        "filters of the HTML report show each explainer and data set by itself, with wider "
        "intervals.",
    }


def _words(view: View) -> dict[str, str]:
    rules = view.results.rules
    half, low = rules.get("gameable_estimate"), rules.get("gameable_low")
    high = rules.get("resists_high")
    return {
        "Gameable": f"The worst is at least {figure(half, 'share')}, and its whole interval above "
        f"{figure(low, 'share')}.",
        "Resists": f"The whole interval of the worst lies below {figure(high, 'share')}.",
        "Costly to game": "It resists, or no adversary who counts has a figure, but adversaries "
        "who break the constraint game it by the rule of “gameable”.",
        "Cannot say": "Anything else: too few replicates, no attack that deceives, or an interval "
        "that leaves both open. It is no sign that a metric resists.",
    }


def limits_section(view: View) -> Section:
    """Return what the figures do not say."""
    return Section(
        "limits",
        "What this does not show",
        (
            Bullets(
                tuple(
                    words(text)
                    for text in (
                        "Adversaries that nobody here thought of. A metric that resists these "
                        f"{count(len(view.adversaries))} may give way to another one.",
                        "Honest mistakes. The metrics are asked whether they see through a lie; "
                        "how well they tell good explanations of honest models from poor ones is "
                        "another question.",
                        "Other biases. The honest model decides by the sensitive feature alone; a "
                        "smaller or more entangled bias may be easier to hide, and harder to "
                        "measure.",
                        "Other settings. Each metric was computed with one choice of its own "
                        "parameters, each explainer with few samples.",
                        "Other data. The data sets are few, public and tabular.",
                        "Independent figures. All metrics are judged on the same rows, models and "
                        "attacks, and many verdicts at once include some that chance alone made.",
                    )
                )
            ),
        ),
    )
