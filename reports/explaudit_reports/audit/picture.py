"""The picture: what a feature does on real rows beside what an explainer's queries show of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from explaudit.audit.outcome import Hidden
from explaudit.audit.run import AuditResult
from explaudit_reports.audit.wording import effects, shown_by, title
from explaudit_reports.drawing import COLOURS, as_svg, bare_axes, report_style, shortened
from explaudit_reports.model import Figure, Gallery

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["gallery"]

# inches
_WIDTH, _ROW, _TOP, _BOTTOM = 4.3, 0.56, 0.4, 0.72

_REAL: dict[str, Any] = {"marker": "o", "color": COLOURS["honest"]}
_SHOWN: dict[str, Any] = {"marker": "D", "color": COLOURS["attacked"]}
_HIDDEN: dict[str, Any] = {"marker": "|", "color": COLOURS["ink"]}


def gallery(result: AuditResult) -> Gallery | None:
    """Return one picture for each feature and unit of hidden effects, on one scale for a unit."""
    hidden = result.verdict.hidden
    if not hidden:
        return None
    shown = [*dict.fromkeys((found.unit, found.feature) for found in hidden)]
    figures = [
        _figure(
            title(feature, unit),
            [found for found in hidden if (found.unit, found.feature) == (unit, feature)],
            [
                shown_by(result, f.explainer)
                for f in hidden
                if (f.unit, f.feature) == (unit, feature)
            ],
            _limits([found for found in hidden if found.unit == unit]),
            f"picture-{place}",
        )
        for place, (unit, feature) in enumerate(shown, 1)
    ]
    caption = (
        "Circle: what the feature does to the answers on real rows. Diamond: what the same model "
        "shows of it in its answers to an explainer's queries. The bar below them is the hidden "
        "effect with its 95 % interval: the difference, less what ordinary models that agree with "
        "the model on real rows differ by. Where the bar covers zero, nothing is seen to be "
        "hidden."
    )
    return Gallery(caption, tuple(figures))


def _limits(hidden: Sequence[Hidden]) -> tuple[float, float]:
    ends = [end for found in hidden for end in (found.low, found.high, found.real, found.shown)]
    return min(0.0, *ends), max(0.0, *ends)


def _figure(
    named: str,
    rows: Sequence[Hidden],
    labels: Sequence[str],
    limits: tuple[float, float],
    figure_id: str,
) -> Figure:
    said = [
        f"{label}: effect {texts.real} on real rows, {texts.shown} shown, hidden {texts.whole}."
        for label, texts in zip(labels, map(effects, rows), strict=True)
    ]
    return Figure(
        id=figure_id,
        title=named,
        alt=f"Effect of {named} on real rows and as explainers are shown it. {' '.join(said)}",
        svg=_draw(named, labels, rows, limits),
    )


def _draw(
    feature: str, labels: Sequence[str], rows: Sequence[Hidden], limits: tuple[float, float]
) -> str:
    from matplotlib.figure import Figure as Canvas

    height = _TOP + _ROW * len(rows) + _BOTTOM
    with report_style():
        figure = Canvas(figsize=(_WIDTH, height))
        figure.patch.set_visible(False)
        axes = figure.add_axes((0.03, _BOTTOM / height, 0.92, _ROW * len(rows) / height))
        _frame(axes, feature, labels, rows, limits)
        for y, found in enumerate(rows):
            _row(axes, y, found)
        _legend(axes)
        return as_svg(figure)


def _frame(
    axes: Axes,
    feature: str,
    labels: Sequence[str],
    rows: Sequence[Hidden],
    limits: tuple[float, float],
) -> None:
    margin = 0.04 * (limits[1] - limits[0] or 1.0)
    left, right = limits[0] - margin, limits[1] + margin
    axes.set_xlim(left, right)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.locator_params(axis="x", nbins=6)
    bare_axes(axes)
    axes.grid(visible=False)
    ink: dict[str, Any] = {"color": COLOURS["ink"], "va": "center", "fontsize": 8}
    axes.text(
        left, -0.72, shortened(feature, 46), color=COLOURS["ink"], fontsize=9.5, fontweight="bold"
    )
    ticks = [tick for tick in axes.get_xticks() if left <= tick <= right]
    for y, (label, found) in enumerate(zip(labels, rows, strict=True)):
        # of each row its own grid, so that no line runs through the words
        axes.vlines(ticks, y - 0.16, y + 0.4, color=COLOURS["line"], linewidth=0.6, zorder=1)
        axes.vlines([0.0], y - 0.16, y + 0.4, color=COLOURS["muted"], linewidth=0.9, zorder=1)
        axes.text(left, y - 0.34, shortened(label, 30), ha="left", **ink)
        axes.text(right, y - 0.34, f"hidden {effects(found).whole}", ha="right", **ink)


def _row(axes: Axes, y: int, found: Hidden) -> None:
    axes.plot([found.shown, found.real], [y, y], color=COLOURS["muted"], linewidth=1.2, zorder=2)
    free: dict[str, Any] = {"linestyle": "none", "clip_on": False, "zorder": 4}
    axes.plot([found.real], [y], markersize=6, **_REAL, **free)
    axes.plot([found.shown], [y], markersize=5, **_SHOWN, **free)
    bar = axes.hlines([y + 0.26], found.low, found.high, color=COLOURS["ink"], linewidth=3)
    bar.set(alpha=0.35, clip_on=False, zorder=3)
    axes.plot([found.estimate], [y + 0.26], markersize=7, markeredgewidth=1.6, **_HIDDEN, **free)


def _legend(axes: Axes) -> None:
    from matplotlib.lines import Line2D

    labels = {
        "effect on real rows": _REAL,
        "effect shown to the explainer": _SHOWN,
        "hidden effect, with interval": _HIDDEN,
    }
    axes.figure.legend(
        handles=[
            Line2D([], [], linestyle="none", markersize=5, label=label, **style)
            for label, style in labels.items()
        ],
        loc="lower left",
        bbox_to_anchor=(0.0, 0.0),
        ncols=2,
        fontsize=7,
        frameon=False,
        labelcolor=COLOURS["ink"],
        handletextpad=0.2,
        columnspacing=1.0,
        labelspacing=0.25,
    )
