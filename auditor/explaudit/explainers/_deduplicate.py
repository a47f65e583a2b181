"""Ask a model each distinct row of a batch once, and hand the answers back to every copy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from explaudit.engines.kernel.distinct import distinct_rows

__all__ = ["deduplicated"]

Array = npt.NDArray[np.float64]


def deduplicated(query: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """Wrap a model so that it is asked only the distinct rows of each batch, bit for bit."""

    def ask(matrix: Array) -> Array:
        bits = np.ascontiguousarray(matrix, dtype=np.float64).view(np.uint64)
        first, group = distinct_rows(bits)
        if len(first) == len(matrix):
            return query(matrix)
        return query(matrix[first])[group]

    return ask
