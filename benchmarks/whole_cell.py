"""Compare whole cells of a study: an attacked model explained by the libraries, and by us.

Run it with ``python benchmarks/whole_cell.py``. Both sides run in this process, by turns, on one
thread; figures are medians of five turns, in milliseconds of CPU for each explained row. The
library's side explains fewer rows than ours, which explains all held-out rows of the study.

Theirs is plain shap or lime with the published study's settings, on a scaffold whose gate is the
published forest and which is called as the published code calls it: each call goes to the gate as
it is, all rows of it. Ours is the adapter as users get it, with the verification by the library
that it does by default, on a scaffold with the fast gate. Two models are explained: the attacked
one, and f itself, a rule that costs next to nothing, for orientation.

The limit is what our model would take if it were asked once about each distinct row that reaches
it, and nothing else took any time. Set EXPLAUDIT_COMMUNITIES_FILE to use the unnormalised table of
Communities and Crime; without it the packaged, normalised one is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import click
import numpy as np
import numpy.typing as npt
import pandas as pd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # has no types

from attacked import (
    AsPublished,
    Audience,
    audience_setting,
    fitted,
    library_run,
    own_communities,
    rule_of,
    scaffold,
    scenario,
    study_table,
    timed,
)
from explaudit import registry
from explaudit.study.tables import StudyTable
from measuring import REPEATS, Timed, by_turns

Array = npt.NDArray[np.float64]

# rows that the library explains in each turn
_LIBRARY_ROWS = {"compas": {"shap": 3, "lime": 6}, "communities": {"shap": 2, "lime": 4}}

_LIME_STREAMS = [{"stream": name} for name in ("library", "fast", "shared")]
_VARIANTS: dict[str, dict[str, list[dict[str, str]]]] = {
    # all coalitions of so few features are enumerated: there is no draw to share
    "compas": {"shap": [{"mode": "library_law"}], "lime": _LIME_STREAMS},
    "communities": {
        "shap": [{"mode": "library_law"}, {"mode": "shared"}],
        "lime": _LIME_STREAMS,
    },
}


class Watched(Timed):
    """A model that can also note which rows reach it."""

    def __init__(self, model: Callable[[Any], Array]) -> None:
        super().__init__(model)
        self._seen: list[npt.NDArray[np.uint64]] | None = None

    def __call__(self, matrix: Any) -> Array:
        """Answer, and note the rows if they are to be noted."""
        if self._seen is not None:
            self._seen.append(_fingerprints(np.asarray(matrix, dtype=np.float64)))
        return super().__call__(matrix)

    def distinct_share(self, run: Callable[[], object]) -> float:
        """Return how many of the rows that a run sends are distinct, as a share."""
        self._seen = []
        run()
        seen, self._seen = np.concatenate(self._seen), None
        return len(np.unique(seen)) / len(seen)


@dataclass(frozen=True)
class Case:
    """What one explainer makes of one model, on both sides."""

    name: str
    theirs: Timed
    library: Callable[[], object]
    n_library: int
    ours: Watched
    explain: Callable[[int, int | None], object]
    n_rows: int


class Cell:
    """The published study's cell of one data set and one explainer."""

    def __init__(self, dataset: str, audience: Audience) -> None:
        self._dataset, self._audience = dataset, audience
        self._table: StudyTable = study_table(dataset)
        self._psi = self._table.roles.innocuous["one"]
        innocent = fitted(self._psi, self._table)

        def attacked(published: bool) -> Any:
            return scaffold(dataset, self._table, audience, innocent, published=published)

        self._theirs = timed(lambda: attacked(published=True))
        self._ours = timed(lambda: attacked(published=False))

    def training(self) -> str:
        """Return what the gates took to train on both sides."""
        theirs, ours = self._theirs.seconds, self._ours.seconds
        return (
            f"{self._dataset}, gate against {self._audience.upper()}: CPU seconds to train "
            f"{theirs:.1f} (published forest) and {ours:.1f} (ours), {theirs / ours:.0f}x"
        )

    def cases(self, n_rows: int | None) -> Iterator[Case]:
        """Yield the comparisons: the attacked model, then f alone."""
        published = AsPublished(self._theirs.result, self._table, self._psi, self._audience)
        honest = fitted(self._table.roles.biased(None), self._table)
        for label, answers, model in (
            ("attacked", published.predict_proba, self._ours.result),
            ("rule", _one_hot(rule_of(self._table)), honest),
        ):
            for variant in _VARIANTS[self._dataset][self._audience]:
                theirs, ours = Timed(answers), Watched(model.predict_proba)
                few = _LIBRARY_ROWS[self._dataset][self._audience]
                rows = self._table.test.iloc[:n_rows]
                name = f"{self._dataset} {self._audience}, {label}, {next(iter(variant.values()))}"
                library = library_run(
                    self._dataset, self._table, self._audience, "two", theirs, few
                )
                explain = self._adapter(ours, rows, variant)
                yield Case(name, theirs, library, few, ours, explain, len(rows))

    def _adapter(
        self, model: Watched, rows: pd.DataFrame, variant: dict[str, str]
    ) -> Callable[[int, int | None], object]:
        _, part = audience_setting(self._dataset, self._audience, "two")

        def explain(n_rows: int, verify_rows: int | None) -> object:
            check = {} if verify_rows is None else {"verify_rows": verify_rows}
            settings = {**part.settings, **variant, **check}
            explainer = registry.create("explainers", part.name, settings)
            here = scenario(self._table, self._audience, model, rows.iloc[:n_rows])
            return explainer.explain(here, seed=0)

        return explain


def _one_hot(rule: Callable[[Array], Array]) -> Callable[[Array], Array]:
    def answers(matrix: Array) -> Array:
        favourable = rule(matrix)
        return np.column_stack([1.0 - favourable, favourable])

    return answers


def _fingerprints(matrix: Array) -> npt.NDArray[np.uint64]:
    """Return a hash of each row, by a fixed random linear form of its bits."""
    odd = np.random.default_rng(0).integers(0, 2**63, matrix.shape[1], dtype=np.uint64) * 2 + 1
    mixed = np.ascontiguousarray(matrix).view(np.uint64) * odd
    return np.asarray((mixed ^ (mixed >> np.uint64(29))).sum(axis=1, dtype=np.uint64))


def line(case: Case, repeats: int) -> str:
    """Measure a case and return its line of the table."""
    distinct = case.ours.distinct_share(lambda: case.explain(case.n_rows, None))
    theirs, ours = by_turns(
        [
            (case.library, case.theirs, case.n_library),
            (lambda: case.explain(case.n_rows, None), case.ours, case.n_rows),
        ],
        repeats,
    )
    verified, plain = by_turns(
        [
            (lambda: case.explain(3, None), case.ours, case.n_rows),
            (lambda: case.explain(3, 0), case.ours, case.n_rows),
        ],
        repeats,
    )
    limit = ours.milliseconds * ours.model_share * distinct
    return (
        f"{case.name:<42} {theirs.milliseconds:>8.2f} {theirs.model_share:>6.0%} "
        f"{ours.milliseconds:>8.3f} {ours.model_share:>6.0%} "
        f"{verified.milliseconds - plain.milliseconds:>8.3f} "
        f"{theirs.milliseconds / ours.milliseconds:>6.1f}x {limit:>8.3f} "
        f"{ours.milliseconds / limit:>8.1f}x"
    )


@click.command()
@click.option("--dataset", "datasets", multiple=True, type=click.Choice(list(_LIBRARY_ROWS)))
@click.option("--explainer", "audiences", multiple=True, type=click.Choice(["shap", "lime"]))
@click.option("--rows", type=int, help="Rows that our side explains; all held-out ones by default.")
@click.option("--turns", default=REPEATS, show_default=True, help="Turns of both sides.")
def main(
    datasets: tuple[str, ...], audiences: tuple[Audience, ...], rows: int | None, turns: int
) -> None:
    """Print a table of both sides."""
    table = "unnormalised" if own_communities() else "packaged, normalised"
    click.echo(f"CPU milliseconds for each explained row; communities: the {table} table")
    click.echo(
        f"{'case':<42} {'theirs':>8} {'model':>6} {'ours':>8} {'model':>6} {'verified':>8} "
        f"{'ratio':>7} {'limit':>8} {'distance':>9}"
    )
    trained: list[str] = []
    with threadpool_limits(1):
        for dataset, audience in product(datasets or _LIBRARY_ROWS, audiences or ("shap", "lime")):
            cell = Cell(dataset, audience)
            trained.append(cell.training())
            for case in cell.cases(rows):
                click.echo(line(case, turns))
    for text in trained:
        click.echo(text)


if __name__ == "__main__":
    main()
