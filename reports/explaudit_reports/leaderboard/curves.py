"""Curves: gameability against what an attack gives up, and against the explainer's budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from explaudit.leaderboard.curves import GROUPS
from explaudit.leaderboard.results import CurvePoint
from explaudit.leaderboard.steps import ADVERSARY, Axis
from explaudit.leaderboard.trials import DECEPTION
from explaudit_reports.cells import Notes
from explaudit_reports.drawing import COLOURS, as_svg, report_style
from explaudit_reports.leaderboard.figures import estimate_cell
from explaudit_reports.leaderboard.view import View
from explaudit_reports.leaderboard.wording import estimate_text
from explaudit_reports.model import Cell, Column, Figure, Gallery, Paragraph, Section, Table, words
from explaudit_reports.numbers import count, figure, percent
from explaudit_reports.plots import Series, Style, canvas, legend, line, plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["curves_section"]

_HEIGHT = 3.0
#: What is followed, with its name and looks.
_LINES = {
    DECEPTION: ("how far the sensitive feature is hidden", Style("attacked", "-", "D", 1.8)),
    GROUPS["off"]: ("off-manifold metrics, mean", Style("ink", "--", "s")),
    GROUPS["on"]: ("on-manifold metrics, mean", Style("honest", "-", "o")),
}
_NOT_DECEIVED = "the explainer is deceived on no data set, so that there is no lie to see through"


class _Words(NamedTuple):
    """How an axis is spoken of."""

    title: str
    scale: str
    column: str


_AXES: dict[Axis, _Words] = {
    "fidelity": _Words(
        "fidelity given up", "decisions that stay the honest model's, as measured", "Rows kept"
    ),
    "samples": _Words("samples", "samples for each explanation", "Samples"),
    "background": _Words("background", "rows of the background", "Background rows"),
}


def curves_section(view: View) -> Section | None:
    """Return a picture and a table for each curve; None if none was run."""
    curves: dict[tuple[Axis, str], list[CurvePoint]] = {}
    for point in view.results.curves:
        if not point.dataset:
            curves.setdefault((point.axis, point.explainer), []).append(point)
    if not curves:
        return None
    replicates = view.results.settings.get("curve_replicates")
    text = (
        f"What the adversary “{ADVERSARY}” makes of each explainer if his gate keeps fewer or more "
        "of the honest model's decisions, and if the explainer asks fewer or more queries than on "
        "the leaderboard, for which he is ready. Attacks that break the constraint are drawn, too. "
        f"In {replicates} replicates of each data set; the leaderboard's own point in all. Each "
        "metric's own curve is in results.json."
    )
    order = sorted(curves, key=lambda key: list(_AXES).index(key[0]))
    return Section(
        "curves",
        "What a lie costs, and what a larger budget buys",
        (
            Paragraph(words(text)),
            Gallery(
                "Upwards: how far the sensitive feature's share of attribution is moved to "
                "innocence, and how often metrics give the lie at least as good a mark as the "
                "truth, where it deceives. Pale bars: 95\N{NO-BREAK SPACE}% intervals.",
                tuple(_figure(view, *key, curves[key]) for key in order),
            ),
            *(_table(view, *key, curves[key]) for key in order),
        ),
    )


def _figure(view: View, axis: Axis, explainer: str, points: Sequence[CurvePoint]) -> Figure:
    title = f"{view.explainer(explainer)}: {_AXES[axis].title}"
    steps = sorted({point.value for point in points})
    series, said = [], []
    for of, (label, style) in _LINES.items():
        own = sorted((p for p in points if p.of == of), key=lambda p: p.value)
        if drawn := _series(label, style, axis, steps, own):
            series.append(drawn)
            told = (f"{_step(axis, p.value)} {estimate_text(p.gamed)}" for p in own)
            said.append(f"{label}: {', '.join(told)}")
    picture = _draw(title, axis, steps, series)
    return Figure(f"curve-{axis}-{explainer}", title, f"{title}. {'. '.join(said)}.", picture)


def _series(
    label: str, style: Style, axis: Axis, steps: Sequence[float], own: Sequence[CurvePoint]
) -> Series | None:
    """Return a line of what is defined; fidelity is a scale, anything else steps."""
    found = [
        (
            point.fidelity if axis == "fidelity" else float(steps.index(point.value)),
            point.gamed,
        )
        for point in own
    ]
    there = [(x, y, y.value) for x, y in found if x is not None and y.value is not None]
    if not there:
        return None
    ends = [(value if y.low is None else y.low, y.high or value) for _, y, value in there]
    return Series(label, style, [(x, _held(value)) for x, _, value in there], ends)


def _draw(title: str, axis: Axis, steps: Sequence[float], series: Sequence[Series]) -> str:
    with report_style():
        drawing = canvas(_HEIGHT)
        axes = plot(drawing, title)
        if axis != "fidelity":
            axes.set_xlim(-0.3, len(steps) - 0.7)
            axes.set_xticks(range(len(steps)), [_step(axis, step) for step in steps])
        else:
            axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %")
        axes.set_xlabel(_AXES[axis].scale, fontsize=7.5, color=COLOURS["muted"])
        for one in series:
            _line(axes, one)
        legend(axes, {one.label: line(one.style) for one in series}, 1)
        return as_svg(drawing)


def _line(axes: Axes, series: Series) -> None:
    x, y = zip(*series.points, strict=True)
    axes.plot(x, y, **line(series.style) | {"markersize": 4.0}, zorder=4, clip_on=False)
    low, high = zip(*series.intervals, strict=True)
    colour = COLOURS[series.style.colour]
    bars = axes.vlines(x, [_held(v) for v in low], [_held(v) for v in high], color=colour)
    bars.set(alpha=0.3, linewidth=3, zorder=2)


def _held(value: float) -> float:
    """Return a value within the scale: what lies beyond is drawn at its edge."""
    return min(max(value, 0.0), 1.0)


def _step(axis: Axis, value: float) -> str:
    return percent(value) if axis == "fidelity" else count(int(value))


def _table(view: View, axis: Axis, explainer: str, points: Sequence[CurvePoint]) -> Table:
    notes = Notes()
    by_step: dict[float, dict[str, CurvePoint]] = {}
    for point in sorted(points, key=lambda p: p.value):
        by_step.setdefault(point.value, {})[point.of] = point
    lines = [of for of in _LINES if any(of in own for own in by_step.values())]
    return Table(
        id=f"curve-{axis}-{explainer}-table",
        caption=f"{view.explainer(explainer)}: {_AXES[axis].title}.",
        columns=(
            Column(_AXES[axis].column, numeric=True),
            Column("Fidelity", "as measured", numeric=True),
            Column("Deceived", "data sets", numeric=True),
            *(Column(_LINES[of][0].capitalize(), numeric=True) for of in lines),
        ),
        rows=tuple(
            (
                *_head(axis, own),
                *(estimate_cell(own[of].gamed, notes, _NOT_DECEIVED) for of in lines),
            )
            for own in by_step.values()
        ),
        footnotes=notes.footnotes,
    )


def _head(axis: Axis, own: dict[str, CurvePoint]) -> tuple[Cell, ...]:
    point = next(iter(own.values()))
    return (
        Cell(_step(axis, point.value), value=point.value),
        Cell(figure(point.fidelity, "share"), value=point.fidelity),
        Cell(f"{point.deceived} of {point.n}", value=float(point.deceived)),
    )
