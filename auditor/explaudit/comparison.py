"""The honest, the attacked and the innocuous model compared on the same rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from explaudit.gameability import Constraint, Summary, Trial, judge, not_worse, paired
from explaudit.metrics import NOT_WORSE, MetricEntry
from explaudit.pooling import Book, Pool, number
from explaudit.resampling import resample
from explaudit.results import Gameability, Measurement
from explaudit.statistics import mean_interval

__all__ = ["gameabilities", "not_worse_measurements"]

Array = npt.NDArray[np.float64]

#: What must not change for an attack to count, beside fidelity.
_HARMS = {
    "demographic_parity_gap": "demographic-parity gap",
    "matched_pair_effect": "matched-pair effect",
}


def not_worse_measurements(attacked: Pool, book: Book) -> Iterable[Measurement]:
    """Measure whether an attacked model does at least as well as the honest one, row by row.

    Yields
    ------
    Measurement
        One for each quality metric that both have; nothing for a pool that is not attacked.
    """
    honest = book.pools.get(attacked.key._replace(model="honest", attack_setting=""))
    if attacked.key.model != "attacked" or honest is None:
        return
    entries = [
        book.entries[name]
        for name in attacked.metrics
        if name in book.entries and book.entries[name].kind == "quality"
    ]
    clusters = [_wins(honest, attacked, i, entries) for i in _shared(honest, attacked) if entries]
    if not clusters:
        return
    resamples = resample(clusters, book.draws(tuple(map(len, clusters))))
    for column, entry in enumerate(entries):
        found = mean_interval(resamples, column, bounds=(0.0, 1.0))
        yield attacked.measurement(book.entries[entry.name + NOT_WORSE], found)


def _wins(honest: Pool, attacked: Pool, replicate: int, entries: Sequence[MetricEntry]) -> Array:
    rows, names = honest.replicates[replicate].row_ids, [entry.name for entry in entries]
    f, e = (own.replicates[replicate].at(rows, names) for own in (honest, attacked))
    wins = [not_worse(f[:, i], e[:, i], entry.direction) for i, entry in enumerate(entries)]
    return np.column_stack(wins)


def _shared(*pools: Pool) -> list[int]:
    """Return the replicates in which every pool has rows."""
    return [
        replicate
        for replicate in pools[0].replicates
        if all(replicate in own.replicates and own.replicates[replicate].row_ids for own in pools)
    ]


def gameabilities(
    book: Book, measurements: Sequence[Measurement], constraint: Constraint
) -> list[Gameability]:
    """Return the gameability of every evidence with a direction, under every explainer setting.

    Parameters
    ----------
    book : Book
    measurements : sequence of Measurement
        Those of behaviour say whether an attack keeps the constraint.
    constraint : Constraint
    """
    found: list[Gameability] = []
    for honest in book.pools.values():
        if honest.key.model == "honest" and honest.key.explainer_setting:
            trials = _trials(honest, book, measurements, constraint)
            found += _judged(honest, trials, book)
    return found


def _trials(
    honest: Pool, book: Book, measurements: Sequence[Measurement], constraint: Constraint
) -> list[tuple[Trial, Pool]]:
    """Return the attacked pools that stand beside an honest one, and whether each counts."""
    behaviour = {
        (m.model, m.attack_setting, m.metric): np.nan if m.value is None else m.value
        for m in measurements
        if m.dataset == honest.key.dataset and not m.explainer_setting
    }

    def trial(setting: str) -> Trial:
        fidelity = behaviour.get(("attacked", setting, "fidelity"), np.nan)
        changes = {
            words: behaviour.get(("attacked", setting, harm), np.nan)
            - behaviour.get(("honest", "", harm), np.nan)
            for harm, words in _HARMS.items()
        }
        return Trial(setting, fidelity, constraint.broken(fidelity, changes))

    return [
        (trial(own.key.attack_setting), own)
        for own in book.pools.values()
        if own.key.model == "attacked"
        and own.key[:2] == honest.key[:2]
        and own.cell.model == honest.cell.model
    ]


def _judged(honest: Pool, trials: list[tuple[Trial, Pool]], book: Book) -> Iterable[Gameability]:
    evidence = [
        entry
        for name, entry in book.entries.items()
        if entry.kind == "evidence" and entry.direction != "none" and name in honest.metrics
    ]
    replicates = _shared(honest)
    if not trials or not evidence or not replicates:
        return
    names = [entry.name for entry in evidence]
    clusters = []
    for replicate in replicates:
        # for each evidence three columns for each trial, all on the honest model's rows
        triples = [_paired(honest, attacked, book, replicate, names) for _, attacked in trials]
        clusters.append(np.stack(triples, axis=2).reshape(len(triples[0]), -1))
    resamples = resample(clusters, book.draws(tuple(map(len, clusters))))
    for i, entry in enumerate(evidence):
        first = 3 * len(trials) * i
        own = judge([t for t, _ in trials], resamples, bounds=entry.bounds, first=first)
        for summary in own:
            yield _entry(honest, entry, summary)


def _innocent(attacked: Pool, book: Book) -> Pool | None:
    """Return the pool of the innocuous model that the attack answers with."""
    for own in book.pools.values():
        if (
            own.key.model == "innocent"
            and own.key[:2] == attacked.key[:2]
            and own.cell.innocuous == attacked.cell.innocuous
        ):
            return own
    return None


def _paired(
    honest: Pool, attacked: Pool, book: Book, replicate: int, names: Sequence[str]
) -> Array:
    """Return the three models' values on the honest model's rows, (n_rows, n_names, 3)."""
    rows = honest.replicates[replicate].row_ids
    nothing = np.full((len(rows), len(names)), np.nan)
    return paired(
        *(
            own.replicates[replicate].at(rows, names)
            if own is not None and replicate in own.replicates
            else nothing
            for own in (honest, attacked, _innocent(attacked, book))
        )
    )


def _entry(honest: Pool, entry: MetricEntry, summary: Summary) -> Gameability:
    trial, found = summary.trial, summary.estimate
    return Gameability(
        dataset=honest.key.dataset,
        evidence=entry.name,
        explainer=honest.explainer,
        explainer_setting=honest.key.explainer_setting,
        summary=summary.kind,
        attack_setting=trial.attack_setting if trial else "",
        counts=trial.counts if trial else True,
        fidelity=number(trial.fidelity) if trial else None,
        value=number(found.value),
        low=number(found.low),
        high=number(found.high),
        n=found.n,
        n_replicates=found.n_clusters,
        reason=found.reason,
    )
