"""Frame ranges: fileseq's grammar (``1-10``, ``1-100x5``, ``1,3,7-9``), ascending, as OpenJD range expressions.

Grammar: github.com/justinfx/fileseq; OpenJD's: ``<IntRangeExpr>`` of the 2023-09 template schemas.
"""

from __future__ import annotations

import re

from fileseq.exceptions import ParseException
from fileseq.frameset import FrameSet

from rendermill.farm.model.errors import BadInputError

MAX_FRAMES = 1_000_000
_REMEDY = "Give frames as 1-24, 1-100x5 or 1,3,7-9, ascending."
_TOO_LONG = re.compile(r"\d{10}")
_BACKWARDS = re.compile(r"(-?\d+)-(-?\d+)")


def parse_frames(text: str) -> list[int]:
    """The frames of a range, ascending, each once.

    Raises :class:`BadInputError` for a range that is empty, backwards, not numbers, or over a million frames.
    """
    text = "".join(text.split())
    if _TOO_LONG.search(text):
        raise BadInputError("a frame number has at most nine digits", where="frames", remedy=_REMEDY)
    for first, last in _BACKWARDS.findall(text):
        if int(first) > int(last):
            raise BadInputError(f"{text!r} goes backwards: {first} is after {last}", where="frames", remedy=_REMEDY)
        if int(last) - int(first) >= MAX_FRAMES:
            raise BadInputError(f"{text!r} is over {MAX_FRAMES} frames", where="frames")
    try:
        found = FrameSet(text)
    except (ParseException, ValueError, ZeroDivisionError, OverflowError) as error:
        raise BadInputError(f"{text!r} is not a frame range", where="frames", remedy=_REMEDY) from error
    frames = sorted(set(found))
    if not frames or any(frame != int(frame) for frame in frames):
        raise BadInputError(f"{text!r} holds no whole frames", where="frames", remedy=_REMEDY)
    if len(frames) > MAX_FRAMES:
        raise BadInputError(f"{len(frames)} frames are over {MAX_FRAMES}", where="frames")
    return [int(frame) for frame in frames]


def openjd_range(frames: list[int]) -> str:
    """Ascending frames as the shortest OpenJD range expression: ``[1, 3, 5, 9]`` → ``1-5:2,9``."""
    parts = []
    position = 0
    while position < len(frames):
        end = _run(frames, position)
        first, last = frames[position], frames[end]
        step = frames[position + 1] - first if end > position else 1
        if end - position < 2 and step != 1:  # two frames that do not touch are shorter as they are
            end, last = position, first
        parts.append(str(first) if first == last else f"{first}-{last}" + ("" if step == 1 else f":{step}"))
        position = end + 1
    return ",".join(parts)


def _run(frames: list[int], start: int) -> int:
    """The index of the last frame that keeps the step of the first two."""
    end = start
    while end + 1 < len(frames) and (
        end == start or frames[end + 1] - frames[end] == frames[start + 1] - frames[start]
    ):
        end += 1
    return end
