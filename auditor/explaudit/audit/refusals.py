"""One and the same answer to many queries, as a check that refuses impossible rows gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explaudit.audit.evidence import Asked
from explaudit.audit.gaps import LEAST_SPREAD

__all__ = ["CONSTANT", "TELLING", "Refusal", "constant_share"]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

#: From this share on, one and the same answer to queries that the twins answer otherwise is taken
#: for a check of the input, which hides all features alike.
CONSTANT = 0.9
#: An explanation of which a larger share of the queries is refused may hide as much.
TELLING = 0.25
#: A smaller share of the queries is no habit.
_RARE = 0.02
#: Real rows are refused, too, but this many times as often at the most.
_HARDLY = 0.1
#: Another answer is common if so many of the other queries get it, so many times as often as real
#: rows.
_COMMON, _OFTEN = 0.2, 2.0


@dataclass(frozen=True, eq=False)
class Refusal:
    """An answer that hardly any real row gets and many queries do.

    Attributes
    ----------
    answer : ndarray of shape (n_outputs,)
    share : float
        Of the queries.
    """

    answer: Array
    share: float

    @classmethod
    def find(cls, real: Asked, asked: Asked) -> Refusal | None:
        """Return the commonest answer to queries if hardly any real row gets it, else None.

        Of classes there is none, since real rows get all of them. Nor is there one where the other
        queries, too, get one answer far more often than real rows do: a check has one answer, and a
        rule that is shown to queries alone has two.
        """
        found = cls(*_commonest(asked.answers))
        if found.share < _RARE or found.usual(real) > _HARDLY * found.share:
            return None
        others = asked.answers[~found.among(asked.answers)]
        if len(others):
            second = cls(*_commonest(others))
            if second.share > max(_COMMON, _OFTEN * second.usual(real)):
                return None
        return found

    def usual(self, real: Asked) -> float:
        """Return the share of real rows that get the answer, too."""
        return float(self.among(real.answers).mean())

    def among(self, answers: Array) -> Mask:
        """Return which of the answers, shape (n_rows, n_outputs), it is."""
        return np.asarray(np.isclose(answers, self.answer, rtol=0.0, atol=1e-9).all(axis=1))


def constant_share(answers: Array, twin_answers: Array) -> float:
    """Return how often the commonest answer is given where most twins are far from it.

    Parameters
    ----------
    answers : ndarray of shape (n_queries, n_outputs)
        The model's.
    twin_answers : ndarray of shape (n_twins, n_queries, n_outputs)
    """
    common = _commonest(answers)[0]
    typical = np.median(twin_answers, axis=0)
    spread = max(float(twin_answers.std()), LEAST_SPREAD)
    otherwise = np.abs(typical - common).max(axis=1) > spread
    if otherwise.sum() < 10:
        return 0.0
    return float(np.isclose(answers[otherwise], common).all(axis=1).mean())


def _commonest(answers: Array) -> tuple[Array, float]:
    rows, counts = np.unique(np.round(answers, 9), axis=0, return_counts=True)
    return rows[int(counts.argmax())], float(counts.max() / len(answers))
