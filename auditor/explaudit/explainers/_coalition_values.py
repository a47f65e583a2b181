"""Shapley values of a game on coalitions of features, whatever the game is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt

from explaudit.engines.kernel import draw_coalitions
from explaudit.engines.kernel.solve import KernelSystem, tidied

__all__ = ["Game", "Sampling", "shapley_values"]

Array = npt.NDArray[np.float64]
Masks = npt.NDArray[np.bool_]
Sampling = int | Literal["auto"]
Game = Callable[[Masks], Array]


def shapley_values(
    game: Game, varying: Masks, empty: float, full: float, nsamples: Sampling, seed: int
) -> Array:
    """Return the Shapley values of a game by KernelSHAP's weighted regression.

    Parameters
    ----------
    game : callable
        From coalitions of all features, (n_coalitions, n_features), True for the features
        inside, to their values, (n_coalitions,). Asked once.
    varying : ndarray of bool, shape (n_features,)
        Features that can change the game; all others get 0 and are in every coalition.
    empty, full : float
        The values of no feature and of all features, between which the credits are shared out.
    nsamples : int or "auto"
        Coalitions at most; "auto" is ``2 * n_varying + 2048``. All are asked if there are fewer.
    seed : int

    Returns
    -------
    ndarray of shape (n_features,)
        They add up to ``full - empty``.

    Notes
    -----
    Source: Lundberg and Lee 2017 (NeurIPS), theorem 2.
    """
    values, places = np.zeros(len(varying)), np.flatnonzero(varying)
    if len(places) < 2:
        values[places] = full - empty
        return values
    coalitions = draw_coalitions(len(places), nsamples, np.random.default_rng(seed))
    masks = np.ones((len(coalitions.masks), len(varying)), dtype=np.bool_)
    masks[:, places] = coalitions.masks
    system = KernelSystem(coalitions)
    moments = system.moments((game(masks) - empty)[np.newaxis])
    values[places] = tidied(system.solve(moments, np.array([full - empty])))[0]
    return values
