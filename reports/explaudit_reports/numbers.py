"""How figures are written."""

from __future__ import annotations

import math
from typing import Literal

__all__ = ["DASH", "MINUS", "Kind", "count", "figure", "interval", "percent"]

#: How values are written: as a percentage, as percentage points, or as they are.
Kind = Literal["share", "points", "number"]

DASH = "–"
MINUS = "−"
_NBSP = "\N{NO-BREAK SPACE}"


def count(value: int, singular: str = "", plural: str = "") -> str:
    """Return a whole number with thin groups of three, and its noun if one is given."""
    text = f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    noun = singular if value == 1 else plural or f"{singular}s"
    return f"{text}{_NBSP}{noun}" if singular else text


def percent(share: float) -> str:
    """Return a share as a percentage, with a digit after the point only near 0 and 100 %."""
    return f"{_hundredfold(share)}{_NBSP}%"


def figure(value: float | None, kind: Kind) -> str:
    """Return a value in the manner of its kind; undefined is a dash.

    Parameters
    ----------
    value : float or None
        The value; shares and differences of shares as fractions of 1.
    kind : {"share", "points", "number"}
        A percentage, a difference in percentage points, or a plain number.
    """
    if value is None or not math.isfinite(value):
        return DASH
    if kind == "share":
        return percent(value)
    if kind == "points":
        return f"{_hundredfold(value)}{_NBSP}pp"
    return _plain(value)


def interval(low: float | None, high: float | None, kind: Kind) -> str:
    """Return an interval in brackets, without units; an empty text where there is none."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return ""
    write = _plain if kind == "number" else _hundredfold
    # a minus sign beside a range dash is hard to read
    joint = " to " if low < 0 else "–"
    return f"[{write(low)}{joint}{write(high)}]"


def _hundredfold(share: float) -> str:
    scaled = 100 * share
    size = abs(scaled)
    if size and size < 0.05:
        return "<0.1" if scaled > 0 else f">{MINUS}0.1"
    if 99.95 <= size < 100:
        return ">99.9" if scaled > 0 else f"<{MINUS}99.9"
    digits = 1 if 0 < size < 0.95 or 99.05 <= size < 100 else 0
    return f"{scaled:.{digits}f}".replace("-", MINUS)


def _plain(value: float) -> str:
    if value and abs(value) < 0.001:
        text = f"{value:.0e}"
    elif abs(value) >= 1000:
        text = f"{value:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    else:
        text = f"{value:.3g}"
    return text.replace("-", MINUS)
