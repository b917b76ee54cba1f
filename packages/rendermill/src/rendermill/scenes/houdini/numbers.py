"""Numbers as scenes write them."""

from __future__ import annotations

import math

_DIGITS = 6
_MOST = 1e15


def finite(text: str) -> float | None:
    """The number that a text is; None if it is none that a frame or a size can be."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and abs(number) < _MOST else None


def plain(number: float) -> float:
    """A number as an int if it is whole; the last digits of computing with seconds are dropped."""
    rounded = round(number, _DIGITS)
    return int(rounded) if rounded == int(rounded) else rounded
