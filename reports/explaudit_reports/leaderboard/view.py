"""A leaderboard's results by key, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from explaudit.leaderboard.results import LeaderboardResults, MetricNote, Score, VerdictWord
from explaudit.results import Results
from explaudit_reports.leaderboard.wording import Form, setting_label
from explaudit_reports.lookup import Lookup
from explaudit_reports.vocabulary import CONTROLS

__all__ = ["View"]

#: Explainer settings that are no answer to what an explainer would say, but a yardstick.
_YARDSTICKS = ("matched_pairs", "linear_probe", "group_disparity", "permutation_importance")
_OTHERS = ("imbalance", "committee")


class View:
    """Finds scores, and puts metrics and explainers in order.

    Parameters
    ----------
    results : LeaderboardResults
        What to look up.
    """

    def __init__(self, results: LeaderboardResults) -> None:
        self.results = results
        self._notes = {note.name: note for note in results.metrics}
        self._scores = {(s.metric, s.explainer, s.dataset): s for s in results.scores}
        self.explainers = [*results.explainer_settings]
        self.datasets = [note.name for note in results.datasets]
        self.adversaries = [note.name for note in results.adversaries]

    def score(self, metric: str, explainer: str = "", dataset: str = "") -> Score | None:
        """Return the score at a level, empty for all; None if nothing was run there."""
        return self._scores.get((metric, explainer, dataset))

    def overall(self, metric: str) -> Score:
        """Return the score over everything."""
        return self._scores[metric, "", ""]

    @cached_property
    def metrics(self) -> list[MetricNote]:
        """All metrics, the most gameable first, those without a worst adversary last."""

        def place(note: MetricNote) -> tuple[bool, float, str]:
            worst = self.overall(note.name).worst.value
            return worst is None, -(worst or 0.0), note.name

        scored = {score.metric for score in self.results.scores}
        return sorted((n for n in self.results.metrics if n.name in scored), key=place)

    def note(self, metric: str) -> MetricNote | None:
        """Return what is known about a metric; None if it is not on the leaderboard."""
        return self._notes.get(metric)

    def of_kind(self, kind: str, manifold: str | None = None) -> list[MetricNote]:
        """Return the metrics of a kind, or those of them that have some form."""
        return [
            note for note in self.metrics if note.kind == kind and manifold in (None, note.manifold)
        ]

    def with_verdict(self, notes: Sequence[MetricNote], *verdicts: VerdictWord) -> list[MetricNote]:
        """Return those metrics that have one of the verdicts over everything."""
        return [note for note in notes if self.overall(note.name).verdict in verdicts]

    def form(self, note: MetricNote) -> Form:
        """Return what tells a metric from others in pictures."""
        if note.kind == "evidence":
            return "evidence"
        return "off" if note.manifold == "off" else "on" if note.manifold == "on" else "none"

    def explainer(self, setting: str) -> str:
        """Return an explainer setting's name as readers see it."""
        return setting_label(self.results.explainer_settings, setting)

    def plugin(self, setting: str) -> str:
        """Return the name of the explainer behind a setting."""
        return str(self.results.explainer_settings.get(setting, {}).get("name", setting))

    @cached_property
    def groups(self) -> list[tuple[str, list[str]]]:
        """Explainer settings by what they are there for, as far as they were run."""
        plain = {*_YARDSTICKS, *_OTHERS, *CONTROLS}
        groups = (
            ("Explainers", [s for s in self.explainers if self.plugin(s) not in plain]),
            (
                "Plain baselines, the committee and controls",
                [s for s in self.explainers if self.plugin(s) in plain],
            ),
        )
        return [(name, own) for name, own in groups if own]

    def title(self, dataset: str) -> str:
        """Return a data set's name as readers see it."""
        return self.study.title(dataset)

    @cached_property
    def study(self) -> Lookup:
        """What a leaderboard has in common with a study: its data and its cells."""
        results = self.results
        return Lookup(
            Results(
                versions=results.versions,
                seed=results.seed,
                settings=results.settings,
                datasets=results.datasets,
                attack_settings={},
                explainer_settings=results.explainer_settings,
                measurements=[],
                gameability=[],
                reference=[],
                cells=results.cells,
                n_queries=results.n_queries,
                seconds=results.seconds,
            )
        )
