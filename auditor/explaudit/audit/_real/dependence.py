"""Whether answers on real rows depend on a feature given all others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explaudit.audit._real.effects import Effect, clearest
from explaudit.audit.evidence import Asked
from explaudit.audit.partialling import residuals
from explaudit.audit.surrogate import Design
from explaudit.encoding import Encoder
from explaudit.seeds import derive_seed

__all__ = ["Dependence", "dependences"]

Array = npt.NDArray[np.float64]

#: With more columns than this share of the rows, trees alone have to do.
_MOST_COLUMNS = 0.25
#: Share of a contrast's variance beyond the trees that lines of the other features must leave.
_LEAST_LEFT = 0.01


@dataclass(frozen=True)
class Dependence:
    """Whether an output depends on a feature given all others.

    Attributes
    ----------
    p_value : float
        Of the generalised covariance measure, over all contrasts and outputs.
    effect : Effect
        The contrast and output that are clearest.
    """

    p_value: float
    effect: Effect


@dataclass(frozen=True, eq=False)
class _Left:
    """What the other features leave of an output and of a contrast.

    Attributes
    ----------
    answers, contrast : ndarray of shape (n_rows,)
    inflation : float
        Of standard errors, for what was fitted to these very rows.
    """

    answers: Array
    contrast: Array
    inflation: float = 1.0

    def covariance(self) -> tuple[float, float]:
        """Return the mean product and its standard error."""
        products = self.answers * self.contrast
        return float(products.mean()), self.inflation * float(products.std()) / len(products) ** 0.5

    def slope(self) -> tuple[float, float]:
        """Return how much the answers change with the contrast, and a robust standard error."""
        bread = float(self.contrast @ self.contrast)
        slope = float(self.contrast @ self.answers) / bread
        meat = float(np.sum((self.contrast * (self.answers - slope * self.contrast)) ** 2))
        return slope, self.inflation * meat**0.5 / bread


_Name = tuple[str, str, str]


def dependences(
    real: Asked,
    encoder: Encoder,
    features: Sequence[str],
    outputs: Sequence[str],
    *,
    n_splits: int,
    alpha: float,
    seed: int,
) -> dict[str, Dependence]:
    """Test whether answers depend on each feature given all others, and estimate how much.

    What the other features leave of the answers is multiplied with what they leave of a contrast
    of the feature; if the answers do not depend on it, the product is 0 in the mean. Both are
    predicted out of fold by boosted trees, several times with other folds, and how far the times
    differ is counted as error: a deterministic model has no noise under which the error of
    predictions vanishes. Trees smooth answers and feature alike, which looks as if the one
    depended on the other; so what is left is freed of lines and hinges of the other features, too.

    Parameters
    ----------
    real : Asked
        Real rows, without missing numbers, and answers.
    encoder : Encoder
    features, outputs : sequence of str
    n_splits : int
        How many times folds are drawn.
    alpha : float
        Intervals of all features, contrasts and outputs hold together with probability 1 - alpha.
    seed : int

    Returns
    -------
    dict of str to Dependence
        Without features that nearly follow from the others.

    Notes
    -----
    Source: the generalised covariance measure of Shah and Peters 2020 (Annals of Statistics 48),
    over contrasts and outputs by Bonferroni; the effect is Robinson's (1988, Econometrica 56);
    several splits as in Chernozhukov et al. 2018 (Econometrics Journal 21), section 3.4, by means.
    """
    fits = [
        _left(real, encoder, features, outputs, derive_seed(seed, "split", number))
        for number in range(n_splits)
    ]
    # a contrast that is on the verge of following from the others may be there in some alone
    names = [name for name in fits[0] if all(name in fit for fit in fits)]
    by_feature = {feature: [name for name in names if name[0] == feature] for feature in features}
    return {
        feature: _dependence(
            {name: [fit[name] for fit in fits] for name in own}, alpha / len(features)
        )
        for feature, own in by_feature.items()
        if own
    }


def _left(
    real: Asked, encoder: Encoder, features: Sequence[str], outputs: Sequence[str], seed: int
) -> dict[_Name, _Left]:
    """Return what is left, by feature, contrast and output, with folds drawn once."""
    design = Design.of(encoder, real.rows)
    columns = design.columns(real.rows)
    found = residuals(real.rows, real.answers, encoder, features, outputs, seed)
    left = {}
    for i, name in enumerate(found.names):
        rest = columns[:, design.owners != encoder.index(name[0])]
        freed = _freed(found.answers[:, i], found.contrasts[:, i], rest)
        if freed is not None:
            left[name] = freed
    return left


def _freed(answers: Array, contrast: Array, rest: Array) -> _Left | None:
    """Free both of what is linear in the rest; None if that leaves hardly any contrast."""
    n_rows, n_columns = len(rest), rest.shape[1] + 1
    if n_columns > _MOST_COLUMNS * n_rows:
        return _Left(answers, contrast)
    basis = np.linalg.qr(np.column_stack([np.ones(n_rows), rest]))[0]
    freed = [left - basis @ (basis.T @ left) for left in (answers, contrast)]
    if freed[1].var() < _LEAST_LEFT * contrast.var():
        return None
    return _Left(freed[0], freed[1], (n_rows / (n_rows - n_columns)) ** 0.5)


def _dependence(fits_of: dict[_Name, list[_Left]], alpha: float) -> Dependence:
    from scipy import stats

    reach = float(stats.norm.isf(alpha / len(fits_of) / 2))
    effects, smallest = [], 1.0
    for (_, contrast, output), fits in fits_of.items():
        measure, error = _over_splits([fit.covariance() for fit in fits])
        if error > 0:
            smallest = min(smallest, 2 * float(stats.norm.sf(abs(measure) / error)))
        effect, error = _over_splits([fit.slope() for fit in fits])
        low, high = effect - reach * error, effect + reach * error
        effects.append(Effect(contrast, output, effect, low, high, len(fits[0].answers)))
    return Dependence(min(1.0, smallest * len(fits_of)), clearest(effects))


def _over_splits(estimates: Sequence[tuple[float, float]]) -> tuple[float, float]:
    values, errors = np.array(estimates).T
    return float(values.mean()), float(np.sqrt((errors**2).mean() + values.var()))
