"""How far a run is, shown on standard error: a bar on a terminal, sparse lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Never, TextIO

from tqdm import tqdm

__all__ = ["Progress"]


class Progress:
    """A display of finished cells with the time left.

    Parameters
    ----------
    total : int
        How many cells there are.
    done : int
        How many of them are finished already; they do not count towards the speed.
    shown : bool
        Whether there is a display at all: a bar on a terminal and elsewhere a line for every
        tenth of the cells.
    stream : text file, optional
        Where to; standard error by default.
    """

    def __init__(
        self, total: int, done: int, *, shown: bool = True, stream: TextIO | None = None
    ) -> None:
        self._stream = stream or sys.stderr
        self._total, self._initial, self._lines_shown = total, done, _tenths(done, total)
        self._started = time.monotonic()
        self._sparse = shown and not self._stream.isatty()
        self._bar: tqdm[Never] | None = None
        if shown and not self._sparse:
            self._bar = tqdm(
                total=total, initial=done, unit="cell", file=self._stream, dynamic_ncols=True
            )

    def update(self, done: int, failed: int) -> None:
        """Show that `done` cells are finished, `failed` of them without a result."""
        if self._bar is not None:
            if failed:
                self._bar.set_postfix(failed=failed, refresh=False)
            self._bar.update(done - self._bar.n)
            self._bar.refresh()  # the clock runs on while a slow cell is under way
        elif self._sparse and _tenths(done, self._total) > self._lines_shown:
            self._lines_shown = _tenths(done, self._total)
            self._write_line(done, failed)

    def close(self) -> None:
        """Leave the bar as it is and end its line."""
        if self._bar is not None:
            self._bar.close()

    def _write_line(self, done: int, failed: int) -> None:
        line = tqdm.format_meter(
            done,
            self._total,
            time.monotonic() - self._started,
            initial=self._initial,
            unit="cell",
            postfix=f"failed={failed}" if failed else None,
            bar_format="{n_fmt}/{total_fmt} cells, {elapsed} elapsed, {remaining} left{postfix}",
        )
        self._stream.write(line + "\n")
        self._stream.flush()


def _tenths(done: int, total: int) -> int:
    return 10 * done // max(total, 1)
