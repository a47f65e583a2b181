"""Whether attributions go with the drops that taking features away causes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from explaudit.metrics.by_row import mean_known, pearson, spearman
from explaudit.metrics.faithfulness.removal import Removal, each_without
from explaudit.metrics.faithfulness.scoring import changes
from explaudit.metrics.material import Material
from explaudit.seeds import generator

__all__ = [
    "N_DRAWS",
    "N_SUBSETS",
    "effects_of_each",
    "faithfulness_correlation",
    "faithfulness_estimate",
    "infidelity",
    "monotonicity_correlation",
    "sensitivity_n",
]

Array = npt.NDArray[np.float64]
Masks = npt.NDArray[np.bool_]

#: Random subsets of features for each row.
N_SUBSETS = 50
#: Real rows whose values take the place of a feature.
N_DRAWS = 20
_N_SIZES, _N_SUBSETS_OF_SIZE = 5, 20


def faithfulness_correlation(removal: Removal) -> Array:
    """Correlate attributions' sums over random subsets with the drops without these.

    Subsets have a third of the features, at least one.

    Parameters
    ----------
    removal : Removal

    Returns
    -------
    ndarray of shape (n_rows,)
        Pearson's; NaN where sums or drops are constant.

    Notes
    -----
    Source: Bhatt, Weller and Moura 2020 (IJCAI), the criterion "high faithfulness".
    """
    size = max(1, removal.n_features // 3)
    return _goes_with_drops(removal, removal.drawn("correlation", N_SUBSETS, size))


def faithfulness_estimate(removal: Removal) -> Array:
    """Correlate each feature's attribution with the drop without it.

    Parameters
    ----------
    removal : Removal

    Returns
    -------
    ndarray of shape (n_rows,)
        Pearson's; NaN where attributions or drops are constant.

    Notes
    -----
    Source: Alvarez-Melis and Jaakkola 2018 (NeurIPS), the faithfulness of relevance scores.
    """
    return _goes_with_drops(removal, np.eye(removal.n_features, dtype=np.bool_))


def sensitivity_n(removal: Removal) -> Array:
    """Average over sizes n the correlation of sums and drops over random subsets of n features.

    There are up to 5 sizes, evenly spread from 1 to all features but one, of 20 subsets each.

    Parameters
    ----------
    removal : Removal

    Returns
    -------
    ndarray of shape (n_rows,)
        The mean over sizes for which there is a correlation; NaN where there is none.

    Notes
    -----
    Source: Ancona et al. 2018 (ICLR), the definition of sensitivity-n and its relaxation by
    Pearson's correlation, with 100 subsets for each of more sizes.
    """
    sizes = np.unique(np.linspace(1, removal.n_features - 1, _N_SIZES).round().astype(int))
    each = [size for size in sizes.tolist() if size > 0 for _ in range(_N_SUBSETS_OF_SIZE)]
    if not each:
        return np.full(len(removal.values), np.nan)
    masks = removal.drawn("sensitivity-n", len(each), each)
    shape = (len(removal.values), -1, _N_SUBSETS_OF_SIZE)
    sums, answers = removal.sums(masks), removal.without(masks)
    return mean_known(pearson(sums.reshape(shape), -answers.reshape(shape)))


def infidelity(removal: Removal) -> Array:
    """Return the mean squared gap between attributions' sums over random subsets and the drops.

    Any number of features is equally likely, from one to all.

    Parameters
    ----------
    removal : Removal

    Returns
    -------
    ndarray of shape (n_rows,)
        In squared units of the output; NaN where no float holds it.

    Notes
    -----
    Source: Yeh et al. 2019 (NeurIPS), definition 2.1, with the perturbation "difference to a
    subset of the baseline", for attributions that already hold the input's difference to it.
    """
    rng = generator(removal.material.seed, "faithfulness", "sizes of infidelity")
    sizes = rng.integers(1, removal.n_features + 1, N_SUBSETS).tolist()
    masks = removal.drawn("infidelity", N_SUBSETS, sizes)
    drops = removal.material.answers[:, None] - removal.without(masks)
    largest = removal.magnitudes.max(axis=1, keepdims=True)
    with np.errstate(over="ignore"):
        found = np.square(largest * removal.sums(masks) - drops).mean(axis=1)
    return np.where(np.isfinite(found), found, np.nan)


def monotonicity_correlation(removal: Removal) -> Array:
    """Rank-correlate magnitudes with the mean squared change when a feature takes other values.

    Parameters
    ----------
    removal : Removal

    Returns
    -------
    ndarray of shape (n_rows,)
        Spearman's; NaN where magnitudes or changes are constant.

    Notes
    -----
    Source: Nguyen and Martínez 2020 (arXiv 2007.07584), monotonicity, with the squared error as
    the loss.
    """
    effects = mean_known(np.square(effects_of_each(removal)))
    return spearman(removal.magnitudes, effects)


def effects_of_each(removal: Removal) -> Array:
    """Return the absolute changes when one feature after the other takes other values.

    Off-manifold it takes those of real rows, drawn by the material's seed; on-manifold real
    neighbours, compared without it, stand for the row.

    Parameters
    ----------
    removal : Removal

    Returns
    -------
    ndarray of shape (n_rows, n_features, n_draws)
        NaN where there are fewer neighbours.
    """
    material = removal.material
    alone: Masks = np.eye(removal.n_features, dtype=np.bool_)
    found = each_without(material, alone, removal.manifold, _drawn_real_rows(material))
    return changes(material, found)


def _goes_with_drops(removal: Removal, masks: Masks) -> Array:
    # f(x) is the same in all drops of a row, so that minus the answer alone correlates alike
    return pearson(removal.sums(masks), -removal.without(masks))


def _drawn_real_rows(material: Material) -> Array:
    rng = generator(material.seed, "faithfulness", "real rows")
    n = min(N_DRAWS, len(material.real_rows))
    return material.real_rows[rng.choice(len(material.real_rows), n, replace=False)]
