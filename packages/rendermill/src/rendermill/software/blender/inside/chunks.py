"""The frames of one task: an OpenJD integer range expression, such as ``7``, ``1-4``, ``1-9:2`` or ``-3--1,5``.

The grammar is ``<IntRangeExpr>`` of the 2023-09 template schemas, with at most nine digits a number.
"""

from __future__ import annotations

import re
from itertools import pairwise

_NUMBER = r"\s*(-?[0-9]{1,9})\s*"
_PART = re.compile(rf"{_NUMBER}(?:-{_NUMBER}(?::\s*(-?0*[1-9][0-9]{{0,8}})\s*)?)?")


def frame_ranges(expression: str) -> list[range]:
    """The frames of an expression, ascending. Raises ValueError if it is none, goes backwards or has a frame twice."""
    found = [_range(part) for part in expression.split(",")]
    ranges = sorted(filter(None, found), key=lambda each: each[0])
    if len(ranges) < len(found) or any(after[0] <= before[-1] for before, after in pairwise(ranges)):
        raise ValueError(f"{expression!r} is neither a frame nor a range of frames")
    return ranges


def _range(text: str) -> range:
    """The frames of a part, ascending; empty if it has none."""
    match = _PART.fullmatch(text)
    if match is None:
        return range(0)
    first, last, step = int(match[1]), int(match[2] or match[1]), int(match[3] or 1)
    return range(first, last + 1, step) if step > 0 else range(first, last - 1, step)[::-1]
