"""The frames that a sequence lacks."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise

_MOST_NAMED = 100


def gaps(frames: Collection[int]) -> str:
    """What is missing between the first and the last frame, as ``3,7-9``; the smallest distance found is the step."""
    ordered = sorted(frames)
    if len(ordered) < 2:
        return ""
    step = min(second - first for first, second in pairwise(ordered))
    holes = [_hole(first + step, second - step, step) for first, second in pairwise(ordered) if second - first > step]
    return ",".join(holes[:_MOST_NAMED]) + (",…" if len(holes) > _MOST_NAMED else "")


def _hole(first: int, last: int, step: int) -> str:
    if first >= last:
        return str(first)
    return f"{first}-{last}" if step == 1 else f"{first}-{last}x{step}"
