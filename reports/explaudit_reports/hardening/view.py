"""The results of a benchmark by key, in the order in which they are shown."""

from __future__ import annotations

from explaudit.hardening.cast import CAST
from explaudit.hardening.plan import BIASES
from explaudit.hardening.rates import Measure, Rate
from explaudit.hardening.rows import CellRow, Model
from explaudit.hardening.summary import HardeningResults, Judged

__all__ = ["View"]


class View:
    """Finds rates, judgements and cells.

    Parameters
    ----------
    results : HardeningResults
        What to look up.
    """

    def __init__(self, results: HardeningResults) -> None:
        self.results = results
        self._titles = {note.name: note.title for note in results.datasets}
        self._rates = {
            (rate.explainer, rate.model, rate.measure, rate.bias, rate.dataset): rate
            for rate in results.rates
        }
        self._judged = {(j.explainer, j.bias, j.measure, j.model): j for j in results.judged}
        self.datasets = [*dict.fromkeys(cell.dataset for cell in results.cells)]
        self.explainers = [*results.explainers]
        self.biases = [bias for bias in BIASES if any(c.bias == bias for c in results.cells)]

    def title(self, dataset: str) -> str:
        """Return a data set's name as readers see it."""
        return self._titles.get(dataset, dataset)

    @property
    def hardened(self) -> list[str]:
        """The explainers that are to withstand attacks."""
        return [name for name in self.explainers if name in CAST and CAST[name].kind == "hardened"]

    def rate(
        self,
        explainer: str,
        model: Model,
        bias: str,
        *,
        measure: Measure = "first",
        dataset: str = "",
    ) -> Rate | None:
        """Return an estimate; None if nothing of the kind is done.

        Parameters
        ----------
        explainer, model, bias, measure, dataset
            As in :class:`~explaudit.hardening.rates.Rate`; the bias of a fair model is none.
        """
        return self._rates.get(
            (explainer, model, measure, "" if model == "fair" else bias, dataset)
        )

    def judged(self, explainer: str, bias: str, measure: Measure, model: Model) -> Judged | None:
        """Return what came of a target; None if there is no such target."""
        return self._judged.get((explainer, bias, measure, model))

    def done(self, dataset: str = "") -> list[CellRow]:
        """Return the cells that have been run, of one data set or of all."""
        return [
            cell
            for cell in self.results.cells
            if cell.status != "planned" and dataset in ("", cell.dataset)
        ]
