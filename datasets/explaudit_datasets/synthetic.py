"""Synthetic data whose truth is known: the generating function and all that follows from it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from explaudit_datasets.errors import DataError
from explaudit_datasets.generating import BOUND, SENSITIVE, Form, GeneratingFunction

__all__ = ["SyntheticDataset", "Truth", "make_synthetic"]

# Each further feature weighs this share of the one before it.
_DECAY = 0.7


@dataclass(frozen=True, eq=False)
class Truth:
    """What is true of a synthetic data set.

    Attributes
    ----------
    probability : GeneratingFunction
        From a table to the probability of the favourable outcome.
    effect_per_row : Series of shape (n_rows,)
        Exact direct effect of the sensitive feature: probability with the group set to 1 less
        that with it set to 0.
    direct_effect : float
        Its mean over the rows.
    mean_absolute_effect : float
        Mean of its absolute value; larger than ``|direct_effect|`` where signs differ.
    nominal_proxy_correlation : float
        Correlation of each proxy with the group in the population.
    proxy_correlations : Series of shape (n_proxies,)
        The same in this sample, by proxy.
    """

    probability: GeneratingFunction
    effect_per_row: pd.Series[float]
    direct_effect: float
    mean_absolute_effect: float
    nominal_proxy_correlation: float
    proxy_correlations: pd.Series[float]


@dataclass(frozen=True, eq=False)
class SyntheticDataset:
    """A synthetic data set with its truth.

    Attributes
    ----------
    name : str
        "synthetic".
    frame : DataFrame of shape (n_rows, n_features)
        "group" (0 or 1), "proxy_1" ... and "feature_1" ...
    target : Series of shape (n_rows,)
        1 for the favourable outcome, 0 for the other.
    sensitive : tuple of str
        ``("group",)``.
    truth : Truth
        The generating function and what follows from it.
    """

    name: str
    frame: pd.DataFrame
    target: pd.Series[int]
    sensitive: tuple[str, ...]
    truth: Truth


def make_synthetic(
    n_rows: int = 2000,
    *,
    n_features: int = 12,
    n_proxies: int = 2,
    proxy_correlation: float = 0.6,
    proxy_effect: float = 0.0,
    sensitive_effect: float = 1.0,
    interaction: float = 0.0,
    noise: float = 0.05,
    form: Form = "linear",
    seed: int = 0,
) -> SyntheticDataset:
    """Make a data set whose generating function is known.

    Half of the rows belong to each group. A proxy is ``rho * (2 s - 1) + sqrt(1 - rho**2) * e``
    with e uniform of variance one, so that its correlation with the group s is rho. The other
    features are independent, uniform of variance one, and share a total weight of one.

    Parameters
    ----------
    n_rows : int
        At least 2.
    n_features : int
        All columns together: the group, the proxies and at least one other feature.
    n_proxies : int
        Columns that are correlated with the group.
    proxy_correlation : float in [-1, 1]
        Correlation of each proxy with the group.
    proxy_effect : float
        Weight of each proxy in the generating function; 0 leaves association without any role.
    sensitive_effect : float
        Weight of the group; 0 makes its direct effect exactly 0.
    interaction : float in [-1, 1]
        How much the first feature changes the effect of the group.
    noise : float in [0, 0.5)
        Probability that an outcome is flipped.
    form : {"linear", "threshold", "xor"}
        The shape of the generating function, see :class:`GeneratingFunction`.
    seed : int
        Equal arguments give equal data, and the rows depend neither on the effects nor on the
        noise: two data sets that differ in those alone have the same features.

    Returns
    -------
    SyntheticDataset

    Raises
    ------
    DataError
        If an argument is out of its range.
    """
    _check_shape(n_rows, n_features, n_proxies)
    _check_function(proxy_correlation, proxy_effect, sensitive_effect, interaction, noise, form)
    rng = np.random.default_rng(seed)
    frame = _features(rng, n_rows, n_features, n_proxies, proxy_correlation)
    function = GeneratingFunction(
        _weights(frame, proxy_effect), sensitive_effect, interaction, noise, form
    )
    outcome = pd.Series(rng.random(n_rows) < function(frame), index=frame.index)
    target = outcome.astype("int64").rename("favourable")
    truth = _truth(function, frame, proxy_correlation)
    return SyntheticDataset("synthetic", frame, target, (SENSITIVE,), truth)


def _check_shape(n_rows: int, n_features: int, n_proxies: int) -> None:
    least = n_proxies + 2
    for argument, right, expected, got in (
        ("n_rows", n_rows >= 2, "at least 2", n_rows),
        ("n_proxies", n_proxies >= 0, "0 or more", n_proxies),
        ("n_features", n_features >= least, f"at least n_proxies + 2 = {least}", n_features),
    ):
        if not right:
            raise DataError(argument, expected, got)


def _check_function(
    proxy_correlation: float,
    proxy_effect: float,
    sensitive_effect: float,
    interaction: float,
    noise: float,
    form: str,
) -> None:
    # written so that NaN is refused too
    for argument, right, expected, got in (
        ("proxy_correlation", abs(proxy_correlation) <= 1, "-1 to 1", proxy_correlation),
        ("proxy_effect", math.isfinite(proxy_effect), "a finite number", proxy_effect),
        ("sensitive_effect", math.isfinite(sensitive_effect), "a finite number", sensitive_effect),
        ("interaction", abs(interaction) <= 1, "-1 to 1", interaction),
        ("noise", 0 <= noise < 0.5, "0 up to but not 0.5", noise),
        ("form", form in get_args(Form), f"one of {', '.join(get_args(Form))}", form),
    ):
        if not right:
            raise DataError(argument, expected, got)


def _features(
    rng: np.random.Generator, n_rows: int, n_features: int, n_proxies: int, correlation: float
) -> pd.DataFrame:
    group = rng.permutation(np.arange(n_rows) % 2)
    draws = rng.uniform(-BOUND, BOUND, size=(n_rows, n_features - 1))
    columns: dict[str, npt.NDArray[np.generic]] = {SENSITIVE: group.astype(np.int64)}
    spread = math.sqrt(1 - correlation**2)
    for k in range(n_proxies):
        columns[f"proxy_{k + 1}"] = correlation * (2 * group - 1) + spread * draws[:, k]
    for k in range(n_proxies, n_features - 1):
        columns[f"feature_{k - n_proxies + 1}"] = draws[:, k]
    return pd.DataFrame(columns)


def _weights(frame: pd.DataFrame, proxy_effect: float) -> dict[str, float]:
    """Return the weight of each column but the group: alternating signs, each smaller."""
    features = [column for column in frame.columns if column.startswith("feature_")]
    sizes = _DECAY ** np.arange(len(features))
    signs = np.where(np.arange(len(features)) % 2 == 0, 1.0, -1.0)
    shares = signs * sizes / sizes.sum()
    proxies = {c: proxy_effect for c in frame.columns if c.startswith("proxy_")}
    return {**proxies, **dict(zip(features, shares.tolist(), strict=True))}


def _truth(function: GeneratingFunction, frame: pd.DataFrame, correlation: float) -> Truth:
    effect = pd.Series(function.effect(frame), index=frame.index, name="effect")
    proxies = [column for column in frame.columns if column.startswith("proxy_")]
    return Truth(
        probability=function,
        effect_per_row=effect,
        direct_effect=float(effect.mean()),
        mean_absolute_effect=float(effect.abs().mean()),
        nominal_proxy_correlation=correlation,
        proxy_correlations=frame[proxies].corrwith(frame[SENSITIVE]),
    )
