"""Units of time: ``currentUnit -time`` in .ma, ``TUNI`` in .mb (MTime::Unit of Maya's API)."""

from __future__ import annotations

import re
from fractions import Fraction

USUAL_RATE = Fraction(24)
"""That of a unit that is not known, and of files that tell none."""
_NAMED: dict[str, int | Fraction] = {
    "game": 15,
    "film": 24,
    "pal": 25,
    "ntsc": 30,
    "show": 48,
    "palf": 50,
    "ntscf": 60,
    "hour": Fraction(1, 3600),
    "min": Fraction(1, 60),
    "sec": 1,
    "millisec": 1000,
}
_SPELLED = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)(?:fps|df)")
# These names are rounded; the rates are those of film and video slowed down by a thousandth.
_SLOWED = {"23.976": 24, "29.97": 30, "47.952": 48, "59.94": 60}


def rate(unit: str) -> Fraction | None:
    """Frames per second of a unit; None for one that is not known."""
    if unit in _NAMED:
        return Fraction(_NAMED[unit])
    match = _SPELLED.fullmatch(unit)
    if match is None:
        return None
    if match[1] in _SLOWED:
        return Fraction(_SLOWED[match[1]] * 1000, 1001)
    spelled = Fraction(match[1])
    return spelled if spelled > 0 else None


def shown(frames_per_second: Fraction) -> float:
    """As it is shown: 24, 23.976."""
    return neat(round(float(frames_per_second), 3))


def neat(number: float) -> float:
    """The same as an ``int`` if it is one."""
    return int(number) if number == int(number) else number
