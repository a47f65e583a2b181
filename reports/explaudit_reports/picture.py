"""The picture: honest, attacked and innocuous beside each other for each explainer setting."""

from __future__ import annotations

from collections.abc import Sequence

from explaudit.results import Measurement
from explaudit_reports.drawing import Dumbbell, Point, SeriesName, draw
from explaudit_reports.findings import Finding, judge
from explaudit_reports.lookup import Lookup
from explaudit_reports.model import Figure
from explaudit_reports.numbers import figure
from explaudit_reports.vocabulary import HEADLINE

__all__ = ["picture"]


def picture(lookup: Lookup, dataset: str, figure_id: str) -> Figure | None:
    """Return the picture of a data set; None if no explanation of f on it could be judged."""
    rows = [_dumbbell(lookup, finding) for finding in judge(lookup, dataset)]
    shown = [row for row in rows if row.points["honest"]]
    if not shown:
        return None
    title = lookup.title(dataset)
    return Figure(id=figure_id, title=title, alt=_alternative(title, shown), svg=draw(title, shown))


def _dumbbell(lookup: Lookup, finding: Finding) -> Dumbbell:
    dataset, setting = finding.dataset, finding.explainer_setting
    attacked: dict[SeriesName, list[Point]] = {"worst": [], "others": [], "left_out": []}
    for attack in lookup.attacks(dataset):
        found = lookup.measurement(dataset, HEADLINE, setting, ("attacked", attack))
        attacked[_series(lookup, finding, attack)] += _points(found)
    return Dumbbell(
        lookup.explainer(setting),
        {"honest": _points(finding.honest), "innocent": _points(finding.innocent), **attacked},
    )


def _series(lookup: Lookup, finding: Finding, attack: str) -> SeriesName:
    if attack == finding.attack:
        return "worst"
    return "left_out" if lookup.counts(finding.dataset, attack) is False else "others"


def _points(found: Measurement | None) -> list[Point]:
    """Return the one point of a measurement; none where it is undefined."""
    if found is None or found.value is None:
        return []
    known = found.low is not None and found.high is not None
    return [Point(found.value, (found.low or 0.0, found.high or 0.0) if known else None)]


def _alternative(title: str, rows: Sequence[Dumbbell]) -> str:
    sentences = [
        f"{row.label}: honest {_said(row.points['honest'])}, attacked "
        f"{_said(row.points['worst'])}, innocuous {_said(row.points['innocent'])}."
        for row in rows
    ]
    return (
        f"{title}: share of rows with the sensitive feature at rank 1 under the honest model, "
        f"after the worst attack that counts, and under the innocuous model. {' '.join(sentences)}"
    )


def _said(points: Sequence[Point]) -> str:
    return figure(points[0].value, "share") if points else "not known"
