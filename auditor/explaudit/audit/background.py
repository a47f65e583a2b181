"""The background audit: whether handed-over background rows are a fair sample of real ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from explaudit.audit._background.redraw import Credits, credits_of
from explaudit.audit._background.samples import (
    Found,
    classifier_test,
    column_test,
    mean_test,
    repeated_test,
)
from explaudit.audit._groups import groups_of
from explaudit.audit.evidence import Detector, Evidence
from explaudit.audit.outcome import Hidden, Judgement, TestResult
from explaudit.errors import InvalidInputError
from explaudit.seeds import derive_seed, generator

__all__ = ["BackgroundAudit"]

Array = npt.NDArray[np.float64]

#: With fewer rows on either side nothing is tested.
_FEWEST_ROWS = 20
#: A numeric feature of at most so many different values is compared value by value.
_MOST_VALUES = 10


@dataclass(frozen=True)
class BackgroundAudit(Detector):
    """Compare background rows that somebody handed over with real rows of the auditor's own.

    Whoever picks the background of a Shapley value picks, in part, the value, with the model left
    as it is. Six tests of whether the rows are a random sample of the same population, without
    replacement; those of means, repeated rows and the redraw are exact permutation tests:

    - ``outputs``, ``mean output``: the model's answers, by Kolmogorov and Smirnov and by their
      mean. These two are the published audit, which splits its level between them; here all six
      count as one group of tests, which shares its level;
    - ``features``: each feature alone;
    - ``rows``: a forest tells the rows apart;
    - ``repeated rows``: more of them than samples of this size have;
    - ``redraw``: the sensitive features' Shapley values against single rows, handed over and own.

    Rows that summarise data, such as centres of clusters, are no sample, and are told apart.

    Attributes
    ----------
    most_rows : int
        Of so many handed-over rows, at the most, the model's answers are asked.
    redraw_rows : int
        Shapley values are computed against so many rows of each side.
    redraw_queries : int
        Rows to send for them; with more of these, small effects are seen better.
    """

    name: ClassVar[str] = "background"
    source: ClassVar[str] = (
        "Laberge et al. 2023, 'Fooling SHAP with Stealthily Biased Sampling' (ICLR), for the "
        "tests of outputs; Lopez-Paz and Oquab 2017 (ICLR) for that of rows"
    )

    most_rows: int = 500
    redraw_rows: int = 60
    redraw_queries: int = 1200

    def __post_init__(self) -> None:
        least = {"most_rows": _FEWEST_ROWS, "redraw_rows": _FEWEST_ROWS, "redraw_queries": 100}
        for name, number in least.items():
            if not getattr(self, name) >= number:
                raise InvalidInputError(name, f"at least {number}", getattr(self, name))

    def cost(self, n_real: int) -> int:
        """Return how many rows are sent at the most, if there is a background."""
        del n_real
        return self.most_rows + self.redraw_queries

    def judge(self, evidence: Evidence, *, alpha: float, seed: int) -> Judgement:
        """Judge the background that the evidence holds; without one there is nothing to say.

        Parameters
        ----------
        evidence : Evidence
        alpha : float
            Intervals are at the level ``1 - alpha``.
        seed : int

        Raises
        ------
        InvalidInputError
            If the background lacks a column or holds a level that no real row has.
        """
        if evidence.background is None:
            return Judgement()
        handed = evidence.encoder.encode(evidence.background)
        asked = evidence.real.rows
        own = np.vstack([asked, evidence.unasked]) if len(evidence.unasked) else asked
        if min(len(handed), len(asked)) < _FEWEST_ROWS:
            reason = f"Fewer than {_FEWEST_ROWS} rows were handed over, or are the auditor's own."
            return Judgement(tests=(TestResult(name="background", p_value=None, reason=reason),))
        tests = *self._outputs(evidence, handed, seed), *_rows(evidence, handed, own, seed)
        redrawn, hidden = self._redraw(evidence, handed, own, alpha, seed)
        return Judgement(tests=(*tests, redrawn), hidden=hidden)

    def _outputs(self, evidence: Evidence, handed: Array, seed: int) -> tuple[TestResult, ...]:
        rng = generator(seed, "outputs")
        chosen = handed[rng.permutation(len(handed))[: self.most_rows]]
        before = evidence.target.n_queries
        answers, own = evidence.target.ask(chosen), evidence.real.answers
        n_queries = evidence.target.n_queries - before
        shape, mean = column_test(answers, own), mean_test(answers, own, rng)
        names = evidence.target.outputs
        means = [float(side[:, mean.worst].mean()) for side in (answers, own)]
        return (
            _told(
                "outputs",
                shape,
                f"The distributions of {names[shape.worst]!r} on {len(answers)} handed-over and "
                f"{len(own)} real rows are at most {shape.score:.3f} apart.",
                n_queries,
            ),
            _told(
                "mean output",
                mean,
                f"The mean of {names[mean.worst]!r} is {means[0]:.3f} on the handed-over and "
                f"{means[1]:.3f} on real rows.",
            ),
        )

    def _n_redrawn(self, n_own: int) -> int:
        return min(self.redraw_rows, n_own // 2)

    def _n_affordable(self, n_groups: int) -> int:
        """Return against how many rows of each side one coalition for each group can be asked."""
        return max(2, self.redraw_queries // (4 * n_groups))

    def _redraw(
        self, evidence: Evidence, handed: Array, own: Array, alpha: float, seed: int
    ) -> tuple[TestResult, tuple[Hidden, ...]]:
        rng = generator(seed, "redraw")
        handed, own = (side[rng.permutation(len(side))] for side in (handed, own))
        # rows that are explained may not stand in one of the samples that are compared
        explained = own[self._n_redrawn(len(own)) :]
        groups = [
            group
            for name in evidence.sensitive
            for group in groups_of(
                evidence.encoder, explained, name, rng, most_rows=len(own), most_groups=2
            )
        ]
        if not groups:
            reason = "There is no sensitive feature that enough real rows have a value of."
            return TestResult(name="background: redraw", p_value=None, reason=reason), ()
        n_redrawn = min(self._n_redrawn(len(own)), self._n_affordable(len(groups)))
        before = evidence.target.n_queries
        credits = credits_of(
            evidence.target,
            groups,
            explained,
            handed[:n_redrawn],
            own[:n_redrawn],
            most_queries=self.redraw_queries,
            rng=rng,
        )
        found = credits.test(rng)
        n_queries = evidence.target.n_queries - before
        return _redrawn(credits, found, n_queries), (credits.hidden(found.worst, 1.0 - alpha),)


def _rows(evidence: Evidence, handed: Array, own: Array, seed: int) -> tuple[TestResult, ...]:
    """Compare the rows themselves, which costs no query."""
    encoder = evidence.encoder
    features = column_test(handed, own, encoder.categorical, _MOST_VALUES)
    told_apart = classifier_test(handed, own, derive_seed(seed, "classifier"))
    repeated = repeated_test(handed, own, generator(seed, "repeated"))
    return (
        _told(
            "features",
            features,
            f"Of {len(encoder.names)} features, the distribution of "
            f"{encoder.names[features.worst]!r} differs most between handed-over and real rows, "
            f"by {features.score:.3f}.",
        ),
        _told(
            "rows",
            told_apart,
            "A forest ranks a handed-over row above a real one in "
            f"{told_apart.score:.1%} of pairs; {told_apart.expected:.0%} is chance.",
        ),
        _told(
            "repeated rows",
            repeated,
            f"{repeated.score:.0f} of {len(handed)} handed-over rows repeat another one; samples "
            f"of this size have {repeated.expected:.1f} on average.",
        ),
    )


def _redrawn(credits: Credits, found: Found, n_queries: int) -> TestResult:
    group = credits.group(found.worst)
    handed, own = (float(side[:, found.worst].mean()) for side in (credits.handed, credits.own))
    reason = (
        f"On rows with {group.label}, {group.feature!r} is credited with {handed:.3f} on average "
        f"against the handed-over rows and with {own:.3f} against the auditor's own."
    )
    return _told("redraw", found, reason, n_queries)


def _told(name: str, found: Found, reason: str, n_queries: int = 0) -> TestResult:
    return TestResult(
        name=f"background: {name}",
        group="background",
        p_value=found.p_value,
        score=found.score,
        queries=n_queries,
        reason=reason,
        details={"expected": found.expected},
    )
