"""Which pictures a benchmark's report shows, and the texts that say the same."""

from __future__ import annotations

from explaudit.hardening.rates import TARGETS, Rate
from explaudit.hardening.rows import Model
from explaudit_reports.drawing import Point
from explaudit_reports.hardening.drawing import Marks, Target, draw_marks
from explaudit_reports.hardening.view import View
from explaudit_reports.hardening.wording import BIAS_LABELS, MODELS, label, rate_text
from explaudit_reports.model import Figure, Gallery
from explaudit_reports.numbers import percent
from explaudit_reports.plots import Style

__all__ = ["marks_gallery"]

_STYLES: dict[Model, Style] = {
    "honest": Style("honest", marker="o"),
    "unmatched": Style("innocent", marker="s"),
    "matched": Style("attacked", marker="D"),
}

_TITLES = {"rule": "Bias by rule", "0.3": "Penalty of 0.3"}


def marks_gallery(view: View) -> Gallery | None:
    """Return a picture for each bias; None if nothing biased was explained yet."""
    figures = tuple(figure for bias in view.biases if (figure := _figure(view, bias)))
    if not figures:
        return None
    goals = {model: goal for (measure, model), goal in TARGETS.items() if measure == "first"}
    caption = (
        "Share of explained rows with the sensitive feature at rank 1, over all data sets. Pale "
        "bars are 95\N{NO-BREAK SPACE}% intervals. Broken lines: what is to be reached against an "
        f"unmatched attacker ({percent(goals['unmatched'])}) and a matched one "
        f"({percent(goals['matched'])})."
    )
    return Gallery(caption, figures)


def _figure(view: View, bias: str) -> Figure | None:
    rows, said = [], []
    for explainer in view.explainers:
        found = [view.rate(explainer, model, bias) for model in _STYLES]
        if any(found):
            rows.append(Marks(label(explainer), [_point(rate) for rate in found]))
            texts = (
                f"{MODELS[model].lower()} {rate_text(rate)}"
                for model, rate in zip(_STYLES, found, strict=True)
            )
            said.append(f"{label(explainer)}: {', '.join(texts)}.")
    if not rows:
        return None
    order = [*_STYLES]
    targets = [
        Target(goal, order.index(model))
        for (measure, model), goal in TARGETS.items()
        if measure == "first"
    ]
    kinds = [(MODELS[model], style) for model, style in _STYLES.items()]
    title = _TITLES.get(bias, bias)
    return Figure(
        f"picture-{bias.replace('.', '-')}",
        title,
        f"{BIAS_LABELS.get(bias, bias)}. Sensitive feature at rank 1. {' '.join(said)}",
        draw_marks(title, kinds, rows, targets),
    )


def _point(rate: Rate | None) -> Point | None:
    if rate is None or rate.value is None:
        return None
    ends = None if rate.low is None or rate.high is None else (rate.low, rate.high)
    return Point(rate.value, ends)
