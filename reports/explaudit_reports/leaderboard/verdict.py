"""The first section of a leaderboard's report: what a person remembers of it."""

from __future__ import annotations

from collections.abc import Sequence

from explaudit.leaderboard.results import MetricNote, VerdictWord
from explaudit_reports.audit.wording import joined
from explaudit_reports.leaderboard.explained import EVIDENCE
from explaudit_reports.leaderboard.pictures import metrics_gallery
from explaudit_reports.leaderboard.view import View
from explaudit_reports.leaderboard.wording import metric_label
from explaudit_reports.model import (
    Block,
    Bullets,
    Paragraph,
    Section,
    Text,
    strong,
    words,
)
from explaudit_reports.numbers import count, figure

__all__ = ["verdict_section"]

#: Names that a sentence lists before it only counts.
_MOST = 8
_RESTS: tuple[tuple[VerdictWord, str, str], ...] = (
    (
        "costly to game",
        "gives way only at the price of decisions",
        "give way only at the price of decisions",
    ),
    ("resists", "sees through it", "see through it"),
    ("cannot say", "cannot be judged", "cannot be judged"),
)


def verdict_section(view: View) -> Section:
    """Return the sentence, the picture, and what follows from them."""
    picture = metrics_gallery(view)
    points = (*_forms(view), *_evidence(view), *_standing(view), *_explainers(view), *_chance(view))
    blocks: tuple[Block, ...] = (
        Paragraph(words(_lead(view)), "lead"),
        *((picture,) if picture else ()),
        *((Bullets(points),) if points else ()),
        Paragraph(words(_caution(view)), "note"),
    )
    return Section("verdict", "Verdict", blocks)


def _lead(view: View) -> str:
    quality = view.of_kind("quality")
    if not quality:
        return "No quality metric has been judged yet."
    gamed = _number(view, quality, "gameable")
    verb = "gives" if gamed == 1 else "give"
    rests = [
        f"{count(n)} {one if n == 1 else more}"
        for verdict, one, more in _RESTS
        if (n := _number(view, quality, verdict))
    ]
    said = (
        f"{count(gamed)} of {count(len(quality), 'metric')} {verb} the false explanation at least "
        "as good a mark as the honest one"
    )
    return f"{said}; {joined(rests)}." if rests else f"{said}."


def _number(view: View, notes: Sequence[MetricNote], verdict: VerdictWord) -> int:
    return len(view.with_verdict(notes, verdict))


def _forms(view: View) -> list[Text]:
    """Compare metrics that ask about made-up rows with their forms that ask about real ones."""
    off, on = view.of_kind("quality", "off"), view.of_kind("quality", "on")
    if not off or not on:
        return []
    return [
        words(
            strong("Made-up rows or real ones: "),
            f"of {count(len(off), 'metric')} that ask the model about made-up rows "
            f"(off-manifold), {_tally(view, off)}; of {count(len(on))} that ask about real rows "
            f"alone (on-manifold), {_tally(view, on)}.",
        )
    ]


def _tally(view: View, notes: Sequence[MetricNote]) -> str:
    gamed, resists, silent = (
        _number(view, notes, "gameable"),
        _number(view, notes, "resists"),
        _number(view, notes, "cannot say"),
    )
    said = (
        f"{count(gamed)} {'is' if gamed == 1 else 'are'} gameable and {count(resists)} "
        f"{'resists' if resists == 1 else 'resist'}"
    )
    return f"{said} ({count(silent)} cannot be judged)" if silent else said


def _evidence(view: View) -> list[Text]:
    own = view.of_kind("evidence")
    if not own:
        return []
    return [
        words(
            strong("Evidence of the sensitive feature: "),
            f"of {count(len(own), 'measure')} of how much it counts, {_tally(view, own)}, over all "
            "explainers together.",
        )
    ]


def _standing(view: View) -> list[Text]:
    own = view.with_verdict(view.metrics, "resists")
    if not own:
        return [
            words(
                strong("What still stands: "),
                "no metric resists, over all explainers and data sets.",
            )
        ]
    names = [metric_label(note.name) for note in reversed(own)]
    return [words(strong("What still stands: "), f"{_listed(names)}.")]


def _explainers(view: View) -> list[Text]:
    """Say whose evidence still shows the sensitive feature, and whose does not."""
    scores = [(s, score) for s in view.explainers if (score := view.score(EVIDENCE[0], s))]
    found = {
        verdict: [view.explainer(s) for s, score in scores if score.verdict == verdict]
        for verdict in ("resists", "gameable")
    }
    if not scores or not any(found.values()):
        return []
    said = [
        f"{_listed(names)} {verb}"
        for names, verb in (
            (found["resists"], "still show it" if found["resists"][1:] else "still shows it"),
            (found["gameable"], "can be made to hide it"),
        )
        if names
    ]
    return [words(strong("Who shows that the sensitive feature decides: "), f"{'; '.join(said)}.")]


def _chance(view: View) -> list[Text]:
    """Say how many metrics like random numbers as well as the honest explanation."""
    known = [n for n in view.of_kind("quality") if view.overall(n.name).random.value is not None]
    fooled = [n for n in known if (view.overall(n.name).random.value or 0.0) >= 0.5]
    if not known:
        return []
    return [
        words(
            strong("Random numbers: "),
            f"{count(len(fooled))} of {count(len(known), 'metric')} "
            f"{'gives' if len(fooled) == 1 else 'give'} a random explanation of the honest model "
            "at least as good a mark as the explainer's own in at least half of the rows.",
        )
    ]


def _listed(names: Sequence[str]) -> str:
    if len(names) <= _MOST:
        return joined([*names])
    return f"{', '.join(names[:_MOST])} and {count(len(names) - _MOST)} more"


def _caution(view: View) -> str:
    cells, rules = view.results.cells, view.results.rules
    done = f"{count(cells.done)} of {count(cells.planned)} planned cells have a result"
    begin = "Preliminary: " if cells.done < cells.planned else ""
    half, quarter = rules.get("gameable_estimate"), rules.get("gameable_low")
    return (
        f"{begin}{done}. Gameable: the worst adversary that keeps the model's decisions makes the "
        f"false explanation look as good in at least {figure(half, 'share')} of the rows, and the "
        f"95\N{NO-BREAK SPACE}% interval lies above {figure(quarter, 'share')}. The honest "
        "explanation is one of a model that decides by the sensitive feature; the false one hides "
        "that. Adversaries are those that were tried, no others."
    )
