"""By what audits are told apart: the lines of tables, and the places of pictures."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

from explaudit.detection.rates import HIDDEN_BINS
from explaudit.detection.rows import Counts
from explaudit_reports.detection.view import View
from explaudit_reports.detection.wording import (
    ADVERSARIES,
    ANSWERS,
    INNOCUOUS,
    KINDS,
    MODELS,
    STRENGTHS,
    TASKS,
    Named,
    hidden_bin,
    known,
)
from explaudit_reports.numbers import count

__all__ = [
    "Line",
    "by_adversary",
    "by_answers",
    "by_bias",
    "by_dataset",
    "by_hidden_share",
    "by_innocuous",
    "by_task",
    "honest_models",
    "honest_parts",
    "single_tests",
    "with_log",
]


class Line(NamedTuple):
    """What a line of a table is of.

    Attributes
    ----------
    label, meaning : str
        Its name, and what that means.
    group : dict of str to str
        What the audits have in common, besides the explainer where there is one.
    counts : str
        What they count for.
    """

    label: str
    meaning: str
    group: Mapping[str, str]
    counts: Counts = "effective"


def honest_parts(view: View) -> list[Line]:
    """Return all honest audits, and those of each data set, kind and form of answers."""
    lines = [Line("All", "every honest audit that nothing was tuned on", {}, "judged")]
    lines += [
        Line(view.title(name), "data set", {"dataset": name}, "judged")
        for name in view.values("dataset", view.datasets, "judged")
    ]
    answers = _of(view, "answers", ANSWERS, "judged")
    told = {_audits(view, line) for line in answers}
    # whoever is asked for numbers answers with numbers, which need not stand there twice
    tasks = [line for line in _of(view, "task", TASKS, "judged") if _audits(view, line) not in told]
    lines += [*_of(view, "kind", KINDS, "judged"), *answers, *tasks]
    if view.counting("logged_honest"):
        meaning = "honest models once more, by the tests that need a log alone"
        lines.append(Line("With a log of decisions", meaning, {}, "logged_honest"))
    return lines


def single_tests(view: View) -> list[Line]:
    """Return each kind of test alone, over all explainers."""
    found = dict.fromkeys((rate.group["test"], rate.counts) for rate in view.results.tests)
    return [
        Line(f"{kind[:1].upper()}{kind[1:]}", "", {"test": kind}, counts) for kind, counts in found
    ]


def honest_models(view: View, kind: str) -> list[Line]:
    """Return each honest model of one kind."""
    found = {row.model for row in view.counting("judged") if row.kind == kind}
    return [
        line._replace(group={"kind": kind, **line.group})
        for line in _of(view, "model", MODELS, "judged")
        if line.group["model"] in found
    ]


def by_dataset(view: View) -> list[Line]:
    """Return all attacks, and those on each data set."""
    names = view.values("dataset", view.datasets)
    lines = [Line(view.title(name), "", {"dataset": name}) for name in names]
    return [Line("All data sets", "", {}), *lines] if names else []


def by_adversary(view: View) -> list[Line]:
    """Return the attacks of each adversary on each biased model."""
    lines = []
    for name in view.values("adversary", ADVERSARIES):
        adversary = known(ADVERSARIES, name)
        strengths = {row.strength for row in view.counting("effective") if row.adversary == name}
        for strength in view.values("strength", STRENGTHS):
            if strength in strengths:
                bias = known(STRENGTHS, strength).label.lower()
                group = {"adversary": name, "strength": strength}
                lines.append(Line(f"{adversary.label}, {bias}", "", group))
    return lines


def by_innocuous(view: View) -> list[Line]:
    """Return the attacks by what explainers are shown."""
    return _of(view, "innocuous", INNOCUOUS)


def by_answers(view: View) -> list[Line]:
    """Return the attacks by what the auditor got."""
    return _of(view, "answers", ANSWERS)


def by_task(view: View) -> list[Line]:
    """Return the attacks by what the models are asked for."""
    return _of(view, "task", TASKS)


def by_hidden_share(view: View) -> list[Line]:
    """Return the attacks by the share of the sensitive feature's attribution that they hide."""
    bins = [f"{low:g}-{high:g}" for low, high in pairwise(HIDDEN_BINS)]
    lines = [Line(hidden_bin(name), "", {"hidden_share": name}) for name in bins]
    return lines if view.counting("effective") else []


def by_bias(view: View) -> list[Line]:
    """Return the plain attacks by bias, those with more queries last."""
    plain = {row.strength for row in view.counting("effective") if row.adversary == "plain"}
    lines = [line for line in _of(view, "strength", STRENGTHS) if line.group["strength"] in plain]
    places = {(row.strength, row.budget) for row in view.counting("larger_budget")}
    for strength, budget in sorted(places):
        named = known(STRENGTHS, strength)
        group = {"strength": strength, "budget": str(budget)}
        label = f"{named.label}, {count(budget)} queries"
        lines.append(Line(label, named.meaning, group, "larger_budget"))
    return lines


def with_log(view: View) -> list[Line]:
    """Return the attacks whose auditor has a log of decisions."""
    memorised = known(ADVERSARIES, "whitelist")
    line = Line(memorised.label, memorised.meaning, {}, "logged")
    return [line] if view.counting("logged") else []


def _audits(view: View, line: Line) -> frozenset[str]:
    return frozenset(
        row.cell_id
        for row in view.counting(line.counts)
        if all(getattr(row, name) == value for name, value in line.group.items())
    )


def _of(
    view: View, attribute: str, names: Mapping[str, Named], counts: Counts = "effective"
) -> list[Line]:
    return [
        Line(*known(names, name), {attribute: name}, counts)
        for name in view.values(attribute, names, counts)
    ]
