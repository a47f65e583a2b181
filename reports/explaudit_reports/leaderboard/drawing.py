"""The picture of a leaderboard: a line for each metric or explainer, on one scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from explaudit.leaderboard.results import Estimate, VerdictWord
from explaudit_reports.drawing import COLOURS, as_svg, bare_axes, report_style, shortened
from explaudit_reports.leaderboard.wording import SIGNS, STATUSES, Form

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Rung", "draw_ladder"]

# inches, and shares of the width
_WIDTH, _ROW, _TOP, _LEGEND_LINE, _AXIS = 4.3, 0.142, 0.52, 0.14, 0.24
_LEFT, _RIGHT = 0.38, 0.775
_LOW, _HIGH = -0.03, 1.03
_FONT = 6.7

_WORD_COLOURS = {"gamed": "attacked", "resisted": "innocent"}


@dataclass(frozen=True)
class Rung:
    """What is drawn of one metric or explainer."""

    label: str
    form: Form
    worst: Estimate
    mean: Estimate
    verdict: VerdictWord


class _Style(NamedTuple):
    """How a form is drawn: never told apart by colour alone."""

    colour: str
    marker: str
    size: float


_STYLES: dict[Form, _Style] = {
    "off": _Style("attacked", "D", 3.7),
    "on": _Style("honest", "o", 4.3),
    "none": _Style("ink", "s", 3.7),
    "evidence": _Style("innocent", "^", 4.5),
}


def draw_ladder(title: str, rungs: Sequence[Rung], *, half: str, forms: Mapping[Form, str]) -> str:
    """Return the picture as SVG; equal rungs give equal text.

    Parameters
    ----------
    title : str
        Above the picture.
    rungs : sequence of Rung
        From above.
    half : str
        What one half means.
    forms : mapping of str to str
        What each form stands for.
    """
    from matplotlib.figure import Figure

    shown = [form for form in _STYLES if any(rung.form == form for rung in rungs)]
    legend = _LEGEND_LINE * ((len(shown) + 3) // 2) + 0.06
    height = _TOP + _ROW * len(rungs) + _AXIS + legend
    with report_style():
        figure = Figure(figsize=(_WIDTH, height))
        figure.patch.set_visible(False)
        box = (_LEFT, (_AXIS + legend) / height, _RIGHT - _LEFT, _ROW * len(rungs) / height)
        axes = figure.add_axes(box)
        _frame(axes, len(rungs), half)
        figure.text(
            0.01,
            1 - 0.17 / height,
            shortened(title, 58),
            fontsize=8.6,
            fontweight="bold",
            color=COLOURS["ink"],
        )
        for y, rung in enumerate(rungs):
            _words(axes, y, rung)
        for form in shown:
            _marks(axes, [(y, r) for y, r in enumerate(rungs) if r.form == form], _STYLES[form])
        _legend(axes, {form: forms[form] for form in shown})
        return as_svg(figure)


def _frame(axes: Axes, n: int, half: str) -> None:
    axes.set_xlim(_LOW, _HIGH)
    axes.set_ylim(n - 0.4, -0.6)
    bare_axes(axes)
    ticks = [0.0, 0.25, 0.5, 0.75, 1.0]
    axes.set_xticks(ticks, ["0", "25", "50", "75", "100 %"])
    axes.tick_params(labelsize=_FONT)
    axes.axvline(0.5, color=COLOURS["ink"], linewidth=1.0, dashes=(4, 2), zorder=2)
    axes.annotate(
        half,
        (0.5, 1),
        xycoords=("data", "axes fraction"),
        xytext=(0, 3),
        textcoords="offset points",
        ha="center",
        fontsize=_FONT - 0.4,
        color=COLOURS["ink"],
    )


def _words(axes: Axes, y: int, rung: Rung) -> None:
    """Write the name to the left and the verdict to the right."""
    colour = _WORD_COLOURS.get(STATUSES[rung.verdict], "muted")
    place: dict[str, Any] = {"va": "center", "fontsize": _FONT, "clip_on": False}
    ink = COLOURS["ink"]
    axes.text(_LOW - 0.03, y, shortened(rung.label, 33), ha="right", color=ink, **place)
    said = f"{SIGNS[rung.verdict]} {rung.verdict}"
    axes.text(_HIGH + 0.07, y, said, ha="left", color=COLOURS[colour], **place)


def _marks(axes: Axes, placed: Sequence[tuple[int, Rung]], style: _Style) -> None:
    """Draw means hollow, the worst filled with its interval, each kind at once."""
    colour = COLOURS[style.colour]
    shape: dict[str, Any] = {"marker": style.marker, "linestyle": "none", "clip_on": False}
    bars = [
        (_held(r.worst.low), _held(r.worst.high), y)
        for y, r in placed
        if r.worst.low is not None and r.worst.high is not None
    ]
    if bars:
        low, high, heights = zip(*bars, strict=True)
        drawn = axes.hlines(heights, low, high, color=colour, linewidth=2.6)
        drawn.set(alpha=0.35, zorder=3)
    means = [(_held(r.mean.value), y) for y, r in placed if r.mean.value is not None]
    worst = [(_held(r.worst.value), y) for y, r in placed if r.worst.value is not None]
    hollow: dict[str, Any] = {"markerfacecolor": COLOURS["paper"], "markeredgecolor": colour}
    for points, looks, size in (
        (means, {**hollow, "markeredgewidth": 0.8}, style.size - 1.2),
        (worst, {"markerfacecolor": colour, "markeredgecolor": colour}, style.size),
    ):
        if points:
            x, y = zip(*points, strict=True)
            axes.plot(x, y, markersize=size, zorder=5, **shape, **looks)


def _held(value: float) -> float:
    """Return a value within the scale: what lies beyond is drawn at its edge."""
    return min(max(value, _LOW), _HIGH)


def _legend(axes: Axes, forms: Mapping[Form, str]) -> None:
    from matplotlib.lines import Line2D

    def sign(style: _Style, label: str, filled: bool = True) -> Line2D:
        colour = COLOURS[style.colour]
        return Line2D(
            [],
            [],
            linestyle="none",
            label=label,
            marker=style.marker,
            markersize=style.size if filled else style.size - 1.2,
            markeredgecolor=colour,
            markerfacecolor=colour if filled else COLOURS["paper"],
        )

    either = _Style("muted", "D", 3.7)
    axes.figure.legend(
        handles=[
            *(sign(_STYLES[form], label) for form, label in forms.items()),
            sign(either, "filled: worst adversary, 95 % interval"),
            sign(either, "hollow: mean adversary", filled=False),
        ],
        loc="lower left",
        bbox_to_anchor=(0.0, 0.0),
        ncols=2,
        fontsize=6.4,
        frameon=False,
        labelcolor=COLOURS["ink"],
        handletextpad=0.2,
        columnspacing=0.8,
        labelspacing=0.2,
        borderaxespad=0.1,
    )
