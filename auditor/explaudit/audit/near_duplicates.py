"""Is a row answered otherwise after many rows like it? A session against natural traffic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from explaudit.audit.evidence import Detector, Evidence
from explaudit.audit.outcome import Judgement, TestResult
from explaudit.audit.triangle import GROUP, TOLERANCE, count_for, scaled, smallest_share, triangle
from explaudit.errors import InvalidInputError
from explaudit.seeds import generator

__all__ = ["NearDuplicates"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class NearDuplicates(Detector):
    """Asks about near-duplicates of a real row spread among real rows twice, then in a session.

    An explainer sends thousands of rows around one row in a short time; traffic does not. A model
    that counts them can answer such a session otherwise. The last rows of each session are
    compared with the same rows as they were answered, twice before, one at a time in requests of
    real rows.

    Parameters
    ----------
    anchors : int
        Real rows around which a session is held.
    session : int
        Near-duplicates in one session, sent as one request.
    compared : int
        The last so many rows of a session are asked in natural traffic, too.
    company : int
        Real rows for each of these, where they are asked in natural traffic.
    jitter : float
        Standard deviation of the noise on numeric features, in units of the feature's own; a
        feature that holds whole numbers is rounded, so that many rows are plain duplicates.
    tolerance : float
        Relative difference up to which two numbers are one answer.

    Notes
    -----
    A model that needs a longer session than this before it changes its answers is not found, nor
    one whose other answers to these anchors happen to be the same. Run it after all other tests:
    a model may remember a session.
    """

    anchors: int = 6
    session: int = 25
    compared: int = 4
    company: int = 3
    jitter: float = 0.01
    tolerance: float = TOLERANCE

    name: ClassVar[str] = "near_duplicates"
    source: ClassVar[str] = "triangle test: ISO 4120"

    def __post_init__(self) -> None:
        if not 1 <= self.compared <= self.session:
            raise InvalidInputError("compared", f"from 1 to session={self.session}", self.compared)
        if self.anchors < 1:
            raise InvalidInputError("anchors", "at least 1", self.anchors)

    def cost(self, n_real: int) -> int:
        """Return how many rows are sent: the sessions, and natural traffic twice."""
        anchors = min(self.anchors, n_real)
        return anchors * (self.session + 2 * self.compared * (1 + self.company))

    def judge(self, evidence: Evidence, *, alpha: float, seed: int) -> Judgement:
        """Ask, and compare the answers."""
        rng = generator(seed, "near duplicates")
        sessions = self._sessions(evidence, rng)
        # one request for each position in the session: never two near-duplicates in one
        requests = sessions[:, -self.compared :].swapaxes(0, 1)
        first, second = (self._in_traffic(evidence, requests, rng) for _ in range(2))
        answers = np.stack([evidence.target.ask(s)[-self.compared :] for s in sessions], axis=1)
        n_outputs = answers.shape[-1]
        found = triangle(
            first.reshape(-1, n_outputs),
            second.reshape(-1, n_outputs),
            answers.reshape(-1, n_outputs),
            scaled(evidence.real.answers, self.tolerance),
        )
        reason = (
            f"{found.n_odd} of {found.n_rows} rows got another answer at the end of a session of "
            f"{self.session} near-duplicates than both times among real rows"
            if found.n_odd
            else f"all {found.n_rows} rows got the same answer in a session of {self.session} "
            "near-duplicates as among real rows"
        )
        result = TestResult(
            name="near duplicates",
            p_value=found.p_value,
            score=found.share,
            threshold=count_for(alpha) / found.n_rows,
            queries=self.cost(len(evidence.real)),
            reason=reason,
            group=GROUP,
            details=smallest_share(found.n_rows, alpha),
        )
        return Judgement(tests=(result,))

    def _sessions(self, evidence: Evidence, rng: np.random.Generator) -> Array:
        """Return near-duplicates of each anchor, shape (n_anchors, session, n_features)."""
        real = evidence.real.rows
        anchors = real[rng.permutation(len(real))[: self.anchors]]
        scale = self.jitter * np.nanstd(real, axis=0)
        scale[list(evidence.encoder.categorical)] = 0.0
        noise = rng.normal(size=(len(anchors), self.session, real.shape[1]))
        rows = anchors[:, None] + scale * noise
        whole = (np.nan_to_num(real) % 1 == 0).all(axis=0)
        return np.asarray(np.where(whole, np.rint(rows), rows))

    def _in_traffic(self, evidence: Evidence, requests: Array, rng: np.random.Generator) -> Array:
        """Ask each request with real rows strewn in; shape (compared, n_anchors, n_outputs)."""
        real = evidence.real.rows
        n_anchors, n_company = requests.shape[1], self.company * requests.shape[1]
        answers = []
        for request in requests:
            company = real[rng.choice(len(real), n_company, replace=len(real) < n_company)]
            order = rng.permutation(n_anchors + n_company)
            told = evidence.target.ask(np.vstack([request, company])[order])
            answers.append(told[np.argsort(order)][:n_anchors])
        return np.stack(answers)
