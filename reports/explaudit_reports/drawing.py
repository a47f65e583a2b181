"""How the picture is drawn: a dumbbell for each explainer setting, on one scale of shares."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from explaudit_reports.model import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "COLOURS",
    "Dumbbell",
    "Point",
    "SeriesName",
    "as_svg",
    "bare_axes",
    "draw",
    "report_style",
    "shortened",
]

SeriesName = Literal["honest", "worst", "innocent", "others", "left_out"]

#: Colours of the picture by what they stand for (honest and attacked after Okabe and Ito 2008);
#: the HTML report puts its own in their place, so that pictures follow a light or dark theme.
COLOURS = {
    "honest": "#0072b2",
    "attacked": "#d55e00",
    "innocent": "#00795a",
    "ink": "#1b1f24",
    "muted": "#59636e",
    "line": "#c9d1d9",
    "paper": "#fefefe",
}


@dataclass(frozen=True)
class Point:
    """A share with its interval, where it has one."""

    value: float
    ends: tuple[float, float] | None = None


@dataclass(frozen=True)
class Dumbbell:
    """What is drawn for one explainer setting."""

    label: str
    points: Mapping[SeriesName, Sequence[Point]]


@dataclass(frozen=True)
class _Series:
    """How the points of one kind are drawn: never told apart by colour alone."""

    name: SeriesName
    label: str
    colour: str
    shape: str
    filled: bool = True
    #: How far below its row a point is drawn, and how much further its interval, in rows.
    shift: float = 0.0
    bar_shift: float = 0.0

    @property
    def is_main(self) -> bool:
        return self.name in ("honest", "worst", "innocent")

    @property
    def marker(self) -> dict[str, Any]:
        colour = COLOURS[self.colour]
        return {
            "marker": self.shape,
            "markersize": 5.0 if self.is_main else 3.4,
            "markerfacecolor": colour if self.filled else COLOURS["paper"],
            "markeredgecolor": colour,
            "markeredgewidth": 1.1,
        }


_SERIES = (
    _Series("left_out", "attack that does not count", "muted", "x", shift=0.27),
    _Series("others", "other attacks that count", "attacked", "D", filled=False, shift=0.27),
    _Series("innocent", "innocuous model", "innocent", "s", filled=False, shift=0.15),
    _Series("worst", "worst attack that counts", "attacked", "D", bar_shift=0.06),
    _Series("honest", "honest model", "honest", "o", bar_shift=-0.06),
)

# inches
_WIDTH, _ROW, _TOP, _BOTTOM = 4.3, 0.44, 0.4, 0.68


def draw(title: str, rows: Sequence[Dumbbell]) -> str:
    """Return the picture as SVG; equal rows give equal text."""
    from matplotlib.figure import Figure as Canvas

    height = _TOP + _ROW * len(rows) + _BOTTOM
    with report_style():
        figure = Canvas(figsize=(_WIDTH, height))
        figure.patch.set_visible(False)
        axes = figure.add_axes((0.03, _BOTTOM / height, 0.92, _ROW * len(rows) / height))
        _frame(axes, title, rows)
        _points(axes, rows)
        _legend(axes)
        return as_svg(figure)


@contextmanager
def report_style() -> Iterator[None]:
    """Draw as reports do; a reader's own style sheet must not change a report."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rc("svg", fonttype="none", hashsalt="explaudit")
        matplotlib.rc("font", family="DejaVu Sans")
        # a dollar sign in a name is a dollar sign
        matplotlib.rc("text", parse_math=False)
        yield


def as_svg(figure: Figure) -> str:
    """Return a drawing as SVG text; equal drawings give equal text."""
    buffer = io.StringIO()
    with warnings.catch_warnings():
        # text stays text: the reader's fonts draw it, whatever matplotlib's own lack
        warnings.filterwarnings("ignore", message="Glyph .* missing", category=UserWarning)
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def _frame(axes: Axes, title: str, rows: Sequence[Dumbbell]) -> None:
    axes.set_xlim(-0.02, 1.04)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    ticks = [0.0, 0.25, 0.5, 0.75, 1.0]
    axes.set_xticks(ticks, [f"{100 * tick:.0f} %" for tick in ticks])
    bare_axes(axes)
    ink: dict[str, Any] = {"color": COLOURS["ink"], "ha": "left"}
    axes.text(-0.02, -0.75, shortened(title, 42), fontsize=9.5, fontweight="bold", **ink)
    for y, row in enumerate(rows):
        label = axes.text(0, y - 0.3, shortened(row.label, 46), va="center", fontsize=8, **ink)
        # grid lines must not run through the words
        label.set_bbox({"facecolor": COLOURS["paper"], "edgecolor": "none", "pad": 0.5})


def bare_axes(axes: Axes) -> None:
    """Leave of the axes only a scale below and its grid."""
    axes.patch.set_visible(False)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(COLOURS["line"])
    axes.set_yticks([])
    axes.tick_params(length=0, labelsize=7.5, labelcolor=COLOURS["muted"])
    axes.grid(axis="x", color=COLOURS["line"], linewidth=0.6)
    axes.set_axisbelow(True)


def _points(axes: Axes, rows: Sequence[Dumbbell]) -> None:
    for y, row in enumerate(rows):
        ends = [p.value for name in ("honest", "worst") for p in row.points.get(name, ())]
        axes.plot(ends, [y] * len(ends), color=COLOURS["muted"], linewidth=1.2, zorder=2)
    for series in _SERIES:
        placed = [
            (point, y + series.shift)
            for y, row in enumerate(rows)
            for point in row.points.get(series.name, ())
        ]
        if placed:
            _series(axes, placed, series)


def _series(axes: Axes, placed: Sequence[tuple[Point, float]], series: _Series) -> None:
    """Draw all points of a series at once, which keeps the file small."""
    x, y = [point.value for point, _ in placed], [height for _, height in placed]
    axes.plot(x, y, linestyle="none", clip_on=False, zorder=4, **series.marker)
    bars = [(*point.ends, height + series.bar_shift) for point, height in placed if point.ends]
    if bars and series.is_main:
        low, high, heights = zip(*bars, strict=True)
        bar = axes.hlines(heights, low, high, color=COLOURS[series.colour], linewidth=3)
        bar.set(alpha=0.35, clip_on=False, zorder=3)


def _legend(axes: Axes) -> None:
    from matplotlib.lines import Line2D

    axes.figure.legend(
        handles=[
            Line2D([], [], linestyle="none", label=series.label, **series.marker)
            for series in reversed(_SERIES)
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


def shortened(text: str, length: int) -> str:
    """Return a text on one line of so many characters at the most."""
    text = visible(" ".join(text.split()))
    return text if len(text) <= length else f"{text[: length - 1]}…"
