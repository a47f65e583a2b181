"""The adversaries, and every trial: whom each deceives, and at what cost."""

from __future__ import annotations

from explaudit.leaderboard.results import TrialNote
from explaudit_reports.cells import NOT_COUNTED, Notes
from explaudit_reports.leaderboard.view import View
from explaudit_reports.model import Cell, Column, Paragraph, Section, Table, words
from explaudit_reports.numbers import DASH, count, figure

__all__ = ["every_trial_section", "trials_section"]

_NO_FIDELITY = "fidelity was not measured"
_NOTHING_TO_HIDE = "the honest and the innocent model look alike to this explainer"
_NO_TRIAL = "no such trial, or not judged yet"
_BROKEN = "does not count: the constraint is broken; the list of every trial says how"


def trials_section(view: View) -> Section:
    """Return who the adversaries are, and whom they deceive on each data set."""
    deceived = view.results.rules.get("deceived")
    text = (
        "A trial is one adversary against one explainer on one data set. The adversary is made for "
        "the law of that explainer's queries, and deceives the explainer by moving the sensitive "
        f"feature's share of attribution at least {figure(deceived, 'share')} of the way to that "
        "of the innocent model. Only then is there a false explanation for a quality metric to see "
        "through; evidence is judged in all trials that keep the constraint."
    )
    matrices = (
        _matrix(view, dataset, f"trials-{place}")
        for place, dataset in enumerate(view.datasets, 1)
        if any(trial.dataset == dataset for trial in view.results.trials)
    )
    return Section("adversaries", "Adversaries", (Paragraph(words(text)), _cast(view), *matrices))


def _cast(view: View) -> Table:
    notes = Notes()
    return Table(
        id="adversaries-table",
        caption="The adversaries, and how many of their trials deceive and count.",
        columns=(
            Column("Adversary", "and source"),
            Column("How it works"),
            Column("Has access to"),
            Column("Deceives", "of trials", numeric=True),
            Column("Keeps the constraint", "of trials", numeric=True),
            Column("Fidelity", "least", numeric=True),
        ),
        rows=tuple(
            (
                Cell(note.name.replace("_", " "), note.source),
                Cell(note.mechanism),
                Cell(note.access),
                *_tallies([t for t in view.results.trials if t.adversary == note.name], notes),
            )
            for note in view.results.adversaries
        ),
        footnotes=notes.footnotes,
    )


def _tallies(trials: list[TrialNote], notes: Notes) -> list[Cell]:
    least = min((t.fidelity for t in trials if t.fidelity is not None), default=None)
    return [
        *(
            Cell(f"{count(n)} of {count(len(trials))}", value=float(n))
            for n in (sum(t.deceives for t in trials), sum(not t.broken for t in trials))
        ),
        _share(least, notes, _NO_FIDELITY if trials else _NO_TRIAL),
    ]


def _matrix(view: View, dataset: str, table_id: str) -> Table:
    notes = Notes()
    own = {(t.explainer, t.adversary): t for t in view.results.trials if t.dataset == dataset}
    return Table(
        id=table_id,
        caption=(
            f"{view.title(dataset)}: share of the way to innocence that each adversary moves the "
            "sensitive feature's share of attribution, under each explainer, and whether that "
            "deceives. The stronger the colour, the further."
        ),
        columns=(
            Column("Explainer"),
            *(Column(name.replace("_", " "), numeric=True) for name in view.adversaries),
        ),
        rows=tuple(
            (
                Cell(view.explainer(setting)),
                *(_moved(own.get((setting, name)), notes) for name in view.adversaries),
            )
            for setting in view.explainers
        ),
        footnotes=notes.footnotes,
    )


def _moved(trial: TrialNote | None, notes: Notes) -> Cell:
    if trial is None:
        return Cell(DASH, marks=notes.mark(_NO_TRIAL), reason=_NO_TRIAL)
    broken = notes.mark(_BROKEN, NOT_COUNTED) if trial.broken else ()
    if trial.moved is None:
        return Cell(DASH, marks=(*broken, *notes.mark(_NOTHING_TO_HIDE)), reason=_NOTHING_TO_HIDE)
    return Cell(
        figure(trial.moved, "share"),
        detail="deceives" if trial.deceives else "does not deceive",
        value=trial.moved,
        marks=broken,
        reason=trial.broken,
        shade=min(max(trial.moved, 0.0), 1.0),
    )


def every_trial_section(view: View) -> Section:
    """Return every trial with what counts of it, those that do not with the reason."""
    trials = view.results.trials
    text = (
        f"All {count(len(trials), 'trial')}. Quality metrics are judged where the attack deceives "
        "and keeps the constraint, evidence wherever it keeps the constraint."
    )
    parts = tuple(
        Section(
            f"trials-of-{place}", view.title(dataset), (_list(view, dataset, place),), folded=True
        )
        for place, dataset in enumerate(view.datasets, 1)
        if any(trial.dataset == dataset for trial in trials)
    )
    return Section("trials", "Every trial", (Paragraph(words(text)),), parts)


def _list(view: View, dataset: str, place: int) -> Table:
    notes = Notes()
    return Table(
        id=f"every-trial-{place}",
        caption=f"Every trial on {view.title(dataset)}.",
        columns=(
            Column("Explainer"),
            Column("Adversary", "and expected queries"),
            Column("Fidelity", numeric=True),
            Column("Moved", "to innocence", numeric=True),
            Column("Deceives"),
            Column("Counts for"),
            Column("Constraint"),
        ),
        rows=tuple(_line(view, t, notes) for t in view.results.trials if t.dataset == dataset),
        footnotes=notes.footnotes,
    )


def _line(view: View, trial: TrialNote, notes: Notes) -> tuple[Cell, ...]:
    counts = "evidence and quality" if trial.deceives else "evidence"
    return (
        Cell(view.explainer(trial.explainer)),
        Cell(trial.attack_setting),
        _share(trial.fidelity, notes, _NO_FIDELITY),
        _share(trial.moved, notes, _NOTHING_TO_HIDE),
        Cell("yes" if trial.deceives else "no"),
        Cell("nothing" if trial.broken else counts),
        Cell(trial.broken or "kept"),
    )


def _share(value: float | None, notes: Notes, reason: str) -> Cell:
    if value is None:
        return Cell(DASH, marks=notes.mark(reason), reason=reason)
    return Cell(figure(value, "share"), value=value)
