"""Whether explainers and settings that should agree on a model do agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from scipy import stats

from explaudit.audit._swap.shares import Compared
from explaudit.audit._swap.ways import Scene, Way, perturbing_ways, real_ways
from explaudit.audit.evidence import Asked, Detector, Evidence
from explaudit.audit.outcome import Finding, Hidden, Judgement, TestResult
from explaudit.audit.regime import CONSTANT, constant_share
from explaudit.audit.target import Target
from explaudit.audit.twins import Twins, fit_twins
from explaudit.errors import InvalidInputError
from explaudit.seeds import derive_seed, generator

__all__ = ["Swap"]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

_TEST = "sensitive features across explainers"
_TOO_FEW_ROWS = 100
#: Real rows that perturbed ones are compared with; more would make the neighbours' views slow.
_MOST_BACKGROUND = 500
_BATCH = 500


@dataclass(frozen=True)
class Swap(Detector):
    """Explain a few rows in several ways, and compare a sensitive feature's share of the credit.

    Three ways ask rows that are put together from several: KernelSHAP with k-means centres and with
    random background rows, and LIME. Two ask real rows only: SHAP from real neighbours and matched
    pairs. On a model that treats all rows alike a sensitive feature has about the same share of all
    that features are credited with; how far the ways differ on honest models, whose features depend
    on each other, is seen from twins: ordinary models fitted to the model's answers on other real
    rows, and explained in the very same ways, which costs no queries.

    The score is by how much more than in the twins the share drops from the mean of the real ways
    to one that perturbs, in spreads of the twins; the largest over ways and sensitive features. The
    share after the drop must lie as far below that of the twins, too.

    Parameters
    ----------
    queries : int
        Rows that each of the perturbing ways may ask at the most. They settle how many real rows
        are explained, at the most twelve.
    company : int
        Real rows that are shuffled in with these queries.
    n_twins : int

    Notes
    -----
    The p-value is of Student's t with ``n_twins - 1`` degrees of freedom, for a new observation,
    times the number of ways and features compared. A rank among fifty twins is 0.02 at the least,
    with which no verdict over several tests could ever reject.

    Permutation importance is left out: its rows are no real ones either, and what they cost grows
    with the number of features.

    Source: this project; swapping settings and explainers after Slack et al. 2020 (AIES), whose
    attacks are made for one of them.
    """

    name: ClassVar[str] = "swap"
    source: ClassVar[str] = "this project: shares of credit across explainers against honest twins"

    queries: int = 1200
    company: int = 200
    n_twins: int = 50

    def __post_init__(self) -> None:
        for name, least in (("queries", 100), ("company", 0), ("n_twins", 10)):
            if not getattr(self, name) >= least:
                raise InvalidInputError(name, f"at least {least}", getattr(self, name))

    def cost(self, n_real: int) -> int:
        """Return how many rows are sent at the most."""
        return 3 * self.queries + min(self.company, n_real)

    def judge(self, evidence: Evidence, *, alpha: float, seed: int) -> Judgement:
        """Explain the model and its twins, and compare.

        Parameters
        ----------
        evidence : Evidence
        alpha : float
            Level of the threshold; intervals are at ``1 - alpha``, for all comparisons together.
        seed : int
        """
        n_rows, ways = perturbing_ways(len(evidence.encoder.names), self.queries)
        reason = _why_not(evidence, n_rows)
        if reason:
            return _silent(reason)
        order = generator(seed, "split").permutation(len(evidence.real))
        learn, held_out = order[: len(order) // 2], order[len(order) // 2 :][:_MOST_BACKGROUND]
        twins = self._twins(evidence, learn, held_out, seed)
        scene = Scene(
            evidence.encoder,
            evidence.real.rows[held_out[:n_rows]],
            evidence.real.rows[held_out],
            derive_seed(seed, "explained"),
        )
        asked = [scene.asked(way) for way in ways]
        company = evidence.real.rows[order[: self.company]]
        answers = _ask(evidence.target, asked, company, generator(seed, "shuffle"))
        n_sent = sum(map(len, asked)) + len(company)
        said = [twins.answers(rows) for rows in asked]
        constant = constant_share(np.vstack(answers), np.concatenate(said, axis=1))
        if constant >= CONSTANT:
            return _silent(_GUARD.format(constant), n_sent)
        perturbed = [
            _sizes(scene, way, [own, *theirs])
            for way, own, theirs in zip(ways, answers, said, strict=True)
        ]
        real = Asked(evidence.real.rows[held_out], evidence.real.answers[held_out])
        compared = Compared.of(
            _real_sizes(scene, real, twins),
            np.stack(perturbed, axis=1),
            evidence.sensitive_columns,
        )
        return _judgement(evidence, ways, compared, alpha, n_sent)

    def _twins(self, evidence: Evidence, learn: Ints, held_out: Ints, seed: int) -> Twins:
        rows, answers = evidence.real.rows, evidence.real.answers
        return fit_twins(
            evidence.encoder,
            (rows[learn], answers[learn]),
            (rows[held_out], answers[held_out]),
            labels=bool(np.isin(answers, (0.0, 1.0)).all()),
            n_twins=self.n_twins,
            rng=generator(seed, "twins"),
        )


_GUARD = (
    "cannot say: of the queries that ordinary models answer otherwise, the model gives {:.0%} one "
    "and the same answer, as a check that refuses impossible input would; no feature is shown in "
    "place of another"
)


def _why_not(evidence: Evidence, n_rows: int) -> str:
    """Say why nothing can be said; empty if something can."""
    if len(evidence.real) < _TOO_FEW_ROWS:
        return (
            f"{len(evidence.real)} real rows are too few to tell; at least {_TOO_FEW_ROWS} are "
            "needed"
        )
    if n_rows < 1:
        return f"{len(evidence.encoder.names)} features take more queries than were allowed"
    if not np.isfinite(evidence.real.rows).all():
        return "rows with missing numbers have no distance from each other"
    return ""


def _silent(reason: str, queries: int = 0) -> Judgement:
    test = TestResult(name=_TEST, p_value=None, group=Swap.name, queries=queries, reason=reason)
    return Judgement(tests=(test,))


def _ask(
    target: Target, asked: Sequence[Array], company: Array, rng: np.random.Generator
) -> list[Array]:
    """Send all queries, shuffled together with real rows; return the answers to the queries."""
    everything = np.vstack([*asked, company])
    order = rng.permutation(len(everything))
    batches = np.array_split(order, max(1, len(order) // _BATCH))
    said = np.concatenate([target.ask(everything[batch]) for batch in batches])
    answers = said[np.argsort(order)]
    return np.split(answers, np.cumsum([len(rows) for rows in asked]))[:-1]


def _sizes(scene: Scene, way: Way, answers: Sequence[Array]) -> Array:
    """Return the sizes that one way gives of every model, of shape (n_models, n_features)."""
    return np.stack([scene.sizes(way, one) for one in answers])


def _real_sizes(scene: Scene, real: Asked, twins: Twins) -> Array:
    """Return the sizes by the ways that ask real rows, of shape (n_models, n_ways, n_features)."""
    place = {row.tobytes(): i for i, row in enumerate(np.ascontiguousarray(real.rows + 0.0))}
    models, sizes = [real.answers, *twins.answers(real.rows)], []
    for way in real_ways():
        asked = [place[row.tobytes()] for row in np.ascontiguousarray(scene.asked(way) + 0.0)]
        sizes.append(_sizes(scene, way, [answers[asked] for answers in models]))
    return np.stack(sizes, axis=1)


def _judgement(
    evidence: Evidence, ways: Sequence[Way], compared: Compared, alpha: float, n_sent: int
) -> Judgement:
    n_compared, freedom = compared.excess.size, len(compared.real) - 2
    threshold = float(stats.t.isf(alpha / n_compared, freedom))
    scores = compared.scores
    score, worst = float(scores.max()), scores.argmax(axis=0)
    feature = int(scores.max(axis=0).argmax())
    shown, name = ways[worst[feature]].label, evidence.sensitive[feature]
    told = (
        f"{shown} gives {name} {compared.shown[0, worst[feature], feature]:.0%} of all credit, and "
        f"ways that ask real rows only give it {compared.real[0, feature]:.0%}; of ordinary models "
        f"it is {compared.shown[1:, worst[feature], feature].mean():.0%} and "
        f"{compared.real[1:, feature].mean():.0%} on average"
    )
    test = TestResult(
        name=_TEST,
        group=Swap.name,
        p_value=min(1.0, n_compared * float(stats.t.sf(score, freedom))),
        score=score,
        threshold=threshold,
        queries=n_sent,
        reason=told,
        details={"twins": float(len(compared.real) - 1), "compared": float(n_compared)},
    )
    reach = float(stats.t.isf(alpha / (2 * n_compared), freedom)) * compared.spread
    return Judgement(
        tests=(test,),
        hidden=tuple(
            _hidden(evidence.sensitive[j], ways[way].label, compared, reach, int(way), j)
            for j, way in enumerate(worst)
        ),
        findings=tuple(
            _finding(name, ways, compared, j) for j, name in enumerate(evidence.sensitive)
        ),
    )


def _hidden(feature: str, label: str, compared: Compared, reach: Array, way: int, j: int) -> Hidden:
    estimate, half = float(compared.excess[way, j]), float(reach[way, j])
    return Hidden(
        feature=feature,
        estimate=estimate,
        low=estimate - half,
        high=estimate + half,
        real=float(compared.real[0, j]),
        shown=float(compared.shown[0, way, j]),
        explainer=f"share of the credit by {label}",
        unit="share",
        group=Swap.name,
    )


def _finding(feature: str, ways: Sequence[Way], compared: Compared, j: int) -> Finding:
    shares = ", ".join(
        f"{compared.shown[0, i, j]:.0%} by {way.label}" for i, way in enumerate(ways)
    )
    text = (
        f"Of all credit, {feature} has {compared.real[0, j]:.0%} in ways to explain that ask real "
        f"rows only, and {shares}. A gap alone is no sign of deception."
    )
    return Finding(
        name="share by explainer", feature=feature, estimate=float(compared.real[0, j]), text=text
    )
