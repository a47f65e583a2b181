"""What pictures with a scale of shares have in common: lines, points, titles and legends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from explaudit_reports.drawing import COLOURS, bare_axes, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "HEADING",
    "QUARTERS",
    "WIDTH",
    "Series",
    "Style",
    "canvas",
    "heading",
    "legend",
    "line",
    "percentages",
    "plot",
]

#: Of every picture, in inches.
WIDTH = 4.3
QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)
#: How a heading looks.
HEADING: dict[str, Any] = {"color": COLOURS["ink"], "fontweight": "bold"}


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


def canvas(height: float) -> Figure:
    """Return an empty picture, so many inches high."""
    from matplotlib.figure import Figure as Canvas

    figure = Canvas(figsize=(WIDTH, height))
    figure.patch.set_visible(False)
    return figure


def plot(figure: Figure, title: str) -> Axes:
    """Return axes whose height is a share from 0 to 100 %."""
    axes = figure.add_axes((0.11, 0.34, 0.86, 0.56))
    bare_axes(axes)
    axes.set_ylim(-0.02, 1.02)
    axes.set_yticks(QUARTERS, percentages(QUARTERS))
    axes.grid(axis="y", color=COLOURS["line"], linewidth=0.6)
    heading(figure, title, 0.95)
    return axes


def heading(figure: Figure, title: str, height: float) -> None:
    """Write a title at some share of the picture's height."""
    figure.text(0.01, height, shortened(title, 52), fontsize=9.5, **HEADING)


def percentages(shares: Sequence[float]) -> list[str]:
    """Return what is written at a scale of shares."""
    return [f"{100 * share:.0f} %" for share in shares]


def line(style: Style) -> dict[str, Any]:
    """Return a style as matplotlib's own arguments."""
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


def legend(axes: Axes, styles: Mapping[str, dict[str, Any]], columns: int) -> None:
    """Write below the picture what each style stands for."""
    from matplotlib.lines import Line2D

    axes.figure.legend(
        handles=[Line2D([], [], label=label, **style) for label, style in styles.items()],
        loc="lower left",
        bbox_to_anchor=(0.0, 0.0),
        ncols=columns,
        fontsize=7,
        frameon=False,
        labelcolor=COLOURS["ink"],
        handletextpad=0.5,
        columnspacing=1.0,
        labelspacing=0.25,
        borderaxespad=0.1,
    )
