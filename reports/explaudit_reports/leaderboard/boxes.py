"""Small pictures of how a metric's values are spread under the three models."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from explaudit.leaderboard.results import Distribution
from explaudit_reports.drawing import COLOURS
from explaudit_reports.numbers import figure

__all__ = ["boxes"]

# units of the drawing
_WIDTH, _LEFT, _RIGHT, _PITCH, _HALF_BOX = 340.0, 74.0, 326.0, 22.0, 6.0
_FONT = "font: 10px 'DejaVu Sans'"


def boxes(found: Sequence[Distribution]) -> str:
    """Return boxes on one scale as SVG.

    A box spans the middle half of the values, its line is the median, and the whiskers leave five
    per cent of the values on either side.

    Parameters
    ----------
    found : sequence of Distribution
        Each with its quantiles.
    """
    low = min(own.quantiles[0] for own in found)
    high = max(own.quantiles[-1] for own in found)
    height = _PITCH * len(found) + 24
    parts = [_box(own, _PITCH * (place + 0.6), low, high) for place, own in enumerate(found)]
    base = height - 20
    ends = (
        ((low, _LEFT, "start"), (high, _RIGHT, "end")) if high > low else ((low, _LEFT, "start"),)
    )
    parts.append(_line(_LEFT, base, _RIGHT, base, COLOURS["line"], 1.0))
    parts += [
        _text(figure(value, "number"), x, height - 6, anchor, COLOURS["muted"])
        for value, x, anchor in ends
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} {height:g}">'
        f"{''.join(parts)}</svg>"
    )


def _box(own: Distribution, y: float, low: float, high: float) -> str:
    colour = COLOURS[own.model]
    spread = (high - low) or 1.0
    ends = [_LEFT + (q - low) / spread * (_RIGHT - _LEFT) for q in own.quantiles]
    least, lower, middle, upper, most = ends
    top, bottom = y - _HALF_BOX, y + _HALF_BOX
    return "".join(
        (
            _text(own.model, 0, y + 3.5, "start", COLOURS["ink"]),
            _line(least, y, most, y, colour, 1.4),
            f'<rect x="{lower:.1f}" y="{top:.1f}" width="{upper - lower:.1f}" '
            f'height="{2 * _HALF_BOX:.1f}" style="fill: {COLOURS["paper"]}; stroke: {colour}; '
            'stroke-width: 1.4"/>',
            _line(middle, top, middle, bottom, colour, 3.0),
        )
    )


def _line(x: float, y: float, to_x: float, to_y: float, colour: str, width: float) -> str:
    return (
        f'<path d="M {x:.1f} {y:.1f} L {to_x:.1f} {to_y:.1f}" '
        f'style="fill: none; stroke: {colour}; stroke-width: {width:g}"/>'
    )


def _text(text: str, x: float, y: float, anchor: str, colour: str) -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" style="{_FONT}; text-anchor: {anchor}; fill: {colour}">'
        f"{escape(text)}</text>"
    )
