"""Numbers as scenes write them in text."""

from __future__ import annotations

import math


def number(text: str, default: float) -> float:
    """A number from text, an ``int`` where it is whole; the default for anything else."""
    try:
        value = float(text)
    except ValueError:
        return default
    if not math.isfinite(value):
        return default
    return int(value) if value.is_integer() else value
