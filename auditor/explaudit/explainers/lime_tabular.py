"""LIME for tables, in batches or through the package lime."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from explaudit.engines.lime import (
    LimeResult,
    LimeSettings,
    Stream,
    TrainingTable,
    covers,
    lime_tabular,
    prepare,
)
from explaudit.errors import InvalidInputError
from explaudit.explainer import RowExplanation, View
from explaudit.explainers._settings import (
    require_at_least,
    require_choice,
    require_finite,
    require_positive,
)
from explaudit.explainers._verify import BatchedRun, VerifiedExplainer

__all__ = ["LimeTabular"]

Array = npt.NDArray[np.float64]
Discretizer = Literal["quartile", "decile", "entropy"]
FeatureSelection = Literal["auto", "none", "highest_weights", "forward_selection", "lasso_path"]


@dataclass(frozen=True)
class LimeTabular(VerifiedExplainer):
    """LIME: a ridge regression around the row, on perturbed rows weighted by proximity.

    Parameters
    ----------
    discretize_continuous : bool
        Whether numeric features are cut into bins, so that attributions are of "the value lies
        in the row's bin"; otherwise they are slopes per standard deviation.
    discretizer : {"quartile", "decile", "entropy"}
        How bins are made. "entropy" learns them from whether the model's answers to the
        background lie above their mean, which costs one query per background row.
    sample_around_instance : bool
        Only without bins: whether perturbations are centred at the row or at the mean.
    num_samples : int
        Perturbed rows, the explained row included.
    num_features : int or None
        Features shown; all others get 0. None shows all, and then nothing is selected.
        Published attacks on LIME used 10, the package's default.
    feature_selection : {"auto", "none", "highest_weights", "forward_selection", "lasso_path"}
        How the features to show are selected; "none" shows all whatever `num_features` says.
    kernel_width : float or None
        Width of the exponential kernel; None is ``0.75 * sqrt(n_features)``.
    distance_metric : str
        A metric of `sklearn.metrics.pairwise_distances`.
    deduplicate : bool
        Whether the batched engine asks the model only the distinct rows of a batch, where that
        pays. Switch it off for a model that may look at the batch as a whole or that keeps a
        state: then what lime would send is sent, in lime's order and batches (those beyond 256 MB
        are cut). Of such a model the library's own answers differ from the engine's, so set
        `verify_rows` to 0 too.
    stream : {"library", "fast", "shared"}
        Where the batched engine takes its random numbers from. "library" draws lime's own, so that
        equal seeds give equal coefficients. "fast" draws by the same law from NumPy's current
        generator: it pays most with few columns. "shared" draws one neighbourhood, from the seed
        alone, for all rows, and asks the model about it once. **Then the rows' sampling errors are
        not independent, and no interval or test over rows may be made of such explanations**;
        each row by itself has the law of "fast", and does not depend on which others are explained
        if the model's answer to a row is the same in any batch. There is none where
        `sample_around_instance` gives each row a neighbourhood of its own.
    engine, verify_rows, verify_tolerance
        See :class:`explaudit.explainers._verify.VerifiedExplainer`. With another stream than
        "library", the rows that are verified are explained once more, from lime's stream, and that
        is compared with the library: what the streams have in common is verified, not the numbers
        drawn nor their sharing. It takes `num_samples` more queries for each row verified.

    Raises
    ------
    InvalidInputError
        If a setting is not as described, or `stream` does not go with the other settings.

    Notes
    -----
    With another stream than "library", `Attributions.notes` has ``"stream"``, from which the
    explanations were drawn, "library" if they are the library's after all; and
    ``"verified_stream"``, from which the rows were drawn that verification compared.

    Each row has the diagnostics ``"r2"`` (the weighted fit's own score), ``"intercept"`` and
    ``"ess"``, the effective sample size of the perturbations, ``sum(w)**2 / sum(w**2)`` of their
    kernel weights. A row whose perturbations weigh less than the row itself, ``sum(w) < 1``, is
    not explained: its coefficients would be those of a fit to one point.

    With bins, lime sends 0 in place of the value if the lowest bin holds a single value: so a
    constant column, or one whose least value is shared by a quarter of the rows, reaches the
    model as 0 there. That is the package's behaviour, kept because its users get it.

    Source: Ribeiro, Singh and Guestrin 2016, "Why should I trust you?" (KDD), section 3;
    package lime, `LimeTabularExplainer`.
    """

    name: ClassVar[str] = "lime"
    source: ClassVar[str] = "Ribeiro, Singh and Guestrin 2016 (KDD), section 3; package lime"

    discretize_continuous: bool = True
    discretizer: Discretizer = "quartile"
    sample_around_instance: bool = False
    num_samples: int = 5000
    num_features: int | None = None
    feature_selection: FeatureSelection = "auto"
    kernel_width: float | None = None
    distance_metric: str = "euclidean"
    deduplicate: bool = True
    stream: Stream = "library"

    _also_compared: ClassVar[tuple[str, ...]] = ("r2", "intercept")

    def __post_init__(self) -> None:
        super().__post_init__()
        require_choice("discretizer", self.discretizer, Discretizer)
        require_choice("feature_selection", self.feature_selection, FeatureSelection)
        require_at_least("num_samples", self.num_samples, 2)
        if self.num_features is not None:
            require_at_least("num_features", self.num_features, 1)
        if self.kernel_width is not None:
            require_positive("kernel_width", self.kernel_width)
        self._check_stream()

    def _check_stream(self) -> None:
        require_choice("stream", self.stream, Stream)
        if self.stream != "library" and self.engine == "library":
            raise InvalidInputError(
                "stream", "'library' with engine='library'", self.stream, "Use engine='batched'."
            )
        reason = covers(self._engine_settings, self.stream)
        if reason and not covers(self._engine_settings):
            raise InvalidInputError(
                "stream", "one that the settings allow", f"{self.stream}: {reason}", "Use 'fast'."
            )

    def _not_covered(self) -> str:
        return covers(self._engine_settings, self.stream)

    @property
    def _engine_settings(self) -> LimeSettings:
        return LimeSettings(**{own.name: getattr(self, own.name) for own in fields(LimeSettings)})

    def _batched(self, view: View, seed: int) -> BatchedRun:
        require_finite(view, self.name)
        labels = self._labels(view)
        table = prepare(view.background, view.encoder.categorical, self._engine_settings, labels)
        run = self._run(view, table, seed, self.stream)
        learned = 0 if labels is None else len(labels)
        return replace(run, rows_asked=run.rows_asked + learned, rows_sent=run.rows_sent + learned)

    def _run(self, view: View, table: TrainingTable, seed: int, stream: Stream) -> BatchedRun:
        result = lime_tabular(
            view.query,
            view.rows,
            table,
            self._engine_settings,
            stream=stream,
            seeds=seed,
            deduplicate="auto" if self.deduplicate else False,
        )
        explained = [_from_engine(result, i) for i in range(len(view.rows))]
        return BatchedRun(explained, result.rows_asked, result.rows_sent, prepared=table)

    def _compared(
        self, run: BatchedRun, view: View, seed: int, chosen: Sequence[int]
    ) -> tuple[Array, Array]:
        """Compare on lime's stream, which alone can give lime's numbers."""
        if self.stream == "library":
            return super()._compared(run, view, seed, chosen)
        some = replace(view, rows=view.rows[chosen])
        again = self._run(some, run.prepared, seed, "library")
        view.notes["verified_stream"] = "library"
        return super()._compared(again, some, seed, range(len(chosen)))

    def _explain(self, view: View, seed: int) -> list[RowExplanation]:
        explained = super()._explain(view, seed)
        if self.stream != "library":
            by_engine = view.notes["engine"] == "batched"
            view.notes["stream"] = self.stream if by_engine else "library"
        return explained

    def _prepare(self, view: View, seed: int) -> Callable[[Array, int], RowExplanation]:
        from sklearn.utils import check_random_state

        require_finite(view, self.name)
        kernel = _RecordingKernel()
        explainer = self._explainer(view, kernel)

        def explain_row(row: Array, own_seed: int) -> RowExplanation:
            # all three draw; as in a new explainer, they share one state
            state = check_random_state(own_seed)
            explainer.random_state = explainer.base.random_state = state
            if explainer.discretizer is not None:
                explainer.discretizer.random_state = state
            explanation = explainer.explain_instance(
                row,
                view.query,
                num_features=self.num_features or len(row),
                num_samples=self.num_samples,
                distance_metric=self.distance_metric,
            )
            return _collect(explanation, len(row), kernel.weights)

        return explain_row

    def _explainer(self, view: View, kernel: Callable[..., Array]) -> Any:
        from lime.lime_tabular import LimeTabularExplainer

        features = view.encoder.features
        return LimeTabularExplainer(
            view.background,
            # the same fit as in "classification" on the explained class, and it takes any number
            mode="regression",
            training_labels=self._labels(view),
            feature_names=list(view.encoder.names),
            categorical_features=list(view.encoder.categorical),
            categorical_names={j: features[j].level_names for j in view.encoder.categorical},
            kernel_width=self.kernel_width,
            kernel=kernel,
            feature_selection="none" if self.num_features is None else self.feature_selection,
            discretize_continuous=self.discretize_continuous,
            discretizer=self.discretizer,
            sample_around_instance=self.sample_around_instance,
            random_state=0,
        )

    def _labels(self, view: View) -> npt.NDArray[np.bool_] | None:
        """Return the classes that bins are learned from; None for bins by quantiles."""
        if not self.discretize_continuous or self.discretizer != "entropy":
            return None
        answers = view.query(view.background)
        return np.asarray(answers > answers.mean())


class _RecordingKernel:
    """The exponential kernel of lime, which keeps the last weights that it returned."""

    weights: Array

    def __call__(self, distances: Array, kernel_width: float) -> Array:
        self.weights = np.sqrt(np.exp(-(distances**2) / kernel_width**2))
        return self.weights


def _collect(explanation: Any, n_features: int, weights: Array) -> RowExplanation:
    """Turn lime's explanation into attributions; `weights` starts with the row's own, 1."""
    neighbours = weights[1:]
    total = float(neighbours.sum())
    squares = float((neighbours**2).sum())
    values = np.zeros(n_features)
    for feature, weight in explanation.local_exp[1]:
        values[feature] = weight
    diagnostics = {
        "r2": float(explanation.score),
        "ess": total**2 / squares if squares > 0 else 0.0,
        "intercept": float(explanation.intercept[1]),
    }
    return _unless_degenerate(values, total, diagnostics)


def _from_engine(result: LimeResult, i: int) -> RowExplanation:
    diagnostics = {
        "r2": float(result.r2[i]),
        "ess": float(result.effective_sample_size[i]),
        "intercept": float(result.intercepts[i]),
    }
    total = float(result.kernel_weight_total[i])
    return _unless_degenerate(result.values[i], total, diagnostics)


def _unless_degenerate(
    values: Array, total_weight: float, diagnostics: dict[str, float]
) -> RowExplanation:
    """Refuse a fit to perturbed rows that together weigh less than the explained row."""
    if total_weight < 1.0:
        return RowExplanation(
            np.full(len(values), np.nan),
            diagnostics=diagnostics,
            reason="degenerate fit: the perturbed rows weigh less than the row itself",
        )
    return RowExplanation(values, diagnostics=diagnostics)
