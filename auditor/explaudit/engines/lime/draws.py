"""Where random numbers come from: lime's own stream, or a faster one."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["Draws", "FastDraws", "LegacyDraws", "LibraryDraws", "are_most"]

Array = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

# pairs of uniform numbers that are worked on together, so that they stay in the cache
_BLOCK_PAIRS = 8192
# a point of the square lies in the circle with this probability
_ACCEPTED = np.pi / 4


class Draws(Protocol):
    """A stream of random numbers."""

    def restart(self, seed: int) -> None:
        """Go to the beginning of the stream of a seed."""

    def uniforms(self, n: int) -> Array:
        """Return the next `n` numbers from [0, 1)."""

    def write_normals(self, matrix: Array, columns: Positions) -> None:
        """Fill some columns of a matrix of standard normal numbers.

        Parameters
        ----------
        matrix : ndarray of shape (n_rows, n_columns)
            Contiguous; drawn row by row. What the other columns get does not matter.
        columns : ndarray of shape (n_wanted,)
        """


class FastDraws:
    """NumPy's current generator; columns that nobody wants are not drawn."""

    def __init__(self) -> None:
        self.restart(0)

    def restart(self, seed: int) -> None:
        """Go to the beginning of the stream of a seed."""
        self._rng = np.random.default_rng(seed)

    def uniforms(self, n: int) -> Array:
        """Return the next `n` numbers from [0, 1)."""
        return self._rng.random(n)

    def write_normals(self, matrix: Array, columns: Positions) -> None:
        """Fill some columns of a matrix of standard normal numbers."""
        if are_most(columns, matrix.shape[1]):
            self._rng.standard_normal(out=matrix)
        else:
            for j in columns:
                matrix[:, j] = self._rng.standard_normal(len(matrix))


class LegacyDraws:
    """NumPy's ``RandomState``, which lime draws from: bit for bit the numbers of lime."""

    def __init__(self) -> None:
        # seeding one state anew takes a tenth of the time of making another
        self._state = np.random.RandomState(0)

    def restart(self, seed: int) -> None:
        """Go to the beginning of the stream of a seed."""
        self._state.seed(seed)

    def uniforms(self, n: int) -> Array:
        """Return the next `n` numbers from [0, 1)."""
        return self._state.random_sample(n)

    def write_normals(self, matrix: Array, columns: Positions) -> None:
        """Fill a matrix with standard normal numbers."""
        matrix[:] = self._state.standard_normal(matrix.shape)


class LibraryDraws(LegacyDraws):
    """The stream of ``RandomState``, evaluated for many normal numbers at a time.

    ``RandomState`` makes normal numbers in pairs from uniform ones. Here the uniform ones are
    drawn from it, and the rest is done for whole arrays, and only for the columns wanted. As array
    functions may round differently, fewer than two in a thousand normal numbers differ from lime's,
    by up to three units in the last place.

    Notes
    -----
    Source: the polar method, Marsaglia and Bray 1964, "A convenient method for generating normal
    variables", SIAM Review 6; a pair is used second number first.
    """

    def __init__(self) -> None:
        super().__init__()
        self._left = np.empty(0)

    def restart(self, seed: int) -> None:
        """Go to the beginning of the stream of a seed."""
        super().restart(seed)
        self._left = np.empty(0)

    def uniforms(self, n: int) -> Array:
        """Return the next `n` numbers from [0, 1)."""
        taken, self._left = self._left[:n], self._left[n:]
        if len(taken) == n:
            return taken
        fresh = self._state.random_sample(n - len(taken))
        return np.concatenate([taken, fresh]) if len(taken) else fresh

    def write_normals(self, matrix: Array, columns: Positions) -> None:
        """Fill some columns of a matrix of standard normal numbers."""
        if are_most(columns, matrix.shape[1]):
            self._write_all(matrix.reshape(-1))
        else:
            starts = np.arange(0, matrix.size, matrix.shape[1])
            found = self._some_normals(matrix.size, columns[:, None] + starts)
            for j, column in zip(columns, found, strict=True):
                matrix[:, j] = column

    def _write_all(self, flat: Array) -> None:
        # the second number of an odd last pair is not used
        pairs = flat[: len(flat) // 2 * 2].reshape(-1, 2)
        done = 0
        while done < len(pairs):
            points, radii = self._accepted(len(pairs) - done)
            factor = _factor(radii)
            here = pairs[done : done + len(points)]
            np.multiply(factor, points[:, 1], out=here[:, 0])
            np.multiply(factor, points[:, 0], out=here[:, 1])
            done += len(points)
        if len(flat) % 2:
            flat[-1:] = self._some_normals(1, np.zeros(1, dtype=np.intp))

    def _some_normals(self, size: int, places: Positions) -> Array:
        """Return the numbers at some places among the next `size`."""
        n_pairs, parts, done = (size + 1) // 2, [], 0
        while done < n_pairs:
            parts.append(self._accepted(n_pairs - done))
            done += len(parts[-1][0])
        points = np.concatenate([points for points, _ in parts]).reshape(-1)
        radii = np.concatenate([radii for _, radii in parts])
        # an even place has the second number of its pair, an odd one the first
        return np.asarray(_factor(radii[places >> 1]) * points[places ^ 1])

    def _accepted(self, most: int) -> tuple[Array, Array]:
        """Draw points of the square; return those in the circle and their squared radii."""
        n_points = min(_BLOCK_PAIRS, int(most / _ACCEPTED) + 16)
        uniform = self.uniforms(2 * n_points)
        points = uniform * 2.0
        points -= 1.0
        squares = points * points
        radii = squares[0::2] + squares[1::2]
        inside = np.flatnonzero((radii < 1.0) & (radii > 0.0))
        if len(inside) >= most:
            inside = inside[:most]
            self._left = np.concatenate([uniform[2 * inside[-1] + 2 :], self._left])
        # a complex number is a pair that moves as one
        chosen = points.view(np.complex128).take(inside)
        return chosen.view(np.float64).reshape(-1, 2), radii.take(inside)


def _factor(radii: Array) -> Array:
    factor: Array = np.log(radii)
    factor *= -2.0
    factor /= radii
    return np.sqrt(factor, out=factor)


def are_most(columns: Positions, n_columns: int) -> bool:
    """Say whether so many columns are wanted that all of them may as well be made."""
    return 2 * len(columns) > n_columns
