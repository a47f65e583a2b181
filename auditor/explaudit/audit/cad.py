"""CAD-Detect, the baseline from the literature, on the queries that were really sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, get_args

import numpy as np
import numpy.typing as npt

from explaudit.audit.evidence import Detector, Evidence
from explaudit.audit.knn_cad import Aggregate, KnnCad, Labels, labels_of
from explaudit.audit.outcome import Judgement, TestResult
from explaudit.errors import InvalidInputError
from explaudit.seeds import generator

__all__ = ["CadDetect", "NullAnswers"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class NullAnswers:
    """What ordinary models answer that agree with the audited one on real rows.

    Attributes
    ----------
    real : ndarray of shape (n_models, n_real, n_outputs)
        To the evidence's real rows; where a model was fitted to them, by cross-fitting.
    queries : mapping of str to ndarray of shape (n_models, n_queries, n_outputs)
        By explainer, to its queries.
    """

    real: Array
    queries: Mapping[str, Array] = field(default_factory=dict)


@dataclass(frozen=True)
class CadDetect(Detector):
    """CAD-Detect: how much worse the answers to queries go with the real rows near them.

    The statistic is the area between the distribution functions of the scores of an explainer's
    queries and of real rows, which equals the mean score of real rows less that of queries. It is
    about 0 where queries are answered as real rows are. It was published without a threshold, so
    it is shown as a baseline and takes no part in the verdict.

    Parameters
    ----------
    k, p, agg
        As for :class:`~explaudit.audit.knn_cad.KnnCad`.
    held_out : float
        Share of the real rows that are scored; the others are the reference.

    Notes
    -----
    Labels of real rows and of queries cannot be exchanged, not even of an honest model: queries
    lie elsewhere. So no permutation gives a p-value. Given the answers of ordinary models that
    agree with the audited one on real rows, :meth:`judge` ranks its statistic among theirs.

    Source: Carmichael and Scheirer 2023, "Unfooling perturbation-based post hoc explainers"
    (AAAI), CAD-Detect.
    """

    name: ClassVar[str] = "cad_detect"
    source: ClassVar[str] = "Carmichael and Scheirer 2023 (AAAI), CAD-Detect"

    k: int = 15
    p: float = 1.0
    agg: Aggregate = "max"
    held_out: float = 0.3

    def __post_init__(self) -> None:
        if not self.k >= 1:
            raise InvalidInputError("k", "at least 1", self.k)
        if not self.p >= 1.0:
            raise InvalidInputError("p", "at least 1", self.p)
        if self.agg not in get_args(Aggregate):
            raise InvalidInputError("agg", f"one of {', '.join(get_args(Aggregate))}", self.agg)
        if not 0.0 < self.held_out < 1.0:
            raise InvalidInputError("held_out", "a share between 0 and 1", self.held_out)

    def judge(
        self,
        evidence: Evidence,
        *,
        alpha: float,
        seed: int,
        null_answers: NullAnswers | None = None,
    ) -> Judgement:
        """Compare the scores of each explainer's queries with those of real rows.

        Parameters
        ----------
        evidence : Evidence
        alpha : float
            Level of the threshold, where `null_answers` allow one.
        seed : int
            Of the split of the real rows.
        null_answers : NullAnswers, optional
            Without them there is no p-value.
        """
        order = generator(seed, self.name).permutation(len(evidence.real))
        n_scored = round(self.held_out * len(order))
        reason = _why_not(evidence, n_scored)
        if reason:
            return Judgement(tests=tuple(self._silent(name, reason) for name in evidence.queries))
        comparison = _Comparison(self, evidence, order[n_scored:], order[:n_scored])
        return Judgement(
            tests=tuple(
                self._result(comparison, explainer, alpha, null_answers)
                for explainer in evidence.queries
            )
        )

    def _test(self, explainer: str) -> str:
        return f"CAD-Detect on queries of {explainer}"

    def _silent(self, explainer: str, reason: str) -> TestResult:
        return TestResult(name=self._test(explainer), p_value=None, counted=False, reason=reason)

    def _result(
        self, comparison: _Comparison, explainer: str, alpha: float, nulls: NullAnswers | None
    ) -> TestResult:
        evidence = comparison.evidence
        answers = evidence.queries[explainer].answers
        real, asked = comparison.mean_scores(explainer, evidence.real.answers, answers)
        p_value, threshold, calibration = None, None, _NO_THRESHOLD
        if nulls is not None and explainer in nulls.queries:
            scores = [
                comparison.score(explainer, own_real, own)
                for own_real, own in zip(nulls.real, nulls.queries[explainer], strict=True)
            ]
            p_value, threshold = _rank(real - asked, scores, alpha)
            calibration = f"ranked among {len(scores)} ordinary models that agree on real rows."
        return TestResult(
            name=self._test(explainer),
            p_value=p_value,
            score=real - asked,
            threshold=threshold,
            counted=False,
            reason=(
                f"The answers to real rows agree with the real rows near them by {real:.3f}, those "
                f"to the queries by {asked:.3f}, on a scale from 0 to 1; {calibration}"
            ),
            details={"mean_score_real": real, "mean_score_queries": asked},
        )


_NO_THRESHOLD = "no threshold was ever published for the difference, so it proves nothing."


def _why_not(evidence: Evidence, n_scored: int) -> str:
    """Say why nothing can be said; empty if something can."""
    if not 0 < n_scored < len(evidence.real):
        return f"There are too few real rows to compare with: {len(evidence.real)}."
    matrices = [evidence.real.rows, *(asked.rows for asked in evidence.queries.values())]
    if not all(np.isfinite(matrix).all() for matrix in matrices):
        return "Rows with missing or infinite numbers have no distance from each other."
    return ""


class _Comparison:
    """One split of the real rows, with the neighbours of everything that is scored."""

    def __init__(
        self, settings: CadDetect, evidence: Evidence, reference: Labels, scored: Labels
    ) -> None:
        self.evidence, self._reference, self._scored = evidence, reference, scored
        self._cad = KnnCad(
            evidence.real.rows[reference],
            evidence.encoder.categorical,
            k=settings.k,
            p=settings.p,
            agg=settings.agg,
        )
        self._real = self._cad.neighbours(evidence.real.rows[scored])
        self._asked = {
            explainer: self._cad.neighbours(asked.rows)
            for explainer, asked in evidence.queries.items()
        }

    def mean_scores(self, explainer: str, real: Array, asked: Array) -> tuple[float, float]:
        """Return the mean score of real rows and of queries, for answers to all of them."""
        labels = labels_of(real, real)
        known = labels[self._reference]
        on_real = self._cad.scores(self._real, known, labels[self._scored])
        on_asked = self._cad.scores(self._asked[explainer], known, labels_of(asked, real))
        return float(on_real.mean()), float(on_asked.mean())

    def score(self, explainer: str, real: Array, asked: Array) -> float:
        """Return how much lower the mean score of queries is."""
        on_real, on_asked = self.mean_scores(explainer, real, asked)
        return on_real - on_asked


def _rank(score: float, nulls: Sequence[float], alpha: float) -> tuple[float, float | None]:
    """Return the p-value of a score among those of honest models, and the score that rejects."""
    descending = np.sort(nulls)[::-1]
    p_value = (1 + int((descending >= score).sum())) / (len(descending) + 1)
    # at most so many of them may be as high as a score that rejects
    most = int(np.floor(alpha * (len(descending) + 1) + 1e-9)) - 1
    return p_value, float(descending[most]) if 0 <= most < len(descending) else None
