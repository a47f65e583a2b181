"""The picture: for each explainer three rates with their intervals, and what is to be reached."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from explaudit_reports.drawing import COLOURS, Point, as_svg, bare_axes, report_style, shortened
from explaudit_reports.plots import QUARTERS, Style, canvas, heading, legend, line, percentages

__all__ = ["Marks", "Target", "draw_marks"]

# inches
_LABEL, _MARK, _TOP, _BOTTOM = 0.24, 0.125, 0.52, 0.62


class Marks(NamedTuple):
    """One explainer: its label, and a point for each kind of model; None where there is none."""

    label: str
    points: Sequence[Point | None]


class Target(NamedTuple):
    """A rate to be reached, and of which kind of model, counted from 0."""

    value: float
    of: int


def draw_marks(
    title: str,
    kinds: Sequence[tuple[str, Style]],
    rows: Sequence[Marks],
    targets: Sequence[Target],
) -> str:
    """Return the picture as SVG; equal arguments give equal text.

    Parameters
    ----------
    title : str
        Above the picture.
    kinds : sequence of (str, Style)
        The kinds of models, in the order of the points.
    rows : sequence of Marks
        From top to bottom.
    targets : sequence of Target
        Drawn as upright lines in the colour of their kind.
    """
    row = _LABEL + _MARK * len(kinds)
    height = _TOP + row * len(rows) + _BOTTOM
    with report_style():
        figure = canvas(height)
        axes = figure.add_axes((0.03, _BOTTOM / height, 0.92, row * len(rows) / height))
        axes.set_xlim(-0.02, 1.04)
        axes.set_ylim(row * len(rows), 0)
        bare_axes(axes)
        axes.set_xticks(QUARTERS, percentages(QUARTERS))
        heading(figure, title, 1 - 0.2 / height)
        for target in targets:
            _line(axes, target, kinds[target.of][1])
        for place, marks in enumerate(rows):
            text = axes.text(
                0, row * place + 0.13, shortened(marks.label, 46), **_text("ink"), va="center"
            )
            # lines must not run through the words
            text.set_bbox({"facecolor": COLOURS["paper"], "edgecolor": "none", "pad": 0.5})
        for turn, (_, style) in enumerate(kinds):
            placed = [
                (point, row * place + _LABEL + _MARK * (turn + 0.35))
                for place, marks in enumerate(rows)
                if (point := marks.points[turn]) is not None
            ]
            _points(axes, placed, style)
        legend(axes, {name: _marker(style) for name, style in kinds}, 2)
        return as_svg(figure)


def _text(colour: str) -> dict[str, Any]:
    return {"color": COLOURS[colour], "fontsize": 8}


def _marker(style: Style) -> dict[str, Any]:
    return {**line(style), "linestyle": "none"}


def _line(axes: Any, target: Target, style: Style) -> None:
    colour = COLOURS[style.colour]
    axes.axvline(target.value, color=colour, linewidth=1.1, linestyle="--", zorder=1)
    axes.text(
        target.value,
        -0.05,
        f"{100 * target.value:.0f} %",
        color=colour,
        fontsize=7,
        ha="center",
        va="bottom",
    )


def _points(axes: Any, placed: Sequence[tuple[Point, float]], style: Style) -> None:
    bars = [(*point.ends, height) for point, height in placed if point.ends]
    if bars:
        low, high, heights = zip(*bars, strict=True)
        drawn = axes.hlines(heights, low, high, color=COLOURS[style.colour], linewidth=3)
        drawn.set(alpha=0.35, clip_on=False, zorder=2)
    x, y = [point.value for point, _ in placed], [height for _, height in placed]
    axes.plot(x, y, clip_on=False, zorder=3, **_marker(style))
