"""Pictures of a benchmark: a dot for each audit, curves, and rates with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from explaudit_reports.drawing import COLOURS, as_svg, bare_axes, report_style, shortened
from explaudit_reports.plots import (
    HEADING,
    QUARTERS,
    WIDTH,
    Series,
    canvas,
    heading,
    legend,
    line,
    percentages,
    plot,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Block", "Dots", "draw_curves", "draw_dots", "draw_rates"]

# inches
_PITCH, _HEAD, _LEGEND = 0.088, 0.28, 0.26
_PER_LINE = 48
#: Beyond 100 %, for the counts.
_RIGHT = 1.24
_ROW_LABEL: dict[str, Any] = {"color": COLOURS["ink"], "va": "center", "fontsize": 8}
_PLOT_HEIGHT, _BAR = 3.3, 0.15

Dots = Literal["alarm", "quiet", "silent"]

_DOTS: dict[Dots, tuple[str, dict[str, Any]]] = {
    "alarm": ("alarm", {"marker": "D", "color": "attacked", "markersize": 3.6}),
    "quiet": ("no alarm", {"marker": "o", "color": "muted", "fill": False, "markersize": 3.9}),
    "silent": ("could not judge", {"marker": "x", "color": "muted", "markersize": 3.6}),
}


class Block(NamedTuple):
    """Audits of one kind: a heading, and how many there are of each outcome."""

    heading: str
    dots: dict[Dots, int]


def draw_dots(blocks: Sequence[Block]) -> str:
    """Return the picture of one dot for each audit as SVG."""
    lines = [-(-sum(block.dots.values()) // _PER_LINE) for block in blocks]
    height = sum(_HEAD + _PITCH * n for n in lines) + 0.08 * len(blocks) + _LEGEND
    with report_style():
        figure = canvas(height)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(height, 0)
        top = 0.0
        for block, n in zip(blocks, lines, strict=True):
            axes.text(0.04, top + 0.2, shortened(block.heading, 56), fontsize=8.6, **HEADING)
            _dots(axes, block, top + _HEAD)
            top += _HEAD + _PITCH * n + 0.08
        shown = [kind for kind in _DOTS if any(block.dots[kind] for block in blocks)]
        handles = {_DOTS[kind][0]: _marker(kind) for kind in shown}
        legend(axes, handles, len(handles))
        return as_svg(figure)


def draw_curves(
    title: str, series: Sequence[Series], *, right: float, lines: Sequence[float]
) -> str:
    """Return detections against false alarms as SVG.

    Parameters
    ----------
    title : str
        Above the picture.
    series : sequence of Series
        Curves, and points on them.
    right : float
        The highest rate of false alarms that is shown.
    lines : sequence of float
        Rates of false alarms that are marked.
    """
    with report_style():
        figure = canvas(_PLOT_HEIGHT)
        axes = plot(figure, title)
        axes.set_xlim(-0.01 * right, right)
        ticks = [right * place / 5 for place in range(6)]
        axes.set_xticks(ticks, percentages(ticks))
        axes.set_xlabel("false alarms, as measured", fontsize=7.5, color=COLOURS["muted"])
        for rate in lines:
            axes.axvline(rate, color=COLOURS["muted"], linewidth=0.7, linestyle=":", zorder=1)
        handles: dict[str, dict[str, Any]] = {}
        for one in series:
            x, y = zip(*one.points, strict=True)
            style = line(one.style)
            axes.plot(x, y, zorder=3 + one.style.width / 10, clip_on=not one.style.marker, **style)
            handles.setdefault(one.label, style)
        legend(axes, handles, 2)
        return as_svg(figure)


def draw_rates(title: str, labels: Sequence[str], series: Sequence[Series]) -> str:
    """Return rates with their intervals, side by side below the label of each row, as SVG.

    Parameters
    ----------
    title : str
        Above the picture.
    labels : sequence of str
        Of the rows.
    series : sequence of Series
        Rates: the first number of a point is the rate, the second its row.
    """
    row = 0.24 + _BAR * len(series)
    height = 0.36 + row * len(labels) + 0.55
    with report_style():
        figure = canvas(height)
        axes = figure.add_axes((0.03, 0.55 / height, 0.92, row * len(labels) / height))
        axes.set_xlim(-0.02, _RIGHT)
        axes.set_ylim(row * len(labels), 0)
        bare_axes(axes)
        axes.set_xticks(QUARTERS, percentages(QUARTERS))
        heading(figure, title, 1 - 0.2 / height)
        for place, label in enumerate(labels):
            axes.text(0, row * place + 0.13, shortened(label, 46), **_ROW_LABEL)
        for turn, one in enumerate(series):
            _bars(axes, one, [row * y + 0.3 + _BAR * turn for _, y in one.points])
        legend(axes, {one.label: line(one.style) for one in series}, 2)
        return as_svg(figure)


def _bars(axes: Axes, series: Series, heights: Sequence[float]) -> None:
    low, high = zip(*series.intervals, strict=True)
    colour = COLOURS[series.style.colour]
    bars = axes.hlines(heights, low, high, color=colour, linewidth=3)
    bars.set(alpha=0.35, clip_on=False, zorder=2)
    rates = [rate for rate, _ in series.points]
    axes.plot(rates, heights, clip_on=False, **{**line(series.style), "linestyle": "none"})
    for height, note in zip(heights, series.notes, strict=True):
        axes.text(_RIGHT, height, note, **{**_ROW_LABEL, "ha": "right", "fontsize": 7.2})


def _dots(axes: Axes, block: Block, top: float) -> None:
    place = 0
    for kind, n in block.dots.items():
        if n:
            spots = range(place, place + n)
            x = [0.09 + _PITCH * (spot % _PER_LINE) for spot in spots]
            y = [top + _PITCH * (spot // _PER_LINE) for spot in spots]
            axes.plot(x, y, **_marker(kind))
        place += n


def _marker(kind: Dots) -> dict[str, Any]:
    style = dict(_DOTS[kind][1])
    colour, fill = COLOURS[style.pop("color")], style.pop("fill", True)
    face = colour if fill else COLOURS["paper"]
    edge = {"markeredgecolor": colour, "markerfacecolor": face, "markeredgewidth": 0.8}
    return {"linestyle": "none", **style, **edge}
