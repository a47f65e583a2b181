"""Results by key: which data sets, models and settings there are, and the figure for each."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from functools import cached_property
from typing import TypeVar

from explaudit.errors import InvalidInputError
from explaudit.results import DatasetNote, Gameability, Measurement, Results
from explaudit_reports.vocabulary import explainer_label, metric_order

__all__ = ["Lookup", "ModelKey"]

#: The model's role and the setting of its attack (or of its variant, for the innocuous model).
ModelKey = tuple[str, str]
T = TypeVar("T")
_ROLES = ("honest", "attacked", "innocent")


class Lookup:
    """Access to results by key, in the order of the settings.

    Parameters
    ----------
    results : Results
        What is reported.

    Raises
    ------
    InvalidInputError
        If two measurements or two rows of gameability claim the same place.
    """

    def __init__(self, results: Results) -> None:
        self.results = results
        self._measurements = _unique(
            "measurements",
            (
                ((m.dataset, m.metric, m.explainer_setting, m.model, m.attack_setting), m)
                for m in results.measurements
            ),
        )
        self._gameability = _unique(
            "gameability",
            (
                ((g.dataset, g.evidence, g.explainer_setting, g.summary, _column(g)), g)
                for g in results.gameability
            ),
        )

    @property
    def _rows(self) -> list[Measurement | Gameability]:
        return [*self.results.measurements, *self.results.gameability]

    @cached_property
    def datasets(self) -> list[str]:
        """Names of all data sets, the described ones first."""
        return _distinct(
            [
                *(note.name for note in self.results.datasets),
                *(row.dataset for row in self._rows),
                *(row.dataset for row in self.results.reference),
                *(cell.dataset for cell in self.results.cells.unjudged),
            ]
        )

    def note(self, dataset: str) -> DatasetNote | None:
        """Return the description of a data set, if there is one."""
        return next((n for n in self.results.datasets if n.name == dataset), None)

    def title(self, dataset: str) -> str:
        """Return the title of a data set."""
        note = self.note(dataset)
        return note.title if note and note.title else dataset

    def sensitive(self, dataset: str) -> str:
        """Return the name of the sensitive feature."""
        note = self.note(dataset)
        return note.sensitive if note and note.sensitive else "the sensitive feature"

    def metrics(self, dataset: str, *, explained: bool) -> list[str]:
        """Return metrics of explanations, or those measured on real rows without an explainer."""
        found = {
            m.metric
            for m in self.results.measurements
            if m.dataset == dataset and bool(m.explainer_setting) == explained
        }
        return sorted(found, key=metric_order)

    def evidence(self, dataset: str) -> list[str]:
        """Return the metrics whose gameability was estimated."""
        found = {g.evidence for g in self.results.gameability if g.dataset == dataset}
        return sorted(found, key=metric_order)

    def explainers(self, dataset: str) -> list[str]:
        """Return the explainer settings that were used on a data set."""
        found = _distinct(
            row.explainer_setting
            for row in self._rows
            if row.dataset == dataset and row.explainer_setting
        )
        return _in_order_of(self.results.explainer_settings, found)

    def models(self, dataset: str) -> list[ModelKey]:
        """Return the models: honest, attacked by each attack, innocuous."""
        found = _distinct(
            (m.model, m.attack_setting) for m in self.results.measurements if m.dataset == dataset
        )
        settings = _in_order_of(self.results.attack_settings, _distinct(s for _, s in found))
        return sorted(found, key=lambda key: (_ROLES.index(key[0]), settings.index(key[1])))

    def attacks(self, dataset: str) -> list[str]:
        """Return the attack settings on a data set."""
        found = [setting for role, setting in self.models(dataset) if role == "attacked"]
        also = [
            g.attack_setting
            for g in self.results.gameability
            if g.dataset == dataset and g.summary == "attack"
        ]
        return _in_order_of(self.results.attack_settings, _distinct([*found, *also]))

    def measurement(
        self, dataset: str, metric: str, explainer_setting: str, model: ModelKey
    ) -> Measurement | None:
        """Return a measurement, if it was made."""
        return self._measurements.get((dataset, metric, explainer_setting, *model))

    def innocent_for(
        self, dataset: str, metric: str, explainer_setting: str, attack: str
    ) -> ModelKey:
        """Return the innocuous model that an attack answers with, by the end of its name."""
        variants = {setting for role, setting in self.models(dataset) if role == "innocent"}
        named = [v for v in sorted(variants) if v and attack.endswith(f"-{v}")]
        for key in [("innocent", v) for v in (*named, "", *sorted(variants))]:
            if self.measurement(dataset, metric, explainer_setting, key):
                return key
        return ("innocent", "")

    def gameability(
        self, dataset: str, evidence: str, explainer_setting: str, summary: str, attack: str = ""
    ) -> Gameability | None:
        """Return a row of gameability, if it was estimated."""
        return self._gameability.get((dataset, evidence, explainer_setting, summary, attack))

    def counts(self, dataset: str, attack: str) -> bool | None:
        """Whether an attack keeps the constraint; None where no row says so."""
        said = [
            g.counts
            for g in self.results.gameability
            if g.dataset == dataset and g.summary == "attack" and g.attack_setting == attack
        ]
        return all(said) if said else None

    def fidelity(self, dataset: str, attack: str) -> float | None:
        """Return how often an attacked model decides as the honest one on real rows, if known."""
        measured = self.measurement(dataset, "fidelity", "", ("attacked", attack))
        if measured is not None:
            return measured.value
        said = (
            g.fidelity
            for g in self.results.gameability
            if g.dataset == dataset and g.summary == "attack" and g.attack_setting == attack
        )
        return next((share for share in said if share is not None), None)

    @cached_property
    def _explainer_labels(self) -> dict[str, str]:
        pairs = {
            row.explainer_setting: row.explainer for row in self._rows if row.explainer_setting
        }
        labels = {setting: explainer_label(name, setting) for setting, name in pairs.items()}
        shown = [*labels.values()]
        return {k: v if shown.count(v) == 1 else f"{v} ({k})" for k, v in labels.items()}

    def explainer(self, setting: str) -> str:
        """Return an explainer setting's name as a reader should see it."""
        return self._explainer_labels.get(setting, setting)

    def explainer_name(self, setting: str) -> str:
        """Return the name of the explainer behind a setting."""
        return next((r.explainer for r in self._rows if r.explainer_setting == setting), "")


def _column(row: Gameability) -> str:
    """Return the attack that names a row's place; for the worst, it is a value, not a place."""
    return row.attack_setting if row.summary == "attack" else ""


def _distinct(items: Iterable[T]) -> list[T]:
    return list(dict.fromkeys(items))


def _in_order_of(settings: Iterable[str], found: list[str]) -> list[str]:
    order = {name: place for place, name in enumerate(settings)}
    return sorted(found, key=lambda name: order.get(name, len(order)))


def _unique(argument: str, pairs: Iterable[tuple[Hashable, T]]) -> dict[Hashable, T]:
    result: dict[Hashable, T] = {}
    for key, row in pairs:
        if key in result:
            raise InvalidInputError(argument, "one row for each place in the tables", key)
        result[key] = row
    return result
