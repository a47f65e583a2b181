"""KernelSHAP, in batches or through the package shap."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from explaudit.centres import Centres
from explaudit.engines.kernel import Coalitions, KernelResult, kernel_shap
from explaudit.engines.kernel.settings import varying_groups
from explaudit.errors import InvalidInputError
from explaudit.explainer import RowExplanation, View
from explaudit.explainers._background import as_shap_data, centres_of, draw_rows
from explaudit.explainers._deduplicate import deduplicated
from explaudit.explainers._settings import require_at_least, require_choice, require_finite
from explaudit.explainers._verify import BatchedRun, VerifiedExplainer
from explaudit.seeds import row_seed, shielded_global_rng

__all__ = ["KernelShap"]

Array = npt.NDArray[np.float64]
Query = Callable[[Array], Array]
Background = Literal["kmeans", "rows"]
Link = Literal["identity", "logit"]
Mode = Literal["library_law", "shared"]
Exact = Literal["auto", False]

# "auto", which shap deprecates with a warning, was its default when LIME and SHAP were first fooled
_L1_REG = re.compile(r"aic|bic|auto|num_features\(\d+\)")

# features of which the library enumerates all coalitions for a comparison: four times as many
# coalitions as it draws by itself
_MOST_ENUMERATED = 13


@dataclass(frozen=True)
class KernelShap(VerifiedExplainer):
    """KernelSHAP: Shapley values by weighted regression over coalitions of features.

    All coalitions are enumerated while there are at most `nsamples` of them, which with
    ``nsamples="auto"`` is the case up to 11 varying features; above that they are sampled. The
    batched engine makes a result exact, without sampling, wherever that asks no more rows.

    Parameters
    ----------
    background : {"kmeans", "rows"}
        Where absent features take their values from: centres of k-means clusters of the
        background, or real rows drawn from it.
    n_background : int
        How many centres or rows.
    rounded : bool
        For "kmeans" only. True is `shap.kmeans`: coordinates moved to the nearest real value,
        centres weighted by cluster size. False is raw scikit-learn centres with equal weights.
    nsamples : int or "auto"
        Coalitions for each explained row; "auto" is ``2 * n_varying_features + 2048``.
    l1_reg : False, str or float
        shap's feature selection: False for none, ``"num_features(10)"`` is its default since
        0.47, ``"aic"``, ``"bic"``, or the alpha of a lasso. Selected-out features get 0.
    link : {"identity", "logit"}
        Whether attributions add up to the answer or to its log-odds.
    deduplicate : bool
        Ask the model only the distinct rows of a batch, where that pays, at a fraction of the
        cost. Switch it off for a model that may look at the batch as a whole or that keeps a
        state: then every row that shap would send is sent, in shap's order, and nothing is exact
        that shap would sample. Of such a model the library's own answers differ from the
        engine's, so set `verify_rows` to 0 too, or use the engine "library".
    mode : {"library_law", "shared"}
        Where coalitions are sampled: "library_law" draws them anew for each row, as shap does.
        "shared" draws once for all rows with as many varying features, which on wide tables saves
        nearly half of the engine's time. A row's error is as large as before, but errors of
        different rows are alike, so that they do not average out. Of the engine "batched" alone:
        where the library has to stand in, each row has its own draw.
    exact : {"auto", False}
        "auto" asks for a table of all answers wherever that takes no more rows than coalitions,
        which makes a result exact that shap would sample. False samples wherever shap does, for
        those who study the sampling itself. Of the engine "batched" alone.
    engine, verify_rows, verify_tolerance
        See :class:`explaudit.explainers._verify.VerifiedExplainer`. A row whose coalitions are
        sampled is compared given the coalitions that the library drew, in either mode: that
        checks all but the draw itself.

    Notes
    -----
    Each explained row has the diagnostic ``"n_asked"``: how many rows its coalitions ask for,
    whereas `Attributions.n_queries` counts the rows that reached the model.

    shap takes a feature for unvarying, and gives it 0, if all its background values agree with
    the row's up to a relative difference of 1e-5 (`numpy.allclose`).

    Source: Lundberg and Lee 2017, "A unified approach to interpreting model predictions"
    (NeurIPS), section 4.1; package shap, `KernelExplainer`.
    """

    name: ClassVar[str] = "kernel_shap"
    source: ClassVar[str] = "Lundberg and Lee 2017 (NeurIPS), section 4.1; package shap"

    background: Background = "kmeans"
    n_background: int = 10
    rounded: bool = True
    nsamples: int | Literal["auto"] = "auto"
    l1_reg: bool | str | float = False
    link: Link = "identity"
    deduplicate: bool = True
    mode: Mode = "library_law"
    exact: Exact = "auto"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_choice("background", self.background, Background)
        require_choice("link", self.link, Link)
        require_choice("mode", self.mode, Mode)
        require_choice("exact", self.exact, Exact)
        require_at_least("n_background", self.n_background, 1)
        if self.nsamples != "auto":
            require_at_least("nsamples", self.nsamples, 2)
        if isinstance(self.l1_reg, str) and not _L1_REG.fullmatch(self.l1_reg):
            raise InvalidInputError(
                "l1_reg", "False, 'num_features(10)', 'aic', 'bic' or a number", self.l1_reg
            )
        if self.engine == "library" and self.mode != "library_law":
            raise InvalidInputError(
                "mode",
                "'library_law' for engine 'library', which draws for each row",
                self.mode,
                "Use engine='batched'.",
            )

    def _prepare(self, view: View, seed: int) -> Callable[[Array, int], RowExplanation]:
        library = _Library(self, view, self._reference(view, seed))
        return lambda row, own_seed: library.explain(row, self.nsamples)

    def _batched(self, view: View, seed: int) -> BatchedRun:
        reference = self._reference(view, seed)
        result = self._engine(view, reference, view.rows, mode=self.mode, seeds=seed)
        each = 1 + result.n_coalitions * len(reference.rows)
        base_value = float(result.base_values)
        explained = [
            RowExplanation(values, base_value, {"n_asked": float(asked)})
            for values, asked in zip(result.values, each, strict=True)
        ]
        return BatchedRun(
            explained, result.rows_asked, result.rows_sent, result.methods, prepared=reference
        )

    def _compared(
        self, run: BatchedRun, view: View, seed: int, chosen: Sequence[int]
    ) -> tuple[Array, Array]:
        """Compare with what the library enumerates, or with what it makes of its own draw."""
        library, ours, theirs = _Library(self, view, run.prepared), [], []
        for i in chosen:
            row = view.rows[i]
            nsamples = (
                self._to_enumerate(row, run.prepared.rows) if run.methods[i] == "exact" else 0
            )
            with shielded_global_rng(row_seed(seed, row)):
                theirs.append(library.explain(row, nsamples or self.nsamples).values)
            if library.is_complete:
                ours.append(run.explained[i].values)
            else:
                given = self._engine(
                    view, run.prepared, row[None], mode="given", coalitions=library.coalitions
                )
                ours.append(given.values[0])
        return np.array(ours), np.array(theirs)

    def _to_enumerate(self, row: Array, background: Array) -> int:
        """Return how many coalitions there are; 0 if they are too many for the library."""
        n_features = int(varying_groups(row[None], background, np.arange(len(row))).sum())
        return 2**n_features - 2 if n_features <= _MOST_ENUMERATED else 0

    def _engine(
        self, view: View, reference: Centres, rows: Array, **coalitions: Any
    ) -> KernelResult:
        return kernel_shap(
            self._query(view),
            rows,
            reference.rows,
            reference.weights,
            nsamples=self.nsamples,
            l1_reg=self.l1_reg,
            link=self.link,
            exact=self.exact,
            deduplicate="auto" if self.deduplicate else False,
            **coalitions,
        )

    def _query(self, view: View) -> Query:
        return _for_logit(view.query) if self.link == "logit" else view.query

    def _reference(self, view: View, seed: int) -> Centres:
        if self.background == "rows":
            drawn = draw_rows(view.background, self.n_background, seed)
            return Centres(drawn, np.ones(len(drawn)))
        require_finite(view, self.name)
        return centres_of(view, self.n_background, rounded=self.rounded)


class _Library:
    """The explainer of the package shap, which keeps the coalitions of the row it explained."""

    def __init__(self, settings: KernelShap, view: View, reference: Centres) -> None:
        import shap

        query = settings._query(view)
        self._query = deduplicated(query) if settings.deduplicate else query
        self._l1_reg, self._n_asked = settings.l1_reg, 0
        data = as_shap_data(reference, view.encoder.names)
        self._explainer = shap.KernelExplainer(self._ask, data, link=settings.link)

    def explain(self, row: Array, nsamples: int | Literal["auto"]) -> RowExplanation:
        before = self._n_asked
        values = self._explainer.shap_values(
            row, nsamples=nsamples, l1_reg=self._l1_reg, silent=True
        )
        asked = {"n_asked": float(self._n_asked - before)}
        return RowExplanation(values, float(self._explainer.expected_value), asked)

    @property
    def is_complete(self) -> bool:
        """Whether all coalitions of the last row were enumerated."""
        n_features: int = self._explainer.M
        return n_features < 2 or len(self._explainer.maskMatrix) == 2**n_features - 2

    @property
    def coalitions(self) -> Coalitions:
        """Those of the last row."""
        return Coalitions.given(self._explainer.maskMatrix, self._explainer.kernelWeights)

    def _ask(self, matrix: Array) -> Array:
        self._n_asked += len(matrix)
        return self._query(matrix)


def _for_logit(query: Query) -> Query:
    """Wrap a model so that answers without finite log-odds are refused, with a remedy."""

    def ask(matrix: Array) -> Array:
        answers = query(matrix)
        if answers.min() <= 0.0 or answers.max() >= 1.0:
            raise InvalidInputError(
                "link",
                "answers strictly between 0 and 1 for 'logit'",
                f"answers from {answers.min():g} to {answers.max():g}",
                "Use link='identity'.",
            )
        return answers

    return ask
