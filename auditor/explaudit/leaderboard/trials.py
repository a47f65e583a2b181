"""What each adversary made of each metric, by replicate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explaudit.cells import Record
from explaudit.gameability import LEAST_CONTRAST, Constraint, not_worse, paired
from explaudit.measure import measure
from explaudit.metrics import MetricEntry
from explaudit.pooling import Pool, PoolKey, pool

__all__ = ["DECEIVED", "DECEPTION", "Trial", "Unit", "read_units"]

Array = npt.NDArray[np.float64]

#: The evidence that says whether an attack deceives an explainer, and how far it must move.
DECEPTION = "sensitive_share"
DECEIVED = 0.25

_HARMS = {
    "demographic_parity_gap": "demographic-parity gap",
    "matched_pair_effect": "matched-pair effect",
}


@dataclass(frozen=True, eq=False)
class Trial:
    """One adversary against one explainer on one data set.

    Attributes
    ----------
    adversary : str
        Its name without the law of queries that its gate learned.
    attack_setting : str
        With it.
    fidelity : float
        On held-out rows; NaN if it was not measured.
    broken : str
        Why the constraint is not kept; empty if it is.
    gamed : ndarray of shape (n_replicates, n_metrics)
        For quality metrics, how often the attacked model's explanation scores at least as well as
        the honest model's; for evidence, the share of the way to innocence. NaN where undefined.
    moved : float
        Mean of `gamed` for :data:`DECEPTION`.
    values : dict of str to ndarray of shape (n_rows, n_metrics)
        By model, over all replicates.
    """

    adversary: str
    attack_setting: str
    fidelity: float
    broken: str
    gamed: Array
    moved: float
    values: Mapping[str, Array]

    @property
    def deceives(self) -> bool:
        """Whether the explanation hides enough to be called false."""
        return bool(self.moved >= DECEIVED)


@dataclass(frozen=True, eq=False)
class Unit:
    """One explainer on one data set, with all who attack it.

    Attributes
    ----------
    random : ndarray of shape (n_replicates, n_metrics)
        How often a random explanation of the honest model scores at least as well.
    """

    dataset: str
    explainer: str
    trials: tuple[Trial, ...]
    random: Array


def read_units(
    records: Sequence[Record],
    entries: Sequence[MetricEntry],
    constraint: Constraint,
    *,
    n_replicates: int,
    seed: int,
) -> list[Unit]:
    """Compare the three models on the same rows, for each explainer on each data set.

    Parameters
    ----------
    records : sequence of Record
        Of a leaderboard, as far as it is done.
    entries : sequence of MetricEntry
        The metrics, in the order of the columns of all arrays.
    constraint : Constraint
        What an attack must leave alone to count.
    n_replicates : int
        Planned ones.
    seed : int
        The base seed.
    """
    pools = pool(record for record in records if record.cell.kind == "explanation")
    behaviour = _behaviour(records, seed)
    units = []
    for key, honest in pools.items():
        if key.model != "honest":
            continue
        random = pools.get(key._replace(explainer_setting="random"))
        trials = [
            _trial(honest, own, pools, behaviour, entries, constraint, n_replicates)
            for name, own in pools.items()
            if name.model == "attacked" and name[:2] == key[:2]
        ]
        chance = np.full((n_replicates, len(entries)), np.nan)
        if random is not None and random is not honest:
            chance = _wins(honest, random, entries, n_replicates)
        units.append(Unit(key.dataset, key.explainer_setting, tuple(trials), chance))
    return units


def _behaviour(records: Sequence[Record], seed: int) -> dict[tuple[str, str, str], float]:
    """Return measurements on real rows by data set, attack setting and metric."""
    own = [record for record in records if record.cell.kind == "behaviour"]
    measurements, _ = measure(own, seed=seed, n_resamples=200)
    return {
        (m.dataset, m.attack_setting if m.model == "attacked" else "", m.metric): m.value
        for m in measurements
        if m.model != "innocent" and m.value is not None
    }


def _trial(
    honest: Pool,
    attacked: Pool,
    pools: Mapping[PoolKey, Pool],
    behaviour: Mapping[tuple[str, str, str], float],
    entries: Sequence[MetricEntry],
    constraint: Constraint,
    n_replicates: int,
) -> Trial:
    dataset, setting = attacked.key.dataset, attacked.key.attack_setting
    fidelity = behaviour.get((dataset, setting, "fidelity"), np.nan)
    changes = {
        words: behaviour.get((dataset, setting, harm), np.nan)
        - behaviour.get((dataset, "", harm), np.nan)
        for harm, words in _HARMS.items()
    }
    innocent = _innocent(attacked, pools)
    gamed = _wins(honest, attacked, entries, n_replicates)
    evidence = [i for i, entry in enumerate(entries) if entry.kind == "evidence"]
    if innocent is not None:
        three = _means(honest, attacked, innocent, [entries[i] for i in evidence], n_replicates)
        gamed[:, evidence] = _share_of_the_way(three)
    names = [entry.name for entry in entries]
    where = names.index(DECEPTION) if DECEPTION in names else None
    models = {"honest": honest, "attacked": attacked, "innocent": innocent}
    return Trial(
        adversary=setting.split("/")[0],
        attack_setting=setting,
        fidelity=fidelity,
        broken=constraint.broken(fidelity, changes),
        gamed=gamed,
        moved=_mean(gamed[:, where]) if where is not None else np.nan,
        values={
            model: np.vstack([part.columns(names) for part in own.replicates.values()])
            for model, own in models.items()
            if own is not None
        },
    )


def _innocent(attacked: Pool, pools: Mapping[PoolKey, Pool]) -> Pool | None:
    for key, own in pools.items():
        if (
            key.model == "innocent"
            and key[:2] == attacked.key[:2]
            and own.cell.innocuous == attacked.cell.innocuous
        ):
            return own
    return None


def _wins(honest: Pool, other: Pool, entries: Sequence[MetricEntry], n_replicates: int) -> Array:
    """Return how often quality metrics are at least as good, (n_replicates, n_metrics)."""
    found = np.full((n_replicates, len(entries)), np.nan)
    names = [entry.name for entry in entries]
    for replicate, part in honest.replicates.items():
        if replicate not in other.replicates:
            continue
        before = part.columns(names)
        after = other.replicates[replicate].at(part.row_ids, names)
        for j, entry in enumerate(entries):
            if entry.kind == "quality":
                found[replicate, j] = _mean(not_worse(before[:, j], after[:, j], entry.direction))
    return found


def _means(
    honest: Pool,
    attacked: Pool,
    innocent: Pool,
    entries: Sequence[MetricEntry],
    n_replicates: int,
) -> Array:
    """Return the models' means of evidence on the same rows, (n_replicates, n_metrics, 3)."""
    found = np.full((n_replicates, len(entries), 3), np.nan)
    names = [entry.name for entry in entries]
    for replicate, part in honest.replicates.items():
        if replicate in attacked.replicates and replicate in innocent.replicates:
            rows = part.row_ids
            others = [own.replicates[replicate].at(rows, names) for own in (attacked, innocent)]
            three = paired(part.columns(names), *others)
            for j in range(len(entries)):
                found[replicate, j] = [_mean(column) for column in three[:, j].T]
    return found


def _share_of_the_way(three: Array) -> Array:
    """Return how far evidence moved in each replicate, in units of the mean contrast.

    Parameters
    ----------
    three : ndarray of shape (n_replicates, n_metrics, 3)
        Means of the honest, the attacked and the innocent model.

    Returns
    -------
    ndarray of shape (n_replicates, n_metrics)
        NaN where the honest and the innocent model look alike over all replicates.
    """
    moved = three[:, :, 0] - three[:, :, 1]
    contrast = np.array([_mean(column) for column in (three[:, :, 0] - three[:, :, 2]).T])
    contrast[~(np.abs(contrast) >= LEAST_CONTRAST)] = np.nan
    return np.asarray(moved / contrast)


def _mean(values: Array) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else np.nan
