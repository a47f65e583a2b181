"""Which pictures a leaderboard shows, and the texts that say the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from explaudit.leaderboard.notes import QUERIES, REAL_ROWS
from explaudit.leaderboard.results import Score
from explaudit_reports.leaderboard.drawing import Rung, draw_ladder
from explaudit_reports.leaderboard.view import View
from explaudit_reports.leaderboard.wording import (
    Form,
    access_of_explainer,
    estimate_text,
    short_label,
)
from explaudit_reports.model import Figure, Gallery
from explaudit_reports.numbers import count, figure

__all__ = ["explainers_gallery", "metrics_gallery"]

_METRICS: dict[Form, str] = {
    "off": "off-manifold: asks about made-up rows",
    "on": "on-manifold: real rows alone",
    "none": "other quality metrics",
    "evidence": "evidence of the sensitive feature",
}
_EXPLAINERS: dict[Form, str] = {
    "off": "asks the model about made-up rows",
    "on": "real rows alone",
    "none": "no model at all",
}
_ASKED: dict[str, Form] = {QUERIES: "off", REAL_ROWS: "on"}

#: As many as are legible in half a page.
_MOST = 36


def metrics_gallery(view: View) -> Gallery | None:
    """Return the picture of all metrics, ordered by gameability; None if there is none."""
    notes = view.metrics
    if not notes:
        return None
    n_parts = -(-len(notes) // _MOST)
    size = -(-len(notes) // n_parts)
    caption = (
        "All metrics, the most gameable first. Right of the dashed line, a metric gives the false "
        "explanation at least as good a mark as the honest one in most rows; of evidence, it is "
        "moved more than half of the way to innocence. What lies beyond the scale is drawn at its "
        "edge; the table has the figures."
    )
    figures = []
    for part in range(n_parts):
        own = notes[part * size : (part + 1) * size]
        first, last = part * size + 1, part * size + len(own)
        rungs = [
            _rung(short_label(note.name, view.form(note)), view.form(note), view.overall(note.name))
            for note in own
        ]
        title = f"Gameability, rank {first} to {last} of {count(len(notes))}"
        figures.append(
            _figure(
                f"picture-metrics-{part + 1}",
                title,
                rungs,
                half="cannot tell the lie from the truth",
                forms=_METRICS,
            )
        )
    return Gallery(caption, tuple(figures))


def explainers_gallery(view: View, evidence: Sequence[str], titles: Sequence[str]) -> Gallery:
    """Return a picture for each piece of evidence: all explainers, clever and plain.

    Parameters
    ----------
    view : View
    evidence, titles : sequence of str
        Names of metrics, and what the pictures are called.
    """
    caption = (
        "How far attacks move the evidence of each explainer, all data sets together. Left: it "
        "stays where the honest model's is. 100 %: it is that of an innocent model."
    )
    figures = []
    for metric, title in zip(evidence, titles, strict=True):
        scores = [(s, score) for s in view.explainers if (score := view.score(metric, s))]
        scores.sort(key=lambda pair: _place(pair[1]))
        rungs = [_rung(view.explainer(s), _asked(view, s), score) for s, score in scores]
        figures.append(
            _figure(
                f"picture-explainers-{metric}",
                title,
                rungs,
                half="half of the way to innocence",
                forms=_EXPLAINERS,
            )
        )
    return Gallery(caption, tuple(figures))


def _place(score: Score) -> tuple[bool, float]:
    return score.worst.value is None, -(score.worst.value or 0.0)


def _asked(view: View, setting: str) -> Form:
    return _ASKED.get(access_of_explainer(view.plugin(setting)), "none")


def _rung(label: str, form: Form, score: Score) -> Rung:
    return Rung(label, form, score.worst, score.mean, score.verdict)


def _figure(
    figure_id: str, title: str, rungs: Sequence[Rung], *, half: str, forms: Mapping[Form, str]
) -> Figure:
    said = " ".join(
        f"{rung.label}: worst {estimate_text(rung.worst)}, mean "
        f"{figure(rung.mean.value, 'share')}, {rung.verdict}."
        for rung in rungs
    )
    picture = draw_ladder(title, rungs, half=half, forms=forms)
    return Figure(figure_id, title, f"{title}. {said}", picture)
