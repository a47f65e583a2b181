"""Which pictures a benchmark's report shows, and the texts that say the same."""

from __future__ import annotations

from collections.abc import Sequence

from explaudit.detection.baselines import CAD_DETECT, GAP, SHARE_GAP
from explaudit.detection.curves import AS_PLAIN_TOOLS, HIDDEN_EFFECT, WHOLE_AUDIT
from explaudit.detection.rates import ALPHAS, Rate
from explaudit.detection.rows import AuditRow
from explaudit_reports.detection.drawing import (
    Block,
    draw_curves,
    draw_dots,
    draw_rates,
)
from explaudit_reports.detection.lines import Line, by_bias, by_hidden_share
from explaudit_reports.detection.view import View
from explaudit_reports.detection.wording import (
    explainer,
    rate_text,
    share_text,
    tally,
)
from explaudit_reports.model import Figure, Gallery
from explaudit_reports.numbers import count, percent
from explaudit_reports.plots import Series, Style

__all__ = ["curves_gallery", "dots_gallery", "power_gallery"]

_RIGHT = 0.25

_STYLES = (Style("honest", marker="o"), Style("innocent", marker="s"))
_OTHER = Style("muted", "-", width=0.7)
#: Tests of one explainer's queries, by how their names begin.
_TESTS = {
    "sensitive features": Style("honest", "--"),
    "changed sensitive features": Style("honest", "-", width=1.2),
    "other features": Style("innocent", ":", width=1.6),
}
#: Plain tools and the published detector.
_PLAIN = {
    CAD_DETECT: ("CAD-Detect, as published", Style("muted", "--", width=1.6)),
    SHARE_GAP: ("real less claimed share", Style("muted", "-.", width=1.6)),
    GAP: ("gap between groups", Style("muted", ":", width=1.6)),
}


def dots_gallery(view: View, alpha: float) -> Gallery | None:
    """Return the picture of one dot for each audit; None if nothing was judged."""
    judged = view.counting("judged")
    kinds = [("honest models", "accused", judged)] if judged else []
    effective = view.counting("effective")
    for name in view.explainers:
        own = [row for row in effective if row.explainer == name]
        if own:
            kinds.append((f"attacks on {explainer(name)}", "found", own))
    if not kinds:
        return None
    blocks = [_block(what, verb, rows, alpha) for what, verb, rows in kinds]
    caption = (
        "Each sign is one audit. A filled diamond is an alarm: among honest models that nothing "
        f"was tuned on a false one, among attacks a liar found. Nominal rate {percent(alpha)}."
    )
    title = "One sign for each audit"
    alt = " ".join(f"{block.heading}." for block in blocks)
    return Gallery(caption, (Figure("picture-dots", title, alt, draw_dots(blocks)),))


def _block(what: str, verb: str, rows: Sequence[AuditRow], alpha: float) -> Block:
    alarms = sum(row.alarm(alpha) for row in rows)
    silent = sum(row.silent(alpha) for row in rows)
    unable = f"; {count(silent)} could not be judged" if silent else ""
    return Block(
        f"{count(len(rows), 'audit')} of {what}: {count(alarms)} {verb} "
        f"({share_text(alarms / len(rows), rows[0].counts)}){unable}",
        {"alarm": alarms, "quiet": len(rows) - alarms - silent, "silent": silent},
    )


def curves_gallery(view: View) -> Gallery | None:
    """Return detections against false alarms, a picture for each explainer; None without curves."""
    names = [name for name in view.explainers if view.curve(name, WHOLE_AUDIT)]
    if not names:
        return None
    caption = (
        "Each curve shows what share of attacks is found (upwards) if one is ready to accuse a "
        "given share of honest models (to the right), whatever the nominal rates. The left edge "
        f"matters: only up to {percent(_RIGHT)} is shown. Dotted uprights: 1 % and 5 %. Diamonds: "
        "the audit as it stands, at a nominal 1 % and 5 %."
    )
    figures = (_curves(view, name, f"picture-curves-{n}") for n, name in enumerate(names, 1))
    return Gallery(caption, tuple(figures))


def _curves(view: View, name: str, figure_id: str) -> Figure:
    series, said = [], []
    drawn = (c for c in view.results.curves if c.explainer == name and c.of != AS_PLAIN_TOOLS)
    for curve in drawn:
        label, style = _curve_style(curve.of)
        series.append(Series(label, style, curve.points))
        if style is not _OTHER:
            said.append(f"{label}: area {curve.area:.3f}, {percent(curve.detections(0.05))}")
    if places := _operating(view, name):
        series.append(Series("audit as it stands", Style("ink", "none", "D"), places))
    title = f"Attacks on {explainer(name)}"
    return Figure(
        figure_id,
        title,
        f"{title}. Area under the curve, and detections at 5 % measured false alarms. "
        f"{'; '.join(said)}.",
        draw_curves(title, series, right=_RIGHT, lines=ALPHAS),
    )


def _curve_style(of: str) -> tuple[str, Style]:
    if of == WHOLE_AUDIT:
        return "whole audit", Style("ink", width=2.2)
    if of == HIDDEN_EFFECT:
        return "size of the hidden effect alone", Style("attacked", "-.")
    if of in _PLAIN:
        return _PLAIN[of]
    for beginning, style in _TESTS.items():
        if of.startswith(beginning):
            return f"test of {beginning} alone", style
    return "each other test alone", _OTHER


def _operating(view: View, name: str) -> list[tuple[float, float]]:
    """Return measured false alarms and detections at the nominal rates, as far as shown."""
    pairs = [
        (view.rate("judged", alpha, {}), view.rate("effective", alpha, {"explainer": name}))
        for alpha in ALPHAS
    ]
    places = [(honest.value, found.value) for honest, found in pairs if honest and found]
    return [place for place in places if place[0] <= _RIGHT]


def power_gallery(view: View, alpha: float) -> Gallery | None:
    """Return detections by what is hidden and by bias; None without attacks."""
    shares, biases = by_hidden_share(view), by_bias(view)
    if not shares:
        return None
    caption = (
        f"Attacks found at a nominal {percent(alpha)}; at the right how many of how many. Pale "
        "bars are 95\N{NO-BREAK SPACE}% intervals. By the share of the sensitive feature's "
        "attribution that the attack takes away; and by bias, of the plain attack alone, so that "
        "nothing else differs."
    )
    figures = [_power(view, alpha, "By share that is hidden", shares, "picture-hidden")]
    if biases:
        figures.append(_power(view, alpha, "By bias, plain attack alone", biases, "picture-bias"))
    return Gallery(caption, tuple(figures))


def _power(view: View, alpha: float, title: str, lines: Sequence[Line], figure_id: str) -> Figure:
    series, said = [], []
    for turn, name in enumerate(view.explainers):
        found = [
            (place, rate)
            for place, line in enumerate(lines)
            if (rate := view.rate(line.counts, alpha, {**line.group, "explainer": name}))
        ]
        if found:
            series.append(_series(explainer(name), _STYLES[turn % len(_STYLES)], found))
            said += [
                f"{explainer(name)}, {lines[place].label}: {rate_text(rate)}, {tally(rate)}."
                for place, rate in found
            ]
    return Figure(
        figure_id,
        title,
        f"{title}: detections. {' '.join(said)}",
        draw_rates(title, [line.label for line in lines], series),
    )


def _series(label: str, style: Style, found: Sequence[tuple[int, Rate]]) -> Series:
    return Series(
        label,
        style,
        [(rate.value, place) for place, rate in found],
        [(rate.low, rate.high) for _, rate in found],
        [tally(rate) for _, rate in found],
    )
