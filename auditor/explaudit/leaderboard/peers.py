"""Other explanations of the same rows, to hold an explanation against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from explaudit import registry
from explaudit.cells import Cell, Part, content_id
from explaudit.explainer import Explainer
from explaudit.explainers._verify import VerifiedExplainer
from explaudit.leaderboard.explainers import COMMITTEE
from explaudit.leaderboard.recoding import recoded, shifted
from explaudit.scenario import Scenario
from explaudit.seeds import derive_seed, generator
from explaudit.study.execute import Explained
from explaudit.study.scenarios import Kept, Prepared

__all__ = ["made_again", "peers", "unverified"]

Array = npt.NDArray[np.float64]
Table = Callable[[pd.DataFrame], Array]

#: Explanations by members of the committee, kept since neighbouring cells look at one model.
_kept = Kept(3 * len(COMMITTEE))

#: Models made again: f's, and one for each psi.
_made_again = Kept(4)


def peers(
    cell: Cell, made: Prepared, explained: Explained, needs: frozenset[str]
) -> dict[str, Array]:
    """Explain a cell's rows in the other ways that metrics need.

    Parameters
    ----------
    cell : Cell
        As tables and models know it.
    made : Prepared
        Its models.
    explained : Explained
        Its explanation.
    needs : frozenset of str
        What metrics need; peers that none needs are not made.

    Returns
    -------
    dict of str to ndarray of shape (n_rows, n_features)
        See :class:`~explaudit.metrics.material.Material`. An explainer that draws for each row
        does so by the row's content, so that of rows written in another way its draws are others,
        as with another seed.
    """
    explainer, scenario, seed = unverified(explained.explainer), explained.scenario, explained.seed
    found: dict[str, Array] = {}
    if "rerun" in needs:
        again = derive_seed(seed, "rerun")
        found["rerun"] = explainer.explain(scenario, seed=again).values
    if "randomised" in needs:
        other = scenario.replace(model=made_again(cell, made, scenario), output="value")
        found["randomised"] = explainer.explain(other, seed=seed).values
    for name, change in (("shifted", shifted), ("recoded", recoded)):
        if name in needs:
            recoding = change(scenario)
            values = explainer.explain(recoding.scenario(scenario), seed=seed).values
            found[name] = recoding.attributions(values)
    if "other explainers" in needs:
        found |= _committee(cell, scenario)
    return found


def unverified(explainer: Explainer) -> Explainer:
    """Return an explainer that does not verify its engine again, as it did in the cell's own call.

    Each verified row takes what the library takes for it, and a cell makes many calls.
    """
    if isinstance(explainer, VerifiedExplainer):
        return replace(explainer, verify_rows=0)
    return explainer


def made_again(cell: Cell, made: Prepared, scenario: Scenario) -> Table:
    """Return the deployed object as it would be had f's decisions been another's.

    An ordinary model of f's answers to the training rows, handed out to the rows at random, takes
    f's place; an attacked model keeps its gate and its psi. The innocuous model is replaced
    likewise.

    Source: the data randomisation test of Adebayo et al. 2018, "Sanity checks for saliency maps"
    (NeurIPS), section 4.

    Parameters
    ----------
    cell : Cell
    made : Prepared
        Its models.
    scenario : Scenario
        What its explainer was handed.

    Returns
    -------
    callable
        ``(table) -> (n_rows,)`` answers.
    """
    shown = scenario.replace(model=made.innocent)
    part, copied = cell.model, scenario.replace(model=made.honest)
    if cell.role == "innocent":
        part, copied = cell.innocuous, shown
    key = content_id([cell.dataset, cell.model, part, cell.replicate, cell.seed])
    refitted: Table = _made_again.get(key, lambda: _refitted(cell, copied))
    if cell.role != "attacked":
        return refitted

    def answer(table: pd.DataFrame) -> Array:
        return np.where(made.looked_at.judged_real(table), refitted(table), shown.answer(table))

    return answer


def _refitted(cell: Cell, copied: Scenario) -> Table:
    from sklearn.ensemble import HistGradientBoostingRegressor

    encoder, rows = copied.encoder, copied.background
    rng = generator(cell.seed, "permuted", cell.dataset.name, cell.replicate)
    model = HistGradientBoostingRegressor(
        max_iter=60, early_stopping=False, categorical_features=list(encoder.categorical)
    )
    model.fit(encoder.encode(rows), rng.permutation(copied.answer(rows)))

    def answer(table: pd.DataFrame) -> Array:
        # as a probability
        return np.asarray(np.clip(model.predict(encoder.encode(table)), 0.0, 1.0))

    return answer


def _committee(cell: Cell, scenario: Scenario) -> dict[str, Array]:
    """Explain by the fixed explainers; by those of the cell's own kind not."""
    assert cell.explainer is not None
    # all that tells a model, and its rows, from another
    model = [cell.dataset, cell.model, cell.innocuous, cell.role, cell.attack]
    found = {}
    for part in COMMITTEE:
        if part.name == cell.explainer.name:
            continue
        key = content_id([*model, part, cell.replicate, cell.seed, cell.n_rows])
        make = partial(_explained_by, part, cell, scenario)
        found[f"explainer: {part.name}"] = _kept.get(key, make)
    return found


def _explained_by(part: Part, cell: Cell, scenario: Scenario) -> Array:
    explainer = unverified(registry.create("explainers", part.name, part.settings))
    seed = derive_seed(cell.seed, "committee", cell.dataset.name, part.name, cell.replicate)
    return explainer.explain(scenario, seed=seed).values
