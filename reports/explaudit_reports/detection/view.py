"""The results of a benchmark by key, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Iterable

from explaudit.detection.curves import Curve
from explaudit.detection.rates import Rate
from explaudit.detection.rows import AuditRow, Counts
from explaudit.detection.summary import DetectionResults

__all__ = ["View"]


class View:
    """Finds rates, curves and audits.

    Parameters
    ----------
    results : DetectionResults
        What to look up.
    """

    def __init__(self, results: DetectionResults) -> None:
        self.results = results
        self._titles = {note.name: note.title for note in results.datasets}
        self._rates = {
            (rate.counts, frozenset(rate.group.items()), rate.alpha): rate
            for rate in (*results.false_alarms, *results.tests, *results.detections)
        }
        self._curves = {(curve.explainer, curve.of): curve for curve in results.curves}
        self.datasets = [*dict.fromkeys(row.dataset for row in results.audits)]
        self.explainers = sorted({row.explainer for row in results.audits if row.explainer})

    def title(self, dataset: str) -> str:
        """Return a data set's name as readers see it."""
        return self._titles.get(dataset, dataset)

    def rate(self, counts: Counts, alpha: float, group: dict[str, str]) -> Rate | None:
        """Return the rate of a group of audits; None if there is no such audit."""
        return self._rates.get((counts, frozenset(group.items()), alpha))

    def curve(self, explainer: str, of: str) -> Curve | None:
        """Return a curve; None if there were no honest models or no attacks to draw it of."""
        return self._curves.get((explainer, of))

    def counting(self, counts: Counts) -> list[AuditRow]:
        """Return the audits that count for something."""
        return [row for row in self.results.audits if row.counts == counts]

    def values(self, name: str, order: Iterable[str], counts: Counts = "effective") -> list[str]:
        """Return what an attribute is among the audits that count for something.

        Parameters
        ----------
        name : str
            The attribute.
        order : iterable of str
            Known values in the order to be shown in; others follow by name.
        counts : str
            Which audits.
        """
        found = {str(getattr(row, name)) for row in self.counting(counts)}
        ordered = [value for value in order if value in found]
        return ordered + sorted(found - set(ordered))
