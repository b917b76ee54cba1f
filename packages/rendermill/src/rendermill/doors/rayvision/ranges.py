"""Frames as the API writes them: ``1-10[2]``, ``1,3-4[1]``, and flags for first, middle and last."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rendermill.farm.model.errors import BadInputError
from rendermill.renderers.frames import openjd_range, parse_frames

_STEP = re.compile(r"\[(\d+)\]")
_RANGE = re.compile(r"(-?\d+)-(-?\d+)(?::(\d+))?")
_PRE = re.compile(r"([01])([01])([01])(?::(.+))?")


def parse_range(text: str, where: str) -> tuple[int, ...]:
    """The frames of ``start-end[step]``, comma separated, ascending, each once. Raises :class:`BadInputError`."""
    try:
        return tuple(parse_frames(_STEP.sub(r"x\1", text)))
    except BadInputError as error:
        raise BadInputError(error.what, where=where, remedy="Give frames as 1-10[1], 7 or 1,3-9[2].") from error


def write_range(frames: tuple[int, ...]) -> str:
    """Ascending frames as the API writes them: ``1-10[1]``, a single one as ``7``."""
    return ",".join(map(_written, openjd_range(list(frames)).split(","))) if frames else ""


def write_chunk(expression: str) -> str:
    """An OpenJD range expression (``1-4``, ``1-9:2``, ``7``) as the API writes it."""
    if "," not in expression:
        return _written(expression)
    return write_range(tuple(parse_frames(expression.replace(":", "x"))))  # OpenJD leaves two neighbours apart


def _written(part: str) -> str:
    match = _RANGE.fullmatch(part)
    return f"{match[1]}-{match[2]}[{match[3] or 1}]" if match else part


@dataclass(frozen=True, slots=True)
class PreFrames:
    """Which frames go first: whether the first, the middle and the last one, and others."""

    flags: tuple[bool, bool, bool]
    others: tuple[int, ...]

    @classmethod
    def parse(cls, text: str, where: str) -> PreFrames:
        """``100`` is the first one; ``000:1,3-4[1]`` are frames 1, 3 and 4. Raises :class:`BadInputError`."""
        match = _PRE.fullmatch("".join(text.split()))
        if match is None:
            raise BadInputError(
                f"{text[:60]!r} does not name priority frames", where=where, remedy="Give it as 100 or 000:1,3-4[1]."
            )
        first, middle, last, others = match.groups()
        return cls((first == "1", middle == "1", last == "1"), parse_range(others, where) if others else ())

    def of(self, frames: tuple[int, ...]) -> tuple[int, ...]:
        """Those of a thing with these frames, ascending."""
        places = (frames[0], frames[(len(frames) - 1) // 2], frames[-1])
        chosen = {frame for flag, frame in zip(self.flags, places, strict=True) if flag}
        return tuple(sorted({*self.others, *chosen}))
