"""What all benchmarks share: the CPU time of two sides, taken by turns in one process."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["REPEATS", "Model", "Side", "Timed", "by_turns", "measured"]

Array = npt.NDArray[np.float64]
Model = Callable[[Array], Array]

REPEATS = 5


class Timed:
    """A model that adds up the CPU time that it takes itself, and the rows that reach it."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.seconds = 0.0
        self.rows = 0

    def __call__(self, matrix: Array) -> Array:
        """Answer, and take the time."""
        start = time.process_time()
        answers = self._model(matrix)
        self.seconds += time.process_time() - start
        self.rows += len(matrix)
        return answers


@dataclass(frozen=True)
class Side:
    """What one side took for each row, in milliseconds of CPU, and the model's own share of it."""

    milliseconds: float
    model_share: float


def measured(run: Callable[[], object], timed: Timed, n_rows: int) -> tuple[float, float]:
    """Return milliseconds of CPU for each row, and the model's own."""
    timed.seconds, start = 0.0, time.process_time()
    run()
    return (time.process_time() - start) * 1e3 / n_rows, timed.seconds * 1e3 / n_rows


def by_turns(
    sides: Sequence[tuple[Callable[[], object], Timed, int]], repeats: int = REPEATS
) -> list[Side]:
    """Time the sides by turns and return the medians.

    Parameters
    ----------
    sides : sequence of (run, timed, n_rows)
        What to run, the model that it asks, and how many rows it explains.
    repeats : int
        Turns.
    """
    times = np.array([[measured(*side) for side in sides] for _ in range(repeats)])
    totals, models = np.median(times, axis=0).T
    return [Side(float(t), float(m / t)) for t, m in zip(totals, models, strict=True)]
