"""The explanation of ordinary models that agree with the model on real rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from explaudit.audit.twins import Twins, fit_twins
from explaudit.encoding import Encoder
from explaudit.engines.kernel import kernel_shap
from explaudit.errors import InvalidInputError
from explaudit.explainer import RowExplainer, RowExplanation, View
from explaudit.explainers._background import draw_rows
from explaudit.explainers._coalition_values import Sampling
from explaudit.explainers._real_rows import RealRows
from explaudit.explainers._settings import require_at_least
from explaudit.seeds import generator

__all__ = ["TwinExplanation"]

Array = npt.NDArray[np.float64]

# of the real rows, to choose twins by
_HELD_OUT = 0.25
# fewer are no ground to fit models to
_LEAST_ROWS = 40


@dataclass(frozen=True)
class TwinExplanation(RowExplainer):
    """KernelSHAP of honest twins: of ordinary models fitted to the model's answers on real rows.

    The twins are those of :func:`explaudit.audit.twins.fit_twins`, of several families. Each is
    explained by KernelSHAP and the mean is the explanation. The model is asked about real rows
    only, so one that answers perturbed rows differently gains only what it does to real rows too.

    Parameters
    ----------
    n_twins : int
        How many are kept: those that reproduce best the answers to rows held out from them.
    n_background : int
        Real rows, drawn from the background, that twins are fitted to or held against; at least
        40.
    n_reference : int
        Real rows, drawn from the background, that absent features take their values from. Not
        k-means centres, which others can find too: a model that conceals itself near mixtures
        with them does so on some real rows as well, and twins that learnt that would repeat it
        wherever they are asked about such mixtures.
    nsamples : int or "auto"
        Coalitions for each explained row, as in :class:`KernelShap`; asked of the twins alone.

    Notes
    -----
    The attributions add up to the twins' mean answer to the row less their mean answer to the
    reference rows. Diagnostics: ``"spread"``, the standard deviation over twins, mean over
    features, and ``"spread[feature]"`` of each feature; ``"agreement"``, the share of twins whose
    largest attribution is of the same feature as the mean's; ``"misfit"``, how far the twins'
    mean answer is from the model's own. Where the spread or the misfit is large, the real rows do
    not tell what the model does.

    What is explained is what real rows show of the model. Of a feature that another one
    determines they do not show whether the model reads it or the other, and the twins split the
    credit. Nor is anything seen of what the model does to other rows than those asked.

    Source: surrogate models, Craven and Shavlik 1996, "Extracting tree-structured representations
    of trained networks" (NIPS); that models which agree on data may explain differently, Fisher,
    Rudin and Dominici 2019, "All models are wrong, but many are useful" (JMLR 20); fitting them
    to real rows only, and the mean with its spread, is ours.
    """

    name: ClassVar[str] = "twin_explanation"
    source: ClassVar[str] = (
        "Craven and Shavlik 1996 (NIPS); Fisher, Rudin and Dominici 2019 (JMLR 20)"
    )

    n_twins: int = 12
    n_background: int = 2000
    n_reference: int = 20
    nsamples: Sampling = 512

    def __post_init__(self) -> None:
        for setting in ("n_twins", "n_reference"):
            require_at_least(setting, getattr(self, setting), 1)
        require_at_least("n_background", self.n_background, _LEAST_ROWS)
        if self.nsamples != "auto":
            require_at_least("nsamples", self.nsamples, 2)

    def _prepare(self, view: View, seed: int) -> Callable[[Array, int], RowExplanation]:
        real = RealRows.ask(view, self.n_background, seed, self.name)
        twins = self._twins(real, view.encoder, generator(seed, self.name))
        reference = draw_rows(view.background, self.n_reference, seed)

        def ask_twins(matrix: Array) -> Array:
            return twins.answers(matrix)[:, :, 0].T

        def explain_row(row: Array, own_seed: int) -> RowExplanation:
            explained = kernel_shap(
                ask_twins,
                row[np.newaxis],
                reference,
                nsamples=self.nsamples,
                seeds=[own_seed],
            )
            values, base_values = explained.values[0], explained.base_values
            answers = values.sum(axis=0) + base_values
            return RowExplanation(
                values.mean(axis=1),
                float(base_values.mean()),
                {
                    **_spread(values, view.encoder.names),
                    "misfit": abs(float(view.query(row)[0]) - float(answers.mean())),
                },
            )

        return explain_row

    def _twins(self, real: RealRows, encoder: Encoder, rng: np.random.Generator) -> Twins:
        if len(real.rows) < _LEAST_ROWS:
            raise InvalidInputError(
                "background", f"at least {_LEAST_ROWS} rows for {self.name!r}", len(real.rows)
            )
        order, answers = rng.permutation(len(real.rows)), real.answers[:, np.newaxis]
        held_out, fitted = np.split(order, [round(_HELD_OUT * len(order))])
        return fit_twins(
            encoder,
            (real.rows[fitted], answers[fitted]),
            (real.rows[held_out], answers[held_out]),
            # of labels too the twins give a score between the two, which says more
            labels=False,
            n_twins=self.n_twins,
            rng=rng,
        )


def _spread(values: Array, names: tuple[str, ...]) -> dict[str, float]:
    """Say how far the twins' attributions, (n_features, n_twins), lie apart."""
    deviations = values.std(axis=1)
    first = np.abs(values.mean(axis=1)).argmax()
    return {
        "spread": float(deviations.mean()),
        "agreement": float((np.abs(values).argmax(axis=0) == first).mean()),
        **{f"spread[{name}]": float(d) for name, d in zip(names, deviations, strict=True)},
    }
