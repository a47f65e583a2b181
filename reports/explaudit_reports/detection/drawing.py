"""Pictures of a benchmark: a dot for each audit, curves, and rates with their intervals."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from explaudit_reports.drawing import COLOURS, as_svg, report_style, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

__all__ = ["Block", "Dots", "Series", "Style", "draw_curves", "draw_dots", "draw_rates"]

# inches
_WIDTH, _PITCH, _HEAD, _LEGEND = 4.3, 0.105, 0.3, 0.3
_PER_LINE = 40
_LABEL: dict[str, Any] = {"fontsize": 7.5, "color": COLOURS["muted"]}
_PLOT_HEIGHT = 3.3

Dots = Literal["alarm", "quiet", "silent"]

_DOTS: dict[Dots, tuple[str, dict[str, Any]]] = {
    "alarm": ("alarm", {"marker": "D", "color": "attacked", "markersize": 4.2}),
    "quiet": ("no alarm", {"marker": "o", "color": "muted", "fill": False, "markersize": 4.4}),
    "silent": ("could not judge", {"marker": "x", "color": "muted", "markersize": 4.0}),
}


class Block(NamedTuple):
    """Audits of one kind: a heading, and how many there are of each outcome."""

    heading: str
    dots: dict[Dots, int]


class Style(NamedTuple):
    """How a line or its points are drawn: never told apart by colour alone."""

    colour: str
    dashes: str = "-"
    marker: str = ""
    width: float = 1.3


class Series(NamedTuple):
    """Points that belong together, their intervals and what is written beside them."""

    label: str
    style: Style
    points: Sequence[tuple[float, float]]
    intervals: Sequence[tuple[float, float]] = ()
    notes: Sequence[str] = ()


def draw_dots(blocks: Sequence[Block]) -> str:
    """Return the picture of one dot for each audit as SVG."""
    lines = [-(-sum(block.dots.values()) // _PER_LINE) for block in blocks]
    height = sum(_HEAD + _PITCH * n for n in lines) + 0.08 * len(blocks) + _LEGEND
    with report_style():
        figure = _canvas(height)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xlim(0, _WIDTH)
        axes.set_ylim(height, 0)
        top = 0.0
        for block, n in zip(blocks, lines, strict=True):
            ink: dict[str, Any] = {"color": COLOURS["ink"], "fontweight": "bold"}
            axes.text(0.04, top + 0.2, shortened(block.heading, 56), fontsize=8.6, **ink)
            _dots(axes, block, top + _HEAD)
            top += _HEAD + _PITCH * n + 0.08
        shown = [kind for kind in _DOTS if any(block.dots[kind] for block in blocks)]
        handles = {_DOTS[kind][0]: _marker(kind) for kind in shown}
        _legend(axes, handles, "lower left", (0.0, 0.0), len(handles))
        return as_svg(figure)


def draw_curves(title: str, series: Sequence[Series], *, right: float, lines: Sequence[float]) -> str:
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
        figure = _canvas(_PLOT_HEIGHT)
        axes = _plot(figure, title, 0.36)
        axes.set_xlim(-0.01 * right, right)
        ticks = [right * place / 5 for place in range(6)]
        axes.set_xticks(ticks, [f"{100 * tick:.0f} %" for tick in ticks])
        axes.set_xlabel("false alarms, as measured", **_LABEL)
        for line in lines:
            axes.axvline(line, color=COLOURS["muted"], linewidth=0.7, linestyle=":", zorder=1)
        handles: dict[str, dict[str, Any]] = {}
        for one in series:
            x, y = zip(*one.points, strict=True)
            style = _line(one.style)
            axes.plot(x, y, zorder=3 + one.style.width / 10, clip_on=not one.style.marker, **style)
            handles.setdefault(one.label, style)
        _legend(axes, handles, "lower left", (0.0, 0.0), 2)
        return as_svg(figure)


def draw_rates(title: str, places: Sequence[str], series: Sequence[Series], label: str) -> str:
    """Return rates with their intervals at a few places as SVG.

    Parameters
    ----------
    title : str
        Above the picture.
    places : sequence of str
        What stands below each place; a point's first number is its place.
    series : sequence of Series
        Rates, side by side.
    label : str
        What the places are.
    """
    with report_style():
        figure = _canvas(_PLOT_HEIGHT)
        axes = _plot(figure, title, 0.25)
        axes.set_xlim(-0.5, len(places) - 0.5)
        axes.set_xticks([*range(len(places))], [textwrap.fill(place, 15) for place in places])
        axes.grid(visible=False, axis="x")
        axes.set_xlabel(label, **_LABEL)
        for one in series:
            style = _line(one.style)
            axes.plot(*zip(*one.points, strict=True), **{**style, "linewidth": 0.8}, zorder=3)
            for (x, y), (low, high), note in zip(
                one.points, one.intervals, one.notes, strict=True
            ):
                bar = axes.vlines([x], low, high, color=style["color"], linewidth=3)
                bar.set(alpha=0.35, zorder=2)
                axes.text(x + 0.05, y, note, fontsize=6.6, va="center", color=COLOURS["ink"])
        _legend(axes, {one.label: _line(one.style) for one in series}, "lower left", (0.0, 0.0), 2)
        return as_svg(figure)


def _canvas(height: float) -> Canvas:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, height))
    figure.patch.set_visible(False)
    return figure


def _plot(figure: Canvas, title: str, bottom: float) -> Axes:
    """Return axes whose height is a rate from 0 to 100 %."""
    axes = figure.add_axes((0.11, bottom, 0.86, 0.9 - bottom))
    axes.patch.set_visible(False)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(COLOURS["line"])
    axes.set_ylim(-0.02, 1.02)
    ticks = [0.0, 0.25, 0.5, 0.75, 1.0]
    axes.set_yticks(ticks, [f"{100 * tick:.0f} %" for tick in ticks])
    axes.tick_params(length=0, labelsize=7.5, labelcolor=COLOURS["muted"])
    axes.grid(color=COLOURS["line"], linewidth=0.6)
    axes.set_axisbelow(True)
    ink: dict[str, Any] = {"color": COLOURS["ink"], "fontweight": "bold"}
    figure.text(0.01, 0.95, shortened(title, 52), fontsize=9.5, **ink)
    return axes


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


def _line(style: Style) -> dict[str, Any]:
    colour = COLOURS[style.colour]
    return {
        "color": colour,
        "linestyle": style.dashes,
        "linewidth": style.width,
        "marker": style.marker,
        "markersize": 5.5,
        "markeredgewidth": 1.0,
        "markeredgecolor": COLOURS["paper"] if style.dashes == "none" else colour,
    }


def _legend(
    axes: Axes, styles: dict[str, dict[str, Any]], place: str, corner: tuple[float, float], n: int
) -> None:
    from matplotlib.lines import Line2D

    axes.figure.legend(
        handles=[Line2D([], [], label=label, **style) for label, style in styles.items()],
        loc=place,
        bbox_to_anchor=corner,
        ncols=n,
        fontsize=7,
        frameon=False,
        labelcolor=COLOURS["ink"],
        handletextpad=0.5,
        columnspacing=1.0,
        labelspacing=0.25,
        borderaxespad=0.1,
    )
