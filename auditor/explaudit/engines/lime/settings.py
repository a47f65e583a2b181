"""The settings of LIME, and which of them the engine covers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, get_args

__all__ = ["LimeSettings", "Stream", "covers"]

Discretizer = Literal["quartile", "decile", "entropy"]
FeatureSelection = Literal["auto", "none", "highest_weights", "forward_selection", "lasso_path"]
Stream = Literal["library", "fast", "shared"]

# other metrics take rows for booleans, need parameters, look at more than two rows, or are not
# defined for the row of ones that stands for the explained row where all columns are levels
_METRICS = frozenset(
    {
        "braycurtis",
        "canberra",
        "chebyshev",
        "cityblock",
        "cosine",
        "euclidean",
        "hamming",
        "l1",
        "l2",
        "manhattan",
        "minkowski",
        "nan_euclidean",
        "sqeuclidean",
    }
)
# up to so many features, "auto" selects by forward selection
_MOST_BY_FORWARD_SELECTION = 6


@dataclass(frozen=True)
class LimeSettings:
    """How to explain; the names and defaults are lime's.

    Parameters
    ----------
    discretize_continuous : bool
        Whether numeric features are cut into bins.
    discretizer : {"quartile", "decile", "entropy"}
        How bins are made.
    sample_around_instance : bool
        Only without bins: whether perturbations are centred at the row or at the mean.
    num_samples : int
        Perturbed rows, the explained row included.
    num_features : int or None
        Features shown; None shows all, and then nothing is selected.
    feature_selection : {"auto", "none", "highest_weights", "forward_selection", "lasso_path"}
        How the features to show are selected.
    kernel_width : float or None
        Width of the exponential kernel; None is ``0.75 * sqrt(n_features)``.
    distance_metric : str
        A metric of :func:`sklearn.metrics.pairwise_distances`.
    """

    discretize_continuous: bool = True
    discretizer: Discretizer = "quartile"
    sample_around_instance: bool = False
    num_samples: int = 5000
    num_features: int | None = 10
    feature_selection: FeatureSelection = "auto"
    kernel_width: float | None = None
    distance_metric: str = "euclidean"

    @property
    def selection(self) -> str:
        """The selection that is meant, with "auto" and `num_features` taken into account."""
        if self.num_features is None:
            return "none"
        if self.feature_selection != "auto":
            return self.feature_selection
        few = self.num_features <= _MOST_BY_FORWARD_SELECTION
        return "forward_selection" if few else "highest_weights"

    def width(self, n_features: int) -> float:
        """Return the width of the kernel for so many features."""
        if self.kernel_width is not None:
            return float(self.kernel_width)
        return float(n_features**0.5 * 0.75)


def covers(settings: LimeSettings, stream: Stream = "library") -> str:
    """Say why the engine cannot explain with these settings.

    Parameters
    ----------
    settings : LimeSettings
    stream : {"library", "fast", "shared"}

    Returns
    -------
    str
        The reason; empty if the settings are covered.
    """
    reasons = (
        _unknown("stream", stream, get_args(Stream)),
        _unknown("discretizer", settings.discretizer, get_args(Discretizer)),
        _unknown("feature_selection", settings.feature_selection, get_args(FeatureSelection)),
        _unknown("distance_metric", settings.distance_metric, _METRICS),
        _too_little("num_samples", settings.num_samples, 2),
        _too_little("num_features", settings.num_features, 1),
        _own_neighbourhood(settings) if stream == "shared" else "",
        "" if settings.kernel_width is None or settings.kernel_width > 0 else "kernel_width <= 0",
    )
    return next(filter(None, reasons), "")


def _unknown(argument: str, got: object, known: Collection[object]) -> str:
    return "" if got in known else f"{argument}={got!r} is not covered"


def _too_little(argument: str, got: int | None, least: int) -> str:
    return "" if got is None or got >= least else f"{argument} is below {least}"


def _own_neighbourhood(settings: LimeSettings) -> str:
    around = settings.sample_around_instance and not settings.discretize_continuous
    return "sample_around_instance gives each row its own neighbourhood" if around else ""
